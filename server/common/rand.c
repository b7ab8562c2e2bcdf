#include "common/rand.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

static void system_fill(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

const struct sl_rand *sl_rand_system(void)
{
    static const struct sl_rand system_rand = {.fill = system_fill};
    return &system_rand;
}

void sl_rand_fill(const struct sl_rand *rand, void *out, size_t n)
{
    rand->fill(rand->ctx, out, n);
}

static void fake_fill(void *ctx, void *out, size_t n)
{
    struct sl_fake_rand *fake = ctx;
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    uint64_t call = atomic_fetch_add(&fake->counter, 1);

    memcpy(seed, &fake->seed, sizeof fake->seed);
    memcpy(seed + sizeof fake->seed, &call, sizeof call);
    randombytes_buf_deterministic(out, n, seed);
}

void sl_fake_rand_init(struct sl_fake_rand *fake, uint64_t seed)
{
    fake->seed = seed;
    atomic_init(&fake->counter, 0);
    fake->rand = (struct sl_rand){.fill = fake_fill, .ctx = fake};
}
