package libssl_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// Errors for the values of calls.
func TestErr(t *testing.T) {
	c, s := pair(t, clientCtx(t, 0), serverCtx(t, 0))
	if err := c.Err(1); err != nil {
		t.Error(err)
	}
	if n := c.DoHandshake(); c.Err(n) != libssl.ErrWantRead || c.Want() != libssl.WantReading {
		t.Errorf("%v, %d", c.Err(n), c.Want())
	}
	// The failure of another call, of which libssl tells nothing more.
	if n := c.SetCipherList("a\x00"); !errors.Is(c.Err(n), libssl.ErrNUL) {
		t.Error(c.Err(n))
	}
	finish(t, c, s)
	if c.Want() != libssl.WantReading {
		t.Errorf("want %d after a read", c.Want())
	}
	s.Shutdown()
	move(s, c)
	if n := c.Read(make([]byte, 1)); c.Err(n) != libssl.ErrZeroReturn {
		t.Error(c.Err(n))
	}
	c.BIOSetEOF()
	s.BIOWrite([]byte("no TLS at all"))
	var stack libssl.ErrorStack
	if n := s.Read(make([]byte, 1)); !errors.As(s.Err(n), &stack) || len(stack.Entries) == 0 {
		t.Error(s.Err(n))
	}
	// The last call decides, with an engine too, and not the last failure.
	c = newSSL(t, clientCtx(t, 0))
	e, err := libssl.NewEngine(c)
	must(t, err)
	for range 2 {
		if step := e.Connect(nil, make([]byte, 1<<14)); c.Err(step.Ret) != libssl.ErrWantRead {
			t.Errorf("a step of the engine: %v", c.Err(step.Ret))
		}
		if n := c.SetCipherList("NOSUCH"); !errors.As(c.Err(n), &stack) || stack.Func != "SSL_set_cipher_list" || c.GetError(-1) != libssl.ErrorWantRead {
			t.Errorf("SetCipherList: %v, GetError says %d", c.Err(n), c.GetError(-1))
		}
	}
	var none *libssl.SSL
	if err := none.Err(0); !errors.Is(err, libssl.ErrFreed) {
		t.Error(err)
	}
}

func TestStateStrings(t *testing.T) {
	c, s := pair(t, clientCtx(t, 0), serverCtx(t, 0))
	got := []any{c.StateString(), c.StateStringLong(), c.RstateString(), c.RstateStringLong()}
	if diff := cmp.Diff([]any{"PINIT ", "before SSL initialization", "RH", "read header"}, got); diff != "" {
		t.Error(diff)
	}
	before := c.State()
	c.DoHandshake()
	if got := c.StateStringLong(); got != "SSLv3/TLS write client hello" || c.StateString() != "TWCH" {
		t.Errorf("%q, %q", got, c.StateString())
	}
	move(c, s)
	finish(t, c, s)
	if got := c.StateStringLong(); got != "SSL negotiation finished successfully" || c.StateString() != "SSLOK " || c.State() == before {
		t.Errorf("%q, %q, %d", got, c.StateString(), c.State())
	}
	s.Write([]byte("ab"))
	part := make([]byte, 10)
	c.BIOWrite(part[:s.BIORead(part)]) // a header, and the beginning of a body
	c.Read(make([]byte, 1))
	if c.RstateString() != "RB" || c.RstateStringLong() != "read body" {
		t.Errorf("%q, %q", c.RstateString(), c.RstateStringLong())
	}
}

func TestAlertStrings(t *testing.T) {
	const fatalHandshakeFailure, warningClose = 2<<8 | 40, 1 << 8
	got := []string{
		libssl.AlertTypeString(fatalHandshakeFailure), libssl.AlertTypeStringLong(fatalHandshakeFailure), libssl.AlertDescString(fatalHandshakeFailure), libssl.AlertDescStringLong(fatalHandshakeFailure),
		libssl.AlertTypeString(warningClose), libssl.AlertTypeStringLong(warningClose), libssl.AlertDescString(warningClose), libssl.AlertDescStringLong(warningClose),
	}
	if diff := cmp.Diff([]string{"F", "fatal", "HF", "handshake failure", "W", "warning", "CN", "close notify"}, got); diff != "" {
		t.Error(diff)
	}
}

