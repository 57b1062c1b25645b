package libssl

// #cgo pkg-config: libssl libcrypto
// #cgo CFLAGS: -std=gnu11 -Wno-deprecated-declarations
// #cgo libssl_check CFLAGS: -DGOSSL_CHECK
import "C"
