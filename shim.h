/*
 * The C side of package libssl. A gossl_ function is one crossing: it takes the SSL for this thread, keeps the error queue apart, calls libssl,
 * and returns all that Go needs by value.
 */
#ifndef GOSSL_SHIM_H
#define GOSSL_SHIM_H

#include <openssl/opensslv.h>
#if OPENSSL_VERSION_NUMBER < 0x10101000L || OPENSSL_VERSION_NUMBER >= 0x10102000L
#error \
    "package libssl needs the headers of OpenSSL 1.1.1 and found another version. Build with `go run github.com/seed-c1436005/libssl/cmd/libssl-env go build`, or set PKG_CONFIG_PATH to the directory of a libssl.pc of version 1.1.1."
#endif

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>

/* What libssl's caller owns beside an SSL: who uses it, and what became of it. It lives in ex_data and dies with the SSL. */
typedef struct gossl_ssl gossl_ssl;

/* The entries that one failing call pushed, oldest first. From malloc; Go frees it. */
typedef struct gossl_error {
	unsigned long code;
	const char *lib, *func, *reason; /* static strings or NULL */
	const char *file;                /* static string */
	int line;
	char *data; /* from malloc, or NULL */
} gossl_error;

typedef struct gossl_errors {
	int n;
	gossl_error entry[ERR_NUM_ERRORS];
} gossl_errors;

/* Why libssl was not called. Go has an error for each, in this order. */
enum gossl_status {
	GOSSL_CALLED,
	GOSSL_BUSY,            /* another thread uses the SSL: wait for it, then try again */
	GOSSL_BUSY_ARG,        /* another thread uses the SSL that is an argument */
	GOSSL_DEAD,            /* SSL_set_session failed half way; only SSL_free is safe */
	GOSSL_NO_SESSION,      /* the session was taken away from a connection: I/O would crash or send cleartext */
	GOSSL_IN_REMOVE,       /* inside remove_session_cb of this SSL_CTX, whose lock may be held */
	GOSSL_IN_CALLBACK,     /* inside a callback of this SSL, which would not survive this */
	GOSSL_OTHER_CTX,       /* the session may be in the cache of another SSL_CTX */
	GOSSL_NOT_CALLED_LAST, /* count of the above */
};

/* What a call has to say beyond its value. From malloc; NULL, which costs nothing, if libssl was called, succeeded, and left nothing to do. */
typedef struct gossl_more {
	gossl_errors *errors; /* of a failing call, or NULL */
	uint64_t pending;     /* what callbacks left for Go to do, or 0 */
	size_t moved;         /* bytes, of early data */
	uintptr_t other_ctx;  /* of GOSSL_OTHER_CTX: its id */
	int status;           /* enum gossl_status */
	int failed;           /* libssl was called and failed, or has to be called again */
	int error;            /* SSL_get_error, of I/O calls */
	int sys_errno;        /* errno of SSL_ERROR_SYSCALL */
	int ended;            /* the transport ended: SSL_ERROR_SYSCALL without errno */
	int wake;             /* somebody waits for this SSL; 2: for the SSL that is an argument */
} gossl_more;

/* Two words, which C returns in registers. */
typedef struct gossl_result {
	long ret;
	gossl_more *more;
} gossl_result;

typedef struct gossl_object {
	void *ptr;
	gossl_more *more;
} gossl_object;

/* shim.c */
unsigned long gossl_init(void);
void gossl_fatal(const char *text);
gossl_object gossl_ssl_attach(SSL *ssl, int up_ref);
int gossl_ssl_wait(gossl_ssl *s);
int gossl_ssl_in_callback(gossl_ssl *s);
SSL *gossl_ssl_pointer(gossl_ssl *s);
SSL_CTX *gossl_ssl_session_ctx(gossl_ssl *s);
gossl_result gossl_ssl_get1_ctxs(gossl_ssl *s, SSL_CTX **ctxs);
int gossl_ssl_hold(gossl_ssl *s);
int gossl_ssl_unhold(gossl_ssl *s);
gossl_result gossl_ssl_free(gossl_ssl *s, int collected);

