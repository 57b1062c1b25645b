package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// progress shows on a terminal how far a run is. It leaves nothing behind.
type progress struct {
	sync.Mutex
	to          io.Writer // nil where nobody looks
	what        string
	done, steps int
}

func newProgress(to io.Writer, what string, steps int) *progress {
	p := &progress{what: what, steps: steps}
	if f, ok := to.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.to = to
		}
	}
	return p
}

func (p *progress) step() {
	p.Lock()
	defer p.Unlock()
	p.done++
	if p.to != nil {
		fmt.Fprintf(p.to, "\r\033[K%s: %d of %d", p.what, p.done, p.steps)
	}
}

func (p *progress) end() {
	p.Lock()
	defer p.Unlock()
	if p.to != nil {
		fmt.Fprint(p.to, "\r\033[K")
	}
	p.to = nil
}
