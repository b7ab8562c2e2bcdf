/*
 * How often something may be tried: a table of fixed size that any number of keys may be tried
 * against. Each key may be tried `tries` times at once, and gets one back every window / tries.
 * When its part of the table is full, the key that has most to spare is forgotten. Thread: one at a
 * time (auth.c has the lock).
 */
#ifndef SENDLINE_AUTH_THROTTLE_H
#define SENDLINE_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle;

/** hash_key: 16 random bytes, so that nobody can choose whom to push out. Owned. */
struct throttle *throttle_new(int64_t tries, int64_t window_ms, const uint8_t hash_key[16]);
void throttle_free(struct throttle *throttle);

/** Count a try. @return 0: it may go ahead; else milliseconds until the next may, and nothing is
 * counted. */
int64_t throttle_take(struct throttle *throttle, const void *key, size_t len, int64_t now_ms);
void throttle_give_back(struct throttle *throttle, const void *key, size_t len, int64_t now_ms);

#endif
