package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-c1436005/libssl"
)

// testcase is a case: how to shake hands, and what has to come of it.
type testcase struct {
	method    string // TLS, DTLS
	mode      string // of the handshake: Simple, Resume, RenegotiateServer …
	keyUpdate int
	appData   int // bytes that each side sends
	fragment  int
	sctp      bool

	first, resumed extras
	expect         expectations
}

// extras are the settings of one handshake for which SSL_CONF has no command.
type extras struct {
	client          clientExtras
	server, server2 serverExtras
}

type clientExtras struct {
	verify, servername, ct string
	fragmentLength         int // a mode of SSL_CTX_set_tlsext_max_fragment_length
	npn, alpn              *string
	renegotiationCiphers   *string
	srpUser, srpPassword   *string
	postHandshakeAuth      bool
}

type serverExtras struct {
	servernameCallback, status string
	npn, alpn                  *string
	srpUser, srpPassword       *string
	appData                    *string // of tickets
	brokenTicket, forcePHA     bool
}

// option takes the value of a setting.
type option func(value string) error

func (t *testcase) options() map[string]option {
	e := &t.expect
	ignored := false
	return map[string]option{
		"Method":                       oneOf(&t.method, "TLS", "DTLS"),
		"HandshakeMode":                oneOf(&t.mode, modes...),
		"KeyUpdateType":                choice(&t.keyUpdate, keyUpdates),
		"ApplicationData":              number(&t.appData),
		"MaxFragmentSize":              number(&t.fragment),
		"UseSCTP":                      boolean(&t.sctp),
		"EnableClientSCTPLabelBug":     boolean(&ignored), // without SCTP it changes nothing
		"EnableServerSCTPLabelBug":     boolean(&ignored),
		"ExpectedResult":               oneOf(&e.result, success, clientFail, serverFail, internalError, firstHandshakeFailed),
		"ExpectedClientAlert":          choice(&e.clientAlert, alerts),
		"ExpectedServerAlert":          choice(&e.serverAlert, alerts),
		"ExpectedProtocol":             choice(&e.protocol, protocols),
		"ExpectedServerName":           oneOf(&e.servername, "None", "server1", "server2", "invalid"),
		"SessionTicketExpected":        oneOf(&e.ticket, "Ignore", "Yes", "No"),
		"SessionIdExpected":            oneOf(&e.id, "Ignore", "Yes", "No"),
		"CompressionExpected":          boolean(&e.compression),
		"ResumptionExpected":           boolean(&e.resumption),
		"ExpectedNPNProtocol":          anything(&e.npn),
		"ExpectedALPNProtocol":         anything(&e.alpn),
		"ExpectedSessionTicketAppData": anything(&e.appData),
		"ExpectedCipher":               anything(&e.cipher),
		"ExpectedTmpKeyType":           keyType(&e.tmpKey),
		"ExpectedServerCertType":       keyType(&e.serverCert),
		"ExpectedServerSignHash":       digest(&e.serverHash),
		"ExpectedServerSignType":       keyType(&e.serverSign),
		"ExpectedServerCANames":        namesIn(&e.serverNames),
		"ExpectedClientCertType":       keyType(&e.clientCert),
		"ExpectedClientSignHash":       digest(&e.clientHash),
		"ExpectedClientSignType":       keyType(&e.clientSign),
		"ExpectedClientCANames":        namesIn(&e.clientNames),
	}
}

func (c *clientExtras) options() map[string]option {
	return map[string]option{
		"VerifyCallback":     oneOf(&c.verify, "None", "AcceptAll", "RejectAll"),
		"ServerName":         oneOf(&c.servername, "None", "server1", "server2", "invalid"),
		"NPNProtocols":       given(&c.npn),
		"ALPNProtocols":      given(&c.alpn),
		"CTValidation":       oneOf(&c.ct, "None", "Permissive", "Strict"),
		"RenegotiateCiphers": given(&c.renegotiationCiphers),
		"SRPUser":            given(&c.srpUser),
		"SRPPassword":        given(&c.srpPassword),
		"MaxFragmentLenExt":  choice(&c.fragmentLength, fragmentLengths),
		"EnablePHA":          boolean(&c.postHandshakeAuth),
	}
}

