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

// run does what a case says: a handshake, and where it resumes, another one with its session. It frees all that it makes.
func run(conf config, name string, t *testcase, ctlogs string) (*outcome, error) {
	ctxs, err := newContexts(conf, name, t)
	defer ctxs.free()
	if err != nil {
		return nil, err
	}
	var client, server *libssl.Session
	defer func() { client.Free(); server.Free() }()
	o, err := connect(ctxs.server, ctxs.server2, ctxs.client, t, &t.first, ctlogs, nil, nil, func(c, s *libssl.SSL) error {
		session := s.Session()
		defer session.Free()
		client = c.Session()
		if session == nil {
			return nil
		}
		server, err = session.Dup() // a copy is in no cache, and may go to that of the other context
		return err
	})
	switch {
	case err != nil || t.mode != "Resume" || o.Result == internalError:
		return o, err
	case o.Result != success:
		o.Result = firstHandshakeFailed
		return o, nil
	}
	return connect(ctxs.resumeServer, nil, ctxs.resumeClient, t, &t.resumed, ctlogs, client, server, func(*libssl.SSL, *libssl.SSL) error { return nil })
}

// connect makes one connection, which resumes a session if there is one. keep is called while its SSLs are there.
func connect(serverCtx, server2, clientCtx *libssl.Ctx, t *testcase, e *extras, ctlogs string, session, serverSession *libssl.Session, keep func(c, s *libssl.SSL) error) (*outcome, error) {
	client, server := &side{}, &side{servername: "None"}
	if err := configure(serverCtx, server2, clientCtx, t, e, server, ctlogs); err != nil {
		return nil, err
	}
	defer func() { client.ssl.Free(); server.ssl.Free() }()
	if err := errors.Join(client.open(clientCtx, t.appData), server.open(serverCtx, t.appData)); err != nil {
		return nil, err
	}
	if e.client.servername != "None" {
		client.ssl.SetTLSExtHostName(e.client.servername)
	}
	if e.client.postHandshakeAuth {
		client.ssl.SetPostHandshakeAuth(true)
	}
	if session != nil {
		if len(serverSession.ID()) > 0 { // for sessions without a ticket
			if n, err := serverCtx.AddSession(serverSession); n != 1 {
				return nil, fmt.Errorf("AddSession: %d, %w", n, err)
			}
		}
		if client.ssl.SetSession(session) != 1 {
			return nil, client.ssl.LastErrors()
		}
	}
	client.ssl.SetConnectState()
	server.ssl.SetAcceptState()
	result := drive(t, client, server)
	o, err := observe(client, server)
	o.Result = result
	return o, errors.Join(err, keep(client.ssl, server.ssl))
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
		ServerAlertSent:          server.alertSent,
		ServerFatalAlerts:        server.fatalAlerts,
		ServerAlertReceived:      client.alertReceived,
		ClientAlertSent:          client.alertSent,
		ClientFatalAlerts:        client.fatalAlerts,
		ClientAlertReceived:      server.alertReceived,
		ServerProtocol:           s.Version(),
		ClientProtocol:           c.Version(),
		Servername:               server.servername,
		SessionTicket:            yes(len(session.Ticket()) > 0),
		SessionID:                yes(len(session.ID()) > 0),
		Compression:              session.CompressID(), // SSL_get_current_compression is not bound, but an SSL compresses as its session says
		SessionTicketDoNotCall:   count(server.secondTicketKeyAsked),
		ClientNPN:                string(c.NextProtoNegotiated()),
		ServerNPN:                string(s.NextProtoNegotiated()),
		ClientALPN:               string(c.ALPNSelected()),
		ServerALPN:               string(s.ALPNSelected()),
		ClientResumed:            count(c.SessionReused()),
		ServerResumed:            count(s.SessionReused()),
		TmpKey:                   tmpKey,
		ServerCert:               serverCert,
		ServerHash:               c.PeerSignatureNID(),
		ServerSign:               c.PeerSignatureTypeNID(),
		ServerNames:              hexed(s.PeerCAList()),
		ClientCert:               clientCert,
		ClientHash:               s.PeerSignatureNID(),
		ClientSign:               s.PeerSignatureTypeNID(),
		ClientNames:              hexed(c.PeerCAList()),
		Cipher:                   cipher.Name(),
		ServerSessionsTicketData: string(ofServer.TicketAppData()),
	}, errors.Join(err1, err2, err3)
}

func yes(is bool) string {
	if is {
		return "Yes"
	}
	return "No"
}

func count(is bool) int {
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
