/*
 * A thread as one reader sees it: every entry judged in order, from the first, by the eight rules
 * of crypto.md.
 *
 * Judging is a pure function of the entries, the roster and the keys held. When one of these turns
 * out differently (a newer roster, a yes to another team, a key that opens older entries, a retract
 * that vouches for a message without a body) everything is judged again instead of being patched
 * up: 2,000 entries take half a second.
 *
 *   struct e2_thread_setup setup = {.thread_id = id, .trust = trust, .me = my_id, .seeds = &seeds,
 * .clock = clock, .checkpoint = remembered}; SL_AUTO(e2_thread) struct e2_thread *t =
 * e2_thread_new(&setup); for each entry of thread.entries from 1:  e2_thread_take(t, seq, at,
 * bytes)   (or e2_thread_take_header) e2_thread_complete(t, last_seq)            — only then
 * can_send may say yes for (i < e2_thread_count(t)) show(e2_thread_item(t, i))
 *
 * To post several entries in one call (case.add, rotating before a message): compose one, take it
 * here with at 0, compose the next. When the server says entry_stale: e2_thread_rewind to the last
 * seq that came from the server, take what is new, compose again with the same entry ids.
 *
 * Decisions (the JavaScript half makes the same; tests/unit-js/e2ee-cross.test.mjs holds them
 * together):
 * - Rules are tried in the order of their numbers, inside rule 1 length, version, type, thread,
 * body, entry_id. The first that fails is the one named. Types 3 and 4 in a notes thread fail
 * rule 1.
 * - The generation that the next key entry must have is one more than the highest of any key entry
 * that was in form (rule 1), by somebody who counts (rule 3) and whose signature held (rule 4),
 * wherever it stood.
 * - Where no key entry was taken yet, `previous` is zeros in any generation: there is nothing to
 * carry on from.
 * - `previous` has to lead back to a key that was taken: directly, or through key entries that were
 * refused here.
 * - A key entry for whose team this reader has no seed is taken unread: its messages fail rule 8
 * ("no-key").
 * - A key entry that names a newer roster is waited for when nothing else is wrong with it, or its
 * author is unknown.
 * - A key entry by somebody who has left, naming a roster that knows it, fails rule 3.
 * - A message without a body stands provisionally (rules 1, 2, 3, 5) and is refused
 * ("body-withheld") unless a taken retract by its author names it. A retract names a type 1 of its
 * author that was taken; a retract may be named.
 * - Histories differ (alarm) when an entry whose signature holds, by somebody who counts, names a
 * prev_seq that is not below its own or a prev_link that is not ours; for a keys entry its proof
 * must hold too.
 * - A mark is cleared only by a taken key entry of somebody who has not left, so that two leavers
 * cannot clear each other. The same holds for what settles the question of the first grant; for an
 * inviter who has left it stands open until then, whoever granted before.
 * - Of a key entry with more grants than there may be, none counts.
 *
 * Thread: one owner. The trust, seeds, identities, clock and setup arrays are borrowed for the
 * thread's life.
 */
#ifndef SENDLINE_E2EE_THREAD_H
#define SENDLINE_E2EE_THREAD_H

#include <jansson.h>

#include "e2ee/plaintext.h"
#include "e2ee/team.h"
#include "e2ee/trust.h"

enum e2_reader {
    E2_READ_AS_STAFF,
    E2_READ_AS_PARENT,
    E2_READ_AS_RECORDS
};

/** A place in the chain that was checked. seq 0: none. */
struct e2_point {
    uint32_t seq;
    uint8_t link[SL_HASH_BYTES];
};

/** A thread key that was had before (from a parcel or memory). Used only if it gives the key_id. */
struct e2_held {
    uint32_t generation;
    uint8_t key[E2_KEY_BYTES];
};

struct e2_thread_setup {
    const uint8_t *thread_id;     /**< 16 bytes; copied */
    const struct e2_trust *trust; /**< has a roster */
    const uint8_t *me;            /**< 16 bytes, whose entries are "mine"; NULL: nobody's; copied */
    const struct e2_seeds
        *seeds;            /**< every identity whose box key may open grants of the reader's kind:
                                staff the team's generations, parent their own, records theirs; may be NULL */
    enum e2_reader reader; /**< 0: staff */
    const struct e2_held *held; /**< copied */
    size_t held_count;
    struct e2_point checkpoint;          /**< what was remembered of this thread; copied */
    const uint8_t (*teams)[SL_ID_BYTES]; /**< other teams that a person agreed to; copied */
    size_t team_count;
    bool notes; /**< staff notes: a thread without a parent */
    const struct sl_clock *clock;
};

enum e2_verdict {
    E2_TAKEN,
    E2_REFUSED,
    E2_WAITING,
    E2_HAVE_IT,
    E2_GAP
};

