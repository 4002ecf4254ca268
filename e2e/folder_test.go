package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"entremise/internal/db"
)

// A backup is taken while the server serves, and restored into a new folder on either engine: what was asked is readable there.
func TestFolder_backupWhileServingRestoredOnBothEngines(t *testing.T) {
	h := newHouse(t)
	n := leak()
	_, id := h.asked(n)
	h.publish(h.enter("Agent"), id, "40", nil).want(303)

	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(dir, "identity.txt")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive, keys := filepath.Join(dir, "db.age"), filepath.Join(dir, "keys.age")
	refused(t, "passphrase", "backup", "--data", h.data, filepath.Join(dir, "none.age"))
	refused(t, "--recipient", "backup", "--data", h.data, "--recipient", "age1nobody", filepath.Join(dir, "none.age"))
	if _, err := os.Stat(filepath.Join(dir, "none.age")); !os.IsNotExist(err) {
		t.Error("a backup that failed leaves a file")
	}
	// One was erased before the backup, one will be after it.
	_, before := h.asked(leak())
	_, after := h.asked(leak())
	ref := func(id string) string {
		return regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(h.enter("Agent").get(spaceHost, "/demandes/"+id).want(200).body)
	}
	early, late := ref(before), ref(after)
	refused(t, "in 80 characters at most", "person", "erase", early, "--why", strings.Repeat("x", 81), "--data", h.data)
	done(t, "person", "erase", early, "--why", "CAS-1", "--data", h.data)
	done(t, "backup", "--data", h.data, "--recipient", key.Recipient().String(), archive)
	done(t, "backup", "--data", h.data, "--recipient", key.Recipient().String(), "--keys", keys)
	refused(t, "exists", "backup", "--data", h.data, "--recipient", key.Recipient().String(), archive)
	sealed, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(sealed), "age-encryption.org/v1") || strings.Contains(string(sealed), id) {
		t.Error("the archive is not sealed")
	}
	_, later := h.asked(leak()) // after the backup: not in it
	done(t, "person", "erase", late, "--why", "CAS-2", "--data", h.data)
	h.stop(syscall.SIGTERM)
	master := filepath.Join(h.data, "master.key")

	refused(t, "is a data folder already", "restore", "--data", h.data, "--identity", identity, "--keys-archive", keys, "--master", master, archive)
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.txt")
	if err := os.WriteFile(other, []byte(stranger.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, "does not open with this identity", "restore", "--data", filepath.Join(dir, "no1"), "--identity", other, archive)
	refused(t, "archive of the keys, not of the database", "restore", "--data", filepath.Join(dir, "no2"), "--identity", identity, keys)
	cut := filepath.Join(dir, "cut.age")
	if err := os.WriteFile(cut, sealed[:len(sealed)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, "entremise: ", "restore", "--data", filepath.Join(dir, "no3"), "--identity", identity, "--master", master, cut)
	if _, err := os.Stat(filepath.Join(dir, "no3", "master.key")); !os.IsNotExist(err) {
		t.Error("half a restore looks like a data folder")
	}

	engines(t, func(t *testing.T, extra ...string) {
		data := filepath.Join(t.TempDir(), "restored")
		done(t, append([]string{"restore", "--data", data, "--identity", identity, "--keys-archive", keys, "--master", master, "--archive-key", filepath.Join(h.data, "archive.key")}, append(extra, archive)...)...)
		program, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		serve := append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0"}, extra...)
		refused(t, "replay the ledger of erasures first", serve...)
		stale := filepath.Join(t.TempDir(), "stale.jsonl")
		if err := os.WriteFile(stale, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		replay := func(ledger string) []string {
			return append([]string{"replay", "--data", data, "--erasures", ledger}, extra...)
		}
		refused(t, "older than the backup", replay(stale)...)
		refused(t, "replay the ledger of erasures first", serve...)
		done(t, replay(filepath.Join(h.data, "erasures.jsonl"))...)
		for _, who := range []string{early, late} {
			trace := done(t, append([]string{"person", "trace", who, "--data", data}, extra...)...)
			if strings.Contains(trace, " open") || !strings.Contains(trace, "prove_choices") {
				t.Errorf("a backup brought somebody back:\n%s", trace)
			}
		}
		s := start(t, program, serve...)
		s.data = data
		again := &house{server: s, t: t, site: h.site, space: h.space, roles: h.roles}
		agent := again.enter("Agent")
		agent.get(spaceHost, "/demandes/"+id).want(200).has("Élodie Visite", "12 rue de la Visite", "40,00")
		agent.get(spaceHost, "/demandes/"+later).want(404)
		pro := again.buyer(id)
		pro.get(spaceHost, again.buy(pro, id, "wallet").want(303).header.Get("Location")).want(200).has("Porte bleue")
	})
}

// init judges everything before it makes anything, and never gives a new key to data that is there: neither when the old one was moved away, as it
// should be, nor when a database of PostgreSQL is another folder's.
func TestFolder_initMakesNothingByHalvesAndNothingTwice(t *testing.T) {
	who := []string{"--name", "Camille Première", "--email", "camille@depanneurs.example"}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	refused(t, "network.yaml", append([]string{"init", "--data", data, "--network", networkWith(t, "  seats: 1 ", "  seats: 0 ")}, who...)...)
	refused(t, "--email: Write a whole e-mail address", "init", "--data", data, "--network", "emergency-trades", "--name", "Camille Première", "--email", "nobody")
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Error("an init that was refused leaves a folder")
	}
	engines(t, func(t *testing.T, extra ...string) {
		data, safe := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "key")
		again := func(data string) []string {
			return append(append([]string{"init", "--data", data, "--network", "emergency-trades"}, who...), extra...)
		}
		done(t, again(data)...)
		refused(t, "is a data folder already", again(data)...)
		if err := os.Rename(filepath.Join(data, "master.key"), safe); err != nil {
			t.Fatal(err)
		}
		refused(t, "already", again(data)...)
		refused(t, "already", append([]string{"demo", "--listen", "127.0.0.1:0", "--data", data}, extra...)...)
		if len(extra) > 0 {
			refused(t, "holds a network already", again(filepath.Join(t.TempDir(), "another"))...)
		}
		if _, err := os.Stat(filepath.Join(data, "master.key")); !os.IsNotExist(err) {
			t.Error("data got a second key")
		}
		t.Setenv("ENTREMISE_MASTER_KEY_FILE", safe)
		refused(t, "already", again(data)...)
		done(t, append([]string{"admin", "link", "camille@depanneurs.example", "--data", data}, extra...)...) // the first key still opens it
	})
}

