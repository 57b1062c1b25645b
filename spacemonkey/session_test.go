package openssl_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	original "github.com/spacemonkeygo/openssl"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/spacemonkey"
)

// scenarioVariable names what a child process is to do.
const scenarioVariable = "SPACEMONKEY_SCENARIO"

var scenarios = map[string]func(){"the original resumes": originalResumes, "the original's callback panics": originalPanics, "both": both}

// child returns the command of a process that runs a scenario.
func child(scenario, addr string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(append(os.Environ(), scenarioVariable+"="+scenario, "SPACEMONKEY_ADDRESS="+addr), env...)
	return cmd
}

// originalResumes connects twice with the original, to the address and with the session that it is told.
func originalResumes() {
	ctx, err := original.NewCtx()
	check(err)
	session, err := os.ReadFile(os.Getenv("SPACEMONKEY_SESSION"))
	check(err)
	c, err := original.DialSession("tcp", os.Getenv("SPACEMONKEY_ADDRESS"), ctx, original.InsecureSkipHostVerification, session)
	check(err)
	fmt.Println("resumed:", c.SessionReused())
}

var versions = map[string]openssl.SSLVersion{"TLS 1.2": openssl.TLSv1_2, "TLS 1.3": openssl.AnyVersion}

// TestDialSession resumes a session with our package, and tries it with the original.
func TestDialSession(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			addr := listen(t, serverCtx(t, openssl.AnyVersion), nil)
			ctx := clientCtx(t, version)
			session, err := dial(t, addr, ctx, nil).GetSession()
			must(t, err)
			c := dial(t, addr, ctx, session)
			wantEqual(t, "SessionReused", c.SessionReused(), true)
			wantEqual(t, "VerifyResult", c.VerifyResult(), openssl.Ok)
			state := c.ConnectionState()
			must(t, state.CertificateError)
			wantEqual(t, "state.SessionReused", state.SessionReused, true)

			file := t.TempDir() + "/session"
			must(t, os.WriteFile(file, session, 0o600))
			out, err := child("the original resumes", addr, "SPACEMONKEY_SESSION="+file).CombinedOutput()
			if err == nil || !strings.Contains(string(out), "Go pointer to unpinned Go pointer") {
				t.Errorf("the original does not panic any more (%v):\n%s", err, out)
			}
		})
	}
}

// TestGetSessionAtOnce takes the session right after the handshake of TLS 1.3, with both packages.
func TestGetSessionAtOnce(t *testing.T) {
	addr := listen(t, serverCtx(t, openssl.AnyVersion), nil)
	theirCtx, err := original.NewCtx()
	must(t, err)
	theirs, err := original.Dial("tcp", addr, theirCtx, original.InsecureSkipHostVerification)
	must(t, err)
	defer theirs.Close()
	useless, err := theirs.GetSession()
	must(t, err)
	ctx := clientCtx(t, openssl.AnyVersion)
	wantEqual(t, "the original's session resumes", dial(t, addr, ctx, useless).SessionReused(), false)
	first, err := dial(t, addr, ctx, nil).GetSession()
	must(t, err)
	second := dial(t, addr, ctx, first)
	wantEqual(t, "ours resumes", second.SessionReused(), true)
	next, err := second.GetSession()
	must(t, err)
	if bytes.Equal(first, next) {
		t.Error("a resumed connection has no session of its own")
	}
	wantEqual(t, "the next one resumes", dial(t, addr, ctx, next).SessionReused(), true)
}

// TestGetSessionKeepsData takes the session while data comes, and reads it all afterwards, byte by byte at first.
func TestGetSessionKeepsData(t *testing.T) {
	data := bytes.Repeat([]byte("data "), 10_000)
	addr := listen(t, serverCtx(t, openssl.AnyVersion), func(c net.Conn) {
		c.Write(data)
		drain(c)
	})
	ctx := clientCtx(t, openssl.AnyVersion)
	c := dial(t, addr, ctx, nil)
	session, err := c.GetSession()
	must(t, err)
	var one [1]byte
	_, err = io.ReadFull(c, one[:])
	must(t, err)
	rest := make([]byte, len(data)-1)
	_, err = io.ReadFull(c, rest)
	must(t, err)
	wantEqual(t, "the data", string(one[:])+string(rest) == string(data), true)
	must(t, c.Close())
	after, err := c.GetSession()
	must(t, err)
	wantEqual(t, "resumes", dial(t, addr, ctx, session).SessionReused(), true)
	wantEqual(t, "one that was taken after Close resumes", dial(t, addr, ctx, after).SessionReused(), true)
}

// TestGetSessionWhileReading takes the session while another goroutine waits for data.
func TestGetSessionWhileReading(t *testing.T) {
	addr := listen(t, serverCtx(t, openssl.AnyVersion), echo)
	ctx := clientCtx(t, openssl.AnyVersion)
	c := dial(t, addr, ctx, nil)
	read := make(chan string, 1)
	go func() {
		b := make([]byte, 4)
		io.ReadFull(c, b)
		read <- string(b)
	}()
	session, err := c.GetSession()
	must(t, err)
	_, err = c.Write([]byte("ping"))
	must(t, err)
	wantEqual(t, "what was read", <-read, "ping")
	wantEqual(t, "resumes", dial(t, addr, ctx, session).SessionReused(), true)
}

