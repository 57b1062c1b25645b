package main

import (
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-c1436005/libssl"
)

// keyNames are the suite's names of keys that are not OpenSSL's names of the same objects.
var keyNames = map[string]string{
	"RSA": "rsaEncryption", "RSA-PSS": "rsassaPss", "EC": "id-ecPublicKey", "DSA": "dsaEncryption", "DH": "dhKeyAgreement",
	"ED25519": "ED25519", "ED448": "ED448", "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1",
}

func keyType(nid *int) option {
	return func(value string) error {
		if name, ok := keyNames[strings.ToUpper(value)]; ok {
			value = name
		}
		return digest(nid)(value)
	}
}

func digest(nid *int) option {
	return func(value string) error {
		if *nid = libssl.NIDOf(value); *nid == libssl.NIDUndef {
			return errors.New("OpenSSL has no such object")
		}
		return nil
	}
}

// publicKey is a SubjectPublicKeyInfo.
type publicKey struct {
	Algorithm struct {
		Type       asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	Key asn1.BitString
}

// certificate is as much of a certificate as is needed here. crypto/x509 refuses some that OpenSSL uses: those with Brainpool's curves, for one.
type certificate struct {
	TBS struct {
		Version                             int `asn1:"optional,explicit,default:0,tag:0"`
		Serial, Algorithm, Issuer, Validity asn1.RawValue
		Subject                             asn1.RawValue
		Key                                 publicKey
	}
	Algorithm, Signature asn1.RawValue
}

// nid returns the number of the key's type; for keys of elliptic curves that of the curve.
func (k publicKey) nid() int {
	nid := libssl.NIDOf(k.Algorithm.Type.String())
	var curve asn1.ObjectIdentifier
	if nid != libssl.NIDEC {
		return nid
	}
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &curve); err != nil {
		return libssl.NIDUndef
	}
	return libssl.NIDOf(curve.String())
}

// certNID is for a certificate in DER, 0 for none.
func certNID(der []byte) (int, error) {
	if der == nil {
		return libssl.NIDUndef, nil
	}
	var cert certificate
	_, err := asn1.Unmarshal(der, &cert)
	return cert.TBS.Key.nid(), err
}

// keyNID is for a key in DER, 0 for none.
func keyNID(der []byte) (int, error) {
	if der == nil {
		return libssl.NIDUndef, nil
	}
	var key publicKey
	_, err := asn1.Unmarshal(der, &key)
	return key.nid(), err
}

// namesIn reads the subjects of a file's certificates. The list that says "empty" is not nil.
func namesIn(names *[]string) option {
	return func(file string) error {
		*names = []string{}
		if file == "empty" {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			var cert certificate
			if _, err := asn1.Unmarshal(block.Bytes, &cert); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			*names = append(*names, hex.EncodeToString(cert.TBS.Subject.FullBytes))
		}
		if len(*names) == 0 {
			return fmt.Errorf("no certificate in %s", file)
		}
		return nil
	}
}
