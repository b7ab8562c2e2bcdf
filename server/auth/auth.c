#include "auth/auth.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/throttle.h"
#include "common/buf.h"
#include "common/proto.h"

static const char label_session[] = "sendline-session-v1";
static const char label_setup[] = "sendline-setup-v1";

enum {
    WINDOW_MS = 300000,
    SET_UP_TRIES = 10,
    THROTTLES = AUTH_SET_UP + 1,
    USED_SLOTS = 32768, /* challenges used in the last minute */
    USED_PROBES = 64,
    TICKET_SETS = 256,
    TICKET_WAYS = 16,
    HOLD_SETS = 256,
    HOLD_WAYS = 8,
    CHALLENGE_MAC = 16,
    CHALLENGE_TEXT = 32 - CHALLENGE_MAC
};

struct used {
    uint8_t mac[CHALLENGE_MAC];
    int64_t until_ms; /* 0: never taken */
};

struct ticket {
    uint8_t ticket[32];
    uint8_t session_id[SL_ID_BYTES];
    int64_t until_ms; /* 0: free */
};

struct hold {
    uint8_t thread_id[SL_ID_BYTES];
    uint8_t author_id[SL_ID_BYTES];
    int64_t from_ms;
    bool open; /* the key entry has not come yet */
    bool there;
};

struct auth {
    pthread_mutex_t lock;
    const struct sl_clock *clock;
    const struct sl_rand *rand;
    uint8_t mac_key[32];
    uint8_t nobody_pk[SL_PK_BYTES]; /* whose signatures are checked for people who are not there */
    struct throttle *throttles[THROTTLES];
    struct used used[USED_SLOTS];
    struct ticket tickets[TICKET_SETS][TICKET_WAYS];
    struct hold holds[HOLD_SETS][HOLD_WAYS];
};

struct auth *auth_new(const struct auth_options *options)
{
    struct auth *a = sl_alloc(sizeof(*a));
    const int64_t tries[THROTTLES] = {
        [AUTH_ACCOUNT] = options->tries_per_5_minutes,
        [AUTH_ADDRESS] = options->tries_per_5_minutes,
        [AUTH_INVITE] = options->tries_per_5_minutes,
        [AUTH_PEER] = options->peer_tries_per_5_minutes,
        [AUTH_SET_UP] = SET_UP_TRIES,
    };
    uint8_t seed[32];
    uint8_t sk[crypto_sign_SECRETKEYBYTES];

    (void)pthread_mutex_init(&a->lock, NULL);
    a->clock = options->clock;
    a->rand = options->rand;
    sl_rand_fill(a->rand, a->mac_key, sizeof(a->mac_key));
    sl_rand_fill(a->rand, seed, sizeof(seed));
    (void)crypto_sign_seed_keypair(a->nobody_pk, sk, seed);
    sodium_memzero(sk, sizeof(sk));
    for (size_t i = 0; i < THROTTLES; i++) {
        uint8_t key[16];
        sl_rand_fill(a->rand, key, sizeof(key));
        a->throttles[i] = throttle_new(tries[i], WINDOW_MS, key);
    }
    return a;
}

void auth_free(struct auth *auth)
{
    if (auth == NULL) {
        return;
    }
    for (size_t i = 0; i < THROTTLES; i++) {
        throttle_free(auth->throttles[i]);
    }
    (void)pthread_mutex_destroy(&auth->lock);
    sodium_memzero(auth, sizeof(*auth));
    free(auth);
}

static void lock(struct auth *auth)
{
    (void)pthread_mutex_lock(&auth->lock);
}

static void unlock(struct auth *auth)
{
    (void)pthread_mutex_unlock(&auth->lock);
}

/* ---- Challenges: until(u64, monotonic ms) ‖ random(8) ‖ mac(16). Only what was used is
 * remembered. ---- */

void auth_challenge_make(struct auth *auth, uint8_t out[32], int64_t *expires_at)
{
    uint64_t until = (uint64_t)sl_mono_ms(auth->clock) + SL_CHALLENGE_SECONDS * 1000U;

    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(until >> (56 - 8 * i));
    }
    sl_rand_fill(auth->rand, out + 8, 8);
    (void)crypto_generichash(out + CHALLENGE_TEXT, CHALLENGE_MAC, out, CHALLENGE_TEXT,
                             auth->mac_key, sizeof(auth->mac_key));
    *expires_at = sl_now_s(auth->clock) + SL_CHALLENGE_SECONDS;
}

