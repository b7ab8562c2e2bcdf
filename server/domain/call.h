/*
 * A booked call on its day: attempts to ring, what may be recorded of it, and what follows from
 * that (booking.md). Thread: any; pure functions.
 */
#ifndef SENDLINE_DOMAIN_CALL_H
#define SENDLINE_DOMAIN_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum {
    CALL_ATTEMPTS = 3, /**< at the start, and after each pause again */
    CALL_ATTEMPT_PAUSE_S = 300
};

enum call_outcome {
    CALL_DONE,
    CALL_NO_ANSWER,      /**< the parent did not answer, after every attempt */
    CALL_COUNCIL_MISSED, /**< the caseworker did not ring */
    CALL_CANCELLED,
    CALL_MOVED,
    CALL_NO_OUTCOME /**< none is recorded yet */
};

/** A booked call as its row stands. */
struct call {
    int64_t start_at;
    int attempts; /**< recorded: 0 to CALL_ATTEMPTS */
    enum call_outcome outcome;
};

/** "done", "no-answer", "council-missed", "cancelled", "moved", "none". Static. */
const char *call_outcome_name(enum call_outcome outcome);
/** CALL_NO_OUTCOME for any other word. */
enum call_outcome call_outcome_of(const char *name);

/** When the next attempt is due; meaningless after the last. */
int64_t call_attempt_due(const struct call *call);

/**
 * May an attempt without an answer be recorded now?
 * @return SL_OK; SL_CALL_TOO_EARLY; SL_OUTCOME_WRONG: there is an outcome, or were all attempts.
 */
SL_MUST_USE enum sl_code call_check_attempt(const struct call *call, int64_t now_s,
                                            struct sl_err *err);

/**
 * May this outcome be recorded now? done, no-answer (after every attempt) and council-missed (after
 * none) from the start on; they may correct each other. cancelled and moved until then.
 *
 * @return SL_OK; SL_CALL_TOO_EARLY; SL_CALL_STARTED; SL_OUTCOME_WRONG.
 */
SL_MUST_USE enum sl_code call_check_outcome(const struct call *call, enum call_outcome outcome,
                                            int64_t now_s, struct sl_err *err);

/**
 * May the parent say that nobody rang? From the time of the second attempt on.
 * @return SL_OK; SL_CALL_TOO_EARLY; SL_OUTCOME_WRONG: the call was cancelled or moved.
 */
SL_MUST_USE enum sl_code call_check_nobody_rang(const struct call *call, int64_t now_s,
                                                struct sl_err *err);

/** The parent says that nobody rang: does the record say otherwise, so that the manager is told? */
bool call_disagrees(const struct call *call);

/** Does this end put the parent first in line? A missed call, or one that staff cancelled. */
bool call_puts_first(enum call_outcome outcome, bool by_staff);

/** From when on a call without an outcome is asked for: the next morning at this wall minute. */
int64_t call_ask_outcome_at(const struct call *call, int morning_min);

#endif
