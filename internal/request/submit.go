package request

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Ask is what a consumer (or a partner's program for him) sends.
type Ask struct {
	Key             string // random, of this filling-in of the form: the same key again is the same request
	Site            string // host
	Trade, Lang     string
	Urgency         string
	Postcode, INSEE string
	Answers         map[string][]string
	Street          string
	Kind            string // person or company (ET-17)
	Name, Company   string
	Phone, Email    string
	Photos          []Photo
	Consents        map[string]bool
	Channel         string // form or api
	Address         string // network address
	Agent           string // what the browser says of itself
	Languages       string // and which languages it asks for
	Worked          bool   // the browser did the proof of work
	WorkID          string // its id, used once
	WorkUntil       time.Time
	Trap            bool   // the field that people do not see was filled in
	Member          string // id of the member whom the person asks for by name, where requests are forwarded; empty: none
	PreferCall      bool   // no code by SMS: the agent's call verifies the number (AQ-43)
}

// Submitted is the answer to an Ask.
type Submitted struct {
	ID, Ref   string
	Token     string // of the private link; empty when the request is somebody's earlier one
	NeedsCode bool
	Again     bool // the same form once more
	Duplicate bool // the same number asked for the same already: its link went to that number
}

const (
	maxName   = 80
	maxStreet = 160
)

var errTrade = fault.New(fault.Missing, "no-trade", fault.T("Ce site ne propose pas ce métier.", "This site does not offer this trade."))

// checked is an Ask that holds.
type checked struct {
	commune geo.Commune
	phone   string
	email   string
	answers network.Answers
	words   network.Answers
}

// check finds every wrong field at once. What a refused box is called stays with its consent: "consent-" and the id.
func (s *Service) check(n *network.Network, in Ask, on network.AskedOn) (checked, error) {
	var c fault.Check
	var out checked
	form := n.Form(in.Trade)
	if form == nil {
		return out, errTrade
	}
	c.That(n.Urgency(in.Urgency) != fault.Text{}, "urgency", fault.T("Dites quand vous avez besoin d’un professionnel.", "Say when you need a professional."))
	out.commune = checkPlace(&c, in.Postcode, in.INSEE)
	answers, err := form.Validate(in.Answers)
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return out, err
	}
	out.answers, out.words = split(form, answers)
	out.phone, out.email = s.checkWho(&c, n, in.Kind, in.Name, in.Company, in.Phone, in.Email, in.Street, out.commune)
	c.That(len(in.Photos) <= n.Limits.Photos, "photos", fault.Tf("Au plus %d photos.", "At most %d photos.", n.Limits.Photos))
	for _, consent := range n.ConsentsOn(on) {
		c.That(!consent.Required || in.Consents[consent.ID], "consent-"+consent.ID, fault.T("Cochez cette case pour que nous puissions vous rappeler.", "Tick this box so that we may call you back."))
	}
	return out, c.Err()
}

func checkPlace(c *fault.Check, postcode, insee string) geo.Commune {
	communes := geo.ByPostcode(strings.TrimSpace(postcode))
	switch {
	case !geo.ValidPostcode(strings.TrimSpace(postcode)):
		c.Add("postcode", fault.T("Écrivez un code postal à cinq chiffres, par exemple 30000.", "Write a postcode of five digits, for example 30000."))
	case len(communes) == 0:
		c.Add("postcode", fault.T("Ce code postal n’existe pas en France. Vérifiez-le.", "This postcode does not exist in France. Check it."))
	case len(communes) == 1 && insee == "":
		return communes[0]
	default:
		if i := slices.IndexFunc(communes, func(m geo.Commune) bool { return m.INSEE == insee }); i >= 0 {
			return communes[i]
		}
		c.Add("commune", fault.T("Choisissez votre commune dans la liste.", "Choose your commune from the list."))
	}
	return geo.Commune{}
}

func (s *Service) checkWho(c *fault.Check, n *network.Network, kind, name, company, rawPhone, rawEmail, street string, commune geo.Commune) (e164, email string) {
	c.That(kind == "person" || kind == "company", "kind", fault.T("Dites si vous êtes un particulier ou une entreprise.", "Say whether you are a person or a company."))
	checkName(c, n, name)
	c.That(kind != "company" || fits(company, 2, maxName), "company", fault.T("Écrivez le nom de l’entreprise.", "Write the name of the company."))
	c.That(street == "" || fits(street, 3, maxStreet), "street", fault.T("Écrivez l’adresse en 160 caractères au plus.", "Write the address in at most 160 characters."))
	e164, err := phone.Parse(rawPhone, commune.Dept, s.demo)
	if f := fault.Of(err); f != nil {
		c.Add("phone", f.Public)
	} else if err != nil {
		c.Add("phone", fault.T("Écrivez un numéro de téléphone, par exemple 06 12 34 56 78.", "Write a phone number, for example 06 12 34 56 78."))
	}
	if strings.TrimSpace(rawEmail) != "" {
		email, err = person.ParseEmail(rawEmail, n.Verification.DisposableMail != network.AllowAllow)
		if f := fault.Of(err); f != nil {
			c.Add("email", f.Public)
		}
	}
	return e164, email
}

