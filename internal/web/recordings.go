package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/web/ui"
)

// Recordings of calls: why one is heard, by whom, to whom it is lent, and what the line still keeps.

// recordings lists what is kept, for who may hear it, and what the line was asked to delete (ET-148).
func (v *visit) recordings() error {
	p := ui.Recordings{Space: v.watching("calls"), Hear: v.actor.Can(auth.RecordingHear)}
	for _, list := range []struct {
		into *[]ui.CopyLine
		read func(context.Context, auth.Actor, int) ([]call.Copy, error)
	}{{&p.Owed, v.Calls.Owed}, {&p.Deleted, v.Calls.Deleted}} {
		all, err := list.read(v.ctx, v.actor, listed)
		if err != nil {
			return err
		}
		for _, c := range all {
			*list.into = append(*list.into, ui.CopyLine{Site: c.Site, At: c.At, Asked: c.Asked, Tries: c.Tries, Confirmed: c.Confirmed})
		}
	}
	if !p.Hear {
		return v.show(p)
	}
	all, err := v.Calls.Recordings(v.ctx, v.actor, listed)
	if err != nil {
		return err
	}
	agents := make([]string, len(all))
	for i, c := range all {
		agents[i] = c.Agent
	}
	names, err := v.Auth.Names(v.ctx, agents...)
	for _, c := range all {
		p.Kept = append(p.Kept, v.callLine(c, names))
	}
	if err != nil {
		return err
	}
	return v.show(p)
}

// dueCopies names on the first page what the line does not confirm.
func (v *visit) dueCopies(page *ui.Today) error {
	owed, err := v.Calls.Owed(v.ctx, v.actor, listed)
	for _, c := range owed {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Téléphonie", "Telephony"), Title: v.lang.T("Un enregistrement n’est pas encore effacé chez l’opérateur", "A recording is not deleted at the operator yet"),
			Detail: joinWords(c.Site, v.lang.Count(c.Tries, "essai", "essais", "try", "tries")), Href: "/enregistrements", Since: c.Asked})
	}
	return err
}

// recording asks for what reason a recording is heard (ET-146); nothing is opened before.
func (v *visit) recording() error {
	if err := v.actor.May(auth.RecordingHear); err != nil {
		return v.recordingDenied()
	}
	p, err := v.recordingPage(ui.Form{})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (v *visit) recordingPage(f ui.Form) (p ui.Recording, err error) {
	id := v.r.PathValue("id")
	p = ui.Recording{Space: v.spaceFrame(), Form: f, Action: "/enregistrements/" + id}
	reasons, err := v.Calls.Reasons(v.ctx, v.actor)
	if err != nil {
		return p, err
	}
	for _, r := range reasons {
		p.Purposes = append(p.Purposes, ui.Option{Value: r.ID, Label: v.say2(r.Label)})
	}
	if err := v.heard(&p, id); err != nil {
		return p, err
	}
	rules, disputes, err := v.Calls.Lendable(v.ctx, v.actor, id)
	if err != nil || rules == nil {
		return p, err
	}
	p.MayLend, p.Most = true, v.say2(rules.For.Text())
	now := v.DB.Now()
	p.Days = strconv.Itoa(int(rules.For.AddTo(now).Sub(now).Hours()) / 24)
	for _, to := range rules.To {
		p.To = append(p.To, ui.Option{Value: to, Label: v.recipientName(to)})
	}
	for _, h := range disputes {
		p.Disputes = append(p.Disputes, ui.Option{Value: h.ID, Label: h.Reference})
	}
	loans, err := v.Calls.Loans(v.ctx, v.actor, id)
	if err != nil {
		return p, err
	}
	by := make([]string, len(loans))
	for i, l := range loans {
		by[i] = l.By
	}
	names, err := v.Auth.Names(v.ctx, by...)
	for _, l := range loans {
		line := ui.LoanLine{ID: l.ID, To: v.recipientName(l.Recipient), Reference: l.Reference, Why: l.Why, By: names[l.By], At: l.At, Until: l.Until, Uses: l.Uses, Stands: l.Stands,
			Status: ui.Status{Tone: ui.Quiet, Text: v.lang.T("Fini", "Over")}}
		switch {
		case l.Stands:
			line.Status = ui.Status{Tone: ui.Now, Text: v.lang.T("Ouvert", "Open")}
		case !l.Revoked.IsZero():
			line.Status = ui.Status{Tone: ui.Quiet, Text: v.lang.T("Arrêté", "Ended")}
		}
		p.Loans = append(p.Loans, line)
	}
	return p, err
}

func (v *visit) recipientName(id string) string {
	if r, ok := v.n.Recipient(id); ok {
		return v.say2(r.Label)
	}
	return id
}

// heard lists who did what with a recording, with the reason in the file's words.
func (v *visit) heard(p *ui.Recording, id string) error {
	lines, err := v.Calls.Heard(v.ctx, v.actor, id)
	if err != nil {
		return err
	}
	var accounts []string
	for _, l := range lines {
		if strings.HasPrefix(l.Actor, "acc_") {
			accounts = append(accounts, l.Actor)
		}
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	for _, l := range lines {
		s := ui.Step{At: db.Time(l.At), Tone: ui.Good, Text: v.auditName(l.Action), By: names[l.Actor]}
		if r, ok := v.n.Reason(l.Detail); ok {
			s.Text += v.lang.T(" : ", ": ") + v.say2(r.Label)
		}
		if l.Action == "recording.hear-lent" {
			s.By = v.recipientName(l.Role)
		}
		if l.Refused {
			s.Tone, s.Text = ui.Bad, v.lang.T("Refusé. ", "Refused. ")+s.Text
		}
		p.Heard = append(p.Heard, s)
	}
	return err
}

// recordingDenied lets the service refuse, so that the try leaves its line in the audit trail (ET-147).
func (v *visit) recordingDenied() error {
	_, err := v.Calls.Listen(v.ctx, v.actor, v.r.PathValue("id"), "")
	return err
}

// recordingHear plays a recording to who said why: one line in the audit trail, however often the page's player asks for a part of it.
func (v *visit) recordingHear() error {
	if err := v.parse(); err != nil {
		return err
	}
	heard, err := v.Calls.Listen(v.ctx, v.actor, v.r.PathValue("id"), v.value("purpose"))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.recordingPage(f) })
	}
	p, err := v.recordingPage(ui.Form{})
	if err != nil {
		return err
	}
	p.At, p.Length, p.Sound = heard.At, heard.Length.Round(time.Second), "/enregistrements/son/"+heard.Ticket
	return v.show(p)
}

