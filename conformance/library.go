package conformance

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Library is a libssl that scenarios run with.
type Library struct {
	Path    string // of libssl.so.N
	Text    string // what it calls itself: "OpenSSL 1.1.1w  11 Sep 2023"
	Version string // "1.1.1w"

	driver func() (string, error)
}

// linked is the one that pkg-config finds, which the binding is linked with.
var linked = &Library{driver: sync.OnceValues(func() (string, error) {
	pkg := []string{"--cflags", "--libs", "--modversion", "libssl", "libcrypto"}
	about, err := exec.Command("pkg-config", pkg...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("pkg-config %s: %w\n%s", strings.Join(pkg, " "), err, about)
	}
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libssl", "libcrypto").Output()
	if err != nil {
		return "", err
	}
	return compile(strings.Fields(string(flags)), string(about))
})}

// Linked returns the libssl that pkg-config finds, with a driver made for it.
func Linked() (*Library, error) {
	l := &Library{driver: linked.driver}
	return l, l.identify()
}

// UsageError is a mistake of the person who called: what to do is in the text.
type UsageError struct{ error }

func mistake(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// OpenLibrary makes a driver for a libssl.so.N, with the headers in include, or those that are found beside it.
func OpenLibrary(path, include string) (*Library, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, mistake("-lib: %w", err)
	}
	soname, crypto, err := readELF(real)
	if err != nil {
		return nil, mistake("-lib %s: %w. Name the shared library itself, as /usr/lib/x86_64-linux-gnu/libssl.so.3", path, err)
	}
	headers, err := findHeaders(path, soname, include)
	if err != nil {
		return nil, err
	}
	l := &Library{Path: path}
	l.driver = sync.OnceValues(func() (string, error) {
		driver, err := compileFor(real, soname, crypto, headers)
		if err != nil {
			err = fmt.Errorf("the C driver does not build against %s with the headers in %s; it needs OpenSSL 1.1.1 or later, and headers of the same version: %w",
				path, headers[0], err)
		}
		return driver, err
	})
	return l, l.identify()
}

var (
	versionText  = regexp.MustCompile(`^OpenSSL (\d+\.\d+\.\d+[a-z-]*\S*)`)
	headerText   = regexp.MustCompile(`(?m)^#\s*define\s+OPENSSL_VERSION_TEXT\s+"([^"]+)"`)
	cryptoSoname = regexp.MustCompile(`^libcrypto\.so(\.|$)`)
)

// identify asks the driver what it runs with.
func (l *Library) identify() error {
	driver, err := l.driver()
	if err != nil {
		return err
	}
	out, err := exec.Command(driver, "-version").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return fmt.Errorf("the C driver does not start: %w", err)
	}
	var told struct{ Headers, Library, Path string }
	if err := json.Unmarshal(out, &told); err != nil {
		return fmt.Errorf("the C driver -version: %w", err)
	}
	m := versionText.FindStringSubmatch(told.Library)
	if m == nil {
		return fmt.Errorf("%s calls itself %q, which is no OpenSSL", l.Path, told.Library)
	}
	if h := versionText.FindStringSubmatch(told.Headers); h == nil || minor(h[1]) != minor(m[1]) {
		return mistake("the library is %s, but its headers are of %s: name the folder that holds its openssl/ssl.h with -include", told.Library, told.Headers)
	}
	if l.Path == "" {
		l.Path = told.Path
	} else if !sameFile(l.Path, told.Path) {
		return fmt.Errorf("the C driver was to run with %s, but the loader took %s", l.Path, told.Path)
	}
	l.Text, l.Version = told.Library, m[1]
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// minor is the part of a version within which the API stays: 1.1.1 of 1.1.1w, 3.0 of 3.0.19.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 3 || parts[0] != "1" {
		return strings.Join(parts[:min(2, len(parts))], ".")
	}
	return strings.TrimRight(version, "abcdefghijklmnopqrstuvwxyz")
}

