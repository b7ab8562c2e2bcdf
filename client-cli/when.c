#include "when.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

int64_t when_days(int year, int month, int day)
{
    /* Years begin in March here, so that the leap day is the last of one. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil(int64_t since, struct when *out)
{
    int64_t z = since + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;

    out->day = (int)(of_year - (153 * m + 2) / 5 + 1);
    out->month = (int)(m < 10 ? m + 3 : m - 9);
    out->year = (int)(y + era * 400 + (out->month <= 2));
    out->weekday = (int)(((since + 4) % 7 + 7) % 7);
}

/** 01:00 UTC on the last Sunday of a month of 31 days: when the clocks change, since 1996. */
static int64_t last_sunday_1am(int year, int month)
{
    int64_t last = when_days(year, month, 31);
    int64_t weekday = ((last + 4) % 7 + 7) % 7;

    return (last - weekday) * 86400 + 3600;
}

static int64_t london_offset(int64_t at_s)
{
    struct when utc = {0};

    civil((at_s >= 0 ? at_s : at_s - 86399) / 86400, &utc);
    return at_s >= last_sunday_1am(utc.year, 3) && at_s < last_sunday_1am(utc.year, 10) ? 3600 : 0;
}

struct when when_london(int64_t at_s)
{
    int64_t local = at_s + london_offset(at_s);
    int64_t day = (local >= 0 ? local : local - 86399) / 86400;
    int64_t left = local - day * 86400;
    struct when out = {0};

    civil(day, &out);
    out.hour = (int)(left / 3600);
    out.minute = (int)(left / 60 % 60);
    out.second = (int)(left % 60);
    return out;
}

int64_t when_day_start(int year, int month, int day)
{
    int64_t midnight = when_days(year, month, day) * 86400;

    /* No change ever happens at midnight, so the offset an hour before is the offset then. */
    return midnight - london_offset(midnight - 3600);
}

void when_full(int64_t at_s, char out[WHEN_TEXT])
{
    struct when w = when_london(at_s);

    (void)snprintf(out, WHEN_TEXT, "%s %d %s %d, %02d:%02d", days[w.weekday], w.day,
                   months[w.month - 1], w.year, w.hour, w.minute);
}

void when_long_day(int64_t at_s, char out[WHEN_TEXT])
{
    struct when w = when_london(at_s);

    (void)snprintf(out, WHEN_TEXT, "%s %d %s %d", days[w.weekday], w.day, months[w.month - 1],
                   w.year);
}

void when_day(int64_t at_s, int64_t now_s, char out[WHEN_TEXT])
{
    struct when w = when_london(at_s);

    if (w.year != when_london(now_s).year) {
        when_long_day(at_s, out);
        return;
    }
    (void)snprintf(out, WHEN_TEXT, "%s %d %s", days[w.weekday], w.day, months[w.month - 1]);
}

void when_short(int64_t at_s, char out[WHEN_TEXT])
{
    struct when w = when_london(at_s);

    (void)snprintf(out, WHEN_TEXT, "%.3s %2d %.3s %02d:%02d", days[w.weekday], w.day,
                   months[w.month - 1], w.hour, w.minute);
}

void when_clock(int64_t at_s, char out[WHEN_TEXT])
{
    struct when w = when_london(at_s);

    (void)snprintf(out, WHEN_TEXT, "%02d:%02d", w.hour, w.minute);
}

void when_iso(int64_t at_s, char out[WHEN_TEXT])
{
    int64_t day = (at_s >= 0 ? at_s : at_s - 86399) / 86400;
    int64_t left = at_s - day * 86400;
    struct when w = {0};

    civil(day, &w);
    (void)snprintf(out, WHEN_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", w.year, w.month, w.day,
                   (int)(left / 3600), (int)(left / 60 % 60), (int)(left % 60));
}

/** A number of exactly n digits, or -1. */
static int digits(const char *text, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (isdigit((unsigned char)text[i]) == 0) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool when_parse_on(const char *text, struct when *out)
{
    struct when typed = {0};
    struct when real = {0};

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') {
        return false;
    }
    typed.year = digits(text, 4);
    typed.month = digits(text + 5, 2);
    typed.day = digits(text + 8, 2);
    if (typed.year < 1970 || typed.month < 1 || typed.month > 12 || typed.day < 1 ||
        typed.day > 31) {
        return false;
    }
    civil(when_days(typed.year, typed.month, typed.day), &real);
    if (real.day != typed.day || real.month != typed.month) {
        return false;
    }
    *out = real;
    return true;
}

void when_on_short(const char *on, char out[WHEN_TEXT])
{
    struct when w;

    if (!when_parse_on(on, &w)) {
        (void)snprintf(out, WHEN_TEXT, "%s", on);
        return;
    }
    (void)snprintf(out, WHEN_TEXT, "%.3s %2d %.3s", days[w.weekday], w.day, months[w.month - 1]);
}

void when_on_day(const char *on, char out[WHEN_TEXT])
{
    struct when w;

    if (!when_parse_on(on, &w)) {
        (void)snprintf(out, WHEN_TEXT, "%s", on);
        return;
    }
    (void)snprintf(out, WHEN_TEXT, "%s %d %s", days[w.weekday], w.day, months[w.month - 1]);
}

void when_today(int64_t now_s, char out[WHEN_TEXT])
{
    struct when w = when_london(now_s);

    (void)snprintf(out, WHEN_TEXT, "%04d-%02d-%02d", w.year, w.month, w.day);
}

bool when_parse_since(const char *text, int64_t now_s, int64_t *out_s)
{
    struct when now = when_london(now_s);
    struct when on;
    int64_t today = when_days(now.year, now.month, now.day);
    int64_t day = -1;
    char *end = NULL;

    if (when_parse_on(text, &on)) {
        *out_s = when_day_start(on.year, on.month, on.day);
        return true;
    }
    if (strcasecmp(text, "today") == 0) {
        day = today;
    } else if (strcasecmp(text, "yesterday") == 0) {
        day = today - 1;
    } else if (isdigit((unsigned char)text[0]) != 0) {
        long n = strtol(text, &end, 10);

        if (n <= 10000 && strcmp(end, "d") == 0) {
            day = today - n;
        } else if (n <= 1000 && strcmp(end, "w") == 0) {
            day = today - 7 * n;
        }
    }
    for (int i = 0; i < 7 && day < 0; i++) {
        if (strcasecmp(text, days[i]) == 0 ||
            (strlen(text) == 3 && strncasecmp(text, days[i], 3) == 0)) {
            day = today - (now.weekday - i + 7) % 7;
        }
    }
    if (day < 0) {
        return false;
    }
    civil(day, &on);
    *out_s = when_day_start(on.year, on.month, on.day);
    return true;
}
