#include "bench.h"

#include <openssl/ssl.h>
#include <string.h>

void ctest_nothing(void)
{
}

void ctest_up_ref(void *session)
{
	SSL_SESSION_up_ref(session);
}

void *ctest_get1_session(void *ssl)
{
	return SSL_get1_session(ssl);
}

void ctest_session_free(void *session)
{
	SSL_SESSION_free(session);
}

void ctest_loop_get_id(void *session, long n)
{
	static volatile unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH];
	unsigned int len;

	while (n-- > 0) {
		const unsigned char *p = SSL_SESSION_get_id(session, &len);

		memcpy((void *)id, p, len);
	}
}

/* As every caller of i2d does: ask for the size, then write. */
void ctest_loop_i2d(void *session, long n)
{
	static unsigned char der[1 << 16];

	while (n-- > 0) {
		unsigned char *p = der;

		if (i2d_SSL_SESSION(session, NULL) > (int)sizeof(der))
			return;
		i2d_SSL_SESSION(session, &p);
	}
}
