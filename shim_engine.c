/*
 * The engine: libssl reads from and writes to windows of the caller's buffers. They are valid for the length of a call, so that nothing is copied but
 * by libssl itself and nothing is kept.
 */
#include "shim_internal.h"

#include <limits.h>
#include <string.h>

static BIO_METHOD *windows_method;

static int window_read(BIO *bio, char *buf, int len)
{
	struct gossl_windows *w = ((gossl_ssl *)BIO_get_data(bio))->windows;
	int left = w != NULL ? w->in_left : 0, n = len < left ? len : left;

	BIO_clear_retry_flags(bio);
	if (n <= 0) {
		if (w != NULL && w->eof)
			return 0;
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(buf, w->in, (size_t)n);
	w->in += n;
	w->in_left -= n;
	return n;
}

static int window_write(BIO *bio, const char *buf, int len)
{
	struct gossl_windows *w = ((gossl_ssl *)BIO_get_data(bio))->windows;
	int left = w != NULL ? w->out_left : 0, n = len < left ? len : left;

	BIO_clear_retry_flags(bio);
	if (n <= 0) {
		BIO_set_retry_write(bio);
		return -1;
	}
	memcpy(w->out, buf, (size_t)n);
	w->out += n;
	w->out_left -= n;
	return n;
}

/* May be called when the SSL is half freed. */
static long window_ctrl(BIO *bio, int cmd, long larg, void *parg)
{
	(void)bio, (void)larg, (void)parg;
	return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

/* Called once, by gossl_init. */
int gossl_engine_init(void)
{
	windows_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gossl windows");
	return windows_method != NULL && BIO_meth_set_read(windows_method, window_read) && BIO_meth_set_write(windows_method, window_write)
	       && BIO_meth_set_ctrl(windows_method, window_ctrl);
}

static int set_windows(gossl_ssl *s)
{
	BIO *bio = BIO_new(windows_method);

	if (bio == NULL)
		return 0;
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	/* A write ends where the window does, and the rest may come from anywhere. */
	SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return 1;
}

gossl_result gossl_engine_new(gossl_ssl *s)
{
	return GOSSL_SSL(s, ACTS | RESETS | PUSHES, set_windows(s), r.ret != 1);
}

/* Without those of a record that has come in part: a libssl that is not patched frees them, and goes on with them (CVE-2024-4741). */
static void free_buffers(SSL *ssl)
{
	if (!SSL_has_pending(ssl) && strcmp(SSL_rstate_string(ssl), "RB") != 0)
		SSL_free_buffers(ssl);
}

static int keep_buffers(SSL *ssl, int keep)
{
	if (keep) {
		SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	} else {
		SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
		free_buffers(ssl);
	}
	return 1;
}

gossl_result gossl_engine_keep_buffers(gossl_ssl *s, int keep)
{
	return GOSSL_SSL(s, ACTS, keep_buffers(s->ssl, keep), 0);
}

/* Whole records, as many as are there and fit. What libssl fails with after some of them is told with them. */
static int read_all(gossl_ssl *s, unsigned char *buf, int len, int *n)
{
	int r;

	do {
		r = SSL_read(s->ssl, buf + *n, len - *n);
		if (r <= 0)
			return r;
		*n += r;
	} while (*n < len && (s->windows->in_left > 0 || SSL_pending(s->ssl) > 0));
	return r;
}

static int write_all(gossl_ssl *s, unsigned char *buf, int len, int *n)
{
	int r;

	do {
		r = SSL_write(s->ssl, buf + *n, len - *n);
		if (r <= 0)
			return r;
		*n += r;
	} while (*n < len);
	return r;
}

static int operate(gossl_ssl *s, int op, unsigned char *buf, int len, int *n)
{
	size_t moved = 0;
	int r;

	switch (op) {
	case GOSSL_READ:
		return read_all(s, buf, len, n);
	case GOSSL_WRITE:
		return write_all(s, buf, len, n);
	}
	r = gossl_io_call(s->ssl, op, buf, len, &moved);
	*n = (int)moved;
	return r;
}

extern void gosslTick(void);

/*
 * Goes to Go and back between the states of a resumed handshake. With no processor to spare Go's monitor takes the processor away from a call of C that lasts
 * for two of its looks, some 70 us, and getting one again costs more than the ticks do. A resumed handshake of TLS 1.2 is over before that, and the steps of a
 * full one are longer in themselves.
 */
static void tick(const SSL *ssl, int where, int ret)
{
	(void)ret;
	if ((where & SSL_CB_LOOP) && SSL_version(ssl) == TLS1_3_VERSION && SSL_session_reused((SSL *)ssl))
		gosslTick();
}

static int operate_ticking(gossl_ssl *s, int op, unsigned char *buf, int len, int *n)
{
	int r;

	if (!(gossl_io_does(op) & SHAKES) || SSL_is_init_finished(s->ssl) || SSL_get_info_callback(s->ssl) != NULL
	    || SSL_CTX_get_info_callback(SSL_get_SSL_CTX(s->ssl)) != NULL)
		return operate(s, op, buf, len, n);
	SSL_set_info_callback(s->ssl, tick);
	r = operate(s, op, buf, len, n);
	if (SSL_get_info_callback(s->ssl) == tick) /* else a callback has set another */
		SSL_set_info_callback(s->ssl, NULL);
	return r;
}

gossl_more *gossl_engine(gossl_ssl *s, int op, unsigned char *buf, int len, const unsigned char *in, int in_len, unsigned char *out, int out_len, int eof,
			 gossl_moved *m)
{
	struct gossl_windows w = { in, out, in_len, out_len, eof }, *outer;
	struct gossl_call c;
	gossl_more *more = NULL;

	memset(m, 0, sizeof(*m));
	if (!gossl_begin(&c, s, gossl_io_does(op), &more))
		return more;
	outer = s->windows; /* of a call that this one is nested in */
	s->windows = &w;
	m->ret = operate_ticking(s, op, buf, len, &m->n);
	if (op != GOSSL_SHUTDOWN || m->ret != 0) /* which means that close_notify was sent; SSL_get_error would call it an error */
		m->error = gossl_io_error(s, m->ret);
	m->in = in_len - w.in_left;
	m->out = out_len - w.out_left;
	m->pending = SSL_pending(s->ssl);
	s->windows = outer;
	/* SSL_MODE_RELEASE_BUFFERS forgets those of the handshake and of what answers a ticket: 33 KB for as long as the connection is idle. */
	if (op != GOSSL_WRITE && SSL_is_init_finished(s->ssl) && (SSL_get_mode(s->ssl) & SSL_MODE_RELEASE_BUFFERS))
		free_buffers(s->ssl);
	if (m->error == SSL_ERROR_SSL || m->error == SSL_ERROR_SYSCALL)
		c.more.error = m->error;
	c.more.ended = gossl_io_ended(s, op, len, m->error);
	return gossl_end(&c, c.more.error != 0);
}
