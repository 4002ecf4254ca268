package archiver_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
	"entremise/internal/rig/bucket"
)

func settings(s *bucket.Server) archiver.S3 {
	return archiver.S3{URL: s.URL, Bucket: bucket.Locked, Key: bucket.Key, Secret: bucket.Secret, Now: time.Now}
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
	server := bucket.Start(t)
	d := driver(t, settings(server))
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
	if ids := server.Versions("arc_1"); len(ids) != 1 {
		t.Fatalf("versions %v", ids)
	}
	if got := must(d.Fetch(ctx, "arc_1", first.Version))(t); string(got) != "noise" {
		t.Errorf("fetched %q", got)
	}
	// The archiver writes over it, hides it, and tries to remove it.
	server.Do(http.MethodPut, "/deposits/arc_1", http.StatusOK, []byte("forged"))
	server.Do(http.MethodDelete, "/deposits/arc_1", http.StatusNoContent, nil)
	server.Do(http.MethodDelete, "/deposits/arc_1?versionId="+first.Version, http.StatusForbidden, nil)
	if got := must(d.Fetch(ctx, "arc_1", first.Version))(t); string(got) != "noise" {
		t.Errorf("after the archiver's acts: %q", got)
	}
	must(d.Store(ctx, object("arc_10", "neighbour", until)))(t)
	word := must(d.Delete(ctx, "arc_1"))(t)
	if !strings.HasPrefix(word, "versions deleted: 3; left: none") {
		t.Errorf("confirmed: %q", word)
	}
	if ids := server.Versions("arc_1"); len(ids) != 1 { // the neighbour's, whose name begins alike
		t.Errorf("left: %v", ids)
	}
	if word := must(d.Delete(ctx, "arc_1"))(t); !strings.HasPrefix(word, "versions deleted: 0") {
		t.Errorf("again: %q", word)
	}
	if _, err := d.Fetch(ctx, "arc_1", first.Version); !errors.Is(err, archiver.ErrMissing) {
		t.Errorf("fetched what is gone: %v", err)
	}
	if got := must(d.Fetch(ctx, "arc_10", server.Versions("arc_10")[0]))(t); string(got) != "neighbour" {
		t.Errorf("the neighbour: %q", got)
	}
}

// Of processes that deliver one deposit at once, one makes its version and all find it.
func TestS3_race(t *testing.T) {
	server := bucket.Start(t)
	d := driver(t, settings(server))
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
	if ids := server.Versions("arc_r"); len(ids) != 1 {
		t.Errorf("versions %v", ids)
	}
}

// Nothing is taken for kept that is not locked; what the service refuses is said by its code, and neither address nor secret is.
func TestS3_refusals(t *testing.T) {
	server := bucket.Start(t)
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
		s := settings(server)
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
	var answer atomic.Pointer[http.HandlerFunc]
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*answer.Load())(w, r) }))
	defer service.Close()
	settings := archiver.S3{URL: service.URL, Bucket: "deposits", Key: "k", Secret: bucket.Secret, Now: time.Now, Timeout: 300 * time.Millisecond}
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
		answer.Store(&f)
		if _, err := d.Store(ctx, object("arc_1", "noise", time.Now().Add(time.Hour))); err == nil {
			t.Errorf("%s: a receipt", name)
		}
		if _, err := d.Delete(ctx, "arc_1"); err == nil && name != "not locked" && name != "another mode" {
			t.Errorf("%s: a confirmation", name)
		}
	}
	long := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), 4*archiver.MaxContent))
	})
	answer.Store(&long)
	if got, err := d.Fetch(ctx, "arc_1", "1"); err == nil && len(got) > 2*archiver.MaxContent {
		t.Errorf("%d bytes are read", len(got))
	}
	// A breaker spares a service that is down, and tries again after a pause.
	var calls atomic.Int64
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	answer.Store(&down)
	now := time.Now()
	g := archiver.Guarded(d, func() time.Time { return now })
	for range 9 {
		if _, err := g.Fetch(ctx, "arc_1", "1"); err == nil {
			t.Error("fetched from a service that is down")
		}
	}
	if calls.Load() != 5 {
		t.Errorf("%d calls of a service that is down, want 5", calls.Load())
	}
	now = now.Add(time.Minute)
	up := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "noise") })
	answer.Store(&up)
	if got, err := g.Fetch(ctx, "arc_1", "1"); err != nil || string(got) != "noise" {
		t.Errorf("after the pause: %q, %v", got, err)
	}
}

// The whole way over a real server: deposit with receipt and restitution (RN-89), erasure with order, alert while nobody confirms, and confirmation
// with its certificate (RN-98).
func TestS3_wholeWay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		apply(t, r, "\nnetwork: reviews-network", "\nnetwork: emergency-trades")
		server := bucket.Start(t)
		r.Archive.Use(driver(t, settings(server)))
		moderator, officer := r.One(t, network.RoleModerator), r.One(t, network.RoleOfficer)
		id, person, _ := put(t, r)
		r.Drain(t)
		d := get(t, r, id)
		if d.State != archiver.Kept || d.Receipt != "deposits/"+id || d.Driver != "s3" || server.Versions(id)[0] != d.Version {
			t.Fatalf("delivered: %+v", d)
		}
		if kept := server.Do(http.MethodGet, "/deposits/"+id, http.StatusOK, nil); bytes.Contains(kept, []byte("soigné")) || len(kept) == 0 {
			t.Errorf("the archiver reads %q", kept)
		}
		if back := must(r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1"))(t); string(back.Content) != opinion {
			t.Errorf("restored %q", back.Content)
		}
		// It is changed under our version: the server's own files are another's.
		r.Archive.Use(swapping{driver(t, settings(server))})
		_, err := r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Conflict, "deposit-broken")
		r.Archive.Use(driver(t, settings(server)))

		down := settings(server)
		down.URL = "http://127.0.0.1:1"
		r.Archive.Use(driver(t, down))
		_, err = r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Unavailable, "archiver-down")
		must(r.Life.Erase(ctx, auth.Machine, person, privacy.Scope{}, "asked"))(t)
		settle(t, r)
		if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 1 || late[0].State != archiver.Owed || late[0].AskedTries == 0 {
			t.Fatalf("no confirmation, and no alert: %+v", late)
		}
		if len(server.Versions(id)) != 1 {
			t.Error("deleted by nobody's order")
		}
		r.Archive.Use(driver(t, settings(server)))
		r.Clock.AddMachine(3 * time.Hour)
		settle(t, r)
		if d = get(t, r, id); d.State != archiver.Gone || !strings.Contains(d.Certificate, "receipt=deposits/"+id+"\n") || !strings.Contains(d.Certificate, "versions deleted: 1; left: none") {
			t.Errorf("confirmed: %+v", d)
		}
		if left := server.Versions(id); len(left) != 0 {
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
