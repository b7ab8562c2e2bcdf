#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buf.h"
#include "net/loop.h"

#define SUM(net, field) sum(net, offsetof(struct net_stats, field))

static uint64_t sum(const struct net *net, size_t offset)
{
    uint64_t total = 0;

    for (int i = 0; i < net->n_loops; i++) {
        const char *stats = (const char *)&net->loops[i].stats;
        total += atomic_load_explicit((const _Atomic uint64_t *)(const void *)(stats + offset),
                                      memory_order_relaxed);
    }
    return total;
}

static void put(struct sl_buf *out, const char *name, const char *type, uint64_t value)
{
    sl_buf_putf(out, "# TYPE %s %s\n%s %" PRIu64 "\n", name, type, name, value);
}

static void put_by_listener(struct net *net, struct sl_buf *out, const char *name, const char *type,
                            size_t offset)
{
    sl_buf_putf(out, "# TYPE %s %s\n", name, type);
    for (size_t l = 0; l < NET_LISTENERS; l++) {
        sl_buf_putf(out, "%s{listener=\"%s\"} %" PRIu64 "\n", name, net->listeners[l].name,
                    sum(net, offset + l * sizeof(uint64_t)));
    }
}

static uint64_t resident_bytes(void)
{
    char line[128];
    char *second = NULL;
    SL_AUTO(file) FILE *f = fopen("/proc/self/statm", "re");

    if (f == NULL || fgets(line, sizeof line, f) == NULL) {
        return 0;
    }
    (void)strtoull(line, &second, 10);
    return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void net_metrics(struct net *net, struct sl_buf *out)
{
    put_by_listener(net, out, "sendline_connections_accepted_total", "counter",
                    offsetof(struct net_stats, accepted));
    put_by_listener(net, out, "sendline_websockets_opened_total", "counter",
                    offsetof(struct net_stats, opened));
    put_by_listener(net, out, "sendline_websockets_open", "gauge",
                    offsetof(struct net_stats, open));
    put(out, "sendline_connections_open", "gauge", net_limits_open(net->limits));
    sl_buf_put_str(out, "# TYPE sendline_connections_refused_total counter\n");
    sl_buf_putf(out, "sendline_connections_refused_total{limit=\"all\"} %" PRIu64 "\n",
                SUM(net, refused_total));
    sl_buf_putf(out, "sendline_connections_refused_total{limit=\"address\"} %" PRIu64 "\n",
                SUM(net, refused_address));
    put(out, "sendline_upgrades_refused_total", "counter", SUM(net, refused_upgrades));
    put(out, "sendline_frames_received_total", "counter", SUM(net, frames_in));
    put(out, "sendline_frames_sent_total", "counter", SUM(net, frames_out));
    put(out, "sendline_bytes_received_total", "counter", SUM(net, bytes_in));
    put(out, "sendline_bytes_sent_total", "counter", SUM(net, bytes_out));
    put(out, "sendline_pushes_total", "counter", SUM(net, pushes));
    put(out, "sendline_slow_readers_cut_total", "counter", SUM(net, cut));
    sl_buf_put_str(out, "# TYPE sendline_http_answers_total counter\n");
    for (size_t hundred = 2; hundred < 6; hundred++) {
        sl_buf_putf(out, "sendline_http_answers_total{status=\"%zuxx\"} %" PRIu64 "\n", hundred,
                    sum(net, offsetof(struct net_stats, http) + hundred * sizeof(uint64_t)));
    }
    put(out, "sendline_resident_bytes", "gauge", resident_bytes());
    if (net->options.metrics != NULL) {
        net->options.metrics(net->options.ctx, out);
    }
}
