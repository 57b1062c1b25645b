// Libssl-env finds or unpacks OpenSSL 1.1.1 and says how to build with it, in any module that requires this one:
//
//	eval "$(go run github.com/seed-c1436005/libssl/cmd/libssl-env)"
//
// It is pure Go and imports no package that needs OpenSSL, since it runs before there is any.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/seed-c1436005/libssl/ci"
)

const usage = `usage: libssl-env [-dir DIR] [COMMAND [ARGUMENT...]]
Prints the lines that make "go build" find OpenSSL 1.1.1:   eval "$(libssl-env)"
With a command it runs that in this environment instead:    libssl-env go build ./...
Where the system has no 1.1.1, Debian's 1.1.1w is unpacked into DIR, once; the system's own is left alone.

  -dir DIR         where; default: $LIBSSL_DEST, or libssl/openssl in the user's cache directory
  OPENSSL_PREFIX   a prefix of OpenSSL 1.1.1 to use instead
  LIBSSL_DEBS      a folder with Debian's packages: nothing is downloaded
  LIBSSL_MIRROR    Debian's archive; default: the one of the machine's apt (LIBSSL_SECURITY_MIRROR: its security archive)
`

func main() {
	dir := flag.String("dir", os.Getenv("LIBSSL_DEST"), "")
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), usage) }
	flag.Parse()
	lines, err := environment(*dir)
	if err == nil && flag.NArg() > 0 {
		err = become(lines, flag.Args())
	}
	var script *exec.ExitError
	switch {
	case errors.As(err, &script) && script.Exited(): // it has said why
		os.Exit(script.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "libssl-env: error:", err)
		os.Exit(1)
	}
	os.Stdout.Write(lines)
}

// environment returns what ci/openssl.sh prints: lines for a shell.
func environment(dir string) ([]byte, error) {
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("%w: set HOME, or choose a place for OpenSSL with -dir", err)
		}
		dir = filepath.Join(cache, "libssl", "openssl")
	}
	tmp, err := os.MkdirTemp("", "libssl-env")
	if err != nil {
		return nil, fmt.Errorf("%w: set TMPDIR to a folder that you can write to", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.CopyFS(filepath.Join(tmp, "ci"), ci.Files); err != nil {
		return nil, fmt.Errorf("%w: set TMPDIR to a folder with room", err)
	}

	// The script cleans up after itself on SIGTERM, when the command that it waits for ends.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	cmd := exec.CommandContext(ctx, "/bin/sh", filepath.Join(tmp, "ci", "openssl.sh"), "--print-env")
	cmd.Env = append(os.Environ(), "LIBSSL_DEST="+dir)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Output()
}

// become replaces this process by a command with these lines' environment, so that its signals and exit code are the command's own.
func become(lines []byte, command []string) error {
	args := append([]string{"libssl-env", "-c", `eval "$1"; shift; exec "$@"`, "libssl-env", string(lines)}, command...)
	return fmt.Errorf("/bin/sh: %w", syscall.Exec("/bin/sh", args, os.Environ()))
}
