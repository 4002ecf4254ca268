package request

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

const (
	catNeed       = string(network.DataNeed)
	catPlace      = string(network.DataPlace)
	catContact    = string(network.DataContact)
	catConnection = string(network.DataConnection)
	catPhotos     = string(network.DataPhotos)
	catConsent    = string(network.DataConsent)
)

// consumerCategories are the keys that a new consumer gets.
var consumerCategories = []string{string(network.DataIdentity), catContact, catNeed, catPlace, catConnection, catConsent, string(network.DataMessages)}

func place(column, id string) vault.Place {
	return vault.Place{Table: "request", Column: column, Row: id}
}

const requestColumns = `id, ref, person_id, at, edition, site, channel, source, trade, insee, postcode, urgency, intent, answers, words_sealed, street_sealed, draft_sealed, address_sealed,
	state, state_at, seats, sold, price_minor, vat_rate, price_reasons, priced_by, taken_by, taken_until, qualified_by, published_at, link_generation, stopped_at, frozen_at`

func scanRequest(s db.Scanner) (r Request, err error) {
	var at, stateAt, takenUntil, published, stopped, frozen, price, vat, seats, sold int64
	var state, answers, reasons string
	err = s.Scan(&r.ID, &r.Ref, &r.Person, &at, &r.Edition, &r.Site, &r.Channel, &r.Source, &r.Trade, &r.INSEE, &r.Postcode, &r.Urgency, &r.Intent, &answers, &r.words, &r.street, &r.draft, &r.address,
		&state, &stateAt, &seats, &sold, &price, &vat, &reasons, &r.PricedBy, &r.TakenBy, &takenUntil, &r.QualifiedBy, &published, &r.LinkGeneration, &stopped, &frozen)
	if err != nil {
		return r, err
	}
	r.State, r.At, r.StateAt, r.TakenUntil = State(state), db.Time(at), db.Time(stateAt), db.Time(takenUntil)
	r.PublishedAt, r.StoppedAt, r.FrozenAt = db.Time(published), db.Time(stopped), db.Time(frozen)
	r.Price, r.VAT, r.Seats, r.Sold = money.Amount(price), money.Rate(vat), int(seats), int(sold)
	if err = json.Unmarshal([]byte(answers), &r.Answers); err == nil {
		err = json.Unmarshal([]byte(reasons), &r.Reasons)
	}
	return r, err
}

