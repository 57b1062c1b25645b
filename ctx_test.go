package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// ctxOf returns a Ctx that is freed with the test.
func ctxOf(t testing.TB, method libssl.Method) *libssl.Ctx {
	t.Helper()
	ctx, err := libssl.NewCtx(method)
	must(t, err)
	t.Cleanup(ctx.Free)
	return ctx
}

func wantEqual[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// wantText fails the test unless err says text.
func wantText(t testing.TB, what string, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: error %v, want %q in it", what, err, text)
	}
}

// wantIs fails the test unless err is a refusal for the reason why: libssl was not called.
func wantIs(t testing.TB, what string, err, why error) {
	t.Helper()
	var stack libssl.ErrorStack
	if !errors.Is(err, why) || !errors.As(err, &stack) || stack.Refused != why || stack.Entries != nil {
		t.Errorf("%s: error %v, want a refusal: %v", what, err, why)
	}
}

// refusal drives a handshake that fails and returns what each side says at its first fatal error; later calls say less.
func refusal(t testing.TB, c, s *libssl.SSL) (client, server libssl.ErrorStack) {
	t.Helper()
	step := func(ssl, peer *libssl.SSL, says *libssl.ErrorStack) {
		if says.Func == "" {
			if ret := ssl.Read(make([]byte, 1)); ssl.GetError(ret) == libssl.ErrorSSL {
				*says = ssl.LastErrors()
			}
		}
		move(ssl, peer)
	}
	for range 5 { // more flights than a handshake has
		step(c, s, &client)
		step(s, c, &server)
	}
	return client, server
}

func TestCtxDefaults(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSMethod())
	wantEqual(t, "Timeout", ctx.Timeout(), 2*time.Hour)
	wantEqual(t, "SessGetCacheSize", ctx.SessGetCacheSize(), 20480)
	wantEqual(t, "SessionCacheMode", ctx.SessionCacheMode(), libssl.SessCacheServer)
	wantEqual(t, "NumTickets", ctx.NumTickets(), 2)
	wantEqual(t, "VerifyMode", ctx.VerifyMode(), libssl.VerifyNone)
	wantEqual(t, "MinProtoVersion", ctx.MinProtoVersion(), 0)
	wantEqual(t, "MaxProtoVersion", ctx.MaxProtoVersion(), 0)
	wantEqual(t, "MaxEarlyData", ctx.MaxEarlyData(), 0)
	wantEqual(t, "SessNumber", ctx.SessNumber(), 0)
	wantEqual(t, "SetMode", ctx.SetMode(0), libssl.ModeAutoRetry)
	wantEqual(t, "OpNoTicket", ctx.Options()&libssl.OpNoTicket, 0)
}

// TestCtxPrevious: setters that return the previous value, which the getter gave.
func TestCtxPrevious(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSMethod())
	for _, v := range []int{libssl.SessCacheBoth | libssl.SessCacheNoInternal, libssl.SessCacheOff, libssl.SessCacheClient} {
		old := ctx.SessionCacheMode()
		wantEqual(t, "SetSessionCacheMode", ctx.SetSessionCacheMode(v), old)
		wantEqual(t, "SessionCacheMode", ctx.SessionCacheMode(), v)
	}
	for _, v := range []int{7, 0, 1 << 40} {
		old := ctx.SessGetCacheSize()
		wantEqual(t, "SessSetCacheSize", ctx.SessSetCacheSize(v), old)
		wantEqual(t, "SessGetCacheSize", ctx.SessGetCacheSize(), v)
	}
	wantEqual(t, "SessSetCacheSize(-1)", ctx.SessSetCacheSize(-1), 0)
	wantEqual(t, "SessGetCacheSize after -1", ctx.SessGetCacheSize(), 1<<40)
	wantEqual(t, "SetTimeout", ctx.SetTimeout(90*time.Second+time.Second/2), 2*time.Hour)
	wantEqual(t, "Timeout", ctx.Timeout(), 90*time.Second)
	wantEqual(t, "SetTimeout", ctx.SetTimeout(0), 90*time.Second)
	for _, v := range []int{5, 0} {
		ctx.SetNumTickets(v)
		wantEqual(t, "NumTickets", ctx.NumTickets(), v)
	}
	ctx.SetNumTickets(-1)
	wantEqual(t, "NumTickets after -1", ctx.NumTickets(), 0)
	ctx.SetMaxEarlyData(1<<32 - 1)
	wantEqual(t, "MaxEarlyData", ctx.MaxEarlyData(), 1<<32-1)
	for _, v := range []int{libssl.VerifyPeer, libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert, libssl.VerifyNone} {
		ctx.SetVerify(v)
		wantEqual(t, "VerifyMode", ctx.VerifyMode(), v)
	}
	mode := ctx.SetMode(0)
	wantEqual(t, "SetMode", ctx.SetMode(libssl.ModeReleaseBuffers), mode|libssl.ModeReleaseBuffers)
	wantEqual(t, "SetMode(0)", ctx.SetMode(0), mode|libssl.ModeReleaseBuffers)
}

