/* What Go cannot do: call a C function by its pointer. arg may be any number, and Go ends the program when it finds a small one that claims to be a pointer. */
#ifndef SSLSTORE_CALL_H
#define SSLSTORE_CALL_H

#include "sslstore.h"

static inline sslstore_text *sslstore_call_key(sslstore_key_fn *f, SSL *ssl, SSL_SESSION *session, uintptr_t arg)
{
	return f(ssl, session, (void *)arg);
}

static inline void sslstore_call_each(sslstore_each_fn *f, sslstore_text *key, SSL_SESSION *session, uintptr_t arg)
{
	f(key, session, (void *)arg);
}

#endif
