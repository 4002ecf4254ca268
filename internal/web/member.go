package web

import (
	"cmp"
	"net/url"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// Members of a network that forwards requests: what is forwarded to them, their membership, and what staff do about both.

func memberRoutes() []route {
	return []route{
		{"GET", "/transmises", space, member, 0, (*visit).purchases},
		{"GET", "/transmises/{id}", space, member, 0, (*visit).bought},
		{"POST", "/transmises/{id}/suivi", space, member, 0, (*visit).outcome},
		{"GET", "/transmises/{id}/fiche.pdf", space, member, 0, (*visit).boughtPDF},
		{"GET", "/transmises/{id}/contact.vcf", space, member, 0, (*visit).boughtCard},
		{"GET", "/transmises/{id}/passeport.json", space, member, 0, (*visit).boughtPassport},
		{"GET", "/transmises/{id}/photos/{photo}", space, member, 0, (*visit).boughtPhoto},
		{"GET", "/adhesion", space, member, 0, (*visit).membership},
		{"POST", "/adhesion/partir", space, member, 0, (*visit).memberLeave},
		{"POST", "/adhesion/rester", space, member, 0, (*visit).memberStay},
		{"POST", "/adhesion/renouveler", space, member, 0, (*visit).memberRenew},
	}
}

// taken is the path of a professional's list of what he bought, or was passed.
func (v *visit) taken() string {
	if v.n.Forwards() {
		return "/transmises"
	}
	return "/achats"
}

// proHome is where a professional's day begins.
func (v *visit) proHome() string {
	if v.n.Forwards() {
		return "/transmises"
	}
	return "/tableau"
}

func (v *visit) gotLabel() string {
	if v.n.Forwards() {
		return v.lang.T("Demandes transmises, 30 jours", "Requests passed on, 30 days")
	}
	return v.lang.T("Achats, 30 jours", "Purchases, 30 days")
}

func mostForwarded(n *network.Network) int {
	if n.Introductions.Forward == nil {
		return 0
	}
	return n.Introductions.Forward.Most
}

// passedMasked says to a member why he reads nothing of a request any more.
func passedMasked(why string) fault.Text {
	switch why {
	case "":
		return fault.Text{}
	case "done":
		return fault.T("Cette demande est traitée : vous n’avez plus besoin des coordonnées du client, et elles ne s’affichent plus.", "This request is dealt with: you no longer need the customer’s details, and they are no longer shown.")
	case "erased":
		return fault.T("Ces coordonnées sont effacées.", "These details are erased.")
	}
	return fault.T("Cette demande a pris fin : le client a retiré son accord ou y a renoncé. Ne l’appelez plus, et effacez ce que vous avez noté de lui.", "This request has ended: the customer took the agreement back or gave it up. Do not call any more, and erase what you noted.")
}

// memberChoices are members as an agent chooses among them.
func (v *visit) memberChoices(all []request.Member) []ui.MemberChoice {
	var out []ui.MemberChoice
	for _, m := range all {
		c := ui.MemberChoice{ID: m.ID, Name: m.Name, Km: float64(m.Metres) / 1000, Why: v.say2(m.Why), Has: m.Has, Note: v.say2(m.Beside)}
		if m.Metres < 0 {
			c.Km = -1
		}
		if m.Named {
			c.Note = joinWords(v.lang.T("demandé par le client", "asked for by the customer"), c.Note)
		}
		out = append(out, c)
	}
	return out
}

// filePassed lists who has a request that was forwarded, and who may still get it.
func (v *visit) filePassed(p *ui.RequestFile, f request.File) error {
	for _, b := range f.Purchases {
		p.Sold = append(p.Sold, ui.Sold{Name: f.Names[b.Pro], Href: "/pros/" + b.Pro, At: b.Revealed, Called: b.Contacted, Outcome: v.outcomeName(b.Outcome)})
	}
	p.Passed = true
	if f.State != request.Forwarded || !v.actor.Can(auth.RequestPublish) {
		return nil
	}
	p.CanProcess = true
	if p.Most = mostForwarded(f.Network) - f.Sold; p.Most <= 0 {
		return nil
	}
	all, err := v.Requests.Members(v.ctx, f.Request, f.Trade, f.Commune())
	p.Members = v.memberChoices(all)
	return err
}

func (v *visit) requestForward() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.fileDid(v.lang.T("La demande est transmise, et chacun est prévenu.", "The request is passed on, and everybody has been told."), v.Requests.ForwardMore(v.ctx, v.actor, v.r.PathValue("id"), v.r.Form["members"]))
}

