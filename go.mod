module github.com/seed-c1436005/libssl

go 1.24
