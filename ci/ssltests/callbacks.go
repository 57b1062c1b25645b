package main

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/seed-c1436005/libssl"
)

func setVerify(client *libssl.Ctx, how string) {
	switch how {
	case "AcceptAll":
		client.SetCertVerifyCallback(func(*libssl.Verification) int { return libssl.VerifyOK })
	case "RejectAll":
		client.SetCertVerifyCallback(func(*libssl.Verification) int { return libssl.VerifyErrApplicationVerification })
	}
}

// setServername makes the server choose between two contexts, by the server name or already by the ClientHello.
func setServername(server, server2 *libssl.Ctx, how string, s *side) {
	switch how {
	case "IgnoreMismatch", "RejectMismatch":
		server.SetTLSExtServernameCallback(func(ssl *libssl.SSL) (result, alert int) {
			name := ssl.Servername()
			switch {
			case name == "":
				s.servername = "server1"
				return libssl.TLSExtErrNoAck, 0
			case s.choose(ssl, name, server2):
				return libssl.TLSExtErrOK, 0
			case how == "IgnoreMismatch":
				s.servername = "server1"
				return libssl.TLSExtErrNoAck, 0
			}
			return libssl.TLSExtErrAlertFatal, 0
		})
	case "ClientHelloIgnoreMismatch", "ClientHelloRejectMismatch":
		server.SetClientHelloCB(func(ssl *libssl.SSL) (result, alert int) {
			return s.chooseByHello(ssl, server2, how == "ClientHelloIgnoreMismatch")
		})
	case "ClientHelloNoV12":
		server.SetClientHelloCB(func(ssl *libssl.SSL) (result, alert int) {
			if v := ssl.ClientHelloLegacyVersion(); v > libssl.VersionTLS12 || v < protocols["SSLv3"] {
				return libssl.ClientHelloError, libssl.ADProtocolVersion
			}
			if len(ssl.ClientHelloRandom()) == 0 || len(ssl.ClientHelloCiphers()) == 0 || len(ssl.ClientHelloCompressionMethods()) == 0 {
				return libssl.ClientHelloError, libssl.ADInternalError
			}
			result, alert = s.chooseByHello(ssl, server2, false)
			ssl.SetMaxProtoVersion(libssl.VersionTLS11)
			return result, alert
		})
	}
}

// choose switches to the context of a name, and reports whether there is one.
func (s *side) choose(ssl *libssl.SSL, name string, server2 *libssl.Ctx) bool {
	switch name {
	case "server1":
	case "server2":
		ssl.SetSSLCtx(server2)
		ssl.ClearOptions(0xffffffff) // SSL_set_SSL_CTX leaves the first one's
		ssl.SetOptions(server2.Options())
	default:
		return false
	}
	s.servername = name
	return true
}

func (s *side) chooseByHello(ssl *libssl.SSL, server2 *libssl.Ctx, ignore bool) (result, alert int) {
	name, ok := firstHostName(ssl.ClientHelloExt(0))
	switch {
	case ok && s.choose(ssl, name, server2):
	case ok && ignore:
		s.servername = "server1"
	default:
		return libssl.ClientHelloError, libssl.ADUnrecognizedName
	}
	return libssl.ClientHelloSuccess, 0
}

// firstHostName takes it from the extension: a list after its length, whose elements are a type, which is 0 for host names, a length and the name.
func firstHostName(ext []byte) (string, bool) {
	if len(ext) < 5 || int(binary.BigEndian.Uint16(ext)) != len(ext)-2 || ext[2] != 0 {
		return "", false
	}
	n := int(binary.BigEndian.Uint16(ext[3:]))
	if n > len(ext)-5 {
		return "", false
	}
	return string(ext[5 : 5+n]), true
}

// setStatus staples a byte, which is a response good enough for the client or not.
func setStatus(client, server *libssl.Ctx, how string) error {
	const good, bad = 0xff, 0xfe
	if how == "None" {
		return nil
	}
	client.SetTLSExtStatusCB(func(ssl *libssl.SSL) int {
		if bytes.Equal(ssl.TLSExtStatusOCSPResp(), []byte{good}) {
			return 1
		}
		return 0
	})
	response := []byte{good}
	if how == "BadResponse" {
		response = []byte{bad}
	}
	server.SetTLSExtStatusCB(func(ssl *libssl.SSL) int {
		if ssl.SetTLSExtStatusOCSPResp(response) != 1 {
			return libssl.TLSExtErrAlertFatal
		}
		return libssl.TLSExtErrOK
	})
	return client.SetTLSExtStatusType(libssl.StatusTypeOCSP)
}

// protocolList takes a list with commas apart.
func protocolList(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func wireForm(list string) ([]byte, error) { return libssl.EncodeALPN(protocolList(list)...) }

func advertiseNPN(server *libssl.Ctx, list string) {
	server.SetNextProtosAdvertisedCB(func(*libssl.SSL) ([]string, int) { return protocolList(list), libssl.TLSExtErrOK })
}

// selectNPN makes the client choose the first of the server's protocols that it has too, or else its own first one.
func selectNPN(client *libssl.Ctx, list string) error {
	own, err := wireForm(list)
	client.SetNextProtoSelectCB(func(_ *libssl.SSL, advertised []string) (string, int) {
		theirs, err := libssl.EncodeALPN(advertised...)
		if err != nil {
			return "", libssl.TLSExtErrAlertFatal
		}
		proto, _ := libssl.SelectNextProto(theirs, own)
		return proto, libssl.TLSExtErrOK
	})
	return err
}

// selectALPN makes the server choose the first of its own protocols that the client offers; there has to be one.
func selectALPN(server *libssl.Ctx, list string) error {
	own, err := wireForm(list)
	server.SetALPNSelectCB(func(_ *libssl.SSL, offered []string) (string, int) {
		theirs, err := libssl.EncodeALPN(offered...)
		if err != nil {
			return "", libssl.TLSExtErrAlertFatal
		}
		proto, result := libssl.SelectNextProto(own, theirs)
		if result != libssl.NPNNegotiated {
			return "", libssl.TLSExtErrAlertFatal
		}
		return proto, libssl.TLSExtErrOK
	})
	return err
}

func setTicketData(server *libssl.Ctx, data string) {
	server.SetSessionTicketCB(func(ssl *libssl.SSL) bool {
		session := ssl.Session()
		defer session.Free()
		return session.SetTicketAppData([]byte(data)) == nil
	}, func(_ *libssl.SSL, _ *libssl.Session, _ []byte, status int) int {
		switch status {
		case libssl.TicketEmpty, libssl.TicketNoDecrypt:
			return libssl.TicketReturnIgnoreRenew
		case libssl.TicketSuccess:
			return libssl.TicketReturnUse
		case libssl.TicketSuccessRenew:
			return libssl.TicketReturnUseRenew
		}
		return libssl.TicketReturnAbort
	})
}

func checkSRPUser(server *libssl.Ctx, user, password string) {
	server.SetSRPUsernameCallback(func(ssl *libssl.SSL) (result, alert int) {
		if ssl.SRPUsername() != user {
			return libssl.ALFatal, 0
		}
		if ssl.SetSRPServerParamPW(user, password, "2048") != 1 {
			return libssl.ALFatal, libssl.ADInternalError
		}
		return libssl.ErrorNone, 0
	})
}
