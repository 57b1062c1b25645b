package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spacemonkeygo/openssl"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// Another package that links libssl, in the same process and on the same threads. It reads the error queue with its own calls, and SSL_get_error
// looks there: an entry that we left would become its error.

// theirs are contexts of spacemonkeygo/openssl.
func theirs(t testing.TB) (client, server *openssl.Ctx) {
	t.Helper()
	if strings.Contains(os.Getenv("GODEBUG"), "checkfinalizers") {
		t.Skip("spacemonkeygo/openssl has finalizers that the runtime's check ends the program for")
	}
	server, err := openssl.NewCtx()
	must(t, err)
	cert, err := openssl.LoadCertificateFromPEM(readFile(t, testdata+"server.pem"))
	must(t, err)
	key, err := openssl.LoadPrivateKeyFromPEM(readFile(t, testdata+"server.key"))
	must(t, err)
	must(t, server.UseCertificate(cert))
	must(t, server.UsePrivateKey(key))
	client, err = openssl.NewCtx()
	must(t, err)
	must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
	client.SetVerifyMode(openssl.VerifyPeer)
	return client, server
}

// theirConnection is a handshake and some bytes each way over TCP. refused is a client that does not trust the server.
func theirConnection(client, server *openssl.Ctx, refused bool) error {
	l, err := openssl.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		return err
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		_, err = io.CopyN(conn, conn, 5)
		served <- err
	}()
	conn, err := openssl.Dial("tcp", l.Addr().String(), client, openssl.InsecureSkipHostVerification)
	if err == nil {
		defer conn.Close()
		b := make([]byte, 5)
		if _, err = conn.Write([]byte("hello")); err == nil {
			_, err = io.ReadFull(conn, b)
		}
		if err == nil && string(b) != "hello" {
			err = fmt.Errorf("read %q", b)
		}
	}
	if serverErr := <-served; err == nil {
		err = serverErr
	}
	if refused {
		if err == nil || !strings.Contains(err.Error(), "certificate verify failed") {
			return fmt.Errorf("a client that trusts nobody: %w", err)
		}
		return nil
	}
	return err
}

// ours are words of what our failing calls push and theirs never do, and the other way round.
var (
	oursInError   = []string{"SSL_SESSION", "no cipher match", "ssl session id", "wrong version number"}
	theirsInError = []string{"X509_load_cert", "BIO_new_file", "No such file", "certificate verify failed", "PEM_read_bio_PrivateKey"}
)

func mentions(err error, words []string) bool {
	return err != nil && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(err.Error(), w) })
}

// ourCalls fail and work in turn. They return what is wrong with the outcome.
func ourCalls(t testing.TB) []func() error {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	der := encode(t, session(t, client, server))
	fails := func(err error, text string) error {
		if err == nil || !strings.Contains(err.Error(), text) || mentions(err, theirsInError) {
			return fmt.Errorf("a failing call of ours says %w, want %s", err, text)
		}
		return nil
	}
	broken := func() error {
		_, err := libssl.ParseSession(der[:len(der)/2])
		return fails(err, "asn1 encoding routines")
	}
	return []func() error{
		broken,
		func() error {
			ctx, err := libssl.NewCtx(libssl.TLSMethod())
			if err != nil {
				return err
			}
			defer ctx.Free()
			return fails(ctx.SetCipherList("nonsense"), "no cipher match")
		},
		func() error {
			sess, err := libssl.NewSession()
			if err != nil {
				return err
			}
			defer sess.Free()
			return fails(sess.SetID(make([]byte, 33)), "ssl session id too long")
		},
		func() error {
			ssl, err := libssl.NewSSL(client)
			if err != nil {
				return err
			}
			defer ssl.Free()
			ssl.SetMemBIO()
			ssl.SetConnectState()
			ssl.BIOWrite([]byte("this is no TLS record"))
			ssl.DoHandshake()
			return fails(ssl.LastErrors(), "wrong version number")
		},
		func() error {
			c, err := libssl.NewSSL(client)
			if err != nil {
				return err
			}
			defer c.Free()
			s, err := libssl.NewSSL(server)
			if err != nil {
				return err
			}
			defer s.Free()
			c.SetMemBIO()
			s.SetMemBIO()
			c.SetConnectState()
			s.SetAcceptState()
			if !shake(c, s) || c.Write([]byte("hello")) != 5 {
				return fmt.Errorf("a connection of ours: %w, %w", c.LastErrors(), s.LastErrors())
			}
			move(c, s)
			b := make([]byte, 5)
			if s.Read(b) != 5 || !bytes.Equal(b, []byte("hello")) {
				return fmt.Errorf("a read of ours: %w", s.LastErrors())
			}
			c.Shutdown()
			s.Shutdown()
			return nil
		},
	}
}

