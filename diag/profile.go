package diag

import (
	"runtime/pprof"
	"sync"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// Profile starts to record where the handles that begin from now on were made, in one profile of runtime/pprof for each type: "libssl.SSL",
// "libssl.Ctx" and "libssl.Session". They hold what is alive, so that what a program forgets to free stands there. Until Profile is called it costs
// one load of a word for each handle; then each handle costs a stack trace. It cannot be stopped.
func Profile() { startProfile() }

var startProfile = sync.OnceFunc(func() {
	p := make(profiles)
	for kind := range handle.Live() {
		p[kind] = pprof.NewProfile("libssl." + kind)
	}
	handle.Track(p)
})

// profiles are those of each kind. A handle is in them by its id: its address would keep it alive.
type profiles map[string]*pprof.Profile

// callers skips the functions of the handle layer.
const callers = 4

func (p profiles) Born(kind string, id uint64) { p[kind].Add(id, callers) }
func (p profiles) Died(kind string, id uint64) { p[kind].Remove(id) }
