package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// linkCookie is how long a browser keeps a private link open.
const linkCookie = 30 * 24 * time.Hour

// sentTwice answers a second request of the same number: it says no more than that.
func (v *visit) sentTwice() error {
	ref, ok := request.ParseRef(v.r.URL.Query().Get("ref"))
	if !ok {
		return errNoPage
	}
	return v.show(ui.Document{Public: v.public(nil), Title: v.lang.T("Votre demande est déjà chez nous", "We have your request already"),
		HTML: "<p>" + v.lang.Tf("Une demande avec ce numéro est déjà ouverte sous la référence %s. Nous venons d’envoyer son lien de suivi à ce numéro.", "A request with this number is open already under the reference %s. We have just sent its link to that number.", ref) + "</p>"})
}

// openLink exchanges a private link for a cookie, so that the token leaves the address bar.
func (v *visit) openLink() error {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	actor, err := v.Requests.Link(v.ctx, token)
	if err != nil {
		return err
	}
	if err := v.Requests.Visited(v.ctx, actor); err != nil {
		return err
	}
	v.setCookie("request", token, linkCookie)
	v.setCookie("coded", "", 0)
	return v.to("/ma-demande")
}

func (v *visit) codePage(form ui.Form, action, why string, to string, byMail bool) ui.CodeAsked {
	return ui.CodeAsked{Public: v.public(nil), Form: form, Action: action, Resend: action + "/renvoi", ResendAt: v.DB.Now().Add(30 * time.Second), SentTo: to, ByMail: byMail, Digits: person.CodeDigits, Why: why}
}

func (v *visit) codeForm() error {
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if m.State != request.Unverified {
		return v.to("/ma-demande")
	}
	return v.show(v.codePage(ui.Form{}, "/demande/code", "", phone.Mask(m.Who.Phone), false))
}

func (v *visit) code() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("code "+v.address(), 30, 10*time.Minute); err != nil {
		return err
	}
	err := v.Requests.Code(v.ctx, v.actor, v.actor.Request, person.ToVerify, v.value("code"))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.codePage(f, "/demande/code", "", "", false), nil })
	}
	return v.to("/ma-demande")
}

func (v *visit) resend() error {
	if _, _, err := v.Requests.AskCode(v.ctx, v.actor, v.actor.Request, person.ToVerify); err != nil {
		return err
	}
	v.say(ui.Good, v.lang.T("Un code vient d’être envoyé.", "A code has just been sent."))
	return v.to("/demande/code")
}

// statusOfRequest says in words where a request stands.
func (v *visit) statusOfRequest(s request.State) ui.Status {
	switch s {
	case request.Unverified:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Numéro à vérifier", "Number to be verified")}
	case request.Received:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("Reçue, un conseiller vous rappelle", "Received, an agent calls you back")}
	case request.Published:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("Proposée aux professionnels", "Offered to professionals")}
	case request.Filled:
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Prise par un professionnel", "Taken by a professional")}
	case request.Forwarded:
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Transmise, on vous contacte", "Passed on, you will be contacted")}
	case request.Closed:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Terminée", "Over")}
	case request.Cancelled:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Annulée", "Cancelled")}
	case request.Withdrawn:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Close par un conseiller", "Closed by an agent")}
	}
	return ui.Status{Tone: ui.Bad, Text: v.lang.T("Close : personne n’a pu la prendre", "Closed: nobody could take it")}
}

