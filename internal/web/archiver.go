package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/web/ui"
)

// What lies with the archiver: what is late, one deposit, its restitution, the certificates (RN-89, RN-98).

func archiverRoutes() []route {
	return []route{
		{"GET", "/archiveur", space, staff, 0, (*visit).archiver},
		{"GET", "/archiveur/{id}", space, staff, 0, (*visit).deposit},
		{"POST", "/archiveur/{id}", space, staff, 0, (*visit).depositRestore},
		{"GET", "/archiveur/{id}/certificat", space, staff, 0, (*visit).depositCertificate},
	}
}

func (v *visit) archiver() error {
	o, err := v.Archiver.Overview(v.ctx, v.actor)
	if err != nil {
		return err
	}
	page := ui.Archiver{Space: v.spaceFrame(), Third: o.Third, Down: o.Down}
	if a := v.n.Archiver; a != nil {
		page.Recipient, page.Every = v.recipientName(a.Recipient), v.say2(a.Compare.Text())
	}
	for _, f := range []struct {
		fr, en string
		n      int64
	}{{"Gardés", "Kept", o.Kept}, {"Pas encore pris", "Not taken yet", o.Waiting}, {"Manquants ou changés", "Missing or changed", o.Broken}, {"À effacer, pas encore confirmés", "To be deleted, not confirmed yet", o.Owed}, {"Effacés, confirmés", "Deleted, confirmed", o.Gone}} {
		page.Figures = append(page.Figures, ui.Fact{Label: v.lang.T(f.fr, f.en), Value: v.lang.Number(int(f.n))})
	}
	late, err := v.Archiver.Late(v.ctx, v.actor, listed)
	if err != nil {
		return err
	}
	newest, err := v.Archiver.Newest(v.ctx, v.actor, listed)
	if err != nil {
		return err
	}
	ended, err := v.Archiver.Ended(v.ctx, v.actor, listed)
	page.Late, page.Newest, page.Ended = v.depositLines(late), v.depositLines(newest), v.depositLines(ended)
	if err != nil {
		return err
	}
	return v.show(page)
}

func (v *visit) depositLines(all []archiver.Line) (lines []ui.DepositLine) {
	for _, d := range all {
		line := ui.DepositLine{ID: d.ID, Record: d.Record, Kind: v.depositKind(d.Kind), At: d.At, Status: v.depositStatus(d)}
		switch d.State {
		case archiver.Waiting:
			line.Detail = v.triesInVain(d.Tries)
		case archiver.Owed:
			line.Detail = joinWords(v.lang.Tf("demandé le %s", "asked on %s", v.lang.Date(d.Asked.In(geo.Paris()))), v.triesInVain(d.AskedTries))
		case archiver.Gone:
			line.Detail = v.lang.Tf("confirmé le %s", "confirmed on %s", v.lang.Date(d.Confirmed.In(geo.Paris())))
		case archiver.Kept:
			line.Detail = v.lang.Tf("verrouillé jusqu’au %s", "locked until %s", v.lang.Date(d.Until.In(geo.Paris())))
		}
		lines = append(lines, line)
	}
	return lines
}

func (v *visit) triesInVain(n int) string {
	if n == 0 {
		return ""
	}
	return v.lang.Count(n, "essai sans réponse", "essais sans réponse", "try in vain", "tries in vain")
}

func (v *visit) depositKind(k network.Deposited) string {
	if k == network.DepositedReview {
		return v.lang.T("avis", "opinion")
	}
	return string(k)
}

func (v *visit) depositStatus(d archiver.Line) ui.Status {
	switch {
	case d.State == archiver.Gone:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Effacé", "Deleted")}
	case d.State == archiver.Owed:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Effacement pas encore confirmé", "Deletion not confirmed yet")}
	case d.Wrong == archiver.Changed:
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("Changé chez l’archiveur", "Changed at the archiver’s")}
	case d.Wrong == archiver.Lost:
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("Manque chez l’archiveur", "Missing at the archiver’s")}
	case d.State == archiver.Waiting:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Pas encore pris", "Not taken yet")}
	}
	return ui.Status{Tone: ui.Good, Text: v.lang.T("Gardé", "Kept")}
}

