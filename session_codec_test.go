package libssl_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// realSessions returns one session of each kind, by name.
func realSessions(t testing.TB) map[string]*libssl.Session {
	t.Helper()
	idClient, idServer := idCtxs(t)
	client := func(v int) *libssl.Session { return session(t, clientCtx(t, v), serverCtx(t, v)) }
	full := client(libssl.VersionTLS13) // all that an encoding can hold
	must(t, full.SetHostname("name.example"))
	must(t, full.SetALPNSelected("h2"))
	must(t, full.SetMaxEarlyData(1000))
	must(t, full.SetIDContext([]byte("context")))
	return map[string]*libssl.Session{
		"TLS 1.2 id": session(t, idClient, idServer), "TLS 1.2 ticket": client(libssl.VersionTLS12), "TLS 1.3": client(libssl.VersionTLS13), "full": full,
	}
}

func encode(t testing.TB, s *libssl.Session) []byte {
	t.Helper()
	der, err := s.DER()
	must(t, err)
	return der
}

func TestSessionDER(t *testing.T) {
	for name, s := range realSessions(t) {
		der := encode(t, s)
		back, err := libssl.ParseSession(der)
		must(t, err)
		defer back.Free()
		wantEqual(t, name+": fields", fields(back), fields(s))
		wantEqual(t, name+": Equal", back.Equal(s), true)
		wantEqual(t, name+": Same", back.Same(s), false)
		wantRefs(t, back, 1)
		wantEqual(t, name+": DER again", bytes.Equal(encode(t, back), der), true)
		must(t, back.SetTimeout(back.Timeout()+time.Second))
		wantEqual(t, name+": Equal after a change", back.Equal(s), false)
		for _, room := range []int{0, len(der) - 1, len(der), len(der) + 1} {
			buf := append(make([]byte, 0, 3+room), "abc"...)
			got, err := s.AppendDER(buf)
			must(t, err)
			wantEqual(t, name+": AppendDER", string(got), "abc"+string(der))
			wantEqual(t, name+": in place", &got[0] == &buf[0], room >= len(der))
		}
	}
}

func TestSessionPEM(t *testing.T) {
	for name, s := range realSessions(t) {
		pem, err := s.PEM()
		must(t, err)
		if !bytes.Equal(pem, pemOf("SSL SESSION PARAMETERS", encode(t, s))) {
			t.Errorf("%s: PEM is\n%s", name, pem)
		}
		// The first one counts; text and other blocks around it do not.
		for what, text := range map[string][]byte{
			"alone": pem, "with text": append([]byte("some text\n"), append(bytes.Clone(pem), "more text"...)...),
			"after another block": append(pemOf("CERTIFICATE", []byte("x")), pem...), "twice": bytes.Repeat(pem, 2),
		} {
			back, err := libssl.ParseSessionPEM(text)
			must(t, err)
			wantEqual(t, name+" "+what+": Equal", back.Equal(s), true)
			wantEqual(t, name+" "+what+": fields", fields(back), fields(s))
			back.Free()
		}
	}
}

// TestSessionDecodedResumes: what comes back from an encoding is as good as the object, and better: the flag is lost.
func TestSessionDecodedResumes(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		s := session(t, client, server)
		_, err := client.RemoveSession(s)
		must(t, err)
		wantEqual(t, "IsResumable when flagged", s.IsResumable(), false)
		wantEqual(t, "resumes when flagged", resumes(t, client, server, s), false)
		back, err := libssl.ParseSession(encode(t, s))
		must(t, err)
		defer back.Free()
		wantEqual(t, "IsResumable when decoded", back.IsResumable(), true)
		pem, err := back.PEM()
		must(t, err)
		fromPEM, err := libssl.ParseSessionPEM(pem)
		must(t, err)
		defer fromPEM.Free()
		wantEqual(t, "resumes from DER", resumes(t, client, server, back), true)
		wantEqual(t, "resumes from PEM", resumes(t, client, server, fromPEM), true)
	}
}

