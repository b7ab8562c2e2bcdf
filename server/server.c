#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "auth/auth.h"
#include "common/buf.h"
#include "common/log.h"
#include "jobs/jobs.h"
#include "net/net.h"
#include "outbox/outbox.h"
#include "store/seal.h"
#include "store/store.h"

static const char session_ended_event[] = "{\"event\":\"session.ended\",\"data\":{}}";

/** Thread: main; what it points to has threads of its own. */
struct server {
    const struct config *config;
    int data_fd; /* holds the lock that keeps a second server out */
    struct seal *seal;
    struct store *store;
    struct auth *auth;
    struct net *net;
    struct outbox *outbox;
    struct rpc *rpc;
    struct jobs *jobs;
    struct rpc_env env;
};

char *server_database_path(const struct config *config)
{
    return sl_strf("%s/sendline.db", config->data_dir);
}

char *server_key_path(const struct config *config)
{
    return config->outside_key_file[0] == '/'
               ? sl_strdup(config->outside_key_file)
               : sl_strf("%s/%s", config->data_dir, config->outside_key_file);
}

/* ---- Starting ---- */

static enum sl_code take_data_folder(struct server *server, struct sl_err *err)
{
    const char *dir = server->config->data_dir;

    server->data_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server->data_fd < 0) {
        return errno == ENOENT
                   ? sl_fail(err, SL_NOT_FOUND,
                             "data folder %.60s is not there; make it with: sendlined init", dir)
                   : sl_fail_errno(err, "data folder %.80s", dir);
    }
    if (flock(server->data_fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? sl_fail(err, SL_BUSY, "another server uses data folder %.80s", dir)
                   : sl_fail_errno(err, "data folder %.80s", dir);
    }
    return SL_OK;
}

static enum sl_code open_key(struct server *server, struct sl_err *err)
{
    SL_AUTO(str) char *database = server_database_path(server->config);
    SL_AUTO(str) char *key = server_key_path(server->config);

    if (access(database, F_OK) != 0) {
        return sl_fail(err, SL_NOT_FOUND,
                       "there is no database %.60s; make it with: sendlined init", database);
    }
    enum sl_code rc = seal_open_file(key, sl_rand_system(), &server->seal, err);
    if (rc == SL_NOT_FOUND) {
        return sl_fail(err, rc,
                       "the outside key %.50s is missing; put it back, for nothing else opens the "
                       "personal columns",
                       key);
    }
    return rc;
}

static enum sl_code open_database(struct server *server, struct sl_err *err)
{
    SL_AUTO(str) char *path = server_database_path(server->config);
    struct store_options options = {
        .path = path,
        .readers = (int)server->config->readers,
        .max_queue = (uint32_t)server->config->max_queue,
        .max_group = (uint32_t)server->config->max_group,
        .clock = sl_clock_system(),
    };

    return store_open(&options, &server->store, err);
}

/* Lines for /metrics that net/ does not know. */
static void put_metrics(void *ctx, struct sl_buf *out)
{
    struct server *server = ctx;
    struct store_stats stats;

    store_stats(server->store, &stats);
    const struct {
        const char *name;
        const char *type;
        uint64_t value;
    } rows[] = {
        {"sendline_store_reads_total", "counter", stats.reads},
        {"sendline_store_writes_total", "counter", stats.writes},
        {"sendline_store_commits_total", "counter", stats.commits},
        {"sendline_store_rollbacks_total", "counter", stats.rollbacks},
        {"sendline_store_failed_commits_total", "counter", stats.failed_commits},
        {"sendline_store_busy_total", "counter", stats.busy},
        {"sendline_store_queued", "gauge", stats.queued},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sl_buf_putf(out, "# TYPE %s %s\n%s %" PRIu64 "\n", rows[i].name, rows[i].type, rows[i].name,
                    rows[i].value);
    }
    rpc_metrics(server->rpc, out);
    outbox_metrics(server->outbox, out);
}

static bool store_is_well(void *ctx)
{
    return store_works(((struct server *)ctx)->store);
}

static void on_session_ended(void *ctx, const uint8_t session_id[16])
{
    struct server *server = ctx;
    const struct rpc_port *port = net_rpc_port(server->net);

    port->end_session(port->ctx, session_id, 0, sl_strdup(session_ended_event),
                      sizeof session_ended_event - 1);
}

static enum sl_code make_outbox(struct server *server, struct sl_err *err)
{
    const struct outbox_options options = {
        .config = server->config,
        .store = server->store,
        .clock = sl_clock_system(),
        .rand = sl_rand_system(),
        .seal = server->seal,
    };

