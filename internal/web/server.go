// Package web is the network as people and programs meet it: one route table, and adapters that decode, ask a service, and show its answer.
//
// Everything is shut unless the route table opens it. An adapter holds no rule: a page and its API twin name the same service method. What a
// service refuses comes back as a page with every error beside its field, or as problem+json; what is a defect is logged once, by the route
// and a reference that the person can quote, and shown without its text. No personal value stands in a URL, a log line or a metric.
package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/inspect"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/oversight"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
	"entremise/internal/request"
	"entremise/internal/review"
	"entremise/internal/vault"
	"entremise/internal/web/ui"
)

// Parts are what the composition root gives. All are needed.
type Parts struct {
	DB        *db.DB
	Vault     *vault.Vault
	Editions  *edition.Store
	Auth      *auth.Service
	Notify    *notify.Service
	Archiver  *archiver.Service
	Pros      *pro.Service
	Billing   *billing.Service
	Requests  *request.Service
	Calls     *call.Service
	Reviews   *review.Service
	Inbox     *inbox.Service
	Oversight *oversight.Service
	Documents *document.Service
	Inspect   *inspect.Service
	Life      *privacy.Engine
	Proof     *proof.Log
	Anchors   *proof.Anchors
	Links     *auth.Signer
	Log       *slog.Logger
	Config    Config
	Demo      Demo
}

// Config is how the server stands in the world.
type Config struct {
	URL          func(host, path string) string // whole address of a page
	Hosts        func(host string) string       // host name as asked for → host name of the network file: a demo serves .localhost
	Secure       bool                           // behind TLS: cookies say so and HSTS is sent
	Demo         bool                           // an unknown host gets the first site; the outbox and the clock have pages
	Proxies      []netip.Prefix                 // whose X-Forwarded-For is believed
	SMSKeys      []string                       // secrets of the SMS gateway's webhook, newest first
	APIPerMinute int                            // calls of one token a minute and node; 0 is no limit
	LineKeys     []string                       // likewise of the telephone line's
}

// Demo is what only a demo folder can do; zero elsewhere.
type Demo struct {
	Roles func(ctx context.Context, lang string) ([]ui.DemoRole, error)
	Move  func(ctx context.Context, by time.Duration) error // business time
	Off   func() time.Duration                              // business time ahead of real time
}

// Server answers HTTP. Safe for concurrent use.
type Server struct {
	Parts
	mux      *http.ServeMux
	limits   *limiter
	pages    *pageCache
	metrics  *metrics
	apiNames map[string]bool // words of the API's document, which its errors may repeat
}

// New makes the server.
func New(p Parts) *Server {
	s := &Server{Parts: p, limits: newLimiter(p.DB.Machine), pages: newPageCache(p.DB), metrics: newMetrics(p.DB)}
	s.mux = http.NewServeMux()
	for _, r := range s.routes() {
		s.mux.Handle(r.Method+" "+r.Path, s.adapt(r))
	}
	s.mux.Handle("GET /static/", ui.StaticHandler())
	s.mountAPI()
	s.mux.Handle("/", s.adapt(route{Zone: anywhere, Open: open, Do: func(*visit) error { return errNoPage }}))
	return s
}

var errNoPage = fault.New(fault.Missing, "no-page", fault.T("Cette page n’existe pas.", "There is no such page."))

// ServeHTTP sets what every answer carries, whoever makes it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", ui.ContentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), interest-cohort=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	if s.Config.Secure {
		h.Set("Strict-Transport-Security", "max-age=63072000")
	}
	s.mux.ServeHTTP(w, r)
}

// zone is which of the network's hosts a page answers on.
type zone int

const (
	anywhere zone = iota
	site          // a public site
	space         // professionals, staff and the API
	demoOnly      // any host, in a demo folder only
)

// access says who may come in; the service then asks the permission table again for what is done.
type access string

const (
	open     access = "everybody"
	linked   access = "holder of a private link"
	signed   access = "signed in"
	prosOnly access = "professional"
	staff    access = "staff"
	selling  access = "staff, where introductions are sold"
	buying   access = "professional, where introductions are sold"
	member   access = "professional, where requests are forwarded to members"
	hosting  access = "staff, where professionals have a space"
	passing  access = "staff, where requests are forwarded to members"
)

// route is one line of the table. Body is the most bytes that are read; 0 is 64 kB.
type route struct {
	Method, Path string
	Zone         zone
	Open         access
	Body         int64
	Do           func(*visit) error
}

// visit is one request on its way: who asks, where, in which language.
type visit struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context
	actor auth.Actor
	token string // of the session or private link
	n     *network.Network
	site  network.Site // of the host; zero on the space host
	lang  ui.Lang
	space bool
	wrote bool
	flash ui.Flash
	ref   string
	body  []byte // of a program's call, whole
}

