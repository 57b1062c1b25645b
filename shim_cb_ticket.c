/* Callbacks about sessions and tickets that are not of the cache, early data, and padding. */
#include "shim_internal.h"

#include <openssl/rand.h>
#include <stdlib.h>

/* libssl asks the SSL, which may have inherited the function, and then its SSL_CTX: one set there after the SSL was made counts too. */
static int generate_id(SSL *ssl, unsigned char *id, unsigned int *len)
{
	gossl_args a = { .out = { id }, .max = { *len }, .ret = 0 };
	gossl_ssl *s = gossl_ssl_state(ssl);

	if (s != NULL && s->fn[GOSSL_FN_GENERATE_ID] != 0)
		gossl_fire_ssl(ssl, GOSSL_FN_GENERATE_ID, &a);
	else
		gossl_fire_session_ctx(ssl, GOSSL_FN_GENERATE_ID, &a);
	*len = (unsigned int)a.len[0];
	return a.ret;
}

/* Without an answer the session is not resumable. */
static int not_resumable(SSL *ssl, int forward_secure)
{
	gossl_args a = { .num = { forward_secure }, .ret = 1 };

	gossl_fire_ssl(ssl, GOSSL_FN_NOT_RESUMABLE, &a);
	return a.ret;
}

static size_t padding(SSL *ssl, int type, size_t len, void *arg)
{
	gossl_args a = { .num = { type, (long)len }, .ret = 0 };

	(void)arg;
	gossl_fire_ssl(ssl, GOSSL_FN_PADDING, &a);
	return (size_t)a.ret;
}

static int early_data(SSL *ssl, void *arg)
{
	gossl_args a = { .ret = 0 };

	(void)arg;
	gossl_fire_ssl(ssl, GOSSL_FN_EARLY_DATA, &a);
	return a.ret;
}

static int ticket_generate(SSL *ssl, void *arg)
{
	gossl_args a = { .ret = 0 };

	(void)arg;
	gossl_fire_session_ctx(ssl, GOSSL_FN_TICKET_GENERATE, &a);
	return a.ret;
}

/* The failure is not ABORT, with which libssl loses the session in TLS 1.3. */
static SSL_TICKET_RETURN ticket_decrypt(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len, SSL_TICKET_STATUS status, void *arg)
{
	gossl_args a = { .in = name, .in_len = len, .num = { status }, .object = session, .ret = SSL_TICKET_RETURN_IGNORE };

	(void)arg;
	gossl_fire_session_ctx(ssl, GOSSL_FN_TICKET_DECRYPT, &a);
	return a.ret;
}

static const EVP_CIPHER *aes_cbc(size_t key_len)
{
	switch (key_len) {
	case 16:
		return EVP_aes_128_cbc();
	case 32:
		return EVP_aes_256_cbc();
	}
	return NULL;
}

static int use_ticket_key(const unsigned char *aes, size_t aes_len, const unsigned char *hmac, size_t hmac_len, unsigned char *iv, EVP_CIPHER_CTX *cipher,
			  HMAC_CTX *mac, int enc)
{
	const EVP_CIPHER *type = aes_cbc(aes_len);

	if (type == NULL || hmac_len == 0 || (enc && RAND_bytes(iv, EVP_CIPHER_iv_length(type)) != 1))
		return 0;
	return EVP_CipherInit_ex(cipher, type, NULL, aes, iv, enc) == 1 && HMAC_Init_ex(mac, hmac, (int)hmac_len, EVP_sha256(), NULL) == 1;
}

