package openssl_test

import (
	"context"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl/spacemonkey"
)

// TestChain sends the issuer with each certificate, whether it was added before or after that.
func TestChain(t *testing.T) {
	for _, order := range []string{"CEeRr", "EeCRr", "EeRrC", "EReCr"} {
		server, err := openssl.NewCtxWithVersion(openssl.TLSv1_2)
		must(t, err)
		for _, step := range order {
			switch step {
			case 'C':
				must(t, server.AddChainCertificate(inter().certificate(t)))
			case 'E':
				must(t, server.UseCertificate(under().certificate(t)))
			case 'e':
				must(t, server.UsePrivateKey(under().privateKey(t)))
			case 'R':
				must(t, server.UseCertificate(rsaID().certificate(t)))
			case 'r':
				must(t, server.UsePrivateKey(rsaID().privateKey(t)))
			}
		}
		addr := listen(t, server, nil)
		for _, cipher := range []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"} {
			client := clientCtx(t, openssl.TLSv1_2)
			must(t, client.SetCipherList(cipher))
			c := dial(t, addr, client, nil)
			name, err := c.CurrentCipher()
			must(t, err)
			wantEqual(t, order+": CurrentCipher", name, cipher)
			chain, err := c.PeerCertificateChain()
			must(t, err)
			wantEqual(t, order+": certificates", len(chain), 2)
		}
	}
}

// TestNewCtxFromFiles serves with what is in files, over HTTP too.
func TestNewCtxFromFiles(t *testing.T) {
	cert, key := under().files(t, inter())
	ctx, err := openssl.NewCtxFromFiles(cert, key)
	must(t, err)
	l, err := openssl.Listen("tcp", "127.0.0.1:0", ctx)
	must(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello "+r.URL.Path) })}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	client := &http.Client{Transport: &http.Transport{DialTLSContext: func(_ context.Context, network, addr string) (net.Conn, error) {
		return openssl.Dial(network, addr, clientCtx(t, openssl.AnyVersion), 0)
	}}}
	r, err := client.Get("https://" + l.Addr().String() + "/there")
	must(t, err)
	body, err := io.ReadAll(r.Body)
	must(t, err)
	wantEqual(t, "body", string(body), "hello /there")
	r.Body.Close()
	client.CloseIdleConnections()
	must(t, srv.Close())
	wantEqual(t, "Serve", <-served, http.ErrServerClosed)

	for _, bad := range [][2]string{{key, key}, {cert, cert}, {"/none", key}, {cert, "/none"}} {
		if _, err := openssl.NewCtxFromFiles(bad[0], bad[1]); err == nil {
			t.Errorf("NewCtxFromFiles(%q) succeeds", bad)
		}
	}
	if err := openssl.ListenAndServeTLS("127.0.0.1:0", cert, "/none", nil); err == nil {
		t.Error("ListenAndServeTLS without a key succeeds")
	}
	if err := openssl.ListenAndServeTLS("no address", cert, key, nil); err == nil {
		t.Error("ListenAndServeTLS without an address succeeds")
	}
}