// recordingSound is what the page's player asks for, whole or in parts.
func (v *visit) recordingSound() error {
	return v.play(v.Calls.Sound(v.ctx, v.actor, v.r.PathValue("ticket")))
}

func (v *visit) play(wav []byte, err error) error {
	if err != nil {
		return err
	}
	// A player takes an hour of sound as slowly as it is heard: not within the time that a page has, but not past the server's end either.
	rc := http.NewResponseController(v.w)
	if err := rc.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	defer context.AfterFunc(v.ctx, func() { _ = rc.SetWriteDeadline(time.Unix(1, 0)) })() // a connection that is gone needs no end
	h := v.w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "private, no-store")
	v.wrote = true
	http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(wav))
	return nil
}

// recordingLend makes a link for a provider and shows it once.
func (v *visit) recordingLend() error {
	if err := v.parse(); err != nil {
		return err
	}
	days, err := strconv.Atoi(v.value("days"))
	if err != nil {
		days = 0
	}
	token, err := v.Calls.Lend(v.ctx, v.actor, v.r.PathValue("id"), call.Lend{Recipient: v.value("recipient"), Dispute: v.value("dispute"), Why: v.value("why"), Days: days})
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) {
			p, err := v.recordingPage(ui.Form{})
			p.Lend = f
			return p, err
		})
	}
	p, err := v.recordingPage(ui.Form{})
	if err != nil {
		return err
	}
	p.Link = v.Config.URL(v.n.SpaceHost, "/ecoute/"+token)
	return v.show(p)
}

func (v *visit) recordingRevoke() error {
	recording, err := v.Calls.Revoke(v.ctx, v.actor, v.r.PathValue("id"))
	return v.did("/enregistrements/"+recording, v.lang.T("Le prêt est arrêté : son lien n’ouvre plus rien.", "The loan is ended: its link opens nothing any more."), err)
}

// loan shows what a link is for; opening it plays nothing, for programs open links too.
func (v *visit) loan() error {
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	lent, err := v.Calls.OpenLoan(v.ctx, v.r.PathValue("token"))
	return v.lent(lent, err)
}

func (v *visit) loanHear() error {
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	lent, err := v.Calls.HearLoan(v.ctx, v.r.PathValue("token"))
	return v.lent(lent, err)
}

func (v *visit) lent(l call.Lent, err error) error {
	if err != nil {
		return err
	}
	p := ui.Lent{Public: v.public(nil), Action: "/ecoute/" + v.r.PathValue("token"), Reference: l.Reference, Until: l.Until}
	if l.Ticket != "" {
		p.Sound = "/ecoute/son/" + l.Ticket
	}
	return v.show(p)
}

func (v *visit) loanSound() error {
	return v.play(v.Calls.LentSound(v.ctx, v.r.PathValue("ticket")))
}
