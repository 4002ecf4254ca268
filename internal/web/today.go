package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// listed bounds each kind of thing that the first page of staff names one by one.
const listed = 50

// today gathers what is due across all of one's roles, oldest clock first.
func (v *visit) today() error {
	page := ui.Today{Space: v.watching("queue", "board", "calls")}
	for _, part := range []struct {
		needs auth.Action
		add   func(*ui.Today) error
	}{
		{auth.RequestQueue, v.dueRequests}, {auth.CallAnswer, v.dueCalls}, {auth.RequestManage, v.dueContacts}, {auth.ProEdit, v.dueChecks}, {auth.ProSuspend, v.dueIdle},
		{auth.InvoiceRead, v.dueInvoices}, {auth.EditionApply, v.dueHouse}, {auth.CaseRead, v.dueCases}, {auth.AuditRead, v.dueAnchors}, {auth.OversightRead, v.dueOversight}, {auth.RetentionRead, v.dueCopies}, {auth.RetentionRead, v.dueDeposits}, {auth.AuditRead, v.duePartners},
	} {
		if !v.actor.Can(part.needs) {
			continue
		}
		if err := part.add(&page); err != nil {
			return err
		}
	}
	slices.SortStableFunc(page.Due, func(a, b ui.Due) int {
		if a.By.IsZero() != b.By.IsZero() { // what has a clock before what has none
			return cmp.Compare(truth(a.By.IsZero()), truth(b.By.IsZero()))
		}
		return cmp.Or(a.By.Compare(b.By), a.Since.Compare(b.Since))
	})
	return v.show(page)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (v *visit) dueRequests(page *ui.Today) error {
	waiting, err := v.Requests.Queue(v.ctx, v.actor, request.Received)
	if err != nil {
		return err
	}
	unsold, err := v.unsoldRequests()
	if err != nil {
		return err
	}
	names, err := v.takers(slices.Concat(waiting, unsold))
	if err != nil {
		return err
	}
	for _, w := range waiting {
		page.Due = append(page.Due, v.waitingDue(v.lang.T("Rappel", "Call-back"), "/rappels", w, names))
	}
	for _, w := range unsold {
		d := v.waitingDue(v.lang.T("Invendu", "Unsold"), "/invendus", w, names)
		d.Since, d.By = w.PublishedAt, v.n.Introductions.Expires.AddTo(w.PublishedAt)
		page.Due = append(page.Due, d)
	}
	page.Tell = append(page.Tell, ui.Fact{Label: v.lang.T("À rappeler", "To call back"), Value: v.lang.Number(len(waiting))}, ui.Fact{Label: v.lang.T("Invendus", "Unsold"), Value: v.lang.Number(len(unsold))})
	return nil
}

func (v *visit) dueCalls(page *ui.Today) error {
	all, err := v.Calls.ToCallBack(v.ctx, v.actor)
	for _, c := range all {
		page.Due = append(page.Due, v.missedDue(c))
	}
	return err
}

// dueContacts are professionals who bought and have not called in time.
func (v *visit) dueContacts(page *ui.Today) error {
	var late []request.Overdue
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { late, err = request.LateContacts(tx, v.n, listed); return }); err != nil {
		return err
	}
	ids := make([]string, len(late))
	for i, o := range late {
		ids[i] = o.Pro
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return err
	}
	for _, o := range late {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Retard", "Late"), Title: v.lang.Tf("%s n’a pas appelé", "%s has not called", contacts[o.Pro].Company),
			Detail: joinWords(o.Ref, v.tradeName(o.Trade), communeName(o.INSEE)), Href: "/demandes/" + o.Request, Since: o.Revealed, By: o.Due})
	}
	return nil
}

