package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// hung are the traces of scenarios in which C hangs: seconds each, and nothing new the second time.
var hung sync.Map

// RunC runs a scenario through the C driver, with the libssl that pkg-config finds. If C dies of it, that is how the trace ends, and no error.
func RunC(ctx context.Context, s *Scenario) (Trace, error) { return linked.Run(ctx, s) }

// Run runs a scenario through the C driver, with this libssl.
func (l *Library) Run(ctx context.Context, s *Scenario) (Trace, error) {
	key := l.Path + "\n" + s.Path + "\n" + s.Name
	if t, ok := hung.Load(key); ok {
		return t.(Trace), nil
	}
	t, err := l.run(ctx, s)
	if err == nil && t.End() == "timeout" {
		hung.Store(key, t)
	}
	return t, err
}

func (l *Library) run(ctx context.Context, s *Scenario) (Trace, error) {
	driver, err := l.driver()
	if err != nil {
		return nil, err
	}
	kept := "" // ci/mutate runs the suite again and again, and C says the same each time
	if dir := os.Getenv("LIBSSL_C_TRACES"); dir != "" {
		script, err := os.ReadFile(s.Path)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte(driver+"\x00"+s.Name+"\x00"), script...))
		kept = filepath.Join(dir, hex.EncodeToString(sum[:]))
		if trace, err := os.ReadFile(kept); err == nil {
			return ReadTrace(bytes.NewReader(trace))
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, driver, "-data", testdata(""), "-only", s.Name, s.Path)
	cmd.Env = append(os.Environ(), sanitizerOptions())
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second // after a cancel, a scenario that hangs still holds them
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("the C driver: %w\n%s", err, &stderr)
	}
	if kept != "" {
		made := fmt.Sprintf("%s.%d", kept, os.Getpid()) // two processes may write it at once
		if err := errors.Join(os.WriteFile(made, stdout.Bytes(), 0o600), os.Rename(made, kept)); err != nil {
			return nil, err
		}
	}
	return ReadTrace(&stdout)
}

// sanitizerOptions: with the address sanitizer a crash has to stay one, since what kills a scenario is a result.
func sanitizerOptions() string {
	return "ASAN_OPTIONS=" + os.Getenv("ASAN_OPTIONS") + ":handle_segv=0:abort_on_error=1:detect_leaks=0"
}

// ReadTrace decodes what a driver wrote. If the driver died, "end" may be missing.
func ReadTrace(r io.Reader) (t Trace, err error) {
	for dec := json.NewDecoder(r); ; {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			if err == io.EOF {
				err = nil
			}
			return t, err
		}
		t = append(t, line)
	}
}

// End returns how the trace ends: "ok", or what the driver died of.
func (t Trace) End() string {
	if len(t) == 0 {
		return ""
	}
	end, _ := t[len(t)-1]["end"].(string)
	return end
}

// compile makes the C driver, or finds it made of the same sources with the same tools. CC and CDRIVER_CFLAGS are honoured. flags say where libssl
// is, about which it is.
func compile(flags []string, about string) (string, error) {
	cc := strings.Fields(os.Getenv("CC"))
	if len(cc) == 0 {
		cc = []string{"cc"}
	}
	extra := strings.Fields(os.Getenv("CDRIVER_CFLAGS"))

	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q %s\n", cc, extra, about)
	sources, err := hashSources(hash)
	if err != nil {
		return "", err
	}
	out, err := cacheDir(hex.EncodeToString(hash.Sum(nil)[:16]))
	if err != nil {
		return "", err
	}
	binary := filepath.Join(out, "cdriver")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	made := fmt.Sprintf("%s.%d", binary, os.Getpid()) // two processes may build it at once
	args := append(cc[1:], "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-o", made)
	args = append(append(args, extra...), sources...)
	args = append(append(args, flags...), "-lpthread", "-ldl")
	if text, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", cc[0], strings.Join(args, " "), err, text)
	}
	return binary, os.Rename(made, binary)
}

// hashSources returns the driver's C files.
func hashSources(hash io.Writer) (sources []string, err error) {
	for _, pattern := range []string{"*.c", "*.h", "*.def"} {
		files, _ := filepath.Glob(filepath.Join(dir(), "cdriver", pattern))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(file), len(text), text)
			if strings.HasSuffix(file, ".c") {
				sources = append(sources, file)
			}
		}
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("no C driver in %s", dir())
	}
	return sources, nil
}

// cacheDir makes a directory that stays, or a temporary one where there is no home.
func cacheDir(name string) (string, error) {
	if base, err := os.UserCacheDir(); err == nil {
		out := filepath.Join(base, "libssl-conformance", name)
		if err := os.MkdirAll(out, 0o755); err == nil {
			return out, nil
		}
	}
	return os.MkdirTemp("", "libssl-conformance")
}
