/*
 * Certificates and what TLS is set to. All files are read and checked as a whole before anything
 * uses them, so that a bad one at a reload changes nothing.
 */
#ifndef SENDLINE_NET_TLS_H
#define SENDLINE_NET_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/** Where the parts are; borrowed. Empty: not set. */
struct net_tls_files {
    const char *cert;       /**< chain, PEM */
    const char *key;        /**< PEM, without a passphrase, not readable by others */
    const char *client_ca;  /**< whose certificates staff must show; may be empty */
    const char *client_crl; /**< which of them are revoked; may be empty */
};

/**
 * What the files had: certificate, chain, key, who may come to the staff listener; and fresh keys
 * for session tickets, so that nobody resumes what a reload no longer allows. Shared by all loops.
 * Constant.
 */
struct net_tls;

/**
 * @return SL_OK; SL_NOT_FOUND, SL_FORBIDDEN (others can read the key), SL_CORRUPT (not PEM, or the
 *         key is of another certificate).
 */
SL_MUST_USE enum sl_code net_tls_load(const struct net_tls_files *files, struct net_tls **out,
                                      struct sl_err *err);
struct net_tls *net_tls_ref(struct net_tls *tls);
void net_tls_unref(struct net_tls *tls); /**< NULL is fine */
/** Seconds until the certificate expires; negative when it has. */
int64_t net_tls_left_s(const struct net_tls *tls);

/**
 * Everything about one listener that does not change: versions, ciphers, modes. Its name keeps
 * sessions of one listener out of the other.
 */
SL_MUST_USE enum sl_code net_tls_set_up(SSL_CTX *ctx, const char *name, struct sl_err *err);
/**
 * Certificate, ticket key and, where clients show certificates, whose: for connections to come.
 * @param listener 0 or 1: each has a ticket key of its own
 * Thread: the one that accepts on this context.
 */
SL_MUST_USE enum sl_code net_tls_use(const struct net_tls *tls, SSL_CTX *ctx, int listener,
                                     bool client_certificates, struct sl_err *err);

/** TLS 1.2 ciphers: forward secrecy and AEAD only; TLS 1.3 has no others. */
extern const char net_tls_ciphers[];

#endif
