package archiver

import (
	"encoding/hex"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/proof"
)

// certificate says in plain lines what was deleted, and whose word it is that nothing is left. It names nobody.
func certificate(d row, confirmed time.Time, confirmation string) string {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	lines := []string{"entremise archive deletion 1", "deposit=" + d.id, "kind=" + d.kind, "sha256=" + hex.EncodeToString(d.digest), "driver=" + d.driver, "receipt=" + d.ref, "version=" + d.version}
	if d.delivered == 0 {
		lines = append(lines[:4], "receipt=none: it had not been delivered")
	} else {
		lines = append(lines, "delivered="+at(db.Time(d.delivered)))
	}
	return strings.Join(append(lines, "ordered="+at(db.Time(d.asked)), "confirmed="+at(confirmed), "confirmation="+confirmation), "\n") + "\n"
}

// commitEnd notes a certificate in the proof log: it holds the random name of the deposit, and nothing of a person.
func commitEnd(tx *db.Tx, id, text string) (leaf string, err error) {
	return proof.CommitSecret(tx, leafEnd, id, []byte(text))
}
