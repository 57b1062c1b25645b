package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

// visitHeld sends early data, and the rest of its handshake only when it has the answer: so the server must have taken what came early for a request,
// and says so. What C writes can be held back since an Engine carries it.
func (m *matrix) visitHeld(ctx *libssl.Ctx, v visit, session *libssl.Session) (o outcome, page string, next *libssl.Session, err error) {
	socket, err := peer.Dial(v.addr)
	if err != nil {
		return "", "", nil, err
	}
	defer socket.Close()
	socket.SetDeadline(time.Now().Add(peer.StepLimit))
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		return "", "", nil, err
	}
	defer ssl.Free()
	if err := m.prepare(ssl, session); err != nil {
		return "", "", nil, err
	}
	engine, err := libssl.NewEngine(ssl)
	if err != nil {
		return "", "", nil, err
	}
	h := &held{Engine: engine, socket: socket, out: make([]byte, 17<<10)}
	if err := h.send(); err != nil {
		return "", "", nil, err
	}
	o = outcomeOf(ssl)
	if page, err = h.readUntil(peer.EndOfPage); err != nil {
		return o, page, nil, fmt.Errorf("the answer to early data: %w", err)
	}
	if err := h.release(); err != nil {
		return o, page, nil, err
	}
	_, err = h.readUntil("") // tickets
	next = ssl.Session()
	ssl.SetShutdown(libssl.SentShutdown) // the server is gone
	return o, page, next, err
}

// held is an engine over a socket.
type held struct {
	*libssl.Engine
	socket  net.Conn
	in, out []byte
	holding bool
	kept    []byte // what was not sent yet
}

// send sends the ClientHello with early data, and finishes the handshake as far as it is our part.
func (h *held) send() error {
	if _, err := h.do(func(in, out []byte) libssl.Step { return h.WriteEarlyData([]byte(earlyText), in, out) }); err != nil {
		return err
	}
	h.holding = true
	_, err := h.do(h.Connect)
	return err
}

func (h *held) release() error {
	h.holding = false
	_, err := h.socket.Write(h.kept)
	return err
}

func (h *held) readUntil(end string) (string, error) {
	var text strings.Builder
	buf := make([]byte, 16<<10)
	for end == "" || !strings.Contains(text.String(), end) {
		step, err := h.do(func(in, out []byte) libssl.Step { return h.Read(buf, in, out) })
		text.Write(buf[:step.N])
		if err != nil {
			if end == "" && closed(h.SSL(), step.Ret) {
				err = nil
			}
			return text.String(), err
		}
	}
	return text.String(), nil
}

// do repeats an operation until it needs nothing more.
func (h *held) do(op func(in, out []byte) libssl.Step) (libssl.Step, error) {
	buf := make([]byte, 16<<10)
	for {
		step := op(h.in, h.out)
		h.in = h.in[step.In:]
		if err := h.write(h.out[:step.Out]); err != nil {
			return step, err
		}
		switch {
		case step.Error == libssl.ErrorNone || step.N > 0:
			return step, nil
		case step.Error == libssl.ErrorWantRead:
			n, err := h.socket.Read(buf)
			h.in = append(h.in, buf[:n]...)
			if errors.Is(err, io.EOF) {
				h.SetEOF()
			} else if err != nil {
				return step, err
			}
		case step.Error != libssl.ErrorWantWrite:
			return step, h.SSL().Err(step.Ret)
		}
	}
}

func (h *held) write(b []byte) error {
	if h.holding {
		h.kept = append(h.kept, b...)
		return nil
	}
	_, err := h.socket.Write(b)
	return err
}
