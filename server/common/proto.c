#include "common/proto.h"

#include <string.h>

static const char *const events[SL_EVENT_COUNT] = {
#define SL_EVENT(symbol, text) [symbol] = (text),
#include "common/proto.def"
};

static const struct sl_act_row acts[SL_ACT_COUNT] = {
#define SL_ACT(symbol, text, who_may, does_start, does_end)                                        \
    [symbol] = {.name = (text), .who = (who_may), .starts = (does_start), .ends = (does_end)},
#include "common/proto.def"
};

const char *sl_event_name(enum sl_event_kind kind)
{
    return events[kind];
}

const struct sl_act_row *sl_act_row(enum sl_act act)
{
    return &acts[act];
}

enum sl_act sl_act_of(const char *name)
{
    for (size_t i = 0; i < SL_ACT_COUNT; i++) {
        if (strcmp(acts[i].name, name) == 0) {
            return (enum sl_act)i;
        }
    }
    return SL_ACT_COUNT;
}
