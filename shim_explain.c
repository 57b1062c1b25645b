/*
 * What libssl will do with a session, told from what it looks at itself when it writes the ClientHello (tls_construct_client_hello and
 * tls_construct_ctos_psk of 1.1.1), by public functions.
 */
#include "shim_internal.h"

#include <string.h>
#include <time.h>

/* Methods that know one version, and so many of them: 0 for the others. */
static int fixed_version(const SSL_METHOD *method)
{
	const struct {
		const SSL_METHOD *method, *client;
		int version;
	} fixed[] = {
		{ TLSv1_method(), TLSv1_client_method(), TLS1_VERSION },          { TLSv1_1_method(), TLSv1_1_client_method(), TLS1_1_VERSION },
		{ TLSv1_2_method(), TLSv1_2_client_method(), TLS1_2_VERSION },    { DTLSv1_method(), DTLSv1_client_method(), DTLS1_VERSION },
		{ DTLSv1_2_method(), DTLSv1_2_client_method(), DTLS1_2_VERSION },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (method == fixed[i].method || method == fixed[i].client)
			return fixed[i].version;
	}
	return 0;
}

/* The option that disables a version; a version with none is not supported. */
static unsigned long option_against(int version, int dtls)
{
	switch (version) {
	case TLS1_VERSION:
		return dtls ? 0 : SSL_OP_NO_TLSv1;
	case TLS1_1_VERSION:
		return dtls ? 0 : SSL_OP_NO_TLSv1_1;
	case TLS1_2_VERSION:
		return dtls ? 0 : SSL_OP_NO_TLSv1_2;
	case TLS1_3_VERSION:
		return dtls ? 0 : SSL_OP_NO_TLSv1_3;
	case DTLS1_VERSION:
		return dtls ? SSL_OP_NO_DTLSv1 : 0;
	case DTLS1_2_VERSION:
		return dtls ? SSL_OP_NO_DTLSv1_2 : 0;
	}
	return 0;
}

/* Whether a is lower than b. DTLS counts downwards. */
static int lower(int a, int b, int dtls)
{
	return dtls ? a > b : a < b;
}

static int version_enabled(SSL *ssl, const SSL_METHOD *method, int version)
{
	int dtls = SSL_is_dtls(ssl), least = (int)SSL_get_min_proto_version(ssl), most = (int)SSL_get_max_proto_version(ssl);
	int fixed = fixed_version(method);
	unsigned long option = option_against(version, dtls);

	if (fixed != 0)
		return version == fixed;
	if (option == 0 || (SSL_get_options(ssl) & option))
		return 0;
	if ((least != 0 && lower(version, least, dtls)) || (most != 0 && lower(most, version, dtls)))
		return 0;
	return SSL_get_security_callback(ssl)(ssl, NULL, SSL_SECOP_VERSION, 0, version, NULL, SSL_get0_security_ex_data(ssl));
}

/* Reports whether a cipher that is on can take the session: in TLS 1.3 any with the same hash. */
static int cipher_enabled(SSL *ssl, const SSL_CIPHER *cipher, int version)
{
	STACK_OF(SSL_CIPHER) *enabled = SSL_get1_supported_ciphers(ssl);
	int found = 0;

	for (int i = 0; i < sk_SSL_CIPHER_num(enabled) && !found; i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(enabled, i);

		if (version == TLS1_3_VERSION)
			found = SSL_CIPHER_get_protocol_id(c) >> 8 == 0x13 && SSL_CIPHER_get_handshake_digest(c) == SSL_CIPHER_get_handshake_digest(cipher);
		else
			found = SSL_CIPHER_get_id(c) == SSL_CIPHER_get_id(cipher);
	}
	sk_SSL_CIPHER_free(enabled);
	return found;
}

