package libssl_test

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// starving calls f with the nth allocation of libcrypto failing, or all from there on, and reports whether f made so many. It needs a process that
// survives started.
func starving(t *testing.T, fail func(n int), n int, f func()) bool {
	t.Helper()
	if !ctest.CanFailAllocations() {
		t.Fatal("libcrypto does not take the allocator")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctest.Drain() // so that the thread has a queue
	fail(n)
	f()
	made := ctest.Allocations()
	if left := ctest.Drain(); len(left) != 0 {
		t.Errorf("allocation %d: left in the queue: %v", n, left)
	}
	return made >= n
}

// short is a call that needs memory. prepare makes what it needs and returns the call, which says why it failed. fn is the name of C's function.
type short struct {
	fn      string
	prepare func() (call func() error)
}

// tolerant are calls that can do without some of what they ask for: libcrypto tries something else, or this package does.
var tolerant = []string{"AddCAPEM", "NewCtx", "NewSession", "NewSSL", "ParseSession", "ParseSessionPEM", "Print", "Session.Dup", "SetChainCertStorePEM", "SetCipher", "SSL.Dup", "UseCertificatePEM", "UsePrivateKeyPEM", "UseSigner"}

func shorts(t *testing.T) map[string]short {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	cert, key, ca := readFile(t, testdata+"server.pem"), readFile(t, testdata+"server.key"), readFile(t, testdata+"ca.pem")
	must(t, server.AddClientCAPEM(ca))
	signing, signer := ctxOf(t, libssl.TLSServerMethod()), ecKey(t, elliptic.P256())
	must(t, signing.UseSigner(signer)) // the first makes what all share
	c, s := connected(t, client, server)
	sess := session(t, client, server)
	der := encode(t, sess)
	text, err := sess.PEM()
	must(t, err)
	made := func(h interface{ Free() }, err error) error {
		if err == nil {
			h.Free()
		}
		return err
	}
	always := func(call func() error) func() func() error { return func() func() error { return call } }
	onSSL := func(call func(ssl *libssl.SSL) bool) func() func() error {
		return func() func() error {
			ssl := newSSLWithBIO(t, client)
			return func() error {
				if call(ssl) {
					return nil
				}
				return ssl.LastErrors()
			}
		}
	}
	got := func(ssl *libssl.SSL, get func() int) func() func() error {
		return always(func() error {
			if get() > 0 {
				return nil
			}
			return ssl.LastErrors()
		})
	}
	newIndex := func(make func() (libssl.ExIndex, error)) (last libssl.ExIndex) { // for which an object of before has no room
		for range 9 {
			var err error
			last, err = make()
			must(t, err)
		}
		return last
	}
	return map[string]short{
		"NewCtx":            {"SSL_CTX_new", always(func() error { return made(libssl.NewCtx(libssl.TLSMethod())) })},
		"SetSSLVersion":     {"SSL_CTX_set_ssl_version", always(func() error { return client.SetSSLVersion(libssl.TLSClientMethod()) })},
		"UseCertificatePEM": {"SSL_CTX_use_certificate", always(func() error { return server.UseCertificatePEM(cert) })},
		"UsePrivateKeyPEM":  {"SSL_CTX_use_PrivateKey", always(func() error { return server.UsePrivateKeyPEM(key) })},
		"AddCAPEM":          {"X509_STORE_add_cert", func() func() error { ctx := clientCtx(t, 0); return func() error { return ctx.AddCAPEM(ca) } }},
		"NewSSL":            {"SSL_new", always(func() error { return made(libssl.NewSSL(client)) })},
		"SSL.Dup":           {"SSL_dup", func() func() error { ssl := newSSL(t, client); return func() error { return made(ssl.Dup()) } }},
		"SetMemBIO":         {"SSL_set_bio", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetMemBIO() == 1 })},
		"NewEngine": {"SSL_set_bio", func() func() error {
			ssl := newSSL(t, client)
			return func() error { _, err := libssl.NewEngine(ssl); return err }
		}},
		"SetSSLCtx":            {"SSL_set_SSL_CTX", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetSSLCtx(server) == 1 })},
		"SetFD":                {"SSL_set_fd", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetFD(0) == 1 })},
		"SetDatagramFD":        {"BIO_new_dgram", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetDatagramFD(0) == 1 })},
		"SetTLSExtHostName":    {"SSL_set_tlsext_host_name", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetTLSExtHostName("x") == 1 })},
		"CertificateDER":       {"SSL_get_certificate", got(s, func() int { return len(s.CertificateDER()) })},
		"PeerCertChainDER":     {"SSL_get_peer_cert_chain", got(c, func() int { return len(c.PeerCertChainDER()) })},
		"ClientCAList":         {"SSL_get_client_CA_list", got(s, func() int { return len(s.ClientCAList()) })},
		"Ciphers":              {"SSL_get_ciphers", got(c, func() int { return len(c.Ciphers()) })},
		"ClientRandom":         {"SSL_get_client_random", got(c, func() int { return len(c.ClientRandom()) })},
		"SetChainCertStorePEM": {"SSL_CTX_set1_chain_cert_store", always(func() error { return server.SetChainCertStorePEM(ca) })},
		"SetTmpDHPEM":          {"SSL_CTX_set_tmp_dh", always(func() error { return server.SetTmpDHPEM([]byte(ffdhe2048)) })},
		"SetALPNProtos":        {"SSL_CTX_set_alpn_protos", always(func() error { return client.SetALPNProtos([]byte("\x02h2")) })},
		"ConfCmd": {"SSL_CONF_cmd", always(func() error {
			_, err := client.ConfCmd(libssl.ConfFlagFile|libssl.ConfFlagClient, "Options", "Bugs")
			return err
		})},
		"SetTLSExtStatusOCSPResp": {"SSL_set_tlsext_status_ocsp_resp", onSSL(func(ssl *libssl.SSL) bool { return ssl.SetTLSExtStatusOCSPResp(der) == 1 })},
		"SSLGetExNewIndex":        {"SSL_get_ex_new_index", always(func() error { _, err := libssl.SSLGetExNewIndex(); return err })},
		"SSL.SetExData": {"SSL_set_ex_data", func() func() error {
			ssl := newSSL(t, client)
			index := newIndex(libssl.SSLGetExNewIndex)
			return func() error { return ssl.Err(ssl.SetExData(index, "x")) }
		}},
		"Ctx.SetExData": {"SSL_CTX_set_ex_data", func() func() error {
			ctx := clientCtx(t, 0)
			index := newIndex(libssl.CtxGetExNewIndex)
			return func() error { return ctx.SetExData(index, "x") }
		}},
		"Session.SetExData": {"SSL_SESSION_set_ex_data", func() func() error {
			sess := newSession(t)
			index := newIndex(libssl.SessionGetExNewIndex)
			return func() error { return sess.SetExData(index, "x") }
		}},
		"UseSigner":        {"SSL_CTX_use_PrivateKey", always(func() error { return signing.UseSigner(signer) })},
		"ParseSession":     {"d2i_SSL_SESSION", always(func() error { return made(libssl.ParseSession(der)) })},
		"PEM":              {"PEM_write_bio_SSL_SESSION", always(func() error { _, err := sess.PEM(); return err })},
		"ParseSessionPEM":  {"PEM_read_bio_SSL_SESSION", always(func() error { return made(libssl.ParseSessionPEM(text)) })},
		"NewSession":       {"SSL_SESSION_new", always(func() error { return made(libssl.NewSession()) })},
		"Session.Dup":      {"SSL_SESSION_dup", always(func() error { return made(sess.Dup()) })},
		"SetTicketAppData": {"SSL_SESSION_set1_ticket_appdata", always(func() error { return sess.SetTicketAppData([]byte("x")) })},
		"SetCipher":        {"SSL_SESSION_set_cipher", always(func() error { return sess.SetCipher(0x1301) })},
		"Print":            {"SSL_SESSION_print", always(func() error { return sess.Print(io.Discard) })},
		"PrintKeylog":      {"SSL_SESSION_print_keylog", always(func() error { return sess.PrintKeylog(io.Discard) })},
	}
}

