package openssl_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	original "github.com/spacemonkeygo/openssl"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/spacemonkey"
)

// TestVerifyCallback sets callbacks on the Ctx and on the connection, before and after that is made.
func TestVerifyCallback(t *testing.T) {
	addr := listen(t, serverCtx(t, openssl.AnyVersion), nil)
	connect := func(before, after func(*openssl.Ctx, *openssl.Conn)) (*openssl.Conn, error) {
		ctx, err := openssl.NewCtx() // trusts nobody
		must(t, err)
		before(ctx, nil)
		inner, err := net.Dial("tcp", addr)
		must(t, err)
		c, err := openssl.Client(inner, ctx)
		must(t, err)
		t.Cleanup(func() { c.Close() })
		after(ctx, c)
		return c, c.Handshake()
	}
	nothing := func(*openssl.Ctx, *openssl.Conn) {}
	calls := func(n *int, answer bool) openssl.VerifyCallback {
		return func(ok bool, store *openssl.CertificateStoreCtx) bool { *n++; return answer }
	}

	_, err := connect(func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerifyMode(openssl.VerifyPeer) }, nothing)
	if err == nil || !strings.Contains(err.Error(), "SSL routines:tls_process_server_certificate:certificate verify failed") {
		t.Errorf("a certificate of nobody: %v", err)
	}
	var stack libssl.ErrorStack
	if !errors.As(err, &stack) || len(stack.Entries) == 0 {
		t.Errorf("the error has no stack: %v", err)
	}

	var seen []openssl.VerifyResult
	var oks []bool
	var texts, serials []string
	c, err := connect(func(ctx *openssl.Ctx, _ *openssl.Conn) {
		ctx.SetVerify(openssl.VerifyPeer, func(ok bool, store *openssl.CertificateStoreCtx) bool {
			oks = append(oks, ok)
			seen = append(seen, store.VerifyResult())
			wantEqual(t, "Depth", store.Depth(), 0)
			if err := store.Err(); err != nil {
				texts = append(texts, err.Error())
			}
			serials = append(serials, store.GetCurrentCert().GetSerialNumberHex())
			return true
		})
	}, nothing)
	must(t, err)
	wantEqual(t, "results", seen, []openssl.VerifyResult{openssl.UnableToGetIssuerCertLocally, openssl.UnableToVerifyLeafSignature, openssl.UnableToVerifyLeafSignature})
	wantEqual(t, "ok", oks, []bool{false, false, true}) // the last is the chain as a whole, whose result is what the callback did not forget
	wantEqual(t, "the first error", texts[0], "openssl: unable to get local issuer certificate")
	wantEqual(t, "the serial number", serials[0], fmt.Sprintf("%X", leaf().parsed.SerialNumber.Bytes()))
	wantEqual(t, "VerifyResult", c.VerifyResult(), openssl.UnableToVerifyLeafSignature)

	var ofCtx, replaced, ofConn int
	_, err = connect(func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerify(openssl.VerifyPeer, calls(&ofCtx, true)) },
		func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerifyCallback(calls(&replaced, true)) })
	must(t, err)
	_, err = connect(func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerify(openssl.VerifyPeer, calls(&ofCtx, true)) },
		func(_ *openssl.Ctx, c *openssl.Conn) {
			c.SetVerifyCallback(calls(&ofConn, false))
			wantEqual(t, "the connection's mode", c.VerifyMode(), openssl.VerifyPeer)
			wantEqual(t, "it has a callback", c.GetVerifyCallback() != nil, true)
		})
	if err == nil {
		t.Error("the connection's callback does not decide")
	}
	wantEqual(t, "calls of the one that was replaced, the one in its place, and the connection's", []bool{ofCtx > 0, replaced > 0, ofConn > 0}, []bool{false, true, true})

	_, err = connect(func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerify(openssl.VerifyPeer, calls(&ofCtx, true)) },
		func(_ *openssl.Ctx, c *openssl.Conn) { c.SetVerify(openssl.VerifyPeer, nil) })
	must(t, err)
	wantEqual(t, "the Ctx's callback is asked where the connection never had one", ofCtx > 0, true)
	_, err = connect(func(ctx *openssl.Ctx, _ *openssl.Conn) { ctx.SetVerify(openssl.VerifyPeer, calls(new(int), true)) },
		func(_ *openssl.Ctx, c *openssl.Conn) {
			c.SetVerify(openssl.VerifyPeer, calls(new(int), true))
			c.SetVerifyCallback(nil)
		})
	if err == nil {
		t.Error("somebody else is asked when the connection's callback was removed")
	}
	_, err = connect(func(ctx *openssl.Ctx, _ *openssl.Conn) {
		ctx.SetVerify(openssl.VerifyPeer, calls(new(int), true))
		ctx.SetVerifyCallback(nil)
		wantEqual(t, "the Ctx has no callback", ctx.GetVerifyCallback() == nil, true)
	}, nothing)
	if err == nil {
		t.Error("a callback that was removed is asked")
	}
}

