package web

import (
	"slices"
	"strings"
	"time"

	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// choice is what the visitor decided about cookies, while it answers what the edition asks; nil when he is to be asked.
func (v *visit) choice() *document.Choice {
	c := v.earlierChoice()
	if c == nil || !c.Stands(v.n.Cookies, v.DB.Now()) {
		return nil
	}
	return c
}

// earlierChoice is the choice in the browser, even one that has ended.
func (v *visit) earlierChoice() *document.Choice {
	cookie, err := v.r.Cookie(v.cookie("choice"))
	if err != nil {
		return nil
	}
	c, ok := document.ReadChoice(cookie.Value)
	if !ok {
		return nil
	}
	return &c
}

// signalled reports whether the browser says no for its owner (Global Privacy Control).
func (v *visit) signalled() bool { return v.r.Header.Get("Sec-GPC") == "1" }

// trackers puts into a public page what the visitor allows and nothing else: the panel while he is to be asked, the measurements that may run, and their
// servers into the page's policy.
func (v *visit) trackers(p *ui.Public) {
	k := v.n.Cookies
	p.Choices = k.Choices()
	if !k.Asked() || v.space {
		return
	}
	c := v.choice()
	if c == nil && !(k.Choices() && v.signalled()) {
		p.Panel = &ui.CookiePanel{Words: v.say2(k.Words), Choices: k.Choices(), Back: v.r.URL.RequestURI()}
		var names []string
		for _, x := range k.Purposes {
			names = append(names, lowerFirst(v.say2(x.Label)))
		}
		p.Panel.Names = strings.Join(names, v.lang.T("\u00a0; ", "; "))
	}
	var scripts, frames []string
	for _, t := range k.Trackers {
		if !document.Allows(k, t, c, v.signalled()) {
			continue
		}
		if t.Driver == network.TrackerEmbed {
			frames = append(frames, t.Origin())
			continue
		}
		scripts = append(scripts, t.Origin())
		p.Audience = append(p.Audience, ui.Audience{Source: t.Source, Key: t.Key, Chosen: c != nil})
	}
	v.w.Header().Set("Content-Security-Policy", ui.PolicyWith(scripts, frames))
}

// embeds are the frames of partners, or what stands in their place.
func (v *visit) embeds() []ui.Embed {
	var all []ui.Embed
	k, c := v.n.Cookies, v.choice()
	for _, t := range k.Trackers {
		if t.Driver != network.TrackerEmbed {
			continue
		}
		e := ui.Embed{ID: t.ID, Title: v.say2(t.Label), Policy: t.Policy, By: v.say2(t.Label)}
		if r, ok := v.n.Recipient(t.By); ok {
			e.By = v.say2(r.Label)
		}
		if document.Allows(k, t, c, v.signalled()) {
			e.Source = t.Source
		}
		all = append(all, e)
	}
	return all
}

// cookieForm shows what may be chosen, as it stands now.
func (v *visit) cookieForm() *ui.CookieForm {
	k, c := v.n.Cookies, v.choice()
	f := &ui.CookieForm{Back: "/cookies"}
	for _, p := range k.Purposes {
		on := c != nil && slices.Contains(c.Purposes, p.ID) || c == nil && p.Asked == network.AskedExempt && !v.signalled()
		f.Purposes = append(f.Purposes, ui.CookieBox{ID: p.ID, Label: v.say2(p.Label), About: v.say2(p.About), Exempt: p.Asked == network.AskedExempt, On: on})
	}
	for _, id := range k.Partners() {
		r, _ := v.n.Recipient(id)
		b := ui.CookieBox{ID: id, Label: v.say2(r.Label), On: c != nil && slices.Contains(c.Partners, id)}
		for _, t := range k.Trackers {
			if t.By == id {
				b.Href = t.Policy
			}
		}
		f.Partners = append(f.Partners, b)
	}
	switch {
	case c != nil:
		f.Made = v.lang.Tf("Votre choix du %s vaut jusqu’au %s. Preuve : %s.", "Your choice of %s stands until %s. Proof: %s.", v.lang.Date(c.At), v.lang.Date(c.Until(k)), c.ID)
	case v.signalled():
		f.Made = v.lang.T("Votre navigateur refuse pour vous (Global Privacy Control) : rien n’est mesuré ni chargé. Vous pouvez choisir autrement ici.", "Your browser refuses for you (Global Privacy Control): nothing is measured or loaded. You may choose otherwise here.")
	}
	return f
}

// chooseCookies takes a choice: all, nothing, or by purpose and partner. It works without scripts; taking a consent back is the same form.
func (v *visit) chooseCookies() error {
	if err := v.parse(); err != nil {
		return err
	}
	k := v.n.Cookies
	if !k.Asked() {
		return errNoPage
	}
	if err := v.limits.allow("cookies "+v.address(), 30, time.Minute); err != nil {
		return err
	}
	var purposes, partners []string
	standing := v.choice()
	switch v.value("do") {
	case "refuse", "noted":
	case "accept":
		for _, p := range k.Purposes {
			purposes = append(purposes, p.ID)
		}
		partners = k.Partners()
	case "choose":
		purposes, partners = unique(v.r.Form["purpose"]), unique(v.r.Form["partner"])
	case "allow":
		i := slices.IndexFunc(k.Trackers, func(t network.Tracker) bool { return t.ID == v.value("tracker") })
		if i < 0 {
			return errNoPage
		}
		if standing != nil {
			purposes, partners = standing.Purposes, standing.Partners
		} else {
			for _, p := range k.Purposes {
				if p.Asked == network.AskedExempt && !v.signalled() {
					purposes = append(purposes, p.ID) // it runs and was not opposed
				}
			}
		}
		purposes = unique(append(slices.Clone(purposes), k.Trackers[i].Purposes...))
		if by := k.Trackers[i].By; by != "" {
			partners = unique(append(slices.Clone(partners), by))
		}
	default:
		return fault.New(fault.Invalid, "no-choice", fault.T("Choisissez : tout accepter, tout refuser, ou par finalité.", "Choose: accept all, refuse all, or by purpose."))
	}
	c, err := v.Documents.Choose(v.ctx, v.n, v.earlierChoice(), purposes, partners, document.Lang(v.lang))
	if err != nil {
		return err
	}
	v.setCookie("choice", c.String(), c.Until(k).Sub(c.At))
	v.forget(k, c)
	v.say(ui.Good, v.lang.T("Votre choix est enregistré. Vous pouvez le changer à tout moment, en bas de chaque page.", "Your choice is saved. You can change it at any time, at the foot of each page."))
	back := after(v.value("back"))
	return v.to(back)
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// forget ends the cookies of trackers that are not allowed any more, where they were written under this host.
func (v *visit) forget(k network.Cookies, c document.Choice) {
	for _, cookie := range v.r.Cookies() {
		for _, t := range k.Trackers {
			if document.Allows(k, t, &c, false) || !slices.ContainsFunc(t.Names, func(name string) bool {
				family, star := strings.CutSuffix(name, "*")
				return cookie.Name == name || star && strings.HasPrefix(cookie.Name, family)
			}) {
				continue
			}
			v.w.Header().Add("Set-Cookie", cookie.Name+"=; Path=/; Max-Age=0")
		}
	}
}
