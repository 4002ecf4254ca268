package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/job"
	"entremise/internal/vault"
)

// BouncedKind is the job that follows the mark of an e-mail address as invalid; its object is the message that did not arrive.
const BouncedKind job.Kind = "message.bounced"

// codeKind is the one message that goes to an address marked invalid too: somebody asked for it there just now, and its code clears the mark.
const codeKind = "code"

// unreachable says whether a status (RFC 3463) or, where a server gives none, a reply code (RFC 5321) means that an address takes no mail, and not
// that this message was unwelcome or too large.
func unreachable(status string) bool {
	switch class, rest, enhanced := strings.Cut(status, "."); {
	case !enhanced:
		return status == "550" || status == "551" || status == "553"
	case class != "5":
		return false
	default:
		return strings.HasPrefix(rest, "1.") || rest == "2.0" || rest == "2.1" || rest == "2.2" || rest == "4.4" || rest == "0.0"
	}
}

// statusOf is the status of a driver's code such as "smtp 550 5.1.1".
func statusOf(code string) string {
	words := strings.Fields(code)
	if len(words) < 2 || words[0] != "smtp" {
		return ""
	}
	return words[len(words)-1]
}

// markInvalid notes in tx that mail to an address did not arrive. One that was found good after the message had left stays good: an old report
// says nothing about it.
func markInvalid(tx *db.Tx, m stored, sent time.Time, status string) error {
	n, err := tx.Exec(`INSERT INTO bounce (to_bidx, person_id, message_id, at, status, cleared_at) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (to_bidx) DO UPDATE SET person_id = excluded.person_id, message_id = excluded.message_id, at = excluded.at, status = excluded.status, cleared_at = 0
		WHERE bounce.cleared_at > 0 AND bounce.cleared_at < $6`, m.bidx, m.Person, m.ID, db.Micros(tx.Now()), status, db.Micros(sent))
	if err != nil || n == 0 {
		return err
	}
	return job.Add(tx, BouncedKind, m.ID, 0)
}

// Invalid reports whether mail to an address, by its index, is known not to arrive.
func Invalid(tx *db.Tx, bidx string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM bounce WHERE to_bidx = $1 AND cleared_at = 0", bidx)
	return n > 0, err
}

// Valid notes in tx that somebody has proved that he reads mail at an address.
func Valid(tx *db.Tx, bidx string) error {
	return tx.Send("UPDATE bounce SET cleared_at = $2 WHERE to_bidx = $1 AND cleared_at = 0", bidx, db.Micros(tx.Now()))
}

// Bounced takes a report that an e-mail of ours did not reach an address (RFC 3464), and tells whether it is about one. It is believed only if a
// message of that id, which nobody guesses, was sent to that address: who forges one can at most speak about his own.
func (s *Service) Bounced(ctx context.Context, id, address, status string) (known bool, err error) {
	var m stored
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		m, err = db.One(tx, scan, "SELECT "+columns+" FROM message WHERE id = $1 AND channel = 'email' AND state IN ('sent', 'in-doubt')", id)
		return err
	}); errors.Is(err, db.ErrNone) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	rings, err := s.vault.Rings(ctx, m.Person)
	if err != nil {
		return false, err
	}
	if err := m.open(rings[m.Person]); errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrArchived) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if !strings.EqualFold(m.To, strings.TrimSpace(address)) {
		return false, nil
	}
	if !unreachable(status) {
		return true, nil
	}
	return true, s.db.Write(ctx, func(tx *db.Tx) error { return markInvalid(tx, m, m.sent, status) })
}