// TestServernameCallback gives the client the certificate of the name that it asks for.
func TestServernameCallback(t *testing.T) {
	ctx := serverCtx(t, openssl.AnyVersion)
	second, err := openssl.NewCtx()
	must(t, err)
	must(t, second.UseCertificate(other().certificate(t)))
	must(t, second.UsePrivateKey(other().privateKey(t)))
	ctxs := map[string]*openssl.Ctx{"other.example": second, "localhost": ctx} // the callback leads back to its Ctx
	var asked []string
	var mu sync.Mutex
	ctx.SetTLSExtServernameCallback(func(ssl *openssl.SSL) openssl.SSLTLSExtErr {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, ssl.GetServername())
		if use := ctxs[ssl.GetServername()]; use != nil {
			ssl.SetSSLCtx(use)
			return openssl.SSLTLSExtErrOK
		}
		return openssl.SSLTLSEXTErrAlertFatal
	})
	kept := make(chan *openssl.Conn, 4)
	addr := listen(t, ctx, func(c net.Conn) { kept <- c.(*openssl.Conn); drain(c) })
	client := clientCtx(t, openssl.AnyVersion)
	connect := func(name string) error {
		inner, err := net.Dial("tcp", addr)
		must(t, err)
		c, err := openssl.Client(inner, client)
		must(t, err)
		defer c.Close()
		must(t, c.SetTlsExtHostName(name))
		if err := c.Handshake(); err != nil {
			return err
		}
		return c.VerifyHostname(name)
	}
	must(t, connect("localhost"))
	must(t, connect("other.example"))
	if err := connect("nobody.example"); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("a name of nobody: %v", err)
	}
	wantEqual(t, "asked", asked, []string{"localhost", "other.example", "nobody.example"})
	wantEqual(t, "GetCtx of the first", (<-kept).GetCtx() == ctx, true)
	wantEqual(t, "GetCtx of the second, which stays", (<-kept).GetCtx() == ctx, true)
	ctx.SetTLSExtServernameCallback(nil)
	must(t, connect("localhost"))
	wantEqual(t, "asked after it was removed", len(asked), 3)
}

// TestChosenCtxIsKept chooses a Ctx that nobody else holds, before the client is verified.
func TestChosenCtxIsKept(t *testing.T) {
	server := serverCtx(t, openssl.AnyVersion)
	server.SetVerify(openssl.VerifyPeer, func(bool, *openssl.CertificateStoreCtx) bool { return false })
	var asked atomic.Int32
	server.SetTLSExtServernameCallback(func(ssl *openssl.SSL) openssl.SSLTLSExtErr {
		chosen := serverCtx(t, openssl.AnyVersion)
		chosen.SetVerifyCallback(func(bool, *openssl.CertificateStoreCtx) bool { asked.Add(1); return true })
		ssl.SetSSLCtx(chosen)
		chosen = nil
		runtime.GC()
		return openssl.SSLTLSExtErrOK
	})
	client := clientCtx(t, openssl.TLSv1_2)
	must(t, client.UseCertificate(other().certificate(t)))
	must(t, client.UsePrivateKey(other().privateKey(t)))
	dial(t, listen(t, server, nil), client, nil)
	wantEqual(t, "the chosen one's callback was asked", asked.Load() > 0, true)
}

// TestCallbackPanic panics in each callback. The goroutine that made the handshake gets the panic; the connection can be closed, and the process goes on.
func TestCallbackPanic(t *testing.T) {
	boom := func() { panic("boom") }
	for name, break_ := range map[string]func(server, client *openssl.Ctx){
		"verify_callback": func(_, client *openssl.Ctx) {
			client.SetVerify(openssl.VerifyPeer, func(bool, *openssl.CertificateStoreCtx) bool { boom(); return true })
		},
		"tlsext_servername_callback": func(server, _ *openssl.Ctx) {
			server.SetTLSExtServernameCallback(func(*openssl.SSL) openssl.SSLTLSExtErr { boom(); return openssl.SSLTLSExtErrOK })
		},
		"tlsext_ticket_key_cb": func(server, _ *openssl.Ctx) {
			server.SetTicketStore(ticketStore(t, "AES-128-CBC", &manager{asked: boom}))
		},
	} {
		server, client := serverCtx(t, openssl.AnyVersion), clientCtx(t, openssl.AnyVersion)
		break_(server, client)
		near, far := tcpPipe(t)
		c, err := openssl.Client(near, client)
		must(t, err)
		s, err := openssl.Server(far, server)
		must(t, err)
		panics := make(chan any, 2)
		for _, conn := range []*openssl.Conn{c, s} {
			go func() {
				defer func() {
					v := recover()
					if v != nil {
						if err := conn.Handshake(); err == nil {
							t.Errorf("%s: the handshake goes on", name)
						}
					}
					conn.Close()
					panics <- v
				}()
				if conn.Handshake() == nil {
					drain(conn)
				}
			}()
		}
		first, second := <-panics, <-panics
		if first == nil {
			first, second = second, first
		}
		p, ok := first.(*libssl.CallbackPanic)
		if !ok || second != nil {
			t.Fatalf("%s: panics %v, %v", name, first, second)
		}
		wantEqual(t, "Callback", p.Callback, name)
		wantEqual(t, "Value", p.Value, any("boom"))
	}
}