func fits(s string, least, most int) bool {
	s = strings.TrimSpace(s)
	k := utf8.RuneCountInString(s)
	return k >= least && k <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// inputHash tells two different forms under one key apart.
func inputHash(in Ask) string {
	in.Key, in.Photos, in.Worked, in.WorkID, in.WorkUntil, in.Address, in.Agent, in.Languages = "", nil, false, "", time.Time{}, "", "", ""
	return auth.Digest(db.JSON(in))
}

// Submit takes a request in. It is made once per Key, and once per number, trade and commune within the network's window: whoever sends it a
// second time learns that it exists, and its private link goes to the number itself, never to the screen of a stranger.
func (s *Service) Submit(ctx context.Context, actor auth.Actor, in Ask) (Submitted, error) {
	if err := actor.May(auth.RequestSubmit); err != nil {
		return Submitted{}, err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return Submitted{}, err
	}
	site, ok := n.Site(in.Site)
	if !ok || !slices.Contains(site.Trades, in.Trade) {
		return Submitted{}, errTrade
	}
	if len(in.Key) < 16 || len(in.Key) > 100 {
		return Submitted{}, fault.New(fault.Invalid, "no-key", fault.T("Ce formulaire est incomplet. Rechargez la page.", "This form is incomplete. Reload the page."))
	}
	if in.Trap {
		return Submitted{}, fault.New(fault.Invalid, "trap", fault.T("Laissez vide le champ caché, puis renvoyez le formulaire.", "Leave the hidden field empty, then send the form again."))
	}
	ok2, err := s.check(n, in, network.AskedOnForm)
	if err != nil {
		return Submitted{}, err
	}
	e164 := ok2.phone
	addressIndex := person.AddressIndex(s.vault, in.Address)
	if err := s.underLimits(ctx, n, actor, addressIndex); err != nil {
		return Submitted{}, err
	}
	from, err := s.whence(ctx, n, actor, in.Address)
	if err != nil {
		return Submitted{}, err
	}
	// Whoever did no work proves the number by a code instead; a partner's program answers for its own visitors.
	needsCode := n.Verification.SMSCode == network.CodeAlways || n.Verification.SMSCode == network.CodeWithoutScript && !in.Worked && actor.Who == auth.Visitor
	if needsCode && !phone.CanText(e164) {
		if n.Verification.SMSCode == network.CodeAlways {
			var c fault.Check
			c.Add("phone", fault.T("Donnez un numéro de mobile : nous y envoyons un code.", "Give a mobile number: we send a code to it."))
			return Submitted{}, c.Err()
		}
		needsCode = false // a landline gets no text; the agent's call verifies it
	}
	var toCall bool
	if needsCode {
		_, may := n.For(network.DeedCode, network.Consumer)
		if toCall = may && in.PreferCall; !toCall {
			if err := s.db.Read(ctx, func(tx *db.Tx) error { toCall, err = s.numberRefusesCodes(tx, n, e164); return err }); err != nil {
				return Submitted{}, err
			}
		}
		needsCode = !toCall
	}

	key := auth.Digest("request " + actor.Account + " " + in.Key)
	hash := inputHash(in)
	who := person.Person{ID: s.db.NewID("per"), Kind: in.Kind, Lang: in.Lang, Name: strings.TrimSpace(in.Name), Company: strings.TrimSpace(in.Company), Phone: e164, Email: ok2.email}
	if in.Kind != "company" {
		who.Company = ""
	}
	categories := consumerCategories
	if len(in.Photos) > 0 {
		categories = append(slices.Clone(categories), catPhotos)
	}
	ring, err := s.vault.New(ctx, who.ID, categories...)
	if err != nil {
		return Submitted{}, err
	}
	r := Request{ID: s.db.NewID("req"), Ref: NewRef(""), Person: who.ID, Edition: n.Hash(), Site: site.Host, Channel: in.Channel, Source: wanted(n, in, actor), Trade: in.Trade,
		INSEE: ok2.commune.INSEE, Postcode: strings.TrimSpace(in.Postcode), Urgency: in.Urgency, Answers: ok2.answers, State: Received, LinkGeneration: 1}
	form := n.Form(in.Trade).Version()
	var choices []privacy.Choice
	for _, c := range n.ConsentsOn(network.AskedOnForm) {
		choices = append(choices, privacy.Choice{Person: who.ID, Object: r.ID, Consent: c, Granted: in.Consents[c.ID], Channel: in.Channel, Lang: in.Lang, Edition: n.Hash(), Form: form})
	}
	var receipt composed // before the transaction: the writer is one
	if needsCode {
		r.State = Unverified
	} else {
		now := s.db.Now()
		if receipt, err = s.acknowledge(n, r, who, privacy.Receipt(in.Lang, n, now, r.Zone(), choices), now); err != nil {
			return Submitted{}, err
		}
	}
	var out Submitted
	// Guarded: the key and the number's window are unique rows, and everything else is new.
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := s.numberAsks(tx, n, e164); err != nil {
			return err
		}
		out = Submitted{ID: r.ID, Ref: r.Ref, NeedsCode: needsCode, Token: s.token(r.ID, 1)}
		added, err := tx.Exec("INSERT INTO submission (key_hash, input_hash, object, at) VALUES ($1, $2, $3, $4) ON CONFLICT (key_hash) DO NOTHING", key, hash, r.ID, db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		if added == 0 {
			out, err = s.again(tx, key, hash)
			return err
		}
		if in.WorkID != "" {
			used, err := tx.Exec("INSERT INTO work (id, until_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", in.WorkID, db.Micros(in.WorkUntil))
			if err != nil {
				return err
			}
			if used == 0 {
				return fault.New(fault.Invalid, "work-used", fault.T("Ce formulaire a déjà servi. Rechargez la page.", "This form was used already. Reload the page."))
			}
		}
		earlier, err := s.claimWindow(tx, n, e164, r)
		if err != nil {
			return err
		}
		if earlier != "" {
			first, err := selectRequest(tx, earlier)
			if err != nil {
				return err
			}
			out = Submitted{ID: first.ID, Ref: first.Ref, Duplicate: true}
			if err := tx.Send("UPDATE submission SET object = $2 WHERE key_hash = $1", key, first.ID); err != nil {
				return err
			}
			return job.Add(tx, jobSendLink, first.ID, 0)
		}
		if err := s.store(tx, n, ring, who, r, content{words: ok2.words, street: strings.TrimSpace(in.Street), address: from.seen(in).Text()}, addressIndex, in.Photos); err != nil {
			return err
		}
		if err := privacy.Record(tx, ring, n, choices...); err != nil {
			return err
		}
		if err := audit.Write(tx, actor.Name(), actor.As(auth.RequestSubmit), "request.submit", r.ID, in.Channel); err != nil {
			return err
		}
		if err := from.note(tx, r.ID); err != nil {
			return err
		}
		if needsCode {
			return s.sendCode(tx, n, ring, r, who, person.ToVerify)
		}
		if toCall {
			if err := s.toCall(tx, n, actor, ring, who, r, in.PreferCall); err != nil {
				return err
			}
		}
		return s.received(tx, n, ring, r, who, receipt)
	})
	return out, err
}

