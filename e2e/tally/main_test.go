package main

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name, in string
		results  string
		failed   int
	}{
		{"leaves only", `
{"Action":"run","Package":"entremise/a","Test":"TestX"}
{"Action":"run","Package":"entremise/a","Test":"TestX/one"}
{"Action":"pass","Package":"entremise/a","Test":"TestX/one","Elapsed":0.5}
{"Action":"pass","Package":"entremise/a","Test":"TestX","Elapsed":0.6}
{"Action":"pass","Package":"entremise/a","Elapsed":0.7}`,
			"pass\t0.50\tL: a TestX/one\n", 0},
		{"a failing leaf, not its parent", `
{"Action":"run","Package":"entremise/a","Test":"TestX"}
{"Action":"run","Package":"entremise/a","Test":"TestX/one"}
{"Action":"fail","Package":"entremise/a","Test":"TestX/one","Elapsed":0.5}
{"Action":"fail","Package":"entremise/a","Test":"TestX","Elapsed":0.6}
{"Action":"fail","Package":"entremise/a","Elapsed":0.7}`,
			"fail\t0.50\tL: a TestX/one\n", 1},
		{"a parent that fails by itself", `
{"Action":"run","Package":"entremise/a","Test":"TestX"}
{"Action":"run","Package":"entremise/a","Test":"TestX/one"}
{"Action":"pass","Package":"entremise/a","Test":"TestX/one","Elapsed":0.5}
{"Action":"fail","Package":"entremise/a","Test":"TestX","Elapsed":0.6}
{"Action":"fail","Package":"entremise/a","Elapsed":0.7}`,
			"pass\t0.50\tL: a TestX/one\nfail\t0.60\tL: a TestX\n", 1},
		{"a skip is a failure", `
{"Action":"run","Package":"entremise/a","Test":"TestX"}
{"Action":"skip","Package":"entremise/a","Test":"TestX","Elapsed":0}
{"Action":"pass","Package":"entremise/a","Elapsed":0.7}`,
			"fail\t0.00\tL: a TestX\n", 1},
		{"a killed package blames what was running", `
{"Action":"run","Package":"entremise/a","Test":"TestX"}
{"Action":"fail","Package":"entremise/a","Elapsed":9}`,
			"fail\t9.00\tL: a TestX\n", 1},
		{"a package that does not build", `
{"ImportPath":"entremise/a","Action":"build-output","Output":"a.go:1: no\n"}
{"ImportPath":"entremise/a","Action":"build-fail"}
{"Action":"fail","Package":"entremise/a","Elapsed":0,"FailedBuild":"entremise/a"}`,
			"fail\t0.00\tL: a\n", 1},
		{"go itself complains", "go: cannot find main module", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var human, results strings.Builder
			failed, err := tally(strings.NewReader(strings.TrimSpace(c.in)), &human, &results, "L")
			if err != nil || failed != c.failed || results.String() != c.results {
				t.Errorf("failed %d, err %v, results:\n%s\nwant %d:\n%s", failed, err, results.String(), c.failed, c.results)
			}
		})
	}
}
