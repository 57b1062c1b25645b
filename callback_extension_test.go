package libssl_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl"
)

func TestEncodeALPN(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, test := range []struct {
		protos []string
		wire   string
	}{
		{nil, ""},
		{[]string{"h2"}, "\x02h2"},
		{[]string{"h2", "http/1.1", "\x00"}, "\x02h2\x08http/1.1\x01\x00"},
		{[]string{long}, "\xff" + long},
	} {
		wire, err := libssl.EncodeALPN(test.protos...)
		must(t, err)
		wantEqual(t, "wire", string(wire), test.wire)
		protos, err := libssl.DecodeALPN(wire)
		must(t, err)
		if !slices.Equal(protos, test.protos) {
			t.Errorf("%q", protos)
		}
	}
	for _, protos := range [][]string{{""}, {"h2", ""}, {long + "x"}, slices.Repeat([]string{long}, 256)} {
		if wire, err := libssl.EncodeALPN(protos...); !errors.Is(err, libssl.ErrProtocols) || wire != nil {
			t.Errorf("%d protocols: %v", len(protos), err)
		}
	}
	for _, wire := range []string{"\x00", "\x01", "\x02a", "\x01a\x00", "\x01a\x05b"} {
		if protos, err := libssl.DecodeALPN([]byte(wire)); !errors.Is(err, libssl.ErrProtocols) || protos != nil {
			t.Errorf("%q: %q, %v", wire, protos, err)
		}
	}
}

func TestSelectNextProto(t *testing.T) {
	for _, test := range []struct {
		server, client []string
		proto          string
		result         int
	}{
		{[]string{"a", "bb"}, []string{"c", "bb", "a"}, "a", libssl.NPNNegotiated},
		{[]string{"a", "bb"}, []string{"c", "bb"}, "bb", libssl.NPNNegotiated},
		{[]string{"a"}, []string{"cc", "b"}, "cc", libssl.NPNNoOverlap},
		{nil, []string{"cc"}, "cc", libssl.NPNNoOverlap},
		{[]string{"a"}, nil, "", 0},
	} {
		server, err := libssl.EncodeALPN(test.server...)
		must(t, err)
		client, err := libssl.EncodeALPN(test.client...)
		must(t, err)
		if proto, result := libssl.SelectNextProto(server, client); proto != test.proto || result != test.result {
			t.Errorf("%q, %q: %q, %d", test.server, test.client, proto, result)
		}
	}
	for _, lists := range [][2]string{{"\x02a", "\x01a"}, {"\x01a", "\x02a"}, {"\x01a", "\x00"}} {
		if proto, result := libssl.SelectNextProto([]byte(lists[0]), []byte(lists[1])); proto != "" || result != 0 {
			t.Errorf("%q: %q, %d", lists, proto, result)
		}
	}
}

func TestServernameCallback(t *testing.T) {
	for _, test := range []struct {
		name          string
		result, alert int
		connects      bool
		reason        string // of the client
	}{
		{"ok", libssl.TLSExtErrOK, 0, true, ""},
		{"no ack", libssl.TLSExtErrNoAck, 0, true, ""},
		{"default alert", libssl.TLSExtErrAlertFatal, 0, false, "tlsv1 unrecognized name"},
		{"own alert", libssl.TLSExtErrAlertFatal, libssl.ADAccessDenied, false, "tlsv1 alert access denied"},
		{"bad alert", libssl.TLSExtErrAlertFatal, 256, false, "tlsv1 alert internal error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, libssl.VersionTLS12)
			var name string
			server.SetTLSExtServernameCallback(func(ssl *libssl.SSL) (int, int) {
				name = ssl.Servername()
				return test.result, test.alert
			})
			c, s := pair(t, client, server)
			c.SetTLSExtHostName("example.org")
			if test.connects {
				finish(t, c, s)
				sess := s.Session()
				defer sess.Free()
				wantEqual(t, "name is acknowledged", sess.Hostname() == "example.org", test.result == libssl.TLSExtErrOK)
			} else {
				refused, _ := refusal(t, c, s)
				wantText(t, "client", refused, test.reason)
			}
			wantEqual(t, "name", name, "example.org")
		})
	}
}

