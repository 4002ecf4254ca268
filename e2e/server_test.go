package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// scratch lives as long as the test binary; temporary, in it, is where the program keeps its temporary files.
var scratch, temporary string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "entremise-e2e"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	temporary = filepath.Join(scratch, "tmp")
	if err := errors.Join(os.Mkdir(temporary, 0o700), inClear.begin(context.Background())); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	closeBrowser()
	said, err := inClear.end(temporary)
	fmt.Println(said)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if path := os.Getenv("ENTREMISE_CLEAR"); path != "" {
		if err := os.WriteFile(path, []byte(said+"\n"), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := os.RemoveAll(scratch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// binary builds the program once, as it is shipped: static.
var binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("ENTREMISE_BINARY"); given != "" {
		return filepath.Abs(given)
	}
	return build("..")
})

func build(folder string) (string, error) {
	path := filepath.Join(scratch, "bin-"+filepath.Base(folder))
	c := exec.Command("go", "build", "-o", path, ".")
	c.Dir = folder
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// server is a running program. A test that fails shows the end of what it printed.
type server struct {
	t       *testing.T
	address string // host:port it listens on
	data    string // its data folder

	command *exec.Cmd
	exited  chan struct{}
	waitErr error // once exited is closed

	mu     sync.Mutex
	output bytes.Buffer
}

// patience is for a machine of two cores that does other things as well.
const patience = 60 * time.Second

// startDemo runs a demo of its own in a fresh folder and stops it with the test.
func startDemo(t *testing.T, extra ...string) *server {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	s := start(t, program, append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0"}, extra...)...)
	s.data = data
	return s
}

// start runs a program that prints a line "listening http://…" once it serves.
func start(t *testing.T, program string, args ...string) *server {
	t.Helper()
	s := &server{t: t, command: exec.Command(program, args...), exited: make(chan struct{})}
	s.command.Env = environment()
	for i, a := range args[:max(0, len(args)-1)] {
		if a == "--data" {
			s.data = args[i+1]
		}
	}
	out, in := io.Pipe()
	s.command.Stdout, s.command.Stderr = in, in
	// A test binary that is killed takes its servers along.
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.mu.Lock()
			s.output.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if _, rest, ok := strings.Cut(lines.Text(), "listening http://"); ok {
				select {
				case listening <- strings.TrimRight(strings.Fields(rest + " ")[0], "/"):
				default:
				}
			}
		}
		io.Copy(io.Discard, out) // a line beyond the limit must not stop the program
	}()
	go func() {
		s.waitErr = s.command.Wait()
		in.Close()
		<-read
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.stop(syscall.SIGTERM)
		s.lacksPersonal()
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(program), s.printed())
		}
	})
	select {
	case s.address = <-listening:
	case <-s.exited:
		t.Fatalf("it ended before it listened: %v\n%s", s.waitErr, s.printed())
	case <-time.After(patience):
		t.Fatalf("it does not listen after %v\n%s", patience, s.printed())
	}
	return s
}

// environment is that of the program: ours, with a place of its own for temporary files, which is searched at the end.
func environment() []string { return append(os.Environ(), "TMPDIR="+temporary) }

// lacksPersonal searches what a program that ended has written and printed for what anybody typed.
func (s *server) lacksPersonal() {
	s.t.Helper()
	// A demo lists its invented people, with the links by which they come in.
	var printed []byte
	s.mu.Lock()
	for line := range bytes.Lines(s.output.Bytes()) {
		if !bytes.Contains(line, []byte("/_demo/entrer?qui=")) {
			printed = append(printed, line...)
		}
	}
	s.mu.Unlock()
	found := inClear.search("output of "+strings.Join(s.command.Args[1:], " "), printed)
	if s.data != "" {
		more, err := inClear.files(s.data)
		if found = append(found, more...); err != nil {
			s.t.Error(err)
		}
	}
	for _, f := range found {
		s.t.Error("in plain text:", f)
	}
}

