package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl/internal/peer"
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
	ctx, cancel := context.WithTimeout(ctx, peer.StepLimit)
	defer cancel()
	out, err := peer.Command(ctx, tool, "version").Output()
	return strings.TrimSpace(string(out)), err
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

var acceptLine = regexp.MustCompile(`(?m)^ACCEPT (\S+:\d+)\s*$`)

// sServer is a running `openssl s_server -www`.
type sServer struct {
	addr string
	stop func() // kills and reaps it
}

func (d *demo) startServer(m peer.Mode, p peer.Pair) (*sServer, error) {
	// The kernel picks the port.
	args := append([]string{"s_server", "-accept", "127.0.0.1:0", "-www", "-cert", p.CertFile, "-key", p.KeyFile}, m.Flags...)
	child, err := peer.Start(d.ctx, d.openssl, args...)
	if err != nil {
		return nil, err
	}
	stop := func() {
		child.Stop()
		d.tell("s_server", child.Output())
	}
	accepts, err := child.Await(acceptLine)
	if err != nil {
		stop()
		return nil, fmt.Errorf("%w: %s", err, child.Output())
	}
	return &sServer{accepts[1], stop}, nil
}

// sClient runs `openssl s_client` until the server closes, and returns what it printed before the page and the page.
func (d *demo) sClient(m peer.Mode, addr string, args ...string) (said, page string, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, peer.StepLimit)
	defer cancel()
	args = append([]string{
		"s_client", "-connect", addr, "-ign_eof", "-servername", "localhost",
		"-CAfile", d.pki.CAFile, "-verify_return_error",
	}, args...)
	cmd := peer.Command(ctx, d.openssl, append(args, m.Flags...)...)
	cmd.Stdin = strings.NewReader(peer.Request)
	out, err := cmd.CombinedOutput()
	d.tell("s_client", string(out))
	if err != nil {
		return "", "", fmt.Errorf("openssl s_client: %w: %s", err, peer.LastLine(string(out)))
	}
	said, page, _ = strings.Cut(string(out), "HTTP/1.0 200")
	return said, page, nil
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
