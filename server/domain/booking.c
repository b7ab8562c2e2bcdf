#include "domain/booking.h"

#include <stdlib.h>

#include "domain/civil.h"

enum {
    MINUTE_S = 60
};

const char *slot_state_name(enum slot_state state)
{
    static const char *const names[] = {
        [SLOT_OPEN] = "open",
        [SLOT_BOOKED] = "booked",
        [SLOT_OFFERED] = "offered",
        [SLOT_BLOCKED] = "blocked",
    };
    return names[state];
}

static bool is_free(const struct slot *slot)
{
    return slot->state == SLOT_OPEN || (slot->state == SLOT_OFFERED && slot->held_for_me);
}

/* The next slot of the same surgery, if nothing but the gap lies between; else slot_count. */
static size_t follower(const struct booking_ask *ask, size_t i)
{
    const struct slot *slot = &ask->slots[i];
    const int64_t at = slot->span.end_at + (int64_t)slot->gap_min * MINUTE_S;
    size_t next = i + 1;

    while (next < ask->slot_count && ask->slots[next].span.start_at <= at) {
        if (ask->slots[next].surgery == slot->surgery && ask->slots[next].span.start_at == at) {
            return next;
        }
        next++;
    }
    return ask->slot_count;
}

static enum sl_code check_time(const struct booking_ask *ask, const struct slot *slot,
                               struct sl_err *err)
{
    const int64_t start_at = slot->span.start_at;

    /* Whoever is offered a slot may take it as long as it is held. */
    if (!ask->by_staff && !slot->held_for_me && start_at - ask->now_s < ask->notice_s) {
        return sl_fail(err, SL_SLOT_TOO_SOON, "%lld seconds ahead",
                       (long long)(start_at - ask->now_s));
    }
    if (civil_london_day(start_at) > civil_london_day(ask->now_s) + ask->horizon_days) {
        return sl_fail(err, SL_SLOT_TOO_FAR, "more than %d days ahead", ask->horizon_days);
    }
    return SL_OK;
}

/* Everything but the one call for each case. */
static enum sl_code check_place(const struct booking_ask *ask, size_t i, struct booking_place *out,
                                struct sl_err *err)
{
    const struct slot *slot = &ask->slots[i];
    struct booking_place place = {.slot = {i, i}, .count = 1};

    if (slot->span.start_at <= ask->now_s) {
        return sl_fail(err, SL_SLOT_PAST, "it has begun");
    }
    if (!is_free(slot)) {
        return sl_fail(err, SL_SLOT_TAKEN, "it is %s", slot_state_name(slot->state));
    }
    enum sl_code rc = check_time(ask, slot, err);
    if (rc != SL_OK) {
        return rc;
    }
    if (ask->extra_time) {
        size_t next = follower(ask, i);
        if (next == ask->slot_count || !is_free(&ask->slots[next])) {
            return sl_fail(err, SL_NO_EXTRA_TIME, "no free slot follows");
        }
        place.slot[1] = next;
        place.count = 2;
    }
    const struct span call = {.start_at = slot->span.start_at,
                              .end_at = ask->slots[place.slot[place.count - 1]].span.end_at};
    for (size_t m = 0; m < ask->mine_count; m++) {
        if (span_overlaps(call, ask->mine[m].span)) {
            return sl_fail(err, SL_CALLS_OVERLAP, "the parent has another call then");
        }
    }
    *out = place;
    return SL_OK;
}

enum sl_code booking_check(const struct booking_ask *ask, size_t slot, struct booking_place *out,
                           struct sl_err *err)
{
    for (size_t m = 0; m < ask->mine_count; m++) {
        if (ask->mine[m].same_case) {
            return sl_fail(err, SL_BOOKED_ALREADY, "one upcoming call for each case and parent");
        }
    }
    return check_place(ask, slot, out, err);
}

size_t booking_next(const struct booking_ask *ask, size_t most, struct booking_place *out)
{
    size_t count = 0;

    for (size_t i = 0; i < ask->slot_count && count < most; i++) {
        if (check_place(ask, i, &out[count], NULL) == SL_OK) {
            count++;
        }
    }
    return count;
}

static int64_t distance(const struct booking_ask *ask, const struct booking_place *place,
                        int64_t wanted_at)
{
    return llabs(ask->slots[place->slot[0]].span.start_at - wanted_at);
}

size_t booking_nearest(const struct booking_ask *ask, int64_t wanted_at, size_t most,
                       struct booking_place *out)
{
    struct booking_place place = {.count = 0};
    size_t count = 0;

    /* The best so far, in order; a new one moves up as long as it is nearer. */
    for (size_t i = 0; i < ask->slot_count && most > 0; i++) {
        if (check_place(ask, i, &place, NULL) != SL_OK) {
            continue;
        }
        size_t at = count;
        while (at > 0 &&
               distance(ask, &place, wanted_at) < distance(ask, &out[at - 1], wanted_at)) {
            at--;
        }
        if (at == most) {
            continue;
        }
        count += count < most ? 1U : 0U;
        for (size_t to = count - 1; to > at; to--) {
            out[to] = out[to - 1];
        }
        out[at] = place;
    }
    return count;
}

bool booking_may_change(int64_t start_at, int64_t now_s)
{
    return now_s < start_at;
}
