// A function without a body, which go:linkname names, needs a file of assembly in its package.
