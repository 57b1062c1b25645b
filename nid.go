package libssl

// #include "cgo.h"
import "C"

// NIDOf returns the number that OpenSSL has for an object: by its short name ("X25519"), its long name ("rsaEncryption"), or the numbers of its
// identifier ("1.2.840.10045.3.1.7"); NIDUndef if it knows none. Curves have the names of their standards: "prime256v1", not "P-256".
//
// NIDOf corresponds to OBJ_txt2nid(3).
func NIDOf(name string) int {
	s, err := cString("OBJ_txt2nid", name)
	if err != nil {
		return NIDUndef
	}
	return int(C.gossl_txt2nid(s))
}

// NIDName returns the short name of such a number, "UNDEF" for NIDUndef, "" for one that OpenSSL does not know.
//
// NIDName corresponds to OBJ_nid2sn(3).
func NIDName(nid int) string { return goString(C.gossl_nid2sn(C.int(nid))) }
