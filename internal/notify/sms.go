package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"entremise/internal/fault"
)

// SMS is one text message. To is E.164 (+33639980001).
type SMS struct{ ID, To, Text string }

// SMSGateway says where text messages go: any provider behind a small adapter of this contract.
//
//	POST URL, Authorization: Bearer Token, Idempotency-Key: id
//	{"id":"…","to":"+33639980001","from":"38100","text":"…"}
//	→ 2xx {"id":"the gateway's own"}; the same id again gets the same answer and sends nothing
//	→ 400, 413, 415, 422 never; any other refusal: later (Retry-After in seconds is obeyed)
type SMSGateway struct {
	URL     string
	Token   string
	From    string        // number or up to 11 letters
	Timeout time.Duration // 10 s when zero
}

// Texter sends text messages through a gateway. Safe for concurrent use.
type Texter struct {
	gateway SMSGateway
	client  *http.Client
}

// NewTexter checks the settings; it does not connect. A gateway elsewhere than on this machine must be https.
func NewTexter(g SMSGateway) (*Texter, error) {
	u, err := url.Parse(g.URL)
	if err != nil || !Guarded(u) {
		return nil, errors.New("notify: the SMS gateway needs an https address")
	}
	if g.Token == "" || g.From == "" {
		return nil, errors.New("notify: the SMS gateway needs a token and a sender")
	}
	return &Texter{gateway: g, client: OneWay(cmp.Or(g.Timeout, 10*time.Second))}, nil
}

// Send hands one message over. The line lost after the request left is InDoubt; repeating with the same id is then harmless.
func (t *Texter) Send(ctx context.Context, m SMS) Delivery {
	if m.ID == "" || !strings.HasPrefix(m.To, "+") || m.Text == "" {
		return Delivery{Outcome: Refused, Code: "no id, number or text"}
	}
	body, err := json.Marshal(map[string]string{"id": m.ID, "to": m.To, "from": t.gateway.From, "text": m.Text})
	if err != nil {
		return Delivery{Outcome: Refused, Code: "text"}
	}
	var left atomic.Bool // the request, or a part of it, is on the wire
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { left.Store(true) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.gateway.URL, bytes.NewReader(body))
	if err != nil {
		return Delivery{Outcome: Later, Code: "address"}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+t.gateway.Token)
	r.Header.Set("Idempotency-Key", m.ID)
	answer, err := t.client.Do(r)
	if err != nil {
		return lost(err, left.Load())
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	d := Delivery{Code: fmt.Sprintf("http %d", answer.StatusCode)}
	switch status := answer.StatusCode; {
	case status < 300:
		var ours struct{ ID string }
		if err != nil || json.Unmarshal(text, &ours) != nil {
			d.Outcome, d.Code = InDoubt, d.Code+" without a readable answer" // a proxy's page, a cut line
			return d
		}
		d.Outcome, d.Ref = Sent, ours.ID
	case status == 400 || status == 413 || status == 415 || status == 422:
		d.Outcome = Refused
	default:
		d.Outcome = Later
		if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && s > 0 {
			d.Wait = min(time.Duration(s), 3600) * time.Second
		}
	}
	return d
}

func lost(err error, left bool) Delivery {
	d := Delivery{Outcome: Later, Code: "dial"}
	if left {
		d = Delivery{Outcome: InDoubt, Code: "line broken"}
	}
	var u *url.Error
	if errors.As(err, &u) && u.Timeout() {
		d.Code = "timeout"
	}
	return d
}

// SMSEvent is what the gateway tells about a message: one that came in, or the fate of one of ours.
type SMSEvent struct {
	ID      string `json:"-"`       // of the event; the same one may come again, the caller keeps the first
	Type    string `json:"type"`    // SMSReceived, SMSDelivered or SMSFailed
	Message string `json:"message"` // our id, of a receipt
	From    string `json:"from"`    // who wrote, of a received message: E.164
	To      string `json:"to"`      // the number of ours that it came to
	Text    string `json:"text"`    // of a received message
	Code    string `json:"code"`    // the network's word for a failure
}

// Types of SMSEvent.
const (
	SMSReceived  = "received"
	SMSDelivered = "delivered"
	SMSFailed    = "failed"
)

const (
	maxEvent       = 20 << 10 // bytes
	eventTolerance = 5 * time.Minute
)

// ReadSMSEvent verifies and reads a request of the gateway, signed as [ReadWebhook] says. Nothing is believed before the signature holds:
// until then the answer is a Denied fault, afterwards a malformed event is an Invalid one.
func ReadSMSEvent(secrets []string, header http.Header, body []byte, now time.Time) (SMSEvent, error) {
	id, err := ReadWebhook(secrets, header, body, now)
	if err != nil {
		return SMSEvent{}, err
	}
	e := SMSEvent{}
	malformed := fault.New(fault.Invalid, "webhook-body", fault.T("Événement illisible.", "Unreadable event."))
	if json.Unmarshal(body, &e) != nil {
		return SMSEvent{}, malformed
	}
	e.ID = id
	switch {
	case e.Type == SMSReceived && strings.HasPrefix(e.From, "+"):
	case (e.Type == SMSDelivered || e.Type == SMSFailed) && e.Message != "":
	default:
		return SMSEvent{}, malformed
	}
	return e, nil
}

// ReadWebhook verifies a request that an outside service signed by Standard Webhooks, and answers the event's id: webhook-id,
// webhook-timestamp and webhook-signature over "id.timestamp.body", under any of secrets ("whsec_" and base64; two while one is being
// replaced). now is machine time: an event is good for five minutes before and after its own. Every refusal is one and the same Denied fault.
func ReadWebhook(secrets []string, header http.Header, body []byte, now time.Time) (id string, err error) {
	id, stamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || len(id) > 128 || len(body) > maxEvent || now.Sub(time.Unix(seconds, 0)).Abs() > eventTolerance ||
		!webhookSigned(secrets, header.Get("webhook-signature"), id+"."+stamp+"."+string(body)) {
		return "", fault.New(fault.Denied, "webhook-signature", fault.T("Signature refusée.", "Signature refused."))
	}
	return id, nil
}

func webhookSigned(secrets []string, signatures, content string) bool {
	ok := false
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < 24 {
			continue // an empty or mistyped setting opens nothing
		}
		h := hmac.New(sha256.New, key)
		h.Write([]byte(content))
		want := []byte("v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)))
		for signature := range strings.FieldsSeq(signatures) {
			ok = hmac.Equal([]byte(signature), want) || ok
		}
	}
	return ok
}