// TestVersions connects with each version that can be asked for.
func TestVersions(t *testing.T) {
	for _, version := range []openssl.SSLVersion{openssl.TLSv1_2, openssl.AnyVersion} {
		dial(t, listen(t, serverCtx(t, version), nil), clientCtx(t, version), nil)
	}
	for _, version := range []openssl.SSLVersion{openssl.TLSv1, openssl.TLSv1_1} {
		_, err := openssl.NewCtxWithVersion(version)
		must(t, err)
	}
	for _, version := range []openssl.SSLVersion{0, openssl.SSLv3, openssl.AnyVersion + 1} {
		_, err := openssl.NewCtxWithVersion(version)
		if err == nil || err.Error() != "unknown ssl/tls version" {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// TestSettings sets what can be read back.
func TestSettings(t *testing.T) {
	ctx, err := openssl.NewCtx()
	must(t, err)
	wantEqual(t, "NoSSLv3 is on", ctx.GetOptions()&openssl.NoSSLv3, openssl.NoSSLv3)
	wantEqual(t, "SetOptions", ctx.SetOptions(openssl.NoTicket)&openssl.NoTicket, openssl.NoTicket)
	wantEqual(t, "ClearOptions", ctx.ClearOptions(openssl.NoTicket)&openssl.NoTicket, 0)
	wantEqual(t, "SetMode", ctx.SetMode(openssl.ReleaseBuffers)&openssl.ReleaseBuffers, openssl.ReleaseBuffers)
	wantEqual(t, "GetMode", ctx.GetMode()&openssl.ReleaseBuffers, openssl.ReleaseBuffers)
	wantEqual(t, "SetSessionCacheMode", ctx.SetSessionCacheMode(openssl.SessionCacheBoth|openssl.NoInternal), openssl.SessionCacheServer)
	wantEqual(t, "SetSessionCacheMode again", ctx.SetSessionCacheMode(openssl.SessionCacheOff), openssl.SessionCacheBoth|openssl.NoInternal)
	wantEqual(t, "GetVerifyDepth", ctx.GetVerifyDepth(), -1)
	ctx.SetVerifyDepth(3)
	wantEqual(t, "GetVerifyDepth after SetVerifyDepth", ctx.GetVerifyDepth(), 3)
	ctx.SetVerifyMode(openssl.VerifyPeer | openssl.VerifyClientOnce)
	wantEqual(t, "VerifyMode", ctx.VerifyMode(), openssl.VerifyPeer|openssl.VerifyClientOnce)
	must(t, ctx.SetSessionId(make([]byte, 32)))

	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	c, err := openssl.Client(near, ctx)
	must(t, err)
	wantEqual(t, "the connection's depth", c.GetVerifyDepth(), 3)
	c.SetVerifyDepth(4)
	wantEqual(t, "the connection's depth after SetVerifyDepth", c.GetVerifyDepth(), 4)
	c.SetVerifyMode(openssl.VerifyNone)
	wantEqual(t, "the connection's mode", c.VerifyMode(), openssl.VerifyNone)
	wantEqual(t, "the connection's options", c.SetOptions(openssl.NoTLSv1), ctx.GetOptions()|openssl.NoTLSv1)
	wantEqual(t, "the connection's options, cleared", c.ClearOptions(openssl.NoTLSv1), ctx.GetOptions())
	wantEqual(t, "GetOptions", c.GetOptions(), ctx.GetOptions())
	name, err := c.CurrentCipher()
	must(t, err)
	wantEqual(t, "CurrentCipher before the handshake", name, "(NONE)")
}

// TestRefused calls what must fail. The texts begin as the original's.
func TestRefused(t *testing.T) {
	ctx, err := openssl.NewCtx()
	must(t, err)
	_, dhErr := openssl.LoadDHParametersFromPEM([]byte("none"))
	_, noDHErr := openssl.LoadDHParametersFromPEM(nil)
	_, noCtxErr := openssl.Client(nil, nil)
	_, listenErr := openssl.Listen("tcp", "127.0.0.1:0", nil)
	_, portErr := openssl.Dial("tcp", "127.0.0.1", nil, 0)
	rsaCtx := serverCtx(t, openssl.AnyVersion)
	for text, err := range map[string]error{
		"SSL errors: SSL routines:SSL_CTX_set_cipher_list:no cipher match":                   ctx.SetCipherList("none"),
		"SSL errors: SSL routines:SSL_CTX_set_session_id_context:ssl session id context too": ctx.SetSessionId(make([]byte, 33)),
		"SSL errors: x509 certificate routines:X509_check_private_key:key values mismatch":   rsaCtx.UsePrivateKey(other().privateKey(t)),
		"failed reading dh parameters: SSL errors: PEM routines:get_name:no start line":      dhErr,
		"empty pem block":                                            noDHErr,
		"no ssl context provided":                                    noCtxErr,
		"no ssl context provided, for a listener":                    listenErr,
		"address 127.0.0.1: missing port":                            portErr,
		"openssl: unknown curve":                                     ctx.SetEllipticCurve(1 << 20),
		"the private key is nil":                                     ctx.UsePrivateKey(nil),
		"the certificate is nil":                                     ctx.UseCertificate(nil),
		"the certificate is nil, of a chain":                         ctx.AddChainCertificate(nil),
		"the parameters are nil":                                     ctx.SetDHParameters(nil),
		"SSL errors: system library:fopen:No such file or directory": ctx.LoadVerifyLocations("/none", ""),
	} {
		text, _, _ = strings.Cut(text, ", ")
		if err == nil || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	if _, err := openssl.LoadPrivateKeyFromPEM([]byte("none")); err == nil {
		t.Error("a key is made of nothing")
	}
}

// TestKeyExchange uses one group and one curve.
func TestKeyExchange(t *testing.T) {
	for curve, name := range map[openssl.EllipticCurve]string{openssl.Prime256v1: "P-256", openssl.Secp384r1: "P-384", openssl.Secp521r1: "P-521"} {
		server, client := serverCtx(t, openssl.AnyVersion), clientCtx(t, openssl.AnyVersion)
		must(t, server.SetEllipticCurve(curve))
		must(t, client.SetEllipticCurve(openssl.Prime256v1))
		c, err := openssl.Dial("tcp", listen(t, server, nil), client, 0)
		wantEqual(t, name+" is common", err == nil, curve == openssl.Prime256v1)
		if err == nil {
			c.Close()
		}
	}
	prime, _ := new(big.Int).SetString(ffdhe2048, 16)
	dh, err := openssl.LoadDHParametersFromPEM(dhParameters(prime))
	must(t, err)
	weak, err := openssl.LoadDHParametersFromPEM(dhParameters(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 1024), big.NewInt(105))))
	must(t, err)
	server, err := openssl.NewCtxWithVersion(openssl.TLSv1_2)
	must(t, err)
	must(t, server.UseCertificate(rsaID().certificate(t)))
	must(t, server.AddChainCertificate(inter().certificate(t)))
	must(t, server.UsePrivateKey(rsaID().privateKey(t)))
	client := clientCtx(t, openssl.TLSv1_2)
	must(t, client.SetCipherList("DHE-RSA-AES128-GCM-SHA256"))
	addr := listen(t, server, nil)
	if _, err := openssl.Dial("tcp", addr, client, 0); err == nil {
		t.Error("Diffie-Hellman without parameters")
	}
	must(t, server.SetCipherList("DEFAULT@SECLEVEL=2"))
	if err := server.SetDHParameters(weak); err == nil || !strings.Contains(err.Error(), "dh key too small") {
		t.Errorf("weak parameters: %v", err)
	}
	must(t, server.SetDHParameters(dh))
	dial(t, addr, client, nil)
}

// ffdhe2048 is the prime of RFC 7919; its generator is 2.
const ffdhe2048 = "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF97D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FBB96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F619172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA886B423861285C97FFFFFFFFFFFFFFFF"

func dhParameters(prime *big.Int) []byte {
	der, err := asn1.Marshal(struct{ P, G *big.Int }{prime, big.NewInt(2)})
	check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der})
}

