// Package bucket runs a real S3 server on this machine for tests: an archiver, with a client that may do what his own administrator could.
package bucket

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Who may do everything on the server, and its buckets: one that locks and one that does not.
const (
	Key    = "archive-key"
	Secret = "a-secret-that-no-error-says"
	Locked = "deposits"
	Plain  = "plain"
)

// Server is a server that runs, or has run.
type Server struct {
	URL string

	t       testing.TB
	program string
	address string
	dir     string
	cancel  context.CancelFunc
	ended   chan struct{}
}

// program builds the server once for all tests of a process, from a module of its own. The build's cache keeps it.
var program = sync.OnceValues(func() (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("bucket: where is the source?")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go", "-C", filepath.Join(filepath.Dir(here), "server"), "tool", "-n", "versitygw")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	c.Stderr = os.Stderr
	path, err := c.Output()
	return strings.TrimSpace(string(path)), err
})

// Start runs a server with both buckets until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir()}
	var err error
	if s.program, err = program(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.URL = "http://" + s.address
	if err := errors.Join(l.Close(), os.Mkdir(filepath.Join(s.dir, "objects"), 0o700), os.Mkdir(filepath.Join(s.dir, "versions"), 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	s.Again()
	s.Do(http.MethodPut, "/"+Locked, http.StatusOK, nil, "X-Amz-Bucket-Object-Lock-Enabled", "true")
	s.Do(http.MethodPut, "/"+Plain, http.StatusOK, nil)
	return s
}

// Again starts a server that was stopped, with what it kept.
func (s *Server) Again() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	c := exec.CommandContext(ctx, s.program, "--access", Key, "--secret", Secret, "--port", s.address, "posix", "--versioning-dir", filepath.Join(s.dir, "versions"), filepath.Join(s.dir, "objects"))
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test binary that is killed takes it along
	out, err := c.StdoutPipe()
	if err == nil {
		c.Stderr = c.Stdout
		err = c.Start()
	}
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	up, ended := make(chan struct{}), make(chan struct{})
	s.cancel, s.ended = cancel, ended
	go func() {
		defer close(ended)
		said, seen := bufio.NewScanner(out), false
		for said.Scan() {
			if !seen && strings.Contains(said.Text(), s.URL) {
				seen = true
				close(up)
			}
		}
		_ = c.Wait() // it is killed at the end
	}()
	select {
	case <-up:
	case <-ended:
		s.t.Fatal("the S3 server ended at once")
	case <-ctx.Done():
		s.t.Fatal("the S3 server does not start")
	}
	s.Do(http.MethodGet, "/", http.StatusOK, nil) // it says that it listens a moment before it does
}

// Stop ends the server, as an outage does.
func (s *Server) Stop() {
	s.cancel()
	<-s.ended
}

// Do sends a signed request as the archiver's own administrator would, and wants an answer of that status. header are names and values.
func (s *Server) Do(method, path string, want int, body []byte, header ...string) []byte {
	s.t.Helper()
	for try := 0; ; try++ {
		status, text, err := s.send(method, path, body, header...)
		switch {
		case err == nil && status == want:
			return text
		case err == nil:
			s.t.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, text)
		case try == 100:
			s.t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *Server) send(method, path string, body []byte, header ...string) (status int, text []byte, err error) {
	r, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	sum := sha256.Sum256(body)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if err := v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: Key, SecretAccessKey: Secret}, r, hex.EncodeToString(sum[:]), "s3", "us-east-1", time.Now()); err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, errors.Join(err, resp.Body.Close())
}

// Kept are the names under which the locking bucket keeps something that is not hidden.
func (s *Server) Kept() (names []string) {
	s.t.Helper()
	var list struct {
		Contents []struct{ Key string }
	}
	if err := xml.Unmarshal(s.Do(http.MethodGet, "/"+Locked, http.StatusOK, nil), &list); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range list.Contents {
		names = append(names, c.Key)
	}
	return names
}

// Versions are the ids of what the locking bucket keeps under names that begin so, marks of deletion too.
func (s *Server) Versions(prefix string) (ids []string) {
	s.t.Helper()
	var list struct {
		Version, DeleteMarker []struct{ VersionId string }
	}
	if err := xml.Unmarshal(s.Do(http.MethodGet, "/"+Locked+"?prefix="+prefix+"&versions=", http.StatusOK, nil), &list); err != nil {
		s.t.Fatal(err)
	}
	for _, v := range append(list.Version, list.DeleteMarker...) {
		ids = append(ids, v.VersionId)
	}
	return ids
}
