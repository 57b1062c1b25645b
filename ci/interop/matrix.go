package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
	"github.com/seed-c1436005/libssl/internal/table"
)

// family is one peer: programs that are installed and versioned together.
type family struct {
	name     string
	required bool
	need     []string                      // for ci/need.sh
	title    func(*matrix) (string, error) // with the version that is at hand
	note     string
	rows     []row
	missing  string // why it is not run
}

// row is one way to resume with a peer.
type row struct {
	role    string // what we are
	way     string
	want    []outcome // of each connection
	because string    // why it does not resume
	run     func(*matrix) (told, error)
}

// What we are.
const (
	client = "client"
	server = "server"
)

// outcome is what became of one connection.
type outcome string

const (
	full    outcome = "full"
	resumed outcome = "resumed"
	early   outcome = "0-RTT"   // resumed, and the early data was taken
	refused outcome = "refused" // a session file that could not be read
)

// What the connections of most rows should be.
var (
	resumes      = []outcome{full, resumed}
	resumesEarly = []outcome{full, early}
	never        = []outcome{full, full}
)

// told is what both sides said of the connections.
type told struct {
	ours   []outcome
	theirs []outcome
	words  string // the peer's own
}

// Ways to resume beside those of the demo; its TLS 1.3 is by ticket.
var (
	stateful = peer.Mode{Name: "TLS 1.3 stateful ticket", Version: libssl.VersionTLS13, Options: libssl.OpNoTicket, Ticket: true, Flags: []string{"-tls1_3", "-no_ticket"}}
	tls13    = peer.Mode{Name: "TLS 1.3 ticket", Version: libssl.VersionTLS13, Ticket: true, Flags: []string{"-tls1_3"}}
	zeroRTT  = peer.Mode{Name: "TLS 1.3 0-RTT", Version: libssl.VersionTLS13, Ticket: true, Flags: []string{"-tls1_3"}}
)

// allWays are those that most servers and clients of ours are asked for.
var allWays = []peer.Mode{peer.ByID, peer.ByTicket, tls13, stateful}

// matrix is what the rows work with, and what came of them.
type matrix struct {
	ctx     context.Context
	out     *table.Table
	dir     string
	pki     *peer.PKI
	pem     string // a file with certificate and key
	verbose bool
	spoil   bool
	logs    []log // of the row that is running

	rows, failed         int
	ran, notRun, lacking []string
}

func (m *matrix) runFamily(f family) {
	title, err := "", error(nil)
	if f.missing == "" {
		if err = m.need(f.need); err == nil {
			title, err = f.title(m)
		}
		if err != nil {
			f.missing = err.Error()
		}
	}
	if f.missing != "" {
		m.out.Skip(f.name, "not run: "+f.missing)
		m.notRun = append(m.notRun, f.name)
		if f.required {
			m.lacking = append(m.lacking, f.name)
		}
		return
	}
	m.ran = append(m.ran, f.name)
	m.out.Begin(title, []string{f.note}, []table.Column{
		table.Col("we are", 8), table.Col("how", 25), table.Col("connections", 19), table.Col("SessionReused", 15), table.Col("what the peer says", 0),
	})
	for _, r := range f.rows {
		cells, err := m.runRow(r)
		if m.ctx.Err() != nil {
			return
		}
		m.rows++
		if err != nil {
			m.failed++
		}
		m.out.Row(r.role, cells, err)
	}
}

// runRow returns the cells after the first.
func (m *matrix) runRow(r row) ([]string, error) {
	m.logs = nil
	said, err := r.run(m)
	err = errors.Join(err, judge(r.want, said))
	if err != nil || m.verbose {
		for _, l := range m.logs {
			m.out.Quote(l.name, l.text(m.verbose))
		}
	}
	words := said.words
	if r.because != "" {
		words += "\nexpected: " + r.because
	}
	return []string{r.way, arrows(said.ours), arrows(reused(said.ours)), words}, err
}

// judge compares what both sides said with what should be.
func judge(want []outcome, said told) error {
	var errs []error
	if !slices.Equal(said.ours, want) {
		errs = append(errs, fmt.Errorf("we say %s, it should be %s", arrows(said.ours), arrows(want)))
	}
	if !slices.Equal(said.theirs, want) {
		errs = append(errs, fmt.Errorf("the peer says %s, it should be %s", arrows(said.theirs), arrows(want)))
	}
	return errors.Join(errs...)
}

// silence is the word of a peer that speaks of resumption only.
const silence = "–"

// reused is what SessionReused returned.
func reused(outcomes []outcome) (words []string) {
	for _, o := range outcomes {
		word := "yes"
		switch o {
		case full:
			word = "no"
		case refused:
			word = silence
		}
		words = append(words, word)
	}
	return words
}

// arrows writes a → b, with repetitions counted.
func arrows[T ~string](list []T) string {
	var parts []string
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n] == list[i] {
			n++
		}
		part := string(list[i])
		if n > 2 {
			part += fmt.Sprint(" ×", n)
		} else if n == 2 {
			part += " → " + part
		}
		parts = append(parts, part)
		i += n
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " → ")
}
