package privacy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/rig"
)

// passport makes one for somebody who ticked three boxes at once.
func passport(t *testing.T, r *rig.Rig) (file []byte, who string) {
	t.Helper()
	who, ring := person(t, r)
	var choices []privacy.Choice
	for _, id := range []string{"terms", "call-me", "opinion"} {
		choices = append(choices, privacy.Choice{Person: who, Object: "req_1", Consent: consent(t, r, id), Granted: id != "opinion", Lang: "fr", Channel: "form", Edition: "e1", Form: "f1"})
	}
	var acts []privacy.Act
	ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return privacy.Record(tx, ring, r.Network, choices...) }))
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { acts, err = privacy.OpenActs(tx, ring, r.Network, who, "req_1"); return }))
	if err := privacy.Prove(ctx, r.Proof, acts); !errors.Is(err, proof.ErrWaiting) {
		t.Fatalf("before the log has numbered it: %v", err)
	}
	ok(t, r.Proof.Sequence(ctx))
	ok(t, privacy.Prove(ctx, r.Proof, acts))
	file, err := privacy.SignPassport(r.Proof, privacy.Passport{Network: "n", Operator: "Dépanneurs & Cie", Introduction: "pur_1", Reference: "R", Issued: r.DB.Now(), Acts: acts})
	ok(t, err)
	return file, who
}

func TestPassport_provesItsOwnAndNothingElse(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		file, who := passport(t, r)
		for _, key := range []string{"", r.Proof.VerifierKey()} {
			p, err := privacy.VerifyPassport(file, key)
			ok(t, err)
			if len(p.Acts) != 1 || len(p.Acts[0].Choices) != 1 || p.Acts[0].Choices[0].Consent != "call-me" || !p.Acts[0].Choices[0].Granted || len(p.Acts[0].Opening.Parts) != 3 {
				t.Fatalf("%+v", p)
			}
			if !strings.Contains(p.Say(), "yes, by form: "+r.Network.Shown(consent(t, r, "call-me"), "fr")) {
				t.Error(p.Say())
			}
		}
		for _, closed := range []string{"opinion", "terms"} {
			if strings.Contains(string(file), closed) {
				t.Errorf("the file speaks of %s", closed)
			}
		}
		// After erasure no file is made any more, and the one that was made still verifies: so does the log.
		_, err := r.Vault.Erase(ctx, who)
		ok(t, err)
		_, err = privacy.VerifyPassport(file, r.Proof.VerifierKey())
		ok(t, err)
		ring, err := r.Vault.Ring(ctx, who)
		ok(t, err)
		if err := r.DB.Read(ctx, func(tx *db.Tx) error { _, err := privacy.OpenActs(tx, ring, r.Network, who, "req_1"); return err }); err == nil {
			t.Error("what was erased is opened")
		}
	})
}

