package handle

import "sync/atomic"

// Keeper is an object that Refs keep reachable until they are closed, so that something lives as long as any of them: what Hold gave it.
type Keeper struct {
	taken atomic.Bool
	held  any
}

// Hold keeps what v returns, if nothing is kept yet; otherwise it reports false and v is not called.
func (k *Keeper) Hold(v func() any) bool {
	if !k.taken.CompareAndSwap(false, true) {
		return false
	}
	k.held = v()
	return true
}
