package privacy

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Prospecting is the purpose of objections to prospecting, whatever the network file calls what it prospects for (GDPR art. 21.2).
const Prospecting = "prospecting"

// Said is a step of an objection.
type Said string

// Steps. From the first on the purpose is not served for the person, until he takes it back or compelling grounds are told to him.
const (
	SaidObjected Said = "objected"   // by the person: it stops at once (GDPR art. 21.1, 21.2)
	SaidBack     Said = "taken-back" // by the person
	SaidGrounds  Said = "grounds"    // by the officer: compelling grounds, which the person is told; it goes on (art. 21.1)
	SaidGranted  Said = "granted"    // by the officer: it stays stopped, and what only this purpose held is erased (art. 17.1 c)
)

// Objection is one line of the ledger of objections, which is never changed: each step is a line, with a leaf in the proof log.
type Objection struct {
	Person    string
	Object    string // record under which it is kept: his request, his account
	Purpose   string // of the network file, or [Prospecting]
	Number    int64  // of the line, from 1, of this person and purpose
	Said      Said
	At        time.Time
	Channel   string // form, space, phone, paper, link, sms, email
	Reference string // of the case, call or letter
	By        string // account of the staff who noted it; empty for the person
	Edition   string
	Reason    string // the person's, which is optional, or the officer's; empty once erased
	Leaf      string
}

// Stops reports whether a line keeps its purpose from being served.
func (o Objection) Stops() bool { return o.Said == SaidObjected || o.Said == SaidGranted }

const objectionColumns = "person_id, object, purpose, number, said, at, channel, reference, by_account, edition, leaf_id"

func (o Objection) canonical() []byte {
	b := make([]byte, 0, 256)
	for _, f := range []string{o.Person, o.Object, o.Purpose, strconv.FormatInt(o.Number, 10), string(o.Said), strconv.FormatInt(db.Micros(o.At), 10), o.Channel, o.Reference, o.By, o.Edition, o.Reason} {
		b = append(append(strconv.AppendInt(b, int64(len(f)), 10), ':'), f...)
	}
	return b
}

func (o Objection) place() vault.Place {
	return vault.Place{Table: "objection", Column: "reason_sealed", Row: o.row()}
}

func (o Objection) row() string {
	return o.Person + " " + o.Purpose + " " + strconv.FormatInt(o.Number, 10)
}

// NoteObjection writes the next line of an objection. What changes nothing is not written: objecting twice, taking back what does not stand.
// The officer's steps need a standing objection, and are refused by a fault of kind Conflict where there is none.
func NoteObjection(tx *db.Tx, r *vault.Ring, o Objection) (written bool, err error) {
	last, err := LastObjection(tx, o.Person, o.Purpose)
	if err != nil {
		return false, err
	}
	switch o.Said {
	case SaidObjected:
		if last.Stops() {
			return false, nil
		}
	case SaidBack:
		if last.Said == "" || last.Said == SaidBack {
			return false, nil
		}
	default:
		if last.Said != SaidObjected || o.Purpose == Prospecting {
			return false, fault.New(fault.Conflict, "no-objection", fault.T("Aucune opposition à cet usage n’attend de décision.", "No objection to this use waits for a decision."))
		}
	}
	o.Number, o.At = last.Number+1, tx.Now()
	sealed := []byte{}
	if o.Reason != "" {
		sealed = r.SealText(string(network.DataConsent), o.place(), o.Reason)
	}
	if o.Leaf, err = proof.Commit(tx, r, proof.Leaf{Kind: "objection", Object: o.Object, Person: o.Person, Category: string(network.DataConsent)}, o.canonical()); err != nil {
		return false, err
	}
	return true, tx.Send("INSERT INTO objection ("+objectionColumns+", row_id, reason_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		o.Person, o.Object, o.Purpose, o.Number, string(o.Said), db.Micros(o.At), o.Channel, o.Reference, o.By, o.Edition, o.Leaf, o.row(), sealed)
}

func scanObjection(s db.Scanner) (o Objection, err error) {
	var at int64
	err = s.Scan(&o.Person, &o.Object, &o.Purpose, &o.Number, &o.Said, &at, &o.Channel, &o.Reference, &o.By, &o.Edition, &o.Leaf)
	o.At = db.Time(at)
	return o, err
}

// LastObjection is the last line of a person about a purpose, without its reason; the zero Objection when there is none.
func LastObjection(tx *db.Tx, person, purpose string) (Objection, error) {
	o, err := db.One(tx, scanObjection, "SELECT "+objectionColumns+" FROM objection WHERE person_id = $1 AND purpose = $2 ORDER BY number DESC LIMIT 1", person, purpose)
	if errors.Is(err, db.ErrNone) {
		return Objection{}, nil
	}
	return o, err
}

// Objected reports whether an objection keeps a purpose from being served for a person now. Whoever acts on a purpose asks it first.
func Objected(tx *db.Tx, person, purpose string) (bool, error) {
	o, err := LastObjection(tx, person, purpose)
	return o.Stops(), err
}

// ObjectedAmong says of many people at once whose objection keeps a purpose from being served.
func ObjectedAmong(tx *db.Tx, purpose string, people ...string) (map[string]bool, error) {
	out := map[string]bool{}
	if len(people) == 0 {
		return out, nil
	}
	args := []any{purpose}
	return out, db.Each(tx, func(s db.Scanner) error {
		var who string
		var o Objection
		err := s.Scan(&who, &o.Said)
		out[who] = o.Stops()
		return err
	}, "SELECT person_id, said FROM objection WHERE purpose = $1 AND person_id IN ("+db.In(&args, people)+") ORDER BY person_id, number", args...)
}

// Stopped are the purposes that a person's objections keep from being served.
func Stopped(tx *db.Tx, person string) (map[string]bool, error) {
	out := map[string]bool{}
	return out, db.Each(tx, func(s db.Scanner) error {
		var purpose string
		var o Objection
		err := s.Scan(&purpose, &o.Said)
		out[purpose] = o.Stops()
		return err
	}, "SELECT purpose, said FROM objection WHERE person_id = $1 ORDER BY purpose, number", person)
}

// Objections lists the lines of a person, oldest first, opened; the reason of one that was erased is empty.
func Objections(tx *db.Tx, r *vault.Ring, person string) ([]Objection, error) {
	var sealed [][]byte
	all, err := db.List(tx, func(s db.Scanner) (Objection, error) {
		var o Objection
		var at int64
		var reason []byte
		err := s.Scan(&o.Person, &o.Object, &o.Purpose, &o.Number, &o.Said, &at, &o.Channel, &o.Reference, &o.By, &o.Edition, &o.Leaf, &reason)
		o.At = db.Time(at)
		sealed = append(sealed, reason)
		return o, err
	}, "SELECT "+objectionColumns+", reason_sealed FROM objection WHERE person_id = $1 ORDER BY at, purpose, number", person)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Reason, err = r.OpenText(string(network.DataConsent), all[i].place(), sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) && !errors.Is(err, vault.ErrArchived) {
			return nil, err
		}
	}
	return all, nil
}

