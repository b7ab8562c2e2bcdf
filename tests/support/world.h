/*
 * A made service in one process: a store in a folder of its own, the dispatcher behind a port that
 * keeps what it is given, a clock that stands still, seeded randomness, and people with keys.
 *
 * Calls go through rpc_frame like anybody's. Entries are signed by hand: what is in a message no
 * server can tell from random bytes. Thread: one; what comes from the store's threads is locked.
 * Whatever a test did not plan for ends the process with a line that says what.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include <jansson.h>

#include "auth/auth.h"
#include "common/entry.h"
#include "common/roster.h"
#include "config/config.h"
#include "rpc/rpc.h"
#include "store/seal.h"
#include "store/store.h"

enum {
    WORLD_START_S = 1764115200, /* Wednesday 26 November 2025, 00:00 in London */
    WORLD_STAFF = 3,            /* 0 and 1 are of one team, 2 of another */
    WORLD_TEAMS = 2,
    WORLD_MAX_CONNS = 64
};

struct world_person {
    uint8_t id[SL_ID_BYTES];
    uint8_t sign_pk[SL_PK_BYTES];
    uint8_t sign_sk[64];
    uint8_t box_pk[SL_PK_BYTES];
    uint8_t auth_pk[SL_PK_BYTES]; /**< parents */
    uint8_t auth_sk[64];
    char address[64];
};

struct world_holder {
    uint8_t id[SL_ID_BYTES];
    uint8_t box_pk[SL_PK_BYTES];
};

/** A thread as somebody knows it who has seen everything. */
struct world_thread {
    uint8_t id[SL_ID_BYTES];
    uint8_t case_id[SL_ID_BYTES];
    const struct world_holder *team;
    const struct world_person *parent; /**< NULL: nobody has accepted */
    uint32_t seq;
    uint8_t link[SL_HASH_BYTES];
    uint32_t generation;
    uint32_t invite_seq;
    uint32_t keys_seq;
};

struct world_invite {
    uint8_t id[SL_ID_BYTES];
    uint8_t parent_id[SL_ID_BYTES];
    uint8_t accept_pk[SL_PK_BYTES];
    uint8_t accept_sk[64];
    int64_t expires_at;
};

struct world {
    char *path; /**< the database */
    struct config *config;
    struct sl_fake_clock clock;
    struct sl_fake_rand rand;
    struct seal *seal;
    struct auth *auth;
    struct store *store;
    struct rpc *rpc;
    struct world_person staff[WORLD_STAFF];
    struct world_holder teams[WORLD_TEAMS];
    struct world_holder records;
    uint8_t root_sk[64];
    struct sl_roster roster;
    struct world_inside *inside;
};

/** With an outside key and an empty database; not set up yet. */
struct world *world_new(void);
/** Set it up: roster 1, teams, staff. */
struct world *world_founded(void);
void world_free(struct world *w);
/** The arguments of service.init, but for the token "token": owned. */
json_t *world_founding(struct world *w);
/** Let the store finish, and begin anew on the same folder, as a restart does. */
void world_restart(struct world *w);
void world_advance(struct world *w, int64_t seconds);

/* ---- Connections ---- */

struct rpc_conn *world_connect(struct world *w, enum rpc_listener listener);
/** Not signed in, with a session cookie. */
struct rpc_conn *world_connect_with(struct world *w, const char *cookie);
struct rpc_conn *world_staff(struct world *w, size_t i);
struct rpc_conn *world_parent(struct world *w, const struct world_person *parent);

/** Send a call. @return its id. */
int64_t world_send(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args);
/** Wait for the answer to an id; owned, the whole frame. */
json_t *world_answer(struct world *w, struct rpc_conn *conn, int64_t id);
/** Both. */
json_t *world_call(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args);
/** Both, and it must work: owned, what is under ok. */
json_t *world_ok(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args);
/** Both: "ok" or the error's code. Static. */
const char *world_try(struct world *w, struct rpc_conn *conn, const char *name, json_t *take_args);
/** A raw frame. @return what rpc_frame says. */
bool world_frame(struct world *w, struct rpc_conn *conn, const char *text, size_t len);
/** The next answer of this connection that nobody has taken; NULL: there is none as yet. Owned. */
json_t *world_next(struct world *w, struct rpc_conn *conn);
/** A call from the HTTP side: the whole answer, owned. */
json_t *world_inside_call(struct world *w, const char *name, json_t *take_args);
/** "ok" or the error's code of a frame. Static. */
const char *world_code(const json_t *frame);

/** Keep the reader of a lane busy until world_release. Owned. */
struct world_hold *world_hold(struct world *w, uint64_t lane);
void world_release(struct world_hold *take_hold);
/**
 * Close the store while a reader is held, so that it takes nothing more and is not gone yet; and
 * let it be gone. Afterwards there is no store.
 */
