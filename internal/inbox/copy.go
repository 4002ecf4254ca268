package inbox

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/request"
)

// Copy is what somebody is told of his data (GDPR art. 15): what we hold, why, from where, who received it and until when. It is what the
// human page shows and what the file holds. Of other people it names only the professionals, as businesses.
type Copy struct {
	Made       time.Time      `json:"made"`
	Case       string         `json:"case"`
	Controller string         `json:"controller"`
	Officer    string         `json:"officer"`
	Complaint  string         `json:"complaint"`
	People     []CopyOf       `json:"people"`
	Purposes   []CopyPurpose  `json:"purposes"`
	Recipients []CopyReceiver `json:"recipients"`
	Received   []CopyReceiver `json:"received"` // who really received something, by his own name (WA-58)
}

// CopyOf is one record of a person with all that hangs on it.
type CopyOf struct {
	Kind     string        `json:"kind"` // consumer or professional
	Since    time.Time     `json:"since"`
	Source   string        `json:"source"` // how the data came
	Name     string        `json:"name,omitempty"`
	Title    string        `json:"title,omitempty"` // parts of the name, where the network asks them apart (AQ-09)
	First    string        `json:"first_name,omitempty"`
	Last     string        `json:"last_name,omitempty"`
	Company  string        `json:"company,omitempty"`
	Phone    string        `json:"phone,omitempty"`
	Email    string        `json:"email,omitempty"`
	Street   string        `json:"street,omitempty"`
	SIREN    string        `json:"siren,omitempty"`
	Requests []CopyRequest `json:"requests,omitempty"`
	Choices  []CopyChoice  `json:"choices,omitempty"`
	Messages []CopyMessage `json:"messages,omitempty"`

	Orders      []CopyOrder      `json:"orders,omitempty"` // of a professional (ET-108)
	Inquiries   []CopyInquiry    `json:"inquiries,omitempty"`
	Agreements  []CopyAgreement  `json:"agreements,omitempty"`
	Connections []CopyConnection `json:"connections,omitempty"`

	Objections []CopyObjection `json:"objections,omitempty"`
	Archived   []CopyArchived  `json:"archived,omitempty"`
}

// CopyArchived is a value that lies in the archive: the right of access knows no phase of keeping (GDPR art. 15). It is opened for the person
// himself only; whoever checks the copy before sees that it is there.
type CopyArchived struct {
	Data   string `json:"data"` // category, in words
	Record string `json:"record"`
	Text   string `json:"text,omitempty"` // empty before it is opened, and for a picture or sound
	Bytes  int    `json:"bytes"`
}

// CopyOrder is what a professional bought: never whose details he got.
type CopyOrder struct {
	Ref     string    `json:"ref"`
	At      time.Time `json:"at"`
	Trade   string    `json:"trade"`
	Commune string    `json:"commune"`
	Price   string    `json:"price_excl_vat"`
	Outcome string    `json:"outcome,omitempty"`
}

// CopyConnection is a line of the sealed journal about him: a form that he sent, or a sign-in (RN-17, ET-109).
type CopyConnection struct {
	At   time.Time   `json:"at"`
	What string      `json:"what"`
	Seen person.Seen `json:"seen"`
}

// CopyRequest is a request.
type CopyRequest struct {
	Ref       string              `json:"ref"`
	At        time.Time           `json:"at"`
	Channel   string              `json:"channel"`
	Trade     string              `json:"trade"`
	Commune   string              `json:"commune"`
	Postcode  string              `json:"postcode"`
	Street    string              `json:"street,omitempty"`
	Urgency   string              `json:"urgency"`
	Answers   map[string][]string `json:"answers,omitempty"`
	Words     map[string][]string `json:"words,omitempty"`
	Photos    [][]byte            `json:"photos,omitempty"` // JPEG, in base64
	Receivers []CopyReceiver      `json:"receivers,omitempty"`
}

// CopyChoice is a consent that was given, refused or taken back.
type CopyChoice struct {
	At      time.Time `json:"at"`
	Purpose string    `json:"purpose"`
	Words   string    `json:"words"`
	Granted bool      `json:"granted"`
	Channel string    `json:"channel"`
}

// CopyMessage is a message that was sent.
type CopyMessage struct {
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
}

