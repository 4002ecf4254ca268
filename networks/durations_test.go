package networks

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"entremise/internal/network"
)

// duration is one figure of the catalogue of durations and deadlines: which clauses fix it, where the file says it, and what it says. An empty
// value is one that the document does not have, and that the file therefore may not invent there.
type duration struct{ clauses, path, value string }

// durations are all figures that the operators' documents fix, network by network.
var durations = map[string][]duration{
	"reviews-network": {
		{"RN-26", "purposes.run_site.keep.for", "6 months"},
		{"RN-26", "purposes.run_site.keep.at_end", "erase"},
		{"RN-28", "purposes.measure_audience.keep.for", "14 months"},
		{"RN-28", "purposes.measure_audience.keep.from", "first-visit"},
		{"RN-28", "purposes.measure_in_detail.keep.for", "14 months"},
		{"RN-31", "purposes.answer_quotes.keep.while", "request-open"},
		{"RN-31", "purposes.answer_quotes.keep.then", ""},
		{"RN-31", "purposes.answer_quotes.keep.at_end", "erase"},
		{"RN-34", "purposes.answer_messages.keep.while", "case-open"},
		{"RN-34", "purposes.answer_messages.keep.then", "1 year"},
		{"RN-34", "purposes.answer_messages.keep.renewed_by", "[exchange]"},
		{"RN-39", "purposes.ask_for_questionnaire.keep.while", "request-open"},
		{"RN-39", "purposes.ask_for_questionnaire.keep.then", "1 year"},
		{"RN-39", "purposes.publish_reviews.keep.while", "published"},
		{"RN-43", "purposes.collect_reviews.keep.for", "4 months"},
		{"RN-43", "purposes.collect_reviews.keep.from", "first-sending"},
		{"RN-44", "purposes.collect_reviews.keep.archive.for", "8 months"},
		{"RN-54", "purposes.publish_reviews.keep.at_most", "8 years"},
		{"RN-54", "purposes.publish_reviews.keep.from", "deposit"},
		{"RN-55, 72, 73", "purposes.publish_reviews.keep.archive.for", "5 years"},
		{"RN-61", "purposes.syndicate_reviews.keep.at_most", "8 years"},
		{"RN-61", "purposes.syndicate_reviews.keep.archive.for", "5 years"},
		{"RN-56", "purposes.keep_refused_reviews.keep.for", "1 year"},
		{"RN-56", "purposes.keep_refused_reviews.keep.from", "rejection"},
		{"RN-56", "purposes.keep_refused_reviews.keep.archive.for", "5 years"},
		{"RN-58", "purposes.improve_questionnaires.keep.while", "operation"},
		{"RN-58", "purposes.improve_questionnaires.keep.then", "6 months"},
		{"RN-63, 66", "purposes.ban_authors.keep.for", "12 months"},
		{"RN-63, 66", "purposes.ban_authors.keep.from", "notification"},
		{"RN-69", "purposes.handle_reports.keep.while", "case-open"},
		{"RN-69", "purposes.handle_reports.keep.then", "2 years"},
		{"RN-78", "purposes.newsletter.keep.while", "consent-stands"},
		{"RN-78", "purposes.newsletter.keep.then", ""},
		{"RN-78", "purposes.newsletter.keep.remainder.as", "keyed-digest"},
		{"RN-113", "rights.answer", "1 month"},
		{"RN-113", "rights.extended", "2 months"},
		{"RN-117", "prospecting.register.effect", "30 days"},
		{"RN-117", "prospecting.register.protects", "3 years"},
		{"RN-134", "cookies.choice.refused", "3 months"},
		{"RN-135", "cookies.choice.accepted", "6 months"},
	},
	"customer-space": {
		{"CS-04", "modules.accounts.minimum_age", "15"},
		{"CS-22", "purposes.open_space.keep.while", "account-open"},
		{"CS-22", "purposes.open_space.keep.then", ""},
		{"CS-22", "purposes.open_space.keep.archive", ""},
		{"CS-23", "purposes.hand_documents.keep.archive.for", "5 years"},
		{"CS-23", "purposes.keep_accounts.keep.archive.for", "5 years"},
		{"CS-23", "purposes.prove_account.keep.archive.for", "5 years"},
		{"CS-24", "cookies.choice.accepted", "13 months"},
		{"CS-24", "cookies.choice.refused", "13 months"},
		{"CS-24", "purposes.personalise_ads.keep.for", "13 months"},
		{"CS-28", "rights.answer", "1 month"},
	},
	"works-advisor": {
		{"WA-20", "purposes.take_payments.keep.while", "contract"},
		{"WA-20", "purposes.take_payments.keep.then", ""},
		{"WA-39", "purposes.keep_accounts.keep.archive.for", "10 years"},
		{"WA-40", "purposes.prospect.keep.for", "3 years"},
		{"WA-40", "purposes.prospect.keep.renewed_by", "[reply click request call sign-in]"},
		{"WA-40", "purposes.prospect.keep.archive", ""},
		{"WA-41", "purposes.perform_contract.keep.while", "contract"},
		{"WA-41", "purposes.perform_contract.keep.then", "3 years"},
		{"WA-41", "purposes.perform_contract.keep.renewed_by", "[sign-in]"},
		{"WA-41", "purposes.perform_contract.keep.archive.for", "5 years"},
		{"WA-42", "purposes.follow_clients.keep.then", "3 years"},
		{"WA-42", "purposes.follow_clients.keep.archive.for", "5 years"},
		{"WA-54", "rights.answer", "1 month"},
		{"WA-54", "rights.extended", ""},
		{"WA-65", "cookies.choice.accepted", "13 months"},
	},
	"emergency-trades": {
		{"ET-32", "introductions.clocks.first_contact", "10 min"},
		{"ET-64", "introductions.clocks.first_contact", "10 min"},
		{"ET-67", "introductions.clocks.on_site", "30 min"},
		{"ET-53", "introductions.recredit.0.claim_within", "7 days"},
		{"ET-49", "access.idle", "3 months"},
		{"ET-84", "access.close_within", "15"},
		{"ET-106", "access.registry_extract", "3 months"},
		{"ET-80", "access.experience", "3 years"},
		{"ET-145", "purposes.record_calls.keep.for", "6 months"},
		{"ET-145", "purposes.record_calls.keep.at_end", "erase-everywhere"},
		{"ET-121", "purposes.serve_professionals.keep.while", "account-open"},
		{"ET-121", "purposes.introduce.keep.while", "request-open"},
		{"ET-153", "access.liability", "3 months"},
		{"ET-47", "introductions.price.bounds", "[1 1999]"},
	},
	"auto-quotes": {
		{"AQ-53", "purposes.match.keep.for", "6 months"},
		{"AQ-53", "purposes.match.keep.from", ""},
		{"AQ-54", "purposes.match.keep.remainder.for", "3 years"},
		{"AQ-54", "purposes.match.keep.remainder.as", "keyed-digest"},
		{"AQ-63", "rights.answer", "1 month"},
		{"AQ-14", "purposes.record_calls.keep.for", "6 months"},
		{"AQ-19", "purposes.run_site.keep.for", "6 months"},
	},
}

