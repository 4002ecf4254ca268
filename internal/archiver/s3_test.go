package archiver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// bucketServer is a real S3 server on this machine, and a client that may do what an archiver could.
type bucketServer struct {
	url    string
	cancel context.CancelFunc
	ended  chan struct{}
}

const (
	serverKey    = "archive-key"
	serverSecret = "a-secret-that-no-error-says"
)

// serverProgram builds the server once for all tests that ask for it, from a module of its own.
var serverProgram = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go", "-C", filepath.Join("testdata", "server"), "tool", "-n", "versitygw")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	c.Stderr = os.Stderr
	path, err := c.Output()
	return strings.TrimSpace(string(path)), err
})

// startServer runs the server until the test ends, with a bucket "deposits" that locks and one "plain" that does not.
func startServer(t *testing.T) *bucketServer {
	t.Helper()
	program, err := serverProgram()
	ok(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	address := l.Addr().String()
	ok(t, l.Close())
	dir := t.TempDir()
	objects, versions := filepath.Join(dir, "objects"), filepath.Join(dir, "versions")
	for _, d := range []string{objects, versions} {
		ok(t, os.Mkdir(d, 0o700))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	c := exec.CommandContext(ctx, program, "--access", serverKey, "--secret", serverSecret, "--port", address, "posix", "--versioning-dir", versions, objects)
	c.Dir = dir
	out, err := c.StdoutPipe()
	ok(t, err)
	c.Stderr = c.Stdout
	ok(t, c.Start())
	s := &bucketServer{url: "http://" + address, cancel: cancel, ended: make(chan struct{})}
	up := make(chan struct{})
	go func() {
		defer close(s.ended)
		said, seen := bufio.NewScanner(out), false
		for said.Scan() {
			if !seen && strings.Contains(said.Text(), "http://"+address) {
				seen = true
				close(up)
			}
		}
		_ = c.Wait() // it is killed at the end
	}()
	t.Cleanup(s.stop)
	select {
	case <-up:
	case <-s.ended:
		t.Fatal("the S3 server ended at once")
	case <-ctx.Done():
		t.Fatal("the S3 server does not start")
	}
	s.do(t, http.MethodPut, "/deposits", http.StatusOK, nil, "X-Amz-Bucket-Object-Lock-Enabled", "true")
	s.do(t, http.MethodPut, "/plain", http.StatusOK, nil)
	return s
}

// stop ends the server, as an outage does.
func (s *bucketServer) stop() {
	s.cancel()
	<-s.ended
}

// do sends a signed request as the archiver's own administrator would.
func (s *bucketServer) do(t *testing.T, method, path string, want int, body []byte, header ...string) []byte {
	t.Helper()
	var resp *http.Response
	for try := 0; ; try++ { // it says that it listens a moment before it does
		r := must(http.NewRequest(method, s.url+path, bytes.NewReader(body)))(t)
		sum := sha256.Sum256(body)
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		ok(t, v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: serverKey, SecretAccessKey: serverSecret}, r, hex.EncodeToString(sum[:]), "s3", "us-east-1", time.Now()))
		var err error
		if resp, err = http.DefaultClient.Do(r); err == nil {
			break
		}
		if try == 50 {
			t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
	defer resp.Body.Close()
	text := must(io.ReadAll(resp.Body))(t)
	if resp.StatusCode != want {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, want, text)
	}
	return text
}

// versions are the ids of what the server keeps under a name, marks of deletion too.
func (s *bucketServer) versions(t *testing.T, name string) (ids []string) {
	t.Helper()
	var list struct {
		Version, DeleteMarker []struct{ VersionId string }
	}
	ok(t, xml.Unmarshal(s.do(t, http.MethodGet, "/deposits?prefix="+name+"&versions=", http.StatusOK, nil), &list))
	for _, v := range append(list.Version, list.DeleteMarker...) {
		ids = append(ids, v.VersionId)
	}
	return ids
}

func (s *bucketServer) settings() archiver.S3 {
	return archiver.S3{URL: s.url, Bucket: "deposits", Key: serverKey, Secret: serverSecret, Now: time.Now}
}

func driver(t *testing.T, s archiver.S3) archiver.Driver {
	t.Helper()
	return must(archiver.NewS3(s))(t)
}

func object(name, text string, until time.Time) archiver.Object {
	return archiver.Object{Name: name, Kind: "review", Body: []byte(text), Hash: sha256.Sum256([]byte(text)), Until: until}
}

// The contract on a real server: stored once, locked, unchanged by what the archiver himself does, deleted whole by an order and by nothing else.
func TestS3_contract(t *testing.T) {
	server := startServer(t)
	d := driver(t, server.settings())
	if d.Name() != "s3" || !d.Third() {
		t.Errorf("it is %q", d.Name())
	}
	until := time.Now().UTC().AddDate(13, 0, 0).Truncate(time.Second)
	o := object("arc_1", "noise", until)
	first := must(d.Store(ctx, o))(t)
	if first.Ref != "deposits/arc_1" || first.Version == "" || !first.Until.Equal(until) {
		t.Errorf("receipt %+v", first)
	}
	if again := must(d.Store(ctx, o))(t); again != first {
		t.Errorf("stored twice: %+v, then %+v", first, again)
	}
	if _, err := d.Store(ctx, object("arc_1", "other", until)); err == nil {
		t.Error("another object takes its name")
	}
	if ids := server.versions(t, "arc_1"); len(ids) != 1 {
		t.Fatalf("versions %v", ids)
	}
	if got := must(d.Fetch(ctx, "arc_1", first.Version))(t); string(got) != "noise" {
		t.Errorf("fetched %q", got)
	}
	// The archiver writes over it, hides it, and tries to remove it.
	server.do(t, http.MethodPut, "/deposits/arc_1", http.StatusOK, []byte("forged"))
	server.do(t, http.MethodDelete, "/deposits/arc_1", http.StatusNoContent, nil)
	server.do(t, http.MethodDelete, "/deposits/arc_1?versionId="+first.Version, http.StatusForbidden, nil)
	if got := must(d.Fetch(ctx, "arc_1", first.Version))(t); string(got) != "noise" {
		t.Errorf("after the archiver's acts: %q", got)
	}
	must(d.Store(ctx, object("arc_10", "neighbour", until)))(t)
	word := must(d.Delete(ctx, "arc_1"))(t)
	if !strings.HasPrefix(word, "versions deleted: 3; left: none") {
		t.Errorf("confirmed: %q", word)
	}
	if ids := server.versions(t, "arc_1"); len(ids) != 1 { // the neighbour's, whose name begins alike
		t.Errorf("left: %v", ids)
	}
	if word := must(d.Delete(ctx, "arc_1"))(t); !strings.HasPrefix(word, "versions deleted: 0") {
		t.Errorf("again: %q", word)
	}
	if _, err := d.Fetch(ctx, "arc_1", first.Version); !errors.Is(err, archiver.ErrMissing) {
		t.Errorf("fetched what is gone: %v", err)
	}
	if got := must(d.Fetch(ctx, "arc_10", server.versions(t, "arc_10")[0]))(t); string(got) != "neighbour" {
		t.Errorf("the neighbour: %q", got)
	}
}

// Of processes that deliver one deposit at once, one makes its version and all find it.
func TestS3_race(t *testing.T) {
	server := startServer(t)
	d := driver(t, server.settings())
	o := object("arc_r", strings.Repeat("noise", 1000), time.Now().Add(time.Hour))
	receipts := make([]archiver.Receipt, 6)
	var wg sync.WaitGroup
	for i := range receipts {
		wg.Go(func() {
			for try := 0; try < 20 && receipts[i].Version == ""; try++ { // a server may answer that two came at once
				if r, err := d.Store(ctx, o); err == nil {
					receipts[i] = r
				}
			}
		})
	}
	wg.Wait()
	for _, r := range receipts {
		if r != receipts[0] || r.Version == "" {
			t.Fatalf("receipts %+v", receipts)
		}
	}
	if ids := server.versions(t, "arc_r"); len(ids) != 1 {
		t.Errorf("versions %v", ids)
	}
}

// Nothing is taken for kept that is not locked; what the service refuses is said by its code, and neither address nor secret is.
func TestS3_refusals(t *testing.T) {
	server := startServer(t)
	o := object("arc_1", "noise", time.Now().Add(time.Hour))
	for _, c := range []struct {
		name   string
		change func(*archiver.S3)
		want   string
	}{
		{"a bucket without lock", func(s *archiver.S3) { s.Bucket = "plain" }, ""},
		{"no such bucket", func(s *archiver.S3) { s.Bucket = "nowhere" }, "404"},
		{"another secret", func(s *archiver.S3) { s.Secret = "wrong-secret" }, "403"},
		{"another region", func(s *archiver.S3) { s.Region = "mars-1" }, "40"},
	} {
		s := server.settings()
		c.change(&s)
		d := driver(t, s)
		_, err := d.Store(ctx, o)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name == "a bucket without lock" {
			continue
		}
		if _, err := d.Delete(ctx, "arc_1"); err == nil {
			t.Errorf("%s: it confirms a deletion", c.name)
		}
	}
	for _, s := range []archiver.S3{
		{}, {URL: "http://store.example", Bucket: "deposits", Key: "k", Secret: "s", Now: time.Now}, {URL: "https://user@store.example", Bucket: "deposits", Key: "k", Secret: "s", Now: time.Now},
		{URL: "https://store.example?x=1", Bucket: "deposits", Key: "k", Secret: "s", Now: time.Now}, {URL: "https://store.example", Bucket: "De/posits", Key: "k", Secret: "s", Now: time.Now},
		{URL: "https://store.example", Bucket: "deposits", Secret: "s", Now: time.Now}, {URL: "https://store.example", Bucket: "deposits", Key: "k", Now: time.Now}, {URL: "https://store.example", Bucket: "deposits", Key: "k", Secret: "s"},
	} {
		if _, err := archiver.NewS3(s); err == nil {
			t.Errorf("%q %q is taken", s.URL, s.Bucket)
		}
	}
	must(archiver.NewS3(archiver.S3{URL: "https://store.example/", Bucket: "deposits", Key: "k", Secret: "s", Now: time.Now}))(t)
}

// What a service answers that is down, slow, endless or lying.
func TestS3_outages(t *testing.T) {
	var answer http.HandlerFunc
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer service.Close()
	settings := archiver.S3{URL: service.URL, Bucket: "deposits", Key: "k", Secret: serverSecret, Now: time.Now, Timeout: 300 * time.Millisecond}
	d := driver(t, settings)
	sum := sha256.Sum256([]byte("noise"))
	for name, f := range map[string]http.HandlerFunc{
		"busy":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"too many": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"slow":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"elsewhere": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"a list that is none": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				fmt.Fprint(w, "<html>")
			}
		},
		"not locked": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Meta-Sha256", hex.EncodeToString(sum[:]))
			w.Header().Set("X-Amz-Version-Id", "1")
		},
		"another mode": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Meta-Sha256", hex.EncodeToString(sum[:]))
			w.Header().Set("X-Amz-Version-Id", "1")
			w.Header().Set("X-Amz-Object-Lock-Mode", "COMPLIANCE")
			w.Header().Set("X-Amz-Object-Lock-Retain-Until-Date", "2039-01-01T00:00:00Z")
		},
		"still there": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				fmt.Fprint(w, "<ListVersionsResult><Version><Key>arc_1</Key><VersionId>1</VersionId></Version></ListVersionsResult>")
			} else {
				w.WriteHeader(http.StatusNoContent)
			}
		},
	} {
		answer = f
		if _, err := d.Store(ctx, object("arc_1", "noise", time.Now().Add(time.Hour))); err == nil {
			t.Errorf("%s: a receipt", name)
		}
		if _, err := d.Delete(ctx, "arc_1"); err == nil && name != "not locked" && name != "another mode" {
			t.Errorf("%s: a confirmation", name)
		}
	}
	answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), 4*archiver.MaxContent))
	}
	if got, err := d.Fetch(ctx, "arc_1", "1"); err == nil && len(got) > 2*archiver.MaxContent {
		t.Errorf("%d bytes are read", len(got))
	}
	// A breaker spares a service that is down, and tries again after a pause.
	calls := 0
	answer = func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(http.StatusServiceUnavailable) }
	now := time.Now()
	g := archiver.Guarded(d, func() time.Time { return now })
	for range 9 {
		if _, err := g.Fetch(ctx, "arc_1", "1"); err == nil {
			t.Error("fetched from a service that is down")
		}
	}
	if calls != 5 {
		t.Errorf("%d calls of a service that is down, want 5", calls)
	}
	now = now.Add(time.Minute)
	answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "noise") }
	if got, err := g.Fetch(ctx, "arc_1", "1"); err != nil || string(got) != "noise" {
		t.Errorf("after the pause: %q, %v", got, err)
	}
}

