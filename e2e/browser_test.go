package e2e

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// One browser serves all tests; each page has a browser context, so cookies, of its own.
var browser struct {
	once  sync.Once
	ctx   context.Context
	close []context.CancelFunc
	err   error
}

func openBrowser() (context.Context, error) {
	browser.once.Do(func() {
		path := os.Getenv("ENTREMISE_BROWSER")
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if path == "" {
				path, _ = exec.LookPath(name) // a missing one leaves it empty
			}
		}
		if path == "" {
			browser.err = fmt.Errorf("no Chromium: install it, or name it in ENTREMISE_BROWSER")
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			// Every name leads to this machine: sites are tested by their own host names, and nothing outside can be reached.
			chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
			chromedp.Flag("lang", "fr-FR"),
			chromedp.Flag("hide-scrollbars", true),
		)
		if os.Getuid() == 0 {
			options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
		}
		allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, closeContext := chromedp.NewContext(allocator)
		browser.close = []context.CancelFunc{closeContext, closeAllocator}
		browser.ctx, browser.err = ctx, chromedp.Do(ctx) // starts it
	})
	return browser.ctx, browser.err
}

func closeBrowser() {
	for _, f := range browser.close {
		f()
	}
}

// screen is what a page is looked at with.
type screen struct {
	name          string
	width, height int64
	mobile        bool
}

var (
	phone   = screen{"phone", 360, 740, true}
	tablet  = screen{"tablet", 768, 1024, true}
	desktop = screen{"desktop", 1440, 900, false}
)

// page is one tab of one person. Its methods stop the test when they do not succeed in time. When the test ends, an exception of a script or
// a line of the console that is an error fails it: a refused style or script (CSP) is one.
type page struct {
	t      *testing.T
	s      *server
	screen screen
	ctx    context.Context

	mu       sync.Mutex
	troubles []string
	outside  []string
	allowed  []string
}

// open makes a tab. Motion is reduced, so that a screenshot never catches a page half way.
func open(t *testing.T, s *server, on screen) *page {
	t.Helper()
	parent, err := openBrowser()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	p := &page{t: t, s: s, screen: on, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			p.keep("failed")
		}
		closeTab()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, trouble := range p.troubles {
			t.Error("in the browser: " + trouble)
		}
		for _, address := range p.outside {
			t.Error("the page asked an outside server: " + address)
		}
	})
	if err := chromedp.Listen(ctx, p.heard); err != nil {
		t.Fatal(err)
	}
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(1)}
	if on.mobile {
		options = []chromedp.EmulateViewportOption{chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch}
	}
	p.do("viewport", chromedp.EmulateViewport(on.width, on.height, options...), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}))
	return p
}

// heard runs in the loop that reads the browser's messages: it only takes notes.
func (p *page) heard(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.trouble(text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.trouble(string(e.Entry.Source) + ": " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host == "" {
			return // data:, blob:, about:
		}
		if _, port, _ := strings.Cut(p.s.address, ":"); u.Port() != port {
			p.outside = append(p.outside, e.Request.URL)
		}
	}
}

func (p *page) trouble(text string) {
	for _, a := range p.allowed {
		if strings.Contains(text, a) {
			return
		}
	}
	p.troubles = append(p.troubles, text)
}

// allow names words of a console error that this test provokes on purpose: "status of 422".
func (p *page) allow(words ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, words...)
}

func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience/2)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// eval runs JavaScript in the page and reads its value; a promise is awaited.
func eval[T any](p *page, script string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience/2)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.80s: %v", script, err)
	}
	return v
}

// goTo loads a page of a host of the server and waits until it has loaded.
func (p *page) goTo(host, path string) {
	p.t.Helper()
	p.do("go to "+path, chromedp.Navigate(p.s.url(host, path)))
}

// goToURL is goTo for an address that the program itself gave (a sign-in link, a link in a message).
func (p *page) goToURL(address string) {
	p.t.Helper()
	p.do("go to "+address, chromedp.Navigate(address))
}

