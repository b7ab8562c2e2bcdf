#include "rpc/count.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/log.h"

enum {
    LOG_EVERY_MS = 1000
};

/* One call, by code. */
struct ends {
    _Atomic uint64_t by_code[SL_CODE_COUNT];
    _Atomic int64_t quiet_until_ms;
    _Atomic uint64_t unlogged;
};

struct count {
    const struct sl_clock *clock;
    struct ends *ends; /* one for each route, and one for frames that named none */
};

struct count *count_new(const struct sl_clock *clock)
{
    struct count *count = sl_alloc(sizeof(*count));

    count->clock = clock;
    count->ends = sl_alloc((rpc_route_count + 1) * sizeof(*count->ends));
    return count;
}

void count_free(struct count *count)
{
    if (count != NULL) {
        free(count->ends);
        free(count);
    }
}

static const char *name_of(size_t i)
{
    return i < rpc_route_count ? rpc_routes[i].name : "none";
}

static void log_end(struct count *count, size_t i, const struct sl_err *err)
{
    struct ends *ends = &count->ends[i];
    int64_t now_ms = sl_mono_ms(count->clock);
    int64_t until_ms = atomic_load(&ends->quiet_until_ms);

    (void)atomic_fetch_add(&ends->unlogged, 1);
    if (now_ms >= until_ms &&
        atomic_compare_exchange_strong(&ends->quiet_until_ms, &until_ms, now_ms + LOG_EVERY_MS)) {
        sl_log(SL_LOG_ERROR, "call_failed",
               "call=%s times=%" PRIu64 " code=%s errno=%d detail=\"%s\"", name_of(i),
               atomic_exchange(&ends->unlogged, 0), sl_code_name(err->code), err->sys, err->detail);
    }
}

void count_end(struct count *count, const struct rpc_route *route, enum sl_code code,
               const struct sl_err *err)
{
    size_t i = route == NULL ? rpc_route_count : (size_t)(route - rpc_routes);

    (void)atomic_fetch_add_explicit(&count->ends[i].by_code[code], 1, memory_order_relaxed);
    if (code == SL_SYSTEM || code == SL_CORRUPT) {
        log_end(count, i, err);
    }
}

void count_put(struct count *count, struct sl_buf *out)
{
    sl_buf_put_str(out, "# TYPE sendline_requests_total counter\n");
    for (size_t i = 0; i <= rpc_route_count; i++) {
        for (size_t code = 0; code < SL_CODE_COUNT; code++) {
            uint64_t n = atomic_load_explicit(&count->ends[i].by_code[code], memory_order_relaxed);
            if (n > 0) {
                sl_buf_putf(out, "sendline_requests_total{call=\"%s\",code=\"%s\"} %" PRIu64 "\n",
                            name_of(i), sl_code_name((enum sl_code)code), n);
            }
        }
    }
}
