package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
	"github.com/seed-c1436005/libssl/internal/table"
)

// eachMode makes a step of each mode.
func eachMode(run func(*demo, peer.Mode) ([]string, error)) (steps []step) {
	for _, m := range peer.AllModes {
		steps = append(steps, step{m.Name, func(d *demo) ([]string, error) { return run(d, m) }})
	}
	return steps
}

func clientPart() part {
	return part{
		title: "1. Our client, OpenSSL's s_server: a full handshake, then another with SetSession",
		notes: []string{
			"references: to the session, before SetSession, after it, after reading from the server, and after SSL_free.",
			"In TLS 1.3 the SSL gives its reference back when the next ticket makes a new session.",
			"good/hits/misses: our Ctx's SSL_CTX_sess_connect_good, _hits and _misses after both connections.",
		},
		columns: []table.Column{table.Col("protocol", 20), table.Col("SetSession", 12), table.Col("reused", 8), table.Col("session id", 12), table.Col("references", 12), table.Col("good/hits/misses", 18), table.Col("s_server says", 0)},
		steps:   eachMode(clientStep),
		resumes: true,
	}
}

func clientStep(d *demo, m peer.Mode) ([]string, error) {
	ctx, addr, stop, err := d.clientAndServer(m, d.pki.CA, d.pki.Leaf)
	if err != nil {
		return nil, err
	}
	defer stop()
	session, v, err := d.resume(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer session.Free()
	said := peer.NewOrReused(v.page)
	counters := []int{ctx.SessConnectGood(), ctx.SessHits(), ctx.SessMisses()}
	cells := []string{fmt.Sprint(v.set), yes(v.reused), shortID(session.ID()), arrows(v.refs), slashes(counters...), said + ", " + stats(v.page)}
	return cells, errors.Join(
		check(v.reused, "our client says that the session was not reused"),
		check(said == "Reused", "s_server says %s, not Reused", said),
		check(session.HasTicket() == m.Ticket, "the session has a ticket: %s", yes(session.HasTicket())),
		check(slashes(counters...) == "2 / 1 / 0", "the counters should be 2 / 1 / 0"),
		v.checkRefs())
}

// clientAndServer makes a client's Ctx that trusts ca, and starts an s_server with the certificate p.
func (d *demo) clientAndServer(m peer.Mode, ca []byte, p peer.Pair) (ctx *libssl.Ctx, addr string, stop func(), err error) {
	if ctx, err = peer.ClientCtx(m, ca); err != nil {
		return nil, "", nil, err
	}
	server, err := d.startServer(m, p)
	if err != nil {
		ctx.Free()
		return nil, "", nil, err
	}
	return ctx, server.addr, func() { server.stop(); ctx.Free() }, nil
}

func serverPart() part {
	return part{
		title: "2. Our server, OpenSSL's s_client: -sess_out, then -sess_in",
		notes: []string{
			"Each pair: the first run, the second. With tickets our cache stays empty: the client keeps the session.",
			"good/hits/misses: our Ctx's SSL_CTX_sess_accept_good, _hits and _misses after both connections.",
		},
		columns: []table.Column{table.Col("protocol", 20), table.Col("s_client says", 15), table.Col("reused", 9), table.Col("session id", 12), table.Col("in our cache", 14), table.Col("good/hits/misses", 0)},
		steps:   eachMode(serverStep),
		resumes: true,
	}
}

func serverStep(d *demo, m peer.Mode) ([]string, error) {
	ours, err := d.newServer(m, d.pki.Leaf)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	file := d.sessionFile("s_client", m)
	var said, reused []string
	var id string
	for _, flag := range []string{"-sess_out", "-sess_in"} {
		next := ours.next()
		text, _, err := d.sClient(m, ours.addr(), flag, file)
		got := <-next
		id = shortID(got.session.ID())
		got.session.Free()
		if err := errors.Join(err, got.err); err != nil {
			return nil, fmt.Errorf("s_client %s: %w", flag, err)
		}
		said, reused = append(said, peer.NewOrReused(text)), append(reused, yes(got.reused))
	}
	c := ours.ctx
	counters := slashes(c.SessAcceptGood(), c.SessHits(), c.SessMisses())
	cells := []string{strings.Join(said, ", "), strings.Join(reused, ", "), id, fmt.Sprint(c.SessNumber()), counters}
	return cells, errors.Join(
		check(cells[0] == "New, Reused", "s_client should say New, Reused"),
		check(cells[1] == "no, yes", "our server should have reused the session of the second run alone"),
		check(counters == "2 / 1 / 0", "the counters should be 2 / 1 / 0"))
}

func filePart() part {
	p := part{
		title:   "3. A session as a PEM file, from our client to s_client and back; the server is s_server",
		columns: []table.Column{table.Col("protocol", 20), table.Col("written by", 13), table.Col("resumed by", 13), table.Col("bytes", 8), table.Col("session id", 12), table.Col("resumer says", 15), table.Col("s_server says", 0)},
		resumes: true,
	}
	for _, m := range peer.AllModes {
		for _, writer := range writers {
			p.steps = append(p.steps, step{m.Name, func(d *demo) ([]string, error) { return fileStep(d, m, writer) }})
		}
	}
	return p
}

// writer is who makes a session file; the other one resumes it.
type writer struct {
	by, resumer string
	write       func(d *demo, m peer.Mode, ctx *libssl.Ctx, addr, file string) error
	resume      func(d *demo, m peer.Mode, ctx *libssl.Ctx, addr, file string) (said, page string, err error)
}

var writers = []writer{
	{"us", "s_client", ourWrite, toolResume},
	{"s_client", "us", toolWrite, ourResume},
}

func fileStep(d *demo, m peer.Mode, w writer) ([]string, error) {
	ctx, addr, stop, err := d.clientAndServer(m, d.pki.CA, d.pki.Leaf)
	if err != nil {
		return nil, err
	}
	defer stop()
	file := d.sessionFile(w.by, m)
	if err := w.write(d, m, ctx, addr, file); err != nil {
		return nil, fmt.Errorf("writing the session: %w", err)
	}
	size, id, err := inspect(file)
	if err != nil {
		return nil, err
	}
	said, page, err := w.resume(d, m, ctx, addr, file)
	if err != nil {
		return nil, fmt.Errorf("resuming the session: %w", err)
	}
	served := peer.NewOrReused(page)
	return []string{w.by, w.resumer, fmt.Sprint(size), id, said, served + ", " + stats(page)}, errors.Join(
		check(said == "Reused", "the resumer says %s, not Reused", said),
		check(served == "Reused", "s_server says %s, not Reused", served))
}

func ourWrite(d *demo, _ peer.Mode, ctx *libssl.Ctx, addr, file string) error {
	v, err := d.visit(ctx, addr, nil)
	if err != nil {
		return err
	}
	defer v.session.Free()
	return saveSession(file, v.session)
}

func ourResume(d *demo, _ peer.Mode, ctx *libssl.Ctx, addr, file string) (said, page string, err error) {
	session, err := loadSession(file)
	if err != nil {
		return "", "", err
	}
	defer session.Free()
	v, err := d.visit(ctx, addr, session)
	if err != nil {
		return "", "", err
	}
	said = "New"
	if v.reused {
		said = "Reused"
	}
	return said, v.page, v.checkRefs()
}

func toolWrite(d *demo, m peer.Mode, _ *libssl.Ctx, addr, file string) error {
	_, _, err := d.sClient(m, addr, "-sess_out", file)
	return err
}

func toolResume(d *demo, m peer.Mode, _ *libssl.Ctx, addr, file string) (said, page string, err error) {
	said, page, err = d.sClient(m, addr, "-sess_in", file)
	return peer.NewOrReused(said), page, err
}

// sessionFile is where the session of a mode goes.
func (d *demo) sessionFile(by string, m peer.Mode) string {
	return filepath.Join(d.dir, strings.ReplaceAll(by+" "+m.Name, " ", "_")+".pem")
}

// inspect reads a session file.
func inspect(file string) (size int64, id string, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, "", err
	}
	session, err := loadSession(file)
	if err != nil {
		return 0, "", err
	}
	defer session.Free()
	return info.Size(), shortID(session.ID()), nil
}
