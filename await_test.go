package libssl_test

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// ticketless returns a pair after a TLS 1.3 handshake whose tickets the client has not read.
func ticketless(t *testing.T) (c, s *libssl.SSL) {
	t.Helper()
	c, s = pair(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	if !shake(c, s) {
		t.Fatal(c.LastErrors(), s.LastErrors())
	}
	return c, s
}

func TestAwaitSession(t *testing.T) {
	c, _ := ticketless(t)
	if sess := c.Session(); sess.IsResumable() {
		t.Fatal("there is a ticket before it was read")
	} else {
		sess.Free()
	}
	type result struct {
		sess *libssl.Session
		err  error
	}
	results := make(chan result)
	for range 2 {
		go func() {
			sess, err := c.AwaitSession(context.Background())
			results <- result{sess, err}
		}()
	}
	for libssl.Awaiting() != 2 {
		time.Sleep(time.Millisecond)
	}
	c.Read(make([]byte, 1))
	for range 2 {
		r := <-results
		must(t, r.err)
		if !r.sess.IsResumable() || !r.sess.HasTicket() {
			t.Error("the session cannot be resumed")
		}
		r.sess.Free()
	}
	sess, err := c.AwaitSession(context.Background()) // it is there
	must(t, err)
	sess.Free()
	if n := libssl.Awaiting(); n != 0 {
		t.Errorf("%d goroutines are still registered", n)
	}
}

// The program's own callback goes on, and its removal does not end the waiting.
func TestAwaitSessionBesideCallback(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	fired := 0
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { fired++ })
	c, s := pair(t, client, server)
	if !shake(c, s) {
		t.Fatal(c.LastErrors())
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.AwaitSession(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
	if n := libssl.Awaiting(); n != 0 {
		t.Errorf("%d goroutines are still registered", n)
	}
	c.Read(make([]byte, 1))
	if fired != 2 {
		t.Errorf("the callback fired %d times", fired)
	}
	client.SessSetNewCB(nil)
	c, s = pair(t, client, server)
	if !shake(c, s) {
		t.Fatal(c.LastErrors())
	}
	done := make(chan error)
	go func() {
		sess, err := c.AwaitSession(context.Background())
		sess.Free()
		done <- err
	}()
	for libssl.Awaiting() != 1 {
		time.Sleep(time.Millisecond)
	}
	c.Read(make([]byte, 1))
	must(t, <-done)
}

// Neither a call that keeps the SSL nor a session that does not come makes it wait longer than it shall.
func TestAwaitSessionEnds(t *testing.T) {
	c, _ := ticketless(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	held, let := make(chan bool), make(chan bool)
	go func() {
		c.With(func(unsafe.Pointer) {
			held <- true
			<-let
		})
		close(held)
	}()
	<-held
	if _, err := c.AwaitSession(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("of an SSL in use: %v", err)
	}
	close(let)
	<-held
	done := make(chan error)
	go func() {
		_, err := c.AwaitSession(context.Background())
		done <- err
	}()
	for libssl.Awaiting() != 1 {
		time.Sleep(time.Millisecond)
	}
	c.Free()
	if err := <-done; !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("of an SSL that was freed meanwhile: %v", err)
	}
}

func TestAwaitSessionRefuses(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	fresh := newSSL(t, client)
	if _, err := fresh.AwaitSession(ctx); err == nil {
		t.Error("before the handshake: no error")
	}
	c, s := connected(t, client, server)
	sess, err := c.AwaitSession(ctx)
	must(t, err)
	sess.Free()
	if _, err := s.AwaitSession(ctx); err == nil {
		t.Error("a server: no error")
	}
	client.SetSessionCacheMode(libssl.SessCacheOff)
	if _, err := c.AwaitSession(ctx); err == nil {
		t.Error("with the cache mode off: no error")
	}
	c.Free()
	if _, err := c.AwaitSession(ctx); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("of a freed SSL: %v", err)
	}
	theirs := ctest.NewCtx(libssl.VersionTLS13, testdata+"server.pem", testdata+"server.key")
	adopted := libssl.AdoptCtx(theirs)
	defer adopted.Free()
	ctest.SetCallbacks(theirs)
	cp, sp := ctest.NewPair(theirs)
	if !ctest.Connect(cp, sp) {
		t.Fatal("C does not connect")
	}
	theirClient, theirServer := libssl.AdoptSSL(cp), libssl.AdoptSSL(sp)
	defer theirClient.Free()
	defer theirServer.Free()
	if _, err := theirClient.AwaitSession(ctx); err == nil {
		t.Error("beside a callback of C's own: no error")
	}
	if !ctest.HasCallback(theirs, ctest.New) || ctest.CallbacksRun(ctest.New) == 0 {
		t.Error("C's callback was replaced")
	}
	theirClient.Shutdown()
	theirServer.Shutdown()
}
