/* Callbacks of the session family other than the cache's. What each answers is in the words of the operation that installed it. */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "driver.h"

static bool of_ctx(const struct op *op)
{
	return op->def->words[0] == 'k';
}

/*
 * Most callbacks have no argument of the program's own, and an SSL inherits the function that its SSL_CTX has when it is made. So each operation
 * that installs one has a function to itself, name_0 to name_7, which calls name with that operation. name_for(op) is that function, NULL for "off".
 */
enum { FUNCTIONS = 8 };
#define FUNCTION(n, type, name, parameters, ...)        \
	static type name##_##n parameters               \
	{                                               \
		return name(name##_op[n], __VA_ARGS__); \
	}
#define CALLBACK(type, name, parameters, ...)                                                                                                             \
	static struct op *name##_op[FUNCTIONS];                                                                                                           \
	FUNCTION(0, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(1, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(2, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(3, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(4, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(5, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(6, type, name, parameters, __VA_ARGS__)                                                                                                  \
	FUNCTION(7, type, name, parameters, __VA_ARGS__)                                                                                                  \
	static type(*name##_for(struct op *op)) parameters                                                                                                \
	{                                                                                                                                                 \
		static type(*const functions[FUNCTIONS]) parameters = { name##_0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7 }; \
		static int count;                                                                                                                         \
                                                                                                                                                          \
		if (op->off)                                                                                                                              \
			return NULL;                                                                                                                      \
		if (count == FUNCTIONS)                                                                                                                   \
			usage_error(op->file, op->line, "too many callbacks of one kind in one scenario");                                                \
		name##_op[count] = op;                                                                                                                    \
		return functions[count++];                                                                                                                \
	}

static int generate_id(struct op *op, SSL *ssl, unsigned char *id, unsigned int *len)
{
	const struct value *v = &op->arg[1];
	bool fits = v->len <= *len;

	event_ssl(op, "generate_session_id", ssl, "", 0);
	*len = fits ? (unsigned int)v->len : 0;
	memcpy(id, v->word, *len);
	return fits;
}

CALLBACK(int, generate_id, (SSL * ssl, unsigned char *id, unsigned int *len), ssl, id, len)

void family_on_generate_id(struct op *op, struct result *r)
{
	if (of_ctx(op))
		SSL_CTX_set_generate_session_id(object(op, 0), generate_id_for(op));
	else
		result_number(r, SSL_set_generate_session_id(object(op, 0), generate_id_for(op)));
}

static int not_resumable(struct op *op, SSL *ssl, int forward_secure)
{
	event_ssl(op, "not_resumable_session_callback", ssl, forward_secure ? "1" : "0", 1);
	return (int)op->arg[1].number;
}

CALLBACK(int, not_resumable, (SSL * ssl, int forward_secure), ssl, forward_secure)

void family_on_not_resumable(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_not_resumable_session_callback(object(op, 0), not_resumable_for(op));
	else
		SSL_set_not_resumable_session_callback(object(op, 0), not_resumable_for(op));
}

/* This one has an argument, which an SSL inherits with the function. */
static int early_data(SSL *ssl, void *arg)
{
	struct op *op = arg;

	event_ssl(op, "allow_early_data_cb", ssl, "", 0);
	return (int)op->arg[1].number;
}

void family_on_early_data(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_allow_early_data_cb(object(op, 0), op->off ? NULL : early_data, op);
	else
		SSL_set_allow_early_data_cb(object(op, 0), op->off ? NULL : early_data, op);
}

/* Puts the word into the session. */
static int ticket_generate(SSL *ssl, void *arg)
{
	struct op *op = arg;

	event_ssl(op, "generate_ticket_cb", ssl, "", 0);
	SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), op->arg[1].word, op->arg[1].len);
	return (int)op->arg[2].number;
}

/* The last word answers where there is a session. */
static SSL_TICKET_RETURN ticket_decrypt(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len, SSL_TICKET_STATUS status, void *arg)
{
	struct op *op = arg;
	char told[64];
	void *data = NULL;
	size_t data_len = 0;

	(void)name;
	if (session != NULL)
		SSL_SESSION_get0_ticket_appdata(session, &data, &data_len);
	snprintf(told, sizeof(told), "%d %zu %.*s", (int)status, len, (int)data_len, data ? (char *)data : "");
	event_ssl(op, "decrypt_ticket_cb", ssl, told, strlen(told));
	return session ? (SSL_TICKET_RETURN)op->arg[3].number : SSL_TICKET_RETURN_IGNORE_RENEW;
}

void family_on_ticket(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_session_ticket_cb(object(op, 0), op->off ? NULL : ticket_generate, op->off ? NULL : ticket_decrypt, op);
}

/* A key has a name of 16 bytes, and of its first byte 32 for AES and 32 for HMAC. */
enum { KEY_NAME = 16, KEY = 32 };

static bool is_key(const unsigned char *name, const struct value *v)
{
	return v->len > 0 && v->len <= KEY_NAME && strnlen((const char *)name, KEY_NAME) == v->len && memcmp(name, v->word, v->len) == 0;
}

static void use_key(unsigned char first, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
	unsigned char key[KEY];

	memset(key, first, sizeof(key));
	EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, enc);
	HMAC_Init_ex(mac, key, sizeof(key), EVP_sha256(), NULL);
}

/* K NAME N KNOWN N: NAME is the key of new tickets; those of KNOWN get the second answer, others of NAME are good, and the rest is not known. */
static int ticket_key(struct op *op, SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
	char told[32];
	int answer;

	snprintf(told, sizeof(told), "%d %.*s", enc, enc ? 0 : KEY_NAME, name);
	event_ssl(op, "tlsext_ticket_key_cb", ssl, told, strlen(told));
	if (enc) {
		answer = (int)op->arg[2].number;
		if (answer > 0) {
			memset(name, 0, KEY_NAME);
			memcpy(name, op->arg[1].word, op->arg[1].len < KEY_NAME ? op->arg[1].len : KEY_NAME);
			RAND_bytes(iv, EVP_CIPHER_iv_length(EVP_aes_256_cbc()));
		}
	} else {
		answer = is_key(name, &op->arg[3]) ? (int)op->arg[4].number : is_key(name, &op->arg[1]);
	}
	if (answer > 0)
		use_key(name[0], iv, cipher, mac, enc);
	return answer;
}

CALLBACK(int, ticket_key, (SSL * ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc), ssl, name, iv, cipher, mac, enc)

void family_on_ticket_key(struct op *op, struct result *r)
{
	result_number(r, SSL_CTX_set_tlsext_ticket_key_cb(object(op, 0), ticket_key_for(op)));
}

static unsigned int psk_client(struct op *op, SSL *ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk, unsigned int max_psk)
{
	event_ssl(op, "psk_client_callback", ssl, hint ? hint : "", hint ? strlen(hint) : 0);
	if (op->arg[1].len > max_identity || op->arg[2].len > max_psk)
		return 0;
	memcpy(identity, op->arg[1].word, op->arg[1].len);
	memcpy(psk, op->arg[2].bytes, op->arg[2].len);
	return (unsigned int)op->arg[2].len;
}

CALLBACK(unsigned int, psk_client, (SSL * ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk, unsigned int max_psk), ssl,
	 hint, identity, max_identity, psk, max_psk)

void family_on_psk_client(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_psk_client_callback(object(op, 0), psk_client_for(op));
	else
		SSL_set_psk_client_callback(object(op, 0), psk_client_for(op));
}

static unsigned int psk_server(struct op *op, SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk)
{
	const struct value *v = &op->arg[1];

	event_ssl(op, "psk_server_callback", ssl, identity, strlen(identity));
	if (v->len > max_psk)
		return 0;
	memcpy(psk, v->bytes, v->len);
	return (unsigned int)v->len;
}

CALLBACK(unsigned int, psk_server, (SSL * ssl, const char *identity, unsigned char *psk, unsigned int max_psk), ssl, identity, psk, max_psk)

void family_on_psk_server(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_psk_server_callback(object(op, 0), psk_server_for(op));
	else
		SSL_set_psk_server_callback(object(op, 0), psk_server_for(op));
}

/* libssl consumes a reference. */
static SSL_SESSION *hand_over(const struct op *op)
{
	SSL_SESSION *session = object(op, 1);

	if (session != NULL)
		SSL_SESSION_up_ref(session);
	return session;
}

static int psk_use(struct op *op, SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
	const char *digest = md ? EVP_MD_name(md) : "";

	event_ssl(op, "psk_use_session_callback", ssl, digest, strlen(digest));
	*session = hand_over(op);
	*id = *session ? (const unsigned char *)op->arg[2].word : NULL;
	*len = *session ? op->arg[2].len : 0;
	return 1;
}

CALLBACK(int, psk_use, (SSL * ssl, const EVP_MD *md, const unsigned char **id, size_t *len, SSL_SESSION **session), ssl, md, id, len, session)

void family_on_psk_use(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_psk_use_session_callback(object(op, 0), psk_use_for(op));
	else
		SSL_set_psk_use_session_callback(object(op, 0), psk_use_for(op));
}

static int psk_find(struct op *op, SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
	event_ssl(op, "psk_find_session_callback", ssl, identity, len);
	*session = hand_over(op);
	return 1;
}

CALLBACK(int, psk_find, (SSL * ssl, const unsigned char *identity, size_t len, SSL_SESSION **session), ssl, identity, len, session)

void family_on_psk_find(struct op *op, struct result *r)
{
	(void)r;
	if (of_ctx(op))
		SSL_CTX_set_psk_find_session_callback(object(op, 0), psk_find_for(op));
	else
		SSL_set_psk_find_session_callback(object(op, 0), psk_find_for(op));
}

/* Those that a mask asks for. */
static void info(struct op *op, const SSL *ssl, int where, int ret)
{
	char told[32];

	if ((where & op->arg[1].number) == 0)
		return;
	snprintf(told, sizeof(told), "0x%x %d", where, ret);
	event_ssl(op, "info_callback", ssl, told, strlen(told));
}

CALLBACK(void, info, (const SSL *ssl, int where, int ret), ssl, where, ret)

void family_on_info(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_info_callback(object(op, 0), info_for(op));
}

static BIO *client_file(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", data_dir, name);
	return BIO_new_file(path, "r");
}

static int client_cert(struct op *op, SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	bool was_off;

	event_ssl(op, "client_cert_cb", ssl, "", 0);
	was_off = alloc_pause(true);
	if (op->arg[1].number == 1) {
		BIO *from = client_file("client.pem");

		*cert = PEM_read_bio_X509(from, NULL, NULL, NULL);
		BIO_free(from);
		from = client_file("client.key");
		*key = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
		BIO_free(from);
	}
	alloc_pause(was_off);
	return (int)op->arg[1].number;
}

CALLBACK(int, client_cert, (SSL * ssl, X509 **cert, EVP_PKEY **key), ssl, cert, key)

void family_on_client_cert(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_client_cert_cb(object(op, 0), client_cert_for(op));
}

/* A cookie of DTLS and one of SSL_stateless have lengths of different types. */
static int cookie(struct op *op, SSL *ssl, unsigned char *out, unsigned int *len)
{
	const struct value *v = &op->arg[1];

	event_ssl(op, "cookie_generate_cb", ssl, "", 0);
	memcpy(out, v->word, v->len);
	*len = (unsigned int)v->len;
	return v->len > 0;
}

CALLBACK(int, cookie, (SSL * ssl, unsigned char *out, unsigned int *len), ssl, out, len)

static int stateless(struct op *op, SSL *ssl, unsigned char *out, size_t *len)
{
	const struct value *v = &op->arg[1];

	event_ssl(op, "stateless_cookie_generate_cb", ssl, "", 0);
	memcpy(out, v->word, v->len);
	*len = v->len;
	return v->len > 0;
}

CALLBACK(int, stateless, (SSL * ssl, unsigned char *out, size_t *len), ssl, out, len)

static int cookie_seen(struct op *op, SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	event_ssl(op, "cookie_verify_cb", ssl, cookie, len);
	return (int)op->arg[1].number;
}

CALLBACK(int, cookie_seen, (SSL * ssl, const unsigned char *cookie, unsigned int len), ssl, cookie, len)

static int stateless_seen(struct op *op, SSL *ssl, const unsigned char *cookie, size_t len)
{
	event_ssl(op, "stateless_cookie_verify_cb", ssl, cookie, len);
	return (int)op->arg[1].number;
}

CALLBACK(int, stateless_seen, (SSL * ssl, const unsigned char *cookie, size_t len), ssl, cookie, len)

void family_on_cookie(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_cookie_generate_cb(object(op, 0), cookie_for(op));
}

void family_on_cookie_seen(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_cookie_verify_cb(object(op, 0), cookie_seen_for(op));
}

void family_on_stateless(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_stateless_cookie_generate_cb(object(op, 0), stateless_for(op));
}

void family_on_stateless_seen(struct op *op, struct result *r)
{
	(void)r;
	SSL_CTX_set_stateless_cookie_verify_cb(object(op, 0), stateless_seen_for(op));
}
