package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/tlsnet"

	"github.com/seed-c1436005/libssl/bench/work"
)

// contexts are both ends of a way, by the parity API, and the session that clients resume.
type contexts struct {
	client, server *libssl.Ctx
	session        *libssl.Session
}

func newContexts(way work.Way) (*contexts, error) {
	version, options := libssl.VersionTLS12, uint(0)
	if way.TLS13 {
		version = libssl.VersionTLS13
	}
	if way.Resume == "id" {
		options = libssl.OpNoTicket
	}
	newCtx := func(method libssl.Method) (*libssl.Ctx, error) {
		ctx, err := libssl.NewCtx(method)
		if err != nil {
			return nil, err
		}
		ctx.SetOptions(options)
		ctx.SetNumTickets(1)
		return ctx, errors.Join(ctx.SetMinProtoVersion(version), ctx.SetMaxProtoVersion(version), ctx.SetGroupsList("X25519:P-256"),
			ctx.SetCipherList(way.OpenSSLCiphers()), ctx.SetCiphersuites("TLS_AES_128_GCM_SHA256"))
	}
	client, err1 := newCtx(libssl.TLSClientMethod())
	server, err2 := newCtx(libssl.TLSServerMethod())
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	client.SetSessionCacheMode(libssl.SessCacheOff)
	client.SetVerify(libssl.VerifyPeer)
	server.SetSessionCacheMode(libssl.SessCacheServer | libssl.SessCacheNoAutoClear)
	return &contexts{client: client, server: server}, errors.Join(client.LoadVerifyLocations(way.File("ca.pem"), ""),
		server.UseCertificateChainFile(way.File("leaf.pem")), server.UsePrivateKeyFile(way.File("leaf.key"), libssl.FiletypePEM),
		server.SetSessionIDContext([]byte("bench")))
}

// newClient returns a client that resumes the session, if there is one.
func (c *contexts) newClient() (*libssl.SSL, error) {
	ssl, err := libssl.NewSSL(c.client)
	if err != nil {
		return nil, err
	}
	if ssl.SetTLSExtHostName(work.ServerName) != 1 || ssl.SetHost(work.ServerName) != 1 || (c.session != nil && ssl.SetSession(c.session) != 1) {
		return nil, ssl.LastErrors()
	}
	return ssl, nil
}

// driver makes connections in memory: one goroutine drives both engines in turn.
type driver struct {
	*contexts
	wires  [2][]byte
	yields time.Time
}

func newDriver(c *contexts) *driver {
	return &driver{contexts: c, wires: [2][]byte{make([]byte, 1<<14), make([]byte, 1<<14)}}
}

// warm makes a driver that has made its first connection.
func warm(kind, key string) (*driver, error) {
	way, err := work.ParseWay(kind, key, "aes128")
	if err != nil {
		return nil, err
	}
	c, err := newContexts(way)
	if err != nil {
		return nil, err
	}
	d := newDriver(c)
	if way.Resumes() {
		return d, d.connect(&c.session)
	}
	return d, d.connect(nil)
}

// connect makes a connection: the handshake, a byte, close_notify both ways. It stores the session in *keep, unless that is nil.
func (d *driver) connect(keep **libssl.Session) error {
	c, err1 := d.newClient()
	s, err2 := libssl.NewSSL(d.server)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	defer c.Free()
	defer s.Free()
	client, err1 := libssl.NewEngine(c)
	server, err2 := libssl.NewEngine(s)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var a, b libssl.Step
	toServer, toClient := d.wires[0], d.wires[1]
	for a.Error, b.Error = libssl.ErrorWantRead, libssl.ErrorWantRead; a.Error|b.Error != libssl.ErrorNone; {
		in := toClient[:b.Out]
		b.Out = 0
		if a.Error != libssl.ErrorNone {
			a = client.Connect(in, toServer)
		}
		in = toServer[:a.Out]
		a.Out = 0
		if b.Error != libssl.ErrorNone {
			b = server.Accept(in, toClient)
		}
		if a.Error == libssl.ErrorSSL || b.Error == libssl.ErrorSSL {
			return errors.Join(c.LastErrors(), s.LastErrors())
		}
	}
	var buf [1]byte
	n := b.Out // tickets
	n += server.Write(buf[:], nil, toClient[n:]).Out
	if step := client.Read(buf[:], toClient[:n], toServer); step.N != 1 {
		return fmt.Errorf("read: %+v: %w", step, c.LastErrors())
	}
	if reused := c.SessionReused(); reused != (d.session != nil) {
		return fmt.Errorf("resumed: %v", reused)
	}
	if keep != nil {
		*keep = c.Session()
	}
	step := client.Shutdown(nil, toServer)
	if step = server.Read(buf[:], toServer[:step.Out], toClient); step.Error != libssl.ErrorZeroReturn {
		return fmt.Errorf("read: %+v instead of close_notify", step)
	}
	server.Shutdown(nil, toClient)
	return nil
}

