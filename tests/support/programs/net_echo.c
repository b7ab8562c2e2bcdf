/*
 * The network side of the server with an rpc/ that does what frames tell it: for tests of frames,
 * queues, limits and the stop without accounts and database. Settings as for sendlined; the ports
 * are in port_file. HUP and TERM as the server takes them.
 *
 *     big N              a reply of N bytes
 *     later MS TEXT      TEXT, from another thread, after MS milliseconds
 *     in A S             sign in: account of 16 letters A, session of 16 letters S (single letters)
 *     push A N COUNT     COUNT pushes of N bytes to account A
 *     end S              end session S but for this connection, with the event that says so
 *     idle N             the session ends after N seconds without a request
 *     peer, cookie       what the connection knows
 *     store up, store down  what /healthz is told
 *     refuse             answer, and have the connection closed
 *     anything else      itself
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/log.h"
#include "net/net.h"

#ifdef SENDLINE_SANITIZED
/* libwebsockets asks each loop's certificates for their age; the thread sanitizer does not see that
 * the C library locks its time zone. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:tzset_internal\n";
}
#endif

struct rpc {
    const struct rpc_port *port;
    pthread_mutex_t lock;
    pthread_cond_t none;
    int under_way; /* under the lock */
    atomic_bool store_down;
};

/* A piece of work for a thread of its own, as the store's are. */
struct late {
    struct rpc *rpc;
    int loop;
    uint64_t conn;
    long ms;
    char *text;
    json_t *answer; /* instead of text */
    void (*done)(void *ctx, json_t *take_answer);
    void *ctx;
};