// The whole way over a real server: deposit with receipt and restitution (RN-89), erasure with order, alert while nobody confirms, and confirmation
// with its certificate (RN-98).
func TestS3_wholeWay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		apply(t, r, "\nnetwork: reviews-network", "\nnetwork: emergency-trades")
		server := startServer(t)
		r.Archive.Use(driver(t, server.settings()))
		moderator, officer := r.One(t, network.RoleModerator), r.One(t, network.RoleOfficer)
		id, person, _ := put(t, r)
		r.Drain(t)
		d := get(t, r, id)
		if d.State != archiver.Kept || d.Receipt != "deposits/"+id || d.Driver != "s3" || server.versions(t, id)[0] != d.Version {
			t.Fatalf("delivered: %+v", d)
		}
		if kept := server.do(t, http.MethodGet, "/deposits/"+id, http.StatusOK, nil); bytes.Contains(kept, []byte("soigné")) || len(kept) == 0 {
			t.Errorf("the archiver reads %q", kept)
		}
		if back := must(r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1"))(t); string(back.Content) != opinion {
			t.Errorf("restored %q", back.Content)
		}
		// It is changed under our version: the server's own files are another's.
		r.Archive.Use(swapping{driver(t, server.settings())})
		_, err := r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Conflict, "deposit-broken")
		r.Archive.Use(driver(t, server.settings()))

		down := server.settings()
		down.URL = "http://127.0.0.1:1"
		r.Archive.Use(driver(t, down))
		_, err = r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Unavailable, "archiver-down")
		must(r.Life.Erase(ctx, auth.Machine, person, privacy.Scope{}, "asked"))(t)
		settle(t, r)
		if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 1 || late[0].State != archiver.Owed || late[0].AskedTries == 0 {
			t.Fatalf("no confirmation, and no alert: %+v", late)
		}
		if len(server.versions(t, id)) != 1 {
			t.Error("deleted by nobody's order")
		}
		r.Archive.Use(driver(t, server.settings()))
		r.Clock.AddMachine(3 * time.Hour)
		settle(t, r)
		if d = get(t, r, id); d.State != archiver.Gone || !strings.Contains(d.Certificate, "receipt=deposits/"+id+"\n") || !strings.Contains(d.Certificate, "versions deleted: 1; left: none") {
			t.Errorf("confirmed: %+v", d)
		}
		if left := server.versions(t, id); len(left) != 0 {
			t.Errorf("left at the archiver's: %v", left)
		}
	})
}

// swapping is an archiver who answers with something else.
type swapping struct{ archiver.Driver }

func (s swapping) Fetch(ctx context.Context, name, version string) ([]byte, error) {
	b, err := s.Driver.Fetch(ctx, name, version)
	return append(b, '!'), err
}
