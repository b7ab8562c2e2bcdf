#include "link.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/proto.h"

enum {
    ANSWER_MS = 20000,
    RETRIES = 4,
    MAX_WAITING_EVENTS = 10000
};

struct link {
    struct wire *wire;
    const struct sl_clock *clock;
    int64_t last_id;
    json_t *answers; /**< by id, not yet asked for */
    json_t *events;
    json_t *error;
};

/** Exit codes of errors; those not named are problems we did not plan for. */
static const struct {
    enum sl_code code;
    int exit;
} exits[] = {
    {SL_TOO_BIG, CLI_NOT_READY},          {SL_TOO_MANY, CLI_NOT_READY},
    {SL_RATE_LIMITED, CLI_NETWORK},       {SL_BUSY, CLI_NETWORK},
    {SL_STORAGE_FULL, CLI_NETWORK},       {SL_STOPPING, CLI_NETWORK},
    {SL_NOT_SIGNED_IN, CLI_FORBIDDEN},    {SL_SESSION_ENDED, CLI_FORBIDDEN},
    {SL_SIGN_IN_FAILED, CLI_FORBIDDEN},   {SL_FORBIDDEN, CLI_FORBIDDEN},
    {SL_NOT_FOUND, CLI_MISSING},          {SL_REF_USED, CLI_CONFLICT},
    {SL_ADDRESS_USED, CLI_CONFLICT},      {SL_CLOSED, CLI_NOT_READY},
    {SL_ENTRY_STALE, CLI_CONFLICT},       {SL_INVITE_ENDED, CLI_NOT_READY},
    {SL_SET_UP_ALREADY, CLI_CONFLICT},    {SL_NOT_SET_UP, CLI_NOT_READY},
    {SL_TOKEN_WRONG, CLI_FORBIDDEN},      {SL_ID_USED, CLI_CONFLICT},
    {SL_CHALLENGE_USED, CLI_NETWORK},     {SL_DATES_WRONG, CLI_USAGE},
    {SL_DAYS_WRONG, CLI_USAGE},           {SL_TIMES_WRONG, CLI_USAGE},
    {SL_SLOT_WRONG, CLI_USAGE},           {SL_SURGERY_CLASH, CLI_CONFLICT},
    {SL_HOLIDAYS_UNKNOWN, CLI_NOT_READY}, {SL_SLOT_PAST, CLI_NOT_READY},
    {SL_SLOT_TAKEN, CLI_CONFLICT},        {SL_SLOT_TOO_SOON, CLI_NOT_READY},
    {SL_SLOT_TOO_FAR, CLI_NOT_READY},     {SL_NO_EXTRA_TIME, CLI_CONFLICT},
    {SL_BOOKED_ALREADY, CLI_CONFLICT},    {SL_CALLS_OVERLAP, CLI_CONFLICT},
    {SL_CALL_STARTED, CLI_NOT_READY},     {SL_CALL_TOO_EARLY, CLI_NOT_READY},
    {SL_OUTCOME_WRONG, CLI_CONFLICT},     {SL_OFFER_ENDED, CLI_CONFLICT},
};

int link_exit_of(enum sl_code code)
{
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        if (exits[i].code == code) {
            return exits[i].exit;
        }
    }
    return CLI_UNPLANNED;
}

struct link *link_new(struct wire *take_wire, const struct sl_clock *clock)
{
    struct link *link = sl_alloc(sizeof(*link));

    link->wire = take_wire;
    link->clock = clock;
    link->answers = sl_json_new();
    link->events = sl_json_new_array();
    return link;
}

void link_free(struct link *link)
{
    if (link == NULL) {
        return;
    }
    wire_close(link->wire);
    json_decref(link->answers);
    json_decref(link->events);
    json_decref(link->error);
    free(link);
}

void link_begin(struct link *link, const char *name, json_t *take_args, int64_t *id)
{
    SL_AUTO(json) json_t *request = sl_json_new();
    char *text;
    size_t len = 0;

    *id = ++link->last_id;
    sl_json_set_int(request, "id", *id);
    sl_json_set_str(request, "call", name);
    sl_json_set(request, "args", take_args);
    text = sl_json_text(request, &len);
    wire_send(link->wire, text, len);
    explicit_bzero(text, len);
    free(text);
}

/** Take one frame, if one comes in time, and put it where it belongs. *came says whether. */
static int take_frame(struct link *link, int timeout_ms, bool *came, struct fault *fault)
{
    SL_AUTO(str) char *text = NULL;
    SL_AUTO(json) json_t *frame = NULL;
    struct sl_err err = {0};
    char key[24];
    size_t len = 0;
    int64_t id = 0;
    int rc = wire_next(link->wire, timeout_ms, &text, &len, fault);

    *came = false;
    if (rc != CLI_OK || text == NULL) {
        return rc;
    }
    /* Answers nest deeper than requests: events hold entries and objects of them. */
    if (sl_json_parse(text, len, 16, &frame, &err) != SL_OK) {
        return fault_err(fault, &err, "the service sent something that is not an answer");
    }
    *came = true;
    if (sl_json_has(frame, "event")) {
        if (json_array_size(link->events) >= MAX_WAITING_EVENTS) {
            return fault_set(fault, CLI_NETWORK, "the service sends more events than can be kept.");
        }
        sl_json_append(link->events, sl_steal(&frame));
        return CLI_OK;
    }
    if (sl_json_int(frame, "id", 1, INT64_C(1) << 53, &id, &err) == SL_OK) {
        (void)snprintf(key, sizeof(key), "%lld", (long long)id);
        sl_json_set(link->answers, key, sl_steal(&frame));
    }
    return CLI_OK;
}