// TestOriginalPanic has a callback panic in the original, which ends the process and lets nobody recover.
func TestOriginalPanic(t *testing.T) {
	err := child("the original's callback panics", listen(t, serverCtx(t, openssl.AnyVersion), nil)).Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the original does not exit any more: %v", err)
	}
}

// originalPanics would exit with 0, if it could.
func originalPanics() {
	defer func() { recover() }()
	ctx, err := original.NewCtx()
	check(err)
	ctx.SetVerify(original.VerifyPeer, func(bool, *original.CertificateStoreCtx) bool { panic("boom") })
	original.Dial("tcp", os.Getenv("SPACEMONKEY_ADDRESS"), ctx, 0)
}

func tcpPipe(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	near, err = net.Dial("tcp", l.Addr().String())
	must(t, err)
	far, err = l.Accept()
	must(t, err)
	return near, far
}

// manager is a TicketKeyManager with a key, or none.
type manager struct {
	asked  func()
	oneCtx bool // which asks in turn
	busy   atomic.Bool

	mu      sync.Mutex
	keys    map[openssl.TicketName]*openssl.TicketKey
	current *openssl.TicketKey // that Current returns, and New
	expired bool
	renew   bool
	log     []string
}

// answer does f, unless two questions are asked at once.
func answer[T any](m *manager, what string, f func() T) T {
	if m.asked != nil {
		m.asked()
	}
	if m.busy.Swap(true) && m.oneCtx {
		panic("the manager is asked two questions at once")
	}
	defer m.busy.Store(false)
	runtime.Gosched() // whoever may ask does
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, what)
	return f()
}

func (m *manager) New() *openssl.TicketKey {
	return answer(m, "New", func() *openssl.TicketKey { return m.current })
}

func (m *manager) Current() *openssl.TicketKey {
	return answer(m, "Current", func() *openssl.TicketKey { return m.current })
}

func (m *manager) Lookup(name openssl.TicketName) *openssl.TicketKey {
	return answer(m, "Lookup", func() *openssl.TicketKey { return m.keys[name] })
}

func (m *manager) Expired(openssl.TicketName) bool {
	return answer(m, "Expired", func() bool { return m.expired })
}

func (m *manager) ShouldRenew(openssl.TicketName) bool {
	return answer(m, "ShouldRenew", func() bool { return m.renew })
}

// set changes the manager.
func (m *manager) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// questions returns what was asked.
func (m *manager) questions() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func ticketStore(t testing.TB, cipher string, keys openssl.TicketKeyManager) *openssl.TicketStore {
	t.Helper()
	c, err := openssl.GetCipherByName(cipher)
	must(t, err)
	d, err := openssl.GetDigestByName("SHA256")
	must(t, err)
	return &openssl.TicketStore{CipherCtx: openssl.TicketCipherCtx{Cipher: c}, DigestCtx: openssl.TicketDigestCtx{Digest: d}, Keys: keys}
}

// newManager has a key, which is long enough for any cipher.
func newManager() *manager {
	k := &openssl.TicketKey{CipherKey: make([]byte, 32), HMACKey: make([]byte, 100), IV: make([]byte, 16)}
	for _, b := range [][]byte{k.Name[:], k.CipherKey, k.HMACKey} {
		rand.Read(b)
	}
	return &manager{current: k, keys: map[openssl.TicketName]*openssl.TicketKey{k.Name: k}}
}

