package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// staffRoutes are the pages of staff who look after professionals, colleagues and the house.
func staffRoutes() []route {
	return []route{
		{"GET", "/aujourdhui", space, staff, 0, (*visit).today},
		{"GET", "/dossiers", space, staff, 0, (*visit).caseQueue},
		{"GET", "/dossiers/nouveau", space, staff, 0, (*visit).caseNew},
		{"POST", "/dossiers/nouveau", space, staff, 0, (*visit).caseNewSend},
		{"GET", "/dossiers/{id}", space, staff, 0, (*visit).caseFile},
		{"POST", "/dossiers/{id}", space, staff, 0, (*visit).caseDo},
		{"GET", "/dossiers/{id}/copie", space, staff, 0, (*visit).caseCopy},
		{"GET", "/dossiers/{id}/courrier/{letter}", space, staff, 0, (*visit).caseRaw},
		{"GET", "/pros", space, hosting, 0, (*visit).proList},
		{"GET", "/pros/nouveau", space, hosting, 0, (*visit).proNew},
		{"POST", "/pros/nouveau", space, hosting, 0, (*visit).proCreate},
		{"GET", "/pros/{id}", space, hosting, 0, (*visit).proFile},
		{"POST", "/pros/{id}", space, hosting, 0, (*visit).proEdit},
		{"POST", "/pros/{id}/suspendre", space, hosting, 0, (*visit).proSuspend},
		{"POST", "/pros/{id}/reprendre", space, hosting, 0, (*visit).proResume},
		{"POST", "/pros/{id}/clore", space, hosting, 0, (*visit).proClose},
		{"POST", "/pros/{id}/virement", space, selling, 0, (*visit).proTransfer},
		{"POST", "/pros/{id}/silence", space, selling, 0, (*visit).proSilence},
		{"POST", "/pros/{id}/verifications", space, hosting, 0, (*visit).proInquire},
		{"POST", "/pros/{id}/accords", space, hosting, 0, (*visit).proAgree},
		{"POST", "/pros/{id}/inviter", space, hosting, 0, (*visit).proInvite},
		{"POST", "/pros/{id}/depart", space, passing, 0, (*visit).proLeave},
		{"POST", "/pros/{id}/rester", space, passing, 0, (*visit).proStay},
		{"POST", "/pros/{id}/renouveler", space, passing, 0, (*visit).proRenew},

		{"GET", "/equipe", space, staff, 0, (*visit).team},
		{"POST", "/equipe", space, staff, 0, (*visit).teamInvite},
		{"POST", "/equipe/{id}", space, staff, 0, (*visit).teamEdit},
		{"POST", "/equipe/{id}/inviter", space, staff, 0, (*visit).teamInviteAgain},
		{"POST", "/equipe/{id}/desactiver", space, staff, 0, (*visit).teamDisable},
		{"POST", "/equipe/{id}/reactiver", space, staff, 0, (*visit).teamEnable},
		{"GET", "/jetons", space, staff, 0, (*visit).tokens},
		{"POST", "/jetons", space, staff, 0, (*visit).tokenMake},
		{"POST", "/jetons/{id}/revoquer", space, staff, 0, (*visit).tokenRevoke},
		{"GET", "/permissions", space, staff, 0, (*visit).permissions},
		{"GET", "/demarchage", space, staff, 0, (*visit).canvassForm},
		{"POST", "/demarchage", space, staff, 0, (*visit).canvassDo},
		{"POST", "/demarchage/appel", space, staff, 0, (*visit).canvassCall},
		{"POST", "/demarchage/refus", space, staff, 0, (*visit).canvassRefused},
		{"POST", "/demarchage/liste", space, staff, 2 << 20, (*visit).registerLoad},
		{"GET", "/journal", space, staff, 0, (*visit).journal},
		{"POST", "/journal", space, staff, 0, (*visit).journalFor},
		{"GET", "/journal.csv", space, staff, 0, (*visit).journalCSV},
		{"GET", "/empreintes", space, staff, 0, (*visit).anchorsPage},
		{"GET", "/conservation", space, staff, 0, (*visit).retention},
		{"POST", "/conservation/gel", space, staff, 0, (*visit).holdLay},
		{"POST", "/conservation/lever", space, staff, 0, (*visit).holdLift},
		{"POST", "/conservation/archive", space, staff, 0, (*visit).archive},
		{"GET", "/journal/connexions", space, staff, 0, (*visit).connections},
		{"POST", "/journal/connexions/lever", space, staff, 0, (*visit).unblockAddress},
		{"POST", "/journal/adresses", space, staff, 0, (*visit).blockAddress},
		{"GET", "/ventes", space, selling, 0, (*visit).sales},
		{"GET", "/ventes.csv", space, selling, 0, (*visit).salesCSV},
		{"GET", "/reglages", space, staff, 0, (*visit).settings},
	}
}

