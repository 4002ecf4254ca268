package request

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/vault"
)

// Service is the one way to act on requests. Safe for concurrent use.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	notify   *notify.Service
	pros     *pro.Service
	billing  *billing.Service
	links    *auth.Signer
	url      func(host, path string) string
	demo     bool
	country  person.Countries
	odds     oddsKept
}

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Notify   *notify.Service
	Pros     *pro.Service
	Billing  *billing.Service
	Links    *auth.Signer                   // signs private links and stop links
	URL      func(host, path string) string // whole address of a page, with scheme and port
	Demo     bool                           // numbers reserved for fiction are accepted
	Country  person.Countries               // tells the country of an address; nil is a provider that does not answer
}

// New makes the service.
func New(p Parts) *Service {
	return &Service{db: p.DB, vault: p.Vault, editions: p.Editions, notify: p.Notify, pros: p.Pros, billing: p.Billing, links: p.Links, url: p.URL, demo: p.Demo, country: p.Country}
}

// Jobs of this room; each one's object is an id.
const (
	jobPublish   job.Kind = "request.publish"   // a request, where the network qualifies by itself
	jobNotify    job.Kind = "request.notify"    // a decision: tell those it asks
	jobSendLink  job.Kind = "request.send-link" // a request: its private link to its own number
	jobWithdrawn job.Kind = "request.withdrawn" // a request: its consumer is told, unless it was taken up again
)

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(jobPublish, s.publishByItself)
	r.Handle(jobNotify, s.notifyOffers)
	r.Handle(jobSendLink, s.sendLink)
	r.Handle(jobWithdrawn, s.tellWithdrawn)
	r.Every("first contact late", time.Second, s.sweepLate)
	r.Every("ask how it went", 10*time.Second, s.sweepAsk)
	r.Every("requests nobody took", 10*time.Second, s.sweepExpired)
	r.Every("card payments", 5*time.Second, s.sweepCard)
	r.Every("requests whose own consent was taken back", 10*time.Second, s.sweepUnwanted)
}

// Purposes of links, so that one kind opens no other kind of door.
const (
	linkRequest = "request"
	linkStop    = "stop"
)

func (s *Service) token(id string, generation int64) string {
	return s.links.Link(linkRequest, id, generation)
}

// Link opens a private link: it answers an actor for that one request. A newer link has revoked the older ones.
func (s *Service) Link(ctx context.Context, token string) (auth.Actor, error) {
	id, generation, err := s.links.ReadLink(linkRequest, token)
	if err != nil {
		return auth.Actor{}, err
	}
	var r Request
	err = s.db.Read(ctx, func(tx *db.Tx) error { r, err = selectRequest(tx, id); return err })
	if err != nil {
		return auth.Actor{}, err
	}
	if generation != r.LinkGeneration {
		return auth.Actor{}, auth.LinkGone()
	}
	return auth.Actor{Who: auth.Consumer, Request: id}, nil
}

// StopToken is what a stop link says: whose messages, by the index of the address, of what scope.
func StopToken(l *auth.Signer, bidx, scope string) string { return l.Link(linkStop, bidx+"_"+scope, 0) }

// StopLink reads a stop link: whose messages of what scope it stops.
func (s *Service) StopLink(token string) (bidx, scope string, err error) {
	subject, _, err := s.links.ReadLink(linkStop, token)
	if err != nil {
		return "", "", err
	}
	bidx, scope, ok := strings.Cut(subject, "_")
	if !ok {
		return "", "", auth.LinkGone()
	}
	return bidx, scope, nil
}

// StopBy ends messages to the holder of a stop link, at once.
func (s *Service) StopBy(ctx context.Context, token string) (scope string, err error) {
	bidx, scope, err := s.StopLink(token)
	if err != nil {
		return "", err
	}
	return scope, s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		_, err := notify.Stop(tx, bidx, scope, "link")
		return err
	})
}

// StopSMS is the gateway's word that a number answered STOP: everything that may be stopped is, for that number, and it is confirmed once.
func (s *Service) StopSMS(ctx context.Context, e164 string) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	bidx := s.notify.Index(notify.BySMS, e164)
	var people []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		people, err = person.Search(tx, s.vault, e164, "", "", 50)
		return err
	})
	if err != nil {
		return err
	}
	if err := errors.Join(s.withdrawTexts(ctx, n, people), s.pros.WithdrawTexts(ctx, e164)); err != nil {
		return err
	}
	for _, id := range people { // who is sent nothing any more is sold nothing either (GDPR art. 21.2)
		who, err := s.Objector(ctx, id)
		if err != nil {
			return err
		}
		if who == nil {
			continue
		}
		if err := s.db.Write(ctx, func(tx *db.Tx) error {
			_, err := s.Note(tx, n, auth.Actor{Who: auth.System, Account: "gateway"}, auth.ConsentWithdraw, who, privacy.Objection{Purpose: privacy.Prospecting, Said: privacy.SaidObjected, Channel: "sms"})
			return err
		}); err != nil {
			return err
		}
	}
	if len(people) == 0 { // a professional, or nobody that we know: stop all the same, there is nobody whose key could seal an answer
		return s.db.WriteGuarded(ctx, func(tx *db.Tx) error { _, err := stopAll(tx, bidx); return err })
	}
	ring, err := s.vault.Ring(ctx, people[0])
	if err != nil {
		return err
	}
	var r Request
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, err = db.One(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE person_id = $1", people[0])
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := stopAll(tx, bidx)
		if err != nil || !first {
			return err
		}
		letter, err := n.Message("stop-confirmed", "fr", map[string]string{"site": s.siteName(n, r.Site, "fr"), "phone": s.sitePhone(n, r.Site)})
		if err != nil {
			return err
		}
		return s.notify.Letter(tx, ring, letter, notify.Message{Person: people[0], Object: r.ID, Kind: "stop-confirmed"}, e164, "")
	})
}

