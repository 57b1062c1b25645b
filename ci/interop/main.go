// Command interop resumes sessions between this module and the TLS programs that others wrote, in both roles, and prints what both sides said of each
// connection. `make interop` runs it.
//
// It exits with 0 only if all that ran was as expected, and the peers that are marked as required did run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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

func main() {
	signal.Ignore(syscall.SIGPIPE) // `interop | head` must still kill the peers
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	peer.StepLimit = 20 * time.Second // peers start slowly on a busy machine
	status := run(ctx, os.Stdout, os.Args[1:], families())
	stop()
	os.Exit(status)
}

func families() []family {
	return []family{openSSL(), gnuTLS(), curl(), cryptoTLS(), nginx(), haproxy(), nss(), python()}
}

// run returns the exit status.
func run(ctx context.Context, out io.Writer, args []string, all []family) int {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(out)
	verbose := flags.Bool("v", false, "show what the peers print")
	spoil := flags.Bool("spoil", false, "our client sets no session and our server keeps none: every row that resumes must then fail")
	only := flags.String("only", "", "run only the peers whose name contains `text`, of the required ones too")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() > 0:
		flags.Usage()
		return 2
	}
	dir, err := os.MkdirTemp("", "libssl-interop-")
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer os.RemoveAll(dir)
	m := &matrix{ctx: ctx, out: table.New(out), dir: dir, verbose: *verbose, spoil: *spoil}
	if err := m.run(all, *only); err != nil {
		m.out.Fault(err.Error())
		return 1
	}
	return 0
}

// run prints the tables. Its error is the verdict.
func (m *matrix) run(all []family, only string) (err error) {
	if m.pki, err = peer.NewPKI(m.dir); err != nil {
		return err
	}
	if m.pem, err = m.file("leaf-and-key.pem", string(m.pki.Leaf.Cert)+string(m.pki.Leaf.Key)); err != nil {
		return err
	}
	start := time.Now()
	m.out.Title("interop: " + libssl.Version() + " through this module, and what others wrote")
	for _, f := range all {
		if !strings.Contains(strings.ToLower(f.name), strings.ToLower(only)) {
			f.missing = "not asked for"
		}
		m.runFamily(f)
		if m.ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	return m.verdict(diag.Live(), time.Since(start))
}

// verdict prints the last line, or returns it as an error.
func (m *matrix) verdict(live map[string]int64, took time.Duration) error {
	var faults []string
	if m.failed > 0 {
		faults = append(faults, fmt.Sprintf("%d of %d rows were not as expected", m.failed, m.rows))
	}
	if len(m.lacking) > 0 {
		faults = append(faults, "required and not run: "+strings.Join(m.lacking, ", "))
	}
	for _, kind := range slices.Sorted(maps.Keys(live)) {
		if n := live[kind]; n != 0 {
			faults = append(faults, fmt.Sprintf("%d %s handles were left alive", n, kind))
		}
	}
	in := fmt.Sprintf("in %.0f s", took.Seconds())
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "; ") + ", " + in + ".")
	}
	text := fmt.Sprintf("%d rows with %d peers, all as expected, %s.", m.rows, len(m.ran), in)
	if len(m.notRun) > 0 {
		text += " Not run: " + strings.Join(m.notRun, ", ") + "."
	}
	m.out.Praise(text)
	return nil
}
