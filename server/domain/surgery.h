/*
 * Surgeries: stretches of London wall time in which one caseworker takes calls, once or weekly,
 * checked and cut into slots (booking.md). A series is kept as its rule; what comes of it depends
 * on the bank holidays and on the caseworker's leave. Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_SURGERY_H
#define SENDLINE_DOMAIN_SURGERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "domain/holidays.h"
#include "domain/wall.h"

enum {
    SURGERY_SLOT_LEAST = 5, /**< minutes, as the next ones */
    SURGERY_SLOT_MOST = 60,
    SURGERY_GAP_MOST = 60,
    SURGERY_LONGEST = 720,
    SURGERY_AHEAD_DAYS = 731, /**< the last date from today */
    SURGERY_EVERY_DAY = 0x7f
};

struct surgery {
    bool series;       /**< else the one day first_day, bank holiday or not */
    unsigned weekdays; /**< of a series: bit 0 Monday to bit 6 Sunday */
    int32_t first_day; /**< civil.h */
    int32_t last_day;  /**< of a single one: first_day */
    int from_min;      /**< minutes after midnight on the wall */
    int to_min;        /**< at most WALL_DAY_MIN */
    int slot_min;      /**< minutes of a slot */
    int gap_min;       /**< minutes after each slot; the last one's may lie outside */
};

enum surgery_day {
    SURGERY_NOT_HELD,
    SURGERY_HELD,
    SURGERY_HOLIDAYS_UNKNOWN
};

/** Two that overlap, and the first day on which they do. Borrowed from the lists. */
struct surgery_clash {
    const struct surgery *wanted;
    const struct surgery *other;
    int32_t day;
};

/**
 * May this be opened now?
 * @return SL_OK, SL_DAYS_WRONG, SL_DATES_WRONG, SL_TIMES_WRONG, SL_SLOT_WRONG; SL_SLOT_PAST when
 * all of a single one has passed. The detail says what is wrong.
 */
SL_MUST_USE enum sl_code surgery_check(const struct surgery *s, int64_t now_s, struct sl_err *err);

/** Is it held on this day, leave apart? */
enum surgery_day surgery_on(const struct surgery *s, const struct holidays *more, int32_t day);

/** Is there a day on which both are held at overlapping times? *day is the first. Days whose
 * holidays are unknown count as held. */
bool surgery_clashes(const struct surgery *a, const struct surgery *b, const struct holidays *more,
                     int32_t *day);

/**
 * May all of `wanted` be opened by one caseworker who has `open` already?
 *
 * @param clash filled for SL_SURGERY_CLASH
 * @return SL_OK; SL_TOO_MANY (SL_MAX_SURGERIES); the first refusal of surgery_check;
 * SL_SURGERY_CLASH, with an open one or among themselves.
 */
SL_MUST_USE enum sl_code surgery_check_all(const struct surgery *wanted, size_t wanted_count,
                                           const struct surgery *open, size_t open_count,
                                           const struct holidays *more, int64_t now_s,
                                           struct surgery_clash *clash, struct sl_err *err);

/** What slots are cut from, and around. */
struct surgery_range {
    int32_t first_day;
    int32_t last_day;
    int64_t after_at;            /**< slots that begin later than this: now */
    const struct holidays *more; /**< borrowed; NULL: none */
    const struct span *leave;    /**< a slot that overlaps one is left out; borrowed, any order */
    size_t leave_count;
};

struct surgery_slots {
    struct span *slots; /**< ascending, none overlaps another; owned */
    size_t count;
    /** A series is not cut on this day and later: the holidays are not known. 0: they were. */
    int32_t unknown_from;
};

/** Cut a checked surgery. *out is overwritten; surgery_slots_fini it. */
void surgery_cut(const struct surgery *s, const struct surgery_range *range,
                 struct surgery_slots *out);
void surgery_slots_fini(struct surgery_slots *slots);

#endif
