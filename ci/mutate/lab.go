package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A lab is a directory in which the mutants live: a copy of the module for each worker, and the test binaries.
type lab struct {
	options
	root  string
	dir   string
	files []*source
	bins  []*binary
	size  int // highest id of a mutant
	env   []string
	log   io.Writer
}

// A binary is the tests of one package.
type binary struct {
	path  string // of the executable
	pkg   string // its import path
	dir   string // in the module
	tests []*test
}

// A test is a test function, or a sub-test of one that takes long.
type test struct {
	bin     *binary
	name    string
	time    time.Duration
	reached []byte // by id: not 0 if the test comes across the mutant
}

// goTest is a go test command, taken apart: flags for building, flags for the test binaries, packages.
type goTest struct {
	build, run, packages []string
	only                 string // -run
	timeout              time.Duration
}

// The flags of go test that belong to the test binary.
var runFlags = []string{"count", "cpu", "failfast", "parallel", "short", "shuffle", "skip"}

func parseGoTest(command string) (goTest, error) {
	g := goTest{timeout: 120 * time.Second}
	words := strings.Fields(command)
	if len(words) < 3 || words[0] != "go" || words[1] != "test" {
		return g, fmt.Errorf("-test %q: write it as `go test -flag=value … packages`", command)
	}
	for _, w := range words[2:] {
		name, value, _ := strings.Cut(strings.TrimLeft(w, "-"), "=")
		switch {
		case !strings.HasPrefix(w, "-"):
			g.packages = append(g.packages, w)
		case name == "timeout":
			var err error
			if g.timeout, err = time.ParseDuration(value); err != nil {
				return g, fmt.Errorf("-test: %w", err)
			}
		case name == "run":
			g.only = value
		case slices.Contains(runFlags, name):
			g.run = append(g.run, "-test."+strings.TrimLeft(w, "-"))
		default:
			g.build = append(g.build, w)
		}
	}
	if len(g.packages) == 0 {
		return g, errors.New("-test names no package")
	}
	return g, nil
}

// worker returns the directory of a worker's copy of the module.
func (l *lab) worker(i int) string { return filepath.Join(l.dir, fmt.Sprintf("worker%d", i)) }

// build copies the module, and compiles the tests with all mutants in the shim.
func (l *lab) build(ctx context.Context) error {
	all := l.mutants()
	for i, m := range all {
		m.id = i + 1
	}
	l.size = len(all)
	traces := filepath.Join(l.dir, "traces")
	if err := os.Mkdir(traces, 0o755); err != nil {
		return err
	}
	l.env = append(l.environ(), "CGO_CFLAGS="+orDefault(os.Getenv("CGO_CFLAGS"), "-g -O2")+" -w",
		"LIBSSL_C_TRACES="+traces) // what the C driver says does not depend on the shim: the conformance tests ask it once
	for i := range l.workers {
		if err := l.copyModule(ctx, l.worker(i)); err != nil {
			return err
		}
		if err := l.writeShim(l.worker(i), all); err != nil {
			return err
		}
	}
	const format = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}\t{{.Dir}}{{end}}"
	out, err := l.command(ctx, l.worker(0), "go", append([]string{"list", "-f", format}, append(tagsOf(l.test.build), l.test.packages...)...)...)
	if err != nil {
		return err
	}
	for _, line := range strings.Fields(strings.ReplaceAll(strings.TrimSpace(out), "\t", "=")) {
		pkg, dir, _ := strings.Cut(line, "=")
		rel, err := filepath.Rel(l.worker(0), dir)
		if err != nil {
			return err
		}
		l.bins = append(l.bins, &binary{path: filepath.Join(l.dir, fmt.Sprintf("test%d", len(l.bins))), pkg: pkg, dir: rel})
	}
	if len(l.bins) == 0 {
		return fmt.Errorf("%s have no tests", strings.Join(l.test.packages, " "))
	}
	for _, b := range l.bins {
		logf(l.log, "building the tests of %s with %d mutants", b.pkg, len(all))
		args := append([]string{"test", "-c", "-o", b.path}, append(l.test.build, b.pkg)...)
		if _, err := l.command(ctx, l.worker(0), "go", args...); err != nil {
			return err
		}
	}
	return nil
}

// tagsOf returns the flags that decide which files belong to a package.
func tagsOf(build []string) []string {
	return slices.DeleteFunc(slices.Clone(build), func(f string) bool {
		return !strings.HasPrefix(strings.TrimLeft(f, "-"), "tags=")
	})
}

func (l *lab) mutants() []*mutant {
	var all []*mutant
	for _, f := range l.files {
		for _, m := range f.mutants {
			if m.outcome != discarded {
				all = append(all, m)
			}
		}
	}
	return all
}

