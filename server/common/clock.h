/*
 * The clock, passed in so that tests run in a time of their own. Thread: implementations are
 * thread-safe.
 */
#ifndef SENDLINE_COMMON_CLOCK_H
#define SENDLINE_COMMON_CLOCK_H

#include <stdint.h>

struct sl_clock {
    int64_t (*wall_ms)(void *ctx); /**< milliseconds since 1970, UTC */
    int64_t (*mono_ms)(void *ctx); /**< milliseconds that never go back */
    void *ctx;
};

/** The machine's clock. Static. */
const struct sl_clock *sl_clock_system(void);

int64_t sl_now_ms(const struct sl_clock *clock);
int64_t sl_now_s(const struct sl_clock *clock); /**< Unix seconds UTC: the protocol's _at */
int64_t sl_mono_ms(const struct sl_clock *clock);

/** A clock that stands still until it is told. Thread: reads from any, changes are atomic. */
struct sl_fake_clock {
    struct sl_clock clock;
    _Atomic int64_t now_ms;
};
void sl_fake_clock_init(struct sl_fake_clock *fake, int64_t now_s);
void sl_fake_clock_advance(struct sl_fake_clock *fake, int64_t ms);

#endif
