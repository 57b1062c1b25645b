// Capi is libsslstore, a shared library for C programs:
//
//	go build -buildmode=c-shared -ldflags '-extldflags "-Wl,-soname,libsslstore.so -Wl,--version-script=…/capi/exports.map"' -o libsslstore.so ./capi
//
// Its header is sslstore.h, which is written by hand. cgo sees it before its own prototypes of what is exported here, so that the compiler refuses a
// difference. docs/LEGACY.md says how to use it, examples/legacy-c does.
package main

// #include <string.h>
// #include "call.h"
import "C"

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"math"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

func main() {}

// lookUp returns a store and a key of C's, "" for NULL. It reports false if there is no such store or the key is too long.
func lookUp(id C.sslstore, text *C.sslstore_text) (s *store, key string, ok bool) {
	s, ok = stores.Get(uintptr(id))
	if text != nil {
		n := C.strnlen(text, C.SSLSTORE_MAX_KEY+1)
		key = C.GoStringN(text, C.int(n))
		ok = ok && n <= C.SSLSTORE_MAX_KEY
	}
	return s, key, ok
}

//export sslstore_new
func sslstore_new(most C.size_t) C.sslstore {
	if most == 0 {
		return 0
	}
	return C.sslstore(stores.Add(newStore(int(min(most, math.MaxInt32)))))
}

//export sslstore_free
func sslstore_free(id C.sslstore) {
	if s, ok := stores.Remove(uintptr(id)); ok {
		libssl.KeepQueue(s.free)
	}
}

//export sslstore_put0
func sslstore_put0(id C.sslstore, key *C.sslstore_text, session *C.SSL_SESSION) C.int {
	return put(id, key, libssl.AdoptSession(unsafe.Pointer(session)))
}

//export sslstore_put1
func sslstore_put1(id C.sslstore, key *C.sslstore_text, session *C.SSL_SESSION) C.int {
	return put(id, key, libssl.BorrowSession(unsafe.Pointer(session)))
}

func put(id C.sslstore, text *C.sslstore_text, session *libssl.Session) (done C.int) {
	s, key, ok := lookUp(id, text)
	libssl.KeepQueue(func() {
		if !ok || key == "" {
			session.Free()
			return
		}
		s.put(key, session)
		done = 1
	})
	return done
}

//export sslstore_get1
func sslstore_get1(id C.sslstore, text *C.sslstore_text) (p *C.SSL_SESSION) {
	if s, key, ok := lookUp(id, text); ok {
		libssl.KeepQueue(func() { p = (*C.SSL_SESSION)(s.lookup(key).HandOut()) })
	}
	return p
}

//export storeEach
func storeEach(id C.sslstore, f *C.sslstore_each_fn, arg C.uintptr_t) (n C.int) {
	s, _, ok := lookUp(id, nil)
	if !ok || f == nil {
		return 0
	}
	libssl.KeepQueue(func() {
		for _, e := range s.entries() {
			key := append([]byte(e.key), 0)
			if e.session.With(func(p unsafe.Pointer) {
				C.sslstore_call_each(f, (*C.sslstore_text)(unsafe.Pointer(&key[0])), (*C.SSL_SESSION)(p), arg)
			}) {
				n++
			}
		}
	})
	return n
}

//export storeAttach
func storeAttach(id C.sslstore, ctx *C.SSL_CTX, f *C.sslstore_key_fn, arg C.uintptr_t) C.int {
	_, _, ok := lookUp(id, nil)
	if ctx == nil || !ok && id != 0 {
		return 0
	}
	libssl.KeepQueue(func() {
		c := libssl.BorrowCtx(unsafe.Pointer(ctx))
		defer c.Free()
		if !ok {
			c.SessSetNewCB(nil)
			c.SessSetGetCB(nil)
			return
		}
		mode := c.SessionCacheMode() | libssl.SessCacheServer | libssl.SessCacheNoInternal
		if f != nil {
			mode |= libssl.SessCacheClient
		}
		c.SetSessionCacheMode(mode)
		c.SessSetNewCB(func(ssl *libssl.SSL, session *libssl.Session) { keep(id, f, arg, ssl, session) })
		c.SessSetGetCB(func(_ *libssl.SSL, sessionID []byte) *libssl.Session {
			if s, ok := stores.Get(uintptr(id)); ok { // libssl takes a reference of its own
				return s.lookup(hex.EncodeToString(sessionID))
			}
			return nil
		})
	})
	return 1
}

