#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "common/auto.h"
#include "common/buf.h"

#define SESSION_SECONDS 7200
#define MAX_CHAIN 10
/** What OpenSSL 3 takes: name, AES and HMAC key. */
#define TICKET_KEY_BYTES 80

const char net_tls_ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                               "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                               "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

struct net_tls {
    _Atomic unsigned refs;
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    X509_STORE *clients; /* NULL: nobody shows a certificate */
    STACK_OF(X509_NAME) * client_names;
    uint8_t tickets[2][TICKET_KEY_BYTES];
};

/* The newest of OpenSSL's complaints; it names no secrets. */
static const char *complaint(void)
{
    unsigned long last = ERR_peek_last_error();
    const char *reason = last == 0 ? NULL : ERR_reason_error_string(last);
    ERR_clear_error();
    return reason == NULL ? "not PEM" : reason;
}

/* Never asks: a key with a passphrase is refused. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static enum sl_code open_pem(const char *what, const char *path, FILE **out, struct sl_err *err)
{
    if (path[0] == '\0') {
        return sl_fail(err, SL_NOT_FOUND, "%s is not set", what);
    }
    *out = fopen(path, "re");
    if (*out == NULL) {
        return errno == ENOENT ? sl_fail(err, SL_NOT_FOUND, "%s %.100s is missing", what, path)
                               : sl_fail_errno(err, "%s %.90s", what, path);
    }
    return SL_OK;
}

static enum sl_code load_chain(struct net_tls *c, const char *path, struct sl_err *err)
{
    SL_AUTO(file) FILE *f = NULL;
    enum sl_code rc = open_pem("tls_cert_file", path, &f, err);

    if (rc != SL_OK) {
        return rc;
    }
    c->leaf = PEM_read_X509(f, NULL, no_passphrase, NULL);
    if (c->leaf == NULL) {
        return sl_fail(err, SL_CORRUPT, "tls_cert_file %.90s: %s", path, complaint());
    }
    c->chain = sk_X509_new_null();
    for (int i = 0; i < MAX_CHAIN; i++) {
        X509 *next = PEM_read_X509(f, NULL, no_passphrase, NULL);
        if (next == NULL) {
            break;
        }
        if (sk_X509_push(c->chain, next) == 0) {
            abort(); /* only for want of memory */
        }
    }
    unsigned long last = ERR_peek_last_error();
    if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
        return sl_fail(err, SL_CORRUPT, "tls_cert_file %.90s: %s", path, complaint());
    }
    ERR_clear_error();
    return SL_OK;
}

static enum sl_code load_key(struct net_tls *c, const char *path, struct sl_err *err)
{
    struct stat st;
    SL_AUTO(file) FILE *f = NULL;
    enum sl_code rc = open_pem("tls_key_file", path, &f, err);

    if (rc != SL_OK) {
        return rc;
    }
    if (fstat(fileno(f), &st) != 0) {
        return sl_fail_errno(err, "tls_key_file %.90s", path);
    }
    if ((st.st_mode & S_IRWXO) != 0) {
        return sl_fail(err, SL_FORBIDDEN,
                       "tls_key_file %.70s can be read by everybody; run: chmod 600 on it", path);
    }
    c->key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
    if (c->key == NULL) {
        return sl_fail(err, SL_CORRUPT, "tls_key_file %.70s: %s; a passphrase is not supported",
                       path, complaint());
    }
    return SL_OK;
}

static enum sl_code load_clients(struct net_tls *c, const struct net_tls_files *files,
                                 struct sl_err *err)
{
    const char *ca = files->client_ca;
    const char *crl = files->client_crl;

    if (ca[0] == '\0') {
        return SL_OK;
    }
    c->client_names = SSL_load_client_CA_file(ca);
    c->clients = X509_STORE_new();
    if (c->clients == NULL) {
        abort(); /* only for want of memory */
    }
    if (c->client_names == NULL || X509_STORE_load_file(c->clients, ca) != 1) {
        return sl_fail(err, SL_CORRUPT, "staff_client_ca_file %.90s: %s", ca, complaint());
    }
    if (crl[0] == '\0') {
        return SL_OK;
    }
    X509_LOOKUP *lookup = X509_STORE_add_lookup(c->clients, X509_LOOKUP_file());
    if (lookup == NULL || X509_load_crl_file(lookup, crl, X509_FILETYPE_PEM) < 1) {
        return sl_fail(err, SL_CORRUPT, "staff_client_crl_file %.90s: %s", crl, complaint());
    }
    (void)X509_STORE_set_flags(c->clients, X509_V_FLAG_CRL_CHECK);
    return SL_OK;
}