// proStatus says in words whether a professional has access.
func (v *visit) proStatus(p pro.Pro) ui.Status {
	switch p.State {
	case pro.Active:
		if p.Uninsured(v.DB.Now()) {
			return ui.Status{Tone: ui.Bad, Text: v.lang.T("Assurance échue", "Insurance run out")}
		}
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Actif", "Active")}
	case pro.Pending:
		if p.Outside {
			return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Hors réseau", "Outside the network")}
		}
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("En vérification", "Being checked")}
	case pro.Suspended:
		return ui.Status{Tone: ui.Bad, Text: strings.TrimSuffix(v.lang.Tf("Suspendu : %s", "Suspended: %s", v.ground(p.Reason)), v.lang.T(" : ", ": "))}
	}
	return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Accès fermé", "Access closed")}
}

// proPageSize is how many professionals one page lists.
const proPageSize = 50

// proList lists professionals, newest first, or those without a purchase for so long as the network file says.
func (v *visit) proList() error {
	if err := v.actor.May(auth.ProList); err != nil {
		return err
	}
	q := v.r.URL.Query()
	var filter pro.Filter
	found, typed := true, strings.TrimSpace(q.Get("nom"))
	if typed != "" {
		filter, found = v.findPro(typed)
	}
	if filter.Trade = q.Get("trade"); q.Get("state") != "idle" {
		filter.State = pro.State(q.Get("state"))
	}
	if at, id, ok := strings.Cut(q.Get("avant"), "."); ok {
		before, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return errNoPage
		}
		filter.Before, filter.BeforeID = before, id
	}
	page := ui.Pros{Space: v.spaceFrame(), Typed: typed, Trade: filter.Trade, State: q.Get("state"), CanCreate: v.actor.Can(auth.ProCreate)}
	page.Trades = v.tradeOptions(v.n)
	var all []pro.Pro
	if found {
		var err error
		if all, err = v.prosShown(&page, filter); err != nil {
			return err
		}
	}
	if err := v.proLines(&page, all); err != nil {
		return err
	}
	return v.show(page)
}

func (v *visit) prosShown(page *ui.Pros, filter pro.Filter) ([]pro.Pro, error) {
	var all []pro.Pro
	if page.State == "idle" && page.Typed == "" {
		err := v.DB.Read(v.ctx, func(tx *db.Tx) error {
			ids, err := request.Idle(tx, v.n, 200)
			if err != nil {
				return err
			}
			all, err = pro.LoadAll(tx, ids...)
			return err
		})
		all = slices.DeleteFunc(all, func(p pro.Pro) bool { return page.Trade != "" && !slices.Contains(p.Profile.Trades, page.Trade) })
		page.Total = len(all)
		return all, err
	}
	all, err := v.Pros.List(v.ctx, v.actor, filter, proPageSize+1)
	if err != nil {
		return nil, err
	}
	if len(all) > proPageSize {
		all = all[:proPageSize]
		last := all[len(all)-1]
		page.Next = "/pros?" + url.Values{"nom": {page.Typed}, "trade": {page.Trade}, "state": {page.State}, "avant": {strconv.FormatInt(db.Micros(last.At), 10) + "." + last.ID}}.Encode()
	}
	if page.Typed != "" {
		page.Total = len(all)
		return all, nil
	}
	return all, v.DB.Read(v.ctx, func(tx *db.Tx) error {
		total, err := pro.Total(tx, filter.Trade, filter.State)
		page.Total = int(total)
		return err
	})
}

func (v *visit) proLines(page *ui.Pros, all []pro.Pro) error {
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return err
	}
	var active map[string]request.Activity
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) {
		active, err = request.ActivityOf(tx, v.DB.Now().AddDate(0, 0, -30), ids...)
		return err
	}); err != nil {
		return err
	}
	for _, p := range all {
		a := active[p.ID]
		line := ui.ProLine{ID: p.ID, Name: contacts[p.ID].Company, Town: communeWithPostcode(p.Profile.Base), Coverage: v.areaWords(p.Profile), Bought: a.Bought, Last: a.Last, Status: v.proStatus(p), Trades: v.tradeNames(p.Profile.Trades)}
		page.Lines = append(page.Lines, line)
	}
	return nil
}

