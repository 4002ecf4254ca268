package call

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"entremise/internal/money"
)

func TestSampled_isTheShareAndTheIdsAlone(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	for _, c := range []struct {
		share    money.Rate
		min, max int // of 20,000 draws: five standard deviations around the share
	}{{0, 0, 0}, {-5, 0, 0}, {1000, 1788, 2212}, {5000, 9646, 10354}, {10_000, 20_000, 20_000}} {
		n := 0
		for i := range 20_000 {
			id := fmt.Sprintf("cal_%d", i)
			first := sampled(key, id, c.share)
			if first {
				n++
			}
			if again := sampled(key, id, c.share); again != first {
				t.Fatalf("%s is drawn twice and differently", id)
			}
		}
		if n < c.min || n > c.max {
			t.Errorf("a share of %s recorded %d of 20,000 calls", c.share.FR(), n)
		}
	}
	other := []byte("another secret of thirty-two byt")
	same := 0
	for i := range 1000 {
		id := fmt.Sprintf("cal_%d", i)
		if sampled(key, id, 5000) == sampled(other, id, 5000) {
			same++
		}
	}
	if same < 400 || same > 600 {
		t.Errorf("another key draws alike for %d of 1000 calls: the draw does not hang on the key", same)
	}
}

func TestFirstOf_agentsOfTheTradeWhoAreFree(t *testing.T) {
	duty := map[string][]string{"plumber": {"plombier", "debouchage"}, "locksmith": {"serrurier"}, "listener": nil}
	for _, c := range []struct {
		name   string
		trades []string
		busy   map[string]bool
		want   string
	}{
		{"of the trade", []string{"plombier"}, nil, "plumber"},
		{"of a site with two trades", []string{"serrurier", "vitrier"}, nil, "locksmith"},
		{"nobody of the trade", []string{"couvreur"}, nil, ""},
		{"he is on the phone", []string{"plombier"}, map[string]bool{"plumber": true}, ""},
		{"no trade at all", nil, nil, ""},
	} {
		first := firstOf(c.trades, duty, c.busy)
		if len(first) > 1 || c.want == "" && len(first) > 0 || c.want != "" && !first[c.want] {
			t.Errorf("%s: %v, want %q", c.name, first, c.want)
		}
	}
}

func TestTone_isASoundOfItsLength(t *testing.T) {
	for _, seconds := range []int{0, 1, 3, 60} {
		got, err := soundLength(Tone(seconds))
		if err != nil || got != time.Duration(seconds)*time.Second {
			t.Errorf("%d s: %s, %v", seconds, got, err)
		}
	}
}

func TestSoundLength_refusesWhatIsNoSound(t *testing.T) {
	change := func(at int, to ...byte) []byte {
		b := Tone(1)
		copy(b[at:], to)
		return b
	}
	for name, wav := range map[string][]byte{
		"nothing": nil, "a page": []byte("<!doctype html><title>502 Bad Gateway</title>"), "another RIFF": change(8, []byte("AVI ")...),
		"MP3 inside": change(20, 85, 0), "no rate": change(28, 0, 0, 0, 0), "longer than it is": change(40, 255, 255, 255, 255),
		"cut": Tone(1)[:400], "only a head": Tone(1)[:36], "data before its format": append([]byte("RIFF\x00\x00\x00\x00WAVE"), Tone(1)[36:]...),
	} {
		if d, err := soundLength(wav); err == nil {
			t.Errorf("%s is taken for a sound of %s", name, d)
		}
	}
	// Parts that nobody here knows, and of odd length, stand before the data in many files.
	b := append(Tone(1)[:36:36], "LIST\x03\x00\x00\x00abc\x00"...)
	if d, err := soundLength(append(b, Tone(1)[36:]...)); err != nil || d != time.Second {
		t.Errorf("with a list part: %s, %v", d, err)
	}
}

func FuzzSoundLength(f *testing.F) {
	f.Add(Tone(1)[:200])
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, wav []byte) {
		d, err := soundLength(wav)
		if err == nil && (d < 0 || d > time.Duration(len(wav))*time.Second) {
			t.Fatalf("%d bytes last %s", len(wav), d)
		}
		if err == nil && binary.LittleEndian.Uint32(wav[4:8]) > 0 && len(wav) < 44 {
			t.Fatalf("a sound of %d bytes", len(wav))
		}
	})
}
