package main

import (
	"bytes"
	"reflect"
	"testing"
)

// whole is an outcome in which everything is something, and strict demands just that.
func whole() outcome {
	return outcome{
		Result: success, ClientAlertSent: 0x100 | 40, ClientFatalAlerts: 1, ClientAlertReceived: 40, ServerAlertSent: 0x200 | 48, ServerFatalAlerts: 1,
		ServerAlertReceived: 48, ServerProtocol: 0x304, ClientProtocol: 0x304, Servername: "server1", SessionTicket: "Yes", SessionID: "Yes",
		ClientNPN: "a", ServerNPN: "a", ClientALPN: "b", ServerALPN: "b", ClientResumed: 1, ServerResumed: 1, TmpKey: 1, ServerCert: 2, ServerHash: 3,
		ServerSign: 4, ServerNames: []string{"c"}, ClientCert: 5, ClientHash: 6, ClientSign: 7, ClientNames: []string{"d"}, Cipher: "e", TicketAppData: "f",
	}
}

var strict = expectations{
	result: success, clientAlert: 40, serverAlert: 48, protocol: 0x304, servername: "server1", ticket: "Yes", id: "Yes", resumption: true,
	npn: "a", alpn: "b", appData: "f", cipher: "e", tmpKey: 1, serverCert: 2, serverHash: 3, serverSign: 4, clientCert: 5, clientHash: 6, clientSign: 7,
	serverNames: []string{"c"}, clientNames: []string{"d"},
}

// Whatever changes in an outcome is noticed: by the judge, but for what ssl_test does not look at, and by the comparison with C.
func TestEachDifferenceCounts(t *testing.T) {
	if missing := strict.judge(whole()); len(missing) != 0 {
		t.Fatal(missing)
	}
	for i := range reflect.TypeFor[outcome]().NumField() {
		other := whole()
		name, f := reflect.TypeFor[outcome]().Field(i).Name, reflect.ValueOf(&other).Elem().Field(i)
		switch f.Kind() {
		case reflect.Int:
			f.SetInt(f.Int() + 1)
		case reflect.String:
			f.SetString(f.String() + "x")
		default:
			f.SetZero()
		}
		ignored := name == "ClientAlertReceived" || name == "ServerAlertReceived" // not each side lives to see the other's
		if missing := strict.judge(other); (len(missing) == 0) != ignored {
			t.Errorf("%s: the judge says %q", name, missing)
		}
		c := whole()
		var v verdictOn
		if v.compare(&testcase{expect: strict}, ended{true, &c}, &other, nil); v.problem == "" {
			t.Errorf("%s differs from C, and passes", name)
		}
	}
}

// After a failure only the result and the alerts count, and what is not demanded is free.
func TestJudgeDemandsNoMore(t *testing.T) {
	e := expectations{result: serverFail, servername: "server2", npn: "x", cipher: "y", resumption: true}
	if missing := e.judge(outcome{Result: serverFail}); len(missing) != 0 {
		t.Error(missing)
	}
	o := whole()
	free := expectations{result: success, servername: "server1", ticket: "Ignore", id: "Ignore", resumption: true, npn: "a", alpn: "b", appData: "f"}
	if missing := free.judge(o); len(missing) != 0 {
		t.Error(missing)
	}
}

func TestCompare(t *testing.T) {
	o := outcome{Result: clientFail}
	good, bad := &testcase{expect: expectations{result: clientFail}}, &testcase{expect: expectations{result: success}}
	for name, test := range map[string]struct {
		t           *testcase
		c           ended
		o           *outcome
		skips, fail bool
	}{
		"as in C":           {good, ended{true, &o}, &o, false, false},
		"both fail":         {bad, ended{false, &o}, &o, true, false},
		"fails here":        {bad, ended{true, &o}, &o, false, true},
		"fails in C":        {good, ended{false, &o}, &o, false, true},
		"nothing from C":    {good, ended{false, nil}, &o, false, true},
		"no handshake here": {good, ended{true, &o}, nil, false, true},
	} {
		var v verdictOn
		v.compare(test.t, test.c, test.o, nil)
		if (v.skip != "") != test.skips || (v.problem != "") != test.fail {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestReadVerdicts(t *testing.T) {
	told := bytes.NewBufferString(`1..1
    # Subtest: test_handshake
    1..3
{"result":"Success","client_ca_names":["30"]}
    ok 1 - iteration 1
    # ERROR: something
    not ok 2 - iteration 2
{"result":"ClientFail","client_ca_names":[]}
    not ok 3 - iteration 3
not ok 1 - test_handshake
`)
	cases, err := readVerdicts(told)
	if err != nil || len(cases) != 3 {
		t.Fatal(cases, err)
	}
	if !cases[0].ok || cases[0].outcome.Result != success || cases[1].ok || cases[1].outcome != nil || cases[2].ok || cases[2].outcome.Result != clientFail {
		t.Errorf("%+v", cases)
	}
	if _, err := readVerdicts(bytes.NewBufferString("{nonsense\n")); err == nil {
		t.Error("nonsense is accepted")
	}
}

// Who failed first is named once the other has failed too.
func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		last, previous status
		clientLast     bool
		want           string
	}{
		{done, done, true, success},
		{done, retry, true, ""},
		{done, waiting, true, ""},
		{done, failed, true, internalError},
		{retry, failed, true, ""},
		{failed, retry, false, ""},
		{failed, failed, true, serverFail},
		{failed, failed, false, clientFail},
		{failed, done, true, clientFail},
		{failed, done, false, serverFail},
		{failed, waiting, true, clientFail},
		{failed, waiting, false, internalError},
		{broken, retry, true, internalError},
		{failed, broken, true, internalError},
	} {
		if got := verdict(test.last, test.previous, test.clientLast); got != test.want {
			t.Errorf("%d after %d, client last: %v: %q, want %q", test.last, test.previous, test.clientLast, got, test.want)
		}
	}
}
