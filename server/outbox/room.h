/*
 * What the files of this room share: the outbox itself, its rows, and what is decided of one.
 * Private to outbox/ and its tests.
 */
#ifndef SENDLINE_OUTBOX_ROOM_H
#define SENDLINE_OUTBOX_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "outbox/carrier.h"

/** Constant once made, but for the last part. Thread: any reads that. */
struct outbox {
    struct outbox_options options;
    struct carrier *email; /**< used by the worker alone; NULL: none */
    struct carrier *text;
    atomic_bool stop;
    _Atomic uint64_t sent;
    _Atomic uint64_t failed;
    _Atomic uint64_t given_up;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /**< for wake alone */
    pthread_cond_t wake;
    int64_t forgot_at; /**< the worker's: when old rows were last looked for */
};

/** As outbox_new, with these carriers and no others; both may be NULL. Takes them. */
struct outbox *outbox_with(const struct outbox_options *options, struct carrier *take_email,
                           struct carrier *take_text);

/** Flags of notices.def. */
enum {
    TELL_OPTIONAL = 1,
    TELL_AT_ONCE = 2,
    TELL_UNTIL_READ = 4
};
unsigned notice_flags(enum notice_kind kind);

/** A row that is due, with what is known of the person now. Owned strings, NULL: none. */
struct outbox_row {
    uint8_t id[SL_ID_BYTES];
    int64_t mark;
    int64_t made_at;
    int64_t until_at;
    int64_t seen_seq; /**< of the conversation that it is about; 0: there is none */
    char *email;
    char *mobile;
    enum notice_kind kind; /**< NOTICE_COUNT: a kind this program does not know */
    enum notice_channel channel;
    struct notice_quiet quiet;
    int tries;
    bool off;     /**< turned off by the person */
    bool damaged; /**< an address does not open */
};
void outbox_row_fini(struct outbox_row *row);

enum outbox_step {
    OUTBOX_SEND,
    OUTBOX_WAIT,   /**< until `at` */
    OUTBOX_DROP,   /**< it is no use, or not wanted */
    OUTBOX_GIVE_UP /**< staff are told */
};

struct outbox_plan {
    enum outbox_step step;
    int64_t at;         /**< when it is looked at next, unless it is settled */
    bool by_text;       /**< OUTBOX_SEND: how */
    const char *reason; /**< static; of what is settled. NULL: the last failure's */
};

/** What to do with a row now. Pure. */
struct outbox_plan outbox_plan_of(const struct outbox_row *row, bool have_email, bool have_text,
                                  int64_t now_s);

/** Rows that are due, at most `most`. Rows must be outbox_row_fini'd whatever comes of it. */
SL_MUST_USE enum sl_code outbox_rows_due(const struct outbox *outbox, struct db *db, int64_t now_s,
                                         struct outbox_row *out, size_t most, size_t *count,
                                         struct sl_err *err);

/** Send what is due, once. @return there may be more. Thread: the worker, or a test's in its place.
 */
bool outbox_round(struct outbox *outbox);

#endif