static enum sl_code remember_used(struct auth *auth, const uint8_t *mac, int64_t now_ms,
                                  int64_t until_ms, struct sl_err *err)
{
    struct used *room = NULL;
    size_t start = 0;

    memcpy(&start, mac, sizeof(start));
    for (size_t i = 0; i < USED_PROBES; i++) {
        struct used *at = &auth->used[(start + i) % USED_SLOTS];
        if (at->until_ms > now_ms && memcmp(at->mac, mac, CHALLENGE_MAC) == 0) {
            return sl_fail(err, SL_CHALLENGE_USED, "challenge used before");
        }
        if (room == NULL && at->until_ms <= now_ms) {
            room = at;
        }
        if (at->until_ms == 0) {
            break;
        }
    }
    if (room == NULL) {
        return sl_fail(err, SL_BUSY, "too many challenges used in a minute");
    }
    memcpy(room->mac, mac, CHALLENGE_MAC);
    room->until_ms = until_ms;
    return SL_OK;
}

enum sl_code auth_challenge_take(struct auth *auth, const uint8_t challenge[32], struct sl_err *err)
{
    uint8_t mac[CHALLENGE_MAC];
    uint64_t until = 0;
    const int64_t now_ms = sl_mono_ms(auth->clock);

    (void)crypto_generichash(mac, sizeof(mac), challenge, CHALLENGE_TEXT, auth->mac_key,
                             sizeof(auth->mac_key));
    if (sodium_memcmp(mac, challenge + CHALLENGE_TEXT, sizeof(mac)) != 0) {
        return sl_fail(err, SL_CHALLENGE_USED, "challenge not made here");
    }
    for (size_t i = 0; i < 8; i++) {
        until = until << 8 | challenge[i];
    }
    if ((int64_t)until <= now_ms) {
        return sl_fail(err, SL_CHALLENGE_USED, "challenge too old");
    }
    lock(auth);
    enum sl_code rc = remember_used(auth, mac, now_ms, (int64_t)until, err);
    unlock(auth);
    return rc;
}

/* ---- Tickets ---- */

void auth_ticket_make(struct auth *auth, const uint8_t session_id[SL_ID_BYTES], uint8_t out[32])
{
    sl_rand_fill(auth->rand, out, 32);
    lock(auth);
    struct ticket *set = auth->tickets[out[0] % TICKET_SETS];
    struct ticket *oldest = &set[0];
    for (size_t i = 1; i < TICKET_WAYS; i++) {
        if (set[i].until_ms < oldest->until_ms) {
            oldest = &set[i];
        }
    }
    memcpy(oldest->ticket, out, 32);
    memcpy(oldest->session_id, session_id, SL_ID_BYTES);
    oldest->until_ms = sl_mono_ms(auth->clock) + SL_TICKET_SECONDS * 1000;
    unlock(auth);
}

enum sl_code auth_ticket_take(struct auth *auth, const uint8_t ticket[32],
                              uint8_t session_id[SL_ID_BYTES], struct sl_err *err)
{
    const int64_t now_ms = sl_mono_ms(auth->clock);
    bool found = false;

    lock(auth);
    struct ticket *set = auth->tickets[ticket[0] % TICKET_SETS];
    for (size_t i = 0; i < TICKET_WAYS && !found; i++) {
        if (set[i].until_ms > now_ms && sodium_memcmp(set[i].ticket, ticket, 32) == 0) {
            memcpy(session_id, set[i].session_id, SL_ID_BYTES);
            sodium_memzero(&set[i], sizeof(set[i]));
            found = true;
        }
    }
    unlock(auth);
    return found ? SL_OK : sl_fail(err, SL_TICKET_WRONG, "ticket unknown, used or too old");
}

/* ---- Throttles ---- */

enum sl_code auth_try(struct auth *auth, enum auth_throttle kind, const void *key, size_t key_len,
                      int64_t *retry_after_s, struct sl_err *err)
{
    lock(auth);
    int64_t wait_ms = throttle_take(auth->throttles[kind], key, key_len, sl_mono_ms(auth->clock));
    unlock(auth);
    if (wait_ms == 0) {
        return SL_OK;
    }
    *retry_after_s = (wait_ms + 999) / 1000;
    return sl_fail(err, SL_RATE_LIMITED, "throttle %d", (int)kind);
}