// store inserts a request, its person and photos, and notes for which purposes they are held.
func (s *Service) store(tx *db.Tx, n *network.Network, ring *vault.Ring, who person.Person, r Request, c content, addressIndex string, photos []Photo) error {
	if err := ring.Assign(tx); err != nil {
		return err
	}
	if err := person.Insert(tx, s.vault, ring, who); err != nil {
		return err
	}
	if err := insertRequest(tx, ring, r, c, addressIndex); err != nil {
		return err
	}
	held := []network.Category{network.DataIdentity, network.DataContact, network.DataNeed, network.DataPlace, network.DataMessages, network.DataConsent, network.DataConnection}
	for _, p := range photos {
		p.ID = tx.NewID("pho")
		if err := insertPhoto(tx, ring, r.ID, p); err != nil {
			return err
		}
	}
	if len(photos) > 0 {
		held = append(held, network.DataPhotos)
	}
	return privacy.Hold(tx, n, r.ID, who.ID, network.Consumer, network.WhileRequestOpen, held...)
}

// received is the moment at which a request begins to wait for an agent, or, where the network qualifies by itself, for the machine.
// receipt is what tells the person so.
func (s *Service) received(tx *db.Tx, n *network.Network, ring *vault.Ring, r Request, who person.Person, receipt composed) error {
	if err := insertEvent(tx, r.ID, EvReceived, "", 0, ""); err != nil {
		return err
	}
	if n.Modules.Qualification == network.QualificationAutomatic {
		if err := job.Add(tx, jobPublish, r.ID, 0); err != nil {
			return err
		}
	}
	tx.Wake("queue")
	return s.notify.Letter(tx, ring, receipt.words, receipt.message, who.Phone, who.Email)
}

