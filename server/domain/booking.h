/*
 * Who may book what, and what to offer instead: on the slots that one parent is shown (those of
 * their caseworker, of the cover, of the team's duty), as they stand in this transaction. The
 * database forbids two bookings of a slot besides. Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_BOOKING_H
#define SENDLINE_DOMAIN_BOOKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "domain/wall.h"

enum {
    BOOKING_ALTERNATIVES = 3 /**< offered beside a slot that is taken, and as the next ones */
};

enum slot_state {
    SLOT_OPEN,
    SLOT_BOOKED,
    SLOT_OFFERED, /**< held for one waiting parent */
    SLOT_BLOCKED
};

/** "open", "booked", "offered", "blocked". Static. */
const char *slot_state_name(enum slot_state state);

struct slot {
    struct span span;
    enum slot_state state;
    bool held_for_me; /**< offered to this very parent, and the offer still holds */
    int64_t surgery;  /**< slots of one surgery have the same number here */
    int gap_min;      /**< minutes after it until the next one of its surgery begins */
};

/** An upcoming call of the parent. */
struct booking_mine {
    struct span span;
    bool same_case; /**< it is about the child that the parent books for now */
};

struct booking_ask {
    int64_t now_s;
    int64_t notice_s;         /**< how long before its start a slot can be booked at the latest */
    int horizon_days;         /**< how many days from today it may be */
    bool extra_time;          /**< two slots that follow each other */
    bool by_staff;            /**< for a parent who rings in: any slot that has not begun */
    const struct slot *slots; /**< ascending by start; borrowed */
    size_t slot_count;
    const struct booking_mine *mine; /**< without the call that is being moved; borrowed */
    size_t mine_count;
};

/** What a booking takes: one slot, or two. Indices into the slots. */
struct booking_place {
    size_t slot[2];
    size_t count;
};

/**
 * May this slot be booked?
 * @return SL_OK and *out; SL_BOOKED_ALREADY, SL_SLOT_PAST, SL_SLOT_TAKEN, SL_SLOT_TOO_SOON,
 * SL_SLOT_TOO_FAR, SL_NO_EXTRA_TIME, SL_CALLS_OVERLAP: the first that applies, in this order.
 */
SL_MUST_USE enum sl_code booking_check(const struct booking_ask *ask, size_t slot,
                                       struct booking_place *out, struct sl_err *err);

/** The first places that could be booked, at most `most`, ascending. @return how many. */
size_t booking_next(const struct booking_ask *ask, size_t most, struct booking_place *out);

/** The places whose starts are nearest to wanted_at, nearest first, the earlier of two alike. */
size_t booking_nearest(const struct booking_ask *ask, int64_t wanted_at, size_t most,
                       struct booking_place *out);

/** May a call still be moved or cancelled? Until it starts. */
bool booking_may_change(int64_t start_at, int64_t now_s);

#endif