// The callback may choose the Ctx; the callback of the Ctx that the SSL was made with is asked if the present one has none.
func TestServernameChoosesCtx(t *testing.T) {
	client, first := tlsCtxs(t, 0)
	second := serverCtx(t, 0)
	var called []string
	first.SetTLSExtServernameCallback(func(ssl *libssl.SSL) (int, int) {
		called = append(called, "first")
		if ssl.SetSSLCtx(second) != 1 {
			t.Error(ssl.LastErrors())
		}
		return libssl.TLSExtErrOK, 0
	})
	_, s := connected(t, client, first)
	now := s.Ctx()
	defer now.Free()
	if !now.Same(second) {
		t.Error("SetSSLCtx has no effect")
	}
	c, s := pair(t, client, first)
	s.SetSSLCtx(second) // has none of its own
	finish(t, c, s)
	second.SetTLSExtServernameCallback(func(*libssl.SSL) (int, int) { called = append(called, "second"); return libssl.TLSExtErrOK, 0 })
	c, s = pair(t, client, first)
	s.SetSSLCtx(second)
	finish(t, c, s)
	if got := strings.Join(called, ", "); got != "first, first, second" {
		t.Errorf("called: %s", got)
	}
	wantRefs(t, c, 1)
}

func TestALPNSelect(t *testing.T) {
	offer, err := libssl.EncodeALPN("h3", "h2")
	must(t, err)
	for _, test := range []struct {
		name     string
		selected string
		result   int
		connects bool
	}{
		{"second", "h2", libssl.TLSExtErrOK, true},
		{"none", "h2", libssl.TLSExtErrNoAck, true},
		{"fatal", "h2", libssl.TLSExtErrAlertFatal, false},
		{"empty", "", libssl.TLSExtErrOK, false},
		{"too long", strings.Repeat("x", 256), libssl.TLSExtErrOK, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, 0)
			server.SetALPNSelectCB(func(_ *libssl.SSL, offered []string) (string, int) {
				if !slices.Equal(offered, []string{"h3", "h2"}) {
					t.Errorf("offered: %q", offered)
				}
				return test.selected, test.result
			})
			c, s := pair(t, client, server)
			wantEqual(t, "SetALPNProtos", c.SetALPNProtos(offer), 0)
			if !test.connects {
				_, refused := refusal(t, c, s)
				wantText(t, "server", refused, "no application protocol")
				return
			}
			finish(t, c, s)
			want := test.selected
			if test.result != libssl.TLSExtErrOK {
				want = ""
			}
			sess := c.Session()
			defer sess.Free()
			wantEqual(t, "selected", sess.ALPNSelected(), want)
			wantEqual(t, "client's", string(c.ALPNSelected()), want)
			wantEqual(t, "server's", string(s.ALPNSelected()), want)
		})
	}
	client, server := tlsCtxs(t, 0)
	server.SetALPNSelectCB(func(*libssl.SSL, []string) (string, int) { boom(); return "", 0 })
	c, s := pair(t, client, server)
	c.SetALPNProtos(offer)
	wantPanic(t, panicOf(func() { shake(c, s) }), "alpn_select_cb")
	server.SetALPNSelectCB(nil)
	c, s = pair(t, client, server)
	c.SetALPNProtos(offer)
	finish(t, c, s)
}

func TestNPN(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	var protos, advertised []string
	selected, result := "b", libssl.TLSExtErrOK
	server.SetNextProtosAdvertisedCB(func(*libssl.SSL) ([]string, int) { return protos, libssl.TLSExtErrOK })
	client.SetNextProtoSelectCB(func(_ *libssl.SSL, list []string) (string, int) {
		advertised = list
		return selected, result
	})
	protos = []string{"a", "b"}
	c, s := connected(t, client, server)
	if !slices.Equal(advertised, protos) {
		t.Errorf("advertised: %q", advertised)
	}
	wantEqual(t, "client's", string(c.NextProtoNegotiated()), "b")
	wantEqual(t, "server's", string(s.NextProtoNegotiated()), "b")
	for _, bad := range []struct {
		selected string
		result   int
	}{{"", libssl.TLSExtErrOK}, {"b", libssl.TLSExtErrNoAck}, {strings.Repeat("x", 256), libssl.TLSExtErrOK}} {
		selected, result = bad.selected, bad.result
		c, s := pair(t, client, server)
		refused, _ := refusal(t, c, s)
		wantText(t, "client", refused, "bad extension")
	}
	selected, result = "b", libssl.TLSExtErrOK
	advertised = nil
	protos = []string{""} // cannot be encoded: not advertised
	c, _ = connected(t, client, server)
	if advertised != nil || c.NextProtoNegotiated() != nil {
		t.Errorf("advertised: %q, selected %q", advertised, c.NextProtoNegotiated())
	}
}