const defaultBody = 64 << 10

func (s *Server) adapt(rt route) http.Handler {
	protect := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.DB.Machine()
		v := &visit{Server: s, w: w, r: r, ctx: r.Context(), lang: "fr", ref: rand.Text()[:8]}
		status := &statusWriter{ResponseWriter: w}
		v.w = status
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Log.Error("panic", "route", rt.Path, "ref", v.ref, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				v.fail(rt, fmt.Errorf("panic"))
			}
			s.metrics.served(rt.Method, rt.Path, status.code, s.DB.Machine().Sub(started))
		}()
		body := rt.Body
		if body == 0 {
			body = defaultBody
		}
		r.Body = http.MaxBytesReader(status, r.Body, body)
		if err := v.enter(rt); err != nil {
			v.fail(rt, err)
			return
		}
		if err := protect.Check(r); err != nil {
			v.fail(rt, fault.New(fault.Denied, "cross-site", fault.T("Cet envoi vient d’un autre site. Ouvrez la page et recommencez.", "This came from another site. Open the page and try again.")))
			return
		}
		if err := rt.Do(v); err != nil {
			v.fail(rt, err)
		}
	})
}

// enter finds out where and who a visit is, and lets in whom the route admits.
func (v *visit) enter(rt route) error {
	if err := v.locate(rt); err != nil {
		return err
	}
	if err := v.identify(); err != nil {
		return err
	}
	if err := v.admit(rt.Open); err != nil {
		return err
	}
	return v.mustAccept(rt)
}

// locate finds the network, the host's zone and the language.
func (v *visit) locate(rt route) error {
	n, err := v.Editions.InForce(v.ctx)
	if err != nil {
		return err
	}
	v.n = n
	host := v.Config.Hosts(hostOnly(v.r.Host))
	found := false
	switch {
	case host == n.SpaceHost:
		v.space, found = true, true
	default:
		if v.site, found = n.Site(host); !found && v.Config.Demo {
			v.site = n.Sites[0]
			found = true
			// One address without a name (127.0.0.1) serves all zones of a demo; a page of the space is one of the space.
			v.space = rt.Zone == space
		} else if found && host != v.site.Host {
			return redirectTo{v.Config.URL(v.site.Host, v.r.URL.RequestURI())} // www and other aliases
		}
	}
	if found && v.Config.Secure && v.r.Header.Get("X-Forwarded-Proto") == "http" && v.proxied() {
		return redirectTo{v.Config.URL(host, v.r.URL.RequestURI())} // RN-84; of a network's own hosts only
	}
	v.chooseLanguage()
	if !found && rt.Path != "/healthz" && rt.Path != "/readyz" && rt.Path != "/metrics" {
		return errHost
	}
	if rt.Zone == demoOnly && !v.Config.Demo {
		return errNoPage
	}
	if rt.Zone == site && v.space || rt.Zone == space && !v.space {
		return errNoPage
	}
	if query, err := url.QueryUnescape(v.r.URL.RawQuery); err != nil || !readable(query) || !readable(v.r.URL.Path) {
		return errForm
	}
	return nil
}

// readable text is what both databases keep: UTF-8 without NUL.
func readable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

var errHost = fault.New(fault.Missing, "no-such-host", fault.T("Ce nom de site n’est pas servi ici.", "This host name is not served here."))

// redirectTo, returned by an adapter, answers 303 (or 308 for a GET elsewhere).
type redirectTo struct{ url string }

func (r redirectTo) Error() string { return "redirect" }

func hostOnly(h string) string {
	if host, _, err := net.SplitHostPort(h); err == nil {
		h = host
	}
	return strings.ToLower(strings.TrimSuffix(h, "."))
}

// identify reads the session on the space host, or the private link's cookie on a site.
func (v *visit) identify() error {
	v.actor = auth.Actor{Who: auth.Visitor, Lang: string(v.lang)}
	if c, err := v.r.Cookie(v.cookie("session")); err == nil && (v.space || v.Config.Demo) {
		actor, err := v.Auth.Session(v.ctx, c.Value)
		if err == nil {
			v.actor, v.token = actor, c.Value
		} else if !fault.Is(err, fault.Anonymous) {
			return err
		}
	}
	if c, err := v.r.Cookie(v.cookie("request")); err == nil && !v.space {
		actor, err := v.Requests.Link(v.ctx, c.Value)
		if err == nil {
			v.actor, v.token = actor, c.Value
			v.actor.Coded = v.coded()
		} else if fault.Of(err) == nil {
			return err
		}
	}
	if c, err := v.r.Cookie(v.cookie("case")); err == nil && !v.space && (v.actor.Who == auth.Visitor || v.actor.Who == auth.Consumer) {
		actor, err := v.Inbox.Link(v.ctx, c.Value)
		if err == nil {
			v.actor.Who, v.actor.Case = auth.Consumer, actor.Case
		} else if fault.Of(err) == nil {
			return err
		}
	}
	if c, err := v.r.Cookie(v.cookie("review")); err == nil && !v.space && (v.actor.Who == auth.Visitor || v.actor.Who == auth.Consumer) {
		actor, err := v.Reviews.Link(v.ctx, c.Value)
		if err == nil {
			v.actor.Who, v.actor.Invite = auth.Consumer, actor.Invite
		} else if fault.Of(err) == nil {
			return err
		}
	}
	v.actor.Lang = string(v.lang)
	return nil
}

