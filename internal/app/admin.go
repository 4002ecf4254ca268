package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/web"
)

type adminCmd struct {
	Permissions permissionsCmd `cmd:"" help:"Print who may do what: the one table that is enforced."`
	Routes      routesCmd      `cmd:"" help:"Print every page and who may open it."`
	Link        linkCmd        `cmd:"" help:"Make a sign-in link, good once and for fifteen minutes, for somebody who is locked out."`
	Invite      inviteCmd      `cmd:"" help:"Invite a member of staff and print the link."`
	Affiliate   affiliateCmd   `cmd:"" help:"Make an API token for a partner's program."`
	Token       tokenCmd       `cmd:"" help:"Make an API token for an account, by its e-mail."`
	Verify      verifyCmd      `cmd:"" help:"Verify an inclusion proof without the database."`
}

type permissionsCmd struct{}

func (permissionsCmd) Run(o *out) error {
	table := map[auth.Action][]string{}
	for _, a := range auth.Actions() {
		table[a] = auth.Holders(a)
	}
	return o.report(table, func() {
		w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "action\t"+strings.Join(auth.Columns(), "\t"))
		for _, a := range auth.Actions() {
			fmt.Fprint(w, a)
			for _, c := range auth.Columns() {
				mark := "·"
				if slices.Contains(table[a], c) {
					mark = "yes"
				}
				fmt.Fprint(w, "\t", mark)
			}
			fmt.Fprintln(w)
		}
		w.Flush()
	})
}

type routesCmd struct{}

func (routesCmd) Run(o *out) error {
	routes := web.Routes()
	return o.report(routes, func() {
		w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
		for _, r := range routes {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Method, r.Path, r.Where, r.Open)
		}
		w.Flush()
	})
}

// adminAsk is an admin command on its way to whoever holds the folder.
type adminAsk struct {
	Do          string
	Email, Name string
	Roles       []string
	Undertaking string
}

// admin runs a command in the server that holds the folder, or on the folder itself.
func (s Settings) admin(o *out, ask adminAsk) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if done, err := remote(o, s.Data, "admin", body); done || err != nil {
		return err
	}
	i, err := open(o.ctx, s, World{}, false, o.log)
	if err != nil {
		return err
	}
	return errors.Join(i.adminFrom(o, body), i.Close())
}

func (i *Instance) adminFrom(o *out, body []byte) error {
	var ask adminAsk
	if err := json.Unmarshal(body, &ask); err != nil {
		return err
	}
	n, err := i.Editions.InForce(o.ctx)
	if err != nil {
		return err
	}
	switch ask.Do {
	case "link":
		a, err := i.Auth.ByEmail(o.ctx, ask.Email)
		if err != nil {
			return fmt.Errorf("no account has this address: %w", err)
		}
		token, err := i.Auth.SignInLink(o.ctx, a.ID)
		if err != nil {
			return err
		}
		return i.print(o, "link", i.URL(n.SpaceHost, "/connexion/lien/"+token))
	case "invite":
		var roles []network.Role
		for _, r := range ask.Roles {
			roles = append(roles, network.Role(r))
		}
		_, token, err := i.Auth.Invite(o.ctx, auth.Machine, auth.NewAccount{Name: ask.Name, Email: ask.Email, Lang: "fr", Roles: roles}, nil)
		if err != nil {
			return err
		}
		return i.print(o, "invitation", i.URL(n.SpaceHost, "/invitation/"+token))
	case "token":
		a, err := i.Auth.ByEmail(o.ctx, ask.Email)
		if err != nil {
			return fmt.Errorf("no account has this address: %w", err)
		}
		token, err := i.Auth.NewToken(o.ctx, auth.Machine, a.ID, ask.Name)
		if err != nil {
			return err
		}
		return i.print(o, "token", token)
	case "affiliate":
		_, token, err := i.Auth.NewAffiliate(o.ctx, auth.Machine, ask.Name, ask.Email, ask.Undertaking)
		if err != nil {
			return err
		}
		return i.print(o, "token", token)
	}
	return fmt.Errorf("no such command: %q", ask.Do)
}

func (i *Instance) print(o *out, name, value string) error {
	return o.report(map[string]string{name: value}, func() { fmt.Fprintln(o.stdout, value) })
}

type linkCmd struct {
	Settings `embed:""`
	Email    string `arg:"" help:"Address of the account."`
}

func (c linkCmd) Run(o *out) error { return c.admin(o, adminAsk{Do: "link", Email: c.Email}) }

type inviteCmd struct {
	Settings `embed:""`
	Email    string   `arg:"" help:"Address of the new member of staff."`
	Name     string   `required:"" help:"Name of the new member of staff."`
	Role     []string `required:"" help:"Role; repeat for several: agent, onboarding, accountant, officer, administrator…"`
}

func (c inviteCmd) Run(o *out) error {
	return c.admin(o, adminAsk{Do: "invite", Email: c.Email, Name: c.Name, Roles: c.Role})
}

type affiliateCmd struct {
	Settings `embed:""`
	Email    string `arg:"" help:"Address of the partner."`
	Name     string `required:"" help:"Name of the partner."`

	Undertaking string `required:"" help:"Reference of the undertaking that the partner signed."`
}

func (c affiliateCmd) Run(o *out) error {
	return c.admin(o, adminAsk{Do: "affiliate", Email: c.Email, Name: c.Name, Undertaking: c.Undertaking})
}

type tokenCmd struct {
	Settings `embed:""`
	Email    string `arg:"" help:"Address of the account."`
	Name     string `required:"" help:"What the token is for."`
}

func (c tokenCmd) Run(o *out) error {
	return c.admin(o, adminAsk{Do: "token", Email: c.Email, Name: c.Name})
}

type verifyCmd struct {
	Proof string `arg:"" type:"existingfile" help:"File with the proof, as /log/preuve/… gives it."`
	Key   string `help:"Verifier key that you trust; without it the one in the file is used, which proves less."`
}

func (c verifyCmd) Run(o *out) error {
	text, err := os.ReadFile(c.Proof)
	if err != nil {
		return err
	}
	var file struct {
		Verifier string          `json:"verifier"`
		Proof    proof.Inclusion `json:"proof"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s is no proof: %w", c.Proof, err)
	}
	key := c.Key
	if key == "" {
		key = file.Verifier
	}
	if err := proof.Verify(file.Proof, key); err != nil {
		return err
	}
	return o.report(map[string]any{"valid": true, "position": file.Proof.Position, "kind": file.Proof.Kind}, func() {
		o.say("The log holds this %s at position %d.", file.Proof.Kind, file.Proof.Position)
	})
}
