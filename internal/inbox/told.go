package inbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/review"
)

// What recipients are told of (GDPR art. 19).
const (
	Erasure       = "erasure"
	Rectification = "rectification"
	Restriction   = "restriction"
	Shared        = "shared" // a right is exercised over what a member decides jointly (GDPR art. 26; RN-07)
)

// Told is a recipient with what he was told and whether he confirmed.
type Told struct {
	ID           string
	Case         string
	Recipient    string // professional, or recipient of the network file
	Whose        string // professional, recipient, member
	About        string // reference of the request, for a professional
	What         string
	At           time.Time
	Sent         time.Time
	Reminders    int
	Acknowledged time.Time
}

const mostReminders = 3

func scanTold(s db.Scanner) (t Told, err error) {
	var at, sent, acknowledged int64
	err = s.Scan(&t.ID, &t.Case, &t.Recipient, &t.Whose, &t.About, &t.What, &at, &sent, &t.Reminders, &acknowledged)
	t.At, t.Sent, t.Acknowledged = db.Time(at), db.Time(sent), db.Time(acknowledged)
	return t, err
}

const toldColumns = "id, case_id, recipient, whose, about, what, at, sent_at, reminders, acknowledged_at"

func toldOf(tx *db.Tx, id string) ([]Told, error) {
	return db.List(tx, scanTold, "SELECT "+toldColumns+" FROM inbox_told WHERE case_id = $1 ORDER BY at, id", id)
}

// tellRecipients promises in tx to tell everybody who received the data of the subjects: each professional who bought an introduction, and
// those whom the network file names.
func (s *Service) tellRecipients(tx *db.Tx, n *network.Network, id, what string, requests []request.Traced) error {
	insert := func(recipient, whose, about string) error {
		row := tx.NewID("tld")
		known, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_told WHERE case_id = $1 AND recipient = $2 AND about = $3 AND what = $4", id, recipient, about, what)
		if err != nil || known > 0 {
			return err
		}
		if err := tx.Send("INSERT INTO inbox_told (id, case_id, recipient, whose, about, what, at, sent_at, reminders, acknowledged_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0)",
			row, id, recipient, whose, about, what, db.Micros(tx.Now())); err != nil {
			return err
		}
		return job.Add(tx, jobTell, row, 0)
	}
	for _, r := range requests {
		for _, p := range r.Pros {
			if err := insert(p, "professional", r.Ref); err != nil {
				return err
			}
		}
	}
	if what == Erasure {
		if err := tellArchiver(tx, n, id); err != nil {
			return err
		}
	}
	pros, err := db.Values[string](tx, "SELECT person_id FROM inbox_subject WHERE case_id = $1 AND whose = 'professional'", id)
	if err != nil {
		return err
	}
	authors, err := db.Values[string](tx, "SELECT person_id FROM inbox_subject WHERE case_id = $1 AND whose = 'consumer'", id)
	if err != nil {
		return err
	}
	shown, err := review.WasPublished(tx, authors...)
	if err != nil || len(requests) == 0 && len(pros) == 0 && !shown {
		return err // nobody outside had anything of this person
	}
	verified, err := pro.SentTo(tx, pros...)
	if err != nil {
		return err
	}
	for _, x := range verified { // under its own number, by which it finds him
		if err := insert(x.Recipient, "recipient", x.Reference); err != nil {
			return err
		}
	}
	for _, t := range n.Rights.Tell {
		if r, _ := n.Recipient(t.Recipient); len(r.Verifies) > 0 || what == Erasure && n.Archiver != nil && t.Recipient == n.Archiver.Recipient {
			continue
		}
		if err := insert(t.Recipient, "recipient", ""); err != nil {
			return err
		}
	}
	return nil
}

// Whats says in words what a recipient is told.
var whats = map[string]fault.Text{
	Erasure:       fault.T("effacement", "erasure"),
	Rectification: fault.T("rectification", "rectification"),
	Restriction:   fault.T("limitation", "restriction"),
	Shared:        fault.T("droit exercé", "right exercised"),
}

// What says it.
func (t Told) WhatLabel() fault.Text { return whats[t.What] }

