package libssl_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// The conformance suite compares what ExplainSession says with every ClientHello; here are the reasons.
func TestExplainSession(t *testing.T) {
	const early = libssl.ReasonNoEarlyData
	for _, tt := range []struct {
		name    string
		version int
		change  func(*libssl.SSL, *libssl.Session)
		before  libssl.Explanation
		resumes bool
	}{
		{"TLS 1.2", libssl.VersionTLS12, nil, libssl.Explanation{Offered: true, Reasons: []libssl.Reason{early}}, true},
		{"TLS 1.3", libssl.VersionTLS13, nil, libssl.Explanation{Offered: true, Reasons: []libssl.Reason{early}}, true},
		{"flagged", libssl.VersionTLS12, func(c *libssl.SSL, s *libssl.Session) {
			ctx := c.Ctx()
			defer ctx.Free()
			ctx.RemoveSession(s)
		}, libssl.Explanation{Reasons: []libssl.Reason{libssl.ReasonFlagged}}, false},
		{"version too low", libssl.VersionTLS12, func(c *libssl.SSL, _ *libssl.Session) {
			c.SetMaxProtoVersion(0)
			c.SetMinProtoVersion(libssl.VersionTLS13)
		}, libssl.Explanation{Reasons: []libssl.Reason{libssl.ReasonVersion}}, false},
		{"version switched off", libssl.VersionTLS12, func(c *libssl.SSL, _ *libssl.Session) {
			c.SetMaxProtoVersion(0)
			c.SetOptions(libssl.OpNoTLSv12)
		}, libssl.Explanation{Reasons: []libssl.Reason{libssl.ReasonVersion}}, false},
		{
			"expired", libssl.VersionTLS12, func(_ *libssl.SSL, s *libssl.Session) { s.SetTime(time.Now().Add(-10 * time.Hour)) },
			libssl.Explanation{Offered: true, Reasons: []libssl.Reason{libssl.ReasonExpired, early}},
			true,
		},
		{
			"ticket too old", libssl.VersionTLS13, func(_ *libssl.SSL, s *libssl.Session) { s.SetTime(time.Now().Add(-10 * time.Hour)) },
			libssl.Explanation{Reasons: []libssl.Reason{libssl.ReasonTicketTooOld}},
			false,
		},
		{
			"cipher off", libssl.VersionTLS13, func(c *libssl.SSL, _ *libssl.Session) { c.SetCiphersuites("TLS_AES_128_GCM_SHA256") },
			libssl.Explanation{Offered: true, Reasons: []libssl.Reason{libssl.ReasonCipherOff, early}},
			false,
		},
		{
			"tickets off", libssl.VersionTLS12, func(c *libssl.SSL, _ *libssl.Session) { c.SetOptions(libssl.OpNoTicket) },
			libssl.Explanation{Offered: true, Reasons: []libssl.Reason{libssl.ReasonTicketsOff, early}},
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := clientCtx(t, tt.version), serverCtx(t, 0)
			sess := session(t, client, server)
			c, s := pair(t, client, server)
			if tt.change != nil {
				tt.change(c, sess)
			}
			if diff := cmp.Diff(tt.before, c.ExplainSession(sess)); diff != "" {
				t.Errorf("before SetSession (-want +got):\n%s", diff)
			}
			c.SetSession(sess)
			if diff := cmp.Diff(tt.before, c.ExplainSession(nil)); diff != "" {
				t.Errorf("the session that is set (-want +got):\n%s", diff)
			}
			finish(t, c, s)
			if got := c.SessionReused(); got != tt.resumes {
				t.Errorf("SessionReused() = %v", got)
			}
			after := c.ExplainSession(sess)
			if after.Resumed != tt.resumes {
				t.Errorf("after the handshake: %v", after)
			}
			if declined := tt.before.Offered && !tt.resumes; declined != has(after, libssl.ReasonDeclined) {
				t.Errorf("after the handshake: %v", after)
			}
		})
	}
}

func has(e libssl.Explanation, r libssl.Reason) bool {
	for _, have := range e.Reasons {
		if have == r {
			return true
		}
	}
	return false
}

