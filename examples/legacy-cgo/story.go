package main

// #include <openssl/ssl.h>
// #include "program.h"
import "C"

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// pair makes a client and a server of C's, which end frees.
func pair(ctx ctxPointer) (client, server *C.SSL, end func()) {
	client, server = C.program_ssl(ctx, 0), C.program_ssl(ctx, 1)
	C.program_join(client, server)
	return client, server, func() {
		C.SSL_shutdown(client) // or SSL_free flags the session
		C.SSL_shutdown(server)
		C.SSL_free(client)
		C.SSL_free(server)
	}
}

// resume keeps in Go the session of one connection of C's, and sets it on the next, which C then makes.
func resume(out io.Writer, ctx ctxPointer) error {
	client, server, end := pair(ctx)
	if C.program_connect(client, server) != 1 {
		return errors.New("the handshake failed")
	}
	session := libssl.AdoptSession(unsafe.Pointer(C.SSL_get1_session(client))) // C's function took a reference for its caller
	defer session.Free()
	end()

	client, server, end = pair(ctx)
	defer end()
	ssl := libssl.BorrowSSL(unsafe.Pointer(client))
	defer ssl.Free()
	if e := ssl.ExplainSession(session); !e.Offered {
		return errors.New(e.String())
	}
	if ssl.SetSession(session) != 1 {
		return ssl.LastErrors()
	}
	if C.program_connect(client, server) != 1 || C.SSL_session_reused(client) != 1 {
		return errors.New("a connection of C's did not resume the session that Go has set")
	}
	fmt.Fprintln(out, "a connection of C's resumed the session that Go kept")
	return nil
}

// callback has Go called for what C does with its own SSL_CTX.
func callback(out io.Writer, ctx ctxPointer) error {
	var sessions []*libssl.Session
	c := libssl.BorrowCtx(unsafe.Pointer(ctx))
	defer c.Free()
	c.SessSetNewCB(func(_ *libssl.SSL, s *libssl.Session) { sessions = append(sessions, s.UpRef()) })
	defer c.SessSetNewCB(nil)
	client, server, end := pair(ctx)
	defer end()
	if C.program_connect(client, server) != 1 {
		return errors.New("the handshake failed")
	}
	for _, s := range sessions {
		defer s.Free()
	}
	own := libssl.BorrowSession(unsafe.Pointer(C.SSL_get_session(client))) // C's function took none
	defer own.Free()
	if len(sessions) == 0 || !sessions[0].Same(own) {
		return fmt.Errorf("the callback heard of %d sessions, and not of the one of C's connection", len(sessions))
	}
	fmt.Fprintln(out, "a callback in Go heard of the session of C's connection")
	return nil
}

// queue has C read the error queue after a call of package libssl.
func queue(out io.Writer, _ ctxPointer) error {
	var inC, inGo, outside C.ulong
	var entriesC, entriesGo, entriesOutside C.int
	libssl.KeepQueue(func() { // the calls of C stay on the thread of ours
		C.program_decode_badly()
		inC = C.program_first_error(&entriesC)
		if _, err := libssl.ParseSession([]byte{4, 1}); err == nil {
			return
		}
		inGo = C.program_first_error(&entriesGo)
	})
	_, err := libssl.ParseSession([]byte{4, 1})
	libssl.KeepQueue(func() { outside = C.program_first_error(&entriesOutside) })
	var stack libssl.ErrorStack
	switch {
	case inC == 0 || inGo != inC || entriesGo != entriesC:
		return fmt.Errorf("the call of C leaves %d entries, and ours in KeepQueue %d", entriesC, entriesGo)
	case outside != 0 || !errors.As(err, &stack) || len(stack.Entries) != int(entriesC):
		return fmt.Errorf("outside of KeepQueue %d entries are left; the error is %v", entriesOutside, err)
	}
	fmt.Fprintln(out, "in KeepQueue C finds the entries in its queue, outside Go has them as the error")
	return nil
}