func TestSessionWithoutEncoding(t *testing.T) {
	s := newSession(t)
	buf, err := s.AppendDER([]byte("abc"))
	wantEqual(t, "AppendDER", string(buf), "abc")
	var stack libssl.ErrorStack
	if !errors.As(err, &stack) || stack.Func != "i2d_SSL_SESSION" || len(stack.Entries) != 0 || stack.Refused != nil {
		t.Errorf("AppendDER: %#v, want a failure without a reason", err)
	}
	_, err = s.PEM()
	wantText(t, "PEM", err, "PEM_ASN1_write_bio:ASN1 lib")
	wantEqual(t, "Equal to itself", s.Equal(s), false)
	wantEqual(t, "Equal to nil", s.Equal(nil), false)
}

// rejected fails the test unless b is an error, with nothing left in the native queue.
func rejected(t *testing.T, what string, parse func([]byte) (*libssl.Session, error), b []byte) error {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := parse(b)
	if left := ctest.Drain(); len(left) != 0 {
		t.Errorf("%s: left in the queue: %v", what, left)
	}
	if err == nil || s != nil {
		s.Free()
		t.Errorf("%s: accepted", what)
	}
	return err
}

func TestSessionTruncated(t *testing.T) {
	for name, s := range realSessions(t) {
		der := encode(t, s)
		for n := range der {
			wantText(t, name, rejected(t, name, libssl.ParseSession, der[:n]), "d2i_SSL_SESSION: error:0D0")
		}
		pem, err := s.PEM()
		must(t, err)
		for n := range pem[:len(pem)-1] { // the last newline may be missing
			wantText(t, name, rejected(t, name, libssl.ParseSessionPEM, pem[:n]), "PEM_read_bio_SSL_SESSION: error:")
		}
	}
}

func TestSessionBadInputs(t *testing.T) {
	der := encode(t, session(t, clientCtx(t, 0), serverCtx(t, 0)))
	for what, c := range map[string]struct {
		parse func([]byte) (*libssl.Session, error)
		b     []byte
		text  string
	}{
		"nil":           {libssl.ParseSession, nil, "d2i_SSL_SESSION: error:0D0"},
		"empty":         {libssl.ParseSession, []byte{}, "d2i_SSL_SESSION: error:0D0"},
		"garbage":       {libssl.ParseSession, []byte("garbage"), "d2i_SSL_SESSION: error:0D0"},
		"a byte more":   {libssl.ParseSession, append(bytes.Clone(der), 0), "d2i_SSL_SESSION: 1 bytes follow the session"},
		"twice":         {libssl.ParseSession, append(bytes.Clone(der), der...), "bytes follow the session"},
		"the bound":     {libssl.ParseSession, make([]byte, 1<<20), "d2i_SSL_SESSION: error:0D0"},
		"beyond":        {libssl.ParseSession, make([]byte, 1<<20+1), libssl.ErrTooLong.Error()},
		"PEM nil":       {libssl.ParseSessionPEM, nil, "PEM_read_bio_SSL_SESSION: error:2007E073:BIO routines:BIO_new_mem_buf:null parameter"},
		"PEM garbage":   {libssl.ParseSessionPEM, []byte("garbage"), "no start line"},
		"PEM other":     {libssl.ParseSessionPEM, pemOf("CERTIFICATE", der), "no start line"},
		"PEM of no DER": {libssl.ParseSessionPEM, pemOf("SSL SESSION PARAMETERS", []byte("x")), "ASN1 lib"},
		"PEM the bound": {libssl.ParseSessionPEM, make([]byte, 1<<20), "no start line"},
		"PEM beyond":    {libssl.ParseSessionPEM, make([]byte, 1<<20+1), libssl.ErrTooLong.Error()},
		"no such cipher": {libssl.ParseSession, edited(t, der, func(v []asn1.RawValue) {
			v[2].Bytes = []byte{0xaa, 0xbb}
		}), "d2i_SSL_SESSION " + noReason},
	} {
		err := rejected(t, what, c.parse, c.b)
		wantText(t, what, err, c.text)
		wantEqual(t, what+": entries", strings.Count(err.Error(), "error:") == 1, what == "PEM nil" || strings.Contains(c.text, "no start line"))
	}
}

