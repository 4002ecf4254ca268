package app

import (
	"fmt"
	"io"
	"os"

	"entremise/internal/privacy"
)

type passportCmd struct {
	File string `arg:"" help:"A lead passport, as a professional downloads it." type:"path"`
	Key  string `help:"The log's verifier key, as the operator publishes it. Without it the file is checked against the key that it names itself." placeholder:"VKEY"`
}

// Run checks a passport without network, database or data folder.
func (c passportCmd) Run(o *out) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 2<<20))
	if err != nil {
		return err
	}
	p, err := privacy.VerifyPassport(b, c.Key)
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", c.File, err)
	}
	return o.report(p, func() {
		o.say("%s", p.Say())
		if c.Key == "" {
			o.say("Whole, and signed by the key that it names: %s\nGive --key with the key that the operator publishes to know that it is his.", p.Key)
			return
		}
		o.say("It holds: words, times, commitments, inclusion in the log and signatures, by the key given.")
	})
}
