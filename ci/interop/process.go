package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl/internal/peer"
)

// log is what one peer printed.
type log struct {
	name string
	out  func() string
}

const logLines = 25

// text is the end of it, or all.
func (l log) text(all bool) string {
	lines := slices.Collect(strings.Lines(l.out()))
	if !all {
		lines = lines[max(0, len(lines)-logLines):]
	}
	return strings.Join(lines, "")
}

// need sees to it that commands are there, in the form of ci/need.sh.
func (m *matrix) need(commands []string) error {
	for _, c := range commands {
		if out, err := peer.Command(m.ctx, filepath.Join("ci", "need.sh"), c).CombinedOutput(); err != nil {
			return errors.New(peer.LastLine(string(out)))
		}
	}
	return nil
}

// exec runs a peer to its end.
func (m *matrix) exec(stdin, tool string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(m.ctx, peer.StepLimit)
	defer cancel()
	cmd := peer.Command(ctx, tool, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	text := string(out)
	m.logs = append(m.logs, log{program(tool, args), func() string { return text }})
	if err != nil {
		return text, fmt.Errorf("%s: %w", program(tool, args), err)
	}
	return text, nil
}

// program is what stdbuf starts.
func program(tool string, args []string) string {
	if tool == "stdbuf" {
		return args[1]
	}
	return tool
}

// start runs a peer beside us, to be stopped by the caller.
func (m *matrix) start(tool string, args ...string) (*peer.Child, error) {
	child, err := peer.Start(m.ctx, tool, args...)
	if err == nil {
		m.logs = append(m.logs, log{program(tool, args), child.Output})
	}
	return child, err
}

// serve starts a peer that listens on the port, and waits until it does.
func (m *matrix) serve(port int, tool string, args ...string) (*peer.Child, error) {
	child, err := m.start(tool, args...)
	if err != nil {
		return nil, err
	}
	if err := connectable(child, port); err != nil {
		child.Stop()
		return nil, fmt.Errorf("%s: %w", program(tool, args), err)
	}
	return child, nil
}

// connectable waits until the child accepts connections.
func connectable(child *peer.Child, port int) error {
	limit := time.After(peer.StepLimit)
	for again := time.NewTicker(5 * time.Millisecond); ; {
		c, err := peer.Dial(address(port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-again.C:
		case <-child.Ended():
			return errors.New("ended before it listened")
		case <-limit:
			return fmt.Errorf("does not listen after %s", peer.StepLimit)
		}
	}
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// freePort finds one that nobody listens on, below those that the kernel gives to connections.
func freePort() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		ln, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err == nil {
			return port, ln.Close()
		}
	}
	return 0, errors.New("no free port was found")
}

// file writes a file for a peer.
func (m *matrix) file(name, text string) (path string, err error) {
	path = filepath.Join(m.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// output runs a program that is no side of a connection.
func (m *matrix) output(tool string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(m.ctx, peer.StepLimit)
	defer cancel()
	out, err := peer.Command(ctx, tool, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", tool, err, peer.LastLine(string(out)))
	}
	return string(out), nil
}

// firstLine runs a peer for its version.
func (m *matrix) firstLine(tool string, args ...string) (string, error) {
	out, err := m.output(tool, args...)
	line, _, _ := strings.Cut(out, "\n")
	return line, err
}
