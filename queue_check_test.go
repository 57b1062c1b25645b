//go:build libssl_check

package libssl_test

import (
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl/internal/ctest"
)

// The watch over the queue, which TestMain asks at the end, sees an entry that a call left: here, one of C's own callback.
func TestQueueIsWatched(t *testing.T) {
	if inChild(t) {
		ctx := clientCtx(t, 0)
		cached(t, ctx, 1)
		ctx.With(ctest.SetFailingRemove)
		onThread(t, func() {
			ctx.RemoveSession(withID(t, 1))
			ctest.Drain()
		})
		return
	}
	out, err := runInChild(t, t.Name())
	if err == nil || !strings.Contains(out, "1 calls left an entry in the error queue") {
		t.Errorf("%v\n%s", err, head(out))
	}
}