func (v *visit) deposit() error {
	p, err := v.depositPage(ui.Form{})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (v *visit) depositPage(f ui.Form) (p ui.Deposit, err error) {
	d, err := v.Archiver.Get(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return p, err
	}
	p = ui.Deposit{Space: v.spaceFrame(), Form: f, ID: d.ID, Status: v.depositStatus(d), Certificate: d.Certificate}
	if d.Wrong != "" {
		p.Alert = p.Status.Text
	}
	add := func(label, value string) {
		if value != "" {
			p.Facts = append(p.Facts, ui.Fact{Label: label, Value: value})
		}
	}
	l := v.lang
	add(l.T("Document", "Document"), joinWords(v.depositKind(d.Kind), l.Tf("%d octets chiffrés", "%d encrypted bytes", d.Bytes)))
	add(l.T("Dossier", "Record"), d.Record)
	add(l.T("Nom chez l’archiveur", "Name at the archiver’s"), d.ID)
	add(l.T("Empreinte SHA-256", "SHA-256 digest"), d.Digest)
	add(l.T("Preuve au registre", "Proof in the log"), d.Leaf)
	add(l.T("Déposé", "Deposited"), p.Exactly(d.At))
	if !d.Delivered.IsZero() {
		add(l.T("Reçu", "Receipt"), joinWords(d.Receipt, d.Version))
		add(l.T("Pris par l’archiveur", "Taken by the archiver"), p.Exactly(d.Delivered))
		add(l.T("Verrouillé jusqu’au", "Locked until"), p.Exactly(d.Until))
		add(l.T("Comparé", "Compared"), p.Exactly(d.Checked))
	} else {
		add(l.T("Essais sans réponse", "Tries in vain"), l.Number(d.Tries))
	}
	if d.Wrong != "" {
		add(l.T("Anomalie depuis", "Anomaly since"), p.Exactly(d.WrongAt))
	}
	if !d.Asked.IsZero() {
		add(l.T("Effacement demandé", "Deletion asked"), joinWords(p.Exactly(d.Asked), v.triesInVain(d.AskedTries)))
	}
	if !d.Confirmed.IsZero() {
		add(l.T("Effacement confirmé", "Deletion confirmed"), p.Exactly(d.Confirmed))
		add(l.T("Preuve de l’effacement", "Proof of the deletion"), d.End)
	}
	p.MayRestore = (d.State == archiver.Kept || d.State == archiver.Waiting) && v.actor.Can(auth.ArchiveOpen)
	for _, g := range privacy.Grounds() {
		p.Grounds = append(p.Grounds, ui.Option{Value: g, Label: v.say2(groundNames[g])})
	}
	return p, nil
}

// depositRestore has a document back and shows it once.
func (v *visit) depositRestore() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if v.actor.Can(auth.ArchiveOpen) { // who may not is refused by the service, which notes it
		if to := v.mustBeFresh("/archiveur/" + id); to != nil {
			return to
		}
	}
	back, err := v.Archiver.Restore(v.ctx, v.actor, id, v.value("ground"), v.value("reference"))
	if fault.Is(err, fault.Invalid) {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.depositPage(f) })
	}
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unavailable) {
		return v.did("/archiveur/"+id, "", err)
	}
	if err != nil {
		return err
	}
	p, err := v.depositPage(ui.Form{})
	if err != nil {
		return err
	}
	p.Reference, p.Bytes = strings.TrimSpace(v.value("reference")), len(back.Content)
	var laid bytes.Buffer
	switch {
	case json.Indent(&laid, back.Content, "", "  ") == nil:
		p.Restored = laid.String()
	case readable(string(back.Content)):
		p.Restored = string(back.Content)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	return v.show(p)
}

// depositCertificate is the certificate of a deletion as a file, with the leaf that proves it.
func (v *visit) depositCertificate() error {
	d, err := v.Archiver.Get(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Certificate == "" {
		return errNoCertificate
	}
	return v.file("text/plain; charset=utf-8", `attachment; filename="`+d.ID+`.txt"`, []byte(d.Certificate+"\nleaf="+d.End+"\n"))
}

var errNoCertificate = fault.New(fault.Missing, "no-certificate", fault.T("L’archiveur n’a pas confirmé d’effacement de ce dépôt.", "The archiver has confirmed no deletion of this deposit."))

// dueDeposits names on the first page what the archiver has not taken, lost, changed, or not confirmed.
func (v *visit) dueDeposits(page *ui.Today) error {
	if v.Archiver.Down() {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Archiveur", "Archive"), Title: v.lang.T("L’archiveur ne répond pas", "The archiver does not answer"), Detail: v.lang.T("rien n’est perdu, dépôts et effacements lui parviennent à son retour", "nothing is lost, deposits and deletions reach it when it is back"), Href: "/archiveur", Since: v.DB.Now()})
	}
	late, err := v.Archiver.Late(v.ctx, v.actor, listed)
	for _, d := range late {
		due := ui.Due{Queue: v.lang.T("Archiveur", "Archive"), Href: "/archiveur/" + d.ID, Since: d.At}
		switch {
		case d.State == archiver.Owed:
			due.Title, due.Since = v.lang.T("Un dépôt n’est pas encore effacé chez l’archiveur", "A deposit is not deleted at the archiver’s yet"), d.Asked
		case d.Wrong == archiver.Lost:
			due.Title, due.Since = v.lang.T("Un dépôt manque chez l’archiveur", "A deposit is missing at the archiver’s"), d.WrongAt
		case d.Wrong == archiver.Changed:
			due.Title, due.Since = v.lang.T("Un dépôt a changé chez l’archiveur", "A deposit was changed at the archiver’s"), d.WrongAt
		default:
			due.Title = v.lang.T("L’archiveur n’a pas encore pris un dépôt", "The archiver has not taken a deposit yet")
		}
		due.Detail = joinWords(v.depositKind(d.Kind), v.triesInVain(cmp.Or(d.AskedTries, d.Tries)))
		page.Due = append(page.Due, due)
	}
	return err
}
