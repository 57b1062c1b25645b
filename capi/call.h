/* What Go cannot do: call a C function by its pointer. */
#ifndef SSLSTORE_CALL_H
#define SSLSTORE_CALL_H

#include "sslstore.h"

static inline sslstore_text *sslstore_call_key(sslstore_key_fn *f, SSL *ssl, SSL_SESSION *session, void *arg)
{
	return f(ssl, session, arg);
}

static inline void sslstore_call_each(sslstore_each_fn *f, sslstore_text *key, SSL_SESSION *session, void *arg)
{
	f(key, session, arg);
}

#endif