func TestCtxVersions(t *testing.T) {
	const v10, v11, v12, v13 = libssl.VersionTLS10, libssl.VersionTLS11, libssl.VersionTLS12, libssl.VersionTLS13
	for _, c := range []struct {
		client, server [2]int // lowest, highest
		want           int    // 0: no handshake
	}{
		{[2]int{0, 0}, [2]int{0, 0}, v13},
		{[2]int{0, v12}, [2]int{0, 0}, v12},
		{[2]int{0, 0}, [2]int{v10, v11}, v11},
		{[2]int{v10, v10}, [2]int{v10, 0}, v10},
		{[2]int{v13, 0}, [2]int{0, v12}, 0},
		{[2]int{0, v11}, [2]int{v12, 0}, 0},
	} {
		t.Run(fmt.Sprintf("%x", c), func(t *testing.T) {
			client, server := clientCtx(t, 0), serverCtx(t, 0)
			for ctx, v := range map[*libssl.Ctx][2]int{client: c.client, server: c.server} {
				must(t, ctx.SetMinProtoVersion(v[0]))
				must(t, ctx.SetMaxProtoVersion(v[1]))
				wantEqual(t, "MinProtoVersion", ctx.MinProtoVersion(), v[0])
				wantEqual(t, "MaxProtoVersion", ctx.MaxProtoVersion(), v[1])
			}
			a, b := pair(t, client, server)
			wantEqual(t, "handshake", shake(a, b), c.want != 0)
			if c.want != 0 {
				wantEqual(t, "client's Version", a.Version(), c.want)
				wantEqual(t, "server's Version", b.Version(), c.want)
			}
		})
	}
	ctx := clientCtx(t, v12)
	for _, bad := range []int{0x999, -1, libssl.VersionDTLS12} {
		for what, set := range map[string]func(int) error{"min": ctx.SetMinProtoVersion, "max": ctx.SetMaxProtoVersion} {
			wantText(t, what, set(bad), "SSL_CTX_set_"+what+"_proto_version failed; OpenSSL gave no reason")
		}
	}
	wantEqual(t, "MinProtoVersion after a failure", ctx.MinProtoVersion(), v12)
}

