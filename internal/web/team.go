package web

import (
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/vault"
	"entremise/internal/web/ui"
)

// Who works here: invited by e-mail, with roles, the trades that an agent has practised and the date of the training (ET-19).

func (v *visit) team() error {
	return v.showing(v.teamPage(ui.Form{}, ""))
}

// teamPage lists the staff; open is the member whose form came back.
func (v *visit) teamPage(f ui.Form, open string) (ui.Team, error) {
	if err := v.actor.May(auth.TeamManage); err != nil {
		return ui.Team{}, err
	}
	all, err := v.Auth.Staff(v.ctx)
	if err != nil {
		return ui.Team{}, err
	}
	page := ui.Team{Space: v.spaceFrame(), Form: f, Open: open}
	for _, r := range network.Roles() {
		page.Roles = append(page.Roles, ui.Option{Value: string(r), Label: v.roleName(r)})
	}
	page.Trades = v.tradeOptions(v.n)
	for _, a := range all {
		m := ui.Member{ID: a.ID, Name: a.Name, Email: a.Email, Trades: a.Trades, Trained: a.TrainedOn, Last: a.LastSeen, Disabled: a.State == "disabled", Invited: a.State == "invited", Self: a.ID == v.actor.Account}
		for _, r := range a.Roles {
			m.Roles = append(m.Roles, string(r))
		}
		switch {
		case m.Disabled:
			m.Status = ui.Status{Tone: ui.Quiet, Text: v.lang.T("Compte fermé", "Account closed")}
		case m.Invited:
			m.Status = ui.Status{Tone: ui.Wait, Text: v.lang.T("Invité", "Invited")}
		case !a.DutySince.IsZero():
			m.Status = ui.Status{Tone: ui.Now, Text: v.lang.Tf("En service depuis %s", "On duty since %s", page.Hour(a.DutySince))}
		default:
			m.Status = ui.Status{Tone: ui.Good, Text: v.lang.T("Actif", "Active")}
		}
		page.Lines = append(page.Lines, m)
	}
	return page, nil
}

func (v *visit) roles() []network.Role {
	var all []network.Role
	for _, r := range v.r.Form["roles"] {
		all = append(all, network.Role(r))
	}
	return all
}

// teamInvite creates a member and sends the link; it is shown once too, for an administrator whose mail does not leave yet.
func (v *visit) teamInvite() error {
	if err := v.parse(); err != nil {
		return err
	}
	if to := v.mustBeFresh("/equipe"); to != nil {
		return to
	}
	in := auth.NewAccount{Name: v.value("name"), Email: v.value("email"), Lang: string(v.lang), Roles: v.roles(), TrainedOn: v.value("trained")}
	id, token, err := v.Auth.Invite(v.ctx, v.actor, in, func(tx *db.Tx, r *vault.Ring, id, token string) error {
		return v.tellStaff(tx, r, auth.Account{ID: id, Name: in.Name, Email: in.Email, Lang: in.Lang}, token)
	})
	if err != nil {
		return v.teamInvalid(err, "")
	}
	return v.teamInvited(id, token)
}

func (v *visit) teamInvited(id, token string) error {
	page, err := v.teamPage(ui.Form{}, "")
	if err != nil {
		return err
	}
	for i, m := range page.Lines {
		if m.ID == id {
			page.Lines[i].Link = v.Config.URL(v.n.SpaceHost, "/invitation/"+token)
		}
	}
	return v.show(page)
}

// tellStaff queues the e-mail that carries an invitation. The account's own key seals it.
func (v *visit) tellStaff(tx *db.Tx, r *vault.Ring, a auth.Account, token string) error {
	letter, err := v.n.Message("staff-invite", a.Lang, map[string]string{"name": a.Name, "link": v.Config.URL(v.n.SpaceHost, "/invitation/"+token)})
	if err != nil {
		return err
	}
	return v.Notify.Letter(tx, r, letter, notify.Message{Person: a.ID, Object: a.ID, Kind: "staff-invite"}, "", a.Email)
}

func (v *visit) teamInviteAgain() error {
	if err := v.actor.May(auth.TeamManage); err != nil {
		return err
	}
	if to := v.mustBeFresh("/equipe"); to != nil {
		return to
	}
	a, err := v.Auth.Get(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	ring, err := v.Vault.Ring(v.ctx, a.ID, string(network.DataMessages))
	if err != nil {
		return err
	}
	token, err := v.Auth.InviteAgain(v.ctx, v.actor, auth.TeamManage, a.ID, func(tx *db.Tx, token string) error {
		if err := ring.Assign(tx); err != nil { // an account that was made without a letter has no such key yet
			return err
		}
		return v.tellStaff(tx, ring, a, token)
	})
	if err != nil {
		return v.did("/equipe", "", err)
	}
	return v.teamInvited(a.ID, token)
}

func (v *visit) teamInvalid(err error, open string) error {
	if f := fault.Of(err); f != nil && f.Kind != fault.Invalid && len(f.Fields) == 0 {
		return v.did("/equipe", "", err)
	}
	return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.teamPage(f, open) })
}

func (v *visit) teamEdit() error {
	if err := v.parse(); err != nil {
		return err
	}
	if to := v.mustBeFresh("/equipe"); to != nil {
		return to
	}
	id := v.r.PathValue("id")
	if err := v.Auth.EditStaff(v.ctx, v.actor, id, v.roles(), v.r.Form["trades"], v.value("trained")); err != nil {
		return v.teamInvalid(err, id)
	}
	return v.did("/equipe", v.lang.T("C’est enregistré.", "Saved."), nil)
}

func (v *visit) teamDisable() error {
	if to := v.mustBeFresh("/equipe"); to != nil {
		return to
	}
	return v.did("/equipe", v.lang.T("Le compte est fermé, ses sessions aussi.", "The account is closed, and so are its sessions."), v.Auth.Disable(v.ctx, v.actor, v.r.PathValue("id")))
}

func (v *visit) teamEnable() error {
	if to := v.mustBeFresh("/equipe"); to != nil {
		return to
	}
	return v.did("/equipe", v.lang.T("Le compte est rouvert.", "The account is open again."), v.Auth.Enable(v.ctx, v.actor, v.r.PathValue("id")))
}
