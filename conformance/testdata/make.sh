#!/bin/sh
# Makes the certificates of the test suites: a P-256 authority, a server and a client certificate, valid for a hundred years.
# What stands in the repository was made by this script; run it again only to change a name.
set -eu
cd "$(dirname "$0")"
export OPENSSL_CONF=/dev/null
days=36500

leaf() { # NAME SUBJECT EXTENSIONS
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$2" -out "$1.csr" 2>/dev/null
	printf '%s\n' "basicConstraints=CA:FALSE" "$3" > "$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
	rm -f "$1.csr" "$1.ext"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj "/CN=libssl test authority" \
	-addext basicConstraints=critical,CA:TRUE -days "$days" -out ca.pem 2>/dev/null
leaf server localhost "subjectAltName=DNS:localhost,IP:127.0.0.1"
leaf client "libssl test client" "extendedKeyUsage=clientAuth"
rm -f ca.key ca.srl
