package conformance

import (
	"errors"
	"time"

	"github.com/seed-c1436005/libssl"
)

// outcome says which results of an operation mean that the call failed.
type outcome int

const (
	never    outcome = iota
	zero             // 0 is the failure
	nonzero          // 0 is the only success
	sslError         // SSL_get_error is another than NONE
)

// opdef is an operation.
//
// words: a letter an argument: k SSL_CTX, s SSL, a SSL_SESSION, o any object; n number, v version, t time, m method, w string, f file of testdata,
// x hexadecimal bytes; + repeats the letter before it. The word NULL may stand for an object and for a string. What stands after | is how a callback
// answers: instead of it, "off" removes the callback, and with a colon behind its last word, an operation may follow that the callback executes.
type opdef struct {
	words string
	makes kind // none: returns no object that has to be named
	fails outcome
	run   func(*call) // nil: C alone has it
}

// call is an operation while it is executed.
type call struct {
	d      *driver
	op     *Op
	line   map[string]any
	failed bool
	stack  libssl.ErrorStack // what the binding tells of the failure
	sides  bool              // a handshake: each side has a queue of its own
	busy   bool              // a callback that the call installed executes its operation
}

func (c *call) name(i int) *name {
	if c.op.args[i].name < 0 {
		return nil
	}
	return c.d.names[c.op.args[i].name]
}

// ssl returns nil for NULL, as do ctx and session.
func (c *call) ssl(i int) *libssl.SSL {
	if n := c.name(i); n != nil && n.handle != nil {
		return n.handle.(*libssl.SSL)
	}
	return nil
}

func (c *call) ctx(i int) *libssl.Ctx {
	if n := c.name(i); n != nil && n.handle != nil {
		return n.handle.(*libssl.Ctx)
	}
	return nil
}

func (c *call) session(i int) *libssl.Session {
	if n := c.name(i); n != nil && n.handle != nil {
		return n.handle.(*libssl.Session)
	}
	return nil
}

func (c *call) number(i int) int            { return int(c.op.args[i].number) }
func (c *call) text(i int) string           { return c.op.args[i].word }
func (c *call) bytes(i int) []byte          { return []byte(c.op.args[i].word) }
func (c *call) hex(i int) []byte            { return c.op.args[i].bytes }
func (c *call) method(i int) libssl.Method  { return c.op.args[i].method() }
func (c *call) file(i int) string           { return testdata(c.op.args[i].word) }
func (c *call) seconds(i int) time.Duration { return time.Duration(c.number(i)) * time.Second }
func (c *call) data(s string)               { c.line["data"] = s }
func (c *call) ret(n int)                   { c.line["ret"] = n }
func (c *call) answer(b bool)               { c.ret(number(b)) }
func (c *call) isRelative(i int) bool       { return c.op.args[i].relative }

// time is that of an argument; 0 is the zero Time, which is 0 in C.
func (c *call) time(i int) time.Time {
	switch n := c.op.args[i].number; {
	case c.isRelative(i):
		return time.Now().Add(time.Duration(n) * time.Second)
	case n == 0:
		return time.Time{}
	default:
		return time.Unix(n, 0)
	}
}

// value is the result of a method of an SSL, which returns what C returned.
func (c *call) value(n int) {
	c.ret(n)
	c.failed = c.op.def.fails == zero && n == 0 || c.op.def.fails == nonzero && n != 0
	if c.failed {
		c.stack = c.ssl(0).LastErrors()
	}
}

// io is the result of an I/O call.
func (c *call) io(n int) {
	c.ret(n)
	e := c.ssl(0).GetError(n)
	c.line["error"] = errorNames[e]
	c.failed = e != libssl.ErrorNone
	if c.failed {
		c.stack = c.ssl(0).LastErrors()
	}
}

// status is the result of a method that returns an error where C returns 0 or 1.
func (c *call) status(err error) {
	c.answer(err == nil)
	c.err(err)
}

// count is the result of a method for which C's 0 is an answer, no failure.
func (c *call) count(n int, err error) {
	c.ret(n)
	c.err(err)
}

func (c *call) err(err error) {
	if err == nil {
		return
	}
	c.failed = true
	if !errors.As(err, &c.stack) {
		c.line["error that is no ErrorStack"] = err.Error()
	}
}

