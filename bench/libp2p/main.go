// Libp2p stands for the worker of github.com/libp2p/go-openssl, which has the API of spacemonkeygo/openssl. The benchmark builds it from that worker's
// source with the other import path, in place of this file.
package main

import (
	"log"

	_ "github.com/libp2p/go-openssl"
)

func main() { log.Fatal("libp2p: go run . in bench builds it") }