// Both sides derive the same bytes, and others for every other label and context.
func TestExportKeyingMaterial(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		c, s := pair(t, clientCtx(t, version), serverCtx(t, 0))
		out := make([]byte, 20)
		if n := c.ExportKeyingMaterial(out, "label", nil); n > 0 || !bytes.Equal(out, make([]byte, 20)) {
			t.Errorf("%#x: exported %x before the handshake", version, out)
		}
		finish(t, c, s)
		seen := map[string]string{}
		for _, use := range []struct {
			name, label string
			context     []byte
		}{
			{"plain", "label", nil}, {"other label", "lab", nil}, {"context", "label", []byte("context")}, {"other context", "label", []byte("contex\x00")},
		} {
			a, b := make([]byte, 40), make([]byte, 40)
			if c.ExportKeyingMaterial(a, use.label, use.context) != 1 || s.ExportKeyingMaterial(b, use.label, use.context) != 1 {
				t.Fatal(c.LastErrors(), s.LastErrors())
			}
			if !bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 40)) {
				t.Errorf("%#x: %s: %x and %x", version, use.name, a, b)
			}
			if other, dup := seen[string(a)]; dup {
				t.Errorf("%#x: %s is the same as %s", version, use.name, other)
			}
			seen[string(a)] = use.name
		}
		a := make([]byte, 40)
		empty := c.ExportKeyingMaterial(a, "label", []byte{}) == 1 && seen[string(a)] == "plain"
		if empty != (version == libssl.VersionTLS13) {
			t.Errorf("%#x: an empty context is none: %t", version, empty)
		}
		for _, n := range []int{
			c.ExportKeyingMaterial(make([]byte, 1<<20+1), "", nil), c.ExportKeyingMaterial(nil, string(make([]byte, 1<<20+1)), nil), c.ExportKeyingMaterial(nil, "", make([]byte, 1<<20+1)),
		} {
			wantRefused(t, "too long", n, 0, c.LastErrors(), libssl.ErrTooLong)
		}
		if n := c.ExportKeyingMaterialEarly(out, "label", nil); n != 0 {
			t.Errorf("%#x: exported %x without early data", version, out)
		}
	}
}

// sendingEarlyData returns a pair whose server has read all the early data so far.
func sendingEarlyData(t *testing.T) (c, s *libssl.SSL) {
	t.Helper()
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, 0)
	server.SetMaxEarlyData(100)
	sess := session(t, client, server)
	c, s = pair(t, client, server)
	c.SetSession(sess)
	if r, n := c.WriteEarlyData([]byte("early")); r != 1 || n != 5 {
		t.Fatal(c.LastErrors())
	}
	move(c, s)
	if r, n := s.ReadEarlyData(make([]byte, 10)); r != libssl.ReadEarlyDataSuccess || n != 5 {
		t.Fatal(s.LastErrors())
	}
	return c, s
}

// The same for early data.
func TestExportKeyingMaterialEarly(t *testing.T) {
	c, s := sendingEarlyData(t)
	a, b := make([]byte, 40), make([]byte, 40)
	if c.ExportKeyingMaterialEarly(a, "label", []byte("context")) != 1 || s.ExportKeyingMaterialEarly(b, "label", []byte("context")) != 1 {
		t.Fatal(c.LastErrors(), s.LastErrors())
	}
	if !bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 40)) {
		t.Errorf("%x and %x", a, b)
	}
	for _, n := range []int{
		c.ExportKeyingMaterialEarly(make([]byte, 1<<20+1), "", nil), c.ExportKeyingMaterialEarly(nil, string(make([]byte, 1<<20+1)), nil), c.ExportKeyingMaterialEarly(nil, "", make([]byte, 1<<20+1)),
	} {
		wantRefused(t, "too long", n, 0, c.LastErrors(), libssl.ErrTooLong)
	}
}

// What one side sent is what the other received.
func TestFinishedAndRandom(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		c, s := pair(t, clientCtx(t, version), serverCtx(t, 0))
		if c.Finished() != nil || c.PeerFinished() != nil || !bytes.Equal(c.ServerRandom(), make([]byte, 32)) {
			t.Errorf("%x, %x, %x", c.Finished(), c.PeerFinished(), c.ServerRandom())
		}
		finish(t, c, s)
		for what, both := range map[string][2][]byte{
			"client's finished": {c.Finished(), s.PeerFinished()}, "server's finished": {s.Finished(), c.PeerFinished()},
			"client's random": {c.ClientRandom(), s.ClientRandom()}, "server's random": {c.ServerRandom(), s.ServerRandom()},
		} {
			if n := len(both[0]); !bytes.Equal(both[0], both[1]) || n < 12 || bytes.Equal(both[0], make([]byte, n)) {
				t.Errorf("%#x: %s: %x, %x", version, what, both[0], both[1])
			}
		}
		if bytes.Equal(c.Finished(), c.PeerFinished()) || bytes.Equal(c.ClientRandom(), c.ServerRandom()) {
			t.Error("the sides sent the same")
		}
	}
}

func TestRenegotiationCounters(t *testing.T) {
	c, s := connected(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, 0))
	for i := 1; i <= 2; i++ {
		if c.Renegotiate() != 1 {
			t.Fatal(c.LastErrors())
		}
		for c.DoHandshake() != 1 {
			move(c, s)
			s.Read(make([]byte, 1))
			move(s, c)
		}
		move(c, s)
		s.Read(make([]byte, 1))
		if c.NumRenegotiations() != i || c.TotalRenegotiations() != i {
			t.Errorf("%d, %d", c.NumRenegotiations(), c.TotalRenegotiations())
		}
	}
	if c.ClearNumRenegotiations() != 2 || c.NumRenegotiations() != 0 || c.TotalRenegotiations() != 2 {
		t.Errorf("%d, %d", c.NumRenegotiations(), c.TotalRenegotiations())
	}
}