// bind gives the name of the operation to what it made. fresh: nobody can have had the object before.
func (c *call) bind(h handle, fresh bool, err error) {
	c.answer(err == nil && h != nil)
	c.err(err)
	if err != nil || h == nil {
		return
	}
	d := c.d
	d.addDeaths()
	n := d.names[c.op.makes]
	ptr := pointer(h)
	if fresh {
		d.bury(n.kind, ptr)
	}
	if n.kind == sessionKind && d.nameOf(sessionKind, ptr, true) == "" {
		tag(ptr, d.tagOf(c.op.makes))
	}
	n.handle, n.ptr, n.owned = h, ptr, true
}

func (c *call) bindCtx(ctx *libssl.Ctx, err error) {
	if ctx == nil {
		c.bind(nil, false, err)
		return
	}
	c.bind(ctx, true, err)
}

func (c *call) bindSSL(ssl *libssl.SSL, fresh bool, err error) {
	if ssl == nil {
		c.bind(nil, false, err)
		return
	}
	c.bind(ssl, fresh, err)
}

func (c *call) bindSession(session *libssl.Session, err error) {
	if session == nil {
		c.bind(nil, false, err)
		return
	}
	c.bind(session, false, err)
}

var errorNames = map[int]string{
	libssl.ErrorNone:            "NONE",
	libssl.ErrorSSL:             "SSL",
	libssl.ErrorWantRead:        "WANT_READ",
	libssl.ErrorWantWrite:       "WANT_WRITE",
	libssl.ErrorWantX509Lookup:  "WANT_X509_LOOKUP",
	libssl.ErrorSyscall:         "SYSCALL",
	libssl.ErrorZeroReturn:      "ZERO_RETURN",
	libssl.ErrorWantConnect:     "WANT_CONNECT",
	libssl.ErrorWantAccept:      "WANT_ACCEPT",
	libssl.ErrorWantAsync:       "WANT_ASYNC",
	libssl.ErrorWantAsyncJob:    "WANT_ASYNC_JOB",
	libssl.ErrorWantClientHello: "WANT_CLIENT_HELLO_CB",
}

// readSize is the buffer of reading operations.
const readSize = 256

func runRead(read func(*libssl.SSL, []byte) int) func(*call) {
	return func(c *call) {
		b := make([]byte, readSize)
		n := read(c.ssl(0), b)
		c.io(n)
		c.data(string(b[:max(n, 0)]))
	}
}

func runReadEarlyData(c *call) {
	b := make([]byte, readSize)
	result, n := c.ssl(0).ReadEarlyData(b)
	c.io(result)
	c.data(string(b[:n]))
}

func runWriteEarlyData(c *call) {
	result, _ := c.ssl(0).WriteEarlyData(c.bytes(1))
	c.io(result)
}

func runSetSSLCtx(c *call) {
	c.value(c.ssl(0).SetSSLCtx(c.ctx(1)))
	now := c.ssl(0).Ctx()
	c.answer(now.Same(c.ctx(1)))
	now.Free()
}

// runSetALPNProtos sets one protocol, as the extension has it: a byte of length before it.
func runSetALPNProtos(c *call) {
	protos := c.bytes(1)
	if len(protos) > 0 {
		protos = append([]byte{byte(len(protos))}, protos...)
	}
	c.value(c.ssl(0).SetALPNProtos(protos))
}

func runServername(c *call) {
	name := c.ssl(0).Servername()
	c.answer(name != "")
	c.data(name)
}

// runSetTime returns what C does: its argument. What depends on the clock is not for a trace.
func runSetTime(c *call) {
	want := c.time(1)
	if want.IsZero() {
		want = time.Unix(0, 0)
	}
	c.err(c.session(0).SetTime(want))
	got := c.session(0).Time().Unix()
	if c.isRelative(1) && got == want.Unix() {
		got = 1
	}
	c.ret(int(got))
}