// at walks a decoded file: names into mappings, numbers into lists. What is not there is "".
func at(v any, path string) string {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				return ""
			}
			v = x[i]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// Every figure of the operators' documents stands in their files, once, as the document says it.
func TestDurations_areThoseOfTheDocuments(t *testing.T) {
	for _, name := range Names() {
		if len(durations[name]) == 0 {
			t.Errorf("%s: no figure of its document is checked", name)
		}
		folder, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(folder, "network.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, d := range durations[name] {
			parent, _, _ := cut(d.path)
			if at(file, parent) == "" {
				t.Errorf("%s: there is no %s for %s", name, parent, d.clauses)
			}
			if got := at(file, d.path); got != d.value {
				t.Errorf("%s: %s is %q, and the document says %q (%s)", name, d.path, got, d.value, d.clauses)
			}
		}
	}
}

// cut splits a path before its last name, so that an absent figure of an absent part is no success.
func cut(path string) (parent, last string, found bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return path, "", false
	}
	return path[:i], path[i+1:], true
}

// What the document of one operator forbids, its file cannot say: each of these is a mistake there.
func TestNetworks_keepWhatTheirDocumentsForbid(t *testing.T) {
	for _, c := range []struct{ clauses, network, from, to, path string }{
		{"WA-12", "works-advisor", "  qualification: agent ", "  qualification: automatic ", "modules.qualification"},
		{"WA-57", "works-advisor", "  advisers:\n", "  buyer: {label: Acheteur, role: buyer, country: FR}\n  advisers:\n", "recipients.buyer"},
		{"WA-11", "works-advisor", "    role: controller\n    country: IE\n", "    role: controller\n    country: US\n", "recipients.social-networks.country"},
		{"WA-33, 35", "works-advisor", "    basis: legitimate-interest\n    balance: balance-service\n    people: [consumer]\n    data: [opinion]", "    basis: legitimate-interest\n    people: [consumer]\n    data: [opinion]", "purposes.improve"},
		{"WA-43", "works-advisor", "    keep: {while: account-open, at_end: erase}\n", "", "purposes.run_accounts"},
		{"WA-56", "works-advisor", "    contract: ST-2026-04 paiement\n", "", "recipients.payment"},
		{"RN-80", "reviews-network", "    recipients: [member, telephony, sms, mail, hosting]\n", "    recipients: [member, partner-sites, telephony, sms, mail, hosting]\n", ""},
		{"RN-80", "reviews-network", "    recipients: [analytics-a, hosting]\n", "    recipients: [analytics-a, partner-sites, hosting]\n", "purposes.measure_audience.recipients"},
		{"RN-81", "reviews-network", "    contract: ST-2026-01 archivage\n", "", "recipients.e-archive"},
		{"RN-06", "reviews-network", "    joint: {with: member, arrangement: joint-members}\n", "    joint: {with: member, arrangement: joint-nobody}\n", "purposes.answer_quotes.joint.arrangement"},
		{"CS-27", "customer-space", "    recipients: [space-provider, mail, hosting]\n", "    recipients: [space-provider, authorised-site, mail, hosting]\n", "purposes.open_space.recipients"},
		{"AQ-50", "auto-quotes", "    digests: true\n", "", "purposes.build_audiences.recipients"},
		{"AQ-26", "auto-quotes", "  qualification: agent ", "  automated_decisions: {basis: legitimate-interest, may_object: true}\n  qualification: agent ", "modules.automated_decisions.basis"},
		{"AQ-43", "auto-quotes", "  sms_code: without-javascript\n", "  sms_code: always\n", "differences.refusal-by-mail"},
	} {
		folder, err := Open(c.network)
		if err != nil {
			t.Fatal(err)
		}
		changed := with{folder, c.from, c.to, t}
		_, problems := network.Read(changed)
		found := c.path == "" && !network.Refused(problems)
		for _, p := range problems {
			found = found || p.Severity == network.Mistake && p.Path == c.path
		}
		if !found {
			t.Errorf("%s (%s): no word about it at %q: %v", c.clauses, c.network, c.path, problems)
		}
	}
}

// with is a folder whose network.yaml says something else in one place.
type with struct {
	fs.FS
	from, to string
	t        *testing.T
}

func (w with) Open(name string) (fs.File, error) {
	f, err := w.FS.Open(name)
	if err != nil || name != "network.yaml" {
		return f, err
	}
	text, err := fs.ReadFile(w.FS, name)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(text), w.from) {
		w.t.Fatalf("the file no longer holds %q", w.from)
	}
	return changedFile{f, strings.NewReader(strings.Replace(string(text), w.from, w.to, 1))}, nil
}

type changedFile struct {
	fs.File
	text *strings.Reader
}

func (f changedFile) Read(b []byte) (int, error) { return f.text.Read(b) }
