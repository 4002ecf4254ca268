package oversight

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Extract is what an authority gets: of the people and records named in the file, the categories that were asked for, and nothing else.
type Extract struct {
	Format    string             `json:"format"`
	File      string             `json:"file"` // reference
	Legal     string             `json:"legal_reference"`
	Authority string             `json:"authority"`
	Operator  string             `json:"operator"`
	Made      time.Time          `json:"made"`
	Scope     []network.Category `json:"categories"`
	People    []Extracted        `json:"people"`
}

// Extracted is what is held of one of them.
type Extracted struct {
	Person string           `json:"person"`
	Record string           `json:"record,omitempty"` // the one record that was asked for; all of the person if absent
	Ref    string           `json:"reference"`
	Values []ExtractedValue `json:"values"`
}

// ExtractedValue is one value. What is no text (a sound, a picture) is named with its size and handed over apart; what lies in the archive is
// named and stays closed: its own role opens it.
type ExtractedValue struct {
	Category network.Category `json:"category"`
	Label    string           `json:"label"`
	Where    string           `json:"where"` // table, column and row
	Text     string           `json:"text,omitempty"`
	Bytes    int              `json:"bytes"`
	Archived bool             `json:"archived,omitempty"`
}

// Hand makes the extract for an authority (WA-22, WA-60). It is limited to the people, records and categories of the file, needs a legal reference, and is
// recorded with its hash before it is given; the extract itself is not kept.
func (s *Service) Hand(ctx context.Context, actor auth.Actor, id string) (extract []byte, digest string, err error) {
	if err := actor.May(auth.OversightWork); err != nil {
		return nil, "", err
	}
	f, n, _, err := s.get(ctx, id)
	if err != nil {
		return nil, "", err
	}
	var named []Subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { named, err = subjects(tx, id); return err }); err != nil {
		return nil, "", err
	}
	var c fault.Check
	c.That(len(named) > 0, "ref", fault.T("Nommez d’abord les personnes dont il s’agit.", "Name the people concerned first."))
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	if f.Kind != Authority || f.Words["legal"] == "" || len(f.Data) == 0 {
		return nil, "", errState
	}
	out := Extract{Format: "entremise extract 1", File: f.Ref, Legal: f.Words["legal"], Authority: f.Words["authority"], Operator: n.Operator.Name, Made: s.DB.Now().UTC(), Scope: f.Data}
	values := 0
	for _, x := range named {
		trace, err := s.traced(ctx, x)
		if err != nil {
			return nil, "", err
		}
		e := Extracted{Person: x.Person, Record: x.Record, Ref: x.Ref, Values: within(trace, f.Data)}
		values += len(e.Values)
		out.People = append(out.People, e)
	}
	if extract, err = json.MarshalIndent(out, "", "  "); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(extract)
	digest = hex.EncodeToString(sum[:])
	err = s.act(ctx, actor, id, "oversight.hand", EvHanded, func(tx *db.Tx, f File, _ *network.Network, ring *vault.Ring) (string, error) {
		if f.Notified.IsZero() {
			f.Notified = tx.Now()
		}
		if err := s.store(tx, ring, f); err != nil {
			return "", err
		}
		for _, x := range named {
			if err := audit.Write(tx, actor.Name(), actor.As(auth.OversightWork), "oversight.handed", cmp.Or(x.Record, x.Person), f.Ref); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%s %d", digest, values), nil
	})
	if err != nil {
		return nil, "", err
	}
	return extract, digest, nil
}

func (s *Service) traced(ctx context.Context, x Subject) (privacy.Trace, error) {
	if x.Record != "" {
		return s.Life.TraceRecord(ctx, x.Person, x.Record)
	}
	return s.Life.Trace(ctx, x.Person, false)
}

// within are the values of a person that a scope covers.
func within(t privacy.Trace, scope []network.Category) []ExtractedValue {
	all := []ExtractedValue{}
	for _, v := range t.Values {
		if v.State == "erased" || v.IsKey() || !slices.Contains(scope, v.Category) {
			continue
		}
		all = append(all, ExtractedValue{Category: v.Category, Label: v.Category.Label().FR, Where: v.Table + "." + v.Column + " " + v.Row, Text: v.Text, Bytes: v.Bytes, Archived: v.Archived})
	}
	return all
}