// Each allocation of each call fails once: the call says so, crashes nothing, and works the next time.
func TestOutOfMemory(t *testing.T) {
	survives(t, func(t *testing.T) {
		for name, s := range shorts(t) {
			for _, fail := range []func(int){ctest.FailAllocation, ctest.FailAllocations} {
				for n, more := 1, true; more; n++ {
					call := s.prepare()
					var err error
					more = starving(t, fail, n, func() { err = call() })
					if n == 1 || err != nil || !slices.Contains(tolerant, name) {
						wantShort(t, fmt.Sprintf("%s, allocation %d", name, n), s.fn, err, more)
					}
				}
			}
		}
	})
}

// wantShort checks what a call without memory says. None goes on with what it did not get.
func wantShort(t *testing.T, what, fn string, err error, short bool) {
	t.Helper()
	var stack libssl.ErrorStack
	switch {
	case (err != nil) != short:
		t.Errorf("%s fails: %v; it says: %v", what, short, err)
	case err != nil && (!errors.As(err, &stack) || stack.Func != fn):
		t.Errorf("%s: %v is not of %s", what, err, fn)
	}
	for _, e := range stack.Entries {
		if slices.Contains([]string{"passed a null parameter", "unsupported method"}, e.Reason) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// An SSL that was made but has no room for what this package keeps with it does not stay.
func TestOutOfMemoryInNewSSL(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctx := clientCtx(t, 0)
		for n, more := 1, true; more; n++ {
			var ssl *libssl.SSL
			more = starving(t, ctest.FailAllocations, n, func() { ssl, _ = libssl.NewSSL(ctx) })
			if more && ssl != nil {
				t.Errorf("allocation %d fails, and there is an SSL", n)
			}
			ssl.Free()
			wantRefs(t, ctx, 1)
		}
	})
}

