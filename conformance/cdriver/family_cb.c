/* Callbacks of the session family other than the cache's. What each answers is in the words of the operation that installed it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "driver.h"

/* What was installed, the latest last. */
static struct installed {
	const void *object;
	const struct op *op;
} installed[64];
static int installed_count;

/* Reports whether the object is an SSL_CTX. */
static bool install(struct op *op)
{
	if (installed_count == sizeof(installed) / sizeof(*installed))
		usage_error(op->file, op->line, "too many callbacks in one scenario");
	installed[installed_count].object = object(op, 0);
	installed[installed_count++].op = op;
	return op->def->words[0] == 'k';
}

/* The SSL's own comes first. */
static const struct op *find(const SSL *ssl, op_fn *kind)
{
	const void *objects[] = { ssl, home_of(ssl) };

	for (int o = 0; o < 2; o++)
		for (int i = installed_count - 1; i >= 0; i--)
			if (installed[i].object == objects[o] && installed[i].op->def->run == kind)
				return installed[i].op;
	fputs("cdriver: a callback that nobody installed\n", stderr);
	abort();
}

static int generate_id(SSL *ssl, unsigned char *id, unsigned int *len)
{
	const struct value *v = &find(ssl, family_on_generate_id)->arg[1];
	bool fits = v->len <= *len;

	event_ssl("generate_session_id", ssl, "", 0);
	*len = fits ? (unsigned int)v->len : 0;
	memcpy(id, v->word, *len);
	return fits;
}

void family_on_generate_id(struct op *op, struct result *r)
{
	if (install(op))
		SSL_CTX_set_generate_session_id(object(op, 0), generate_id);
	else
		result_number(r, SSL_set_generate_session_id(object(op, 0), generate_id));
}

static int not_resumable(SSL *ssl, int forward_secure)
{
	event_ssl("not_resumable_session_callback", ssl, forward_secure ? "1" : "0", 1);
	return (int)find(ssl, family_on_not_resumable)->arg[1].number;
}

void family_on_not_resumable(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_not_resumable_session_callback(object(op, 0), not_resumable);
	else
		SSL_set_not_resumable_session_callback(object(op, 0), not_resumable);
}

static int early_data(SSL *ssl, void *arg)
{
	(void)arg;
	event_ssl("allow_early_data_cb", ssl, "", 0);
	return (int)find(ssl, family_on_early_data)->arg[1].number;
}

void family_on_early_data(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_allow_early_data_cb(object(op, 0), early_data, NULL);
	else
		SSL_set_allow_early_data_cb(object(op, 0), early_data, NULL);
}

/* Puts the word into the session. */
static int ticket_generate(SSL *ssl, void *arg)
{
	const struct op *op = find(ssl, family_on_ticket);

	(void)arg;
	event_ssl("generate_ticket_cb", ssl, "", 0);
	SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), op->arg[1].word, op->arg[1].len);
	return (int)op->arg[2].number;
}

/* The last word answers where there is a session. */
static SSL_TICKET_RETURN ticket_decrypt(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len, SSL_TICKET_STATUS status, void *arg)
{
	char told[64];
	void *data = NULL;
	size_t data_len = 0;

	(void)name, (void)arg;
	if (session != NULL)
		SSL_SESSION_get0_ticket_appdata(session, &data, &data_len);
	snprintf(told, sizeof(told), "%d %zu %.*s", (int)status, len, (int)data_len, data ? (char *)data : "");
	event_ssl("decrypt_ticket_cb", ssl, told, strlen(told));
	return session ? (SSL_TICKET_RETURN)find(ssl, family_on_ticket)->arg[3].number : SSL_TICKET_RETURN_IGNORE_RENEW;
}

void family_on_ticket(struct op *op, struct result *r)
{
	(void)r;
	install(op);
	SSL_CTX_set_session_ticket_cb(object(op, 0), ticket_generate, ticket_decrypt, NULL);
}

static unsigned int psk_client(SSL *ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk, unsigned int max_psk)
{
	const struct op *op = find(ssl, family_on_psk_client);

	event_ssl("psk_client_callback", ssl, hint ? hint : "", hint ? strlen(hint) : 0);
	if (op->arg[1].len > max_identity || op->arg[2].len > max_psk)
		return 0;
	memcpy(identity, op->arg[1].word, op->arg[1].len);
	memcpy(psk, op->arg[2].bytes, op->arg[2].len);
	return (unsigned int)op->arg[2].len;
}

void family_on_psk_client(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_psk_client_callback(object(op, 0), psk_client);
	else
		SSL_set_psk_client_callback(object(op, 0), psk_client);
}

static unsigned int psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk)
{
	const struct value *v = &find(ssl, family_on_psk_server)->arg[1];

	event_ssl("psk_server_callback", ssl, identity, strlen(identity));
	if (v->len > max_psk)
		return 0;
	memcpy(psk, v->bytes, v->len);
	return (unsigned int)v->len;
}

void family_on_psk_server(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_psk_server_callback(object(op, 0), psk_server);
	else
		SSL_set_psk_server_callback(object(op, 0), psk_server);
}

/* libssl consumes a reference. */
static SSL_SESSION *hand_over(const struct op *op)
{
	SSL_SESSION *session = object(op, 1);

	if (session != NULL)
		SSL_SESSION_up_ref(session);
	return session;
}

static int psk_use(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
	const struct op *op = find(ssl, family_on_psk_use);
	const char *digest = md ? EVP_MD_name(md) : "";

	event_ssl("psk_use_session_callback", ssl, digest, strlen(digest));
	*session = hand_over(op);
	*id = *session ? (const unsigned char *)op->arg[2].word : NULL;
	*len = *session ? op->arg[2].len : 0;
	return 1;
}

void family_on_psk_use(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_psk_use_session_callback(object(op, 0), psk_use);
	else
		SSL_set_psk_use_session_callback(object(op, 0), psk_use);
}

static int psk_find(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
	event_ssl("psk_find_session_callback", ssl, identity, len);
	*session = hand_over(find(ssl, family_on_psk_find));
	return 1;
}

void family_on_psk_find(struct op *op, struct result *r)
{
	(void)r;
	if (install(op))
		SSL_CTX_set_psk_find_session_callback(object(op, 0), psk_find);
	else
		SSL_set_psk_find_session_callback(object(op, 0), psk_find);
}
