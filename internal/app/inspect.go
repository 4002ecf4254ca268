package app

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"entremise/internal/auth"
	"entremise/internal/inspect"
)

type inspectCmd struct {
	Settings `embed:""`
	To       string    `arg:"" help:"File to write (.zip); it must not exist."`
	From     time.Time `help:"First day of the cases, erasures and acts that it tells, in UTC (2026-01-01); all if absent." format:"2006-01-02"`
	Until    time.Time `help:"Last day of them; until now if absent." format:"2006-01-02"`
}

// inspectAsk is the command on its way to the server that holds the folder.
type inspectAsk struct {
	To     string
	Period inspect.Period
}

// Run has the server write the pack, or, where none runs, does it in a process of its own, whose log then numbers what waits.
func (c inspectCmd) Run(o *out) error {
	to, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	ask := inspectAsk{To: to, Period: inspect.Period{From: c.From, Until: c.Until}}
	if !c.Until.IsZero() {
		ask.Period.Until = c.Until.AddDate(0, 0, 1)
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if done, err := remote(o, c.Data, "inspect", body); done || err != nil {
		return err
	}
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	i.startLog(o.ctx)
	return errors.Join(i.inspectTo(o, body), i.Close())
}

// inspectTo writes a pack. An error leaves no file.
func (i *Instance) inspectTo(o *out, body []byte) (err error) {
	var ask inspectAsk
	if err := json.Unmarshal(body, &ask); err != nil {
		return err
	}
	to := ask.To
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
	made, err := i.Inspect.Make(o.ctx, auth.Machine, ask.Period, f)
	if err = errors.Join(inWords(err), f.Sync(), f.Close(), syncFolder(filepath.Dir(to))); err != nil {
		return err
	}
	return o.report(map[string]any{"file": to, "id": made.ID, "bytes": made.Size, "key": i.Proof.VerifierKey()}, func() {
		o.say("Inspection pack %s is in %s, %d bytes.\nWhoever gets it checks it with: entremise verify --key '%s' FILE", made.ID, to, made.Size, i.Proof.VerifierKey())
	})
}
