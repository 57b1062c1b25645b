package libssl_test

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// What the shim allocates for a call is given back: a thousand calls leave nothing.
func TestHeap(t *testing.T) {
	runtime.LockOSThread() // each thread has a cache of freed blocks, which count as used
	defer runtime.UnlockOSThread()
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, s := pair(t, client, server)
	c.SetTLSExtHostName("localhost")
	finish(t, c, s)
	sess := session(t, client, server)
	text, err := sess.PEM()
	must(t, err)
	var stack libssl.ErrorStack
	errors.As(client.UseCertificateFile("/dev/null/none", libssl.FiletypePEM), &stack)
	for name, call := range map[string]func(){
		"errors with data":   func() { client.UseCertificateFile("/dev/null/none", libssl.FiletypePEM) },
		"an error of an SSL": func() { c.SetCipherList("nonsense") },
		"a refusal":          func() { c.SetSSLMethod(libssl.Method{}) },
		"a read":             func() { c.Read(make([]byte, 1)) },
		"Push":               func() { onThread(t, func() { stack.Push(); ctest.DrainFull() }) },
		"Servername":         func() { s.Servername() },
		"CertificateDER":     func() { s.CertificateDER() },
		"PEM":                func() { sess.PEM() },
		"PeerCertificateDER": func() { sess.PeerCertificateDER() },
		"Print":              func() { sess.Print(io.Discard) },
		"ParseSessionPEM": func() {
			back, err := libssl.ParseSessionPEM(text)
			must(t, err)
			back.Free()
		},
		"NewSSL": func() {
			ssl, err := libssl.NewSSL(client)
			must(t, err)
			ssl.SetSession(sess)
			ssl.Free()
		},
	} {
		const calls = 1000
		for range 10 {
			call() // what is made once
		}
		before := ctest.Heap()
		for range calls {
			call()
		}
		if grown := ctest.Heap() - before; grown > calls*16 { // no block is as small
			t.Errorf("%s: %d bytes a call are left", name, grown/calls)
		}
	}
}
