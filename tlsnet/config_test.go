package tlsnet_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/tlsnet"
)

func TestConnectionState(t *testing.T) {
	eachVersion(t, func(client, server *tlsnet.Config) {
		client.NextProtos = []string{"a", "b"}
		server.NextProtos = []string{"b", "c"}
		server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, ca().pool()
		client.Certificates = []tls.Certificate{ca().issue(newKey(), time.Now().Add(time.Hour), "client.test")}
	}, func(t *testing.T, client, server *tlsnet.Config) {
		var first []byte
		for _, resumed := range []bool{false, true} {
			c, s := mustConnect(t, client, server)
			got := c.ConnectionState()
			peer, name := s.ConnectionState(), "example.test"
			if resumed && client.MaxVersion == tls.VersionTLS12 {
				name = "" // libssl does not look
			}
			if got.Version != client.MaxVersion || !got.HandshakeComplete || got.DidResume != resumed || got.CipherSuite == 0 || got.CipherSuite != peer.CipherSuite ||
				got.NegotiatedProtocol != "b" || peer.NegotiatedProtocol != "b" || got.ServerName != "example.test" || peer.ServerName != name ||
				peer.Version != client.MaxVersion || peer.DidResume != resumed {
				t.Errorf("client %+v, server %+v", got, peer)
			}
			if !bytes.Equal(got.PeerCertificates[0].Raw, leaf().Certificate[0]) || !bytes.Equal(peer.PeerCertificates[0].Raw, client.Certificates[0].Certificate[0]) {
				t.Error("not the peer's certificate")
			}
			if !resumed && (len(got.VerifiedChains) != 1 || len(got.VerifiedChains[0]) != 2 || len(peer.VerifiedChains) != 1) {
				t.Errorf("verified %d and %d chains", len(got.VerifiedChains), len(peer.VerifiedChains))
			}
			if !bytes.Equal(got.TLSUnique, peer.TLSUnique) || (got.TLSUnique == nil) != (client.MaxVersion == tls.VersionTLS13) {
				t.Errorf("TLSUnique: %x and %x", got.TLSUnique, peer.TLSUnique)
			}
			a, aerr := c.ExportKeyingMaterial("label", []byte("context"), 20)
			b, berr := s.ExportKeyingMaterial("label", []byte("context"), 20)
			if aerr != nil || berr != nil || len(a) != 20 || !bytes.Equal(a, b) || bytes.Equal(a, first) {
				t.Errorf("exported %x (%v) and %x (%v), before %x", a, aerr, b, berr, first)
			}
			first = a
			if err := errors.Join(c.VerifyHostname("example.test"), c.VerifyHostname("127.0.0.1")); err != nil {
				t.Error(err)
			}
			if c.VerifyHostname("other.test") == nil {
				t.Error("VerifyHostname accepts any")
			}
			exchange(t, c, s)
		}
	})
}

// A chain that nobody asked libssl to verify is not called verified.
func TestVerifiedChains(t *testing.T) {
	for _, auth := range []tls.ClientAuthType{tls.RequestClientCert, tls.RequireAnyClientCert} {
		eachVersion(t, func(c, s *tlsnet.Config) {
			c.InsecureSkipVerify, c.RootCAs = true, stranger().pool()
			c.Certificates = []tls.Certificate{stranger().issue(newKey(), time.Now().Add(time.Hour), "client.test")}
			s.ClientAuth, s.ClientCAs = auth, ca().pool()
		}, func(t *testing.T, client, server *tlsnet.Config) {
			c, s := mustConnect(t, client, server)
			if got := c.ConnectionState(); len(got.PeerCertificates) != 1 || got.VerifiedChains != nil {
				t.Errorf("client: %d certificates, verified %d chains", len(got.PeerCertificates), len(got.VerifiedChains))
			}
			if got := s.ConnectionState(); len(got.PeerCertificates) != 1 || got.VerifiedChains != nil {
				t.Errorf("server: %d certificates, verified %d chains", len(got.PeerCertificates), len(got.VerifiedChains))
			}
		})
	}
}

