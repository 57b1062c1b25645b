package libssl_test

import (
	"bytes"
	"encoding/asn1"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// FuzzParseSession: whatever the bytes, no crash and nothing in the native queue; what is a session has an encoding that gives the same again. The
// bytes are tried as they are, and with one value exchanged: few that are changed at random are ASN.1 still.
func FuzzParseSession(f *testing.F) {
	var values [][]byte
	for _, v := range []any{0, -1, 1 << 31, int64(-1 << 63), "", "text", []byte{}, make([]byte, 33), make([]byte, 300)} {
		der, err := asn1.Marshal(v)
		must(f, err)
		values = append(values, der, der[2:])
	}
	for _, s := range realSessions(f) {
		der := encode(f, s)
		f.Add(der[:len(der)/2], 0, []byte(nil))
		f.Add(append(bytes.Clone(der), der...), 0, []byte(nil))
		for field := range 20 {
			for _, v := range values {
				f.Add(der, field, v)
			}
		}
	}
	f.Add([]byte("\x30\x00"), 0, []byte(nil))
	f.Fuzz(func(t *testing.T, der []byte, field int, value []byte) {
		checkParsed(t, libssl.ParseSession, (*libssl.Session).DER, der)
		der, err := withValues(der, func(v []asn1.RawValue) {
			if field >= 0 && field < len(v) {
				v[field].Bytes = value
			}
		})
		if err == nil {
			checkParsed(t, libssl.ParseSession, (*libssl.Session).DER, der)
		}
	})
}

func FuzzParseSessionPEM(f *testing.F) {
	for _, s := range realSessions(f) {
		pem, err := s.PEM()
		must(f, err)
		f.Add(pem)
		f.Add(encrypted("SSL SESSION PARAMETERS", encode(f, s)))
	}
	f.Add([]byte("-----BEGIN SSL SESSION PARAMETERS-----\n-----END SSL SESSION PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, pem []byte) { checkParsed(t, libssl.ParseSessionPEM, (*libssl.Session).PEM, pem) })
}

func checkParsed(t *testing.T, parse func([]byte) (*libssl.Session, error), encode func(*libssl.Session) ([]byte, error), b []byte) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		if left := ctest.Drain(); len(left) != 0 {
			t.Errorf("left in the queue: %v", left)
		}
	}()
	s, err := parse(b)
	if err != nil {
		if s != nil || err.Error() == "" {
			t.Errorf("a session and an error: %v", err)
		}
		return
	}
	defer s.Free()
	first := fields(s)
	again, err := encode(s)
	must(t, err)
	back, err := parse(again)
	must(t, err)
	defer back.Free()
	wantEqual(t, "Equal", back.Equal(s), true)
	wantEqual(t, "fields", fields(back), first)
	if dup, err := s.Dup(); err == nil { // libssl fails to copy a ticket of no bytes
		defer dup.Free()
		wantEqual(t, "Dup's fields", fields(dup), first)
	}
}

// FuzzSetters: a setter either fails and changes nothing, or the getter gives the value back, also after encoding and decoding.
func FuzzSetters(f *testing.F) {
	f.Add([]byte("id"), []byte("context"), "host", "alpn", int64(1), int64(2), uint32(3), 0x303)
	f.Add(make([]byte, 33), make([]byte, 33), "h\x00st", "", int64(-1), int64(0), uint32(1<<32-1), -1)
	der := encode(f, session(f, clientCtx(f, libssl.VersionTLS12), serverCtx(f, libssl.VersionTLS12)))
	f.Fuzz(func(t *testing.T, id, context []byte, host, alpn string, at, timeout int64, early uint32, version int) {
		s, err := libssl.ParseSession(der)
		must(t, err)
		defer s.Free()
		set := func(what string, err error, got, want any) {
			t.Helper()
			if err == nil && got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		check := func(s *libssl.Session, errs map[string]error) {
			set("ID", errs["ID"], string(s.ID()), string(id))
			set("IDContext", errs["IDContext"], string(s.IDContext()), string(context))
			set("Hostname", errs["Hostname"], s.Hostname(), host)
			set("ALPNSelected", errs["ALPNSelected"], s.ALPNSelected(), alpn)
			set("Time", errs["Time"], s.Time().Unix(), at)
			set("Timeout", errs["Timeout"], s.Timeout(), time.Duration(timeout).Truncate(time.Second))
			set("MaxEarlyData", errs["MaxEarlyData"], s.MaxEarlyData(), early)
			set("ProtocolVersion", errs["ProtocolVersion"], s.ProtocolVersion(), int(int32(version)))
		}
		before := fields(s)
		errs := map[string]error{
			"ID": s.SetID(id), "IDContext": s.SetIDContext(context), "Hostname": s.SetHostname(host), "ALPNSelected": s.SetALPNSelected(alpn),
			"Time": s.SetTime(time.Unix(at, 0)), "Timeout": s.SetTimeout(time.Duration(timeout)), "MaxEarlyData": s.SetMaxEarlyData(early),
			"ProtocolVersion": s.SetProtocolVersion(version),
		}
		wantEqual(t, "SetID fails", errs["ID"] != nil, len(id) > 32)
		wantEqual(t, "SetIDContext fails", errs["IDContext"] != nil, len(context) > 32)
		check(s, errs)
		if version>>8 != 3 && version>>8 != 0xfe || at == 0 || timeout/int64(time.Second) == 0 {
			return // no such version is read back, and 0 stands for now and for three seconds
		}
		back, err := libssl.ParseSession(encode(t, s))
		if err != nil {
			t.Fatalf("%v, of\n%s", err, before)
		}
		defer back.Free()
		check(back, errs)
	})
}