func stopAll(tx *db.Tx, bidx string) (first bool, err error) {
	for _, scope := range []string{notify.ScopeService, notify.ScopeOffers, notify.ScopeSelling} {
		f, err := notify.Stop(tx, bidx, scope, "sms")
		if err != nil {
			return false, err
		}
		first = first || f
	}
	return first, nil
}

// SiteName is how a site calls itself; a host that is gone falls back to the operator.
func SiteName(n *network.Network, host, lang string) string {
	if site, ok := n.Site(host); ok {
		if name := site.Name.Say(lang); name != "" {
			return name
		}
	}
	return n.Operator.Name
}

// siteName and sitePhone are how a site calls itself; a host that is gone falls back to the operator.
func (s *Service) siteName(n *network.Network, host, lang string) string {
	return SiteName(n, host, lang)
}

func (s *Service) sitePhone(n *network.Network, host string) string {
	if site, ok := n.Site(host); ok {
		return site.Phone.Display()
	}
	return n.Operator.Phone.Display()
}

// tell queues one letter to the consumer, with the variables that every letter may hold and those given.
func (s *Service) tell(tx *db.Tx, n *network.Network, ring *vault.Ring, r Request, who person.Person, kind string, vars map[string]string) error {
	l, err := s.compose(n, r, who, kind, vars, tx.Now())
	if err != nil {
		return err
	}
	return s.notify.Letter(tx, ring, l.words, l.message, who.Phone, who.Email)
}

// composed is a letter to a consumer before it is queued.
type composed struct {
	words   network.Letter
	message notify.Message
}

// compose fills a letter at an instant; it needs no transaction.
func (s *Service) compose(n *network.Network, r Request, who person.Person, kind string, vars map[string]string, now time.Time) (composed, error) {
	all := map[string]string{
		"ref":   r.Ref,
		"link":  s.url(r.Site, "/r/"+s.token(r.ID, max(r.LinkGeneration, 1))),
		"site":  s.siteName(n, r.Site, who.Lang),
		"phone": s.sitePhone(n, r.Site),
		"trade": s.tradeLabel(n, r.Trade, who.Lang),
		"clock": s.hour(r, who.Lang, n.Introductions.Clocks.CallBack.AddTo(now)),
	}
	for k, v := range vars {
		all[k] = v
	}
	letter, stop, err := s.letter(n, kind, who.Lang, r.Site, notify.ScopeService, who.Phone, who.Email, all)
	if err != nil {
		return composed{}, err
	}
	if !phone.CanText(who.Phone) {
		letter.SMS = ""
	}
	m := notify.Message{Person: who.ID, Object: r.ID, Kind: kind, Stop: stop}
	if notify.AimOf(kind) == canvass.Survey {
		m.Purpose = opinionPurpose(n)
	}
	if kind == "request-received" && letter.Email != "" && vars["receipt"] != "" {
		letter.Email = strings.TrimRight(letter.Email, "\n") + "\n\n" + vars["receipt"] + "\n"
	}
	return composed{letter, m}, nil
}

// letter fills a message whose {stop} differs by channel: a link stops the messages to the address that it came to, and no others (ET-98, 99).
// stop is the e-mail's, for its header.
func (s *Service) letter(n *network.Network, kind, lang, host, scope, phone, email string, vars map[string]string) (l network.Letter, stop string, err error) {
	link := func(channel, to string) string {
		return s.url(host, "/stop/"+StopToken(s.links, s.notify.Index(channel, to), scope))
	}
	vars["stop"] = link(notify.BySMS, phone)
	text, err := n.SMS(kind, lang, vars)
	if err != nil {
		return l, "", err
	}
	vars["stop"] = link(notify.ByEmail, email)
	l, err = n.Email(kind, lang, vars)
	l.SMS = text
	return l, vars["stop"], err
}

func (s *Service) tradeLabel(n *network.Network, slug, lang string) string {
	t, ok := n.Trade(slug)
	if !ok {
		return slug
	}
	return t.Label.Say(lang)
}

// hour writes an instant at the place of the request: 9 h 19, or 09:19.
func (s *Service) hour(r Request, lang string, at time.Time) string {
	at = at.In(r.Zone())
	if lang == "en" {
		return at.Format("15:04")
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", at.Hour(), at.Minute())
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) }

// sendLink sends the private link of a request to its own number.
func (s *Service) sendLink(ctx context.Context, id string) error {
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if r.State == Unverified {
			return s.sendCode(tx, n, ring, r, who, person.ToVerify)
		}
		return s.tell(tx, n, ring, r, who, "private-link", nil)
	})
}

// NewLink revokes the private links of a request and sends a new one to its number.
func (s *Service) NewLink(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RequestManage); err != nil {
		return err
	}
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Send("UPDATE request SET link_generation = link_generation + 1 WHERE id = $1 AND link_generation = $2", id, r.LinkGeneration); err != nil {
			return err
		}
		next := r
		next.LinkGeneration++
		if err := audit.Write(tx, actor.Name(), actor.As(auth.RequestManage), "request.new-link", id, ""); err != nil {
			return err
		}
		return s.tell(tx, n, ring, next, who, "private-link", nil)
	})
}