/* shim_error.c */
void gossl_errors_free(gossl_errors *e);
void gossl_errors_push(const gossl_error *e);
void gossl_keep_queue(int more);
long gossl_queues_left(void);

/* shim_ctx.c */
gossl_object gossl_ctx_new(const SSL_METHOD *method, uintptr_t id);
uintptr_t gossl_ctx_attach(SSL_CTX *ctx, uintptr_t id);
uintptr_t gossl_ctx_id(SSL_CTX *ctx);
gossl_result gossl_ctx_free(SSL_CTX *ctx);
gossl_result gossl_ctx_ctrl(SSL_CTX *ctx, int cmd, long larg, char *parg, int failure_is_zero);
gossl_result gossl_ctx_options(SSL_CTX *ctx, unsigned long set, unsigned long clear);
gossl_result gossl_ctx_set_cipher_list(SSL_CTX *ctx, const char *list);
gossl_result gossl_ctx_set_ciphersuites(SSL_CTX *ctx, const char *list);
gossl_result gossl_ctx_set_ssl_version(SSL_CTX *ctx, const SSL_METHOD *method);
gossl_result gossl_ctx_check_private_key(SSL_CTX *ctx);
gossl_result gossl_ctx_set_verify(SSL_CTX *ctx, int mode);
gossl_result gossl_ctx_load_verify_locations(SSL_CTX *ctx, const char *file, const char *dir);
gossl_result gossl_ctx_set_default_verify_paths(SSL_CTX *ctx);
gossl_result gossl_ctx_set_session_id_context(SSL_CTX *ctx, const unsigned char *id, unsigned int len);
gossl_result gossl_ctx_add_session(SSL_CTX *ctx, SSL_SESSION *session, uintptr_t dead);
gossl_result gossl_ctx_remove_session(SSL_CTX *ctx, SSL_SESSION *session);
gossl_result gossl_ctx_flush_sessions(SSL_CTX *ctx, long t);

/* shim_cert.c */
enum gossl_material {
	GOSSL_CERT_DER,
	GOSSL_KEY_DER,
	GOSSL_CHAIN_CERT_DER,
	GOSSL_SELECT_CERT_DER,
	GOSSL_CLIENT_CA_DER,
	GOSSL_CA_NAME_DER,
	GOSSL_CA_DER,
	GOSSL_CRL_DER,
	GOSSL_CLIENT_CA_NAMES,
	GOSSL_CA_NAMES,
	GOSSL_FIRST_PEM,
	GOSSL_CERT_PEM = GOSSL_FIRST_PEM,
	GOSSL_KEY_PEM,
	GOSSL_CA_PEM,
	GOSSL_CLIENT_CA_PEM,
	GOSSL_CRL_PEM,
	GOSSL_VERIFY_STORE_PEM,
	GOSSL_CHAIN_STORE_PEM,
	GOSSL_TMP_DH_PEM,
};
enum gossl_file {
	GOSSL_CERT_FILE,
	GOSSL_CHAIN_FILE,
	GOSSL_KEY_FILE,
	GOSSL_SERVERINFO_FILE,
};
gossl_result gossl_ctx_use(SSL_CTX *ctx, int what, const unsigned char *p, int len, const unsigned char *password, int password_len);
gossl_result gossl_ssl_use(gossl_ssl *s, int what, const unsigned char *p, int len, const unsigned char *password, int password_len);
gossl_result gossl_ctx_use_serverinfo(SSL_CTX *ctx, unsigned int version, const unsigned char *p, size_t len);
gossl_result gossl_ctx_use_file(SSL_CTX *ctx, int what, const char *file, int type);
gossl_result gossl_ssl_use_file(gossl_ssl *s, int what, const char *file, int type);

