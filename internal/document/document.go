// Package document publishes what the network promises: privacy notice, cookie table, durations, terms, legal notice and register, made of the edition and never written
// by hand. It keeps every version that applied, shows what changed, tells the people concerned as the network file rules, and records who accepted what.
package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Version is a document in one language as an edition makes it.
type Version struct {
	Edition   string
	Kind      network.DocumentKind
	Lang      Lang
	Hash      string // of title and words, 64 hexadecimal digits: the same words are the same version, from whichever day they apply
	Applies   string // ISO day, Paris
	Published time.Time
	Title     string
	Source    string // Markdown
	HTML      string // the article as it was first made
}

// Short is the part of the hash that people read.
func (v Version) Short() string { return v.Hash[:8] }

// Parts are what the service stands on.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Notify   *notify.Service
	Auth     *auth.Service
	Pros     *pro.Service
	Requests *request.Service
	URL      func(host, path string) string
}

// Service keeps and shows documents. Safe for concurrent use.
type Service struct {
	Parts
	mu       sync.Mutex
	accepted map[string]bool    // account and version that are known to be accepted
	made     map[string]bool    // editions whose documents are known to be stored
	recent   map[string]changes // what pages ask again and again, by language and reader
}

// changes are the banners and the versions to accept as they were read a moment ago.
type changes struct {
	until   time.Time // machine time
	banners []Banner
	accept  []Version
}

// New makes the service.
func New(p Parts) *Service {
	return &Service{Parts: p, accepted: map[string]bool{}, made: map[string]bool{}, recent: map[string]changes{}}
}

// Register adds what runs behind the scenes: documents of a new edition are stored within seconds, and its changes told.
func (s *Service) Register(r *job.Runner) {
	r.Every("documents", 5*time.Second, s.Publish)
	r.Handle(tellKind, s.tell)
}

// hashOf is the digest of a document's words.
func hashOf(l Lang, title, source string) string {
	sum := sha256.Sum256([]byte(string(l) + "\x00" + title + "\x00" + source))
	return hex.EncodeToString(sum[:])
}

// draft makes a version without storing it.
func draft(n *network.Network, kind network.DocumentKind, l Lang, applies string, at time.Time) (v Version, ok bool, err error) {
	title, source, ok := Make(n, kind, l)
	if !ok {
		return v, false, nil
	}
	html, err := render(source, l)
	return Version{Edition: n.Hash(), Kind: kind, Lang: l, Hash: hashOf(l, title, source), Applies: applies, Published: at, Title: title, Source: source, HTML: html}, true, err
}

// Publish stores the documents of every edition that has none yet, oldest first, and promises to tell what changed. It may run on several nodes at once.
func (s *Service) Publish(ctx context.Context) error {
	all, err := s.Editions.List(ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b edition.Entry) int { return a.Applied.Compare(b.Applied) })
	for i, e := range all {
		s.mu.Lock()
		made := s.made[e.Hash]
		s.mu.Unlock()
		if made {
			continue
		}
		if err := s.publish(ctx, e, before(all[:i], e.InForce)); err != nil {
			return fmt.Errorf("documents of edition %.12s: %w", e.Hash, err)
		}
		s.mu.Lock()
		s.made[e.Hash] = true
		clear(s.recent)
		s.mu.Unlock()
	}
	return nil
}

// before is, of editions in the order in which they were applied, the one in force until another of a day takes its place; "" when there is none.
func before(earlier []edition.Entry, day string) string {
	hash, on := "", ""
	for _, e := range earlier {
		if e.InForce <= day && e.InForce >= on {
			hash, on = e.Hash, e.InForce
		}
	}
	if hash == "" && len(earlier) > 0 {
		hash = earlier[0].Hash // the first applies before its own day too
	}
	return hash
}

func (s *Service) publish(ctx context.Context, e edition.Entry, previous string) error {
	n, err := s.Editions.Get(ctx, e.Hash)
	if err != nil {
		return err
	}
	applies := max(e.InForce, e.Applied.In(geo.Paris()).Format(time.DateOnly))
	if previous == "" {
		applies = e.InForce
	}
	var versions []Version
	for _, kind := range n.DocumentKinds() {
		for _, l := range langs {
			v, ok, err := draft(n, kind, l, applies, e.Applied)
			if err != nil {
				return err
			}
			if ok {
				versions = append(versions, v)
			}
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		done, err := db.Value[int64](tx, "SELECT count(*) FROM document_version WHERE edition = $1", e.Hash)
		if err != nil || done > 0 {
			return err
		}
		was, err := hashes(tx, previous)
		if err != nil {
			return err
		}
		changed := map[network.DocumentKind]bool{}
		for _, v := range versions {
			if err := tx.Send("INSERT INTO document_text (hash, title, source, html) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING", v.Hash, v.Title, v.Source, v.HTML); err != nil {
				return err
			}
			if err := tx.Send("INSERT INTO document_version (edition, kind, lang, text_hash, applies_on, published_at) VALUES ($1, $2, $3, $4, $5, $6)",
				v.Edition, string(v.Kind), string(v.Lang), v.Hash, v.Applies, db.Micros(v.Published)); err != nil {
				return err
			}
			if old := was[string(v.Kind)+" "+string(v.Lang)]; previous != "" && old != v.Hash {
				changed[v.Kind] = true
			}
		}
		for kind := range changed {
			if slices.Contains(n.Rule(kind).Tell, network.ToldEmail) {
				if err := job.Add(tx, tellKind, e.Hash+" "+string(kind), 0); err != nil {
					return err
				}
			}
		}
		tx.Wake("documents")
		return nil
	})
}

