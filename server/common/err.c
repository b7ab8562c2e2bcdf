#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    const char *name;
    const char *sentence;
};

static const struct code_row codes[SL_CODE_COUNT] = {
#define SL_ERROR(symbol, code, text) [symbol] = {.name = (code), .sentence = (text)},
#include "common/proto.def"
};

SL_PRINTF(4, 0)
static void fill(struct sl_err *err, enum sl_code code, int sys, const char *fmt, va_list args)
{
    if (err == NULL) {
        return;
    }
    err->code = code;
    err->sys = sys;
    (void)vsnprintf(err->detail, sizeof err->detail, fmt, args);
    if (sys != 0) {
        size_t used = strlen(err->detail);
        (void)snprintf(err->detail + used, sizeof err->detail - used, ": %s", strerrordesc_np(sys));
    }
}

enum sl_code sl_fail(struct sl_err *err, enum sl_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, code, 0, fmt, args);
    va_end(args);
    return code;
}

enum sl_code sl_fail_errno(struct sl_err *err, const char *fmt, ...)
{
    int sys = errno;
    enum sl_code code = sys == ENOSPC || sys == EDQUOT ? SL_STORAGE_FULL : SL_SYSTEM;
    va_list args;

    va_start(args, fmt);
    fill(err, code, sys, fmt, args);
    va_end(args);
    return code;
}

const char *sl_code_name(enum sl_code code)
{
    return (size_t)code < SL_CODE_COUNT ? codes[code].name : codes[SL_SYSTEM].name;
}

const char *sl_code_sentence(enum sl_code code)
{
    return (size_t)code < SL_CODE_COUNT ? codes[code].sentence : codes[SL_SYSTEM].sentence;
}

enum sl_code sl_code_of(const char *name)
{
    for (size_t i = 0; i < SL_CODE_COUNT; i++) {
        if (strcmp(codes[i].name, name) == 0) {
            return (enum sl_code)i;
        }
    }
    return SL_SYSTEM;
}
