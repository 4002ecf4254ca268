package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"entremise/internal/proof"
)

// mostCheckpoint is how much of a kept state of the log is read, in bytes.
const mostCheckpoint = 100_000

// isCheckpoint tells a state of the log from the JSON and the archives that this command checks too.
func isCheckpoint(b []byte) bool {
	return len(b) <= mostCheckpoint && !bytes.HasPrefix(b, []byte("{")) && bytes.Contains(b, []byte("\n\n— "))
}

// checkpoint checks a state of the log (/log/checkpoint) that somebody kept. It names no key, so one has to be given.
func (c verifyFileCmd) checkpoint(o *out, b []byte) error {
	if c.Key == "" {
		return errors.New("a state of the log names no key: give --key, as the operator publishes it (/log/key)")
	}
	t, err := proof.OpenCheckpoint(string(b), strings.TrimSpace(c.Key))
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", c.File, err)
	}
	return o.report(map[string]any{"valid": true, "size": t.Size, "root": t.Root()}, func() {
		o.say("It holds: signed by the key given, %d lines, root %s.\nWhether a later state extends it: entremise verify --since %s --key … FILE, with the answer of /log/consistency?from=%d", t.Size, t.Root(), c.File, t.Size)
	})
}

// growth checks that the answer of /log/consistency extends the state that was kept.
func (c verifyFileCmd) growth(o *out, b []byte) error {
	if c.Key == "" {
		return errors.New("give --key, as the operator publishes it (/log/key): a log that was rewritten names whatever key it likes")
	}
	kept, err := os.ReadFile(c.Since)
	if err != nil {
		return err
	}
	var next proof.Link
	if err := json.Unmarshal(b, &next); err != nil || next.Checkpoint == "" {
		return fmt.Errorf("%s is no answer of /log/consistency", c.File)
	}
	key := strings.TrimSpace(c.Key)
	old, err := proof.OpenCheckpoint(string(kept), key)
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", c.Since, err)
	}
	last, err := proof.VerifyChain([]proof.Link{{Checkpoint: string(kept)}, next}, key)
	if err != nil {
		return fmt.Errorf("the log is not the one of %s any more: %w", c.Since, err)
	}
	return o.report(map[string]any{"valid": true, "from": old.Size, "to": last.Size}, func() {
		o.say("It holds: all %d lines of the state that you kept are there, unchanged, and %d were added after them.", old.Size, last.Size-old.Size)
	})
}
