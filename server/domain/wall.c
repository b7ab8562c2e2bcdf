#include "domain/wall.h"

#include <stdio.h>
#include <string.h>

#include "domain/civil.h"

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    HOUR_MIN = 60
};

/*
 * The clocks change in the second hour of a day: forward, and the wall has no 01:00 to 02:00; back,
 * and it shows that hour twice. So a day is an hour longer or shorter from a certain minute on.
 */
struct day_shape {
    int64_t start_at;
    int64_t longer_s;  /* 0; HOUR_S in October; -HOUR_S in March */
    int64_t regular_s; /* seconds from the start for which the wall counts on as on any day */
};

static struct day_shape shape_of(int32_t day)
{
    struct day_shape shape = {.start_at = civil_london_start(day)};
    int64_t length_s = civil_london_start(day + 1) - shape.start_at;

    shape.longer_s = length_s - (int64_t)WALL_DAY_MIN * MINUTE_S;
    shape.regular_s = shape.longer_s > 0 ? 2 * HOUR_S : HOUR_S;
    return shape;
}

int64_t wall_instant(int32_t day, int minute)
{
    struct day_shape shape = shape_of(day);
    int64_t after_s = (int64_t)minute * MINUTE_S;

    if (shape.longer_s == 0 || after_s < shape.regular_s) {
        return shape.start_at + after_s;
    }
    /* In the hour that is skipped: where the clocks were put to. */
    if (shape.longer_s < 0 && minute < 2 * HOUR_MIN) {
        return shape.start_at + shape.regular_s;
    }
    return shape.start_at + after_s + shape.longer_s;
}

struct wall wall_of(int64_t at_s)
{
    int32_t day = civil_london_day(at_s);
    struct day_shape shape = shape_of(day);
    int64_t after_s = at_s - shape.start_at;

    if (after_s >= shape.regular_s) {
        after_s -= shape.longer_s;
    }
    return (struct wall){.day = day, .minute = (int)(after_s / MINUTE_S)};
}

int64_t wall_next(int64_t at_s, int minute)
{
    const int32_t day = civil_london_day(at_s);
    const int64_t today_at = wall_instant(day, minute);
    const int64_t again_at = today_at + HOUR_S;

    if (today_at >= at_s) {
        return today_at;
    }
    if (again_at >= at_s && wall_of(again_at).minute == minute) {
        return again_at;
    }
    return wall_instant(day + 1, minute);
}

bool wall_parse(const char *text, int *minute)
{
    for (size_t i = 0; i < WALL_TEXT_SIZE - 1; i++) {
        /* A NUL is no digit, so nothing is read past the end. */
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    int hours = (text[0] - '0') * 10 + (text[1] - '0');
    int minutes = (text[3] - '0') * 10 + (text[4] - '0');
    int total = hours * HOUR_MIN + minutes;
    if (text[WALL_TEXT_SIZE - 1] != '\0' || minutes >= HOUR_MIN || total > WALL_DAY_MIN) {
        return false;
    }
    *minute = total;
    return true;
}

void wall_text(int minute, char out[WALL_TEXT_SIZE])
{
    (void)snprintf(out, WALL_TEXT_SIZE, "%02u:%02u", (unsigned)minute / HOUR_MIN % 100U,
                   (unsigned)minute % HOUR_MIN);
}

bool span_overlaps(struct span a, struct span b)
{
    return a.start_at < b.end_at && b.start_at < a.end_at && a.start_at < a.end_at &&
           b.start_at < b.end_at;
}
