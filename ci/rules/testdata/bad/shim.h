#include <openssl/ssl.h>

typedef struct gossl_result {
	long ret;
	void *ptr;
} gossl_result;

gossl_result gossl_session_new(void);
void gossl_unused(void); /* want 7 */
