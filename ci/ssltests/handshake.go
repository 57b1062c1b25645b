package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/seed-c1436005/libssl"
)

// side is one end of a connection, and what its callbacks have seen.
type side struct {
	ssl *libssl.SSL
	status
	toWrite, toRead int // bytes of application data in this phase

	alertSent, alertReceived, fatalAlerts int
	servername                            string
	secondTicketKeyAsked                  bool
}

// sessions are what the two sides of a connection have to resume it.
type sessions struct{ client, server *libssl.Session }

func (s sessions) free() {
	s.client.Free()
	s.server.Free()
}

// attempt is one connection of a case.
type attempt struct {
	*testcase
	extras
	serverCtx, server2Ctx, clientCtx *libssl.Ctx
	ctlogs                           string
	offer                            sessions
}

// run does what a case says: a handshake, and where it resumes, another one with its sessions. It frees all that it makes.
func run(conf config, name string, t *testcase, ctlogs string) (*outcome, error) {
	ctxs, err := newContexts(conf, name, t)
	defer ctxs.free()
	if err != nil {
		return nil, err
	}
	first := &attempt{testcase: t, extras: t.first, serverCtx: ctxs.server, server2Ctx: ctxs.server2, clientCtx: ctxs.client, ctlogs: ctlogs}
	o, made, err := first.connect()
	defer made.free()
	switch {
	case err != nil || t.mode != "Resume" || o.Result == internalError:
		return o, err
	case o.Result != success:
		o.Result = firstHandshakeFailed
		return o, nil
	}
	second := &attempt{testcase: t, extras: t.resumed, serverCtx: ctxs.resumeServer, clientCtx: ctxs.resumeClient, ctlogs: ctlogs, offer: made}
	o, made, err = second.connect()
	made.free()
	return o, err
}

// connect makes the connection, and returns its sessions, which are to be freed.
func (a *attempt) connect() (o *outcome, made sessions, err error) {
	client, server := &side{}, &side{servername: "None"}
	defer func() { client.ssl.Free(); server.ssl.Free() }()
	if err := a.configure(server); err != nil {
		return nil, made, err
	}
	if err := errors.Join(client.open(a.clientCtx, a.appData), server.open(a.serverCtx, a.appData)); err != nil {
		return nil, made, err
	}
	if a.client.servername != "None" {
		client.ssl.SetTLSExtHostName(a.client.servername)
	}
	if a.client.postHandshakeAuth {
		client.ssl.SetPostHandshakeAuth(true)
	}
	if len(a.offer.server.ID()) > 0 { // for sessions without a ticket
		if n, err := a.serverCtx.AddSession(a.offer.server); n != 1 {
			return nil, made, fmt.Errorf("AddSession: %d, %w", n, err)
		}
	}
	if a.offer.client != nil && client.ssl.SetSession(a.offer.client) != 1 {
		return nil, made, client.ssl.LastErrors()
	}
	client.ssl.SetConnectState()
	server.ssl.SetAcceptState()
	result := drive(a.testcase, client, server)
	if o, err = observe(client, server); err != nil {
		return nil, made, err
	}
	o.Result = result
	made.client = client.ssl.Session()
	if session := server.ssl.Session(); session != nil {
		defer session.Free()
		made.server, err = session.Dup() // a copy is in no cache, and may go to that of another context
	}
	return o, made, err
}

// open makes the SSL of a side, with memory for a transport.
func (s *side) open(ctx *libssl.Ctx, appData int) (err error) {
	if s.ssl, err = libssl.NewSSL(ctx); err != nil {
		return err
	}
	s.toWrite, s.toRead = appData, appData
	if s.ssl.SetMemBIO() != 1 {
		return s.ssl.LastErrors()
	}
	s.ssl.SetInfoCallback(func(_ *libssl.SSL, where, ret int) {
		switch {
		case where&libssl.CbAlert == 0:
		case where&libssl.CbWrite == 0:
			s.alertReceived = ret
		default:
			s.alertSent = ret
			if libssl.AlertTypeString(ret) == "F" || libssl.AlertDescString(ret) == "CN" {
				s.fatalAlerts++
			}
		}
	})
	return nil
}

// observe reads what a connection has come to.
func observe(client, server *side) (*outcome, error) {
	c, s := client.ssl, server.ssl
	session, ofServer := c.Session(), s.Session()
	defer session.Free()
	defer ofServer.Free()
	tmpKey, err1 := keyNID(c.PeerTmpKeyDER())
	serverCert, err2 := certNID(c.PeerCertificateDER())
	clientCert, err3 := certNID(s.PeerCertificateDER())
	cipher := c.CurrentCipher()
	return &outcome{
		ServerAlertSent:        server.alertSent,
		ServerFatalAlerts:      server.fatalAlerts,
		ServerAlertReceived:    client.alertReceived,
		ClientAlertSent:        client.alertSent,
		ClientFatalAlerts:      client.fatalAlerts,
		ClientAlertReceived:    server.alertReceived,
		ServerProtocol:         s.Version(),
		ClientProtocol:         c.Version(),
		Servername:             server.servername,
		SessionTicket:          yes(len(session.Ticket()) > 0),
		SessionID:              yes(len(session.ID()) > 0),
		Compression:            session.CompressID(), // SSL_get_current_compression is not bound, but an SSL compresses as its session says
		SessionTicketDoNotCall: asInt(server.secondTicketKeyAsked),
		ClientNPN:              string(c.NextProtoNegotiated()),
		ServerNPN:              string(s.NextProtoNegotiated()),
		ClientALPN:             string(c.ALPNSelected()),
		ServerALPN:             string(s.ALPNSelected()),
		ClientResumed:          asInt(c.SessionReused()),
		ServerResumed:          asInt(s.SessionReused()),
		TmpKey:                 tmpKey,
		ServerCert:             serverCert,
		ServerHash:             c.PeerSignatureNID(),
		ServerSign:             c.PeerSignatureTypeNID(),
		ServerNames:            hexed(s.PeerCAList()),
		ClientCert:             clientCert,
		ClientHash:             s.PeerSignatureNID(),
		ClientSign:             s.PeerSignatureTypeNID(),
		ClientNames:            hexed(c.PeerCAList()),
		Cipher:                 cipher.Name(),
		TicketAppData:          string(ofServer.TicketAppData()),
	}, errors.Join(err1, err2, err3)
}

func yes(is bool) string {
	if is {
		return "Yes"
	}
	return "No"
}

func asInt(is bool) int {
	if is {
		return 1
	}
	return 0
}

func hexed(list [][]byte) []string {
	out := []string{}
	for _, b := range list {
		out = append(out, hex.EncodeToString(b))
	}
	return out
}
