package tlsnet_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/tlsnet"
)

// recording is a transport that gives what was recorded, and then nothing.
type recording struct {
	io.Reader
	net.Conn
	sent bytes.Buffer
}

func (r *recording) Read(b []byte) (int, error)         { return r.Reader.Read(b) }
func (r *recording) Write(b []byte) (int, error)        { return r.sent.Write(b) }
func (r *recording) Close() error                       { return nil }
func (r *recording) LocalAddr() net.Addr                { return new(net.TCPAddr) }
func (r *recording) RemoteAddr() net.Addr               { return new(net.TCPAddr) }
func (r *recording) SetDeadline(time.Time) error        { return nil }
func (r *recording) SetReadDeadline(t time.Time) error  { return nil }
func (r *recording) SetWriteDeadline(t time.Time) error { return nil }

// Whatever a peer sends, the handshake ends with an error, and nothing else happens: the transport has no secrets of the other side.
func FuzzPeer(f *testing.F) {
	client, server := configs(func(c, s *tlsnet.Config) { c.NextProtos, s.NextProtos = []string{"p"}, []string{"p"} })
	hello := &recording{Reader: new(bytes.Reader)}
	tlsnet.Client(hello, client).Handshake()
	answer := &recording{Reader: bytes.NewReader(hello.sent.Bytes())}
	tlsnet.Server(answer, server).Handshake()
	if hello.sent.Len() < 100 || answer.sent.Len() < 500 {
		f.Fatal("no handshake to begin with")
	}
	f.Add(hello.sent.Bytes())
	f.Add(answer.sent.Bytes())
	f.Add([]byte("\x15\x03\x03\x00\x02\x02\x28"))
	f.Add([]byte("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []*tlsnet.Conn{
			tlsnet.Client(&recording{Reader: bytes.NewReader(b)}, client), tlsnet.Server(&recording{Reader: bytes.NewReader(b)}, server),
		} {
			if err := c.Handshake(); err == nil || err.Error() == "" {
				t.Errorf("Handshake: %v", err)
			}
			if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("Read: %d, %v", n, err)
			}
			c.Close()
		}
	})
}

// Bytes that are no session are refused.
func FuzzUnmarshalSession(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s tlsnet.Session
		if s.UnmarshalBinary(b) != nil {
			return
		}
		if again, err := s.MarshalBinary(); err == nil && len(again) < 40 {
			t.Errorf("%x became %x", b, again)
		}
	})
}
