package main

import "github.com/seed-c1436005/libssl"

// status is how far a side has come in a phase.
type status int

const (
	retry   status = iota // it waits for the other
	waiting               // a server before the ClientHello
	done
	failed
	broken // it did what cannot be
)

// Modes of a handshake that is followed by something.
const (
	renegotiateServer = "RenegotiateServer"
	renegotiateClient = "RenegotiateClient"
	keyUpdateServer   = "KeyUpdateServer"
	keyUpdateClient   = "KeyUpdateClient"
	postHandshakeAuth = "PostHandshakeAuth"
)

// A phase ends when both sides are done with it.
type phase func(s *side, t *testcase)

// phases are those of a case, in order.
func phases(mode string) []phase {
	switch mode {
	case renegotiateServer, renegotiateClient:
		return []phase{shake, exchange, again, shake, exchange, shut}
	case keyUpdateServer, keyUpdateClient, postHandshakeAuth:
		return []phase{shake, exchange, again, exchange, shut}
	}
	return []phase{shake, exchange, shut}
}

// drive lets the sides act in turn, the client first in each phase, until all phases are done or a side has failed and the other has noticed.
func drive(t *testcase, client, server *side) (result string) {
	server.status = waiting
	list := phases(t.mode)
	clientTurn, turns, extra := true, 0, 0
	for {
		acts, other := client, server
		if !clientTurn {
			acts, other = server, client
		}
		list[0](acts, t)
		move(acts.ssl, other.ssl)
		result = verdict(acts.status, other.status, clientTurn)
		if server.status == waiting {
			server.status = retry
		}
		switch {
		case result == success:
			if list = list[1:]; len(list) == 0 {
				return success
			}
			client.status, server.status = retry, retry
			clientTurn, turns = true, 0
			continue
		case result != "":
			return result
		}
		if turns++; turns > 2000 { // both wait to read
			return internalError
		}
		if !clientTurn || server.status != done {
			clientTurn = !clientTurn
			continue
		}
		if extra++; extra > 2 { // it may take the client two turns to read the tickets of a server that is done
			return internalError
		}
	}
}

// verdict is "" as long as a side has something to do. After a failure the other side has its turn too: whoever failed first is named.
func verdict(last, previous status, clientLast bool) string {
	byLast, byPrevious := serverFail, clientFail
	if clientLast {
		byLast, byPrevious = clientFail, serverFail
	}
	switch {
	case last == broken || last == waiting || previous == broken:
		return internalError
	case last == retry:
		return ""
	case last == done && previous == done:
		return success
	case last == done && previous == failed:
		return internalError
	case last == done:
		return ""
	case previous == retry:
		return ""
	case previous == failed:
		return byPrevious
	case previous == waiting && !clientLast:
		return internalError
	}
	return byLast
}

// move takes what a has sent to b.
func move(a, b *libssl.SSL) {
	buf := make([]byte, a.BIOPending())
	if n := a.BIORead(buf); n > 0 {
		b.BIOWrite(buf[:n])
	}
}

// expects reports whether the side may act, which it may until it is done.
func (s *side) expects() bool {
	if s.status != retry {
		s.status = broken
	}
	return s.status == retry
}

// wantsMore fails the side unless a call that returned ret has only run out of bytes.
func (s *side) wantsMore(ret int) bool {
	if ret != 0 && s.ssl.GetError(ret) == libssl.ErrorWantRead {
		return true
	}
	s.status = failed
	return false
}

func shake(s *side, _ *testcase) {
	if !s.expects() {
		return
	}
	if ret := s.ssl.DoHandshake(); ret == 1 {
		s.status = done
	} else {
		s.wantsMore(ret)
	}
}

// exchange reads all there is, and writes one buffer.
func exchange(s *side, _ *testcase) {
	const size = 64 << 10
	if !s.expects() {
		return
	}
	for buf := make([]byte, size); s.toRead > 0; {
		n := s.ssl.Read(buf)
		if n <= 0 {
			if !s.wantsMore(n) {
				return
			}
			break
		}
		if s.toRead -= n; s.toRead < 0 {
			s.status = broken
			return
		}
	}
	if n := min(s.toWrite, size); n > 0 {
		if s.ssl.Write(make([]byte, n)) != n {
			s.status = failed
			return
		}
		s.toWrite -= n
	}
	if s.toRead == 0 && s.toWrite == 0 {
		s.status = done
	}
}

func shut(s *side, _ *testcase) {
	if !s.expects() {
		return
	}
	if ret := s.ssl.Shutdown(); ret == 1 {
		s.status = done
	} else if e := s.ssl.GetError(ret); ret < 0 && e != libssl.ErrorWantRead && e != libssl.ErrorWantWrite {
		s.status = failed
	}
}

// again begins what follows the handshake.
func again(s *side, t *testcase) {
	if s.status == done { // a client that has begun, and a server that has not heard: an alert may be waiting
		s.status = retry
		shake(s, t)
		return
	}
	if !s.expects() {
		return
	}
	s.toWrite, s.toRead = t.appData, t.appData
	server := s.ssl.IsServer()
	switch t.mode {
	case keyUpdateServer, keyUpdateClient:
		if server != (t.mode == keyUpdateServer) {
			s.status = done
			return
		}
		s.atOnce(s.ssl.KeyUpdate(t.keyUpdate), t)
	case postHandshakeAuth:
		ret := 1
		if server {
			ret = s.ssl.VerifyClientPostHandshake()
		}
		s.atOnce(ret, t)
	default:
		if server == (t.mode == renegotiateServer) && !s.ssl.RenegotiatePending() {
			s.renegotiate(t)
		} else {
			s.awaitHandshake()
		}
	}
}

// atOnce is for what one call sends, if it could be scheduled.
func (s *side) atOnce(scheduled int, t *testcase) {
	if scheduled == 1 {
		shake(s, t)
	}
	if s.status != done {
		s.status = failed
	}
}

func (s *side) renegotiate(t *testcase) {
	ret := 0
	ciphers := t.first.client.renegotiationCiphers
	switch {
	case s.ssl.IsServer():
		ret = s.ssl.Renegotiate()
	case ciphers == nil:
		ret = s.ssl.RenegotiateAbbreviated()
	case s.ssl.SetCipherList(*ciphers) == 1:
		ret = s.ssl.Renegotiate()
	}
	if ret != 1 {
		s.status = failed
		return
	}
	shake(s, t)
	switch s.status {
	case retry: // it waits for the peer to go on, which is the next phase
		s.status = done
	case done: // a server that has sent HelloRequest waits for the ClientHello
		s.status = retry
	}
}

// awaitHandshake reads, which finds no data but the peer's handshake.
func (s *side) awaitHandshake() {
	ret := s.ssl.Read(make([]byte, 1))
	if ret >= 0 {
		s.status = failed
		return
	}
	if s.wantsMore(ret) && s.ssl.InInit() {
		s.status = done
	}
}