// CopyPurpose is a use of the data.
type CopyPurpose struct {
	ID         string    `json:"id"`
	Label      string    `json:"label"`
	Basis      string    `json:"basis"`
	Data       []string  `json:"data"`
	Sources    []string  `json:"sources"` // where it comes from (RN-08)
	Recipients []string  `json:"recipients"`
	Since      time.Time `json:"since"`
	Kept       string    `json:"kept"`
	Until      time.Time `json:"until,omitzero"` // of the present phase, where it is known
}

// CopyReceiver is who received the data.
type CopyReceiver struct {
	Name    string    `json:"name"`
	At      time.Time `json:"at,omitzero"`
	Country string    `json:"country,omitempty"`
}

// Given is the part of a copy that the person gave himself, for portability (GDPR art. 20).
func (c Copy) Given() Copy {
	c.Purposes, c.Recipients, c.Received = nil, nil, nil
	people := slices.Clone(c.People)
	for i := range people {
		people[i].Messages, people[i].Choices, people[i].Objections, people[i].Orders, people[i].Connections, people[i].Archived, people[i].Inquiries, people[i].Agreements = nil, nil, nil, nil, nil, nil, nil, nil
		people[i].Requests = slices.Clone(people[i].Requests)
		for k := range people[i].Requests {
			people[i].Requests[k].Receivers = nil
		}
	}
	c.People = people
	return c
}

// CSV writes what the person gave, a line for each value: record, field, value.
func (c Copy) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	line := func(record, field string, values ...string) {
		for _, v := range values {
			if v != "" {
				_ = out.Write([]string{record, field, guard(v)}) // kept by the writer and told by Error below
			}
		}
	}
	_ = out.Write([]string{"record", "field", "value"}) // likewise
	for _, p := range c.Given().People {
		for _, f := range [][2]string{{"name", p.Name}, {"title", p.Title}, {"first_name", p.First}, {"last_name", p.Last}, {"company", p.Company}, {"phone", p.Phone}, {"email", p.Email}, {"street", p.Street}, {"siren", p.SIREN}} {
			line(p.Kind, f[0], f[1])
		}
		for _, r := range p.Requests {
			for _, f := range [][2]string{{"at", r.At.Format(time.RFC3339)}, {"trade", r.Trade}, {"commune", r.Commune}, {"postcode", r.Postcode}, {"street", r.Street}, {"urgency", r.Urgency}} {
				line(r.Ref, f[0], f[1])
			}
			for _, set := range []map[string][]string{r.Answers, r.Words} {
				for _, id := range slices.Sorted(maps.Keys(set)) {
					line(r.Ref, id, set[id]...)
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// guard keeps a spreadsheet from taking a person's words for a formula.
func guard(s string) string {
	if strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

// OwnCopy opens the copy of a person's data through his private link: after the officer granted it, and after a code.
func (s *Service) OwnCopy(ctx context.Context, actor auth.Actor) (Copy, error) {
	m, err := s.Mine(ctx, actor)
	if err != nil {
		return Copy{}, err
	}
	if !m.Copy {
		return Copy{}, errNone
	}
	if !actor.Coded {
		return Copy{}, errCoded
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := note(tx, m.ID, EvOpenedCopy, actor.Name(), ""); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CaseReadOwn), "case.copy", m.ID, "with the archive")
	}); err != nil {
		return Copy{}, err
	}
	return s.copy(ctx, m.Case, m.Network, m.Lang, true)
}

// Preview is the copy as its officer checks it before it is granted.
func (s *Service) Preview(ctx context.Context, actor auth.Actor, id string) (Copy, error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return Copy{}, err
	}
	c, n, _, err := s.get(ctx, id)
	if err != nil {
		return Copy{}, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.CaseRead), "case.preview", id, true); err != nil {
		return Copy{}, err
	}
	return s.copy(ctx, c, n, c.Lang, false)
}

