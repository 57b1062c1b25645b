package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// findTool returns the openssl tool, which must be 1.1.1: others cannot read its session files, or write other ones.
func findTool(ctx context.Context, chosen string) (string, error) {
	candidates := []string{chosen}
	if chosen == "" {
		candidates = toolPlaces()
	}
	var tried []string
	for _, tool := range candidates {
		version, err := toolVersion(ctx, tool)
		switch {
		case err != nil:
			tried = append(tried, fmt.Sprintf("%s: %v", tool, err))
		case !strings.HasPrefix(version, "OpenSSL 1.1.1"):
			tried = append(tried, fmt.Sprintf("%s is %s", tool, version))
		default:
			return tool, nil
		}
	}
	return "", fmt.Errorf("%w; tried:\n  %s", errNoTool, strings.Join(tried, "\n  "))
}

var errNoTool = errors.New("no openssl tool of 1.1.1 found, which is the demo's peer: `make demo` sets it up, -openssl names it")

// toolPlaces are where the tool may be: with the libssl in use, in a checkout, and in PATH.
func toolPlaces() (places []string) {
	if prefix := libsslPrefix(); prefix != "" {
		places = append(places, filepath.Join(prefix, "bin", "openssl"))
	}
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if tool := filepath.Join(dir, ".openssl", "bin", "openssl"); exists(tool) {
				places = append(places, tool)
			}
		}
	}
	return append(places, "openssl")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func toolVersion(ctx context.Context, tool string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	out, err := command(ctx, tool, "version").Output()
	return strings.TrimSpace(string(out)), err
}

// command makes a child that dies with ctx. The distribution's openssl.cnf must not change what it does.
func command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	cmd.WaitDelay = time.Second
	return cmd
}

// libsslPrefix returns the folder above the one of the libssl that this process has loaded, "" if unknown.
func libsslPrefix() string {
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		i := strings.IndexByte(line, '/')
		if i >= 0 && strings.HasPrefix(filepath.Base(line), "libssl.so") {
			return filepath.Dir(filepath.Dir(line[i:]))
		}
	}
	return ""
}

// debianVersion is what ci/openssl.sh noted beside the library.
func debianVersion() string {
	version, _ := os.ReadFile(filepath.Join(libsslPrefix(), "VERSION"))
	return strings.TrimSpace(string(version))
}

// output collects what a child prints, and sends the address that it accepts on.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	addr chan string
}

var acceptLine = regexp.MustCompile(`(?m)^ACCEPT (\S+:\d+)\s*$`)

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Write(b)
	if m := acceptLine.FindSubmatch(o.buf.Bytes()); m != nil {
		select {
		case o.addr <- string(m[1]):
		default: // said before
		}
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// sServer is a running `openssl s_server -www`.
type sServer struct {
	addr string
	stop func() // kills and reaps it
}

func (d *demo) startServer(m mode, p pair) (*sServer, error) {
	ctx, cancel := context.WithCancel(d.ctx)
	// The kernel picks the port.
	args := append([]string{"s_server", "-accept", "127.0.0.1:0", "-www", "-cert", p.certFile, "-key", p.keyFile}, m.flags...)
	cmd := command(ctx, d.openssl, args...)
	out := &output{addr: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	stop := func() {
		cancel()
		<-ended
		d.tell("s_server", out.String())
	}
	select {
	case addr := <-out.addr:
		return &sServer{addr, stop}, nil
	case <-ended:
	case <-time.After(stepLimit):
	}
	stop()
	return nil, fmt.Errorf("openssl s_server did not begin to accept: %s", out)
}

// sClient runs `openssl s_client` until the server closes, and returns what it printed before the page and the page.
func (d *demo) sClient(m mode, addr string, args ...string) (said, page string, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, stepLimit)
	defer cancel()
	args = append([]string{
		"s_client", "-connect", addr, "-ign_eof", "-servername", "localhost",
		"-CAfile", d.pki.caFile, "-verify_return_error",
	}, args...)
	cmd := command(ctx, d.openssl, append(args, m.flags...)...)
	cmd.Stdin = strings.NewReader(request)
	out, err := cmd.CombinedOutput()
	d.tell("s_client", string(out))
	if err != nil {
		return "", "", fmt.Errorf("openssl s_client: %w: %s", err, lastLine(string(out)))
	}
	said, page, _ = strings.Cut(string(out), "HTTP/1.0 200")
	return said, page, nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

var reusedLine = regexp.MustCompile(`(?m)^(New|Reused), (\S+),`)

// newOrReused is how the tool itself says whether a connection was resumed: s_client where it prints, s_server in its page.
func newOrReused(text string) string {
	if m := reusedLine.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "nothing"
}

var statsLine = regexp.MustCompile(`(?m)^ *(\d+) (server accepts that finished|session cache hits)`)

// stats are the server's own counters, from its page.
func stats(page string) string {
	count := map[string]string{}
	for _, m := range statsLine.FindAllStringSubmatch(page, -1) {
		count[m[2]] = m[1]
	}
	return fmt.Sprintf("%s hit in %s accepts", count["session cache hits"], count["server accepts that finished"])
}