// TestClientCertificate verifies a client, and trusts a file.
func TestClientCertificate(t *testing.T) {
	server := serverCtx(t, openssl.AnyVersion)
	ca, _ := root().files(t)
	must(t, server.LoadVerifyLocations(ca, ""))
	server.SetVerify(openssl.VerifyPeer|openssl.VerifyFailIfNoPeerCert, nil)
	must(t, server.SetSessionId([]byte("id")))
	states := make(chan openssl.ConnectionState, 1)
	addr := listen(t, server, func(c net.Conn) {
		if c.(*openssl.Conn).Handshake() == nil {
			states <- c.(*openssl.Conn).ConnectionState()
		}
		drain(c)
	})
	client := clientCtx(t, openssl.AnyVersion)
	c := dial(t, addr, client, nil)
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("without a certificate: %v", err)
	}
	must(t, client.UseCertificate(other().certificate(t)))
	must(t, client.UsePrivateKey(other().privateKey(t)))
	dial(t, addr, client, nil)
	state := <-states
	must(t, state.CertificateError)
	must(t, state.Certificate.VerifyHostname("other.example"))
	wantEqual(t, "another name", state.Certificate.VerifyHostname("localhost"), openssl.ValidationError)
}

// TestStore makes a store of its own, which no Ctx uses.
func TestStore(t *testing.T) {
	s, err := openssl.NewCertificateStore()
	must(t, err)
	must(t, s.LoadCertificatesFromPEM(append(root().cert, inter().cert...)))
	must(t, s.AddCertificate(leaf().certificate(t)))
	if err := s.LoadCertificatesFromPEM(root().key); err == nil {
		t.Error("a key is a certificate")
	}
}

// TestDigests are the original's, as all that is not TLS.
func TestDigests(t *testing.T) {
	sum, err := openssl.SHA256(nil)
	must(t, err)
	wantEqual(t, "SHA256", sum[:4], []byte{0xe3, 0xb0, 0xc4, 0x42})
	h, err := openssl.NewHMAC([]byte("key"), openssl.EVP_SHA256)
	must(t, err)
	_, err = h.Write([]byte("data"))
	must(t, err)
	_, err = h.Final()
	must(t, err)
}
