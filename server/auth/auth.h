/*
 * Signing in, as far as it needs memory: challenges, tickets, throttles and held threads.
 * Everything here is bounded and forgotten at a restart, which costs a client one more challenge or
 * ticket. Thread: any; one lock, never held over I/O.
 */
#ifndef SENDLINE_AUTH_AUTH_H
#define SENDLINE_AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/entry.h"
#include "common/err.h"
#include "common/rand.h"

struct auth;

struct auth_options {
    const struct sl_clock *clock;
    const struct sl_rand *rand;
    int64_t tries_per_5_minutes;      /**< for one account or invitation */
    int64_t peer_tries_per_5_minutes; /**< from one network address */
};

/** Owned; the clock and randomness must outlive it. */
struct auth *auth_new(const struct auth_options *options);
void auth_free(struct auth *auth); /**< wipes; NULL is fine */

/* ---- Challenges: good once, for SL_CHALLENGE_SECONDS. An unused one takes no memory. ---- */

void auth_challenge_make(struct auth *auth, uint8_t out[32], int64_t *expires_at);
/** SL_CHALLENGE_USED: not ours, too old or used. SL_BUSY: too many were used in the last minute. */
SL_MUST_USE enum sl_code auth_challenge_take(struct auth *auth, const uint8_t challenge[32],
                                             struct sl_err *err);

/* ---- Tickets: what a socket gives so that an HTTP call can set its session's cookie. ---- */

void auth_ticket_make(struct auth *auth, const uint8_t session_id[SL_ID_BYTES], uint8_t out[32]);
/** SL_TICKET_WRONG: not ours, used, or older than SL_TICKET_SECONDS. */
SL_MUST_USE enum sl_code auth_ticket_take(struct auth *auth, const uint8_t ticket[32],
                                          uint8_t session_id[SL_ID_BYTES], struct sl_err *err);

/* ---- Throttles: how often somebody may guess. A try that succeeds is given back. ---- */

enum auth_throttle {
    AUTH_ACCOUNT,
    AUTH_ADDRESS,
    AUTH_INVITE,
    AUTH_PEER,
    AUTH_SET_UP
};

/** Count a try. SL_RATE_LIMITED: *retry_after_s (at least 1) says when the next one counts. */
SL_MUST_USE enum sl_code auth_try(struct auth *auth, enum auth_throttle kind, const void *key,
                                  size_t key_len, int64_t *retry_after_s, struct sl_err *err);
void auth_try_back(struct auth *auth, enum auth_throttle kind, const void *key, size_t key_len);

/* ---- Threads held back after a stale key entry, so that a busy one cannot starve it ---- */

/** Hold a thread for everybody but `author` for SL_KEY_HOLD_SECONDS; not again until as long after
 * its end. */
void auth_hold(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES],
               const uint8_t author_id[SL_ID_BYTES]);
/** Milliseconds that this author still has to wait; 0: none. */
int64_t auth_held_ms(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES],
                     const uint8_t author_id[SL_ID_BYTES]);
/** The key entry has come. */
void auth_unhold(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES]);

/* ---- Signatures and tokens ---- */

/** Does the signature of a sign-in hold (crypto.md, "Signing in")? pk NULL: the same work, and
 * false. */
bool auth_signature_ok(struct auth *auth, uint8_t purpose, const char *host,
                       const uint8_t challenge[32], const uint8_t extra[32],
                       const uint8_t signature[SL_SIG_BYTES], const uint8_t *pk);
/** What the database keeps of a session token. */
void auth_token_hash(const uint8_t token[32], uint8_t out[SL_HASH_BYTES]);
/**
 * What setting "setup_token_hash" keeps of the one-time token that `sendlined init` writes. The
 * token is text without spaces or line ends around it.
 */
void auth_setup_token_hash(const char *token, uint8_t out[SL_HASH_BYTES]);
/** The host of a URL, lower-case and without port, "localhost" of "https://LOCALHOST:8443/"; false:
 * too long or none. */
bool auth_host_of(const char *url, char *out, size_t out_size);

#endif
