package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// original is OpenSSL's own ssl_test, of Debian's source, linked with the library that is tested here.
type original struct {
	program string
	dir     string // of OpenSSL's tests
	env     map[string]string
}

// ended is what C said of a case. outcome is nil if it came to no handshake.
type ended struct {
	ok      bool
	outcome *outcome
}

// buildOriginal finds the source and builds the program, unless that was done before. CC and CDRIVER_CFLAGS are honoured, as for the conformance
// suite's C driver.
func buildOriginal() (*original, error) {
	source, err := output("ci/openssl-asan.sh", "--source")
	if err != nil {
		return nil, err
	}
	generated, err := output("ci/openssl-asan.sh", "--generated")
	if err != nil {
		return nil, err
	}
	flags, err := output("pkg-config", "--cflags", "--libs", "libssl", "libcrypto")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(source, "test")
	o := &original{dir: dir, env: map[string]string{
		"TEST_CERTS_DIR": filepath.Join(dir, "certs"),
		"CTLOG_FILE":     filepath.Join(dir, "ct", "log_list.conf"),
		"OPENSSL_CONF":   os.DevNull,
	}}
	observer := "ci/ssltests/observer/observer.c"
	text, err := os.ReadFile(observer)
	if err != nil {
		return nil, err
	}
	cc := append(strings.Fields(cmp.Or(os.Getenv("CC"), "cc")), strings.Fields(os.Getenv("CDRIVER_CFLAGS"))...)
	sum := sha256.Sum256([]byte(strings.Join(append(cc, source, generated, flags, string(text)), "\x00")))
	build := filepath.Join(".build", "ssltests", hex.EncodeToString(sum[:8]))
	o.program = filepath.Join(build, "ssl_test")
	if _, err := os.Stat(o.program); err == nil {
		return o, nil
	}
	return o, o.compile(cc, build, source, generated, observer, strings.Fields(flags))
}

func (o *original) compile(cc []string, build, source, generated, observer string, flags []string) error {
	if err := os.MkdirAll(build, 0o755); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "ssltests: building OpenSSL's ssl_test")
	helpers, err := filepath.Glob(filepath.Join(o.dir, "testutil", "*.c"))
	if err != nil {
		return err
	}
	// What they need is linked from an archive, as OpenSSL's build does it: ssl_test.c replaces one of its functions.
	compile := append(slices.Clone(cc[1:]), "-O1", "-w", "-c", "-I"+filepath.Join(generated, "include"), "-I"+source, "-I"+filepath.Join(source, "include"), "-I"+o.dir)
	work, err := os.MkdirTemp(build, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var objects, archived []string
	files := []string{observer}
	for _, name := range []string{"ssl_test.c", "ssl_test_ctx.c", "handshake_helper.c"} {
		files = append(files, filepath.Join(o.dir, name))
	}
	for _, file := range append(files, helpers...) {
		object := filepath.Join(work, strings.TrimSuffix(filepath.Base(file), ".c")+".o")
		args := append([]string{file, "-o", object}, compile...)
		if strings.HasSuffix(file, "/ssl_test.c") {
			args = append(args, "-Ddo_handshake=gossl_observe")
		}
		if _, err := output(cc[0], args...); err != nil {
			return err
		}
		if strings.Contains(file, "/testutil/") {
			archived = append(archived, object)
		} else {
			objects = append(objects, object)
		}
	}
	archive, program := filepath.Join(work, "libtestutil.a"), filepath.Join(work, "ssl_test")
	if _, err := output("ar", append([]string{"rcs", archive}, archived...)...); err != nil {
		return err
	}
	link := append(append(objects, archive, "-o", program), cc[1:]...)
	if _, err := output(cc[0], append(append(link, flags...), "-ldl", "-lpthread")...); err != nil {
		return err
	}
	return os.Rename(program, o.program)
}

// files returns the suite's files.
func (o *original) files() ([]string, error) {
	return filepath.Glob(filepath.Join(o.dir, "ssl-tests", "*.conf"))
}

// run lets C do the cases of a file.
func (o *original) run(file string) (cases []ended, err error) {
	cmd := exec.Command(o.program, file)
	cmd.Env = os.Environ()
	for name, value := range o.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var told bytes.Buffer
	cmd.Stdout = &told
	runs := cmd.Run()
	var exit *exec.ExitError
	if runs != nil && !(errors.As(runs, &exit) && exit.ExitCode() == 1) { // 1: a case failed
		return nil, fmt.Errorf("%s: %w", file, runs)
	}
	return readVerdicts(&told)
}

// readVerdicts reads the program's TAP, in which the observer's lines stand before the verdicts.
func readVerdicts(told *bytes.Buffer) (cases []ended, err error) {
	var last *outcome
	lines := bufio.NewScanner(told)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "{"):
			last = &outcome{}
			if err := json.Unmarshal([]byte(line), last); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
		case strings.Contains(line, "- iteration "):
			cases = append(cases, ended{strings.HasPrefix(line, "ok "), last})
			last = nil
		}
	}
	return cases, lines.Err()
}

// output runs a command of the set-up and returns what it printed, without the newline.
func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}
