package libssl_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

func TestSSLState(t *testing.T) {
	type state struct{ init, before, finished, server bool }
	of := func(s *libssl.SSL) state { return state{s.InInit(), s.InBefore(), s.IsInitFinished(), s.IsServer()} }
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, s := pair(t, client, server)
	wantEqual(t, "new client", of(c), state{init: true, before: true})
	wantEqual(t, "new server", of(s), state{init: true, before: true, server: true})
	c.DoHandshake()
	wantEqual(t, "client that said hello", of(c), state{init: true})
	finish(t, c, s)
	wantEqual(t, "connected client", of(c), state{finished: true})
	wantEqual(t, "connected server", of(s), state{finished: true, server: true})
	wantEqual(t, "connected client's version", c.VersionString(), "TLSv1.2")
	c.SetAcceptState()
	wantEqual(t, "client made a server", of(c), state{init: true, before: true, server: true})
	c.SetConnectState()
	wantEqual(t, "and a client again", of(c), state{init: true, before: true})
}

func TestSSLHandles(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl, other := newSSL(t, ctx), newSSL(t, ctx)
	wantRefs(t, ssl, 1)
	up := ssl.UpRef()
	p := ssl.HandOut()
	wantRefs(t, ssl, 3)
	borrowed := libssl.BorrowSSL(p)
	wantRefs(t, ssl, 4)
	adopted := libssl.AdoptSSL(p)
	wantRefs(t, ssl, 4)
	wantEqual(t, "With", ssl.With(func(q unsafe.Pointer) { wantEqual(t, "pointer", q, p) }), true)
	for _, h := range []*libssl.SSL{up, borrowed, adopted} {
		wantEqual(t, "Same", ssl.Same(h), true)
		wantEqual(t, "Same as another", other.Same(h), false)
		h.SetQuietShutdown(true) // of the SSL, not of the handle
		wantEqual(t, "QuietShutdown", ssl.QuietShutdown(), true)
		ssl.SetQuietShutdown(false)
		h.Free()
	}
	wantRefs(t, ssl, 1)
	wantEqual(t, "AdoptSSL(nil)", libssl.AdoptSSL(nil), nil)
	wantEqual(t, "BorrowSSL(nil)", libssl.BorrowSSL(nil), nil)
	wantEqual(t, "Same as nil", ssl.Same(nil), false)
	mine := ssl.Ctx()
	wantEqual(t, "Ctx", mine.Same(ctx), true)
	mine.Free()
}

