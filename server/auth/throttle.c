#include "auth/throttle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

enum {
    SETS = 2048,
    WAYS = 8
};

/* Generic cell rate: `full_us` is when the key would have all its tries back. */
struct slot {
    uint64_t key;
    int64_t full_us; /* 0: free */
};

struct throttle {
    uint8_t hash_key[16];
    int64_t window_us;
    int64_t step_us; /* what one try costs */
    struct slot slots[SETS][WAYS];
};

struct throttle *throttle_new(int64_t tries, int64_t window_ms, const uint8_t hash_key[16])
{
    struct throttle *t = sl_alloc(sizeof(*t));

    memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
    t->window_us = window_ms * 1000;
    t->step_us = t->window_us / tries;
    return t;
}

void throttle_free(struct throttle *throttle)
{
    free(throttle);
}

static struct slot *slot_of(struct throttle *t, const void *key, size_t len, int64_t now_us,
                            bool make)
{
    uint64_t hash = 0;
    struct slot *best = NULL;

    (void)crypto_shorthash((unsigned char *)&hash, key, len, t->hash_key);
    struct slot *set = t->slots[hash % SETS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].full_us != 0 && set[i].key == hash) {
            return &set[i];
        }
        if (best == NULL || set[i].full_us < best->full_us) {
            best = &set[i];
        }
    }
    if (!make) {
        return NULL;
    }
    *best = (struct slot){.key = hash, .full_us = now_us};
    return best;
}

int64_t throttle_take(struct throttle *throttle, const void *key, size_t len, int64_t now_ms)
{
    const int64_t now_us = now_ms * 1000;
    struct slot *slot = slot_of(throttle, key, len, now_us, true);
    int64_t full_us = (slot->full_us > now_us ? slot->full_us : now_us) + throttle->step_us;
    int64_t over_us = full_us - now_us - throttle->window_us;

    if (over_us > 0) {
        return over_us / 1000 + 1;
    }
    slot->full_us = full_us;
    return 0;
}

void throttle_give_back(struct throttle *throttle, const void *key, size_t len, int64_t now_ms)
{
    struct slot *slot = slot_of(throttle, key, len, now_ms * 1000, false);

    if (slot != NULL) {
        slot->full_us -= throttle->step_us;
    }
}
