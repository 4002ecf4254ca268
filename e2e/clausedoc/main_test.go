package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	for text, want := range map[string][]string{
		"sold at most N times (ET-47).":     {"ET-47"},
		"ET-34, 35, 45 and RN-02":           {"ET-34", "ET-35", "ET-45", "RN-02"},
		"law (ET-142…144), ET-9":            {"ET-142", "ET-143", "ET-144", "ET-09"},
		"ET-64–66, 90":                      {"ET-64", "ET-65", "ET-66", "ET-90"},
		"SET-12, a 10-24 range, ET-1…ET-99": nil,
		"":                                  nil,
	} {
		if got := mentions(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestRun_writesThenFindsItFresh(t *testing.T) {
	root := t.TempDir()
	put := func(path, text string) string {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("e2e/testdata/clauses/emergency-trades.yaml", "- id: ET-47\n  kind: feature\n  rule: \"First to pay | wins.\"\n- id: ET-48\n  kind: display\n  rule: \"Shown.\"\n")
	put("e2e/testdata/clauses/other.yaml", "- id: OT-01\n  kind: data\n  rule: \"Of another.\"\n")
	put("internal/request/sell.go", "// Seats (ET-47, 48).\npackage request\n")
	put("internal/request/sell_test.go", "// ET-48\npackage request\n")
	record := put("record", "ET-47\tTestSale/last seat\te2e/sale_test.go:12\nET-47\tTestSale/again\te2e/sale_test.go:40\n")
	page := filepath.Join(root, "clauses.md")
	if err := run(root, record, page, true); err == nil {
		t.Error("a page that did not exist was called fresh")
	}
	if err := run(root, record, page, true); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 of 2 clauses", "| [other](#other) | 1 | 0 |", "| OT-01 | Of another. |  |  | not yet |", `| ET-47 | First to pay \| wins. | [request/sell.go](../internal/request/sell.go) | [TestSale](../e2e/sale_test.go) | **proved** |`,
		"| ET-48 | Shown. | [request/sell.go](../internal/request/sell.go) |  | not yet |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if err := run(root, put("record", "ET-47 TestSale\n"), page, false); err == nil {
		t.Error("a damaged record was read")
	}
}