func (v *visit) proNew() error {
	if err := v.actor.May(auth.ProCreate); err != nil {
		return err
	}
	return v.show(v.proNewPage(ui.Form{Values: map[string][]string{"radius": {strconv.Itoa(int(v.n.Introductions.Radius.Default) / 1000)}}}))
}

func (v *visit) proNewPage(f ui.Form) ui.ProFile {
	p := ui.ProFile{Space: v.spaceFrame(), Form: f, CanEdit: true, Member: v.n.Forwards(), Checks: v.checkBoxes(nil), Communes: communeOptions(first(f.Values["postcode"]), "")}
	p.Trades = v.tradeOptions(v.n)
	return p
}

// checkBoxes are what staff verify before access is opened (ET-28, 29); what was verified says when.
func (v *visit) checkBoxes(done map[string]pro.Checked) []ui.Consent {
	words := map[string][2]string{"identity": {"Identité du dirigeant vérifiée", "Identity of the manager checked"}, "registry": {"Inscription au registre vérifiée", "Registration checked"},
		"insurance": {"Assurance professionnelle en cours", "Professional insurance in force"}, "qualification": {"Qualification du métier vérifiée", "Qualification in the trade checked"}, "terms": {"Conditions de vente signées", "Terms of sale signed"}}
	if v.n.Forwards() {
		words["terms"] = [2]string{"Bulletin d’adhésion signé", "Membership form signed"}
	}
	var all []ui.Consent
	for _, k := range pro.Checks {
		c := ui.Consent{Name: "check-" + k, Wording: v.lang.T(words[k][0], words[k][1]), Hint: v.lang.T("Nécessaire avant l’accès", "Needed before access")}
		if d, ok := done[k]; ok {
			c.Hint = v.lang.Tf("Vérifié le %s", "Checked on %s", v.lang.Date(d.At.In(geo.Paris())))
			if d.ValidUntil != "" && d.ValidUntil < v.DB.Now().In(geo.Paris()).Format(time.DateOnly) {
				c.Hint = v.lang.T("Échue : cochez une fois la nouvelle attestation vue, et notez sa date", "Run out: tick once the new certificate is seen, and note its date")
			}
		}
		all = append(all, c)
	}
	return all
}

// typedCommune is the commune of the seat by its typed postcode: the only one, or the one that was chosen and is not left over from another postcode.
// Where it is neither, c says in which field.
func (v *visit) typedCommune(c *fault.Check) (insee string) {
	all, chosen := geo.ByPostcode(v.value("postcode")), v.value("commune")
	switch {
	case len(all) == 1:
		return all[0].INSEE
	case slices.ContainsFunc(all, func(x geo.Commune) bool { return x.INSEE == chosen }):
		return chosen
	case len(all) > 1:
		c.Add("commune", fault.T("Choisissez la commune dans la liste.", "Choose the commune from the list."))
	default:
		c.Add("postcode", fault.T("Écrivez un code postal qui existe.", "Write a postcode that exists."))
	}
	return ""
}

// readPro decodes a professional's file.
func (v *visit) readPro(c *fault.Check) pro.Input {
	in := pro.Input{Identity: pro.Identity{Company: v.value("company"), SIREN: v.value("siren"), Contact: v.value("contact"), Phone: v.value("phone"), Email: v.value("email"), Street: v.value("street"), Base: v.typedCommune(c), Lang: v.value("lang")},
		Until: v.value("insurance_until")}
	if v.value("centre") == "" && in.Base != "" {
		v.r.Form.Set("centre", communeWithPostcode(in.Base))
	}
	area := v.readArea(c)
	in.Profile = pro.Profile{Week: pro.AllWeek(), SMS: true, Email: true}
	area(&in.Profile)
	in.Profile.Trades = v.r.Form["trades"]
	in.Profile.RegistryOn, in.Profile.Qualified = v.value("registry_on"), map[string]pro.Qualified{}
	for _, t := range in.Profile.Trades {
		q := pro.Qualified{By: v.value("qualified." + t)}
		if q.By == pro.ByExperience {
			q.Since = v.value("since." + t)
		}
		in.Profile.Qualified[t] = q
	}
	for _, k := range pro.Checks {
		if v.value("check-"+k) == "yes" {
			in.Checked = append(in.Checked, k)
		}
	}
	return in
}

