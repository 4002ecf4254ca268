package web

import (
	"entremise/internal/canvass"
	"entremise/internal/web/ui"
)

// may shows whether somebody may be contacted, and the rule that says so.
func (v *visit) may(a canvass.Answer) ui.May {
	return ui.May{No: !a.May, Why: v.say2(a.Why), Article: a.Article}
}
