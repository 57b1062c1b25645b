package libssl_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

func TestVersion(t *testing.T) {
	if v := libssl.Version(); !strings.HasPrefix(v, "OpenSSL 1.1.1") {
		t.Errorf("Version: %s", v)
	}
	if n := libssl.VersionNum(); n>>12 != 0x10101 {
		t.Errorf("VersionNum: %#x", n)
	}
	// The letter of the text is the patch level of the number.
	text, level := strings.TrimPrefix(libssl.Version(), "OpenSSL 1.1.1"), libssl.VersionNum()>>4&0xff
	wantEqual(t, "patch level", strings.HasPrefix(text+" ", string("@abcdefghijklmnopqrstuvwxyz"[level])) || level == 0, true)
}

// TestOtherLibrary starts this program with a library that says that it is 1.1.0.
func TestOtherLibrary(t *testing.T) {
	if os.Getenv("LIBSSL_TEST_OTHER_LIBRARY") != "" {
		otherLibrary(t)
		return
	}
	dir := t.TempDir()
	source, lib := filepath.Join(dir, "v.c"), filepath.Join(dir, "v.so")
	must(t, os.WriteFile(source, []byte("unsigned long OpenSSL_version_num(void) { return 0x1010007fL; }\n"), 0o600))
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", lib, source).CombinedOutput(); err != nil {
		t.Skipf("no C compiler: %v\n%s", err, out)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestOtherLibrary$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), "LIBSSL_TEST_OTHER_LIBRARY=1", "LD_PRELOAD="+lib)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "ASan runtime does not come first") {
		t.Skip("the address sanitizer allows no LD_PRELOAD")
	}
	if err != nil || !strings.Contains(string(out), "asked of the wrong library") {
		t.Errorf("the child: %v\n%s", err, out)
	}
}

// otherLibrary is the child: nothing can be made, and the error says what to do.
func otherLibrary(t *testing.T) {
	fmt.Println("asked of the wrong library")
	_, ctxErr := libssl.NewCtx(libssl.TLSMethod())
	_, sessionErr := libssl.NewSession()
	_, derErr := libssl.ParseSession([]byte("x"))
	_, pemErr := libssl.ParseSessionPEM([]byte("x"))
	for what, err := range map[string]error{"NewCtx": ctxErr, "NewSession": sessionErr, "ParseSession": derErr, "ParseSessionPEM": pemErr} {
		wantEqual(t, what+" fails with ErrVersion", errors.Is(err, libssl.ErrVersion), true)
		for _, text := range []string{"needs OpenSSL 1.1.1", "0x1010007f", "libssl.so.1.1", "ldd", "LD_PRELOAD"} {
			wantText(t, what, err, text)
		}
	}
	wantEqual(t, "VersionNum", libssl.VersionNum(), 0x1010007f)
}

// build compiles a program that uses this package, which must fail, and returns what it says.
func build(t *testing.T, env ...string) string {
	t.Helper()
	root, err := os.Getwd()
	must(t, err)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example\n\ngo 1.24\n\nrequire github.com/seed-c1436005/libssl v0.0.0\n\n"+
		"replace github.com/seed-c1436005/libssl => "+root+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nimport \"github.com/seed-c1436005/libssl\"\n\n"+
		"func main() { println(libssl.Version()) }\n"), 0o600))
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Dir = dir
	// The build cache does not know the system's headers: a flag that is new each time keeps it out.
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off", fmt.Sprintf("CGO_CFLAGS=-DNOT_CACHED=%d", time.Now().UnixNano()), "CGO_LDFLAGS=")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no go command: ", err)
	}
	if err == nil {
		t.Fatalf("the program was built with %v", env)
	}
	return string(out)
}

// TestOtherHeaders builds against the system's OpenSSL.
func TestOtherHeaders(t *testing.T) {
	header, err := os.ReadFile("/usr/include/openssl/opensslv.h")
	if err != nil || strings.Contains(string(header), `"OpenSSL 1.1.1`) {
		t.Skip("the system has no other OpenSSL's headers: ", err)
	}
	dir := t.TempDir()
	for _, name := range []string{"libssl", "libcrypto"} {
		pc := fmt.Sprintf("Name: %s\nDescription: the system's\nVersion: 3\nLibs: -l%s\n", name, strings.TrimPrefix(name, "lib"))
		must(t, os.WriteFile(filepath.Join(dir, name+".pc"), []byte(pc), 0o600))
	}
	out := build(t, "PKG_CONFIG_PATH="+dir, "CGO_ENABLED=1")
	for _, text := range []string{"package libssl needs the headers of OpenSSL 1.1.1 and found another version", "cmd/libssl-env go build", "PKG_CONFIG_PATH"} {
		wantText(t, "go build", errors.New(out), text)
	}
}

func TestNoCgo(t *testing.T) {
	wantText(t, "go build", errors.New(build(t, "CGO_ENABLED=0")), "needs_cgo_set_CGO_ENABLED_to_1_and_install_a_C_compiler")
}
