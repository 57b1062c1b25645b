/* Certificates, keys, chains, CA lists and stores, of an SSL_CTX and of an SSL: libssl has each of these functions twice. */
#include "shim_internal.h"

#include <limits.h>

/* Whose certificates: one of the two is NULL. */
struct target {
	SSL_CTX *ctx;
	SSL *ssl;
};

static long ctrl(struct target t, int cmd, long larg, void *parg)
{
	return t.ssl != NULL ? SSL_ctrl(t.ssl, cmd, larg, parg) : SSL_CTX_ctrl(t.ctx, cmd, larg, parg);
}

static int use_cert(struct target t, X509 *cert)
{
	return t.ssl != NULL ? SSL_use_certificate(t.ssl, cert) : SSL_CTX_use_certificate(t.ctx, cert);
}

static int use_key(struct target t, EVP_PKEY *key)
{
	return key != NULL && (t.ssl != NULL ? SSL_use_PrivateKey(t.ssl, key) : SSL_CTX_use_PrivateKey(t.ctx, key)) == 1;
}

/* The bytes that a call is given. */
struct material {
	const unsigned char *p;
	int len;
	const unsigned char *password; /* NULL: there is none, and nobody is asked */
	int password_len;
};

static int given_password(char *buf, int size, int writing, void *arg)
{
	const struct material *m = arg;

	if (m->password == NULL)
		return gossl_no_password(buf, size, writing, arg);
	if (m->password_len > size)
		return -1;
	memcpy(buf, m->password, (size_t)m->password_len);
	return m->password_len;
}

/* Reports whether reading PEM ended because there is no more, and forgets that entry. */
static int at_end_of_pem(void)
{
	unsigned long e = ERR_peek_last_error();

	if (ERR_GET_LIB(e) != ERR_LIB_PEM || ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return 0;
	ERR_clear_error(); /* the queue is this call's own */
	return 1;
}

/* The first certificate is the target's own, those that follow are its chain. */
static int use_certificate_pem(struct target t, BIO *bio)
{
	X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, gossl_no_password, NULL);
	int ok = cert != NULL && use_cert(t, cert) == 1 && ctrl(t, SSL_CTRL_CHAIN, 0, NULL) == 1;

	X509_free(cert);
	while (ok && (cert = PEM_read_bio_X509(bio, NULL, gossl_no_password, NULL)) != NULL) {
		ok = ctrl(t, SSL_CTRL_CHAIN_CERT, 1, cert) == 1;
		X509_free(cert);
	}
	return ok && at_end_of_pem();
}

static int use_key_pem(struct target t, BIO *bio, struct material *m)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, given_password, m);
	int ok = use_key(t, key);

	EVP_PKEY_free(key);
	return ok;
}

static int use_key_der(struct target t, const struct material *m)
{
	const unsigned char *p = m->p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, m->len);
	int ok = use_key(t, key);

	EVP_PKEY_free(key);
	return ok;
}

static int add_ca_name(struct target t, X509 *cert)
{
	return t.ssl != NULL ? SSL_add1_to_CA_list(t.ssl, cert) : SSL_CTX_add1_to_CA_list(t.ctx, cert);
}

static int add_client_ca(struct target t, X509 *cert)
{
	return t.ssl != NULL ? SSL_add_client_CA(t.ssl, cert) : SSL_CTX_add_client_CA(t.ctx, cert);
}

/* Reports whether DER ends where it should. An entry says so if not. */
static int ends(const unsigned char *p, const struct material *m)
{
	if (p == m->p + m->len)
		return 1;
	ASN1err(0, ASN1_R_TOO_LONG);
	return 0;
}

/* What is done with one certificate in DER. libssl's own function of that takes bytes behind it. */
static int use_der(struct target t, int what, const struct material *m)
{
	const unsigned char *p = m->p;
	X509 *cert = d2i_X509(NULL, &p, m->len);
	int ok = 0;

	if (cert == NULL || (what != GOSSL_CERT_DER && !ends(p, m)))
		what = -1;
	switch (what) {
	case GOSSL_CERT_DER:
		ok = use_cert(t, cert) == 1;
		break;
	case GOSSL_CHAIN_CERT_DER:
		ok = ctrl(t, SSL_CTRL_CHAIN_CERT, 1, cert) == 1;
		break;
	case GOSSL_SELECT_CERT_DER:
		ok = ctrl(t, SSL_CTRL_SELECT_CURRENT_CERT, 0, cert) == 1;
		break;
	case GOSSL_CLIENT_CA_DER:
		ok = add_client_ca(t, cert);
		break;
	case GOSSL_CA_NAME_DER:
		ok = add_ca_name(t, cert);
		break;
	case GOSSL_CA_DER:
		ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(t.ctx), cert);
		break;
	}
	X509_free(cert);
	return ok;
}

