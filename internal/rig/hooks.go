package rig

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"

	"entremise/internal/inbox"
)

// HookSecret signs the notices that the rig's house posts.
var HookSecret = bytes.Repeat([]byte{9}, 32)

// Hooks is the world that signed notices are posted to. Safe for concurrent use.
type Hooks struct {
	mu     sync.Mutex
	status int
	got    []Posted
}

// Posted is a notice that arrived.
type Posted struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Answer makes what follows answer with a status; 0 is 204.
func (h *Hooks) Answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// Got lists what arrived, in order.
func (h *Hooks) Got() []Posted {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// RoundTrip takes a notice as its receiver would.
func (h *Hooks) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, Posted{r.URL.String(), r.Header.Clone(), body})
	status := h.status
	if status == 0 {
		status = http.StatusNoContent
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

func (h *Hooks) hook() inbox.Hook {
	return inbox.Hook{Client: &http.Client{Transport: h}, Secret: HookSecret}
}
