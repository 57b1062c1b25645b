package main

import (
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
	"github.com/seed-c1436005/libssl/internal/table"
)

func failurePart() part {
	p := part{
		title: "4. What goes wrong",
		notes: []string{
			"An expired session is no error to libssl: it does a full handshake, and only SessionReused tells.",
			"file: what lies where a session file should be.",
		},
		columns: []table.Column{table.Col("failure", 21), table.Col("what a user is told", 0)},
		steps: []step{
			{"client: peer closes", fails("SSL_connect: the peer closed the transport", hangUpOnClient)},
			{"server: peer closes", fails("SSL_accept: the peer closed the transport", hangUpOnServer)},
			{"unknown CA", fails("verify result 20", func(d *demo) error { return distrust(d, d.pki.Stranger, d.pki.Leaf) })},
			{"certificate expired", fails("verify result 10", func(d *demo) error { return distrust(d, d.pki.CA, d.pki.Expired) })},
		},
	}
	for _, e := range expiries {
		p.steps = append(p.steps, step{"expired " + e.name, func(d *demo) ([]string, error) { return e.run(d) }})
	}
	for _, g := range garbage {
		p.steps = append(p.steps, step{"file: " + g.name, fails(g.want, func(d *demo) error { return loadGarbage(d, g.text(d)) })})
	}
	return p
}

// fails makes a step of what has to fail with a text.
func fails(want string, f func(*demo) error) func(*demo) ([]string, error) {
	return func(d *demo) ([]string, error) {
		err := f(d)
		if err == nil {
			return nil, errors.New("it did not fail")
		}
		return []string{listed(err)}, check(strings.Contains(err.Error(), want), "the text does not say %q", want)
	}
}

// listed puts each entry of an error stack on a line of its own.
func listed(err error) string {
	return strings.NewReplacer(": error:", ":\nerror:", "; error:", ";\nerror:").Replace(err.Error())
}

// hangUpOnClient has a peer that reads the ClientHello and closes.
func hangUpOnClient(d *demo) error {
	ln, err := peer.Listen(d.ctx)
	if err != nil {
		return err
	}
	defer ln.Close()
	done := make(chan error, 1)
	go func() { done <- readRecord(ln) }()
	ctx, err := peer.ClientCtx(peer.ByTLS13, d.pki.CA)
	if err != nil {
		return err
	}
	defer ctx.Free()
	err = d.tryVisit(ctx, ln.Addr().String())
	if peerErr := <-done; peerErr != nil {
		return fmt.Errorf("the peer got no ClientHello: %w", peerErr)
	}
	return err
}

// readRecord accepts, reads one TLS record and closes. With all read the kernel sends FIN, not RST.
func readRecord(ln *net.TCPListener) error {
	c, err := peer.Accept(ln)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(peer.StepLimit))
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[3:])))
	return err
}

// hangUpOnServer has a peer that sends the head of a ClientHello and closes.
func hangUpOnServer(d *demo) error {
	ours, err := d.newServer(peer.ByTLS13, d.pki.Leaf)
	if err != nil {
		return err
	}
	defer ours.stop()
	next := ours.next()
	c, err := peer.Dial(ours.addr())
	if err == nil {
		_, err = c.Write([]byte{22, 3, 1, 2, 0, 1, 0}) // handshake, TLS 1.0, 512 bytes, ClientHello
		c.Close()
	}
	got := <-next
	got.session.Free()
	if err != nil {
		return err
	}
	return got.err
}

// distrust has our client meet a certificate that it must not accept.
func distrust(d *demo, ca []byte, p peer.Pair) error {
	ctx, addr, stop, err := d.clientAndServer(peer.ByTLS13, ca, p)
	if err != nil {
		return err
	}
	defer stop()
	return d.tryVisit(ctx, addr)
}

// tryVisit is a visit of which only the error counts.
func (d *demo) tryVisit(ctx *libssl.Ctx, addr string) error {
	v, err := d.visit(ctx, addr, nil)
	if err == nil {
		v.session.Free()
	}
	return err
}

// expiry makes a session too old. Who looks at the age differs.
type expiry struct {
	name     string
	mode     peer.Mode
	before   func(server *libssl.Ctx)
	after    func(client, server *libssl.Session)
	timeouts int    // that the server's SSL_CTX counts
	told     string // who looked
}

const tooOld = 3 * time.Hour // libssl's default timeout is two hours

func ago() time.Time { return time.Now().Add(-tooOld) }

var expiries = []expiry{
	{
		name: "session id", mode: peer.ByID, timeouts: 1, told: "the server found it in its cache, too old, and counted a timeout",
		after: func(_, server *libssl.Session) { server.SetTime(ago()) },
	},
	{
		// The age stands inside the ticket, which nobody can change, so it is old from the beginning.
		name: "1.2 ticket", mode: peer.ByTicket, timeouts: 1, told: "the server found the ticket too old and counted a timeout",
		before: func(server *libssl.Ctx) { server.SetTimeout(-time.Second) },
	},
	{
		name: "1.3 ticket", mode: peer.ByTLS13, timeouts: 0, told: "older than the ticket's lifetime, our client did not offer it",
		after: func(client, _ *libssl.Session) { client.SetTime(ago()) },
	},
}

func (e expiry) run(d *demo) ([]string, error) {
	ours, err := d.newServer(e.mode, d.pki.Leaf)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	if e.before != nil {
		e.before(ours.ctx)
	}
	ctx, err := peer.ClientCtx(e.mode, d.pki.CA)
	if err != nil {
		return nil, err
	}
	defer ctx.Free()
	next := ours.next()
	first, err := d.visit(ctx, ours.addr(), nil)
	got := <-next
	defer got.session.Free()
	if err := errors.Join(err, got.err); err != nil {
		return nil, err
	}
	defer first.session.Free()
	if e.after != nil {
		e.after(first.session, got.session)
	}
	return e.again(d, ours, ctx, first.session)
}

// again connects with the expired session.
func (e expiry) again(d *demo, ours *server, ctx *libssl.Ctx, session *libssl.Session) ([]string, error) {
	next := ours.next()
	v, err := d.visit(ctx, ours.addr(), session)
	got := <-next
	got.session.Free()
	if err := errors.Join(err, got.err); err != nil {
		return nil, err
	}
	timeouts := ours.ctx.SessTimeouts()
	text := fmt.Sprintf("no error: SetSession returned %d, reused: %s;\n%s", v.set, yes(v.reused), e.told)
	return []string{text}, errors.Join(
		check(!v.reused && !got.reused, "an expired session was resumed"),
		check(timeouts == e.timeouts, "the server should count %d timeouts", e.timeouts))
}

// garbage is what may lie where a session file should be.
var garbage = []struct {
	name string
	text func(*demo) []byte
	want string
}{
	{"no PEM", func(*demo) []byte { return []byte("\x00\xffgarbage\n") }, "no start line"},
	{"empty", func(*demo) []byte { return nil }, "no start line"},
	{"a certificate", func(d *demo) []byte { return d.pki.Leaf.Cert }, "Expecting: SSL SESSION PARAMETERS"},
	{"cut off", func(*demo) []byte { return sessionPEM()[:60] }, "PEM routines"},
	{"wrong content", func(*demo) []byte { return sessionPEM() }, "asn1 encoding routines"},
}

// sessionPEM has the label of a session and no session in it.
func sessionPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "SSL SESSION PARAMETERS", Bytes: []byte(strings.Repeat("garbage ", 12))})
}

func loadGarbage(d *demo, text []byte) error {
	file := filepath.Join(d.dir, "session.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	session, err := loadSession(file)
	session.Free()
	return err
}
