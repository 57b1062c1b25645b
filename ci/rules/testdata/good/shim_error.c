#include "shim.h"

void gossl_only_c(void)
{
	ERR_clear_error();
}
