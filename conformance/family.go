package conformance

import (
	"io"
	"strings"
)

// Operations of the session family that answer with more than a number, as ../cdriver/family.c has them.

// counted is a result of bytes: their number, and they.
func (c *call) counted(b []byte) {
	c.ret(len(b))
	c.data(string(b))
}

// optional is a result that is NULL in C where it is "" in Go.
func (c *call) optional(s string) {
	c.answer(s != "")
	c.data(s)
}

// written is the length of what a method writes, 0 if it fails.
func (c *call) written(write func(io.Writer) error) {
	var b strings.Builder
	err := write(&b)
	c.ret(b.Len())
	c.err(err)
}

// encoded is the length of an encoding, 0 if there is none.
func (c *call) encoded(b []byte, err error) {
	c.ret(len(b))
	c.err(err)
}

func runTicketKeys(c *call) {
	keys, err := c.ctx(0).TLSExtTicketKeys()
	c.status(err)
	c.data(string(keys))
}

// runTime has 0 for the zero Time of no session.
func runTime(c *call) {
	t := c.session(0).Time()
	if t.IsZero() {
		c.ret(0)
		return
	}
	c.ret(int(t.Unix()))
}
