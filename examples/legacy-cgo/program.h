/* The C half of the program, which is older than its use of package libssl: it makes the objects, and frees its references. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <openssl/ssl.h>

SSL_CTX *program_ctx(const char *cert, const char *key);
SSL *program_ssl(SSL_CTX *ctx, int server);
SSL_SESSION *program_session(void);
void program_join(SSL *a, SSL *b);
int program_connect(SSL *client, SSL *server);
unsigned long program_first_error(int *entries);
void program_decode_badly(void);

#endif
