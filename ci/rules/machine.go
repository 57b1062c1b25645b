package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl/ci/rules/cscan"
)

// A machine is what the rules take from the computer they run on.
type machine struct {
	inHeaders  map[string]bool       // the words in OpenSSL's headers, without comments
	prototypes map[string]cscan.Func // of OpenSSL and of the shim
	hosts      map[string]string     // package registries, and who named them
}

func thisMachine(dir string) (*machine, error) {
	cflags, err := exec.Command("pkg-config", "--cflags", "libssl").Output()
	if err != nil {
		return nil, fmt.Errorf("pkg-config libssl: %w: export PKG_CONFIG_PATH as `make env` prints it", err)
	}
	m := &machine{hosts: registries(dir)}
	return m, m.readHeaders(dir, strings.Fields(string(cflags)))
}

var word = regexp.MustCompile(`[A-Za-z_]\w*`)

// readHeaders preprocesses shim.h, which refuses another OpenSSL. -dD keeps the macros: many functions of libssl are some, others come out of one.
func (m *machine) readHeaders(dir string, cflags []string) error {
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		return fmt.Errorf("go env CC: %w", err)
	}
	cmd := exec.Command(strings.TrimSpace(string(cc)), append(cflags, "-E", "-dD", "shim.h")...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	m.inHeaders, m.prototypes = map[string]bool{}, map[string]cscan.Func{}
	tokens := cscan.Tokens(string(out))
	for _, t := range tokens {
		if t.Kind == cscan.Ident || t.Kind == cscan.Directive {
			for _, w := range word.FindAllString(t.Text, -1) {
				m.inHeaders[w] = true
			}
		}
	}
	for _, f := range cscan.Funcs(tokens) {
		m.prototypes[f.Name] = f
	}
	return nil
}

var host = regexp.MustCompile(`https?://(?:[^/@\s]*@)?([^/:\s]+)`)

// registries returns the hosts that this machine takes Go modules, Debian packages and npm packages from. What is not installed has none.
func registries(dir string) map[string]string {
	hosts := map[string]string{}
	add := func(from, text string) {
		for _, h := range host.FindAllStringSubmatch(text, -1) {
			if strings.Contains(h[1], ".") { // a name such as localhost says nothing
				hosts[h[1]] = from
			}
		}
	}
	command := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, _ := cmd.Output()
		add(name, string(out))
	}
	command("go", "env", "GOPROXY")
	command("npm", "config", "get", "registry")
	sources, _ := filepath.Glob("/etc/apt/sources.list.d/*")
	for _, file := range append(sources, "/etc/apt/sources.list") {
		text, _ := os.ReadFile(file)
		add(file, string(text))
	}
	return hosts
}
