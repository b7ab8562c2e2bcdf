#include "domain/civil.h"

#include <stdio.h>
#include <string.h>

enum {
    DAY_S = 86400,
    HOUR_S = 3600
};

static int32_t floor_div(int32_t a, int32_t b)
{
    int32_t q = a / b;

    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* Years begin in March here, so that the leap day is the last of its year. */
int32_t civil_day(int year, int month, int day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = floor_div(y, 400);
    int32_t year_of_era = y - era * 400;
    int32_t month_from_march = month > 2 ? month - 3 : month + 9;
    int32_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void civil_date(int32_t day, int *year, int *month, int *day_of_month)
{
    int32_t z = day + 719468;
    int32_t era = floor_div(z, 146097);
    int32_t day_of_era = z - era * 146097;
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_from_march = (5 * day_of_year + 2) / 153;

    *day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

int civil_weekday(int32_t day)
{
    /* 1970-01-01 was a Thursday. */
    return (int)(day + 3 - floor_div(day + 3, 7) * 7);
}

void civil_text(int32_t day, char out[CIVIL_TEXT_SIZE])
{
    int y = 0;
    int m = 0;
    int d = 0;

    civil_date(day, &y, &m, &d);
    (void)snprintf(out, CIVIL_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)y % 10000U, (unsigned)m % 100U,
                   (unsigned)d % 100U);
}

static bool number(const char *text, int digits, int *out)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

bool civil_parse(const char *text, int32_t *out)
{
    char again[CIVIL_TEXT_SIZE];
    int y = 0;
    int m = 0;
    int d = 0;

    if (strlen(text) != CIVIL_TEXT_SIZE - 1 || text[4] != '-' || text[7] != '-' ||
        !number(text, 4, &y) || !number(text + 5, 2, &m) || !number(text + 8, 2, &d) || m < 1 ||
        m > 12 || d < 1 || d > 31) {
        return false;
    }
    /* The 30th of February comes back as another day. */
    int32_t day = civil_day(y, m, d);
    civil_text(day, again);
    if (strcmp(again, text) != 0) {
        return false;
    }
    *out = day;
    return true;
}

static int32_t last_sunday(int year, int month)
{
    int32_t last = civil_day(year, month, 31);

    return last - (civil_weekday(last) + 1) % 7;
}

static bool summer_time(int64_t at_s, int year)
{
    int64_t from = (int64_t)last_sunday(year, 3) * DAY_S + HOUR_S;
    int64_t to = (int64_t)last_sunday(year, 10) * DAY_S + HOUR_S;

    return at_s >= from && at_s < to;
}

static int32_t utc_day(int64_t at_s)
{
    int64_t day = at_s / DAY_S;

    return (int32_t)(at_s % DAY_S < 0 ? day - 1 : day);
}

static int year_of(int32_t day)
{
    int y = 0;
    int m = 0;
    int d = 0;

    civil_date(day, &y, &m, &d);
    return y;
}

int32_t civil_london_day(int64_t at_s)
{
    return utc_day(summer_time(at_s, year_of(utc_day(at_s))) ? at_s + HOUR_S : at_s);
}

int64_t civil_london_start(int32_t day)
{
    int64_t winter = (int64_t)day * DAY_S;

    /* The clocks change after 1 in the morning, so midnight happens once and is never skipped. */
    return summer_time(winter - HOUR_S, year_of(day)) ? winter - HOUR_S : winter;
}