/* shim_config.c */
enum gossl_ctx_property {
	GOSSL_CTX_SECURITY_LEVEL,
	GOSSL_CTX_VERIFY_DEPTH,
	GOSSL_CTX_QUIET_SHUTDOWN,
	GOSSL_CTX_RECV_MAX_EARLY_DATA,
	GOSSL_CTX_POST_HANDSHAKE_AUTH,
	GOSSL_CTX_MAX_FRAGMENT_LENGTH,
	GOSSL_CTX_READ_BUFFER_LEN,
	GOSSL_CTX_BLOCK_PADDING,
	GOSSL_CTX_PURPOSE,
	GOSSL_CTX_TRUST,
	GOSSL_CTX_DEFAULT_VERIFY_DIR,
	GOSSL_CTX_DEFAULT_VERIFY_FILE,
	GOSSL_CTX_CT,
	GOSSL_CTX_DEFAULT_CTLOG_LIST,
};
enum gossl_param {
	GOSSL_PARAM_HOST,
	GOSSL_PARAM_ADD_HOST,
	GOSSL_PARAM_SET_HOSTFLAGS,
	GOSSL_PARAM_EMAIL,
	GOSSL_PARAM_IP,
	GOSSL_PARAM_SET_FLAGS,
	GOSSL_PARAM_CLEAR_FLAGS,
	GOSSL_PARAM_PURPOSE,
	GOSSL_PARAM_TRUST,
	GOSSL_PARAM_SET_DEPTH,
	GOSSL_PARAM_SET_AUTH_LEVEL,
	GOSSL_PARAM_SET_TIME,
	GOSSL_PARAM_GETTERS,
	GOSSL_PARAM_HOSTFLAGS = GOSSL_PARAM_GETTERS,
	GOSSL_PARAM_FLAGS,
	GOSSL_PARAM_DEPTH,
	GOSSL_PARAM_AUTH_LEVEL,
	GOSSL_PARAM_TIME,
};
gossl_result gossl_ctx_get(SSL_CTX *ctx, int what);
gossl_result gossl_ctx_set(SSL_CTX *ctx, int what, long value);
gossl_result gossl_ctx_bytes(SSL_CTX *ctx, int what, unsigned char **out);
gossl_result gossl_ctx_param(SSL_CTX *ctx, int what, long value, const char *s, size_t len);
gossl_result gossl_ssl_param(gossl_ssl *s, int what, long value, const char *text, size_t len);
gossl_result gossl_ctx_conf_cmd(SSL_CTX *ctx, unsigned int flags, const char *cmd, const char *value);
gossl_result gossl_ssl_conf_cmd(gossl_ssl *s, unsigned int flags, const char *cmd, const char *value);
gossl_result gossl_ctx_set_srtp(SSL_CTX *ctx, const char *profiles);
gossl_result gossl_ssl_set_srtp(gossl_ssl *s, const char *profiles);
gossl_result gossl_ctx_set_alpn_protos(SSL_CTX *ctx, const unsigned char *protos, unsigned int len);
gossl_result gossl_ctx_set_ctlog_list(SSL_CTX *ctx, const char *file);

