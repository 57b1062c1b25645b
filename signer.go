package libssl

// #include "cgo.h"
import "C"

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// signer is the private half of a key in C, which names it by its id.
type signer struct {
	ctx *ctxState // whose panic handler is to be used; the key may outlive its SSL_CTX
	key crypto.Signer
}

var signers handle.Registry[*signer]

var (
	errGone      = errors.New("the signer is gone")
	errSigner    = errors.New("libssl: the Signer is nil or has no public key")
	errDigest    = errors.New("a digest or padding that crypto.Signer has no name for")
	errSignature = errors.New("the signature has the wrong length")
)

// digests are the digests that libssl signs.
var digests = map[C.int]crypto.Hash{
	C.NID_md5_sha1: crypto.MD5SHA1,
	C.NID_sha1:     crypto.SHA1,
	C.NID_sha224:   crypto.SHA224,
	C.NID_sha256:   crypto.SHA256,
	C.NID_sha384:   crypto.SHA384,
	C.NID_sha512:   crypto.SHA512,
}

// UseSigner makes key the private key, in place of one in C's memory: it may be in a card, a TPM or another machine. It is RSA or ECDSA; a handshake
// calls its Sign, with a digest that it must not hash again, for RSA with PKCS #1 v1.5 or *[rsa.PSSOptions]. Sign may block, and is called by several
// goroutines if the Ctx's connections are; an error of it fails the handshake, with an entry of the library "crypto.Signer" that holds its text, and a
// panic goes on when the outer call returns. The key exchange of plain RSA, which decrypts, is not possible. C keeps key for as long as the key is set
// somewhere; a key that captures its Ctx keeps it for ever.
//
// UseSigner corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UseSigner(key crypto.Signer) error {
	const fn = "SSL_CTX_use_PrivateKey"
	p, ok := c.acquire()
	if !ok {
		return ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer c.ref.Release()
	spki, ok := publicKey(key)
	if !ok {
		return ErrorStack{Func: fn, Refused: errSigner}
	}
	b, n := cBytes(spki)
	id := signers.Add(&signer{c.state, key})
	err := outcome(fn, C.gossl_ctx_use_signer(p, b, n, C.uintptr_t(id)).more)
	if err != nil {
		signers.Remove(id)
	}
	return err
}

// UseSigner is [Ctx.UseSigner] for one SSL. It returns 1, or 0. UseSigner corresponds to SSL_use_PrivateKey(3).
func (s *SSL) UseSigner(key crypto.Signer) int {
	const fn = "SSL_use_PrivateKey"
	spki, usable := publicKey(key)
	b, n := cBytes(spki)
	entry := &signer{key: key}
	id := signers.Add(entry)
	ret, called := s.do(fn, func(p *C.gossl_ssl) C.gossl_result {
		if !usable {
			return C.gossl_result{}
		}
		entry.ctx = stateOf(C.gossl_ssl_session_ctx(p))
		return C.gossl_ssl_use_signer(p, b, n, C.uintptr_t(id))
	})
	if called && !usable {
		s.refuse(fn, errSigner)
	}
	if ret == 0 {
		signers.Remove(id)
	}
	return ret
}

// publicKey returns the public half as C takes it.
func publicKey(key crypto.Signer) ([]byte, bool) {
	if key == nil {
		return nil, false
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	return spki, err == nil
}

//export gosslSign
func gosslSign(g *C.gossl_signing, pending C.uint64_t) (now C.uint64_t) {
	fail := func(err error) { copy(unsafe.Slice((*byte)(unsafe.Pointer(&g.error[0])), len(g.error)-1), err.Error()) }
	s, ok := signers.Get(uintptr(g.id))
	if !ok {
		fail(errGone)
		return pending
	}
	in, ok := s.ctx.enter("crypto.Signer", pending)
	if !ok {
		return pending
	}
	defer in.leave(&now)
	if sig, err := s.sign(g); err != nil {
		fail(err)
	} else {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(g.sig)), int(g.size)), sig)
		g.len = C.size_t(len(sig))
	}
	in.done = true
	return pending
}

func (s *signer) sign(g *C.gossl_signing) ([]byte, error) {
	hash, ok := digests[g.digest_nid]
	if !ok {
		return nil, errDigest
	}
	var opts crypto.SignerOpts = hash
	if g.pss != 0 {
		opts = &rsa.PSSOptions{SaltLength: saltLength(int(g.salt_len)), Hash: hash}
	}
	sig, err := s.key.Sign(rand.Reader, C.GoBytes(unsafe.Pointer(g.digest), C.int(g.digest_len)), opts)
	_, isRSA := s.key.Public().(*rsa.PublicKey)
	switch {
	case err != nil:
		return nil, err
	case len(sig) == 0 || len(sig) > int(g.size) || isRSA && len(sig) != int(g.size):
		return nil, errSignature
	}
	return sig, nil
}

// saltLength turns OpenSSL's number into Go's.
func saltLength(n int) int {
	switch {
	case n >= 0:
		return n
	case n == C.RSA_PSS_SALTLEN_DIGEST:
		return rsa.PSSSaltLengthEqualsHash
	}
	return rsa.PSSSaltLengthAuto
}

//export gosslSignerDies
func gosslSignerDies(id C.uintptr_t) { signers.Remove(uintptr(id)) }