// acknowledge tells a person that the request is here; choices is what he gets of them, in the e-mail.
func (s *Service) acknowledge(n *network.Network, r Request, who person.Person, choices string, now time.Time) (composed, error) {
	return s.compose(n, r, who, "request-received", map[string]string{"receipt": choices}, now)
}

// again answers a form that was sent before.
func (s *Service) again(tx *db.Tx, key, hash string) (Submitted, error) {
	var object, was string
	if err := tx.Get(db.Into(&object, &was), "SELECT object, input_hash FROM submission WHERE key_hash = $1", key); err != nil {
		return Submitted{}, err
	}
	if was != hash {
		return Submitted{}, fault.New(fault.Conflict, "key-reused", fault.T("Ce formulaire a déjà été envoyé avec d’autres réponses. Ouvrez votre demande pour la corriger.", "This form was sent already with other answers. Open your request to correct it."))
	}
	r, err := selectRequest(tx, object)
	out := Submitted{ID: r.ID, Ref: r.Ref, Again: true, NeedsCode: r.State == Unverified}
	var own int64
	if err == nil {
		// A submission that fell on somebody's earlier request opens nothing: that request has a submission of its own.
		own, err = db.Value[int64](tx, "SELECT count(*) FROM submission WHERE object = $1 AND key_hash <> $2 AND at <= (SELECT at FROM submission WHERE key_hash = $2)", object, key)
	}
	if own > 0 {
		out.Duplicate = true
	} else {
		out.Token = s.token(r.ID, r.LinkGeneration)
	}
	return out, err
}

// Sent is a request that a partner's program sent; another's does not exist to it. It holds nothing that the program did not send, but states.
func (s *Service) Sent(ctx context.Context, actor auth.Actor, id string) (r Request, err error) {
	if err := actor.May(auth.RequestReadOwn); err != nil {
		return r, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { r, err = selectRequest(tx, id); return err })
	if err == nil && (actor.Who != auth.Affiliate || r.Source != actor.Account) {
		return Request{}, errNone
	}
	return r, err
}

// Once runs an action of a program under its key and keeps the word that it answers, which holds nothing personal. The same key with the same
// input answers the same word without acting again; with other input it is refused. What failed is not kept, and a crash between the act and
// its word lets the act run again: do must be one that, run twice, is done once or refused.
func (s *Service) Once(ctx context.Context, actor auth.Actor, key string, input []byte, do func() (word string, err error)) (string, error) {
	name, hash, kept := auth.Digest("once "+actor.Account+" "+key), auth.Digest(string(input)), ""
	err := s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		added, err := tx.Exec("INSERT INTO submission (key_hash, input_hash, object, at) VALUES ($1, $2, '', $3) ON CONFLICT (key_hash) DO NOTHING", name, hash, db.Micros(tx.Now()))
		if err != nil || added == 1 {
			return err
		}
		was := ""
		if err := tx.Get(db.Into(&was, &kept), "SELECT input_hash, object FROM submission WHERE key_hash = $1", name); err != nil {
			return err
		}
		if was != hash {
			return errKeyReused
		}
		return nil
	})
	if err != nil || kept != "" {
		return kept, err
	}
	word, err := do()
	if err != nil {
		return "", err
	}
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := tx.Send("UPDATE submission SET object = $2 WHERE key_hash = $1 AND object = ''", name, word); err != nil {
			return err
		}
		word, err = db.Value[string](tx, "SELECT object FROM submission WHERE key_hash = $1", name) // of two at once, the first word
		return err
	})
	return word, err
}

var errKeyReused = fault.New(fault.Conflict, "key-reused", fault.T("Cette clé a déjà servi pour autre chose. Prenez-en une nouvelle pour chaque action.", "This key was used for something else. Take a new one for each action."))

// claimWindow makes the request the newest of its number, trade and commune, or names the earlier one that is still within the window.
func (s *Service) claimWindow(tx *db.Tx, n *network.Network, e164 string, r Request) (earlier string, err error) {
	bidx := person.PhoneIndex(s.vault, e164)
	took, err := tx.Exec(`INSERT INTO request_window (phone_bidx, trade, insee, at, request_id) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (phone_bidx, trade, insee) DO UPDATE SET at = excluded.at, request_id = excluded.request_id WHERE request_window.at <= $6`,
		bidx, r.Trade, r.INSEE, db.Micros(tx.Now()), r.ID, db.Micros(n.Verification.Duplicates.Cutoff(tx.Now())))
	if err != nil || took == 1 {
		return "", err
	}
	return db.Value[string](tx, "SELECT request_id FROM request_window WHERE phone_bidx = $1 AND trade = $2 AND insee = $3", bidx, r.Trade, r.INSEE)
}

