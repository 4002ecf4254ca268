package request

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Item is a request as a professional sees it before he buys. It holds no name, number, street or free text (ET-10).
type Item struct {
	Request
	Network   *network.Network
	Title     string
	Distance  int // metres, -1 unknown
	Offered   time.Time
	Price     money.Amount // what this professional pays: his cart's price while he holds a seat
	Left      int          // seats neither sold nor held by somebody else
	HeldUntil time.Time    // his own hold; zero: none
	Expired   bool         // his hold ran out and nobody has taken the seat yet
	FreeAt    time.Time    // when the first hold of somebody else ends; zero: none
	Bought    string       // his purchase, when he has one
	Photos    int
	HasWords  bool
}

// Board lists what is offered to a professional and may still be bought, newest first, and what he holds.
func (s *Service) Board(ctx context.Context, actor auth.Actor) ([]Item, pro.Pro, error) {
	if err := actor.May(auth.BoardRead); err != nil {
		return nil, pro.Pro{}, err
	}
	var items []Item
	var me pro.Pro
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		items = nil
		if me, err = pro.Load(tx, actor.Pro); err != nil || !me.MayBuy(tx.Now()) {
			return err // suspended, uninsured, or pending and not from outside: an empty board (ET-22, 76)
		}
		ids, err := db.Values[string](tx, "SELECT o.request_id FROM offer o JOIN request r ON r.id = o.request_id WHERE o.pro_id = $1 AND r.state = 'published' ORDER BY r.published_at DESC, r.id LIMIT 100", actor.Pro)
		if err != nil {
			return err
		}
		all, err := loadItems(tx, actor.Pro, ids...)
		items = slices.DeleteFunc(all, func(it Item) bool { return it.Left == 0 && it.FreeAt.IsZero() })
		return err
	})
	if err != nil {
		return nil, me, err
	}
	return items, me, s.dress(ctx, actor, items)
}

// dress adds what is said in words.
func (s *Service) dress(ctx context.Context, actor auth.Actor, items []Item) error {
	for i := range items {
		n, err := s.editions.Get(ctx, items[i].Edition)
		if err != nil {
			return err
		}
		items[i].Network, items[i].Title = n, Title(n, items[i].Request, actor.Lang)
	}
	return nil
}

// loadItem reads one request that a professional was asked about; errNotAsked when he was not.
func loadItem(tx *db.Tx, id, proID string) (Item, error) {
	items, err := loadItems(tx, proID, id)
	if err != nil {
		return Item{}, err
	}
	return items[0], nil
}

// loadItems reads what a professional was asked about, in the order of ids: one query a table, however many they are.
func loadItems(tx *db.Tx, proID string, ids ...string) ([]Item, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	requests, err := selectRequests(tx, ids...)
	if err != nil {
		return nil, err
	}
	items, at := make([]Item, len(ids)), map[string]*Item{}
	for i, id := range ids {
		r, ok := requests[id]
		if !ok {
			return nil, errNone
		}
		items[i] = Item{Request: r, Price: r.Price, HasWords: len(r.words) > 0}
		at[id] = &items[i]
	}
	args := []any{proID}
	in := db.In(&args, ids)
	asked := 0
	if err := db.Each(tx, func(s db.Scanner) error {
		var id string
		var metres, offered int64
		if err := s.Scan(&id, &metres, &offered); err != nil {
			return err
		}
		at[id].Distance, at[id].Offered = int(metres), db.Time(offered)
		asked++
		return nil
	}, "SELECT request_id, distance_m, at FROM offer WHERE pro_id = $1 AND request_id IN ("+in+")", args...); err != nil {
		return nil, err
	}
	if asked < len(at) {
		return nil, errNotAsked
	}
	if err := db.Each(tx, func(s db.Scanner) error {
		var id, bought string
		if err := s.Scan(&id, &bought); err != nil {
			return err
		}
		at[id].Bought = bought
		return nil
	}, "SELECT request_id, id FROM purchase WHERE pro_id = $1 AND state = 'revealed' AND request_id IN ("+in+")", args...); err != nil {
		return nil, err
	}
	args = nil
	in = db.In(&args, ids)
	seats, err := selectSeats(tx, in, args...)
	if err != nil {
		return nil, err
	}
	for _, seat := range seats {
		at[seat.Request].see(seat, proID, tx.Now())
	}
	return items, db.Each(tx, func(s db.Scanner) error {
		var id string
		var photos int64
		if err := s.Scan(&id, &photos); err != nil {
			return err
		}
		at[id].Photos = int(photos)
		return nil
	}, "SELECT request_id, count(*) FROM photo WHERE request_id IN ("+in+") GROUP BY request_id", args...)
}

