package work

import (
	"io"
	"net"
	"runtime/debug"
	"strconv"
)

// stream is a connection over TCP, after its handshake and a byte.
type stream struct {
	client, server Conn
	out, in        []byte
}

func newStream(stack Stack, version, cipher, size string) (*stream, error) {
	way, err := ParseWay(version+"-full", "ecdsa", cipher)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	ends, err := stack(way)
	if err != nil {
		return nil, err
	}
	l, err := newLoopback()
	if err != nil {
		return nil, err
	}
	s := &stream{out: make([]byte, n), in: make([]byte, n)}
	s.client, s.server, err = connectPair(ends, l)
	return s, err
}

// Pair makes a connection in memory.
func Pair(ends Ends) (client, server Conn, err error) { return connectPair(ends, newMemory()) }

// connectPair makes a connection that stays.
func connectPair(ends Ends, l link) (client, server Conn, err error) {
	accepted := make(chan error, 1)
	go func() {
		accepted <- func() error {
			inner, err := l.Accept()
			if err != nil {
				return err
			}
			if server, err = ends.Server(inner); err != nil {
				return err
			}
			if err := server.Handshake(); err != nil {
				return err
			}
			_, err = server.Write([]byte{0})
			return err
		}()
	}()
	inner, err := l.Dial()
	if err != nil {
		return nil, nil, err
	}
	if client, err = ends.Client(inner); err != nil {
		return nil, nil, err
	}
	if err := client.Handshake(); err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
		return nil, nil, err
	}
	return client, server, <-accepted
}

// bulk is bulk/VERSION/CIPHER/SIZE: writes of that size, and a server that reads them away.
func bulk(stack Stack) Setup {
	return func(part []string) (Run, error) {
		s, err := newStream(stack, part[1], part[2], part[3])
		if err != nil {
			return nil, err
		}
		expect, done := make(chan int), make(chan error)
		go func() {
			for left := range expect {
				var err error
				for left > 0 && err == nil {
					var n int
					n, err = s.server.Read(s.in[:min(left, len(s.in))])
					left -= n
				}
				done <- err
			}
		}()
		return func(n int, _ map[string]float64) error {
			expect <- n * len(s.out)
			for range n {
				if _, err := s.client.Write(s.out); err != nil {
					return err
				}
			}
			return <-done
		}, nil
	}
}

// pingpong is pingpong/VERSION/SIZE: the server sends back what it reads.
func pingpong(stack Stack) Setup {
	return func(part []string) (Run, error) {
		s, err := newStream(stack, part[1], "aes128", part[2])
		if err != nil {
			return nil, err
		}
		fault := make(chan error, 1)
		go func() {
			for {
				_, err := io.ReadFull(s.server, s.in)
				if err == nil {
					_, err = s.server.Write(s.in)
				}
				if err != nil {
					fault <- err
					s.server.Close()
					return
				}
			}
		}()
		return func(n int, _ map[string]float64) error {
			for range n {
				_, err := s.client.Write(s.out)
				if err == nil {
					_, err = io.ReadFull(s.client, s.out)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}, nil
	}
}

// idle is idle/VERSION: n connections that do nothing, each with a server's goroutine in Read, and what a pair takes.
func idle(stack Stack) Setup {
	return func(part []string) (Run, error) {
		way, err := ParseWay(part[1]+"-full", "ecdsa", "aes128")
		if err != nil {
			return nil, err
		}
		ends, err := stack(way)
		if err != nil {
			return nil, err
		}
		l, err := newLoopback()
		if err != nil {
			return nil, err
		}
		var pairs []net.Conn
		hold := func(n int) error {
			for range n {
				client, server, err := connectPair(ends, l)
				if err != nil {
					return err
				}
				go server.Read(make([]byte, 1))
				pairs = append(pairs, client, server)
			}
			return nil
		}
		return func(n int, values map[string]float64) error {
			if err := hold(20); err != nil { // what is there once, whatever the number of connections
				return err
			}
			debug.FreeOSMemory()
			before, err := resident()
			if err != nil {
				return err
			}
			if err := hold(n); err != nil {
				return err
			}
			debug.FreeOSMemory()
			after, err := resident()
			values["pair"] = (after - before) / float64(n)
			return err
		}, nil
	}
}
