/*
 * London wall time: what the clock on the wall shows, as a day of civil.h and minutes after
 * midnight, and the instants (Unix seconds) that it means. A later wall time of a day never means
 * an earlier instant, so spans that do not overlap on the wall do not overlap at all. Thread: any;
 * pure functions.
 */
#ifndef SENDLINE_DOMAIN_WALL_H
#define SENDLINE_DOMAIN_WALL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WALL_DAY_MIN = 1440, /**< minutes in a day as the wall counts them: always 24 hours */
    WALL_TEXT_SIZE = 6   /**< "16:05" and NUL */
};

struct wall {
    int32_t day;
    int minute; /**< 0 to WALL_DAY_MIN - 1 */
};

/** Half-open: spans that touch do not overlap. Empty when end_at <= start_at. */
struct span {
    int64_t start_at;
    int64_t end_at;
};

/**
 * The instant of a wall time. One that is skipped when the clocks go forward means the first that
 * exists; one that happens twice means the first.
 *
 * @param minute 0 to WALL_DAY_MIN: 24:00 is the start of the next day
 */
int64_t wall_instant(int32_t day, int minute);

/** What the wall shows at an instant; seconds are cut off. */
struct wall wall_of(int64_t at_s);

/** The first instant from at_s on when the wall shows this minute of the day, 0 to 1439, or has
 * skipped it. */
int64_t wall_next(int64_t at_s, int minute);

/** "HH:MM", 00:00 to 24:00. False, and *minute untouched, for anything else. */
bool wall_parse(const char *text, int *minute);
void wall_text(int minute, char out[WALL_TEXT_SIZE]);

bool span_overlaps(struct span a, struct span b);

#endif
