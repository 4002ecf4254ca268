package person

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"net/mail"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"entremise/internal/fault"
)

//go:embed data/disposable.txt.gz
var disposableFile []byte

// disposable is the sorted list, read at its first use: 2 MB of text and an index into it.
var disposable = sync.OnceValue(func() []string {
	z, err := gzip.NewReader(bytes.NewReader(disposableFile))
	if err != nil {
		panic(err) // compiled in
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
})

// Disposable reports whether a domain, or a domain that it lies under, is one of throw-away mail.
func Disposable(domain string) bool {
	list := disposable()
	in := func(s string) bool { _, ok := slices.BinarySearch(list, s); return ok }
	domain = strings.ToLower(domain)
	for d := domain; strings.Contains(d, "."); {
		if in(d) || d != domain && in("*."+d) {
			return true
		}
		_, d, _ = strings.Cut(d, ".")
	}
	return false
}

// ParseEmail reads an address as people type it: trimmed, its domain in lower case and in ASCII (RFC 5891). It refuses, as an Invalid fault,
// what is no single address, and throw-away domains where refuse is set.
func ParseEmail(raw string, refuse bool) (string, error) {
	bad := fault.New(fault.Invalid, "email-malformed", fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com."))
	raw = strings.TrimSpace(raw)
	if len(raw) > 254 || strings.ContainsAny(raw, "<>\r\n\t \"(),:;[]\\") {
		return "", bad
	}
	a, err := mail.ParseAddress(raw)
	if err != nil {
		return "", bad
	}
	i := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:i], a.Address[i+1:]
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || len(local) > 64 {
		return "", bad
	}
	if refuse && Disposable(ascii) {
		return "", fault.New(fault.Invalid, "email-disposable", fault.T("Cette adresse est jetable : donnez une adresse que vous relèverez, ou laissez ce champ vide.", "This is a throw-away address: give one that you will read, or leave the field empty."))
	}
	return local + "@" + strings.ToLower(ascii), nil
}
