#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

static const char *const level_words[] = {"error", "warn", "info", "debug"};
static _Atomic int shown = SL_LOG_INFO;

void sl_log_set_level(enum sl_log_level level)
{
    atomic_store(&shown, (int)level);
}

bool sl_log_level_of(const char *word, enum sl_log_level *out)
{
    for (size_t i = 0; i < sizeof level_words / sizeof level_words[0]; i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *out = (enum sl_log_level)i;
            return true;
        }
    }
    return false;
}

void sl_log(enum sl_log_level level, const char *event, const char *fmt, ...)
{
    char line[1024];
    struct tm day = {0};
    int64_t now_ms = sl_now_ms(sl_clock_system());
    time_t now = (time_t)(now_ms / 1000);
    va_list args;

    if ((int)level > atomic_load(&shown)) {
        return;
    }
    (void)gmtime_r(&now, &day);
    int n = snprintf(line, sizeof line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s ",
                     day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min,
                     day.tm_sec, (int)(now_ms % 1000), level_words[level], event);
    size_t used = n < 0 ? 0 : (size_t)n;
    va_start(args, fmt);
    (void)vsnprintf(line + used, sizeof line - used, fmt, args);
    va_end(args);
    /* One event, one line: whatever stands in a value. */
    size_t len = strlen(line);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }
    if (len == sizeof line - 1) {
        len--;
    }
    line[len] = '\n';
    /* A log that cannot be written has nowhere to be told. */
    ssize_t written = write(STDERR_FILENO, line, len + 1);
    (void)written;
}

void sl_log_err(enum sl_log_level level, const char *event, const struct sl_err *err)
{
    sl_log(level, event, "code=%s errno=%d detail=\"%s\"", sl_code_name(err->code), err->sys,
           err->detail);
}