// operations are those of ../cdriver/ops.def; a test compares them.
var operations = map[string]*opdef{
	// SSL_CTX
	"SSL_CTX_new":                      {"m", ctxKind, zero, func(c *call) { c.bindCtx(libssl.NewCtx(c.method(0))) }},
	"SSL_CTX_set_min_proto_version":    {"kv", none, zero, func(c *call) { c.status(c.ctx(0).SetMinProtoVersion(c.number(1))) }},
	"SSL_CTX_set_max_proto_version":    {"kv", none, zero, func(c *call) { c.status(c.ctx(0).SetMaxProtoVersion(c.number(1))) }},
	"SSL_CTX_set_cipher_list":          {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetCipherList(c.text(1))) }},
	"SSL_CTX_set_ciphersuites":         {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetCiphersuites(c.text(1))) }},
	"SSL_CTX_set1_groups_list":         {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetGroupsList(c.text(1))) }},
	"SSL_CTX_set_options":              {"kn", none, never, func(c *call) { c.ret(int(c.ctx(0).SetOptions(uint(c.number(1))))) }},
	"SSL_CTX_clear_options":            {"kn", none, never, func(c *call) { c.ret(int(c.ctx(0).ClearOptions(uint(c.number(1))))) }},
	"SSL_CTX_set_verify":               {"kn", none, never, func(c *call) { c.ctx(0).SetVerify(c.number(1)) }},
	"SSL_CTX_load_verify_locations":    {"kf", none, zero, func(c *call) { c.status(c.ctx(0).LoadVerifyLocations(c.file(1), "")) }},
	"SSL_CTX_set_session_id_context":   {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetSessionIDContext(c.bytes(1))) }},
	"SSL_CTX_set_session_cache_mode":   {"kn", none, never, func(c *call) { c.ret(c.ctx(0).SetSessionCacheMode(c.number(1))) }},
	"SSL_CTX_sess_set_cache_size":      {"kn", none, never, func(c *call) { c.ret(c.ctx(0).SessSetCacheSize(c.number(1))) }},
	"SSL_CTX_set_timeout":              {"kn", none, never, func(c *call) { c.ret(int(c.ctx(0).SetTimeout(c.seconds(1)) / time.Second)) }},
	"SSL_CTX_set_num_tickets":          {"kn", none, zero, func(c *call) { c.ctx(0).SetNumTickets(c.number(1)); c.ret(1) }},
	"SSL_CTX_set_max_early_data":       {"kn", none, zero, func(c *call) { c.ctx(0).SetMaxEarlyData(uint32(c.number(1))); c.ret(1) }},
	"SSL_CTX_set_ssl_version":          {"km", none, zero, func(c *call) { c.status(c.ctx(0).SetSSLVersion(c.method(1))) }},
	"SSL_CTX_add_session":              {"ka", none, never, func(c *call) { c.count(c.ctx(0).AddSession(c.session(1))) }},
	"SSL_CTX_remove_session":           {"ka", none, never, func(c *call) { c.count(c.ctx(0).RemoveSession(c.session(1))) }},
	"SSL_CTX_flush_sessions":           {"kt", none, never, func(c *call) { c.err(c.ctx(0).FlushSessions(c.time(1))) }},
	"SSL_CTX_set_quiet_shutdown":       {"kn", none, never, func(c *call) { c.ctx(0).SetQuietShutdown(c.number(1) != 0) }},
	"SSL_CTX_set_srp_username":         {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetSRPUsername(c.text(1))) }},
	"SSL_CTX_set_srp_password":         {"kw", none, zero, func(c *call) { c.status(c.ctx(0).SetSRPPassword(c.text(1))) }},
	"SSL_CTX_get_session_cache_mode":   {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessionCacheMode()) }},
	"SSL_CTX_sess_get_cache_size":      {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessGetCacheSize()) }},
	"SSL_CTX_sess_number":              {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessNumber()) }},
	"SSL_CTX_sess_connect":             {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessConnect()) }},
	"SSL_CTX_sess_connect_good":        {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessConnectGood()) }},
	"SSL_CTX_sess_connect_renegotiate": {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessConnectRenegotiate()) }},
	"SSL_CTX_sess_accept":              {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessAccept()) }},
	"SSL_CTX_sess_accept_good":         {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessAcceptGood()) }},
	"SSL_CTX_sess_accept_renegotiate":  {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessAcceptRenegotiate()) }},
	"SSL_CTX_sess_hits":                {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessHits()) }},
	"SSL_CTX_sess_cb_hits":             {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessCbHits()) }},
	"SSL_CTX_sess_misses":              {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessMisses()) }},
	"SSL_CTX_sess_timeouts":            {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessTimeouts()) }},
	"SSL_CTX_sess_cache_full":          {"k", none, never, func(c *call) { c.ret(c.ctx(0).SessCacheFull()) }},
	"SSL_CTX_get_timeout":              {"k", none, never, func(c *call) { c.ret(int(c.ctx(0).Timeout() / time.Second)) }},
	"SSL_CTX_get_num_tickets":          {"k", none, never, func(c *call) { c.ret(c.ctx(0).NumTickets()) }},
	"SSL_CTX_get_max_early_data":       {"k", none, never, func(c *call) { c.ret(int(c.ctx(0).MaxEarlyData())) }},
	"SSL_CTX_set_recv_max_early_data":  {"kn", none, zero, func(c *call) { c.ctx(0).SetRecvMaxEarlyData(uint32(c.number(1))); c.ret(1) }},
	"SSL_CTX_get_recv_max_early_data":  {"k", none, never, func(c *call) { c.ret(int(c.ctx(0).RecvMaxEarlyData())) }},
	"SSL_CTX_use_psk_identity_hint":    {"kw", none, zero, func(c *call) { c.status(c.ctx(0).UsePSKIdentityHint(c.text(1))) }},
	"SSL_CTX_set_tlsext_ticket_keys":   {"kx", none, zero, func(c *call) { c.status(c.ctx(0).SetTLSExtTicketKeys(c.hex(1))) }},
	"SSL_CTX_get_tlsext_ticket_keys":   {"k", none, zero, runTicketKeys},

	// SSL
	"SSL_new":                          {"k", sslKind, zero, runNew},
	"SSL_dup":                          {"s", sslKind, zero, runDup},
	"SSL_set_connect_state":            {"s", none, never, func(c *call) { c.ssl(0).SetConnectState() }},
	"SSL_set_accept_state":             {"s", none, never, func(c *call) { c.ssl(0).SetAcceptState() }},
	"SSL_connect":                      {"s", none, sslError, func(c *call) { c.io(c.ssl(0).Connect()) }},
	"SSL_accept":                       {"s", none, sslError, func(c *call) { c.io(c.ssl(0).Accept()) }},
	"SSL_do_handshake":                 {"s", none, sslError, func(c *call) { c.io(c.ssl(0).DoHandshake()) }},
	"SSL_read":                         {"s", none, sslError, runRead((*libssl.SSL).Read)},
	"SSL_peek":                         {"s", none, sslError, runRead((*libssl.SSL).Peek)},
	"SSL_write":                        {"sw", none, sslError, func(c *call) { c.io(c.ssl(0).Write(c.bytes(1))) }},
	"SSL_shutdown":                     {"s", none, sslError, func(c *call) { c.io(c.ssl(0).Shutdown()) }},
	"SSL_set_shutdown":                 {"sn", none, never, func(c *call) { c.ssl(0).SetShutdown(c.number(1)) }},
	"SSL_set_quiet_shutdown":           {"sn", none, never, func(c *call) { c.ssl(0).SetQuietShutdown(c.number(1) != 0) }},
	"SSL_clear":                        {"s", none, zero, func(c *call) { c.value(c.ssl(0).Clear()) }},
	"SSL_set_session":                  {"sa", none, zero, func(c *call) { c.value(c.ssl(0).SetSession(c.session(1))) }},
	"SSL_get1_session":                 {"s", sessionKind, never, func(c *call) { c.bindSession(c.ssl(0).Session(), nil) }},
	"SSL_session_reused":               {"s", none, never, func(c *call) { c.answer(c.ssl(0).SessionReused()) }},
	"SSL_copy_session_id":              {"ss", none, zero, func(c *call) { c.value(c.ssl(0).CopySessionID(c.ssl(1))) }},
	"SSL_set_SSL_CTX":                  {"sk", none, zero, runSetSSLCtx},
	"SSL_set_ssl_method":               {"sm", none, zero, func(c *call) { c.value(c.ssl(0).SetSSLMethod(c.method(1))) }},
	"SSL_renegotiate":                  {"s", none, zero, func(c *call) { c.value(c.ssl(0).Renegotiate()) }},
	"SSL_renegotiate_abbreviated":      {"s", none, zero, func(c *call) { c.value(c.ssl(0).RenegotiateAbbreviated()) }},
	"SSL_get_error":                    {"sn", none, never, func(c *call) { c.ret(c.ssl(0).GetError(c.number(1))) }},
	"SSL_get_verify_result":            {"s", none, never, func(c *call) { c.ret(c.ssl(0).VerifyResult()) }},
	"SSL_set_verify_result":            {"sn", none, never, func(c *call) { c.ssl(0).SetVerifyResult(c.number(1)) }},
	"SSL_set_verify":                   {"sn", none, never, func(c *call) { c.ssl(0).SetVerify(c.number(1)) }},
	"SSL_set_cipher_list":              {"sw", none, zero, func(c *call) { c.value(c.ssl(0).SetCipherList(c.text(1))) }},
	"SSL_set_ciphersuites":             {"sw", none, zero, func(c *call) { c.value(c.ssl(0).SetCiphersuites(c.text(1))) }},
	"SSL_set_options":                  {"sn", none, never, func(c *call) { c.ret(int(c.ssl(0).SetOptions(uint(c.number(1))))) }},
	"SSL_set_min_proto_version":        {"sv", none, zero, func(c *call) { c.value(c.ssl(0).SetMinProtoVersion(c.number(1))) }},
	"SSL_set_max_proto_version":        {"sv", none, zero, func(c *call) { c.value(c.ssl(0).SetMaxProtoVersion(c.number(1))) }},
	"SSL_set_session_id_context":       {"sw", none, zero, func(c *call) { c.value(c.ssl(0).SetSessionIDContext(c.bytes(1))) }},
	"SSL_set_tlsext_host_name":         {"sw", none, zero, func(c *call) { c.value(c.ssl(0).SetTLSExtHostName(c.text(1))) }},
	"SSL_set_alpn_protos":              {"sw", none, nonzero, runSetALPNProtos},
	"SSL_get_servername":               {"s", none, never, runServername},
	"SSL_use_certificate_file":         {"sf", none, zero, func(c *call) { c.value(c.ssl(0).UseCertificateFile(c.file(1), libssl.FiletypePEM)) }},
	"SSL_write_early_data":             {"sw", none, sslError, runWriteEarlyData},
	"SSL_read_early_data":              {"s", none, sslError, runReadEarlyData},
	"SSL_get_early_data_status":        {"s", none, never, func(c *call) { c.ret(c.ssl(0).EarlyDataStatus()) }},
	"SSL_set_max_early_data":           {"sn", none, zero, func(c *call) { c.value(c.ssl(0).SetMaxEarlyData(uint32(c.number(1)))) }},
	"SSL_has_matching_session_id":      {"sa", none, never, func(c *call) { c.answer(c.ssl(0).HasMatchingSessionID(c.session(1).ID())) }},
	"SSL_set_num_tickets":              {"sn", none, zero, func(c *call) { c.value(c.ssl(0).SetNumTickets(c.number(1))) }},
	"SSL_get_num_tickets":              {"s", none, never, func(c *call) { c.ret(c.ssl(0).NumTickets()) }},
	"SSL_get_max_early_data":           {"s", none, never, func(c *call) { c.ret(int(c.ssl(0).MaxEarlyData())) }},
	"SSL_set_recv_max_early_data":      {"sn", none, zero, func(c *call) { c.value(c.ssl(0).SetRecvMaxEarlyData(uint32(c.number(1)))) }},
	"SSL_get_recv_max_early_data":      {"s", none, never, func(c *call) { c.ret(int(c.ssl(0).RecvMaxEarlyData())) }},
	"SSL_use_psk_identity_hint":        {"sw", none, zero, func(c *call) { c.value(c.ssl(0).UsePSKIdentityHint(c.text(1))) }},
	"SSL_get_psk_identity":             {"s", none, never, func(c *call) { c.optional(c.ssl(0).PSKIdentity()) }},
	"SSL_get_psk_identity_hint":        {"s", none, never, func(c *call) { c.optional(c.ssl(0).PSKIdentityHint()) }},
	"SSL_client_hello_get0_session_id": {"s", none, never, func(c *call) { c.ret(len(c.ssl(0).ClientHelloSessionID())) }},

	// SSL_SESSION
	"SSL_SESSION_new":                      {"", sessionKind, zero, func(c *call) { c.bindSession(libssl.NewSession()) }},
	"SSL_SESSION_dup":                      {"a", sessionKind, zero, func(c *call) { c.bindSession(c.session(0).Dup()) }},
	"SSL_SESSION_set_time":                 {"at", none, never, runSetTime},
	"SSL_SESSION_set_timeout":              {"an", none, zero, func(c *call) { c.status(c.session(0).SetTimeout(c.seconds(1))) }},
	"SSL_SESSION_set1_id":                  {"aw", none, zero, func(c *call) { c.status(c.session(0).SetID(c.bytes(1))) }},
	"SSL_SESSION_set1_id_context":          {"aw", none, zero, func(c *call) { c.status(c.session(0).SetIDContext(c.bytes(1))) }},
	"SSL_SESSION_set_protocol_version":     {"av", none, zero, func(c *call) { c.status(c.session(0).SetProtocolVersion(c.number(1))) }},
	"SSL_SESSION_set1_hostname":            {"aw", none, zero, func(c *call) { c.status(c.session(0).SetHostname(c.text(1))) }},
	"SSL_SESSION_set1_alpn_selected":       {"aw", none, zero, func(c *call) { c.status(c.session(0).SetALPNSelected(c.text(1))) }},
	"SSL_SESSION_set_max_early_data":       {"an", none, zero, func(c *call) { c.status(c.session(0).SetMaxEarlyData(uint32(c.number(1)))) }},
	"SSL_SESSION_is_resumable":             {"a", none, never, func(c *call) { c.answer(c.session(0).IsResumable()) }},
	"SSL_SESSION_get_id":                   {"a", none, never, func(c *call) { c.counted(c.session(0).ID()) }},
	"SSL_SESSION_get0_id_context":          {"a", none, never, func(c *call) { c.counted(c.session(0).IDContext()) }},
	"SSL_SESSION_get_protocol_version":     {"a", none, never, func(c *call) { c.ret(c.session(0).ProtocolVersion()) }},
	"SSL_SESSION_get0_cipher":              {"a", none, never, func(c *call) { c.optional(c.session(0).Cipher()) }},
	"SSL_SESSION_set_cipher":               {"an", none, zero, func(c *call) { c.status(c.session(0).SetCipher(uint16(c.number(1)))) }},
	"SSL_SESSION_get_compress_id":          {"a", none, never, func(c *call) { c.ret(c.session(0).CompressID()) }},
	"SSL_SESSION_get0_hostname":            {"a", none, never, func(c *call) { c.optional(c.session(0).Hostname()) }},
	"SSL_SESSION_get0_alpn_selected":       {"a", none, never, func(c *call) { c.counted([]byte(c.session(0).ALPNSelected())) }},
	"SSL_SESSION_get0_ticket":              {"a", none, never, func(c *call) { c.ret(len(c.session(0).Ticket())) }},
	"SSL_SESSION_has_ticket":               {"a", none, never, func(c *call) { c.answer(c.session(0).HasTicket()) }},
	"SSL_SESSION_get_ticket_lifetime_hint": {"a", none, never, func(c *call) { c.ret(int(c.session(0).TicketLifetimeHint() / time.Second)) }},
	"SSL_SESSION_get_max_early_data":       {"a", none, never, func(c *call) { c.ret(int(c.session(0).MaxEarlyData())) }},
	"SSL_SESSION_get_max_fragment_length":  {"a", none, never, func(c *call) { c.ret(c.session(0).MaxFragmentLength()) }},
	"SSL_SESSION_get_master_key":           {"a", none, never, func(c *call) { c.ret(len(c.session(0).MasterKey())) }},
	"SSL_SESSION_set1_master_key":          {"ax", none, zero, func(c *call) { c.status(c.session(0).SetMasterKey(c.hex(1))) }},
	"SSL_SESSION_get0_peer":                {"a", none, never, func(c *call) { c.ret(len(c.session(0).PeerCertificateDER())) }},
	"SSL_SESSION_get0_ticket_appdata":      {"a", none, never, func(c *call) { c.counted(c.session(0).TicketAppData()) }},
	"SSL_SESSION_set1_ticket_appdata":      {"aw", none, zero, func(c *call) { c.status(c.session(0).SetTicketAppData(c.bytes(1))) }},
	"SSL_SESSION_get_time":                 {"a", none, never, runTime},
	"SSL_SESSION_get_timeout":              {"a", none, never, func(c *call) { c.ret(int(c.session(0).Timeout() / time.Second)) }},
	"SSL_SESSION_print":                    {"a", none, zero, func(c *call) { c.written(c.session(0).Print) }},
	"SSL_SESSION_print_keylog":             {"a", none, zero, func(c *call) { c.written(c.session(0).PrintKeylog) }},
	"i2d_SSL_SESSION":                      {"a", none, zero, func(c *call) { c.encoded(c.session(0).DER()) }},
	"PEM_write_bio_SSL_SESSION":            {"a", none, zero, func(c *call) { c.encoded(c.session(0).PEM()) }},

	// Values of the program's own. An index is named by when the scenario made it: the first is 0.
	"SSL_CTX_get_ex_new_index":     {"", none, zero, newIndex(ctxKind, libssl.CtxGetExNewIndex)},
	"SSL_CTX_set_ex_data":          {"knw", none, zero, func(c *call) { c.status(c.ctx(0).SetExData(c.index(ctxKind), c.exValue())) }},
	"SSL_CTX_get_ex_data":          {"kn", none, never, func(c *call) { c.exData(c.ctx(0).ExData(c.index(ctxKind))) }},
	"SSL_get_ex_new_index":         {"", none, zero, newIndex(sslKind, libssl.SSLGetExNewIndex)},
	"SSL_set_ex_data":              {"snw", none, zero, func(c *call) { c.value(c.ssl(0).SetExData(c.index(sslKind), c.exValue())) }},
	"SSL_get_ex_data":              {"sn", none, never, func(c *call) { c.exData(c.ssl(0).ExData(c.index(sslKind))) }},
	"SSL_SESSION_get_ex_new_index": {"", none, zero, newIndex(sessionKind, libssl.SessionGetExNewIndex)},
	"SSL_SESSION_set_ex_data":      {"anw", none, zero, func(c *call) { c.status(c.session(0).SetExData(c.index(sessionKind), c.exValue())) }},
	"SSL_SESSION_get_ex_data":      {"an", none, never, func(c *call) { c.exData(c.session(0).ExData(c.index(sessionKind))) }},

	// Callbacks: each call is an event. What follows the object is what it answers, or "off".
	"SSL_CTX_set_generate_session_id":            {"k|w", none, never, func(c *call) { c.ctx(0).SetGenerateSessionID(c.generateID()) }},
	"SSL_set_generate_session_id":                {"s|w", none, never, func(c *call) { c.ret(c.ssl(0).SetGenerateSessionID(c.generateID())) }},
	"SSL_CTX_set_not_resumable_session_callback": {"k|n", none, never, func(c *call) { c.ctx(0).SetNotResumableSessionCallback(c.notResumable()) }},
	"SSL_set_not_resumable_session_callback":     {"s|n", none, never, func(c *call) { c.ssl(0).SetNotResumableSessionCallback(c.notResumable()) }},
	"SSL_CTX_set_allow_early_data_cb":            {"k|n", none, never, func(c *call) { c.ctx(0).SetAllowEarlyDataCB(c.allowEarlyData()) }},
	"SSL_set_allow_early_data_cb":                {"s|n", none, never, func(c *call) { c.ssl(0).SetAllowEarlyDataCB(c.allowEarlyData()) }},
	"SSL_CTX_set_psk_client_callback":            {"k|wx", none, never, func(c *call) { c.ctx(0).SetPSKClientCallback(c.pskClient()) }},
	"SSL_set_psk_client_callback":                {"s|wx", none, never, func(c *call) { c.ssl(0).SetPSKClientCallback(c.pskClient()) }},
	"SSL_CTX_set_psk_server_callback":            {"k|x", none, never, func(c *call) { c.ctx(0).SetPSKServerCallback(c.pskServer()) }},
	"SSL_set_psk_server_callback":                {"s|x", none, never, func(c *call) { c.ssl(0).SetPSKServerCallback(c.pskServer()) }},
	"SSL_CTX_set_psk_use_session_callback":       {"k|aw", none, never, func(c *call) { c.ctx(0).SetPSKUseSessionCallback(c.pskUse()) }},
	"SSL_set_psk_use_session_callback":           {"s|aw", none, never, func(c *call) { c.ssl(0).SetPSKUseSessionCallback(c.pskUse()) }},
	"SSL_CTX_set_psk_find_session_callback":      {"k|a", none, never, func(c *call) { c.ctx(0).SetPSKFindSessionCallback(c.pskFind()) }},
	"SSL_set_psk_find_session_callback":          {"s|a", none, never, func(c *call) { c.ssl(0).SetPSKFindSessionCallback(c.pskFind()) }},
	"SSL_CTX_set_session_ticket_cb":              {"k|wnn", none, never, func(c *call) { c.ctx(0).SetSessionTicketCB(c.ticketCB()) }},
	"SSL_CTX_set_tlsext_ticket_key_cb":           {"k|wnwn", none, never, func(c *call) { c.ctx(0).SetTLSExtTicketKeyCB(c.ticketKey()); c.ret(1) }},
	"SSL_CTX_set_info_callback":                  {"k|n", none, never, func(c *call) { c.ctx(0).SetInfoCallback(c.info()) }},
	"SSL_CTX_set_client_cert_cb":                 {"k|n", none, never, func(c *call) { c.ctx(0).SetClientCertCB(c.clientCert()) }},
	"SSL_CTX_set_cookie_generate_cb":             {"k|w", none, never, func(c *call) { c.ctx(0).SetCookieGenerateCB(c.cookie("cookie_generate_cb")) }},
	"SSL_CTX_set_cookie_verify_cb":               {"k|n", none, never, func(c *call) { c.ctx(0).SetCookieVerifyCB(c.cookieSeen("cookie_verify_cb")) }},
	"SSL_CTX_set_stateless_cookie_generate_cb":   {"k|w", none, never, func(c *call) { c.ctx(0).SetStatelessCookieGenerateCB(c.cookie("stateless_cookie_generate_cb")) }},
	"SSL_CTX_set_stateless_cookie_verify_cb":     {"k|n", none, never, func(c *call) { c.ctx(0).SetStatelessCookieVerifyCB(c.cookieSeen("stateless_cookie_verify_cb")) }},
	"SSL_stateless":                              {"s", none, never, func(c *call) { c.ret(c.ssl(0).Stateless()) }},

	// C alone: the binding does not have them.
	"SSL_CTX_sess_get_new_cb":        {"k", none, never, nil},
	"SSL_CTX_sess_get_remove_cb":     {"k", none, never, nil},
	"SSL_CTX_sess_get_get_cb":        {"k", none, never, nil},
	"SSL_CTX_get_info_callback":      {"k", none, never, nil},
	"SSL_CTX_get_client_cert_cb":     {"k", none, never, nil},
	"SSL_CTX_set_client_cert_engine": {"kw", none, zero, nil},
	"SSL_set_session_secret_cb":      {"s|x", none, zero, nil},
	"SSL_set_session_ticket_ext_cb":  {"s|n", none, zero, nil},
	"SSL_set_session_ticket_ext":     {"sw", none, zero, nil},
	"refile":                         {"a", sessionKind, zero, nil},

	// Composites
	"server":      {"v+", ctxKind, zero, runServer},
	"client":      {"v+", ctxKind, zero, runClient},
	"certificate": {"k", none, zero, func(c *call) { c.status(useCertificate(c.ctx(0))) }},
	"link":        {"ss", none, never, runLink},
	"link_fd":     {"ss", none, never, runLinkFD},
	"move":        {"ss", none, never, runMove},
	"handshake":   {"ss", none, sslError, runHandshake},
	"eof":         {"s", none, never, runEOF},
	"inject":      {"sx", none, never, runInject},
	"fill":        {"s", none, never, runFill},
	"reparse":     {"a", sessionKind, zero, runReparse},
	"repem":       {"a", sessionKind, zero, runRepem},
	"without_ems": {"a", sessionKind, zero, runWithoutEMS},
	"parse":       {"x", sessionKind, zero, func(c *call) { c.bindSession(libssl.ParseSession(c.hex(0))) }},
	"parse_pem":   {"x", sessionKind, zero, func(c *call) { c.bindSession(libssl.ParseSessionPEM(c.hex(0))) }},
	"matching_id": {"sw", none, never, func(c *call) { c.answer(c.ssl(0).HasMatchingSessionID(c.bytes(1))) }},
	"up_ref":      {"o", sameKind, zero, runUpRef},
	"free":        {"o", none, never, func(c *call) { c.d.release(c.name(0)) }},
	"cert_is":     {"sf", none, never, runCertIs},
	"oom":         {"n", none, never, func(c *call) { c.d.failNext = c.number(0) }},
}
