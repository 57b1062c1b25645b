package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

const tool = "openssl"

func openSSL() family {
	f := family{
		name: "OpenSSL 3", required: true, need: []string{tool}, title: openSSLTitle,
		note: "s_server -www says New or Reused in its page, s_client prints it; of early data s_server prints all.",
	}
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: client, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return toSServer(m, mode) }})
	}
	f.rows = append(f.rows,
		row{
			role: client, way: "TLS 1.3 -num_tickets 0", want: never, because: "no ticket, no session",
			run: func(m *matrix) (told, error) { return toSServer(m, tls13, "-num_tickets", "0") },
		},
		row{role: client, way: zeroRTT.Name, want: resumesEarly, run: earlyToSServer})
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return fromSClient(m, mode, false) }})
	}
	f.rows = append(f.rows, row{role: server, way: zeroRTT.Name, want: resumesEarly, run: func(m *matrix) (told, error) { return fromSClient(m, zeroRTT, true) }})
	for _, mode := range []peer.Mode{peer.ByTicket, tls13} {
		r := row{role: server, way: mode.Name, want: []outcome{full, resumed, resumed, resumed, resumed, resumed}}
		if mode.Version == libssl.VersionTLS13 {
			r.want, r.because = []outcome{full, full, full, full, full, full}, "it does not wait for the tickets"
		}
		r.way = strings.TrimSuffix(r.way, "ticket") + "-reconnect"
		r.run = func(m *matrix) (told, error) { return reconnects(m, mode) }
		f.rows = append(f.rows, r)
	}
	for _, mode := range []peer.Mode{peer.ByTicket, tls13} {
		protocol, _, _ := strings.Cut(mode.Name, " ticket")
		f.rows = append(f.rows,
			row{role: server, way: protocol + " file, ours to it", want: resumes, run: func(m *matrix) (told, error) { return fileToSClient(m, mode) }},
			row{
				role: server, way: protocol + " file, its to us", want: []outcome{full, refused}, because: "1.1.1 lacks the field kex_group",
				run: func(m *matrix) (told, error) { return fileFromSClient(m, mode) },
			})
	}
	return f
}

func openSSLTitle(m *matrix) (string, error) {
	line, err := m.firstLine(tool, "version")
	fields := strings.Fields(line)
	switch {
	case err != nil:
		return "", err
	case len(fields) < 2 || !strings.HasPrefix(fields[1], "3."):
		return "", fmt.Errorf("%s in PATH is %s", tool, line)
	}
	return "OpenSSL " + fields[1], nil
}

var accepts = regexp.MustCompile(`(?m)^ACCEPT (\S+:\d+)\s*$`)

