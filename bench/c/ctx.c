/* The two contexts of a way to connect, set as the other workers set theirs. */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file(const char *key, const char *what)
{
	static char path[512];
	const char *dir = getenv("BENCH_PKI");

	MUST(dir != NULL);
	snprintf(path, sizeof(path), "%s/%s-%s", dir, key, what);
	return path;
}

/* kind is a version and a way to resume: 1.2-full, 1.2-id, 1.2-ticket, 1.3-full, 1.3-psk. */
struct ends *ends_new(const char *kind, const char *key, const char *ciphers)
{
	struct ends *e = allot(sizeof(*e));
	int version = strncmp(kind, "1.2", 3) == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

	e->client = SSL_CTX_new(TLS_client_method());
	e->server = SSL_CTX_new(TLS_server_method());
	MUST(e->client != NULL && e->server != NULL);
	for (int i = 0; i < 2; i++) {
		SSL_CTX *ctx = i == 0 ? e->client : e->server;

		MUST(SSL_CTX_set_min_proto_version(ctx, version) && SSL_CTX_set_max_proto_version(ctx, version));
		/* P-256 is for the curve of the certificate. */
		MUST(SSL_CTX_set1_groups_list(ctx, "X25519:P-256"));
		MUST(SSL_CTX_set_cipher_list(ctx, ciphers) && SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"));
		MUST(SSL_CTX_set_num_tickets(ctx, 1));
		if (strcmp(kind + 4, "id") == 0)
			SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	}
	/* A client with its cache on makes a session of TLS 1.3 good for one use only. */
	SSL_CTX_set_session_cache_mode(e->client, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(e->client, SSL_VERIFY_PEER, NULL);
	MUST(SSL_CTX_load_verify_locations(e->client, file(key, "ca.pem"), NULL));
	MUST(SSL_CTX_use_certificate_chain_file(e->server, file(key, "leaf.pem")));
	MUST(SSL_CTX_use_PrivateKey_file(e->server, file(key, "leaf.key"), SSL_FILETYPE_PEM));
	MUST(SSL_CTX_set_session_id_context(e->server, (const unsigned char *)"bench", 5));
	return e;
}

SSL *ends_client(struct ends *e)
{
	SSL *ssl = SSL_new(e->client);

	MUST(ssl != NULL && SSL_set_tlsext_host_name(ssl, "localhost") && SSL_set1_host(ssl, "localhost"));
	SSL_set_connect_state(ssl);
	if (e->session != NULL)
		MUST(SSL_set_session(ssl, e->session) == 1);
	return ssl;
}

SSL *ends_server(struct ends *e)
{
	SSL *ssl = SSL_new(e->server);

	MUST(ssl != NULL);
	SSL_set_accept_state(ssl);
	return ssl;
}

void ends_keep(struct ends *e, SSL *client)
{
	e->session = SSL_get1_session(client);
	MUST(e->session != NULL);
}
