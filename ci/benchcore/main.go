// Benchcore measures what the calls that matter most cost, as ratios to plain C and bare cgo calls in the same round. Rounds alternate between all
// of them, so that a machine that gets slower gets slower for both sides of a ratio. It fails if a goal is missed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

const rounds = 61

// loop is something that can be done n times.
type loop func(n int)

// goal says that ours costs no more than limit times the sum of base.
type goal struct {
	name  string
	ours  loop
	base  []loop
	limit float64
	alloc float64 // allocations per call
}

func main() {
	fmt.Printf("%s, %s, GOMAXPROCS=%d, cpu time, median of %d rounds [quartiles]\n\n", libssl.Version(), runtime.Version(), runtime.GOMAXPROCS(0), rounds)
	f, err := newFixture()
	check(err)
	callbacks, err := callbackGoals(f)
	check(err)
	connections, err := connectionGoals()
	check(err)
	caches, err := cacheGoals()
	check(err)
	// The collector would hit one side of a ratio only, and so would the faults of memory that is new: a loop runs once, then the collector,
	// and then it is measured. Connections have both on both sides.
	collector := debug.SetGCPercent(-1)
	ok := report(append(f.goals(), callbacks...), rounds, 4*time.Millisecond, func(l loop, n int) {
		l(n)
		runtime.GC()
	})
	debug.SetGCPercent(collector)
	ok = report(connections, rounds, 25*time.Millisecond, func(loop, int) {}) && ok
	ok = report(caches, rounds/4, 0, func(loop, int) {}) && ok
	if !ok {
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-core:", err)
		os.Exit(1)
	}
}

// goals names what is measured. A handle is one allocation with a cleanup, which is stopped when it is freed.
func (f *fixture) goals() []goal {
	bare := func(n int) {
		for range n {
			ctest.Nothing()
		}
	}
	id, der := make([]byte, 0, 64), make([]byte, 0, 1<<16)
	return []goal{
		{"SetSession / bare cgo call", func(n int) {
			for range n {
				f.ssl.SetSession(f.session)
			}
		}, []loop{bare}, 2.0, 0},
		{"UpRef+Free / C by 2 cgo calls + new handle", func(n int) {
			for range n {
				f.session.UpRef().Free()
			}
		}, []loop{func(n int) {
			for range n {
				ctest.UpRef(f.raw.session)
				stop := newHandle()
				ctest.Free(f.raw.session)
				stop.Stop()
			}
		}}, 1.2, -1},
		{"Session+Free / C by 2 cgo calls + new handle", func(n int) {
			for range n {
				f.ssl.Session().Free()
			}
		}, []loop{func(n int) {
			for range n {
				p := ctest.Get1(f.raw.ssl)
				stop := newHandle()
				ctest.Free(p)
				stop.Stop()
			}
		}}, 1.2, -1},
		{"AppendID / C + bare cgo call", func(n int) {
			for range n {
				f.session.AppendID(id)
			}
		}, []loop{func(n int) { ctest.LoopGetID(f.raw.session, n) }, bare}, 1.3, 0},
		{"AppendDER / C + bare cgo call", func(n int) {
			for range n {
				f.session.AppendDER(der)
			}
		}, []loop{func(n int) { ctest.LoopI2D(f.raw.session, n) }, bare}, 1.3, 0},
	}
}

// newHandle makes an object with a cleanup, as each handle is one.
func newHandle() runtime.Cleanup {
	h := new(libssl.Session)
	c := runtime.AddCleanup(h, func(uintptr) {}, 0)
	runtime.KeepAlive(h)
	return c
}

// report measures all goals, in slices of that length after prepare, prints the table and reports whether all are met.
func report(goals []goal, rounds int, slice time.Duration, prepare func(loop, int)) bool {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tours\tbase\tratio\t\tgoal\tallocs\t")
	ok := true
	for i, m := range measure(goals, rounds, slice, prepare) {
		g := goals[i]
		allocs := testing.AllocsPerRun(rounds, func() { g.ours(1) })
		verdict := "met"
		if m.ratio[1] > g.limit || (g.alloc >= 0 && allocs > g.alloc) {
			verdict, ok = "MISSED", false
		}
		fmt.Fprintf(w, "%s\t%.0f ns\t%.0f ns\t%.2f\t[%.2f-%.2f]\t≤ %.2f\t%.0f\t%s\n", g.name, m.ours, m.base, m.ratio[1], m.ratio[0], m.ratio[2], g.limit, allocs, verdict)
	}
	w.Flush()
	return ok
}

// measurement holds medians, and the quartiles of the ratio.
type measurement struct {
	ours, base float64
	ratio      [3]float64
}

func measure(goals []goal, rounds int, slice time.Duration, prepare func(loop, int)) []measurement {
	ours, bases, ratios := make([][]float64, len(goals)), make([][]float64, len(goals)), make([][]float64, len(goals))
	loops, counts := make([][]loop, len(goals)), make([][]int, len(goals)) // ours, and each base
	for i, g := range goals {
		loops[i] = append([]loop{g.ours}, g.base...)
		for _, l := range loops[i] {
			counts[i] = append(counts[i], calibrate(l, slice))
		}
	}
	for r := range rounds {
		for k := range goals {
			i := (k + r) % len(goals) // what runs after what makes a difference, also between the sides of a ratio
			var own, base float64
			for j := range loops[i] {
				if r%2 == 1 {
					j = len(loops[i]) - 1 - j
				}
				prepare(loops[i][j], counts[i][j])
				if t := perCall(loops[i][j], counts[i][j]); j == 0 {
					own = t
				} else {
					base += t
				}
			}
			ours[i], bases[i], ratios[i] = append(ours[i], own), append(bases[i], base), append(ratios[i], own/base)
		}
	}
	m := make([]measurement, len(goals))
	for i := range goals {
		m[i] = measurement{quantile(ours[i], 2), quantile(bases[i], 2), [3]float64{quantile(ratios[i], 1), quantile(ratios[i], 2), quantile(ratios[i], 3)}}
	}
	return m
}

// calibrate returns how many calls take a slice of time.
func calibrate(l loop, slice time.Duration) int {
	for n := 1; ; n *= 2 {
		if perCall(l, n)*float64(n) >= float64(slice) {
			return n
		}
	}
}

// perCall returns the nanoseconds of one of n calls, of all threads.
func perCall(l loop, n int) float64 {
	start := cpu()
	l(n)
	return float64((cpu() - start).Nanoseconds()) / float64(n)
}

// cpu returns the time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// quantile returns the q-th quarter of v.
func quantile(v []float64, q int) float64 {
	slices.Sort(v)
	return v[(len(v)-1)*q/4]
}
