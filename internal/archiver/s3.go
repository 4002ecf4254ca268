package archiver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"entremise/internal/network"
	"entremise/internal/notify"
)

// S3 says where objects go: any service with the S3 API, to a bucket that was made with object lock (and so keeps versions).
type S3 struct {
	URL     string // https address of the service, without the bucket
	Region  string // as the service names it; us-east-1 when empty
	Bucket  string
	Key     string        // access key; it needs to put, read, lock, list versions, and bypass governance retention
	Secret  string        // secret key
	Timeout time.Duration // 20 s when zero: less than a job's lease
	Now     func() time.Time
}

// s3 keeps objects under retention locks of mode governance: nobody changes or deletes one before its day, but for who holds the bypass permission
// and says in each order that he uses it. Mode compliance would forbid that to everybody, and with it every erasure that law orders before that day
// (GDPR art. 17, RN-98).
type s3 struct {
	S3
	base   string
	client *http.Client
	signer *v4.Signer
}

var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// NewS3 checks the settings; it does not connect. A service elsewhere than on this machine must be https.
func NewS3(s S3) (Driver, error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || !notify.Guarded(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("archiver: the archive needs an https address, without user or question mark")
	case !bucketForm.MatchString(s.Bucket):
		return nil, errors.New("archiver: the archive needs the name of a bucket: 3 to 63 letters a-z, digits, . and -")
	case s.Key == "" || s.Secret == "":
		return nil, errors.New("archiver: the archive needs an access key and its secret")
	case s.Now == nil:
		return nil, errors.New("archiver: the archive needs a clock to sign by")
	}
	s.Region = cmp.Or(s.Region, "us-east-1")
	return &s3{S3: s, base: strings.TrimSuffix(s.URL, "/") + "/" + s.Bucket, client: notify.OneWay(cmp.Or(s.Timeout, 20*time.Second)),
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}, nil // S3 signs the path as it is sent
}

// Name is the driver's word in the network file.
func (*s3) Name() string { return network.DriverS3 }

// Third is true: somebody else keeps it.
func (*s3) Third() bool { return true }

const (
	mostAnswer = 64 << 10 // bytes of XML
	lockMode   = "GOVERNANCE"
)

// answered is what the service said.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// call signs and sends one request. name may be empty, for the bucket. An outage wraps errOutage; addresses and keys are never told.
func (s *s3) call(ctx context.Context, method, name string, query url.Values, header map[string]string, body []byte, most int64) (a answered, err error) {
	address := s.base
	if name != "" {
		address += "/" + url.PathEscape(name)
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return a, errors.New("archiver: the request cannot be made")
	}
	sum := sha256.Sum256(body)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	if err := s.signer.SignHTTP(ctx, aws.Credentials{AccessKeyID: s.Key, SecretAccessKey: s.Secret}, r, hex.EncodeToString(sum[:]), "s3", s.Region, s.Now()); err != nil {
		return a, errors.New("archiver: the request cannot be signed")
	}
	resp, err := s.client.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok && u.Timeout() {
			return a, fmt.Errorf("%w: time-out", errOutage)
		}
		return a, fmt.Errorf("%w: no connection", errOutage)
	}
	defer resp.Body.Close()
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, most+1)); err != nil {
		return a, fmt.Errorf("%w: the line broke", errOutage)
	}
	if int64(len(a.body)) > most {
		a.body = a.body[:most] // longer than anything that was stored: its digest tells
	}
	a.status, a.header = resp.StatusCode, resp.Header
	if a.status >= 500 || a.status == http.StatusTooManyRequests {
		return a, fmt.Errorf("%w: it answers %d", errOutage, a.status)
	}
	return a, nil
}

// refused is what the service said instead of doing it, in its own code word.
func (a answered) refused(doing string) error {
	var e struct{ Code string }
	if xml.Unmarshal(a.body, &e) != nil || strings.Trim(e.Code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		e.Code = ""
	}
	return fmt.Errorf("archiver: %s: it answers %d %s", doing, a.status, e.Code)
}

