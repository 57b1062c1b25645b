// Ssltests runs OpenSSL's own data-driven suite, test/ssl-tests/*.conf of Debian's source package, through this package's binding:
//
//	go run ./ci/ssltests [-v] [FILE…]
//
// C's ssl_test runs the same files on the same library. A case passes if it is as its file demands, and came to the same as in C in everything that
// ssl_test looks at. FILE is the beginning of a file's name, such as 10.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

// least is how many cases of the whole suite have to pass, so that a set-up which skips them all is noticed.
const least = 1130

// verdictOn is what became of a case: passed if neither is there.
type verdictOn struct {
	name          string
	resumes       bool
	skip, problem string
}

func main() {
	verbose := flag.Bool("v", false, "print each case")
	flag.Parse()
	if err := suite(flag.Args(), *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "ssltests:", err)
		os.Exit(1)
	}
}

func suite(only []string, verbose bool) error {
	start := time.Now()
	c, err := buildOriginal()
	if err != nil {
		return err
	}
	files, err := c.files()
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		return len(only) > 0 && !slices.ContainsFunc(only, func(prefix string) bool { return strings.HasPrefix(filepath.Base(file), prefix) })
	})
	if len(files) == 0 {
		return errors.New("no such file")
	}
	fmt.Printf("%s, built for %s\n\n%-30s %6s %6s %6s %6s\n", libssl.Version(), runtime.GOARCH, "file", "cases", "agree", "differ", "skip")
	var all []verdictOn
	for _, file := range files {
		cases, err := both(c, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		passed, failed, skipped := tally(cases)
		fmt.Printf("%-30s %6d %6d %6d %6d\n", filepath.Base(file), len(cases), passed, failed, skipped)
		for _, v := range cases {
			v.print(verbose)
		}
		all = append(all, cases...)
	}
	passed, failed, skipped := tally(all)
	resuming := slices.DeleteFunc(slices.Clone(all), func(v verdictOn) bool { return !v.resumes })
	agree, _, _ := tally(resuming)
	fmt.Printf("\n%d of %d cases with resumption agree. %.1f s.\n%d passed, %d failed, %d skipped\n",
		agree, len(resuming), time.Since(start).Seconds(), passed, failed, skipped)
	switch {
	case failed > 0:
		return fmt.Errorf("%d cases failed", failed)
	case len(only) == 0 && passed < least:
		return fmt.Errorf("only %d cases passed, which were %d once", passed, least)
	}
	return nothingLeft()
}

// both runs the cases of a file in C and in Go.
func both(c *original, file string) ([]verdictOn, error) {
	inC, err := c.run(file)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	conf, err := parseConfig(f, c.env)
	if err != nil {
		return nil, err
	}
	names, err := conf.cases()
	if err != nil {
		return nil, err
	}
	if len(inC) != len(names) {
		return nil, fmt.Errorf("ssl_test ran %d cases of %d", len(inC), len(names))
	}
	verdicts := make([]verdictOn, len(names))
	for i, name := range names {
		title, _ := conf[""].get(name)
		v := &verdicts[i]
		v.name = title
		t, err := parseCase(conf, name)
		if err != nil {
			v.problem = err.Error()
			continue
		}
		v.resumes = t.mode == "Resume"
		if v.skip = t.lacks(); v.skip == "" {
			// ssl_test leaves errors in its thread's queue, and two cases turn on it: what the client failed with makes SSL_get_error say that the
			// server has failed too.
			libssl.KeepQueue(func() {
				o, err := run(conf, name, t, c.env["CTLOG_FILE"])
				v.compare(t, inC[i], o, err)
			})
		}
	}
	return verdicts, nil
}

// lacks names what a case needs and cannot have.
func (t *testcase) lacks() string {
	switch {
	case t.first.server.forcePHA:
		return "needs a write to SSL.post_handshake_auth, a private field that no function of libssl sets"
	case t.sctp:
		return "needs BIO_new_dgram_sctp, which Debian's libcrypto is built without"
	}
	return ""
}

// compare judges a case. What fails in C too, in the same way, shows nothing about the binding.
func (v *verdictOn) compare(t *testcase, c ended, o *outcome, err error) {
	if o == nil {
		v.problem = fmt.Sprintf("no handshake: %v", err)
		return
	}
	missing := t.expect.judge(*o)
	switch diff := cmp.Diff(c.outcome, o, cmpopts.EquateEmpty()); {
	case err != nil:
		v.problem = err.Error()
	case diff != "":
		v.problem = "C (-) and Go (+) came to different results:\n" + diff
	case len(missing) > 0 && !c.ok:
		v.skip = "fails in C too, with this library: " + strings.Join(missing, "; ")
	case len(missing) > 0:
		v.problem = "passes in C, and here: " + strings.Join(missing, "; ")
	case !c.ok:
		v.problem = "fails in C and passes here"
	}
}

func (v *verdictOn) print(verbose bool) {
	switch {
	case v.problem != "":
		fmt.Printf("  FAIL %s: %s\n", v.name, strings.ReplaceAll(v.problem, "\n", "\n    "))
	case v.skip != "":
		fmt.Printf("  skip %s: %s\n", v.name, v.skip)
	case verbose:
		fmt.Printf("  ok   %s\n", v.name)
	}
}

func tally(cases []verdictOn) (passed, failed, skipped int) {
	for _, v := range cases {
		switch {
		case v.problem != "":
			failed++
		case v.skip != "":
			skipped++
		default:
			passed++
		}
	}
	return passed, failed, skipped
}

// nothingLeft is an error if a handle was not freed.
func nothingLeft() error {
	for kind, n := range diag.Live() {
		if n != 0 {
			return fmt.Errorf("%d handles of kind %s are alive", n, kind)
		}
	}
	return nil
}
