package libssl

// #include "cgo.h"
import "C"

// ctrl is for the macros around SSL_ctrl that return a value.
func (s *SSL) ctrl(fn string, cmd C.int, arg int) int {
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_ctrl(p, cmd, C.long(arg), nil, 0) })
}

// ctrlText is for the macros around SSL_ctrl that take a string.
func (s *SSL) ctrlText(fn string, cmd C.int, text string) int {
	return s.text(fn, text, func(p *C.gossl_ssl, t *C.char) C.gossl_result { return C.gossl_ssl_ctrl(p, cmd, 0, t, 1) })
}

// MinProtoVersion returns what was set. MinProtoVersion corresponds to SSL_get_min_proto_version(3).
func (s *SSL) MinProtoVersion() int {
	return s.ctrl("SSL_get_min_proto_version", C.SSL_CTRL_GET_MIN_PROTO_VERSION, 0)
}

// MaxProtoVersion returns what was set. MaxProtoVersion corresponds to SSL_get_max_proto_version(3).
func (s *SSL) MaxProtoVersion() int {
	return s.ctrl("SSL_get_max_proto_version", C.SSL_CTRL_GET_MAX_PROTO_VERSION, 0)
}

// Options returns the options. Options corresponds to SSL_get_options(3).
func (s *SSL) Options() uint { return uint(uint32(s.info("SSL_get_options", C.GOSSL_INFO_OPTIONS, 0))) }

// SetMode adds modes and returns the new ones. SetMode corresponds to SSL_set_mode(3).
func (s *SSL) SetMode(mode int) int { return s.ctrl("SSL_set_mode", C.SSL_CTRL_MODE, mode) }

// ClearMode removes modes and returns those that are left. ClearMode corresponds to SSL_clear_mode(3).
func (s *SSL) ClearMode(mode int) int { return s.ctrl("SSL_clear_mode", C.SSL_CTRL_CLEAR_MODE, mode) }

// Mode returns the modes. Mode corresponds to SSL_get_mode(3).
func (s *SSL) Mode() int { return s.ctrl("SSL_get_mode", C.SSL_CTRL_MODE, 0) }

// SetGroupsList is [Ctx.SetGroupsList] for one SSL. It returns 1, or 0. SetGroupsList corresponds to SSL_set1_groups_list(3).
func (s *SSL) SetGroupsList(list string) int {
	return s.ctrlText("SSL_set1_groups_list", C.SSL_CTRL_SET_GROUPS_LIST, list)
}

// SetCurvesList is SetGroupsList, by its old name. It returns 1, or 0. SetCurvesList corresponds to SSL_set1_curves_list(3).
func (s *SSL) SetCurvesList(list string) int { return s.SetGroupsList(list) }

// SetSigalgsList is [Ctx.SetSigalgsList] for one SSL. It returns 1, or 0. SetSigalgsList corresponds to SSL_set1_sigalgs_list(3).
func (s *SSL) SetSigalgsList(list string) int {
	return s.ctrlText("SSL_set1_sigalgs_list", C.SSL_CTRL_SET_SIGALGS_LIST, list)
}

// SetClientSigalgsList is [Ctx.SetClientSigalgsList] for one SSL. It returns 1, or 0.
//
// SetClientSigalgsList corresponds to SSL_set1_client_sigalgs_list(3).
func (s *SSL) SetClientSigalgsList(list string) int {
	return s.ctrlText("SSL_set1_client_sigalgs_list", C.SSL_CTRL_SET_CLIENT_SIGALGS_LIST, list)
}

// SetSecurityLevel is [Ctx.SetSecurityLevel] for one SSL. SetSecurityLevel corresponds to SSL_set_security_level(3).
func (s *SSL) SetSecurityLevel(level int) {
	s.tune("SSL_set_security_level", C.GOSSL_TUNE_SECURITY_LEVEL, level)
}

// SecurityLevel returns the level, 0 if s is nil or freed. SecurityLevel corresponds to SSL_get_security_level(3).
func (s *SSL) SecurityLevel() int {
	return s.info("SSL_get_security_level", C.GOSSL_INFO_SECURITY_LEVEL, 0)
}

// SetReadAhead is [Ctx.SetReadAhead] for one SSL. SetReadAhead corresponds to SSL_set_read_ahead(3).
func (s *SSL) SetReadAhead(on bool) {
	s.tune("SSL_set_read_ahead", C.GOSSL_TUNE_READ_AHEAD, int(cBool(on)))
}

// ReadAhead returns that setting. ReadAhead corresponds to SSL_get_read_ahead(3).
func (s *SSL) ReadAhead() bool { return s.info("SSL_get_read_ahead", C.GOSSL_INFO_READ_AHEAD, 0) == 1 }

// SetMaxSendFragment is [Ctx.SetMaxSendFragment] for one SSL. It returns 1, or 0. Once something was written, a larger size than before makes larger
// writes fail until the buffers are allocated anew.
//
// SetMaxSendFragment corresponds to SSL_set_max_send_fragment(3).
func (s *SSL) SetMaxSendFragment(n int) int {
	return s.try("SSL_set_max_send_fragment", C.SSL_CTRL_SET_MAX_SEND_FRAGMENT, n)
}