// With a passphrase: too short is refused, a wrong one says so.
func TestFolder_passphrase(t *testing.T) {
	data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
	done(t, "init", "--data", data, "--network", "emergency-trades", "--name", "Camille", "--email", "c@depanneurs.example")
	archive := filepath.Join(dir, "db.age")
	t.Setenv("ENTREMISE_BACKUP_PASSPHRASE", "too short")
	refused(t, "at least 12 characters", "backup", "--data", data, archive)
	t.Setenv("ENTREMISE_BACKUP_PASSPHRASE", passphrase)
	done(t, "backup", "--data", data, archive)
	t.Setenv("ENTREMISE_BACKUP_PASSPHRASE", passphrase+"!")
	refused(t, "does not open with this identity or passphrase", "restore", "--data", filepath.Join(dir, "wrong"), archive)
	t.Setenv("ENTREMISE_BACKUP_PASSPHRASE", "")
	refused(t, "give --identity, or the passphrase", "restore", "--data", filepath.Join(dir, "none"), archive)
}

// Time only moves where it is virtual, and only forward; a database of a newer program is left alone.
func TestFolder_clockAndSchema(t *testing.T) {
	dir := t.TempDir()
	real, virtual := filepath.Join(dir, "real"), filepath.Join(dir, "virtual")
	done(t, "init", "--data", real, "--network", "emergency-trades", "--name", "Camille", "--email", "c@depanneurs.example")
	done(t, "init", "--data", virtual, "--network", "emergency-trades", "--name", "Camille", "--email", "c@depanneurs.example", "--virtual-clock")
	refused(t, "has a real clock", "clock", "--data", real, "--forward", "1h")
	refused(t, "only moves forward", "clock", "--data", virtual, "--forward=-1h")
	refused(t, "at most fifty years", "clock", "--data", virtual, "--forward", "1000000h")
	if said := done(t, "clock", "--data", real); !strings.Contains(said, "(real)") {
		t.Error(said)
	}
	if said := done(t, "clock", "--data", virtual, "--forward", "48h"); !strings.Contains(said, "virtual, ahead by 48h") {
		t.Error(said)
	}
	said := decode[struct {
		Business time.Time
		Virtual  bool
	}](&answer{t: t, what: "clock --json", body: done(t, "--json", "clock", "--data", virtual)})
	if ahead := time.Until(said.Business); !said.Virtual || ahead < 47*time.Hour || ahead > 48*time.Hour {
		t.Errorf("%v, %v ahead", said, ahead)
	}
	refused(t, "", "clock", "--data", filepath.Join(dir, "nowhere"))

	d := opened(t, filepath.Join(real, "main.db"), nil)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO schema_version (version, name, at) VALUES ($1, $2, $3)", int64(db.SchemaVersion()+1), "of tomorrow", int64(0))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"migrate"}, {"apply", "emergency-trades"}, {"clock"}} {
		refused(t, "newer", append([]string{command[0], "--data", real}, command[1:]...)...)
	}
}

