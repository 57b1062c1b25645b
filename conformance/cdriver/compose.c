/* The composites: what a script says in one word and C in several calls. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "driver.h"

/* References */

int take(enum kind kind, void *object)
{
	switch (kind) {
	case KIND_CTX:
		return SSL_CTX_up_ref(object);
	case KIND_SSL:
		return SSL_up_ref(object);
	default:
		return SSL_SESSION_up_ref(object);
	}
}

void drop(enum kind kind, void *object)
{
	switch (kind) {
	case KIND_CTX:
		SSL_CTX_free(object);
		break;
	case KIND_SSL:
		SSL_free(object);
		break;
	default:
		SSL_SESSION_free(object);
		break;
	}
}

/* The name is given up before the call: a callback that the call fires sees it as no longer live. */
void release(struct name *n)
{
	n->owned = false;
	drop(n->kind, n->object);
}

void compose_free(struct op *op, struct result *r)
{
	(void)r;
	release(&running->names[op->arg[0].name]);
}

void compose_up_ref(struct op *op, struct result *r)
{
	void *o = object(op, 0);

	bind_object(op, r, take(running->names[op->makes].kind, o) ? o : NULL);
}

/* SSL_CTXs */

static bool use_certificate(SSL_CTX *ctx)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/server.pem", data_dir);
	if (SSL_CTX_use_certificate_file(ctx, path, SSL_FILETYPE_PEM) != 1)
		return false;
	snprintf(path, sizeof(path), "%s/server.key", data_dir);
	return SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1;
}

static SSL_CTX *make_ctx(struct op *op, const SSL_METHOD *tls, const SSL_METHOD *dtls)
{
	bool is_dtls = strncmp(op->arg[0].word, "dtls", 4) == 0;
	SSL_CTX *ctx = SSL_CTX_new(is_dtls ? dtls : tls);

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, (int)op->arg[0].number);
	SSL_CTX_set_max_proto_version(ctx, (int)op->arg[op->count - 1].number);
	return ctx;
}

void compose_server(struct op *op, struct result *r)
{
	SSL_CTX *ctx = make_ctx(op, TLS_server_method(), DTLS_server_method());

	if (ctx != NULL && (!use_certificate(ctx) || !SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"ops", 3))) {
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	bind_object(op, r, ctx);
}

void compose_client(struct op *op, struct result *r)
{
	SSL_CTX *ctx = make_ctx(op, TLS_client_method(), DTLS_client_method());

	if (ctx != NULL)
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH);
	bind_object(op, r, ctx);
}

void compose_certificate(struct op *op, struct result *r)
{
	result_number(r, use_certificate(object(op, 0)));
}

void compose_cert_is(struct op *op, struct result *r)
{
	bool was_off = alloc_pause(true);
	BIO *file = BIO_new_file(path_of(op, 1), "r");
	X509 *want = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
	X509 *have = SSL_get_certificate(object(op, 0));

	result_number(r, want != NULL && have != NULL && X509_cmp(want, have) == 0);
	X509_free(want);
	BIO_free(file);
	alloc_pause(was_off);
}

/* Transports */

static struct {
	int fd, peer;
} sockets[64];
static int socket_count;

static void add_socket(int fd, int peer)
{
	if (socket_count == sizeof(sockets) / sizeof(*sockets)) {
		fputs("cdriver: too many sockets in one scenario\n", stderr);
		exit(2);
	}
	sockets[socket_count].fd = fd;
	sockets[socket_count++].peer = peer;
}

static int peer_of(int fd)
{
	for (int i = 0; i < socket_count; i++)
		if (sockets[i].fd == fd)
			return sockets[i].peer;
	return -1;
}

void close_sockets(void)
{
	for (int i = 0; i < socket_count; i++)
		close(sockets[i].fd);
	socket_count = 0;
}

static BIO *memory(void)
{
	BIO *b = BIO_new(BIO_s_mem());

	if (b != NULL)
		BIO_set_mem_eof_return(b, -1);
	return b;
}

void compose_link(struct op *op, struct result *r)
{
	(void)r;
	SSL_set_connect_state(object(op, 0));
	SSL_set_accept_state(object(op, 1));
	for (int i = 0; i < 2; i++)
		SSL_set_bio(object(op, i), memory(), memory());
}

void compose_link_fd(struct op *op, struct result *r)
{
	int fd[2];

	(void)r;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) {
		perror("cdriver: socketpair");
		exit(1);
	}
	SSL_set_connect_state(object(op, 0));
	SSL_set_accept_state(object(op, 1));
	for (int i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
		add_socket(fd[i], fd[1 - i]);
		SSL_set_fd(object(op, i), fd[i]);
	}
}

static bool is_memory(BIO *b)
{
	return b != NULL && BIO_method_type(b) == BIO_TYPE_MEM;
}

/* Over a socketpair the kernel has moved the bytes; then it says whether any wait at b. */
static bool move(const SSL *a, const SSL *b, struct text *wire)
{
	bool was_off = alloc_pause(true);
	BIO *from = SSL_get_wbio(a), *to = SSL_get_rbio(b);
	int len = 0;

	if (is_memory(from) && is_memory(to)) {
		len = (int)BIO_ctrl_pending(from);
		if (len > 0) {
			unsigned char *bytes = must_alloc((size_t)len);

			BIO_read(from, bytes, len);
			BIO_write(to, bytes, len);
			hello_find(wire, bytes, (size_t)len, SSL_is_dtls(a));
			free(bytes);
		}
	} else if (to != NULL && SSL_get_fd(b) >= 0) {
		ioctl(SSL_get_fd(b), FIONREAD, &len);
	}
	alloc_pause(was_off);
	return len > 0;
}

