package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

type quantiles struct{ p50, p95, p99 time.Duration }

// spread sorts what it is given.
func spread(took []time.Duration) quantiles {
	if len(took) == 0 {
		return quantiles{}
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[min(len(took)-1, int(q*float64(len(took))))] }
	return quantiles{at(0.50), at(0.95), at(0.99)}
}

// ratio is a over b, measured in turns.
type ratio struct {
	median, low, high float64 // low and high bound the middle half
	pairs             int
}

func (r ratio) String() string {
	return fmt.Sprintf("%.2f× (%.2f–%.2f, %d pairs)", r.median, r.low, r.high, r.pairs)
}

// inTurns measures a and b n times (at least five), the first of each pair changing, so that a slow minute of the machine falls on both.
// Each returns a rate: more is better.
func inTurns(ctx context.Context, n int, a, b func(context.Context) (float64, error)) (ratio, error) {
	n = max(n, 5)
	var ratios []float64
	for i := range n {
		var x, y float64
		var err error
		for j := range 2 {
			syscall.Sync() // what the other left unwritten would be flushed by our first durable commit
			if (i+j)%2 == 0 {
				x, err = a(ctx)
			} else {
				y, err = b(ctx)
			}
			if err != nil {
				return ratio{}, err
			}
		}
		if y <= 0 {
			return ratio{}, fmt.Errorf("a rate of %v to compare with", y)
		}
		ratios = append(ratios, x/y)
	}
	slices.Sort(ratios)
	return ratio{median: (ratios[(n-1)/2] + ratios[n/2]) / 2, low: ratios[n/4], high: ratios[n-1-n/4], pairs: n}, nil
}

func micros(d time.Duration) string { return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1000) }

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

// facts say where and when a table was made.
type facts struct {
	Date, CPU, Kernel, Disk, Go, Commit, Load string
	Cores                                     int
}

func (f facts) String() string {
	return fmt.Sprintf("%s · %s, %d cores · Linux %s · %s · %s · commit %s · load %s before", f.Date, f.CPU, f.Cores, f.Kernel, f.Disk, f.Go, f.Commit, f.Load)
}

// machine asks the machine; what it does not tell stays "?".
func machine(dir string) facts {
	f := facts{Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: "?", Kernel: "?", Disk: "?", Commit: "?", Load: "?"}
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			return ""
		}
		return string(b)
	}
	say := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			return "?"
		}
		return strings.TrimSpace(string(out))
	}
	if _, after, ok := strings.Cut(read("/proc/cpuinfo"), "model name"); ok {
		line, _, _ := strings.Cut(after, "\n")
		f.CPU = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
	}
	if k := strings.TrimSpace(read("/proc/sys/kernel/osrelease")); k != "" {
		f.Kernel = k
	}
	if l := strings.Fields(read("/proc/loadavg")); len(l) > 0 {
		f.Load = l[0]
	}
	f.Disk = say("stat", "-f", "-c", "%T", dir)
	f.Commit = say("git", "rev-parse", "--short", "HEAD")
	return f
}