func (s *serverExtras) options() map[string]option {
	return map[string]option{
		"ServerNameCallback": oneOf(&s.servernameCallback, "None", "IgnoreMismatch", "RejectMismatch",
			"ClientHelloIgnoreMismatch", "ClientHelloRejectMismatch", "ClientHelloNoV12"),
		"NPNProtocols":         given(&s.npn),
		"ALPNProtocols":        given(&s.alpn),
		"BrokenSessionTicket":  boolean(&s.brokenTicket),
		"CertStatus":           oneOf(&s.status, "None", "GoodResponse", "BadResponse"),
		"SRPUser":              given(&s.srpUser),
		"SRPPassword":          given(&s.srpPassword),
		"ForcePHA":             boolean(&s.forcePHA),
		"SessionTicketAppData": given(&s.appData),
	}
}

var (
	modes      = []string{"Simple", "Resume", renegotiateServer, renegotiateClient, keyUpdateServer, keyUpdateClient, postHandshakeAuth}
	keyUpdates = map[string]int{"KeyUpdateRequested": libssl.KeyUpdateRequested, "KeyUpdateNotRequested": libssl.KeyUpdateNotRequested}
	alerts     = map[string]int{
		"UnknownCA": 48, "HandshakeFailure": 40, "UnrecognizedName": 112, "BadCertificate": 42, "NoApplicationProtocol": 120, "CertificateRequired": 116,
	}
	protocols = map[string]int{
		"TLSv1.3": libssl.VersionTLS13, "TLSv1.2": libssl.VersionTLS12, "TLSv1.1": libssl.VersionTLS11, "TLSv1": libssl.VersionTLS10, "SSLv3": 0x300,
		"DTLSv1": libssl.VersionDTLS10, "DTLSv1.2": libssl.VersionDTLS12,
	}
	fragmentLengths = map[string]int{
		"None": libssl.MaxFragmentLengthDisabled, "512": libssl.MaxFragmentLength512, "1024": libssl.MaxFragmentLength1024,
		"2048": libssl.MaxFragmentLength2048, "4096": libssl.MaxFragmentLength4096,
	}
)

// parseCase reads what the file says of a case.
func parseCase(conf config, name string) (*testcase, error) {
	t := &testcase{method: "TLS", mode: "Simple", appData: 256, fragment: 512}
	t.expect = expectations{result: success, servername: "None", ticket: "Ignore", id: "Ignore"}
	for _, e := range []*extras{&t.first, &t.resumed} {
		e.client = clientExtras{verify: "None", servername: "None", ct: "None"}
		e.server = serverExtras{servernameCallback: "None", status: "None"}
		e.server2 = e.server
	}
	options := t.options()
	for name, of := range map[string]map[string]option{
		"client": t.first.client.options(), "server": t.first.server.options(), "server2": t.first.server2.options(),
		"resume-client": t.resumed.client.options(), "resume-server": t.resumed.server.options(), "resume-server2": t.resumed.server2.options(),
	} {
		options[name] = func(section string) error { return apply(conf, section, of) }
	}
	return t, apply(conf, name, options)
}

// apply gives each line of a section to the option that it names.
func apply(conf config, name string, options map[string]option) error {
	lines, ok := conf[name]
	if !ok {
		return fmt.Errorf("no section [%s]", name)
	}
	for _, line := range lines {
		set := options[line.name]
		if set == nil {
			return fmt.Errorf("[%s]: no such option: %s", name, line.name)
		}
		if err := set(line.value); err != nil {
			return fmt.Errorf("[%s]: %s = %s: %w", name, line.name, line.value, err)
		}
	}
	return nil
}

func anything(s *string) option { return func(value string) error { *s = value; return nil } }

// given tells a value that is empty from none.
func given(s **string) option { return func(value string) error { *s = &value; return nil } }

func oneOf(s *string, names ...string) option {
	return func(value string) error {
		if !slices.Contains(names, value) {
			return fmt.Errorf("not one of %s", strings.Join(names, ", "))
		}
		*s = value
		return nil
	}
}

func choice(n *int, names map[string]int) option {
	return func(value string) (err error) {
		chosen, ok := names[value]
		if !ok {
			return fmt.Errorf("unknown")
		}
		*n = chosen
		return nil
	}
}

func number(n *int) option {
	return func(value string) (err error) { *n, err = strconv.Atoi(value); return err }
}

func boolean(b *bool) option {
	return func(value string) error {
		*b = strings.EqualFold(value, "Yes")
		if !*b && !strings.EqualFold(value, "No") {
			return fmt.Errorf("neither Yes nor No")
		}
		return nil
	}
}
