package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

// The API is the pages' twin for programs: on the space host only, with a bearer token and never a cookie, so that no other site can act with
// somebody's session. Every operation names the service method of its page.

const (
	apiPrefix  = "/api/v1"
	apiBody    = 1 << 20 // bytes
	apiDepth   = 32      // levels of a JSON body
	apiDocPath = "GET " + apiPrefix + "/openapi.json"
)

// api is the table of operations while it is built. who admits one sort of actor to a route; a route that is not in it is admitted to nobody.
type api struct {
	huma.API
	mux *http.ServeMux
	who map[string]auth.Who
}

// anyone is admitted with any good token.
const anyone auth.Who = "anyone"

func (s *Server) mountAPI() {
	humaSpeaksProblems()
	a := api{mux: http.NewServeMux(), who: map[string]auth.Who{}}
	strict := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: json.Unmarshal} // readBody has refused what json.Unmarshal forgives
	a.API = humago.NewWithPrefix(a.mux, apiPrefix, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Entremise", Version: "1", Description: "Affiliates send requests, professionals hold and buy them, agents qualify and publish them. Partners and members read published reviews for their own sites.\n\n" +
				"Each POST carries an `Idempotency-Key` of your own, 16 to 100 printable characters: sent again with the same body it answers the same and does nothing twice; with another body it is refused (409). " +
				"Errors are `application/problem+json` (RFC 9457); `code` is stable, `detail` is for people, in French or English by `Accept-Language`. Amounts are whole cents of euro. Instants are UTC."},
			Servers: []*huma.Server{{URL: apiPrefix}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token of an affiliate, a professional or an agent."}},
			},
		},
		Formats:       map[string]huma.Format{"application/json": strict, "json": strict},
		DefaultFormat: "application/json",
	})
	a.affiliates()
	a.professionals()
	a.agents()
	a.reviews()
	s.apiNames = a.names()
	document, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic("web: the API has no document: " + err.Error()) // made of our own types
	}
	a.mux.HandleFunc(apiDocPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		if err := writeMaybeGzip(w, r, http.StatusOK, document); err != nil && r.Context().Err() == nil {
			s.Log.Debug("document not delivered", "error", err.Error()) // the reader went away
		}
	})
	s.mux.Handle(apiPrefix+"/", s.adaptAPI(a))
}

// action adds one operation. do is run for an actor of the right sort, with an input that fits its schema.
func action[I, O any](a api, method, path string, who auth.Who, summary string, do func(*visit, *I) (*O, error), change ...func(*huma.Operation)) {
	op := huma.Operation{Method: method, Path: path, Summary: summary, Tags: []string{string(who)}, Security: []map[string][]string{{"token": {}}}, MaxBodyBytes: -1, BodyReadTimeout: -1, // readBody has read it
		RejectUnknownQueryParameters: true, // here: huma does not find its configuration behind our own type
		OperationID:                  strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)}
	for _, f := range change {
		f(&op)
	}
	a.who[method+" "+apiPrefix+path] = who
	huma.Register(a, op, func(ctx context.Context, in *I) (*O, error) {
		v := ctx.Value(visitKey{}).(*visit)
		out, err := do(v, in)
		if err != nil {
			return nil, v.problem(err)
		}
		return out, nil
	})
}

func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

type visitKey struct{}

// adaptAPI is adapt for programs: the same host, headers, metrics and log, a token in place of the session, and problems in place of pages.
func (s *Server) adaptAPI(a api) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.DB.Machine()
		status := &statusWriter{ResponseWriter: w}
		v := &visit{Server: s, w: status, r: r, ctx: r.Context(), lang: "fr", ref: rand.Text()[:8]}
		handler, pattern := a.mux.Handler(r)
		method, path, _ := strings.Cut(pattern, " ")
		if r.Pattern = pattern; pattern == "" {
			path = apiPrefix + "/"
		}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Log.Error("panic", "route", path, "ref", v.ref, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if status.code == 0 {
					v.writeProblem(v.problemOf(http.StatusInternalServerError, "", fault.Text{}))
				}
			}
			s.metrics.served(method, path, status.code, s.DB.Machine().Sub(started))
		}()
		w.Header().Set("Cache-Control", "no-store")
		if err := v.enterAPI(a, pattern); err != nil {
			v.writeProblem(v.problem(err))
			return
		}
		if pattern == "" {
			v.noOperation(handler)
			return
		}
		a.mux.ServeHTTP(status, v.r.WithContext(context.WithValue(v.ctx, visitKey{}, v)))
	})
}

