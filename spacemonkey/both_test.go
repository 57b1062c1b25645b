package openssl_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	original "github.com/spacemonkeygo/openssl"

	"github.com/seed-c1436005/libssl/spacemonkey"
)

// rounds are of eight connections each.
const rounds = 250

// TestBoth runs both packages in one process, which lets the original resume: without cgo's checks it can.
func TestBoth(t *testing.T) {
	out, err := child("both", "", "GODEBUG=cgocheck=0").CombinedOutput()
	if want := fmt.Sprintf("%d connections, %d resumed\n", 8*rounds, 4*rounds); err != nil || string(out) != want {
		t.Errorf("got %s(%v), want %s", out, err, want)
	}
}

// dialer is DialSession of one of the packages, to somebody who echoes.
type dialer func(addr string, session []byte) interface {
	net.Conn
	GetSession() ([]byte, error)
	SessionReused() bool
}

// both lets each package's client connect to each package's server, and resume the session that the other package's client got. Between them are calls that fail.
func both() {
	theirs, err := original.NewCtx()
	check(err)
	mine, err := openssl.NewCtx()
	check(err)
	for _, ctx := range []interface {
		UseCertificate(*openssl.Certificate) error
		UsePrivateKey(openssl.PrivateKey) error
	}{theirs, mine} { // one certificate for both: the types are the same
		cert, err := openssl.LoadCertificateFromPEM(leaf().cert)
		check(err)
		key, err := original.LoadPrivateKeyFromPEM(leaf().key)
		check(err)
		check(ctx.UseCertificate(cert))
		check(ctx.UsePrivateKey(key))
	}
	theirListener, err := original.Listen("tcp", "127.0.0.1:0", theirs)
	check(err)
	myListener, err := openssl.Listen("tcp", "127.0.0.1:0", mine)
	check(err)
	clients := map[string]dialer{}
	theirClient, err := original.NewCtxWithVersion(original.AnyVersion)
	check(err)
	check(theirClient.GetCertificateStore().LoadCertificatesFromPEM(root().cert))
	theirClient.SetVerifyMode(original.VerifyPeer)
	clients["theirs"] = func(addr string, session []byte) interface {
		net.Conn
		GetSession() ([]byte, error)
		SessionReused() bool
	} {
		c, err := original.DialSession("tcp", addr, theirClient, 0, session)
		check(err)
		return c
	}
	myClient, err := openssl.NewCtx()
	check(err)
	check(myClient.GetCertificateStore().LoadCertificatesFromPEM(root().cert))
	myClient.SetVerifyMode(openssl.VerifyPeer)
	clients["mine"] = func(addr string, session []byte) interface {
		net.Conn
		GetSession() ([]byte, error)
		SessionReused() bool
	} {
		c, err := openssl.DialSession("tcp", addr, myClient, 0, session)
		check(err)
		return c
	}

	var servers, workers sync.WaitGroup
	for _, l := range []net.Listener{theirListener, myListener} {
		servers.Add(1)
		go func() {
			defer servers.Done()
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				servers.Add(1)
				go func() {
					defer servers.Done()
					defer c.Close()
					echo(c)
				}()
			}
		}()
	}
	var mu sync.Mutex
	connections, resumed := 0, 0
	talk := func(dial dialer, l net.Listener, session []byte) []byte {
		c := dial(l.Addr().String(), session)
		defer c.Close()
		_, err := c.Write([]byte("ping"))
		check(err)
		answer := make([]byte, 4)
		_, err = io.ReadFull(c, answer)
		check(err)
		der, err := c.GetSession()
		check(err)
		mu.Lock()
		defer mu.Unlock()
		if connections++; c.SessionReused() {
			resumed++
		}
		return der
	}
	const parallel = 4
	for range parallel {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for range rounds / parallel {
				round(clients, []net.Listener{theirListener, myListener}, talk)
			}
		}()
	}
	workers.Wait()
	for range rounds % parallel {
		round(clients, []net.Listener{theirListener, myListener}, talk)
	}
	theirListener.Close()
	myListener.Close()
	servers.Wait()
	fmt.Printf("%d connections, %d resumed\n", connections, resumed)
}

// round makes eight connections: two clients with two servers, and again with the sessions of one another.
func round(clients map[string]dialer, listeners []net.Listener, talk func(dialer, net.Listener, []byte) []byte) {
	for _, l := range listeners {
		fail()
		theirs := talk(clients["theirs"], l, nil)
		fail()
		mine := talk(clients["mine"], l, nil)
		fail()
		talk(clients["theirs"], l, mine)
		fail()
		staleQueue(func() { talk(clients["mine"], l, theirs) })
	}
}

// fail calls what fails. Nothing of that may be left for the connections of the original, which look for it.
func fail() {
	ctx, err := openssl.NewCtx()
	check(err)
	_, keyErr := openssl.LoadPrivateKeyFromPEM([]byte("none"))
	_, dhErr := openssl.LoadDHParametersFromPEM([]byte("none"))
	near, far := net.Pipe()
	far.Close()
	c, err := openssl.Client(near, ctx)
	check(err)
	handshakeErr := c.Handshake()
	c.Close()
	for _, err := range []error{keyErr, dhErr, handshakeErr, ctx.SetCipherList("none"), ctx.LoadVerifyLocations("/none", "")} {
		if err == nil {
			panic("a call that must fail did not")
		}
	}
}

// staleQueue runs a connection of ours on a thread where a failure of the original's has left its reasons in OpenSSL's queue, and takes them away after that.
func staleQueue(connect func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	original.LoadPrivateKeyFromPEM([]byte("none"))
	connect()
	if _, err := original.LoadCertificateFromPEM([]byte("none")); strings.Count(err.Error(), "no start line") != 2 {
		panic(fmt.Sprintf("ours took the original's entry from the queue, or left some: %v", err))
	}
}
