/*
 * The server as a whole: start in order, stop in reverse order; and what is done without running
 * it. Thread: main.
 */
#ifndef SENDLINE_SERVER_H
#define SENDLINE_SERVER_H

#include <stdio.h>

#include "common/err.h"
#include "config/config.h"
#include "rpc/rpc.h"

struct server;

/**
 * Take the data folder, open the outside key and the database, take the ports, start everything.
 * Logs one line "ready" with both addresses. Block the signals you wait for before: threads inherit
 * them.
 *
 * @param config borrowed until server_stop
 * @return SL_OK; otherwise nothing runs, and the detail says what to do.
 */
SL_MUST_USE enum sl_code server_start(const struct config *config, struct server **out,
                                      struct sl_err *err);
/** Certificates and revocations again. On failure the old ones stay. */
SL_MUST_USE enum sl_code server_reload(struct server *server, struct sl_err *err);
/** Take nothing more, finish what is queued, send the last frames, close. NULL is fine. */
void server_stop(struct server *server);
int server_port(const struct server *server, enum rpc_listener listener);

/**
 * Make data folder, outside key, database and, until the service is set up, a set-up token: what is
 * there already stays. Says on `out` what it made and what comes next.
 */
SL_MUST_USE enum sl_code server_init(const struct config *config, FILE *out, struct sl_err *err);
/** Is the database whole, and every thread's chain? SL_CORRUPT names the first finding. */
SL_MUST_USE enum sl_code server_check(const struct config *config, FILE *out, struct sl_err *err);
/** Copy the database, also while the server runs. SL_ID_USED: there is a file of that name. */
SL_MUST_USE enum sl_code server_backup(const struct config *config, const char *to, FILE *out,
                                       struct sl_err *err);

/** DATA/sendline.db; owned. */
char *server_database_path(const struct config *config);
/** The outside key, inside the data folder unless the setting is absolute; owned. */
char *server_key_path(const struct config *config);

#endif
