package document

import (
	"context"
	"fmt"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
)

const tellKind job.Kind = "document.tell"

// tell tells the people concerned of one document that an edition changes. Each message has an id of its own, so that a job that runs twice tells nobody twice.
func (s *Service) tell(ctx context.Context, object string) error {
	hash, name, _ := strings.Cut(object, " ")
	n, err := s.Editions.Get(ctx, hash)
	if err != nil {
		return err
	}
	kind := network.DocumentKind(name)
	versions := map[string]Version{}
	for _, l := range langs {
		_, source, ok := Make(n, kind, l)
		if !ok {
			return job.Permanent(fmt.Errorf("document: the edition has no %s", kind))
		}
		title, _, _ := Make(n, kind, l)
		v, err := s.Get(ctx, kind, hashOf(l, title, source))
		if err != nil {
			return err
		}
		versions[string(l)] = v
	}
	var applies string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		applies, err = db.Value[string](tx, "SELECT applies_on FROM document_version WHERE edition = $1 AND kind = $2 AND lang = 'fr'", hash, name)
		return err
	})
	if err != nil {
		return err
	}
	id := func(reader string) string { return fmt.Sprintf("doc-%.12s-%s-%s", hash, kind, reader) }
	words := func(lang, host string) map[string]string {
		v := versions[lang]
		return map[string]string{"document": v.Title, "date": network.Date(applies).Say(lang), "link": s.URL(host, "/documents/"+name+"/"+v.Short()+"/changements"), "site": n.Operator.Name}
	}
	if kind.ForPros() || kind == network.DocPrivacy {
		if err := s.tellPros(ctx, n, kind, id, words); err != nil || kind.ForPros() {
			return err
		}
	}
	for after := ""; ; {
		page, err := s.Requests.UnderWay(ctx, after, 100)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Request
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			for _, c := range page {
				if c.Email == "" {
					continue
				}
				letter, err := n.Message("document-changed", c.Lang, words(c.Lang, c.Site))
				if err != nil {
					return err
				}
				if err := s.Notify.Letter(tx, c.Ring, letter, notify.Message{ID: id(c.Request), Person: c.Person, Object: c.Request, Kind: "document-changed"}, "", c.Email); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// tellPros tells professionals: all who have an access, suspended ones too.
func (s *Service) tellPros(ctx context.Context, n *network.Network, kind network.DocumentKind, id func(string) string, words func(lang, host string) map[string]string) error {
	if n.Modules.Sale == network.SaleOff {
		return nil
	}
	for after := ""; ; {
		var ids []string
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = pro.WithAccess(tx, after, 100); return err })
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		contacts, err := s.Pros.Contacts(ctx, ids...)
		if err != nil {
			return err
		}
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			for _, pro := range ids {
				c, ok := contacts[pro]
				if !ok || c.Email == "" {
					continue
				}
				vars := words(c.Lang, n.SpaceHost)
				vars["name"] = c.Contact
				letter, err := n.Message("terms-changed", c.Lang, vars)
				if err != nil {
					return err
				}
				if err := s.Notify.Letter(tx, c.Ring, letter, notify.Message{ID: id(pro), Person: pro, Object: pro, Kind: "terms-changed"}, "", c.Email); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// acceptable reports whether people with an access accept a document again: what binds them, and the privacy notice of a network whose own says so (RN-119).
func acceptable(n *network.Network, k network.DocumentKind) bool {
	return n.Rule(k).Again && (k.ForPros() || k == network.DocPrivacy)
}

// Due lists the versions that a professional has still to accept before he goes on: those in force that the file wants accepted again and that are younger than his access.
func (s *Service) Due(ctx context.Context, actor auth.Actor, l Lang) (due []Version, err error) {
	if actor.Who != auth.Professional {
		return nil, nil
	}
	c, err := s.changes(ctx, l, true)
	if err != nil {
		return nil, err
	}
	for _, v := range c.accept {
		key := actor.Account + " " + string(v.Kind) + " " + v.Applies
		s.mu.Lock()
		known := s.accepted[key]
		s.mu.Unlock()
		if known {
			continue
		}
		done := false
		err := s.DB.Read(ctx, func(tx *db.Tx) error {
			n, err := db.Value[int64](tx, "SELECT count(*) FROM document_accepted a JOIN document_version v ON v.kind = a.kind AND v.text_hash = a.text_hash WHERE a.account_id = $1 AND a.kind = $2 AND v.edition = $3",
				actor.Account, string(v.Kind), v.Edition)
			done = n > 0
			return err
		})
		if err != nil {
			return nil, err
		}
		if !done {
			me, err := s.Auth.Get(ctx, actor.Account)
			if err != nil {
				return nil, err
			}
			done = v.Kind != network.DocArrangement && me.Created.After(v.Published) // under the arrangement data flows: nobody is taken to have accepted it
		}
		if done {
			s.mu.Lock()
			s.accepted[key] = true
			s.mu.Unlock()
			continue
		}
		due = append(due, v)
	}
	return due, nil
}

// Accept records that a professional accepts a version, with the words of the box that he ticked in the ledger of consents and the version beside it.
func (s *Service) Accept(ctx context.Context, actor auth.Actor, kind network.DocumentKind, hash string) error {
	if actor.Who != auth.Professional {
		return fault.New(fault.Denied, "not-for-you", fault.T("Cette page n’est pas pour votre compte.", "This page is not for your account."))
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	v, err := s.Get(ctx, kind, hash)
	if err != nil {
		return err
	}
	if !acceptable(n, kind) {
		return errNone
	}
	if kind == network.DocArrangement { // what flows rests on the words of today
		now, _, err := s.Current(ctx, kind, v.Lang)
		if err != nil {
			return err
		}
		if now.Hash != v.Hash {
			return errNone
		}
	}
	return s.accept(ctx, actor, n, v)
}

// AcceptFirst records that a professional who opens his access accepts all that binds him, in the versions that apply on that day (ET-07, 59): before
// his first order, since nobody orders without an access.
func (s *Service) AcceptFirst(ctx context.Context, actor auth.Actor, l Lang) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	for _, k := range n.DocumentKinds() {
		if !k.ForPros() {
			continue
		}
		v, _, err := s.Current(ctx, k, l)
		if err != nil {
			return err
		}
		if err := s.accept(ctx, actor, n, v); err != nil {
			return err
		}
	}
	return nil
}

// accept stores the acceptance of one version; of one that was accepted already, nothing.
func (s *Service) accept(ctx context.Context, actor auth.Actor, n *network.Network, v Version) error {
	kind := v.Kind
	box, ok := n.Consent("pro-terms")
	if !ok || !kind.ForPros() {
		box = network.Consent{ID: "accept-" + string(kind), Kind: network.KindAcceptance, Purpose: string(kind), Wording: fault.T("J’ai lu et j’accepte :", "I have read and accept:")}
	}
	box.Wording = fault.T(box.Wording.FR+" "+v.Title+", version "+v.Short()+".", box.Wording.Say("en")+" "+v.Title+", version "+v.Short()+".")
	ring, err := s.Vault.Ring(ctx, actor.Account)
	if err != nil {
		return err
	}
	consent := string(network.DataConsent)
	if err := s.Vault.Add(ctx, ring, consent); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		added, err := tx.Exec("INSERT INTO document_accepted (account_id, kind, text_hash, at) VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, kind, text_hash) DO NOTHING", actor.Account, string(kind), v.Hash, db.Micros(tx.Now()))
		if err != nil || added == 0 {
			return err
		}
		if kind == network.DocArrangement {
			if err := pro.Arrange(tx, n, actor, v.Hash); err != nil {
				return err
			}
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := privacy.HoldMore(tx, n, actor.Account, actor.Account, network.Professional, "", network.DataConsent); err != nil {
			return err
		}
		if err := privacy.Record(tx, ring, n, privacy.Choice{Person: actor.Account, Object: actor.Account, Consent: box, Granted: true, Channel: "form", Lang: string(v.Lang), Edition: n.Hash()}); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), "professional", "document.accept", actor.Pro, string(kind)+" "+v.Short())
	})
}