// mine is a consumer's own request, live.
func (v *visit) mine() error {
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if m.State == request.Unverified {
		return v.to("/demande/code")
	}
	form := m.Network.Form(m.Trade) // nil while an agent has not heard the trade yet
	title := cmp.Or(request.Title(m.Network, m.Request, string(v.lang)), v.lang.T("Votre demande", "Your request"))
	page := ui.MyRequest{Public: v.public(m.Zone()), Topic: "request " + m.ID, Reference: m.Ref, Title: title, Where: m.Commune().Name + " " + m.Postcode, Status: v.statusOfRequest(m.State),
		Words: v.freeWords(form, m.Words), CanCancel: m.State.Open(), CanFix: m.State.Open() && form != nil, Until: m.At.Add(linkCookie)}
	if form != nil {
		page.Facts = v.facts(form.Sheet(m.Answers))
	}
	page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Quand", "When"), Value: v.say2(m.Network.Urgency(m.Urgency))},
		ui.Fact{Label: v.lang.T("Téléphone", "Phone"), Value: phone.Display(m.Who.Phone)})
	if m.Street != "" {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Adresse", "Address"), Value: m.Street})
	}
	page.Photos = v.pictures("/ma-demande", m.Photos)
	answered := false
	for _, e := range m.Events {
		if step, ok := v.consumerStep(m, e); ok {
			page.Steps = append(page.Steps, step)
		}
		answered = answered || e.Kind == request.EvAnswered
	}
	for _, t := range m.Takers {
		page.Takers = append(page.Takers, ui.Taker{Seat: t.ID, Name: t.Contact.Company, Trade: v.tradeName(m.Trade), Town: communeName(t.Contact.Base), Phone: phone.Display(t.Contact.Phone),
			Taken: t.Revealed, CallBy: t.CallBy, Called: t.Contacted, Stopped: t.Stopped, K: t.Seat, Seats: m.Seats})
	}
	over := slices.ContainsFunc(m.Takers, func(t request.Taker) bool { return !t.Contacted.IsZero() || !t.Late.IsZero() })
	if len(m.Takers) > 0 {
		page.Checklist = []string{v.say2(m.Network.Notice("check-professional")), v.say2(m.Network.Notice("intermediary"))}
		if over && !answered && !m.Passed() { // there is nothing to tell before the call, or before its time has passed
			page.FollowUp = v.followUps()
		}
	}
	for _, g := range m.Given {
		if !g.Granted || g.Replaced {
			continue
		}
		c, _ := m.Network.Consent(g.Consent)
		page.Consents = append(page.Consents, ui.Given{ID: g.Consent, Wording: g.Words, At: g.Time, Channel: v.channelName(g.Channel), Final: c.Kind != network.KindConsent})
	}
	return v.show(page)
}

// tradeOptions are all trades of a network, to choose from.
func (v *visit) tradeOptions(n *network.Network) []ui.Option {
	all := make([]ui.Option, len(n.Trades))
	for i, t := range n.Trades {
		all[i] = ui.Option{Value: t.Slug, Label: v.say2(t.Label)}
	}
	return all
}

func (v *visit) tradeNames(slugs []string) []string {
	names := make([]string, len(slugs))
	for i, slug := range slugs {
		names[i] = v.tradeName(slug)
	}
	return names
}

// facts are answers to a form's questions, in words.
func (v *visit) facts(lines []network.Line) []ui.Fact {
	all := make([]ui.Fact, len(lines))
	for i, l := range lines {
		all[i] = ui.Fact{Label: v.say2(l.Label), Value: v.say2(l.Value)}
	}
	return all
}

// pictures are photos by id, served under a path.
func (v *visit) pictures(path string, ids []string) []ui.Picture {
	var all []ui.Picture
	for i, id := range ids {
		all = append(all, ui.Picture{Href: path + "/photos/" + id, Alt: v.lang.Tf("Photo %d", "Photo %d", i+1)})
	}
	return all
}

func (v *visit) tradeName(slug string) string {
	t, ok := v.n.Trade(slug)
	if !ok {
		return slug
	}
	return v.say2(t.Label)
}

func communeName(insee string) string {
	c, ok := geo.ByINSEE(insee)
	if !ok {
		return ""
	}
	return c.Name
}

func (v *visit) channelName(c string) string {
	switch c {
	case "form":
		return v.lang.T("formulaire", "form")
	case "phone":
		return v.lang.T("téléphone", "phone")
	case "link":
		return v.lang.T("votre page de suivi", "your own page")
	case "space":
		return v.lang.T("espace professionnel", "professional’s space")
	case "sms":
		return v.lang.T("réponse par SMS", "answer by text")
	case "email":
		return v.lang.T("e-mail", "e-mail")
	case "paper":
		return v.lang.T("courrier", "letter")
	}
	return c
}

func (v *visit) followUps() []ui.Option {
	words := map[string][2]string{"done": {"C’est réparé", "It is repaired"}, "agreed": {"Nous avons convenu d’un rendez-vous", "We agreed on a date"},
		"no-call": {"Je n’ai pas été appelé", "I was not called"}, "no-deal": {"Nous n’avons pas fait affaire", "We made no deal"}}
	var all []ui.Option
	for _, id := range request.FollowUps {
		all = append(all, ui.Option{Value: id, Label: v.lang.T(words[id][0], words[id][1])})
	}
	return all
}

// freeWords are the consumer's own sentences.
func (v *visit) freeWords(f *network.Form, words network.Answers) string {
	if f == nil {
		return ""
	}
	var all []string
	for _, q := range f.Questions {
		all = append(all, words[q.ID]...)
	}
	return strings.Join(all, "\n")
}