// New keys are a handshake message: the record is sent before the data.
func TestKeyUpdate(t *testing.T) {
	for kind, answers := range map[int]bool{libssl.KeyUpdateNotRequested: false, libssl.KeyUpdateRequested: true} {
		c, s := connected(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, 0))
		if c.KeyUpdateType() != libssl.KeyUpdateNone || c.KeyUpdate(kind) != 1 || c.KeyUpdateType() != kind {
			t.Fatal(c.LastErrors())
		}
		if c.Write([]byte("new")) != 3 {
			t.Fatal(c.LastErrors())
		}
		if c.KeyUpdateType() != libssl.KeyUpdateNone {
			t.Error("still scheduled")
		}
		sent := rawRecords(c)
		if len(sent) != 2 {
			t.Errorf("%d records", len(sent))
		}
		for _, record := range sent {
			s.BIOWrite(record)
		}
		buf := make([]byte, 10)
		if n := s.Read(buf); string(buf[:max(n, 0)]) != "new" {
			t.Error(s.Err(n))
		}
		s.Write([]byte("answer"))
		if got := len(rawRecords(s)) == 2; got != answers {
			t.Errorf("kind %d: the server answers: %t", kind, got)
		}
	}
	c, _ := connected(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, 0))
	if c.KeyUpdate(libssl.KeyUpdateRequested) != 0 || c.Err(0) == nil {
		t.Error("new keys in TLS 1.2")
	}
}

// The client's certificate after the handshake, by settings of the Ctx and of the SSL.
func TestPostHandshakeAuth(t *testing.T) {
	for _, onCtx := range []bool{true, false} {
		client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, 0)
		must(t, client.UseCertificateFile(testdata+"client.pem", libssl.FiletypePEM))
		must(t, client.UsePrivateKeyFile(testdata+"client.key", libssl.FiletypePEM))
		must(t, server.LoadVerifyLocations(testdata+"ca.pem", ""))
		if onCtx {
			client.SetPostHandshakeAuth(true)
		}
		c, s := pair(t, client, server)
		if !onCtx {
			c.SetPostHandshakeAuth(true)
		}
		finish(t, c, s)
		if cert, err := s.PeerCertificate(); cert != nil || err != nil || s.VerifiedChainDER() != nil {
			t.Fatal(cert, err)
		}
		s.SetVerify(libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert | libssl.VerifyPostHandshake)
		if s.VerifyClientPostHandshake() != 1 || s.DoHandshake() != 1 {
			t.Fatal(s.LastErrors())
		}
		move(s, c)
		c.Read(make([]byte, 1))
		move(c, s)
		s.Read(make([]byte, 1))
		cert, err := s.PeerCertificate()
		if err != nil || cert == nil || cert.Subject.CommonName != "libssl test client" || s.VerifyResult() != libssl.VerifyOK {
			t.Fatal(cert, err, s.LastErrors())
		}
		chain, err := s.VerifiedChain()
		if err != nil || len(chain) != 2 || chain[1].Subject.CommonName != "libssl test authority" || !cert.Equal(chain[0]) || len(s.VerifiedChainDER()) != 2 {
			t.Errorf("%v, %v", chain, err)
		}
		peer, err := c.PeerCertChain()
		if err != nil || len(peer) != 2 || peer[0].Subject.CommonName != "localhost" { // the server has built it
			t.Errorf("%v, %v", peer, err)
		}
	}
	c, s := connected(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, 0))
	for name, ssl := range map[string]*libssl.SSL{"client": c, "client cannot": s} {
		if ssl.VerifyClientPostHandshake() != 0 || ssl.Err(0) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// OpenSSL takes certificates that crypto/x509 refuses, such as one with a negative serial number.
func TestPeerCertificateGoRefuses(t *testing.T) {
	id := issue(t, nil, "leaf", false, time.Now().Add(time.Hour))
	der := bytes.Clone(id.cert.Raw)
	i := bytes.Index(der, id.cert.SerialNumber.Bytes())
	der[i] |= 0x80 // the signature is wrong now, which nobody looks at
	server := ctxOf(t, libssl.TLSServerMethod())
	key, _ := id.keyDER(t)
	must(t, server.UseCertificateDER(der))
	must(t, server.UsePrivateKeyDER(key))
	c, _ := connected(t, clientCtx(t, 0), server)
	if got := c.PeerCertificateDER(); !bytes.Equal(got, der) {
		t.Errorf("%x", got)
	}
	for what, f := range map[string]func() error{
		"certificate": func() error { _, err := c.PeerCertificate(); return err },
		"chain":       func() error { _, err := c.PeerCertChain(); return err },
	} {
		if err := f(); err == nil {
			t.Errorf("%s: crypto/x509 takes it by now: use another defect", what)
		}
	}
}