// TestSessionDupFails: libssl cannot copy a ticket of no bytes, which it reads.
func TestSessionDupFails(t *testing.T) {
	s, err := libssl.ParseSession(edited(t, encode(t, session(t, clientCtx(t, 0), serverCtx(t, 0))), func(v []asn1.RawValue) {
		for i := range v {
			if v[i].Class == asn1.ClassContextSpecific && v[i].Tag == 10 {
				v[i].Bytes = []byte{asn1.TagOctetString, 0}
			}
		}
	}))
	must(t, err)
	defer s.Free()
	rejected(t, "Dup", func([]byte) (*libssl.Session, error) {
		dup, err := s.Dup()
		wantText(t, "Dup", err, "ssl_session_dup:malloc failure")
		return dup, err
	}, nil)
	wantRefs(t, s, 1)
}

// edited returns the encoding with other values. They are: version, SSL version, cipher, id, key, then what has a context tag.
func edited(t testing.TB, der []byte, edit func([]asn1.RawValue)) []byte {
	t.Helper()
	der, err := withValues(der, edit)
	must(t, err)
	return der
}

func withValues(der []byte, edit func([]asn1.RawValue)) ([]byte, error) {
	var values []asn1.RawValue
	if _, err := asn1.Unmarshal(der, &values); err != nil {
		return nil, err
	}
	for i := range values {
		values[i].FullBytes = nil
	}
	edit(values)
	return asn1.Marshal(values)
}

// TestSessionForeignNumbers: an encoding from elsewhere can hold more seconds than a Duration.
func TestSessionForeignNumbers(t *testing.T) {
	der := encode(t, session(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)))
	const most = math.MaxInt64 / time.Second * time.Second
	for seconds, want := range map[int64]time.Duration{
		300: 300 * time.Second, int64(most / time.Second): most, 1 << 40: most, math.MaxInt64: most, -300: -300 * time.Second, math.MinInt64: -most,
	} {
		s, err := libssl.ParseSession(edited(t, der, func(v []asn1.RawValue) {
			for i := range v {
				if v[i].Class == asn1.ClassContextSpecific && (v[i].Tag == 2 || v[i].Tag == 9 && seconds > 0) { // timeout, lifetime hint
					number, err := asn1.Marshal(seconds)
					must(t, err)
					v[i].Bytes = number
				}
			}
		}))
		must(t, err)
		wantEqual(t, "Timeout", s.Timeout(), want)
		if seconds > 0 {
			wantEqual(t, "TicketLifetimeHint", s.TicketLifetimeHint(), want)
		}
		s.Free()
	}
}

// opensslTool returns the program that belongs to the library that was linked.
func opensslTool(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("pkg-config", "--variable=libdir", "libssl").Output()
	if err != nil {
		t.Skip("no pkg-config: ", err)
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	for _, tool := range []string{filepath.Join(dir, "bin", "openssl"), filepath.Join(filepath.Dir(dir), "bin", "openssl")} {
		if out, err := exec.Command(tool, "version").Output(); err == nil && strings.HasPrefix(string(out), "OpenSSL 1.1.1") {
			return tool
		}
	}
	t.Skipf("no openssl program of 1.1.1 beside %s", dir)
	return ""
}

func TestSessionTool(t *testing.T) {
	tool := opensslTool(t)
	for name, s := range realSessions(t) {
		pem, err := s.PEM()
		must(t, err)
		text, err := exec.Command(tool, "sess_id", "-in", tempFile(t, pem), "-noout", "-text").CombinedOutput()
		must(t, err)
		for _, want := range []string{
			"Session-ID: " + strings.ToUpper(hex.EncodeToString(s.ID())), s.Cipher(),
			strings.ToUpper(hex.EncodeToString(s.MasterKey())),
		} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		converted, err := exec.Command(tool, "sess_id", "-inform", "DER", "-in", tempFile(t, encode(t, s)), "-outform", "PEM").Output()
		must(t, err)
		back, err := libssl.ParseSessionPEM(converted)
		must(t, err)
		wantEqual(t, name+": Equal", back.Equal(s), true)
		back.Free()
	}
}
