/* SSL: input and output. */
#include "shim_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The address of the client stays in the BIO, if that knows it: gossl_ssl_datagram_peer. */
static int listen_for_cookie(SSL *ssl)
{
	BIO_ADDR *peer = BIO_ADDR_new();
	int ret = peer != NULL ? DTLSv1_listen(ssl, peer) : -1;

	BIO_ADDR_free(peer);
	return ret;
}

int gossl_io_call(SSL *ssl, int op, void *buf, int len, size_t *moved)
{
	switch (op) {
	case GOSSL_CONNECT:
		return SSL_connect(ssl);
	case GOSSL_ACCEPT:
		return SSL_accept(ssl);
	case GOSSL_DO_HANDSHAKE:
		return SSL_do_handshake(ssl);
	case GOSSL_READ:
		return SSL_read(ssl, buf, len);
	case GOSSL_PEEK:
		return SSL_peek(ssl, buf, len);
	case GOSSL_WRITE:
		return SSL_write(ssl, buf, len);
	case GOSSL_SHUTDOWN:
		return SSL_shutdown(ssl);
	case GOSSL_READ_EARLY:
		return SSL_read_early_data(ssl, buf, (size_t)len, moved);
	case GOSSL_WRITE_EARLY:
		return SSL_write_early_data(ssl, buf, (size_t)len, moved);
	case GOSSL_STATELESS:
		return SSL_stateless(ssl);
	case GOSSL_LISTEN:
		return listen_for_cookie(ssl);
	case GOSSL_HANDLE_TIMEOUT:
		return (int)DTLSv1_handle_timeout(ssl);
	}
	return -1;
}

int gossl_io_does(int op)
{
	int does = ACTS | IO | CACHES | PUSHES;

	switch (op) {
	case GOSSL_CONNECT:
	case GOSSL_ACCEPT:
	case GOSSL_DO_HANDSHAKE:
	case GOSSL_READ_EARLY:
	case GOSSL_WRITE_EARLY:
	case GOSSL_HANDLE_TIMEOUT:
		return does | SHAKES;
	case GOSSL_STATELESS:
	case GOSSL_LISTEN: /* these begin with SSL_clear */
		return does | RESETS;
	}
	return does;
}

/* SSL_get_error, and a note of what it means for later calls. */
int gossl_io_error(gossl_ssl *s, int ret)
{
	int error = SSL_get_error(s->ssl, ret);

	if (error == SSL_ERROR_SSL && !s->dropped && SSL_get_session(s->ssl) == NULL)
		s->stillborn = 1;
	return error;
}

/*
 * Whether SSL_ERROR_SYSCALL, which left no errno, means that the transport ended, if no entry says otherwise. It means so of what reads from a stream; an SSL
 * that has failed before gets there without reading.
 */
int gossl_io_ended(gossl_ssl *s, int op, int len, int error)
{
	if (error != SSL_ERROR_SYSCALL || SSL_is_dtls(s->ssl))
		return 0;
	switch (op) {
	case GOSSL_READ:
	case GOSSL_PEEK:
	case GOSSL_READ_EARLY:
		if (len == 0)
			return 0;
		break;
	case GOSSL_CONNECT:
	case GOSSL_ACCEPT:
	case GOSSL_DO_HANDSHAKE:
		break;
	default:
		return 0;
	}
	return strcmp(SSL_state_string(s->ssl), "SSLERR") != 0;
}

/*
 * One operation with all that belongs to it. The queue is empty when it begins, since SSL_get_error looks there; SSL_get_error is asked in the same
 * call, since a goroutine may be on another thread in its next one.
 */
gossl_result gossl_ssl_io(gossl_ssl *s, int op, unsigned char *buf, int len)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };
	int does = gossl_io_does(op);

	if (!gossl_begin(&c, s, does, &r.more))
		return r;
	if (does & RESETS)
		s->dropped = s->stillborn = 0;
	errno = 0;
	r.ret = gossl_io_call(s->ssl, op, buf, len, &c.more.moved);
	if (r.ret <= 0)
		c.more.sys_errno = errno;
	c.more.error = gossl_io_error(s, (int)r.ret);
	if (r.ret == 0 && (op == GOSSL_LISTEN || op == GOSSL_STATELESS)) {
		c.more.error = SSL_ERROR_WANT_READ; /* no cookie yet; SSL_get_error does not know these calls */
		c.more.sys_errno = 0;
	}
	c.more.ended = c.more.sys_errno == 0 && gossl_io_ended(s, op, len, c.more.error);
	r.more = gossl_end(&c, c.more.error != SSL_ERROR_NONE);
	return r;
}