func TestSSLFreed(t *testing.T) {
	c, _ := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	c.Free()
	c.Free()
	b := make([]byte, 1)
	early := func(result, n int) int { return result + n }
	for _, ssl := range []*libssl.SSL{nil, c} {
		for what, call := range map[string]struct {
			f    func() int
			want int
		}{
			"Connect": {ssl.Connect, -1}, "Accept": {ssl.Accept, -1}, "DoHandshake": {ssl.DoHandshake, -1},
			"Shutdown": {ssl.Shutdown, -1}, "Clear": {ssl.Clear, 0}, "SetMemBIO": {ssl.SetMemBIO, 0},
			"Read": {func() int { return ssl.Read(b) }, -1}, "Peek": {func() int { return ssl.Peek(b) }, -1},
			"Write":          {func() int { return ssl.Write(b) }, -1},
			"ReadEarlyData":  {func() int { return early(ssl.ReadEarlyData(b)) }, libssl.ReadEarlyDataError},
			"WriteEarlyData": {func() int { return early(ssl.WriteEarlyData(b)) }, 0},
			"SetFD":          {func() int { return ssl.SetFD(0) }, 0}, "BIOWrite": {func() int { return ssl.BIOWrite(b) }, -1},
			"BIORead": {func() int { return ssl.BIORead(b) }, -1}, "BIOPending": {ssl.BIOPending, 0},
			"SetSession":          {func() int { return ssl.SetSession(nil) }, 0},
			"CopySessionID":       {func() int { return ssl.CopySessionID(ssl) }, 0},
			"SetSessionIDContext": {func() int { return ssl.SetSessionIDContext(b) }, 0},
			"SetSSLCtx":           {func() int { return ssl.SetSSLCtx(nil) }, 0},
			"SetSSLMethod":        {func() int { return ssl.SetSSLMethod(libssl.TLSMethod()) }, 0},
			"SetNumTickets":       {func() int { return ssl.SetNumTickets(1) }, 0}, "NumTickets": {ssl.NumTickets, 0},
			"SetMaxEarlyData": {func() int { return ssl.SetMaxEarlyData(1) }, 0}, "EarlyDataStatus": {ssl.EarlyDataStatus, 0},
			"VerifyResult": {ssl.VerifyResult, libssl.VerifyErrUnspecified}, "GetShutdown": {ssl.GetShutdown, 0},
			"Version": {ssl.Version, 0}, "Pending": {ssl.Pending, 0},
			"Renegotiate": {ssl.Renegotiate, 0}, "RenegotiateAbbreviated": {ssl.RenegotiateAbbreviated, 0},
			"SetMinProtoVersion": {func() int { return ssl.SetMinProtoVersion(0) }, 0},
			"SetMaxProtoVersion": {func() int { return ssl.SetMaxProtoVersion(0) }, 0},
			"SetCipherList":      {func() int { return ssl.SetCipherList("ALL") }, 0},
			"SetCiphersuites":    {func() int { return ssl.SetCiphersuites("") }, 0},
			"SetTLSExtHostName":  {func() int { return ssl.SetTLSExtHostName("a") }, 0},
			"SetALPNProtos":      {func() int { return ssl.SetALPNProtos(nil) }, 1},
			"UseCertificateFile": {func() int { return ssl.UseCertificateFile("a", libssl.FiletypePEM) }, 0},
			"SetOptions":         {func() int { return int(ssl.SetOptions(1)) }, 0},
			"ClearOptions":       {func() int { return int(ssl.ClearOptions(1)) }, 0},
		} {
			wantEqual(t, what, call.f(), call.want)
			wantIs(t, what, ssl.LastErrors(), libssl.ErrFreed)
			wantEqual(t, what+": GetError", ssl.GetError(-1), libssl.ErrorSSL)
		}
		for what, is := range map[string]bool{
			"SessionReused": ssl.SessionReused(), "InInit": ssl.InInit(), "InBefore": ssl.InBefore(), "IsInitFinished": ssl.IsInitFinished(),
			"IsServer": ssl.IsServer(), "QuietShutdown": ssl.QuietShutdown(), "RenegotiatePending": ssl.RenegotiatePending(),
			"HasMatchingSessionID": ssl.HasMatchingSessionID(b), "With": ssl.With(func(unsafe.Pointer) { t.Error("With called") }),
			"Same": ssl.Same(ssl), "Session": ssl.Session() != nil, "Ctx": ssl.Ctx() != nil, "UpRef": ssl.UpRef() != nil,
			"HandOut": ssl.HandOut() != nil, "Servername": ssl.Servername() != "", "VersionString": ssl.VersionString() != "",
			"CertificateDER": ssl.CertificateDER() != nil,
		} {
			wantEqual(t, what, is, false)
		}
		dup, err := ssl.Dup()
		wantIs(t, "Dup", err, libssl.ErrFreed)
		wantEqual(t, "Dup", dup, nil)
		ssl.SetConnectState()
		ssl.SetVerify(1)
		ssl.BIOSetEOF()
	}
	live := newSSL(t, clientCtx(t, 0))
	wantEqual(t, "CopySessionID(nil)", live.CopySessionID(nil), 0)
	wantIs(t, "CopySessionID(nil)", live.LastErrors(), libssl.ErrFreed)
	freed := ctxOf(t, libssl.TLSMethod())
	freed.Free()
	wantEqual(t, "SetSSLCtx(freed)", live.SetSSLCtx(freed), 0)
	wantIs(t, "SetSSLCtx(freed)", live.LastErrors(), libssl.ErrFreed)
}

