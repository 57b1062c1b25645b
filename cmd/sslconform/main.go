// Sslconform says what a libssl really does with sessions, clause by clause of the manual.
//
//	go run github.com/seed-c1436005/libssl/cmd/sslconform run
//	go run github.com/seed-c1436005/libssl/cmd/sslconform run -lib /usr/lib/x86_64-linux-gnu/libssl.so.3
//	go run github.com/seed-c1436005/libssl/cmd/sslconform diff 1.1.1w 3.0.19
//
// conformance/README.md describes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-c1436005/libssl/conformance"
)

const usage = `usage: sslconform COMMAND [OPTION...]

  run     runs the scenarios and prints a table of the manual's clauses. Without -lib: through the C driver and the Go binding, with
          the libssl that both are linked with; with -lib: through the C driver, with that one. Either is compared with the
          traces that are recorded of 1.1.1w, about which the manual's verdicts are.
    -lib FILE       the shared library: /usr/lib/x86_64-linux-gnu/libssl.so.3
    -include DIR    the folder with its openssl/ssl.h; default: beside it, or what pkg-config knows
    -format FORMAT  text, json, junit or html; default: text
    -o FILE         where to; default: standard output
    -dir DIR        writes report.txt, .json, .xml (JUnit) and .html there instead, and says how it went
    -only PATTERN   only clauses whose id or man page matches: 'S9*', SSL_CTX_add_session
  diff A B          where two differ, clause by clause. Each is a recorded version (%s), a library, or a file that "record" wrote.
    -include DIR    for a library
    -format FORMAT  text or json
    -o, -only       as above
  record            writes the traces of the linked libssl, or of -lib FILE [-include DIR], to -o FILE.jsonl, or into -dir DIR by its version

Exit code: 0 as the reference (diff: no difference), 1 something differs, 2 it could not run, or not all of it.
`

// Exit codes.
const (
	exitSame = iota
	exitDiffers
	exitFailed
)

func main() {
	if conformance.RanChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags of all commands.
type options struct {
	lib, include, format, out, dir, only string

	args   []string
	stderr io.Writer
}

func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	code, err := dispatch(ctx, args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, usage, recorded())
		return exitSame
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "sslconform: interrupted")
	case err != nil:
		fmt.Fprintln(stderr, "sslconform:", err)
	}
	if err != nil {
		return exitFailed
	}
	return code
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	if len(args) == 0 {
		fmt.Fprintf(stderr, usage, recorded())
		return 0, errors.New("which command?")
	}
	var f func(context.Context, *options, io.Writer) (int, error)
	given := options{format: "text", stderr: stderr}
	flags := flag.NewFlagSet("sslconform "+args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&given.out, "o", "", "")
	flags.StringVar(&given.include, "include", "", "")
	switch args[0] {
	case "run":
		f = run
		flags.StringVar(&given.lib, "lib", "", "")
		flags.StringVar(&given.dir, "dir", "", "")
		flags.StringVar(&given.format, "format", given.format, "")
		flags.StringVar(&given.only, "only", "", "")
	case "diff":
		f = diff
		flags.StringVar(&given.format, "format", given.format, "")
		flags.StringVar(&given.only, "only", "", "")
	case "record":
		f = record
		flags.StringVar(&given.dir, "dir", "", "")
		flags.StringVar(&given.lib, "lib", "", "")
	case "help", "-h", "-help", "--help":
		return 0, flag.ErrHelp
	default:
		return 0, fmt.Errorf("%q is no command; they are run, diff and record", args[0])
	}
	// Flags may stand behind the arguments as well.
	for rest := args[1:]; ; {
		if err := flags.Parse(rest); err != nil {
			return 0, err
		}
		if flags.NArg() == 0 {
			break
		}
		given.args = append(given.args, flags.Arg(0))
		rest = flags.Args()[1:]
	}
	return f(ctx, &given, stdout)
}

func recorded() (list string) {
	for i, version := range conformance.Recorded() {
		if i > 0 {
			list += ", "
		}
		list += version
	}
	return list
}

// output calls write with the file of -o, or standard output. A file appears when it is complete.
func (o *options) output(stdout io.Writer, write func(io.Writer) error) error {
	if o.out == "" || o.out == "-" {
		return write(stdout)
	}
	return writeFile(o.out, write)
}

func writeFile(name string, write func(io.Writer) error) error {
	made := name + ".part"
	f, err := os.Create(made)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(made))
	}
	return os.Rename(made, name)
}
