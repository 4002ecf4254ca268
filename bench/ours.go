package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entremise/internal/db"
)

// house is our own program, built from this checkout, serving a demo folder on the disk under test.
type house struct {
	*process
	program, data string
	flags         []string
}

const spaceHost = "pro.depanneurs.localhost"

// program builds the binary as it is shipped; the second time the compiler has nothing left to do.
func program(scratch string) (string, error) {
	path := filepath.Join(scratch, "entremise")
	c := exec.Command("go", "build", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

func startHouse(ctx context.Context, b *bench, name string, flags ...string) (*house, error) {
	path, err := program(b.scratch)
	if err != nil {
		return nil, err
	}
	h := &house{program: path, data: filepath.Join(b.scratch, name), flags: flags}
	args := append([]string{"demo", "--listen", "127.0.0.1:0", "--data", h.data, "--professionals", "600", "--requests", "0", "--api-per-minute", "0"}, flags...)
	c := exec.CommandContext(ctx, path, args...)
	c.Env = append(os.Environ(), "ENTREMISE_LOG=error")
	if h.process, err = startProcess(ctx, c); err != nil {
		return nil, err
	}
	return h, nil
}

// token asks the running house for an API token.
func (h *house) token(args ...string) (string, error) {
	out, err := exec.Command(h.program, append([]string{"admin"}, append(args, "--data", h.data)...)...).Output()
	if err != nil {
		return "", fmt.Errorf("admin %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

var asked atomic.Int64

// fiction are the ranges that ARCEP keeps for invented numbers: sixty thousand of them.
var fiction = []string{"0639980000", "0199000000", "0261910000", "0353010000", "0465710000", "0536490000"}

// communes spread requests so that no number asks twice for the same thing.
var communes = [][2]string{{"30000", "30189"}, {"59000", "59350"}, {"33000", "33063"}}

// intake is one API request of an affiliate for a consumer who has not asked before.
func intake(token string) []byte { return intakeAt(token, communes[asked.Load()/60_000%3]) }

func intakeAt(token string, place [2]string) []byte {
	n := asked.Add(1)
	base, _ := strconv.Atoi(fiction[n%6]) // constants
	number := fmt.Sprintf("%010d", base+int(n/6%10_000))
	body := fmt.Sprintf(`{"site":"depanneurs.example","trade":"plombier","urgency":"now","postcode":%q,"insee":%q,"street":"5 rue de l’Exemple","answers":{"problem":["leak"],"leak_where":["sink"],"flow":["drops"],"details":["Sous l’évier, derrière le meuble."]},"name":"Dominique Essai %d","phone":%q,"email":"client%d@example.com","consents":{"terms":true,"call-me":true,"opinion":true}}`,
		place[0], place[1], n, number, n)
	return httpRequest("POST", spaceHost, "/api/v1/requests", body, "Authorization: Bearer "+token, fmt.Sprintf("Idempotency-Key: bench-%016d-%d", n, os.Getpid()))
}

// intakeRate is durable intakes a second: validation, sealing, consents with leaves, holdings, audit, texts queued.
func (h *house) intakeRate(ctx context.Context, token string, clients int, lasting time.Duration) (outcome, error) {
	o, err := load{address: h.address, clients: clients, request: func(int, int) []byte { return intake(token) }}.run(ctx, lasting)
	return o, errors.Join(err, h.idle(ctx))
}

// idle waits until what was promised behind the answers is done, a minute at most: no peer is measured beside our own backlog.
func (h *house) idle(ctx context.Context) error {
	var last float64
	for range 240 {
		c, err := h.counters(ctx)
		if err != nil {
			return err
		}
		if c.commits-last < 5 { // leases and sweeps beat
			return nil
		}
		last = c.commits
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("the jobs do not come to an end")
}

// measureIntake is row 1 (intake half) and 4b for intake alone.
func measureIntake(ctx context.Context, b *bench) (_ []result, err error) {
	ours, err := startHouse(ctx, b, "intake")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	token, err := ours.token("affiliate", "bench@example.com", "--name", "Bench", "--undertaking", "Engagement 2026-11")
	if err != nil {
		return nil, err
	}
	if _, err := ours.intakeRate(ctx, token, 32, b.each/2); err != nil { // warm
		return nil, err
	}
	var results []result
	peer, err := startPocketBase(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("the peer PocketBase: %w", err)
	}
	defer peer.stop()
	var mine, theirs outcome
	var cpu time.Duration
	r, err := inTurns(ctx, 5, func(ctx context.Context) (float64, error) {
		before, err := ours.cpu()
		if err != nil {
			return 0, err
		}
		if mine, err = ours.intakeRate(ctx, token, 32, b.each); err != nil {
			return 0, err
		}
		after, err := ours.cpu()
		cpu = (after - before) / time.Duration(max(mine.done, 1))
		return mine.rate(), err
	}, func(ctx context.Context) (float64, error) {
		theirs, err = peer.rate(ctx, 32, b.each)
		return theirs.rate(), err
	})
	if err != nil {
		return nil, err
	}
	results = append(results, result{Name: "1 · intake, 32 clients, SQLite, against PocketBase (nine records a batch, not durable)", Value: r.String(),
		Beside: fmt.Sprintf("ours %s, p50 %s, p99 %s, %s CPU each; PocketBase %s, p50 %s", perSecond(mine.rate()), micros(mine.p50), micros(mine.p99), micros(cpu), perSecond(theirs.rate()), micros(theirs.p50)), Bar: "≥ 3×"})

	room := filepath.Join(b.scratch, "bare") // a folder of its own: another row has a server in the scratch folder
	if err := os.Mkdir(room, 0o711); err != nil {
		return nil, err
	}
	pg, err := startPostgres(ctx, room)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	onPG, err := startHouseOnPostgres(ctx, b, pg, "intake-pg")
	if err != nil {
		return nil, err
	}
	defer onPG.stop()
	pgToken, err := onPG.token("affiliate", "bench@example.com", "--name", "Bench", "--undertaking", "Engagement 2026-11")
	if err != nil {
		return nil, err
	}
	same, err := pg.prepareSame(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := onPG.intakeRate(ctx, pgToken, 32, b.each/2); err != nil {
		return nil, err
	}
	var bareRate float64
	bare := func(ctx context.Context) (float64, error) {
		o, err := same.inserts(ctx, 32, sameRows(), b.each/2)
		bareRate = o.rate()
		return bareRate, err
	}
	r, err = inTurns(ctx, 5, func(ctx context.Context) (float64, error) {
		mine, err = ours.intakeRate(ctx, token, 32, b.each/2)
		return mine.rate(), err
	}, bare)
	if err != nil {
		return nil, err
	}
	results = append(results, result{Name: "1 · intake, 32 clients, SQLite, against the same rows in one bare statement on PostgreSQL", Value: r.String(), Beside: perSecond(mine.rate()) + "; bare " + perSecond(bareRate), Bar: "≥ 0.5×"})
	before, err := onPG.counters(ctx)
	if err != nil {
		return nil, err
	}
	r, err = inTurns(ctx, 5, func(ctx context.Context) (float64, error) {
		mine, err = onPG.intakeRate(ctx, pgToken, 32, b.each/2)
		return mine.rate(), err
	}, bare)
	if err != nil {
		return nil, err
	}
	after, err := onPG.counters(ctx)
	if err != nil {
		return nil, err
	}
	results = append(results,
		result{Name: "1 · intake, 32 clients, PostgreSQL, against the same rows in one bare statement on PostgreSQL", Value: r.String(), Beside: perSecond(mine.rate()) + ", p50 " + micros(mine.p50) + "; bare " + perSecond(bareRate), Bar: "≥ 0.5×"},
		result{Name: "4b · aborts per commit, intake and its jobs alone, 32 clients, PostgreSQL", Value: fmt.Sprintf("%.4f", (after.aborts-before.aborts)/max(after.commits-before.commits, 1)), Beside: fmt.Sprintf("%.0f commits", after.commits-before.commits), Bar: "≤ 0.05"})

	return results, nil
}

// measureOne is row 5: one client's durable intake against the bare sync of this disk, in turns, with no other server beside.
func measureOne(ctx context.Context, b *bench) ([]result, error) {
	ours, err := startHouse(ctx, b, "one")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	token, err := ours.token("affiliate", "bench@example.com", "--name", "Bench", "--undertaking", "Engagement 2026-11")
	if err != nil {
		return nil, err
	}
	if _, err := ours.intakeRate(ctx, token, 32, b.each/2); err != nil { // warm
		return nil, err
	}
	var one outcome
	var syncs quantiles
	r, err := inTurns(ctx, 5, func(ctx context.Context) (float64, error) {
		one, err = ours.intakeRate(ctx, token, 1, b.each/2)
		return 1 / max(one.p50.Seconds(), 1e-9), err
	}, func(ctx context.Context) (float64, error) {
		syncs, err = syncTimes(ctx, b.scratch, b.each/4)
		return 1 / max(syncs.p50.Seconds(), 1e-9), err
	})
	if err != nil {
		return nil, err
	}
	return []result{{Name: "5 · one client's durable intake ÷ bare fdatasync, p50", Value: fmt.Sprintf("%.1f× (%.1f–%.1f, %d pairs)", 1/r.median, 1/r.high, 1/r.low, r.pairs), Beside: micros(one.p50) + " against " + micros(syncs.p50), Bar: "≤ 12×"}}, nil
}

func startHouseOnPostgres(ctx context.Context, b *bench, pg *postgres, name string) (*house, error) {
	for _, n := range []string{"house", "house_keys"} {
		if err := pg.createDatabase(ctx, n); err != nil {
			return nil, err
		}
	}
	return startHouse(ctx, b, name, "--postgres", strings.Replace(pg.url, "/postgres?", "/house?", 1))
}

type counters struct{ commits, aborts float64 }

func (h *house) counters(ctx context.Context) (c counters, err error) {
	text, _, err := h.get(ctx, spaceHost, "/metrics")
	if err != nil {
		return c, err
	}
	for name, to := range map[string]*float64{"entremise_db_commits_total": &c.commits, "entremise_db_aborts_total": &c.aborts} {
		m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		if m == nil {
			return c, fmt.Errorf("/metrics has no %s", name)
		}
		if *to, err = strconv.ParseFloat(m[1], 64); err != nil {
			return c, err
		}
	}
	return c, nil
}

// get fetches a page compressed, and tells its body and how many bytes came over the line.
func (h *house) get(ctx context.Context, host, path string) (body string, wire int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.address+path, nil)
	if err != nil {
		return "", 0, err
	}
	r.Host = host
	raw := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	plain, err := raw.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer plain.Body.Close()
	text, err := io.ReadAll(plain.Body)
	if err != nil || plain.StatusCode != http.StatusOK {
		return "", 0, errors.Join(err, fmt.Errorf("%s answers %d", path, plain.StatusCode))
	}
	r = r.Clone(ctx)
	r.Header.Set("Accept-Encoding", "gzip")
	squeezed, err := raw.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer squeezed.Body.Close()
	bytes, err := io.ReadAll(squeezed.Body)
	return string(text), len(bytes), err
}

// measureFirstVisit is row 7: everything that the request page loads, compressed, and how long the server takes for it.
func measureFirstVisit(ctx context.Context, b *bench) ([]result, error) {
	h, err := startHouse(ctx, b, "visit")
	if err != nil {
		return nil, err
	}
	defer h.stop()
	page, total, err := h.get(ctx, "depanneurs.localhost", "/demande/plombier")
	if err != nil {
		return nil, err
	}
	html := total
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:href|src|data-worker)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		path := strings.ReplaceAll(m[1], "&amp;", "&")
		if seen[path] {
			continue
		}
		seen[path] = true
		body, n, err := h.get(ctx, "depanneurs.localhost", path)
		if err != nil {
			return nil, err
		}
		total += n
		for _, inner := range regexp.MustCompile(`/static/[a-z0-9.-]+`).FindAllString(body, -1) { // modules that import others, fonts of the stylesheet
			if !seen[inner] {
				seen[inner] = true
				if _, n, err := h.get(ctx, "depanneurs.localhost", inner); err == nil {
					total += n
				}
			}
		}
	}
	o, err := load{address: h.address, clients: 8, request: func(int, int) []byte {
		return []byte("GET /demande/plombier HTTP/1.1\r\nHost: depanneurs.localhost\r\nAccept-Encoding: gzip\r\n\r\n")
	}}.run(ctx, b.each)
	if err != nil {
		return nil, err
	}
	return []result{{Name: "7 · first visit of the request page, all included, compressed", Value: fmt.Sprintf("%.1f kB", float64(total)/1000), Beside: fmt.Sprintf("page %.1f kB, %d files; server %s p50, %s with 8 clients", float64(html)/1000, len(seen), micros(o.p50), perSecond(o.rate())), Bar: "≤ 100 kB"}}, nil
}

// measureNotify is row 6 and the second half of row 1: published by an agent's token, until the first professional's text is handed over.
func measureNotify(ctx context.Context, b *bench) ([]result, error) {
	h, err := startHouse(ctx, b, "notify")
	if err != nil {
		return nil, err
	}
	defer h.stop()
	affiliate, err := h.token("affiliate", "bench@example.com", "--name", "Bench", "--undertaking", "Engagement 2026-11")
	if err != nil {
		return nil, err
	}
	agent, err := h.token("token", "agent@depanneurs.example", "--name", "bench")
	if err != nil {
		return nil, err
	}
	published := 0
	begun := time.Now()
	for time.Since(begun) < b.each*2 {
		id, err := h.call(ctx, intake(affiliate))
		if err != nil {
			return nil, err
		}
		if _, err := h.publish(ctx, agent, id); err != nil {
			return nil, err
		}
		published++
	}
	took := time.Since(begun)
	select { // the last texts leave
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	h.stop()
	delays, err := firstTexts(ctx, filepath.Join(h.data, "main.db"))
	if err != nil {
		return nil, err
	}
	if len(delays) < published*9/10 {
		return nil, fmt.Errorf("%d published, first texts of %d", published, len(delays))
	}
	q := spread(delays)
	return []result{{Name: "6 · published → first professional's SMS handed over, p95", Value: micros(q.p95), Beside: fmt.Sprintf("p50 %s, n = %d; one client asks, takes and publishes %s", micros(q.p50), len(delays), perSecond(float64(published)/took.Seconds())), Bar: "≤ 1 s"}}, nil
}

// publish is the agent's way: take, read the desk, publish as it stands. It answers the price, in cents excl. VAT.
func (h *house) publish(ctx context.Context, agent, id string) (price int64, err error) {
	path := "/api/v1/requests/" + id
	if _, err := h.call(ctx, post(agent, path+"/take", "{}", "take-"+id)); err != nil {
		return 0, fmt.Errorf("take: %w", err)
	}
	var desk struct {
		Draft     json.RawMessage `json:"draft"`
		Suggested struct {
			Net int64 `json:"excl_vat_cents"`
		} `json:"suggested"`
	}
	var failed error
	_, err = load{address: h.address, request: func(int, int) []byte {
		return []byte("GET " + path + "/desk HTTP/1.1\r\nHost: " + spaceHost + "\r\nAuthorization: Bearer " + agent + "\r\n\r\n")
	}, ok: func(status int, body []byte) bool {
		failed = json.Unmarshal(body, &desk)
		return status == http.StatusOK
	}}.once(ctx)
	if err = errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("desk: %w", err)
	}
	if _, err := h.call(ctx, post(agent, path+"/publish", string(desk.Draft), "publish-"+id)); err != nil {
		return 0, fmt.Errorf("publish: %w", err)
	}
	return desk.Suggested.Net, nil
}

// post is a request of a program to the space, under a key of its own.
func post(token, path, body, key string) []byte {
	return httpRequest("POST", spaceHost, path, body, "Authorization: Bearer "+token, fmt.Sprintf("Idempotency-Key: bench-%s-%d", key, os.Getpid()))
}

// measureWorkday is the second half of row 1, and row 4b for every write path of a sale: 32 clients at once send a request, take and publish it,
// and two of three professionals buy it from their wallets, while letters and texts leave, leaves are numbered and invoices written.
func measureWorkday(ctx context.Context, b *bench) (results []result, err error) {
	room := filepath.Join(b.scratch, "workday")
	if err := os.Mkdir(room, 0o711); err != nil {
		return nil, err
	}
	pg, err := startPostgres(ctx, room)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		got, err := workday(ctx, b, pg, on)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", on, err)
		}
		results = append(results, got...)
	}
	return results, nil
}

// fillWallets gives whoever has a wallet in a stopped house ten million euros, so that no buyer runs dry.
func fillWallets(ctx context.Context, where db.Options) error {
	where.Clocks = db.Clocks{Business: time.Now, Machine: time.Now}
	d, err := db.Open(ctx, where)
	if err != nil {
		return err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Send("INSERT INTO wallet_entry (id, pro_id, at, amount_minor, kind, reference, by_account) SELECT 'bench' || pro_id, pro_id, 0, 1000000000, 'transfer', 'bench' || pro_id, 'system' FROM wallet"); err != nil {
			return err
		}
		return tx.Send("UPDATE wallet SET balance_minor = balance_minor + 1000000000")
	})
	return errors.Join(err, d.Close())
}

func workday(ctx context.Context, b *bench, pg *postgres, on string) ([]result, error) {
	var h *house
	var err error
	if on == "SQLite" {
		h, err = startHouse(ctx, b, "workday-lite")
	} else {
		h, err = startHouseOnPostgres(ctx, b, pg, "workday-pg")
	}
	if err != nil {
		return nil, err
	}
	h.stop()
	where := db.Options{Path: filepath.Join(h.data, "main.db")}
	if on == "PostgreSQL" {
		where = db.Options{URL: strings.Replace(pg.url, "/postgres?", "/house?", 1)}
	}
	if err := fillWallets(ctx, where); err != nil {
		return nil, err
	}
	if h, err = startHouse(ctx, b, filepath.Base(h.data), h.flags...); err != nil {
		return nil, err
	}
	defer h.stop()
	var tokens []string
	for _, args := range [][]string{{"affiliate", "bench@example.com", "--name", "Bench", "--undertaking", "Engagement 2026-11"}, {"token", "agent@depanneurs.example", "--name", "bench"},
		{"token", "pro1@artisans.example", "--name", "bench"}, {"token", "pro2@artisans.example", "--name", "bench"}, {"token", "pro3@artisans.example", "--name", "bench"}} {
		token, err := h.token(args...)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	before, err := h.counters(ctx)
	if err != nil {
		return nil, err
	}
	var published, bought, refused atomic.Int64
	day := func(k int64) error {
		id, err := h.call(ctx, intakeAt(tokens[0], communes[0]))
		if err != nil {
			return err
		}
		price, err := h.publish(ctx, tokens[1], id)
		if err != nil {
			return err
		}
		published.Add(1)
		for buyer := range int64(2) {
			body := fmt.Sprintf(`{"confirmed":["near","free-soon","able"],"price_excl_vat_cents":%d}`, price)
			_, err := h.call(ctx, post(tokens[2+(k+buyer)%3], "/api/v1/board/"+id+"/buy", body, fmt.Sprint("buy-", buyer, id)))
			switch {
			case err == nil:
				bought.Add(1)
			case strings.HasPrefix(err.Error(), "402"), strings.HasPrefix(err.Error(), "409"): // the wallet is empty, or the seats are sold
				refused.Add(1)
			default:
				return fmt.Errorf("buy: %w", err)
			}
		}
		return nil
	}
	var all sync.WaitGroup
	errs := make([]error, 32)
	begun := time.Now()
	for c := range errs {
		all.Go(func() {
			for k := int64(c); time.Since(begun) < 3*b.each && ctx.Err() == nil && errs[c] == nil; k++ {
				errs[c] = day(k)
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := h.idle(ctx); err != nil {
		return nil, err
	}
	after, err := h.counters(ctx)
	if err != nil {
		return nil, err
	}
	commits := max(after.commits-before.commits, 1)
	beside := fmt.Sprintf("%d bought, %d refused, %.1f commits each", bought.Load(), refused.Load(), commits/float64(max(published.Load(), 1)))
	results := []result{{Name: "1b · asked, taken, read, published and twice bought or refused, 32 clients, " + on, Value: perSecond(float64(published.Load()) / took.Seconds()), Beside: beside}}
	if on == "PostgreSQL" {
		results = append(results, result{Name: "4b · aborts per commit, every write path of a sale, 32 clients, PostgreSQL", Value: fmt.Sprintf("%.4f", (after.aborts-before.aborts)/commits), Beside: fmt.Sprintf("%.0f commits", commits), Bar: "≤ 0.05"})
	}
	return results, nil
}

// call sends one API request and answers the id in its body, if there is one.
func (h *house) call(ctx context.Context, request []byte) (string, error) {
	var id string
	var failed error
	l := load{address: h.address, clients: 1, request: func(_, n int) []byte { return request }, ok: func(status int, body []byte) bool {
		var out struct{ ID string }
		if status/100 != 2 {
			failed = fmt.Errorf("%d %s", status, body)
			return true
		}
		if err := json.Unmarshal(body, &out); err == nil && out.ID != "" {
			id = out.ID
		}
		return true
	}}
	_, err := l.once(ctx)
	return id, errors.Join(err, failed)
}

// firstTexts reads from the stopped house how long each first text took, in real time.
func firstTexts(ctx context.Context, path string) (all []time.Duration, err error) {
	d, err := db.Open(ctx, db.Options{Path: path, Clocks: db.Clocks{Business: time.Now, Machine: time.Now}})
	if err != nil {
		return nil, err
	}
	err = d.Read(ctx, func(tx *db.Tx) error {
		micros, err := db.Values[int64](tx, `SELECT min(m.sent_machine_at) - r.published_machine_at FROM request r JOIN message m ON m.object = r.id
			WHERE m.kind = 'new-request' AND m.channel = 'sms' AND m.sent_machine_at > 0 GROUP BY r.id, r.published_machine_at`)
		for _, us := range micros {
			all = append(all, time.Duration(us)*time.Microsecond)
		}
		return err
	})
	slices.Sort(all)
	return all, errors.Join(err, d.Close())
}

// dialable reports whether somebody listens.
func dialable(address string) bool {
	c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
