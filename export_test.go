package libssl

import (
	"slices"
	"time"
)

// SetStuckAfter shortens the wait for a callback that does not end. It returns the function that undoes it.
func SetStuckAfter(d time.Duration) func() {
	old := stuckAfter
	stuckAfter = d
	return func() { stuckAfter = old }
}

// Leftovers counts what must be gone when no handle is alive: registry entries, work left by callbacks, signers, SSL_CTXs that C still knows.
func Leftovers() int { return ctxStates.Len() + afterCalls.Len() + kept.Len() + signers.Len() }

// QueuesLeft counts calls that left an entry of their own in an error queue; only with -tags libssl_check.
func QueuesLeft() int { return queuesLeft() }

// Awaiting counts the goroutines in AwaitSession.
func Awaiting() int { return arrivals.Waiters() }

// Wiped reports whether the memory of the ring has nothing beyond its keys, of which there are n.
func (r *TicketRing) Wiped(n int) bool {
	k := r.load()
	return k.n == n && !slices.ContainsFunc(keyBytes(k.key[n:]), func(b byte) bool { return b != 0 })
}