func TestCtxCiphers(t *testing.T) {
	for _, c := range []struct {
		version        int
		client, server string
		want           string // "": no handshake
	}{
		{libssl.VersionTLS12, "ECDHE-ECDSA-AES128-SHA256", "ALL", "ECDHE-ECDSA-AES128-SHA256"},
		{libssl.VersionTLS12, "ALL", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
		{libssl.VersionTLS12, "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", ""},
		{libssl.VersionTLS13, "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
		{libssl.VersionTLS13, "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", ""},
		{libssl.VersionTLS13, "", "TLS_AES_128_GCM_SHA256", ""},
	} {
		set := (*libssl.Ctx).SetCipherList
		if c.version == libssl.VersionTLS13 {
			set = (*libssl.Ctx).SetCiphersuites
		}
		client, server := clientCtx(t, c.version), serverCtx(t, c.version)
		must(t, set(client, c.client))
		must(t, set(server, c.server))
		a, b := pair(t, client, server)
		wantEqual(t, c.client+" with "+c.server, shake(a, b), c.want != "")
		if c.want != "" {
			sess := a.Session()
			wantEqual(t, "cipher", sess.Cipher(), c.want)
			sess.Free()
		}
	}
	ctx := clientCtx(t, 0)
	for _, bad := range []string{"", "nonsense"} {
		wantText(t, "SetCipherList", ctx.SetCipherList(bad), "SSL_CTX_set_cipher_list:no cipher match")
	}
	wantText(t, "SetCiphersuites", ctx.SetCiphersuites("nonsense"), "ciphersuite_cb:no cipher match")
}

func TestCtxGroups(t *testing.T) {
	for _, c := range []struct {
		client, server string
		want           bool
	}{
		{"X25519", "X25519", true},
		{"P-384", "X25519:P-384", true},
		{"P-256", "X25519:P-384", false},
	} {
		client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
		must(t, client.SetGroupsList(c.client))
		must(t, server.SetGroupsList(c.server))
		a, b := pair(t, client, server)
		wantEqual(t, c.client+" with "+c.server, shake(a, b), c.want)
	}
	ctx := clientCtx(t, 0)
	for _, bad := range []string{"", "nonsense"} {
		wantText(t, "SetGroupsList", ctx.SetGroupsList(bad), "SSL_CTX_set1_groups_list failed; OpenSSL gave no reason")
	}
}

func TestCtxOptions(t *testing.T) {
	ctx := clientCtx(t, libssl.VersionTLS12)
	before := ctx.Options()
	wantEqual(t, "SetOptions", ctx.SetOptions(libssl.OpNoTicket|1<<31), before|libssl.OpNoTicket|1<<31)
	wantEqual(t, "Options", ctx.Options(), before|libssl.OpNoTicket|1<<31)
	wantEqual(t, "ClearOptions", ctx.ClearOptions(libssl.OpNoTicket|1<<31), before)
	wantEqual(t, "Options", ctx.Options(), before)

	server := serverCtx(t, libssl.VersionTLS12)
	wantEqual(t, "HasTicket", session(t, ctx, server).HasTicket(), true)
	server.SetOptions(libssl.OpNoTicket)
	wantEqual(t, "HasTicket with OpNoTicket", session(t, ctx, server).HasTicket(), false)
	server.ClearOptions(libssl.OpNoTicket)
	wantEqual(t, "HasTicket without OpNoTicket", session(t, ctx, server).HasTicket(), true)
}

func TestCtxQuietShutdown(t *testing.T) {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	loud, s := connected(t, client, server)
	client.SetQuietShutdown(true)
	quiet, _ := connected(t, client, server)
	wantEqual(t, "quiet Shutdown", quiet.Shutdown(), 1)
	wantEqual(t, "sent", quiet.BIOPending(), 0)
	wantEqual(t, "GetShutdown", quiet.GetShutdown(), libssl.SentShutdown|libssl.ReceivedShutdown)
	wantEqual(t, "Shutdown of an earlier SSL", loud.Shutdown(), 0)
	wantEqual(t, "sent", move(loud, s), true)
	client.SetQuietShutdown(false)
	loud, _ = connected(t, client, server)
	wantEqual(t, "Shutdown", loud.Shutdown(), 0)
}

func TestCtxSetSSLVersion(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSClientMethod())
	before := newSSL(t, ctx)
	must(t, ctx.SetSSLVersion(libssl.TLSv12ClientMethod()))
	wantEqual(t, "Version of an SSL to come", newSSL(t, ctx).Version(), libssl.VersionTLS12)
	wantEqual(t, "Version of an earlier SSL", before.Version(), libssl.VersionTLS13)
	wantIs(t, "SetSSLVersion", ctx.SetSSLVersion(libssl.Method{}), libssl.ErrNilMethod)
	wantEqual(t, "Version after the refusal", newSSL(t, ctx).Version(), libssl.VersionTLS12)

	null, err := libssl.NewCtx(libssl.Method{})
	wantIs(t, "NewCtx", err, libssl.ErrNilMethod)
	if null != nil {
		t.Error("NewCtx without method returned a Ctx")
	}
}

// TestCtxSRP looks for the user name in the ClientHello.
func TestCtxSRP(t *testing.T) {
	ctx := clientCtx(t, libssl.VersionTLS12)
	hello := func() []byte {
		c, _ := pair(t, ctx, serverCtx(t, 0))
		c.Connect()
		b := make([]byte, 1<<12)
		return b[:c.BIORead(b)]
	}
	wantEqual(t, "name sent before", bytes.Contains(hello(), []byte("\x07srpuser")), false)
	must(t, ctx.SetSRPUsername("srpuser"))
	must(t, ctx.SetSRPPassword("secret"))
	wantEqual(t, "name sent", bytes.Contains(hello(), []byte("\x07srpuser")), true)
	wantText(t, "SetSRPUsername", ctx.SetSRPUsername(""), "invalid srp username")
}

// TestCtxSession: settings that new sessions show.
func TestCtxSession(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	client.SetTimeout(77 * time.Second)
	server.SetMaxEarlyData(1000)
	sess := session(t, client, server)
	wantEqual(t, "MaxEarlyData", sess.MaxEarlyData(), 1000)
	wantEqual(t, "Timeout", sess.Timeout(), 77*time.Second)
	for _, n := range []int{0, 1, 3} {
		tickets := 0
		client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { tickets++ })
		server.SetNumTickets(n)
		connected(t, client, server)
		wantEqual(t, "tickets", tickets, n)
	}
}

