package work

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"strconv"
	"sync"
)

// service is one way to connect: a server's goroutine, which ends with the process, and a client that makes one connection after the other.
type service struct {
	way   Way
	ends  Ends
	link  link
	busy  sync.WaitGroup // connections that the server has not ended
	fault chan error     // the first one of the server
	byte  [1]byte        // that the client reads
}

func newService(way Way, ends Ends, link link) *service {
	s := &service{way: way, ends: ends, link: link, fault: make(chan error, 1)}
	go s.accept()
	return s
}

// begin makes the first connection, and a second one to see that it is what the way says.
func (s *service) begin() error {
	if err := s.connect(true, true); err != nil {
		return err
	}
	s.busy.Wait()
	return s.run(1)
}

func (s *service) accept() {
	var b [1]byte
	for {
		inner, err := s.link.Accept()
		if err == nil {
			err = serveOne(s.ends, inner, b[:])
		}
		if err != nil {
			select {
			case s.fault <- err:
			default:
			}
		}
		s.busy.Done()
	}
}

// serveOne is the server's side of one connection: it writes a byte and reads until the client closes.
func serveOne(ends Ends, inner net.Conn, b []byte) error {
	defer inner.Close()
	conn, err := ends.Server(inner)
	if err != nil {
		return err
	}
	if err := conn.Handshake(); err != nil {
		return fmt.Errorf("server: handshake: %w", err)
	}
	if _, err := conn.Write(b); err != nil {
		return fmt.Errorf("server: write: %w", err)
	}
	if _, err := conn.Read(b); !errors.Is(err, io.EOF) {
		return fmt.Errorf("server: read: %v instead of EOF", err)
	}
	conn.Close() // its close_notify may find nobody
	return nil
}

// connect is the client's side of one connection. first: nothing to resume yet.
func (s *service) connect(first, check bool) error {
	conn, err := s.open()
	if err != nil {
		return err
	}
	if resumes := s.way.Resumes() && !first; check && conn.Resumed() != resumes {
		return fmt.Errorf("client: resumed: %v", !resumes)
	}
	if _, err := io.ReadFull(conn, s.byte[:]); err != nil {
		return s.because("read", err)
	}
	if first && s.way.Resumes() {
		if err := s.ends.Keep(conn); err != nil {
			return err
		}
	}
	return s.close(conn)
}

// open runs the client's handshake.
func (s *service) open() (Conn, error) {
	s.busy.Add(1)
	inner, err := s.link.Dial()
	if err != nil {
		return nil, err
	}
	conn, err := s.ends.Client(inner)
	if err != nil {
		return nil, err
	}
	if err := conn.Handshake(); err != nil {
		return nil, s.because("handshake", err)
	}
	return conn, nil
}

func (s *service) close(conn Conn) error {
	if err := conn.Close(); err != nil {
		return s.because("close", err)
	}
	return nil
}

// because adds what the server says.
func (s *service) because(what string, err error) error {
	err = fmt.Errorf("client: %s: %w", what, err)
	select {
	case fault := <-s.fault:
		err = errors.Join(err, fault)
	default:
	}
	return err
}

// run makes n connections. The last one looks whether it was resumed.
func (s *service) run(n int) error {
	for i := range n {
		if err := s.connect(false, i == n-1); err != nil {
			return err
		}
	}
	s.busy.Wait()
	select {
	case err := <-s.fault:
		return err
	default:
		return nil
	}
}

// handshakes is handshake/LINK/KIND/KEY.
func handshakes(stack Stack) Setup {
	return func(part []string) (Run, error) {
		s, err := startService(stack, part[2], part[3], part[1] == "tcp")
		if err != nil {
			return nil, err
		}
		return func(n int, _ map[string]float64) error { return s.run(n) }, nil
	}
}

func startService(stack Stack, kind, key string, tcp bool) (*service, error) {
	way, err := ParseWay(kind, key, "aes128")
	if err != nil {
		return nil, err
	}
	if way.Plain() {
		stack = plain
	}
	ends, err := stack(way)
	if err != nil {
		return nil, err
	}
	link := newMemory()
	if tcp {
		if link, err = newLoopback(); err != nil {
			return nil, err
		}
	}
	s := newService(way, ends, link)
	return s, s.begin()
}

// scale is scale/KIND/CLIENTS: that many clients at a time, each with its server in memory, and the same contexts for all.
func scale(stack Stack) Setup {
	return func(part []string) (Run, error) {
		first, err := startService(stack, part[1], "ecdsa", false)
		if err != nil {
			return nil, err
		}
		clients, err := strconv.Atoi(part[2])
		if err != nil {
			return nil, err
		}
		all := []*service{first}
		for len(all) < clients {
			all = append(all, newService(first.way, first.ends, newMemory()))
		}
		if err := openAtOnce(all); err != nil {
			return nil, err
		}
		return func(n int, _ map[string]float64) error {
			return Parallel(clients, func(i int) error { return all[i].run(n / clients) })
		}, nil
	}
}

// openAtOnce gives each client a session: a cache may take them out when they are used, so that there have to be as many as clients.
func openAtOnce(clients []*service) error {
	var conns []Conn
	for _, s := range clients {
		conn, err := s.open()
		if err != nil {
			return err
		}
		conns = append(conns, conn)
	}
	for i, s := range clients {
		if _, err := io.ReadFull(conns[i], s.byte[:]); err != nil {
			return s.because("read", err)
		}
		if err := s.close(conns[i]); err != nil {
			return err
		}
		s.busy.Wait()
	}
	return nil
}

// Parallel runs f(0) to f(n-1) at the same time.
func Parallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = f(i)
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

// residentGrowth is rss/KIND: n connections over TCP after n/10, and what became of the memory.
func residentGrowth(stack Stack) Setup {
	return func(part []string) (Run, error) {
		s, err := startService(stack, part[1], "ecdsa", true)
		if err != nil {
			return nil, err
		}
		return func(n int, values map[string]float64) error {
			if err := s.run(n / 10); err != nil {
				return err
			}
			debug.FreeOSMemory() // else a heap grows until its first collection
			before, err := resident()
			if err != nil {
				return err
			}
			if err := s.run(n); err != nil {
				return err
			}
			debug.FreeOSMemory()
			after, err := resident()
			values["grown"], values["rss"] = after-before, after
			return err
		}, nil
	}
}
