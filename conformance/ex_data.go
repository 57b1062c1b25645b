package conformance

import (
	"sync"

	"github.com/seed-c1436005/libssl"
)

// indices are those that scenarios have made. libssl takes none back: the next scenario gets them again, without a value in its new objects.
var indices struct {
	sync.Mutex
	made [sameKind][]libssl.ExIndex
}

func newIndex(of kind, create func() (libssl.ExIndex, error)) func(*call) {
	return func(c *call) {
		indices.Lock()
		defer indices.Unlock()
		var err error
		if c.d.indices[of] == len(indices.made[of]) {
			var index libssl.ExIndex
			if index, err = create(); err == nil {
				indices.made[of] = append(indices.made[of], index)
			}
		}
		c.status(err)
		if err == nil {
			c.d.indices[of]++
		}
	}
}

// index is the one of argument 1. Beyond those that the scenario has made is one of nothing.
func (c *call) index(of kind) libssl.ExIndex {
	indices.Lock()
	defer indices.Unlock()
	if n := c.number(1); n < c.d.indices[of] {
		return indices.made[of][n]
	}
	return libssl.ExIndex{}
}

// exValue is the string of argument 2, nil for NULL.
func (c *call) exValue() any {
	if c.op.args[2].null {
		return nil
	}
	return c.text(2)
}

func (c *call) exData(value any) {
	text, ok := value.(string)
	c.answer(ok)
	c.data(text)
}
