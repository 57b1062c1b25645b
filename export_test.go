package libssl

import "time"

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

// Lookup is what a handshake does with the ring: it returns the key's name and libssl's result.
func (r *TicketRing) Lookup(name []byte) (got [16]byte, result int) {
	result = r.use(name, VersionTLS12, func(k *ringKey) bool {
		got = k.name
		return true
	})
	return got, result
}

// Secrets returns the memory of the keys, whatever becomes of it: the next one, the current one, old ones.
func (r *TicketRing) Secrets() (secrets []*ringSecret) {
	for _, k := range r.keys {
		secrets = append(secrets, k.secret)
	}
	return secrets
}

// Wiped reports whether there is nothing left in it.
func (s *ringSecret) Wiped() bool { return *s == ringSecret{} }
