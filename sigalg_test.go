package libssl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

func TestSigAlgs(t *testing.T) {
	const ecdsaSHA256, ecdsaSHA384, pssSHA256 = 0x0403, 0x0503, 0x0804
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	must(t, client.SetSigalgsList("rsa_pss_rsae_sha256:ECDSA+SHA384:ECDSA+SHA256"))
	must(t, server.SetSigalgsList("ECDSA+SHA256:ECDSA+SHA384"))
	_, s := connected(t, client, server)
	if diff := cmp.Diff([]uint16{pssSHA256, ecdsaSHA384, ecdsaSHA256}, s.SigAlgs()); diff != "" {
		t.Errorf("SigAlgs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint16{ecdsaSHA384, ecdsaSHA256}, s.SharedSigAlgs()); diff != "" {
		t.Errorf("SharedSigAlgs (-want +got):\n%s", diff)
	}
	if algs := newSSL(t, client).SigAlgs(); algs != nil {
		t.Errorf("before the handshake: %x", algs)
	}
}
