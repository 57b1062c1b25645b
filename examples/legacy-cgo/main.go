// Legacy-cgo is a program with C of its own, and its own include of openssl/ssl.h, that uses package libssl for what its C made. It goes through the ways a pointer may
// take between the two, with OpenSSL's reference count after each step, and then resumes a connection of C's with a session that Go kept.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seed-c1436005/libssl/diag"
)

func main() {
	dir := os.Getenv("TESTDATA")
	if dir == "" {
		dir = "../../conformance/testdata"
	}
	if err := run(os.Stdout, dir); err != nil {
		fmt.Fprintln(os.Stderr, "legacy-cgo:", err)
		os.Exit(1)
	}
}

// run does it all, with the certificates in dir.
func run(out io.Writer, dir string) error {
	ctx := newCtx(dir)
	if ctx == nil {
		return errors.New("no SSL_CTX: is TESTDATA the folder with server.pem and server.key?")
	}
	for _, k := range kinds(ctx) {
		if err := k.ways(out); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	for _, f := range []func(io.Writer, ctxPointer) error{resume, callback, queue} {
		if err := f(out, ctx); err != nil {
			return err
		}
	}
	freeCtx(ctx)
	for kind, n := range diag.Live() {
		if n != 0 {
			return fmt.Errorf("%d handles of %s are left", n, kind)
		}
	}
	fmt.Fprintln(out, "no handle is left")
	return nil
}
