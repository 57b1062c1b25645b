// Apidoc writes docs/API.md: each function that libssl exports, with its Go name and the tests that prove it, or why there is none.
//
//	go run ./ci/apidoc [-check]
//
// The functions are those of the library's symbol table, the Go names those of the doc comments ("X corresponds to SSL_x(3)."), the tests those that call the method,
// themselves or through a helper of the test files. With -check nothing is written: it fails if the file is stale, or if a function has neither name nor
// reason, or a name no test. In both ways it fails if another page names a test or a scenario that is not there.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
)

const page = "docs/API.md"

func main() {
	check := flag.Bool("check", false, "check the file instead of writing it")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	exports, later, err := exported()
	if err != nil {
		return err
	}
	pkg, err := load(".")
	if err != nil {
		return err
	}
	reasons, err := readReasons("ci/apidoc/left_out.txt")
	if err != nil {
		return err
	}
	table, problems := join(exports, pkg, reasons)
	for _, c := range later {
		if len(pkg.goNames[c]) > 0 {
			problems = append(problems, fmt.Errorf("%s: not in the first 1.1.1, with which a program that uses it does not start", c))
		}
	}
	problems = append(problems, checkProofs()...)
	text := table.markdown()
	if !check {
		if err := os.WriteFile(page, text, 0o644); err != nil {
			return err
		}
	} else if present, err := os.ReadFile(page); err != nil || !bytes.Equal(present, text) {
		problems = append(problems, errors.New(page+" is stale: make docs"))
	}
	return errors.Join(problems...)
}
