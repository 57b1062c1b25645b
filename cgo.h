/*
 * What Go files include. cgo looks into the memory behind an argument whose type has no definition, in case it is Go's: 3 ns for each. These
 * definitions spare it that. Go never reads through such a pointer, and C files do not see them.
 */
#ifndef GOSSL_CGO_H
#define GOSSL_CGO_H

#include "shim.h"

struct ssl_st {
	char opaque;
};
struct ssl_ctx_st {
	char opaque;
};
struct ssl_session_st {
	char opaque;
};
struct ssl_method_st {
	char opaque;
};
struct x509_store_ctx_st {
	char opaque;
};
struct ssl_cipher_st {
	char opaque;
};
struct gossl_ssl {
	char opaque;
};

#endif
