package app

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/networks"
)

// publicColumns is the reviewed list: text and bytes that are no id, no digest, not sealed and no checked word, with the reason why they may stand
// in plain text. A new column that is not here stops the build until somebody has thought about it.
var publicColumns = map[string]string{
	"schema_version.name":        "name of a migration",
	"setting.name":               "name of a setting",
	"setting.value":              "clock, marks of a demo: ids and words",
	"lease.name":                 "name of a lease",
	"lease.holder":               "random name of a node",
	"edition.network":            "name of the network",
	"edition.in_force_on":        "date",
	"edition.applied_by":         "account id",
	"edition.bundle":             "the operator's own published file",
	"person_key.categories":      "words of the network file",
	"audit.actor":                "account id or a word",
	"audit.role":                 "word",
	"audit.action":               "word of the permission table",
	"audit.object":               "id",
	"audit.detail":               "ids, words and amounts; never a value of a person",
	"job.kind":                   "word",
	"job.object":                 "id",
	"job.error":                  "code of a fault or the house's own words",
	"account.created_by":         "account id",
	"account.trained_on":         "date of the internal training",
	"account_role.role":          "word",
	"account_trade.trade":        "slug of the network file",
	"api_token.by_account":       "account id",
	"api_token.name":             "name that the operator gave a program",
	"submission.object":          "id",
	"proof_leaf.kind":            "word",
	"proof_leaf.object":          "id",
	"proof_leaf.category":        "word of the network file",
	"proof_checkpoint.note":      "signed checkpoint, published",
	"proof_laid.message":         "a root, signed or wrapped for its place",
	"proof_laid.reference":       "transaction or serial number outside",
	"proof_laid.evidence":        "receipt or time stamp, of a root",
	"proof_laid.error":           "what a node or an authority answered, without addresses",
	"proof_tally.name":           "word",
	"proof_seed.day_on":          "date",
	"proof_seed.seed":            "random secret of a day, of no person",
	"wording.words":              "the operator's own sentence",
	"consent.object":             "id",
	"consent.consent":            "id of the network file",
	"consent.purpose":            "id of the network file",
	"consent.edition":            "digest",
	"consent.recipient":          "id of the network file",
	"consent.reference":          "id of a call, or a paper’s reference of letters and digits",
	"holding.record":             "id",
	"inbox_directive.ref":        "reference",
	"inbox_ticket.service":       "id of the network file",
	"inbox_ticket.account_id":    "account id",
	"inbox_note.by_account":      "account id",
	"inbox_directive.case_id":    "id",
	"inbox_directive.by_account": "account id",
	"inbox_lift.by_account":      "account id",
	"objection.object":           "id",
	"objection.purpose":          "id of the network file",
	"objection.edition":          "digest",
	"objection.reference":        "reference of a case, a call or a letter",
	"objection.by_account":       "account id",
	"legal_hold.record":          "id",
	"recording_loan.by_account":  "account id",
	"recording_loan.revoked_by":  "account id",
	"recording_loan.recipient":   "word of the network file",
	"erasure.by_account":         "account id",
	"erasure.why":                "reference of a case",
	"erasure.erased":             "ids and words of the network file",
	"erasure.kept":               "ids, words of the network file and dates",
	"erasure.certificate":        "ids, words and figures, without a personal value",
	"remainder.purpose":          "id of the network file",
	"legal_hold.reference":       "number of a file elsewhere",
	"legal_hold.by_account":      "account id",
	"legal_hold.ended_by":        "account id",
	"key_end.record":             "id",
	"key_end.categories":         "words of the network file",
	"holding.categories":         "words of the network file",
	"holding.purpose":            "id of the network file",
	"message.object":             "id",
	"message.kind":               "key of the network file",
	"message.purpose":            "id of the network file",
	"message.error":              "code of a driver",
	"stop.scope":                 "word",
	"stop.channel":               "word",
	"code.object":                "id",
	"address_block.reason":       "words of staff about an address",
	"address_block.by_account":   "account id",
	"attempt.by_account":         "account id",
	"pro.by_account":             "account id",
	"pro.reason":                 "id of the network file",
	"pro.insee":                  "commune of the seat: public in the register of companies",
	"pro_version.by_account":     "account id",
	"pro_version.state":          "word",
	"pro_version.profile":        "structured choices: trades, area, hours, caps",
	"pro_trade.trade":            "slug of the network file",
	"pro_check.by_account":       "account id",
	"pro_check.told":             "checked word",
	"pro_check.valid_until_on":   "date",
	"wallet_entry.reference":     "id or digest",
	"wallet_entry.by_account":    "account id",
	"payment.line":               "id",
	"payment.driver":             "word",
	"payment.driver_ref":         "the card service's own id",
	"invoice_line.reference":     "id",
	"invoice_line.label":         "reference, trade and commune of an introduction",
	"invoice_series.series":      "year",
	"invoice.series":             "year",
	"invoice.issued_on":          "date",
	"request.ref":                "random reference",
	"request.edition":            "digest",
	"request.site":               "host name",
	"request.source":             "account id",
	"request.trade":              "slug of the network file",
	"request.insee":              "commune: stays after anonymising where five share it",
	"request.postcode":           "postcode, likewise",
	"request.urgency":            "id of the network file",
	"request.intent":             "id of the network file",
	"request.answers":            "structured choices; free words are sealed",
	"request.price_reasons":      "rules of the network file, and why an agent chose a price",
	"request.priced_by":          "account id",
	"request.taken_by":           "account id",
	"request.qualified_by":       "account id",
	"request_window.trade":       "slug of the network file",
	"request_window.insee":       "commune",
	"request_event.kind":         "word",
	"request_event.actor":        "account id or word",
	"request_event.object":       "id or word",
	"decision.edition":           "digest",
	"decision.seed_on":           "date",
	"decision.input":             "structured choices, commune and digest",
	"decision.candidates":        "professionals' ids and distances",
	"purchase.edition":           "digest",
	"bounce.status":              "figures of a mail server’s answer",
	"pro_inquiry.by_account":     "account id",
	"pro_inquiry.recipient":      "id of the network file",
	"pro_inquiry.fields":         "words of the network file",
	"pro_inquiry.reference":      "the provider’s own number, letters and figures",
	"pro_inquiry.answered_on":    "date",
	"pro_inquiry.valid_until_on": "date",
	"pro_arrangement.edition":    "digest",
	"pro_arrangement.by_account": "account id",
	"pro_membership.since_on":    "date",
	"pro_membership.until_on":    "date",
	"pro_membership.told_on":     "date",
	"pro_membership.leaves_on":   "date",
	"pro_membership.reason":      "id of the network file",
	"pro_membership.by_account":  "account id or a word",
	"pro_agreement.by_account":   "account id",
	"pro_agreement.signed_on":    "date",
	"pro_agreement.until_on":     "date",
	"contact.by_account":         "account id",
	"call.site":                  "host name",
	"call.trade":                 "slug of the network file",
	"call.agent":                 "account id",
	"inbox_case.ref":             "random reference",
	"inbox_case.edition":         "digest",
	"inbox_case.site":            "host name",
	"inbox_case.asked":           "word of the network file",
	"inbox_case.scopes":          "ids of the network file",
	"inbox_case.refusal":         "id of the network file",
	"inbox_case.by_account":      "account id",
	"inbox_letter.by_account":    "account id",
	"inbox_event.kind":           "word",
	"inbox_event.actor":          "account id or word",
	"inbox_event.object":         "id or word",
	"inbox_told.recipient":       "id of a professional, or of a recipient of the network file",
	"inbox_told.about":           "random reference of a request, a provider’s number of what it verified, or an archiver’s deposit",

	"review_invite.questionnaire": "id of the network file",
	"review_invite.edition":       "digest",
	"review_invite.why":           "word or id of the network file",
	"review_invite.site":          "host name",
	"review_invite.by_account":    "account id",
	"review.digits":               "random digits",
	"review.why":                  "word or id of the network file",
	"review.decided_by":           "account id",
	"review_fetch.account_id":     "account id",
	"review_event.kind":           "word",
	"review_event.actor":          "account id or word",
	"review_event.object":         "id, date or word",
	"review_version.why":          "id of the network file",
	"review_version.decided_by":   "account id",
	"review_paper.by_account":     "account id",
	"review_appeal.object":        "id",
	"review_appeal.first_by":      "account id",
	"review_appeal.decided_by":    "account id",
	"review_report.ref":           "random reference",
	"review_report.reason":        "id of the network file",
	"review_report.by_pro":        "id",
	"review_report.site":          "host name",
	"review_report.decided_by":    "account id",
	"review_ban.reason":           "id of the network file",
	"review_ban.by_account":       "account id",
	"review_line.line":            "ids, counts and words; published",
	"review_wanted.checked_by":    "account id",

	"oversight_file.ref":          "random reference",
	"oversight_file.by_account":   "account id",
	"oversight_file.purposes":     "ids of the network file",
	"oversight_file.data":         "words of the network file",
	"oversight_file.next_on":      "date",
	"oversight_event.kind":        "word",
	"oversight_event.actor":       "account id or word",
	"oversight_event.object":      "id, digest or word",
	"oversight_subject.record":    "id",
	"oversight_subject.ref":       "random reference of a request, or id",
	"oversight_letter.by_account": "account id",
	"oversight_letter.data":       "words of the network file",

	"review_list.by_account":       "account id",
	"archiver_deposit.content":     "ciphertext under a key of its own, until it is delivered",
	"archiver_deposit.driver":      "word",
	"archiver_deposit.receipt":     "where the archiver keeps ciphertext",
	"archiver_deposit.version":     "the archiver’s own id of it",
	"archiver_deposit.certificate": "ids, digests and instants of a deletion",

	"proof_anchor.cause": "word",
	"proof_laid.place":   "word",

	"document_text.title":         "the operator's published title",
	"document_text.source":        "a published document",
	"document_text.html":          "a published document",
	"document_version.edition":    "digest",
	"document_version.kind":       "word",
	"document_version.applies_on": "date",
	"document_accepted.kind":      "word",
}

