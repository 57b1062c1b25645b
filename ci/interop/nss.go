package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

// fourVisits are what strsclnt does.
var fourVisits = []outcome{full, resumed, resumed, resumed}

func nss() family {
	f := family{
		name: "NSS", need: []string{"selfserv=libnss3-tools", "strsclnt=libnss3-tools", "certutil=libnss3-tools"},
		note: "Both programs count cache hits, over all their connections.",
		title: func(m *matrix) (string, error) {
			version, err := m.output("dpkg-query", "-W", "-f", "${source:Upstream-Version}", "libnss3-tools")
			if err != nil {
				version = "of unknown version"
			}
			return "NSS " + version, nil
		},
	}
	for _, mode := range []peer.Mode{peer.ByID, peer.ByTicket, tls13} {
		f.rows = append(f.rows, row{role: client, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return toNSS(m, mode) }})
	}
	f.rows = append(f.rows,
		row{
			role: client, way: "TLS 1.3 0-RTT, refused", want: resumes, because: "in its first 10 s it takes none",
			run: func(m *matrix) (told, error) { return toNSS(m, zeroRTT, "-Z") },
		},
		row{
			role: client, way: "TLS 1.2 -N", want: never, because: "it was told to keep nothing",
			run: func(m *matrix) (told, error) { return toNSS(m, peer.ByID, "-N") },
		})
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: server, way: mode.Name, want: fourVisits, run: func(m *matrix) (told, error) { return fromNSS(m, mode) }})
	}
	f.rows = append(f.rows, row{
		role: server, way: "TLS 1.2 -N", want: []outcome{full, full, full, full}, because: "it was told not to",
		run: func(m *matrix) (told, error) { return fromNSS(m, peer.ByTicket, "-N") },
	})
	return f
}

// nssVersions are the flags that fix the protocol, and allow tickets.
func nssVersions(mode peer.Mode) []string {
	version := "tls1.2:tls1.2"
	if mode.Version == libssl.VersionTLS13 {
		version = "tls1.3:tls1.3"
	}
	flags := []string{"-V", version}
	if mode.Name != peer.ByID.Name {
		flags = append(flags, "-u")
	}
	return flags
}

// nssDB makes a database with our authority, and a certificate of its own, whose PEM it returns.
func nssDB(m *matrix) (db, cert string, err error) {
	dir, err := os.MkdirTemp(m.dir, "nss-")
	if err != nil {
		return "", "", err
	}
	db = "sql:" + dir
	noise, err := m.file("noise", fmt.Sprintf("%064d", 0)) // beside what certutil takes from the system
	for _, args := range [][]string{
		{"-N", "--empty-password"},
		{"-A", "-n", "authority", "-t", "C,,", "-i", m.pki.CAFile},
		{"-S", "-x", "-n", "server", "-s", "CN=localhost", "-8", "localhost", "-t", "u,,", "-z", noise, "-k", "ec", "-q", "nistp256", "-m", "1"},
		{"-L", "-n", "server", "-a"},
	} {
		if err == nil {
			cert, err = m.output("certutil", append(args, "-d", db)...)
		}
	}
	return db, cert, err
}

var (
	nssHits   = regexp.MustCompile(`(\d+) cache hits; \d+ cache misses, \d+ cache not reusable\s+(\d+) stateless resumes`)
	twoCounts = regexp.MustCompile(`(?s)(stateless resumes.*){2}`)
)

func nssWords(count []string) string {
	return fmt.Sprintf("cache hits: %s, stateless: %s", count[1], count[2])
}

func toNSS(m *matrix, mode peer.Mode, args ...string) (t told, err error) {
	db, cert, err := nssDB(m)
	if err != nil {
		return t, err
	}
	port, err := freePort()
	if err != nil {
		return t, err
	}
	args = append(append(args, nssVersions(mode)...), "-n", "server", "-e", "server", "-p", strconv.Itoa(port), "-v", "-d", db)
	child, err := m.serve(port, "selfserv", args...)
	if err != nil {
		return t, err
	}
	defer child.Stop()
	t.ours, _, err = m.visits(visit{mode: mode, ca: []byte(cert), addr: address(port), early: mode.Name == zeroRTT.Name}, 2)
	if err != nil {
		return t, err
	}
	if _, err := child.Await(twoCounts); err != nil {
		return t, err
	}
	before := "0"
	for _, count := range nssHits.FindAllStringSubmatch(child.Output(), -1) {
		o := full
		if count[1] != before {
			o, before = resumed, count[1]
		}
		t.theirs, t.words = append(t.theirs, o), nssWords(count)
	}
	return t, nil
}

func fromNSS(m *matrix, mode peer.Mode, args ...string) (told, error) {
	db, _, err := nssDB(m)
	if err != nil {
		return told{}, err
	}
	args = append(args, nssVersions(mode)...)
	return m.withServer(mode, false, func(s *ourServer) (t told, err error) {
		n := len(fourVisits)
		out, err := m.exec("", "strsclnt", append(args, "-4", "-q", "-t", "1", "-c", strconv.Itoa(n), "-p", strconv.Itoa(s.port()), "-d", db, "localhost")...)
		counts := nssHits.FindAllStringSubmatch(out, -1)
		if err != nil || len(counts) == 0 {
			return t, errors.Join(err, fmt.Errorf("strsclnt printed %d counts", len(counts)))
		}
		count := counts[len(counts)-1]
		hits, err := strconv.Atoi(count[1])
		for i := range n {
			o := full
			if i >= n-hits {
				o = resumed
			}
			t.theirs = append(t.theirs, o)
		}
		t.words = nssWords(count)
		return t, err
	})
}
