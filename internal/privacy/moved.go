package privacy

import (
	"errors"
	"strconv"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
)

// note leaves a line of the trail for each sort of step that a round took, with the number of records: what moves by the file's time is as visible as
// what somebody did (WA-14). Nobody is named: who reached the end of his time is what a trail must not remember.
func (m Moved) note(tx *db.Tx) (err error) {
	for _, step := range []struct {
		action string
		count  int64
	}{{"retention.archive", m.Archived}, {"retention.erase", m.Erased}, {"retention.anonymise", m.Anonymised}} {
		if step.count > 0 {
			err = errors.Join(err, audit.Write(tx, auth.Machine.Name(), string(auth.System), step.action, "", strconv.FormatInt(step.count, 10)))
		}
	}
	return err
}
