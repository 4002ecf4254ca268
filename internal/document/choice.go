package document

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Choice is what a visitor decided about cookies: the purposes and partners that he allows. It lives in his browser, under an id that names nobody and leads to
// its proofs in the ledger.
type Choice struct {
	ID       string
	At       time.Time
	Asks     string // what he was asked (network.Cookies.Asks)
	Purposes []string
	Partners []string
}

// ReadChoice reads a choice as the browser keeps it; ok is false for what is none.
func ReadChoice(s string) (c Choice, ok bool) {
	parts := strings.Split(s, "|")
	if len(parts) != 5 || !strings.HasPrefix(parts[0], "vis_") || len(parts[0]) != 30 {
		return c, false
	}
	at, err := time.Parse(time.RFC3339, parts[1])
	if err != nil {
		return c, false
	}
	return Choice{ID: parts[0], At: at, Asks: parts[2], Purposes: strings.Fields(strings.ReplaceAll(parts[3], "+", " ")), Partners: strings.Fields(strings.ReplaceAll(parts[4], "+", " "))}, true
}

func (c Choice) String() string {
	return strings.Join([]string{c.ID, c.At.UTC().Format(time.RFC3339), c.Asks, strings.Join(c.Purposes, "+"), strings.Join(c.Partners, "+")}, "|")
}

// Until is when a choice ends: an acceptance of anything, or a refusal of all, has its own life in the file (RN-134, 135; WA-65; CS-24).
func (c Choice) Until(k network.Cookies) time.Time {
	if len(c.Purposes) > 0 || !k.Choices() {
		return k.Choice.Accepted.AddTo(c.At)
	}
	return k.Choice.Refused.AddTo(c.At)
}

// Stands reports whether a choice answers what the edition asks, now.
func (c Choice) Stands(k network.Cookies, now time.Time) bool {
	return c.Asks == k.Asks() && now.Before(c.Until(k)) && !c.At.After(now.Add(time.Minute))
}

// Allows reports whether a tracker may run: all its purposes and its partner are allowed (RN-132). Before any choice, what is exempt may; a signal of the browser against it (GPC) counts as refusal.
func Allows(k network.Cookies, t network.Tracker, c *Choice, refusedBySignal bool) bool {
	if c == nil {
		return !refusedBySignal && t.By == "" && !slices.ContainsFunc(t.Purposes, func(id string) bool {
			p, _ := k.Purpose(id)
			return p.Asked != network.AskedExempt
		})
	}
	return !slices.ContainsFunc(t.Purposes, func(id string) bool { return !slices.Contains(c.Purposes, id) }) && (t.By == "" || slices.Contains(c.Partners, t.By))
}

// CookieWords is the sentence beside a purpose's box, exactly as it is kept with the proof.
func CookieWords(p network.CookiePurpose) fault.Text {
	return fault.T(p.Label.FR+" : "+p.About.FR, p.Label.Say("en")+": "+p.About.Say("en"))
}

// PartnerWords is the sentence beside a partner's box.
func PartnerWords(n *network.Network, id string) fault.Text {
	r, _ := n.Recipient(id)
	return fault.T("Traceurs posés par "+r.Label.FR, "Trackers set by "+r.Label.Say("en"))
}

// Choose records a visitor's choice in the ledger, each purpose and partner apart, with what he was shown, and gives it back with its time and id. was is his earlier choice, whose
// proofs go on under the same id; nil for none.
func (s *Service) Choose(ctx context.Context, n *network.Network, was *Choice, purposes, partners []string, l Lang) (c Choice, err error) {
	k := n.Cookies
	unknown := slices.ContainsFunc(purposes, func(id string) bool { _, ok := k.Purpose(id); return !ok })
	if unknown || slices.ContainsFunc(partners, func(id string) bool { return !slices.Contains(k.Partners(), id) }) {
		return c, fault.New(fault.Invalid, "no-such-purpose", fault.T("La liste des cookies a changé entre-temps. Rouvrez la page et choisissez de nouveau.", "The list of cookies changed meanwhile. Open the page again and choose anew."))
	}
	c = Choice{Asks: k.Asks(), Purposes: purposes, Partners: partners}
	consent := string(network.DataConsent)
	var ring *vault.Ring
	if was != nil {
		c.ID = was.ID
		if ring, err = s.Vault.Ring(ctx, c.ID); err != nil {
			return c, err
		}
		if err = s.Vault.Add(ctx, ring, consent); errors.Is(err, vault.ErrErased) {
			was = nil // his proofs were erased: a new beginning
		} else if err != nil {
			return c, err
		}
	}
	if was == nil {
		c.ID = "vis_" + rand.Text()
		if ring, err = s.Vault.New(ctx, c.ID, consent); err != nil {
			return c, err
		}
	}
	var all []privacy.Choice
	add := func(id, purpose, partner string, words fault.Text, granted bool) {
		all = append(all, privacy.Choice{Person: c.ID, Object: "cookies", Granted: granted, Channel: "form", Lang: string(l), Edition: n.Hash(),
			Consent: network.Consent{ID: id, Kind: network.KindConsent, Purpose: purpose, Recipient: partner, Valid: k.Choice.Accepted, Wording: words}})
	}
	for _, p := range k.Purposes {
		add("cookies-"+p.ID, p.ID, "", CookieWords(p), slices.Contains(purposes, p.ID))
	}
	for _, id := range k.Partners() {
		add("cookies-by-"+id, "cookies", id, PartnerWords(n, id), slices.Contains(partners, id))
	}
	if !k.Choices() {
		add("cookies-notice", "cookies", "", k.Words, true)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		c.At = tx.Now().Truncate(time.Second)
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := privacy.HoldMore(tx, n, "cookies", c.ID, network.Visitor, "", network.DataConsent); err != nil {
			return err
		}
		return privacy.Record(tx, ring, n, all...)
	})
	return c, err
}
