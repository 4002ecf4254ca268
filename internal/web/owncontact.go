package web

import (
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// ownContact is what a professional is reached by, and what waits for its code.
func (v *visit) ownContact(page *ui.Profile, c pro.Contact) (err error) {
	base, _ := geo.ByINSEE(c.Base) // a commune merged since shows no postcode: he types it anew
	o := &page.Contact
	o.Email, o.Phone, o.Street, o.Postcode, o.Commune = c.Email, phone.Display(c.Phone), c.Street, first(base.Postcodes), c.Base
	o.Communes = communeOptions(first(page.Values["postcode"]), "")
	if o.Unreached, err = v.Pros.Unreached(v.ctx, c); err != nil {
		return err
	}
	waiting, err := v.Pros.Waiting(v.ctx, v.actor)
	for _, f := range []network.ProField{network.ProEmail, network.ProPhone} {
		value, ok := waiting[f]
		if f == network.ProPhone {
			value = phone.Display(value)
		}
		if ok {
			o.Waiting = append(o.Waiting, ui.Hidden{Name: string(f), Value: value})
		}
	}
	return err
}

// profileContact sends a code to the address or number that a professional gives. The address is what he signs in by: he has to be there himself.
func (v *visit) profileContact() error {
	if err := v.parse(); err != nil {
		return err
	}
	if to := v.mustBeFresh("/profil"); to != nil {
		return to
	}
	field := network.ProField(v.value("field"))
	err := v.Pros.AskChange(v.ctx, v.actor, field, v.value(string(field)))
	if fault.Is(err, fault.Invalid) {
		return v.invalid(err, v.profilePage)
	}
	return v.did("/profil", v.lang.T("Un code est parti. Tapez-le ici : le changement vaut dès qu’il est confirmé.", "A code is on its way. Type it here: the change counts once it is confirmed."), err)
}

func (v *visit) profileContactCode() error {
	if err := v.parse(); err != nil {
		return err
	}
	err := v.Pros.ConfirmChange(v.ctx, v.actor, network.ProField(v.value("field")), v.value("code"))
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return v.invalid(err, v.profilePage)
	}
	return v.did("/profil", v.lang.T("C’est confirmé : nous vous joignons là désormais.", "Confirmed: we reach you there from now on."), err)
}

func (v *visit) profileMove() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	insee := v.typedCommune(&c)
	err := c.Err()
	if err == nil {
		err = v.Pros.Move(v.ctx, v.actor, v.value("street"), insee)
	}
	if fault.Is(err, fault.Invalid) {
		return v.invalid(err, v.profilePage)
	}
	return v.did("/profil", v.lang.T("Votre adresse est enregistrée.", "Your address is saved."), err)
}
