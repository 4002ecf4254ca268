package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/proof/place"
	"entremise/internal/web/ui"
)

// anchorsListed is how many roots one answer or page holds.
const anchorsListed = 50

// anchorOf proves a leaf in the tree whose root was brought outside, and says where it is (RN-90, RN-92).
func (v *visit) anchorOf() error {
	if err := v.limits.allow("proof "+v.address(), proofsPerMinute, time.Minute); err != nil {
		return err
	}
	leaf := v.r.PathValue("leaf")
	a, err := v.Anchors.Of(v.ctx, leaf)
	if err := v.unsigned(err); err != nil {
		return err
	}
	p, err := v.Proof.ProveAt(v.ctx, leaf, a.Size)
	if err := v.unsigned(err); err != nil {
		return err
	}
	return jsonTo(v.w, http.StatusOK, struct {
		Verifier string          `json:"verifier"`
		Anchor   proof.Anchor    `json:"anchor"`
		Proof    proof.Inclusion `json:"proof"`
	}{v.Proof.VerifierKey(), a, p})
}

// anchorList is every root that was made, newest first, in pages.
func (v *visit) anchorList() error {
	before, err := logSize(v.r.URL.Query().Get("before"), true)
	if err != nil {
		return err
	}
	all, err := v.Anchors.List(v.ctx, before, anchorsListed)
	if err != nil {
		return err
	}
	if all == nil {
		all = []proof.Anchor{}
	}
	return jsonTo(v.w, http.StatusOK, struct {
		Verifier string         `json:"verifier"`
		Anchors  []proof.Anchor `json:"anchors"`
	}{v.Proof.VerifierKey(), all})
}

// stampFile is the authority's answer as it came: openssl ts -verify reads it.
func (v *visit) stampFile() error {
	size, err := logSize(v.r.PathValue("size"), false)
	if err != nil {
		return err
	}
	all, err := v.Anchors.List(v.ctx, size+1, 1)
	if err != nil {
		return err
	}
	for _, a := range all {
		for _, l := range a.Laid {
			if a.Size == size && l.Place == proof.PlaceStamp && !l.At.IsZero() {
				v.w.Header().Set("Content-Type", "application/timestamp-reply")
				v.w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				_, err := v.w.Write(l.Evidence)
				return err
			}
		}
	}
	return errNoPage
}

// placeNames say who a place is.
func placeName(l ui.Lang, a *network.Anchors, name string) string {
	switch {
	case name == proof.PlaceChain && a != nil && a.Chain != nil:
		return a.Chain.Name
	case name == proof.PlaceStamp && a != nil && a.Stamp != nil:
		return a.Stamp.Name
	case name == proof.PlaceChain:
		return l.T("chaîne publique", "public chain")
	case name == proof.PlaceStamp:
		return l.T("horodateur", "time stamping authority")
	}
	return l.T("fichier témoin de la maison (pas à l’extérieur)", "the house’s own witness file (not outside)")
}

// roots are anchors as both the public page and that of staff show them.
func (v *visit) roots(all []proof.Anchor) (rows []ui.Root) {
	for _, a := range all {
		r := ui.Root{Size: a.Size, Leaves: a.Leaves, At: a.At, Hash: a.Root}
		for _, l := range a.Laid {
			at := ui.RootAt{Place: placeName(v.lang, v.n.Anchors, l.Place), Outside: l.Place != proof.PlaceWitness, At: l.At, Reference: l.Reference, Error: l.Error}
			switch {
			case l.At.IsZero():
			case l.Place == proof.PlaceStamp:
				at.Href = "/log/ancres/" + strconv.FormatInt(a.Size, 10) + "/horodatage.tsr"
			case l.Place == proof.PlaceChain:
				var mined place.Mined
				if json.Unmarshal(l.Evidence, &mined) == nil && v.n.Anchors != nil && v.n.Anchors.Chain != nil && int64(v.n.Anchors.Chain.ID) == mined.Chain && v.n.Anchors.Chain.Page != "" {
					at.Href = strings.Replace(v.n.Anchors.Chain.Page, "{tx}", mined.Tx, 1)
				}
			}
			r.Places = append(r.Places, at)
		}
		rows = append(rows, r)
	}
	return rows
}

// anchorsPage is where roots stand, for who answers for the log.
func (v *visit) anchorsPage() error {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	s, err := v.Anchors.Standing(v.ctx)
	if err != nil {
		return err
	}
	all, err := v.Anchors.List(v.ctx, 0, anchorsListed)
	if err != nil {
		return err
	}
	page := ui.Anchors{Space: v.spaceFrame(), Roots: v.roots(all), On: v.n.Anchors != nil, Counted: s.Leaves, Since: s.Since, Late: s.Late, Key: v.Proof.VerifierKey()}
	if a := v.n.Anchors; a != nil {
		page.Batch, page.Wait = a.Batch, v.say2(a.Wait.Text())
	}
	if v.Anchors.Rewritten(v.ctx) != nil {
		page.Rewritten = true
	}
	return v.show(page)
}

// dueAnchors are roots that do not arrive, and a log that is not the one that was witnessed.
func (v *visit) dueAnchors(page *ui.Today) error {
	if v.Anchors.Rewritten(v.ctx) != nil {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Empreintes", "Fingerprints"), Title: v.lang.T("Le registre n’est plus celui qu’un témoin a vu", "The log is no longer the one that a witness saw"), Detail: v.lang.T("une sauvegarde plus ancienne a-t-elle été remise en place ?", "was an older backup put back?"), Href: "/empreintes", Since: v.DB.Now()})
	}
	s, err := v.Anchors.Standing(v.ctx)
	if err != nil || s.Late.IsZero() {
		return err
	}
	page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Empreintes", "Fingerprints"), Title: v.lang.T("Une racine n’arrive pas à l’extérieur", "A root does not arrive outside"), Detail: s.Error, Href: "/empreintes", Since: s.Late})
	return nil
}
