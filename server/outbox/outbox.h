/*
 * Notices out. Whoever causes one adds it in the transaction of its cause, so that both are there
 * or neither; one worker thread sends it: at least once, with growing pauses, for 24 hours.
 *
 * Without a carrier in the settings nothing is kept and nothing is sent. A struct outbox may be
 * NULL wherever one is passed here: then it is the same.
 */
#ifndef SENDLINE_OUTBOX_OUTBOX_H
#define SENDLINE_OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/entry.h"
#include "common/rand.h"
#include "config/config.h"
#include "domain/notice.h"
#include "store/store.h"

struct seal;
struct outbox;

enum notice_kind {
#define NOTICE(symbol, name, flags, subject, sentence, action) symbol,
#include "outbox/notices.def"
    NOTICE_COUNT
};

/** "new_message". Static. */
const char *notice_name(enum notice_kind kind);
/** NOTICE_COUNT for an unknown name. */
enum notice_kind notice_of(const char *name);
/** Can each person turn this kind off? */
bool notice_optional(enum notice_kind kind);

/* ---- Running ---- */

struct outbox_options {
    const struct config *config; /**< borrowed, as all of these, until outbox_free */
    struct store *store;
    const struct sl_clock *clock;
    const struct sl_rand *rand;
    const struct seal *seal;
};

/** Are the settings of notices good, and the files that they name? SL_BAD_REQUEST says what to do.
 */
SL_MUST_USE enum sl_code outbox_check(const struct config *config, struct sl_err *err);

/** Make the carriers; says in the log when there are none. As outbox_check. Thread: main. */
SL_MUST_USE enum sl_code outbox_new(const struct outbox_options *options, struct outbox **out,
                                    struct sl_err *err);
/** Begin to send. Thread: main. */
SL_MUST_USE enum sl_code outbox_start(struct outbox *outbox, struct sl_err *err);
/** Break off what is under way and end the thread; notices may still be added. Before store_close.
 * NULL is fine. Thread: main. */
void outbox_stop(struct outbox *outbox);
void outbox_free(struct outbox *outbox); /**< after store_close; NULL is fine */

/** Lines of Prometheus text. Thread: any. */
void outbox_metrics(const struct outbox *outbox, struct sl_buf *out);

/* ---- Causes: in the transaction of what happened ---- */

/** One notice to one person. */
struct notice {
    enum notice_kind kind;
    const uint8_t *account_id; /**< who; NULL: `address` alone */
    const char *address; /**< go there, and not to the account's address; NULL: the account's */
    const uint8_t *subject_id; /**< what it is about: a conversation, a booking; or NULL */
    int64_t mark;              /**< which happening of that subject: the same one is told once */
    int64_t due_at;            /**< not before; 0: now */
    int64_t until_at;          /**< no use from then on; 0: after 24 hours */
};

/** Keep a notice. One of the same kind, person, subject and mark changes nothing. Thread: the
 * writer. */
SL_MUST_USE enum sl_code outbox_add(const struct outbox *outbox, struct db *db,
                                    const struct notice *notice, struct sl_err *err);

/** What was to be told of this subject is no longer so: a reminder of a cancelled call. */
SL_MUST_USE enum sl_code outbox_drop(const struct outbox *outbox, struct db *db,
                                     enum notice_kind kind, const uint8_t subject_id[SL_ID_BYTES],
                                     struct sl_err *err);

/**
 * Staff wrote something that the parent has to read. At most one notice until they look.
 *
 * @param seen_seq what the parent had seen of the conversation
 */
SL_MUST_USE enum sl_code outbox_new_message(const struct outbox *outbox, struct db *db,
                                            const uint8_t parent_id[SL_ID_BYTES],
                                            const uint8_t thread_id[SL_ID_BYTES], uint32_t seen_seq,
                                            struct sl_err *err);

/** An invitation was accepted over an account that was there: said to the address it had before.
 * Call it before the account is written. */
SL_MUST_USE enum sl_code outbox_account_renewed(const struct outbox *outbox, struct db *db,
                                                const uint8_t parent_id[SL_ID_BYTES],
                                                const uint8_t invite_id[SL_ID_BYTES],
                                                struct sl_err *err);

/** The job: once a week to root_alert_addresses, from two weeks before the roster runs out. */
SL_MUST_USE enum sl_code outbox_roster_ending(const struct outbox *outbox, struct db *db,
                                              struct sl_err *err);

/* ---- What each person has chosen ---- */

enum notice_channel {
    CHANNEL_EMAIL,
    CHANNEL_TEXT,
    CHANNEL_NONE /**< only what cannot be turned off */
};

struct notice_choice {
    enum notice_channel channel;
    const char *mobile; /**< NULL: none is known; borrowed */
    struct notice_quiet quiet;
};

SL_MUST_USE enum sl_code outbox_choose(const struct outbox *outbox, struct db *db,
                                       const uint8_t account_id[SL_ID_BYTES],
                                       const struct notice_choice *choice, struct sl_err *err);
/** Turn a kind on or off. SL_FORBIDDEN: it cannot be turned off. */
SL_MUST_USE enum sl_code outbox_turn(struct db *db, const uint8_t account_id[SL_ID_BYTES],
                                     enum notice_kind kind, bool on, struct sl_err *err);

#endif
