/* The functions with an arg, which Go gets as a number: see call.h. */
#include "_cgo_export.h"

int sslstore_each(sslstore store, sslstore_each_fn *f, void *arg)
{
	return storeEach(store, f, (uintptr_t)arg);
}

int sslstore_attach(sslstore store, SSL_CTX *ctx, sslstore_key_fn *f, void *arg)
{
	return storeAttach(store, ctx, f, (uintptr_t)arg);
}