// A personal column that no holding claims, or whose category no purpose of a network claims, stops the build (mission, 1).
func TestSchema_everyPersonalColumnIsClaimed(t *testing.T) {
	claimed := map[string]privacy.Holding{}
	for _, h := range Holdings() {
		for _, c := range h.Columns {
			claimed[h.Table+"."+c] = h
		}
	}
	checked := checkedWords(t)
	for _, e := range dbtest.Engines() {
		d := dbtest.New(t, e, dbtest.NewClock())
		columns, err := d.Columns(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, line := range columns {
			name, kind, _ := strings.Cut(line, " ")
			seen[name] = true
			column := name[strings.IndexByte(name, '.')+1:]
			personal := strings.HasSuffix(column, "_sealed") || strings.HasSuffix(column, "_bidx")
			_, held := claimed[name]
			switch {
			case personal && !held:
				t.Errorf("%s: %s is sealed or indexed and no room's Holdings claim it", e, name)
			case personal, held, kind != "text" && kind != "bytea":
			case column == "id", strings.HasSuffix(column, "_id"), strings.HasSuffix(column, "_hash"), column == "hash", checked[name]:
			case publicColumns[name] == "":
				t.Errorf("%s: %s is in plain text and not in the reviewed list", e, name)
			}
		}
		for name := range publicColumns {
			if !seen[name] {
				t.Errorf("%s: the reviewed list names %s, which is not there", e, name)
			}
		}
		for name := range claimed {
			if !seen[name] {
				t.Errorf("%s: a holding claims %s, which is not there", e, name)
			}
		}
	}
}

// checkedWords are the columns with a CHECK of allowed words.
func checkedWords(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	table := ""
	text := schemaText(t)
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "CREATE TABLE "); ok {
			table, _, _ = strings.Cut(rest, " ")
		}
		if column, rest, ok := strings.Cut(line, " TEXT"); ok && strings.Contains(rest, "CHECK ("+column+" IN (") {
			words[table+"."+column] = true
		}
	}
	return words
}

