// Libsslcov runs the scenarios on a libssl that counts which of its lines it executes, and tells how many there are in ssl/ssl_sess.c and in the session
// parts of the state machine.
//
//	go run ./ci/libsslcov
//
// What no scenario can say is in c/rest.c. functions.txt names the session parts; unreached.txt has a reason for everything that neither reached. It fails if the
// scenarios alone reach less than 95 % of ssl/ssl_sess.c, if something was not reached for no reason, or was reached although there is one.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	goal     = 95.0
	sessions = "ssl/ssl_sess.c"
	here     = "ci/libsslcov"
	testdata = "conformance/testdata"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "libsslcov:", err)
		os.Exit(1)
	}
}

func run() error {
	parts, err := readParts(filepath.Join(here, "functions.txt"))
	if err != nil {
		return err
	}
	reasons, err := readReasons(filepath.Join(here, "unreached.txt"))
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "libsslcov")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	lib, err := setUp(work)
	if err != nil {
		return err
	}
	var problems []error
	if err := lib.executeScenarios(); err != nil {
		return err
	}
	lines, err := lib.counted(sessions)
	if err != nil {
		return err
	}
	if percent := share(sessions+", by the scenarios alone", lines, nil); percent < goal {
		problems = append(problems, fmt.Errorf("%.1f %% of %s by the scenarios alone, the goal is %g %%", percent, sessions, goal))
	}
	for _, b := range blocks(lines, nil) {
		fmt.Printf("  %s:%d %s: %s (%d)\n", sessions, b.line, b.function, b.text, b.size)
	}
	if err := lib.executeRest(); err != nil {
		return err
	}

	report := func(name, file string, functions map[string]string) (percent float64) {
		lines, err := lib.counted(file)
		if err != nil {
			problems = append(problems, err)
			return 0
		}
		percent = share(name, lines, functions)
		for _, b := range blocks(lines, functions) {
			why := b.reason(file, reasons)
			fmt.Printf("  %s:%d %s: %s (%d): %s\n", file, b.line, b.function, b.text, b.size, why)
			if why == "" {
				problems = append(problems, fmt.Errorf("%s:%d: not reached, and no reason in %s/unreached.txt: %s | %s |", file, b.line, here, b.function, b.text))
			}
		}
		for f := range functions {
			if !lines.has(f) {
				problems = append(problems, fmt.Errorf("%s/functions.txt: there is no %s in %s", here, f, file))
			}
		}
		return percent
	}
	report(sessions+", with rest.c", sessions, nil)
	for _, p := range parts {
		report("session parts of "+p.file, p.file, p.functions)
	}
	for _, r := range reasons {
		if !r.used {
			problems = append(problems, fmt.Errorf("%s/unreached.txt: reached after all: %s | %s", here, r.function, r.text))
		}
	}
	return errors.Join(problems...)
}

// library is libssl with counters, beside a libcrypto without.
type library struct {
	work, build string   // where it was built
	flags       []string // to compile and link with it
}

// setUp takes libcrypto from the set-up that pkg-config knows: the counters of its hundreds of files would be written for each scenario.
func setUp(work string) (*library, error) {
	crypto, err := output("pkg-config", "--variable=libdir", "libcrypto")
	if err != nil {
		return nil, err
	}
	pc, err := output("ci/openssl-asan.sh", "--coverage")
	if err != nil {
		return nil, err
	}
	prefix := filepath.Dir(filepath.Dir(pc))
	source := strings.TrimSuffix(prefix, "-gcov") + "-src"
	lib := &library{work: work, build: filepath.Join(source, "build-gcov")}
	dir := filepath.Join(work, "lib")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	for name, from := range map[string]string{"libssl": filepath.Dir(pc), "libcrypto": crypto} {
		for _, suffix := range []string{".so", ".so.1.1"} {
			if err := os.Symlink(filepath.Join(from, name+suffix), filepath.Join(dir, name+suffix)); err != nil {
				return nil, err
			}
		}
	}
	lib.flags = []string{
		"-I" + filepath.Join(prefix, "include"), "-L" + dir, "-lssl", "-lcrypto", "-lpthread",
		"-Wl,-rpath," + dir, "-Wl,--disable-new-dtags",
	}
	// gcov wants the notes beside the counters, and finds the sources as the compiler did: beside the directory it worked in.
	trees, err := filepath.Glob(filepath.Join(source, "openssl-*"))
	if err != nil || len(trees) != 1 {
		return nil, fmt.Errorf("%d sources of OpenSSL in %s", len(trees), source)
	}
	return lib, os.Symlink(trees[0], filepath.Join(work, filepath.Base(trees[0])))
}

func (lib *library) executeScenarios() error {
	driver, err := filepath.Glob("conformance/cdriver/*.c")
	if err != nil {
		return err
	}
	scripts, err := filepath.Glob("conformance/ops/*.ops")
	if err != nil {
		return err
	}
	// A child that ended by _exit would leave its counters.
	return lib.execute("cdriver", driver, []string{"-D_exit=exit"}, append([]string{"-data", testdata}, scripts...))
}

func (lib *library) executeRest() error {
	return lib.execute("rest", []string{filepath.Join(here, "c", "rest.c")}, nil, []string{testdata})
}

func (lib *library) execute(name string, sources, flags, args []string) error {
	binary := filepath.Join(lib.work, name)
	all := append([]string{"-std=gnu11", "-D_GNU_SOURCE", "-Wno-deprecated-declarations", "-O1", "-g", "-o", binary}, flags...)
	if _, err := output("cc", append(append(all, sources...), lib.flags...)...); err != nil {
		return err
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null", "GCOV_PREFIX="+filepath.Join(lib.work, "build"),
		"GCOV_PREFIX_STRIP="+strconv.Itoa(strings.Count(lib.build, "/")))
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