func (v *visit) requestProcessed() error {
	return v.fileDid(v.lang.T("La demande est traitée : ses données s’effacent.", "The request is dealt with: its data is being erased."), v.Requests.Processed(v.ctx, v.actor, v.r.PathValue("id")))
}

// membershipNotice tells a member why nothing is passed to him, where that is so.
func (v *visit) membershipNotice(page *ui.Purchases) error {
	me, _, err := v.Pros.Get(v.ctx, v.actor, v.actor.Pro)
	if err != nil {
		return err
	}
	page.Notice = v.accessWords(me)
	return nil
}

// membershipOf says where a member stands. today is the business day in Paris.
func (v *visit) membershipOf(p pro.Pro, staff bool) (m ui.Membership, err error) {
	var is pro.Membership
	var ok bool
	var accepted []pro.Arrangement
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) {
		if is, ok, err = pro.MembershipOf(tx, p.ID); err != nil {
			return err
		}
		accepted, err = pro.Arrangements(tx, v.n, p.ID)
		return err
	}); err != nil {
		return m, err
	}
	day := func(on string) string { return network.Date(on).Say(string(v.lang)) }
	m.Arranged = ui.Status{Tone: ui.Bad, Text: v.lang.T("Accord à accepter : rien n’est transmis avant", "Arrangement to be accepted: nothing is passed on before")}
	for _, a := range accepted {
		if a.Now {
			m.Arranged = ui.Status{Tone: ui.Good, Text: v.lang.Tf("Accord accepté le %s, version %s", "Arrangement accepted on %s, version %s", v.lang.Date(a.At.In(geo.Paris())), a.Version[:8])}
		}
	}
	if !ok {
		m.Facts = []ui.Fact{{Label: v.lang.T("Adhésion", "Membership"), Value: v.lang.T("commence à l’ouverture de l’accès", "begins when the access opens")}}
		return m, nil
	}
	m.Facts = []ui.Fact{{Label: v.lang.T("Membre depuis le", "Member since"), Value: day(is.Since)}, {Label: v.lang.T("Période en cours jusqu’au", "Running term until"), Value: day(is.Until)}}
	if is.Leaves == "" {
		then := v.lang.T("se renouvelle d’elle-même", "renews by itself")
		if v.n.Members.Renews == network.RenewsExpressly {
			then = v.lang.T("à renouveler", "to be renewed")
			if is.Renewed {
				then = v.lang.T("renouvelée", "renewed")
			}
		}
		m.Facts = append(m.Facts, ui.Fact{Label: v.lang.T("Ensuite", "Then"), Value: then})
	} else {
		m.Leaves = v.lang.Tf("L’adhésion prend fin le %s : %s.", "The membership ends on %s: %s.", day(is.Leaves), cmp.Or(v.say2(v.n.Leaving(is.Reason)), v.ground(is.Reason)))
	}
	m.Today = v.DB.Now().In(geo.Paris()).Format(time.DateOnly)
	m.Proposed = is.Next()
	if staff {
		m.Proposed = m.Today
		for _, w := range v.n.Members.Leaving {
			m.Reasons = append(m.Reasons, ui.Option{Value: w.ID, Label: v.say2(w.Text)})
		}
	}
	closed := p.State == pro.Closed
	m.CanLeave = !closed && is.Leaves == ""
	m.CanStay = !closed && is.Leaves != "" && (staff || is.By == v.actor.Account)
	m.CanRenew = m.CanLeave && v.n.Members.Renews == network.RenewsExpressly && !is.Renewed
	return m, nil
}

