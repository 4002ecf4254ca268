package network_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"entremise/networks"
)

// What is anchored, when and where is bounded, and the two pages that explain it are there (RN-92, RN-100).
func TestCheck_anchors(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"as it ships":          {"  batch: 100", "  batch: 100", ""},
		"every month":          {"  wait: 7 days\n  chain", "  wait: 1 month\n  chain", ""},
		"largest batch":        {"  batch: 100", "  batch: 100000", ""},
		"too large a batch":    {"  batch: 100", "  batch: 100001", "anchors.batch"},
		"no batch":             {"  batch: 100", "  batch: 0", "anchors.batch"},
		"too long a wait":      {"  wait: 7 days\n  chain", "  wait: 2 months\n  chain", "anchors.wait"},
		"nothing to count":     {"  of: [review]", "  of: []", "anchors.of"},
		"an unknown kind":      {"  of: [review]", "  of: [secret]", "anchors.of"},
		"no page of a tx":      {"/tx/{tx}", "/tx/", "anchors.chain.page"},
		"a chain without id":   {"id: 31337", "id: 0", "anchors.chain.id"},
		"one explanation only": {"    chains: {label: {fr: \"Ce qu’est une chaîne de blocs, par la CNIL\", en: \"What a blockchain is, by the CNIL (in French)\"}, url: \"https://www.cnil.fr/fr/definition/blockchain\"}\n", "", "anchors.learn"},
		"a page in the clear":  {"https://fr.wikipedia.org", "http://fr.wikipedia.org", "anchors.learn.fingerprints.url"},
	} {
		folder, err := networks.Open("reviews-network")
		if err != nil {
			t.Fatal(err)
		}
		f := fstest.MapFS{}
		if err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(folder, name)
			f[name] = &fstest.MapFile{Data: data}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		edit(t, f, "network.yaml", c.from, c.to)
		found := c.want == ""
		for _, p := range judge(f) {
			about := strings.HasPrefix(p.Path, "anchors")
			if c.want == "" && about {
				t.Errorf("%s: %s %s", name, p.Path, p.Text.EN)
			}
			found = found || about && strings.HasPrefix(p.Path, c.want)
		}
		if !found {
			t.Errorf("%s: nobody noticed", name)
		}
	}
}