// keep puts a new session into the store, if that is still there.
func keep(id C.sslstore, f *C.sslstore_key_fn, arg C.uintptr_t, ssl *libssl.SSL, session *libssl.Session) {
	s, _, ok := lookUp(id, nil)
	if !ok {
		return
	}
	if ssl.IsServer() {
		// Nobody looks for a session of TLS 1.3 that is in its ticket: it would only drive out others.
		if ssl.Version() < libssl.VersionTLS13 || ssl.Options()&libssl.OpNoTicket != 0 {
			s.put(hex.EncodeToString(session.ID()), session.UpRef())
		}
		return
	}
	if f == nil {
		return
	}
	var text *C.sslstore_text
	ssl.With(func(p unsafe.Pointer) {
		session.With(func(q unsafe.Pointer) { text = C.sslstore_call_key(f, (*C.SSL)(p), (*C.SSL_SESSION)(q), arg) })
	})
	if _, key, ok := lookUp(id, text); ok && key != "" {
		s.put(key, session.UpRef())
	}
}

//export sslstore_handshake
func sslstore_handshake(id C.sslstore, text *C.sslstore_text, ssl *C.SSL) (ret C.int) {
	if ssl == nil {
		return 0
	}
	libssl.KeepQueue(func() {
		h := libssl.BorrowSSL(unsafe.Pointer(ssl))
		defer h.Free()
		if s, key, ok := lookUp(id, text); ok && key != "" && !h.IsServer() && h.InBefore() {
			if session := s.offer(key); session != nil {
				defer session.Free()
				if h.SetSession(session) != 1 {
					return
				}
			}
		}
		ret = C.int(h.DoHandshake())
	})
	return ret
}

//export sslstore_explain
func sslstore_explain(ssl *C.SSL, session *C.SSL_SESSION, buf *C.char, size C.size_t) C.int {
	var e libssl.Explanation
	yes := false
	libssl.KeepQueue(func() {
		h, of := libssl.BorrowSSL(unsafe.Pointer(ssl)), libssl.BorrowSession(unsafe.Pointer(session))
		defer h.Free()
		defer of.Free()
		e = h.ExplainSession(of)
		yes = e.Resumed || e.Offered && !h.IsInitFinished()
	})
	if buf != nil && size > 0 {
		text := append([]byte(e.String()), 0)
		out := unsafe.Slice((*byte)(unsafe.Pointer(buf)), min(size, C.size_t(len(text))))
		copy(out, text)
		out[len(out)-1] = 0
	}
	if yes {
		return 1
	}
	return 0
}

//export sslstore_parse
func sslstore_parse(p *C.sslstore_bytes, n C.size_t) (session *C.SSL_SESSION) {
	if p == nil || n > math.MaxInt32 {
		return nil
	}
	libssl.KeepQueue(func() {
		text := unsafe.Slice((*byte)(unsafe.Pointer(p)), n)
		parse := libssl.ParseSession
		// DER may contain anything: a host name, a ticket.
		if rest, err := asn1.Unmarshal(text, new(asn1.RawValue)); (err != nil || len(rest) > 0) && bytes.Contains(text, []byte("-----BEGIN")) {
			parse = libssl.ParseSessionPEM
		}
		if s, err := parse(text); err == nil {
			session = (*C.SSL_SESSION)(s.HandOut())
			s.Free()
		}
	})
	return session
}

//export sslstore_live
func sslstore_live(kind C.enum_sslstore_kind) C.long {
	names := [...]string{C.SSLSTORE_SSL: "SSL", C.SSLSTORE_CTX: "Ctx", C.SSLSTORE_SESSION: "Session"}
	if int(kind) >= len(names) {
		return -1
	}
	return C.long(diag.Live()[names[kind]])
}

//export sslstore_refs
func sslstore_refs(kind C.enum_sslstore_kind, object unsafe.Pointer) (refs C.int) {
	refs = -1
	libssl.KeepQueue(func() {
		switch kind {
		case C.SSLSTORE_SSL:
			refs = count(libssl.BorrowSSL(object))
		case C.SSLSTORE_CTX:
			refs = count(libssl.BorrowCtx(object))
		case C.SSLSTORE_SESSION:
			refs = count(libssl.BorrowSession(object))
		}
	})
	return refs
}

// count returns the references but for that of h, which it frees.
func count(h interface {
	diag.Handle
	Free()
},
) C.int {
	defer h.Free()
	n, err := diag.Refs(h)
	if err != nil {
		return -1
	}
	return C.int(n - 1)
}
