// Testoriginal runs the tests of github.com/spacemonkeygo/openssl against package spacemonkey. They are read from the module cache and never copied: an overlay shows them to
// the compiler beside our package.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	original = "github.com/spacemonkeygo/openssl"
	ours     = "github.com/seed-c1436005/libssl/spacemonkey"
)

// exceptions are tests that fail, with the reason. They have to fail with the original too.
var exceptions = map[string]string{
	"TestGenerateEd25519": "OpenSSL 1.1.1w has no traditional form of Ed25519 keys to marshal them to; the keys are the original's",
	"TestMarshalEd25519":  "OpenSSL 1.1.1w has no traditional form of Ed25519 keys to marshal them to; the keys are the original's",
}

// races are tests whose end depends on who is faster, with the original more often than here: they are tried again.
var races = map[string]string{
	"TestOpenSSLClosing":       "who closes a TCP connection before he has read the tickets of TLS 1.3 resets it",
	"TestOpenSSLStdlibClosing": "who closes a TCP connection before he has read the tickets of TLS 1.3 resets it",
}

const maxTries = 10

// unexported is what the tests use that is not exported.
const unexported = "package openssl\n\nvar ed25519_support = true\n"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "testoriginal:", err)
		os.Exit(1)
	}
}

func run() error {
	tmp, err := os.MkdirTemp("", "testoriginal")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	overlay, tests, err := show(tmp)
	if err != nil {
		return err
	}
	results, output, err := test(ours, "-overlay", overlay)
	if err != nil {
		return err
	}
	retried, err := retry(results, output, overlay)
	if err != nil {
		return err
	}
	return report(tests, results, output, retried)
}

// show writes the overlay, and returns the names of the tests in it.
func show(tmp string) (overlay string, tests []string, err error) {
	from, err := directory(original)
	if err != nil {
		return "", nil, err
	}
	to, err := directory(ours)
	if err != nil {
		return "", nil, err
	}
	extra := filepath.Join(tmp, "unexported_test.go")
	if err := os.WriteFile(extra, []byte(unexported), 0o600); err != nil {
		return "", nil, err
	}
	replace := map[string]string{}
	mine, _ := filepath.Glob(filepath.Join(to, "*_test.go"))
	for _, file := range mine {
		replace[file] = "" // not there
	}
	theirs, _ := filepath.Glob(filepath.Join(from, "*_test.go"))
	for _, file := range theirs {
		replace[filepath.Join(to, "original_"+filepath.Base(file))] = file
		text, err := os.ReadFile(file)
		if err != nil {
			return "", nil, err
		}
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			tests = append(tests, string(m[1]))
		}
	}
	replace[filepath.Join(to, "unexported_test.go")] = extra
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", nil, err
	}
	overlay = filepath.Join(tmp, "overlay.json")
	return overlay, tests, os.WriteFile(overlay, text, 0o600)
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func directory(pkg string) (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", pkg, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// test runs the tests of a package, and returns what became of each and what each printed.
func test(pkg string, args ...string) (results, output map[string]string, err error) {
	cmd := exec.Command("go", append(append([]string{"test", "-json", "-count=1", "-vet=off"}, args...), pkg)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return nil, nil, err
	}
	results, output = map[string]string{}, map[string]string{}
	for line := range bytes.Lines(out) {
		var event struct{ Action, Test, Output string }
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, nil, fmt.Errorf("%s: %q", cmd, line)
		}
		switch event.Action {
		case "output":
			output[event.Test] += event.Output
		case "pass", "fail", "skip":
			results[event.Test] = event.Action
		}
	}
	if len(results) <= 1 {
		return nil, nil, fmt.Errorf("%s: no test was run\n%s%s", cmd, stderr.String(), output[""])
	}
	return results, output, nil
}

// retry tries the races again that failed, and returns how often it did.
func retry(results, output map[string]string, overlay string) (map[string]int, error) {
	retried := map[string]int{}
	for name := range races {
		for results[name] == "fail" && retried[name] < maxTries {
			again, out, err := test(ours, "-overlay", overlay, "-run", "^"+name+"$")
			if err != nil {
				return nil, err
			}
			retried[name]++
			results[name], output[name] = again[name], output[name]+out[name]
		}
	}
	return retried, nil
}

func report(tests []string, results, output map[string]string, retried map[string]int) error {
	theirs, _, err := test(original, "-run", "^("+strings.Join(slices.Collect(maps.Keys(exceptions)), "|")+")$")
	if err != nil {
		return err
	}
	passed, failed, excepted := 0, 0, 0
	slices.Sort(tests)
	for _, name := range tests {
		reason, listed := exceptions[name]
		switch {
		case listed && results[name] == "fail" && theirs[name] == "fail":
			excepted++
			fmt.Printf("excepted %s: the original fails too: %s\n", name, reason)
		case listed:
			failed++
			fmt.Printf("FAILED   %s is listed as an exception; here: %s, the original: %s\n", name, results[name], theirs[name])
		case results[name] == "pass":
			passed++
			if n := retried[name]; n > 0 {
				fmt.Printf("passed   %s, tried %d times: %s\n", name, n+1, races[name])
			}
		default:
			failed++
			fmt.Printf("FAILED   %s: %s\n%s", name, results[name], output[name])
		}
	}
	fmt.Printf("the original's tests: %d passed, %d failed, %d excepted, of %d\n", passed, failed, excepted, len(tests))
	if failed > 0 {
		return errors.New("failed")
	}
	return nil
}
