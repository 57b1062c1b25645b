package main

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// maxLines is how long a file may be.
const maxLines = 600

// rule9: no long files.
func (c *checker) rule9() {
	for _, name := range c.names {
		if !slices.Contains([]string{".go", ".c", ".h", ".sh", ".ops"}, path.Ext(name)) {
			continue
		}
		if n := bytes.Count(c.src[name], []byte("\n")); n > maxLines {
			c.report(9, name, 0, "%d lines, more than %d: split it by concern", n, maxLines)
		}
	}
}

// rule10: where packages come from is the machine's business; and the language version that users need.
func (c *checker) rule10() {
	for _, name := range c.names {
		for i, line := range strings.Split(string(c.src[name]), "\n") {
			for host, from := range c.hosts {
				if strings.Contains(line, host) {
					c.report(10, name, i+1, "names the package registry %s (known from %s): take it from the machine's own settings", host, from)
				}
			}
		}
	}
	mod, ok := c.src["go.mod"]
	if !ok {
		return
	}
	version := false
	for i, line := range strings.Split(string(mod), "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "toolchain":
			c.report(10, "go.mod", i+1, "a toolchain line: remove it (`go mod edit -toolchain=none`)")
		case fields[0] == "go":
			version = true
			if len(fields) < 2 || fields[1] != "1.24" {
				c.report(10, "go.mod", i+1, "the go line is not `go 1.24`: lower it, or the dependency that lifted it")
			}
		}
	}
	if !version {
		c.report(10, "go.mod", 0, "no `go 1.24` line: add it")
	}
}
