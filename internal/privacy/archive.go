package privacy

import (
	"context"
	"slices"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
)

// Opened is what somebody sees of the archive for one reason, once.
type Opened struct {
	Person string
	Held   []Held
	Values []Value
}

// OpenArchive lets who has the archive's role read what it holds of a person, for a ground and the reference of a file (WA-36, WA-37; CNIL,
// intermediate archive). Who, what and why is written before anything is opened; a purpose names the role that may read it, and what a legal hold or
// a duty of law keeps is for litigation. It answers once: whoever needs it again says again why.
func (e *Engine) OpenArchive(ctx context.Context, actor auth.Actor, person, ground, reference string) (out Opened, err error) {
	if err := actor.May(auth.ArchiveOpen); err != nil {
		return out, audit.Refuse(ctx, e.db, actor.Name(), actor.As(auth.ArchiveOpen), "archive.open", person, err, "")
	}
	var c fault.Check
	c.That(slices.Contains(Grounds(), ground), "ground", fault.T("Dites pour quel motif vous ouvrez l’archive.", "Say on what ground you open the archive."))
	n := len([]rune(reference))
	c.That(n > 0 && n <= 80, "reference", fault.T("Donnez la référence du dossier, en 80 caractères au plus.", "Give the reference of the file, in 80 characters at most."))
	if err := c.Err(); err != nil {
		return out, err
	}
	in, err := e.editions.InForce(ctx)
	if err != nil {
		return out, err
	}
	err = e.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		return audit.Write(tx, actor.Name(), actor.As(auth.ArchiveOpen), "archive.open", person, ground+" "+reference)
	})
	if err != nil {
		return out, err
	}
	trace, err := e.Trace(ctx, person, true)
	if err != nil {
		return out, err
	}
	out.Person = person
	var readable []string
	for _, h := range trace.Holdings {
		role := network.RoleLitigation
		if p, ok := in.Purpose(h.Purpose); ok && p.Keep != nil && p.Keep.Archive != nil && p.Keep.Archive.ReadBy != "" {
			role = p.Keep.Archive.ReadBy
		}
		if h.Archived && actor.Has(role) {
			out.Held = append(out.Held, h)
			readable = append(readable, h.Categories...)
		}
	}
	for _, v := range trace.Values { // what is not in the archive has pages of its own
		if v.Archived && v.State == "open" && !v.IsKey() && slices.Contains(readable, string(v.Category)) {
			out.Values = append(out.Values, v)
		}
	}
	return out, nil
}
