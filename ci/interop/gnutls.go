package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

func gnuTLS() family {
	f := family{
		name: "GnuTLS", required: true, need: []string{"gnutls-cli=gnutls-bin"},
		note: "gnutls-serv and gnutls-cli -r print that a session was resumed; of early data only their debug lines speak.",
		title: func(m *matrix) (string, error) {
			line, err := m.firstLine("gnutls-cli", "--version")
			return "GnuTLS " + strings.TrimPrefix(line, "gnutls-cli "), err
		},
	}
	noTicket := []string{"--noticket"}
	for _, g := range []struct {
		mode    peer.Mode
		way     string
		args    []string
		want    []outcome
		because string
	}{
		{peer.ByID, peer.ByID.Name, noTicket, resumes, ""},
		{peer.ByTicket, peer.ByTicket.Name, nil, resumes, ""},
		{tls13, tls13.Name, nil, resumes, ""},
		{tls13, "TLS 1.3 --noticket", noTicket, never, "it has nothing else in TLS 1.3"},
		{zeroRTT, zeroRTT.Name, []string{"--earlydata", "-d", "5"}, resumesEarly, ""},
	} {
		f.rows = append(f.rows, row{
			role: client, way: g.way, want: g.want, because: g.because,
			run: func(m *matrix) (told, error) { return toGnuTLS(m, g.mode, g.args) },
		})
	}
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return fromGnuTLS(m, mode, false) }})
	}
	f.rows = append(f.rows, row{role: server, way: zeroRTT.Name, want: resumesEarly, run: func(m *matrix) (told, error) { return fromGnuTLS(m, zeroRTT, true) }})
	return f
}

// twoAccepted has a group for all that gnutls-serv prints of each connection.
var twoAccepted = regexp.MustCompile(`(?s)(.*?\* Accepted connection.*?'tls-exporter')(.*?\* Accepted connection.*?'tls-exporter')`)

// toGnuTLS: both programs print by blocks into a pipe, unless stdbuf makes them print lines.
func toGnuTLS(m *matrix, mode peer.Mode, args []string) (t told, err error) {
	port, err := freePort()
	if err != nil {
		return t, err
	}
	child, err := m.serve(port, "stdbuf", append([]string{
		"-oL", "gnutls-serv", "--http", "-p", strconv.Itoa(port), "--x509certfile", m.pki.Leaf.CertFile, "--x509keyfile", m.pki.Leaf.KeyFile,
	}, args...)...)
	if err != nil {
		return t, err
	}
	defer child.Stop()
	if t.ours, _, err = m.visits(visit{mode: mode, addr: address(port), early: mode.Name == zeroRTT.Name, both: true}, 2); err != nil {
		return t, err
	}
	printed, err := child.Await(twoAccepted)
	if err != nil {
		return t, err
	}
	t.readGnuTLS(printed[1:], "early data accepted")
	return t, nil
}

// readGnuTLS takes the texts of connections, one each, and what a debug line says when early data was accepted.
func (t *told) readGnuTLS(texts []string, accepted string) {
	var words []string
	for _, text := range texts {
		o, word := full, silence
		if strings.Contains(text, "*** This is a resumed session") {
			o, word = resumed, "This is a resumed session"
			if strings.Contains(text, accepted) {
				o, word = early, word+", "+accepted
			}
		}
		t.theirs, words = append(t.theirs, o), append(words, word)
	}
	t.words = arrows(words)
}

func fromGnuTLS(m *matrix, mode peer.Mode, sendEarly bool) (told, error) {
	return m.withServer(mode, sendEarly, func(s *ourServer) (t told, err error) {
		args := []string{
			"-oL", "gnutls-cli", "-r", "--x509cafile", m.pki.CAFile, "--sni-hostname", "localhost", "--verify-hostname", "localhost",
			"--priority", "NORMAL:-VERS-ALL:+VERS-" + strings.Replace(protocolOf(mode), "v", "", 1), "-p", strconv.Itoa(s.port()), "127.0.0.1",
		}
		if mode.Version == libssl.VersionTLS13 {
			args = append(args, "--waitresumption")
		}
		if mode.Name == peer.ByID.Name {
			args = append(args, "--noticket")
		}
		stdin := peer.Request
		if sendEarly {
			file, err := m.file("early.txt", earlyText)
			if err != nil {
				return t, err
			}
			args, stdin = append(args, "--earlydata", file, "-d", "4"), ""
		}
		out, err := m.exec(stdin, "stdbuf", args...)
		t.readGnuTLS(strings.SplitN(out, "- Connecting again", 2), "Parsing extension 'Early Data/42'")
		return t, err
	})
}
