/* What an SSL has negotiated and whom it talks to. */
#include "shim_internal.h"

#include <limits.h>
#include <sys/time.h>

/* The type in the upper half, the bits in the lower 16; 0 if there is none. */
static long key_kind(SSL *ssl, int cmd)
{
	EVP_PKEY *key = NULL;
	long kind = 0;

	if (SSL_ctrl(ssl, cmd, 0, &key) == 1)
		kind = (long)EVP_PKEY_id(key) << 16 | (EVP_PKEY_bits(key) & 0xffff);
	EVP_PKEY_free(key);
	return kind;
}

static int ctrl_nid(SSL *ssl, int cmd)
{
	int nid = NID_undef;

	return SSL_ctrl(ssl, cmd, 0, &nid) == 1 ? nid : NID_undef;
}

static int peer_type_nid(const SSL *ssl)
{
	int nid = NID_undef;

	return SSL_get_peer_signature_type_nid(ssl, &nid) == 1 ? nid : NID_undef;
}

/* Microseconds; -1 if no timer runs. */
static long dtls_timeout(SSL *ssl)
{
	struct timeval t;

	return DTLSv1_get_timeout(ssl, &t) == 1 ? t.tv_sec * 1000000L + t.tv_usec : -1;
}

static long info(SSL *ssl, int what)
{
	switch (what) {
	case GOSSL_INFO_WANT:
		return SSL_want(ssl);
	case GOSSL_INFO_HAS_PENDING:
		return SSL_has_pending(ssl);
	case GOSSL_INFO_STATE:
		return SSL_get_state(ssl);
	case GOSSL_INFO_KEY_UPDATE_TYPE:
		return SSL_get_key_update_type(ssl);
	case GOSSL_INFO_CLIENT_VERSION:
		return SSL_client_version(ssl);
	case GOSSL_INFO_IS_DTLS:
		return SSL_is_dtls(ssl);
	case GOSSL_INFO_DEFAULT_TIMEOUT:
		return SSL_get_default_timeout(ssl);
	case GOSSL_INFO_SERVERNAME_TYPE:
		return SSL_get_servername_type(ssl);
	case GOSSL_INFO_MAX_EARLY_DATA:
		return SSL_get_max_early_data(ssl);
	case GOSSL_INFO_RECV_MAX_EARLY_DATA:
		return SSL_get_recv_max_early_data(ssl);
	case GOSSL_INFO_OPTIONS:
		return (long)SSL_get_options(ssl);
	case GOSSL_INFO_VERIFY_MODE:
		return SSL_get_verify_mode(ssl);
	case GOSSL_INFO_VERIFY_DEPTH:
		return SSL_get_verify_depth(ssl);
	case GOSSL_INFO_SECURITY_LEVEL:
		return SSL_get_security_level(ssl);
	case GOSSL_INFO_READ_AHEAD:
		return SSL_get_read_ahead(ssl);
	case GOSSL_INFO_FD:
		return SSL_get_fd(ssl);
	case GOSSL_INFO_RFD:
		return SSL_get_rfd(ssl);
	case GOSSL_INFO_WFD:
		return SSL_get_wfd(ssl);
	case GOSSL_INFO_PEER_TMP_KEY:
		return key_kind(ssl, SSL_CTRL_GET_PEER_TMP_KEY);
	case GOSSL_INFO_TMP_KEY:
		return key_kind(ssl, SSL_CTRL_GET_TMP_KEY);
	case GOSSL_INFO_PEER_SIGNATURE_NID:
		return ctrl_nid(ssl, SSL_CTRL_GET_PEER_SIGNATURE_NID);
	case GOSSL_INFO_SIGNATURE_NID:
		return ctrl_nid(ssl, SSL_CTRL_GET_SIGNATURE_NID);
	case GOSSL_INFO_PEER_SIGNATURE_TYPE_NID:
		return peer_type_nid(ssl);
	case GOSSL_INFO_DTLS_TIMEOUT:
		return dtls_timeout(ssl);
	case GOSSL_INFO_DTLS_DATA_MTU:
		return SSL_is_dtls(ssl) ? (long)DTLS_get_data_mtu(ssl) : 0; /* C would crash */
	case GOSSL_INFO_CT:
		return SSL_ct_is_enabled(ssl);
	}
	return 0;
}

