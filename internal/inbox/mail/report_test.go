package mail

import (
	"fmt"
	"strings"
	"testing"
)

// report is what a mail server sends back (RFC 3464).
func report(kind, status, original string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf("From: MAILER-DAEMON@relay.example\nTo: bonjour@depanneurs.example\nSubject: Undelivered\nContent-Type: multipart/report; report-type=%s; boundary=\"b\"\n\n"+
		"--b\nContent-Type: text/plain\n\nIt did not arrive.\n--b\nContent-Type: message/delivery-status\n\n%s\n--b\n%s\n--b--\n", kind, status, original), "\n", "\r\n"))
}

const (
	mta    = "Reporting-MTA: dns; relay.example\n\n"
	whole  = "Content-Type: message/rfc822\n\nMessage-ID: <msg_1@depanneurs.example>\nTo: a@b.example\n\nText"
	header = "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-Id: <msg_1@depanneurs.example>"
)

func TestParseReport_namesWhatFailedForGood(t *testing.T) {
	failed := mta + "Final-Recipient: rfc822; A@b.example\nAction: failed\nStatus: 5.1.1 (unknown)\n"
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"with the message":      {report("delivery-status", failed, whole), "<msg_1@depanneurs.example> [{A@b.example 5.1.1}]"},
		"with its header alone": {report("delivery-status", failed, header), "<msg_1@depanneurs.example> [{A@b.example 5.1.1}]"},
		"in capitals":           {report("Delivery-Status", strings.Replace(failed, "failed", "FAILED", 1), whole), "<msg_1@depanneurs.example> [{A@b.example 5.1.1}]"},
		"two, one of them late": {report("delivery-status", mta+"Final-Recipient: rfc822; c@b.example\nAction: delayed\nStatus: 4.2.2\n\nFinal-Recipient: rfc822; d@b.example\nAction: failed\nStatus: 5.2.1\n", whole), "<msg_1@depanneurs.example> [{d@b.example 5.2.1}]"},
		"forwarded": {report("delivery-status", mta+"Original-Recipient: rfc822;a@b.example\nFinal-Recipient: rfc822; <z@y.example>\nAction: failed\nStatus: 5.1.1\n", whole),
			"<msg_1@depanneurs.example> [{a@b.example 5.1.1} {z@y.example 5.1.1}]"},
		"only late":         {report("delivery-status", strings.Replace(failed, "failed", "delayed", 1), whole), ""},
		"of a reading":      {report("disposition-notification", failed, whole), ""},
		"without a message": {report("delivery-status", failed, "Content-Type: text/plain\n\nMessage-ID: <msg_1@depanneurs.example>"), ""},
		"of no address":     {report("delivery-status", mta+"Action: failed\nStatus: 5.1.1\n", whole), ""},
		"cut off":           {report("delivery-status", failed, whole)[:300], ""},
		"a letter":          {letter("Subject: Bonjour", "Rien"), ""},
		"nothing":           {nil, ""},
	} {
		got := ""
		if r, ok := ParseReport(c.raw); ok {
			got = fmt.Sprint(r.Message, " ", r.Failed)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	many := mta + strings.Repeat("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n", 50)
	if r, ok := ParseReport(report("delivery-status", many, whole)); !ok || len(r.Failed) > maxFailed {
		t.Errorf("%d addresses", len(r.Failed))
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(report("delivery-status", mta+"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n", whole))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, ok := ParseReport(raw); ok && (r.Message == "" || len(r.Failed) == 0 || len(r.Failed) > maxFailed) {
			t.Errorf("%+v", r)
		}
	})
}