func TestClientAuth(t *testing.T) {
	good := ca().issue(newKey(), time.Now().Add(time.Hour), "client.test")
	bad := stranger().issue(newKey(), time.Now().Add(time.Hour), "client.test")
	for _, test := range []struct {
		auth            tls.ClientAuthType
		none, bad, good bool // is accepted
	}{
		{tls.NoClientCert, true, true, true},
		{tls.RequestClientCert, true, true, true},
		{tls.RequireAnyClientCert, false, true, true},
		{tls.VerifyClientCertIfGiven, true, false, true},
		{tls.RequireAndVerifyClientCert, false, false, true},
	} {
		t.Run(test.auth.String(), func(t *testing.T) {
			for _, client := range []struct {
				certs  []tls.Certificate
				accept bool
			}{{nil, test.none}, {[]tls.Certificate{bad}, test.bad}, {[]tls.Certificate{good}, test.good}} {
				eachVersion(t, func(c, s *tlsnet.Config) {
					c.Certificates = client.certs
					s.ClientAuth, s.ClientCAs = test.auth, ca().pool()
				}, func(t *testing.T, c, s *tlsnet.Config) {
					for range 2 {
						near, far, _, serr := connect(t, c, s)
						if (serr == nil) != client.accept {
							t.Fatalf("accepted: %v", serr)
						}
						want := len(client.certs)
						if test.auth == tls.NoClientCert || serr != nil {
							want = 0
						}
						if got := far.ConnectionState().PeerCertificates; len(got) != want {
							t.Errorf("%d certificates", len(got))
						}
						if serr == nil {
							exchange(t, near, far)
						}
					}
				})
			}
		})
	}
}

// A client of whose certificates one has expired since does not get in by a session, however often it has been renewed.
func TestExpiredClientResumes(t *testing.T) {
	now := time.Now()
	between := ca().intermediate(now.Add(2 * time.Minute))
	behind := between.issue(newKey(), now.Add(time.Hour), "client.test")
	behind.Certificate = append(behind.Certificate, between.cert.Raw)
	for name, cert := range map[string]tls.Certificate{
		"its own":      ca().issue(newKey(), now.Add(2*time.Minute), "client.test"),
		"intermediate": behind,
	} {
		for _, stateful := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, tickets %v", name, !stateful), func(t *testing.T) {
				now := now
				eachVersion(t, func(c, s *tlsnet.Config) {
					c.Certificates = []tls.Certificate{cert}
					s.ClientAuth, s.ClientCAs = tls.RequireAndVerifyClientCert, ca().pool()
					s.SessionTicketsDisabled = stateful
					s.Time = func() time.Time { return now }
				}, func(t *testing.T, client, server *tlsnet.Config) {
					now = time.Now()
					resumed(t, client, server)
					now = now.Add(time.Minute)
					for range 2 {
						if !resumed(t, client, server) {
							t.Fatal("not resumed")
						}
					}
					now = now.Add(2 * time.Minute)
					if _, _, _, serr := connect(t, client, server); serr == nil {
						t.Error("accepted")
					}
				})
			})
		}
	}
}

