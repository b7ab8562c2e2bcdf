#include "domain/reply.h"

#include "domain/civil.h"
#include "domain/working.h"

void reply_started(struct reply_facts *facts, uint32_t seq, int64_t at)
{
    if (facts->waiting_seq == 0) {
        facts->waiting_seq = seq;
        facts->waiting_since_at = at;
    }
    facts->waiting_last_seq = seq;
    facts->not_needed_seq = 0;
}

bool reply_ended(struct reply_facts *facts, uint32_t prev_seq)
{
    if (facts->waiting_last_seq > prev_seq) {
        return false;
    }
    *facts = (struct reply_facts){0};
    return true;
}

void reply_still_waiting(struct reply_facts *facts, uint32_t seq, int64_t at)
{
    facts->waiting_seq = seq;
    facts->waiting_since_at = at;
}

void reply_not_needed(struct reply_facts *facts, uint32_t seq)
{
    *facts = (struct reply_facts){.not_needed_seq = seq};
}

struct reply_view reply_view_of(const struct reply_facts *facts, int64_t now_s, int working_days)
{
    struct reply_view view = {.state = REPLY_NONE};

    if (facts->waiting_seq == 0) {
        if (facts->not_needed_seq != 0) {
            view.state = REPLY_NOT_NEEDED;
            view.seq = facts->not_needed_seq;
        }
        return view;
    }
    view.state = REPLY_DUE;
    view.seq = facts->waiting_last_seq;
    view.waiting_since_at = facts->waiting_since_at;
    view.due_known =
        working_add(civil_london_day(facts->waiting_since_at), working_days, &view.due_day);
    if (view.due_known && now_s >= civil_london_start(view.due_day + 1)) {
        view.state = REPLY_LATE;
    }
    return view;
}

const char *reply_state_name(enum reply_state state)
{
    static const char *const names[] = {
        [REPLY_NONE] = "none",
        [REPLY_DUE] = "due",
        [REPLY_LATE] = "late",
        [REPLY_NOT_NEEDED] = "not_needed",
    };
    return names[state];
}

bool reply_act_is_read(enum sl_act act)
{
    return act != SL_ACT_CARD && act != SL_ACT_RETRACT && act != SL_ACT_COUNT;
}