// tell is the handler of jobTell: one message or one signed post. A reminder is the same again.
func (s *Service) tell(ctx context.Context, id string) error {
	var t Told
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		t, err = db.One(tx, scanTold, "SELECT "+toldColumns+" FROM inbox_told WHERE id = $1", id)
		return err
	})
	if errors.Is(err, db.ErrNone) || err == nil && !t.Acknowledged.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	c, n, ring, err := s.get(ctx, t.Case)
	if err != nil {
		return err
	}
	link := s.URL(n.SpaceHost, "/destinataire/"+s.Links.Link(linkTold, t.ID, 1))
	sent := func(tx *db.Tx) error {
		if err := note(tx, t.Case, EvTold, "system", t.Recipient); err != nil {
			return err
		}
		return tx.Send("UPDATE inbox_told SET sent_at = $2 WHERE id = $1", t.ID, db.Micros(tx.Now()))
	}
	if t.Whose == toMember {
		return s.tellMember(ctx, t, c, n, ring, link, sent)
	}
	if t.Whose == "professional" {
		contacts, err := s.Pros.Contacts(ctx, t.Recipient)
		if err != nil {
			return err
		}
		p, ok := contacts[t.Recipient]
		if !ok {
			return nil
		}
		l, err := n.Message("rights-told", p.Lang, map[string]string{"name": p.Identity.Contact, "ref": t.About, "what": whats[t.What].Say(p.Lang), "link": link})
		if err != nil {
			return err
		}
		return s.DB.Write(ctx, func(tx *db.Tx) error {
			if err := s.toOutside(tx, ring, c, "rights-told", l, p.Email); err != nil {
				return err
			}
			return sent(tx)
		})
	}
	i := 0
	for i < len(n.Rights.Tell) && n.Rights.Tell[i].Recipient != t.Recipient {
		i++
	}
	if i == len(n.Rights.Tell) {
		return nil // the network no longer sends him anything
	}
	by := n.Rights.Tell[i]
	if by.Webhook != "" {
		var refs []string
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			tied, err := subjects(tx, t.Case)
			if err != nil {
				return err
			}
			refs, err = messagesOf(tx, tied)
			return err
		}); err != nil {
			return err
		}
		if err := s.Hook.post(ctx, by.Webhook, t.ID, s.DB.Machine(), notice{Type: "data." + t.What, Timestamp: s.DB.Now().UTC().Format(time.RFC3339), Data: noticeData{Case: c.Ref, Messages: refs, Acknowledge: link}}); err != nil {
			return job.Retry{After: 5 * time.Minute, Err: err}
		}
		return s.DB.Write(ctx, sent)
	}
	l, err := n.Message("recipient-told", "fr", map[string]string{"ref": strings.TrimSpace(c.Ref + " " + t.About), "what": whats[t.What].Say("fr"), "link": link})
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.toOutside(tx, ring, c, "recipient-told", l, by.Email); err != nil {
			return err
		}
		return sent(tx)
	})
}

// messagesOf lists the ids under which a processor knows what it carried for these people: it needs no name to find its copies.
func messagesOf(tx *db.Tx, tied []subject) (ids []string, err error) {
	for _, t := range tied {
		of, err := db.Values[string](tx, "SELECT id FROM message WHERE person_id = $1 ORDER BY at, id", t.Person)
		if err != nil {
			return nil, err
		}
		ids = append(ids, of...)
	}
	return ids, nil
}

// ToldLink opens the link of a recipient.
func (s *Service) ToldLink(ctx context.Context, token string) (t Told, err error) {
	id, _, err := s.Links.ReadLink(linkTold, token)
	if err != nil {
		return t, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		t, err = db.One(tx, scanTold, "SELECT "+toldColumns+" FROM inbox_told WHERE id = $1", id)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		err = auth.LinkGone()
	}
	return t, err
}

// Acknowledge notes that a recipient did the same in his own files. Twice is once.
func (s *Service) Acknowledge(ctx context.Context, token string) error {
	t, err := s.ToldLink(ctx, token)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE inbox_told SET acknowledged_at = $2 WHERE id = $1 AND acknowledged_at = 0", t.ID, db.Micros(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		if err := note(tx, t.Case, EvAck, t.Recipient, t.Recipient); err != nil {
			return err
		}
		return audit.Write(tx, "link", "recipient", "case.acknowledge", t.Case, t.Recipient)
	})
}

// sweepTold reminds who did not confirm, three times at most; after that it is the officer's to call. The archiver's orders have their own repetition.
func (s *Service) sweepTold(ctx context.Context) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil || n.Rights == nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := closeOrders(tx); err != nil {
			return err
		}
		ids, err := db.Values[string](tx, "SELECT id FROM inbox_told WHERE acknowledged_at = 0 AND sent_at > 0 AND sent_at <= $1 AND reminders < $2 AND NOT "+byOrder+" ORDER BY sent_at, id LIMIT 100",
			db.Micros(n.Rights.Remind.Cutoff(tx.Now())), mostReminders)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.Send("UPDATE inbox_told SET reminders = reminders + 1, sent_at = $2 WHERE id = $1", id, db.Micros(tx.Now())); err != nil {
				return err
			}
			if err := job.Add(tx, jobTell, id, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// Hook posts signed notices (Standard Webhooks 1.0.0).
type Hook struct {
	Client *http.Client
	Secret []byte // shared with the receivers; nil: notices are not posted
}

// HookSecret reads a secret as it is written: "whsec_" and base64 (Standard Webhooks 1.0.0), or any other text, whose bytes it is.
func HookSecret(text string) ([]byte, error) {
	coded, standard := strings.CutPrefix(text, "whsec_")
	if !standard {
		return []byte(text), nil
	}
	secret, err := base64.StdEncoding.DecodeString(coded)
	if err == nil && len(secret) < 24 {
		err = fmt.Errorf("%d bytes are too few, 24 are the least", len(secret))
	}
	return secret, err
}

type notice struct {
	Type      string     `json:"type"`
	Timestamp string     `json:"timestamp"`
	Data      noticeData `json:"data"`
}

type noticeData struct {
	Case        string   `json:"case"`
	Messages    []string `json:"messages"` // ids of what the receiver carried
	Acknowledge string   `json:"acknowledge"`
}

// Sign is the signature of a notice: base64 of HMAC-SHA-256 over id.timestamp.body, marked v1.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, secret)
	fmt.Fprintf(m, "%s.%d.", id, at.Unix())
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (h Hook) post(ctx context.Context, url, id string, at time.Time, n notice) error {
	if h.Secret == nil || h.Client == nil {
		return errors.New("no secret to sign notices with")
	}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", Sign(h.Secret, id, at, body))
	resp, err := h.Client.Do(req)
	if err != nil {
		return errors.New("the receiver of notices does not answer") // its address may hold a secret
	}
	_, drained := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if err := errors.Join(drained, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver of notices answers %d", resp.StatusCode)
	}
	return nil
}