func (v *visit) proCreate() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.actor.May(auth.ProCreate); err != nil {
		return err
	}
	var c fault.Check
	in := v.readPro(&c)
	err := c.Err()
	id := ""
	if err == nil {
		id, err = v.Pros.Create(v.ctx, v.actor, in)
	}
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.proNewPage(f), nil })
	}
	return v.did("/pros/"+id, v.lang.T("Le professionnel est créé, et son invitation est envoyée.", "The professional is created and the invitation is sent."), nil)
}

func (v *visit) proFile() error {
	page, err := v.proFilePage(v.r.PathValue("id"), ui.Form{})
	if err != nil {
		return err
	}
	if ref := v.r.URL.Query().Get("why"); ref != "" {
		if err := v.proWhy(&page, ref); err != nil {
			return err
		}
	}
	return v.show(page)
}

// proWhy answers for a professional why a request was not offered to him.
func (v *visit) proWhy(page *ui.ProFile, ref string) error {
	page.Asked = ref
	r, sentence, err := v.Requests.WhyNot(v.ctx, v.actor, ref, page.ID)
	if f := fault.Of(err); f != nil && f.Kind == fault.Missing {
		page.Failed = f.Public
		return nil
	}
	if err != nil {
		return err
	}
	page.Why = &ui.Why{Space: page.Space, Title: v.tradeName(r.Trade) + ", " + r.Commune().Name + " " + r.Postcode, At: r.PublishedAt, Sentence: v.say2(sentence)}
	return nil
}

func (v *visit) proFilePage(id string, f ui.Form) (ui.ProFile, error) {
	p, contact, err := v.Pros.Get(v.ctx, v.actor, id)
	if err != nil {
		return ui.ProFile{}, err
	}
	page := ui.ProFile{Space: v.spaceFrame(), Form: f, ID: id, Company: contact.Company, Status: v.proStatus(p), Coverage: v.coverage(p.Profile), Held: p.State == pro.Suspended, Closed: p.State == pro.Closed,
		CanEdit: v.actor.Can(auth.ProEdit) && p.State != pro.Closed, CanSuspend: v.actor.Can(auth.ProSuspend), CanCredit: v.n.Sells() && v.actor.Can(auth.WalletTransfer), CanWhy: v.n.Sells(), Member: v.n.Forwards(), Invites: v.n.Reviews != nil && v.actor.Can(auth.ReviewInvite)}
	if page.Form.Values == nil {
		page.Values = v.proValues(p, contact)
	}
	page.Communes = communeOptions(first(page.Values["postcode"]), "")
	page.Checks = v.checkBoxes(p.Checks)
	if page.CanEdit {
		accounts, err := v.Auth.OfPro(v.ctx, id)
		if err != nil {
			return page, err
		}
		page.CanSilence = v.n.Sells() && (p.Profile.SMS || p.Profile.Email)
		page.CanInvite = slices.ContainsFunc(accounts, func(a auth.Account) bool { return a.State == "invited" })
	}
	page.Trades = v.tradeOptions(v.n)
	for _, w := range v.n.Suspensions {
		page.Reasons = append(page.Reasons, ui.Option{Value: w.ID, Label: v.say2(w.Text)})
	}
	if v.n.Sells() && v.actor.Can(auth.WalletRead) {
		if page.Balance, _, err = v.Billing.Wallet(v.ctx, v.actor, id, "", 0); err != nil {
			return page, err
		}
	}
	if err := v.proStanding(&page); err != nil {
		return page, err
	}
	if err := v.proMembership(&page, p); err != nil {
		return page, err
	}
	return page, v.proHistory(&page, p, contact)
}

