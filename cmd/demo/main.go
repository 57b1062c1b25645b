// Command demo resumes TLS sessions with this module over real sockets, against OpenSSL's own command line tool, and prints what happened as a
// table. It exits with 1 if anything that should resume did not, if anything that should fail did not, or if a handle was left alive.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/peer"
	"github.com/seed-c1436005/libssl/internal/table"
)

// totalLimit is for all: after it the peers are killed, what waits for them fails, and no step begins.
const totalLimit = 20 * time.Second

// part is a group of steps that share a table.
type part struct {
	title   string
	notes   []string
	columns []table.Column // the first one is for the step's name
	steps   []step
	resumes bool // its steps resume sessions; otherwise they are failures that have to be told clearly
}

// step is one row. run returns the cells after the first, as far as it came, and an error if something was not as it should be.
type step struct {
	name string
	run  func(*demo) ([]string, error)
}

// demo is what the steps work with.
type demo struct {
	ctx     context.Context
	openssl string
	dir     string
	pki     *peer.PKI
	out     *table.Table
	verbose bool
	spoil   func(*libssl.Ctx, *libssl.Session) // for tests: harms a session before it is set
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // `demo | head` must still kill the peers
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	d := demo{ctx: ctx, out: table.New(os.Stdout)}
	status := d.main(os.Args[1:], allParts())
	stop()
	os.Exit(status)
}

func allParts() []part { return []part{clientPart(), serverPart(), filePart(), failurePart()} }

// main returns the exit status.
func (d *demo) main(args []string, parts []part) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	tool := flags.String("openssl", "", "the openssl `tool` of 1.1.1; default: the one beside the libssl in use, in .openssl, or in PATH")
	flags.BoolVar(&d.verbose, "v", false, "show what the peers print")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(flags.Output(), "unknown argument %q\n", flags.Arg(0))
		return 2
	}
	if err := d.run(*tool, parts); err != nil {
		d.out.Fault(err.Error())
		return 1
	}
	return 0
}

// run prints the tables. Its error is the verdict.
func (d *demo) run(tool string, parts []part) error {
	start := time.Now()
	tidy, err := d.prepare(tool)
	if err != nil {
		return err
	}
	defer tidy()
	d.out.Title(headline())
	var s score
	for _, p := range parts {
		if err := d.runPart(p, &s); err != nil {
			return err
		}
	}
	return s.verdict(d.out, diag.Live(), time.Since(start))
}

// prepare makes what the steps need. The caller has to call tidy.
func (d *demo) prepare(tool string) (tidy func(), err error) {
	if d.openssl, err = findTool(d.ctx, tool); err != nil {
		return nil, err
	}
	if d.dir, err = os.MkdirTemp("", "libssl-demo-"); err != nil {
		return nil, err
	}
	var cancel context.CancelFunc
	d.ctx, cancel = context.WithTimeout(d.ctx, totalLimit)
	tidy = func() {
		cancel()
		os.RemoveAll(d.dir)
	}
	if d.pki, err = peer.NewPKI(d.dir); err != nil {
		tidy()
		return nil, fmt.Errorf("cannot make certificates: %w", err)
	}
	return tidy, nil
}

func (d *demo) runPart(p part, s *score) error {
	d.out.Begin(p.title, p.notes, p.columns)
	for _, step := range p.steps {
		cells, err := step.run(d)
		if d.ctx.Err() == context.Canceled {
			return errors.New("interrupted")
		}
		s.count(p.resumes, err)
		d.out.Row(step.name, cells, err)
		if d.ctx.Err() != nil {
			return fmt.Errorf("not done within %s", totalLimit)
		}
	}
	return nil
}

// headline names the library in use.
func headline() string {
	line := "libssl demo: " + libssl.Version()
	if v := debianVersion(); v != "" {
		line += ", Debian package " + v
	}
	return line
}

// score counts steps.
type score struct{ resumed, resumable, failed, failures int }

func (s *score) count(resumes bool, err error) {
	good, all := &s.failed, &s.failures
	if resumes {
		good, all = &s.resumed, &s.resumable
	}
	*all++
	if err == nil {
		*good++
	}
}

// verdict prints the last line, or returns it as an error.
func (s *score) verdict(out *table.Table, live map[string]int64, took time.Duration) error {
	var faults []string
	if s.resumed < s.resumable {
		faults = append(faults, fmt.Sprintf("%d of %d sessions were not resumed as they should be", s.resumable-s.resumed, s.resumable))
	}
	if s.failed < s.failures {
		faults = append(faults, fmt.Sprintf("%d of %d failures were not as they should be", s.failures-s.failed, s.failures))
	}
	for _, kind := range slices.Sorted(maps.Keys(live)) {
		if n := live[kind]; n != 0 {
			faults = append(faults, fmt.Sprintf("%d %s handles were left alive", n, kind))
		}
	}
	in := fmt.Sprintf("in %.1f s", took.Seconds())
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, ", ") + ", " + in + ".")
	}
	out.Praise(fmt.Sprintf("All %d sessions were resumed, all %d failures were told clearly, and no handle was left alive, %s.", s.resumed, s.failed, in))
	return nil
}

// tell shows what a peer printed, with -v.
func (d *demo) tell(who, text string) {
	if d.verbose {
		d.out.Quote(who, text)
	}
}
