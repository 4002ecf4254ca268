package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"
)

// One-time codes of RFC 6238 as every authenticator app knows them: HMAC-SHA-1, thirty seconds, six digits. One step of clock error is
// forgiven on either side.
const (
	totpPeriod = 30 // seconds
	totpDigits = 6
	totpSkew   = 1 // steps
)

// NewTOTPSecret makes the 160 bits that RFC 4226 recommends. The caller seals them.
func NewTOTPSecret() []byte {
	secret := make([]byte, sha1.Size)
	rand.Read(secret)
	return secret
}

// CheckTOTP says whether code is right at machine time now, and the step that it belongs to. last is the step of the last code that this
// person used (zero for none): a code of that step or before is refused, since somebody may have looked over the shoulder. The caller
// stores step with a guarded update (… WHERE last_step < $step), which settles a race of two sign-ins.
func CheckTOTP(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	if len(code) != totpDigits {
		return 0, false
	}
	current := now.Unix() / totpPeriod
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

// TOTPCode is the code at machine time now: what an authenticator app shows.
func TOTPCode(secret []byte, now time.Time) string { return hotp(secret, now.Unix()/totpPeriod) }

// hotp is RFC 4226 §5.3 with six digits.
func hotp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// TOTPText is the secret as a person types it when the camera does not work: base32 in groups of four.
func TOTPText(secret []byte) string {
	s := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	var groups []string
	for ; len(s) > 4; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(append(groups, s), " ")
}

// TOTPURI is the key URI that authenticator apps read from a QR code. issuer is the operator, account an e-mail address or a handle: the
// URI is as secret as the secret, and never logged.
func TOTPURI(secret []byte, issuer, account string) string {
	// %20 and not +: several apps show the plus sign.
	query := strings.ReplaceAll(url.Values{
		"secret": {base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)}, "issuer": {issuer},
		"algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {fmt.Sprint(totpPeriod)},
	}.Encode(), "+", "%20")
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + query
}

// QR draws text as a square SVG without styles or scripts, so that a strict content security policy accepts it inline. label is what a
// screen reader says. It fails on text of more than some 2,300 bytes.
func QR(text, label string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("auth: %w", err)
	}
	const quiet = 4 // modules of white around, ISO/IEC 18004
	var b strings.Builder
	side := code.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges">`,
		side, side, strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;").Replace(label))
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
