/*
 * Files of test vectors: hex by name, the people in them, and randomness that is foreseen.
 * Everything here aborts, with a word why, when a file is not as it should be. Thread: one owner.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include "e2ee/thread.h"

struct vectors; /* opaque */

struct vectors *vectors_open(const char *path);
void vectors_free(struct vectors *v); /**< NULL is fine */

/** The whole file; borrowed. */
const json_t *vectors_json(const struct vectors *v);
/** Bytes of `inputs` or of `vectors`; borrowed until vectors_free. */
struct sl_bytes vectors_input(struct vectors *v, const char *name);
struct sl_bytes vectors_output(struct vectors *v, const char *name);
/** Any hex; borrowed likewise. */
struct sl_bytes vectors_hex(struct vectors *v, const char *hex);
/** The identity of input NAME.seed; owned. */
struct e2_identity *vectors_identity(struct vectors *v, const char *name);
/** The rosters up to `serial`, walked from root.seed with all the holder records; owned. */
struct e2_trust *vectors_trust(struct vectors *v, uint32_t serial);
/** The identities that a reader has ("team2" has team1's too); and as what they read. */
void vectors_reader(struct vectors *v, const char *name, struct e2_seeds *seeds,
                    enum e2_reader *reader);

/** Randomness that gives the inputs of these names in this order, and no others. */
struct vectors_rand {
    struct sl_rand rand;
    struct vectors *v;
    const char *const *names; /**< NULL-ended, borrowed */
};
void vectors_rand_init(struct vectors_rand *rand, struct vectors *v, const char *const *names);
/** Abort unless every one was asked for. */
void vectors_rand_end(const struct vectors_rand *rand);

#endif
