package main

import (
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl"
)

func failurePart() part {
	p := part{
		title: "4. What goes wrong, and what a user is told",
		notes: []string{"An expired session is no error to libssl: it does a full handshake, and only SessionReused tells."},
		columns: []column{{"", 31}, {"", 0}},
		steps: []step{
			{"peer hangs up on our client", fails("SSL_connect: SSL_ERROR_SYSCALL", hangUpOnClient)},
			{"peer hangs up on our server", fails("SSL_accept: SSL_ERROR_SYSCALL", hangUpOnServer)},
			{"certificate of an unknown CA", fails("verify result 20", func(d *demo) error { return distrust(d, d.pki.stranger, d.pki.leaf) })},
			{"certificate out of date", fails("verify result 10", func(d *demo) error { return distrust(d, d.pki.ca, d.pki.expired) })},
		},
	}
	for _, e := range expiries {
		p.steps = append(p.steps, step{"expired, " + e.mode.name, func(d *demo) ([]string, error) { return e.run(d) }})
	}
	for _, g := range garbage {
		p.steps = append(p.steps, step{"session file: " + g.name, fails(g.want, func(d *demo) error { return loadGarbage(d, g.text(d)) })})
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
		return []string{err.Error()}, check(strings.Contains(err.Error(), want), "the text does not say %q", want)
	}
}

// hangUpOnClient has a peer that reads the ClientHello and closes.
func hangUpOnClient(d *demo) error {
	ln, err := listen()
	if err != nil {
		return err
	}
	defer ln.Close()
	done := make(chan error, 1)
	go func() { done <- readRecord(ln.Accept) }()
	ctx, err := clientCtx(byTLS13, d.pki.ca)
	if err != nil {
		return err
	}
	defer ctx.Free()
	v, err := d.visit(ctx, ln.Addr().String(), nil)
	if v != nil {
		v.session.Free()
	}
	ln.Close()
	if peerErr := <-done; peerErr != nil {
		return fmt.Errorf("the peer got no ClientHello: %w", peerErr)
	}
	return err
}
