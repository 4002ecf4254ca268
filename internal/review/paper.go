package review

import (
	"bytes"
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Of whom a document is asked.
const (
	OfAuthor = "author"
	OfMember = "member"
)

// MaxPaper is the largest document, in bytes.
const MaxPaper = 10 << 20

// Paper is a document that a moderator asked for (RN-50). It is a record and a person of its own, so that it can be destroyed with the decision.
type Paper struct {
	ID, Review string
	Whom       string // OfAuthor, OfMember
	At, Due    time.Time
	State      string // asked, received, destroyed
	ReceivedAt time.Time
	Type       string // application/pdf or image/jpeg
	Lang       string
	By         string

	Words string // what is asked for; only where it was opened
	Site  string
}

var paperKeys = []string{string(network.DataDocuments), string(network.DataMessages)}

const paperColumns = "id, review_id, whom, at, due_at, state, received_at, type, lang, by_account"

func scanPaper(s db.Scanner) (p Paper, err error) {
	var at, due, received int64
	err = s.Scan(&p.ID, &p.Review, &p.Whom, &at, &due, &p.State, &received, &p.Type, &p.Lang, &p.By)
	p.At, p.Due, p.ReceivedAt = db.Time(at), db.Time(due), db.Time(received)
	return p, err
}

func papers(tx *db.Tx, review string) ([]Paper, error) {
	return db.List(tx, scanPaper, "SELECT "+paperColumns+" FROM review_paper WHERE review_id = $1 ORDER BY at, id", review)
}

// Ask asks the author of a version, the member, or both, for a document: each gets a link of his own by e-mail, with the last day (RN-50).
func (s *Service) Ask(ctx context.Context, actor auth.Actor, version string, whom []string, what string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	var c fault.Check
	c.That(len(whom) > 0, "whom", fault.T("Choisissez à qui le demander.", "Choose of whom to ask it."))
	what = words(&c, "what", what, true)
	if err := c.Err(); err != nil {
		return err
	}
	found, err := s.version(ctx, version)
	if err != nil {
		return err
	}
	all, err := s.openAll(ctx, []stored{found})
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, found.Invite)
	if err != nil {
		return err
	}
	contacts, err := s.Pros.Contacts(ctx, found.Pro)
	if err != nil {
		return err
	}
	type asking struct {
		Paper
		ring          *vault.Ring
		email, letter string
		name          string
	}
	var asked []asking
	for _, w := range whom {
		a := asking{Paper: Paper{ID: s.DB.NewID("rvp"), Review: found.ID, Whom: w, Lang: i.Who.Lang}, email: i.Who.Email, name: i.Who.Name, letter: "review-document"}
		switch w {
		case OfMember:
			a.email, a.name, a.letter, a.Lang = contacts[found.Pro].Email, i.company, "review-member-document", "fr"
		case OfAuthor:
		default:
			return errNone
		}
		if a.ring, err = s.Vault.New(ctx, a.ID, paperKeys...); err != nil {
			return err
		}
		asked = append(asked, a)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		waits, err := db.Value[int64](tx, "SELECT count(*) FROM review_version WHERE id = $1 AND state = 'waiting'", version)
		if err == nil && waits == 0 {
			err = errState
		}
		if err != nil {
			return err
		}
		due := n.Reviews.Documents.AddTo(tx.Now())
		for _, a := range asked {
			if err := a.ring.Assign(tx); err != nil {
				return err
			}
			if err := tx.Send(`INSERT INTO review_paper (id, review_id, at, due_at, whom, state, received_at, by_account, lang, type, words_sealed, file_sealed)
				VALUES ($1, $2, $3, $4, $5, 'asked', 0, $6, $7, '', $8, $9)`, a.ID, a.Review, db.Micros(tx.Now()), db.Micros(due), a.Whom, actor.Account, a.Lang,
				a.ring.SealText(string(network.DataDocuments), place("review_paper", "words_sealed", a.ID), what), []byte{}); err != nil {
				return err
			}
			if err := privacy.Hold(tx, n, a.ID, a.ID, network.Author, network.WhileUndecided, network.DataDocuments, network.DataMessages); err != nil {
				return err
			}
			letter, err := n.Email(a.letter, a.Lang, map[string]string{"name": a.name, "pro": i.company, "ref": all[0].Ref(), "what": what, "date": day(due, a.Lang),
				"link": s.URL(i.Site, "/avis/piece/"+s.Links.Link(linkPaper, a.ID, 1)), "site": request.SiteName(n, i.Site, a.Lang)})
			if err != nil {
				return err
			}
			if err := s.Notify.Letter(tx, a.ring, letter, notify.Message{Person: a.ID, Object: a.ID, Kind: a.letter}, "", a.email); err != nil {
				return err
			}
			if err := noteWords(tx, i.ring, found.Review, EvAsked, actor.Name(), a.Whom, what); err != nil {
				return err
			}
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review.ask", found.ID, "")
	})
}

const linkPaper = "review-paper"