func TestCtxFreed(t *testing.T) {
	freed := ctxOf(t, libssl.TLSMethod())
	freed.Free()
	freed.Free()
	sess := session(t, clientCtx(t, 0), serverCtx(t, 0))
	for _, ctx := range []*libssl.Ctx{nil, freed} {
		for what, f := range map[string]func(string) error{
			"SetCipherList":           ctx.SetCipherList,
			"SetCiphersuites":         ctx.SetCiphersuites,
			"SetGroupsList":           ctx.SetGroupsList,
			"SetSRPUsername":          ctx.SetSRPUsername,
			"SetSRPPassword":          ctx.SetSRPPassword,
			"UseCertificateChainFile": ctx.UseCertificateChainFile,
			"UseCertificateFile":      func(s string) error { return ctx.UseCertificateFile(s, libssl.FiletypePEM) },
			"UsePrivateKeyFile":       func(s string) error { return ctx.UsePrivateKeyFile(s, libssl.FiletypePEM) },
			"LoadVerifyLocations":     func(s string) error { return ctx.LoadVerifyLocations(s, s) },
			"UseCertificateDER":       func(s string) error { return ctx.UseCertificateDER([]byte(s)) },
			"UseCertificatePEM":       func(s string) error { return ctx.UseCertificatePEM([]byte(s)) },
			"UsePrivateKeyDER":        func(s string) error { return ctx.UsePrivateKeyDER([]byte(s)) },
			"UsePrivateKeyPEM":        func(s string) error { return ctx.UsePrivateKeyPEM([]byte(s)) },
			"AddCAPEM":                func(s string) error { return ctx.AddCAPEM([]byte(s)) },
			"SetSessionIDContext":     func(s string) error { return ctx.SetSessionIDContext([]byte(s)) },
			"CheckPrivateKey":         func(string) error { return ctx.CheckPrivateKey() },
			"SetDefaultVerifyPaths":   func(string) error { return ctx.SetDefaultVerifyPaths() },
			"SetMinProtoVersion":      func(string) error { return ctx.SetMinProtoVersion(0) },
			"SetMaxProtoVersion":      func(string) error { return ctx.SetMaxProtoVersion(0) },
			"SetSSLVersion":           func(string) error { return ctx.SetSSLVersion(libssl.TLSMethod()) },
			"FlushSessions":           func(string) error { return ctx.FlushSessions(time.Time{}) },
			"AddSession":              func(string) error { _, err := ctx.AddSession(sess); return err },
			"RemoveSession":           func(string) error { _, err := ctx.RemoveSession(sess); return err },
			"NewSSL":                  func(string) error { _, err := libssl.NewSSL(ctx); return err },
		} {
			wantIs(t, what, f("x"), libssl.ErrFreed)
		}
		wantEqual(t, "SetOptions", ctx.SetOptions(1), 0)
		wantEqual(t, "SetMode", ctx.SetMode(1), 0)
		wantEqual(t, "SetTimeout", ctx.SetTimeout(time.Hour), 0)
		wantEqual(t, "Timeout", ctx.Timeout(), 0)
		wantEqual(t, "NumTickets", ctx.NumTickets(), 0)
		wantEqual(t, "SessGetCacheSize", ctx.SessGetCacheSize(), 0)
		wantEqual(t, "With", ctx.With(func(unsafe.Pointer) { t.Error("With called its function") }), false)
		wantEqual(t, "UpRef", ctx.UpRef(), nil)
		wantEqual(t, "HandOut", ctx.HandOut(), nil)
		wantEqual(t, "Same", ctx.Same(ctx), false)
		ctx.SetVerify(1)
		ctx.SetQuietShutdown(true)
		ctx.SetNumTickets(1)
		ctx.SetMaxEarlyData(1)
	}
}

func TestCtxHandles(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSMethod())
	other := ctxOf(t, libssl.TLSMethod())
	wantRefs(t, ctx, 1)
	up := ctx.UpRef()
	wantRefs(t, ctx, 2)
	wantEqual(t, "Same", ctx.Same(up), true)
	wantEqual(t, "Same as another", ctx.Same(other), false)
	wantEqual(t, "Same as nil", ctx.Same(nil), false)
	// What was set belongs to the SSL_CTX: both handles show it.
	up.SetTimeout(5 * time.Second)
	wantEqual(t, "Timeout", ctx.Timeout(), 5*time.Second)
	p := ctx.HandOut()
	wantRefs(t, ctx, 3)
	ctx.With(func(q unsafe.Pointer) { wantEqual(t, "With's pointer", q, p) })
	borrowed := libssl.BorrowCtx(p)
	wantRefs(t, ctx, 4)
	adopted := libssl.AdoptCtx(p)
	wantRefs(t, ctx, 4)
	for _, h := range []*libssl.Ctx{up, borrowed, adopted} {
		wantEqual(t, "Same", ctx.Same(h), true)
		h.Free()
	}
	wantRefs(t, ctx, 1)
	wantEqual(t, "AdoptCtx(nil)", libssl.AdoptCtx(nil), nil)
	wantEqual(t, "BorrowCtx(nil)", libssl.BorrowCtx(nil), nil)
	// An SSL holds two: its present SSL_CTX and the one it was made with.
	ssl := newSSL(t, ctx)
	wantRefs(t, ctx, 3)
	ssl.Free()
	wantRefs(t, ctx, 1)
}