gossl_result gossl_ssl_info(gossl_ssl *s, int what)
{
	return GOSSL_SSL(s, ACTS | (what == GOSSL_INFO_SERVERNAME_TYPE ? NAMES : 0), info(s->ssl, what), 0);
}

static long tune(SSL *ssl, int what, long value)
{
	switch (what) {
	case GOSSL_TUNE_VERIFY_DEPTH:
		SSL_set_verify_depth(ssl, (int)value);
		return 1;
	case GOSSL_TUNE_SECURITY_LEVEL:
		SSL_set_security_level(ssl, (int)value);
		return 1;
	case GOSSL_TUNE_READ_AHEAD:
		SSL_set_read_ahead(ssl, (int)value);
		return 1;
	case GOSSL_TUNE_MAX_FRAGMENT_LENGTH:
		return SSL_set_tlsext_max_fragment_length(ssl, (uint8_t)value);
	case GOSSL_TUNE_READ_BUFFER_LEN:
		SSL_set_default_read_buffer_len(ssl, (size_t)value);
		return 1;
	case GOSSL_TUNE_BLOCK_PADDING:
		return SSL_set_block_padding(ssl, (size_t)value);
	case GOSSL_TUNE_RECV_MAX_EARLY_DATA:
		return SSL_set_recv_max_early_data(ssl, (uint32_t)value);
	case GOSSL_TUNE_PURPOSE:
		return SSL_set_purpose(ssl, (int)value);
	case GOSSL_TUNE_TRUST:
		return SSL_set_trust(ssl, (int)value);
	case GOSSL_TUNE_POST_HANDSHAKE_AUTH:
		SSL_set_post_handshake_auth(ssl, (int)value);
		return 1;
	case GOSSL_TUNE_VERIFY_CLIENT_POST_HANDSHAKE:
		return SSL_verify_client_post_handshake(ssl);
	case GOSSL_TUNE_KEY_UPDATE:
		return SSL_key_update(ssl, (int)value);
	case GOSSL_TUNE_CHECK_PRIVATE_KEY:
		return SSL_check_private_key(ssl);
	case GOSSL_TUNE_CERTS_CLEAR:
		SSL_certs_clear(ssl);
		return 1;
	case GOSSL_TUNE_CT:
		return SSL_enable_ct(ssl, (int)value);
	case GOSSL_TUNE_ALLOC_BUFFERS:
		return SSL_alloc_buffers(ssl);
	case GOSSL_TUNE_FREE_BUFFERS:
		return SSL_free_buffers(ssl);
	case GOSSL_TUNE_RFD:
		return SSL_set_rfd(ssl, (int)value);
	case GOSSL_TUNE_WFD:
		return SSL_set_wfd(ssl, (int)value);
	}
	return 0;
}

static unsigned int timer(SSL *ssl, unsigned int us)
{
	gossl_ssl *s = gossl_ssl_state(ssl);

	if (us == 0)
		return s->timer_first;
	return us < s->timer_last / 2 ? us * 2 : s->timer_last;
}

static int set_timer(gossl_ssl *s, unsigned int first, unsigned int last)
{
	if (!SSL_is_dtls(s->ssl) || first == 0 || last == 0) /* without DTLS C would crash */
		return 0;
	s->timer_first = first;
	s->timer_last = last;
	DTLS_set_timer_cb(s->ssl, timer);
	return 1;
}

/* Microseconds. */
gossl_result gossl_ssl_set_timer(gossl_ssl *s, unsigned int first, unsigned int last)
{
	return GOSSL_SSL(s, ACTS, set_timer(s, first, last), r.ret == 0);
}