// TestSSLSettings: an SSL's own settings, each by its effect on a handshake with a server that can all.
func TestSSLSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*libssl.SSL) int
		want string // version and cipher
	}{
		{"max version", func(s *libssl.SSL) int { return s.SetMaxProtoVersion(libssl.VersionTLS11) }, "TLSv1.1 ECDHE-ECDSA-AES256-SHA"},
		{"min version", func(s *libssl.SSL) int { return s.SetMinProtoVersion(libssl.VersionTLS13) }, "TLSv1.3 TLS_AES_256_GCM_SHA384"},
		{"suites", func(s *libssl.SSL) int { return s.SetCiphersuites("TLS_AES_128_GCM_SHA256") }, "TLSv1.3 TLS_AES_128_GCM_SHA256"},
		{"list", func(s *libssl.SSL) int {
			return s.SetMaxProtoVersion(libssl.VersionTLS12) & s.SetCipherList("ECDHE-ECDSA-AES128-SHA")
		}, "TLSv1.2 ECDHE-ECDSA-AES128-SHA"},
		{"option", func(s *libssl.SSL) int { return int(s.SetOptions(libssl.OpNoTLSv13)>>29) & 1 }, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384"},
	} {
		a, b := pair(t, clientCtx(t, 0), serverCtx(t, 0))
		wantEqual(t, c.name, c.set(a), 1)
		a.SetConnectState()
		finish(t, a, b)
		sess := a.Session()
		wantEqual(t, c.name, a.VersionString()+" "+sess.Cipher(), c.want)
		sess.Free()
	}
	var ssl *libssl.SSL
	for _, c := range []struct {
		name string
		set  func() int
		text string
	}{
		{"version", func() int { return ssl.SetMinProtoVersion(0x999) }, "SSL_set_min_proto_version failed; OpenSSL gave no reason"},
		{"version", func() int { return ssl.SetMaxProtoVersion(0x999) }, "SSL_set_max_proto_version failed; OpenSSL gave no reason"},
		{"list", func() int { return ssl.SetCipherList("nonsense") }, "no cipher match"},
		{"suites", func() int { return ssl.SetCiphersuites("nonsense") }, "no cipher match"},
		{"empty name", func() int { return ssl.SetTLSExtHostName("") }, "ssl3 ext invalid servername"},
		{"long name", func() int { return ssl.SetTLSExtHostName(string(bytes.Repeat([]byte("a"), 256))) }, "ssl3 ext invalid servername"},
		{"no file", func() int { return ssl.UseCertificateFile("", libssl.FiletypePEM) }, "No such file or directory"},
		{"id context", func() int { return ssl.SetSessionIDContext(make([]byte, 33)) }, "session id context too long"},
		{"list", func() int { return ssl.SetCipherList("ALL\x00") }, libssl.ErrNUL.Error()},
		{"suites", func() int { return ssl.SetCiphersuites("\x00") }, libssl.ErrNUL.Error()},
		{"name", func() int { return ssl.SetTLSExtHostName("localhost\x00.example") }, libssl.ErrNUL.Error()},
		{"file", func() int { return ssl.UseCertificateFile(testdata+"server.pem\x00", libssl.FiletypePEM) }, libssl.ErrNUL.Error()},
		{"method", func() int { return ssl.SetSSLMethod(libssl.Method{}) }, libssl.ErrNilMethod.Error()},
	} {
		ssl = newSSL(t, clientCtx(t, 0))
		wantEqual(t, c.name, c.set(), 0)
		wantText(t, c.name, ssl.LastErrors(), c.text)
	}
}

func TestSSLOptions(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	before := ctx.Options()
	wantEqual(t, "SetOptions", ssl.SetOptions(libssl.OpNoTicket|1<<31), before|libssl.OpNoTicket|1<<31)
	wantEqual(t, "ClearOptions", ssl.ClearOptions(1<<31), before|libssl.OpNoTicket)
	wantEqual(t, "the Ctx's", ctx.Options(), before)
}

func TestSSLVerify(t *testing.T) {
	c, s := pair(t, clientCtx(t, 0), serverCtx(t, 0))
	wantEqual(t, "VerifyResult before", c.VerifyResult(), libssl.VerifyOK)
	c.SetVerifyResult(7)
	wantEqual(t, "VerifyResult", c.VerifyResult(), 7)
	finish(t, c, s)
	wantEqual(t, "VerifyResult after", c.VerifyResult(), errNoLocalIssuer)
	c, s = pair(t, clientCtx(t, 0), serverCtx(t, 0))
	c.SetVerify(libssl.VerifyPeer)
	clientSays, _ := refusal(t, c, s)
	wantText(t, "SetVerify", clientSays, "certificate verify failed")
}