// proHistory adds what a professional did, and how his profile changed.
func (v *visit) proHistory(page *ui.ProFile, p pro.Pro, contact pro.Contact) error {
	var versions []pro.Version
	var active map[string]request.Activity
	now := v.DB.Now()
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) {
		if versions, err = pro.History(tx, p.ID, 12); err != nil {
			return err
		}
		active, err = request.ActivityOf(tx, now.AddDate(0, 0, -30), p.ID)
		return err
	}); err != nil {
		return err
	}
	a := active[p.ID]
	page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Contact", "Contact"), Value: joinWords(contact.Contact, phone.Display(contact.Phone), contact.Email)},
		ui.Fact{Label: v.lang.T("Depuis", "Since"), Value: v.lang.Date(p.At.In(geo.Paris()))}, ui.Fact{Label: v.lang.T("Zone", "Area"), Value: v.areaWords(p.Profile)},
		ui.Fact{Label: v.gotLabel(), Value: v.lang.Number(a.Bought)})
	if a.Noted > 0 {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Appelés à temps", "Called in time"), Value: v.lang.Tf("%d sur %d", "%d of %d", a.InTime, a.Noted)})
	}
	if unreached, err := v.Pros.Unreached(v.ctx, contact); err != nil {
		return err
	} else if unreached {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Adresse e-mail", "E-mail address"), Value: v.lang.T("n’existe plus ou ne reçoit plus : il a été prié de la mettre à jour", "gone or takes no mail: they were asked to update it")})
	}
	if on, err := time.Parse(time.DateOnly, p.Profile.RegistryOn); err == nil {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Extrait du registre du", "Registry extract of"), Value: v.lang.Date(on)})
	}
	for _, t := range p.Profile.Trades {
		if q, ok := p.Profile.Qualified[t]; ok {
			page.Facts = append(page.Facts, ui.Fact{Label: v.lang.Tf("Qualification, %s", "Qualification, %s", v.tradeName(t)), Value: v.qualifiedBy(q)})
		}
	}
	if until, err := time.Parse(time.DateOnly, p.Checks["insurance"].ValidUntil); err == nil {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Assurance jusqu’au", "Insured until"), Value: v.lang.Date(until)})
	}
	if v.actor.Can(auth.WalletRead) {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Portefeuille", "Wallet"), Value: v.lang.Money(page.Balance)})
	}
	if request.IsIdle(v.n, p, a, now) {
		page.Idle = v.lang.Tf("Aucun achat depuis %s. Le règlement permet de clore la relation ; rien n’est automatique.", "No purchase for %s. The terms allow ending the relation; nothing is automatic.", v.say2(v.n.Access.Idle.Text()))
	}
	ids := make([]string, len(versions))
	for i, x := range versions {
		ids[i] = x.By
	}
	names, err := v.Auth.Names(v.ctx, ids...)
	if err != nil {
		return err
	}
	for i, x := range versions {
		s := ui.Step{At: db.Time(x.At), Tone: ui.Quiet, Text: v.lang.T("Profil modifié", "Profile changed"), By: names[x.By]}
		before := pro.State("")
		if i+1 < len(versions) {
			before = versions[i+1].State
		}
		if x.Number == 1 {
			s.Text = v.lang.T("Créé", "Created")
		} else if x.State != before && before != "" {
			q := p
			q.State, q.Reason = x.State, ""
			s.Tone, s.Text = v.proStatus(q).Tone, v.proStatus(q).Text
		}
		page.Steps = append(page.Steps, s)
	}
	return nil
}

func (v *visit) qualifiedBy(q pro.Qualified) string {
	if q.By == pro.ByDiploma {
		return v.lang.T("diplôme", "diploma")
	}
	since, err := time.Parse(time.DateOnly, q.Since)
	if err != nil {
		return ""
	}
	return v.lang.Tf("expérience depuis le %s", "experience since %s", v.lang.Date(since))
}

func (v *visit) proValues(p pro.Pro, c pro.Contact) map[string][]string {
	base, _ := geo.ByINSEE(c.Base) // a commune merged since shows no postcode: staff type it anew
	values := map[string][]string{"company": {c.Company}, "siren": {c.SIREN}, "contact": {c.Contact}, "phone": {phone.Display(c.Phone)}, "email": {c.Email}, "street": {c.Street}, "commune": {c.Base}, "lang": {c.Lang},
		"trades": p.Profile.Trades, "insurance_until": {p.Checks["insurance"].ValidUntil}, "postcode": {first(base.Postcodes)}}
	values["registry_on"] = []string{p.Profile.RegistryOn}
	for t, q := range p.Profile.Qualified {
		values["qualified."+t], values["since."+t] = []string{q.By}, []string{q.Since}
	}
	for _, k := range pro.Checks {
		if _, ok := p.Checks[k]; ok && !(k == "insurance" && p.Uninsured(v.DB.Now())) { // a new one has to be seen first
			values["check-"+k] = []string{"yes"}
		}
	}
	return values
}

