package libssl

import (
	"testing"
	"time"
)

var zeroTime time.Time

func pump(a, b *SSL) int {
	var buf [20000]byte
	t := 0
	for {
		n := a.BIORead(buf[:])
		if n <= 0 {
			return t
		}
		b.BIOWrite(buf[:n])
		t += n
	}
}

func connect(t *testing.T, c, s *SSL) {
	c.SetMemBIO()
	s.SetMemBIO()
	c.SetConnectState()
	s.SetAcceptState()
	for i := 0; i < 10; i++ {
		a := c.DoHandshake()
		pump(c, s)
		b := s.DoHandshake()
		pump(s, c)
		if a == 1 && b == 1 {
			return
		}
	}
	t.Fatal(c.LastErrors(), s.LastErrors())
}

func TestSmoke(t *testing.T) {
	cc, err := NewCtx(TLSClientMethod())
	if err != nil {
		t.Fatal(err)
	}
	sc, _ := NewCtx(TLSServerMethod())
	if err := sc.UseCertificateFile("conformance/testdata/server.pem", FiletypePEM); err != nil {
		t.Fatal(err)
	}
	if err := sc.UsePrivateKeyFile("conformance/testdata/server.key", FiletypePEM); err != nil {
		t.Fatal(err)
	}
	cc.SetSessionCacheMode(SessCacheBoth)
	var sess *Session
	cc.SessSetNewCB(func(s *SSL, x *Session) {
		t.Log("new", s.Version(), x.IsResumable())
		sess = x.UpRef()
	})
	cc.SessSetRemoveCB(func(c *Ctx, x *Session) { t.Log("remove", x.IsResumable()) })
	c, _ := NewSSL(cc)
	s, _ := NewSSL(sc)
	connect(t, c, s)
	var b [10]byte
	n := c.Read(b[:])
	t.Log(n, c.GetError(n), c.LastErrors())
	c.Shutdown()
	t.Log(sess.IsResumable(), sess.Cipher())
	c.Free()
	s.Free()
	c, _ = NewSSL(cc)
	s, _ = NewSSL(sc)
	t.Log(c.SetSession(sess))
	connect(t, c, s)
	t.Log(c.SessionReused())
	if !c.SessionReused() {
		t.Fatal()
	}
	cc.FlushSessions(zeroTime)
	_, err = ParseSession([]byte("garbage"))
	t.Log(err)
}