// see counts a seat as it stands for a professional at an instant.
func (it *Item) see(seat Seat, proID string, now time.Time) {
	mine := seat.Pro == proID
	held := seat.State == "held" && now.Before(seat.HeldUntil)
	switch {
	case seat.State == "sold" || seat.State == "capturing":
	case mine && held:
		it.HeldUntil, it.Price = seat.HeldUntil, seat.Price
		it.Left++
	case mine && seat.State == "held":
		it.Expired = true
		it.Left++
	case held:
		if it.FreeAt.IsZero() || seat.HeldUntil.Before(it.FreeAt) {
			it.FreeAt = seat.HeldUntil
		}
	default:
		it.Left++
	}
}

// Sheet is one request of the board.
func (s *Service) Sheet(ctx context.Context, actor auth.Actor, id string) (Item, error) {
	if err := actor.May(auth.BoardRead); err != nil {
		return Item{}, err
	}
	var it Item
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { it, err = loadItem(tx, id, actor.Pro); return }); err != nil {
		return it, err
	}
	if it.State == Received || it.State == Unverified {
		return Item{}, errNotAsked
	}
	one := []Item{it}
	err := s.dress(ctx, actor, one)
	return one[0], err
}

// Held counts the seats that a professional holds now.
func (s *Service) Held(ctx context.Context, actor auth.Actor) (n int, err error) {
	if err := actor.May(auth.SeatBuy); err != nil {
		return 0, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		k, err := db.Value[int64](tx, "SELECT count(*) FROM seat s JOIN request r ON r.id = s.request_id WHERE s.pro_id = $1 AND s.state = 'held' AND s.held_until > $2 AND r.state = 'published'", actor.Pro, db.Micros(tx.Now()))
		n = int(k)
		return err
	})
	return n, err
}

// Cart lists what a professional holds, by the end of the hold.
func (s *Service) Cart(ctx context.Context, actor auth.Actor) ([]Item, error) {
	if err := actor.May(auth.SeatBuy); err != nil {
		return nil, err
	}
	var items []Item
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		items = nil
		ids, err := db.Values[string](tx, "SELECT s.request_id FROM seat s JOIN request r ON r.id = s.request_id WHERE s.pro_id = $1 AND s.state = 'held' AND r.state = 'published' ORDER BY s.held_until, s.request_id", actor.Pro)
		if err != nil {
			return err
		}
		items, err = loadItems(tx, actor.Pro, ids...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, s.dress(ctx, actor, items)
}

// Hold puts a request in the cart: it holds a seat at today's price for a short time (ET-21). Of those who want the last seat one gets it.
func (s *Service) Hold(ctx context.Context, actor auth.Actor, id string) (until time.Time, err error) {
	if err := actor.May(auth.SeatBuy); err != nil {
		return until, err
	}
	n, r, err := s.buyable(ctx, actor, id)
	if err != nil {
		return until, err
	}
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		now := tx.Now()
		until = n.Introductions.Cart.Hold.AddTo(now)
		if err := mayStill(tx, actor.Pro); err != nil {
			return err
		}
		held, err := db.Value[int64](tx, "SELECT count(*) FROM seat WHERE pro_id = $1 AND state = 'held' AND held_until > $2 AND request_id <> $3", actor.Pro, db.Micros(now), id)
		if err != nil {
			return err
		}
		if int(held) >= n.Introductions.Cart.AtMost {
			return errTooMany
		}
		for _, number := range order(tx, r, actor.Pro) {
			// A hold of one's own that still runs keeps its price; anything else takes the price of now.
			took, err := tx.Exec(`UPDATE seat SET price_minor = CASE WHEN pro_id = $3 AND state = 'held' AND held_until > $5 THEN price_minor ELSE (SELECT price_minor FROM request WHERE id = $1) END,
				state = 'held', pro_id = $3, held_until = $4
				WHERE request_id = $1 AND number = $2 AND (state = 'free' OR state = 'held' AND (held_until <= $5 OR pro_id = $3))
				AND EXISTS (SELECT 1 FROM request WHERE id = $1 AND state = 'published' AND frozen_at = 0)`,
				id, number, actor.Pro, db.Micros(until), db.Micros(now))
			if err != nil {
				if errors.Is(err, db.ErrUnique) {
					return errState // he holds another seat of it since this instant
				}
				return err
			}
			if took == 1 {
				tx.Wake("board")
				return audit.Write(tx, actor.Name(), actor.As(auth.SeatBuy), "seat.hold", id, fmt.Sprint(number))
			}
		}
		return errSeatGone
	})
	return until, err
}