// dueChecks are professionals who wait for a check, and those whose insurance ends soon: from their reminder on, or thirty days before.
func (v *visit) dueChecks(page *ui.Today) error {
	waiting, err := v.Pros.List(v.ctx, v.actor, pro.Filter{State: pro.Pending, Members: true}, listed)
	if err != nil {
		return err
	}
	var ending []pro.Ending
	remind := v.n.Introductions.InsuranceReminder
	if remind.IsZero() {
		remind = network.Duration{N: 30, Unit: network.UnitDay}
	}
	soon := remind.AddTo(v.DB.Now().In(geo.Paris())).Format(time.DateOnly)
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { ending, err = pro.InsuranceEnding(tx, soon, listed); return }); err != nil {
		return err
	}
	var ids []string
	for _, p := range waiting {
		ids = append(ids, p.ID)
	}
	for _, e := range ending {
		ids = append(ids, e.Pro)
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Vérification", "Check"), Title: contacts[p.ID].Company, Detail: joinWords(strings.Join(v.tradeNames(p.Profile.Trades), ", "), communeName(p.Profile.Base)), Href: "/pros/" + p.ID, Since: p.At})
	}
	for _, e := range ending {
		d := ui.Due{Queue: v.lang.T("Assurance", "Insurance"), Title: contacts[e.Pro].Company, Href: "/pros/" + e.Pro, Since: v.DB.Now()}
		if on, err := time.ParseInLocation(time.DateOnly, e.On, geo.Paris()); err == nil {
			d.By = on.AddDate(0, 0, 1)
			d.Detail = v.lang.Tf("court jusqu’au %s", "runs until %s", v.lang.Date(on))
			if d.By.Before(v.DB.Now()) {
				d.Detail = v.lang.Tf("échue le %s, plus de demandes d’ici la nouvelle", "ran out on %s, no requests until the new one", v.lang.Date(on))
			}
		}
		page.Due = append(page.Due, d)
	}
	return nil
}

// dueIdle are counted in one line: nobody has to act on any of them by a time.
func (v *visit) dueIdle(page *ui.Today) error {
	var idle []string
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { idle, err = request.Idle(tx, v.n, listed+1); return }); err != nil || len(idle) == 0 {
		return err
	}
	count := v.lang.Count(min(len(idle), listed), "professionnel", "professionnels", "professional", "professionals")
	if len(idle) > listed {
		count = v.lang.Tf("Plus de %s", "More than %s", count)
	}
	page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Sans achat", "Idle"), Title: v.lang.Tf("%s sans achat depuis %s", "%s without a purchase for %s", count, v.say2(v.n.Access.Idle.Text())), Detail: v.lang.T("à vous de décider, rien n’est automatique", "for you to decide, nothing is automatic"), Href: "/pros?state=idle", Since: request.IdleSince(v.n, v.DB.Now())})
	return nil
}

// dueInvoices: an invoice follows its purchase within seconds; one that does not is a fault to look into.
func (v *visit) dueInvoices(page *ui.Today) error {
	var waiting int64
	var since time.Time
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { waiting, since, err = billing.Unwritten(tx); return }); err != nil || waiting == 0 {
		return err
	}
	page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Factures", "Invoices"), Title: v.lang.Count(int(waiting), "facture en préparation", "factures en préparation", "invoice being written", "invoices being written"), Href: "/ventes", Since: since})
	return nil
}

// dueHouse is what runs the house: jobs that were given up, messages that were refused, outside services that do not answer.
func (v *visit) dueHouse(page *ui.Today) error {
	var failed []job.Failure
	var refused int64
	var last time.Time
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) {
		if failed, err = job.Failed(tx); err != nil {
			return err
		}
		refused, last, err = notify.CountRefused(tx, v.DB.Now().AddDate(0, 0, -1))
		return err
	}); err != nil {
		return err
	}
	house := v.lang.T("Maison", "House")
	for _, f := range failed {
		page.Due = append(page.Due, ui.Due{Queue: house, Title: v.lang.Tf("%s de type %s", "%s of kind %s", v.lang.Count(f.Count, "tâche abandonnée", "tâches abandonnées", "job given up", "jobs given up"), f.Kind), Detail: f.Error, Href: "/reglages", Since: f.Since})
	}
	if refused > 0 {
		page.Due = append(page.Due, ui.Due{Queue: house, Title: v.lang.Count(int(refused), "message refusé depuis hier", "messages refusés depuis hier", "message refused since yesterday", "messages refused since yesterday"), Detail: v.lang.T("numéro ou adresse qui n’existe pas", "a number or address that does not exist"), Href: "/ventes", Since: last})
	}
	for _, channel := range v.Notify.Down() {
		page.Due = append(page.Due, ui.Due{Queue: house, Title: v.lang.Tf("Le service %s ne répond pas", "The %s service does not answer", channel), Detail: v.lang.T("rien n’est perdu, les messages partent à son retour", "nothing is lost, messages leave when it is back"), Href: "/reglages", Since: v.DB.Now()})
	}
	return nil
}