// hashes of an edition's documents by "kind lang".
func hashes(tx *db.Tx, edition string) (map[string]string, error) {
	all := map[string]string{}
	err := db.Each(tx, func(r db.Scanner) error {
		var kind, lang, hash string
		err := r.Scan(&kind, &lang, &hash)
		all[kind+" "+lang] = hash
		return err
	}, "SELECT kind, lang, text_hash FROM document_version WHERE edition = $1", edition)
	return all, err
}

var errNone = fault.New(fault.Missing, "no-document", fault.T("Ce document ou cette version n’existe pas.", "There is no such document or version."))

// History lists the versions of a document in one language that applied or will, newest first; days on which the words stayed the same are one version. Words are left out.
func (s *Service) History(ctx context.Context, kind network.DocumentKind, l Lang) (all []Version, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = history(tx, kind, l)
		return err
	})
	slices.Reverse(all)
	return all, err
}

func history(tx *db.Tx, kind network.DocumentKind, l Lang) ([]Version, error) {
	all, err := db.List(tx, func(r db.Scanner) (v Version, err error) {
		var at int64
		err = r.Scan(&v.Edition, &v.Hash, &v.Applies, &at, &v.Title)
		v.Kind, v.Lang, v.Published = kind, l, db.Time(at)
		return v, err
	}, `SELECT v.edition, v.text_hash, v.applies_on, v.published_at, t.title FROM document_version v JOIN document_text t ON t.hash = v.text_hash
		WHERE v.kind = $1 AND v.lang = $2 ORDER BY v.applies_on, v.published_at, v.edition`, string(kind), string(l))
	return slices.CompactFunc(all, func(a, b Version) bool { return a.Hash == b.Hash }), err
}

// Today is the day of the business clock in Paris.
func (s *Service) Today() string { return s.DB.Now().In(geo.Paris()).Format(time.DateOnly) }

// Current is the version that applies today, with its words, and the next one when it is published already. Where the sweep has not yet stored the edition in force, the version
// is made on the spot: what is shown is never that of an earlier edition.
func (s *Service) Current(ctx context.Context, kind network.DocumentKind, l Lang) (v Version, next *Version, err error) {
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return v, nil, err
	}
	var all []Version
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { all, err = history(tx, kind, l); return err }); err != nil {
		return v, nil, err
	}
	v, ok, err := draft(n, kind, l, string(n.InForce), s.DB.Now())
	if err != nil {
		return v, nil, err
	}
	if !ok {
		return v, nil, errNone
	}
	today := s.Today()
	if i := latest(all, v.Hash, today); i >= 0 {
		stored, err := s.Get(ctx, kind, v.Hash)
		if err != nil {
			return v, nil, err
		}
		stored.Applies, stored.Published, stored.Edition = all[i].Applies, all[i].Published, all[i].Edition
		v = stored
	}
	for i := range all {
		if all[i].Applies > today {
			next = &all[i]
			break
		}
	}
	return v, next, nil
}

// latest is the last place of a hash among versions that apply; -1 for none. The first applies before its own day too.
func latest(all []Version, hash, today string) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Hash == hash && (all[i].Applies <= today || i == 0) {
			return i
		}
	}
	return -1
}

// Article is the version as pages show it.
func (v Version) Article() string {
	return strings.ReplaceAll(v.HTML, "{network.in_force}", network.Date(v.Applies).Say(string(v.Lang)))
}

// Get is a version by its hash or the first eight digits of it, whole: byte for byte what was shown while it applied, but for the day from which it did, which [Version.Article] fills in.
func (s *Service) Get(ctx context.Context, kind network.DocumentKind, hash string) (v Version, err error) {
	if len(hash) < 8 || len(hash) > 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return v, errNone
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := db.List(tx, func(r db.Scanner) (v Version, err error) {
			var at int64
			var lang string
			err = r.Scan(&v.Edition, &lang, &v.Hash, &v.Applies, &at, &v.Title, &v.Source, &v.HTML)
			v.Kind, v.Lang, v.Published = kind, Lang(lang), db.Time(at)
			return v, err
		}, `SELECT v.edition, v.lang, v.text_hash, v.applies_on, v.published_at, t.title, t.source, t.html FROM document_version v JOIN document_text t ON t.hash = v.text_hash
			WHERE v.kind = $1 AND v.text_hash >= $2 AND v.text_hash <= $3 ORDER BY v.applies_on, v.published_at, v.edition`, string(kind), hash, hash+strings.Repeat("f", 64-len(hash)))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return errNone
		}
		v = found[0]
		return nil
	})
	return v, err
}

