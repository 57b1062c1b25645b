// Gotls is the worker of crypto/tls.
package main

import (
	"crypto/tls"

	"github.com/seed-c1436005/libssl/bench/work"
)

func main() {
	work.Serve(work.GoTLS, map[string]work.Setup{"call/to-bytes": toBytes, "call/set-bytes": setBytes})
}

func session() (ticket []byte, state *tls.SessionState, err error) {
	way, err := work.ParseWay("1.2-ticket", "ecdsa", "aes128")
	if err != nil {
		return nil, nil, err
	}
	s, err := work.GoSession(way)
	if err != nil {
		return nil, nil, err
	}
	return s.ResumptionState()
}

func toBytes([]string) (work.Run, error) {
	_, state, err := session()
	return func(n int, _ map[string]float64) error {
		for range n {
			if _, err := state.Bytes(); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// setBytes makes what a ClientSessionCache returns for a new connection.
func setBytes([]string) (work.Run, error) {
	ticket, state, err := session()
	if err != nil {
		return nil, err
	}
	encoded, err := state.Bytes()
	return func(n int, _ map[string]float64) error {
		for range n {
			state, err := tls.ParseSessionState(encoded)
			if err != nil {
				return err
			}
			if _, err := tls.NewResumptionState(ticket, state); err != nil {
				return err
			}
		}
		return nil
	}, err
}
