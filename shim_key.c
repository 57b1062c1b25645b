/*
 * Private keys that stay in Go, as a crypto.Signer. Such a key is a public key whose operations come from an ENGINE that nobody else sees: its signing asks
 * Go. (The older way, a method of RSA, gets the padded block of a PSS signature, when the digest that a Signer needs is lost.)
 */
#include "shim_internal.h"

#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/rsa.h>
#include <pthread.h>

extern uint64_t gosslSign(gossl_signing *signing, uint64_t pending);
extern void gosslSignerDies(uintptr_t id);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int rsa_index = -1, ec_index = -1, error_lib;
static ENGINE *engine;
static EVP_PKEY_METHOD *rsa_method, *ec_method;

enum {
	FUNC_SIGN = 100,
	REASON_FAILED = 100,
};

static ERR_STRING_DATA error_strings[] = {
	{ 0, "crypto.Signer" }, /* its number comes with the library's */
	{ ERR_PACK(0, FUNC_SIGN, 0), "Sign" },
	{ ERR_PACK(0, 0, REASON_FAILED), "signer failed" },
	{ 0, NULL },
};

/* 0 for a key that is not ours, such as a copy. */
static uintptr_t signer_of(EVP_PKEY *key)
{
	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_RSA:
		return (uintptr_t)RSA_get_ex_data(EVP_PKEY_get0_RSA(key), rsa_index);
	case EVP_PKEY_EC:
		return (uintptr_t)EC_KEY_get_ex_data(EVP_PKEY_get0_EC_KEY(key), ec_index);
	}
	return 0;
}

static int set_signer(EVP_PKEY *key, uintptr_t id)
{
	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_RSA:
		return RSA_set_ex_data(EVP_PKEY_get0_RSA(key), rsa_index, (void *)id);
	case EVP_PKEY_EC:
		return EC_KEY_set_ex_data(EVP_PKEY_get0_EC_KEY(key), ec_index, (void *)id);
	}
	return 0;
}

static uint64_t ask(void *arg, uint64_t pending)
{
	return gosslSign(arg, pending);
}

/* The digest, and for PSS the length of the salt. */
static void describe(EVP_PKEY_CTX *ctx, gossl_signing *g)
{
	const EVP_MD *md = NULL, *mgf1 = NULL;
	int padding = 0;

	if (EVP_PKEY_CTX_get_signature_md(ctx, &md) == 1 && md != NULL)
		g->digest_nid = EVP_MD_type(md);
	if (EVP_PKEY_base_id(EVP_PKEY_CTX_get0_pkey(ctx)) != EVP_PKEY_RSA)
		return;
	if (EVP_PKEY_CTX_get_rsa_padding(ctx, &padding) != 1 || (padding != RSA_PKCS1_PADDING && padding != RSA_PKCS1_PSS_PADDING)) {
		g->digest_nid = NID_undef;
		return;
	}
	g->pss = padding == RSA_PKCS1_PSS_PADDING;
	if (g->pss && (EVP_PKEY_CTX_get_rsa_pss_saltlen(ctx, &g->salt_len) != 1 || EVP_PKEY_CTX_get_rsa_mgf1_md(ctx, &mgf1) != 1 || mgf1 != md))
		g->digest_nid = NID_undef;
}

/* libcrypto has seen to it that there is room for EVP_PKEY_size. */
static int sign(EVP_PKEY_CTX *ctx, unsigned char *sig, size_t *sig_len, const unsigned char *digest, size_t len)
{
	EVP_PKEY *key = EVP_PKEY_CTX_get0_pkey(ctx);
	size_t size = (size_t)EVP_PKEY_size(key);
	gossl_signing g = { .id = signer_of(key), .digest = digest, .digest_len = len, .sig = sig, .size = size };

	describe(ctx, &g);
	gossl_callback(ask, &g);
	if (g.len == 0) {
		gossl_error e = {
			.code = ERR_PACK(error_lib, FUNC_SIGN, REASON_FAILED), .file = __FILE__, .line = __LINE__, .data = g.error[0] ? g.error : NULL
		};

		gossl_errors_push(&e);
		return 0;
	}
	*sig_len = g.len;
	return 1;
}

static int pkey_methods(ENGINE *e, EVP_PKEY_METHOD **method, const int **nids, int nid)
{
	static const int kinds[] = { EVP_PKEY_RSA, EVP_PKEY_EC };

	(void)e;
	if (method == NULL) {
		*nids = kinds;
		return (int)(sizeof(kinds) / sizeof(kinds[0]));
	}
	*method = nid == EVP_PKEY_RSA ? rsa_method : nid == EVP_PKEY_EC ? ec_method : NULL;
	return *method != NULL;
}

/* libssl's own operations, but for signing. */
static EVP_PKEY_METHOD *new_method(int type)
{
	EVP_PKEY_METHOD *m = EVP_PKEY_meth_new(type, EVP_PKEY_FLAG_AUTOARGLEN);

	if (m != NULL) {
		EVP_PKEY_meth_copy(m, EVP_PKEY_meth_find(type));
		EVP_PKEY_meth_set_sign(m, NULL, sign);
	}
	return m;
}

/* A copy of a key has no signer: the entry in Go dies with the first. */
static int key_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	(void)to, (void)from, (void)idx, (void)argl, (void)argp;
	*(void **)from_d = NULL;
	return 1;
}

static void key_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (ptr != NULL)
		gosslSignerDies((uintptr_t)ptr);
}

static void init(void)
{
	rsa_index = RSA_get_ex_new_index(0, NULL, NULL, key_copied, key_dies);
	ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, key_copied, key_dies);
	rsa_method = new_method(EVP_PKEY_RSA);
	ec_method = new_method(EVP_PKEY_EC);
	error_lib = ERR_get_next_error_library();
	error_strings[0].error = ERR_PACK(error_lib, 0, 0);
	if (rsa_index < 0 || ec_index < 0 || rsa_method == NULL || ec_method == NULL || !ERR_load_strings(error_lib, error_strings))
		return;
	engine = ENGINE_new();
	if (engine != NULL)
		ENGINE_set_pkey_meths(engine, pkey_methods);
}

/* A key of the public half and the signer's id. NULL if it is neither RSA nor EC. */
static EVP_PKEY *new_key(const unsigned char *spki, int len, uintptr_t id)
{
	EVP_PKEY *key = d2i_PUBKEY(NULL, &spki, len);

	pthread_once(&once, init);
	if (key != NULL && engine != NULL && set_signer(key, id) && EVP_PKEY_set1_engine(key, engine))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static int use_signer(SSL_CTX *ctx, SSL *ssl, const unsigned char *spki, int len, uintptr_t id)
{
	EVP_PKEY *key = new_key(spki, len, id);
	int ok = key != NULL && (ssl != NULL ? SSL_use_PrivateKey(ssl, key) : SSL_CTX_use_PrivateKey(ctx, key)) == 1;

	EVP_PKEY_free(key);
	return ok;
}

/* If it fails, the signer has died. */
gossl_result gossl_ctx_use_signer(SSL_CTX *ctx, const unsigned char *spki, int len, uintptr_t id)
{
	return GOSSL_CTX(ctx, PUSHES, use_signer(ctx, NULL, spki, len, id), r.ret != 1);
}

gossl_result gossl_ssl_use_signer(gossl_ssl *s, const unsigned char *spki, int len, uintptr_t id)
{
	return GOSSL_SSL(s, ACTS | PUSHES, use_signer(NULL, s->ssl, spki, len, id), r.ret != 1);
}
