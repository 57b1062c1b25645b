#include <openssl/ssl.h>

typedef struct gossl_result {
	long ret;
	void *ptr;
} gossl_result;

gossl_result gossl_session_new(void);
gossl_result gossl_session_dup(SSL_SESSION *session);
void gossl_only_c(void);
#define GOSSL_CALL() gossl_only_macro()
void gossl_only_macro(void);
