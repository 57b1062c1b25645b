package good

// #include "shim.h"
import "C"

func lastError() uint32 { return uint32(C.ERR_get_error()) }
