#include "net/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"

#define CALM_MS 60000

struct counted {
    struct counted *next;
    struct net_addr network;
    size_t open;
};

struct net_limits {
    pthread_mutex_t lock;
    size_t most, most_of_address; /* constant */
    atomic_size_t open;
    struct counted **buckets; /* under the lock */
    size_t mask;
    uint8_t
        hash_key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose addresses that collide */
};

struct net_limits *net_limits_new(size_t most, size_t most_of_address)
{
    struct net_limits *limits = sl_alloc(sizeof *limits);
    size_t buckets = 64;

    while (buckets < most && buckets < 65536) {
        buckets *= 2;
    }
    limits->most = most;
    limits->most_of_address = most_of_address;
    limits->mask = buckets - 1;
    limits->buckets = sl_alloc(buckets * sizeof(struct counted *));
    crypto_shorthash_keygen(limits->hash_key);
    (void)pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

void net_limits_free(struct net_limits *limits)
{
    if (limits == NULL) {
        return;
    }
    for (size_t i = 0; i <= limits->mask; i++) {
        while (limits->buckets[i] != NULL) {
            struct counted *gone = limits->buckets[i];
            limits->buckets[i] = gone->next;
            free(gone);
        }
    }
    free(limits->buckets);
    (void)pthread_mutex_destroy(&limits->lock);
    free(limits);
}

bool net_limits_take(struct net_limits *limits)
{
    if (atomic_fetch_add(&limits->open, 1) < limits->most) {
        return true;
    }
    atomic_fetch_sub(&limits->open, 1);
    return false;
}

void net_limits_give(struct net_limits *limits)
{
    atomic_fetch_sub(&limits->open, 1);
}

size_t net_limits_open(const struct net_limits *limits)
{
    return atomic_load(&limits->open);
}

/* Where the pointer to the counter of a network is, or would be. Under the lock. */
static struct counted **place_of(struct net_limits *limits, const struct net_addr *network)
{
    uint64_t hash = 0;
    uint8_t out[crypto_shorthash_BYTES];

    crypto_shorthash(out, network->bytes, sizeof network->bytes, limits->hash_key);
    memcpy(&hash, out, sizeof hash);
    struct counted **at = &limits->buckets[hash & limits->mask];
    while (*at != NULL && memcmp(&(*at)->network, network, sizeof *network) != 0) {
        at = &(*at)->next;
    }
    return at;
}

bool net_limits_take_address(struct net_limits *limits, const struct net_addr *addr)
{
    struct net_addr network = net_addr_network(addr);
    bool taken = false;

    (void)pthread_mutex_lock(&limits->lock);
    struct counted **at = place_of(limits, &network);
    if (*at == NULL) {
        *at = sl_alloc(sizeof **at);
        (*at)->network = network;
    }
    if ((*at)->open < limits->most_of_address) {
        (*at)->open++;
        taken = true;
    }
    (void)pthread_mutex_unlock(&limits->lock);
    return taken;
}

void net_limits_give_address(struct net_limits *limits, const struct net_addr *addr)
{
    struct net_addr network = net_addr_network(addr);

    (void)pthread_mutex_lock(&limits->lock);
    struct counted **at = place_of(limits, &network);
    if (*at != NULL && --(*at)->open == 0) {
        struct counted *gone = *at;
        *at = gone->next;
        free(gone);
    }
    (void)pthread_mutex_unlock(&limits->lock);
}

bool net_calm_due(struct net_calm *calm, int64_t mono_ms, uint64_t *times)
{
    int64_t next = atomic_load(&calm->next_ms);

    atomic_fetch_add(&calm->held, 1);
    if (mono_ms < next ||
        !atomic_compare_exchange_strong(&calm->next_ms, &next, mono_ms + CALM_MS)) {
        return false;
    }
    *times = atomic_exchange(&calm->held, 0);
    return true;
}
