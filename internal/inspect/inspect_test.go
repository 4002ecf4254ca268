package inspect_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/inspect"
	"entremise/internal/network"
	"entremise/internal/oversight"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

var ctx = context.Background()

// lived is a house in which something happened: requests, one of them sold, a case, a breach, an erasure.
func lived(t *testing.T, r *rig.Rig) []byte {
	t.Helper()
	officer := r.One(t, network.RoleOfficer)
	for range 3 {
		r.Ask(t)
	}
	_, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Breach, Since: r.DB.Now(), Words: map[string]string{"title": "Un ordinateur perdu"}, People: oversight.Unknown, Records: oversight.Unknown})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Authority, Since: r.DB.Now(), Words: map[string]string{"authority": "Parquet de Testville", "legal": "CPC art. 145", "asked": "Les numéros de Dominique."},
		Data: []network.Category{network.DataContact}}); err != nil {
		t.Fatal(err)
	}
	gone := r.Ask(t)
	who := ""
	if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) { who, err = request.PersonByRef(tx, gone.Ref); return }); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Life.Erase(ctx, officer, who, privacy.Scope{}, "F0000-0000"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Life.Certify(ctx, privacy.ScanRows(r.DB, r.Keys)); err != nil {
		t.Fatal(err)
	}
	if err := r.Documents.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Proof.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	r.Sweep(t)
	return packed(t, r, officer, inspect.Period{})
}

func packed(t *testing.T, r *rig.Rig, actor auth.Actor, p inspect.Period) []byte {
	t.Helper()
	var b bytes.Buffer
	made, err := r.Inspect.Make(ctx, actor, p, &b)
	if err != nil {
		t.Fatal(err)
	}
	if made.Size != int64(b.Len()) {
		t.Errorf("%d bytes are said, %d written", made.Size, b.Len())
	}
	return b.Bytes()
}

func unzip(t *testing.T, pack []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	return files
}

// A pack is whole, dated by the log, and names nobody.
func TestPack_holdsAndNamesNobody(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		pack := lived(t, r)
		report, err := inspect.Verify(pack, r.Proof.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		if report.Manifest.Edition != r.Network.Hash() || report.LogSize < 4 || !strings.Contains(report.Say(), "holds: 3 sample passports") || !strings.Contains(report.Say(), "holds: 1 certificates of erasure") {
			t.Errorf("the report says %s", report.Say())
		}
		files := unzip(t, pack) // any program that reads zip files reads it
		for _, name := range []string{"README.txt", "manifest.json", "network/edition.zip", "register/register.csv", "register/register.jsonld", "register/recipients.csv", "documents/index.json", "retention/durations.json",
			"retention/forecast.json", "retention/erasures.json", "cases/clocks.json", "oversight/breach.json", "oversight/authority.json", "trail/acts.csv", "consents/answers.json", "passports/sample-1.json", "log/checkpoints.json"} {
			if files[name] == "" {
				t.Errorf("%s is missing or empty", name)
			}
		}
		if !strings.Contains(files["oversight/breach.json"], "Un ordinateur perdu") || !strings.Contains(files["oversight/authority.json"], "CPC art. 145") {
			t.Error("the officer's registers are not in it")
		}
		for name, text := range files {
			if strings.HasPrefix(name, "documents/") && len(text) < 200 {
				t.Errorf("%s holds no document: %q", name, text)
			}
			for _, personal := range []string{"Dominique Fuite", "numéros de Dominique", "@example.com", "+336", "06 39 98", "rue de l’Exemple", "Testville", "Sous l’évier"} {
				if strings.Contains(text, personal) && !strings.HasPrefix(name, "documents/") && name != "network/edition.zip" {
					t.Errorf("%s holds %q", name, personal)
				}
			}
		}
		var answers []struct{ Answers int64 }
		if err := json.Unmarshal([]byte(files["consents/answers.json"]), &answers); err != nil || len(answers) == 0 {
			t.Errorf("answers: %s", files["consents/answers.json"])
		}
		for _, role := range network.Roles() {
			if _, err := r.Inspect.Make(ctx, r.One(t, role), inspect.Period{}, io.Discard); (err == nil) != (role == network.RoleOfficer) || err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("%s makes one: %v", role, err)
			}
		}
	})
}

// Whatever byte is changed, nothing holds; what is said names the file where one was changed.
func TestVerify_noticesEveryByte(t *testing.T) {
	r := rig.New(t, "sqlite")
	pack := lived(t, r)
	key := r.Proof.VerifierKey()
	sealAt := bytes.LastIndex(pack, []byte("PK\x05\x06"))
	step := max(1, sealAt/400)
	for at := 0; at < len(pack); at++ {
		if at < sealAt && at%step != 0 {
			continue
		}
		for _, bit := range []byte{1, 0x20} {
			changed := slices.Clone(pack)
			changed[at] ^= bit
			if _, err := inspect.Verify(changed, key); err == nil {
				t.Fatalf("byte %d of %d was changed by %#x and nobody noticed", at, len(pack), bit)
			}
		}
	}
	for name, c := range map[string]struct {
		pack []byte
		key  string
		says string
	}{
		"cut off":           {pack[:len(pack)-1], key, "cut off"},
		"something follows": {append(slices.Clone(pack), 'x'), key, "follows"},
		"no pack":           {[]byte("PK"), key, "no inspection pack"},
		"another's key":     {pack, "depanneurs.example/log+00000000+AAAA", "another key"},
		"its own key":       {pack, "", ""},
	} {
		if _, err := inspect.Verify(c.pack, c.key); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A file that is written anew under the same seal is named.
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "register/recipients.csv" {
			text = bytes.Replace(text, []byte("FR"), []byte("US"), 1)
		}
		to, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(z.Comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := inspect.Verify(b.Bytes(), key); err == nil || !strings.Contains(err.Error(), "register/recipients.csv was changed") {
		t.Errorf("a forged register: %v", err)
	}
}

// Whatever comes, the verifier answers.
func FuzzVerify(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	to, err := w.Create("manifest.json")
	if err != nil {
		f.Fatal(err)
	}
	if _, err := to.Write([]byte(`{"format":"entremise inspection 1"}`)); err != nil {
		f.Fatal(err)
	}
	if err := w.SetComment(`{"statement":{}}`); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, pack []byte) {
		if r, err := inspect.Verify(pack, ""); err == nil {
			t.Fatalf("%q holds: %+v", pack, r)
		}
	})
}