// freeWindow lets the same number ask again: its request is over. The row is found by the number that the person has: an index by the request
// cost every intake a page.
func freeWindow(tx *db.Tx, request string) error {
	return tx.Send("DELETE FROM request_window WHERE request_id = $1 AND phone_bidx = (SELECT p.phone_bidx FROM request r JOIN person p ON p.id = r.person_id WHERE r.id = $1)", request)
}

// Renumber lets what a person asked stand under the number that he is about to have, before [person.Update]. Where that number asked the same
// already, its own request stands.
func Renumber(tx *db.Tx, v *vault.Vault, who, e164 string) error {
	now := person.PhoneIndex(v, e164)
	was, err := db.Value[string](tx, "SELECT phone_bidx FROM person WHERE id = $1", who)
	if err != nil || was == now {
		return err
	}
	if now != "" {
		err = tx.Send(`INSERT INTO request_window (phone_bidx, trade, insee, at, request_id)
			SELECT $3, trade, insee, at, request_id FROM request_window WHERE phone_bidx = $2 AND request_id IN (SELECT id FROM request WHERE person_id = $1)
			ON CONFLICT (phone_bidx, trade, insee) DO NOTHING`, who, was, now)
		if err != nil {
			return err
		}
	}
	return tx.Send("DELETE FROM request_window WHERE phone_bidx = $2 AND request_id IN (SELECT id FROM request WHERE person_id = $1)", who, was)
}

// underLimits keeps a visitor's address to its share before anything is made for him. It reads before the write begins: a burst may pass by a
// few, a flood may not.
func (s *Service) underLimits(ctx context.Context, n *network.Network, actor auth.Actor, addressIndex string) error {
	if actor.Who != auth.Visitor {
		return nil
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		blocked, err := person.Blocked(tx, addressIndex)
		if err == nil && blocked {
			err = errBlocked
		}
		if err != nil || addressIndex == "" {
			return err
		}
		l := n.Limits.RequestsPerAddress
		count, err := db.Value[int64](tx, "SELECT count(*) FROM request WHERE address_bidx = $1 AND address_bidx <> '' AND at > $2", addressIndex, db.Micros(l.Within.Cutoff(tx.Now())))
		if err == nil && count >= int64(l.Max) {
			err = errTooOften
		}
		return err
	})
}

// numberAsks keeps a number to its share: in the transaction, whose pages are warm, and before it writes anything.
func (s *Service) numberAsks(tx *db.Tx, n *network.Network, e164 string) error {
	l := n.Limits.RequestsPerNumber
	count, err := db.Value[int64](tx, "SELECT count(*) FROM person WHERE phone_bidx = $1 AND at > $2", person.PhoneIndex(s.vault, e164), db.Micros(l.Within.Cutoff(tx.Now())))
	if err == nil && count >= int64(l.Max) {
		err = errTooOften
	}
	return err
}

// open reads a request with its edition and opens its person: for whoever was checked or is about to be.
func (s *Service) open(ctx context.Context, id string) (r Request, n *network.Network, ring *vault.Ring, who person.Person, err error) {
	if r, n, ring, who, err = s.openFrozen(ctx, id); err == nil && !r.FrozenAt.IsZero() {
		err = errFrozen
	}
	return
}

// errFrozen refuses every use of a request whose person asked for restriction: it is stored, and that is all (GDPR art. 18.2, WA-51, RN-104).
var errFrozen = fault.New(fault.Conflict, "frozen", fault.T("Cette demande est gelée à la demande de la personne : rien n’y change tant que le gel dure.", "This request is frozen at the person’s wish: nothing changes in it while that lasts."))

// openFrozen opens a request whether or not it is frozen: for its own person to read, and for who then looks.
func (s *Service) openFrozen(ctx context.Context, id string) (r Request, n *network.Network, ring *vault.Ring, who person.Person, err error) {
	if err = s.db.Read(ctx, func(tx *db.Tx) error { r, err = selectRequest(tx, id); return err }); err != nil {
		return
	}
	if n, err = s.editions.Get(ctx, r.Edition); err != nil {
		return
	}
	if ring, err = s.vault.Ring(ctx, r.Person); err != nil {
		return
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { who, err = person.Get(tx, ring, r.Person); return err })
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return
}
