/*
 * exit() runs OPENSSL_cleanup(), which frees what other threads use: in plain C, too, a program with a thread inside libssl may crash then. Go's threads
 * cannot be stopped before exit(), so that the library switches this off. It comes before the constructor that starts Go; it has no effect
 * if the program has used OpenSSL before it loads the library.
 */
#include <openssl/crypto.h>

__attribute__((constructor(101))) static void no_cleanup(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
