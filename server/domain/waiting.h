/*
 * The waiting list: who comes first, and what becomes of a slot that comes free (booking.md).
 * Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_WAITING_H
#define SENDLINE_DOMAIN_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/wall.h"

/** When offers are made and how long they hold: the settings. */
struct waiting_rules {
    int from_min;   /**< offers are made from this minute on the wall, 480 */
    int to_min;     /**< until this one, 1200; more than from_min */
    int64_t hold_s; /**< 7200: or half the time to the slot, whichever is shorter */
};
struct waiting_rules waiting_rules_usual(void);

/** Somebody on the list. */
struct waiting {
    bool affected; /**< by a staff cancellation, a leave or a missed call: before all others */
    int64_t joined_at;
    int64_t order;    /**< of those who joined in one second: the row's number */
    int64_t notice_s; /**< how long before a call they must know */
    bool asked;       /**< has an offer now, or has left this very slot before */
};

/** The order of the list, for qsort. */
int waiting_order(const void *a, const void *b);

enum waiting_step {
    WAITING_OPEN,  /**< nobody on the list can take it: for everybody */
    WAITING_OFFER, /**< hold it for `who` until until_at */
    WAITING_KEEP   /**< it is night: keep it for the list, and ask again at until_at */
};

struct waiting_plan {
    enum waiting_step step;
    size_t who; /**< index into the list */
    int64_t until_at;
};

/**
 * What to do with a slot that came free, or whose offer ended.
 *
 * @param list in order (waiting_order)
 */
struct waiting_plan waiting_plan_for(int64_t slot_start_at, const struct waiting *list,
                                     size_t count, const struct waiting_rules *rules,
                                     int64_t now_s);

/** Does an offer still hold? At the very second of its end it does not. */
bool waiting_offer_holds(int64_t until_at, int64_t now_s);

#endif
