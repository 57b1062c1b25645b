package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// Record is what the C driver saw with one libssl: a trace of each scenario.
type Record struct {
	Text    string // what the library calls itself
	Version string
	Traces  map[string]Trace // by scenario

	Failed map[string]string // scenarios that the driver could not run, and why
}

// Reference is the version that the manual's verdicts are about.
const Reference = "1.1.1w"

// Recorded returns the versions of which the traces are kept, in conformance/reference.
func Recorded() (versions []string) {
	names, _ := fs.Glob(data, "reference/*.jsonl")
	for _, name := range names {
		versions = append(versions, strings.TrimSuffix(path.Base(name), ".jsonl"))
	}
	return versions
}

// ReadRecorded reads the traces that are kept of a version.
func ReadRecorded(version string) (*Record, error) {
	f, err := data.Open("reference/" + version + ".jsonl")
	if err != nil {
		return nil, mistake("%s is not recorded; recorded are %s. Or name a library: /path/to/libssl.so.N", version, strings.Join(Recorded(), ", "))
	}
	defer f.Close()
	r, err := ReadRecord(f)
	if err != nil {
		return nil, fmt.Errorf("reference/%s.jsonl: %w", version, err)
	}
	return r, nil
}

// ReadRecord reads what Write wrote.
func ReadRecord(from io.Reader) (*Record, error) {
	lines, err := ReadTrace(from)
	if err != nil {
		return nil, err
	}
	r := &Record{Traces: map[string]Trace{}}
	if len(lines) > 0 {
		r.Text, _ = lines[0]["libssl"].(string)
	}
	m := versionText.FindStringSubmatch(r.Text)
	if m == nil {
		return nil, errors.New("the first line does not name a libssl")
	}
	r.Version = m[1]
	name := ""
	for _, line := range lines[1:] {
		if s, ok := line["scenario"].(string); ok {
			name = s
		}
		r.Traces[name] = append(r.Traces[name], line)
	}
	return r, nil
}

// Write writes the traces of these scenarios, in their order: the same each time, for the same libssl.
func (r *Record) Write(to io.Writer, suite []*Scenario) error {
	w := bufio.NewWriter(to)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	errs := []error{enc.Encode(map[string]any{"libssl": r.Text})}
	for _, s := range suite {
		for _, line := range Ordered(r.Traces[s.Name]) {
			errs = append(errs, enc.Encode(line))
		}
	}
	return errors.Join(append(errs, w.Flush())...)
}

// RunAll runs the scenarios with this libssl, some at a time, and calls done after each.
func (l *Library) RunAll(ctx context.Context, suite []*Scenario, done func()) (*Record, error) {
	r := &Record{Text: l.Text, Version: l.Version, Traces: map[string]Trace{}, Failed: map[string]string{}}
	var mutex sync.Mutex
	var last error
	each(ctx, suite, func(s *Scenario) {
		t, err := l.Run(ctx, s)
		mutex.Lock()
		defer mutex.Unlock()
		r.Traces[s.Name] = anywhere(t)
		if err != nil {
			r.Failed[s.Name], last = err.Error(), err
		}
		if done != nil {
			done()
		}
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(r.Failed) == len(suite) && last != nil:
		return nil, last // it is not the scenarios
	}
	return r, nil
}

// each calls f for each scenario, until the context ends. Most of the time of a slow scenario is waiting.
func each(ctx context.Context, suite []*Scenario, f func(*Scenario)) {
	const atOnce = 2
	jobs := make(chan *Scenario)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for s := range jobs {
				f(s)
			}
		}()
	}
	for _, s := range slowFirst(suite) {
		select {
		case jobs <- s:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
}

// slowFirst puts those that hang before the others, which run beside them.
func slowFirst(suite []*Scenario) []*Scenario {
	hangs := func(s *Scenario) bool { return strings.HasSuffix(s.Name, "-then-timeout") }
	suite = slices.Clone(suite)
	slices.SortStableFunc(suite, func(a, b *Scenario) int {
		switch {
		case hangs(a) && !hangs(b):
			return -1
		case hangs(b) && !hangs(a):
			return 1
		}
		return 0
	})
	return suite
}

// OpenRecord is what a person calls a libssl: a version that is recorded, a file that Write wrote, or a library, which then runs.
func OpenRecord(ctx context.Context, name, include string, suite []*Scenario, done func()) (*Record, error) {
	if slices.Contains(Recorded(), name) || !strings.Contains(name, "/") && !strings.Contains(name, ".so") && !strings.HasSuffix(name, ".jsonl") {
		return ReadRecorded(name)
	}
	if strings.HasSuffix(name, ".jsonl") {
		f, err := os.Open(name)
		if err != nil {
			return nil, UsageError{err}
		}
		defer f.Close()
		return ReadRecord(f)
	}
	l, err := OpenLibrary(name, include)
	if err != nil {
		return nil, err
	}
	return l.RunAll(ctx, suite, done)
}
