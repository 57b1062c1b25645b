//go:build !cgo

package libssl

var _ = package_libssl_binds_the_system_OpenSSL_and_needs_cgo_set_CGO_ENABLED_to_1_and_install_a_C_compiler