// readELF returns the name that programs load a libssl by, and that of the libcrypto which it wants.
func readELF(path string) (soname, crypto string, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", "", fmt.Errorf("no shared library (%w)", err)
	}
	defer f.Close()
	names, _ := f.DynString(elf.DT_SONAME)
	if len(names) == 0 || !strings.HasPrefix(names[0], "libssl.so") {
		return "", "", fmt.Errorf("no libssl: it is called %q", names)
	}
	needed, _ := f.ImportedLibraries()
	for _, name := range needed {
		if cryptoSoname.MatchString(name) {
			return names[0], name, nil
		}
	}
	return "", "", fmt.Errorf("it wants no libcrypto, only %q", needed)
}

// compileFor links the driver with just these files: through links under the names that they are loaded by, in a directory that goes before
// LD_LIBRARY_PATH.
func compileFor(real, soname, crypto string, headers []string) (string, error) {
	info, err := os.Stat(real)
	if err != nil {
		return "", err
	}
	about := fmt.Sprintf("%s %d %v %q", real, info.Size(), info.ModTime().UnixNano(), headers)
	for _, h := range headers {
		text, _ := os.ReadFile(filepath.Join(h, "openssl", "opensslv.h"))
		about += string(text)
	}
	links, err := linkDir(map[string]string{soname: real, crypto: filepath.Join(filepath.Dir(real), crypto)})
	if err != nil {
		return "", err
	}
	var flags []string
	for _, h := range headers {
		flags = append(flags, "-I"+h)
	}
	flags = append(flags, "-L"+links, "-Wl,--disable-new-dtags,-rpath,"+links, "-l:"+soname, "-l:"+crypto)
	return compile(flags, about)
}

// linkDir makes a directory with a link, by name, to each file that is there. A libcrypto that is not, the loader finds elsewhere.
func linkDir(files map[string]string) (string, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", files))
	dir, err := cacheDir("lib-" + hex.EncodeToString(sum[:16]))
	if err != nil {
		return "", err
	}
	for name, file := range files {
		if _, err := os.Stat(file); err != nil {
			continue
		}
		made := filepath.Join(dir, fmt.Sprintf("%s.%d", name, os.Getpid())) // two processes may make it at once
		if err := errors.Join(os.Symlink(file, made), os.Rename(made, filepath.Join(dir, name))); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// findHeaders returns the folders with the headers of a libssl: the one that is named, or what lies beside the library, or what pkg-config knows.
func findHeaders(path, soname, include string) ([]string, error) {
	at := filepath.Dir(path)
	triplet := filepath.Base(at) // /usr/lib/x86_64-linux-gnu: Debian has a part of the headers in /usr/include/x86_64-linux-gnu
	var candidates []string
	if include != "" {
		candidates = []string{include}
	} else {
		for _, up := range []string{"include", "../include", "../../include"} { // a build tree, a prefix, a prefix with triplets
			candidates = append(candidates, filepath.Join(at, up))
		}
		cmd := exec.Command("pkg-config", "--variable=includedir", "libssl")
		cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH="+filepath.Join(at, "pkgconfig")+":"+os.Getenv("PKG_CONFIG_PATH"))
		if out, err := cmd.Output(); err == nil {
			candidates = append(candidates, strings.TrimSpace(string(out)))
		}
	}
	var looked strings.Builder
	for _, dir := range candidates {
		folders := []string{dir}
		if more := filepath.Join(dir, triplet); triplet != "" && isDir(filepath.Join(more, "openssl")) {
			folders = append(folders, more)
		}
		version := ""
		for _, f := range folders {
			if text, err := os.ReadFile(filepath.Join(f, "openssl", "opensslv.h")); err == nil {
				if m := headerText.FindSubmatch(text); m != nil {
					version = string(m[1])
				}
			}
		}
		switch m := versionText.FindStringSubmatch(version); {
		case version == "":
			fmt.Fprintf(&looked, "\n  %s: no openssl/opensslv.h", dir)
		case m == nil || !belongs(m[1], soname):
			fmt.Fprintf(&looked, "\n  %s: %s", dir, version)
		default:
			return folders, nil
		}
	}
	return nil, mistake("no headers for %s, which is %s. Looked in%s\nName the folder that holds its openssl/ssl.h: -include DIR", path, soname, &looked)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// belongs reports whether headers of this version can be those of a library with this name: libssl.so.1.1, libssl.so.3.
func belongs(version, soname string) bool {
	number := strings.TrimPrefix(soname, "libssl.so.")
	return number == soname || version == number || strings.HasPrefix(version, number+".")
}