// A thread's queue is made when it is first used. Without memory there is none: a call that fails gives no reason, and a callback runs.
func TestNoMemoryForTheQueue(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctx, sess := clientCtx(t, 0), withID(t, 1)
		calls := 0
		ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { calls++ })
		var stack libssl.ErrorStack
		for _, call := range []func(){
			func() { errors.As(ctx.SetCipherList("nonsense"), &stack) },
			func() { ctx.RemoveSession(sess) },
		} {
			for _, with := range []func(func()){libssl.KeepQueue, func(f func()) { f() }} {
				onThread(t, func() {
					with(func() { starving(t, ctest.FailAllocations, 1, func() { ctest.ForgetQueue(); call() }) })
				})
			}
		}
		if calls != 2 || stack.Func != "SSL_CTX_set_cipher_list" || len(stack.Entries) != 0 {
			t.Errorf("%d callbacks, %v", calls, stack)
		}
	})
}

// What these say, nobody hears; it may not stay in the queue.
func TestOutOfMemoryInSilence(t *testing.T) {
	survives(t, func(t *testing.T) {
		server := serverCtx(t, 0)
		sess := session(t, clientCtx(t, 0), server)
		ssl := newSSLWithBIO(t, clientCtx(t, 0))
		ssl.SetTLSExtStatusOCSPResp([]byte("x"))
		for name, get := range map[string]func() []byte{
			"peer": sess.PeerCertificateDER, "own": server.CertificateDER, "OCSP": ssl.TLSExtStatusOCSPResp,
		} {
			var b []byte
			if !starving(t, ctest.FailAllocation, 1, func() { b = get() }) || b != nil || get() == nil {
				t.Errorf("%s: %d bytes without memory", name, len(b))
			}
		}
		for n, more := 1, true; more; n++ {
			more = starving(t, ctest.FailAllocations, n, func() { ssl.ExplainSession(sess) })
		}
		text := make([]byte, 1000)
		var n int
		if !starving(t, ctest.FailAllocation, 1, func() { n = ssl.BIOWrite(text) }) || n > 0 || ssl.BIOWrite(text) != len(text) {
			t.Errorf("%d bytes without memory", n)
		}
	})
}

func TestOutOfMemoryInClientHello(t *testing.T) {
	survives(t, func(t *testing.T) {
		client, server := clientCtx(t, 0), serverCtx(t, 0)
		server.SetClientHelloCB(func(ssl *libssl.SSL) (int, int) {
			var b []byte
			if !starving(t, ctest.FailAllocation, 1, func() { b = ssl.ClientHelloRandom() }) || b != nil {
				t.Errorf("%d bytes without memory", len(b))
			}
			var types []int
			more := starving(t, ctest.FailAllocation, 1, func() { types = ssl.ClientHelloExtensionsPresent() })
			wantShort(t, "extensions", "SSL_client_hello_get1_extensions_present", ssl.LastErrors(), more)
			if types != nil {
				t.Errorf("extensions %v without memory", types)
			}
			return libssl.ClientHelloSuccess, 0
		})
		connected(t, client, server)
	})
}

