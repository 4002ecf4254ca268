package pro

import (
	"context"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/notify"
	"entremise/internal/person"
)

// EditOwn lets a professional change his area, hours, absence and caps; trades are staff's (ET-33, 39).
func (s *Service) EditOwn(ctx context.Context, actor auth.Actor, change func(*Profile)) error {
	return s.editOwn(ctx, actor, change, func(*db.Tx) error { return nil })
}

func (s *Service) editOwn(ctx context.Context, actor auth.Actor, change func(*Profile), also func(*db.Tx) error) error {
	if err := actor.May(auth.ProEditOwn); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		p, err := load(tx, actor.Pro)
		if err != nil {
			return err
		}
		trades := p.Profile.Trades
		change(&p.Profile)
		p.Profile.Trades = trades
		var c fault.Check
		p.Profile.check(n, &c)
		if err := c.Err(); err != nil {
			return err
		}
		if err := s.version(tx, n, actor.Pro, actor.Account, p.Profile, ""); err != nil {
			return err
		}
		if err := also(tx); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEditOwn), "pro.edit-own", actor.Pro, "")
	})
}

// Notices says by which channels a professional hears of new requests now: those that he wants and has not stopped by a link or by STOP.
func (s *Service) Notices(ctx context.Context, actor auth.Actor) (sms, email bool, err error) {
	_, c, err := s.Get(ctx, actor, actor.Pro)
	if err != nil {
		return false, false, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		sms, email = c.BySMS, c.ByEmail
		for channel, on := range map[string]*bool{notify.BySMS: &sms, notify.ByEmail: &email} {
			stopped, err := notify.Stopped(tx, s.notify.Index(channel, c.reach(channel)), notify.ScopeOffers)
			if err != nil {
				return err
			}
			*on = *on && !stopped
		}
		return nil
	})
	return sms, email, err
}

// SetNotices chooses the channels. What is chosen is sent again even where STOP had been answered: this is the person's later word.
func (s *Service) SetNotices(ctx context.Context, actor auth.Actor, sms, email bool) error {
	_, c, err := s.Get(ctx, actor, actor.Pro)
	if err != nil {
		return err
	}
	return s.editOwn(ctx, actor, func(p *Profile) { p.SMS, p.Email = sms, email }, func(tx *db.Tx) error {
		for channel, on := range map[string]bool{notify.BySMS: sms, notify.ByEmail: email} {
			if !on {
				continue
			}
			if err := notify.Resume(tx, s.notify.Index(channel, c.reach(channel)), notify.ScopeOffers); err != nil {
				return err
			}
		}
		return nil
	})
}

// StopNotices ends notices of new requests to a professional who asked for it by e-mail (ET-99), and tells him; he alone starts them again, from
// his profile. What he took goes on being written to him.
func (s *Service) StopNotices(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.ProEdit); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return err
	}
	c, ok := contacts[id]
	if !ok {
		return errNoPro
	}
	letter, err := n.Message("notifications-stopped", c.Lang, map[string]string{"link": s.url(n.SpaceHost, "/profil")})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		p, err := load(tx, id)
		if err != nil {
			return err
		}
		if !p.Profile.SMS && !p.Profile.Email {
			return nil
		}
		p.Profile.SMS, p.Profile.Email = false, false
		if err := s.version(tx, n, id, actor.Account, p.Profile, ""); err != nil {
			return err
		}
		if err := s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: id, Object: id, Kind: "notifications-stopped"}, "", c.Email); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEdit), "pro.notices-stopped", id, "")
	})
}

// SignIns lists the sign-ins of a professional's accounts, for the copy of his data.
func (s *Service) SignIns(ctx context.Context, id string) (all []person.Connection, err error) {
	accounts, err := s.auth.OfPro(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		of, err := person.SignInsOf(ctx, s.db, s.vault, a.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// reach is the address of a channel.
func (c Contact) reach(channel string) string {
	if channel == notify.BySMS {
		return c.Phone
	}
	return c.Email
}