enum e2_item_kind {
    E2_ITEM_MESSAGE,    /**< `plain` says which kind, E2_PLAIN_UNKNOWN: body {"name"} */
    E2_ITEM_KEY,        /**< body: generation i, roster_serial i, team s, records s, parent bool */
    E2_ITEM_INVITE,     /**< body: invite_id b16, expires_at i, state "open" | "used" | "ended" */
    E2_ITEM_KEYS,       /**< body: by i, again bool; inviter_name is set */
    E2_ITEM_SEEN,       /**< body: up_to i */
    E2_ITEM_TAKEN_BACK, /**< body empty; retracted_by */
    E2_ITEM_WARNING     /**< refused: rule, reason, sentence; nobody's words */
};

struct e2_item {
    uint32_t seq;
    enum e2_item_kind kind;
    enum e2_plain plain;
    uint8_t entry_id[SL_ID_BYTES];
    int64_t at;                     /**< the server's time, as given */
    uint64_t sent_at;               /**< the author's clock; show it too when clock_differs */
    bool clock_differs;             /**< by ten minutes or more (and `at` was given) */
    uint8_t author_id[SL_ID_BYTES]; /**< in warnings: who it claims to be from, for a details line
                                       only */
    enum e2_side side;
    const char *author_name; /**< staff, cleaned, borrowed; "" for the parent (the card has it) and
                                in warnings */
    bool mine;
    bool confirmed; /**< false: they, or who invited them, have left, and no key entry has settled
                       it */
    const json_t *body; /**< borrowed; cleaned text; never NULL */
    const char
        *inviter_name; /**< E2_ITEM_KEYS and the parent's entries: who invited them; else "" */
    uint8_t inviter_id[SL_ID_BYTES];
    uint32_t retracted_by; /**< seq of the retract, or 0 */
    int rule;              /**< warnings: 1 to 8 */
    const char *reason;    /**< warnings: "prev-link"; static */
    const char *sentence;  /**< warnings: what to tell people; static */
};

struct e2_thread; /* opaque */

struct e2_thread *e2_thread_new(const struct e2_thread_setup *setup);
void e2_thread_free(struct e2_thread *t);
void sl_auto_e2_thread(struct e2_thread **t);

/**
 * The next entry, whole. `at` is the server's time in seconds, 0 for one of ours that is not posted
 * yet.
 * @return E2_TAKEN; E2_REFUSED: its item is a warning; E2_WAITING: it, and nothing after it, is
 * judged before a newer roster is there (e2_thread_wants); E2_HAVE_IT: already here (other bytes
 * raise the alarm); E2_GAP: seq is not the next one: fetch what lies between first.
 */
enum e2_verdict e2_thread_take(struct e2_thread *t, uint32_t seq, int64_t at,
                               struct sl_bytes entry);
/** The same for an entry of which the server has header and body hash alone. */
enum e2_verdict e2_thread_take_header(struct e2_thread *t, uint32_t seq, int64_t at,
                                      const uint8_t header[SL_HEADER_BYTES],
                                      const uint8_t body_hash[SL_HASH_BYTES]);
/** The server says that it has no more than this. @return SL_OK; SL_ENTRY_STALE: fewer entries are
 * here than that; SL_ENTRY_REFUSED: an alarm (e2_thread_stopped). */
SL_MUST_USE enum sl_code e2_thread_complete(struct e2_thread *t, uint32_t last_seq,
                                            struct sl_err *err);
/** Forget the entries after seq: ours that the server did not take. */
void e2_thread_rewind(struct e2_thread *t, uint32_t seq);
/** After trust was walked again, or seeds were added: judge everything again. */
void e2_thread_judge_again(struct e2_thread *t);
/** A person said that this other team may have the thread. Judges again. */
void e2_thread_name_team(struct e2_thread *t, const uint8_t team_id[SL_ID_BYTES]);

/* ---- What there is to show ---- */

size_t e2_thread_count(const struct e2_thread *t); /**< entries judged */
/** 0 ≤ i < count; item i has seq i + 1. Borrowed until the thread changes. */
const struct e2_item *e2_thread_item(const struct e2_thread *t, size_t i);

struct e2_card {
    const char *case_ref, *child, *parent; /**< borrowed until the thread changes */
    uint32_t seq;
    bool has_continues;
    uint8_t continues[SL_ID_BYTES]; /**< the thread that this one goes on from */
};
/** The newest card: the thread's title, whatever the server calls it. False: none yet. */
bool e2_thread_card(const struct e2_thread *t, struct e2_card *out);
/** Who can read what is written now; names borrowed. False before the first key entry. */
struct e2_readers {
    const char *team, *records; /**< cleaned */
    uint8_t team_id[SL_ID_BYTES];
    uint32_t team_generation;
    bool parent;
};
bool e2_thread_readers(const struct e2_thread *t, struct e2_readers *out);
/** Highest seq that a side has signed to have read; 0: nothing. */
uint32_t e2_thread_seen_by(const struct e2_thread *t, enum e2_side side);
/** Highest seq that I have signed to have read. */
uint32_t e2_thread_seen_by_me(const struct e2_thread *t);
/** Is there something of the other side, up to `shown`, that I have not said to have seen? */
bool e2_thread_seen_due(const struct e2_thread *t, uint32_t shown);