// Changes is what became another between the version before a version and it; previous is zero for the first.
func (s *Service) Changes(ctx context.Context, kind network.DocumentKind, hash string) (previous, v Version, lines []Line, err error) {
	if v, err = s.Get(ctx, kind, hash); err != nil {
		return previous, v, nil, err
	}
	all, err := s.History(ctx, kind, v.Lang)
	if err != nil {
		return previous, v, nil, err
	}
	i := slices.IndexFunc(all, func(x Version) bool { return x.Hash == v.Hash })
	if i >= 0 && i+1 < len(all) {
		if previous, err = s.Get(ctx, kind, all[i+1].Hash); err != nil {
			return previous, v, nil, err
		}
	}
	return previous, v, Diff(previous.Source, v.Source), nil
}

// Banner is a change that visitors are told of on the pages themselves.
type Banner struct {
	Kind    network.DocumentKind
	Title   string
	Applies string
	Hash    string
	Coming  bool // its day has not come
}

// bannerFor is how long a change is shown after it applies.
const bannerFor = 30 // days

// Banners lists the changes of the edition in force, or of one to come, that the file wants told on the pages: from publication until thirty days after they apply.
func (s *Service) Banners(ctx context.Context, l Lang, forPros bool) ([]Banner, error) {
	c, err := s.changes(ctx, l, forPros)
	return c.banners, err
}

// changes reads what pages ask again and again, at most once a second.
func (s *Service) changes(ctx context.Context, l Lang, forPros bool) (c changes, err error) {
	today := s.Today()
	key := fmt.Sprint(l, forPros, today)
	s.mu.Lock()
	c = s.recent[key]
	s.mu.Unlock()
	if s.DB.Machine().Before(c.until) {
		return c, nil
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return c, err
	}
	since := s.DB.Now().In(geo.Paris()).AddDate(0, 0, -bannerFor).Format(time.DateOnly)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c = changes{until: s.DB.Machine().Add(time.Second)}
		for _, k := range n.DocumentKinds() {
			rule := n.Rule(k)
			if k.ForPros() && !forPros {
				continue
			}
			versions, err := history(tx, k, l)
			if err != nil {
				return err
			}
			for i, v := range versions {
				last := i == len(versions)-1 || versions[i+1].Applies > today
				first := i == 0 && k != network.DocArrangement // what nobody was taken to have accepted, he accepts in its first words too
				if first || v.Applies <= today && !last {
					continue
				}
				if i > 0 && v.Applies > since && slices.Contains(rule.Tell, network.ToldBanner) {
					c.banners = append(c.banners, Banner{Kind: k, Title: v.Title, Applies: v.Applies, Hash: v.Hash, Coming: v.Applies > today})
				}
				if acceptable(n, k) && v.Applies <= today {
					c.accept = append(c.accept, v)
				}
			}
		}
		return nil
	})
	if err == nil {
		s.mu.Lock()
		if len(s.recent) > 8 {
			clear(s.recent) // yesterday's
		}
		s.recent[key] = c
		s.mu.Unlock()
	}
	return c, err
}

// MayApply refuses an edition that would change a document sooner than its readers must have been told of it. early is the operator's reason for not waiting, which the law admits
// for professionals in few cases (Reg. (EU) 2019/1150 art. 3.4); "" for none.
func (s *Service) MayApply(ctx context.Context, n *network.Network, early string) error {
	all, err := s.Editions.List(ctx)
	if err != nil || early != "" {
		return err
	}
	slices.SortStableFunc(all, func(a, b edition.Entry) int { return a.Applied.Compare(b.Applied) })
	if slices.ContainsFunc(all, func(e edition.Entry) bool { return e.Hash == n.Hash() }) {
		return nil
	}
	hash := before(all, string(n.InForce))
	if hash == "" {
		return nil
	}
	old, err := s.Editions.Get(ctx, hash)
	if err != nil {
		return err
	}
	for _, k := range n.DocumentKinds() {
		rule := n.Rule(k)
		if rule.Before.IsZero() {
			continue
		}
		_, was, had := Make(old, k, "fr")
		_, is, _ := Make(n, k, "fr")
		earliest := rule.Before.AddTo(s.DB.Now().In(geo.Paris())).Format(time.DateOnly)
		if had && was != is && string(n.InForce) < earliest {
			return &fault.Error{Kind: fault.Conflict, Code: "document-too-soon", Public: fault.Tf(
				"Cette édition change « %[1]s », dont les lecteurs sont prévenus %[2]s avant : in_force doit être le %[3]s au plus tôt. Si la loi oblige à aller plus vite, donnez la raison avec --early.",
				"This edition changes “%[1]s”, whose readers are told %[2]s before: in_force must be %[3]s at the earliest. Where the law compels to be faster, give the reason with --early.",
				string(k), rule.Before.String(), earliest)}
		}
	}
	return nil
}