// TestTicketStore resumes with tickets of a manager, also on another server with the same keys.
func TestTicketStore(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			for _, cipher := range []string{"AES-128-CBC", "AES-256-CBC", "DES-EDE3-CBC"} {
				m := newManager()
				server := func() string {
					ctx := serverCtx(t, openssl.AnyVersion)
					ctx.SetTicketStore(ticketStore(t, cipher, m))
					return listen(t, ctx, nil)
				}
				ctx := clientCtx(t, version)
				resumes := func(session []byte) (*openssl.Conn, bool) {
					c := dial(t, server(), ctx, session)
					return c, c.SessionReused()
				}
				first, _ := resumes(nil)
				session, err := first.GetSession()
				must(t, err)
				c, ok := resumes(session)
				wantEqual(t, cipher+": resumed elsewhere", ok, true)
				next, err := c.GetSession()
				must(t, err)
				wantEqual(t, cipher+": there is a new ticket", string(next) != string(session), version == openssl.AnyVersion)
				m.set(func() { m.renew = true })
				c, ok = resumes(session)
				wantEqual(t, cipher+": resumed, to be renewed", ok, true)
				renewed, err := c.GetSession()
				must(t, err)
				wantEqual(t, cipher+": the renewed ticket is another", string(renewed) != string(session), true)
				m.set(func() { m.renew, m.expired = false, true })
				_, ok = resumes(session)
				wantEqual(t, cipher+": resumed with a key that has expired", ok, false)
				m.set(func() { m.expired, m.keys = false, nil })
				_, ok = resumes(session)
				wantEqual(t, cipher+": resumed with a key that is forgotten", ok, false)
			}
		})
	}
}

// TestTicketStoreIsAskedInTurn makes connections at the same time.
func TestTicketStoreIsAskedInTurn(t *testing.T) {
	server := serverCtx(t, openssl.AnyVersion)
	m := newManager()
	m.oneCtx = true
	server.SetTicketStore(ticketStore(t, "AES-256-CBC", m))
	addr, ctx := listen(t, server, nil), clientCtx(t, openssl.AnyVersion)
	var clients sync.WaitGroup
	for range 16 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for range 4 {
				c, err := openssl.Dial("tcp", addr, ctx, 0)
				if err != nil {
					t.Error(err)
					return
				}
				c.Close()
			}
		}()
	}
	clients.Wait()
}

// TestTicketStoreWithoutKey has no key: connections work, and cannot be resumed.
func TestTicketStoreWithoutKey(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			m := &manager{}
			server := serverCtx(t, openssl.AnyVersion)
			server.SetTicketStore(ticketStore(t, "AES-128-CBC", m))
			addr := listen(t, server, echo)
			ctx := clientCtx(t, version)
			c := dial(t, addr, ctx, nil)
			_, err := c.Write([]byte("x"))
			must(t, err)
			_, err = io.ReadFull(c, make([]byte, 1))
			must(t, err)
			session, err := c.GetSession()
			must(t, err)
			server.SetSessionCacheMode(openssl.SessionCacheOff)
			wantEqual(t, "resumes", dial(t, addr, ctx, session).SessionReused(), false)
			wantEqual(t, "the first questions", m.questions()[:2], []string{"Current", "New"})
		})
	}
}

// TestTicketStoreOfChosenCtx resumes though the SNI callback chooses a Ctx with another store: the first one's counts.
func TestTicketStoreOfChosenCtx(t *testing.T) {
	first, chosen := newManager(), newManager()
	server, second := serverCtx(t, openssl.AnyVersion), serverCtx(t, openssl.AnyVersion)
	server.SetTicketStore(ticketStore(t, "AES-256-CBC", first))
	second.SetTicketStore(ticketStore(t, "AES-256-CBC", chosen))
	server.SetTLSExtServernameCallback(func(ssl *openssl.SSL) openssl.SSLTLSExtErr {
		ssl.SetSSLCtx(second)
		return openssl.SSLTLSExtErrOK
	})
	addr, ctx := listen(t, server, nil), clientCtx(t, openssl.AnyVersion)
	session, err := dial(t, addr, ctx, nil).GetSession()
	must(t, err)
	wantEqual(t, "resumes", dial(t, addr, ctx, session).SessionReused(), true)
	wantEqual(t, "asked", []bool{len(first.questions()) > 0, len(chosen.questions()) > 0}, []bool{true, false})
}

// TestCollected forgets connections and contexts that callbacks lead back to.
func TestCollected(t *testing.T) {
	ctx, conn := forget(t)
	for deadline := time.Now().Add(10 * time.Second); ctx.Value() != nil || conn.Value() != nil; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("they are alive")
		}
	}
}

func forget(t *testing.T) (weak.Pointer[openssl.Ctx], weak.Pointer[openssl.Conn]) {
	ctx := serverCtx(t, openssl.AnyVersion)
	near, far := net.Pipe()
	far.Close()
	c, err := openssl.Client(near, ctx)
	must(t, err)
	ctx.SetVerifyCallback(func(bool, *openssl.CertificateStoreCtx) bool { return ctx.VerifyMode() == 0 })
	ctx.SetTLSExtServernameCallback(func(ssl *openssl.SSL) openssl.SSLTLSExtErr { ssl.SetSSLCtx(ctx); return 0 })
	c.SetVerifyCallback(func(bool, *openssl.CertificateStoreCtx) bool { return c.VerifyMode() == 0 })
	if c.Handshake() == nil {
		t.Error("a handshake with nobody")
	}
	return weak.Make(ctx), weak.Make(c)
}