// check names each mistake with file, line and remedy, in words and in JSON.
func TestFolder_checkFindsEachMistake(t *testing.T) {
	if said := done(t, "check", "emergency-trades"); !strings.Contains(said, "no mistake found") {
		t.Error(said)
	}
	refused(t, "there is no folder", "check", filepath.Join(t.TempDir(), "nowhere"))
	for name, change := range map[string][2]string{
		"a word that is not known":           {"  qualification: agent", "  qualification: agent\n  telepathy: true"},
		"a date that does not exist":         {"in_force: 2026-11-01", "in_force: 2026-13-01"},
		"a number that nobody can dial":      {`phone: "+33 1 99 00 56 78"`, `phone: "+33 1 99"`},
		"no seat for anybody":                {"  seats: 1 ", "  seats: 0 "},
		"a basis that the law does not know": {"{basis: contract, may_object: true}", "{basis: curiosity, may_object: true}"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := networkWith(t, change[0], change[1])
			text, err := os.ReadFile(filepath.Join(folder, "network.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			stdout, _, code := ran(t, "--json", "check", folder)
			if code == 0 {
				t.Fatalf("no mistake found\n%s", stdout)
			}
			var rows []struct {
				Severity, File, Path, Text string
				Line                       int
			}
			if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
				t.Fatalf("%v\n%s", err, stdout)
			}
			// The line that was changed, or the one that was added below it.
			first := strings.Count(string(text[:strings.Index(string(text), change[1])]), "\n") + 1
			last := first + strings.Count(change[1], "\n")
			found := false
			for _, r := range rows {
				if r.Severity == "error" && r.File == "network.yaml" && r.Line >= first && r.Line <= last && len(r.Text) > 20 {
					found = true
				}
			}
			if !found {
				t.Errorf("no mistake at lines %d to %d: %+v", first, last, rows)
			}
			words, _, _ := ran(t, "check", folder)
			if !regexp.MustCompile(`network\.yaml:\d+`).MatchString(words) {
				t.Errorf("no file and line in\n%s", words)
			}
			refused(t, "network.yaml", "init", "--data", filepath.Join(t.TempDir(), "data"), "--network", folder, "--name", "C", "--email", "c@depanneurs.example")
		})
	}
}

// check --against shows what a file would change before it is applied, against a folder or against what a server obeys at that moment.
func TestFolder_checkAgainstWhatIsInForce(t *testing.T) {
	folder := networkWith(t, "expires: 24 hours", "expires: 48 hours", "J’ai lu et j’accepte les conditions", "J’accepte les conditions")
	if said := done(t, "check", folder, "--against", "emergency-trades"); !strings.Contains(said, "~ introductions.expires: 24 hours → 48 hours") || !strings.Contains(said, "kept from then on under the wording ") {
		t.Error(said)
	}
	if said := done(t, "check", "emergency-trades", "--against", "emergency-trades"); !strings.Contains(said, "Nothing changes") {
		t.Error(said)
	}
	if stdout, _, code := ran(t, "check", networkWith(t, "  seats: 1 ", "  seats: 0 "), "--against", "emergency-trades"); code != 1 || strings.Contains(stdout, "introductions.expires") {
		t.Errorf("a file with a mistake is compared: exit %d\n%s", code, stdout)
	}
	refused(t, "there is no folder", "check", folder, "--against", filepath.Join(t.TempDir(), "nowhere"))
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		type report struct {
			Against string
			Changes []struct{ Path, Old, New, Note string }
		}
		against := func(folder string) report {
			t.Helper()
			return decode[report](&answer{t: t, what: "check --against", body: done(t, append([]string{"--json", "check", folder, "--against", h.data}, extra...)...)})
		}
		before := against(folder)
		if len(before.Changes) < 2 || before.Changes[0].Path != "introductions.expires" || before.Changes[0].New != "48 hours" || before.Against != decode[struct{ Edition string }](h.visitor().get(spaceHost, "/readyz").want(200)).Edition {
			t.Errorf("%+v", before)
		}
		done(t, "apply", "--data", h.data, folder)
		if after := against(folder); len(after.Changes) != 0 || after.Against == before.Against {
			t.Errorf("after it was applied: %+v", after)
		}
	})
}

