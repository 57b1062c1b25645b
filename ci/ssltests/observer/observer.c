/*
 * What a case of OpenSSL's ssl_test came to, as a line of JSON before the verdict. ssl_test.c is compiled with gossl_observe in do_handshake's place;
 * the rest of ssl_test is as it is, and so is its header, which this is compiled with.
 */
#include "handshake_helper.h"

#include <openssl/x509.h>
#include <stdio.h>

HANDSHAKE_RESULT *gossl_observe(SSL_CTX *server, SSL_CTX *server2, SSL_CTX *client, SSL_CTX *resume_server, SSL_CTX *resume_client, const SSL_TEST_CTX *test);

/* Names of protocols, ciphers and the like: nothing in them needs an escape. */
static void text(const char *name, const char *value)
{
	printf(",\"%s\":\"%s\"", name, value != NULL ? value : "");
}

static void names(const char *name, const STACK_OF(X509_NAME) * list)
{
	printf(",\"%s\":[", name);
	for (int i = 0; i < sk_X509_NAME_num(list); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509_NAME(sk_X509_NAME_value(list, i), &der);

		printf("%s\"", i > 0 ? "," : "");
		for (int k = 0; k < n; k++)
			printf("%02x", der[k]);
		printf("\"");
		OPENSSL_free(der);
	}
	printf("]");
}

#define NUMBER(field) printf(",\"" #field "\":%d", (int)r->field)
#define TEXT(field) text(#field, r->field)
#define NAMES(field) names(#field, r->field)

static void print(const HANDSHAKE_RESULT *r)
{
	printf("{\"result\":\"%s\"", ssl_test_result_name(r->result));
	NUMBER(client_alert_sent);
	NUMBER(client_num_fatal_alerts_sent);
	NUMBER(client_alert_received);
	NUMBER(server_alert_sent);
	NUMBER(server_num_fatal_alerts_sent);
	NUMBER(server_alert_received);
	NUMBER(server_protocol);
	NUMBER(client_protocol);
	text("servername", ssl_servername_name(r->servername));
	text("session_ticket", ssl_session_ticket_name(r->session_ticket));
	text("session_id", ssl_session_id_name(r->session_id));
	NUMBER(compression);
	NUMBER(session_ticket_do_not_call);
	TEXT(client_npn_negotiated);
	TEXT(server_npn_negotiated);
	TEXT(client_alpn_negotiated);
	TEXT(server_alpn_negotiated);
	NUMBER(client_resumed);
	NUMBER(server_resumed);
	NUMBER(tmp_key_type);
	NUMBER(server_cert_type);
	NUMBER(server_sign_hash);
	NUMBER(server_sign_type);
	NAMES(server_ca_names);
	NUMBER(client_cert_type);
	NUMBER(client_sign_hash);
	NUMBER(client_sign_type);
	NAMES(client_ca_names);
	TEXT(cipher);
	TEXT(result_session_ticket_app_data);
	printf("}\n");
}

HANDSHAKE_RESULT *gossl_observe(SSL_CTX *server, SSL_CTX *server2, SSL_CTX *client, SSL_CTX *resume_server, SSL_CTX *resume_client, const SSL_TEST_CTX *test)
{
	HANDSHAKE_RESULT *r = do_handshake(server, server2, client, resume_server, resume_client, test);

	if (r != NULL)
		print(r);
	return r;
}
