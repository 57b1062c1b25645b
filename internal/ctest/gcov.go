//go:build libssl_gcov

package ctest

// extern void __gcov_dump(void);
import "C"

// DumpCoverage writes gcov's counters: Go's exit does not run C's.
func DumpCoverage() { C.__gcov_dump() }