// apply reaches a running server: its pages change at once, and what is wrong changes nothing.
func TestFolder_applyToARunningServer(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	v.get(siteHost, "/").want(200).lacks("vous rappelle vite")
	edition := decode[struct{ Edition string }](v.get(spaceHost, "/readyz").want(200)).Edition
	// A figure that cannot be, and a promise in a text that no figure keeps: each is told with its place, and the command fails.
	for _, mistake := range [][3]string{{"  seats: 1 ", "  seats: 0 ", "network.yaml:"}, {"\n  recordings: {document: every-call, record: 10 %, announce: true, refusal: ends-call}", "", "{recordings.share}"}} {
		stdout, stderr, code := ran(t, "apply", "--data", h.data, networkWith(t, mistake[0], mistake[1]))
		if !strings.Contains(stdout, mistake[2]) || code != 1 || stderr != "" {
			t.Errorf("the mistake is not told: exit %d, %s%s", code, stdout, stderr)
		}
	}
	if now := decode[struct{ Edition string }](v.get(spaceHost, "/readyz").want(200)).Edition; now != edition {
		t.Error("a network with a mistake is in force")
	}
	done(t, "apply", "--data", h.data, networkWith(t, "Un professionnel vérifié vous rappelle en {clock.first_contact}.", "Un professionnel vérifié vous rappelle vite."))
	eventually(t, "the new edition is served", func() bool {
		return strings.Contains(v.get(siteHost, "/").want(200).body, "vous rappelle vite")
	})
	// Other commands reach the same server.
	link, err := url.Parse(strings.TrimSpace(done(t, "admin", "link", "agent@depanneurs.example", "--data", h.data)))
	if err != nil {
		t.Fatal(err)
	}
	agent := h.visitor()
	agent.post(spaceHost, link.Path, nil).want(303)
	agent.get(spaceHost, "/rappels").want(200)
	h.visitor().post(spaceHost, link.Path, nil).want(410) // good once
	refused(t, "no account", "admin", "link", "nobody@depanneurs.example", "--data", h.data)
	done(t, "clock", "--data", h.data, "--forward", "1h")
}

// Every command explains itself; what is wrongly called exits with 2.
func TestCommands_helpAndMisuse(t *testing.T) {
	top := done(t, "--help")
	for _, command := range []string{"demo", "serve", "init", "check", "apply", "migrate", "clock", "backup", "restore", "version", "admin permissions", "admin routes", "admin link", "admin invite", "admin affiliate", "admin token", "admin verify"} {
		words := strings.Fields(command)
		if help := done(t, append(words, "--help")...); !strings.Contains(help, "Usage: entremise "+command) {
			t.Errorf("%s --help says\n%s", command, help)
		}
		if !strings.Contains(top, words[0]) {
			t.Errorf("the program's help does not name %s", words[0])
		}
	}
	for _, args := range [][]string{{}, {"fly"}, {"serve", "--wings"}, {"check"}, {"admin"}, {"clock", "--forward", "soon"}, {"restore", "/nowhere/db.age"}} {
		if _, stderr, code := ran(t, args...); code != 2 || !strings.Contains(stderr, "entremise --help") {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
}

// The tour drives a whole sale and names everything that it made.
func TestDemo_tourInJSON(t *testing.T) {
	report := decode[map[string]any](&answer{t: t, what: "demo --tour --json", body: done(t, "--json", "demo", "--tour", "--professionals", "400", "--requests", "3")})
	for name, shape := range map[string]string{"request": `^req_[0-9a-z]+$`, "ref": `^[0-9A-Z]{4}-[0-9A-Z]{4}$`, "pro": `^(pro|acc)_[0-9a-z]+$`, "purchase": `^pur_[0-9a-z]+$`, "invoice": `\S`} {
		if id, _ := report[name].(string); !regexp.MustCompile(shape).MatchString(id) {
			t.Errorf("%s is %q", name, id)
		}
	}
	steps, _ := report["steps"].([]any)
	if len(steps) < 5 || report["consumer"].(map[string]any)["name"] == "" || report["total_ms"].(float64) <= 0 {
		t.Errorf("%v", report)
	}
}

// The tour of a review body drives one review through every step, and verifies it on the way.
func TestDemo_tourOfAReview(t *testing.T) {
	report := decode[struct {
		Steps []struct{ Step, Detail string }
		Ref   string
	}](&answer{t: t, what: "demo --tour of reviews", body: done(t, "--json", "demo", "--tour", "--network", "reviews-network", "--requests", "3")})
	var steps []string
	for _, s := range report.Steps {
		steps = append(steps, s.Step)
	}
	if got := strings.Join(steps, " "); got != "invited deposited decided published verified reported erased" || !strings.HasPrefix(report.Ref, "EV") {
		t.Errorf("%s of %s", got, report.Ref)
	}
}