/* Go gives the AES key and the key of HMAC-SHA256 and, for a new ticket, the name: it comes first, before the AES key. */
static int key_of_go(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
	unsigned char aes[GOSSL_KEY_NAME + 32], hmac[64];
	gossl_args a = { .num = { enc }, .out = { aes, hmac }, .max = { sizeof(aes), sizeof(hmac) }, .ret = -1 };

	if (!enc) {
		a.in = name;
		a.in_len = GOSSL_KEY_NAME;
	}
	gossl_fire_session_ctx(ssl, GOSSL_FN_TICKET_KEY, &a);
	if (a.ret > 0 && (a.len[0] < GOSSL_KEY_NAME || !use_ticket_key(aes + GOSSL_KEY_NAME, a.len[0] - GOSSL_KEY_NAME, hmac, a.len[1], iv, cipher, mac, enc)))
		a.ret = -1;
	if (a.ret > 0 && enc)
		memcpy(name, aes, GOSSL_KEY_NAME);
	OPENSSL_cleanse(aes, sizeof(aes));
	OPENSSL_cleanse(hmac, sizeof(hmac));
	return a.ret;
}

/* 0 without a key, 2 for a ticket to be renewed: one of an old key and, as with libssl's own keys, each of TLS 1.3, whose tickets are for one connection. */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
	gossl_ssl *s = gossl_ssl_state(ssl);
	gossl_ring **ring = s != NULL ? gossl_ctx_ring(s->session_ctx) : NULL;
	gossl_ticket_key key;
	int i, ret;

	i = ring != NULL ? gossl_ring_find(ring, enc ? NULL : name, &key) : -2;
	if (i == -2)
		return key_of_go(ssl, name, iv, cipher, mac, enc);
	if (i == -1)
		return 0;
	ret = use_ticket_key(key.aes, sizeof(key.aes), key.hmac, sizeof(key.hmac), iv, cipher, mac, enc) ? 1 : -1;
	if (enc)
		memcpy(name, key.name, sizeof(key.name));
	else if (ret == 1 && (i > 1 || SSL_version(ssl) == TLS1_3_VERSION))
		ret = 2;
	OPENSSL_cleanse(&key, sizeof(key));
	return ret;
}

void gossl_install_ticket(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	switch (kind) {
	case GOSSL_FN_GENERATE_ID:
		if (ssl != NULL)
			SSL_set_generate_session_id(ssl, fn ? generate_id : NULL);
		else
			SSL_CTX_set_generate_session_id(ctx, fn ? generate_id : NULL);
		break;
	case GOSSL_FN_NOT_RESUMABLE:
		if (ssl != NULL)
			SSL_set_not_resumable_session_callback(ssl, fn ? not_resumable : NULL);
		else
			SSL_CTX_set_not_resumable_session_callback(ctx, fn ? not_resumable : NULL);
		break;
	case GOSSL_FN_PADDING:
		if (ssl != NULL)
			SSL_set_record_padding_callback(ssl, fn ? padding : NULL);
		else
			SSL_CTX_set_record_padding_callback(ctx, fn ? padding : NULL);
		break;
	case GOSSL_FN_EARLY_DATA:
		if (ssl != NULL)
			SSL_set_allow_early_data_cb(ssl, fn ? early_data : NULL, NULL);
		else
			SSL_CTX_set_allow_early_data_cb(ctx, fn ? early_data : NULL, NULL);
		break;
	case GOSSL_FN_TICKET_GENERATE:
	case GOSSL_FN_TICKET_DECRYPT: /* libssl sets both at once */
		SSL_CTX_set_session_ticket_cb(ctx, gossl_ctx_function(ctx, GOSSL_FN_TICKET_GENERATE) ? ticket_generate : NULL,
					      gossl_ctx_function(ctx, GOSSL_FN_TICKET_DECRYPT) ? ticket_decrypt : NULL, NULL);
		break;
	case GOSSL_FN_TICKET_KEY:
		SSL_CTX_set_tlsext_ticket_key_cb(ctx, (fn || *gossl_ctx_ring(ctx) ? ticket_key : NULL));
		break;
	}
}

/* The 80 bytes of keys that the SSL_CTX itself uses. */
gossl_result gossl_ctx_ticket_keys(SSL_CTX *ctx, unsigned char *keys, int len, int set)
{
	return GOSSL_CTX(ctx, PUSHES, set ? SSL_CTX_set_tlsext_ticket_keys(ctx, keys, len) : SSL_CTX_get_tlsext_ticket_keys(ctx, keys, len), r.ret != 1);
}