// SetSplitSendFragment is [Ctx.SetSplitSendFragment] for one SSL. It returns 1, or 0.
//
// SetSplitSendFragment corresponds to SSL_set_split_send_fragment(3).
func (s *SSL) SetSplitSendFragment(n int) int {
	return s.try("SSL_set_split_send_fragment", C.SSL_CTRL_SET_SPLIT_SEND_FRAGMENT, n)
}

// SetMaxPipelines is [Ctx.SetMaxPipelines] for one SSL. It returns 1, or 0. SetMaxPipelines corresponds to SSL_set_max_pipelines(3).
func (s *SSL) SetMaxPipelines(n int) int {
	return s.try("SSL_set_max_pipelines", C.SSL_CTRL_SET_MAX_PIPELINES, n)
}

// SetDefaultReadBufferLen is [Ctx.SetDefaultReadBufferLen] for one SSL. It returns 1, or 0.
//
// SetDefaultReadBufferLen corresponds to SSL_set_default_read_buffer_len(3).
func (s *SSL) SetDefaultReadBufferLen(n int) int {
	return s.size("SSL_set_default_read_buffer_len", C.GOSSL_TUNE_READ_BUFFER_LEN, n)
}

// size is for settings of bytes, that C takes as unsigned and may allocate.
func (s *SSL) size(fn string, what C.int, n int) int {
	if n < 0 || n > maxBuffer {
		return s.refusal(fn, ErrTooLong)
	}
	return s.tune(fn, what, n)
}

// SetTLSExtMaxFragmentLength is [Ctx.SetTLSExtMaxFragmentLength] for one SSL. It returns 1, or 0.
//
// SetTLSExtMaxFragmentLength corresponds to SSL_set_tlsext_max_fragment_length(3).
func (s *SSL) SetTLSExtMaxFragmentLength(mode int) int {
	return s.tune("SSL_set_tlsext_max_fragment_length", C.GOSSL_TUNE_MAX_FRAGMENT_LENGTH, mode)
}

// SetMaxCertList is [Ctx.SetMaxCertList] for one SSL. SetMaxCertList corresponds to SSL_set_max_cert_list(3).
func (s *SSL) SetMaxCertList(n int) int {
	return s.ctrl("SSL_set_max_cert_list", C.SSL_CTRL_SET_MAX_CERT_LIST, n)
}

// MaxCertList returns the limit. MaxCertList corresponds to SSL_get_max_cert_list(3).
func (s *SSL) MaxCertList() int {
	return s.ctrl("SSL_get_max_cert_list", C.SSL_CTRL_GET_MAX_CERT_LIST, 0)
}

// SetBlockPadding is [Ctx.SetBlockPadding] for one SSL. It returns 1, or 0. SetBlockPadding corresponds to SSL_set_block_padding(3).
func (s *SSL) SetBlockPadding(n int) int {
	return s.size("SSL_set_block_padding", C.GOSSL_TUNE_BLOCK_PADDING, n)
}

// MaxEarlyData returns what SetMaxEarlyData set. MaxEarlyData corresponds to SSL_get_max_early_data(3).
func (s *SSL) MaxEarlyData() uint32 {
	return uint32(s.info("SSL_get_max_early_data", C.GOSSL_INFO_MAX_EARLY_DATA, 0))
}

// SetRecvMaxEarlyData is [Ctx.SetRecvMaxEarlyData] for one SSL. It returns 1, or 0. SetRecvMaxEarlyData corresponds to SSL_set_recv_max_early_data(3).
func (s *SSL) SetRecvMaxEarlyData(n uint32) int {
	return s.tune("SSL_set_recv_max_early_data", C.GOSSL_TUNE_RECV_MAX_EARLY_DATA, int(n))
}

// RecvMaxEarlyData returns what was set. RecvMaxEarlyData corresponds to SSL_get_recv_max_early_data(3).
func (s *SSL) RecvMaxEarlyData() uint32 {
	return uint32(s.info("SSL_get_recv_max_early_data", C.GOSSL_INFO_RECV_MAX_EARLY_DATA, 0))
}

// AllocBuffers allocates the buffers of records, which the first read and write do otherwise. It returns 1, or 0.
//
// AllocBuffers corresponds to SSL_alloc_buffers(3).
func (s *SSL) AllocBuffers() int { return s.tune("SSL_alloc_buffers", C.GOSSL_TUNE_ALLOC_BUFFERS, 0) }

// FreeBuffers frees the buffers of records, which come back when they are needed. It returns 1, or 0 if there is something in them.
//
// FreeBuffers corresponds to SSL_free_buffers(3).
func (s *SSL) FreeBuffers() int { return s.tune("SSL_free_buffers", C.GOSSL_TUNE_FREE_BUFFERS, 0) }
