/* ClientHellos in the bytes that one side sent: what `wire` shows of them. Every read is bounded; what does not parse is not shown. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"

enum { RECORD_HANDSHAKE = 22, CLIENT_HELLO = 1 };
enum { EXT_SERVER_NAME = 0, EXT_EMS = 23, EXT_TICKET = 35, EXT_PSK = 41, EXT_EARLY_DATA = 42, EXT_VERSIONS = 43 };

/* The bytes that are still to be read. A read beyond them leaves bad set, and zeros come back. */
struct reader {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static struct reader take_bytes(struct reader *r, size_t len)
{
	struct reader part = { r->at, len, r->bad };

	if (len > r->left) {
		r->bad = true;
		r->left = 0;
		return (struct reader){ NULL, 0, true };
	}
	r->at += len;
	r->left -= len;
	return part;
}

static unsigned long take_number(struct reader *r, int size)
{
	struct reader part = take_bytes(r, (size_t)size);
	unsigned long n = 0;

	for (size_t i = 0; i < part.left; i++)
		n = n << 8 | part.at[i];
	return n;
}

/* A vector with its length before it, in size bytes. */
static struct reader take_vector(struct reader *r, int size)
{
	return take_bytes(r, take_number(r, size));
}

struct hello {
	struct reader id, ticket, psk, versions, sni;
	bool has_ticket, has_psk, has_versions, ems, early;
};

static bool parse_extension(struct hello *h, unsigned long type, struct reader ext)
{
	struct reader part, item;

	switch (type) {
	case EXT_SERVER_NAME:
		part = take_vector(&ext, 2);
		while (part.left > 0) {
			type = take_number(&part, 1);
			item = take_vector(&part, 2);
			if (type == TLSEXT_NAMETYPE_host_name)
				h->sni = item;
		}
		return !part.bad && !ext.bad;
	case EXT_EMS:
		h->ems = true;
		return true;
	case EXT_TICKET:
		h->has_ticket = true;
		h->ticket = ext;
		return true;
	case EXT_PSK:
		h->has_psk = true;
		h->psk = take_vector(&ext, 2);
		return !ext.bad;
	case EXT_EARLY_DATA:
		h->early = true;
		return true;
	case EXT_VERSIONS:
		h->has_versions = true;
		h->versions = take_vector(&ext, 1);
		return !ext.bad;
	}
	return true;
}

static bool parse_hello(struct hello *h, struct reader r, bool dtls)
{
	struct reader extensions;

	take_number(&r, 2); /* legacy_version */
	take_bytes(&r, 32); /* random */
	h->id = take_vector(&r, 1);
	if (dtls)
		take_vector(&r, 1); /* cookie */
	take_vector(&r, 2);         /* cipher suites */
	take_vector(&r, 1);         /* compression methods */
	if (r.bad || r.left == 0)
		return !r.bad;
	extensions = take_vector(&r, 2);
	if (r.bad || r.left > 0)
		return false;
	while (extensions.left > 0) {
		unsigned long type = take_number(&extensions, 2);
		struct reader ext = take_vector(&extensions, 2);

		if (extensions.bad || !parse_extension(h, type, ext))
			return false;
	}
	return true;
}

static void write_hello(struct text *t, struct hello *h)
{
	text_item(t);
	text_add(t, "{");
	text_member(t, "id", session_by_id(h->id.at, h->id.left));
	if (h->has_ticket)
		text_member(t, "ticket", session_by_ticket(h->ticket.at, h->ticket.left));
	if (h->has_psk) {
		text_add(t, ",\"psk\":[");
		while (h->psk.left > 0) {
			struct reader identity = take_vector(&h->psk, 2);

			take_number(&h->psk, 4); /* obfuscated age */
			text_item(t);
			text_add(t, "\"%s\"", session_by_ticket(identity.at, identity.left));
		}
		text_add(t, "]");
	}
	text_add(t, ",\"sni\":");
	text_string(t, h->sni.at, h->sni.left);
	text_number(t, "ems", h->ems);
	text_number(t, "early", h->early);
	if (h->has_versions) {
		text_add(t, ",\"versions\":[");
		while (h->versions.left > 0) {
			int version = (int)take_number(&h->versions, 2);

			text_item(t);
			text_add(t, "\"%s\"", version_name(version));
		}
		text_add(t, "]");
	}
	text_add(t, "}");
}

/*
 * A record's first handshake message. The length has to fit the record exactly: a ClientHello is a flight of its own,
 * and what is encrypted hardly ever looks like one.
 */
static void find_in_tls(struct text *wire, struct reader record)
{
	struct hello h = { 0 };
	unsigned long type = take_number(&record, 1);
	struct reader body = take_vector(&record, 3);

	if (type == CLIENT_HELLO && !record.bad && record.left == 0 && parse_hello(&h, body, false))
		write_hello(wire, &h);
}

/* The fragments of the ClientHello that is being put together. */
struct fragments {
	unsigned char *bytes;
	size_t have, size;
};

static void find_in_dtls(struct text *wire, struct reader record, struct fragments *f)
{
	struct hello h = { 0 };
	unsigned long type = take_number(&record, 1), size = take_number(&record, 3), offset;
	struct reader part;

	take_number(&record, 2); /* message number */
	offset = take_number(&record, 3);
	part = take_vector(&record, 3);
	if (record.bad || type != CLIENT_HELLO)
		return;
	if (offset == 0) {
		free(f->bytes);
		*f = (struct fragments){ must_alloc(size), 0, size };
	}
	if (f->bytes == NULL || size != f->size || offset != f->have || part.left > size - offset)
		return;
	if (part.left > 0)
		memcpy(f->bytes + offset, part.at, part.left);
	f->have += part.left;
	if (f->have == size && parse_hello(&h, (struct reader){ f->bytes, size, false }, true))
		write_hello(wire, &h);
}

void hello_find(struct text *wire, const unsigned char *bytes, size_t len, bool dtls)
{
	struct reader r = { bytes, len, false };
	struct fragments f = { 0 };

	while (r.left > 0) {
		unsigned long type = take_number(&r, 1), epoch;
		struct reader record;

		take_number(&r, 2); /* version */
		epoch = dtls ? take_number(&r, 2) : 0;
		if (dtls)
			take_bytes(&r, 6); /* sequence number */
		record = take_vector(&r, 2);
		if (r.bad)
			break;
		if (type != RECORD_HANDSHAKE || epoch != 0)
			continue;
		if (dtls)
			find_in_dtls(wire, record, &f);
		else
			find_in_tls(wire, record);
	}
	free(f.bytes);
}