/* shim_info.c */
enum { GOSSL_MAX_SIGALGS = 64 };
gossl_result gossl_ssl_sigalgs(gossl_ssl *s, int shared, unsigned short *algs);
enum gossl_info {
	GOSSL_INFO_WANT,
	GOSSL_INFO_HAS_PENDING,
	GOSSL_INFO_STATE,
	GOSSL_INFO_KEY_UPDATE_TYPE,
	GOSSL_INFO_CLIENT_VERSION,
	GOSSL_INFO_IS_DTLS,
	GOSSL_INFO_DEFAULT_TIMEOUT,
	GOSSL_INFO_SERVERNAME_TYPE,
	GOSSL_INFO_MAX_EARLY_DATA,
	GOSSL_INFO_RECV_MAX_EARLY_DATA,
	GOSSL_INFO_OPTIONS,
	GOSSL_INFO_VERIFY_MODE,
	GOSSL_INFO_VERIFY_DEPTH,
	GOSSL_INFO_SECURITY_LEVEL,
	GOSSL_INFO_READ_AHEAD,
	GOSSL_INFO_FD,
	GOSSL_INFO_RFD,
	GOSSL_INFO_WFD,
	GOSSL_INFO_PEER_TMP_KEY,
	GOSSL_INFO_TMP_KEY,
	GOSSL_INFO_PEER_SIGNATURE_NID,
	GOSSL_INFO_SIGNATURE_NID,
	GOSSL_INFO_PEER_SIGNATURE_TYPE_NID,
	GOSSL_INFO_DTLS_TIMEOUT,
	GOSSL_INFO_DTLS_DATA_MTU,
	GOSSL_INFO_CT,
};
enum gossl_tune {
	GOSSL_TUNE_VERIFY_DEPTH,
	GOSSL_TUNE_SECURITY_LEVEL,
	GOSSL_TUNE_READ_AHEAD,
	GOSSL_TUNE_MAX_FRAGMENT_LENGTH,
	GOSSL_TUNE_READ_BUFFER_LEN,
	GOSSL_TUNE_BLOCK_PADDING,
	GOSSL_TUNE_RECV_MAX_EARLY_DATA,
	GOSSL_TUNE_PURPOSE,
	GOSSL_TUNE_TRUST,
	GOSSL_TUNE_POST_HANDSHAKE_AUTH,
	GOSSL_TUNE_VERIFY_CLIENT_POST_HANDSHAKE,
	GOSSL_TUNE_KEY_UPDATE,
	GOSSL_TUNE_CHECK_PRIVATE_KEY,
	GOSSL_TUNE_CERTS_CLEAR,
	GOSSL_TUNE_CT,
	GOSSL_TUNE_RESETTERS,
	GOSSL_TUNE_ALLOC_BUFFERS = GOSSL_TUNE_RESETTERS,
	GOSSL_TUNE_FREE_BUFFERS,
	GOSSL_TUNE_RFD,
	GOSSL_TUNE_WFD,
};
enum gossl_name {
	GOSSL_NAME_VERSION,
	GOSSL_NAME_STATE,
	GOSSL_NAME_STATE_LONG,
	GOSSL_NAME_RSTATE,
	GOSSL_NAME_RSTATE_LONG,
};
enum gossl_bytes {
	GOSSL_BYTES_CERTIFICATE,
	GOSSL_BYTES_CHAIN,
	GOSSL_BYTES_PEER_CERTIFICATE,
	GOSSL_BYTES_PEER_CHAIN,
	GOSSL_BYTES_VERIFIED_CHAIN,
	GOSSL_BYTES_CA_LIST,
	GOSSL_BYTES_CLIENT_CA_LIST,
	GOSSL_BYTES_PEER_CA_LIST,
	GOSSL_BYTES_CIPHERS,
	GOSSL_BYTES_CLIENT_CIPHERS,
	GOSSL_BYTES_SUPPORTED_CIPHERS,
	GOSSL_BYTES_SHARED_CIPHERS,
	GOSSL_BYTES_FINISHED,
	GOSSL_BYTES_PEER_FINISHED,
	GOSSL_BYTES_CLIENT_RANDOM,
	GOSSL_BYTES_SERVER_RANDOM,
	GOSSL_BYTES_ALPN,
	GOSSL_BYTES_NPN,
	GOSSL_BYTES_PEERNAME,
	GOSSL_BYTES_PSK_HINT,
	GOSSL_BYTES_PSK_IDENTITY,
	GOSSL_BYTES_SRTP_PROFILE,
	GOSSL_BYTES_PEER_TMP_KEY,
	GOSSL_BYTES_TMP_KEY,
	GOSSL_BYTES_SRP_USERNAME,
};
gossl_result gossl_ssl_info(gossl_ssl *s, int what);
gossl_result gossl_ssl_tune(gossl_ssl *s, int what, long value);
gossl_result gossl_ssl_set_timer(gossl_ssl *s, unsigned int first, unsigned int last);
gossl_object gossl_ssl_name(gossl_ssl *s, int what);
gossl_result gossl_ssl_bytes(gossl_ssl *s, int what, unsigned char **out);
gossl_object gossl_ssl_cipher(gossl_ssl *s, int pending);
int gossl_txt2nid(const char *name);
const char *gossl_nid2sn(int nid);
gossl_object gossl_ssl_cipher_find(gossl_ssl *s, const unsigned char *id);
gossl_result gossl_ssl_export(gossl_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len, const unsigned char *context,
			      size_t context_len, int use_context);
