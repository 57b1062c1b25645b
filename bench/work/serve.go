package work

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Reply is what a worker says of a run, as a line of JSON. Times are nanoseconds of the whole run.
type Reply struct {
	CPU         float64            `json:"cpu"` // of the process: all threads, both ends
	Wall        float64            `json:"wall"`
	Allocs      float64            `json:"allocs"`
	Bytes       float64            `json:"bytes"` // allocated
	Cgo         float64            `json:"cgo"`   // calls of C
	Values      map[string]float64 `json:"values,omitempty"`
	Unsupported string             `json:"unsupported,omitempty"`
	Error       string             `json:"error,omitempty"`
}

// Run does something n times. What it finds out beside its cost goes into values.
type Run func(n int, values map[string]float64) error

// Setup gets a scenario ready, once. part is its name, split at the slashes.
type Setup func(part []string) (Run, error)

// Serve is the main function of a worker: it does what the parent says on standard input. own are scenarios that the worker
// does in its own way, by the beginning of their names.
func Serve(stack Stack, own map[string]Setup) {
	all := map[string]Setup{
		"handshake": handshakes(stack), "scale": scale(stack), "rss": residentGrowth(stack),
		"bulk": bulk(stack), "pingpong": pingpong(stack), "idle": idle(stack),
		"count/handshake": countHandshakes(stack), "count/io": countIO(stack),
	}
	for prefix, setup := range own {
		all[prefix] = setup
	}
	known := map[string]Run{}
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		var name string
		var n int
		if _, err := fmt.Sscanf(in.Text(), "run %s %d", &name, &n); err != nil {
			fail(err)
		}
		run, err := known[name], error(nil)
		if run == nil {
			run, err = find(all, name)
		}
		var reply Reply
		if err == nil {
			known[name] = run
			reply, err = measure(run, n)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			reply = Reply{Unsupported: err.Error()}
		} else if err != nil {
			reply = Reply{Error: err.Error()}
		}
		if err := out.Encode(reply); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "worker:", err)
	os.Exit(1)
}

// find sets up the scenario by the longest prefix of its name.
func find(all map[string]Setup, name string) (Run, error) {
	for prefix := name; prefix != ""; prefix = prefix[:max(strings.LastIndexByte(prefix, '/'), 0)] {
		if setup := all[prefix]; setup != nil {
			return setup(strings.Split(name, "/"))
		}
	}
	return nil, fmt.Errorf("%s: %w", name, errors.ErrUnsupported)
}

func measure(run Run, n int) (Reply, error) {
	values := map[string]float64{}
	var before, after runtime.MemStats
	runtime.GC() // what other scenarios have left is not for this one to pay
	runtime.ReadMemStats(&before)
	cgo, wall, cpu := runtime.NumCgoCall(), time.Now(), cpuTime()
	err := run(n, values)
	used, took, calls := cpuTime()-cpu, time.Since(wall), runtime.NumCgoCall()-cgo
	runtime.ReadMemStats(&after)
	return Reply{
		CPU: float64(used), Wall: float64(took), Cgo: float64(calls), Values: values,
		Allocs: float64(after.Mallocs - before.Mallocs), Bytes: float64(after.TotalAlloc - before.TotalAlloc),
	}, err
}

// cpuTime is what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory of the process, in bytes.
func resident() (float64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var all, pages int
	if _, err := fmt.Sscan(string(text), &all, &pages); err != nil {
		return 0, err
	}
	return float64(pages * os.Getpagesize()), nil
}
