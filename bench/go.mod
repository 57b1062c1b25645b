module github.com/seed-c1436005/libssl/bench

go 1.24

require (
	github.com/google/go-cmp v0.7.0
	github.com/libp2p/go-openssl v0.1.0
	github.com/seed-c1436005/libssl v0.0.0
	github.com/spacemonkeygo/openssl v0.0.0-20181017203307-c2dcc5cca94a
)

require (
	github.com/mattn/go-pointer v0.0.1 // indirect
	github.com/spacemonkeygo/spacelog v0.0.0-20180420211403-2296661a0572 // indirect
	golang.org/x/sys v0.35.0 // indirect
)

replace github.com/seed-c1436005/libssl => ../
