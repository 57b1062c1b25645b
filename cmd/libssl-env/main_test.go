package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the tests run this binary as libssl-env.
func TestMain(m *testing.M) {
	if os.Getenv("LIBSSL_ENV_TEST_RUN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run runs libssl-env with a temporary folder of its own, which has to be empty afterwards.
func run(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	tmp := t.TempDir()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = []string{"LIBSSL_ENV_TEST_RUN=1", "PATH=" + os.Getenv("PATH"), "HOME=" + tmp, "TMPDIR=" + tmp, "PKG_CONFIG_LIBDIR=/nonexistent"}
	cmd.Env = append(cmd.Env, env...)
	var outText, errText strings.Builder
	cmd.Stdout, cmd.Stderr = &outText, &errText
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "libssl-env*")); err != nil || len(left) != 0 {
		t.Errorf("left in TMPDIR: %q, %v", left, err)
	}
	return outText.String(), errText.String(), cmd.ProcessState.ExitCode()
}

// prefix is the OpenSSL that these tests run with.
func prefix(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("pkg-config", "--variable=prefix", "libssl").Output()
	if err != nil {
		t.Fatalf("pkg-config: %v: run the tests by ci/with.sh", err)
	}
	return strings.TrimSpace(string(out))
}

func TestPrint(t *testing.T) {
	dir := prefix(t)
	for range 2 {
		stdout, stderr, code := run(t, []string{"OPENSSL_PREFIX=" + dir})
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		sh := exec.Command("/bin/sh", "-c", stdout+`echo "$PKG_CONFIG_PATH $OPENSSL_CONF"`)
		sh.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, err := sh.Output()
		if err != nil || !strings.HasPrefix(string(out), dir) || !strings.HasSuffix(string(out), "/pkgconfig /dev/null\n") {
			t.Errorf("the shell gets %q, %v from:\n%s", out, err, stdout)
		}
	}
}

func TestCommand(t *testing.T) {
	env := []string{"OPENSSL_PREFIX=" + prefix(t)}
	stdout, stderr, code := run(t, env, "sh", "-c", `pkg-config --modversion libssl; echo "$1 $OPENSSL_CONF"; exit 7`, "sh", "a 'b'")
	if code != 7 || !strings.HasPrefix(stdout, "1.1.1") || !strings.HasSuffix(stdout, "\na 'b' /dev/null\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	stdout, stderr, code = run(t, env, "no-such-command")
	if code != 127 || stdout != "" || !strings.Contains(stderr, "no-such-command: not found") {
		t.Errorf("a command that is not there: exit code %d: %s%s", code, stdout, stderr)
	}
}

// TestDir takes a folder that holds something else for the place of OpenSSL, so that the script refuses by name what it was given.
func TestDir(t *testing.T) {
	foreign := t.TempDir()
	place := func(name string) string {
		dir := filepath.Join(foreign, name, "libssl", "openssl")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	flagged, dest, cache := place("flag"), place("dest"), place("cache")
	all := []string{"LIBSSL_DEST=" + dest, "XDG_CACHE_HOME=" + filepath.Join(foreign, "cache")}
	for _, test := range []struct {
		env, args []string
		want      string
	}{
		{all, []string{"-dir", flagged}, flagged},
		{all, nil, dest},
		{all[1:], nil, cache},
	} {
		stdout, stderr, code := run(t, test.env, test.args...)
		want := "libssl: error: " + test.want + " exists and was not made by this script"
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v %v: exit code %d: %s%s", test.env, test.args, code, stdout, stderr)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name      string
		env, args []string
		code      int
		want      []string
	}{
		{"the script's", []string{"OPENSSL_PREFIX=/nonexistent"}, nil, 1, []string{"libssl: error: OPENSSL_PREFIX=/nonexistent", "unset it"}},
		{"and no command runs then", []string{"OPENSSL_PREFIX=/nonexistent"}, []string{"echo", "it ran"}, 1, []string{"libssl: error:"}},
		{"no home", []string{"HOME="}, nil, 1, []string{"libssl-env: error:", "set HOME", "-dir"}},
		{"no temporary folder", []string{"TMPDIR=/dev/null"}, nil, 1, []string{"libssl-env: error:", "/dev/null", "set TMPDIR"}},
	} {
		stdout, stderr, code := run(t, test.env, test.args...)
		if code != test.code || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d: %s%s", test.name, code, stdout, stderr)
		}
		for _, text := range test.want {
			if !strings.Contains(stderr, text) {
				t.Errorf("%s: no %q in: %s", test.name, text, stderr)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	stdout, stderr, code := run(t, nil, "-h")
	if code != 0 || stdout != "" || stderr != usage { // on standard output eval would run it
		t.Errorf("-h: exit code %d: %s%s", code, stdout, stderr)
	}
	if _, stderr, code = run(t, nil, "-unknown"); code != 2 || !strings.Contains(stderr, usage) {
		t.Errorf("-unknown: exit code %d: %s", code, stderr)
	}
}

// TestPureGo: it runs before OpenSSL is there, where cgo packages that need it cannot be built.
func TestPureGo(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const want = "github.com/seed-c1436005/libssl/ci\ngithub.com/seed-c1436005/libssl/cmd/libssl-env\n"
	if string(out) != want {
		t.Errorf("it imports\n%s", out)
	}
}
