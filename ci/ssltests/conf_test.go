package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `# of a file
num_tests = 2
test-0 = 0-a

[0-a]
ssl_conf = 0-a-ssl # the rest
[0-a-ssl]
server = 0-a-server
client=missing
[0-a-server]
Certificate = ${ENV::DIR}/a.pem${ENV::DIR}
ECDSA.Certificate =
Certificate = last
[ empty ]
`

func parsed(t *testing.T, text string) config {
	t.Helper()
	conf, err := parseConfig(strings.NewReader(text), map[string]string{"DIR": "/certs"})
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func TestParseConfig(t *testing.T) {
	conf := parsed(t, sample)
	want := section{{"Certificate", "/certs/a.pem/certs"}, {"ECDSA.Certificate", ""}, {"Certificate", "last"}}
	if got, err := conf.commands("test-0", "server"); err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(setting{})) {
		t.Errorf("%v, %v", got, err)
	}
	if last, _ := conf["0-a-server"].get("Certificate"); last != "last" {
		t.Errorf("of two values %q counts", last)
	}
	if _, exists := conf["empty"]; !exists {
		t.Error("an empty section is lost")
	}
	if names, err := conf.cases(); err != nil || !cmp.Equal(names, []string{"test-0", "test-1"}) {
		t.Errorf("%v, %v", names, err)
	}
	for _, role := range []string{"client", "server2"} {
		if _, err := conf.commands("test-0", role); err == nil {
			t.Errorf("there is a configuration of %s", role)
		}
	}
	for _, bad := range []string{"a = $b", "a = ${ENV::OTHER}", "a = ${ENV::DIR", `a = "b"`, `a = b\`, "garbage", "[section"} {
		if _, err := parseConfig(strings.NewReader(bad), map[string]string{"DIR": ""}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestParseCase(t *testing.T) {
	conf := parsed(t, `
[good]
ExpectedServerSignType = RSA-PSS
ExpectedTmpKeyType = P-256
KeyUpdateType = KeyUpdateRequested
ResumptionExpected = yes
resume-client = extra
[extra]
ALPNProtocols =
[option]
NoSuch = 1
[value]
Method = QUIC
[boolean]
UseSCTP = maybe
[type]
ExpectedTmpKeyType = nonsense
[names]
ExpectedClientCANames = /nowhere
[section]
client = nowhere
`)
	good, err := parseCase(conf, "good")
	if err != nil {
		t.Fatal(err)
	}
	if a := good.resumed.client.alpn; a == nil || *a != "" || good.first.client.alpn != nil {
		t.Error("an empty list is as none")
	}
	if e := good.expect; e.serverSign != 912 || e.tmpKey != 415 || good.keyUpdate != 1 || !e.resumption {
		t.Errorf("%+v", good)
	}
	for _, bad := range []string{"option", "value", "boolean", "type", "names", "section", "none"} {
		if _, err := parseCase(conf, bad); err == nil {
			t.Errorf("[%s] is accepted", bad)
		}
	}
}