var (
	errNoToken = fault.New(fault.Anonymous, "no-token", fault.T("Donnez un jeton valable : « Authorization: Bearer … ».", "Give a good token: “Authorization: Bearer …”."))
	errNotHere = fault.New(fault.Denied, "not-for-you", fault.T("Cette opération n’est pas pour ce jeton.", "This operation is not for this token."))
	errType    = &problem{Status: http.StatusUnsupportedMediaType, Code: "not-json", text: fault.T("Envoyez du JSON, en UTF-8 : « Content-Type: application/json ».", "Send JSON, in UTF-8: “Content-Type: application/json”.")}
	errJSON    = &problem{Status: http.StatusBadRequest, Code: "bad-json", text: fault.T("Le corps n’est pas du JSON lisible, une seule valeur, sans clé en double.", "The body is not readable JSON: one value, without a key given twice.")}
)

// enterAPI finds out who calls and reads what he sends.
func (v *visit) enterAPI(a api, pattern string) error {
	if err := v.locate(route{Path: apiPrefix, Zone: space}); err != nil {
		if _, elsewhere := errors.AsType[redirectTo](err); elsewhere {
			err = errHost
		}
		return err
	}
	if pattern == apiDocPath {
		return nil
	}
	token, ok := strings.CutPrefix(v.r.Header.Get("Authorization"), "Bearer ")
	if !ok || len(token) > 200 {
		return errNoToken
	}
	actor, err := v.Auth.Token(v.ctx, token)
	if fault.Is(err, fault.Anonymous) {
		if err := v.limits.allow("bad token "+v.address(), 60, time.Minute); err != nil {
			return err
		}
		return errNoToken
	}
	if err != nil {
		return err
	}
	v.actor = actor
	if v.r.Header.Get("Accept-Language") == "" {
		v.lang = ui.Lang(actor.Lang)
	}
	v.actor.Lang = string(v.lang)
	if most := v.Config.APIPerMinute; most > 0 {
		if err := v.limits.allow("api "+actor.Account, most, time.Minute); err != nil {
			return err
		}
	}
	if pattern == "" {
		return nil
	}
	switch who := a.who[pattern]; {
	case who != anyone && who != actor.Who:
		return errNotHere
	case who == auth.Professional && !v.n.Sells() && !strings.HasSuffix(pattern, " "+apiPrefix+"/invitations"):
		return errNoPage
	}
	return v.readBody()
}

// readBody reads a body whole and refuses what a lenient reader would let pass: too much, another type or encoding, a key given twice.
func (v *visit) readBody() error {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		v.r.Body = http.NoBody
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(v.w, v.r.Body, apiBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return err
		}
		return errJSON
	}
	v.body, v.r.Body = body, io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return nil
	}
	kind, params, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") || v.r.Header.Get("Content-Encoding") != "" {
		return errType
	}
	v.r.Header.Set("Content-Type", kind)
	if !strictJSON(body) {
		return errJSON
	}
	return nil
}

// strictJSON reports whether b is one JSON value in UTF-8, without a key given twice (RFC 8259 §4 leaves their meaning open, and two readers
// may understand two things), without NUL in a text and not deeper than apiDepth.
//
// It is by hand for speed: whatever [json.Valid] passes has balanced brackets and whole strings.
func strictJSON(b []byte) bool {
	if !utf8.Valid(b) || !json.Valid(b) {
		return false
	}
	type container struct {
		keys map[string]bool // nil in an array
		key  bool            // the next string is a key
	}
	var open []container
	inside := func() *container { return &open[len(open)-1] }
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case ' ', '\t', '\n', '\r', ':':
		case ',':
			inside().key = inside().keys != nil
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			end, escaped := i+1, false
			for ; b[end] != '"'; end++ {
				if b[end] == '\\' {
					escaped = true
					if end++; b[end] == 'u' && string(b[end+1:end+5]) == "0000" {
						return false
					}
				}
			}
			if len(open) == 0 || !inside().key {
				if len(open) >= apiDepth {
					return false
				}
				i = end
				continue
			}
			key := string(b[i+1 : end])
			if escaped && json.Unmarshal(b[i:end+1], &key) != nil {
				return false
			}
			if inside().keys[key] {
				return false
			}
			inside().keys[key], inside().key = true, false
			i = end
		default: // a value
			if len(open) >= apiDepth {
				return false
			}
			switch c {
			case '{':
				open = append(open, container{keys: map[string]bool{}, key: true})
			case '[':
				open = append(open, container{})
			default: // a number, true, false or null
				end := i
				for end < len(b) && strings.IndexByte(" \t\n\r,]}", b[end]) < 0 {
					end++
				}
				if c == '-' || c >= '0' && c <= '9' {
					if _, err := strconv.ParseFloat(string(b[i:end]), 64); err != nil { // beyond it readers differ
						return false
					}
				}
				i = end - 1
			}
		}
	}
	return true
}

// Keyed is the header of every action. The same key with the same body is the same action.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"16" maxLength:"100" pattern:"^[!-~]+$" doc:"Your own name for this one action."`
}

// once runs an action under its key and answers its word, the same one each time.
func (v *visit) once(k Keyed, do func() (word string, err error)) (string, error) {
	return v.Requests.Once(v.ctx, v.actor, k.Key, slices.Concat([]byte(v.r.Method+" "+v.r.URL.Path+"\n"), v.body), do)
}

