package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl/internal/peer"
)

func cryptoTLS() family {
	f := family{
		name: "Go crypto/tls", required: true, note: "In this process: ConnectionState.DidResume of both roles.",
		title: func(*matrix) (string, error) {
			return "Go crypto/tls " + strings.TrimPrefix(runtime.Version(), "go"), nil
		},
	}
	for _, mode := range []peer.Mode{peer.ByID, peer.ByTicket, tls13} {
		r := row{role: client, way: mode.Name, want: resumes}
		if mode.Options != 0 {
			r.want, r.because = never, "it has no cache"
		}
		r.run = func(m *matrix) (told, error) { return toGo(m, mode, false) }
		f.rows = append(f.rows, r)
	}
	f.rows = append(f.rows, row{
		role: client, way: "TLS 1.3 TicketsDisabled", want: never, because: "no ticket, no session",
		run: func(m *matrix) (told, error) { return toGo(m, tls13, true) },
	})
	for _, mode := range allWays {
		r := row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return fromGo(m, mode) }}
		if mode.Name == peer.ByID.Name {
			r.want, r.because = never, "it has tickets only"
		}
		f.rows = append(f.rows, r)
	}
	return f
}

// goConfig fixes the version.
func goConfig(m *matrix, mode peer.Mode) (*tls.Config, error) {
	cert, err := tls.X509KeyPair(m.pki.Leaf.Cert, m.pki.Leaf.Key)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(m.pki.CA) {
		err = errors.Join(err, errors.New("no authority"))
	}
	return &tls.Config{
		MinVersion: uint16(mode.Version), MaxVersion: uint16(mode.Version),
		Certificates: []tls.Certificate{cert}, RootCAs: roots, ServerName: "localhost",
	}, err
}

// add notes what crypto/tls said of a connection.
func (t *told) add(didResume bool) {
	o := full
	if didResume {
		o = resumed
	}
	t.theirs = append(t.theirs, o)
	if t.words != "" {
		t.words += " → "
	}
	t.words += fmt.Sprint("DidResume ", didResume)
}

func toGo(m *matrix, mode peer.Mode, ticketsDisabled bool) (t told, err error) {
	config, err := goConfig(m, mode)
	if err != nil {
		return t, err
	}
	config.SessionTicketsDisabled = ticketsDisabled
	ln, err := peer.Listen(m.ctx)
	if err != nil {
		return t, err
	}
	served := make(chan error, 1)
	go func() {
		for range 2 {
			if err := t.serveGo(ln, config); err != nil {
				ln.Close()
				served <- err
				return
			}
		}
		served <- nil
	}()
	ours, _, err := m.visits(visit{mode: mode, addr: ln.Addr().String()}, 2)
	if err != nil {
		ln.Close()
	}
	err = errors.Join(err, <-served)
	ln.Close()
	t.ours = ours
	return t, err
}

func (t *told) serveGo(ln net.Listener, config *tls.Config) error {
	socket, err := ln.Accept()
	if err != nil {
		return err
	}
	c := tls.Server(socket, config)
	defer c.Close()
	c.SetDeadline(time.Now().Add(peer.StepLimit))
	if _, err := c.Read(make([]byte, len(peer.Request))); err != nil {
		return err
	}
	t.add(c.ConnectionState().DidResume)
	_, err = io.WriteString(c, "page")
	return err
}

func fromGo(m *matrix, mode peer.Mode) (told, error) {
	config, err := goConfig(m, mode)
	if err != nil {
		return told{}, err
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	return m.withServer(mode, false, func(s *ourServer) (t told, err error) {
		for range 2 {
			err = errors.Join(err, t.visitGo(s.addr, config))
		}
		return t, err
	})
}

func (t *told) visitGo(addr string, config *tls.Config) error {
	socket, err := peer.Dial(addr)
	if err != nil {
		return err
	}
	c := tls.Client(socket, config)
	defer c.Close()
	c.SetDeadline(time.Now().Add(peer.StepLimit))
	if _, err := io.WriteString(c, peer.Request); err != nil {
		return err
	}
	page, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(page), peer.EndOfPage) {
		return errors.Join(err, fmt.Errorf("the page is %q", page))
	}
	t.add(c.ConnectionState().DidResume)
	return nil
}
