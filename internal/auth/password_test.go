package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"entremise/internal/fault"

	"pgregory.net/rapid"
)

// cheap is a hasher for tests that do not ask about the cost itself.
func cheap(parallel int) *Hasher {
	return &Hasher{slots: make(chan struct{}, parallel), cost: cost{memory: 64, time: 1, threads: 1}}
}

func TestHasher_todaysCost(t *testing.T) {
	h, err := NewHasher(1)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Hash(t.Context(), "agrafe cheval pile exact")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error("PHC string:", stored)
	}
	ok, stale, err := h.Verify(t.Context(), stored, "agrafe cheval pile exact")
	if !ok || stale || err != nil {
		t.Error(ok, stale, err)
	}
	if err := h.VerifyNobody(t.Context(), "anything at all"); err != nil {
		t.Error(err)
	}
	if _, err := NewHasher(0); err == nil {
		t.Error("a hasher without a slot would wait for ever")
	}
}

// The reference vector of the argon2 command line: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 24 (RFC 9106 implementation).
func TestVerify_referenceImplementation(t *testing.T) {
	const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, stale, err := cheap(1).Verify(t.Context(), stored, "password")
	if !ok || err != nil {
		t.Error(ok, err)
	}
	if !stale {
		t.Error("another cost asks for a new hash")
	}
}

func TestVerify_property(t *testing.T) {
	h := cheap(2)
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.String().Draw(r, "a"), rapid.String().Draw(r, "b")
		stored, err := h.Hash(context.Background(), a)
		if err != nil {
			r.Fatal(err)
		}
		if ok, _, err := h.Verify(context.Background(), stored, a); len([]rune(a)) <= maxPassword && !ok || err != nil {
			r.Fatal("its own hash refuses", a, err)
		}
		if ok, _, _ := h.Verify(context.Background(), stored, b+"x"); ok && a != b+"x" {
			r.Fatal("another password opens")
		}
	})
}

func TestVerify_sameAccentsFromTwoKeyboards(t *testing.T) {
	h := cheap(1)
	stored, err := h.Hash(t.Context(), "pr\u00e9 vert et long")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(t.Context(), stored, "pre\u0301 vert et long"); !ok || err != nil {
		t.Error("NFD form refused", err)
	}
}

func TestVerify_damagedStringIsNoVerdict(t *testing.T) {
	good, err := cheap(1).Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "$", "plain", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
		strings.Replace(good, "m=64", "m=99999999", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "t=1", "t=1000", 1), strings.Replace(good, "m=64", "m=064", 1), strings.Replace(good, "v=19", "v=16", 1),
		good + "$", good[:len(good)-40], strings.Replace(good, "m=64,t=1", "t=1,m=64", 1),
	} {
		if ok, _, err := cheap(1).Verify(t.Context(), bad, "x"); ok || err == nil {
			t.Errorf("%q: ok %v, err %v", bad, ok, err)
		}
	}
}

func TestHash_waitsForItsTurnOrItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cheap(1)
		h.slots <- struct{}{} // somebody is at it
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := h.Hash(ctx, "x"); done <- err }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatal("did not wait:", err)
		default:
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-h.slots
		if _, err := h.Hash(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	about := []string{"amelie.poulain@exemple.fr", "Plombiers du Midi"}
	for _, c := range []struct {
		password string
		ok       bool
	}{
		{"agrafe cheval pile exact", true},
		{"Tr0ub4dor&3-xK", true},
		{"éléphant-Violet?9", true},
		{strings.Repeat("a b!C9", 21), true}, // 126 characters
		{strings.Repeat("aB1!cD2?", 16) + "x", false},
		{"court?Xy9!z", false},
		{"aaaaaaaaaaaaaaaa", false},
		{"abcdefghijklmnop", false},
		{"123456789012345", false},
		{"motdepasse123456", false},
		{"azertyuiop123", false},
		{"amelie.poulain1", false},
		{"PlombiersMidi2026", false},
		{"bell\x07 in the middle", false},
		{"\xff\xfe not utf-8 at all", false},
	} {
		err := CheckPassword(c.password, about...)
		if (err == nil) != c.ok {
			t.Errorf("%q (%.0f bits): %v", c.password, Bits(c.password, about...), err)
		}
		if err != nil && (!fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Name != "password") {
			t.Errorf("%q: not a field error: %v", c.password, err)
		}
	}
}