func selectRequest(tx *db.Tx, id string) (Request, error) {
	r, err := db.One(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return r, err
}

// selectRequests reads requests by id; unknown ones are left out.
func selectRequests(tx *db.Tx, ids ...string) (map[string]Request, error) {
	found := map[string]Request{}
	if len(ids) == 0 {
		return found, nil
	}
	var args []any
	all, err := db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE id IN ("+db.In(&args, ids)+")", args...)
	for _, r := range all {
		found[r.ID] = r
	}
	return found, err
}

func selectRequestByRef(tx *db.Tx, ref string) (Request, error) {
	r, err := db.One(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE ref = $1", ref)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return r, err
}

// sealed parts of a new or changed request.
type content struct {
	words   network.Answers
	street  string
	address string // network address
}

func (c content) seal(r *vault.Ring, id string) (words, street, address []byte) {
	words, street, address = []byte{}, []byte{}, []byte{}
	if len(c.words) > 0 {
		words = r.SealText(catNeed, place("words_sealed", id), db.JSON(c.words))
	}
	if c.street != "" {
		street = r.SealText(catPlace, place("street_sealed", id), c.street)
	}
	if c.address != "" {
		address = r.SealText(catConnection, place("address_sealed", id), c.address)
	}
	return words, street, address
}

func insertRequest(tx *db.Tx, ring *vault.Ring, r Request, c content, addressIndex string) error {
	words, street, address := c.seal(ring, r.ID)
	return tx.Send(`INSERT INTO request (id, ref, person_id, at, edition, site, channel, source, trade, insee, postcode, urgency, intent, answers, words_sealed, street_sealed, address_sealed, address_bidx,
		state, state_at, seats, sold, price_minor, vat_rate, price_reasons, priced_by, taken_by, taken_until, qualified_by, qualified_at, published_at, published_machine_at, link_generation, stopped_at, frozen_at, draft_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $4, 0, 0, 0, 0, '[]', '', $20, $21, '', 0, 0, 0, 1, 0, 0, $22)`,
		r.ID, r.Ref, r.Person, db.Micros(tx.Now()), r.Edition, r.Site, r.Channel, r.Source, r.Trade, r.INSEE, r.Postcode, r.Urgency, r.Intent, db.JSON(r.Answers), words, street, address, addressIndex,
		string(r.State), r.TakenBy, db.Micros(r.TakenUntil), emptyNil(r.draft))
}

func emptyNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// updateContent replaces what the consumer or the agent corrected. draft is what stands on an agent's desk from then on, empty for nothing.
func updateContent(tx *db.Tx, ring *vault.Ring, r Request, c content, draft []byte) error {
	words, street, _ := c.seal(ring, r.ID)
	return tx.Send("UPDATE request SET trade = $2, insee = $3, postcode = $4, urgency = $5, intent = $6, answers = $7, words_sealed = $8, street_sealed = $9, draft_sealed = $10 WHERE id = $1",
		r.ID, r.Trade, r.INSEE, r.Postcode, r.Urgency, r.Intent, db.JSON(r.Answers), words, street, draft)
}

// moveState is the guarded step from one of the states to another; false when the request stood elsewhere.
func moveState(tx *db.Tx, id string, to State, from ...State) (bool, error) {
	args := []any{id, string(to), db.Micros(tx.Now())}
	names := make([]string, len(from))
	for i, f := range from {
		names[i] = string(f)
	}
	n, err := tx.Exec("UPDATE request SET state = $2, state_at = $3 WHERE id = $1 AND state IN ("+db.In(&args, names)+")", args...)
	return n == 1, err
}

// over starts the time that a request's data may still be kept: nobody needs it open any more.
func over(tx *db.Tx, n *network.Network, r Request) error {
	return privacy.Ended(tx, n, r.Person, r.ID, network.WhileRequestOpen)
}

func insertEvent(tx *db.Tx, request, kind, actor string, count int, object string) error {
	err := tx.Send("INSERT INTO request_event (id, request_id, at, kind, actor, count, object) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		tx.NewID("evt"), request, db.Micros(tx.Now()), kind, actor, count, object)
	tx.Wake("request " + request)
	return err
}

// atOnce are events of one transaction, which have one instant, in the order in which they are told.
var atOnce = []string{EvVerified, EvReceived, EvQualified, EvPriced, EvPublished, EvForwarded}

// selectEvents reads a request's history, oldest first.
func selectEvents(tx *db.Tx, request string) ([]Event, error) {
	all, err := db.List(tx, func(s db.Scanner) (e Event, err error) {
		var at int64
		err = s.Scan(&e.ID, &at, &e.Kind, &e.Actor, &e.Count, &e.Object)
		e.At = db.Time(at)
		return e, err
	}, "SELECT id, at, kind, actor, count, object FROM request_event WHERE request_id = $1 ORDER BY at, id", request)
	slices.SortStableFunc(all, func(a, b Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(slices.Index(atOnce, a.Kind), slices.Index(atOnce, b.Kind)))
	})
	return all, err
}

// openWords and openStreet read what is sealed; erased reads as empty.
func openWords(ring *vault.Ring, r Request) (network.Answers, error) {
	b, err := ring.Open(catNeed, place("words_sealed", r.ID), r.words)
	if errors.Is(err, vault.ErrErased) || err == nil && len(b) == 0 {
		return network.Answers{}, nil
	}
	if err != nil {
		return nil, err
	}
	a := network.Answers{}
	return a, json.Unmarshal(b, &a)
}

func openStreet(ring *vault.Ring, r Request) (string, error) {
	s, err := ring.OpenText(catPlace, place("street_sealed", r.ID), r.street)
	if errors.Is(err, vault.ErrErased) {
		return "", nil
	}
	return s, err
}

// Photo is one picture of a request, re-encoded by us.
type Photo struct {
	ID            string
	Width, Height int
	JPEG          []byte
}

func insertPhoto(tx *db.Tx, ring *vault.Ring, request string, p Photo) error {
	return tx.Send("INSERT INTO photo (id, request_id, at, width, height, image_sealed) VALUES ($1, $2, $3, $4, $5, $6)",
		p.ID, request, db.Micros(tx.Now()), p.Width, p.Height, ring.Seal(catPhotos, vault.Place{Table: "photo", Column: "image_sealed", Row: p.ID}, p.JPEG))
}

func selectPhotoIDs(tx *db.Tx, request string) ([]string, error) {
	return db.Values[string](tx, "SELECT id FROM photo WHERE request_id = $1 ORDER BY at, id", request)
}

func selectPhoto(tx *db.Tx, ring *vault.Ring, request, id string) (Photo, error) {
	p := Photo{ID: id}
	var sealed []byte
	var w, h int64
	if err := tx.Get(db.Into(&w, &h, &sealed), "SELECT width, height, image_sealed FROM photo WHERE id = $1 AND request_id = $2", id, request); err != nil {
		if errors.Is(err, db.ErrNone) {
			err = errNone
		}
		return p, err
	}
	p.Width, p.Height = int(w), int(h)
	var err error
	p.JPEG, err = ring.Open(catPhotos, vault.Place{Table: "photo", Column: "image_sealed", Row: id}, sealed)
	if errors.Is(err, vault.ErrErased) {
		err = errNone
	}
	return p, err
}

// Seat is one of the N introductions of a request.
type Seat struct {
	Request   string
	Number    int
	State     string // free, held, capturing, sold
	Pro       string
	Price     money.Amount
	VAT       money.Rate
	HeldUntil time.Time // business time
}

// selectSeats lists the seats of the requests in an IN list.
func selectSeats(tx *db.Tx, in string, requests ...any) ([]Seat, error) {
	return db.List(tx, scanSeat, "SELECT request_id, number, state, pro_id, price_minor, vat_rate, held_until FROM seat WHERE request_id IN ("+in+") ORDER BY request_id, number", requests...)
}

func scanSeat(s db.Scanner) (x Seat, err error) {
	var until, price, vat, number int64
	var pro *string
	err = s.Scan(&x.Request, &number, &x.State, &pro, &price, &vat, &until)
	if pro != nil {
		x.Pro = *pro
	}
	x.Number, x.HeldUntil, x.Price, x.VAT = int(number), db.Time(until), money.Amount(price), money.Rate(vat)
	return x, err
}
