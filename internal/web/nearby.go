package web

import (
	"slices"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// ownNearby shows a professional where requests like his were, outside his area (ET-117).
func (v *visit) ownNearby(page *ui.Profile) error {
	near, err := v.Requests.Nearby(v.ctx, v.actor)
	for _, x := range near {
		page.Nearby = append(page.Nearby, ui.Nearby{Trade: v.tradeName(x.Trade), Place: communeName(x.INSEE), INSEE: x.INSEE, Requests: x.Requests, Km: float64(x.Distance) / 1000})
	}
	return err
}

// profileAreaMore adds one commune to a professional's area.
func (v *visit) profileAreaMore() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	commune, ok := geo.ByINSEE(v.value("commune"))
	c.That(ok, "communes", fault.T("Cette commune n’existe pas.", "There is no such commune."))
	return v.changed(&c, v.lang.Tf("%s fait partie de votre zone, dès la prochaine demande.", "%s is part of your area, from the next request on.", commune.Name), func(p *pro.Profile) {
		if !slices.Contains(p.Communes, commune.INSEE) {
			p.Communes = append(p.Communes, commune.INSEE)
		}
	})
}