// consumerStep says an event to the consumer; some are none of his business.
func (v *visit) consumerStep(m request.Mine, e request.Event) (ui.Step, bool) {
	s := ui.Step{At: e.At, Tone: ui.Good}
	taker := func() string {
		for _, t := range m.Takers {
			if t.ID == e.Object || t.Pro == e.Actor || t.Pro == e.Object {
				return t.Contact.Company
			}
		}
		return v.lang.T("un professionnel", "a professional")
	}
	switch e.Kind {
	case request.EvReceived:
		s.Text = v.lang.T("Reçue", "Received")
		if by := m.Network.Introductions.Clocks.CallBack; m.State == request.Received && !by.IsZero() {
			s.Tone, s.Until = ui.Now, by.AddTo(e.At)
			s.Text = v.lang.T("Reçue : un conseiller vous rappelle", "Received: an agent calls you back")
		}
	case request.EvVerified:
		s.Text = v.lang.T("Votre numéro est vérifié", "Your number is verified")
	case request.EvTaken:
		s.Text = v.lang.T("Un conseiller s’en occupe", "An agent is looking after it")
	case request.EvPublished:
		s.Text = v.lang.Tf("Vue par un conseiller, proposée à %s", "Seen by an agent, offered to %s", v.lang.Count(e.Count, "professionnel", "professionnels", "professional", "professionals"))
	case request.EvWidened:
		s.Text = v.lang.Tf("Proposée plus loin : %s de plus", "Offered farther: %s", v.lang.Count(e.Count, "professionnel", "professionnels", "more professional", "more professionals"))
	case request.EvOffered:
		s.Text = v.lang.T("Proposée à un professionnel de plus", "Offered to one more professional")
	case request.EvForwarded:
		s.Text = v.lang.Tf("Transmise à %s", "Passed on to %s", taker())
	case request.EvSold:
		s.Text = v.lang.Tf("%s prend votre demande", "%s takes your request", taker())
	case request.EvContacted:
		s.Text = v.lang.Tf("%s vous a appelé", "%s has called you", taker())
	case request.EvLate:
		s.Tone, s.Text = ui.Wait, v.lang.Tf("%s n’a pas encore appelé", "%s has not called yet", taker())
	case request.EvAsked:
		s.Text = v.lang.T("Nous vous avons demandé comment cela s’est passé", "We asked you how it went")
	case request.EvAnswered:
		s.Text = v.lang.T("Merci de votre réponse", "Thank you for your answer")
	case request.EvCorrected:
		s.Text = v.lang.T("Corrigée", "Corrected")
	case request.EvCancelled:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Annulée, sans frais", "Cancelled, free of charge")
	case request.EvWithdrawn:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Close par un conseiller", "Closed by an agent")
		if why := v.say2(m.Network.Withdrawal(e.Object)); why != "" {
			s.Text += v.lang.T(" : ", ": ") + why
		}
	case request.EvByHand:
		s.Text = v.lang.T("Une personne choisit désormais à qui elle est proposée", "A person now chooses to whom it is offered")
	case request.EvCountry:
		s.Text = v.lang.T("Un conseiller vérifie d’où elle vient : le pays de votre connexion n’est pas de ceux que nous servons, ou n’est pas connu", "An agent checks where it comes from: the country of your connection is not one that we serve, or is not known")
	case request.EvToCall:
		s.Text = v.lang.T("Votre numéro sera vérifié pendant l’appel, sans code par SMS", "Your number will be verified in the call, without a code by text")
	case request.EvReviewed:
		s.Text = v.lang.T("Une personne a revu la décision et l’a changée", "A person reviewed the decision and changed it")
	case request.EvReopened:
		s.Text = v.lang.T("Reprise par le conseiller", "Taken up again by the agent")
	case request.EvStopped:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Vous ne voulez plus être contacté", "You want no more contact")
	case request.EvUnserved:
		s.Tone, s.Text = ui.Bad, v.lang.T("Personne n’a pu la prendre", "Nobody could take it")
	case request.EvTexted:
		s.Text = v.lang.T("Un conseiller vous a écrit", "An agent wrote to you")
	default:
		return s, false
	}
	return s, true
}

func (v *visit) minePhoto() error { return v.photo(v.actor.Request) }

func (v *visit) photo(request string) error {
	p, err := v.Requests.Photo(v.ctx, v.actor, request, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.file("image/jpeg", "inline", p.JPEG)
}

// did runs an action of a page and comes back to it with a sentence; a fault is said there too.
func (v *visit) did(back, good string, err error) error {
	if f := fault.Of(err); f != nil && (f.Kind == fault.Conflict || f.Kind == fault.Limit || f.Kind == fault.Invalid) {
		text := f.Public.Say(string(v.lang))
		if len(f.Fields) > 0 {
			text = f.Fields[0].Text.Say(string(v.lang))
		}
		v.say(ui.Bad, text)
		return v.to(back)
	}
	if err != nil {
		return err
	}
	if good != "" {
		v.say(ui.Good, good)
	}
	return v.to(back)
}

func (v *visit) mineStop() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("C’est noté : vos coordonnées ne lui sont plus montrées.", "Done: your contact details are no longer shown."), v.Requests.StopContact(v.ctx, v.actor, v.value("seat")))
}

