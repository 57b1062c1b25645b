/* What C can do with an SSL's private key, and libssl does not. */
#include "ctest.h"

#include <openssl/ec.h>
#include <openssl/ssl.h>

/* Signs without saying what kind of digest it is. 1 for success. */
int ctest_sign(void *ssl)
{
	unsigned char digest[32] = { 0 }, sig[1024];
	size_t len = sizeof(sig);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(SSL_get_privatekey(ssl), NULL);
	int ok = EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* Copies the key, which is an EC key, and frees the copy. 1 for success. */
int ctest_copy_key(void *ssl)
{
	EC_KEY *copy = EC_KEY_dup(EVP_PKEY_get0_EC_KEY(SSL_get_privatekey(ssl)));
	int ok = copy != NULL;

	EC_KEY_free(copy);
	return ok;
}