// sServer starts s_server, and returns its address.
func sServer(m *matrix, mode peer.Mode, args ...string) (*peer.Child, string, error) {
	args = append(append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", m.pki.Leaf.CertFile, "-key", m.pki.Leaf.KeyFile}, mode.Flags...), args...)
	child, err := m.start(tool, args...)
	if err != nil {
		return nil, "", err
	}
	addr, err := child.Await(accepts)
	if err != nil {
		child.Stop()
		return nil, "", err
	}
	return child, addr[1], nil
}

func toSServer(m *matrix, mode peer.Mode, args ...string) (t told, err error) {
	child, addr, err := sServer(m, mode, append(args, "-www")...)
	if err != nil {
		return t, err
	}
	defer child.Stop()
	ours, pages, err := m.visits(visit{mode: mode, addr: addr, until: peer.EndOfPage}, 2)
	t = byWords(pages, peer.NewOrReused)
	t.ours = ours
	return t, err
}

// byWords takes New and Reused as outcomes.
func byWords(texts []string, word func(string) string) (t told) {
	var words []string
	for _, text := range texts {
		w := word(text)
		words = append(words, w)
		t.theirs = append(t.theirs, map[string]outcome{"New": full, "Reused": resumed}[w])
	}
	t.words = arrows(words)
	return t
}

// twoDone: what comes after that stays in its buffer.
var twoDone = regexp.MustCompile(`(?s)(.*?)\nDONE\n(.*?)\nDONE\n`)

// earlyToSServer: it has no page with early data, and sends what it reads.
func earlyToSServer(m *matrix) (t told, err error) {
	child, addr, err := sServer(m, zeroRTT, "-early_data")
	if err != nil {
		return t, err
	}
	defer child.Stop()
	v := visit{mode: zeroRTT, addr: addr, until: "page\n", early: true, talk: func() error { _, err := child.Stdin.Write([]byte("page\n")); return err }}
	if t.ours, _, err = m.visits(v, 2); err != nil {
		return t, err
	}
	done, err := child.Await(twoDone)
	if err != nil {
		return t, err
	}
	var words []string
	for _, text := range done[1:] {
		reused := strings.Contains(text, "Reused session-id")
		switch {
		case reused && strings.Contains(text, "Early data received:") && strings.Contains(done[0], earlyText):
			t.theirs, words = append(t.theirs, early), append(words, "Reused session-id, Early data received")
		case reused:
			t.theirs, words = append(t.theirs, resumed), append(words, "Reused session-id")
		default:
			t.theirs, words = append(t.theirs, full), append(words, silence)
		}
	}
	t.words = arrows(words)
	return t, nil
}

// sClient runs s_client with our server, and returns what it said before the page.
func sClient(m *matrix, mode peer.Mode, addr, stdin string, args ...string) (string, error) {
	return m.exec(stdin, tool, append(append([]string{
		"s_client", "-connect", addr, "-ign_eof", "-servername", "localhost", "-CAfile", m.pki.CAFile, "-verify_return_error",
	}, mode.Flags...), args...)...)
}

func fromSClient(m *matrix, mode peer.Mode, sendEarly bool) (told, error) {
	return m.withServer(mode, sendEarly, func(s *ourServer) (told, error) {
		file := filepath.Join(m.dir, "s_client.pem")
		first, err := sClient(m, mode, s.addr, peer.Request, "-sess_out", file)
		if err != nil {
			return told{}, err
		}
		args, stdin := []string{"-sess_in", file}, peer.Request
		if sendEarly {
			data, err := m.file("early.txt", earlyText)
			if err != nil {
				return told{}, err
			}
			args, stdin = append(args, "-early_data", data), ""
		}
		second, err := sClient(m, mode, s.addr, stdin, args...)
		t := byWords([]string{first, second}, peer.NewOrReused)
		if strings.Contains(second, "Early data was accepted") {
			t.theirs[1], t.words = early, t.words+", Early data was accepted"
		}
		return t, err
	})
}

var newOrReused = regexp.MustCompile(`(?m)^(New|Reused), `)

// reconnects: the option makes six connections.
func reconnects(m *matrix, mode peer.Mode) (told, error) {
	return m.withServer(mode, false, func(s *ourServer) (told, error) {
		out, err := sClient(m, mode, s.addr, peer.Request, "-reconnect")
		var words []string
		for _, w := range newOrReused.FindAllStringSubmatch(out, -1) {
			words = append(words, w[1])
		}
		return byWords(words, func(w string) string { return w }), err
	})
}

// fileToSClient writes our client's session for s_client.
func fileToSClient(m *matrix, mode peer.Mode) (told, error) {
	return m.withServer(mode, false, func(s *ourServer) (told, error) {
		first, pem, err := m.ourFile(mode, s.addr)
		if err != nil {
			return told{}, err
		}
		file, err := m.file("ours.pem", pem)
		if err != nil {
			return told{}, err
		}
		out, err := sClient(m, mode, s.addr, peer.Request, "-sess_in", file)
		t := byWords([]string{out}, peer.NewOrReused)
		t.theirs, t.words = append([]outcome{first}, t.theirs...), "(our client) → "+t.words
		return t, err
	})
}

// ourFile is what our client keeps of a connection.
func (m *matrix) ourFile(mode peer.Mode, addr string) (o outcome, pem string, err error) {
	ctx, err := peer.ClientCtx(mode, m.pki.CA)
	if err != nil {
		return "", "", err
	}
	defer ctx.Free()
	o, _, session, err := m.visit(ctx, visit{addr: addr}, nil, false)
	defer session.Free()
	if err != nil {
		return "", "", err
	}
	text, err := session.PEM()
	return o, string(text), err
}

// fileFromSClient reads s_client's session, which has a field that 1.1.1 does not know.
func fileFromSClient(m *matrix, mode peer.Mode) (told, error) {
	file := filepath.Join(m.dir, "its.pem")
	os.Remove(file) // that of another row
	t, err := m.withServer(mode, false, func(s *ourServer) (told, error) {
		out, err := sClient(m, mode, s.addr, peer.Request, "-sess_out", file)
		return byWords([]string{out}, peer.NewOrReused), err
	})
	pem, readErr := os.ReadFile(file)
	if err := errors.Join(err, readErr); err != nil {
		return t, err
	}
	session, err := libssl.ParseSessionPEM(pem)
	session.Free()
	if err == nil || !strings.Contains(err.Error(), "wrong tag") {
		return t, err
	}
	t.ours, t.theirs, t.words = append(t.ours, refused), append(t.theirs, refused), t.words+" → its session file"
	return t, nil
}
