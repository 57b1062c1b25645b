// Package ci carries the scripts that set up OpenSSL, for cmd/libssl-env: embed does not reach up.
package ci

import "embed"

// Files are the scripts, and the checksums that they check by.
//
//go:embed openssl.sh openssl-lib.sh openssl.sha256
var Files embed.FS