func TestCertificateChoice(t *testing.T) {
	other := ca().issue(newKey(), time.Now().Add(time.Hour), "other.test", "*.wild.test")
	standard := leaf()
	var hello *tlsnet.ClientHelloInfo
	chosen := ca().issue(newKey(), time.Now().Add(time.Hour), "chosen.test")
	get := func(h *tlsnet.ClientHelloInfo) (*tls.Certificate, error) {
		switch hello = h; h.ServerName {
		case "chosen.test":
			return &chosen, nil
		case "failing.test":
			return nil, errors.New("no such host")
		}
		return nil, nil
	}
	for _, test := range []struct {
		name string
		get  func(*tlsnet.ClientHelloInfo) (*tls.Certificate, error)
		want *tls.Certificate // nil if the handshake fails
	}{
		{"example.test", nil, &standard},
		{"other.test", nil, &other},
		{"a.wild.test", nil, &other},
		{"unknown.test", nil, &standard},
		{"", nil, &standard},
		{"other.test", get, &other},
		{"chosen.test", get, &chosen},
		{"failing.test", get, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachVersion(t, func(c, s *tlsnet.Config) {
				c.ServerName, c.InsecureSkipVerify = test.name, true
				c.NextProtos = []string{"p"}
				s.Certificates, s.GetCertificate = []tls.Certificate{leaf(), rsaLeaf(), other}, test.get
			}, func(t *testing.T, client, server *tlsnet.Config) {
				for range 2 {
					c, s, cerr, serr := connect(t, client, server)
					if test.want == nil {
						if cerr == nil || serr == nil || !strings.Contains(serr.Error(), "no such host") {
							t.Errorf("client: %v, server: %v", cerr, serr)
						}
						return
					}
					if cerr != nil || serr != nil {
						t.Fatal(cerr, serr)
					}
					if !bytes.Equal(c.ConnectionState().PeerCertificates[0].Raw, test.want.Certificate[0]) {
						t.Error("another certificate")
					}
					exchange(t, c, s)
				}
				if test.get != nil && (hello.ServerName != test.name || !slices.Equal(hello.SupportedProtos, []string{"p"}) || !slices.Contains(hello.SupportedCurves, tls.X25519) ||
					!slices.Contains(hello.SignatureSchemes, tls.ECDSAWithP256AndSHA256) || len(hello.CipherSuites) < 3 || hello.Conn == nil ||
					client.MaxVersion == tls.VersionTLS13 && !slices.Contains(hello.SupportedVersions, tls.VersionTLS13)) {
					t.Errorf("%+v", hello)
				}
			})
		})
	}
}

// A Config that its GetCertificate leads to is collected all the same.
func TestGetCertificateKeepsNothing(t *testing.T) {
	runtime.GC()
	before := diag.Live()["Ctx"]
	for range 20 {
		client, server := configs(nil)
		client.InsecureSkipVerify, client.SessionCache = true, tlsnet.NoSessions
		server.GetCertificate = func(*tlsnet.ClientHelloInfo) (*tls.Certificate, error) { return &server.Certificates[0], nil }
		near, far := transport(t, "tcp", "127.0.0.1:0")
		c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
		go c.Handshake()
		check(s.Handshake())
		s.Close()
		c.Close()
	}
	for range 500 {
		if runtime.GC(); diag.Live()["Ctx"] <= before+4 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d Ctx before, %d after", before, diag.Live()["Ctx"])
}

// Beside an ECDSA certificate an RSA one is for clients that know no other.
func TestKeyTypes(t *testing.T) {
	client, server := configs(func(c, s *tlsnet.Config) {
		c.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
		c.MaxVersion = tls.VersionTLS12
		s.Certificates = []tls.Certificate{leaf(), rsaLeaf()}
	})
	c, s := mustConnect(t, client, server)
	if got := c.ConnectionState(); got.CipherSuite != tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 {
		t.Errorf("%+v", got)
	}
	exchange(t, c, s)
}

// CipherSuites are all that there are: of a version without one libssl would offer its own, or fail.
func TestCipherSuitesOfOneVersion(t *testing.T) {
	for suite, version := range map[uint16]uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: tls.VersionTLS12,
		tls.TLS_AES_128_GCM_SHA256:                  tls.VersionTLS13,
	} {
		for _, isClient := range []bool{false, true} {
			client, server := configs(func(c, s *tlsnet.Config) {
				if isClient {
					s = c
				}
				s.CipherSuites = []uint16{suite}
			})
			c, _ := mustConnect(t, client, server)
			if got := c.ConnectionState(); got.Version != version || got.CipherSuite != suite {
				t.Errorf("%+v", got)
			}
		}
	}
	client, server := configs(func(c, s *tlsnet.Config) {
		c.CipherSuites, s.MaxVersion = []uint16{tls.TLS_AES_128_GCM_SHA256}, tls.VersionTLS12
	})
	if _, _, cerr, _ := connect(t, client, server); cerr == nil {
		t.Error("TLS 1.2 without a cipher of it")
	}
}