func (v *visit) mineCancel() error {
	return v.did("/ma-demande", v.lang.T("Votre demande est annulée, sans frais.", "Your request is cancelled, free of charge."), v.Requests.Cancel(v.ctx, v.actor))
}

func (v *visit) mineWithdraw() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("Votre accord est retiré.", "Your consent is withdrawn."), v.Requests.WithdrawConsent(v.ctx, v.actor, v.value("consent")))
}

func (v *visit) mineFollowUp() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("Merci, c’est noté.", "Thank you, noted."), v.Requests.FollowUp(v.ctx, v.actor, v.value("outcome")))
}

// A correction needs a code: whoever holds the link may read and cancel, and only who holds the phone may change where others call.
const codedLife = 20 * time.Minute

func (v *visit) codedToken(until time.Time) string {
	return v.Links.Link("coded", auth.Digest(v.token), until.Unix())
}

func (v *visit) coded() bool {
	c, err := v.r.Cookie(v.cookie("coded"))
	if err != nil {
		return false
	}
	link, until, err := v.Links.ReadLink("coded", c.Value)
	return err == nil && link == auth.Digest(v.token) && v.DB.Machine().Unix() < until
}

func (v *visit) fixCodeForm() error {
	to, byMail, err := v.Requests.AskCode(v.ctx, v.actor, v.actor.Request, person.ToCorrect)
	if err != nil {
		return v.did("/ma-demande", "", err)
	}
	return v.show(v.fixCodePage(ui.Form{}, to, byMail))
}

func (v *visit) fixCodePage(f ui.Form, to string, byMail bool) ui.CodeAsked {
	return v.codePage(f, "/ma-demande/code", v.lang.T("Pour corriger votre demande, tapez le code que nous venons de vous envoyer.", "To correct your request, type the code that we have just sent you."), to, byMail)
}

func (v *visit) fixCode() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("code "+v.address(), 30, 10*time.Minute); err != nil {
		return err
	}
	if err := v.Requests.Code(v.ctx, v.actor, v.actor.Request, person.ToCorrect, v.value("code")); err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.fixCodePage(f, "", false), nil })
	}
	v.setCookie("coded", v.codedToken(v.DB.Machine().Add(codedLife)), codedLife)
	return v.to("/ma-demande/corriger")
}

// mineToFix is the consumer's own request with its trade: before an agent heard it there is nothing to correct on a page.
func (v *visit) mineToFix() (request.Mine, error) {
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err == nil && m.Network.Form(m.Trade) == nil {
		err = errNoPage
	}
	return m, err
}

func (v *visit) fixForm() error {
	if !v.actor.Coded {
		return v.to("/ma-demande/code")
	}
	m, err := v.mineToFix()
	if err != nil {
		return err
	}
	return v.showing(v.fixPage(m)(ui.Form{Values: correctionValues(m)}))
}

func (v *visit) fixPage(m request.Mine) func(ui.Form) (ui.View, error) {
	return func(f ui.Form) (ui.View, error) {
		return ui.Fix{Public: v.public(m.Zone()), Form: f, Questions: v.questions(m.Network.Form(m.Trade)), Communes: communeOptions(first(f.Values["postcode"]), first(f.Values["commune"])), Fields: v.formFields(), Sold: m.Sold > 0}, nil
	}
}

func (v *visit) fix() error {
	if err := v.parse(); err != nil {
		return err
	}
	m, err := v.mineToFix()
	if err != nil {
		return err
	}
	form := m.Network.Form(m.Trade)
	in, err := v.readCorrection(form)
	if err == nil {
		err = v.Requests.Correct(v.ctx, v.actor, "", in)
	}
	if err != nil {
		if fault.Code(err) == "code-needed" {
			return v.to("/ma-demande/code")
		}
		return v.invalid(wordsFault(form, err), v.fixPage(m))
	}
	return v.did("/ma-demande", v.lang.T("Votre demande est corrigée.", "Your request is corrected."), nil)
}

func (v *visit) readCorrection(f *network.Form) (request.Correction, error) {
	name, err := v.typedName()
	kind := v.value("kind")
	if kind == "" {
		kind = "person"
	}
	return request.Correction{Postcode: v.value("postcode"), INSEE: v.value("commune"), Street: v.value("street"), Urgency: v.value("urgency"), Answers: v.answers(f),
		Kind: kind, Name: name, Company: v.value("company"), Phone: v.value("phone"), Email: v.value("email")}, err
}
