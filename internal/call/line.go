package call

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/phone"
)

// Line is a driver of telephony. It tells of calls by events ([Service.Event]) and hands out the sound of those that were recorded.
type Line struct {
	Name     string
	Embedded bool // the demo's own line: calls are made by hand (Simulate)
	// Fetch answers the sound of a call that is over, as a WAV file, by the line's own name for the call. It may be asked again and again.
	// A line without it records nothing.
	Fetch func(ctx context.Context, id string) (wav []byte, err error)
	// Delete destroys whatever the line keeps of a call, by the line's own name for it; nil is its confirmation that nothing is left, also of a
	// call of which it has nothing. It may be asked again and again (ET-148).
	Delete func(ctx context.Context, id string) error
}

// Simulated is the embedded line: whatever was said, its recordings are three seconds of a tone, until it is asked to delete one.
func Simulated() Line {
	var gone sync.Map
	return Line{Name: "simulated", Embedded: true,
		Fetch: func(_ context.Context, id string) ([]byte, error) {
			if _, deleted := gone.Load(id); deleted {
				return nil, errors.New("the simulated line has deleted this recording")
			}
			return Tone(3), nil
		},
		Delete: func(_ context.Context, id string) error { gone.Store(id, true); return nil }}
}

// LineEvent is what a line tells about a call.
//
//	POST, signed by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature over "id.timestamp.body")
//	{"type":"ringing","id":"the line's name of the call","line":"+33199001234","caller":"+33639980001","at":"2026-11-23T08:05:00Z"}
type LineEvent struct {
	Type   string    `json:"type"`   // LineRinging, LineAnswered or LineEnded
	ID     string    `json:"id"`     // of the call
	Line   string    `json:"line"`   // number of the site that was called, E.164; of ringing
	Caller string    `json:"caller"` // E.164; empty when withheld
	At     time.Time `json:"at"`
}

// Types of LineEvent.
const (
	LineRinging  = "ringing"
	LineAnswered = "answered"
	LineEnded    = "ended"
)

const maxLineID = 120

// ReadLineEvent verifies and reads a request of the telephony. Nothing is believed before a signature of one of secrets holds and its time is
// within five minutes of now, machine time: until then the answer is a Denied fault, afterwards a malformed event is an Invalid one.
func ReadLineEvent(secrets []string, header http.Header, body []byte, now time.Time) (LineEvent, error) {
	if _, err := notify.ReadWebhook(secrets, header, body, now); err != nil {
		return LineEvent{}, err
	}
	malformed := fault.New(fault.Invalid, "webhook-body", fault.T("Événement illisible.", "Unreadable event."))
	var e LineEvent
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || len(e.ID) > maxLineID || e.At.IsZero() {
		return LineEvent{}, malformed
	}
	switch e.Type {
	case LineRinging:
		if !strings.HasPrefix(e.Line, "+") {
			return LineEvent{}, malformed
		}
	case LineAnswered, LineEnded:
	default:
		return LineEvent{}, malformed
	}
	return e, nil
}

// Event acts on what the line tells. The same event again changes nothing, and one about a call that is not known is answered with nil: the
// line would only repeat it. A call whose ringing comes too late to be answered is missed.
func (s *Service) Event(ctx context.Context, e LineEvent) error {
	var c Call
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) { c, err = selectLine(tx, e.ID, s.gone(e.ID)); return })
	known := err == nil
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	switch {
	case e.Type == LineRinging && !known:
		n, err := s.editions.InForce(ctx)
		if err != nil {
			return err
		}
		for _, site := range n.Sites {
			if string(site.Phone) == e.Line {
				_, err := s.ring(ctx, n, site, "", e.Caller, e.ID, s.db.Machine().Sub(e.At) > ringsFor)
				return err
			}
		}
		return errSite
	case e.Type == LineEnded && known:
		return s.hangup(ctx, auth.Machine, c)
	}
	return nil // answered: an agent answers on his screen, which knows his name; the line's word adds nothing
}