static int take_error(struct link *link, json_t *error, struct fault *fault)
{
    const char *name = json_string_value(json_object_get(error, "code"));
    enum sl_code code = sl_code_of(name != NULL ? name : "");
    int exit = link_exit_of(code);
    int64_t wait_s = 0;

    json_decref(link->error);
    link->error = json_incref(error);
    fault_set(fault, exit, "%s", sl_code_sentence(code));
    fault->code = code;
    if (code == SL_RATE_LIMITED &&
        sl_json_int(error, "retry_after_s", 1, 86400, &wait_s, NULL) == SL_OK) {
        fault_set(fault, exit, "too many tries. Wait %lld %s, then try again.",
                  (long long)(wait_s < 120 ? wait_s : (wait_s + 59) / 60),
                  wait_s < 120 ? "seconds" : "minutes");
        fault->code = code;
    }
    if (code == SL_BAD_REQUEST) {
        const char *field = json_string_value(json_object_get(error, "field"));

        fault_set(fault, exit, "the service does not take the field '%.80s' of this request.",
                  field != NULL ? field : "?");
        fault->code = code;
    }
    return exit;
}

int link_wait(struct link *link, int64_t id, json_t **ok, struct fault *fault)
{
    int64_t until = sl_mono_ms(link->clock) + ANSWER_MS;
    char key[24];

    (void)snprintf(key, sizeof(key), "%lld", (long long)id);
    for (;;) {
        json_t *answer = json_object_get(link->answers, key);
        int64_t left = until - sl_mono_ms(link->clock);
        bool came = false;

        if (answer != NULL) {
            SL_AUTO(json) json_t *taken = json_incref(answer);
            json_t *error = json_object_get(taken, "error");

            (void)json_object_del(link->answers, key);
            if (error != NULL) {
                return take_error(link, error, fault);
            }
            if (ok != NULL) {
                *ok = json_incref(json_object_get(taken, "ok"));
                if (*ok == NULL) {
                    return fault_set(fault, CLI_UNPLANNED,
                                     "the service sent an answer without a result.");
                }
            }
            return CLI_OK;
        }
        if (left <= 0) {
            fault_set(fault, CLI_NETWORK, "the service did not answer within %d seconds.",
                      ANSWER_MS / 1000);
            return fault_next(fault, "Run the command again: everything can be repeated safely.");
        }
        int rc = take_frame(link, (int)left, &came, fault);
        if (rc != CLI_OK) {
            return rc;
        }
    }
}

/** Milliseconds to wait before the same call is worth trying again, or 0. */
static long pause_ms(const struct link *link, enum sl_code code)
{
    int64_t wait = 0;

    if (code == SL_BUSY) {
        return 500;
    }
    if (code == SL_RATE_LIMITED) {
        if (sl_json_int(link->error, "retry_after_ms", 1, 5000, &wait, NULL) == SL_OK) {
            return (long)wait;
        }
        if (sl_json_int(link->error, "retry_after_s", 0, 3, &wait, NULL) == SL_OK) {
            return wait > 0 ? (long)wait * 1000 : 500;
        }
    }
    return 0;
}

int link_call(struct link *link, const char *name, json_t *take_args, json_t **ok,
              struct fault *fault)
{
    SL_AUTO(json) json_t *args = take_args;

    for (int tries = 0;; tries++) {
        int64_t id;
        long wait_ms;
        int rc;

        link_begin(link, name, json_incref(args), &id);
        rc = link_wait(link, id, ok, fault);
        if (rc == CLI_OK || fault->code == SL_OK || tries == RETRIES) {
            return rc;
        }
        wait_ms = pause_ms(link, fault->code);
        if (wait_ms == 0) {
            return rc;
        }
        struct timespec pause = {wait_ms / 1000, wait_ms % 1000 * 1000000};
        (void)nanosleep(&pause, NULL);
    }
}

const json_t *link_error(const struct link *link)
{
    return link->error;
}

int link_event(struct link *link, int timeout_ms, json_t **out, struct fault *fault)
{
    int64_t until = sl_mono_ms(link->clock) + timeout_ms;

    for (;;) {
        int64_t left = until - sl_mono_ms(link->clock);
        bool came = false;

        if (json_array_size(link->events) > 0) {
            *out = json_incref(json_array_get(link->events, 0));
            (void)json_array_remove(link->events, 0);
            return CLI_OK;
        }
        if (left <= 0) {
            return CLI_OK;
        }
        int rc = take_frame(link, (int)left, &came, fault);
        if (rc != CLI_OK) {
            return rc;
        }
    }
}