// copy reads everything; archive opens what lies there too.
func (s *Service) copy(ctx context.Context, c Case, n *network.Network, lang string, archive bool) (Copy, error) {
	out := Copy{Made: s.DB.Now().UTC(), Case: c.Ref, Controller: n.Operator.Name + " " + n.Operator.LegalForm + ", " + n.AddressFor("rights"), Officer: n.Operator.Officer.Email, Complaint: authority(n)}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { tied, err = subjects(tx, c.ID); return }); err != nil {
		return out, err
	}
	var held []privacy.Held
	archived := map[string][]CopyArchived{}
	for _, t := range append(tied, subject{c.ID, network.Requester}) {
		of, err := s.Life.Trace(ctx, t.Person, archive)
		if err != nil {
			return out, err
		}
		held = append(held, of.Holdings...)
		for _, v := range of.Values {
			if v.Archived && v.State != "erased" && !v.IsKey() {
				archived[t.Person] = append(archived[t.Person], CopyArchived{Data: v.Category.Label().Say(lang), Record: v.Row, Text: v.Text, Bytes: v.Bytes})
			}
		}
	}
	for _, t := range tied {
		var p CopyOf
		var err error
		if t.Whose == network.Professional {
			p, err = s.copyPro(ctx, t.Person, lang)
		} else {
			p, err = s.copyConsumer(ctx, n, t.Person, lang)
		}
		if err != nil {
			return out, err
		}
		p.Archived = archived[t.Person]
		out.People = append(out.People, p)
		for _, r := range p.Requests {
			out.addReceived(r.Receivers...)
		}
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			some, err := received(tx, n, t, p.Since)
			if err == nil {
				out.addReceived(some...)
			}
			return err
		}); err != nil {
			return out, err
		}
	}
	s.copyPurposes(&out, n, held, lang)
	return out, nil
}

func (s *Service) copyConsumer(ctx context.Context, n *network.Network, id, lang string) (p CopyOf, err error) {
	p.Kind = string(network.Consumer)
	rings, err := s.Vault.Rings(ctx, id)
	if err != nil {
		return p, err
	}
	var who person.Person
	var traced []request.Traced
	var objects []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		if who, err = person.Get(tx, rings[id], id); err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if traced, err = request.OfPeople(tx, id); err != nil {
			return err
		}
		if objects, err = privacy.Objects(tx, id); err != nil {
			return err
		}
		p.Choices = nil
		for _, o := range objects {
			given, err := privacy.Ledger(tx, id, o)
			if err != nil {
				return err
			}
			for _, g := range given {
				p.Choices = append(p.Choices, CopyChoice{At: g.Time, Purpose: g.Purpose, Words: g.Words, Granted: g.Granted, Channel: g.Channel})
			}
		}
		p.Objections, err = copyObjections(tx, n, rings[id], id, lang)
		return err
	}); err != nil {
		return p, err
	}
	p.Since, p.Name, p.Company, p.Phone, p.Email = who.At, who.Name, who.Company, who.Phone, who.Email
	if person.Parted(who.Name) {
		p.Title, p.First, p.Last = person.Parts(who.Name)
	}
	for _, t := range traced {
		m, err := s.Requests.Mine(ctx, auth.Actor{Who: auth.System, Account: "system", Request: t.ID})
		if err != nil {
			return p, err
		}
		trade, _ := n.Trade(m.Trade)
		r := CopyRequest{Ref: t.Ref, At: m.At, Channel: m.Channel, Trade: trade.Label.Say(lang), Commune: m.INSEE, Postcode: m.Postcode, Street: m.Street, Urgency: n.Urgency(m.Urgency).Say(lang),
			Answers: m.Answers, Words: m.Words}
		for _, photo := range m.Photos {
			picture, err := s.Requests.Photo(ctx, auth.Actor{Who: auth.Consumer, Request: t.ID}, t.ID, photo)
			if err != nil {
				return p, err
			}
			r.Photos = append(r.Photos, picture.JPEG)
		}
		if p.Source == "" {
			p.Source = sourceWords(m.Channel).Say(lang)
		}
		for _, k := range m.Takers {
			r.Receivers = append(r.Receivers, CopyReceiver{Name: k.Contact.Company, At: k.Revealed, Country: "FR"})
		}
		p.Requests = append(p.Requests, r)
		sent, err := s.Notify.About(ctx, t.ID)
		if err != nil {
			return p, err
		}
		p.Messages = append(p.Messages, ownMessages(sent, id)...)
	}
	came, err := s.Requests.CameFrom(ctx, id)
	p.Connections = copyConnections(came)
	return p, err
}

// ownMessages are those to this person: one to a professional about the same request is his.
func ownMessages(sent []notify.Seen, person string) (all []CopyMessage) {
	for _, m := range sent {
		if m.Person == person {
			all = append(all, CopyMessage{At: m.At, Channel: m.Channel, Subject: m.Subject, Text: m.Body})
		}
	}
	return all
}

func sourceWords(channel string) fault.Text {
	switch channel {
	case "phone":
		return fault.T("vous-même, par téléphone", "yourself, by phone")
	case "api":
		return fault.T("un site partenaire par lequel vous êtes passé", "a partner site that you came through")
	}
	return fault.T("vous-même, par le formulaire", "yourself, by the form")
}

