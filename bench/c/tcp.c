/* Blocking sockets on the loopback. */
#include "worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in a;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_port = htons((unsigned short)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* As Go sets every connection. */
static void no_delay(int fd)
{
	int on = 1;

	MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
}

struct listener listener_new(void)
{
	struct listener l;
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);

	l.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(l.fd >= 0 && bind(l.fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(l.fd, 128) == 0);
	MUST(getsockname(l.fd, (struct sockaddr *)&a, &len) == 0);
	l.port = ntohs(a.sin_port);
	return l;
}

int listener_accept(const struct listener *l)
{
	int fd = accept(l->fd, NULL, NULL);

	MUST(fd >= 0);
	no_delay(fd);
	return fd;
}

int listener_dial(const struct listener *l)
{
	struct sockaddr_in a = loopback(l->port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	no_delay(fd);
	return fd;
}
