package app

import (
	"errors"
	"os"
	"path/filepath"

	"entremise/internal/auth"
)

type inspectCmd struct {
	Settings `embed:""`
	To       string `arg:"" help:"File to write (.zip); it must not exist."`
}

// Run has the server write the pack, or, where none runs, does it in a process of its own, whose log then numbers what waits.
func (c inspectCmd) Run(o *out) error {
	to, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	if done, err := remote(o, c.Data, "inspect", []byte(to)); done || err != nil {
		return err
	}
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	i.startLog(o.ctx)
	return errors.Join(i.inspectTo(o, to), i.Close())
}

// inspectTo writes a pack. An error leaves no file.
func (i *Instance) inspectTo(o *out, to string) (err error) {
	if !filepath.IsAbs(to) {
		return errors.New("the path of the pack must be absolute")
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	pack, id, err := i.Inspect.Make(o.ctx, auth.Machine)
	if err == nil {
		_, err = f.Write(pack)
	}
	if err = errors.Join(inWords(err), f.Sync(), f.Close(), syncFolder(filepath.Dir(to))); err != nil {
		return err
	}
	return o.report(map[string]any{"file": to, "id": id, "bytes": len(pack), "key": i.Proof.VerifierKey()}, func() {
		o.say("Inspection pack %s is in %s, %d bytes.\nWhoever gets it checks it with: entremise verify --key '%s' FILE", id, to, len(pack), i.Proof.VerifierKey())
	})
}
