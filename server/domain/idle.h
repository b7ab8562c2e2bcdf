/*
 * When a session has been idle too long. Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_IDLE_H
#define SENDLINE_DOMAIN_IDLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /** used_at of a session is saved at most this often, so a row may be behind by as much. */
    IDLE_SAVED_EVERY_S = 60
};

/** Sessions whose used_at + idle_s is not after this have ended: never early, at most a minute
 * late. */
int64_t idle_horizon(int64_t now_s);
bool idle_ended(int64_t used_at, int64_t idle_s, int64_t now_s);

#endif