static void *run_late(void *ctx)
{
    struct late *late = ctx;
    struct rpc *rpc = late->rpc;
    struct timespec pause = {late->ms / 1000, late->ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
    if (late->done != NULL) {
        late->done(late->ctx, late->answer);
    } else {
        rpc->port->reply(rpc->port->ctx, late->loop, late->conn, late->text, strlen(late->text),
                         NULL);
    }
    free(late);
    (void)pthread_mutex_lock(&rpc->lock);
    if (--rpc->under_way == 0) {
        (void)pthread_cond_signal(&rpc->none);
    }
    (void)pthread_mutex_unlock(&rpc->lock);
    return NULL;
}

static void start_late(struct rpc *rpc, struct late *take_late)
{
    pthread_t thread;

    take_late->rpc = rpc;
    (void)pthread_mutex_lock(&rpc->lock);
    rpc->under_way++;
    (void)pthread_mutex_unlock(&rpc->lock);
    if (pthread_create(&thread, NULL, run_late, take_late) != 0) {
        abort();
    }
    (void)pthread_detach(thread);
}

static void wait_for_late(struct rpc *rpc)
{
    (void)pthread_mutex_lock(&rpc->lock);
    while (rpc->under_way > 0) {
        (void)pthread_cond_wait(&rpc->none, &rpc->lock);
    }
    (void)pthread_mutex_unlock(&rpc->lock);
}

void rpc_conn_init(struct rpc *rpc, struct rpc_conn *conn, uint64_t id, int loop,
                   enum rpc_listener listener, const char *peer)
{
    (void)rpc;
    memset(conn, 0, sizeof *conn);
    conn->id = id;
    conn->loop = loop;
    conn->listener = listener;
    conn->who.role = R_ANON;
    conn->used_ms = sl_mono_ms(sl_clock_system());
    (void)snprintf(conn->peer, sizeof conn->peer, "%s", peer);
}

void rpc_conn_answered(struct rpc_conn *conn, const struct rpc_identity *who)
{
    conn->in_flight--;
    if (who != NULL) {
        conn->who = *who;
    }
}

static void reply(struct rpc *rpc, const struct rpc_conn *conn, char *take_text,
                  const struct rpc_identity *who)
{
    rpc->port->reply(rpc->port->ctx, conn->loop, conn->id, take_text, strlen(take_text), who);
}

static char *filler(size_t n)
{
    char *text = sl_alloc(n + 1);
    memset(text, 'x', n);
    return text;
}

static void push(struct rpc *rpc, char account, size_t n, long count)
{
    uint8_t id[SL_ID_BYTES];

    memset(id, account, sizeof id);
    for (long i = 0; i < count; i++) {
        rpc->port->push(rpc->port->ctx, id, filler(n), n);
    }
}

static void end_session(struct rpc *rpc, char session, uint64_t except)
{
    static const char event[] = "{\"event\":\"session.ended\",\"data\":{}}";
    uint8_t id[SL_ID_BYTES];

    memset(id, session, sizeof id);
    rpc->port->end_session(rpc->port->ctx, id, except, sl_strdup(event), sizeof event - 1);
}

static void sign_in(struct rpc *rpc, const struct rpc_conn *conn, char account, char session,
                    int64_t idle_s)
{
    struct rpc_identity who = {.role = R_PARENT, .idle_s = idle_s};

    memset(who.account_id, account, sizeof who.account_id);
    memset(who.session_id, session, sizeof who.session_id);
    reply(rpc, conn, sl_strdup("in"), &who);
}

static bool obey(struct rpc *rpc, struct rpc_conn *conn, const char *text)
{
    char a = 0;
    char s = 0;
    long n = 0;
    long count = 0;
    int at = 0;

    if (sscanf(text, "big %ld", &n) == 1) {
        reply(rpc, conn, filler((size_t)n), NULL);
    } else if (sscanf(text, "later %ld %n", &n, &at) == 1 && at > 0) {
        struct late *late = sl_alloc(sizeof *late);
        *late = (struct late){
            .loop = conn->loop, .conn = conn->id, .ms = n, .text = sl_strdup(text + at)};
        start_late(rpc, late);
    } else if (sscanf(text, "in %c %c", &a, &s) == 2) {
        sign_in(rpc, conn, a, s, 0);
    } else if (sscanf(text, "idle %ld", &n) == 1) {
        sign_in(rpc, conn, 'i', 'i', n);
    } else if (sscanf(text, "push %c %ld %ld", &a, &n, &count) == 3) {
        push(rpc, a, (size_t)n, count);
        reply(rpc, conn, sl_strdup("pushed"), NULL);
    } else if (sscanf(text, "end %c", &s) == 1) {
        end_session(rpc, s, conn->id);
        reply(rpc, conn, sl_strdup("ended"), NULL);
    } else if (strcmp(text, "peer") == 0) {
        reply(rpc, conn, sl_strdup(conn->peer), NULL);
    } else if (strncmp(text, "store ", 6) == 0) {
        atomic_store(&rpc->store_down, strcmp(text + 6, "down") == 0);
        reply(rpc, conn, sl_strdup(text), NULL);
    } else if (strcmp(text, "cookie") == 0) {
        reply(rpc, conn, sl_strdup(conn->cookie_token), NULL);
    } else {
        reply(rpc, conn, sl_strdup(text), NULL);
        return strcmp(text, "refuse") != 0;
    }
    return true;
}

bool rpc_frame(struct rpc *rpc, struct rpc_conn *conn, const char *text, size_t len)
{
    SL_AUTO(str) char *copy = sl_strndup(text, len);

    conn->in_flight++;
    conn->used_ms = sl_mono_ms(sl_clock_system());
    return obey(rpc, conn, copy);
}

void rpc_internal(struct rpc *rpc, const char *name, json_t *take_args, const char *peer,
                  void (*done)(void *ctx, json_t *take_answer), void *ctx)
{
    const char *ticket = json_string_value(json_object_get(take_args, "ticket"));
    struct late *late = sl_alloc(sizeof *late);

    (void)peer;
    if (strcmp(name, "session.cookie") == 0 && strcmp(ticket, "good") == 0) {
        late->answer = json_pack("{s{ss}}", "ok", "token", "AbC-_123");
    } else if (strcmp(ticket, "own") == 0) {
        late->answer = json_pack("{s{sssi}}", "ok", "token", "AbC-_123", "max_age_s", 1209600);
    } else {
        late->answer =
            json_pack("{s{ssss}}", "error", "code", "ticket_wrong", "message", "Used or too old.");
    }
    late->done = done;
    late->ctx = ctx;
    late->ms = 5;
    json_decref(take_args);
    start_late(rpc, late);
}

static bool store_is_up(void *ctx)
{
    return !atomic_load(&((struct rpc *)ctx)->store_down);
}

/* ---- The program ---- */

static void fail(const char *what, const struct sl_err *err)
{
    (void)fprintf(stderr, "net_echo: %s: %s\n", what, err->detail);
    exit(EXIT_FAILURE);
}

static void write_port_file(const struct net *net, const char *path)
{
    SL_AUTO(str) char *part = sl_strf("%s.part", path);
    FILE *f = fopen(part, "we");

    if (f == NULL ||
        fprintf(f, "{\"public\":%d,\"staff\":%d,\"pid\":%ld}\n", net_port(net, RPC_PUBLIC),
                net_port(net, RPC_STAFF_LISTENER), (long)getpid()) < 0 ||
        fclose(f) != 0 || rename(part, path) != 0) {
        perror("net_echo: port_file");
        exit(EXIT_FAILURE);
    }
}

static void serve(struct net *net, struct rpc *rpc, const sigset_t *set)
{
    struct sl_err err;
    int signo = 0;

    while (sigwait(set, &signo) == 0 && (signo == SIGHUP || signo == SIGUSR1)) {
        if (signo == SIGUSR1) {
            /* As if this many files were all there may be: what accepting does then. */
            struct rlimit few = {24, 1 << 20};
            struct rlimit now;
            (void)getrlimit(RLIMIT_NOFILE, &now);
            few.rlim_max = now.rlim_max;
            (void)setrlimit(RLIMIT_NOFILE, &few);
        } else if (net_reload_certificate(net, &err) == SL_OK) {
            sl_log(SL_LOG_INFO, "certificate reloaded", "pid=%ld", (long)getpid());
        } else {
            sl_log_err(SL_LOG_ERROR, "certificate not reloaded", &err);
        }
    }
    net_quiesce(net);
    wait_for_late(rpc);
}

int main(int argc, char **argv)
{
    struct rpc rpc = {.under_way = 0};
    struct config *config = NULL;
    struct net *net = NULL;
    struct sl_err err;
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)pthread_mutex_init(&rpc.lock, NULL);
    (void)pthread_cond_init(&rpc.none, NULL);
    if (sodium_init() < 0 || config_load(NULL, NULL, argc, argv, &config, &err) != SL_OK) {
        fail("settings", &err);
    }
    struct net_options options = {
        .config = config, .clock = sl_clock_system(), .works = store_is_up, .ctx = &rpc};
    if (net_new(&options, &net, &err) != SL_OK) {
        fail("cannot start", &err);
    }
    rpc.port = net_rpc_port(net);
    if (net_start(net, &rpc, &err) != SL_OK) {
        fail("cannot start", &err);
    }
    write_port_file(net, config->port_file);
    serve(net, &rpc, &set);
    net_stop(net, config->stop_seconds * 1000);
    net_free(net);
    config_free(config);
    return EXIT_SUCCESS;
}
