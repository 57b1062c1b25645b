package main

import "path"

// lists are the exceptions to the rules, each with its reason.
type lists struct {
	importC       []string // directories that may import "C"; the root is "."
	readsQueue    allowed  // rule 3: C functions that may look into the error queue, as "file:function"
	pragmas       allowed  // rule 5: C functions with nocallback or noescape
	noCounterpart allowed  // rule 6: exported functions that no C function corresponds to
	noLeave       allowed  // rule 8: trampolines that run no callback of the user
}

func projectLists() *lists {
	return &lists{
		importC: []string{".", "internal/ctest", "diag", "capi", "examples/legacy*"},
		readsQueue: allow(map[string]string{
			"shim_cert.c:at_end_of_pem": "libcrypto says with an entry that a PEM file has ended; the queue is the call's own",
		}),
		pragmas: allow(nil),
		noCounterpart: allow(map[string]string{
			"Adopt*":               "turns a C pointer into a handle",
			"Borrow*":              "turns a C pointer into a handle",
			"*.With":               "turns a handle into a C pointer",
			"*.HandOut":            "turns a handle into a C pointer",
			"*.Same":               "C compares pointers",
			"Session.Equal":        "C compares encodings",
			"SSL.LastErrors":       "C has a queue for each thread",
			"KeepQueue":            "C has a queue for each thread",
			"Error.Error":          "method of error",
			"Error.Is":             "for errors.Is",
			"ErrorStack.Error":     "method of error",
			"ErrorStack.Unwrap":    "for errors.Is",
			"CallbackPanic.Error":  "method of error",
			"CallbackPanic.Unwrap": "for errors.Is",
			"Ctx.SetPanicHandler":  "C has no panics",
			"Explanation.String":   "for people",
			"Reason.String":        "for people",
			"SSL.ExplainSession":   "C never tells",
			"SSL.AwaitSession":     "C has no goroutines",
			"Engine.SSL":           "C has the pointer",
			"Engine.SetEOF":        "C's BIO returns 0",
			"EncodeALPN":           "C leaves the form to the caller",
			"DecodeALPN":           "C leaves the form to the caller",
			"NewTicketRing":        "C leaves rotation to the caller",
			"TicketRing.*":         "C leaves rotation to the caller",
		}),
		noLeave: allow(map[string]string{
			"gosslCtxDies":    "removes an entry; no code of the user runs",
			"gosslForget":     "removes an entry; no code of the user runs",
			"gosslSignerDies": "removes an entry; no code of the user runs",
			"gosslShare":      "adds an entry; no code of the user runs",
			"gosslTick":       "does nothing",
			"gosslWake":       "closes a channel; no code of the user runs",
			"gosslDispatch":   "hands work to the dispatcher's goroutine, where no C frame waits",
		}),
	}
}

// allowed are exceptions by name or, with a *, by pattern.
type allowed map[string]*exception

type exception struct {
	reason string
	used   bool
}

func allow(reasons map[string]string) allowed {
	a := allowed{}
	for name, reason := range reasons {
		a[name] = &exception{reason: reason}
	}
	return a
}

// has reports whether name is an exception, which counts as a use of it.
func (a allowed) has(name string) bool {
	found := false
	for pattern, e := range a {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			e.used, found = true, true
		}
	}
	return found
}