func (v *visit) admit(a access) error {
	ok := false
	off := map[access]bool{selling: !v.n.Sells(), buying: !v.n.Sells(), member: !v.n.Forwards(), passing: !v.n.Forwards(), prosOnly: !v.n.HasPros(), hosting: !v.n.HasPros()}
	if off[a] {
		return errNoPage // a module that is off has no pages, whoever asks
	}
	switch a {
	case open:
		ok = true
	case linked:
		if v.actor.Who != auth.Consumer {
			return errNoLink
		}
		ok = true
	case signed:
		ok = v.actor.Who == auth.StaffMember || v.actor.Who == auth.Professional
	case prosOnly, buying, member:
		ok = v.actor.Who == auth.Professional
	case staff, selling, hosting, passing:
		ok = v.actor.Who == auth.StaffMember
	}
	switch {
	case ok:
		return nil
	case v.actor.Who == auth.Visitor || v.actor.Who == auth.Consumer:
		if v.r.Method == http.MethodGet && !v.wantsFragment() {
			return redirectTo{"/connexion?next=" + url.QueryEscape(v.r.URL.RequestURI())}
		}
		return auth.ErrSignIn
	}
	return fault.New(fault.Denied, "not-for-you", fault.T("Cette page n’est pas pour votre compte.", "This page is not for your account."))
}

var errNoLink = fault.New(fault.Anonymous, "no-link", fault.T("Ouvrez le lien reçu par SMS ou par e-mail pour voir votre demande.", "Open the link that you got by text or e-mail to see your request."))

// cookie names: the prefix __Host- binds a cookie to this host and to TLS.
func (v *visit) cookie(name string) string {
	if v.Config.Secure {
		return "__Host-" + name
	}
	return "entremise-" + name
}

