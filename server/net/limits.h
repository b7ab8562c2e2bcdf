/*
 * How many connections are open, in all and from each network address, over all loops.
 * Thread: any; locked.
 */
#ifndef SENDLINE_NET_LIMITS_H
#define SENDLINE_NET_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

struct net_limits;

/** Says something at most once a minute, and counts what it did not say. */
struct net_calm {
    _Atomic int64_t next_ms;
    _Atomic uint64_t held;
};

struct net_limits *net_limits_new(size_t most, size_t most_of_address);
void net_limits_free(struct net_limits *limits);

/** One more connection in all; false when that is too many. */
bool net_limits_take(struct net_limits *limits);
void net_limits_give(struct net_limits *limits);
/** One more from an address (its network is what counts); false when that is too many. */
bool net_limits_take_address(struct net_limits *limits, const struct net_addr *addr);
void net_limits_give_address(struct net_limits *limits, const struct net_addr *addr);
size_t net_limits_open(const struct net_limits *limits);

/** Is it time to log? Then *times is how often it happened since the last time, this one included.
 */
bool net_calm_due(struct net_calm *calm, int64_t mono_ms, uint64_t *times);

#endif