struct e2_open_invite {
    uint32_t seq;
    uint8_t invite_id[SL_ID_BYTES];
    uint8_t inviter_id[SL_ID_BYTES];
    const char *inviter_name;
    uint64_t expires_at;
};
/** The one invitation that can still be accepted. False: none. */
bool e2_thread_open_invite(const struct e2_thread *t, struct e2_open_invite *out);
/** The parent's id, once somebody was invited; else NULL. Borrowed. */
const uint8_t *e2_thread_parent_id(const struct e2_thread *t);
/** seq of the parent's newest keys entry, 0 before. */
uint32_t e2_thread_parent_keys_seq(const struct e2_thread *t);
/** The sign key there; false before. What a parent's new keys by the old ones must be proved with.
 */
bool e2_thread_parent_sign_pk(const struct e2_thread *t, uint8_t out[SL_PK_BYTES]);

/* ---- May I write, and what must come first ---- */

enum e2_send {
    E2_SEND_YES,
    E2_SEND_ANOTHER_HISTORY,  /**< what is remembered is not in the chain that the server gives */
    E2_SEND_HISTORIES_DIFFER, /**< a signed entry belongs to another chain than this */
    E2_SEND_NOT_COMPLETE, /**< e2_thread_complete was not called since, or entries are missing */
    E2_SEND_NEWER_ROSTER, /**< walk the rosters first */
    E2_SEND_TRUST_ALARM,  /**< the last walk raised an alarm */
    E2_SEND_ROSTER_EXPIRED,
    E2_SEND_NOT_IN_ROSTER,
    E2_SEND_NO_KEY,       /**< this reader cannot open the current key (or there is none yet) */
    E2_SEND_KEYS_REPLACED /**< parents: other keys hold now than theirs, or none yet */
};
enum e2_send e2_thread_can_send(const struct e2_thread *t);
const char *e2_send_name(enum e2_send send);     /**< "another-history"; static */
const char *e2_send_sentence(enum e2_send send); /**< what happened and what to do; static */
/** E2_SEND_YES, or the alarm for which this thread is stopped for good. */
enum e2_send e2_thread_stopped(const struct e2_thread *t);
/** A newer roster is wanted: an entry names it, or is by somebody this one does not know. */
bool e2_thread_wants_roster(const struct e2_thread *t);

enum e2_key_why {
    E2_KEY_FINE,
    E2_KEY_FIRST,      /**< there is no key yet */
    E2_KEY_TEAM_ENDED, /**< it grants to a team generation that has ended */
    E2_KEY_RECORDS_ENDED,
    E2_KEY_PARENT_KEYS /**< it does not grant to the parent's newest keys */
};
struct e2_key_need {
    enum e2_key_why
        why;        /**< anything but E2_KEY_FINE: a key entry has to come before what is written */
    bool needs_yes; /**< it would be the first grant to keys under an invitation that I did not
                     make, or the first since its maker left */
    bool inviter_left;               /**< they are not staff any more: say so in the question */
    uint8_t inviter_id[SL_ID_BYTES]; /**< give it to e2_compose_key after the yes */
    const char *inviter_name;        /**< borrowed; "" when nobody */
    uint32_t invite_seq;             /**< 0: no parent yet */
    uint64_t invited_at;
};
void e2_thread_key_need(const struct e2_thread *t, struct e2_key_need *out);

/* ---- Where the next entry goes on, and what to remember ---- */

void e2_thread_head(const struct e2_thread *t, struct e2_point *out);
/** The link at seq. False: not here. */
bool e2_thread_link(const struct e2_thread *t, uint32_t seq, uint8_t out[SL_HASH_BYTES]);
uint32_t e2_thread_generation(
    const struct e2_thread *t); /**< of the newest key entry taken; 0: none */
uint32_t e2_thread_next_generation(
    const struct e2_thread *t); /**< that the next key entry must have */
/** The current key; false when it cannot be opened. Wipe the copy. */
bool e2_thread_key(const struct e2_thread *t, uint8_t out[E2_KEY_BYTES]);
const uint8_t *e2_thread_id(const struct e2_thread *t);
const struct e2_trust *e2_thread_trust(const struct e2_thread *t);
bool e2_thread_is_notes(const struct e2_thread *t);
/** What to remember as the checkpoint: the last place judged, or after an alarm what was remembered
 * before, so that the alarm is not forgotten. Seq 0: nothing. Entries of ours that are not posted
 * yet do not count (at 0). */
void e2_thread_checkpoint(const struct e2_thread *t, struct e2_point *out);

/**
 * A title without the thread: from the newest key entry and the newest card entry of thread.list.
 * Signatures of both, their staff authors and the card's text are checked; the chain is not, so it
 * is good for a list, and no more. Owned {case, child, parent, continues?}. @return SL_OK;
 * SL_NOT_FOUND: these keys do not open it (the card is of an older generation than the key entry
 * leads to): take the whole thread; SL_ENTRY_REFUSED.
 */
SL_MUST_USE enum sl_code e2_peek_card(const struct e2_trust *trust, const struct e2_seeds *seeds,
                                      const uint8_t thread_id[SL_ID_BYTES],
                                      struct sl_bytes key_entry, struct sl_bytes card_entry,
                                      json_t **card, struct sl_err *err);

#endif
