package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/review"
)

// proofOf reads what a review's page gives anybody to check it with, and checks it without the house.
func (h *house) proofOf(w written) (p review.Proven) {
	h.t.Helper()
	eventually(h.t, "the proof of "+w.ref, func() bool {
		p = review.Proven{}
		if err := json.Unmarshal([]byte(h.visitor().get(h.site, w.path()+"/preuve.json").want(200).body), &p); err != nil {
			h.t.Fatal(err)
		}
		return p.Inclusion != nil
	})
	if err := p.Verify(); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// chainOf reads a member's chain and checks that no line of it is missing or moved.
func (h *house) chainOf(company string) []string {
	h.t.Helper()
	page := decode[struct {
		Lines []struct{ Text, Leaf string }
	}](h.visitor().get(h.site, company+"/lignes.json").want(200))
	before, texts := "", []string{}
	for i, l := range page.Lines {
		if !strings.Contains(l.Text, "\nbefore="+before+"\n") {
			h.t.Fatalf("line %d does not follow:\n%s", i+1, l.Text)
		}
		before = review.LineHash(l.Text)
		texts = append(texts, l.Text)
	}
	return texts
}

// The right to erasure, as the document describes it: off every page and feed and told to partners, out of the database, asked of the archiver, and mute in the log; every
// other proof still verifies, the author's own receipt included (RN-96, 97, 99, 103).
func TestErasedReview_leavesEveryOtherProof(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator, officer := h.enter("Member 1"), h.enter("Moderator"), h.operator()
		gone := h.writes(member, "client", "Zénobie Effacée", 4, "Une phrase que personne d’autre n’écrirait : le merle du chantier sifflait.")
		stays := h.writes(member, "client", "Ada Byron", 2, "Il a fallu relancer deux fois.")
		h.accepts(moderator)
		receipt := h.proofOf(gone)
		other := h.proofOf(stays)
		company := regexp.MustCompile(`href="(/entreprises/[a-z0-9-]+)"`).FindStringSubmatch(h.visitor().get(h.site, gone.path()).want(200).body)[1]
		everywhere := []string{company, company + "/avis.atom", company + "/avis.json"}
		for _, path := range everywhere {
			h.visitor().get(h.site, path).want(200).has("le merle du chantier", "Il a fallu relancer")
		}
		lines := len(h.chainOf(company))

		_, id := h.rightsOf(gone.email, url.Values{"asked": {"erasure"}, "scopes": {"contact", "requests", "messages", "opinions"}})
		officer.get(h.space, "/dossiers/"+id).want(200).has("Seront effacés pour toujours")
		h.act(officer, id, "erase", nil).want(303)

		h.visitor().get(h.site, gone.path()).want(404)
		h.visitor().get(h.site, gone.path()+"/preuve.json").want(404)
		for _, path := range everywhere {
			h.visitor().get(h.site, path).want(200).has("Il a fallu relancer").lacks("merle", gone.ref)
		}
		h.letter("the partners are told", func(m sent) bool { return m.Kind == "recipient-told" && m.To == "retraits@partenaires.example" })
		for _, typed := range []string{gone.email, "Zénobie Effacée"} {
			h.operator().get(h.space, "/recherche?q="+url.QueryEscape(typed)).want(200).lacks("Effacée", gone.email)
		}
		gone.author.get(h.site, "/mon-avis").lacks("merle", "Zénobie")
		if all := h.chainOf(company); len(all) != lines+1 || !strings.Contains(all[lines], "act=removed\n") || !strings.Contains(all[lines], "reason=erased\n") || strings.Contains(strings.Join(all, ""), gone.digits) {
			t.Fatalf("the chain says %q", all[len(all)-1])
		}
		if again := h.proofOf(stays); again.Leaf != other.Leaf {
			t.Fatal("another review's proof changed")
		}
		if err := receipt.Verify(); err != nil { // who kept it can show what he had written
			t.Fatal(err)
		}
		d := h.read(extra)
		if err := d.Read(t.Context(), func(tx *db.Tx) error {
			salt, err := db.Value[[]byte](tx, "SELECT salt_sealed FROM proof_leaf WHERE id = $1", receipt.Leaf)
			if err == nil && len(salt) != 0 {
				t.Error("the salt of the erased fingerprint is still there")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"RN-96", "RN-97", "RN-99", "RN-103"} {
			clause(t, id)
		}
	})
}

// Which reviews are controlled is drawn by a seed that was committed before its first use: the draw is the same for whoever repeats it with the seed told, and near the share of the file (RN-52).
func TestDrawnReviews_repeat(t *testing.T) {
	h := openHouse(t, "avis.localhost", "membres.avis.localhost", "--network", otherWith(t, "reviews-network", "sample: 10 %", "sample: 40 %"), "--professionals", "0", "--requests", "1")
	d := h.read(nil)
	if err := d.Read(t.Context(), func(tx *db.Tx) error {
		type lot struct {
			pro    string
			number int64
			day    string
			drawn  bool
		}
		all, err := db.List(tx, func(s db.Scanner) (l lot, err error) {
			var at int64
			err = s.Scan(&l.pro, &l.number, &l.drawn, &at)
			l.day = parisDay(at)
			return l, err
		}, "SELECT pro_id, number, drawn, deposited_at FROM review")
		if err != nil {
			return err
		}
		drawn := 0
		for _, l := range all {
			seed, err := db.Value[[]byte](tx, "SELECT s.seed FROM proof_seed s JOIN proof_leaf l ON l.id = s.leaf_id WHERE s.day_on = $1", l.day)
			if err != nil {
				return err
			}
			if again := review.Draw(seed, l.pro, l.number) < 4000; again != l.drawn {
				t.Errorf("review %d of %s: drawn %v, and %v when it is repeated", l.number, l.pro, l.drawn, again)
			}
			if l.drawn {
				drawn++
			}
		}
		if len(all) < 50 || drawn < len(all)/5 || drawn > len(all)*3/5 {
			t.Errorf("%d of %d drawn at 40 %%", drawn, len(all))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	moderator := h.enter("Moderator")
	waits := queued.FindAllStringSubmatch(moderator.get(h.space, "/equipe/avis").want(200).body, -1)
	tagged := false
	for _, m := range waits {
		tagged = tagged || strings.Contains(moderator.get(h.space, "/equipe/avis?c="+m[1]).want(200).words(), "tiré au sort")
	}
	if !tagged {
		t.Error("nothing at the desk says that it was drawn")
	}
	clause(t, "RN-52")
}

// read opens the house's own database beside it; extra are the flags of its engine.
func (h *house) read(extra []string) *db.DB {
	h.t.Helper()
	o := db.Options{Path: filepath.Join(h.data, "main.db"), Clocks: db.Clocks{Business: time.Now, Machine: time.Now}}
	if len(extra) > 0 {
		o.Path, o.URL = "", extra[1]
	}
	d, err := db.Open(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := d.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return d
}

// parisDay is the day of an instant where the seeds of a network are drawn.
func parisDay(micros int64) string { return db.Time(micros).In(geo.Paris()).Format(time.DateOnly) }

// A visitor's phone makes the whole check of a review again by itself: the words that it shows, their fingerprint in the log, the signature; in less than a second.
func TestVerifiedReview_onAPhone(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member, moderator := h.enter("Member 1"), h.enter("Moderator")
	w := h.writes(member, "client", "Ada Byron", 4, "Une phrase à vérifier : « cent pour cent », dit-elle.")
	h.accepts(moderator)
	h.proofOf(w)
	p := open(t, h.server, phone)
	p.goTo(h.site, w.path()+"/verifier?lang=fr")
	p.click(`.cookies [value="refuse"]`)
	p.until("the choice is kept", `!document.querySelector(".cookies")`)
	for _, step := range []string{"words", "log", "signed"} {
		p.until(step+" holds", fmt.Sprintf(`document.querySelector('[data-own] [data-step="%s"]').dataset.state === "good"`, step))
	}
	took := regexp.MustCompile(`en (\d+) ms`).FindStringSubmatch(p.text(`[data-step="signed"] [data-said]`))
	if took == nil || len(took[1]) > 3 {
		t.Errorf("it took %v", took)
	}
	p.accessible()
	p.shot("verifier-avis")
}