// opaque is a key that only signs.
type opaque struct{ crypto.Signer }

func TestSigner(t *testing.T) {
	for _, cert := range []tls.Certificate{leaf(), rsaLeaf()} {
		cert.PrivateKey = opaque{cert.PrivateKey.(crypto.Signer)}
		for _, get := range []bool{false, true} {
			eachVersion(t, func(_, s *tlsnet.Config) {
				if s.Certificates[0] = cert; get {
					s.GetCertificate = func(*tlsnet.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }
					s.Certificates = nil
				}
			}, func(t *testing.T, client, server *tlsnet.Config) {
				c, s := mustConnect(t, client, server)
				exchange(t, c, s)
			})
		}
	}
}

// Names are compared as crypto/tls does it.
func TestServerName(t *testing.T) {
	key := newKey()
	common := ca().sign(&x509.Certificate{Subject: pkix.Name{CommonName: "example.test"}, NotAfter: time.Now().Add(time.Hour)}, key.Public())
	for _, test := range []struct {
		name string
		cert tls.Certificate
		want bool
	}{
		{"Example.Test.", leaf(), true},
		{"[::1]", leaf(), true},
		{"[::1", leaf(), false},
		{"::1]", leaf(), false},
		{".test", leaf(), false},
		{".", leaf(), false},
		{"example.test", tls.Certificate{Certificate: [][]byte{common.Raw}, PrivateKey: key}, false},
		{"www.example.test", ca().issue(newKey(), time.Now().Add(time.Hour), "*.example.test"), true},
		{"www.example.test", ca().issue(newKey(), time.Now().Add(time.Hour), "w*.example.test"), false},
	} {
		client, server := configs(func(c, s *tlsnet.Config) { c.ServerName, s.Certificates[0] = test.name, test.cert })
		if _, _, cerr, _ := connect(t, client, server); (cerr == nil) != test.want {
			t.Errorf("%s: %v", test.name, cerr)
		}
	}
}

func TestALPNMismatch(t *testing.T) {
	client, server := configs(func(c, s *tlsnet.Config) { c.NextProtos, s.NextProtos = []string{"a"}, []string{"b"} })
	_, _, cerr, serr := connect(t, client, server)
	var alert tls.AlertError
	if !errors.As(cerr, &alert) || alert != 120 || serr == nil {
		t.Errorf("client: %v, server: %v", cerr, serr)
	}
}

func TestVersionMismatch(t *testing.T) {
	client, server := configs(func(c, s *tlsnet.Config) { c.MaxVersion, s.MinVersion = tls.VersionTLS12, tls.VersionTLS13 })
	_, _, cerr, serr := connect(t, client, server)
	var alert tls.AlertError
	if !errors.As(cerr, &alert) || alert != 70 || serr == nil {
		t.Errorf("client: %v, server: %v", cerr, serr)
	}
	// TLS 1.1 is for those who ask for it.
	client, server = configs(func(c, _ *tlsnet.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 })
	if _, _, cerr, _ := connect(t, client, server); cerr == nil {
		t.Error("TLS 1.1 without being asked for")
	}
}