var (
	errPaperGone = fault.New(fault.Conflict, "paper-closed", fault.T("Ce document n’est plus attendu.", "This document is no longer waited for."))
	errPaperFile = fault.New(fault.Invalid, "paper-file", fault.T("Choisissez un PDF, une photo JPEG ou PNG, de 10 Mo au plus.", "Choose a PDF, or a JPEG or PNG picture, of 10 MB at most."))
)

// Wanted opens the link of a document that is asked for. Anonymous when the link is none of ours, Conflict once the document came or its time is over.
func (s *Service) Wanted(ctx context.Context, token string) (p Paper, err error) {
	id, _, err := s.Links.ReadLink(linkPaper, token)
	if err != nil {
		return p, err
	}
	var sealed []byte
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if p, err = db.One(tx, scanPaper, "SELECT "+paperColumns+" FROM review_paper WHERE id = $1", id); err != nil {
			return err
		}
		sealed, err = db.Value[[]byte](tx, "SELECT words_sealed FROM review_paper WHERE id = $1", id)
		return err
	}); err != nil {
		if errors.Is(err, db.ErrNone) {
			err = auth.LinkGone()
		}
		return p, err
	}
	if p.State != "asked" || !s.DB.Now().Before(p.Due) {
		return p, errPaperGone
	}
	ring, err := s.Vault.Ring(ctx, id)
	if err != nil {
		return p, err
	}
	p.Words, err = ring.OpenText(string(network.DataDocuments), place("review_paper", "words_sealed", id), sealed)
	return p, err
}

// Send takes the document of a link, once. A picture is unpacked and written anew, so that nothing of the file survives but what it shows; of a PDF only its
// first bytes are looked at, and no browser of ours opens it. Invalid faults name the field "file".
func (s *Service) Send(ctx context.Context, token string, upload []byte) error {
	p, err := s.Wanted(ctx, token)
	if err != nil {
		return err
	}
	kind, content, err := readPaper(upload)
	if err != nil {
		return err
	}
	ring, err := s.Vault.Ring(ctx, p.ID)
	if err != nil {
		return err
	}
	sealed := ring.Seal(string(network.DataDocuments), place("review_paper", "file_sealed", p.ID), content)
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		taken, err := tx.Exec("UPDATE review_paper SET state = 'received', received_at = $2, type = $3, file_sealed = $4 WHERE id = $1 AND state = 'asked'", p.ID, db.Micros(tx.Now()), kind, sealed)
		if err == nil && taken == 0 {
			err = errPaperGone
		}
		if err != nil {
			return err
		}
		r, err := load(tx, "r.id = $1", p.Review)
		if err != nil {
			return err
		}
		if err := note(tx, r.Review, EvReceived, "system", p.Whom); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, string(auth.Visitor), "", "review.paper", p.Review, p.ID)
	})
}

// readPaper takes a file for what it is.
func readPaper(upload []byte) (kind string, content []byte, err error) {
	switch {
	case len(upload) > MaxPaper:
		return "", nil, paperFault()
	case bytes.HasPrefix(upload, []byte("%PDF-")):
		return "application/pdf", upload, nil
	case bytes.HasPrefix(upload, []byte("\xff\xd8\xff")), bytes.HasPrefix(upload, []byte("\x89PNG\r\n\x1a\n")):
		photo, err := request.ReadPhoto(upload)
		if f := fault.Of(err); f != nil {
			var c fault.Check
			c.Add("file", f.Public)
			return "", nil, c.Err()
		}
		return "image/jpeg", photo.JPEG, err
	}
	return "", nil, paperFault()
}

func paperFault() error {
	var c fault.Check
	c.Add("file", errPaperFile.Public)
	return c.Err()
}

// Open shows a moderator a document that came; that he read it stands in the trail.
func (s *Service) Open(ctx context.Context, actor auth.Actor, id string) (p Paper, content []byte, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return p, nil, err
	}
	ring, err := s.Vault.Ring(ctx, id)
	if err != nil {
		return p, nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if p, err = db.One(tx, scanPaper, "SELECT "+paperColumns+" FROM review_paper WHERE id = $1 AND state = 'received'", id); err != nil {
			if errors.Is(err, db.ErrNone) {
				err = errNone
			}
			return err
		}
		sealed, err := db.Value[[]byte](tx, "SELECT file_sealed FROM review_paper WHERE id = $1", id)
		if err != nil {
			return err
		}
		if content, err = ring.Open(string(network.DataDocuments), place("review_paper", "file_sealed", id), sealed); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewRead), "review.paper-read", p.Review, id)
	})
	return p, content, err
}

// destroyPapers ends the documents of a review with the decision: the bytes go now, their keys with the lifecycle's next round.
func (s *Service) destroyPapers(tx *db.Tx, n *network.Network, review string) error {
	all, err := papers(tx, review)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.State == "destroyed" {
			continue
		}
		if err := tx.Send("UPDATE review_paper SET state = 'destroyed', words_sealed = $2, file_sealed = $2 WHERE id = $1", p.ID, []byte{}); err != nil {
			return err
		}
		if err := privacy.Ended(tx, n, p.ID, p.ID, network.WhileUndecided); err != nil {
			return err
		}
	}
	return nil
}
