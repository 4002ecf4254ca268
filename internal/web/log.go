package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/proof"
)

// What one connection may read of the log in a minute: tiles are whole and cheap, a proof is made for who asks.
const (
	tilesPerMinute  = 1200
	proofsPerMinute = 300
)

// logText answers with a text of the log that is never kept: it may be longer in a moment.
func (v *visit) logText(text string) error {
	h := v.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, err := io.WriteString(v.w, text)
	return err
}

// logKey is what a verifier needs to believe a checkpoint (C2SP signed-note).
func (v *visit) logKey() error { return v.logText(v.Proof.VerifierKey() + "\n") }

// checkpoint is the log's newest signed size and root (C2SP tlog-checkpoint).
func (v *visit) checkpoint() error {
	signed, err := v.Proof.Checkpoint(v.ctx)
	if err != nil {
		return err
	}
	if signed == "" {
		return errNoPage
	}
	return v.logText(signed)
}

// checkpointOf is the checkpoint of a size that was signed.
func (v *visit) checkpointOf() error {
	size, err := logSize(v.r.PathValue("size"), false)
	if err != nil {
		return err
	}
	link, err := v.Proof.Extends(v.ctx, 0, size)
	if err := v.unsigned(err); err != nil {
		return err
	}
	return v.logText(link.Checkpoint)
}

// tile is a part of the log, or of its hashes, that never changes (C2SP tlog-tiles).
func (v *visit) tile() error {
	if err := v.limits.allow("tile "+v.address(), tilesPerMinute, time.Minute); err != nil {
		return err
	}
	t, err := proof.ReadTilePath(v.r.PathValue("path"))
	var data []byte
	if err == nil {
		data, err = v.Proof.Tile(v.ctx, t)
	}
	if errors.Is(err, proof.ErrNoTile) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	return writeMaybeGzip(v.w, v.r, http.StatusOK, data)
}

// inclusion proves that a leaf is in the log, by the checkpoint of a size or by the newest.
func (v *visit) inclusion() error {
	size, err := logSize(v.r.URL.Query().Get("size"), true)
	if err != nil {
		return err
	}
	if err := v.limits.allow("proof "+v.address(), proofsPerMinute, time.Minute); err != nil {
		return err
	}
	p, err := v.Proof.ProveAt(v.ctx, v.r.PathValue("leaf"), size)
	if err := v.unsigned(err); err != nil {
		return err
	}
	return jsonTo(v.w, http.StatusOK, struct {
		Verifier string          `json:"verifier"`
		Proof    proof.Inclusion `json:"proof"`
	}{v.Proof.VerifierKey(), p})
}

// consistency proves that the checkpoint of one size extends that of another; to is the newest where it is absent.
func (v *visit) consistency() error {
	from, err := logSize(v.r.URL.Query().Get("from"), false)
	if err != nil {
		return err
	}
	to, err := logSize(v.r.URL.Query().Get("to"), true)
	if err != nil {
		return err
	}
	if err := v.limits.allow("proof "+v.address(), proofsPerMinute, time.Minute); err != nil {
		return err
	}
	link, err := v.Proof.Extends(v.ctx, from, to)
	if err := v.unsigned(err); err != nil {
		return err
	}
	return jsonTo(v.w, http.StatusOK, struct {
		Verifier string `json:"verifier"`
		From     int64  `json:"from"`
		proof.Link
	}{v.Proof.VerifierKey(), from, link})
}

var (
	errLogSize = fault.New(fault.Invalid, "log-size", fault.T("La taille d’un registre est un nombre entier, à partir de 1.", "The size of a log is a whole number, from 1."))
	errLogSoon = fault.New(fault.Missing, "log-not-yet", fault.T("Cette empreinte n’est pas encore dans un état signé de cette taille : réessayez dans un instant, ou sans taille.", "This fingerprint is not yet in a signed state of that size: try again in a moment, or without a size."))
)

// unsigned says what is not there: an unknown leaf, a size that was never signed, a leaf that is not numbered yet.
func (v *visit) unsigned(err error) error {
	switch {
	case errors.Is(err, db.ErrNone):
		return errNoPage
	case errors.Is(err, proof.ErrWaiting):
		return errLogSoon
	}
	return err
}

func logSize(s string, mayLack bool) (int64, error) {
	if s == "" && mayLack {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, errLogSize
	}
	return n, nil
}