// It reads all certificates of the system, with some ten thousand allocations.
func TestOutOfMemoryInDefaultVerifyPaths(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctx := clientCtx(t, 0)
		var err error
		if !starving(t, ctest.FailAllocation, 1, func() { err = ctx.SetDefaultVerifyPaths() }) || err == nil {
			t.Errorf("no memory, no error")
		}
		must(t, ctx.SetDefaultVerifyPaths())
	})
}

// The mark of a session's cache has its place from the beginning: AddSession makes no allocation but C's.
func TestMarkNeedsNoMemory(t *testing.T) {
	survives(t, func(t *testing.T) {
		var inC, inGo int
		client := clientCtx(t, 0)
		raw := ctest.NewSession()
		client.With(func(ctx unsafe.Pointer) {
			starving(t, ctest.FailAllocation, 0, func() {
				ctest.Call(ctest.Add, ctx, raw)
				inC = ctest.Allocations()
			})
		})
		ctest.Call(ctest.FreeSession, raw, nil)
		sess := withID(t, 1)
		starving(t, ctest.FailAllocation, 0, func() {
			client.AddSession(sess)
			inGo = ctest.Allocations()
		})
		if inGo != inC || client.SessNumber() != 2 {
			t.Errorf("%d allocations, %d in C", inGo, inC)
		}
	})
}

// reading are the methods of SSL that a dead one still answers.
var reading = []string{
	"AwaitSession", "CipherFind", "ClientHelloIsV2", "ClientHelloLegacyVersion", "Ctx", "EarlyDataStatus", "Err", "ExData", "ExplainSession", "Free", "GetError",
	"GetShutdown", "HandOut", "InBefore", "InInit", "IsInitFinished", "IsServer", "LastErrors", "NumTickets", "Param", "Pending",
	"QuietShutdown", "RenegotiatePending", "RstateString", "RstateStringLong", "Same", "Servername", "Session", "SessionReused",
	"StateString", "StateStringLong", "UpRef", "VerifyResult", "Version", "VersionString", "With",
}

// After SSL_set_session has failed half way C crashes, sooner or later: every method is refused, those to come included, but for the ones that read.
func TestDead(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctx := clientCtx(t, 0)
		ssl, sess := newSSLWithBIO(t, ctx), withID(t, 1)
		args := []any{newSSL(t, ctx), sess, ctx, libssl.TLSMethod(), ecKey(t, elliptic.P256()), "x", []byte("x"), func(unsafe.Pointer) {}, 1, uint(1), uint32(1), true}
		must(t, ctx.SetSSLVersion(libssl.TLSv12ClientMethod()))
		ret := 1
		if !starving(t, ctest.FailAllocation, 1, func() { ret = ssl.SetSession(sess) }) || ret != 0 {
			t.Fatalf("%d without memory", ret)
		}
		if _, err := libssl.NewEngine(ssl); !errors.Is(err, libssl.ErrDead) {
			t.Errorf("NewEngine: %v", err)
		}
		h := reflect.ValueOf(ssl)
		for i := range h.NumMethod() {
			name := h.Type().Method(i).Name
			if name == "Free" {
				continue
			}
			if ssl.Write(nil); name == "Write" { // so that the last failure is another function's
				ssl.Read(nil)
			}
			before := ssl.LastErrors().Func
			call(h.MethodByName(name), args)
			last := ssl.LastErrors()
			reads := slices.Contains(reading, name)
			if refused := last.Refused != nil && last.Func != before; refused == reads { // some look at their arguments first
				t.Errorf("%s: %v", name, last)
			}
		}
	})
}

// fits reports whether an argument is meant for a parameter. Any is for none.
func fits(arg, param reflect.Type) bool {
	return arg == param || param.Kind() == reflect.Interface && param.NumMethod() > 0 && arg.Implements(param)
}

// call calls a method with those of args that are of its parameters' types, and zero values.
func call(m reflect.Value, args []any) {
	in := make([]reflect.Value, m.Type().NumIn())
	for i := range in {
		in[i] = reflect.Zero(m.Type().In(i))
		if j := slices.IndexFunc(args, func(a any) bool { return fits(reflect.TypeOf(a), m.Type().In(i)) }); j >= 0 {
			in[i] = reflect.ValueOf(args[j])
		}
	}
	for _, result := range m.Call(in) {
		if p, ok := result.Interface().(unsafe.Pointer); ok { // HandOut's reference
			ctest.Call(ctest.FreeSSL, p, nil)
		} else if h, ok := result.Interface().(interface{ Free() }); ok {
			h.Free()
		}
	}
}
