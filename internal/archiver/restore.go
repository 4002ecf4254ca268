package archiver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Restored is a deposit that somebody had back.
type Restored struct {
	Line
	Content []byte
}

// Restore has a deposit back (restitution): fetched, compared with its digest, with the leaf of its deposit and with its own seal, and opened. It is
// for the roles that the network file names, with a ground, the reference of a file (at most 80 characters) and a fresh proof of identity; what lies
// in the intermediate archive is for the role that its purpose names as well. Who, what and why is written before anything is fetched. A deposit that
// the archiver has lost or changed is a fault of kind Conflict, and shows from then on; one that has ended is Missing.
func (s *Service) Restore(ctx context.Context, actor auth.Actor, id, ground, reference string) (out Restored, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return out, err
	}
	err = actor.May(auth.ArchiveOpen)
	if err == nil && (n.Archiver == nil || !slices.ContainsFunc(n.Archiver.RestoredBy, actor.Has)) {
		err = errRole
	}
	if err != nil {
		return out, audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.ArchiveOpen), restoring, id, err, "")
	}
	if err := actor.MustBeFresh(s.db.Machine()); err != nil {
		return out, err
	}
	reference = strings.TrimSpace(reference)
	var c fault.Check
	c.That(slices.Contains(privacy.Grounds(), ground), "ground", fault.T("Dites pour quel motif vous reprenez ce dépôt.", "Say on what ground you have this deposit back."))
	length := len([]rune(reference))
	c.That(length > 0 && length <= 80, "reference", fault.T("Donnez la référence du dossier, en 80 caractères au plus.", "Give the reference of the file, in 80 characters at most."))
	if err := c.Err(); err != nil {
		return out, err
	}
	d, err := s.get(ctx, id)
	if errors.Is(err, db.ErrNone) {
		return out, errNone
	}
	if err != nil {
		return out, err
	}
	if len(d.key) == 0 {
		return out, errOver
	}
	ring, err := s.ring(ctx, n, actor, d)
	if fault.Is(err, fault.Denied) {
		return out, audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.ArchiveOpen), restoring, id, err, "")
	}
	if err != nil {
		return out, err
	}
	if err := s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		return audit.Write(tx, actor.Name(), actor.As(auth.ArchiveOpen), restoring, id, ground+" "+reference)
	}); err != nil {
		return out, err
	}
	body := d.body
	if d.delivered > 0 {
		if err := s.mine(d); err != nil {
			return out, err
		}
		if body, err = s.fetch(ctx, d); err != nil {
			return out, said(err)
		}
	}
	key, err := ring.Open(d.category, keyPlace(id), d.key)
	if errors.Is(err, vault.ErrErased) {
		return out, errOver
	}
	if err != nil {
		return out, err
	}
	defer clear(key)
	kind := network.Deposited(d.kind)
	if err := s.db.Read(ctx, func(tx *db.Tx) error { return proof.Check(tx, ring, d.leaf, promised(id, kind, d.digest)...) }); err != nil {
		return out, err
	}
	if out.Content, err = unseal(key, id, kind, body); err != nil {
		return out, err
	}
	if d, err = s.get(ctx, id); err != nil { // as it stands now that it was compared
		return out, err
	}
	out.Line = d.line()
	return out, nil
}

const restoring = "archiver.restore"

// ring loads the keys that open a deposit. Once its record lies in the intermediate archive, a role is needed that one of the purposes which keep it
// there names; what a legal hold keeps is for litigation.
func (s *Service) ring(ctx context.Context, n *network.Network, actor auth.Actor, d row) (*vault.Ring, error) {
	if !vault.IsArchived(d.key) {
		return s.vault.Ring(ctx, d.person)
	}
	var purposes []string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { purposes, err = privacy.ArchivedFor(tx, d.person, d.record); return err }); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(purposes, func(id string) bool {
		role := network.RoleLitigation
		if p, ok := n.Purpose(id); ok && p.Keep != nil && p.Keep.Archive != nil && p.Keep.Archive.ReadBy != "" {
			role = p.Keep.Archive.ReadBy
		}
		return actor.Has(role)
	}) {
		return nil, errRole
	}
	return s.vault.ArchiveRing(ctx, d.person)
}

// said tells a person what became of a deposit at the archiver's.
func said(err error) error {
	switch {
	case errors.Is(err, errWrong):
		return errBroken
	case errors.Is(err, errOutage):
		return errDown
	}
	return err
}

var (
	errRole   = fault.New(fault.Denied, "not-a-restorer", fault.T("Le fichier du réseau ne donne pas à votre rôle ce que garde l’archiveur.", "The network file does not give your role what the archiver keeps."))
	errBroken = fault.New(fault.Conflict, "deposit-broken", fault.T("L’archiveur n’a pas rendu ce qui lui a été confié : le dépôt manque ou a changé. Rien n’en est montré, et l’anomalie est signalée.",
		"The archiver did not give back what it was entrusted with: the deposit is missing or was changed. Nothing of it is shown, and the anomaly is reported."))
	errDown = fault.New(fault.Unavailable, "archiver-down", fault.T("L’archiveur ne répond pas. Recommencez dans quelques minutes.", "The archiver does not answer. Try again in a few minutes."))
)