gossl_result gossl_ssl_export_early(gossl_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len, const unsigned char *context,
				    size_t context_len);

/* shim_key.c */
typedef struct gossl_signing {
	uintptr_t id; /* of the signer */
	const unsigned char *digest;
	size_t digest_len;
	int digest_nid;    /* NID_undef: nothing that a signer can do */
	int pss, salt_len; /* RSA's padding is PSS; OpenSSL's number for the salt */
	unsigned char *sig;
	size_t size; /* room in sig */
	size_t len;  /* of the signature; 0: it failed, and error says why */
	char error[200];
} gossl_signing;
gossl_result gossl_ctx_use_signer(SSL_CTX *ctx, const unsigned char *spki, int len, uintptr_t id);
gossl_result gossl_ssl_use_signer(gossl_ssl *s, const unsigned char *spki, int len, uintptr_t id);

/* shim_callback.c */
enum gossl_callback {
	GOSSL_CB_NEW,
	GOSSL_CB_REMOVE,
	GOSSL_CB_GET,
};
void gossl_ctx_set_callbacks(SSL_CTX *ctx, int which, int on);
enum {
	GOSSL_HEAR_YES,
	GOSSL_HEAR_MODE,
	GOSSL_HEAR_OTHER,
};
int gossl_ctx_hear_new(SSL_CTX *ctx);

/*
 * The callbacks of one shape: Go's function is named by an id, and gets gossl_args. The first ones may be set on an SSL too, which inherits those of
 * its SSL_CTX when it is made, as it does in libssl.
 */
enum gossl_function {
	GOSSL_FN_MSG,
	GOSSL_FN_INFO,
	GOSSL_FN_VERIFY,
	GOSSL_FN_CERT,
	GOSSL_FN_GENERATE_ID,
	GOSSL_FN_NOT_RESUMABLE,
	GOSSL_FN_PADDING,
	GOSSL_FN_EARLY_DATA,
	GOSSL_FN_PSK_CLIENT,
	GOSSL_FN_PSK_SERVER,
	GOSSL_FN_PSK_USE,
	GOSSL_FN_PSK_FIND,
	GOSSL_FN_SRP_USERNAME,
	GOSSL_FN_SRP_PASSWORD,
	GOSSL_FN_OF_SSL, /* count of the above */
	GOSSL_FN_KEYLOG = GOSSL_FN_OF_SSL,
	GOSSL_FN_CERT_VERIFY,
	GOSSL_FN_CLIENT_CERT,
	GOSSL_FN_SERVERNAME,
	GOSSL_FN_ALPN_SELECT,
	GOSSL_FN_NPN_ADVERTISED,
	GOSSL_FN_NPN_SELECT,
	GOSSL_FN_STATUS,
	GOSSL_FN_CLIENT_HELLO,
	GOSSL_FN_COOKIE_GENERATE,
	GOSSL_FN_COOKIE_VERIFY,
	GOSSL_FN_STATELESS_GENERATE,
	GOSSL_FN_STATELESS_VERIFY,
	GOSSL_FN_TICKET_GENERATE,
	GOSSL_FN_TICKET_DECRYPT,
	GOSSL_FN_TICKET_KEY,
	GOSSL_FN_LAST, /* count of the above */
};

#define GOSSL_MAX_ANSWER (1 << 20) /* bytes of a certificate or key */
#define GOSSL_KEY_NAME 16          /* bytes of a ticket key's name */

