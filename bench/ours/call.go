package main

import (
	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"

	"github.com/seed-c1436005/libssl/bench/work"
)

// calls are the session calls, and a bare call of C.
func calls() map[string]work.Setup {
	return map[string]work.Setup{
		"call/nothing": func([]string) (work.Run, error) {
			return func(n int, _ map[string]float64) error {
				for range n {
					ctest.Nothing()
				}
				return nil
			}, nil
		},
		"call/set-session": onSSL(func(ssl *libssl.SSL, session *libssl.Session, n int) error {
			for range n {
				if ssl.SetSession(session) != 1 {
					return ssl.LastErrors()
				}
			}
			return nil
		}),
		"call/get-session": onSSL(func(ssl *libssl.SSL, _ *libssl.Session, n int) error {
			for range n {
				ssl.Session().Free()
			}
			return nil
		}),
		"call/up-ref": onSSL(func(_ *libssl.SSL, session *libssl.Session, n int) error {
			for range n {
				session.UpRef().Free()
			}
			return nil
		}),
		"call/to-bytes": onSSL(func(_ *libssl.SSL, session *libssl.Session, n int) error {
			buf := make([]byte, 0, 1<<14)
			for range n {
				if _, err := session.AppendDER(buf); err != nil {
					return err
				}
			}
			return nil
		}),
		"call/set-bytes": onSSL(func(ssl *libssl.SSL, session *libssl.Session, n int) error {
			encoded, err := session.AppendDER(nil)
			if err != nil {
				return err
			}
			for range n {
				s, err := libssl.ParseSession(encoded)
				if err != nil {
					return err
				}
				if ssl.SetSession(s) != 1 {
					return ssl.LastErrors()
				}
				s.Free()
			}
			return nil
		}),
	}
}

// onSSL does something n times with a client that has not connected yet, and a session that it may resume.
func onSSL(f func(ssl *libssl.SSL, session *libssl.Session, n int) error) work.Setup {
	return func([]string) (work.Run, error) {
		d, err := warm("1.2-ticket", "ecdsa")
		if err != nil {
			return nil, err
		}
		ssl, err := libssl.NewSSL(d.client)
		if err == nil && ssl.SetSession(d.session) != 1 {
			err = ssl.LastErrors()
		}
		return func(n int, _ map[string]float64) error { return f(ssl, d.session, n) }, err
	}
}
