package web

import (
	"slices"
	"strings"
	"time"

	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// standing is what was verified of a professional and agreed with him; its caller may read him.
func (v *visit) standing(id string) (s ui.Standing, err error) {
	inquiries, err := v.Pros.Inquiries(v.ctx, id)
	if err != nil {
		return s, err
	}
	agreements, err := v.Pros.Agreements(v.ctx, id)
	if err != nil {
		return s, err
	}
	today := v.DB.Now().In(geo.Paris()).Format(time.DateOnly)
	day := func(on string) string { return network.Date(on).Say(string(v.lang)) }
	until := func(on string) string {
		if on == "" {
			return ""
		}
		return v.lang.Tf("jusqu’au %s", "until %s", day(on))
	}
	for _, q := range inquiries {
		x := ui.Inquiry{What: v.say2(q.Kind.Label()), Provider: q.Recipient, On: day(q.On), Reference: q.Reference, Until: until(q.Until), Result: v.inquiryStatus(q, today)}
		if r, ok := v.n.Recipient(q.Recipient); ok {
			x.Provider = v.say2(r.Label)
		}
		labels := make([]string, len(q.Fields))
		for i, f := range q.Fields {
			labels[i] = v.say2(f.Label())
		}
		x.Sent = strings.Join(labels, ", ")
		s.Inquiries = append(s.Inquiries, x)
	}
	for _, a := range agreements {
		s.Agreements = append(s.Agreements, ui.Agreement{Title: a.Title, Reference: a.Reference, On: day(a.On), Until: until(a.Until), Over: a.Ended(today)})
	}
	return s, nil
}

func (v *visit) inquiryStatus(q pro.Inquiry, today string) ui.Status {
	text := v.say2(q.Result.Label())
	switch {
	case q.Result == "":
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("effacé", "erased")}
	case q.Old(today):
		return ui.Status{Tone: ui.Quiet, Text: v.lang.Tf("%s, à refaire", "%s, to be done again", text)}
	case q.Result == pro.ResultClear:
		return ui.Status{Tone: ui.Good, Text: text}
	case q.Result == pro.ResultReserved:
		return ui.Status{Tone: ui.Wait, Text: text}
	}
	return ui.Status{Tone: ui.Bad, Text: text}
}

// proStanding adds it to the page of staff, who record by it too.
func (v *visit) proStanding(page *ui.ProFile) (err error) {
	if page.Standing, err = v.standing(page.ID); err != nil || !page.CanEdit {
		return err
	}
	var sendable []network.ProField
	for _, r := range v.n.Verifiers() {
		for _, k := range r.Verifies {
			page.Verifiers = append(page.Verifiers, ui.Option{Value: r.ID + ":" + string(k), Label: v.say2(r.Label) + v.lang.T(" : ", ": ") + v.say2(k.Label())})
		}
		for _, f := range r.Fields {
			if !slices.Contains(sendable, f) {
				sendable = append(sendable, f)
				page.Sendable = append(page.Sendable, ui.Option{Value: string(f), Label: v.say2(f.Label())})
			}
		}
	}
	for _, r := range pro.Results() {
		page.Results = append(page.Results, ui.Option{Value: string(r), Label: v.say2(r.Label())})
	}
	return nil
}

func (v *visit) proInquire() error {
	if err := v.parse(); err != nil {
		return err
	}
	recipient, kind, _ := strings.Cut(v.value("provider"), ":")
	q := pro.Inquiry{Recipient: recipient, Kind: network.Verifies(kind), Reference: v.value("inquiry_reference"), On: v.value("on"), Until: v.value("until_on"), Result: pro.Result(v.value("result"))}
	for _, f := range v.r.Form["fields"] {
		q.Fields = append(q.Fields, network.ProField(f))
	}
	return v.proDid(v.lang.T("La vérification est notée. Le professionnel la voit dans son profil.", "The check is recorded. The professional sees it in their profile."), v.Pros.Inquire(v.ctx, v.actor, v.r.PathValue("id"), q))
}

func (v *visit) proAgree() error {
	if err := v.parse(); err != nil {
		return err
	}
	a := pro.Agreement{Title: v.value("agreement_title"), Reference: v.value("agreement_reference"), On: v.value("signed_on"), Until: v.value("agreement_until")}
	return v.proDid(v.lang.T("L’accord est joint. Le professionnel le voit dans son profil.", "The agreement is attached. The professional sees it in their profile."), v.Pros.Agree(v.ctx, v.actor, v.r.PathValue("id"), a))
}