// VerifyObjections recomputes the leaf of every line of a person: nil when each says what was committed.
func VerifyObjections(tx *db.Tx, r *vault.Ring, person string) error {
	all, err := Objections(tx, r, person)
	for _, o := range all {
		err = errors.Join(err, proof.Check(tx, r, o.Leaf, o.canonical()))
	}
	return err
}

// EndPurpose ends what a person's records hold for one purpose: its data goes unless another purpose, law or a legal hold keeps it (GDPR art.
// 17.1 c). Twice is once.
func (e *Engine) EndPurpose(ctx context.Context, actor auth.Actor, person, purpose string) error {
	if err := actor.May(auth.PersonErase); err != nil {
		return err
	}
	var categories []string
	if err := e.db.Read(ctx, func(tx *db.Tx) error {
		categories = nil
		held, err := holdingsOf(tx, person)
		for _, r := range held[person] {
			if r.purpose == purpose {
				categories = append(categories, r.categories...)
			}
		}
		return err
	}); err != nil || len(categories) == 0 {
		return err
	}
	slices.Sort(categories)
	ring, err := e.vault.ArchiveRing(ctx, person, slices.Compact(categories)...) // what another purpose has archived already goes there
	if err != nil {
		return err
	}
	if err := e.db.Write(ctx, func(tx *db.Tx) error {
		before, err := holdingsOf(tx, person)
		if err != nil {
			return err
		}
		held, err := heldBy(tx, person)
		if err != nil {
			return err
		}
		after := map[string][]row{person: {}}
		for _, r := range before[person] {
			if r.purpose != purpose || held(r.person, r.record) {
				after[person] = append(after[person], r)
				continue
			}
			if err := remove(tx, r); err != nil {
				return err
			}
		}
		if len(after[person]) == len(before[person]) {
			return nil
		}
		if err := e.apply(tx, causeRetention, before, after, nil, map[string]*vault.Ring{person: ring}); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.PersonErase), "purpose.end", person, purpose)
	}); err != nil {
		return err
	}
	return e.endKeys(ctx)
}

// Standing are of a person's lines the last about each purpose.
func Standing(all []Objection) map[string]Objection {
	last := map[string]Objection{}
	for _, o := range all {
		last[o.Purpose] = o
	}
	return last
}

// PurposeLabel names a purpose of an objection for people.
func PurposeLabel(n *network.Network, id string) fault.Text {
	if p, ok := n.Purpose(id); ok {
		return p.Label
	}
	if id == Prospecting {
		return fault.T("Vous démarcher", "Solicit you")
	}
	return fault.T(id, id)
}

// MayStop says whether a purpose is one that a person of a sort may object to; a fault with the reason of law when it is not.
func MayStop(n *network.Network, whose network.Person, purpose string) error {
	if purpose == Prospecting {
		return nil
	}
	p, ok := n.Purpose(purpose)
	if !ok || !slices.Contains(p.People, whose) {
		return fault.New(fault.Missing, "no-such-purpose", fault.T("Il n’y a pas d’usage de ce nom.", "There is no use of that name."))
	}
	if a := n.Objecting(p); a != network.MayObject && a != network.MayHuman {
		return fault.New(fault.Conflict, "not-objectable-"+string(a), a.Why())
	}
	return nil
}