// order is the seats' numbers, one's own first.
func order(tx *db.Tx, r Request, proID string) []int {
	own, err := db.Value[int](tx, "SELECT number FROM seat WHERE request_id = $1 AND pro_id = $2", r.ID, proID)
	numbers := make([]int, 0, r.Seats)
	if err == nil {
		numbers = append(numbers, own)
	}
	for i := 1; i <= r.Seats; i++ {
		if i != own {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// mayStill is the first thing in a transaction that takes a seat: his access as it stands now, and nobody changes it before the end. It also
// puts what one professional does at once in a row, so that what he holds can be counted.
func mayStill(tx *db.Tx, proID string) error {
	me, err := pro.Lock(tx, proID)
	switch {
	case err != nil:
		return err
	case me.MayBuy(tx.Now()):
		return nil
	case me.State == pro.Active || me.Outside && me.State == pro.Pending:
		return errUninsured
	}
	return errSuspended
}

// buyable checks what does not change in the next instant; the rest is guarded.
func (s *Service) buyable(ctx context.Context, actor auth.Actor, id string) (n *network.Network, r Request, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		offered, err := db.Value[int64](tx, "SELECT count(*) FROM offer WHERE request_id = $1 AND pro_id = $2", id, actor.Pro)
		if err != nil {
			return err
		}
		if offered == 0 {
			return errNotAsked
		}
		if r, err = selectRequest(tx, id); err != nil {
			return err
		}
		if r.State != Published || !r.FrozenAt.IsZero() {
			return errSeatGone
		}
		unwanted, err := db.Value[int64](tx, "SELECT count(*) FROM exclusion WHERE request_id = $1 AND pro_id = $2", id, actor.Pro)
		if err == nil && unwanted > 0 {
			err = errNotAsked
		}
		return err
	})
	if err == nil {
		n, err = s.editions.Get(ctx, r.Edition)
	}
	return n, r, err
}

// Drop takes a request out of the cart; its seat is free at once.
func (s *Service) Drop(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.SeatBuy); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0, price_minor = (SELECT price_minor FROM request WHERE id = $1) WHERE request_id = $1 AND pro_id = $2 AND state = 'held'", id, actor.Pro)
		tx.Wake("board")
		return err
	})
}

// Buy is what a professional confirms when he buys.
type Buy struct {
	Request   string
	Confirmed map[string]bool // each of the file's buying confirmations (ET-66…68)
	Shown     money.Amount    // the price excl. VAT on his screen
	Method    string          // wallet or card
	Back      string          // where the card's hosted page comes back to; {purchase} in it becomes the purchase's id
}

// Bought is the answer: a purchase, or the page on which the card is asked for.
type Bought struct {
	Purchase string
	Checkout string
}

// Buy sells a seat. With the wallet, seat, charge and reveal are one transaction: all or nothing. With a card, the intent is committed here and
// the rest follows its authorisation (Advance).
func (s *Service) Buy(ctx context.Context, actor auth.Actor, in Buy) (Bought, error) {
	if err := actor.May(auth.SeatBuy); err != nil {
		return Bought{}, err
	}
	if done, err := s.already(ctx, actor, in.Request); err != nil || done != "" {
		return Bought{Purchase: done}, err // the second of two taps
	}
	n, r, err := s.buyable(ctx, actor, in.Request)
	if err != nil {
		return Bought{}, err
	}
	var c fault.Check
	for _, w := range n.Buying {
		c.That(in.Confirmed[w.ID], "confirm-"+w.ID, fault.T("Confirmez ce point pour prendre la demande.", "Confirm this point to take the request."))
	}
	c.That(in.Method == "wallet" || in.Method == "card", "pay", fault.T("Choisissez comment payer.", "Choose how to pay."))
	if err := c.Err(); err != nil {
		return Bought{}, err
	}
	if in.Method == "card" {
		return s.buyByCard(ctx, actor, n, r, in)
	}
	hand, err := s.hand(ctx, n, r, actor.Pro)
	if err != nil {
		return Bought{}, err
	}
	id := ""
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := mayStill(tx, actor.Pro); err != nil {
			return err
		}
		seat, err := claim(tx, r, actor.Pro, in.Shown, "sold")
		if err != nil {
			return err
		}
		p := Purchase{ID: tx.NewID("pur"), Request: r.ID, Seat: seat, Pro: actor.Pro, Price: in.Shown, VAT: r.VAT, Method: "wallet", State: "revealed"}
		id = p.ID
		if err := billing.Debit(tx, actor.Pro, p.Price.Incl(p.VAT), "purchase "+p.ID, actor.Account); err != nil {
			return err
		}
		if err := insertPurchase(tx, p, n.Hash()); err != nil {
			return err
		}
		return s.reveal(tx, actor, hand, p)
	})
	if errors.Is(err, billing.ErrFunds) {
		return Bought{}, err
	}
	return Bought{Purchase: id}, err
}