static int add_ca_pem(X509_STORE *store, BIO *bio)
{
	X509 *cert;
	int n = 0, added = 1;

	while (added && (cert = PEM_read_bio_X509(bio, NULL, gossl_no_password, NULL)) != NULL) {
		added = X509_STORE_add_cert(store, cert);
		X509_free(cert);
		n++;
	}
	return added && n > 0 && at_end_of_pem();
}

static int add_client_ca_pem(struct target t, BIO *bio)
{
	X509 *cert;
	int n = 0, added = 1;

	while (added && (cert = PEM_read_bio_X509(bio, NULL, gossl_no_password, NULL)) != NULL) {
		added = add_client_ca(t, cert);
		X509_free(cert);
		n++;
	}
	return added && n > 0 && at_end_of_pem();
}

static int add_crl_pem(X509_STORE *store, BIO *bio)
{
	X509_CRL *crl;
	int n = 0, added = 1;

	while (added && (crl = PEM_read_bio_X509_CRL(bio, NULL, gossl_no_password, NULL)) != NULL) {
		added = X509_STORE_add_crl(store, crl);
		X509_CRL_free(crl);
		n++;
	}
	return added && n > 0 && at_end_of_pem();
}

static int add_crl_der(X509_STORE *store, const struct material *m)
{
	const unsigned char *p = m->p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, m->len);
	int ok = crl != NULL && ends(p, m) && X509_STORE_add_crl(store, crl);

	X509_CRL_free(crl);
	return ok;
}

/* A store of its own, for verifying the peer or for building the chain that is sent. */
static int set_store_pem(struct target t, int cmd, BIO *bio)
{
	X509_STORE *store = X509_STORE_new();
	int ok = store != NULL && add_ca_pem(store, bio) && ctrl(t, cmd, 1, store) == 1;

	X509_STORE_free(store);
	return ok;
}

static int set_dh_pem(struct target t, BIO *bio)
{
	DH *dh = PEM_read_bio_DHparams(bio, NULL, gossl_no_password, NULL);
	int ok = dh != NULL && ctrl(t, SSL_CTRL_SET_TMP_DH, 0, dh) == 1;

	DH_free(dh);
	return ok;
}

/* What is done with PEM. */
static int use_pem(struct target t, int what, struct material *m)
{
	BIO *bio = BIO_new_mem_buf(m->p, m->len);
	int ok = 0;

	if (bio == NULL)
		return 0;
	switch (what) {
	case GOSSL_CERT_PEM:
		ok = use_certificate_pem(t, bio);
		break;
	case GOSSL_KEY_PEM:
		ok = use_key_pem(t, bio, m);
		break;
	case GOSSL_CLIENT_CA_PEM:
		ok = add_client_ca_pem(t, bio);
		break;
	case GOSSL_CA_PEM:
		ok = add_ca_pem(SSL_CTX_get_cert_store(t.ctx), bio);
		break;
	case GOSSL_CRL_PEM:
		ok = add_crl_pem(SSL_CTX_get_cert_store(t.ctx), bio);
		break;
	case GOSSL_VERIFY_STORE_PEM:
		ok = set_store_pem(t, SSL_CTRL_SET_VERIFY_CERT_STORE, bio);
		break;
	case GOSSL_CHAIN_STORE_PEM:
		ok = set_store_pem(t, SSL_CTRL_SET_CHAIN_CERT_STORE, bio);
		break;
	case GOSSL_TMP_DH_PEM:
		ok = set_dh_pem(t, bio);
		break;
	}
	BIO_free(bio);
	return ok;
}

/* A list of names, each in DER, one after the other. NULL if there is anything else. */
static STACK_OF(X509_NAME) * parse_names(const unsigned char *p, int len)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	const unsigned char *end = p + len;
	X509_NAME *name;

	while (p < end) {
		name = d2i_X509_NAME(NULL, &p, end - p);
		if (name == NULL || !sk_X509_NAME_push(names, name)) {
			X509_NAME_free(name);
			sk_X509_NAME_pop_free(names, X509_NAME_free);
			return NULL;
		}
	}
	return names;
}

static void set_client_cas(struct target t, STACK_OF(X509_NAME) * names)
{
	if (t.ssl != NULL)
		SSL_set_client_CA_list(t.ssl, names);
	else
		SSL_CTX_set_client_CA_list(t.ctx, names);
}

