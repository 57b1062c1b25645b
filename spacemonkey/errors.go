package openssl

import (
	"errors"
	"strings"

	"github.com/seed-c1436005/libssl"
)

// sslError gives a failure of libssl the text that the original gives it, since programs look for parts of that.
type sslError struct {
	stack libssl.ErrorStack
	cause error
}

func (e *sslError) Error() string {
	texts := make([]string, len(e.stack.Entries))
	for i, entry := range e.stack.Entries {
		texts[i] = entry.Lib + ":" + entry.Func + ":" + entry.Reason
	}
	return "SSL errors: " + strings.Join(texts, "\n")
}

// Unwrap returns what package libssl or tlsnet said.
func (e *sslError) Unwrap() error { return e.cause }

// explain makes the original's error of one of libssl. What libssl has not said itself stays as it is.
func explain(err error) error {
	var stack libssl.ErrorStack
	if !errors.As(err, &stack) || len(stack.Entries) == 0 {
		return err
	}
	return &sslError{stack, err}
}

// succeeded is for functions of libssl that return 1.
func succeeded(ssl *libssl.SSL, ret int) error {
	if ret == 1 {
		return nil
	}
	return explain(ssl.LastErrors())
}
