package conformance

// Of a ClientHello, the numbers that are looked at.
const (
	recordHandshake = 22
	clientHello     = 1

	extServerName = 0
	extEMS        = 23
	extTicket     = 35
	extPSK        = 41
	extEarlyData  = 42
	extVersions   = 43
)

// reader takes bytes from the front. A read beyond the end leaves bad set, and zeros come back.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n int) reader {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return reader{bad: true}
	}
	part := reader{r.b[:n], r.bad}
	r.b = r.b[n:]
	return part
}

func (r *reader) number(size int) (n int) {
	for _, b := range r.bytes(size).b {
		n = n<<8 | int(b)
	}
	return n
}

// vector is what has its length before it, in size bytes.
func (r *reader) vector(size int) reader { return r.bytes(r.number(size)) }

// hello is what wire shows of a ClientHello.
type hello struct {
	id, sni, ticket, psk, versions  []byte
	hasTicket, hasPSK, hasVersions  bool
	extendedMasterSecret, earlyData bool
}

func (h *hello) parseExtension(kind int, ext reader) bool {
	switch kind {
	case extServerName:
		for names := ext.vector(2); len(names.b) > 0; {
			nameType := names.number(1)
			name := names.vector(2)
			if names.bad {
				return false
			}
			if nameType == 0 {
				h.sni = name.b
			}
		}
		return !ext.bad
	case extEMS:
		h.extendedMasterSecret = true
	case extTicket:
		h.hasTicket, h.ticket = true, ext.b
	case extPSK:
		h.hasPSK, h.psk = true, ext.vector(2).b
	case extEarlyData:
		h.earlyData = true
	case extVersions:
		h.hasVersions, h.versions = true, ext.vector(1).b
	}
	return !ext.bad
}

func (h *hello) parse(r reader, dtls bool) bool {
	r.number(2) // legacy_version
	r.bytes(32) // random
	h.id = r.vector(1).b
	if dtls {
		r.vector(1) // cookie
	}
	r.vector(2) // cipher suites
	r.vector(1) // compression methods
	if r.bad || len(r.b) == 0 {
		return !r.bad
	}
	extensions := r.vector(2)
	if r.bad || len(r.b) > 0 {
		return false
	}
	for len(extensions.b) > 0 {
		kind := extensions.number(2)
		ext := extensions.vector(2)
		if extensions.bad || !h.parseExtension(kind, ext) {
			return false
		}
	}
	return true
}

// findHellos returns the ClientHellos among the bytes that one side sent. What does not parse is not one.
func findHellos(b []byte, dtls bool) (hellos []hello) {
	r := reader{b: b}
	var f fragments
	for len(r.b) > 0 {
		kind, epoch := r.number(1), 0
		r.number(2) // version
		if dtls {
			epoch = r.number(2)
			r.bytes(6) // sequence number
		}
		record := r.vector(2)
		if r.bad {
			break
		}
		if kind != recordHandshake || epoch != 0 {
			continue
		}
		body, ok := reader{}, false
		if dtls {
			body, ok = f.add(record)
		} else {
			// A ClientHello is a flight of its own, and what is encrypted hardly ever looks like one.
			ok = record.number(1) == clientHello
			body = record.vector(3)
			ok = ok && !record.bad && len(record.b) == 0
		}
		if h := (hello{}); ok && h.parse(body, dtls) {
			hellos = append(hellos, h)
		}
	}
	return hellos
}

// fragments are those of the ClientHello that is being put together.
type fragments struct {
	begun bool
	size  int
	have  []byte
}

// add returns the message when it is complete.
func (f *fragments) add(record reader) (body reader, ok bool) {
	kind, size := record.number(1), record.number(3)
	record.number(2) // message number
	offset := record.number(3)
	part := record.vector(3)
	if record.bad || kind != clientHello {
		return body, false
	}
	if offset == 0 {
		*f = fragments{begun: true, size: size}
	}
	if !f.begun || size != f.size || offset != len(f.have) || len(part.b) > size-offset {
		return body, false
	}
	f.have = append(f.have, part.b...)
	return reader{b: f.have}, len(f.have) == size
}

// describe is the hello as wire shows it.
func (d *driver) describe(h hello) map[string]any {
	m := map[string]any{
		"id":    d.sessionBy(idOf, h.id),
		"sni":   string(h.sni),
		"ems":   number(h.extendedMasterSecret),
		"early": number(h.earlyData),
	}
	if h.hasTicket {
		m["ticket"] = d.sessionBy(ticketOf, h.ticket)
	}
	if h.hasPSK {
		names := []string{}
		for r := (reader{b: h.psk}); len(r.b) > 0; {
			identity := r.vector(2)
			r.number(4) // obfuscated age
			names = append(names, d.sessionBy(ticketOf, identity.b))
		}
		m["psk"] = names
	}
	if h.hasVersions {
		names := []string{}
		for r := (reader{b: h.versions}); len(r.b) > 0; {
			names = append(names, versionName(r.number(2)))
		}
		m["versions"] = names
	}
	return m
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
