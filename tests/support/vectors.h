/*
 * Files of test vectors: hex by name, the people in them, and randomness that is foreseen.
 * Everything here aborts, with a word why, when a file is not as it should be. Thread: one owner.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include "e2ee/compose.h"

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

/** Put bytes under a name, as hex. */
void vectors_put(json_t *made, const char *name, const void *bytes, size_t n);
/** jansson's iterator at the i-th member; aborts when there are fewer. */
void *vectors_at(const json_t *object, int i);

/** Who writes the next entry of a thread, and what they have read of it. */
struct vectors_place {
    const char *thread; /**< what the names of its entries begin with; NULL: nothing */
    uint32_t read;      /**< entries before it */
    const char *author; /**< whose seed signs */
    const char *reader;
    uint32_t serial;          /**< of the newest roster */
    const uint8_t *first_key; /**< of generation 1, for who has no grant */
    const uint8_t *entry_id;  /**< NULL: drawn */
    const char *const *draws; /**< names for vectors_rand; NULL: none */
};

struct vectors_pen {
    struct e2_thread *thread;
    struct e2_writer me;
    /* Inside. */
    const char *prefix;
    struct e2_trust *trust;
    struct e2_seeds seeds;
    struct e2_identity *identity;
    struct sl_fake_clock clock;
    struct vectors_rand rand;
};
/** Read the thread; the clock says a minute after the last entry. */
void vectors_take_up(struct vectors_pen *pen, struct vectors *v, const struct vectors_place *place);
/** Put entry.N, link.N and the key_id there into `made`; free what was taken up. */
void vectors_lay_down(struct vectors_pen *pen, const struct sl_buf *entry, json_t *made);

#endif
