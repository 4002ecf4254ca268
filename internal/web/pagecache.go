package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"entremise/internal/db"
	"entremise/internal/web/ui"
)

// A pageCache keeps public pages about reviews as they were rendered. It is a copy that may be thrown away: each visit asks the database for the stamp of what the
// page shows, so that a page from before an act (a publication, a removal, an erasure) is never served after it, whichever node acted. When reviews change
// anywhere, everything kept is let go, so that no erased word stays in memory. Safe for concurrent use.
type pageCache struct {
	mu      sync.Mutex
	pages   map[string]cachedPage
	bytes   int
	changed <-chan struct{}
	now     func() time.Time
}

type cachedPage struct {
	stamp, etag, kind string
	plain, gzip       []byte
	until             time.Time
}

const (
	cachedFor   = time.Minute // what no stamp tells of, such as a company's corrected name, shows within this
	cachedBytes = 64 << 20
)

func newPageCache(d *db.DB) *pageCache {
	c := &pageCache{pages: map[string]cachedPage{}, now: d.Machine}
	c.changed, _ = d.Listen("reviews") // for as long as the server lives
	return c
}

// fresh lets everything go when reviews changed; the caller holds the lock.
func (c *pageCache) fresh() {
	select {
	case <-c.changed:
		clear(c.pages)
		c.bytes = 0
	default:
	}
}

func (c *pageCache) get(key, stamp string) (cachedPage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh()
	p, ok := c.pages[key]
	return p, ok && p.stamp == stamp && c.now().Before(p.until)
}

func (c *pageCache) put(key, stamp, kind string, body []byte) cachedPage {
	sum := sha256.Sum256(body)
	p := cachedPage{stamp: stamp, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, kind: kind, plain: body, until: c.now().Add(cachedFor)}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.DefaultCompression) // a level that exists
	if _, err := w.Write(body); err == nil && w.Close() == nil {
		p.gzip = z.Bytes()
	}
	size := len(key) + len(p.plain) + len(p.gzip)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh()
	if c.bytes += size; c.bytes > cachedBytes {
		clear(c.pages)
		c.bytes = size
	}
	if old, ok := c.pages[key]; ok {
		c.bytes -= len(key) + len(old.plain) + len(old.gzip)
	}
	c.pages[key] = p
	return p
}

// cached answers with a page that is kept under a key while its stamp holds, and makes it otherwise. Whoever keeps it further asks again before each use.
func (v *visit) cached(key, stamp, kind string, make func() ([]byte, error)) error {
	p, ok := v.pages.get(key, stamp)
	if !ok {
		body, err := make()
		if err != nil {
			return err
		}
		p = v.pages.put(key, stamp, kind, body)
	}
	h := v.w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("Cache-Control", "public, no-cache")
	h.Set("ETag", p.etag)
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	v.wrote = true
	for tag := range strings.SplitSeq(v.r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == p.etag || tag == "*" {
			v.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	body := p.plain
	if p.gzip != nil && ui.AcceptsGzip(v.r.Header.Get("Accept-Encoding")) {
		body = p.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	v.w.WriteHeader(http.StatusOK)
	if v.r.Method != http.MethodHead {
		if _, err := v.w.Write(body); err != nil && v.ctx.Err() == nil {
			v.Log.Debug("page not delivered", "error", err.Error()) // the reader went away
		}
	}
	return nil
}