void world_begin_stop(struct world *w);
void world_end_stop(struct world *w);

/** Wait until everything that was asked is over, with its pushes. */
void world_settle(struct world *w);
/** The pushed frames of an account since the last time, in order: an owned array. Settles. */
json_t *world_pushes(struct world *w, const uint8_t account_id[SL_ID_BYTES]);
/** How often a session's connections were told to close since the last time. Settles. */
size_t world_ends(struct world *w, const uint8_t session_id[SL_ID_BYTES]);

/** Has anything been written to the database since the last time? Settles. */
bool world_wrote(struct world *w);
/** Change the database behind the server's back: one statement. */
void world_sql(struct world *w, const char *statement);
/** The one number that a statement gives. */
int64_t world_number(struct world *w, const char *statement);

/* ---- Arguments ---- */

/** {"a": …}: pairs of a name and a value that is taken. NULL-ended. Owned. */
json_t *world_args(const char *name, ...);
json_t *world_b64(const void *data, size_t len);
json_t *world_random(struct world *w, size_t n); /**< n bytes, as text */
void world_fill(struct world *w, void *out, size_t n);
/** A challenge and the signature over it, into args. extra may be NULL. */
void world_sign_in(struct world *w, struct rpc_conn *conn, json_t *args, uint8_t purpose,
                   const uint8_t sk[64], const uint8_t extra[32]);

/* ---- Entries ---- */

/** The header of the next entry; type SL_ENTRY_KEY has the next generation. */
struct sl_header world_header(struct world *w, const struct world_thread *t,
                              const struct world_person *author, enum sl_entry_type type);
/** Sign header and body. Owned by out, which is empty before. */
void world_sign(const struct sl_header *header, const void *body, size_t len,
                const struct world_person *author, struct sl_buf *out);
/** A message of 296 bytes by this author. */
void world_message(struct world *w, const struct world_thread *t, const struct world_person *author,
                   struct sl_buf *out);
/** The body that a key entry has now: grants for the team, records and the parent. */
struct sl_key_body world_key_body(struct world *w, const struct world_thread *t);
void world_key_entry(struct world *w, const struct world_thread *t,
                     const struct world_person *author, struct sl_buf *out);
void world_invite_entry(struct world *w, const struct world_thread *t,
                        const struct world_person *author, const struct world_invite *invite,
                        struct sl_buf *out);
void world_keys_entry(struct world *w, const struct world_thread *t,
                      const struct world_person *parent, const struct world_invite *invite,
                      struct sl_buf *out);
/** The server took it: go on from there. */
void world_took(struct world_thread *t, const struct sl_buf *entry);
/** {thread, entry}, owned; and with act. */
json_t *world_entry_args(const struct world_thread *t, const struct sl_buf *entry);
json_t *world_post_args(const struct world_thread *t, const struct sl_buf *entry, const char *act);
/** A message with this act, posted and taken. */
void world_post(struct world *w, struct rpc_conn *conn, struct world_thread *t,
                const struct world_person *author, const char *act);

/* ---- Families ---- */

/** A case with its first key entry and card. */
void world_case(struct world *w, struct rpc_conn *conn, const struct world_person *staff,
                const char *ref, struct world_thread *out);
json_t *world_case_args(struct world *w, struct world_thread *t, const struct world_person *staff,
                        const char *ref);
/** A parent with keys, who has no account yet. */
struct world_person world_new_parent(struct world *w);
struct world_invite world_new_invite(struct world *w, const struct world_person *parent);
/** Arguments of invite.make for one thread, whose end moves on. */
json_t *world_make_args(struct world *w, struct world_thread *t, const struct world_person *staff,
                        const struct world_invite *invite);
/** invite.make in one thread. */
struct world_invite world_invite(struct world *w, struct rpc_conn *conn,
                                 const struct world_person *staff, struct world_thread *t,
                                 const struct world_person *parent);
/** invite.open with the right code: an invitee's connection. */
struct rpc_conn *world_open(struct world *w, const struct world_invite *invite);
json_t *world_open_args(struct world *w, struct rpc_conn *conn, const struct world_invite *invite,
                        bool right);
/** Arguments of invite.accept for one thread; the keys entry is also in *entry. */
json_t *world_accept_args(struct world *w, struct rpc_conn *conn, const struct world_thread *t,
                          const struct world_person *parent, const struct world_invite *invite,
                          struct sl_buf *entry);
/** All of it: case, invitation, acceptance. @return the parent's connection, signed in. */
struct rpc_conn *world_family(struct world *w, struct rpc_conn *desk,
                              const struct world_person *staff, const char *ref,
                              struct world_thread *t, struct world_person *parent);

#endif