func TestSSLNumTickets(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	tickets := 0
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { tickets++ })
	for _, n := range []int{4, 0, -1} {
		c, s := pair(t, client, server)
		wantEqual(t, "NumTickets of a new SSL", s.NumTickets(), 2)
		wantEqual(t, "SetNumTickets", s.SetNumTickets(n), 1)
		wantEqual(t, "NumTickets", s.NumTickets(), max(n, 0))
		tickets = 0
		finish(t, c, s)
		wantEqual(t, "tickets", tickets, max(n, 0))
	}
}

func TestSSLSetSSLCtx(t *testing.T) {
	client, first := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	id := issue(t, nil, "second", false, time.Now().Add(time.Hour))
	second := certified(t, id)
	first.SetOptions(libssl.OpNoTicket) // so that the server's cache is used
	c, s := pair(t, client, first)
	wantEqual(t, "SetSSLCtx", s.SetSSLCtx(second), 1)
	wantRefs(t, second, 2)
	now := s.Ctx()
	wantEqual(t, "Ctx", now.Same(second), true)
	now.Free()
	wantEqual(t, "certificate", bytes.Equal(s.CertificateDER(), id.cert.Raw), true)
	finish(t, c, s)
	// The cache stays that of the Ctx it was made with; of the counters, those of accepted connections do not.
	wantEqual(t, "SessNumber of the first", first.SessNumber(), 1)
	wantEqual(t, "SessNumber of the second", second.SessNumber(), 0)
	wantEqual(t, "SessAcceptGood of the first", first.SessAcceptGood(), 0)
	wantEqual(t, "SessAcceptGood of the second", second.SessAcceptGood(), 1)
	wantEqual(t, "SetSSLCtx(nil)", s.SetSSLCtx(nil), 1)
	now = s.Ctx()
	wantEqual(t, "Ctx after nil", now.Same(first), true)
	now.Free()
	wantRefs(t, second, 1)
}

func TestSSLDup(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	c := newSSL(t, client)
	c.SetConnectState()
	c.SetSession(sess)
	c.SetOptions(libssl.OpNoTLSv11)
	dup, err := c.Dup()
	must(t, err)
	wantEqual(t, "Same", dup.Same(c), false)
	wantEqual(t, "options", dup.SetOptions(0), c.SetOptions(0))
	wantRefs(t, sess, 4) // handle, cache, and both
	s := newSSL(t, server)
	dup.SetMemBIO()
	s.SetMemBIO()
	s.SetAcceptState()
	finish(t, dup, s)
	wantEqual(t, "SessionReused", dup.SessionReused(), true)
	wantEqual(t, "InBefore of the original", c.InBefore(), true)

	again, err := dup.Dup()
	must(t, err)
	wantEqual(t, "Same after the handshake", again.Same(dup), true)
	wantRefs(t, dup, 2)
	again.Free()
	dup.Shutdown()
	dup.Free()
}

// TestSSLSetSSLMethod: Clear goes back to the Ctx's method, and so does the beginning of a handshake.
func TestSSLSetSSLMethod(t *testing.T) {
	ssl := newSSL(t, clientCtx(t, 0))
	wantEqual(t, "SetSSLMethod", ssl.SetSSLMethod(libssl.TLSv11Method()), 1)
	wantEqual(t, "Version", ssl.Version(), libssl.VersionTLS11)
	wantEqual(t, "Clear", ssl.Clear(), 1)
	wantEqual(t, "Version after Clear", ssl.Version(), libssl.VersionTLS13)
}

func TestSSLClear(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		for _, shutdown := range []bool{true, false} {
			client, server := clientCtx(t, version), serverCtx(t, version)
			c, s := connected(t, client, server)
			sess := c.Session()
			if shutdown {
				c.Shutdown()
			}
			wantEqual(t, "Clear", c.Clear(), 1)
			wantEqual(t, "InBefore", c.InBefore(), true)
			wantEqual(t, "GetShutdown", c.GetShutdown(), 0)
			wantEqual(t, "IsResumable", sess.IsResumable(), shutdown) // an open session is removed and flagged
			sess.Free()
			s.Free()
			c.SetMemBIO()
			s = newSSL(t, server)
			s.SetMemBIO()
			s.SetAcceptState()
			finish(t, c, s)
			wantEqual(t, fmt.Sprintf("%x: SessionReused", version), c.SessionReused(), shutdown)
		}
	}
}

