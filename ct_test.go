package libssl_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"os"
	"testing"

	"github.com/seed-c1436005/libssl"
)

// ctLog is a log: a key, and the file that makes clients know it.
type ctLog struct {
	key  *ecdsa.PrivateKey
	id   [32]byte
	file string
}

func newCTLog(t *testing.T) *ctLog {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	list := fmt.Sprintf("enabled_logs = test\n[test]\ndescription = a log\nkey = %s\n", base64.StdEncoding.EncodeToString(spki))
	return &ctLog{key, sha256.Sum256(spki), tempFile(t, []byte(list))}
}

// sct returns the log's statement on a certificate, as a list of one in the extension signed_certificate_timestamp (RFC 6962, 3.2 and 3.3).
func (l *ctLog) sct(t *testing.T, cert []byte) []byte {
	t.Helper()
	const timestamp = 1000
	signed := binary.BigEndian.AppendUint64([]byte{0, 0}, timestamp) // version 1, a certificate's timestamp
	signed = append(signed, 0, 0, byte(len(cert)>>16), byte(len(cert)>>8), byte(len(cert)))
	signed = append(append(signed, cert...), 0, 0) // no extensions
	digest := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, l.key, digest[:])
	must(t, err)
	sct := append([]byte{0}, l.id[:]...)
	sct = binary.BigEndian.AppendUint64(sct, timestamp)
	sct = append(sct, 0, 0, 4, 3) // no extensions; SHA-256, ECDSA
	sct = append(binary.BigEndian.AppendUint16(sct, uint16(len(signature))), signature...)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(sct))), sct...)
	list = append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...)
	return append(binary.BigEndian.AppendUint16([]byte{0, 18}, uint16(len(list))), list...)
}

// A strict client wants a statement of a log that it knows; a permissive one takes what there is.
func TestCT(t *testing.T) {
	text, err := os.ReadFile(testdata + "server.pem")
	must(t, err)
	block, _ := pem.Decode(text)
	log := newCTLog(t)
	t.Setenv("CTLOG_FILE", log.file)
	for _, test := range []struct {
		name     string
		mode     int
		logs     func(*libssl.Ctx) error
		sends    bool
		connects bool
	}{
		{"strict", libssl.CTValidationStrict, func(c *libssl.Ctx) error { return c.SetCTLogListFile(log.file) }, true, true},
		{"strict, default file", libssl.CTValidationStrict, (*libssl.Ctx).SetDefaultCTLogListFile, true, true},
		{"strict, other log", libssl.CTValidationStrict, func(c *libssl.Ctx) error { return c.SetCTLogListFile(newCTLog(t).file) }, true, false},
		{"strict, no statement", libssl.CTValidationStrict, (*libssl.Ctx).SetDefaultCTLogListFile, false, false},
		{"permissive", libssl.CTValidationPermissive, (*libssl.Ctx).SetDefaultCTLogListFile, false, true},
	} {
		client, server := tlsCtxs(t, libssl.VersionTLS12)
		trustsTestCA(t, client)
		must(t, test.logs(client))
		if test.sends {
			must(t, server.UseServerinfo(1, log.sct(t, block.Bytes)))
		}
		ofSSL, s := pair(t, client, server)
		wantEqual(t, test.name+": EnableCT", ofSSL.EnableCT(test.mode), 1)
		wantEqual(t, test.name+": CTIsEnabled", ofSSL.CTIsEnabled() && !client.CTIsEnabled(), true)
		wantEqual(t, test.name+": connects", shake(ofSSL, s), test.connects)
		must(t, client.EnableCT(test.mode))
		ofCtx, s := pair(t, client, server)
		wantEqual(t, test.name+": CTIsEnabled", ofCtx.CTIsEnabled() && client.CTIsEnabled(), true)
		if test.connects {
			finish(t, ofCtx, s)
			continue
		}
		said, _ := refusal(t, ofCtx, s)
		wantText(t, test.name, said, "no valid scts")
		wantEqual(t, test.name+": VerifyResult", ofCtx.VerifyResult(), libssl.VerifyErrNoValidSCTs)
	}
}

func TestCTRefused(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	for _, mode := range []int{-1, 2} {
		wantText(t, "EnableCT", ctx.EnableCT(mode), "invalid ct validation type")
		wantEqual(t, "EnableCT", ssl.EnableCT(mode), 0)
		wantText(t, "EnableCT", ssl.LastErrors(), "invalid ct validation type")
	}
	wantEqual(t, "CTIsEnabled", ctx.CTIsEnabled() || ssl.CTIsEnabled(), false)
	wantText(t, "SetCTLogListFile", ctx.SetCTLogListFile("/nowhere"), "log conf")
	wantRefused(t, "NUL", 0, 0, ctx.SetCTLogListFile("a\x00"), libssl.ErrNUL)
	t.Setenv("CTLOG_FILE", "/nowhere")
	wantText(t, "SetDefaultCTLogListFile", ctx.SetDefaultCTLogListFile(), "log conf")
	ctx.Free()
	wantRefused(t, "freed", 0, 0, ctx.SetDefaultCTLogListFile(), libssl.ErrFreed)
}
