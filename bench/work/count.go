package work

import (
	"net"
	"runtime"
)

// costs are what a goroutine's calls take beside time.
type costs struct{ cgo, allocs float64 }

// count runs f. Only f may be at work then.
func count(total *costs, f func() error) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cgo := runtime.NumCgoCall()
	err := f()
	runtime.Gosched() // what f has left to other goroutines
	total.cgo += float64(runtime.NumCgoCall() - cgo)
	runtime.ReadMemStats(&after)
	total.allocs += float64(after.Mallocs - before.Mallocs)
	return err
}

// countHandshakes is count/handshake/KIND/SIDE: the calls of C of one side. The other one is crypto/tls, which has none.
func countHandshakes(stack Stack) Setup {
	return func(part []string) (Run, error) {
		way, err := ParseWay(part[2], "ecdsa", "aes128")
		if err != nil {
			return nil, err
		}
		ends, err := stack(way)
		if err != nil {
			return nil, err
		}
		peer, err := GoTLS(way)
		if err != nil {
			return nil, err
		}
		var made, shaken, closed costs
		observed := &observedEnds{Ends: ends, made: &made, shaken: &shaken, closed: &closed}
		mixed := &mixedEnds{client: observed, server: peer}
		if part[3] == "server" {
			mixed = &mixedEnds{client: peer, server: observed}
		}
		s := newService(way, mixed, newMemory())
		return func(n int, values map[string]float64) error {
			made, shaken, closed = costs{}, costs{}, costs{}
			err := s.run(n)
			values["new_cgo"], values["handshake_cgo"], values["close_cgo"] = made.cgo/float64(n), shaken.cgo/float64(n), closed.cgo/float64(n)
			return err
		}, s.begin()
	}
}

// mixedEnds has clients of one stack and servers of another.
type mixedEnds struct{ client, server Ends }

func (e *mixedEnds) Client(c net.Conn) (Conn, error) { return e.client.Client(c) }
func (e *mixedEnds) Server(c net.Conn) (Conn, error) { return e.server.Server(c) }
func (e *mixedEnds) Keep(c Conn) error               { return e.client.Keep(c) }

// observedEnds counts what its connections cost.
type observedEnds struct {
	Ends
	made, shaken, closed *costs
}

func (e *observedEnds) Client(inner net.Conn) (Conn, error) { return e.observe(e.Ends.Client, inner) }

func (e *observedEnds) Server(inner net.Conn) (Conn, error) { return e.observe(e.Ends.Server, inner) }

func (e *observedEnds) Keep(c Conn) error { return e.Ends.Keep(c.(*observedConn).Conn) }

func (e *observedEnds) observe(make func(net.Conn) (Conn, error), inner net.Conn) (conn Conn, err error) {
	err = count(e.made, func() error {
		conn, err = make(inner)
		return err
	})
	return &observedConn{conn, e}, err
}

type observedConn struct {
	Conn
	ends *observedEnds
}

func (c *observedConn) Handshake() error { return count(c.ends.shaken, c.Conn.Handshake) }
func (c *observedConn) Close() error     { return count(c.ends.closed, c.Conn.Close) }

// countIO is count/io/SIZE: the calls of C and the allocations of a Write, and of the Reads that take it, in one goroutine over TCP.
func countIO(stack Stack) Setup {
	return func(part []string) (Run, error) {
		s, err := newStream(stack, "1.3", "aes128", part[2])
		if err != nil {
			return nil, err
		}
		return func(n int, values map[string]float64) error {
			var write, read costs
			reads := 0
			for range n {
				err := count(&write, func() error {
					_, err := s.client.Write(s.out)
					return err
				})
				if err != nil {
					return err
				}
				err = count(&read, func() error {
					for got := 0; got < len(s.in); reads++ {
						n, err := s.server.Read(s.in[got:])
						if err != nil {
							return err
						}
						got += n
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			values["write_cgo"], values["write_allocs"] = write.cgo/float64(n), floor(write.allocs, n)
			values["read_cgo"], values["read_allocs"] = read.cgo/float64(reads), floor(read.allocs, reads)
			values["reads"] = float64(reads) / float64(n)
			return nil
		}, nil
	}
}

// floor is the whole allocations per operation, as testing.AllocsPerRun counts: the runtime has its own now and then.
func floor(allocs float64, n int) float64 { return float64(int(allocs) / n) }
