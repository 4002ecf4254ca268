package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	"entremise/internal/fault"

	"pgregory.net/rapid"
	"rsc.io/qr"
)

// RFC 6238, appendix B, SHA-1, the last six of its eight digits.
func TestTOTP_vectorsOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := TOTPCode(secret, time.Unix(at, 0)); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
}

func TestCheckTOTP_forgivesOneStepAndNoReplay(t *testing.T) {
	secret, now := NewTOTPSecret(), time.Unix(1_900_000_000, 0)
	step := now.Unix() / 30
	for drift, want := range map[time.Duration]bool{0: true, -30 * time.Second: true, 30 * time.Second: true, -60 * time.Second: false, 60 * time.Second: false} {
		if _, ok := CheckTOTP(secret, TOTPCode(secret, now.Add(drift)), now, 0); ok != want {
			t.Errorf("drift %v: %v", drift, ok)
		}
	}
	code := TOTPCode(secret, now)
	used, ok := CheckTOTP(secret, code, now, 0)
	if !ok || used != step {
		t.Fatal(used, ok)
	}
	if _, ok := CheckTOTP(secret, code, now, used); ok {
		t.Error("replayed")
	}
	if _, ok := CheckTOTP(secret, TOTPCode(secret, now.Add(-30*time.Second)), now, used); ok {
		t.Error("an older code after a newer one")
	}
	if _, ok := CheckTOTP(secret, code[:3]+" "+code[3:], now, 0); !ok {
		t.Error("the space that apps show is refused")
	}
	for _, bad := range []string{"", "12345", "1234567", "abcdef", "１２３４５６", code + "\n"} {
		if _, ok := CheckTOTP(secret, bad, now, 0); ok {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestTOTPURI_readsBack(t *testing.T) {
	secret := NewTOTPSecret()
	u, err := url.Parse(TOTPURI(secret, "Dépannage & Cie: Sud", "amélie+pro@exemple.fr"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Dépannage & Cie: Sud:amélie+pro@exemple.fr" {
		t.Error(u.Scheme, u.Host, u.Path)
	}
	got, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil || !bytes.Equal(got, secret) || u.Query().Get("issuer") != "Dépannage & Cie: Sud" || strings.Contains(u.RawQuery, "+") {
		t.Error(u, err)
	}
	if text := TOTPText(secret); len(text) != 39 || strings.ReplaceAll(text, " ", "") != u.Query().Get("secret") {
		t.Error(text)
	}
}

// The drawing is read back module by module and compared with the encoder's grid.
func TestQR_drawsEveryModule(t *testing.T) {
	const text = "otpauth://totp/x:y?secret=ABCDEFGH"
	svg, err := QR(text, `Code "QR" <à lire> & garder`)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Label string `xml:"aria-label,attr"`
		Path  []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal([]byte(svg), &doc); err != nil || doc.Label != `Code "QR" <à lire> & garder` || len(doc.Path) != 2 {
		t.Fatal(err, doc)
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	black := map[[2]int]bool{}
	for run := range strings.SplitSeq(strings.TrimPrefix(doc.Path[1].D, "M"), "M") {
		n := numbers(run)
		for i := range n[2] {
			black[[2]int{n[0] + i - 4, n[1] - 4}] = true
		}
	}
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) != black[[2]int{x, y}] {
				t.Fatalf("module %d,%d", x, y)
			}
		}
	}
	if _, err := QR(strings.Repeat("x", 5000), ""); err == nil {
		t.Error("too long a text")
	}
}

func numbers(s string) (n []int) {
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return r < '0' || r > '9' }) {
		v := 0
		for _, c := range f {
			v = v*10 + int(c-'0')
		}
		n = append(n, v)
	}
	return n
}