func (d *driver) run(n int) error {
	for range n {
		if err := d.connect(nil); err != nil {
			return err
		}
		// As a goroutine does that waits for a network. From one that has not for 10 ms Go's monitor takes the processor in every C call that it sees.
		if time.Since(d.yields) > 4*time.Millisecond {
			runtime.Gosched()
			d.yields = time.Now()
		}
	}
	return nil
}

// engineMemory is handshake/mem/KIND/KEY.
func engineMemory(part []string) (work.Run, error) {
	d, err := warm(part[2], part[3])
	return func(n int, _ map[string]float64) error { return d.run(n) }, err
}

// engineScale is scale/KIND/GOROUTINES.
func engineScale(part []string) (work.Run, error) {
	d, err := warm(part[1], "ecdsa")
	if err != nil {
		return nil, err
	}
	drivers, err := strconv.Atoi(part[2])
	return parallel(d.contexts, drivers), err
}

// parallel makes connections with as many drivers of the same contexts.
func parallel(c *contexts, drivers int) work.Run {
	all := make([]*driver, drivers)
	for i := range all {
		all[i] = newDriver(c)
	}
	return func(n int, _ map[string]float64) error {
		return work.Parallel(drivers, func(i int) error { return all[i].run(n / drivers) })
	}
}

// engineCache is cache/SESSIONS: two drivers that resume by id beside so many sessions of others.
func engineCache(part []string) (work.Run, error) {
	d, err := warm("1.2-id", "ecdsa")
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(part[1], 10, 32)
	if err != nil {
		return nil, err
	}
	d.server.SessSetCacheSize(0)
	for i := range uint32(n) {
		s, err := libssl.NewSession()
		if err != nil {
			return nil, err
		}
		var id [32]byte
		binary.LittleEndian.PutUint32(id[:], i*2654435761) // libssl's hash is the first four bytes, which are random in life
		s.SetTimeout(2 * time.Hour)
		if err := errors.Join(s.SetProtocolVersion(libssl.VersionTLS12), s.SetID(id[:])); err != nil {
			return nil, err
		}
		if _, err := d.server.AddSession(s); err != nil {
			return nil, err
		}
		s.Free()
	}
	return parallel(d.contexts, 2), nil
}

// rawEnds are the contexts with tlsnet's connections on them, which add nothing of their own.
type rawEnds struct{ *contexts }

func newRawEnds(way work.Way) (work.Ends, error) {
	c, err := newContexts(way)
	return rawEnds{c}, err
}

func (e rawEnds) Client(inner net.Conn) (work.Conn, error) {
	ssl, err := e.newClient()
	if err != nil {
		return nil, err
	}
	c, err := tlsnet.NewConn(inner, ssl, true)
	return conn{c}, err
}

func (e rawEnds) Server(inner net.Conn) (work.Conn, error) {
	ssl, err := libssl.NewSSL(e.server)
	if err != nil {
		return nil, err
	}
	c, err := tlsnet.NewConn(inner, ssl, false)
	return conn{c}, err
}

func (e rawEnds) Keep(c work.Conn) error {
	e.session = c.(conn).SSL().Session()
	return nil
}