func TestExplainSessionOfOthers(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	fixed, err := libssl.NewCtx(libssl.TLSv11ClientMethod())
	must(t, err)
	t.Cleanup(fixed.Free)
	early := newSession(t)
	must(t, early.SetID([]byte("an id")))
	must(t, early.SetProtocolVersion(libssl.VersionTLS13))
	freed := newSession(t)
	freed.Free()
	dead := newSSL(t, client)
	dead.Free()
	asServer := newSSL(t, server)
	asServer.SetAcceptState()
	for _, tt := range []struct {
		name string
		ssl  *libssl.SSL
		sess *libssl.Session
		want libssl.Reason
	}{
		{"none", newSSL(t, client), nil, libssl.ReasonNoSession},
		{"a server", asServer, sess, libssl.ReasonServer},
		{"a new one", newSSL(t, clientCtx(t, 0)), newSession(t), libssl.ReasonVersion},
		{"a method of one version", newSSL(t, fixed), sess, libssl.ReasonVersion},
		{"TLS 1.3 without ticket", newSSL(t, clientCtx(t, 0)), early, libssl.ReasonNoTicket},
		{"another Ctx's", newSSL(t, clientCtx(t, 0)), sess, libssl.ReasonOtherCtx},
	} {
		if e := tt.ssl.ExplainSession(tt.sess); !has(e, tt.want) {
			t.Errorf("%s: %v", tt.name, e)
		}
	}
	for name, e := range map[string]libssl.Explanation{
		"a freed session": asServer.ExplainSession(freed), "a freed SSL": dead.ExplainSession(sess),
	} {
		if diff := cmp.Diff(libssl.ErrFreed.Error(), e.String()); diff != "" || e.Refused != libssl.ErrFreed || e.Reasons != nil {
			t.Errorf("%s (-want +got):\n%s\n%v", name, diff, e.Reasons)
		}
	}
	wantText(t, "LastErrors", asServer.LastErrors(), "ExplainSession: "+libssl.ErrFreed.Error())
}

// Early data fails the handshake if the names differ, which ExplainSession foretells.
func TestExplainSessionServername(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	server.SetMaxEarlyData(1000)
	server.SetTLSExtServernameCallback(func(*libssl.SSL) (int, int) { return libssl.TLSExtErrOK, 0 })
	named := func(name string) (c, s *libssl.SSL) {
		c, s = pair(t, client, server)
		if name != "" {
			c.SetTLSExtHostName(name)
		}
		return c, s
	}
	for names, early := range map[[2]string]bool{
		{"one", "one"}: true, {"one", "other"}: false, {"one", ""}: false, {"", ""}: true, {"", "one"}: true, // a session without a name is for all
	} {
		c, s := named(names[0])
		finish(t, c, s)
		sess := c.Session()
		c.Shutdown()
		c, _ = named(names[1])
		c.SetSession(sess)
		sess.Free()
		e := c.ExplainSession(nil)
		if has(e, libssl.ReasonServername) == early {
			t.Errorf("%q: %v", names, e)
		}
		if ret, _ := c.WriteEarlyData([]byte("x")); (ret == 1) != early {
			t.Errorf("%q: WriteEarlyData returned %d: %v", names, ret, c.LastErrors())
		}
	}
}

func TestExplanationString(t *testing.T) {
	for want, e := range map[string]libssl.Explanation{
		"not offered: no session is set": {Reasons: []libssl.Reason{libssl.ReasonNoSession}},
		"resumed":                        {Offered: true, Resumed: true},
		"offered":                        {Offered: true, Reasons: []libssl.Reason{libssl.ReasonNoEarlyData}},
		"offered: the session's timeout has passed; Reason(99)": {Offered: true, Reasons: []libssl.Reason{libssl.ReasonExpired, 99}},
	} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Free may come meanwhile, with -race to see it.
func TestExplainSessionWhileFreed(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	sess := session(t, client, server)
	c := newSSL(t, client)
	freed := make(chan struct{})
	go func() { defer close(freed); c.Free() }()
	if e := c.ExplainSession(sess); !e.Offered && e.Refused != libssl.ErrFreed {
		t.Error(e)
	}
	<-freed
}
