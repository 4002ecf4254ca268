package network_test

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/network"
	"entremise/networks"
)

func reviews(t *testing.T) fstest.MapFS {
	t.Helper()
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
	return f
}

// Each contradiction of the archiver is named where it stands; a folder of this machine is allowed, and remarked on.
func TestArchiver_contradictions(t *testing.T) {
	for _, c := range []struct {
		from, to, path string
		severity       network.Severity
	}{
		{"archiver: {recipient: e-archive", "archiver: {recipient: vault", "archiver.recipient", network.Mistake},
		{"archiver: {recipient: e-archive", "archiver: {recipient: member", "archiver.recipient", network.Mistake},
		{"    driver: s3\n", "", "recipients.e-archive.driver", network.Mistake},
		{"    driver: s3\n", "    driver: smtp\n", "recipients.e-archive.driver", network.Mistake},
		{"    driver: s3\n", "    driver: embedded\n", "recipients.e-archive.driver", network.Remark},
		{"restored_by: [moderator, litigation]", "restored_by: [agent]", "archiver.restored_by", network.Mistake},
		{"compare: 30 days", "compare: 23 hours", "archiver.compare", network.Mistake},
		{"compare: 30 days", "compare: 13 months", "archiver.compare", network.Mistake},
		{"keep: {while: published, from: deposit, at_most: 8 years, archive: {for: 5 years, read_by: litigation}, at_end: erase-everywhere}\n  syndicate", "keep: {while: published, archive: {for: 5 years, read_by: litigation}, at_end: erase-everywhere}\n  syndicate", "purposes.publish_reviews.keep", network.Mistake},
	} {
		f := reviews(t)
		edit(t, f, "network.yaml", c.from, c.to)
		if !slices.ContainsFunc(judge(f), func(p network.Problem) bool { return p.Path == c.path && p.Severity == c.severity }) {
			t.Errorf("%s: nobody noticed at %s", c.to, c.path)
		}
	}
	f := reviews(t)
	edit(t, f, "network.yaml", "recipients: [member, e-archive, chain, mail, hosting]", "recipients: [member, chain, mail, hosting]")
	edit(t, f, "network.yaml", "recipients: [e-archive, hosting]", "recipients: [hosting]")
	if !slices.ContainsFunc(judge(f), func(p network.Problem) bool { return p.Path == "archiver.kinds" && p.Severity == network.Mistake }) {
		t.Error("nobody noticed that no purpose names the archiver")
	}
	for _, c := range []string{"compare: 1 day", "compare: 12 months", "compare: 24 hours", "compare: 1 year"} {
		f := reviews(t)
		edit(t, f, "network.yaml", "compare: 30 days", c)
		for _, p := range judge(f) {
			if p.Severity == network.Mistake {
				t.Errorf("%s: %s", c, p.Say("en"))
			}
		}
	}
}

// The lock follows the longest time of the file: eight years of publication, then five of archive.
func TestLockedUntil(t *testing.T) {
	n, _ := network.Load(reviews(t))
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if got, want := n.LockedUntil(network.DataOpinion, at), at.AddDate(13, 0, 0); !got.Equal(want) {
		t.Errorf("locked until %s, want %s", got, want)
	}
	if got := n.LockedUntil(network.DataBilling, at); !got.IsZero() {
		t.Errorf("no purpose passes billing to the archiver, and it is locked until %s", got)
	}
	if !n.Deposits(network.DepositedReview) {
		t.Error("reviews are not deposited")
	}
	n.Archiver = nil
	if n.Deposits(network.DepositedReview) || !n.LockedUntil(network.DataOpinion, at).IsZero() {
		t.Error("a network without an archiver deposits")
	}
}
