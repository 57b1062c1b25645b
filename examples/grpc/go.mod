module github.com/seed-c1436005/libssl/examples/grpc

go 1.24

replace github.com/seed-c1436005/libssl => ../..

require (
	github.com/seed-c1436005/libssl v0.0.0-00010101000000-000000000000
	google.golang.org/grpc v1.75.0
)

require (
	golang.org/x/net v0.43.0 // indirect
	golang.org/x/sys v0.35.0 // indirect
	golang.org/x/text v0.28.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250707201910-8d1bb00bc6a7 // indirect
	google.golang.org/protobuf v1.36.6 // indirect
)
