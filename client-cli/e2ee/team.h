/*
 * Team seeds: opened from what the server keeps sealed, and used only if they give the box key in
 * the roster. Thread: one owner.
 */
#ifndef SENDLINE_E2EE_TEAM_H
#define SENDLINE_E2EE_TEAM_H

#include "e2ee/trust.h"

/** Every generation of team seeds that this person holds: what opens grants. */
struct e2_seeds {
    struct e2_identity **items; /**< owned */
    size_t count;
};
void e2_seeds_free(struct e2_seeds *seeds);
void sl_auto_e2_seeds(struct e2_seeds *seeds);
/** Add one; takes it. One that is there already is freed. */
void e2_seeds_add(struct e2_seeds *seeds, struct e2_identity *take_identity);
/** The identity with this box key, or NULL. Borrowed. */
const struct e2_identity *e2_seeds_find(const struct e2_seeds *seeds,
                                        const uint8_t box_pk[SL_PK_BYTES]);

/**
 * Open the seed of a generation sealed to me and add it.
 * @return SL_OK; SL_NOT_FOUND: the roster has no such team; SL_SIGNATURE_WRONG: it does not open,
 * or gives another box key than the roster's (a false seed: an alarm).
 */
SL_MUST_USE enum sl_code e2_team_open(const struct e2_trust *trust, const struct e2_identity *me,
                                      const uint8_t team_id[SL_ID_BYTES], uint32_t generation,
                                      const uint8_t sealed[SL_SEALED_KEY_BYTES],
                                      struct e2_seeds *seeds, struct sl_err *err);

/**
 * Open the seed of the generation before `generation`, whose own seed is among `seeds`, and add it.
 * The roster says which generation it is (the newest below with that box key).
 * @return as e2_team_open.
 */
SL_MUST_USE enum sl_code e2_team_open_previous(const struct e2_trust *trust,
                                               const uint8_t team_id[SL_ID_BYTES],
                                               uint32_t generation,
                                               const uint8_t previous[SL_PREVIOUS_BYTES],
                                               struct e2_seeds *seeds, struct sl_err *err);

/** Seal a team's seed to a colleague who is current. Only ever from a command that names them.
 *  @return SL_OK; SL_NOT_FOUND: nobody current has this id. */
SL_MUST_USE enum sl_code e2_team_seal(const struct e2_trust *trust, const struct e2_identity *team,
                                      const uint8_t staff_id[SL_ID_BYTES],
                                      const struct sl_rand *rand, uint8_t out[SL_SEALED_KEY_BYTES],
                                      struct sl_err *err);

/** The same to a holder record that is not in a roster yet: `service init` alone. */
SL_MUST_USE enum sl_code e2_team_seal_first(const struct e2_identity *team,
                                            const struct sl_holder *staff,
                                            const struct sl_rand *rand,
                                            uint8_t out[SL_SEALED_KEY_BYTES], struct sl_err *err);

#endif