void auth_try_back(struct auth *auth, enum auth_throttle kind, const void *key, size_t key_len)
{
    lock(auth);
    throttle_give_back(auth->throttles[kind], key, key_len, sl_mono_ms(auth->clock));
    unlock(auth);
}

/* ---- Held threads ---- */

static struct hold *hold_of(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES])
{
    struct hold *set = auth->holds[thread_id[0] % HOLD_SETS];

    for (size_t i = 0; i < HOLD_WAYS; i++) {
        if (set[i].there && memcmp(set[i].thread_id, thread_id, SL_ID_BYTES) == 0) {
            return &set[i];
        }
    }
    return NULL;
}

static struct hold *hold_room(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES])
{
    struct hold *set = auth->holds[thread_id[0] % HOLD_SETS];
    struct hold *oldest = &set[0];

    for (size_t i = 0; i < HOLD_WAYS; i++) {
        if (!set[i].there) {
            return &set[i];
        }
        if (set[i].from_ms < oldest->from_ms) {
            oldest = &set[i];
        }
    }
    return oldest;
}

void auth_hold(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES],
               const uint8_t author_id[SL_ID_BYTES])
{
    const int64_t now_ms = sl_mono_ms(auth->clock);

    lock(auth);
    struct hold *hold = hold_of(auth, thread_id);
    /* Somebody who is stale over and over must not silence the thread for good. */
    if (hold == NULL || now_ms >= hold->from_ms + INT64_C(2000) * SL_KEY_HOLD_SECONDS) {
        hold = hold != NULL ? hold : hold_room(auth, thread_id);
        *hold = (struct hold){.from_ms = now_ms, .open = true, .there = true};
        memcpy(hold->thread_id, thread_id, SL_ID_BYTES);
        memcpy(hold->author_id, author_id, SL_ID_BYTES);
    }
    unlock(auth);
}

int64_t auth_held_ms(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES],
                     const uint8_t author_id[SL_ID_BYTES])
{
    int64_t left_ms = 0;

    lock(auth);
    const struct hold *hold = hold_of(auth, thread_id);
    if (hold != NULL && hold->open && memcmp(hold->author_id, author_id, SL_ID_BYTES) != 0) {
        left_ms = hold->from_ms + INT64_C(1000) * SL_KEY_HOLD_SECONDS - sl_mono_ms(auth->clock);
    }
    unlock(auth);
    return left_ms > 0 ? left_ms : 0;
}

void auth_unhold(struct auth *auth, const uint8_t thread_id[SL_ID_BYTES])
{
    lock(auth);
    struct hold *hold = hold_of(auth, thread_id);
    if (hold != NULL) {
        hold->open = false;
    }
    unlock(auth);
}

/* ---- Signatures and tokens ---- */

bool auth_signature_ok(struct auth *auth, uint8_t purpose, const char *host,
                       const uint8_t challenge[32], const uint8_t extra[32],
                       const uint8_t signature[SL_SIG_BYTES], const uint8_t *pk)
{
    SL_AUTO(buf) struct sl_buf text = {0};

    sl_auth_signed_put(&text, purpose, host, challenge, extra);
    return (crypto_sign_verify_detached(signature, text.data, text.len,
                                        pk != NULL ? pk : auth->nobody_pk) == 0) &&
           pk != NULL;
}

static void labelled_hash(const char *label, size_t label_len, const void *data, size_t len,
                          uint8_t out[SL_HASH_BYTES])
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, NULL, 0, SL_HASH_BYTES);
    (void)crypto_generichash_update(&state, (const unsigned char *)label, label_len);
    (void)crypto_generichash_update(&state, data, len);
    (void)crypto_generichash_final(&state, out, SL_HASH_BYTES);
}

void auth_token_hash(const uint8_t token[32], uint8_t out[SL_HASH_BYTES])
{
    labelled_hash(label_session, sizeof(label_session), token, 32, out);
}

void auth_setup_token_hash(const char *token, uint8_t out[SL_HASH_BYTES])
{
    labelled_hash(label_setup, sizeof(label_setup), token, strlen(token), out);
}

bool auth_host_of(const char *url, char *out, size_t out_size)
{
    const char *at = strstr(url, "://");
    size_t len = 0;

    at = at == NULL ? url : at + 3;
    len = *at == '[' ? strcspn(at, "]/") + 1 : strcspn(at, ":/");
    if (len == 0 || len >= out_size || (*at == '[' && at[len - 1] != ']')) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] - 'A' + 'a' : at[i]);
    }
    out[len] = '\0';
    return true;
}
