#include "shim.h"

#define CLEAR() ERR_clear_error() /* want 3 */

static int twice(void) /* want 7 */
{
	return 2;
}

void gossl_unused(void)
{
	twice();
}
