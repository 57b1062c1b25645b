package main

import (
	"fmt"
	"slices"
)

// Results of a case.
const (
	success              = "Success"
	clientFail           = "ClientFail"
	serverFail           = "ServerFail"
	internalError        = "InternalError"
	firstHandshakeFailed = "FirstHandshakeFailed"
)

// outcome is what came of a case: of its last handshake. The names in JSON are those of C's HANDSHAKE_RESULT. Numbers of keys and digests are NIDs.
type outcome struct {
	Result                 string   `json:"result"`
	ClientAlertSent        int      `json:"client_alert_sent"`
	ClientFatalAlerts      int      `json:"client_num_fatal_alerts_sent"`
	ClientAlertReceived    int      `json:"client_alert_received"` // by the server
	ServerAlertSent        int      `json:"server_alert_sent"`
	ServerFatalAlerts      int      `json:"server_num_fatal_alerts_sent"`
	ServerAlertReceived    int      `json:"server_alert_received"` // by the client
	ServerProtocol         int      `json:"server_protocol"`
	ClientProtocol         int      `json:"client_protocol"`
	Servername             string   `json:"servername"`
	SessionTicket          string   `json:"session_ticket"`
	SessionID              string   `json:"session_id"`
	Compression            int      `json:"compression"`
	SessionTicketDoNotCall int      `json:"session_ticket_do_not_call"`
	ClientNPN              string   `json:"client_npn_negotiated"`
	ServerNPN              string   `json:"server_npn_negotiated"`
	ClientALPN             string   `json:"client_alpn_negotiated"`
	ServerALPN             string   `json:"server_alpn_negotiated"`
	ClientResumed          int      `json:"client_resumed"`
	ServerResumed          int      `json:"server_resumed"`
	TmpKey                 int      `json:"tmp_key_type"`
	ServerCert             int      `json:"server_cert_type"`
	ServerHash             int      `json:"server_sign_hash"`
	ServerSign             int      `json:"server_sign_type"`
	ServerNames            []string `json:"server_ca_names"` // that the server got
	ClientCert             int      `json:"client_cert_type"`
	ClientHash             int      `json:"client_sign_hash"`
	ClientSign             int      `json:"client_sign_type"`
	ClientNames            []string `json:"client_ca_names"`
	Cipher                 string   `json:"cipher"`
	TicketAppData          string   `json:"result_session_ticket_app_data"`
}

// expectations are what a file demands. 0, "" and nil demand nothing where that is C's way: see judge.
type expectations struct {
	result                             string
	clientAlert, serverAlert, protocol int
	servername, ticket, id             string
	compression, resumption            bool
	npn, alpn, appData, cipher         string
	tmpKey                             int
	serverCert, serverHash, serverSign int
	clientCert, clientHash, clientSign int
	serverNames, clientNames           []string
}

// judge returns what an outcome lacks: nothing if it is as the file demands. These are the checks of ssl_test.
func (e expectations) judge(o outcome) (missing []string) {
	want := func(ok bool, what string, got, want any) {
		if !ok {
			missing = append(missing, fmt.Sprintf("%s is %v, not %v", what, got, want))
		}
	}
	optional := func(what string, got, expected int) { want(expected == 0 || got == expected, what, got, expected) }

	want(o.Result == e.result, "result", o.Result, e.result)
	optional("client's alert", o.ClientAlertSent&0xff, e.clientAlert)
	optional("server's alert", o.ServerAlertSent&0xff, e.serverAlert)
	want(o.ClientFatalAlerts <= 1, "client's number of fatal alerts", o.ClientFatalAlerts, "1 at the most")
	want(o.ServerFatalAlerts <= 1, "server's number of fatal alerts", o.ServerFatalAlerts, "1 at the most")
	if o.Result != success {
		return missing
	}
	want(o.ClientProtocol == o.ServerProtocol, "client's protocol", o.ClientProtocol, o.ServerProtocol)
	optional("protocol", o.ClientProtocol, e.protocol)
	want(o.Servername == e.servername, "server name", o.Servername, e.servername)
	want(e.ticket == "Ignore" || o.SessionTicket == e.ticket, "session ticket", o.SessionTicket, e.ticket)
	want(e.id == "Ignore" || o.SessionID == e.id, "session id", o.SessionID, e.id)
	want((o.Compression != 0) == e.compression, "compression", o.Compression, e.compression)
	want(o.SessionTicketDoNotCall == 0, "ticket key callback of the second server", "called", "to be called")
	want(o.ClientNPN == o.ServerNPN, "client's NPN protocol", o.ClientNPN, o.ServerNPN)
	want(o.ClientNPN == e.npn, "NPN protocol", o.ClientNPN, e.npn)
	want(o.ClientALPN == o.ServerALPN, "client's ALPN protocol", o.ClientALPN, o.ServerALPN)
	want(o.ClientALPN == e.alpn, "ALPN protocol", o.ClientALPN, e.alpn)
	want(e.cipher == "" || o.Cipher == e.cipher, "cipher", o.Cipher, e.cipher)
	want(o.TicketAppData == e.appData, "ticket application data", o.TicketAppData, e.appData)
	want(o.ClientResumed == o.ServerResumed, "client's resumption", o.ClientResumed, o.ServerResumed)
	want((o.ClientResumed != 0) == e.resumption, "resumption", o.ClientResumed, e.resumption)
	optional("ephemeral key", o.TmpKey, e.tmpKey)
	optional("server's certificate", o.ServerCert, e.serverCert)
	optional("server's digest", o.ServerHash, e.serverHash)
	optional("server's signature", o.ServerSign, e.serverSign)
	optional("client's certificate", o.ClientCert, e.clientCert)
	optional("client's digest", o.ClientHash, e.clientHash)
	optional("client's signature", o.ClientSign, e.clientSign)
	want(e.serverNames == nil || slices.Equal(o.ServerNames, e.serverNames), "list of names that the server got", o.ServerNames, e.serverNames)
	want(e.clientNames == nil || slices.Equal(o.ClientNames, e.clientNames), "list of names that the client got", o.ClientNames, e.clientNames)
	return missing
}