// A changed file is refused, whoever changed it: a forger who signs anew with a key of his own too.
func TestVerifyPassport_refusesWhatWasChanged(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		file, _ := passport(t, r)
		seed := make([]byte, 32)
		forger, err := proof.New(r.DB, "forger.example", seed)
		ok(t, err)
		text := string(file)
		for name, changed := range map[string]string{
			"nothing":             "",
			"no JSON":             "passport",
			"two files":           text + text,
			"unknown field":       strings.Replace(text, `{"passport":{`, `{"passport":{"also":1,`, 1),
			"other words":         strings.Replace(text, "Je demande", "J’exige", 1),
			"other answer":        strings.Replace(text, `"granted":true`, `"granted":false`, 1),
			"other channel":       strings.Replace(text, `"channel":"form"`, `"channel":"phone"`, 1),
			"other introduction":  strings.Replace(text, "pur_1", "pur_2", 1),
			"other format":        strings.Replace(text, "passport 1", "passport 2", 1),
			"longer than allowed": strings.Repeat(" ", 1<<20) + text,
		} {
			if changed == text {
				t.Fatalf("%s changes nothing", name)
			}
			if _, err := privacy.VerifyPassport([]byte(changed), r.Proof.VerifierKey()); err == nil {
				t.Errorf("%s passes", name)
			}
		}
		// Signed anew, each lie meets the check that it should.
		var outer struct{ Passport json.RawMessage }
		ok(t, json.Unmarshal(file, &outer))
		for name, lie := range map[string]struct {
			tell func(*privacy.Passport)
			why  string
		}{
			"words":      {func(p *privacy.Passport) { p.Acts[0].Choices[0].Words = "J’accepte tout." }, "words"},
			"time":       {func(p *privacy.Passport) { p.Acts[0].Choices[0].Time = time.Unix(1, 0) }, "two times"},
			"both times": {func(p *privacy.Passport) { c := &p.Acts[0].Choices[0]; c.At, c.Time = 1e6, time.Unix(1, 0) }, "not what was committed"},
			"the answer": {func(p *privacy.Passport) { p.Acts[0].Choices[0].Granted = false }, "not what was committed"},
			"one more":   {func(p *privacy.Passport) { p.Acts[0].Choices = append(p.Acts[0].Choices, p.Acts[0].Choices[0]) }, "not those that are opened"},
			"content":    {func(p *privacy.Passport) { openPart(p).Content += "x" }, "not what was committed"},
			"salt":       {func(p *privacy.Passport) { openPart(p).Salt = strings.Repeat("0", 64) }, "not what was committed"},
			"no salt":    {func(p *privacy.Passport) { openPart(p).Salt = "zz" }, "no hash"},
			"commitment": {func(p *privacy.Passport) { p.Acts[0].Inclusion.Commitment = strings.Repeat("0", 64) }, "not what was committed"},
			"place":      {func(p *privacy.Passport) { p.Acts[0].Inclusion.Position++ }, ""},
			"kind":       {func(p *privacy.Passport) { p.Acts[0].Inclusion.Kind = "sale" }, "not one of consents"},
			"nothing":    {func(p *privacy.Passport) { p.Acts = nil }, "holds no choice"},
			"checkpoint": {func(p *privacy.Passport) {
				p.Acts[0].Inclusion.Checkpoint = strings.Replace(p.Acts[0].Inclusion.Checkpoint, "\n", "x\n", 1)
			}, "signature"},
			"its own log": {func(*privacy.Passport) {}, ""},
		} {
			var p privacy.Passport
			ok(t, json.Unmarshal(outer.Passport, &p))
			lie.tell(&p)
			signer := r.Proof
			if name == "its own log" {
				signer = forger
			}
			signed, err := privacy.SignPassport(signer, p)
			ok(t, err)
			if _, err := privacy.VerifyPassport(signed, ""); err == nil || !strings.Contains(err.Error(), lie.why) {
				t.Errorf("%s: %v, want %q", name, err, lie.why)
			}
		}
		if _, err := privacy.VerifyPassport(file, forger.VerifierKey()); err == nil {
			t.Error("another key passes")
		}
	})
}

func openPart(p *privacy.Passport) *proof.Part {
	for i := range p.Acts[0].Opening.Parts {
		if part := &p.Acts[0].Opening.Parts[i]; part.Commitment == "" {
			return part
		}
	}
	return nil
}

// A consent ends at its second, counts for whom its words name, and for the channels that it opens.
func TestConsentTo_periodNamesAndFacts(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, ring := person(t, r)
		calls := consent(t, r, "opinion")
		calls.ID, calls.Channels, calls.Valid = "calls", []network.Channel{network.ChannelPhone}, network.Duration{N: 6, Unit: network.UnitMonth}
		choose(t, r, ring, privacy.Choice{Person: who, Object: "req_1", Consent: calls, Granted: true, Lang: "fr", Channel: "phone", Reference: "cal_1"})
		given := ledger(t, r, who, "req_1")[0]
		if given.Reference != "cal_1" || !given.Ends.Equal(given.Time.AddDate(0, 6, 0)) || strings.Count(given.Words, "\n") != 5 || !strings.Contains(given.Words, "6\u00a0mois") {
			t.Errorf("%+v", given)
		}
		stands := func() (yes bool) {
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { yes, err = privacy.Stands(tx, who, "req_1", "calls"); return }))
			return yes
		}
		r.Clock.Add(given.Ends.Sub(r.DB.Now()) - time.Second)
		if !stands() {
			t.Error("over a second too early")
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			c, err := privacy.ConsentTo(tx, who, "req_1", calls.Purpose, network.ChannelPhone, r.Network, r.Network.Operator.Name)
			if err != nil || c == nil || !c.Named || !c.Informed || !c.Until.Equal(given.Ends) {
				t.Errorf("%+v, %v", c, err)
			}
			if c, err := privacy.ConsentTo(tx, who, "req_1", calls.Purpose, network.ChannelPhone, r.Network, "Partenaire Inconnu"); err != nil || c == nil || c.Named {
				t.Errorf("somebody whom nobody named: %+v, %v", c, err)
			}
			if c, err := privacy.ConsentTo(tx, who, "req_1", "another purpose", network.ChannelPhone, r.Network, ""); err != nil || c != nil {
				t.Errorf("another purpose: %+v, %v", c, err)
			}
			return nil
		}))
		r.Clock.Add(time.Second)
		if stands() {
			t.Error("it outlives its period")
		}
		ok(t, verify(r, ring, who, "req_1"))
	})
}
