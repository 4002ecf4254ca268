package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entremise/internal/rig/bucket"
)

var depositPage = regexp.MustCompile(`/archiveur/(arc_[0-9a-z]+)"`)

// fact is what a page of a deposit says after a label.
func fact(a *answer, label string) string {
	m := regexp.MustCompile(`(?s)<dt>` + label + `</dt>\s*<dd>([^<]*)</dd>`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// Opinions that were decided lie with a trusted third party, a real object store with locks, each with its receipt; one is had back and is what was
// deposited, of which the third party can read nothing (RN-89). An author's erasure orders his deletion, with the receipt; while nobody confirms, that
// stands on the officer's first page and in the case; then the confirmation is kept, with its certificate (RN-98).
func TestArchiver_keepsOpinionsAndDeletesThem(t *testing.T) {
	store := bucket.Start(t)
	t.Setenv("ENTREMISE_ARCHIVER_KEY", bucket.Key)
	t.Setenv("ENTREMISE_ARCHIVER_SECRET", bucket.Secret)
	hosts := otherHosts["reviews-network"]
	h := openHouse(t, hosts[0], hosts[1], "--network", "reviews-network", "--professionals", "4", "--requests", "1", "--archiver-url", store.URL, "--archiver-bucket", bucket.Locked)
	officer, moderator := h.enter("Officer"), h.enter("Moderator")

	var published []sent
	for _, m := range h.outbox() {
		if m.Kind == "review-published" {
			published = append(published, m)
		}
	}
	if len(published) < 2 {
		t.Fatalf("the demo has %d published opinions", len(published))
	}
	var ids []string
	eventually(t, "every decided opinion lies with the archiver", func() bool {
		page := officer.get(h.space, "/archiveur").want(200)
		ids = nil
		for _, m := range depositPage.FindAllStringSubmatch(page.body, -1) {
			if !slices.Contains(ids, m[1]) {
				ids = append(ids, m[1])
			}
		}
		return fact(page, "Pas encore pris") == "0" && len(ids) >= len(published)
	})
	kept := store.Kept()
	for _, id := range ids {
		if !slices.Contains(kept, id) {
			t.Errorf("the archiver does not have %s", id)
		}
	}
	// whose is a deposit of the author of a letter, who is known by the record that it is about.
	whose := func(m sent) (id string, page *answer) {
		t.Helper()
		for _, id := range ids {
			if page := officer.get(h.space, "/archiveur/"+id).want(200); fact(page, "Dossier") == m.Object {
				return id, page
			}
		}
		t.Fatalf("no deposit of %s", m.Object)
		return "", nil
	}
	first, page := whose(published[0])
	receipt, version, _ := strings.Cut(fact(page, "Reçu"), ", ")
	if receipt != bucket.Locked+"/"+first || !slices.Equal(store.Versions(first), []string{version}) || fact(page, "Preuve au registre") == "" {
		t.Fatalf("receipt %q, version %q of %v", receipt, version, store.Versions(first))
	}
	why := url.Values{"ground": {"dispute"}, "reference": {"TJ 26/1"}}
	officer.post(h.space, "/archiveur/"+first, why).want(403)
	moderator.post(h.space, "/archiveur/"+first, url.Values{"ground": {"dispute"}}).want(422)
	shown := moderator.post(h.space, "/archiveur/"+first, why).want(200).says("Il est celui qui a été déposé", "TJ 26/1").has("&#34;content&#34;")
	comment := regexp.MustCompile(`comment&#34;: .*?&#34;([^&]{6,40})`).FindStringSubmatch(shown.body)
	if comment == nil {
		t.Fatalf("no comment in %s", shown.body)
	}
	noise := store.Do(http.MethodGet, "/"+receipt+"?versionId="+version, http.StatusOK, nil)
	if len(noise) == 0 || bytes.Contains(noise, []byte("comment")) || bytes.Contains(noise, []byte(comment[1])) {
		t.Error("the archiver reads what he keeps")
	}
	h.visitor().get(h.space, "/archiveur").want(303)
	clause(t, "RN-89")

	// The author of the first has himself erased, while the archiver is down.
	store.Stop()
	author := published[0].To
	_, id := h.rightsOf(author, url.Values{"asked": {"erasure"}, "scopes": {"opinions"}, "words": {"Effacez mon avis."}})
	h.act(officer, id, "erase", nil).want(303)
	eventually(t, "no confirmation raises an alert", func() bool {
		return strings.Contains(officer.get(h.space, "/aujourdhui").want(200).body, "/archiveur/"+first)
	})
	officer.get(h.space, "/aujourdhui").want(200).says("Un dépôt n’est pas encore effacé chez l’archiveur")
	officer.get(h.space, "/archiveur/"+first).want(200).says("Effacement pas encore confirmé", receipt).lacks("Certificat d’effacement")
	officer.get(h.space, "/archiveur/"+first+"/certificat").want(404)
	moderator.post(h.space, "/archiveur/"+first, why).want(404) // its key is gone, whatever the archiver still keeps
	store.Again()
	if !slices.Equal(store.Versions(first), []string{version}) {
		t.Fatal("it was deleted although nobody could order it")
	}
	eventually(t, "the archiver confirms", func() bool {
		return strings.Contains(officer.get(h.space, "/archiveur/"+first).want(200).body, "Certificat d’effacement")
	})
	if left := store.Versions(first); len(left) != 0 {
		t.Errorf("left with the archiver: %v", left)
	}
	officer.get(h.space, "/archiveur/"+first+"/certificat").want(200).has("receipt="+receipt, "version="+version, "confirmation=versions deleted: 1; left: none", "leaf=leaf_")
	eventually(t, "the case shows the confirmation", func() bool {
		return !strings.Contains(officer.get(h.space, "/aujourdhui").want(200).body, "/archiveur/"+first)
	})
	for _, m := range h.outbox() {
		if strings.HasPrefix(m.To, "retraits@archive") {
			t.Errorf("the archiver is written to as well: %s", m.Subject)
		}
	}
	// Another author's deposit still is what it was.
	second, _ := whose(published[1])
	moderator.post(h.space, "/archiveur/"+second, why).want(200).says("Il est celui qui a été déposé")
	clause(t, "RN-98")
}

// A program that is killed after the archiver stored a document and before it has his receipt finds the receipt again: nothing is stored twice, nothing
// is lost.
func TestArchiver_killedBeforeTheReceipt(t *testing.T) {
	store := bucket.Start(t)
	to, err := url.Parse(store.URL)
	if err != nil {
		t.Fatal(err)
	}
	stored, killed := make(chan string, 1), make(chan struct{})
	var first sync.Once
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host }} // the host is signed
	pass.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK {
			first.Do(func() {
				stored <- strings.TrimPrefix(r.Request.URL.Path, "/"+bucket.Locked+"/")
				<-killed
			})
		}
		return nil
	}
	between := httptest.NewServer(pass)
	t.Cleanup(between.Close)
	t.Setenv("ENTREMISE_ARCHIVER_KEY", bucket.Key)
	t.Setenv("ENTREMISE_ARCHIVER_SECRET", bucket.Secret)
	hosts := otherHosts["reviews-network"]
	flags := []string{"--network", "reviews-network", "--professionals", "4", "--requests", "1", "--archiver-url", between.URL, "--archiver-bucket", bucket.Locked}
	h := openHouse(t, hosts[0], hosts[1], flags...)
	var id string
	select {
	case id = <-stored:
	case <-time.After(patience):
		t.Fatal("nothing was deposited")
	}
	h.stop(syscall.SIGKILL)
	close(killed)
	if n := len(store.Versions(id)); n != 1 {
		t.Fatalf("%d versions before the new start", n)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h.server = start(t, program, append([]string{"demo", "--data", h.data, "--listen", "127.0.0.1:0"}, flags...)...)
	officer := h.enter("Officer")
	eventually(t, "every deposit has its receipt", func() bool {
		page := officer.get(h.space, "/archiveur").want(200)
		return fact(page, "Pas encore pris") == "0" && fact(page, "Gardés") != "0"
	})
	page := officer.get(h.space, "/archiveur/"+id).want(200).says("Gardé")
	_, version, _ := strings.Cut(fact(page, "Reçu"), ", ")
	if !slices.Equal(store.Versions(id), []string{version}) {
		t.Errorf("the receipt names %q, and the archiver has %v", version, store.Versions(id))
	}
	all := store.Versions("")
	if kept := store.Kept(); len(kept) != len(all) {
		t.Errorf("%d documents, %d versions", len(kept), len(all))
	}
}