// TestSSLCopySessionID: session, certificates and id context.
func TestSSLCopySessionID(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	from, _ := connected(t, client, server)
	sess := from.Session()
	defer sess.Free()
	refsBefore := refs(t, sess)
	to, s := pair(t, client, server)
	wantEqual(t, "CopySessionID", to.CopySessionID(from), 1)
	wantRefs(t, sess, refsBefore+1)
	copied := to.Session()
	wantEqual(t, "Same", copied.Same(sess), true)
	copied.Free()
	wantEqual(t, "certificate before", to.CertificateDER() == nil, true)
	wantEqual(t, "UseCertificateFile", from.UseCertificateFile(testdata+"client.pem", libssl.FiletypePEM), 1)
	if der := to.CertificateDER(); der == nil || !bytes.Equal(der, from.CertificateDER()) {
		t.Error("the certificate is not shared")
	}
	from.Shutdown()
	to.SetConnectState() // the fixed method of from came along
	finish(t, to, s)
	wantEqual(t, "SessionReused", to.SessionReused(), true)
	wantEqual(t, "CopySessionID of itself", to.CopySessionID(to), 1)
}

// TestSSLIDContext: the SSL's own id context, and what it does to resumption.
func TestSSLIDContext(t *testing.T) {
	client, server := idCtxs(t)
	sess := session(t, client, server)
	for _, id := range []string{"other", "test"} {
		c, s := pair(t, client, server)
		wantEqual(t, "SetSessionIDContext", s.SetSessionIDContext([]byte(id)), 1)
		c.SetSession(sess)
		finish(t, c, s)
		wantEqual(t, id, c.SessionReused(), id == "test")
		made := s.Session()
		wantEqual(t, "IDContext", string(made.IDContext()), id)
		made.Free()
		c.Shutdown()
	}
	s := newSSL(t, server)
	s.SetSSLMethod(libssl.TLSv12ServerMethod()) // ids are looked up together with the version
	wantEqual(t, "HasMatchingSessionID", s.HasMatchingSessionID(sess.ID()), true)
	wantEqual(t, "HasMatchingSessionID of another", s.HasMatchingSessionID(make([]byte, 32)), false)
	wantEqual(t, "HasMatchingSessionID, too long", s.HasMatchingSessionID(make([]byte, 33)), false)
	wantEqual(t, "HasMatchingSessionID of none", s.HasMatchingSessionID(nil), false)
}

