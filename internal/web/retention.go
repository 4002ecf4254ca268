package web

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// ahead is for how many days the page foretells what will move.
const ahead = 90

var groundNames = map[string]fault.Text{"dispute": fault.T("litige", "dispute"), "authority": fault.T("demande d’une autorité", "request of an authority"),
	"audit": fault.T("contrôle", "audit"), "abuse": fault.T("abus", "abuse")}

func (v *visit) groundChoices() []ui.Ground {
	var all []ui.Ground
	for _, g := range privacy.Grounds() {
		all = append(all, ui.Ground{Value: g, Label: v.say2(groundNames[g])})
	}
	return all
}

// retention is the officer's view of what is kept: what moves next, what is frozen, what was erased and proved.
func (v *visit) retention() error {
	if err := v.actor.May(auth.RetentionRead); err != nil {
		if !v.actor.Can(auth.ArchiveOpen) {
			return err
		}
		return v.show(ui.Retention{Space: v.spaceFrame(), Grounds: v.groundChoices(), Archive: true})
	}
	page := ui.Retention{Space: v.spaceFrame(), Days: ahead, Grounds: v.groundChoices(), Hold: v.actor.Can(auth.RetentionHold), Archive: v.actor.Can(auth.ArchiveOpen)}
	forecast, err := v.Life.Foretell(v.ctx, v.n, v.DB.Now().AddDate(0, 0, ahead))
	if err != nil {
		return err
	}
	type step struct{ purpose, to string }
	at := map[step]int{}
	for _, f := range forecast {
		s := step{f.Purpose, f.To}
		i, known := at[s]
		if !known {
			i = len(page.Forecast)
			at[s] = i
			p, _ := v.n.Purpose(f.Purpose)
			if f.Forgets() {
				p.Label = network.SpentKind(f.Purpose).Label()
			}
			page.Forecast = append(page.Forecast, ui.Moving{Purpose: v.say2(p.Label), To: v.stepName(f.To), First: day(f.Day)})
		}
		page.Forecast[i].Records += f.Records
	}
	for _, p := range v.n.Purposes {
		page.Rules = append(page.Rules, ui.Fact{Label: v.say2(p.Label), Value: v.keptFor(p.Keep)})
	}
	for _, k := range network.SpentKinds() {
		if kept := document.SpentKept(document.Lang(v.lang), v.n, k); kept != "" {
			page.Rules = append(page.Rules, ui.Fact{Label: v.say2(k.Label()), Value: kept})
		}
	}
	holds, err := v.Life.Holds(v.ctx, v.actor)
	if err != nil {
		return err
	}
	certificates, err := v.Life.Certificates(v.ctx, v.actor)
	if err != nil {
		return err
	}
	var accounts []string
	for _, h := range holds {
		accounts = append(accounts, h.By)
	}
	names, err := v.Auth.Names(v.ctx, slices.DeleteFunc(accounts, func(a string) bool { return !strings.HasPrefix(a, "acc_") })...)
	if err != nil {
		return err
	}
	for _, h := range holds {
		page.Holds = append(page.Holds, ui.Hold{ID: h.ID, What: cmp.Or(h.Record, h.Person), Ground: v.say2(groundNames[h.Ground]), Reference: h.Reference, By: names[h.By], At: h.At, Until: h.Until, Ended: h.Ended})
	}
	for _, c := range certificates {
		page.Erased = append(page.Erased, ui.Erased{ID: c.ID, Why: c.Why, At: c.Erased, Certified: c.Certified, Needles: c.Needles, Places: c.Places, Kept: len(c.Kept)})
	}
	return v.show(page)
}

func (v *visit) stepName(to string) string {
	switch to {
	case "archive":
		return v.lang.T("en archive", "to the archive")
	case "anonymise":
		return v.lang.T("rendu anonyme", "made anonymous")
	case "hold":
		return v.lang.T("gardé par un gel", "kept by a hold")
	case "forget":
		return v.lang.T("oublié", "forgotten")
	}
	return v.lang.T("effacé", "erased")
}

var errNobody = fault.New(fault.Invalid, "nobody", fault.T("Rien n’est connu sous cette référence.", "Nothing is known under this reference."))

// personOf finds who is meant by the reference of a request, or by an id; a case has a person of its own, whose id is the case's.
func (v *visit) personOf(typed string) (person string, err error) {
	for _, prefix := range []string{"per_", "pro_", "cas_"} {
		if strings.HasPrefix(typed, prefix) {
			return typed, nil
		}
	}
	err = v.DB.Read(v.ctx, func(tx *db.Tx) error {
		person, err = request.PersonByRef(tx, strings.ToUpper(typed))
		return err
	})
	if errors.Is(err, db.ErrNone) || fault.Is(err, fault.Missing) {
		if person, err = v.Inbox.Find(v.ctx, v.actor, typed); err != nil {
			return "", errNobody
		}
	}
	return person, err
}

func (v *visit) holdLay() error {
	if err := v.parse(); err != nil {
		return err
	}
	person, err := v.personOf(v.value("who"))
	h := privacy.LegalHold{Person: person, Ground: v.value("ground"), Reference: v.value("reference")}
	if until := v.value("until"); until != "" && err == nil {
		if h.Until, err = time.ParseInLocation(time.DateOnly, until, geo.Paris()); err != nil {
			err = fault.New(fault.Invalid, "until", fault.T("Écrivez la date de fin comme 2027-01-31.", "Write the end date as 2027-01-31."))
		}
	}
	if err == nil {
		_, err = v.Life.Lay(v.ctx, v.actor, h)
	}
	return v.did("/conservation", v.lang.T("Le dossier est gelé : rien n’en sera effacé avant la fin du gel.", "The file is on hold: nothing of it is erased before the hold ends."), err)
}

func (v *visit) holdLift() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/conservation", v.lang.T("Le gel est levé. Ce que lui seul gardait est effacé.", "The hold is lifted. What it alone kept is erased."), v.Life.Lift(v.ctx, v.actor, v.value("id")))
}

// archive shows what the archive holds of a person, once, to who said why.
func (v *visit) archive() error {
	if err := v.parse(); err != nil {
		return err
	}
	person, err := v.personOf(v.value("who"))
	if err != nil {
		return v.did("/conservation", "", err)
	}
	opened, err := v.Life.OpenArchive(v.ctx, v.actor, person, v.value("ground"), v.value("reference"))
	if fault.Is(err, fault.Invalid) {
		return v.did("/conservation", "", err)
	}
	if err != nil {
		return err
	}
	page := ui.Archive{Space: v.spaceFrame(), Who: v.value("who"), Reference: v.value("reference")}
	for _, h := range opened.Held {
		p, _ := v.n.Purpose(h.Purpose)
		page.Held = append(page.Held, ui.Fact{Label: cmp.Or(v.say2(p.Label), v.lang.T("Gel", "Legal hold")), Value: v.untilWords(h.Until)})
	}
	for _, x := range opened.Values {
		text := x.Text
		if text == "" {
			text = v.lang.Tf("%d octets", "%d bytes", x.Bytes)
		}
		page.Values = append(page.Values, ui.Fact{Label: v.say2(x.Category.Label()), Value: text})
	}
	v.w.Header().Set("Cache-Control", "no-store")
	return v.show(page)
}

func (v *visit) untilWords(t time.Time) string {
	if t.IsZero() {
		return v.lang.T("jusqu’à la levée du gel", "until the hold is lifted")
	}
	return v.lang.Tf("jusqu’au %s", "until %s", v.lang.Date(t.In(geo.Paris())))
}