// withoutScripts turns JavaScript off for this tab.
func (p *page) withoutScripts() {
	p.t.Helper()
	p.do("scripts off", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// dark asks for the dark colours.
func (p *page) dark() {
	p.t.Helper()
	p.do("dark", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// click presses what a CSS selector finds first, once it can be seen; a tap on a screen that is touched.
func (p *page) click(selector string) {
	p.t.Helper()
	if p.screen.mobile {
		p.do("see "+selector, chromedp.WaitVisible(selector))
		// To the middle of the screen first: bars that stay at its edges would take the tap.
		eval[bool](p, fmt.Sprintf(`(document.querySelector(%q).scrollIntoView({block: "center", behavior: "instant"}), true)`, selector))
		p.do("tap "+selector, chromedp.Tap(selector))
		return
	}
	p.do("click "+selector, chromedp.Click(selector))
}

// fill replaces the text of a field, by keys.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	if name := regexp.MustCompile(`name=["']?([^"'\]]+)`).FindStringSubmatch(selector); name != nil {
		inClear.typed(name[1], text)
	} else {
		inClear.typed(selector, text)
	}
	p.do("see "+selector, chromedp.WaitVisible(selector))
	eval[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = ""; e.focus(); return true })()`, selector))
	p.do("fill "+selector, chromedp.SendKeys(selector, text))
}

// choose picks an option of a select by its value, as a person's choice: the page hears of it.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	p.do("choose "+selector, chromedp.WaitVisible(selector))
	ok := eval[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q;
		e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return e.value === %q })()`, selector, value, value))
	if !ok {
		p.t.Fatalf("%s has no option %q", selector, value)
	}
}

// attach puts files into a file field.
func (p *page) attach(selector string, files ...string) {
	p.t.Helper()
	p.do("attach "+selector, chromedp.SetUploadFiles(selector, files))
}

// press sends keys to what has the focus; kb names those without a letter.
func (p *page) press(keys string) {
	p.t.Helper()
	p.do("press", chromedp.KeyEvent(keys))
}

// see waits until the page shows words, as a person reads them.
func (p *page) see(words ...string) {
	p.t.Helper()
	for _, w := range words {
		p.until("see "+w, fmt.Sprintf(`document.body && document.body.innerText.replace(/[\u00a0\u202f]/g, " ").includes(%q)`, w))
	}
}

// gone waits until a selector finds nothing that is shown.
func (p *page) gone(selector string) {
	p.t.Helper()
	p.do("gone "+selector, chromedp.WaitNotPresent(selector))
}

// until polls an expression from outside: it also works where the page's scripts are off, and over a navigation.
func (p *page) until(what, expression string) {
	p.t.Helper()
	last := ""
	deadline := time.Now().Add(patience / 2)
	for {
		ctx, cancel := context.WithTimeout(p.ctx, patience/2)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		cancel()
		if ok {
			return
		}
		if err != nil {
			last = err.Error()
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: not within %v on %s (%s)\n%.3000s", what, patience/2, p.address(), last, p.text("body"))
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-p.t.Context().Done():
			p.t.Fatal(p.t.Context().Err())
		}
	}
}

// text is what a person reads in the first element that the selector finds.
func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf(`(document.querySelector(%q) || {innerText: ""}).innerText || ""`, selector))
}

// address is where the tab stands.
func (p *page) address() string {
	p.t.Helper()
	return eval[string](p, `location.href`)
}

// weight is what a first visit of this page has carried, compressed, in bytes: the document and all that it fetched so far.
func (p *page) weight() int {
	p.t.Helper()
	return int(eval[float64](p, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, e) => n + e.transferSize, 0)`))
}

// shot keeps a picture of the whole page, named by test, screen and name.
func (p *page) shot(name string) {
	p.t.Helper()
	if err := p.keep(name); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) keep(name string) error {
	dir := os.Getenv("ENTREMISE_SHOTS")
	if dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience/2)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	file := strings.NewReplacer("/", "-", " ", "_").Replace(p.t.Name()+"-"+p.screen.name+"-"+name) + ".png"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, file), picture, 0o644)
}

//go:embed testdata/axe/axe.min.js
var axeSource string

// violation is one rule of axe-core that the page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// violations runs axe-core (WCAG 2.2 A and AA, and good practice) and keeps what is serious or critical.
func (p *page) violations() []violation {
	p.t.Helper()
	eval[bool](p, axeSource+"\n;true")
	return eval[[]violation](p, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical"))`)
}

// accessible fails the test for each serious or critical violation, and for a page that scrolls sideways (WCAG 1.4.10).
func (p *page) accessible() {
	p.t.Helper()
	for _, v := range p.violations() {
		for _, n := range v.Nodes {
			p.t.Errorf("axe on %s (%s): %s %s: %s\n%.300s\n%s", p.address(), p.screen.name, v.Impact, v.ID, v.Help, n.HTML, n.FailureSummary)
		}
	}
	if over := eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s (%s): %v pixels wider than the screen", p.address(), p.screen.name, over)
	}
}
