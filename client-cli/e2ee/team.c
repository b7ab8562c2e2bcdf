#include "e2ee/team.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void e2_seeds_free(struct e2_seeds *seeds)
{
    for (size_t i = 0; i < seeds->count; i++) {
        e2_identity_free(seeds->items[i]);
    }
    free(seeds->items);
    seeds->items = NULL;
    seeds->count = 0;
}

void sl_auto_e2_seeds(struct e2_seeds *seeds)
{
    e2_seeds_free(seeds);
}

const struct e2_identity *e2_seeds_find(const struct e2_seeds *seeds,
                                        const uint8_t box_pk[SL_PK_BYTES])
{
    for (size_t i = 0; seeds != NULL && i < seeds->count; i++) {
        if (memcmp(seeds->items[i]->box_pk, box_pk, SL_PK_BYTES) == 0) {
            return seeds->items[i];
        }
    }
    return NULL;
}

void e2_seeds_add(struct e2_seeds *seeds, struct e2_identity *take_identity)
{
    if (e2_seeds_find(seeds, take_identity->box_pk) != NULL) {
        e2_identity_free(take_identity);
        return;
    }
    seeds->items = sl_realloc(seeds->items, (seeds->count + 1) * sizeof(struct e2_identity *));
    seeds->items[seeds->count++] = take_identity;
}

enum sl_code e2_team_open(const struct e2_trust *trust, const struct e2_identity *me,
                          const uint8_t team_id[SL_ID_BYTES], uint32_t generation,
                          const uint8_t sealed[SL_SEALED_KEY_BYTES], struct e2_seeds *seeds,
                          struct sl_err *err)
{
    uint8_t seed[E2_SEED_BYTES];
    const struct e2_person *team = e2_trust_find(trust, SL_HOLDER_TEAM, team_id, generation);

    if (team == NULL) {
        return sl_fail(err, SL_NOT_FOUND, "no team of this id and generation %u", generation);
    }
    if (!e2_seal_open(seed, me->box_pk, me->box_sk, sealed)) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the team's seed is not sealed to this key");
    }
    struct e2_identity *identity = e2_identity_of(seed);
    sodium_memzero(seed, sizeof(seed));
    if (memcmp(identity->box_pk, team->holder.box_pk, SL_PK_BYTES) != 0) {
        e2_identity_free(identity);
        return sl_fail(err, SL_SIGNATURE_WRONG,
                       "the seed is not the one of the team in the roster");
    }
    e2_seeds_add(seeds, identity);
    return SL_OK;
}

/* The newest generation below this one whose key in the roster is this. */
static bool team_had(const struct e2_trust *trust, const uint8_t team_id[SL_ID_BYTES],
                     uint32_t below, const uint8_t box_pk[SL_PK_BYTES])
{
    size_t count = 0;
    const struct e2_person *people = e2_trust_people(trust, &count);

    for (size_t i = 0; i < count; i++) {
        const struct sl_holder *holder = &people[i].holder;
        if (holder->kind == SL_HOLDER_TEAM && holder->generation < below &&
            memcmp(holder->id, team_id, SL_ID_BYTES) == 0 &&
            memcmp(holder->box_pk, box_pk, SL_PK_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

enum sl_code e2_team_open_previous(const struct e2_trust *trust, const uint8_t team_id[SL_ID_BYTES],
                                   uint32_t generation, const uint8_t previous[SL_PREVIOUS_BYTES],
                                   struct e2_seeds *seeds, struct sl_err *err)
{
    uint8_t seed[E2_SEED_BYTES];
    const struct e2_person *team = e2_trust_find(trust, SL_HOLDER_TEAM, team_id, generation);
    const struct e2_identity *newer =
        team == NULL ? NULL : e2_seeds_find(seeds, team->holder.box_pk);

    if (newer == NULL) {
        return sl_fail(err, SL_NOT_FOUND, "no seed of generation %u to go back from", generation);
    }
    if (!e2_previous_open(seed, newer->lock, team_id, generation, previous)) {
        return sl_fail(err, SL_SIGNATURE_WRONG, "the seed before generation %u does not open",
                       generation);
    }
    struct e2_identity *identity = e2_identity_of(seed);
    sodium_memzero(seed, sizeof(seed));
    if (!team_had(trust, team_id, generation, identity->box_pk)) {
        e2_identity_free(identity);
        return sl_fail(err, SL_SIGNATURE_WRONG, "the seed before generation %u is not the team's",
                       generation);
    }
    e2_seeds_add(seeds, identity);
    return SL_OK;
}

static enum sl_code seal_to(const uint8_t box_pk[SL_PK_BYTES], const struct e2_identity *team,
                            const struct sl_rand *rand, uint8_t out[SL_SEALED_KEY_BYTES],
                            struct sl_err *err)
{
    if (!e2_seal(out, box_pk, team->seed, rand)) {
        return sl_fail(err, SL_BAD_REQUEST, "nothing can be sealed to this key");
    }
    return SL_OK;
}

enum sl_code e2_team_seal(const struct e2_trust *trust, const struct e2_identity *team,
                          const uint8_t staff_id[SL_ID_BYTES], const struct sl_rand *rand,
                          uint8_t out[SL_SEALED_KEY_BYTES], struct sl_err *err)
{
    const struct e2_person *staff = e2_trust_staff(trust, staff_id);

    if (staff == NULL || staff->ended != 0) {
        return sl_fail(err, SL_NOT_FOUND, "no current member of staff has this id");
    }
    return seal_to(staff->holder.box_pk, team, rand, out, err);
}

enum sl_code e2_team_seal_first(const struct e2_identity *team, const struct sl_holder *staff,
                                const struct sl_rand *rand, uint8_t out[SL_SEALED_KEY_BYTES],
                                struct sl_err *err)
{
    if (staff->kind != SL_HOLDER_STAFF) {
        return sl_fail(err, SL_BAD_REQUEST, "a team's seed is sealed to staff");
    }
    return seal_to(staff->box_pk, team, rand, out, err);
}
