//go:build !libssl_gcov

package ctest

// DumpCoverage does nothing without -tags libssl_gcov.
func DumpCoverage() {}
