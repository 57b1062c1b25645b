/* Operations of C alone: functions of libssl's session code that the binding leaves out. A scenario that uses one does not run in Go. */
#include <stdio.h>
#include <string.h>

#include <openssl/engine.h>
#include <openssl/pem.h>
#include <openssl/tls1.h>

#include "driver.h"

/* EAP-FAST: the secret comes from elsewhere, on both sides. */
static int secret(SSL *ssl, void *out, int *len, STACK_OF(SSL_CIPHER) * peer, const SSL_CIPHER **cipher, void *arg)
{
	const struct op *op = arg;

	event_ssl(arg, "session_secret_cb", ssl, "", 0);
	if (op->arg[1].len > (size_t)*len)
		return 0;
	memcpy(out, op->arg[1].bytes, op->arg[1].len);
	*len = (int)op->arg[1].len;
	if (SSL_is_server(ssl))
		*cipher = sk_SSL_CIPHER_value(peer, 0); /* libssl would choose one by the certificate, which it has not looked at yet */
	return 1;
}

void alone_on_secret(struct op *op, struct result *r)
{
	result_number(r, SSL_set_session_secret_cb(object(op, 0), op->off ? NULL : secret, op));
}

static int ticket_ext(SSL *ssl, const unsigned char *data, int len, void *arg)
{
	const struct op *op = arg;

	event_ssl(arg, "session_ticket_ext_cb", ssl, data, (size_t)len);
	return (int)op->arg[1].number;
}

void alone_on_ticket_ext(struct op *op, struct result *r)
{
	result_number(r, SSL_set_session_ticket_ext_cb(object(op, 0), op->off ? NULL : ticket_ext, op));
}

/* By way of a FILE. */
void alone_refile(struct op *op, struct result *r)
{
	FILE *f = tmpfile();
	SSL_SESSION *made = NULL;

	if (f != NULL && PEM_write_SSL_SESSION(f, object(op, 0))) {
		rewind(f);
		made = PEM_read_SSL_SESSION(f, NULL, NULL, NULL);
	}
	if (f != NULL)
		fclose(f);
	bind_object(op, r, made);
}

#ifndef OPENSSL_NO_ENGINE
static int load_client_cert(ENGINE *e, SSL *ssl, STACK_OF(X509_NAME) * names, X509 **cert, EVP_PKEY **key, STACK_OF(X509) * *other, UI_METHOD *ui, void *data)
{
	(void)e, (void)ssl, (void)names, (void)cert, (void)key, (void)other, (void)ui, (void)data;
	return 0;
}

static int engine_works(ENGINE *e)
{
	(void)e;
	return 1;
}

static int engine_fails(ENGINE *e)
{
	(void)e;
	return 0;
}
#endif

/* One that fails, works, or has certificates. */
void alone_set_client_cert_engine(struct op *op, struct result *r)
{
#ifdef OPENSSL_NO_ENGINE
	(void)op, (void)r;
	absent("SSL_CTX_set_client_cert_engine");
#else
	const char *kind = op->arg[1].word;
	ENGINE *e = ENGINE_new();

	ENGINE_set_id(e, "scenario");
	ENGINE_set_init_function(e, strcmp(kind, "fails") == 0 ? engine_fails : engine_works);
	if (strcmp(kind, "certificates") == 0)
		ENGINE_set_load_ssl_client_cert_function(e, load_client_cert);
	result_number(r, SSL_CTX_set_client_cert_engine(object(op, 0), e));
	ENGINE_free(e);
#endif
}
