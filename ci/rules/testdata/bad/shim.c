#include "shim.h"

int helper(void) /* want 7 */
{
	return ERR_peek_error() != 0; /* want 3 */
}

static int twice(void)
{
	return helper();
}

gossl_result gossl_session_new(void)
{
	gossl_result r = { twice() };
#ifdef GOSSL_OTHER
	ERR_clear_error(); /* want 3 */
#endif
	return r;
}
