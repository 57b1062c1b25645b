package libssl_test

import (
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// srpCtxs returns a client with a user name, and a server that knows the user "me" by "secret". Both use SRP without certificates.
func srpCtxs(t *testing.T) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = tlsCtxs(t, libssl.VersionTLS12)
	for _, ctx := range []*libssl.Ctx{client, server} {
		must(t, ctx.SetCipherList("aSRP"))
	}
	must(t, client.SetSRPUsername("me"))
	server.SetSRPUsernameCallback(func(ssl *libssl.SSL) (int, int) {
		if ssl.SRPUsername() != "me" {
			return libssl.ALFatal, 0
		}
		wantEqual(t, "SetSRPServerParamPW", ssl.SetSRPServerParamPW("me", "secret", "1024"), 1)
		return libssl.ErrorNone, 0
	})
	return client, server
}

func TestSRP(t *testing.T) {
	for _, test := range []struct {
		name, user, password string
		known                bool
		client               string // what the client says; "" for success
	}{
		{"good", "me", "secret", true, ""},
		{"other password", "me", "Secret", true, "alert bad record mac"},
		{"no password", "me", "", true, "alert bad record mac"},
		{"unknown user", "you", "secret", true, "alert number 115"},
		{"NUL", "me", "secret\x00", true, "callback failed"},
		{"too long", "me", strings.Repeat("x", 1025), true, "callback failed"},
		{"refused by the client", "me", "secret", false, "callback failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := srpCtxs(t)
			must(t, client.SetSRPUsername(test.user))
			client.SetSRPClientPwdCallback(func(ssl *libssl.SSL) (string, bool) {
				wantEqual(t, "user of the client", ssl.SRPUsername(), test.user)
				return test.password, test.known
			})
			c, s := pair(t, client, server)
			if test.client == "" {
				finish(t, c, s)
				wantEqual(t, "user", s.SRPUsername(), "me")
				return
			}
			said, _ := refusal(t, c, s)
			wantText(t, "client", said, test.client)
		})
	}
}

// The longest password, and SetSRPPassword in place of the callback.
func TestSRPPassword(t *testing.T) {
	long := strings.Repeat("x", 1024)
	client, server := srpCtxs(t)
	server.SetSRPUsernameCallback(func(ssl *libssl.SSL) (int, int) {
		ssl.SetSRPServerParamPW("me", long, "1024")
		return libssl.ErrorNone, 0
	})
	client.SetSRPClientPwdCallback(func(*libssl.SSL) (string, bool) { return long, true })
	connected(t, client, server)
	must(t, client.SetSRPPassword(long))
	client.SetSRPClientPwdCallback(nil)
	c, s := pair(t, client, server)
	wantEqual(t, "connects without a password", shake(c, s), false)
	must(t, client.SetSRPPassword(long))
	connected(t, client, server)
}

// The callback's alert is sent; a pause goes on where it was; without a callback there is no SRP.
func TestSRPUsernameCallback(t *testing.T) {
	client, server := srpCtxs(t)
	must(t, client.SetSRPPassword("secret"))
	server.SetSRPUsernameCallback(func(*libssl.SSL) (int, int) { return libssl.ALFatal, libssl.ADAccessDenied })
	c, s := pair(t, client, server)
	said, _ := refusal(t, c, s)
	wantText(t, "client", said, "access denied")

	calls := 0
	server.SetSRPUsernameCallback(func(ssl *libssl.SSL) (int, int) {
		if calls++; calls == 1 {
			return -1, 0
		}
		ssl.SetSRPServerParamPW("me", "secret", "1024")
		return libssl.ErrorNone, 0
	})
	c, s = pair(t, client, server)
	c.DoHandshake()
	move(c, s)
	if n := s.DoHandshake(); n != -1 || s.GetError(n) != libssl.ErrorWantX509Lookup {
		t.Errorf("pause: %d, %d", n, s.GetError(n))
	}
	finish(t, c, s)
	wantEqual(t, "calls", calls, 2)

	server.SetSRPUsernameCallback(nil)
	c, s = pair(t, client, server)
	wantEqual(t, "connects without a callback", shake(c, s), false)
}

func TestSRPServerParam(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	s := newSSL(t, server)
	for _, group := range []string{"", "1000", "P-256"} {
		wantEqual(t, group, s.SetSRPServerParamPW("me", "secret", group), -1)
		wantText(t, group, s.LastErrors(), "SSL_set_srp_server_param_pw failed; OpenSSL gave no reason")
	}
	for i := range 3 {
		args := []string{"me", "secret", "1024"}
		args[i] += "\x00"
		wantRefused(t, "NUL", s.SetSRPServerParamPW(args[0], args[1], args[2]), -1, s.LastErrors(), libssl.ErrNUL)
	}
	wantEqual(t, "user", s.SRPUsername(), "")
	must(t, client.SetSRPUsername("me"))
	wantEqual(t, "user", newSSL(t, client).SRPUsername(), "me")
	s.Free()
	wantRefused(t, "freed", s.SetSRPServerParamPW("me", "secret", "1024"), -1, s.LastErrors(), libssl.ErrFreed)
}

// What libssl says when memory runs out does not stay in the queue. It does not notice all of it: the handshake fails then.
func TestSRPOutOfMemory(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctx := serverCtx(t, 0)
		failures := 0
		for n, more := 1, true; more; n++ {
			s := newSSL(t, ctx)
			more = starving(t, ctest.FailAllocations, n, func() {
				if s.SetSRPServerParamPW("me", "secret", "1024") != 1 {
					failures++
				}
			})
		}
		if failures == 0 {
			t.Error("it never fails")
		}
	})
}