// stop sends a signal (SIGTERM to be polite, SIGKILL as a power cut) and waits for the end.
func (s *server) stop(signal syscall.Signal) {
	s.t.Helper()
	select {
	case <-s.exited:
		return
	default:
	}
	if err := s.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	select {
	case <-s.exited:
	case <-time.After(20 * time.Second):
		s.t.Error("it does not stop within 20 seconds")
		_ = s.command.Process.Kill() // the error above is the finding
		<-s.exited
	}
}

// printed is the end of its output.
func (s *server) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.output.Bytes()
	return string(b[max(0, len(b)-20_000):])
}

// url is an address on one of its hosts: every name leads to this server, with its port.
func (s *server) url(host, path string) string {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	return "http://" + net.JoinHostPort(host, port) + path
}

// visitor is one person's HTTP client: a cookie jar, no script, and no redirect followed unless asked.
type visitor struct {
	s      *server
	client http.Client
}

func (s *server) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{s: s, client: http.Client{
		Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.address)
		}},
	}}
}

// answer is a response that was read whole.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

func (v *visitor) get(host, path string) *answer {
	v.s.t.Helper()
	return v.do(http.MethodGet, host, path, nil, nil)
}

// follow gets a page and goes where it redirects, at most ten times, over every host of this server.
func (v *visitor) follow(host, path string) *answer {
	v.s.t.Helper()
	a := v.get(host, path)
	for range 10 {
		to := a.header.Get("Location")
		if a.status < 300 || a.status > 399 || to == "" {
			return a
		}
		u, err := url.Parse(to)
		if err != nil {
			v.s.t.Fatal(err)
		}
		if u.Host != "" {
			host = u.Hostname()
		}
		a = v.get(host, u.RequestURI())
	}
	v.s.t.Fatalf("%s: more than ten redirects", path)
	return nil
}

// post sends a form from a page of the same site, as a browser says it does.
func (v *visitor) post(host, path string, form url.Values) *answer {
	v.s.t.Helper()
	for field, values := range form {
		for _, value := range values {
			inClear.typed(field, value)
		}
	}
	return v.do(http.MethodPost, host, path, http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"},
	}, strings.NewReader(form.Encode()))
}

// api sends JSON with a bearer token and, for writes, an idempotency key; empty ones are left out.
func (v *visitor) api(method, host, path, token, key string, body any) *answer {
	v.s.t.Helper()
	h := http.Header{"Accept": {"application/json"}}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			v.s.t.Fatal(err)
		}
		var any any
		if err := json.Unmarshal(raw, &any); err != nil {
			v.s.t.Fatal(err)
		}
		inClear.typedJSON("", any)
		h.Set("Content-Type", "application/json")
		r = bytes.NewReader(raw)
	}
	return v.do(method, host, path, h, r)
}

func (v *visitor) do(method, host, path string, header http.Header, body io.Reader) *answer {
	v.s.t.Helper()
	r, err := http.NewRequestWithContext(v.s.t.Context(), method, v.s.url(host, path), body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	response, err := v.client.Do(r)
	if err != nil {
		v.s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return &answer{t: v.s.t, what: method + " " + host + path, status: response.StatusCode, header: response.Header, body: string(text)}
}

// want stops the test unless the status is the one expected.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d\n%.2000s", a.what, a.status, status, a.body)
	}
	return a
}

// has and lacks look for words in the body.
func (a *answer) has(words ...string) *answer {
	a.t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Errorf("%s: no %q in\n%.4000s", a.what, w, a.body)
		}
	}
	return a
}

func (a *answer) lacks(words ...string) *answer {
	a.t.Helper()
	for _, w := range words {
		if i := strings.Index(a.body, w); i >= 0 {
			a.t.Errorf("%s: shows %q: …%s…", a.what, w, a.body[max(0, i-80):min(len(a.body), i+len(w)+80)])
		}
	}
	return a
}

// decode reads a JSON body into a T.
func decode[T any](a *answer) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%s: %v\n%.2000s", a.what, err, a.body)
	}
	return v
}

// eventually tries until ok, for what another process does in its own time; it is not for what the program answers at once.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within %v: %s", patience, what)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}