func (v *visit) setCookie(name, value string, life time.Duration) {
	c := &http.Cookie{Name: v.cookie(name), Value: value, Path: "/", HttpOnly: true, Secure: v.Config.Secure, SameSite: http.SameSiteLaxMode}
	if life > 0 {
		c.MaxAge = int(life.Seconds())
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

// chooseLanguage: ?lang= is kept in a cookie; else the cookie, else the browser's wish among ours, else the site's.
func (v *visit) chooseLanguage() {
	lang := v.r.URL.Query().Get("lang")
	if lang == "fr" || lang == "en" {
		v.setCookie("lang", lang, 365*24*time.Hour)
	} else if c, err := v.r.Cookie(v.cookie("lang")); err == nil {
		lang = c.Value
	} else {
		lang = string(v.site.Language)
		for part := range strings.SplitSeq(v.r.Header.Get("Accept-Language"), ",") {
			tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
			if tag, _, _ = strings.Cut(tag, "-"); tag == "fr" || tag == "en" {
				lang = tag
				break
			}
		}
	}
	if lang != "en" {
		lang = "fr"
	}
	v.lang = ui.Lang(lang)
}

// frame is what every page needs.
func (v *visit) frame(zone *time.Location) ui.Frame {
	if zone == nil {
		zone = geo.Paris()
	}
	return ui.Frame{Lang: v.lang, Zone: zone, Now: v.DB.Now(), Path: v.r.URL.RequestURI(), Accent: strings.TrimPrefix(string(v.n.Accent), "#"), Flash: v.takeFlash()}
}

// show answers 200 with a page.
func (v *visit) show(p ui.View) error { return v.showAs(http.StatusOK, p) }

// showing answers with a page that may have failed to be made.
func (v *visit) showing(p ui.View, err error) error {
	if err != nil {
		return err
	}
	return v.show(p)
}

func (v *visit) showAs(status int, p ui.View) error {
	var body bytes.Buffer // whole before the first byte leaves: a page that fails half way would look like an answer
	if err := p.Page().Render(v.ctx, &body); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", string(v.lang))
	v.wrote = true
	if v.r.Method == http.MethodHead {
		v.w.WriteHeader(status)
		return nil
	}
	if err := writeMaybeGzip(v.w, v.r, status, body.Bytes()); err != nil && v.ctx.Err() == nil {
		v.Log.Debug("page not delivered", "error", err.Error()) // the reader went away
	}
	return nil
}

// to answers 303: what was posted is done, the next page is asked for by GET.
func (v *visit) to(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	v.wrote = true
	return nil
}

// say keeps a sentence for the next page.
func (v *visit) say(tone ui.Tone, text string) { v.keep(ui.Flash{Tone: tone, Text: text}) }

func (v *visit) keep(f ui.Flash) {
	v.setCookie("flash", url.QueryEscape(string(f.Tone)+"|"+f.Undo+"|"+f.Text), time.Minute)
}

// undoable leads on with a sentence and, for ten seconds, a button that takes the act back by a post to undo. Only what has told nobody outside
// the house is undone.
func (v *visit) undoable(to, good, undo string) error {
	v.keep(ui.Flash{Tone: ui.Good, Text: good, Undo: undo})
	return v.to(to)
}

func (v *visit) takeFlash() ui.Flash {
	c, err := v.r.Cookie(v.cookie("flash"))
	if err != nil || v.wrote {
		return v.flash
	}
	text, err := url.QueryUnescape(c.Value)
	parts := strings.SplitN(text, "|", 3)
	if err != nil || len(parts) < 3 {
		return v.flash
	}
	v.setCookie("flash", "", 0)
	v.flash = ui.Flash{Tone: ui.Tone(parts[0]), Undo: parts[1], Text: parts[2]}
	return v.flash
}

func (v *visit) wantsFragment() bool {
	return v.r.Header.Get("X-Save") != "" || v.r.Header.Get("X-Live") != ""
}

// invalid is how a form comes back: with the fault's words beside the fields, what was typed, and 422; err is returned when it is no fault of
// the form.
func (v *visit) invalid(err error, page func(ui.Form) (ui.View, error)) error {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Denied || f.Kind == fault.Anonymous || f.Kind == fault.Missing {
		return err
	}
	form := ui.Form{Values: v.r.Form, Errors: f.Fields}
	if len(f.Fields) == 0 {
		form.Failed = f.Public
	}
	p, err := page(form)
	if err != nil {
		return err
	}
	return v.showAs(statusOf(f), p)
}

func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Missing:
		if f.Code == errHost.Code {
			return http.StatusMisdirectedRequest
		}
		return http.StatusNotFound
	case fault.Denied:
		return http.StatusForbidden
	case fault.Anonymous:
		if strings.HasSuffix(f.Code, "-gone") {
			return http.StatusGone
		}
		return http.StatusUnauthorized
	case fault.Conflict:
		return http.StatusConflict
	case fault.Limit:
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// fail shows an error: a fault in its own words, anything else as a reference to the log line.
func (v *visit) fail(rt route, err error) {
	if to, ok := errors.AsType[redirectTo](err); ok {
		code := http.StatusSeeOther
		if strings.Contains(to.url, "://") {
			code = http.StatusPermanentRedirect
		}
		http.Redirect(v.w, v.r, to.url, code)
		return
	}
	if errors.Is(err, context.Canceled) {
		return // the reader went away
	}
	status, public := v.judge(rt.Method, rt.Path, err)
	message := v.say2(public)
	if errors.Is(err, errNoPage) {
		message = "" // the title says it: what to do is worth more
	}
	if v.wrote {
		return
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		v.w.Header().Set("Retry-After", "30")
	}
	if v.n == nil {
		http.Error(v.w, "unavailable "+v.ref, http.StatusServiceUnavailable)
		return
	}
	page := ui.Failure{Public: v.public(nil), Status: status, Message: message, Space: v.space, Back: ui.Link{Text: v.lang.T("Accueil", "Home"), Href: "/"}}
	if status >= http.StatusInternalServerError {
		page.Ref = v.ref // of the line in the log
	}
	if err := v.showAs(status, page); err != nil && v.ctx.Err() == nil {
		v.Log.Error("error page failed", "route", rt.Path, "error", err.Error())
	}
}

// judge finds the status of an error and what may be said of it. What is no fault is a defect or an outage: it is logged, once, without
// anything that a person typed, and its text is not shown.
func (v *visit) judge(method, route string, err error) (status int, public fault.Text) {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return http.StatusRequestEntityTooLarge, public
	}
	if errors.Is(err, errForm) {
		return http.StatusBadRequest, public
	}
	if f := fault.Of(err); f != nil {
		return statusOf(f), f.Public
	}
	v.Log.Error("request failed", "method", method, "route", route, "ref", v.ref, "error", err.Error())
	if errors.Is(err, db.ErrBusy) {
		return http.StatusServiceUnavailable, public
	}
	return http.StatusInternalServerError, public
}

// statusWriter remembers the status for the metrics.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