/* Buffers and transports are in use while a callback of the SSL runs. */
gossl_result gossl_ssl_tune(gossl_ssl *s, int what, long value)
{
	int resets = what >= GOSSL_TUNE_RESETTERS;

	return GOSSL_SSL(s, ACTS | PUSHES | (resets ? RESETS : 0), tune(s->ssl, what, value), r.ret == 0);
}

static const char *name(SSL *ssl, int what)
{
	switch (what) {
	case GOSSL_NAME_VERSION:
		return SSL_get_version(ssl);
	case GOSSL_NAME_STATE:
		return SSL_state_string(ssl);
	case GOSSL_NAME_STATE_LONG:
		return SSL_state_string_long(ssl);
	case GOSSL_NAME_RSTATE:
		return SSL_rstate_string(ssl);
	case GOSSL_NAME_RSTATE_LONG:
		return SSL_rstate_string_long(ssl);
	}
	return NULL;
}

/* A static string. */
gossl_object gossl_ssl_name(gossl_ssl *s, int what)
{
	return GOSSL_OBJECT(s, READS, name(s->ssl, what), 0);
}

/* Ciphers are static in libssl: *out is an array of pointers to them. */
long gossl_ciphers(const STACK_OF(SSL_CIPHER) * list, unsigned char **out)
{
	int n = sk_SSL_CIPHER_num(list);
	const SSL_CIPHER **array;

	if (n <= 0)
		return 0;
	array = OPENSSL_malloc((size_t)n * sizeof(*array));
	if (array == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		array[i] = sk_SSL_CIPHER_value(list, i);
	*out = (unsigned char *)array;
	return n * (long)sizeof(*array);
}

static long supported_ciphers(SSL *ssl, unsigned char **out)
{
	STACK_OF(SSL_CIPHER) *list = SSL_get1_supported_ciphers(ssl);
	long n = gossl_ciphers(list, out);

	sk_SSL_CIPHER_free(list);
	return n;
}

static long copy(const void *p, size_t len, unsigned char **out)
{
	if (len == 0 || len > INT_MAX)
		return 0;
	*out = OPENSSL_memdup(p, len);
	return *out != NULL ? (long)len : -1;
}

static long copy_string(const char *s, unsigned char **out)
{
	return copy(s, s != NULL ? strlen(s) : 0, out);
}

static long finished(const SSL *ssl, size_t (*get)(const SSL *, void *, size_t), unsigned char **out)
{
	unsigned char buf[EVP_MAX_MD_SIZE];
	size_t n = get(ssl, buf, sizeof(buf));

	return copy(buf, n < sizeof(buf) ? n : sizeof(buf), out);
}

static long random_bytes(const SSL *ssl, size_t (*get)(const SSL *, unsigned char *, size_t), unsigned char **out)
{
	unsigned char buf[SSL3_RANDOM_SIZE];

	return copy(buf, get(ssl, buf, sizeof(buf)), out);
}

static long peer_certificate(const SSL *ssl, unsigned char **out)
{
	X509 *cert = SSL_get_peer_certificate(ssl);
	long n = i2d_X509(cert, out); /* 0 of NULL */

	X509_free(cert);
	return n;
}

/* The public key with its algorithm, as certificates have it. */
static long key_der(SSL *ssl, int cmd, unsigned char **out)
{
	EVP_PKEY *key = NULL;
	long n = 0;

	if (SSL_ctrl(ssl, cmd, 0, &key) == 1)
		n = i2d_PUBKEY(key, out);
	EVP_PKEY_free(key);
	return n;
}

static long shared_ciphers(const SSL *ssl, unsigned char **out)
{
	char buf[8192] = { 0 }; /* libssl cuts the list off where there is no more room */

	/* If none is shared, libssl writes to the byte before the buffer. */
	return copy_string(SSL_get_shared_ciphers(ssl, buf + 1, sizeof(buf) - 1), out);
}

static long protocol(const SSL *ssl, void (*get)(const SSL *, const unsigned char **, unsigned int *), unsigned char **out)
{
	const unsigned char *p = NULL;
	unsigned int len = 0;

	get(ssl, &p, &len);
	return copy(p, len, out);
}

static const char *srtp_profile(SSL *ssl)
{
	const SRTP_PROTECTION_PROFILE *p = SSL_is_dtls(ssl) ? SSL_get_selected_srtp_profile(ssl) : NULL;

	return p != NULL ? p->name : NULL;
}

static long ssl_bytes(SSL *ssl, int what, unsigned char **out)
{
	STACK_OF(X509) *chain = NULL;

	switch (what) {
	case GOSSL_BYTES_CERTIFICATE:
		return i2d_X509(SSL_get_certificate(ssl), out);
	case GOSSL_BYTES_CHAIN:
		SSL_get0_chain_certs(ssl, &chain);
		return gossl_certs_der(chain, out);
	case GOSSL_BYTES_PEER_CERTIFICATE:
		return peer_certificate(ssl, out);
	case GOSSL_BYTES_PEER_CHAIN:
		return gossl_certs_der(SSL_get_peer_cert_chain(ssl), out);
	case GOSSL_BYTES_VERIFIED_CHAIN:
		return gossl_certs_der(SSL_get0_verified_chain(ssl), out);
	case GOSSL_BYTES_CA_LIST:
		return gossl_names_der(SSL_get0_CA_list(ssl), out);
	case GOSSL_BYTES_CLIENT_CA_LIST:
		return gossl_names_der(SSL_get_client_CA_list(ssl), out);
	case GOSSL_BYTES_PEER_CA_LIST:
		return gossl_names_der(SSL_get0_peer_CA_list(ssl), out);
	case GOSSL_BYTES_CIPHERS:
		return gossl_ciphers(SSL_get_ciphers(ssl), out);
	case GOSSL_BYTES_CLIENT_CIPHERS:
		return gossl_ciphers(SSL_get_client_ciphers(ssl), out);
	case GOSSL_BYTES_SUPPORTED_CIPHERS:
		return supported_ciphers(ssl, out);
	case GOSSL_BYTES_SHARED_CIPHERS:
		return shared_ciphers(ssl, out);
	case GOSSL_BYTES_FINISHED:
		return finished(ssl, SSL_get_finished, out);
	case GOSSL_BYTES_PEER_FINISHED:
		return finished(ssl, SSL_get_peer_finished, out);
	case GOSSL_BYTES_CLIENT_RANDOM:
		return random_bytes(ssl, SSL_get_client_random, out);
	case GOSSL_BYTES_SERVER_RANDOM:
		return random_bytes(ssl, SSL_get_server_random, out);
	case GOSSL_BYTES_ALPN:
		return protocol(ssl, SSL_get0_alpn_selected, out);
	case GOSSL_BYTES_NPN:
		return protocol(ssl, SSL_get0_next_proto_negotiated, out);
	case GOSSL_BYTES_PEERNAME:
		return copy_string(SSL_get0_peername(ssl), out);
	case GOSSL_BYTES_PSK_HINT:
		return copy_string(SSL_get_psk_identity_hint(ssl), out);
	case GOSSL_BYTES_SRTP_PROFILE:
		return copy_string(srtp_profile(ssl), out);
	case GOSSL_BYTES_PSK_IDENTITY:
		return copy_string(SSL_get_psk_identity(ssl), out);
	case GOSSL_BYTES_PEER_TMP_KEY:
		return key_der(ssl, SSL_CTRL_GET_PEER_TMP_KEY, out);
	case GOSSL_BYTES_TMP_KEY:
		return key_der(ssl, SSL_CTRL_GET_TMP_KEY, out);
	case GOSSL_BYTES_SRP_USERNAME:
		return copy_string(SSL_get_srp_username(ssl), out);
	}
	return 0;
}

/* ret is the length of *out, which gossl_clear_free frees; 0 if there is nothing. */
gossl_result gossl_ssl_bytes(gossl_ssl *s, int what, unsigned char **out)
{
	return GOSSL_SSL(s, ACTS | PUSHES, ssl_bytes(s->ssl, what, out), r.ret < 0);
}

int gossl_txt2nid(const char *name)
{
	return (int)GOSSL_SSL(NULL, PUSHES, OBJ_txt2nid(name), 0).ret;
}

/* A static string, or NULL. */
const char *gossl_nid2sn(int nid)
{
	return GOSSL_OBJECT(NULL, PUSHES, OBJ_nid2sn(nid), 0).ptr;
}

/* A static object, or NULL. */
gossl_object gossl_ssl_cipher(gossl_ssl *s, int pending)
{
	return GOSSL_OBJECT(s, ACTS, pending ? SSL_get_pending_cipher(s->ssl) : SSL_get_current_cipher(s->ssl), 0);
}

gossl_object gossl_ssl_cipher_find(gossl_ssl *s, const unsigned char *id)
{
	return GOSSL_OBJECT(s, READS, SSL_CIPHER_find(s->ssl, id), 0);
}

gossl_result gossl_ssl_export(gossl_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len, const unsigned char *context,
			      size_t context_len, int use_context)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_export_keying_material(s->ssl, out, len, label, label_len, context, context_len, use_context), r.ret != 1);
}

