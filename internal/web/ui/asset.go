package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ContentSecurityPolicy is the policy under which every page of ours works: nothing inline, nothing from elsewhere.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; worker-src 'self'; manifest-src 'self'"

// PolicyWith is the policy of a page into which a visitor let scripts and frames of others: their servers, and no more.
func PolicyWith(scripts, frames []string) string {
	p := ContentSecurityPolicy
	if len(scripts) > 0 {
		list := " " + strings.Join(scripts, " ")
		for _, part := range []string{"script-src 'self'", "img-src 'self' data:", "connect-src 'self'"} {
			p = strings.Replace(p, part, part+list, 1)
		}
	}
	if len(frames) > 0 {
		p += "; frame-src " + strings.Join(frames, " ")
	}
	return p
}

// Static holds the files as they are written; they are served under names that carry the hash of their content.
//
//go:embed static
var Static embed.FS

const staticRoot = "/static/"

type asset struct {
	url   string // /static/app.x7k2….css
	kind  string // Content-Type
	plain []byte
	gzip  []byte // nil where it would not be smaller
}

// assets is made at first use: read, point references at hashed names, hash, compress. A file that refers to others comes after them.
var assets = sync.OnceValue(func() map[string]*asset {
	made := map[string]*asset{}
	names, err := fs.Glob(Static, "static/*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	bodies := map[string][]byte{}
	for _, name := range names {
		if bodies[name], err = Static.ReadFile(name); err != nil {
			panic(err) // embedded: it was listed a line ago
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return refers(bodies[a]) - refers(bodies[b]) })
	for _, name := range names {
		body := bodies[name]
		name = path.Base(name)
		for other, a := range made {
			body = bytes.ReplaceAll(body, []byte("url("+other+")"), []byte("url("+a.url+")"))
			body = bytes.ReplaceAll(body, []byte(`"./`+other+`"`), []byte(`"`+a.url+`"`))
		}
		switch path.Ext(name) {
		case ".css":
			body = squeeze(body)
		case ".js":
			body = jsComment.ReplaceAll(body, nil)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		tag := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
		a := &asset{url: staticRoot + strings.TrimSuffix(name, ext) + "." + tag + ext, kind: kindOf(ext), plain: body}
		if z := compressed(body); len(z) < len(body)-64 {
			a.gzip = z
		}
		made[name] = a
	}
	return made
})

// refers is 1 for a file that names another: one level is all that is allowed, and a test looks for names left unhashed.
func refers(body []byte) int {
	if bytes.Contains(body, []byte("url(")) || bytes.Contains(body, []byte(`from "./`)) {
		return 1
	}
	return 0
}

func kindOf(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".LICENSE":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(ext)
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	if _, err := w.Write(body); err != nil {
		panic(err) // memory does not refuse
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	jsComment  = regexp.MustCompile(`(?m)^\s*//.*\n`) // whole lines only
	cssSpace   = regexp.MustCompile(`\s*\n\s*`)
)

// squeeze drops comments and line ends from our own stylesheet, which holds no string with either.
func squeeze(css []byte) []byte {
	return cssSpace.ReplaceAll(cssComment.ReplaceAll(css, nil), []byte("\n"))
}

// Asset is the address of a file of static/, with the hash of its content. An unknown name is a defect of the page that asks.
func Asset(name string) string {
	a, ok := assets()[name]
	if !ok {
		panic("ui: no asset " + name)
	}
	return a.url
}

// StaticHandler serves /static/: hashed files for ever, and theme.css for a network's accent (see ThemeURL).
func StaticHandler() http.Handler {
	byURL := map[string]*asset{}
	for _, a := range assets() {
		byURL[a.url] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a := byURL[r.URL.Path]
		if r.URL.Path == staticRoot+"theme.css" {
			css, err := ThemeCSS(r.URL.Query().Get("a"))
			if err == nil {
				a = &asset{kind: "text/css; charset=utf-8", plain: css}
			}
		}
		if a == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		body := a.plain
		if a.gzip != nil && AcceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.gzip
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body) // the reader went away: nobody to tell
		}
	})
}

// AcceptsGzip reads RFC 9110 § 12.5.3 as far as we need it: gzip is named, and not with weight zero.
func AcceptsGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			q = strings.TrimPrefix(strings.ReplaceAll(q, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return q == "" || err == nil && weight > 0
		}
	}
	return false
}

// defaultAccent is the blue of enamelled street plates.
const defaultAccent = "123f7d"

// ThemeURL is the address of a network's colour.
func ThemeURL(accent string) string {
	if _, err := parseColour(accent); err != nil {
		accent = defaultAccent
	}
	return staticRoot + "theme.css?a=" + strings.ToLower(strings.TrimPrefix(accent, "#"))
}

// ThemeCSS derives the few colours that depend on a network's accent (six hexadecimal digits). The accent is darkened for light pages
// and lightened for dark ones until text reaches 4.5:1 (WCAG 2.2, 1.4.3) on paper and on every tinted ground, so that no network file can make a page unreadable.
func ThemeCSS(accent string) ([]byte, error) {
	c, err := parseColour(accent)
	if err != nil {
		return nil, err
	}
	light, dark := c, c
	for contrast(light, paperLight) < 5.5 {
		light = mix(light, colour{}, 0.06)
	}
	for contrast(dark, paperDark) < 7 {
		dark = brighter(dark)
	}
	// The plate behind the site's name keeps the network's own colour in both schemes; only its ink is chosen.
	plate := c
	for contrast(plate, colour{1, 1, 1}) < 4.6 { // rounding to bytes takes a little
		plate = mix(plate, colour{}, 0.06)
	}
	vars := func(a, on, soft colour) string {
		return fmt.Sprintf("--accent:%s;--on-accent:%s;--accent-soft:%s;--plate:%s", a, on, soft, plate)
	}
	return fmt.Appendf(nil, ":root{%s}@media (prefers-color-scheme:dark){:root{%s}}\n",
		vars(light, colour{1, 1, 1}, mix(paperLight, light, 0.09)), vars(dark, paperDark, mix(paperDark, dark, 0.16))), nil
}

// colour is sRGB, each part 0..1.
type colour [3]float64

// The papers of app.css, on which an accent must be readable.
var (
	paperLight = colour{0.984, 0.980, 0.965}
	paperDark  = colour{0.086, 0.090, 0.098}
)

func parseColour(s string) (colour, error) {
	s = strings.TrimPrefix(s, "#")
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || len(s) != 6 {
		return colour{}, fmt.Errorf("ui: %q is no colour such as 123f7d", s)
	}
	return colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

func (c colour) String() string {
	b := [3]byte{}
	for i, v := range c {
		b[i] = byte(math.Round(v * 255))
	}
	return fmt.Sprintf("#%02x%02x%02x", b[0], b[1], b[2])
}

func mix(a, b colour, share float64) colour {
	for i := range a {
		a[i] += (b[i] - a[i]) * share
	}
	return a
}

// brighter turns a colour up while it has a hue to turn up, and only then towards white, so that a deep blue becomes a clear one, not grey.
func brighter(c colour) colour {
	if top := max(c[0], c[1], c[2]); top > 0.05 && top < 1 {
		k := min(1.06, 1/top)
		return colour{c[0] * k, c[1] * k, c[2] * k}
	}
	return mix(c, colour{1, 1, 1}, 0.06)
}

// luminance and contrast follow WCAG 2.2.
func (c colour) luminance() float64 {
	l := 0.0
	for i, w := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := c[i]
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += w * v
	}
	return l
}

func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// AssetNames lists the files of static/, sorted.
func AssetNames() []string { return slices.Sorted(maps.Keys(assets())) }
