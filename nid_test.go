package libssl_test

import (
	"testing"

	"github.com/seed-c1436005/libssl"
)

func TestNIDs(t *testing.T) {
	for name, want := range map[string]int{
		"X25519": libssl.NIDX25519, "prime256v1": libssl.NIDP256, "rsaEncryption": libssl.NIDRSA, "rsassaPss": libssl.NIDRSAPSS,
		"1.2.840.10045.2.1": libssl.NIDEC, "SHA256": libssl.NIDSHA256, "sha256": libssl.NIDSHA256,
		"P-256": libssl.NIDUndef, "": libssl.NIDUndef, "1.2.3.4": libssl.NIDUndef, "SHA256\x00": libssl.NIDUndef,
	} {
		wantEqual(t, name, libssl.NIDOf(name), want)
	}
	for nid, want := range map[int]string{
		libssl.NIDP384: "secp384r1", libssl.NIDSHA512: "SHA512", libssl.NIDRSAPSS: "RSASSA-PSS", libssl.NIDUndef: "UNDEF", -1: "", 118: "", 1 << 20: "",
	} {
		wantEqual(t, want, libssl.NIDName(nid), want)
	}
}