    return outbox_new(&options, &server->outbox, err);
}

static enum sl_code make_rpc(struct server *server, struct sl_err *err)
{
    const struct config *c = server->config;
    struct auth_options auth = {
        .clock = sl_clock_system(),
        .rand = sl_rand_system(),
        .tries_per_5_minutes = c->sign_ins_per_5_minutes,
        .peer_tries_per_5_minutes = c->sign_ins_per_address_per_5_minutes,
    };

    server->auth = auth_new(&auth);
    server->env = (struct rpc_env){
        .config = c,
        .clock = sl_clock_system(),
        .rand = sl_rand_system(),
        .auth = server->auth,
        .seal = server->seal,
        .outbox = server->outbox,
    };
    return rpc_new(&server->env, server->store, net_rpc_port(server->net), &server->rpc, err);
}

/* For whoever started us with port 0. It appears whole. */
static enum sl_code write_port_file(const struct server *server, struct sl_err *err)
{
    const char *path = server->config->port_file;

    if (path[0] == '\0') {
        return SL_OK;
    }
    SL_AUTO(str) char *part = sl_strf("%s.part", path);
    SL_AUTO(file) FILE *f = fopen(part, "we");
    if (f == NULL ||
        fprintf(f, "{\"public\":%d,\"staff\":%d,\"pid\":%ld}\n", server_port(server, RPC_PUBLIC),
                server_port(server, RPC_STAFF_LISTENER), (long)getpid()) < 0 ||
        fflush(f) != 0 || rename(part, path) != 0) {
        return sl_fail_errno(err, "port_file %.100s", path);
    }
    return SL_OK;
}

static enum sl_code start_all(struct server *server, struct sl_err *err)
{
    struct net_options net = {
        .config = server->config,
        .clock = sl_clock_system(),
        .metrics = put_metrics,
        .works = store_is_well,
        .ctx = server,
    };
    enum sl_code rc = take_data_folder(server, err);

    rc = rc == SL_OK ? open_key(server, err) : rc;
    /* The ports before the database: what cannot serve changes nothing. */
    rc = rc == SL_OK ? net_new(&net, &server->net, err) : rc;
    rc = rc == SL_OK ? open_database(server, err) : rc;
    rc = rc == SL_OK ? make_outbox(server, err) : rc;
    rc = rc == SL_OK ? make_rpc(server, err) : rc;
    if (rc == SL_OK) {
        struct jobs_options jobs = {
            .store = server->store,
            .outbox = server->outbox,
            .clock = sl_clock_system(),
            .session_ended = on_session_ended,
            .ctx = server,
        };
        rc = jobs_start(&jobs, &server->jobs, err);
    }
    rc = rc == SL_OK ? outbox_start(server->outbox, err) : rc;
    rc = rc == SL_OK ? net_start(server->net, server->rpc, err) : rc;
    return rc == SL_OK ? write_port_file(server, err) : rc;
}

enum sl_code server_start(const struct config *config, struct server **out, struct sl_err *err)
{
    struct server *server = sl_alloc(sizeof *server);

    server->config = config;
    server->data_fd = -1;
    enum sl_code rc = start_all(server, err);
    if (rc != SL_OK) {
        server_stop(server);
        return rc;
    }
    sl_log(SL_LOG_INFO, "ready", "public=%s staff=%s version=%s pid=%ld",
           net_address(server->net, RPC_PUBLIC), net_address(server->net, RPC_STAFF_LISTENER),
           SENDLINE_VERSION, (long)getpid());
    *out = server;
    return SL_OK;
}

enum sl_code server_reload(struct server *server, struct sl_err *err)
{
    return net_reload_certificate(server->net, err);
}

int server_port(const struct server *server, enum rpc_listener listener)
{
    return net_port(server->net, listener);
}

/* ---- Stopping ---- */

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    const struct sl_clock *clock = sl_clock_system();
    int64_t until_ms = sl_mono_ms(clock) + server->config->stop_seconds * 1000;
    if (server->net != NULL) {
        net_quiesce(server->net);
    }
    jobs_stop(server->jobs);
    outbox_stop(server->outbox);
    /* Answers what is queued; the answers wait in the loops' post. */
    store_close(server->store);
    if (server->net != NULL) {
        int64_t left_ms = until_ms - sl_mono_ms(clock);
        net_stop(server->net, left_ms > 1000 ? left_ms : 1000);
    }
    rpc_free(server->rpc);
    outbox_free(server->outbox);
    net_free(server->net);
    auth_free(server->auth);
    seal_free(server->seal);
    if (server->data_fd >= 0) {
        (void)close(server->data_fd);
    }
    free(server);
}
