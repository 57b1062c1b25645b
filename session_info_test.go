package libssl_test

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

func TestSessionPeerCertificate(t *testing.T) {
	sess := session(t, clientCtx(t, 0), serverCtx(t, 0))
	file, err := os.ReadFile(testdata + "server.pem")
	must(t, err)
	block, _ := pem.Decode(file)
	if diff := cmp.Diff(block.Bytes, sess.PeerCertificateDER()); diff != "" {
		t.Errorf("PeerCertificateDER (-want +got):\n%s", diff)
	}
	if der := newSession(t).PeerCertificateDER(); der != nil {
		t.Errorf("of a new session: %d bytes", len(der))
	}
}

// What was set survives the encoding, in which libssl keeps it.
func TestSessionTicketAppData(t *testing.T) {
	sess := session(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
	if data := sess.TicketAppData(); data != nil {
		t.Errorf("before: %q", data)
	}
	must(t, sess.SetTicketAppData([]byte("app\x00data")))
	der, err := sess.DER()
	must(t, err)
	parsed, err := libssl.ParseSession(der)
	must(t, err)
	defer parsed.Free()
	if data := parsed.TicketAppData(); string(data) != "app\x00data" {
		t.Errorf("after: %q", data)
	}
	must(t, sess.SetTicketAppData(nil))
	if data := sess.TicketAppData(); data != nil {
		t.Errorf("removed: %q", data)
	}
}

func TestSessionSetMasterKeyAndCipher(t *testing.T) {
	s := newSession(t)
	key := bytes.Repeat([]byte("k"), 48)
	must(t, s.SetMasterKey(key))
	must(t, s.SetCipher(0x1301))
	must(t, s.SetProtocolVersion(libssl.VersionTLS13))
	der, err := s.DER()
	must(t, err)
	parsed, err := libssl.ParseSession(der)
	must(t, err)
	defer parsed.Free()
	if !bytes.Equal(parsed.MasterKey(), key) || parsed.Cipher() != "TLS_AES_128_GCM_SHA256" {
		t.Errorf("cipher %s, %d bytes of key", parsed.Cipher(), len(parsed.MasterKey()))
	}
	var stack libssl.ErrorStack
	for name, err := range map[string]error{
		"unknown cipher": s.SetCipher(0xdead),
		"a long key":     s.SetMasterKey(make([]byte, 257)),
	} {
		if !errors.As(err, &stack) || len(stack.Entries) != 0 || stack.Refused != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSessionPrint(t *testing.T) {
	sess := session(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
	secret := strings.ToUpper(hex.EncodeToString(sess.MasterKey()))
	var text, log strings.Builder
	must(t, sess.Print(&text))
	for _, want := range []string{"SSL-Session:", "Protocol  : TLSv1.2", "Master-Key: " + secret} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	must(t, sess.PrintKeylog(&log))
	if want := fmt.Sprintf("RSA Session-ID:%X Master-Key:%s\n", sess.ID(), secret); log.String() != want {
		t.Errorf("PrintKeylog wrote %q, want %q", log.String(), want)
	}
	if err := newSession(t).PrintKeylog(&log); err == nil {
		t.Error("PrintKeylog of a new session: no error")
	}
	if err := sess.Print(failing{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("to a writer that fails: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestSessionNumbers(t *testing.T) {
	client := clientCtx(t, libssl.VersionTLS12)
	must(t, client.SetTLSExtMaxFragmentLength(libssl.MaxFragmentLength1024))
	sess := session(t, client, serverCtx(t, 0))
	wantEqual(t, "MaxFragmentLength", sess.MaxFragmentLength(), libssl.MaxFragmentLength1024)
	wantEqual(t, "CompressID", sess.CompressID(), 0) // Debian's libssl is built without compression: there is no other answer
}

func TestSessionInfoOfNone(t *testing.T) {
	freed := newSession(t)
	freed.Free()
	for name, s := range map[string]*libssl.Session{"nil": nil, "freed": freed} {
		for fn, err := range map[string]error{
			"SetTicketAppData": s.SetTicketAppData([]byte("x")),
			"SetMasterKey":     s.SetMasterKey([]byte("x")),
			"SetCipher":        s.SetCipher(0x1301),
			"Print":            s.Print(&strings.Builder{}),
			"PrintKeylog":      s.PrintKeylog(&strings.Builder{}),
		} {
			if !errors.Is(err, libssl.ErrFreed) {
				t.Errorf("%s of a %s session: %v", fn, name, err)
			}
		}
		if s.PeerCertificateDER() != nil || s.TicketAppData() != nil || s.CompressID() != 0 || s.MaxFragmentLength() != 0 {
			t.Errorf("a %s session has properties", name)
		}
	}
}