// Store puts an object once: what is there already is asked first, and the condition of the request keeps two that race from making two versions.
// A receipt is given only for what the service shows to be locked.
func (s *s3) Store(ctx context.Context, o Object) (Receipt, error) {
	r, found, err := s.head(ctx, o)
	if err != nil || found {
		return r, err
	}
	digest := base64.StdEncoding.EncodeToString(o.Hash[:])
	a, err := s.call(ctx, http.MethodPut, o.Name, nil, map[string]string{
		"If-None-Match":                       "*",
		"Content-Type":                        "application/octet-stream",
		"X-Amz-Sdk-Checksum-Algorithm":        "SHA256",
		"X-Amz-Checksum-Sha256":               digest,
		"X-Amz-Meta-Sha256":                   hex.EncodeToString(o.Hash[:]),
		"X-Amz-Meta-Kind":                     o.Kind,
		"X-Amz-Object-Lock-Mode":              lockMode,
		"X-Amz-Object-Lock-Retain-Until-Date": o.Until.UTC().Format(time.RFC3339),
	}, o.Body, mostAnswer)
	if err != nil {
		return Receipt{}, err
	}
	if a.status != http.StatusOK && a.status != http.StatusPreconditionFailed && a.status != http.StatusConflict {
		return Receipt{}, a.refused("store")
	}
	if r, found, err = s.head(ctx, o); err == nil && !found {
		err = errors.New("archiver: what was stored is not there")
	}
	return r, err
}

// head finds the receipt of an object that was stored before.
func (s *s3) head(ctx context.Context, o Object) (r Receipt, found bool, err error) {
	a, err := s.call(ctx, http.MethodHead, o.Name, nil, nil, nil, mostAnswer)
	if err != nil || a.status == http.StatusNotFound {
		return r, false, err
	}
	if a.status != http.StatusOK {
		return r, false, a.refused("look for")
	}
	if a.header.Get("X-Amz-Meta-Sha256") != hex.EncodeToString(o.Hash[:]) {
		return r, false, errors.New("archiver: another object stands under this name")
	}
	r = Receipt{Ref: s.Bucket + "/" + o.Name, Version: a.header.Get("X-Amz-Version-Id")}
	until, err := time.Parse(time.RFC3339, a.header.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil || a.header.Get("X-Amz-Object-Lock-Mode") != lockMode || r.Version == "" {
		return r, false, errors.New("archiver: the object is not locked: make the bucket with object lock, and let this key read the lock")
	}
	r.Until = until
	return r, true, nil
}

// Fetch reads the version of a receipt.
func (s *s3) Fetch(ctx context.Context, name, version string) ([]byte, error) {
	a, err := s.call(ctx, http.MethodGet, name, url.Values{"versionId": {version}}, nil, nil, MaxContent+mostAnswer)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed: // 405: the version is a mark of deletion
		return nil, ErrMissing
	case a.status != http.StatusOK:
		return nil, a.refused("fetch")
	}
	return a.body, nil
}

// versions lists every version of an object, marks of deletion too.
func (s *s3) versions(ctx context.Context, name string) (ids []string, err error) {
	a, err := s.call(ctx, http.MethodGet, "", url.Values{"versions": {""}, "prefix": {name}}, nil, nil, 1<<20)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.refused("list")
	}
	type version struct{ Key, VersionId string }
	var list struct {
		Version, DeleteMarker []version
	}
	if err := xml.Unmarshal(a.body, &list); err != nil {
		return nil, errors.New("archiver: the list of versions cannot be read")
	}
	for _, v := range append(list.Version, list.DeleteMarker...) {
		if v.Key == name {
			ids = append(ids, v.VersionId)
		}
	}
	return ids, nil
}

// Delete deletes every version by its id, in spite of its lock, and asks for the list again: it confirms only what is gone. A list that is longer
// than one answer is come back to, since something is left.
func (s *s3) Delete(ctx context.Context, name string) (string, error) {
	ids, err := s.versions(ctx, name)
	if err != nil {
		return "", err
	}
	word := "none"
	for _, id := range ids {
		a, err := s.call(ctx, http.MethodDelete, name, url.Values{"versionId": {id}}, map[string]string{"X-Amz-Bypass-Governance-Retention": "true"}, nil, mostAnswer)
		if err != nil {
			return "", err
		}
		if a.status != http.StatusNoContent && a.status != http.StatusOK && a.status != http.StatusNotFound {
			return "", a.refused("delete")
		}
		if got := a.header.Get("X-Amz-Request-Id"); got != "" && len(got) <= 100 {
			word = got
		}
	}
	left, err := s.versions(ctx, name)
	if err != nil {
		return "", err
	}
	if len(left) > 0 {
		return "", fmt.Errorf("archiver: %d versions are left after deletion", len(left))
	}
	return fmt.Sprintf("versions deleted: %d; left: none; request: %s", len(ids), word), nil
}
