/*
 * What this computer remembers between commands: trust, checkpoints, cards, outbox, drafts. Each is
 * one JSON object in a file of its own, sealed under a key made from the identity, replaced in one
 * step. Two commands at once take turns.
 */
#ifndef SENDLINE_CLI_STATE_H
#define SENDLINE_CLI_STATE_H

#include <jansson.h>
#include <stdint.h>

#include "common/rand.h"
#include "fault.h"

struct state {
    char *dir;      /**< owned; "" before state_open */
    uint8_t id[16]; /**< whose it is */
    uint8_t key[32];
    const struct sl_rand *rand;
    int lock_fd;
    int lock_depth;
};

SL_MUST_USE int state_open(struct state *state, const char *dir, const uint8_t id[16],
                           const uint8_t key[32], const struct sl_rand *rand, struct fault *fault);
void state_close(struct state *state); /**< wipes */

/** An object by its name ([a-z0-9-]), owned; an empty one when there is none yet. CLI_UNPLANNED:
 * damaged. */
SL_MUST_USE int state_load(const struct state *state, const char *name, json_t **out,
                           struct fault *fault);
SL_MUST_USE int state_save(const struct state *state, const char *name, const json_t *json,
                           struct fault *fault);
void state_remove(const struct state *state, const char *name);
/** Names that begin with a prefix, sorted; owned array of strings. */
json_t *state_names(const struct state *state, const char *prefix);

/** Around a load and a save that belong together. May be nested. */
SL_MUST_USE int state_lock(struct state *state, struct fault *fault);
void state_unlock(struct state *state);

#endif