/* What a callback is told, and what it answers. Pointers are good for its length. */
typedef struct gossl_args {
	const void *in; /* in_len bytes, or NULL */
	size_t in_len;
	long num[3];           /* numbers and flags, in C's order */
	void *object;          /* an X509_STORE_CTX or SSL_SESSION */
	unsigned char *out[2]; /* room for bytes; NULL: Go makes it with malloc */
	size_t max[2], len[2]; /* how many there may be, and how many there are */
	SSL_SESSION *session;  /* an answer, with a reference */
	int alert;
	int ret; /* preset to failure: a panic leaves it */
} gossl_args;

/* shim_ring.c */
#define GOSSL_RING_MAX 202 /* the next key, the current one, and 200 old ones */
typedef struct gossl_ring gossl_ring;
typedef struct gossl_ticket_key {
	unsigned char name[GOSSL_KEY_NAME], hmac[32], aes[32];
} gossl_ticket_key;
gossl_ring *gossl_ring_new(void);
void gossl_ring_free(gossl_ring *ring);
int gossl_ring_get(gossl_ring *ring, gossl_ticket_key *keys);
void gossl_ring_set(gossl_ring *ring, const gossl_ticket_key *keys, int n);

/* shim_cb_set.c */
gossl_result gossl_ctx_set_callback(SSL_CTX *ctx, int kind, uintptr_t fn);
gossl_result gossl_ssl_set_callback(gossl_ssl *s, int kind, uintptr_t fn);
gossl_result gossl_ctx_set_ring(SSL_CTX *ctx, gossl_ring *ring);

/* shim_exdata.c */
gossl_result gossl_ex_new_index(int type);
gossl_result gossl_ssl_set_ex_data(gossl_ssl *s, int idx, uintptr_t id);
gossl_result gossl_ssl_get_ex_data(gossl_ssl *s, int idx);
gossl_result gossl_ctx_set_ex_data(SSL_CTX *ctx, int idx, uintptr_t id);
uintptr_t gossl_ctx_get_ex_data(SSL_CTX *ctx, int idx);
gossl_result gossl_session_set_ex_data(SSL_SESSION *session, int idx, uintptr_t id);
uintptr_t gossl_session_get_ex_data(SSL_SESSION *session, int idx);

/* shim_cb_verify.c */
enum gossl_certificates {
	GOSSL_CERT_CURRENT,
	GOSSL_CERT_CHAIN,
	GOSSL_CERT_PEER,
};
int gossl_store_certificate(X509_STORE_CTX *store, int which, int n, unsigned char **der);
gossl_result gossl_store_verify(X509_STORE_CTX *store);

/* shim_cb_extension.c */
int gossl_select_next_proto(unsigned int *at, unsigned int *n, const unsigned char *server, unsigned int server_len, const unsigned char *client,
			    unsigned int client_len);
gossl_result gossl_ssl_set_ocsp_resp(gossl_ssl *s, const unsigned char *resp, int len);
gossl_result gossl_ssl_get_ocsp_resp(gossl_ssl *s, unsigned char **resp);

/* shim_cb_hello.c */
enum gossl_hello {
	GOSSL_HELLO_RANDOM,
	GOSSL_HELLO_SESSION_ID,
	GOSSL_HELLO_CIPHERS,
	GOSSL_HELLO_COMPRESSION,
	GOSSL_HELLO_EXTENSION,
};
gossl_result gossl_ssl_client_hello(gossl_ssl *s, int what, unsigned int type, unsigned char **copy);
gossl_result gossl_ssl_client_hello_extensions(gossl_ssl *s, int *out, size_t max);

/* shim_cb_psk.c */
gossl_result gossl_ctx_use_psk_identity_hint(SSL_CTX *ctx, const char *hint);

/* shim_cb_srp.c */
gossl_result gossl_ssl_set_srp_server_param_pw(gossl_ssl *s, const char *user, const char *password, const char *group);

/* shim_cb_ticket.c */
gossl_result gossl_ctx_ticket_keys(SSL_CTX *ctx, unsigned char *keys, int len, int set);

