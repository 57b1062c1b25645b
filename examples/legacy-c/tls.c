#include "tls.h"

#include <openssl/err.h>
#include <string.h>

void fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	ERR_print_errors_fp(stderr);
	_Exit(1);
}

/* For both sides, without tickets up to TLS 1.2. The program is started in this directory, or TESTDATA says where the certificates are. */
SSL_CTX *new_ctx(int version)
{
	const char *dir = getenv("TESTDATA");
	char cert[512], key[512];
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	snprintf(cert, sizeof(cert), "%s/server.pem", dir != NULL ? dir : "../../conformance/testdata");
	snprintf(key, sizeof(key), "%s/server.key", dir != NULL ? dir : "../../conformance/testdata");
	expect(ctx != NULL);
	expect(SSL_CTX_set_min_proto_version(ctx, version) == 1 && SSL_CTX_set_max_proto_version(ctx, version) == 1);
	expect(SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 && SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1);
	if (version != TLS1_3_VERSION)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return ctx;
}

/* A client and a server. What one writes the other reads, in memory. */
void new_pair(SSL_CTX *client_ctx, SSL_CTX *server_ctx, SSL **client, SSL **server)
{
	BIO *a, *b;

	expect((*client = SSL_new(client_ctx)) != NULL && (*server = SSL_new(server_ctx)) != NULL);
	expect(BIO_new_bio_pair(&a, 1 << 16, &b, 1 << 16) == 1);
	SSL_set_bio(*client, a, a);
	SSL_set_bio(*server, b, b);
	SSL_set_connect_state(*client);
	SSL_set_accept_state(*server);
}

/* Without SSL_shutdown() SSL_free() would flag the session as not resumable. */
void end_pair(SSL *client, SSL *server)
{
	SSL_shutdown(client);
	SSL_shutdown(server);
	SSL_free(client);
	SSL_free(server);
}

/* Takes the entries of this thread's queue, oldest first, and returns how many there are. */
int take_queue(struct entry *entries)
{
	const char *file, *data;
	int n = 0, flags;

	memset(entries, 0, MAX_ENTRIES * sizeof(*entries));
	while (n < MAX_ENTRIES && (entries[n].code = ERR_get_error_line_data(&file, &entries[n].line, &data, &flags)) != 0) {
		snprintf(entries[n].file, sizeof(entries[n].file), "%s", file);
		if (flags & ERR_TXT_STRING)
			snprintf(entries[n].data, sizeof(entries[n].data), "%s", data);
		n++;
	}
	return n;
}

int same_queue(const struct entry *a, int n, const struct entry *b, int m)
{
	if (n != m)
		return 0;
	for (int i = 0; i < n; i++)
		if (a[i].code != b[i].code || a[i].line != b[i].line || strcmp(a[i].file, b[i].file) != 0 || strcmp(a[i].data, b[i].data) != 0)
			return 0;
	return 1;
}