static void set_ca_names(struct target t, STACK_OF(X509_NAME) * names)
{
	if (t.ssl != NULL)
		SSL_set0_CA_list(t.ssl, names);
	else
		SSL_CTX_set0_CA_list(t.ctx, names);
}

static int use_names(struct target t, int what, const struct material *m)
{
	STACK_OF(X509_NAME) *names = parse_names(m->p, m->len);

	if (names == NULL)
		return 0;
	if (what == GOSSL_CLIENT_CA_NAMES)
		set_client_cas(t, names);
	else
		set_ca_names(t, names);
	return 1;
}

static int use(struct target t, int what, struct material m)
{
	switch (what) {
	case GOSSL_KEY_DER:
		return use_key_der(t, &m);
	case GOSSL_CRL_DER:
		return add_crl_der(SSL_CTX_get_cert_store(t.ctx), &m);
	case GOSSL_CLIENT_CA_NAMES:
	case GOSSL_CA_NAMES:
		return use_names(t, what, &m);
	}
	return what < GOSSL_FIRST_PEM ? use_der(t, what, &m) : use_pem(t, what, &m);
}

gossl_result gossl_ctx_use(SSL_CTX *ctx, int what, const unsigned char *p, int len, const unsigned char *password, int password_len)
{
	return GOSSL_CTX(ctx, PUSHES, use((struct target){ ctx, NULL }, what, (struct material){ p, len, password, password_len }), r.ret != 1);
}

gossl_result gossl_ssl_use(gossl_ssl *s, int what, const unsigned char *p, int len, const unsigned char *password, int password_len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, use((struct target){ NULL, s->ssl }, what, (struct material){ p, len, password, password_len }), r.ret != 1);
}

gossl_result gossl_ctx_use_serverinfo(SSL_CTX *ctx, unsigned int version, const unsigned char *p, size_t len)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_use_serverinfo_ex(ctx, version, p, len), r.ret != 1);
}

static int use_file(struct target t, int what, const char *file, int type)
{
	switch (what) {
	case GOSSL_CERT_FILE:
		return t.ssl != NULL ? SSL_use_certificate_file(t.ssl, file, type) : SSL_CTX_use_certificate_file(t.ctx, file, type);
	case GOSSL_CHAIN_FILE:
		return t.ssl != NULL ? SSL_use_certificate_chain_file(t.ssl, file) : SSL_CTX_use_certificate_chain_file(t.ctx, file);
	case GOSSL_KEY_FILE:
		return t.ssl != NULL ? SSL_use_PrivateKey_file(t.ssl, file, type) : SSL_CTX_use_PrivateKey_file(t.ctx, file, type);
	case GOSSL_SERVERINFO_FILE:
		return SSL_CTX_use_serverinfo_file(t.ctx, file);
	}
	return 0;
}

gossl_result gossl_ctx_use_file(SSL_CTX *ctx, int what, const char *file, int type)
{
	return GOSSL_CTX(ctx, PUSHES, use_file((struct target){ ctx, NULL }, what, file, type), r.ret != 1);
}

gossl_result gossl_ssl_use_file(gossl_ssl *s, int what, const char *file, int type)
{
	return GOSSL_SSL(s, ACTS | PUSHES, use_file((struct target){ NULL, s->ssl }, what, file, type), r.ret != 1);
}

/* The DER of all, one after the other. *out is from OPENSSL_malloc; without any it stays NULL, and the length is 0. */
long gossl_certs_der(const STACK_OF(X509) * certs, unsigned char **out)
{
	long total = 0;
	unsigned char *p;

	for (int i = 0; i < sk_X509_num(certs); i++)
		total += i2d_X509(sk_X509_value(certs, i), NULL);
	if (total <= 0 || total > INT_MAX || (p = *out = OPENSSL_malloc((size_t)total)) == NULL)
		return total <= 0 ? 0 : -1;
	for (int i = 0; i < sk_X509_num(certs); i++)
		i2d_X509(sk_X509_value(certs, i), &p);
	return total;
}

long gossl_names_der(const STACK_OF(X509_NAME) * names, unsigned char **out)
{
	long total = 0;
	unsigned char *p;

	for (int i = 0; i < sk_X509_NAME_num(names); i++)
		total += i2d_X509_NAME(sk_X509_NAME_value(names, i), NULL);
	if (total <= 0 || total > INT_MAX || (p = *out = OPENSSL_malloc((size_t)total)) == NULL)
		return total <= 0 ? 0 : -1;
	for (int i = 0; i < sk_X509_NAME_num(names); i++)
		i2d_X509_NAME(sk_X509_NAME_value(names, i), &p);
	return total;
}
