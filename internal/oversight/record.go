package oversight

import (
	"context"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/request"
)

// TieRecord names one record that a file is about, and nothing else of its person: a request by its reference, a call or a message by its id. Only a
// request of an authority and broken terms name records: who was concerned by a breach is a person.
func (s *Service) TieRecord(ctx context.Context, actor auth.Actor, id, typed string) error {
	if err := actor.May(auth.OversightWork); err != nil {
		return err
	}
	typed = strings.TrimSpace(typed)
	var person, record, kept string // kept is the record under which it is held
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		switch ref, ok := request.ParseRef(typed); {
		case ok:
			if record, err = request.IDByRef(tx, ref); err == nil {
				person, err = request.PersonByRef(tx, ref)
			}
			typed, kept = ref, record
		case strings.HasPrefix(typed, "cal_"):
			person, err = call.PersonOf(tx, typed)
			record, kept = typed, typed
		case strings.HasPrefix(typed, "msg_"):
			person, kept, err = notify.WhoseMessage(tx, typed)
			record = typed
		}
		return err
	}); err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	if person == "" {
		var c fault.Check
		c.Add("ref", fault.T("Aucune demande, aucun appel ni message n’est connu sous cette référence.", "No request, call or message is known under this reference."))
		return c.Err()
	}
	return s.tie(ctx, actor, id, Subject{Person: person, Record: record, Ref: typed}, kept)
}

// holdFor lays in tx the hold of a subject: on the record under which he is held, or on all of him where none is.
func holdFor(tx *db.Tx, actor auth.Actor, f File, person, kept string) (string, error) {
	ground := "dispute"
	if f.Kind == Authority {
		ground = "authority"
	}
	if kept != "" {
		held, err := privacy.KnownRecord(tx, person, kept)
		if err != nil {
			return "", err
		}
		if !held {
			kept = ""
		}
	}
	return privacy.LayIn(tx, actor, privacy.LegalHold{Person: person, Record: kept, Ground: ground, Reference: f.Ref})
}