// problem is an error as programs read it (RFC 9457). It never holds a value that was sent.
type problem struct {
	Type   string         `json:"type" doc:"Always about:blank: the status says the sort, the code the case."`
	Title  string         `json:"title" doc:"The status in words."`
	Status int            `json:"status"`
	Code   string         `json:"code" doc:"Stable name of the case, for programs."`
	Detail string         `json:"detail,omitempty" doc:"A sentence for people, without any value that was sent."`
	Errors []problemField `json:"errors,omitempty" doc:"Every input that is wrong."`
	Ref    string         `json:"ref,omitempty" doc:"Quote it when you report a failure of ours: it is in our log."`

	text fault.Text
}

type problemField struct {
	Field  string `json:"field" doc:"Path of the input."`
	Detail string `json:"detail"`
}

func (p *problem) Error() string             { return p.Code }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) ContentType(string) string { return "application/problem+json" }

func (v *visit) problemOf(status int, code string, text fault.Text) *problem {
	if code == "" {
		code = strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "-"))
	}
	p := &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: v.say2(text)}
	if status >= 500 {
		p.Ref = v.ref
	}
	h := v.w.Header()
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "30")
	}
	return p
}

// problem makes an error what a program may read of it, and logs it when it is ours.
func (v *visit) problem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return v.problemOf(p.Status, p.Code, p.text)
	}
	status, public := v.judge(v.r.Method, v.r.Pattern, err)
	p := v.problemOf(status, fault.Code(err), public)
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			p.Errors = append(p.Errors, problemField{field.Name, v.say2(field.Text)})
		}
	}
	return p
}

func (v *visit) writeProblem(p *problem) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("web: a problem does not marshal: " + err.Error()) // texts and numbers only
	}
	v.w.Header().Set("Content-Type", "application/problem+json")
	v.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	v.w.WriteHeader(p.Status)
	if _, err := v.w.Write(body); err != nil && v.ctx.Err() == nil {
		v.Log.Debug("problem not delivered", "error", err.Error()) // the reader went away
	}
}

// noOperation answers for a path that is not there, or not with this method: the mux knows which and says so in headers.
func (v *visit) noOperation(h http.Handler) {
	said := &headOnly{header: http.Header{}}
	h.ServeHTTP(said, v.r)
	if allow := said.header.Get("Allow"); allow != "" {
		v.w.Header().Set("Allow", allow)
		v.writeProblem(v.problemOf(http.StatusMethodNotAllowed, "", fault.T("Cette opération demande une autre méthode.", "This operation wants another method.")))
		return
	}
	v.writeProblem(v.problemOf(http.StatusNotFound, "no-operation", fault.T("Cette opération n’existe pas.", "There is no such operation.")))
}

// headOnly takes an answer's headers and drops its body.
type headOnly struct{ header http.Header }

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headOnly) WriteHeader(int)             {}

// humaSpeaksProblems replaces huma's errors, which repeat the rejected value: it may be somebody's number. They are variables of that package,
// so this is done once for the process.
var humaSpeaksProblems = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true // "Name" beside "name" is a key given twice
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		v := ctx.Context().Value(visitKey{}).(*visit)
		p := v.problemOf(status, "", fault.Text{})
		if status == http.StatusBadRequest {
			p = v.problem(errJSON)
		}
		if status == http.StatusUnprocessableEntity {
			p = v.problemOf(status, "invalid-fields", fault.T("Certaines entrées sont à corriger.", "Some inputs need correcting."))
		}
		for _, err := range errs {
			if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
				p.Errors = append(p.Errors, problemField{v.ourPart(d.Location), ourWords(d.Message)})
			}
		}
		return p
	}
})

// names are the words of the API's own document: inputs and their properties.
func (a api) names() map[string]bool {
	known := map[string]bool{"body": true, "path": true, "query": true, "header": true}
	for _, schema := range a.OpenAPI().Components.Schemas.Map() {
		for name := range schema.Properties {
			known[name] = true
		}
	}
	for _, path := range a.OpenAPI().Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Put} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				known[p.Name] = true
			}
		}
	}
	return known
}

// ourPart is the place of an error as far as its names are ours: a property that nobody knows, and the keys of a map, were chosen by the sender
// and may be anything.
func (v *visit) ourPart(location string) string {
	parts := strings.Split(location, ".")
	ours := slices.IndexFunc(parts, func(p string) bool {
		name, _, _ := strings.Cut(p, "[")
		return !v.apiNames[name]
	})
	if ours < 0 {
		ours = len(parts)
	}
	return strings.Join(parts[:ours], ".")
}

// ourWords lets through the messages that speak of the schema; others speak of the value.
func ourWords(message string) string {
	for _, ours := range []string{"expected ", "required ", "unexpected property", "unknown query parameter"} {
		if strings.HasPrefix(message, ours) {
			return message
		}
	}
	return "not valid"
}