void compose_move(struct op *op, struct result *r)
{
	result_number(r, move(object(op, 0), object(op, 1), &r->wire));
}

void compose_eof(struct op *op, struct result *r)
{
	SSL *ssl = object(op, 0);
	BIO *b = SSL_get_rbio(ssl);

	(void)r;
	if (is_memory(b)) {
		(void)BIO_reset(b);
		BIO_set_mem_eof_return(b, 0);
	} else if (b != NULL) {
		shutdown(peer_of(SSL_get_fd(ssl)), SHUT_WR);
	}
}

void compose_inject(struct op *op, struct result *r)
{
	SSL *ssl = object(op, 0);
	BIO *b = SSL_get_rbio(ssl);
	const struct value *bytes = &op->arg[1];

	(void)r;
	if (is_memory(b))
		BIO_write(b, bytes->bytes, (int)bytes->len);
	else if (b != NULL && write(peer_of(SSL_get_fd(ssl)), bytes->bytes, bytes->len) < 0 && errno != EAGAIN && errno != EPIPE)
		perror("cdriver: inject"); /* the others are a socket that is full or closed: nothing comes in */
}

void compose_fill(struct op *op, struct result *r)
{
	static const char zeros[4096];
	int fd = SSL_get_fd(object(op, 0));

	(void)r;
	for (size_t size = sizeof(zeros); size > 0; size /= 2) /* to the last byte */
		while (write(fd, zeros, size) > 0)
			;
}

/* Handshakes */

struct side {
	SSL *ssl;
	bool called, done;
	int ret, error;
	struct text queue;
};

/* Says whether the result is another than that of the call before. */
static bool step(struct side *s)
{
	struct side before = *s;

	if (s->done)
		return false;
	ERR_clear_error();
	s->ret = SSL_do_handshake(s->ssl);
	s->error = SSL_get_error(s->ssl, s->ret);
	text_clear(&s->queue);
	queue_drain(&s->queue);
	s->called = true;
	s->done = s->ret == 1 || (s->error != SSL_ERROR_WANT_READ && s->error != SSL_ERROR_WANT_WRITE);
	return !before.called || s->ret != before.ret || s->error != before.error;
}

static void write_side(struct text *t, struct side *s)
{
	text_add(t, "{");
	text_number(t, "ret", s->ret);
	text_member(t, "error", error_name(s->error));
	text_add(t, ",\"queue\":%s}", text_get(&s->queue));
	text_clear(&s->queue);
}

/*
 * At most 20 rounds, each of four steps:
 *
 *	c calls SSL_do_handshake, unless it is done
 *	c's bytes go to s
 *	s calls SSL_do_handshake, unless it is done
 *	s's bytes go to c
 *
 * A side is done when its call returned 1 or failed, that is, wants neither to read nor to write. The loop is left only
 * at the end of a round, so that last flights and alerts arrive: when both sides are done, or when the round moved no
 * byte and no call had another result than the same side's call before (a first call counts as another result).
 */
void compose_handshake(struct op *op, struct result *r)
{
	struct side c = { .ssl = object(op, 0) }, s = { .ssl = object(op, 1) };
	bool progress = true;

	for (int round = 0; round < 20 && progress && !(c.done && s.done); round++) {
		progress = step(&c);
		progress |= move(c.ssl, s.ssl, &r->wire);
		progress |= step(&s);
		progress |= move(s.ssl, c.ssl, &r->wire);
	}
	result_number(r, c.ret == 1 && s.ret == 1);
	r->has_sides = true;
	write_side(&r->client, &c);
	write_side(&r->server, &s);
}

/* Copies of sessions */

static SSL_SESSION *from_der(const unsigned char *der, long len)
{
	return d2i_SSL_SESSION(NULL, &der, len);
}

/* An SSL_SESSION without a cipher has no DER: *len is then 0. */
static unsigned char *to_der(SSL_SESSION *session, int *len)
{
	unsigned char *der, *end;

	*len = i2d_SSL_SESSION(session, NULL);
	if (*len <= 0)
		return NULL;
	der = end = must_alloc((size_t)*len);
	*len = i2d_SSL_SESSION(session, &end);
	return der;
}

void compose_reparse(struct op *op, struct result *r)
{
	int len;
	unsigned char *der = to_der(object(op, 0), &len);

	bind_object(op, r, len > 0 ? from_der(der, len) : NULL);
	free(der);
}

void compose_without_ems(struct op *op, struct result *r)
{
	static const unsigned char flags[] = { 0xad, 0x03, 0x02, 0x01, 0x01 }; /* [13] INTEGER 1: SSL_SESS_FLAG_EXTMS */
	int len;
	unsigned char *der = to_der(object(op, 0), &len);

	for (int i = 0; i + (int)sizeof(flags) <= len; i++) {
		if (memcmp(der + i, flags, sizeof(flags)) == 0) {
			der[i + 4] = 0;
			break;
		}
	}
	bind_object(op, r, len > 0 ? from_der(der, len) : NULL);
	free(der);
}

void compose_repem(struct op *op, struct result *r)
{
	BIO *b = BIO_new(BIO_s_mem());
	SSL_SESSION *made = NULL;

	if (b != NULL && PEM_write_bio_SSL_SESSION(b, object(op, 0)))
		made = PEM_read_bio_SSL_SESSION(b, NULL, NULL, NULL);
	BIO_free(b);
	bind_object(op, r, made);
}

void compose_parse(struct op *op, struct result *r)
{
	bind_object(op, r, from_der(op->arg[0].bytes, (long)op->arg[0].len));
}

void compose_oom(struct op *op, struct result *r)
{
	(void)r;
	alloc_fail((long)op->arg[0].number);
}
