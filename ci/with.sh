#!/bin/sh
# Runs a command with the OpenSSL 1.1.1 that ci/openssl.sh finds or makes: ci/with.sh go test ./...
# With LIBSSL_ASAN=1 it is the one that is built with the address sanitizer.
set -eu
here=$(dirname "$0")
if [ "${LIBSSL_ASAN-}" = 1 ]; then
	env=$("$here/openssl-asan.sh" --print-env)
else
	env=$("$here/openssl.sh" --print-env)
fi
eval "$env"
exec "$@"