/* shim_ssl.c */
enum gossl_property {
	GOSSL_REUSED,
	GOSSL_VERIFY_RESULT,
	GOSSL_VERIFY_MODE,
	GOSSL_VERSION,
	GOSSL_IN_INIT,
	GOSSL_IN_BEFORE,
	GOSSL_IS_INIT_FINISHED,
	GOSSL_IS_SERVER,
	GOSSL_SHUTDOWN_STATE,
	GOSSL_QUIET_SHUTDOWN,
	GOSSL_PENDING,
	GOSSL_EARLY_DATA_STATUS,
	GOSSL_NUM_TICKETS,
	GOSSL_MAX_EARLY_DATA,
	GOSSL_CONNECT_STATE,
	GOSSL_ACCEPT_STATE,
	GOSSL_RENEGOTIATE,
	GOSSL_RENEGOTIATE_PENDING,
	GOSSL_HELLO_IS_V2,
	GOSSL_HELLO_LEGACY_VERSION,
};
gossl_object gossl_ssl_new(SSL_CTX *ctx);
gossl_object gossl_ssl_dup(gossl_ssl *s);
gossl_result gossl_ssl_set_session(gossl_ssl *s, SSL_SESSION *session);
gossl_object gossl_ssl_get1_session(gossl_ssl *s);
gossl_result gossl_ssl_copy_session_id(gossl_ssl *to, gossl_ssl *from);
gossl_result gossl_ssl_clear(gossl_ssl *s);
gossl_result gossl_ssl_set_ssl_ctx(gossl_ssl *s, SSL_CTX *ctx);
gossl_object gossl_ssl_get_ssl_ctx(gossl_ssl *s);
gossl_result gossl_ssl_set_ssl_method(gossl_ssl *s, const SSL_METHOD *method);
gossl_result gossl_ssl_get(gossl_ssl *s, int what);
gossl_result gossl_ssl_set(gossl_ssl *s, int what, long value);
gossl_result gossl_ssl_ctrl(gossl_ssl *s, int cmd, long larg, char *parg, int failure_is_zero);
gossl_result gossl_ssl_options(gossl_ssl *s, unsigned long set, unsigned long clear);
gossl_result gossl_ssl_set_cipher_list(gossl_ssl *s, const char *list);
gossl_result gossl_ssl_use_psk_identity_hint(gossl_ssl *s, const char *hint);
gossl_result gossl_ssl_set_ciphersuites(gossl_ssl *s, const char *list);
gossl_result gossl_ssl_set_session_id_context(gossl_ssl *s, const unsigned char *id, unsigned int len);
gossl_result gossl_ssl_has_matching_session_id(gossl_ssl *s, const unsigned char *id, unsigned int len);
gossl_result gossl_ssl_set_alpn_protos(gossl_ssl *s, const unsigned char *protos, unsigned int len);
gossl_object gossl_ssl_get_servername(gossl_ssl *s);

/* shim_io.c */
enum gossl_io {
	GOSSL_CONNECT,
	GOSSL_ACCEPT,
	GOSSL_DO_HANDSHAKE,
	GOSSL_READ,
	GOSSL_PEEK,
	GOSSL_WRITE,
	GOSSL_SHUTDOWN,
	GOSSL_READ_EARLY,
	GOSSL_WRITE_EARLY,
	GOSSL_STATELESS,
	GOSSL_LISTEN,
	GOSSL_HANDLE_TIMEOUT,
};
gossl_result gossl_ssl_io(gossl_ssl *s, int op, unsigned char *buf, int len);
gossl_result gossl_ssl_set_fd(gossl_ssl *s, int fd);
gossl_result gossl_ssl_set_datagram_fd(gossl_ssl *s, int fd);
typedef struct gossl_peer {
	unsigned char addr[16]; /* 4 or 16 bytes */
	unsigned int port, scope;
} gossl_peer;
gossl_result gossl_ssl_datagram_peer(gossl_ssl *s, gossl_peer *peer);
gossl_result gossl_ssl_set_mem_bio(gossl_ssl *s);
gossl_result gossl_ssl_bio_feed(gossl_ssl *s, const unsigned char *buf, int len);
gossl_result gossl_ssl_bio_drain(gossl_ssl *s, unsigned char *buf, int len);
gossl_result gossl_ssl_bio_pending(gossl_ssl *s);
gossl_result gossl_ssl_bio_eof(gossl_ssl *s);

