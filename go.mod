module github.com/seed-c1436005/libssl

go 1.24

require github.com/google/go-cmp v0.7.0
