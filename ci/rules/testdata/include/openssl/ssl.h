/* As much of OpenSSL's headers as the examples need. SSL_in_comment(3) is not in them. */
typedef struct ssl_session_st SSL_SESSION;
typedef struct ssl_ctx_st SSL_CTX;

#define SSL_get0_session SSL_get_session
#define DECLARE_PEM(name) int PEM_read_bio_##name(void);

long SSL_SESSION_get_time(const SSL_SESSION *s);
void SSL_SESSION_free(SSL_SESSION *ses);
int SSL_CTX_add_session(SSL_CTX *ctx, SSL_SESSION *session);
unsigned long ERR_peek_error(void);
unsigned long ERR_get_error(void);
void ERR_clear_error(void);
DECLARE_PEM(SSL_SESSION)
