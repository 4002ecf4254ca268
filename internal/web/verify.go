package web

import (
	"entremise/internal/inbox"
	"entremise/internal/web/ui"
)

// rootsShown is how many roots the public page holds; /log/ancres has them all.
const rootsShown = 10

// verify is the page on which a visitor checks the log by himself, and reads what it is (RN-100).
func (v *visit) verify() error {
	all, err := v.Anchors.List(v.ctx, 0, rootsShown)
	if err != nil {
		return err
	}
	page := ui.Verify{Public: v.public(nil), Email: v.n.Operator.Email, Tel: string(v.site.Phone), Messages: inbox.Messages(v.n), Roots: v.roots(all)}
	v.alone(&page.Public)
	if a := v.n.Anchors; a != nil {
		page.Outside, page.Batch, page.Wait, page.Reviews = a.Chain != nil || a.Stamp != nil, a.Batch, v.say2(a.Wait.Text()), v.n.Reviews != nil
		for _, l := range a.Learn {
			page.Learn = append(page.Learn, ui.Link{Text: v.say2(l.Label), Href: l.URL})
		}
	}
	return v.show(page)
}

// alone keeps everybody else's script off a page whose word is to be believed, whatever the visitor allowed.
func (v *visit) alone(p *ui.Public) {
	p.Audience = nil
	v.w.Header().Set("Content-Security-Policy", ui.ContentSecurityPolicy)
}
