/* All that depends on the version of OpenSSL. */
#ifndef VERSION_H
#define VERSION_H

#include <openssl/ssl.h>

/* The driver calls the API of 1.1.1, also what it or 3.0 deprecates. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define VERSION_ERRORS [SSL_ERROR_WANT_RETRY_VERIFY] = "WANT_RETRY_VERIFY",
#define VERSION_CONSTANTS                   \
	NAMED(SESS_CACHE_UPDATE_TIME)       \
	NAMED(OP_NO_EXTENDED_MASTER_SECRET) \
	NAMED(OP_IGNORE_UNEXPECTED_EOF)     \
	NAMED(OP_ALLOW_CLIENT_RENEGOTIATION)
#else
#define VERSION_ERRORS
#define VERSION_CONSTANTS
#endif

/* What a libssl may be built without. */
#ifdef OPENSSL_NO_SRP
#define SSL_CTX_set_srp_username(ctx, name) absent("SSL_CTX_set_srp_username")
#define SSL_CTX_set_srp_password(ctx, word) absent("SSL_CTX_set_srp_password")
#endif

#endif
