package conformance

import (
	"bytes"
	"fmt"

	"github.com/seed-c1436005/libssl"
)

// prediction is what ExplainSession said before a client's first ClientHello, of the session that is set.
type prediction struct {
	libssl.Explanation
	id, ticket []byte
	tls13      bool
}

// predict asks for each client that has not begun. What the ClientHello then offers has to agree, in every scenario.
func (d *driver) predict() {
	for _, n := range d.names {
		ssl, ok := n.handle.(*libssl.SSL)
		if !ok || !n.owned || n.dead || !ssl.InBefore() || ssl.IsServer() {
			continue
		}
		n.predicted = &prediction{Explanation: ssl.ExplainSession(nil)}
		if sess := ssl.Session(); sess != nil {
			n.predicted.id, n.predicted.ticket, n.predicted.tls13 = sess.ID(), sess.Ticket(), sess.ProtocolVersion() == libssl.VersionTLS13
			sess.Free()
		}
	}
}

// check compares with the first ClientHello of a client; a later one may be a renegotiation's, or follow a HelloRetryRequest.
func (d *driver) check(line map[string]any, n *name, h hello) {
	p := n.predicted
	n.predicted = nil
	if p == nil {
		return
	}
	offered := len(p.id) > 0 && bytes.Equal(p.id, h.id) || len(p.ticket) > 0 && bytes.Equal(p.ticket, h.ticket)
	if p.tls13 {
		offered = len(p.ticket) > 0 && bytes.Contains(h.psk, p.ticket)
	}
	if offered != p.Offered {
		line["ExplainSession"] = fmt.Sprintf("%v, but the ClientHello offers it: %v", p.Explanation, offered)
	}
}