// serveNoTicket starts a server of crypto/tls that has no tickets, and sends a byte when it is told to go on.
func serveNoTicket(t *testing.T) (addr string, goOn chan bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	cert, err := tls.X509KeyPair(leaf().cert, leaf().key)
	must(t, err)
	goOn = make(chan bool)
	return serve(t, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true}), func(c net.Conn) {
		c.(*tls.Conn).Handshake()
		<-goOn
		c.Write([]byte("x"))
	}), goOn
}

// TestGetSessionDeadline holds GetSession to the deadline of the user, which it leaves as it was.
func TestGetSessionDeadline(t *testing.T) {
	addr, goOn := serveNoTicket(t)
	c := dial(t, addr, clientCtx(t, openssl.AnyVersion), nil)
	must(t, c.SetReadDeadline(time.Unix(1, 0)))
	_, err := c.GetSession()
	must(t, err)
	var b [2]byte
	if _, err := c.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read with a deadline that is over: %v", err)
	}
	must(t, c.SetDeadline(time.Time{}))
	close(goOn)
	n, err := c.Read(b[:])
	must(t, err)
	wantEqual(t, "what was read", string(b[:n]), "x")
	// The server has closed: no ticket can come, and GetSession does not wait for one.
	_, err = c.GetSession()
	must(t, err)
	_, err = c.Read(b[:])
	wantEqual(t, "the end", err, io.EOF)
}

// recorder keeps the deadlines for reading that a transport is given.
type recorder struct {
	net.Conn
	mu        sync.Mutex
	deadlines []time.Time
}

func (r *recorder) SetReadDeadline(t time.Time) error {
	r.mu.Lock()
	r.deadlines = append(r.deadlines, t)
	r.mu.Unlock()
	return r.Conn.SetReadDeadline(t)
}

// TestGetSessionEndsReading has a ticket come without data: GetSession ends its own reading, and the deadline is the user's again.
func TestGetSessionEndsReading(t *testing.T) {
	inner, err := net.Dial("tcp", listen(t, serverCtx(t, openssl.AnyVersion), nil))
	must(t, err)
	r := &recorder{Conn: inner}
	c, err := openssl.Client(r, clientCtx(t, openssl.AnyVersion))
	must(t, err)
	defer c.Close()
	users := time.Now().Add(time.Hour)
	must(t, c.SetReadDeadline(users))
	must(t, c.Handshake())
	_, err = c.GetSession()
	must(t, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	wantEqual(t, "deadlines", r.deadlines, []time.Time{users, time.Unix(1, 0), users})
}

// TestGetSessionAfterRead has another goroutine's Read end without a ticket: GetSession reads on, to the end.
func TestGetSessionAfterRead(t *testing.T) {
	addr, goOn := serveNoTicket(t)
	c := dial(t, addr, clientCtx(t, openssl.AnyVersion), nil)
	read, got := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := io.ReadFull(c, make([]byte, 1))
		read <- err
	}()
	for !c.Reading() {
		runtime.Gosched()
	}
	go func() {
		_, err := c.GetSession()
		got <- err
	}()
	for !c.Awaiting() {
		runtime.Gosched()
	}
	close(goOn)
	must(t, <-read)
	must(t, <-got)
	if _, err := c.Write([]byte("x")); err == nil || err.Error() != "connection closed" {
		t.Errorf("GetSession did not read to the end: Write: %v", err)
	}
}

// TestServerSession asks a server for its session. No better one can come, also if the client cannot resume this one: nothing is read.
func TestServerSession(t *testing.T) {
	near, far := tcpPipe(t)
	ctx := serverCtx(t, openssl.AnyVersion)
	ctx.SetOptions(openssl.NoTicket)
	ctx.SetSessionCacheMode(openssl.SessionCacheOff)
	r := &recorder{Conn: far}
	s, err := openssl.Server(r, ctx)
	must(t, err)
	defer s.Close()
	c, err := openssl.Client(near, clientCtx(t, openssl.AnyVersion))
	must(t, err)
	defer c.Close()
	done := make(chan error, 1)
	go func() { done <- c.Handshake() }()
	must(t, s.Handshake())
	must(t, <-done)
	der, err := s.GetSession()
	must(t, err)
	parsed, err := libssl.ParseSession(der)
	must(t, err)
	wantEqual(t, "ProtocolVersion", parsed.ProtocolVersion(), libssl.VersionTLS13)
	parsed.Free()
	wantEqual(t, "deadlines", len(r.deadlines), 0)
}

// TestSessionRefused gives DialSession bytes that are none.
func TestSessionRefused(t *testing.T) {
	addr := listen(t, serverCtx(t, openssl.AnyVersion), nil)
	ctx := clientCtx(t, openssl.AnyVersion)
	for _, der := range [][]byte{{}, {0}, []byte("no session")} {
		if _, err := openssl.DialSession("tcp", addr, ctx, 0, der); err == nil || !strings.HasPrefix(err.Error(), "unable to load session: ") {
			t.Errorf("DialSession with % x: %v", der, err)
		}
	}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	c, err := openssl.Client(near, ctx)
	must(t, err)
	if _, err := c.GetSession(); err == nil {
		t.Error("GetSession before the handshake succeeds")
	}
}
