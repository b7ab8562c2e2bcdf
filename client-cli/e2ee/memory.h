/*
 * What the command line remembers of a thread between runs, sealed on disk: where it was checked
 * to, and the title, so that an inbox needs no thread to be fetched. Thread: any; no state.
 *
 * Bytes: aead(drafts key of the staff identity, "sendline-memory-v1" ‖ staff_id ‖ thread_id,
 * pad(256, JSON)). This never leaves the computer, so it is no part of the protocol.
 */
#ifndef SENDLINE_E2EE_MEMORY_H
#define SENDLINE_E2EE_MEMORY_H

#include "e2ee/thread.h"

struct e2_memory {
    struct e2_point checkpoint; /**< e2_thread_checkpoint; for setup.checkpoint */
    bool has_key;
    struct e2_held key; /**< current key; for setup.held and e2_peek */
    bool has_card;
    char *case_ref, *child, *parent; /**< owned, when has_card */
};
void e2_memory_fini(struct e2_memory *memory); /**< wipes */
void sl_auto_e2_memory(struct e2_memory *memory);

/** What is to be remembered of a thread now. `out` is fresh or fini'd. */
void e2_memory_of(const struct e2_thread *t, struct e2_memory *out);
void e2_memory_seal(const struct e2_memory *memory, const struct e2_identity *me,
                    const uint8_t staff_id[SL_ID_BYTES], const uint8_t thread_id[SL_ID_BYTES],
                    const struct sl_rand *rand, struct sl_buf *out);
/** @return SL_OK; SL_CORRUPT: it does not open. Treat that as an alarm, not as nothing remembered.
 */
SL_MUST_USE enum sl_code e2_memory_open(struct sl_bytes sealed, const struct e2_identity *me,
                                        const uint8_t staff_id[SL_ID_BYTES],
                                        const uint8_t thread_id[SL_ID_BYTES], struct e2_memory *out,
                                        struct sl_err *err);

#endif
