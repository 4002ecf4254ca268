package app

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"entremise/internal/inspect"
	"entremise/internal/privacy"
)

type verifyFileCmd struct {
	File  string `arg:"" help:"A lead passport, as a professional downloads it, an inspection pack, or a state of the proof log." type:"path"`
	Key   string `help:"The log's verifier key, as the operator publishes it. Without it the file is checked against the key that it names itself." placeholder:"VKEY"`
	Since string `help:"A state of the log that you kept; FILE is then the answer of /log/consistency?from= its size." type:"existingfile"`
}

// How much of a file is read, in bytes.
const (
	mostPassport = 2 << 20
	mostPack     = 256 << 20
)

// Run checks a file without network, database or data folder.
func (c verifyFileCmd) Run(o *out) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	head, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	pack := inspect.Is(head) // now: reading on overwrites what was peeked at
	most := int64(mostPassport)
	if pack {
		most = mostPack
	}
	b, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return err
	}
	if pack {
		return c.pack(o, b)
	}
	switch {
	case c.Since != "":
		return c.growth(o, b)
	case isCheckpoint(b):
		return c.checkpoint(o, b)
	}
	p, err := privacy.VerifyPassport(b, c.Key)
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", c.File, err)
	}
	return o.report(p, func() {
		o.say("%s", p.Say())
		c.whose(o, p.Key, "words, times, commitments, inclusion in the log and signatures")
	})
}

func (c verifyFileCmd) pack(o *out, b []byte) error {
	r, err := inspect.Verify(b, c.Key)
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", c.File, err)
	}
	return o.report(r, func() {
		o.say("%s", r.Say())
		c.whose(o, r.Key, "every byte, its place in the log, the log itself and the samples")
	})
}

// whose says by whose key a file holds.
func (c verifyFileCmd) whose(o *out, key, what string) {
	if c.Key == "" {
		o.say("Whole, and signed by the key that it names: %s\nGive --key with the key that the operator publishes to know that it is his.", key)
		return
	}
	o.say("It holds: %s, by the key given.", what)
}
