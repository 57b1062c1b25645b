package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-c1436005/libssl"
)

// contexts are those of a case. server2 is nil without a callback that may switch to it, the last two but for resumption.
type contexts struct {
	server, server2, client, resumeServer, resumeClient *libssl.Ctx
}

func (c *contexts) free() {
	for _, ctx := range []*libssl.Ctx{c.server, c.server2, c.client, c.resumeServer, c.resumeClient} {
		ctx.Free()
	}
}

// newContexts makes them from the sections of a case. They are to be freed, also after an error.
func newContexts(conf config, name string, t *testcase) (*contexts, error) {
	c := &contexts{}
	for _, role := range []struct {
		ctx    **libssl.Ctx
		name   string
		needed bool
	}{
		{&c.server, "server", true},
		{&c.client, "client", true},
		{&c.server2, "server2", t.first.server.servernameCallback != "None"},
		{&c.resumeServer, "resume-server", t.mode == "Resume"},
		{&c.resumeClient, "resume-client", t.mode == "Resume"},
	} {
		if !role.needed {
			continue
		}
		commands, err := conf.commands(name, role.name)
		if err != nil {
			return c, err
		}
		if *role.ctx, err = newCtx(t.method, !strings.HasSuffix(role.name, "client"), commands); err != nil {
			return c, fmt.Errorf("%s: %w", role.name, err)
		}
	}
	return c, nil
}

// newCtx does what SSL_CTX_config does with a section. Its flag for certificates without a key is not needed: the files name a key for each.
func newCtx(method string, server bool, commands section) (*libssl.Ctx, error) {
	methods := map[string][2]libssl.Method{
		"TLS":  {libssl.TLSClientMethod(), libssl.TLSServerMethod()},
		"DTLS": {libssl.DTLSClientMethod(), libssl.DTLSServerMethod()},
	}[method]
	flags := uint(libssl.ConfFlagFile | libssl.ConfFlagCertificate)
	made, highest := methods[0], libssl.VersionTLS13
	if method == "DTLS" {
		highest = libssl.VersionDTLS12
	}
	if server {
		flags |= libssl.ConfFlagServer
		made = methods[1]
	} else {
		flags |= libssl.ConfFlagClient
	}
	ctx, err := libssl.NewCtx(made)
	if err != nil {
		return nil, err
	}
	err = ctx.SetMaxProtoVersion(highest)
	for _, line := range commands {
		name := line.name[strings.Index(line.name, ".")+1:] // what is before a dot only makes the names of lines differ
		if err == nil {
			_, err = ctx.ConfCmd(flags, name, line.value)
		}
	}
	if err != nil {
		ctx.Free()
		return nil, err
	}
	return ctx, nil
}

// configure sets what SSL_CONF cannot. Callbacks tell their findings to s, which is the server's side.
func (a *attempt) configure(s *side) error {
	client, server := a.client, a.server
	for _, ctx := range []*libssl.Ctx{a.serverCtx, a.server2Ctx, a.clientCtx} {
		if ctx == nil {
			continue
		}
		if err := ctx.SetMaxSendFragment(a.fragment); err != nil {
			return err
		}
	}
	setVerify(a.clientCtx, client.verify)
	setServername(a.serverCtx, a.server2Ctx, server.servernameCallback, s)
	if a.server2Ctx != nil { // tickets are the first one's: this must not be called
		a.server2Ctx.SetTLSExtTicketKeyCB(func(*libssl.SSL, []byte) (*libssl.TicketKey, int) {
			s.secondTicketKeyAsked = true
			return nil, 0
		})
	}
	if server.brokenTicket {
		a.serverCtx.SetTLSExtTicketKeyCB(func(*libssl.SSL, []byte) (*libssl.TicketKey, int) { return nil, 0 })
	}
	return errors.Join(
		a.clientCtx.SetTLSExtMaxFragmentLength(client.fragmentLength),
		setStatus(a.clientCtx, a.serverCtx, server.status),
		setProtocols(a.clientCtx, &client),
		setServer(a.serverCtx, &server),
		setServer(a.server2Ctx, &a.server2),
		a.serverCtx.SetTLSExtTicketKeys(make([]byte, 80)), // the same for all, so that one context takes the other's tickets
		setCT(a.clientCtx, client.ct, a.ctlogs),
		setSRPUser(a.clientCtx, &client),
	)
}

func setServer(server *libssl.Ctx, e *serverExtras) error {
	if e.npn == nil && e.alpn == nil && e.appData == nil && e.srpUser == nil {
		return nil
	}
	if server == nil {
		return errors.New("settings of a second server, and no callback that would choose it")
	}
	if e.npn != nil {
		advertiseNPN(server, *e.npn)
	}
	if e.alpn != nil {
		if err := selectALPN(server, *e.alpn); err != nil {
			return err
		}
	}
	if e.appData != nil {
		setTicketData(server, *e.appData)
	}
	if e.srpUser != nil {
		if e.srpPassword == nil {
			return errors.New("SRPUser without SRPPassword")
		}
		checkSRPUser(server, *e.srpUser, *e.srpPassword)
	}
	return nil
}

func setProtocols(client *libssl.Ctx, e *clientExtras) error {
	if e.npn != nil {
		if err := selectNPN(client, *e.npn); err != nil {
			return err
		}
	}
	if e.alpn == nil {
		return nil
	}
	wire, err := wireForm(*e.alpn)
	if err != nil {
		return err
	}
	return client.SetALPNProtos(wire)
}

func setCT(client *libssl.Ctx, mode, ctlogs string) error {
	if err := client.SetCTLogListFile(ctlogs); err != nil {
		return err
	}
	switch mode {
	case "Permissive":
		return client.EnableCT(libssl.CTValidationPermissive)
	case "Strict":
		return client.EnableCT(libssl.CTValidationStrict)
	}
	return nil
}

func setSRPUser(client *libssl.Ctx, e *clientExtras) error {
	if e.srpUser == nil {
		return nil
	}
	if e.srpPassword == nil {
		return errors.New("SRPUser without SRPPassword")
	}
	password := *e.srpPassword
	client.SetSRPClientPwdCallback(func(*libssl.SSL) (string, bool) { return password, true })
	return client.SetSRPUsername(*e.srpUser)
}
