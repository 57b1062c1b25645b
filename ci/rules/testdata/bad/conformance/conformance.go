package conformance

import "C" // want 1
