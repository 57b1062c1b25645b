#include "bench.h"

#include <openssl/ssl.h>

/* What one connection is for the benchmark, by one thread that drives both ends. Each reads what the other wrote, from the same memory BIO. */
static int connection(SSL_CTX *cctx, SSL_CTX *sctx, SSL_SESSION *session)
{
	SSL *c = SSL_new(cctx), *s = SSL_new(sctx);
	BIO *to_client = BIO_new(BIO_s_mem()), *to_server = BIO_new(BIO_s_mem());
	char byte = 0;
	int ok = 0;

	if (c == NULL || s == NULL || to_client == NULL || to_server == NULL)
		goto end;
	BIO_set_mem_eof_return(to_client, -1);
	BIO_set_mem_eof_return(to_server, -1);
	BIO_up_ref(to_client);
	BIO_up_ref(to_server);
	SSL_set_bio(c, to_client, to_server);
	SSL_set_bio(s, to_server, to_client);
	SSL_set_connect_state(c);
	SSL_set_accept_state(s);
	if (session != NULL && SSL_set_session(c, session) != 1)
		goto end;
	for (int i = 0; i < 5 && !ok; i++) {
		int a = SSL_is_init_finished(c) ? 1 : SSL_do_handshake(c);
		int b = SSL_is_init_finished(s) ? 1 : SSL_do_handshake(s);

		ok = a == 1 && b == 1;
	}
	ok = ok && SSL_write(s, &byte, 1) == 1 && SSL_read(c, &byte, 1) == 1 && SSL_session_reused(c) == (session != NULL);
	SSL_shutdown(c);
	SSL_shutdown(s);
end:
	SSL_free(c);
	SSL_free(s);
	return ok;
}

long ctest_loop_connection(void *client, void *server, void *session, long n)
{
	long done = 0;

	while (done < n && connection(client, server, session))
		done++;
	return done;
}
