/*
 * The caseworker's conversations at a glance: thread.list with a name for each from its card. Names
 * are kept, sealed, so that later runs open no card again. Thread: main.
 */
#ifndef SENDLINE_CLI_DESK_H
#define SENDLINE_CLI_DESK_H

#include <jansson.h>

#include "common/entry.h"
#include "session.h"

enum desk_reply {
    DESK_REPLY_NONE,
    DESK_REPLY_DUE,
    DESK_REPLY_LATE,
    DESK_REPLY_NOT_NEEDED
};

struct desk_thread {
    char *parent_name; /**< owned; "" while no card opens */
    char *child;       /**< owned */
    int64_t created_at;
    int64_t last_at;
    int64_t waiting_since_at; /**< 0: nobody waits */
    enum desk_reply reply;
    uint32_t last_seq;
    uint32_t unread;
    uint32_t reply_seq;
    uint8_t thread[SL_ID_BYTES];
    uint8_t case_id[SL_ID_BYTES];
    uint8_t caseworker[SL_ID_BYTES];
    uint8_t parent[SL_ID_BYTES];    /**< when has_parent */
    char ref[SL_MAX_REF_BYTES + 1]; /**< as the server calls it */
    char due_on[11];                /**< "" when nothing is due */
    bool has_parent;                /**< somebody was invited */
    bool accepted;
    bool closed;
    bool card_differs; /**< the card names another case than the server */
};

struct desk {
    struct desk_thread *threads; /**< owned */
    size_t count;
    int64_t cursor; /**< the account's, in the same snapshot */
    int64_t at_s;   /**< when this was so */
};

/** From the service; remembers it. Needs session_online. */
SL_MUST_USE int desk_load(struct cli *cli, struct desk *out);
/** What was so when the service was last reached; count 0 and at_s 0 when never. Needs
 * session_need. */
SL_MUST_USE int desk_load_kept(struct cli *cli, struct desk *out);
void desk_free(struct desk *desk);
void sl_auto_desk(struct desk *desk);

/** By a case as people write it: EHC-2041, ehc-2041, 2041, EHC-2041:2. CLI_MISSING, CLI_FORBIDDEN,
 * CLI_USAGE. */
SL_MUST_USE int desk_find(struct cli *cli, const struct desk *desk, const char *text,
                          struct desk_thread **out);
enum desk_match {
    DESK_NONE,
    DESK_ONE,
    DESK_WHICH,      /**< the case is there, but which of its conversations? */
    DESK_OTHER_CASES /**< a number alone, and several cases have it */
};
/** Pure: what a text names. *out is one of them, or NULL; *count how many conversations the case
 * has. */
enum desk_match desk_match(const struct desk *desk, const char *text, struct desk_thread **out,
                           long *count);
/** Pure: does this text name this reference? */
bool desk_ref_matches(const char *ref, const char *text);

/** One item of thread.list or of thread.changed into place: unread and reply. */
void desk_take_reply(struct desk_thread *thread, const json_t *json);
struct desk_thread *desk_by_id(const struct desk *desk, const uint8_t thread[SL_ID_BYTES]);

/** Pure: by reply due, then by who waits longest, then by reference. For qsort. */
int desk_by_due(const void *a, const void *b);
/** The parent's name, or "not named yet". Borrowed. */
const char *desk_name(const struct desk_thread *thread);

#endif
