package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// binaries are the workers, and what they need.
type binaries struct {
	argv map[string][]string
	env  map[string][]string
	pki  string
}

// opensslConf sets what spacemonkeygo and libp2p have no functions for.
const opensslConf = `openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = bench
[bench]
Ciphersuites = TLS_AES_128_GCM_SHA256
num_tickets = 1
`

// build makes all workers, and certificates that last for a day, in dir.
func build(dir string) (*binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	pki, conf, overlay := filepath.Join(dir, "pki"), filepath.Join(dir, "openssl.cnf"), filepath.Join(dir, "overlay.json")
	if err := os.MkdirAll(pki, 0o700); err != nil {
		return nil, err
	}
	if err := errors.Join(writePKI(pki), os.WriteFile(conf, []byte(opensslConf), 0o600), writeOverlay(dir, overlay)); err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		compileC(at("c")),
		command("go", "build", "-o", at("ours"), "./ours"),
		command("go", "build", "-o", at("spacemonkey"), "./spacemonkey"),
		command("go", "build", "-overlay", overlay, "-o", at("libp2p"), "./libp2p"),
		command("go", "build", "-o", at("gotls"), "./gotls"),
	); err != nil {
		return nil, err
	}
	noConf := []string{"OPENSSL_CONF=" + os.DevNull}
	peers := []string{"OPENSSL_CONF=" + conf, "GODEBUG=cgocheck=0"}
	return &binaries{
		argv: map[string][]string{
			plainC: {at("c")}, tunedC: {at("c"), "tuned"}, ours: {at("ours")}, engine: {at("ours"), "engine"},
			spacemonkey: {at("spacemonkey")}, libp2p: {at("libp2p")}, goTLS: {at("gotls")},
		},
		env: map[string][]string{plainC: noConf, tunedC: noConf, ours: noConf, engine: noConf, spacemonkey: peers, libp2p: peers},
		pki: pki,
	}, nil
}

// compileC makes the worker of plain C with the same libssl.
func compileC(out string) error {
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libssl", "libcrypto").Output()
	if err != nil {
		return fmt.Errorf("pkg-config libssl: %w: `make bench` sets PKG_CONFIG_PATH", err)
	}
	sources, err := filepath.Glob("c/*.c")
	if err != nil || len(sources) == 0 {
		return errors.New("no c/*.c: run this in the directory bench")
	}
	args := append([]string{"-O2", "-o", out}, sources...)
	return command("cc", append(append(args, strings.Fields(string(flags))...), "-lpthread")...)
}

// writeOverlay puts spacemonkey's source, with libp2p's import path, in place of the directory libp2p.
func writeOverlay(dir, overlay string) error {
	source, err := os.ReadFile("spacemonkey/main.go")
	if err != nil {
		return err
	}
	replaced := filepath.Join(dir, "libp2p.go")
	if err := os.WriteFile(replaced, []byte(strings.ReplaceAll(string(source), "github.com/spacemonkeygo/openssl", "github.com/libp2p/go-openssl")), 0o600); err != nil {
		return err
	}
	files := map[string]string{}
	for at, from := range map[string]string{"libp2p/main.go": replaced, "libp2p/linkname.s": "spacemonkey/linkname.s"} {
		if at, err = filepath.Abs(at); err != nil {
			return err
		}
		if files[at], err = filepath.Abs(from); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": files})
	if err != nil {
		return err
	}
	return os.WriteFile(overlay, text, 0o600)
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
