/* ERR_get_error in a comment is no call. */
#include "shim.h"

static int at_end(void)
{
	return ERR_peek_error() != 0; /* an exception in the list */
}

gossl_result gossl_session_new(void)
{
	gossl_result r = { at_end() };

#ifdef GOSSL_CHECK
	r.ret = ERR_peek_error();
#endif
	gossl_only_c();
	return r;
}