/*
 * Whether libssl would look for the cipher of early data in a session that is not there. A client takes it from the PSK of a callback if its session
 * allows no early data, without looking whether there is one. There is while the first flight is out and the session is the one that it went out with.
 */
static int lost_early_session(const gossl_ssl *s)
{
	const SSL_SESSION *session = SSL_get_session(s->ssl);
	int status = SSL_get_early_data_status(s->ssl), server = SSL_is_server(s->ssl);

	if (SSL_version(s->ssl) != TLS1_3_VERSION || status == SSL_EARLY_DATA_NOT_SENT || (server && status != SSL_EARLY_DATA_ACCEPTED))
		return 0; /* libssl fails before it looks */
	if (session == NULL)
		return 1;
	if (!server && SSL_get_max_early_data(s->ssl) > 0 && SSL_SESSION_get_max_early_data(session) == 0)
		return s->dropped || (SSL_get_state(s->ssl) != TLS_ST_CW_CLNT_HELLO && SSL_get_state(s->ssl) != TLS_ST_EARLY_DATA);
	return SSL_SESSION_get0_cipher(session) == NULL;
}

gossl_result gossl_ssl_export_early(gossl_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len, const unsigned char *context,
				    size_t context_len)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };

	if (!gossl_begin(&c, s, ACTS | PUSHES, &r.more))
		return r;
	if (lost_early_session(s))
		c.more.status = GOSSL_NO_SESSION;
	else
		r.ret = SSL_export_keying_material_early(s->ssl, out, len, label, label_len, context, context_len);
	r.more = gossl_end(&c, r.ret != 1 && c.more.status == GOSSL_CALLED);
	return r;
}

/* Writes GOSSL_MAX_SIGALGS at the most into algs; ret is how many. */
static int sigalgs(SSL *ssl, int shared, unsigned short *algs)
{
	int (*get)(SSL *, int, int *, int *, int *, unsigned char *, unsigned char *) = shared ? SSL_get_shared_sigalgs : SSL_get_sigalgs;
	unsigned char sign, hash;
	int n = 0;

	while (n < GOSSL_MAX_SIGALGS && get(ssl, n, NULL, NULL, NULL, &sign, &hash) > 0)
		algs[n++] = (unsigned short)(hash << 8 | sign);
	return n;
}

gossl_result gossl_ssl_sigalgs(gossl_ssl *s, int shared, unsigned short *algs)
{
	return GOSSL_SSL(s, ACTS, sigalgs(s->ssl, shared, algs), 0);
}