func TestOCSPStapling(t *testing.T) {
	response := bytes.Repeat([]byte("response"), 1000)
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := tlsCtxs(t, version)
		wantEqual(t, "type", client.TLSExtStatusType(), -1)
		must(t, client.SetTLSExtStatusType(libssl.StatusTypeOCSP))
		wantEqual(t, "type", client.TLSExtStatusType(), libssl.StatusTypeOCSP)
		serverResult, clientResult := libssl.TLSExtErrOK, 1
		server.SetTLSExtStatusCB(func(ssl *libssl.SSL) int {
			wantEqual(t, "asked for", ssl.TLSExtStatusType(), libssl.StatusTypeOCSP)
			wantEqual(t, "set", ssl.SetTLSExtStatusOCSPResp(response), 1)
			return serverResult
		})
		var got []byte
		client.SetTLSExtStatusCB(func(ssl *libssl.SSL) int {
			got = ssl.TLSExtStatusOCSPResp()
			return clientResult
		})
		connected(t, client, server)
		if !bytes.Equal(got, response) {
			t.Errorf("%d bytes arrived", len(got))
		}
		serverResult = libssl.TLSExtErrNoAck
		connected(t, client, server)
		if got != nil {
			t.Errorf("%d bytes arrived unasked", len(got))
		}
		serverResult = libssl.TLSExtErrOK
		for _, clientResult = range []int{0, -1} {
			c, s := pair(t, client, server)
			refused, _ := refusal(t, c, s)
			wantText(t, "client", refused, map[int]string{0: "invalid status response", -1: "ocsp callback failure"}[clientResult])
		}
		clientResult = 1
		serverResult = libssl.TLSExtErrAlertFatal
		c, s := pair(t, client, server)
		_, refused := refusal(t, c, s)
		wantText(t, "server", refused, "clienthello tlsext")
		client.SetTLSExtStatusCB(func(*libssl.SSL) int { boom(); return 1 })
		serverResult = libssl.TLSExtErrOK
		c, s = pair(t, client, server)
		wantPanic(t, panicOf(func() { shake(c, s) }), "tlsext_status_cb")
		if shake(c, s) {
			t.Error("the client accepts what it could not look at")
		}
	}
}

func TestOCSPResp(t *testing.T) {
	ssl := newSSL(t, clientCtx(t, 0))
	wantEqual(t, "asked for", ssl.TLSExtStatusType(), -1)
	wantEqual(t, "set", ssl.SetTLSExtStatusType(libssl.StatusTypeOCSP), 1)
	wantEqual(t, "asked for", ssl.TLSExtStatusType(), libssl.StatusTypeOCSP)
	if got := ssl.TLSExtStatusOCSPResp(); got != nil {
		t.Errorf("%x", got)
	}
	for _, resp := range [][]byte{[]byte("one"), {0}, nil, make([]byte, 1<<20)} {
		wantEqual(t, "set", ssl.SetTLSExtStatusOCSPResp(resp), 1)
		if got := ssl.TLSExtStatusOCSPResp(); !bytes.Equal(got, resp) || (got == nil) != (resp == nil) {
			t.Errorf("%d bytes, want %d", len(got), len(resp))
		}
	}
	wantEqual(t, "too long", ssl.SetTLSExtStatusOCSPResp(make([]byte, 1<<20+1)), 0)
	wantIs(t, "too long", ssl.LastErrors(), libssl.ErrTooLong)
	ssl.Free()
	wantEqual(t, "freed", ssl.SetTLSExtStatusOCSPResp(nil), 0)
	wantEqual(t, "freed", ssl.TLSExtStatusType(), 0)
	if ssl.TLSExtStatusOCSPResp() != nil {
		t.Error("freed")
	}
}
