package web

import (
	"encoding/json"
	"strings"
	"time"

	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/notify"
	"entremise/internal/web/ui"
	"entremise/internal/web/ui/gallery"
)

// demoRoutes exist in a demo folder only: ways in without passwords, what would have left the house, the clock, the bank's page.
func demoRoutes() []route {
	return []route{
		{"GET", "/_demo", demoOnly, open, 0, (*visit).demoHome},
		{"GET", "/_demo/entrer", demoOnly, open, 0, (*visit).demoEnter},
		{"POST", "/_demo/horloge", demoOnly, open, 0, (*visit).demoClock},
		{"GET", "/_demo/outbox", demoOnly, open, 0, (*visit).outbox},
		{"GET", "/_demo/outbox.json", demoOnly, open, 0, (*visit).outboxJSON},
		{"GET", "/_demo/carte/{payment}", demoOnly, open, 0, (*visit).demoCard},
		{"POST", "/_demo/carte/{payment}", demoOnly, open, 0, (*visit).demoCardPay},
		{"GET", "/_ui", demoOnly, open, 0, (*visit).components},
		{"GET", "/_ui/{screen}", demoOnly, open, 0, (*visit).components},
	}
}

func (v *visit) demoHome() error {
	roles, err := v.Demo.Roles(v.ctx, string(v.lang))
	if err != nil {
		return err
	}
	page := ui.DemoHome{Frame: v.frame(nil), Operator: v.n.Operator.Name, Offset: v.Demo.Off(),
		Jumps: []ui.Option{{Value: "10m", Label: v.lang.T("10 minutes", "10 minutes")}, {Value: "1h", Label: v.lang.T("1 heure", "1 hour")}, {Value: "24h", Label: v.lang.T("1 jour", "1 day")}, {Value: "48h", Label: v.lang.T("2 jours", "2 days")}, {Value: "720h", Label: v.lang.T("30 jours", "30 days")}}}
	for _, r := range roles {
		r.Href = v.Config.URL(v.n.SpaceHost, r.Href)
		page.Roles = append(page.Roles, r)
	}
	for _, s := range v.n.Sites {
		page.Sites = append(page.Sites, ui.Link{Text: v.siteName(v.n, s), Href: v.Config.URL(s.Host, "/")})
	}
	return v.show(page)
}

// demoEnter makes a sign-in link and follows it: in a demo everybody may be anybody.
func (v *visit) demoEnter() error {
	token, err := v.Auth.SignInLink(v.ctx, v.r.URL.Query().Get("qui"))
	if err != nil {
		return err
	}
	return v.to(v.Config.URL(v.n.SpaceHost, "/connexion/lien/"+token))
}

func (v *visit) demoClock() error {
	if err := v.parse(); err != nil {
		return err
	}
	by, err := time.ParseDuration(v.value("by"))
	if err != nil || by <= 0 || by > 366*24*time.Hour {
		return fault.New(fault.Invalid, "bad-jump", fault.T("Avancez d’une durée entre une seconde et un an.", "Move forward by between a second and a year."))
	}
	if err := v.Demo.Move(v.ctx, by); err != nil {
		return err
	}
	v.say(ui.Good, v.lang.Tf("L’horloge a avancé de %s.", "The clock moved forward by %s.", v.lang.Span(by)))
	return v.to("/_demo")
}

// How many messages the outbox shows, and how many programs read: more than a new demo sends at once for its invented past, which would push
// what they wait for off the list.
const (
	outboxPage = 50
	outboxAll  = 1000
)

func (v *visit) sent(most int) ([]notify.Seen, []billing.CardPayment, error) {
	kind := v.r.URL.Query().Get("kind")
	channel := map[string]string{"sms": notify.BySMS, "mail": notify.ByEmail}[kind]
	var seen []notify.Seen
	var payments []billing.CardPayment
	var err error
	if kind != "payment" {
		if seen, err = v.Notify.Recent(v.ctx, channel, 0, most); err != nil {
			return nil, nil, err
		}
	}
	if kind == "" || kind == "payment" {
		err = v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { payments, err = billing.RecentPayments(tx, most); return })
	}
	return seen, payments, err
}

func (v *visit) outbox() error {
	seen, payments, err := v.sent(outboxPage)
	if err != nil {
		return err
	}
	page := ui.Outbox{Frame: v.frame(nil), Operator: v.n.Operator.Name, Kind: v.r.URL.Query().Get("kind")}
	for _, m := range seen {
		kind := "mail"
		if m.Channel == notify.BySMS {
			kind = "sms"
		}
		page.Lines = append(page.Lines, ui.OutboxLine{ID: m.ID, Kind: kind, At: m.At, To: m.To, Subject: m.Subject, Text: m.Body, Status: v.messageStatus(m.State)})
	}
	for _, p := range payments {
		page.Lines = append(page.Lines, ui.OutboxLine{ID: p.ID, Kind: "payment", At: p.At, Subject: v.lang.T("Paiement par carte", "Card payment"), Amount: p.Amount, Status: ui.Status{Tone: ui.Quiet, Text: p.State}})
	}
	return v.show(page)
}

func (v *visit) messageStatus(state string) ui.Status {
	switch state {
	case "sent":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Envoyé", "Sent")}
	case "queued":
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("En attente", "Waiting")}
	case "stopped":
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Arrêté par la personne", "Stopped by the person")}
	case "in-doubt":
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Incertain", "In doubt")}
	}
	return ui.Status{Tone: ui.Bad, Text: v.lang.T("Refusé", "Refused")}
}

// outboxJSON is what the tour and the tests read their codes and links from.
func (v *visit) outboxJSON() error {
	seen, _, err := v.sent(outboxAll)
	if err != nil {
		return err
	}
	type line struct {
		ID      string    `json:"id"`
		Channel string    `json:"channel"`
		Kind    string    `json:"kind"`
		Object  string    `json:"object"`
		To      string    `json:"to"`
		Subject string    `json:"subject"`
		Text    string    `json:"text"`
		State   string    `json:"state"`
		At      time.Time `json:"at"`
		SentAt  time.Time `json:"sent_at"`
	}
	lines := []line{}
	for _, m := range seen {
		lines = append(lines, line{m.ID, m.Channel, m.Kind, m.Object, m.To, m.Subject, m.Body, m.State, m.At, m.SentAt})
	}
	v.wrote = true
	v.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(v.w).Encode(lines)
}

// demoCard plays the bank's hosted page.
func (v *visit) demoCard() error {
	var p billing.CardPayment
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { p, err = billing.GetPayment(tx, v.r.PathValue("payment")); return }); err != nil {
		return err
	}
	return v.show(ui.DemoCard{Frame: v.frame(nil), Operator: v.n.Operator.Name, Action: v.r.URL.RequestURI(), Amount: p.Amount, Done: p.State != "intent"})
}

func (v *visit) demoCardPay() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("payment")
	if err := v.Billing.Authorised(v.ctx, id, "demo-"+id, v.value("answer") == "pay"); err != nil {
		return err
	}
	back := v.r.URL.Query().Get("retour")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") {
		back = "/"
	}
	return v.to(back)
}

// components is the living component page: every screen with sample data.
func (v *visit) components() error {
	v.wrote = true
	gallery.Handler("/_ui").ServeHTTP(v.w, v.r)
	return nil
}