func TestSSLRenegotiate(t *testing.T) {
	for _, abbreviated := range []bool{false, true} {
		c, s := connected(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
		before := c.Session()
		renegotiate := c.Renegotiate
		if abbreviated {
			renegotiate = c.RenegotiateAbbreviated
		}
		wantEqual(t, "RenegotiatePending before", c.RenegotiatePending(), false)
		wantEqual(t, "Renegotiate", renegotiate(), 1)
		wantEqual(t, "RenegotiatePending", c.RenegotiatePending(), true)
		for range 4 {
			c.DoHandshake()
			move(c, s)
			s.Read(make([]byte, 1))
			move(s, c)
		}
		wantEqual(t, "RenegotiatePending after", c.RenegotiatePending(), false)
		wantEqual(t, "IsInitFinished", c.IsInitFinished(), true)
		wantEqual(t, "SessionReused", c.SessionReused(), abbreviated)
		after := c.Session()
		wantEqual(t, "the same session", after.Same(before), abbreviated)
		before.Free()
		after.Free()
		wantEqual(t, "Write", c.Write([]byte("still works")), 11)
	}
	c, _ := connected(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	wantEqual(t, "Renegotiate of TLS 1.3", c.Renegotiate(), 0)
	wantText(t, "Renegotiate of TLS 1.3", c.LastErrors(), "wrong ssl version")
	c, _ = connected(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
	c.SetOptions(libssl.OpNoRenegotiation)
	wantEqual(t, "Renegotiate with OpNoRenegotiation", c.RenegotiateAbbreviated(), 0)
	wantText(t, "Renegotiate with OpNoRenegotiation", c.LastErrors(), "no renegotiation")
}

// TestSSLHello: what a client asks for, in the bytes that it sends, and what the server heard.
func TestSSLHello(t *testing.T) {
	c, s := pair(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
	wantEqual(t, "Servername", c.Servername(), "")
	wantEqual(t, "SetTLSExtHostName", c.SetTLSExtHostName("name.example"), 1)
	wantEqual(t, "SetALPNProtos", c.SetALPNProtos([]byte("\x02h2\x08http/1.1")), 0)
	for _, bad := range []string{"\x09h2", "\x00", "\x02h2\x00"} {
		wantEqual(t, fmt.Sprintf("SetALPNProtos(%q)", bad), c.SetALPNProtos([]byte(bad)), 1)
		wantText(t, "SetALPNProtos", c.LastErrors(), "SSL_set_alpn_protos failed; OpenSSL gave no reason")
	}
	c.DoHandshake()
	hello := make([]byte, 1<<12)
	hello = hello[:c.BIORead(hello)]
	wantEqual(t, "name sent", bytes.Contains(hello, []byte("name.example")), true)
	wantEqual(t, "protocols sent", bytes.Contains(hello, []byte("\x00\x0c\x02h2\x08http/1.1")), true)
	s.BIOWrite(hello)
	finish(t, c, s)
	wantEqual(t, "Servername", c.Servername(), "name.example")
	wantEqual(t, "server's Servername", s.Servername(), "name.example")

	c, _ = pair(t, clientCtx(t, 0), serverCtx(t, 0))
	c.SetALPNProtos([]byte("\x02h2"))
	wantEqual(t, "SetALPNProtos(nil)", c.SetALPNProtos(nil), 0) // takes it back
	c.DoHandshake()
	hello = hello[:cap(hello)]
	wantEqual(t, "protocols sent", bytes.Contains(hello[:c.BIORead(hello)], []byte("\x02h2")), false)
}

// collect drops what is unreachable; cleanups run in goroutines of their own.
func collect() {
	for range 5 {
		runtime.GC()
		time.Sleep(2 * time.Millisecond)
	}
}

// TestSSLCtxCollected: a session stays resumable when what it came from is forgotten, though the end of an SSL_CTX flags its sessions.
func TestSSLCtxCollected(t *testing.T) {
	server := serverCtx(t, libssl.VersionTLS12)
	newCtx := func() *libssl.Ctx {
		ctx, err := libssl.NewCtx(libssl.TLSv12ClientMethod())
		must(t, err)
		ctx.SetSessionCacheMode(libssl.SessCacheBoth)
		return ctx
	}
	connect := func(c *libssl.SSL) *libssl.Session {
		s := newSSL(t, server)
		c.SetMemBIO()
		s.SetMemBIO()
		c.SetConnectState()
		s.SetAcceptState()
		finish(t, c, s)
		return c.Session()
	}
	newClient := func(ctx *libssl.Ctx) *libssl.SSL {
		ssl, err := libssl.NewSSL(ctx)
		must(t, err)
		return ssl
	}
	for name, f := range map[string]func() *libssl.Session{
		"all forgotten": func() *libssl.Session { return connect(newClient(newCtx())) },
		"SSL freed": func() *libssl.Session {
			c := newClient(newCtx())
			defer c.Free()
			defer c.Shutdown()
			return connect(c)
		},
		"copy after SetSSLCtx": func() *libssl.Session {
			c := newClient(newCtx())
			defer c.Free()
			c.SetSSLCtx(newCtx())
			dup, err := c.Dup() // libssl makes it with the second Ctx
			must(t, err)
			defer dup.Free()
			defer dup.Shutdown()
			return connect(dup)
		},
		"another handle of the Ctx freed": func() *libssl.Session {
			ctx := newCtx()
			var kept *libssl.Session
			ctx.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { kept = sess.UpRef() })
			c := newClient(ctx)
			defer c.Free()
			defer c.Shutdown()
			c.Ctx().Free()
			connect(c).Free()
			ctx.SessSetNewCB(nil) // a callback that leads to its Ctx, here by the session, would keep it
			return kept
		},
		"Ctx freed, SSL forgotten": func() *libssl.Session {
			ctx := newCtx()
			defer ctx.Free()
			return connect(newClient(ctx))
		},
	} {
		sess := f()
		wantEqual(t, name+": IsResumable", sess.IsResumable(), true)
		collect()
		wantEqual(t, name+": IsResumable when the rest was collected", sess.IsResumable(), true)
		sess.Free()
	}
}
