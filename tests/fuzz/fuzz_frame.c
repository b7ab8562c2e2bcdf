/*
 * Frames through the dispatcher to the handlers of a made service. The first byte says who sends:
 * nobody, a parent, staff or somebody with an invitation. Every frame gets one answer, with a code
 * that is in the table; "internal" would be a fault of ours.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "support/world.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ROUNDS = 2000, /* then a new service, so that what was written does not pile up */
    SENDERS = 5
};

static struct world *w;
static struct rpc_conn *senders[SENDERS];
static unsigned roles[SENDERS];
static unsigned rounds;

static void found(void)
{
    static struct world_thread thread;
    static struct world_thread open_thread;
    static struct world_person parent;
    static struct world_person guest;

    world_free(w);
    w = world_founded();
    w->config->calls_burst = 1000000;
    w->config->calls_per_second = 1000000;
    w->config->sign_ins_per_5_minutes = 1000000;
    w->config->sign_ins_per_address_per_5_minutes = 1000000;
    struct rpc_conn *desk = world_staff(w, 0);
    senders[0] = world_connect(w, RPC_PUBLIC);
    senders[1] = world_connect(w, RPC_STAFF_LISTENER);
    senders[2] = desk;
    senders[3] = world_family(w, desk, &w->staff[0], "REF-1", &thread, &parent);
    world_case(w, desk, &w->staff[0], "REF-2", &open_thread);
    guest = world_new_parent(w);
    struct world_invite invite = world_invite(w, desk, &w->staff[0], &open_thread, &guest);
    senders[4] = world_open(w, &invite);
    for (size_t i = 0; i < SENDERS; i++) {
        roles[i] = senders[i]->who.role;
    }
    rounds = 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    sl_log_set_level(SL_LOG_ERROR);
    found();
    return 0;
}

static void check_answer(const json_t *answer)
{
    const json_t *error = json_object_get(answer, "error");
    const json_t *id = json_object_get(answer, "id");

    assert(json_is_object(answer) && json_object_size(answer) == 2);
    assert(json_is_integer(id) || json_is_null(id));
    if (error == NULL) {
        assert(json_is_object(json_object_get(answer, "ok")));
        return;
    }
    const char *name = json_string_value(json_object_get(error, "code"));
    assert(name != NULL);
    enum sl_code code = sl_code_of(name);
    if (code == SL_OK || code == SL_SYSTEM || code == SL_CORRUPT) {
        (void)fprintf(stderr, "answered %s\n", name);
        abort();
    }
    assert(strcmp(json_string_value(json_object_get(error, "message")), sl_code_sentence(code)) ==
           0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t who = data[0] % SENDERS;
    struct rpc_conn *conn = senders[who];
    (void)world_frame(w, conn, (const char *)data + 1, size - 1);
    world_settle(w);
    SL_AUTO(json) json_t *answer = world_next(w, conn);
    SL_AUTO(json) json_t *second = world_next(w, conn);
    check_answer(answer);
    assert(second == NULL && conn->in_flight == 0);
    conn->strikes = 0;
    /* Signed out, or in as somebody else. */
    if (conn->who.role != roles[who] || ++rounds == ROUNDS) {
        found();
    }
    return 0;
}
