package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl/conformance"
)

// suite is what a command works on.
type suite struct {
	scenarios []*conformance.Scenario
	clauses   []conformance.Clause
}

// load reads the clauses that match, and the scenarios that they need.
func load(only string) (*suite, error) {
	all, err := conformance.Suite()
	if err != nil {
		return nil, err
	}
	clauses, err := conformance.Clauses(all)
	if err != nil {
		return nil, err
	}
	if only == "" {
		return &suite{all, clauses}, nil
	}
	if _, err := path.Match(only, ""); err != nil {
		return nil, fmt.Errorf("-only %s: %w", only, err)
	}
	matches := func(s string) bool {
		ok, _ := path.Match(strings.ToLower(only), strings.ToLower(s))
		return ok
	}
	s := &suite{}
	for _, c := range clauses {
		if matches(c.ID) || matches(c.Page) {
			s.clauses = append(s.clauses, c)
		}
	}
	if len(s.clauses) == 0 {
		return nil, fmt.Errorf("-only %s: no clause has such an id, and none such a man page", only)
	}
	for _, scenario := range all {
		if slices.ContainsFunc(s.clauses, func(c conformance.Clause) bool { return slices.Contains(c.Scenarios, scenario.Name) }) {
			s.scenarios = append(s.scenarios, scenario)
		}
	}
	return s, nil
}

// library is the one that -lib names, or the linked one.
func (o *options) library() (*conformance.Library, error) {
	if o.lib == "" {
		if o.include != "" {
			return nil, errors.New("-include says where the headers of a library are: name that with -lib")
		}
		return conformance.Linked()
	}
	return conformance.OpenLibrary(o.lib, o.include)
}

func run(ctx context.Context, o *options, stdout io.Writer) (int, error) {
	write, ok := formats[o.format]
	if !ok {
		return 0, fmt.Errorf("-format %s: text, json, junit or html", o.format)
	}
	if len(o.args) > 0 {
		return 0, fmt.Errorf("run takes no arguments, but there is %q", o.args[0])
	}
	s, err := load(o.only)
	if err != nil {
		return 0, err
	}
	lib, err := o.library()
	if err != nil {
		return 0, err
	}
	steps := len(s.scenarios)
	if o.lib == "" {
		steps *= 1 + len(modes)
	}
	p := newProgress(o.stderr, lib.Text, steps)
	defer p.end()
	atHand, err := lib.RunAll(ctx, s.scenarios, p.step)
	if err != nil {
		return 0, err
	}
	report, err := conformance.CheckAll(s.scenarios, s.clauses, atHand)
	if err != nil {
		return 0, err
	}
	report.Path = lib.Path
	if o.lib == "" {
		if err := runBinding(ctx, report, p.step); err != nil {
			return 0, err
		}
	}
	p.end()
	if o.dir != "" {
		err = writeAll(o.dir, stdout, report)
	} else {
		err = o.output(stdout, func(w io.Writer) error { return write(w, report) })
	}
	if err != nil {
		return 0, err
	}
	return exitCode(report), nil
}

func exitCode(r *conformance.Report) int {
	switch {
	case !r.AsReference():
		return exitDiffers
	case !r.Complete():
		return exitFailed
	}
	return exitSame
}

// writeAll writes a report in all formats, and its last lines.
func writeAll(dir string, stdout io.Writer, r *conformance.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for format, extension := range map[string]string{"text": ".txt", "json": ".json", "junit": ".xml", "html": ".html"} {
		name := filepath.Join(dir, "report"+extension)
		if err := writeFile(name, func(w io.Writer) error { return formats[format](w, r) }); err != nil {
			return err
		}
	}
	t := newText(stdout, r)
	fmt.Fprintln(t, r.AtHand.Text)
	t.differing(r)
	t.summary(r)
	fmt.Fprintln(t, filepath.Join(dir, "report.html"))
	return t.Flush()
}

func diff(ctx context.Context, o *options, stdout io.Writer) (int, error) {
	write, ok := diffFormats[o.format]
	if !ok {
		return 0, fmt.Errorf("-format %s: text or json", o.format)
	}
	if len(o.args) != 2 {
		return 0, fmt.Errorf("diff compares two: a recorded version (%s), or a library", recorded())
	}
	s, err := load(o.only)
	if err != nil {
		return 0, err
	}
	var records [2]*conformance.Record
	for i, name := range o.args {
		p := newProgress(o.stderr, name, len(s.scenarios))
		records[i], err = conformance.OpenRecord(ctx, name, o.include, s.scenarios, p.step)
		p.end()
		if err != nil {
			return 0, err
		}
	}
	report := conformance.Check(s.scenarios, s.clauses, records[0], records[1])
	if err := o.output(stdout, func(w io.Writer) error { return write(w, report) }); err != nil {
		return 0, err
	}
	if !report.AsReference() {
		return exitDiffers, nil
	}
	return exitSame, nil
}

func record(ctx context.Context, o *options, stdout io.Writer) (int, error) {
	if len(o.args) > 0 {
		return 0, fmt.Errorf("record takes no arguments, but there is %q", o.args[0])
	}
	s, err := load("")
	if err != nil {
		return 0, err
	}
	lib, err := o.library()
	if err != nil {
		return 0, err
	}
	p := newProgress(o.stderr, lib.Text, len(s.scenarios))
	defer p.end()
	r, err := lib.RunAll(ctx, s.scenarios, p.step)
	if err != nil {
		return 0, err
	}
	p.end()
	for name, why := range r.Failed {
		return 0, fmt.Errorf("%s did not run: %s", name, why)
	}
	if o.dir != "" {
		o.out = filepath.Join(o.dir, lib.Version+".jsonl")
	}
	return exitSame, o.output(stdout, func(w io.Writer) error { return r.Write(w, s.scenarios) })
}
