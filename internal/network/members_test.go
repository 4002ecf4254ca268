package network_test

import (
	"slices"
	"strings"
	"testing"

	"entremise/internal/fault"
	"entremise/internal/network"
)

func TestMembers_whatContradicts(t *testing.T) {
	for _, c := range []struct{ name, from, to, path string }{
		{"forwarding without membership", "members:\n  term: 1 year\n  renews: tacit\n  notice: 60 days\n", "", "members"},
		{"membership without forwarding", "sale: forwarded-to-members", "sale: off", "members"},
		{"to how many", "  forward: {most: 3}             # RN-29 : aux membres concernés, jamais à tous\n", "", "introductions.forward"},
		{"a limit that nothing obeys", "sale: forwarded-to-members", "sale: off", "introductions.forward"},
		{"how far", "  radius: {default: 40 km, most: 150 km}\n", "", "introductions.radius"},
		{"announced before it begins", "notice: 60 days", "notice: 2 years", "members.notice"},
		{"two arrangements", "joint: {with: member, arrangement: joint-members}", "joint: {with: member, arrangement: balance-reviews}", "purposes.ask_for_questionnaire.joint.arrangement"},
		{"a subject that leads twice", "        join: {fr: \"Mon entreprise veut adhérer\"", "        review: {fr: \"Mon entreprise veut adhérer\"", "inbox.services.members.subjects.review"},
		{"a service that is none", "service: consumers", "service: nobody", "inbox.addresses.contact.service"},
	} {
		f := filesOf(t, "reviews-network")
		if c.name == "forwarding without membership" {
			// The reasons go with the section that they stand in.
			s := string(f["network.yaml"].Data)
			from, to := index(t, s, "\nmembers:\n"), index(t, s, "\nverification:\n")
			f["network.yaml"].Data = []byte(s[:from] + s[to:])
		} else {
			edit(t, f, "network.yaml", c.from, c.to)
		}
		found := slices.ContainsFunc(judge(f), func(p network.Problem) bool {
			return p.Severity == network.Mistake && p.Path == c.path && p.Text != fault.Text{}
		})
		if !found {
			t.Errorf("%s: no mistake at %s", c.name, c.path)
		}
	}
}

func index(t *testing.T, s, part string) int {
	t.Helper()
	i := strings.Index(s, part)
	if i < 0 {
		t.Fatalf("there is no %q", part)
	}
	return i
}

func TestMembers_arrangement(t *testing.T) {
	read := func(from, to string) *network.Network {
		f := filesOf(t, "reviews-network")
		if from != "" {
			edit(t, f, "texts/fr/joint-members.md", from, to)
		}
		n, probs := network.Read(f)
		if n == nil {
			t.Fatal(probs)
		}
		return n
	}
	n := read("", "")
	if n.Arrangement() != "joint-members" || len(n.ArrangementHash()) != 64 {
		t.Errorf("arrangement %q, digest %q", n.Arrangement(), n.ArrangementHash())
	}
	if same := read("", ""); same.ArrangementHash() != n.ArrangementHash() {
		t.Error("the same words have another digest")
	}
	if other := read("à l’un ou à l’autre", "à l’un et à l’autre"); other.ArrangementHash() == n.ArrangementHash() {
		t.Error("other words have the same digest")
	}
	if !slices.Contains(n.DocumentKinds(), network.DocArrangement) || !n.Rule(network.DocArrangement).Again {
		t.Error("the arrangement is no document that is accepted again")
	}
	sale, _ := network.Read(files(t))
	if sale.Arrangement() != "" || sale.ArrangementHash() != "" || slices.Contains(sale.DocumentKinds(), network.DocArrangement) {
		t.Error("a network without members has an arrangement")
	}
	s, words, ok := n.Inbox.Routes("review")
	if !ok || s.ID != "quality" || words.FR == "" {
		t.Errorf("a subject leads to %q", s.ID)
	}
	if s, _, ok := n.Inbox.Routes("nothing"); !ok || s.ID != "consumers" {
		t.Errorf("no subject leads to %q", s.ID)
	}
}