func TestBesideAnotherPackage(t *testing.T) {
	client, server := theirs(t)
	distrustful, err := openssl.NewCtx()
	must(t, err)
	distrustful.SetVerifyMode(openssl.VerifyPeer)
	theirCalls := []func() error{
		func() error { return theirConnection(client, server, false) },
		func() error { return theirConnection(distrustful, server, true) },
		func() error {
			err := client.LoadVerifyLocations("/dev/null/none", "")
			if err == nil || !strings.Contains(err.Error(), "No such file") && !strings.Contains(err.Error(), "system lib") {
				return fmt.Errorf("a failing load of theirs says %w", err)
			}
			return nil
		},
	}
	var wg sync.WaitGroup
	var stop atomic.Bool
	var ourCount, theirCount atomic.Int64
	run := func(calls []func() error, foreign []string, count *atomic.Int64) {
		defer wg.Done()
		for i := 0; !stop.Load(); i++ {
			err := calls[i%len(calls)]()
			if err != nil || mentions(err, foreign) {
				t.Error(err)
				stop.Store(true)
			}
			count.Add(1)
			runtime.Gosched() // to another thread, maybe
		}
	}
	for range 4 {
		wg.Add(2)
		go run(ourCalls(t), theirsInError, &ourCount)
		go run(theirCalls, oursInError, &theirCount)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !stop.Load(); time.Sleep(time.Millisecond) {
		if ourCount.Load() >= 4000 && theirCount.Load() >= 1000 {
			break
		}
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d calls of ours, %d of theirs", ourCount.Load(), theirCount.Load())
	if theirCount.Load() < 100 {
		t.Error("that was no test")
	}
}

// TestBesideOnOneThread: the same call after call, where any entry that was left must show.
func TestBesideOnOneThread(t *testing.T) {
	client, server := theirs(t)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	c, err := openssl.Client(a, client)
	must(t, err)
	s, err := openssl.Server(b, server)
	must(t, err)
	serverDone := make(chan error, 1)
	go func() { serverDone <- s.Handshake() }()
	must(t, c.Handshake())
	must(t, <-serverDone)
	go io.Copy(s, s) // until the connection ends

	calls := ourCalls(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := range 1000 {
		must(t, calls[i%len(calls)]())
		if left := ctest.DrainFull(); len(left) != 0 {
			t.Fatalf("call %d left %v", i%len(calls), left)
		}
		msg := []byte(fmt.Sprint("message ", i))
		_, err := c.Write(msg)
		must(t, err)
		got := make([]byte, len(msg))
		_, err = io.ReadFull(c, got)
		must(t, err)
		if !bytes.Equal(got, msg) {
			t.Fatalf("%q came back as %q", msg, got)
		}
		// What they leave (a key that is none: they do not empty the queue) is not in what we say, and stays.
		if _, err := openssl.LoadPrivateKeyFromPEM([]byte("garbage")); err == nil {
			t.Fatal("their garbage is a key")
		}
		must(t, calls[(i+1)%len(calls)]())
		if left := ctest.DrainFull(); len(left) == 0 {
			t.Fatal("what they left is gone")
		}
	}
	if errors.Is(c.Close(), io.ErrUnexpectedEOF) {
		t.Error("their Close fails")
	}
}