func (v *visit) proInvalid(err error) error {
	id := v.r.PathValue("id")
	return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.proFilePage(id, f) })
}

// proEdit keeps what the form does not show (hours, absence, caps, notices) as it is.
func (v *visit) proEdit() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.actor.May(auth.ProEdit); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	var now pro.Pro
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { now, err = pro.Load(tx, id); return }); err != nil {
		return err
	}
	var c fault.Check
	in := v.readPro(&c)
	kept := now.Profile
	kept.Trades, kept.Base, kept.RadiusKm, kept.Communes, kept.Departments = in.Profile.Trades, in.Profile.Base, in.Profile.RadiusKm, in.Profile.Communes, in.Profile.Departments
	kept.RegistryOn, kept.Qualified = in.Profile.RegistryOn, in.Profile.Qualified
	in.Profile, in.Outside = kept, now.Outside
	err := c.Err()
	if err == nil {
		err = v.Pros.Edit(v.ctx, v.actor, id, in)
	}
	if err != nil {
		return v.proInvalid(err)
	}
	return v.did("/pros/"+id, v.lang.T("C’est enregistré.", "Saved."), nil)
}

func (v *visit) proDid(good string, err error) error {
	if fault.Is(err, fault.Invalid) {
		return v.proInvalid(err)
	}
	return v.did("/pros/"+v.r.PathValue("id"), good, err)
}

func (v *visit) proSuspend() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.proDid(v.lang.T("L’accès est suspendu, et le professionnel est prévenu.", "Access is suspended and the professional is told."), v.Pros.Suspend(v.ctx, v.actor, v.r.PathValue("id"), v.value("reason")))
}

func (v *visit) proResume() error {
	return v.proDid(v.lang.T("L’accès est rouvert.", "Access is open again."), v.Pros.Resume(v.ctx, v.actor, v.r.PathValue("id")))
}

// proClose ends a relation for good (ET-58), so its author proves who he is.
func (v *visit) proClose() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if to := v.mustBeFresh("/pros/" + id); to != nil {
		return to
	}
	return v.proDid(v.lang.T("L’accès est fermé pour toujours.", "Access is closed for good."), renamed(v.Pros.Close(v.ctx, v.actor, id, v.value("close_reason")), closing))
}

// mustBeFresh leads who proved his identity too long ago to do it again, and then back.
func (v *visit) mustBeFresh(back string) error {
	if v.actor.MustBeFresh(v.DB.Machine()) == nil {
		return nil
	}
	return redirectTo{"/confirmer?next=" + url.QueryEscape(back)}
}

func (v *visit) proTransfer() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.actor.May(auth.WalletTransfer); err != nil {
		return err
	}
	if to := v.mustBeFresh("/pros/" + id); to != nil {
		return to
	}
	amount, err := money.Parse(v.value("amount"))
	if err != nil {
		amount = 0 // refused below, with the bounds
	}
	return v.proDid(v.lang.Tf("%s de plus au portefeuille.", "%s added to the wallet.", v.lang.Money(amount)), v.Billing.RecordTransfer(v.ctx, v.actor, id, amount, v.value("reference")))
}

func (v *visit) proSilence() error {
	return v.proDid(v.lang.T("Il ne reçoit plus d’avis de nouvelles demandes, et il en est averti.", "They get no more notices of new requests, and have been told."), v.Pros.StopNotices(v.ctx, v.actor, v.r.PathValue("id")))
}

func (v *visit) proInvite() error {
	return v.proDid(v.lang.T("Une nouvelle invitation est envoyée.", "A new invitation is sent."), v.Pros.InviteAgain(v.ctx, v.actor, v.r.PathValue("id")))
}

// ground says why an access is suspended or closed: a ground of the network's list, or the professional's own wish.
func (v *visit) ground(reason string) string {
	switch reason {
	case pro.ReasonRestriction:
		return v.lang.T("données gelées à sa demande", "data frozen at their wish")
	case pro.ReasonWish:
		return v.lang.T("fermé à sa demande", "closed at their wish")
	}
	return cmp.Or(v.say2(v.n.Suspension(reason)), v.say2(v.n.Leaving(reason)))
}
