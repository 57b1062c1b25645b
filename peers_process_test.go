package libssl_test

// Tickets that several processes share, restated from other bindings' tests (docs/PEERS.md, 34).

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// ringProcess is a server in a process of its own. Each order is the version and the ring of keys, as ringServer has it, of its next connection.
type ringProcess struct {
	orders io.Writer
	addr   string
	pid    int
}

// serveOrders is what the process does: it takes one connection per order, and tells its peer who it is and whether it has resumed.
func serveOrders(t *testing.T) {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	must(t, err)
	defer listener.Close()
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		var version, calls int
		var ring string
		_, err := fmt.Sscan(orders.Text(), &version, &ring)
		must(t, err)
		keys, err := hex.DecodeString(ring)
		must(t, err)
		must(t, listener.(*net.TCPListener).SetDeadline(time.Now().Add(20*time.Second)))
		conn, err := listener.Accept()
		must(t, err)
		s := carry(t, ringServer(t, version, &keys, &calls), conn)
		s.SetAcceptState()
		must(t, s.handshake())
		must(t, s.write(fmt.Appendf(nil, "%08d %-5v", os.Getpid(), s.SessionReused())))
		must(t, s.echo())
		conn.Close()
	}
}

func startRingProcess(t *testing.T) *ringProcess {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	file, err := listener.(*net.TCPListener).File()
	must(t, err)
	defer file.Close()
	must(t, listener.Close()) // the process has it
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childTest+"="+t.Name())
	cmd.ExtraFiles = []*os.File{file}
	orders, err := cmd.StdinPipe()
	must(t, err)
	said, err := os.CreateTemp(t.TempDir(), "said")
	must(t, err)
	cmd.Stdout, cmd.Stderr = said, said
	must(t, cmd.Start())
	t.Cleanup(func() {
		defer cancel()
		defer said.Close()
		orders.Close() // the end of its work
		if err := cmd.Wait(); err != nil {
			text, _ := os.ReadFile(said.Name())
			t.Errorf("a server: %v\n%s", err, text)
		}
	})
	return &ringProcess{orders, listener.Addr().String(), cmd.Process.Pid}
}

// connect resumes sess, if there is one, on the process, and returns the session for the next time.
func (p *ringProcess) connect(t *testing.T, client *libssl.Ctx, version int, keys []byte, sess *libssl.Session) (next *libssl.Session, reused bool) {
	t.Helper()
	_, err := fmt.Fprintln(p.orders, version, hex.EncodeToString(keys))
	must(t, err)
	conn, err := net.Dial("tcp", p.addr)
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	c := carry(t, client, conn)
	c.SetConnectState()
	if sess != nil {
		c.SetSession(unflagged(t, sess)) // one that was used once may be used again where there was no other
	}
	must(t, c.handshake())
	said := make([]byte, len("12345678 false"))
	must(t, c.read(said))
	wantEqual(t, "the server", string(said), fmt.Sprintf("%08d %-5v", p.pid, c.SessionReused()))
	must(t, c.finish(0))
	must(t, c.finish(1))
	return current(t, c.SSL), c.SessionReused()
}

// Three servers, in processes of their own, share nothing but the bytes of their keys. A client goes from one to the next while the keys rotate.
func TestPeersRotationOfProcesses(t *testing.T) {
	if inChild(t) {
		serveOrders(t)
		return
	}
	var servers []*ringProcess
	for range 3 {
		servers = append(servers, startRingProcess(t))
	}
	for name, version := range map[string]int{"1.2": libssl.VersionTLS12, "1.3": libssl.VersionTLS13} {
		client := clientCtx(t, version)
		var sess *libssl.Session
		for i, step := range []struct {
			keys   []byte
			reused bool
		}{
			{[]byte{1}, false},
			{[]byte{1}, true}, // another process has the same key
			{[]byte{1}, true},
			{[]byte{2, 1}, true}, // rotated: the ticket is replaced
			{[]byte{2, 1}, true},
			{[]byte{3, 2}, true},
			{[]byte{5, 4}, false}, // two steps at once: it is lost
			{[]byte{5, 4}, true},
			{[]byte{4, 5}, true}, // the other order is as good: replaced again
		} {
			what := fmt.Sprintf("%s, connection %d", name, i)
			var reused bool
			sess, reused = servers[i%3].connect(t, client, version, step.keys, sess)
			wantEqual(t, what+": reused", reused, step.reused)
			wantEqual(t, what+": key of the ticket", sess.Ticket()[0], step.keys[0])
		}
	}
}