// A network whose file names an archiver is not served without him, nor over a line in clear; one that keeps its documents itself says so in its notice.
func TestArchiver_isWhoTheFileSays(t *testing.T) {
	o := newOutdoors(t)
	t.Setenv("ENTREMISE_SMS_TOKEN", o.token)
	serve := func(data string, more ...string) []string {
		return append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--smtp", o.smtp, "--smtp-tls", "none", "--from", "bonjour@avis.example", "--sms-url", o.gateway, "--sms-from", "Depanneurs"}, more...)
	}
	made := func(network string) string {
		t.Helper()
		data := filepath.Join(t.TempDir(), "data")
		done(t, "init", "--data", data, "--network", network, "--name", "Camille Première", "--email", "camille@equipe.example")
		return data
	}
	third, own := made("reviews-network"), made(otherWith(t, "reviews-network", "    driver: s3\n", "    driver: embedded\n"))
	refused(t, "--archiver-url", serve(third)...)
	at := []string{"--archiver-url", "https://coffre.example", "--archiver-bucket", "avis"}
	refused(t, "an access key", serve(third, at...)...)
	t.Setenv("ENTREMISE_ARCHIVER_KEY", "k")
	t.Setenv("ENTREMISE_ARCHIVER_SECRET", "s")
	refused(t, "https address", serve(third, "--archiver-url", "http://coffre.example", "--archiver-bucket", "avis")...)
	refused(t, "name of a bucket", serve(third, "--archiver-url", "https://coffre.example")...)
	refused(t, "driver: s3", serve(own, at...)...)

	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for data, homemade := range map[string]bool{third: false, own: true} {
		args := serve(data)
		if !homemade {
			args = serve(data, at...)
		}
		h := &house{t: t, site: "avis.example", space: "membres.avis.example", server: start(t, program, args...)}
		if says := strings.Contains(h.visitor().get(h.site, "/confidentialite").want(200).body, "ce n’est pas un tiers"); says != homemade {
			t.Errorf("homemade %t, and the notice says so: %t", homemade, says)
		}
		h.stop(syscall.SIGTERM)
	}
}
