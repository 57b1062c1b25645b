#include "ctest.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

/* Before libcrypto reads its configuration: a distribution's openssl.cnf changes versions and ciphers. */
__attribute__((constructor)) static void no_configuration(void)
{
	setenv("OPENSSL_CONF", "/dev/null", 1);
}

/* Takes all entries from this thread's queue. */
void ctest_drain(ctest_queue *q)
{
	const char *file, *data;
	int line, flags;
	unsigned long code;

	q->n = 0;
	while (q->n < CTEST_MAX_ENTRIES && (code = ERR_get_error_line_data(&file, &line, &data, &flags)) != 0) {
		ctest_entry *e = &q->entry[q->n++];

		e->code = code;
		e->lib = ERR_lib_error_string(code);
		e->func = ERR_func_error_string(code);
		e->reason = ERR_reason_error_string(code);
		e->data = strdup(flags & ERR_TXT_STRING ? data : "");
	}
}

void *ctest_get_session(void *ssl)
{
	return SSL_get_session(ssl);
}

/* What has come in over a memory BIO and was not read is lost. */
void ctest_drop_input(void *ssl)
{
	(void)BIO_reset(SSL_get_rbio(ssl));
}

/* The first certificate of a PEM file, in DER, which the caller frees. What goes wrong stays in the queue, as it would in C. */
int ctest_certificate(const char *file, unsigned char **der)
{
	BIO *bio = BIO_new_file(file, "r");
	X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	int len = cert == NULL ? 0 : i2d_X509(cert, der);

	X509_free(cert);
	BIO_free(bio);
	return len;
}

void ctest_free(void *p)
{
	OPENSSL_free(p);
}

#define NAMED(name)                          \
	{                                    \
#name, (long long)SSL_##name \
	}

/* Finds the value of a constant by its name without SSL_. */
int ctest_constant(const char *name, long long *value)
{
	static const struct {
		const char *name;
		long long value;
	} constants[] = {
		NAMED(SENT_SHUTDOWN),
		NAMED(RECEIVED_SHUTDOWN),
		NAMED(SESS_CACHE_OFF),
		NAMED(SESS_CACHE_CLIENT),
		NAMED(SESS_CACHE_SERVER),
		NAMED(SESS_CACHE_BOTH),
		NAMED(SESS_CACHE_NO_AUTO_CLEAR),
		NAMED(SESS_CACHE_NO_INTERNAL_LOOKUP),
		NAMED(SESS_CACHE_NO_INTERNAL_STORE),
		NAMED(SESS_CACHE_NO_INTERNAL),
		NAMED(VERIFY_NONE),
		NAMED(VERIFY_PEER),
		NAMED(VERIFY_FAIL_IF_NO_PEER_CERT),
		NAMED(VERIFY_CLIENT_ONCE),
		NAMED(VERIFY_POST_HANDSHAKE),
		NAMED(OP_ALL),
		NAMED(OP_ALLOW_NO_DHE_KEX),
		NAMED(OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION),
		NAMED(OP_CIPHER_SERVER_PREFERENCE),
		NAMED(OP_COOKIE_EXCHANGE),
		NAMED(OP_DONT_INSERT_EMPTY_FRAGMENTS),
		NAMED(OP_ENABLE_MIDDLEBOX_COMPAT),
		NAMED(OP_LEGACY_SERVER_CONNECT),
		NAMED(OP_NO_ANTI_REPLAY),
		NAMED(OP_NO_COMPRESSION),
		NAMED(OP_NO_DTLSv1),
		NAMED(OP_NO_DTLSv1_2),
		NAMED(OP_NO_ENCRYPT_THEN_MAC),
		NAMED(OP_NO_QUERY_MTU),
		NAMED(OP_NO_RENEGOTIATION),
		NAMED(OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION),
		NAMED(OP_NO_SSLv3),
		NAMED(OP_NO_TICKET),
		NAMED(OP_NO_TLSv1),
		NAMED(OP_NO_TLSv1_1),
		NAMED(OP_NO_TLSv1_2),
		NAMED(OP_NO_TLSv1_3),
		NAMED(OP_PRIORITIZE_CHACHA),
		NAMED(OP_TLSEXT_PADDING),
		NAMED(OP_TLS_ROLLBACK_BUG),
	};

	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++) {
		if (strcmp(constants[i].name, name) == 0) {
			*value = constants[i].value;
			return 1;
		}
	}
	return 0;
}
