/*
 * Inside a thread: what was given, and what one pass over it has learnt. Private to thread*.c and
 * compose.c. The rules (thread_rules.c) read the state; thread_judge.c alone changes it. Thread:
 * the thread's owner.
 */
#ifndef SENDLINE_E2EE_THREAD_STATE_H
#define SENDLINE_E2EE_THREAD_STATE_H

#include "e2ee/thread.h"

/** An entry as the server gave it. */
struct e2_stored {
    int64_t at;
    bool whole;          /**< else bytes are header ‖ body hash */
    bool unbacked;       /**< has no body, and no retract names it */
    struct sl_buf bytes; /**< owned */
};

/** A key entry whose signature held, taken or refused. */
struct e2_seen_key {
    uint32_t seq;
    uint32_t generation;
    struct sl_key_body body;
    bool taken;
    bool has_key; /**< false: none of this reader's keys opens it (yet) */
    uint8_t key[E2_KEY_BYTES];
};

enum e2_invite_state {
    E2_INVITE_OPEN,
    E2_INVITE_USED,
    E2_INVITE_ENDED
};

struct e2_seen_invite {
    uint32_t seq;
    uint8_t author_id[SL_ID_BYTES];
    uint64_t sent_at;
    struct sl_invite_body body;
    enum e2_invite_state state;
};

struct e2_parent_keys {
    uint32_t seq; /**< 0: none yet */
    uint8_t sign_pk[SL_PK_BYTES];
    uint8_t box_pk[SL_PK_BYTES];
    uint32_t invite_seq; /**< the invitation on record */
    bool granted;        /**< somebody who has not left has granted to keys of that invitation */
};

struct e2_own_item {
    struct e2_item shown;
    json_t *body;    /**< owned; shown.body is the same */
    bool is_message; /**< a taken type 1, which its author may take back */
};

struct e2_last_taken {
    uint8_t author_id[SL_ID_BYTES];
    uint32_t seq;
};

struct e2_state {
    struct e2_own_item *items; /**< owned; item i is entry i + 1 */
    size_t count, cap;
    struct e2_last_taken *authors; /**< owned */
    size_t author_count;
    uint32_t last_named;      /**< serial of the roster that the last taken key entry named */
    uint32_t settled;         /**< the same of somebody who has not left */
    uint64_t counted;         /**< highest generation of a key entry whose signature held */
    struct e2_seen_key *keys; /**< owned */
    size_t key_count;
    size_t current;                    /**< index in keys + 1 of the newest taken; 0: none */
    uint8_t (*shown_key)[SL_ID_BYTES]; /**< owned: who has shown the key of this generation */
    size_t shown_count;
    bool has_parent;
    uint8_t parent_id[SL_ID_BYTES];
    struct e2_parent_keys parent_keys;
    struct e2_seen_invite *invites; /**< owned */
    size_t invite_count;
    uint32_t seen_by[2]; /**< by enum e2_side */
    uint32_t seen_by_me;
    bool differ; /**< alarm: histories differ */
    bool wants_roster;
};

/** A thread key that can be had, by the key_id that it gives. */
struct e2_ring_key {
    uint8_t key_id[SL_HASH_BYTES];
    uint8_t key[E2_KEY_BYTES];
};

struct e2_thread {
    uint8_t id[SL_ID_BYTES];
    const struct e2_trust *trust;
    bool has_me;
    uint8_t me[SL_ID_BYTES];
    const struct e2_seeds *seeds;
    enum e2_reader reader;
    struct e2_held *held; /**< owned */
    size_t held_count;
    struct e2_point checkpoint;
    uint8_t (*teams)[SL_ID_BYTES]; /**< owned */
    size_t team_count;
    bool notes;
    const struct sl_clock *clock;

    struct e2_stored *stored; /**< owned */
    size_t stored_count, stored_cap;
    uint8_t (*links)[SL_HASH_BYTES]; /**< owned; stored_count + 1 of them */