// already finds the purchase that a professional has of a request.
func (s *Service) already(ctx context.Context, actor auth.Actor, request string) (id string, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		id, err = db.Value[string](tx, "SELECT id FROM purchase WHERE request_id = $1 AND pro_id = $2 AND state = 'revealed'", request, actor.Pro)
		if errors.Is(err, db.ErrNone) {
			err = nil
		}
		return err
	})
	return id, err
}

// claim takes a seat at the shown price: one's own, held or run out, or one that nobody holds, the first to pay. The state it takes on is sold,
// or held for a card. A price that differs from the shown one is not charged: he is asked again.
func claim(tx *db.Tx, r Request, proID string, shown money.Amount, to string) (number int, err error) {
	now := db.Micros(tx.Now())
	for _, number := range order(tx, r, proID) {
		n, err := tx.Exec(`UPDATE seat SET state = $6, pro_id = $3, price_minor = $4 WHERE request_id = $1 AND number = $2
			AND (pro_id = $3 AND state = 'held' AND price_minor = $4 OR (state = 'free' OR state = 'held' AND held_until <= $5) AND (SELECT price_minor FROM request WHERE id = $1) = $4)
			AND EXISTS (SELECT 1 FROM request WHERE id = $1 AND state = 'published' AND frozen_at = 0)`, r.ID, number, proID, int64(shown), now, to)
		if err != nil {
			if errors.Is(err, db.ErrUnique) {
				return 0, errState
			}
			return 0, err
		}
		if n == 1 {
			return number, nil
		}
	}
	it, err := loadItem(tx, r.ID, proID)
	if err == nil && it.State == Published && it.Left > 0 && it.Price != shown {
		return 0, fault.New(fault.Conflict, "price-moved", fault.Tf("Le prix de cette demande est maintenant de %s HT. Vous n’avez rien payé : confirmez ce prix pour la prendre.", "The price of this request is now %[2]s excl. VAT. You have paid nothing: confirm this price to take it.", it.Price.FR(), it.Price.EN()))
	}
	return 0, errSeatGone
}

// hand is what is needed to reveal: opened before the transaction, which does no look-up in the key store.
type hand struct {
	n       *network.Network
	r       Request
	ring    *vault.Ring
	who     person.Person
	contact pro.Contact
}

func (s *Service) hand(ctx context.Context, n *network.Network, r Request, proID string) (h hand, err error) {
	h = hand{n: n, r: r}
	if h.ring, err = s.vault.Ring(ctx, r.Person); err != nil {
		return h, err
	}
	if err = s.db.Read(ctx, func(tx *db.Tx) error { h.who, err = person.Get(tx, h.ring, r.Person); return err }); err != nil {
		return h, err
	}
	contacts, err := s.pros.Contacts(ctx, proID)
	h.contact = contacts[proID]
	if err == nil && (h.who.Phone == "" || h.contact.ID == "") {
		err = errSeatGone // erased meanwhile: there is nothing to introduce
	}
	return h, err
}

