package libssl

// #include "cgo.h"
import "C"

// Method says which versions, and which side of a connection, an SSL can be. The zero Method is C's NULL, and refused: [ErrNilMethod].
type Method struct{ p *C.SSL_METHOD }

// TLSMethod is all versions of TLS that are enabled. TLSMethod corresponds to TLS_method(3).
func TLSMethod() Method { return Method{C.TLS_method()} }

// TLSClientMethod is all versions of TLS that are enabled as client. TLSClientMethod corresponds to TLS_client_method(3).
func TLSClientMethod() Method { return Method{C.TLS_client_method()} }

// TLSServerMethod is all versions of TLS that are enabled as server. TLSServerMethod corresponds to TLS_server_method(3).
func TLSServerMethod() Method { return Method{C.TLS_server_method()} }

// TLSv1Method is TLS 1.0 only. TLSv1Method corresponds to TLSv1_method(3).
func TLSv1Method() Method { return Method{C.TLSv1_method()} }

// TLSv1ClientMethod is TLS 1.0 only as client. TLSv1ClientMethod corresponds to TLSv1_client_method(3).
func TLSv1ClientMethod() Method { return Method{C.TLSv1_client_method()} }

// TLSv1ServerMethod is TLS 1.0 only as server. TLSv1ServerMethod corresponds to TLSv1_server_method(3).
func TLSv1ServerMethod() Method { return Method{C.TLSv1_server_method()} }

// TLSv11Method is TLS 1.1 only. TLSv11Method corresponds to TLSv1_1_method(3).
func TLSv11Method() Method { return Method{C.TLSv1_1_method()} }

// TLSv11ClientMethod is TLS 1.1 only as client. TLSv11ClientMethod corresponds to TLSv1_1_client_method(3).
func TLSv11ClientMethod() Method { return Method{C.TLSv1_1_client_method()} }

// TLSv11ServerMethod is TLS 1.1 only as server. TLSv11ServerMethod corresponds to TLSv1_1_server_method(3).
func TLSv11ServerMethod() Method { return Method{C.TLSv1_1_server_method()} }

// TLSv12Method is TLS 1.2 only. TLSv12Method corresponds to TLSv1_2_method(3).
func TLSv12Method() Method { return Method{C.TLSv1_2_method()} }

// TLSv12ClientMethod is TLS 1.2 only as client. TLSv12ClientMethod corresponds to TLSv1_2_client_method(3).
func TLSv12ClientMethod() Method { return Method{C.TLSv1_2_client_method()} }

// TLSv12ServerMethod is TLS 1.2 only as server. TLSv12ServerMethod corresponds to TLSv1_2_server_method(3).
func TLSv12ServerMethod() Method { return Method{C.TLSv1_2_server_method()} }

// DTLSMethod is all versions of DTLS that are enabled. DTLSMethod corresponds to DTLS_method(3).
func DTLSMethod() Method { return Method{C.DTLS_method()} }

// DTLSClientMethod is all versions of DTLS that are enabled as client. DTLSClientMethod corresponds to DTLS_client_method(3).
func DTLSClientMethod() Method { return Method{C.DTLS_client_method()} }

// DTLSServerMethod is all versions of DTLS that are enabled as server. DTLSServerMethod corresponds to DTLS_server_method(3).
func DTLSServerMethod() Method { return Method{C.DTLS_server_method()} }

// DTLSv1Method is DTLS 1.0 only. DTLSv1Method corresponds to DTLSv1_method(3).
func DTLSv1Method() Method { return Method{C.DTLSv1_method()} }

// DTLSv1ClientMethod is DTLS 1.0 only as client. DTLSv1ClientMethod corresponds to DTLSv1_client_method(3).
func DTLSv1ClientMethod() Method { return Method{C.DTLSv1_client_method()} }

// DTLSv1ServerMethod is DTLS 1.0 only as server. DTLSv1ServerMethod corresponds to DTLSv1_server_method(3).
func DTLSv1ServerMethod() Method { return Method{C.DTLSv1_server_method()} }

// DTLSv12Method is DTLS 1.2 only. DTLSv12Method corresponds to DTLSv1_2_method(3).
func DTLSv12Method() Method { return Method{C.DTLSv1_2_method()} }

// DTLSv12ClientMethod is DTLS 1.2 only as client. DTLSv12ClientMethod corresponds to DTLSv1_2_client_method(3).
func DTLSv12ClientMethod() Method { return Method{C.DTLSv1_2_client_method()} }

// DTLSv12ServerMethod is DTLS 1.2 only as server. DTLSv12ServerMethod corresponds to DTLSv1_2_server_method(3).
func DTLSv12ServerMethod() Method { return Method{C.DTLSv1_2_server_method()} }
