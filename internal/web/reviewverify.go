package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"entremise/internal/proof"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// What anybody checks without believing this house: one review, and that a member's page hides none.

func reviewVerifyRoutes() []route {
	return []route{
		{"GET", "/avis/{digits}/{part}", anywhere, open, 0, (*visit).reviewPart}, // a literal third part would cross /avis/q/{token}
		{"GET", "/entreprises/{company}/completude", site, open, 0, (*visit).completeness},
		{"GET", "/entreprises/{company}/lignes.json", site, open, 0, (*visit).memberLines},
	}
}

func (v *visit) reviewPart() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	switch v.r.PathValue("part") {
	case "verifier":
		return v.verifyReview()
	case "preuve.json":
		return v.reviewProof()
	case "signaler":
		return v.showing(v.reportPage(ui.Form{}))
	}
	return errNoPage
}

// forAnybody answers with JSON that pages of any site may read: it holds what is public, and is never kept.
func (v *visit) forAnybody(x any) error {
	v.w.Header().Set("Access-Control-Allow-Origin", "*")
	v.w.Header().Set("Cache-Control", "no-store")
	v.wrote = true
	return jsonTo(v.w, http.StatusOK, x)
}

func (v *visit) checked() (review.Verdict, review.Review, error) {
	if err := v.limits.allow("proof "+v.address(), proofsPerMinute, time.Minute); err != nil {
		return review.Verdict{}, review.Review{}, err
	}
	return v.Reviews.Verified(v.ctx, v.r.PathValue("digits"))
}

// shownLine is a line of a member's chain as programs read it.
type shownLine struct {
	N    int64  `json:"n"`
	Text string `json:"text"`
	Leaf string `json:"leaf"`
}

func shownLines(all []review.Line) []shownLine {
	out := []shownLine{}
	for _, l := range all {
		out = append(out, shownLine{l.N, l.Text, l.Leaf})
	}
	return out
}

// reviewProof is all that a program of somebody else needs to check a published review (RN-91, 94).
func (v *visit) reviewProof() error {
	c, _, err := v.checked()
	if err != nil {
		return err
	}
	return v.forAnybody(struct {
		review.Proven
		Content bool        `json:"content_holds"`
		Logged  bool        `json:"log_holds"`
		Dated   bool        `json:"dates_hold"`
		Valid   bool        `json:"valid"`
		Lines   []shownLine `json:"member_lines"`
	}{c.Proven, c.Content, c.Logged, c.Dated, c.Valid(), shownLines(c.Lines)})
}

func (v *visit) step(ok bool, fine, wrong, how string, facts ...ui.Fact) ui.ProofStep {
	s := ui.ProofStep{Status: ui.Status{Tone: ui.Good, Text: fine}, How: how, Facts: facts}
	if !ok {
		s.Status = ui.Status{Tone: ui.Bad, Text: wrong}
	}
	return s
}

// verifyReview shows the three steps of one review (RN-94).
func (v *visit) verifyReview() error {
	c, r, err := v.checked()
	if err != nil {
		return err
	}
	l, path := v.lang, "/avis/"+r.Digits
	page := ui.ProofPage{Public: v.public(nil), Title: l.Tf("Vérifier l’avis %s", "Verify the review %s", r.Ref()), Valid: c.Valid(), Waits: c.Content && c.Dated && c.Inclusion == nil && c.Print != "",
		Fine: l.T("Cet avis est valide : personne ne l’a changé depuis son dépôt.", "This review is valid: nobody has changed it since its deposit."), Wrong: l.T("Cet avis est invalide : ce qui est montré n’est pas ce qui a été déposé, publié et noté.", "This review is invalid: what is shown is not what was deposited, published and noted."),
		JSON: path + "/preuve.json", Review: path, Back: ui.Link{Text: l.T("Lire cet avis", "Read this review"), Href: path}}
	var parts []ui.Fact
	for _, p := range c.Opening.Parts {
		parts = append(parts, ui.Fact{Label: l.T("Déposé", "Deposited"), Value: p.Content})
	}
	place := []ui.Fact{{Label: l.T("Empreinte", "Fingerprint"), Value: c.Print}}
	if c.Inclusion != nil {
		place = append(place, ui.Fact{Label: l.T("Place dans le registre", "Place in the log"), Value: l.Number(int(c.Inclusion.Position))}, ui.Fact{Label: l.T("Point signé", "Signed checkpoint"), Value: c.Inclusion.Checkpoint})
	}
	var lines []ui.Fact
	for _, x := range c.Lines {
		lines = append(lines, ui.Fact{Label: l.Tf("Ligne %d", "Line %d", x.N), Value: x.Text})
	}
	page.Steps = []ui.ProofStep{
		v.step(c.Content, l.T("Le texte et les notes sont ceux que l’auteur a déposés", "The text and the marks are those that the author deposited"), l.T("Le texte ou les notes ne sont pas ceux que l’auteur a déposés", "The text or the marks are not those that the author deposited"),
			l.T("L’empreinte est recalculée à partir de la référence, de la prestation et de sa date, du commentaire, de chaque note et de la note d’ensemble, avec le sel de cet avis. Un seul caractère changé donnerait une autre empreinte.", "The fingerprint is made anew of the reference, the service and its date, the comment, each mark and the overall mark, with this review’s salt. One character changed would make another."), parts...),
		v.step(c.Logged, l.T("Son empreinte est dans le registre public", "Its fingerprint is in the public log"), l.T("Son empreinte n’est pas dans le registre public", "Its fingerprint is not in the public log"),
			l.T("Elle y est entrée au dépôt, avant toute lecture par un modérateur. Le chemin qui mène d’elle à la racine signée est recalculé.", "It entered at deposit, before any moderator read it. The path from it to the signed root is made anew."), place...),
		v.step(c.Dated, l.T("Ses dates sont celles du registre", "Its dates are those of the log"), l.T("Ses dates ne sont pas celles du registre", "Its dates are not those of the log"),
			l.T("Chaque acte sur cet avis est une ligne publique de l’entreprise, qui ne nomme personne ; chacune contient l’empreinte de la précédente.", "Each act on this review is a public line of the company that names nobody; each holds the digest of the one before."), lines...),
	}
	v.alone(&page.Public)
	return v.show(page)
}