static int explain_tls13(SSL_SESSION *session)
{
	const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);
	uint32_t age = (uint32_t)(time(NULL) - SSL_SESSION_get_time(session));

	if (!SSL_SESSION_has_ticket(session))
		return GOSSL_WHY_NO_TICKET;
	if (cipher == NULL || SSL_CIPHER_get_handshake_digest(cipher) == NULL)
		return GOSSL_WHY_NO_CIPHER;
	if (age > 0)
		age--;
	if (SSL_SESSION_get_ticket_lifetime_hint(session) < age || (age != 0 && age * (uint32_t)1000 / 1000 != age))
		return GOSSL_WHY_TICKET_TOO_OLD;
	return 0;
}

/* Why libssl does not offer the session, 0 if it does. */
static int not_offered(gossl_ssl *s, SSL_SESSION *session)
{
	SSL *ssl = s->ssl;
	int version = SSL_SESSION_get_protocol_version(session);
	unsigned int id_len;

	if (SSL_is_server(ssl))
		return GOSSL_WHY_SERVER;
	/* SSL_set_session goes back to the method of the SSL_CTX, as does a handshake when it begins: it clears the SSL */
	if (!version_enabled(
		ssl, SSL_get_session(ssl) == session && !SSL_in_before(ssl) ? SSL_get_ssl_method(ssl) : SSL_CTX_get_ssl_method(SSL_get_SSL_CTX(ssl)), version))
		return GOSSL_WHY_VERSION;
	SSL_SESSION_get_id(session, &id_len);
	if (id_len == 0 && !SSL_SESSION_has_ticket(session))
		return GOSSL_WHY_NO_ID;
	if (!SSL_SESSION_is_resumable(session))
		return GOSSL_WHY_FLAGGED;
	return version == TLS1_3_VERSION ? explain_tls13(session) : 0;
}

/* The doubts, as bits: what makes the peer decline, or the handshake fail. */
static long doubts(gossl_ssl *s, SSL_SESSION *session)
{
	const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);
	int version = SSL_SESSION_get_protocol_version(session);
	long d = 0, age = (long)time(NULL) - SSL_SESSION_get_time(session);

	if (age > SSL_SESSION_get_timeout(session))
		d |= 1L << GOSSL_WHY_EXPIRED;
	if (cipher != NULL && !cipher_enabled(s->ssl, cipher, version))
		d |= 1L << GOSSL_WHY_CIPHER_OFF;
	if (version != TLS1_3_VERSION && SSL_SESSION_has_ticket(session) && (SSL_get_options(s->ssl) & SSL_OP_NO_TICKET))
		d |= 1L << GOSSL_WHY_TICKETS_OFF;
	return d;
}

/* Whether libssl would send early data with it. It fails the handshake if names differ. */
static long early_data_doubts(gossl_ssl *s, SSL_SESSION *session)
{
	const char *host = SSL_SESSION_get0_hostname(session);
	const char *name = gossl_lost_session(s->ssl) ? NULL : SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name);

	if (SSL_SESSION_get_protocol_version(session) != TLS1_3_VERSION || SSL_SESSION_get_max_early_data(session) == 0)
		return 1L << GOSSL_WHY_NO_EARLY_DATA;
	if (host != NULL && (name == NULL || strcmp(host, name) != 0))
		return 1L << GOSSL_WHY_SERVERNAME;
	return 0;
}

static long explain(gossl_ssl *s, SSL_SESSION *session)
{
	int why;

	if (session == NULL && !s->dead)
		session = SSL_get_session(s->ssl);
	if (session == NULL || s->dead)
		return 1L << GOSSL_WHY_NO_SESSION;
	if (!SSL_in_init(s->ssl) && SSL_session_reused(s->ssl))
		return 1L << GOSSL_WHY_RESUMED;
	why = not_offered(s, session);
	if (why != 0)
		return 1L << why;
	return doubts(s, session) | (SSL_in_init(s->ssl) ? early_data_doubts(s, session) : 1L << GOSSL_WHY_DECLINED);
}

/* ret has a bit for each reason: those below GOSSL_WHY_EXPIRED are why the session is not offered. NULL means the SSL's own. */
gossl_result gossl_ssl_explain(gossl_ssl *s, SSL_SESSION *session)
{
	return GOSSL_SSL(s, READS | PUSHES, explain(s, session), 0);
}