// proMembership adds it to the page of staff.
func (v *visit) proMembership(page *ui.ProFile, p pro.Pro) error {
	if !v.n.Forwards() || p.Outside {
		return nil
	}
	m, err := v.membershipOf(p, true)
	m.CanLeave, m.CanStay = m.CanLeave && page.CanSuspend, m.CanStay && page.CanSuspend
	m.CanRenew = m.CanRenew && page.CanEdit
	page.Membership = &m
	return err
}

// proLeave ends a membership on a day; one that ends at once ends an access, so its author proves who he is.
func (v *visit) proLeave() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if to := v.mustBeFresh("/pros/" + id); to != nil {
		return to
	}
	return v.proDid(v.lang.T("Le départ est noté, et le membre est prévenu.", "The leaving is noted and the member is told."), v.Pros.LeaveOn(v.ctx, v.actor, id, v.value("leaves_on"), v.value("leaving")))
}

func (v *visit) proStay() error {
	return v.proDid(v.lang.T("Le départ est annulé.", "The leaving is taken back."), v.Pros.Recall(v.ctx, v.actor, v.r.PathValue("id")))
}

func (v *visit) proRenew() error {
	return v.proDid(v.lang.T("L’adhésion est renouvelée.", "The membership is renewed."), v.Pros.Renew(v.ctx, v.actor, v.r.PathValue("id")))
}

func (v *visit) membership() error { return v.showing(v.membershipPage(ui.Form{})) }

func (v *visit) membershipPage(f ui.Form) (ui.View, error) {
	me, c, err := v.Pros.Get(v.ctx, v.actor, v.actor.Pro)
	if err != nil {
		return nil, err
	}
	page := ui.MembershipPage{Space: v.proFrame(geo.Paris(), v.ownTopic()), Form: f, Company: c.Company, Essence: documentPaths[network.DocArrangement]}
	page.Membership, err = v.membershipOf(me, false)
	return page, err
}

func (v *visit) memberLeave() error {
	if err := v.parse(); err != nil {
		return err
	}
	if v.actor.MustBeFresh(v.DB.Machine()) != nil {
		return redirectTo{"/confirmer?next=" + url.QueryEscape("/adhesion")}
	}
	if err := v.Pros.LeaveOn(v.ctx, v.actor, v.actor.Pro, v.value("leaves_on"), ""); err != nil {
		return v.invalid(err, v.membershipPage)
	}
	return v.did("/adhesion", v.lang.T("Votre départ est noté. Vous pouvez l’annuler jusqu’à ce jour.", "Your leaving is noted. You can take it back until that day."), nil)
}

func (v *visit) memberStay() error {
	return v.did("/adhesion", v.lang.T("Votre départ est annulé.", "Your leaving is taken back."), v.Pros.Recall(v.ctx, v.actor, v.actor.Pro))
}

func (v *visit) memberRenew() error {
	return v.did("/adhesion", v.lang.T("Votre adhésion est renouvelée.", "Your membership is renewed."), v.Pros.Renew(v.ctx, v.actor, v.actor.Pro))
}

// namedMember is the member whom a form's address names (?membre=), where the network forwards; the zero Contact for anybody else: who cannot get a request is not
// promised one.
func (v *visit) namedMember(id string) (c pro.Contact, err error) {
	if !v.n.Forwards() || id == "" || len(id) > 64 {
		return c, nil
	}
	active := false
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) error {
		all, err := pro.LoadAll(tx, id)
		active = len(all) == 1 && all[0].State == pro.Active && !all[0].Outside
		return err
	}); err != nil || !active {
		return c, err
	}
	contacts, err := v.Pros.Contacts(v.ctx, id)
	return contacts[id], err
}
