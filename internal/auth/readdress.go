package auth

import (
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/vault"
)

// Readdress changes in tx the address by which an account signs in, and is sent what it asks for, to one that its owner has proved to be his. r holds
// the account's keys. Its caller has checked who acts and leaves the audit's line; a fault email-taken when another account has that address.
func (s *Service) Readdress(tx *db.Tx, r *vault.Ring, id, email string) error {
	index := s.vault.Index("account-email", EmailKey(email))
	taken, err := db.Value[int64](tx, "SELECT count(*) FROM account WHERE email_bidx = $1 AND id <> $2", index, id)
	if err != nil {
		return err
	}
	if taken > 0 {
		f := fault.New(fault.Conflict, "email-taken", fault.T("Un compte existe déjà avec cette adresse.", "An account with this address exists already."))
		f.Fields = []fault.Field{{Name: "email", Text: f.Public}}
		return f
	}
	return tx.Send("UPDATE account SET email_sealed = $2, email_bidx = $3 WHERE id = $1", id, r.SealText(category, at("email_sealed", id), email), index)
}