gossl_result gossl_ssl_set_fd(gossl_ssl *s, int fd)
{
	return GOSSL_SSL(s, ACTS | RESETS | PUSHES, SSL_set_fd(s->ssl, fd), r.ret != 1);
}

/*
 * One that is connected tells the BIO so: it does not send to who wrote last, and so not to a stranger. BIO_ADDR has no public constructor that keeps
 * the scope of an address; its layout is that of a sockaddr, as the macros of 1.1.1 assume too.
 */
static int set_datagram_fd(SSL *ssl, int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	BIO *bio = BIO_new_dgram(fd, BIO_NOCLOSE);

	if (bio == NULL)
		return 0;
	memset(&peer, 0, sizeof(peer));
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
		BIO_ctrl_set_connected(bio, &peer);
	SSL_set_bio(ssl, bio, bio);
	return 1;
}

gossl_result gossl_ssl_set_datagram_fd(gossl_ssl *s, int fd)
{
	return GOSSL_SSL(s, ACTS | RESETS | PUSHES, set_datagram_fd(s->ssl, fd), r.ret != 1);
}

/* Returns the length of the address, 0 if there is none of IP. */
static int datagram_peer(BIO *bio, gossl_peer *out)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;

	memset(&peer, 0, sizeof(peer));
	if (bio == NULL || BIO_method_type(bio) != BIO_TYPE_DGRAM)
		return 0;
	BIO_ctrl(bio, BIO_CTRL_DGRAM_GET_PEER, sizeof(peer), &peer); /* BIO_dgram_get_peer, bounded */
	switch (peer.any.ss_family) {
	case AF_INET:
		memcpy(out->addr, &peer.v4.sin_addr, 4);
		out->port = ntohs(peer.v4.sin_port);
		return 4;
	case AF_INET6:
		memcpy(out->addr, &peer.v6.sin6_addr, 16);
		out->port = ntohs(peer.v6.sin6_port);
		out->scope = peer.v6.sin6_scope_id;
		return 16;
	}
	return 0;
}

gossl_result gossl_ssl_datagram_peer(gossl_ssl *s, gossl_peer *peer)
{
	return GOSSL_SSL(s, ACTS, datagram_peer(SSL_get_rbio(s->ssl), peer), 0);
}

/* Two new memory BIOs, which say "retry" when they are empty. */
static int set_mem_bio(SSL *ssl)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (in == NULL || out == NULL) {
		BIO_free(in);
		BIO_free(out);
		return 0;
	}
	BIO_set_mem_eof_return(in, -1);
	BIO_set_mem_eof_return(out, -1);
	SSL_set_bio(ssl, in, out);
	return 1;
}

gossl_result gossl_ssl_set_mem_bio(gossl_ssl *s)
{
	return GOSSL_SSL(s, ACTS | RESETS | PUSHES, set_mem_bio(s->ssl), r.ret != 1);
}

static int is_mem(BIO *bio)
{
	return bio != NULL && BIO_method_type(bio) == BIO_TYPE_MEM;
}

static int feed(BIO *bio, const unsigned char *buf, int len)
{
	return is_mem(bio) ? BIO_write(bio, buf, len) : -1;
}

gossl_result gossl_ssl_bio_feed(gossl_ssl *s, const unsigned char *buf, int len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, feed(SSL_get_rbio(s->ssl), buf, len), 0);
}

static int drain(BIO *bio, unsigned char *buf, int len)
{
	return is_mem(bio) ? BIO_read(bio, buf, len) : -1;
}

gossl_result gossl_ssl_bio_drain(gossl_ssl *s, unsigned char *buf, int len)
{
	return GOSSL_SSL(s, ACTS, drain(SSL_get_wbio(s->ssl), buf, len), 0);
}

static int pending(BIO *bio)
{
	return is_mem(bio) ? (int)BIO_pending(bio) : 0;
}

gossl_result gossl_ssl_bio_pending(gossl_ssl *s)
{
	return GOSSL_SSL(s, ACTS, pending(SSL_get_wbio(s->ssl)), 0);
}

static long at_eof(BIO *bio)
{
	return is_mem(bio) ? BIO_set_mem_eof_return(bio, 0) : 0;
}

/* From now on an empty read side is the end of the transport. */
gossl_result gossl_ssl_bio_eof(gossl_ssl *s)
{
	return GOSSL_SSL(s, ACTS, at_eof(SSL_get_rbio(s->ssl)), 0);
}
