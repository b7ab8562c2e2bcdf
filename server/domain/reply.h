/*
 * The reply promise: by when a reply is due, from who wrote when and never from content
 * (booking.md).
 *
 * A staff answer ends the promise for what its author had when writing (its prev_seq); what the
 * parent wrote after that stays unanswered. Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_REPLY_H
#define SENDLINE_DOMAIN_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/proto.h"

/** What a thread remembers; 0 is none. */
struct reply_facts {
    uint32_t waiting_seq;      /**< the parent's oldest unanswered message */
    int64_t waiting_since_at;  /**< when the server took it, Unix seconds */
    uint32_t waiting_last_seq; /**< the newest one that waits */
    uint32_t not_needed_seq;   /**< staff said of everything up to here: no reply needed */
};

enum reply_state {
    REPLY_NONE,
    REPLY_DUE,
    REPLY_LATE,
    REPLY_NOT_NEEDED
};

struct reply_view {
    enum reply_state state;
    uint32_t seq;             /**< the newest waiting message, or the mark; 0 for none */
    int64_t waiting_since_at; /**< due and late */
    bool due_known;           /**< false: the bank holidays are not known that far */
    int32_t due_day;          /**< civil.h */
};

/** A parent's message of a kind that asks for a reply. */
void reply_started(struct reply_facts *facts, uint32_t seq, int64_t at);

/**
 * A caseworker's text or file, written by somebody who had everything up to prev_seq.
 * @return true: settled. False: the parent wrote after prev_seq; the caller finds the oldest such
 * message and gives it to reply_still_waiting.
 */
bool reply_ended(struct reply_facts *facts, uint32_t prev_seq);
void reply_still_waiting(struct reply_facts *facts, uint32_t seq, int64_t at);

/** No reply needed up to seq, which must be waiting_last_seq. */
void reply_not_needed(struct reply_facts *facts, uint32_t seq);

/** What both sides are shown now. working_days: within how many a reply is promised. */
struct reply_view reply_view_of(const struct reply_facts *facts, int64_t now_s, int working_days);

/** "none", "due", "late", "not_needed". Static. */
const char *reply_state_name(enum reply_state state);

/** Is a message of this act something to read, and so counted while unread? Titles and take-backs
 * are not. */
bool reply_act_is_read(enum sl_act act);

#endif