// completeness shows that a member's page hides no review.
func (v *visit) completeness() error {
	if _, err := v.companyNow(); err != nil {
		return err
	}
	if err := v.limits.allow("chain "+v.address(), 30, time.Minute); err != nil {
		return err
	}
	c, err := v.named("/completude")
	if err != nil {
		return err
	}
	k, err := v.Reviews.Complete(v.ctx, c.ID)
	if err != nil {
		return err
	}
	l, t := v.lang, k.Tally
	page := ui.ProofPage{Public: v.public(nil), Title: l.Tf("%s : aucun avis caché ?", "%s: no review hidden?", c.Name), Valid: k.Valid(), Waits: k.Chained && k.Counted && k.Inclusion == nil && t.Lines > 0,
		Fine: l.T("Rien n’est caché : les comptes du registre et de la page sont les mêmes.", "Nothing is hidden: the counts of the log and of the page are the same."), Wrong: l.T("Les comptes ne tombent pas juste : un avis ou une ligne a été changé, ajouté ou retiré sans trace.", "The counts do not add up: a review or a line was changed, added or taken away without a trace."),
		JSON: companyPath(c) + "/lignes.json", Back: ui.Link{Text: l.Tf("Tous les avis sur %s", "All reviews of %s", c.Name), Href: companyPath(c)}}
	page.Facts = []ui.Fact{{Label: l.T("Invitations", "Invitations"), Value: l.Number(int(t.Invited))}, {Label: l.T("Avis déposés", "Reviews deposited"), Value: l.Number(int(t.Deposited))}, {Label: l.T("En attente de lecture", "Waiting to be read"), Value: l.Number(int(t.Waiting))},
		{Label: l.T("Publiés", "Published"), Value: l.Number(int(t.Published))}, {Label: l.T("Refusés, avec leur motif", "Refused, with their reason"), Value: l.Number(int(t.Refused))}, {Label: l.T("Retirés, avec leur cause", "Removed, with their cause"), Value: l.Number(int(t.Removed))},
		{Label: l.T("Montrés sur la page", "Shown on the page"), Value: l.Number(int(k.Shown))}}
	page.Steps = []ui.ProofStep{
		v.step(k.Chained, l.Tf("Les %s lignes se suivent, de la première à la dernière", "The %s lines follow one another, from the first to the last", l.Number(int(t.Lines))), l.Tf("La suite des lignes est rompue (%s)", "The lines do not follow one another (%s)", k.Wrong),
			l.T("Chaque ligne a son numéro et l’empreinte de la précédente ; ses comptes sont ceux d’avant, changés par un seul acte.", "Each line has its number and the digest of the one before; its counts are those before, changed by one act.")),
		v.step(k.Logged, l.T("La dernière ligne est dans le registre public", "The last line is in the public log"), l.T("La dernière ligne n’est pas dans le registre public", "The last line is not in the public log"),
			l.T("Elle contient, par les empreintes qui se suivent, toutes les autres.", "By the digests that follow one another it holds all the others."), ui.Fact{Label: l.T("Dernière ligne", "Last line"), Value: k.Last.Text}),
		v.step(k.Counted, l.T("La page montre tous les avis publiés", "The page shows all published reviews"), l.T("La page ne montre pas tous les avis publiés", "The page does not show all published reviews"),
			l.T("Le nombre d’avis publiés que dit la dernière ligne est celui de la page, et la note est leur moyenne.", "The number of published reviews that the last line says is that of the page, and the rating is their mean.")),
	}
	v.alone(&page.Public)
	return v.show(page)
}

// linesPerPart is how many lines of a chain one answer holds.
const linesPerPart = 500

// memberLines is a member's chain for programs, a part at a time (?after=), with the proof that the log holds the last line of the part.
func (v *visit) memberLines() error {
	c, err := v.companyNow()
	if err != nil {
		return err
	}
	if err := v.limits.allow("proof "+v.address(), proofsPerMinute, time.Minute); err != nil {
		return err
	}
	after, err := strconv.ParseInt("0"+v.r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		return errForm
	}
	all, err := v.Reviews.Lines(v.ctx, c.ID, after, linesPerPart)
	if err != nil {
		return err
	}
	out := struct {
		Member    string           `json:"member"`
		Lines     []shownLine      `json:"lines"`
		More      bool             `json:"more"`
		Inclusion *proof.Inclusion `json:"inclusion,omitempty"` // of the last line here; absent for the moment in which it waits for its checkpoint
		Key       string           `json:"log_key"`
	}{Member: c.ID, Lines: shownLines(all), More: len(all) == linesPerPart, Key: v.Proof.VerifierKey()}
	if len(all) > 0 {
		switch in, err := v.Proof.Prove(v.ctx, all[len(all)-1].Leaf); {
		case err == nil:
			out.Inclusion = &in
		case !errors.Is(err, proof.ErrWaiting):
			return err
		}
	}
	return v.forAnybody(out)
}
