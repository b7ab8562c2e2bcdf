/*
 * Randomness, passed in so that tests can repeat a run. Thread: implementations are thread-safe.
 */
#ifndef SENDLINE_COMMON_RAND_H
#define SENDLINE_COMMON_RAND_H

#include <stddef.h>
#include <stdint.h>

struct sl_rand {
    void (*fill)(void *ctx, void *out, size_t n);
    void *ctx;
};

/** libsodium's randombytes. Static. */
const struct sl_rand *sl_rand_system(void);
void sl_rand_fill(const struct sl_rand *rand, void *out, size_t n);

/** Seeded and repeatable: tests only. */
struct sl_fake_rand {
    struct sl_rand rand;
    uint64_t seed;
    _Atomic uint64_t counter;
};
void sl_fake_rand_init(struct sl_fake_rand *fake, uint64_t seed);

#endif