enum sl_code net_tls_load(const struct net_tls_files *files, struct net_tls **out,
                          struct sl_err *err)
{
    struct net_tls *c = sl_alloc(sizeof *c);

    atomic_init(&c->refs, 1);
    randombytes_buf(c->tickets, sizeof c->tickets);
    enum sl_code rc = load_chain(c, files->cert, err);
    if (rc == SL_OK) {
        rc = load_key(c, files->key, err);
    }
    if (rc == SL_OK && X509_check_private_key(c->leaf, c->key) != 1) {
        ERR_clear_error();
        rc = sl_fail(err, SL_CORRUPT,
                     "tls_key_file is not the key of the first certificate in %.80s", files->cert);
    }
    if (rc == SL_OK) {
        rc = load_clients(c, files, err);
    }
    if (rc != SL_OK) {
        net_tls_unref(c);
        return rc;
    }
    *out = c;
    return SL_OK;
}

struct net_tls *net_tls_ref(struct net_tls *tls)
{
    atomic_fetch_add(&tls->refs, 1);
    return tls;
}

void net_tls_unref(struct net_tls *tls)
{
    if (tls != NULL && atomic_fetch_sub(&tls->refs, 1) == 1) {
        X509_free(tls->leaf);
        sk_X509_pop_free(tls->chain, X509_free);
        EVP_PKEY_free(tls->key);
        X509_STORE_free(tls->clients);
        sk_X509_NAME_pop_free(tls->client_names, X509_NAME_free);
        sodium_memzero(tls->tickets, sizeof tls->tickets);
        free(tls);
    }
}

int64_t net_tls_left_s(const struct net_tls *tls)
{
    int days = 0;
    int seconds = 0;

    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(tls->leaf)) != 1) {
        ERR_clear_error();
        return 0;
    }
    return (int64_t)days * 86400 + seconds;
}

enum sl_code net_tls_set_up(SSL_CTX *ctx, const char *name, struct sl_err *err)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};

    /* libwebsockets would let the name that a client asks for pick another listener's settings. */
    SSL_CTX_set_tlsext_servername_callback(ctx, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* Sessions live in the clients' tickets: nothing is kept here for each of them. */
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(ctx, SESSION_SECONDS);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, net_tls_ciphers) != 1 ||
        SSL_CTX_set1_groups(ctx, groups, sizeof groups / sizeof *groups) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
        SSL_CTX_set_session_id_context(ctx, (const unsigned char *)name, (unsigned)strlen(name)) !=
            1) {
        return sl_fail(err, SL_SYSTEM, "TLS set-up: %s", complaint());
    }
    return SL_OK;
}

enum sl_code net_tls_use(const struct net_tls *tls, SSL_CTX *ctx, int listener,
                         bool client_certificates, struct sl_err *err)
{
    uint8_t tickets[TICKET_KEY_BYTES];

    memcpy(tickets, tls->tickets[listener], sizeof tickets);
    bool done = SSL_CTX_use_cert_and_key(ctx, tls->leaf, tls->key, tls->chain, 1) == 1 &&
                SSL_CTX_set_tlsext_ticket_keys(ctx, tickets, sizeof tickets) == 1;
    sodium_memzero(tickets, sizeof tickets);
    if (done && client_certificates) {
        STACK_OF(X509_NAME) *names = SSL_dup_CA_list(tls->client_names);
        SSL_CTX_set_client_CA_list(ctx, names);
        SSL_CTX_set1_cert_store(ctx, tls->clients);
    }
    return done ? SL_OK : sl_fail(err, SL_CORRUPT, "tls_cert_file: %s", complaint());
}