func signer(t testing.TB, fill ...byte) *Signer {
	t.Helper()
	var keys [][]byte
	for _, b := range fill {
		keys = append(keys, bytes.Repeat([]byte{b}, 32))
	}
	s, err := NewSigner(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewSigner_refusesWeakKeys(t *testing.T) {
	if _, err := NewSigner(); err == nil {
		t.Error("no key")
	}
	if _, err := NewSigner(make([]byte, 32), make([]byte, 31)); err == nil {
		t.Error("a short key")
	}
}

func TestLink_opensOnlyItsOwnDoor(t *testing.T) {
	s := signer(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		subject := rapid.StringMatching(`[a-z]{3}_[a-z0-9]{8,26}`).Draw(r, "subject")
		generation := rapid.Int64Min(0).Draw(r, "generation")
		token := s.Link("request", subject, generation)
		gotSubject, gotGeneration, err := s.ReadLink("request", token)
		if err != nil || gotSubject != subject || gotGeneration != generation {
			r.Fatal(gotSubject, gotGeneration, err)
		}
		if _, _, err := s.ReadLink("stop", token); !fault.Is(err, fault.Anonymous) {
			r.Fatal("another purpose opened", err)
		}
		i := rapid.IntRange(0, len(token)-1).Draw(r, "at")
		c := rapid.ByteRange('!', '~').Draw(r, "to")
		if forged := token[:i] + string(c) + token[i+1:]; forged != token {
			if _, _, err := s.ReadLink("request", forged); !fault.Is(err, fault.Anonymous) {
				r.Fatal("forged link opened", forged, err)
			}
		}
	})
}

func TestLink_oldKeyStillReadsAfterRotation(t *testing.T) {
	old, rotated := signer(t, 1), signer(t, 2, 1)
	if _, _, err := rotated.ReadLink("request", old.Link("request", "req_abc", 3)); err != nil {
		t.Error(err)
	}
	if _, _, err := old.ReadLink("request", rotated.Link("request", "req_abc", 3)); err == nil {
		t.Error("the new key signs first")
	}
}

func FuzzReadLink(f *testing.F) {
	s := signer(f, 1)
	good := s.Link("request", "req_abc", 3)
	f.Add(good)
	f.Add("..")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := s.ReadLink("request", token); err == nil && token != good {
			t.Errorf("%q opens", token)
		}
	})
}

func TestWork_goodOnceSolvedAndUntilItsExpiry(t *testing.T) {
	s, now := signer(t, 1), time.Unix(1_900_000_000, 0)
	challenge := s.Challenge("callback", 8, now, 10*time.Minute)
	nonce := Solve(challenge)
	id, until, err := s.CheckWork("callback", challenge, nonce, 8, now.Add(10*time.Minute-time.Second))
	if err != nil || id == "" || !until.Equal(now.Add(10*time.Minute)) {
		t.Fatal(id, until, err)
	}
	wrong := "0"
	for sum := sha256.Sum256([]byte(challenge + ":" + wrong)); zeroBits(sum) >= 8; sum = sha256.Sum256([]byte(challenge + ":" + wrong)) {
		wrong += "0"
	}
	easier := strings.Replace(challenge, ".8.", ".1.", 1)
	for name, c := range map[string]struct {
		purpose, challenge, nonce string
		least                     int
		now                       time.Time
		code                      string
	}{
		"expired":        {"callback", challenge, nonce, 8, now.Add(10 * time.Minute), "work-expired"},
		"another form":   {"stop", challenge, nonce, 8, now, "work-forged"},
		"not solved":     {"callback", challenge, wrong, 8, now, "work-wrong"},
		"made easier":    {"callback", easier, Solve(easier), 8, now, "work-forged"},
		"too easy today": {"callback", challenge, nonce, 9, now, "work-wrong"},
		"no nonce":       {"callback", challenge, "", 8, now, "work-missing"},
		"long nonce":     {"callback", challenge, strings.Repeat("a", 33), 8, now, "work-missing"},
		"no challenge":   {"callback", "", nonce, 8, now, "work-forged"},
		"a megabyte":     {"callback", strings.Repeat("a.", 1<<19), nonce, 8, now, "work-missing"},
		"another key":    {"callback", signer(t, 2).Challenge("callback", 1, now, time.Hour), "0", 1, now, "work-forged"},
	} {
		if _, _, err := s.CheckWork(c.purpose, c.challenge, c.nonce, c.least, c.now); !fault.Is(err, fault.Invalid) || fault.Code(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func TestZeroBits(t *testing.T) {
	for n := range 256 {
		var sum [32]byte
		sum[n/8] = 0x80 >> (n % 8)
		if got := zeroBits(sum); got != n {
			t.Fatalf("%d, want %d", got, n)
		}
	}
	if zeroBits([32]byte{}) != 256 {
		t.Error("all zero")
	}
}

func TestSolve_refusesWhatIsNoChallenge(t *testing.T) {
	for _, s := range []string{"", "a.b.c.d", "a.99.c.d"} {
		if Solve(s) != "" {
			t.Errorf("%q solved", s)
		}
	}
}