func schemaText(t *testing.T) string {
	t.Helper()
	text, err := fs.ReadFile(db.Schema(), "0001_base.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each category that a room holds is claimed by a purpose of every built-in network.
func TestNetworks_haveAPurposeForEverythingHeld(t *testing.T) {
	for _, name := range networks.Names() {
		folder, err := networks.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		n, problems := network.Load(folder)
		if n == nil {
			t.Fatal(problems)
		}
		for _, h := range Holdings() {
			// What a module that is off would hold is held of nobody: the module refuses, and so does privacy.Hold.
			off := (h.Whose == network.Author || strings.HasPrefix(h.Table, "review_")) && n.Reviews == nil || h.Whose == network.Professional && !n.Sells() || h.Category == network.DataRecording && n.Modules.Recordings == nil
			if !off && len(n.PurposesFor(h.Whose, h.Category)) == 0 {
				t.Errorf("%s: %s holds %s of a %s, and no purpose claims it", name, h.Table, h.Category, h.Whose)
			}
		}
	}
}

// A dump is loaded table by table, in the order of their names: a table points only to those before it.
func TestSchema_pointsToEarlierNames(t *testing.T) {
	table := ""
	for line := range strings.SplitSeq(schemaText(t), "\n") {
		if rest, ok := strings.CutPrefix(line, "CREATE TABLE "); ok {
			table, _, _ = strings.Cut(rest, " ")
		}
		if _, rest, ok := strings.Cut(line, " REFERENCES "); ok {
			if to, _, _ := strings.Cut(rest, " "); to > table {
				t.Errorf("%s points to %s: a backup cannot be restored", table, to)
			}
		}
	}
}