func (s *Service) copyPro(ctx context.Context, id, lang string) (p CopyOf, err error) {
	p.Kind = string(network.Professional)
	contacts, err := s.Pros.Contacts(ctx, id)
	if err != nil {
		return p, err
	}
	c := contacts[id]
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		known, err := pro.Load(tx, id)
		p.Since = known.At
		return err
	}); err != nil {
		return p, err
	}
	p.Name, p.Company, p.Phone, p.Email, p.Street, p.SIREN = c.Identity.Contact, c.Company, c.Phone, c.Email, c.Street, c.SIREN
	p.Source = fault.T("vous-même, à l’ouverture de votre accès", "yourself, when your access was opened").Say(lang)
	sent, err := s.Notify.About(ctx, id)
	if err != nil {
		return p, err
	}
	p.Messages = ownMessages(sent, id)
	if err := s.copyOrders(ctx, &p, id, lang); err != nil {
		return p, err
	}
	if err := s.copyDossier(ctx, &p, id, lang); err != nil {
		return p, err
	}
	came, err := s.Pros.SignIns(ctx, id)
	p.Connections = copyConnections(came)
	return p, err
}

// copyOrders lists all that a professional bought (ET-108, 111), page by page.
func (s *Service) copyOrders(ctx context.Context, p *CopyOf, id, lang string) error {
	const page = 200
	for after := ""; ; {
		bought, err := s.Requests.Purchases(ctx, auth.Actor{Who: auth.System, Account: "system", Pro: id, Lang: lang}, after, page)
		if err != nil {
			return err
		}
		for _, d := range bought {
			trade, _ := d.Network.Trade(d.Request.Trade)
			p.Orders = append(p.Orders, CopyOrder{Ref: d.Request.Ref, At: d.At, Trade: trade.Label.Say(lang), Commune: d.Request.INSEE, Price: d.Price.Decimal(), Outcome: d.Outcome})
		}
		if len(bought) < page {
			return nil
		}
		after = bought[len(bought)-1].Purchase.ID
	}
}

func copyConnections(came []person.Connection) (all []CopyConnection) {
	for _, c := range came {
		all = append(all, CopyConnection{At: c.At, What: c.Kind, Seen: c.Seen})
	}
	return all
}

// copyPurposes says why, for whom and for how long each record is held.
func (s *Service) copyPurposes(out *Copy, n *network.Network, held []privacy.Held, lang string) {
	at := map[string]int{}
	for _, h := range held {
		p, ok := n.Purpose(h.Purpose)
		if !ok {
			continue
		}
		if _, known := at[p.ID]; !known {
			at[p.ID] = len(out.Purposes)
			k := CopyPurpose{ID: p.ID, Label: p.Label.Say(lang), Basis: string(p.Basis), Since: h.Since, Kept: keptWords(p).Say(lang)}
			for _, o := range p.Origins() {
				k.Sources = append(k.Sources, o.Label().Say(lang))
			}
			for _, r := range p.Recipients {
				to, _ := n.Recipient(r)
				k.Recipients = append(k.Recipients, to.Label.Say(lang))
				if !slices.ContainsFunc(out.Recipients, func(x CopyReceiver) bool { return x.Name == to.Label.Say(lang) }) {
					out.Recipients = append(out.Recipients, CopyReceiver{Name: to.Label.Say(lang), Country: to.Country})
				}
			}
			out.Purposes = append(out.Purposes, k)
		}
		k := &out.Purposes[at[p.ID]]
		if h.Since.Before(k.Since) {
			k.Since = h.Since
		}
		if h.Until.After(k.Until) {
			k.Until = h.Until
		}
		for _, c := range h.Categories {
			if label := network.Category(c).Label().Say(lang); !slices.Contains(k.Data, label) {
				k.Data = append(k.Data, label)
			}
		}
	}
}

// keptWords says a duration as a notice does.
func keptWords(p network.Purpose) fault.Text {
	k := p.Keep
	if k == nil {
		return fault.Text{}
	}
	t := k.For.Text()
	if k.While != "" {
		then := k.Then.Text()
		t = fault.T("le temps nécessaire, puis "+then.FR, "as long as needed, then "+then.EN)
	}
	if k.Archive != nil {
		a := k.Archive.For.Text()
		t = fault.T(t.FR+", puis "+a.FR+" en archive restreinte", t.EN+", then "+a.EN+" in a restricted archive")
	}
	return t
}