// environ is the environment of all commands. Without settings it takes the OpenSSL that ci/openssl.sh unpacked.
func (l *lab) environ() []string {
	env := append(os.Environ(), "OPENSSL_CONF="+orDefault(os.Getenv("OPENSSL_CONF"), "/dev/null"))
	unpacked := filepath.Join(l.root, ".openssl", "lib", "pkgconfig")
	if _, err := os.Stat(unpacked); err == nil && os.Getenv("PKG_CONFIG_PATH") == "" {
		env = append(env, "PKG_CONFIG_PATH="+unpacked)
	}
	return env
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// command runs a tool that has to succeed.
func (l *lab) command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, l.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	return string(out), nil
}

// copyModule copies what git tracks or would track, and links to the unpacked OpenSSL, which tests may look for.
func (l *lab) copyModule(ctx context.Context, to string) error {
	out, err := l.command(ctx, l.root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for _, name := range strings.Split(strings.TrimRight(out, "\x00"), "\x00") {
		if err := copyFile(filepath.Join(to, name), filepath.Join(l.root, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	unpacked, _ := filepath.Glob(filepath.Join(l.root, ".openssl*"))
	for _, dir := range unpacked {
		if err := os.Symlink(dir, filepath.Join(to, filepath.Base(dir))); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func copyFile(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	src, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, src, info.Mode().Perm())
}

// writeShim writes the shim with some mutants into dir.
func (l *lab) writeShim(dir string, ms []*mutant) error {
	write := func(name, text string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	for _, f := range l.files {
		var own []*mutant
		for _, m := range ms {
			if m.file == f.name {
				own = append(own, m)
			}
		}
		if err := write(f.name, instrument(f.src, own)); err != nil {
			return err
		}
	}
	return errors.Join(write("gossl_mutant.h", switchHeader), write("gossl_mutant.c", switchSource(len(ms))))
}

// discard finds the mutants that do not compile: exchanged arguments of different types.
func (l *lab) discard(ctx context.Context) error {
	l.env = l.environ()
	cflags, err := l.command(ctx, l.root, "pkg-config", "--cflags", "libssl")
	if err != nil {
		return err
	}
	cc, err := l.command(ctx, l.root, "go", "env", "CC")
	if err != nil {
		return err
	}
	dir := filepath.Join(l.dir, "probe")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := l.writeShim(dir, nil); err != nil {
		return err
	}
	args := append(strings.Fields(cflags), "-std=gnu11", "-fsyntax-only", "-Werror=incompatible-pointer-types", "-Werror=int-conversion", "-x", "c")
	compile := func(f *source, ms []*mutant) error {
		probe := filepath.Join(dir, f.name)
		if err := os.WriteFile(probe, []byte(instrument(f.src, ms)), 0o644); err != nil {
			return err
		}
		_, err := l.command(ctx, dir, strings.TrimSpace(cc), append(args, probe)...)
		return err
	}
	logf(l.log, "looking for mutants that do not compile")
	for _, f := range l.files {
		if err := compile(f, nil); err != nil {
			return err
		}
		if err := discardFrom(f, f.mutants, compile); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(instrument(f.src, nil)), 0o644); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// discardFrom looks at the lines that the compiler complains about. Where several mutants are on one, it tries them one by one.
func discardFrom(f *source, ms []*mutant, compile func(*source, []*mutant) error) error {
	for {
		err := compile(f, ms)
		if err == nil {
			return nil
		}
		var suspects []*mutant
		for _, m := range ms {
			if m.mayNotCompile() && complains(err.Error(), f, m) {
				suspects = append(suspects, m)
			}
		}
		sameLine := func(m *mutant) bool {
			return slices.ContainsFunc(suspects, func(o *mutant) bool { return o != m && o.line == m.line })
		}
		progress := false
		for _, m := range suspects {
			if !sameLine(m) || compile(f, []*mutant{m}) != nil {
				m.outcome, progress = discarded, true
			}
		}
		if !progress {
			return fmt.Errorf("a fault of this program, in mutants.go: %w", err)
		}
		ms = slices.DeleteFunc(slices.Clone(ms), func(m *mutant) bool { return m.outcome == discarded })
	}
}

func (m *mutant) mayNotCompile() bool { return m.kind == kindSwap || m.kind == kindSkip }

var complaint = regexp.MustCompile(`(?m)^(?:.*/)?([\w.]+):(\d+):\d+: error:`)

// complains reports whether the compiler's output names a line of the mutant.
func complains(output string, f *source, m *mutant) bool {
	last := m.line + strings.Count(f.src[m.start:m.end], "\n")
	for _, c := range complaint.FindAllStringSubmatch(output, -1) {
		if n, err := strconv.Atoi(c[2]); err == nil && c[1] == f.name && m.line <= n && n <= last {
			return true
		}
	}
	return false
}
