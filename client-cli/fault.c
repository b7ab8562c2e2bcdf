#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fault_set(struct fault *fault, int exit, const char *fmt, ...)
{
    va_list args;

    memset(fault, 0, sizeof(*fault));
    fault->exit = exit;
    va_start(args, fmt);
    (void)vsnprintf(fault->what, sizeof(fault->what), fmt, args);
    va_end(args);
    return exit;
}

int fault_next(struct fault *fault, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(fault->next, sizeof(fault->next), fmt, args);
    va_end(args);
    return fault->exit;
}

int fault_err(struct fault *fault, const struct sl_err *err, const char *doing)
{
    int exit = fault_set(fault, CLI_UNPLANNED, "%s: %s", doing, err->detail);

    fault->code = err->code;
    return exit;
}

void fault_clear(struct fault *fault)
{
    memset(fault, 0, sizeof(*fault));
}
