package review

import (
	"context"
	"encoding/hex"
	"errors"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Order of a page of reviews.
type Order string

// Orders; by time is the one that a page has unless its reader chooses another (C. conso. D111-17 1° c).
const (
	Newest  Order = "newest"
	Highest Order = "highest"
	Lowest  Order = "lowest"
)

var orders = map[Order]string{Newest: "r.deposited_at DESC, r.id", Highest: "r.overall DESC, r.deposited_at DESC, r.id", Lowest: "r.overall, r.deposited_at DESC, r.id"}

// Page is what of a member's reviews is shown.
type Page struct {
	Audience network.Audience // empty: all
	Shared   bool             // only what may be shown elsewhere: feeds and partners (RN-60)
	Order    Order            // Newest if empty
	Skip     int
	Most     int
}

// Published lists a member's published reviews, all of them page by page, good and bad alike.
func (s *Service) Published(ctx context.Context, pro string, p Page) ([]Review, error) {
	by, ok := orders[p.Order]
	if !ok {
		by = orders[Newest]
	}
	var found []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = db.List(tx, scanReview, "SELECT "+reviewColumns+fromReview+"WHERE r.pro_id = $1 AND r.state = 'published' AND ($2 = '' OR r.audience = $2) AND (r.shared OR NOT $3) ORDER BY "+by+" LIMIT $4 OFFSET $5",
			pro, string(p.Audience), p.Shared, p.Most, p.Skip)
		return err
	}); err != nil {
		return nil, err
	}
	return s.openAll(ctx, found)
}

// One is a published review by the digits of its public identifier.
func (s *Service) One(ctx context.Context, digits string) (Review, error) {
	var found stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = load(tx, "r.digits = $1 AND r.state = 'published'", digits)
		return err
	}); err != nil {
		return Review{}, err
	}
	all, err := s.openAll(ctx, []stored{found})
	if err != nil {
		return Review{}, err
	}
	return all[0], nil
}

// Proven is what anybody needs to check a version against the log without this house: what was committed and that it is in the tree. Its author gets it as a
// receipt at deposit; for visitors it is public while the review is.
type Proven struct {
	Ref       string           `json:"reference"`
	Member    string           `json:"member"`
	Number    int64            `json:"number"` // of the review within the member's chain
	Version   int64            `json:"version"`
	Kind      string           `json:"kind"`
	Leaf      string           `json:"leaf"`
	Opening   proof.Opening    `json:"opening"`
	Print     string           `json:"fingerprint"`         // the leaf's commitment, in hexadecimal: made of the opening
	Inclusion *proof.Inclusion `json:"inclusion,omitempty"` // absent while the leaf waits for its checkpoint: a moment
	Key       string           `json:"log_key"`
}

// Prove opens the fingerprint of a review that is published, or of the link's own.
func (s *Service) Prove(ctx context.Context, r Review) (p Proven, err error) {
	rings, err := s.Vault.Rings(ctx, r.Person)
	if err != nil {
		return p, err
	}
	p = Proven{Ref: r.Ref(), Member: r.Pro, Number: r.Number, Version: r.Version, Kind: KindReview, Leaf: r.Leaf, Key: s.Proof.VerifierKey()}
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Opening, err = proof.Open(tx, rings[r.Person], r.Leaf, Fingerprint(r.Ref(), r.Experience, r.Content), func([]byte) bool { return true })
		if errors.Is(err, vault.ErrErased) {
			err = errNone
		}
		if err == nil {
			p.Print, err = p.Opening.Commitment(p.Kind)
		}
		return err
	}); err != nil {
		return p, err
	}
	in, err := s.Proof.Prove(ctx, r.Leaf)
	if errors.Is(err, proof.ErrWaiting) {
		return p, nil
	}
	p.Inclusion = &in
	return p, err
}

// Verify says whether it holds together, without the database: what is said is what was committed, and the tree holds it.
func (p Proven) Verify() error {
	if p.Inclusion == nil {
		return errors.New("review: not yet in a checkpoint")
	}
	if err := p.Opening.Verify(p.Kind, p.Inclusion.Commitment); err != nil {
		return err
	}
	return proof.Verify(*p.Inclusion, p.Key)
}

// LineCommitment is the digest that the log holds of a line of a member's chain: its salt is empty, so that anybody can make it.
func LineCommitment(text string) string {
	return hex.EncodeToString(proof.Commitment(kindLine, nil, []byte(text)))
}

// ofInvite are the version that shows of an invitation's review, and one that waits beside it.
func (s *Service) ofInvite(ctx context.Context, invite string) ([]Review, error) {
	var found []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := load(tx, "r.invite_id = $1", invite)
		if err != nil {
			return err
		}
		found = []stored{r}
		next, err := db.Values[string](tx, "SELECT id FROM review_version WHERE invite_id = $1 AND state = 'waiting' AND version > $2", invite, r.Version)
		for _, id := range next {
			v, err := loadVersion(tx, id)
			if err != nil {
				return err
			}
			found = append(found, v)
		}
		return err
	}); err != nil {
		return nil, err
	}
	return s.openAll(ctx, found)
}

// Receipt is the proof of what the holder of a link deposited last: it holds his words, and is his to keep.
func (s *Service) Receipt(ctx context.Context, actor auth.Actor) (Proven, error) {
	a, _, err := s.Asked(ctx, actor)
	if err != nil {
		return Proven{}, err
	}
	switch {
	case a.Pending != nil:
		return s.Prove(ctx, *a.Pending)
	case a.Review != nil:
		return s.Prove(ctx, *a.Review)
	}
	return Proven{}, errNone
}
