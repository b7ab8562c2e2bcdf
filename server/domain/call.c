#include "domain/call.h"

#include <string.h>

#include "domain/civil.h"
#include "domain/wall.h"

static const char *const outcome_names[] = {
    [CALL_DONE] = "done",
    [CALL_NO_ANSWER] = "no-answer",
    [CALL_COUNCIL_MISSED] = "council-missed",
    [CALL_CANCELLED] = "cancelled",
    [CALL_MOVED] = "moved",
    [CALL_NO_OUTCOME] = "none",
};

const char *call_outcome_name(enum call_outcome outcome)
{
    return outcome_names[outcome];
}

enum call_outcome call_outcome_of(const char *name)
{
    enum call_outcome outcome = CALL_DONE;

    while (outcome < CALL_NO_OUTCOME && strcmp(outcome_names[outcome], name) != 0) {
        outcome++;
    }
    return outcome;
}

int64_t call_attempt_due(const struct call *call)
{
    return call->start_at + (int64_t)call->attempts * CALL_ATTEMPT_PAUSE_S;
}

static bool is_off(const struct call *call)
{
    return call->outcome == CALL_CANCELLED || call->outcome == CALL_MOVED;
}

enum sl_code call_check_attempt(const struct call *call, int64_t now_s, struct sl_err *err)
{
    if (call->outcome != CALL_NO_OUTCOME) {
        return sl_fail(err, SL_OUTCOME_WRONG, "the call is %s", call_outcome_name(call->outcome));
    }
    if (call->attempts >= CALL_ATTEMPTS) {
        return sl_fail(err, SL_OUTCOME_WRONG, "%d attempts are recorded", call->attempts);
    }
    if (now_s < call_attempt_due(call)) {
        return sl_fail(err, SL_CALL_TOO_EARLY, "attempt %d is due in %lld seconds",
                       call->attempts + 1, (long long)(call_attempt_due(call) - now_s));
    }
    return SL_OK;
}

static enum sl_code check_attempts(const struct call *call, int wanted, struct sl_err *err)
{
    return call->attempts == wanted
               ? SL_OK
               : sl_fail(err, SL_OUTCOME_WRONG, "%d attempts, not %d", call->attempts, wanted);
}

enum sl_code call_check_outcome(const struct call *call, enum call_outcome outcome, int64_t now_s,
                                struct sl_err *err)
{
    const bool ends_before = outcome == CALL_CANCELLED || outcome == CALL_MOVED;

    if (is_off(call)) {
        return sl_fail(err, SL_OUTCOME_WRONG, "the call is %s", call_outcome_name(call->outcome));
    }
    if (ends_before && now_s >= call->start_at) {
        return sl_fail(err, SL_CALL_STARTED, "its time has come");
    }
    if (!ends_before && now_s < call->start_at) {
        return sl_fail(err, SL_CALL_TOO_EARLY, "%lld seconds before its start",
                       (long long)(call->start_at - now_s));
    }
    switch (outcome) {
    case CALL_NO_ANSWER:
        return check_attempts(call, CALL_ATTEMPTS, err);
    case CALL_COUNCIL_MISSED:
        return check_attempts(call, 0, err);
    case CALL_NO_OUTCOME:
        return sl_fail(err, SL_OUTCOME_WRONG, "none is no outcome");
    case CALL_DONE:
    case CALL_CANCELLED:
    case CALL_MOVED:
        break;
    }
    return SL_OK;
}

enum sl_code call_check_nobody_rang(const struct call *call, int64_t now_s, struct sl_err *err)
{
    if (is_off(call)) {
        return sl_fail(err, SL_OUTCOME_WRONG, "the call is %s", call_outcome_name(call->outcome));
    }
    if (now_s < call->start_at + CALL_ATTEMPT_PAUSE_S) {
        return sl_fail(err, SL_CALL_TOO_EARLY, "wait for the second attempt");
    }
    return SL_OK;
}

bool call_disagrees(const struct call *call)
{
    return call->outcome == CALL_DONE || call->outcome == CALL_NO_ANSWER;
}

bool call_puts_first(enum call_outcome outcome, bool by_staff)
{
    return outcome == CALL_COUNCIL_MISSED || (outcome == CALL_CANCELLED && by_staff);
}

int64_t call_ask_outcome_at(const struct call *call, int morning_min)
{
    return wall_instant(civil_london_day(call->start_at) + 1, morning_min);
}
