/*
 * Who is at the keyboard, and the signed-in connection: identity, what this computer remembers,
 * trust in the roster, team seeds, link. Made step by step as commands need it. Thread: main.
 */
#ifndef SENDLINE_CLI_SESSION_H
#define SENDLINE_CLI_SESSION_H

#include "cli.h"
#include "e2ee/team.h"
#include "e2ee/trust.h"
#include "link.h"
#include "state.h"

struct session {
    uint8_t staff_id[SL_ID_BYTES];
    struct e2_identity *me;
    struct state state;
    struct wire_address server;
    struct e2_trust *trust;
    unsigned walks; /**< how often the roster was walked: names borrowed before are gone */
    struct e2_seeds
        seeds; /**< every team seed that opens, and none that the roster does not vouch for */
    struct link *link; /**< NULL: not connected */
    bool has_team;
    uint8_t team_id[SL_ID_BYTES];
    bool alarm; /**< the roster is in doubt: nothing is sealed or sent */
};

/** The identity and the local state: opens the key file, from the keyring or with the password. No
 * network. */
SL_MUST_USE int session_need(struct cli *cli);
/** A connection to the service that the settings name, signed in as nobody. *out is owned. */
SL_MUST_USE int session_connect(struct cli *cli, struct wire_address *address, struct link **out);
/** And signed in, with the newest roster walked and the team seeds opened. */
SL_MUST_USE int session_online(struct cli *cli);
/** Drop the connection (watch makes a new one). */
void session_offline(struct session *session);
/** NULL is fine; wipes. */
void session_free(struct session *session);

/** Fetch and walk what rosters are newer; warns, remembers, names who is new. */
SL_MUST_USE int session_roster(struct cli *cli);
/** May anything be sealed and sent? CLI_FORBIDDEN with the reason. */
SL_MUST_USE int session_may_send(struct cli *cli);
/** End the session on the server and forget its token. Needs session_online. */
SL_MUST_USE int session_sign_out(struct cli *cli);

/** The key file's seed with the password asked for; `who` gets the id. For unlock and session_need.
 */
SL_MUST_USE int session_open_key(struct cli *cli, uint8_t who[SL_ID_BYTES],
                                 uint8_t seed[E2_SEED_BYTES]);
/** Whose key file is it, without a password? */
SL_MUST_USE int session_key_owner(struct cli *cli, uint8_t who[SL_ID_BYTES]);

/** The name of a member of staff in the roster, or "somebody who is not in the roster". Borrowed.
 */
const char *session_name(const struct session *session, const uint8_t staff_id[SL_ID_BYTES]);

/** The folder's name of the password question; asked by commands that make a key too. */
SL_MUST_USE int session_password(struct cli *cli, const char *prompt, struct sl_buf *out);

#endif
