#include "common/clock.h"

#include <stdatomic.h>
#include <time.h>

static int64_t read_clock(clockid_t which)
{
    struct timespec t = {0};

    (void)clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_MONOTONIC);
}

const struct sl_clock *sl_clock_system(void)
{
    static const struct sl_clock system_clock = {.wall_ms = system_wall, .mono_ms = system_mono};
    return &system_clock;
}

int64_t sl_now_ms(const struct sl_clock *clock)
{
    return clock->wall_ms(clock->ctx);
}

int64_t sl_now_s(const struct sl_clock *clock)
{
    return clock->wall_ms(clock->ctx) / 1000;
}

int64_t sl_mono_ms(const struct sl_clock *clock)
{
    return clock->mono_ms(clock->ctx);
}

static int64_t fake_now(void *ctx)
{
    struct sl_fake_clock *fake = ctx;
    return atomic_load(&fake->now_ms);
}

void sl_fake_clock_init(struct sl_fake_clock *fake, int64_t now_s)
{
    atomic_init(&fake->now_ms, now_s * 1000);
    fake->clock = (struct sl_clock){.wall_ms = fake_now, .mono_ms = fake_now, .ctx = fake};
}

void sl_fake_clock_advance(struct sl_fake_clock *fake, int64_t ms)
{
    (void)atomic_fetch_add(&fake->now_ms, ms);
}