// reveal is the one door through which contact details leave (ET-10): the sale is counted, promised in the log, put on the list to invoice, and
// both sides are told, in the transaction that charges.
func (s *Service) reveal(tx *db.Tx, actor auth.Actor, h hand, p Purchase) error {
	r := h.r
	state, err := db.Value[string](tx, "UPDATE request SET sold = sold + 1, state = CASE WHEN sold + 1 >= seats THEN 'filled' ELSE state END, state_at = $2 WHERE id = $1 AND state = 'published' AND sold < seats RETURNING state", r.ID, db.Micros(tx.Now()))
	if err == nil && State(state) == Filled {
		err = over(tx, h.n, r)
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	if err != nil {
		return errSeatGone
	}
	// Sale k of N: the purchase's random id is the salt.
	leaf, err := proof.CommitSecret(tx, "sale", p.ID, fmt.Appendf(nil, "%s\n%s\n%d\n%d", p.ID, r.ID, p.Seat, r.Seats))
	if err != nil {
		return err
	}
	if err := tx.Send("UPDATE purchase SET state = 'revealed', revealed_at = $2, leaf_id = $3 WHERE id = $1", p.ID, db.Micros(tx.Now()), leaf); err != nil {
		return err
	}
	if p.Method != "waived" {
		if err := billing.ToInvoice(tx, billing.Due{Pro: p.Pro, Reference: "purchase " + p.ID, Label: s.invoiceLabel(h), Net: p.Price, VAT: p.VAT, PaidWith: p.Method}); err != nil {
			return err
		}
	}
	if err := insertEvent(tx, r.ID, EvSold, p.Pro, p.Seat, p.ID); err != nil {
		return err
	}
	if err := audit.Write(tx, actor.Name(), actor.As(auth.SeatBuy), "contact.reveal", p.ID, r.ID); err != nil {
		return err
	}
	by := h.n.Introductions.Clocks.FirstContact.AddTo(tx.Now())
	if err := s.tell(tx, h.n, h.ring, r, h.who, "taken", map[string]string{"pro": h.contact.Company, "pro_phone": phone.Display(h.contact.Phone), "clock": s.hour(r, h.who.Lang, by)}); err != nil {
		return err
	}
	lang := h.contact.Lang
	letter, err := h.n.Message("bought", lang, map[string]string{"ref": r.Ref, "trade": s.tradeLabel(h.n, r.Trade, lang), "commune": r.Commune().Name + " " + r.Postcode, "name": h.who.Shown(),
		"consumer_phone": phone.Display(h.who.Phone), "clock": s.hour(r, lang, by), "price": p.Price.Say(lang), "price_incl": p.Price.Incl(p.VAT).Say(lang), "link": s.url(h.n.SpaceHost, "/achats/"+p.ID)})
	if err != nil {
		return err
	}
	tx.Wake("board")
	tx.Wake("pro " + p.Pro)
	return s.notify.Letter(tx, h.contact.Ring, letter, notify.Message{Person: p.Pro, Object: p.ID, Kind: "bought"}, h.contact.Phone, h.contact.Email)
}

// invoiceLabel is the line of the invoice: nothing of the consumer stands in it.
func (s *Service) invoiceLabel(h hand) string {
	return fmt.Sprintf("Mise en relation %s, %s, %s", h.r.Ref, s.tradeLabel(h.n, h.r.Trade, "fr"), h.r.Commune().Name)
}

// Purchase is one introduction sold, or about to be.
type Purchase struct {
	ID, Request, Pro, Edition string
	Seat                      int
	At                        time.Time
	Price                     money.Amount
	VAT                       money.Rate
	Method, Payment, State    string
	Revealed, Contacted       time.Time
	Outcome                   string
	Late, Asked               time.Time
	Leaf                      string
}

func insertPurchase(tx *db.Tx, p Purchase, edition string) error {
	return tx.Send(`INSERT INTO purchase (id, request_id, seat, pro_id, at, edition, price_minor, vat_rate, method, payment_id, state, revealed_at, contacted_at, outcome, late_at, asked_at, leaf_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, '', 0, 0, '')`,
		p.ID, p.Request, p.Seat, p.Pro, db.Micros(tx.Now()), edition, int64(p.Price), int64(p.VAT), p.Method, p.Payment, p.State)
}

const purchaseColumns = "id, request_id, pro_id, edition, seat, at, price_minor, vat_rate, method, payment_id, state, revealed_at, contacted_at, outcome, late_at, asked_at, leaf_id"

func scanPurchase(s db.Scanner) (p Purchase, err error) {
	var at, price, vat, revealed, contacted, late, asked int64
	err = s.Scan(&p.ID, &p.Request, &p.Pro, &p.Edition, &p.Seat, &at, &price, &vat, &p.Method, &p.Payment, &p.State, &revealed, &contacted, &p.Outcome, &late, &asked, &p.Leaf)
	p.At, p.Price, p.VAT, p.Revealed, p.Contacted, p.Late, p.Asked = db.Time(at), money.Amount(price), money.Rate(vat), db.Time(revealed), db.Time(contacted), db.Time(late), db.Time(asked)
	return p, err
}

func selectPurchase(tx *db.Tx, id string) (Purchase, error) {
	p, err := db.One(tx, scanPurchase, "SELECT "+purchaseColumns+" FROM purchase WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNoPurchase
	}
	return p, err
}

var errNoPurchase = fault.New(fault.Missing, "no-purchase", fault.T("Cet achat n’existe pas.", "There is no such purchase."))

func selectPurchasesOf(tx *db.Tx, request string) ([]Purchase, error) {
	return db.List(tx, scanPurchase, "SELECT "+purchaseColumns+" FROM purchase WHERE request_id = $1 AND state = 'revealed' ORDER BY revealed_at, id", request)
}
