package libssl_test

import (
	"testing"

	"github.com/seed-c1436005/libssl"
)

func TestResume(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		if !resumes(t, client, server, session(t, client, server)) {
			t.Errorf("%x: not resumed", version)
		}
	}
}