// Configs that cannot work say so before anything is sent.
func TestUnusableConfig(t *testing.T) {
	empty := tls.Certificate{}
	mixed := leaf()
	mixed.PrivateKey = newKey()
	noKey := leaf()
	noKey.PrivateKey = nil
	for name, change := range map[string]func(client, server *tlsnet.Config){
		"no server name":     func(c, _ *tlsnet.Config) { c.ServerName = "" },
		"client certificate": func(c, _ *tlsnet.Config) { c.Certificates = []tls.Certificate{empty} },
		"protocol":           func(c, _ *tlsnet.Config) { c.NextProtos = []string{""} },
		"cipher suite":       func(c, _ *tlsnet.Config) { c.CipherSuites = []uint16{0xfafa} },
		"no cipher suite":    func(c, _ *tlsnet.Config) { c.CipherSuites = []uint16{} },
		"group":              func(c, _ *tlsnet.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768} },
		"version":            func(c, _ *tlsnet.Config) { c.MinVersion = 0x9999 },
		"server name":        func(c, _ *tlsnet.Config) { c.ServerName = "a\x00b" },
		"no certificate":     func(_, s *tlsnet.Config) { s.Certificates = nil },
		"empty certificate":  func(_, s *tlsnet.Config) { s.Certificates = []tls.Certificate{empty} },
		"another's key":      func(_, s *tlsnet.Config) { s.Certificates = []tls.Certificate{mixed} },
		"no key":             func(_, s *tlsnet.Config) { s.Certificates = []tls.Certificate{noKey} },
		"certificate no bytes": func(_, s *tlsnet.Config) {
			s.Certificates = []tls.Certificate{{Certificate: [][]byte{{1, 2}}, PrivateKey: newKey()}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(change)
			near, far := transport(t, "tcp", "127.0.0.1:0")
			var err error
			if reflect.DeepEqual(server.Certificates, []tls.Certificate{leaf()}) {
				err = tlsnet.Client(near, client).Handshake()
			} else {
				err = tlsnet.Server(far, server).Handshake()
				if _, lerr := tlsnet.Listen("tcp", "127.0.0.1:0", server); lerr == nil {
					t.Error("Listen accepts it")
				}
			}
			if err == nil || !strings.HasPrefix(err.Error(), "tlsnet: ") {
				t.Errorf("%v", err)
			}
			near.(interface{ CloseWrite() error }).CloseWrite()
			if b, err := io.ReadAll(far); len(b) > 0 || err != nil {
				t.Errorf("it sent %x, %v", b, err)
			}
		})
	}
}

// Clone forgets no field.
func TestClone(t *testing.T) {
	config := new(tlsnet.Config)
	v := reflect.ValueOf(config).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanSet() {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Uint16:
			f.SetUint(1)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Func:
			f.Set(reflect.MakeFunc(f.Type(), nil))
		case reflect.Interface:
			if f.Type().String() == "io.Writer" {
				f.Set(reflect.ValueOf(io.Discard))
			} else {
				f.Set(reflect.ValueOf(tlsnet.NoSessions))
			}
		default:
			t.Fatalf("a field of kind %s", f.Kind())
		}
	}
	clone := reflect.ValueOf(config.Clone()).Elem()
	for i := range v.NumField() {
		if v.Field(i).CanSet() && clone.Field(i).IsZero() {
			t.Errorf("%s is lost", v.Type().Field(i).Name)
		}
	}
	if (*tlsnet.Config)(nil).Clone() != nil {
		t.Error("the clone of nil")
	}
}

func TestKeyLogWriter(t *testing.T) {
	var client, server bytes.Buffer
	cc, sc := configs(func(c, s *tlsnet.Config) { c.KeyLogWriter, s.KeyLogWriter = &client, &server })
	c, s := mustConnect(t, cc, sc)
	exchange(t, c, s)
	lines := func(b *bytes.Buffer) []string {
		l := strings.Split(strings.TrimSpace(b.String()), "\n")
		slices.Sort(l)
		return l
	}
	if diff := cmp.Diff(lines(&client), lines(&server)); diff != "" || !strings.Contains(client.String(), "CLIENT_TRAFFIC_SECRET_0 ") {
		t.Error(diff)
	}
}