    bool lost;     /**< alarm: what is remembered is not in this chain */
    bool complete; /**< everything that the server has is here */
    bool waiting;
    enum e2_send waiting_why;
    struct e2_ring_key *ring; /**< owned, wiped */
    size_t ring_count;
    struct e2_state state;
};

enum e2_outcome {
    E2_OUT_TAKEN,
    E2_OUT_REFUSED,
    E2_OUT_WAITING
};

/** Judge entry state.count + 1, which is stored and linked. */
enum e2_outcome e2_judge(struct e2_thread *t);
/** The server's time of an entry, and whether its author's clock says otherwise. */
void e2_item_set_at(struct e2_item *item, int64_t at);
/** Say of every item from `from` on whether it stands confirmed. */
void e2_judge_marks(struct e2_thread *t, size_t from);

void e2_state_fini(struct e2_state *s);
/** Every thread key that the reader can get at: by a grant, from what it held, out of `previous`.
 */
void e2_ring_fill(struct e2_thread *t);
const uint8_t *e2_ring_find(const struct e2_thread *t, const uint8_t key_id[SL_HASH_BYTES]);

const struct e2_seen_key *e2_state_current(const struct e2_state *s);           /**< or NULL */
struct e2_seen_invite *e2_state_invite(const struct e2_state *s, uint32_t seq); /**< or NULL */
struct e2_seen_invite *e2_state_open_invite(const struct e2_state *s);          /**< or NULL */
/** The author's own last taken entry; 0: none. */
uint32_t e2_state_last_taken(const struct e2_state *s, const uint8_t author_id[SL_ID_BYTES]);
/** Somebody who has left counts until a taken key entry names a roster that knows it. */
bool e2_state_counts(const struct e2_state *s, const struct e2_person *person);
/** Is nothing left to settle about this member of staff? */
bool e2_thread_confirmed(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES]);
bool e2_state_has_shown(const struct e2_state *s, const uint8_t author_id[SL_ID_BYTES]);
/** The key body of an entry in form; more grants than there may be count as none. */
void e2_key_body_of(const struct sl_entry *entry, struct sl_key_body *out);
bool e2_key_fits(const uint8_t thread_id[SL_ID_BYTES], uint32_t generation,
                 const struct sl_key_body *body, const uint8_t key[E2_KEY_BYTES]);
/** The key in the reader's own grant. @return 0: no grant of its; 1: opened; -1: its own, and does
 * not open. */
int e2_grant_open(const struct e2_seeds *seeds, enum e2_reader reader,
                  const struct sl_key_body *body, uint8_t key[E2_KEY_BYTES]);
const struct sl_grant *e2_grant_of(const struct sl_key_body *body,
                                   uint8_t kind); /**< the first, or NULL */

/** The unpadded JSON of a message, into an empty buffer. False: it does not open with this key. */
bool e2_message_open(const uint8_t key[E2_KEY_BYTES], const struct sl_entry *e, struct sl_buf *out);

/* Rules 6 to 8: they change nothing. NULL, or a static word for why the entry is refused. */
const char *e2_rule_key(const struct e2_thread *t, const struct sl_entry *e,
                        const struct sl_key_body *body, bool *has_key, uint8_t key[E2_KEY_BYTES]);
const char *e2_rule_invite(const struct e2_thread *t, const struct sl_entry *e,
                           const struct sl_invite_body *body);
const char *e2_rule_keys(const struct e2_thread *t, const struct sl_entry *e,
                         const struct sl_keys_body *body);
bool e2_proof_holds(const struct e2_thread *t, const struct sl_entry *e,
                    const struct sl_keys_body *body);
const char *e2_rule_message(const struct e2_thread *t, const struct sl_entry *e, enum e2_side side,
                            enum e2_plain *kind, json_t **body);

/** Names as the roster has them, cleaned; "" of somebody who is not in it. Borrowed. */
const char *e2_grant_name(const struct e2_thread *t, const struct sl_key_body *body, uint8_t kind);
const char *e2_staff_name(const struct e2_thread *t, const uint8_t staff_id[SL_ID_BYTES]);

/** What to tell people about a word of the rules. Static. */
const char *e2_reason_sentence(const char *reason);

#endif
