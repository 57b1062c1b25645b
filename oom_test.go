package libssl_test

// runChild runs a scenario in a process of its own if this is one, and reports whether it was.
func runChild() bool { return false }