/* shim_explain.c */
enum gossl_why {
	GOSSL_WHY_NO_SESSION = 1,
	GOSSL_WHY_SERVER,
	GOSSL_WHY_VERSION,
	GOSSL_WHY_NO_ID,
	GOSSL_WHY_FLAGGED,
	GOSSL_WHY_NO_TICKET,
	GOSSL_WHY_NO_CIPHER,
	GOSSL_WHY_TICKET_TOO_OLD,
	GOSSL_WHY_EXPIRED, /* the first doubt */
	GOSSL_WHY_CIPHER_OFF,
	GOSSL_WHY_TICKETS_OFF,
	GOSSL_WHY_NO_EARLY_DATA,
	GOSSL_WHY_SERVERNAME,
	GOSSL_WHY_OTHER_CTX, /* Go knows */
	GOSSL_WHY_DECLINED,
	GOSSL_WHY_RESUMED, /* no reason, but the outcome */
};
gossl_result gossl_ssl_explain(gossl_ssl *s, SSL_SESSION *session);

/* shim_engine.c */
typedef struct gossl_moved {
	int ret;     /* libssl's value */
	int n;       /* bytes of buf */
	int in, out; /* bytes of the windows */
	int error;   /* SSL_get_error */
	int pending; /* SSL_pending */
} gossl_moved;
gossl_result gossl_engine_new(gossl_ssl *s);
gossl_result gossl_engine_keep_buffers(gossl_ssl *s, int keep);
gossl_more *gossl_engine(gossl_ssl *s, int op, unsigned char *buf, int len, const unsigned char *in, int in_len, unsigned char *out, int out_len, int eof,
			 gossl_moved *m);

/* shim_session.c */
gossl_object gossl_session_new(void);
gossl_object gossl_session_dup(SSL_SESSION *session);
gossl_result gossl_session_i2d(SSL_SESSION *session, unsigned char *buf, int len);
gossl_object gossl_session_d2i(const unsigned char *der, int len, int *used);
gossl_result gossl_session_to_pem(SSL_SESSION *session, unsigned char **pem);
gossl_object gossl_session_from_pem(const unsigned char *pem, int len);
gossl_result gossl_session_set1_id(SSL_SESSION *session, const unsigned char *id, unsigned int len);
gossl_result gossl_session_set1_id_context(SSL_SESSION *session, const unsigned char *id, unsigned int len);
gossl_result gossl_session_set1_hostname(SSL_SESSION *session, const char *name);
gossl_result gossl_session_set1_alpn_selected(SSL_SESSION *session, const unsigned char *alpn, size_t len);
uintptr_t gossl_session_mark(SSL_SESSION *session);
uintptr_t gossl_session_claim(SSL_SESSION *session, uintptr_t ctx_id, uintptr_t dead);
void gossl_session_unmark(SSL_SESSION *session, uintptr_t ctx_id);
unsigned int gossl_session_id(SSL_SESSION *session, unsigned char *buf);
void gossl_clear_free(void *p, size_t len);

/* shim_session_info.c */
gossl_result gossl_session_peer(SSL_SESSION *session, unsigned char **der);
gossl_result gossl_session_set1_ticket_appdata(SSL_SESSION *session, const unsigned char *data, size_t len);
gossl_result gossl_session_set1_master_key(SSL_SESSION *session, const unsigned char *key, size_t len);
gossl_result gossl_session_set_cipher(SSL_SESSION *session, int id);
gossl_result gossl_session_print(SSL_SESSION *session, int keylog, unsigned char **text);

#endif
