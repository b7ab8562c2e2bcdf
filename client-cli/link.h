/*
 * Calls and answers over a wire: request by id, events kept in order until somebody asks. Thread:
 * one.
 */
#ifndef SENDLINE_CLI_LINK_H
#define SENDLINE_CLI_LINK_H

#include "common/clock.h"
#include "common/json.h"
#include "wire.h"

struct link;

/** Takes the wire. */
struct link *link_new(struct wire *take_wire, const struct sl_clock *clock);
void link_free(struct link *link); /**< NULL is fine; closes the wire */

/**
 * Call, and wait for the answer. A busy or rate-limited service is asked again a few times.
 *
 * @param ok  the answer's object, owned; may be NULL
 * @return CLI_OK; the exit code that belongs to the server's error, with fault->code; CLI_NETWORK
 */
SL_MUST_USE int link_call(struct link *link, const char *name, json_t *take_args, json_t **ok,
                          struct fault *fault);
/** Fields beside code and message of the last error that the server answered; borrowed, may be
 * NULL. */
const json_t *link_error(const struct link *link);

/** Begin a call without waiting: *id is for link_wait. Several can be under way. */
void link_begin(struct link *link, const char *name, json_t *take_args, int64_t *id);
SL_MUST_USE int link_wait(struct link *link, int64_t id, json_t **ok, struct fault *fault);

/**
 * The next event {"event","n","data"}, owned; *out stays NULL when none came in time.
 * @return CLI_OK; CLI_NETWORK
 */
SL_MUST_USE int link_event(struct link *link, int timeout_ms, json_t **out, struct fault *fault);

/** The exit code of an error that the server answered. */
int link_exit_of(enum sl_code code);

#endif
