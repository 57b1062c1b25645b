package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl/internal/peer"
)

//go:embed peer.py
var script string

func python() family {
	f := family{
		name: "Python", need: []string{"python3"}, note: "SSLSocket.session_reused of both roles.",
		title: func(m *matrix) (string, error) {
			return m.firstLine("python3", "-c", "import platform, ssl; print('Python', platform.python_version(), 'with', ssl.OPENSSL_VERSION)")
		},
	}
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: client, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return toPython(m, mode) }})
	}
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return fromPython(m, mode) }})
	}
	return f
}

// pyArgs are the script's arguments that both roles need.
func pyArgs(m *matrix, role string, mode peer.Mode) []string {
	return []string{"-u", "-c", script, role, strings.Replace(protocolOf(mode), ".", "_", 1), fmt.Sprint(mode.Options != 0), m.pki.CAFile, m.pki.Leaf.CertFile, m.pki.Leaf.KeyFile}
}

var pyReused = regexp.MustCompile(`session_reused (True|False)`)

func (t *told) readPython(text string) {
	var words []string
	for _, word := range pyReused.FindAllStringSubmatch(text, -1) {
		t.theirs, words = append(t.theirs, map[string]outcome{"True": resumed, "False": full}[word[1]]), append(words, word[1])
	}
	t.words = arrows(words)
}

var (
	pySaid    = regexp.MustCompile(`(?s)session_reused \w+\s.*session_reused \w+\s`)
	pyListens = regexp.MustCompile(`listens (\S+)\s`)
)

func toPython(m *matrix, mode peer.Mode) (t told, err error) {
	child, err := m.start("python3", pyArgs(m, "server", mode)...)
	if err != nil {
		return t, err
	}
	defer child.Stop()
	addr, err := child.Await(pyListens)
	if err != nil {
		return t, err
	}
	t.ours, _, err = m.visits(visit{mode: mode, addr: addr[1]}, 2)
	if err != nil {
		return t, err
	}
	said, err := child.Await(pySaid)
	t.readPython(strings.Join(said, ""))
	return t, err
}

func fromPython(m *matrix, mode peer.Mode) (told, error) {
	return m.withServer(mode, false, func(s *ourServer) (t told, err error) {
		out, err := m.exec("", "python3", append(pyArgs(m, "client", mode), s.addr)...)
		t.readPython(out)
		return t, err
	})
}
