/* Operations of the session family that answer with more than a number, or need something to write to; values of the program's own. */
#include <string.h>

#include <openssl/pem.h>

#include "driver.h"

/* The length is the result. */
static void result_bytes(struct result *r, const void *bytes, size_t len)
{
	result_number(r, (long long)len);
	result_data(r, bytes, len);
}

/* Whether there is a string is the result. */
static void result_string(struct result *r, const char *s)
{
	result_number(r, s != NULL);
	result_data(r, s ? s : "", s ? strlen(s) : 0);
}

void family_get_id(struct op *op, struct result *r)
{
	unsigned int len;
	const unsigned char *id = SSL_SESSION_get_id(object(op, 0), &len);

	result_bytes(r, id, len);
}

void family_get_id_context(struct op *op, struct result *r)
{
	unsigned int len;
	const unsigned char *id = SSL_SESSION_get0_id_context(object(op, 0), &len);

	result_bytes(r, id, len);
}

void family_get_cipher(struct op *op, struct result *r)
{
	const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(object(op, 0));

	result_string(r, cipher ? SSL_CIPHER_get_name(cipher) : NULL);
}

/* Ciphers are constants of libssl, which has them by number for an SSL only. */
void family_set_cipher(struct op *op, struct result *r)
{
	bool was_off = alloc_pause(true);
	const unsigned char id[] = { (unsigned char)(op->arg[1].number >> 8), (unsigned char)op->arg[1].number };
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	const SSL_CIPHER *cipher = ssl ? SSL_CIPHER_find(ssl, id) : NULL;

	SSL_free(ssl);
	SSL_CTX_free(ctx);
	alloc_pause(was_off);
	result_number(r, SSL_SESSION_set_cipher(object(op, 0), cipher));
}

void family_get_hostname(struct op *op, struct result *r)
{
	result_string(r, SSL_SESSION_get0_hostname(object(op, 0)));
}

void family_get_alpn(struct op *op, struct result *r)
{
	const unsigned char *alpn;
	size_t len;

	SSL_SESSION_get0_alpn_selected(object(op, 0), &alpn, &len);
	result_bytes(r, alpn, len);
}

/* Not the bytes, which are random. */
void family_get_ticket(struct op *op, struct result *r)
{
	const unsigned char *ticket;
	size_t len;

	SSL_SESSION_get0_ticket(object(op, 0), &ticket, &len);
	result_number(r, (long long)len);
}

void family_get_appdata(struct op *op, struct result *r)
{
	void *data;
	size_t len;

	SSL_SESSION_get0_ticket_appdata(object(op, 0), &data, &len);
	result_bytes(r, data, len);
}

/* The length of what is written, or 0: it holds the secret. Secure memory, as the binding has it: as many allocations. */
static void written(struct op *op, struct result *r, int (*write)(BIO *b, SSL_SESSION *session))
{
	BIO *b = BIO_new(BIO_s_secmem());
	char *text;

	result_number(r, b != NULL && write(b, object(op, 0)) == 1 ? BIO_get_mem_data(b, &text) : 0);
	BIO_free(b);
}

static int print(BIO *b, SSL_SESSION *session)
{
	return SSL_SESSION_print(b, session);
}

static int print_keylog(BIO *b, SSL_SESSION *session)
{
	return SSL_SESSION_print_keylog(b, session);
}

static int write_pem(BIO *b, SSL_SESSION *session)
{
	return PEM_write_bio_SSL_SESSION(b, session);
}

void family_print(struct op *op, struct result *r)
{
	written(op, r, print);
}

void family_print_keylog(struct op *op, struct result *r)
{
	written(op, r, print_keylog);
}

void family_write_pem(struct op *op, struct result *r)
{
	written(op, r, write_pem);
}

static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

/* Nobody is asked for a password. */
void family_parse_pem(struct op *op, struct result *r)
{
	BIO *b = BIO_new_mem_buf(op->arg[0].bytes, (int)op->arg[0].len);

	bind_object(op, r, b != NULL ? PEM_read_bio_SSL_SESSION(b, NULL, no_password, NULL) : NULL);
	BIO_free(b);
}

void family_get_ticket_keys(struct op *op, struct result *r)
{
	unsigned char keys[80];

	result_number(r, SSL_CTX_get_tlsext_ticket_keys(object(op, 0), keys, sizeof(keys)));
	result_data(r, keys, sizeof(keys));
}

void family_get_psk_identity(struct op *op, struct result *r)
{
	result_string(r, SSL_get_psk_identity(object(op, 0)));
}

void family_get_psk_identity_hint(struct op *op, struct result *r)
{
	result_string(r, SSL_get_psk_identity_hint(object(op, 0)));
}

void family_client_hello_id(struct op *op, struct result *r)
{
	const unsigned char *id;

	result_number(r, (long long)SSL_client_hello_get0_session_id(object(op, 0), &id));
}

/* Indices for ex_data, in the order in which the scenario made them. */
static int indices[KIND_SESSION + 1][12];
static size_t index_count[KIND_SESSION + 1];

int family_new_index(enum kind kind, int index)
{
	if (index < 0 || index_count[kind] == sizeof(indices[kind]) / sizeof(*indices[kind]))
		return 0;
	indices[kind][index_count[kind]++] = index;
	return 1;
}

/* Beyond them is one that nobody has made. */
int family_index(enum kind kind, long n)
{
	return n >= 0 && (size_t)n < index_count[kind] ? indices[kind][n] : 999;
}

void family_get_ex_data(struct op *op, struct result *r)
{
	long n = (long)op->arg[1].number;

	switch (op->def->words[0]) {
	case 'k':
		result_string(r, SSL_CTX_get_ex_data(object(op, 0), family_index(KIND_CTX, n)));
		break;
	case 's':
		result_string(r, SSL_get_ex_data(object(op, 0), family_index(KIND_SSL, n)));
		break;
	default:
		result_string(r, SSL_SESSION_get_ex_data(object(op, 0), family_index(KIND_SESSION, n)));
		break;
	}
}
