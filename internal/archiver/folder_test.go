package archiver_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/network"
	"entremise/internal/rig"
)

func open(t *testing.T, dir string) (*archiver.Folder, error) {
	t.Helper()
	f, err := archiver.OpenFolder(dir, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	if err == nil {
		t.Cleanup(func() { _ = f.Close() }) // a test may have closed it
	}
	return f, err
}

func TestFolder_contract(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archiver")
	f := must(open(t, dir))(t)
	if f.Name() != "embedded" || f.Third() {
		t.Error("a folder of one's own is taken for a third party")
	}
	if word := must(f.Delete(ctx, "arc_1"))(t); !strings.HasPrefix(word, "nothing is kept") {
		t.Errorf("of nothing: %q", word)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder is made for nothing")
	}
	o := object("arc_1", "noise", time.Date(2039, 1, 1, 0, 0, 0, 0, time.UTC))
	first := must(f.Store(ctx, o))(t)
	if again := must(f.Store(ctx, o))(t); again != first {
		t.Errorf("stored twice: %+v, then %+v", first, again)
	}
	if _, err := f.Store(ctx, object("arc_1", "other", o.Until)); err == nil {
		t.Error("another object takes its name")
	}
	if _, err := f.Fetch(ctx, "arc_2", ""); !errors.Is(err, archiver.ErrMissing) {
		t.Errorf("fetched nothing: %v", err)
	}
	for _, name := range []string{"", "../arc_1", "a/b", ".new-1", "é"} {
		if _, err := f.Store(ctx, object(name, "noise", o.Until)); err == nil {
			t.Errorf("stored under %q", name)
		}
	}
	file := filepath.Join(dir, filepath.FromSlash(first.Ref))
	if info := must(os.Stat(file))(t); info.Mode().Perm() != 0o400 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	ok(t, f.Close())
	// What another process left of a file is no object.
	begun := filepath.Join(filepath.Dir(file), ".new-1")
	ok(t, os.WriteFile(begun, []byte("noi"), 0o600))
	f = must(open(t, dir))(t)
	if _, err := os.Stat(begun); err == nil {
		t.Error("half a file stays")
	}
	if again := must(f.Store(ctx, o))(t); again != first {
		t.Errorf("after a start: %+v, then %+v", first, again)
	}
	if got := must(f.Fetch(ctx, "arc_1", first.Version))(t); string(got) != "noise" {
		t.Errorf("fetched %q", got)
	}
	word := must(f.Delete(ctx, "arc_1"))(t)
	journal := string(must(os.ReadFile(filepath.Join(dir, "journal.jsonl")))(t))
	if n := strings.Count(journal, "\n"); n != 2 || !strings.Contains(journal, `"act":"delete"`) || !strings.HasPrefix(word, "journal ") {
		t.Errorf("%q, journal\n%s", word, journal)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file stays")
	}
}

// A line of the journal that was changed, dropped, moved, doubled or inserted is found when the folder is opened; half a last line is cut off, for
// nobody had a receipt for it.
func TestFolder_journalIsAChain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archiver")
	f := must(open(t, dir))(t)
	for _, name := range []string{"arc_1", "arc_2", "arc_3"} {
		must(f.Store(ctx, object(name, name, time.Now())))(t)
	}
	must(f.Delete(ctx, "arc_2"))(t)
	ok(t, f.Close())
	path := filepath.Join(dir, "journal.jsonl")
	was := must(os.ReadFile(path))(t)
	lines := bytes.SplitAfter(was, []byte("\n"))[:4]
	join := func(l ...[]byte) []byte { return bytes.Join(l, nil) }
	for name, text := range map[string][]byte{
		"changed":           join(lines[0], bytes.Replace(lines[1], []byte("arc_2"), []byte("arc_9"), 1), lines[2], lines[3]),
		"dropped":           join(lines[0], lines[2], lines[3]),
		"dropped first":     join(lines[1], lines[2], lines[3]),
		"moved":             join(lines[0], lines[2], lines[1], lines[3]),
		"doubled":           join(lines[0], lines[1], lines[1], lines[2], lines[3]),
		"inserted":          join(lines[0], []byte(`{"number":2,"act":"keep"}`+"\n"), lines[1]),
		"no line":           join(lines[0], []byte("x\n"), lines[1]),
		"an empty one":      join(lines[0], []byte("\n"), lines[1]),
		"longer than a one": join(lines[0], bytes.Repeat([]byte("x"), 2<<20), []byte("\n")),
	} {
		ok(t, os.WriteFile(path, text, 0o600))
		if _, err := open(t, dir); err == nil {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	ok(t, os.WriteFile(path, append(bytes.Clone(was), lines[0][:20]...), 0o600))
	f = must(open(t, dir))(t)
	must(f.Store(ctx, object("arc_4", "arc_4", time.Now())))(t)
	ok(t, f.Close())
	if now := must(os.ReadFile(path))(t); !bytes.HasPrefix(now, was) || bytes.Count(now, []byte("\n")) != 5 {
		t.Errorf("after half a line:\n%s", now)
	}
	must(open(t, dir))(t)
}

// A deposit is the driver's that took it: another driver knows nothing of it, and neither reports it lost nor confirms its deletion.
func TestArchiver_anotherDriver(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, person, _ := put(t, r)
		r.Drain(t)
		folder := filepath.Join(r.Archive.Dir, filepath.FromSlash(get(t, r, id).Receipt))
		r.Archive.Use(driver(t, archiver.S3{URL: "http://127.0.0.1:1", Bucket: "deposits", Key: "k", Secret: "s", Now: time.Now}))
		if _, err := r.Archiver.Restore(ctx, r.One(t, network.RoleModerator), id, "dispute", "TJ 26/1"); err == nil {
			t.Error("restored by a driver that does not have it")
		}
		r.Clock.Add(31 * 24 * time.Hour)
		r.Sweep(t)
		if d := get(t, r, id); d.Wrong != "" {
			t.Errorf("reported %q", d.Wrong)
		}
		erase(t, r, person)
		settle(t, r)
		if d := get(t, r, id); d.State != archiver.Owed || d.AskedTries == 0 {
			t.Errorf("%+v", d)
		}
		if _, err := os.Stat(folder); err != nil {
			t.Error(err)
		}
	})
}

// Whatever stands where the journal should, opening the folder neither panics nor takes a line that is not the next one of the chain.
func FuzzFolder_journal(f *testing.F) {
	dir := f.TempDir()
	made, err := archiver.OpenFolder(filepath.Join(dir, "made"), func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"arc_1", "arc_2"} {
		if _, err := made.Store(ctx, object(name, name, time.Now())); err != nil {
			f.Fatal(err)
		}
	}
	good, err := os.ReadFile(filepath.Join(dir, "made", "journal.jsonl"))
	if err := errors.Join(err, made.Close()); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{good, good[:len(good)-1], nil, []byte("\n"), []byte("{}\n"), bytes.Repeat(good, 2)} {
		f.Add(seed)
	}
	path := filepath.Join(dir, "journal.jsonl")
	f.Fuzz(func(t *testing.T, text []byte) {
		ok(t, os.WriteFile(path, text, 0o600))
		opened, err := archiver.OpenFolder(dir, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
		if err != nil {
			return
		}
		ok(t, opened.Close())
		left := must(os.ReadFile(path))(t)
		if whole := text[:bytes.LastIndexByte(text, '\n')+1]; !bytes.Equal(left, whole) {
			t.Errorf("opened %q as %q", text, left)
		}
	})
}
