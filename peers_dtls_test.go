package libssl_test

// Resumption with DTLS, over memory. TestUDPResumes is the same over sockets.

import (
	"fmt"
	"testing"

	"github.com/seed-c1436005/libssl"
)

// By ticket and by id, from the object and from its bytes; the other version gets a full handshake.
func TestPeersDTLS(t *testing.T) {
	for name, test := range map[string]struct{ version, other int }{
		"1.0": {libssl.VersionDTLS10, libssl.VersionDTLS12}, "1.2": {libssl.VersionDTLS12, libssl.VersionDTLS10},
	} {
		for kind, options := range map[string]uint{"ticket": 0, "id": libssl.OpNoTicket} {
			t.Run(fmt.Sprint(name, kind), func(t *testing.T) {
				ctxs := func(version int) (client, server *libssl.Ctx) {
					client, server = dtlsCtxs(t)
					for _, ctx := range []*libssl.Ctx{client, server} {
						must(t, ctx.SetMinProtoVersion(version))
						must(t, ctx.SetMaxProtoVersion(version))
						ctx.SetSessionCacheMode(libssl.SessCacheBoth)
						ctx.SetOptions(options)
					}
					must(t, server.SetSessionIDContext([]byte("test")))
					return client, server
				}
				client, server := ctxs(test.version)
				sess := session(t, client, server)
				wantEqual(t, "version", sess.ProtocolVersion(), test.version)
				wantEqual(t, "ticket", sess.HasTicket(), kind == "ticket")
				wantEqual(t, "resumes", resumes(t, client, server, sess), true)
				wantEqual(t, "resumes again", resumes(t, client, server, sess), true)
				wantEqual(t, "resumes from bytes", resumes(t, client, server, unflagged(t, sess)), true)
				wantRefs(t, sess, 4) // the handle, the cache, and the two SSLs that live
				wantEqual(t, "hits", server.SessHits(), 3)
				client, server = ctxs(test.other)
				wantEqual(t, "resumes with the other version", resumes(t, client, server, sess), false)
				wantEqual(t, "resumable", sess.IsResumable(), true)
			})
		}
	}
}