// gone is what is left of a line's name for a call once its caller is forgotten.
func (s *Service) gone(line string) string { return "gone " + s.vault.Index("line-call", line) }

// Simulate rings a site's line as telephony would. Only an embedded line has it.
func (s *Service) Simulate(ctx context.Context, actor auth.Actor, host, trade, caller string) (id string, err error) {
	if err := actor.May(auth.CallAnswer); err != nil {
		return "", err
	}
	if !s.line.Embedded {
		return "", fault.New(fault.Missing, "no-simulation", fault.T("La ligne de ce réseau n’est pas simulée.", "This network's line is not simulated."))
	}
	return s.Ring(ctx, host, trade, caller)
}

// Ring is somebody calling a site's line; trade is what he wants, when it is known. The simulated line and tests call it.
func (s *Service) Ring(ctx context.Context, host, trade, caller string) (id string, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return "", err
	}
	site, ok := n.Site(host)
	if !ok {
		return "", errSite
	}
	return s.ring(ctx, n, site, trade, caller, s.db.NewID("lin"), false)
}

// number reads what a line or an agent gives: a number that France dials, or any E.164, since people call from everywhere. Anything else is
// withheld.
func (s *Service) number(raw string) string {
	if e164, err := phone.Parse(raw, "", s.demo); err == nil {
		return e164
	}
	digits, plus := strings.CutPrefix(strings.ReplaceAll(strings.TrimSpace(raw), " ", ""), "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return "+" + digits
}

// tradeOf keeps a trade that the site shows.
func tradeOf(site network.Site, trade string) string {
	if slices.Contains(site.Trades, trade) {
		return trade
	}
	return ""
}

// Sound: WAV files of telephony, 8,000 samples a second.

const (
	sampleRate = 8000
	maxSound   = 64 << 20 // bytes: an hour of 16 bits
)

// Tone is a WAV file of so many seconds of a 440 Hz tone, mono, 8 bits, 8 kHz.
func Tone(seconds int) []byte {
	n := seconds * sampleRate
	b := make([]byte, 0, 44+n)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+n))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, 1) // mono
	b = binary.LittleEndian.AppendUint32(b, sampleRate)
	b = binary.LittleEndian.AppendUint32(b, sampleRate) // bytes a second
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 8) // bits
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for i := range n {
		b = append(b, byte(128+32*math.Sin(2*math.Pi*440*float64(i)/sampleRate)))
	}
	return b
}

// soundLength reads how long a WAV file lasts, and refuses what is none: PCM, A-law and µ-law are what telephony gives.
func soundLength(wav []byte) (time.Duration, error) {
	if len(wav) > maxSound {
		return 0, fmt.Errorf("call: a sound of %d bytes, at most %d", len(wav), maxSound)
	}
	if len(wav) < 12 || string(wav[:4]) != "RIFF" || string(wav[8:12]) != "WAVE" {
		return 0, errors.New("call: the sound is no WAV file")
	}
	rate := int64(0)
	for rest := wav[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		if size > int64(len(rest)) {
			return 0, fmt.Errorf("call: the sound is cut short in its part %q", name)
		}
		switch name {
		case "fmt ":
			if size < 16 {
				return 0, errors.New("call: the sound's format is cut short")
			}
			switch format := binary.LittleEndian.Uint16(rest); format {
			case 1, 6, 7:
			default:
				return 0, fmt.Errorf("call: the sound has format %d", format)
			}
			rate = int64(binary.LittleEndian.Uint32(rest[8:12]))
		case "data":
			if rate == 0 {
				return 0, errors.New("call: the sound has no format before its data")
			}
			return time.Duration(size) * time.Second / time.Duration(rate), nil
		}
		rest = rest[min(size+size%2, int64(len(rest))):] // parts are padded to an even length
	}
	return 0, errors.New("call: the sound has no data")
}
