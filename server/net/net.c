#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/buf.h"
#include "common/log.h"
#include "net/loop.h"

/** Files beside the connections: database, readers, logs, loops. */
#define FILES_BESIDE 512
#define WARN_DAYS 14

/* ---- How answers come back: any thread ---- */

static void port_reply(void *ctx, int loop, uint64_t conn, char *take_frame, size_t len,
                       const struct rpc_identity *who)
{
    struct net *net = ctx;
    struct net_mail *mail = net_mail_new(NET_REPLY, conn);

    mail->frame = take_frame == NULL ? NULL : net_frame_new(take_frame, len);
    if (who != NULL) {
        mail->identify = true;
        mail->who = *who;
    }
    net_loop_post(&net->loops[loop], mail);
}

/* The same post for every loop: who is where is known only there. */
static void post_to_all(struct net *net, enum net_mail_kind kind, const uint8_t id[SL_ID_BYTES],
                        uint64_t except, char *take_frame, size_t len)
{
    struct net_frame *frame = take_frame == NULL ? NULL : net_frame_new(take_frame, len);

    for (int i = 0; i < net->n_loops; i++) {
        struct net_mail *mail = net_mail_new(kind, except);
        memcpy(mail->id, id, SL_ID_BYTES);
        mail->frame = frame == NULL ? NULL : net_frame_ref(frame);
        net_loop_post(&net->loops[i], mail);
    }
    net_frame_unref(frame);
}

static void port_push(void *ctx, const uint8_t account_id[SL_ID_BYTES], char *take_frame,
                      size_t len)
{
    post_to_all(ctx, NET_PUSH, account_id, 0, take_frame, len);
}

static void port_end_session(void *ctx, const uint8_t session_id[SL_ID_BYTES], uint64_t except,
                             char *take_frame, size_t len)
{
    post_to_all(ctx, NET_END_SESSION, session_id, except, take_frame, len);
}

/* ---- Starting ---- */

static void log_from_lws(int level, const char *line)
{
    static struct net_calm calm;
    char text[200];
    uint64_t times = 0;

    if (!net_calm_due(&calm, sl_mono_ms(sl_clock_system()), &times)) {
        return;
    }
    (void)snprintf(text, sizeof text, "%s", line);
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == '"' || (unsigned char)*at > '~') {
            *at = ' ';
        }
    }
    sl_log(level == LLL_ERR ? SL_LOG_ERROR : SL_LOG_WARN, "libwebsockets", "times=%llu text=\"%s\"",
           (unsigned long long)times, text);
}

/*
 * Explicit, since libwebsockets makes tables of this size, and because a limit met by accident is
 * met by the database too.
 */
static enum sl_code set_file_limit(const struct config *config, struct sl_err *err)
{
    rlim_t wanted = (rlim_t)config->connections + FILES_BESIDE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return sl_fail_errno(err, "limit of open files");
    }
    if (limit.rlim_max < wanted) {
        return sl_fail(err, SL_BAD_REQUEST,
                       "connections = %lld needs %llu open files, and the limit is %llu",
                       (long long)config->connections, (unsigned long long)wanted,
                       (unsigned long long)limit.rlim_max);
    }
    limit.rlim_cur = wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? SL_OK
                                                 : sl_fail_errno(err, "limit of open files");
}

static enum sl_code read_listener(struct net *net, enum rpc_listener which, const char *listen,
                                  struct sl_err *err)
{
    struct net_listener *listener = &net->listeners[which];

    listener->name = which == RPC_PUBLIC ? "public" : "staff";
    listener->client_certificates =
        which == RPC_STAFF_LISTENER && net->config->staff_client_ca_file[0] != '\0';
    return net_listen_parse(listen, &listener->at, &listener->at_len, err);
}

/* What Host and Origin have to be. Where the port was left open (tests), that of the address too.
 */
static enum sl_code read_url(struct net_listener *listener, const char *url, bool open_port,
                             struct sl_err *err)
{
    struct net_url parsed;
    enum sl_code rc = net_url_parse(url, &parsed, err);

    if (rc != SL_OK) {
        return rc;
    }
    if (open_port) {
        parsed.port = net_listen_port(&listener->at);
    }
    listener->authority = net_url_authority(&parsed);
    listener->origin = sl_strf("https://%s", listener->authority);
    listener->numeric = sl_strdup(listener->text);
    return SL_OK;
}

static enum sl_code read_listeners(struct net *net, struct sl_err *err)
{
    enum sl_code rc = read_listener(net, RPC_PUBLIC, net->config->public_listen, err);

    return rc == SL_OK ? read_listener(net, RPC_STAFF_LISTENER, net->config->staff_listen, err)
                       : rc;
}

static enum sl_code open_listeners(struct net *net, struct sl_err *err)
{
    const struct config *c = net->config;
    bool open_public = net_listen_port(&net->listeners[RPC_PUBLIC].at) == 0;
    bool open_staff = net_listen_port(&net->listeners[RPC_STAFF_LISTENER].at) == 0;
    enum sl_code rc = net_bind(net, err);
    if (rc == SL_OK) {
        rc = read_url(&net->listeners[RPC_PUBLIC], c->public_url, open_public, err);
    }
    if (rc == SL_OK) {
        rc = read_url(&net->listeners[RPC_STAFF_LISTENER], c->staff_url, open_staff, err);
    }
    return rc;
}

static enum sl_code load_tls(const struct config *c, struct net_tls **out, struct sl_err *err)
{
    struct net_tls_files files = {
        .cert = c->tls_cert_file,
        .key = c->tls_key_file,
        .client_ca = c->staff_client_ca_file,
        .client_crl = c->staff_client_crl_file,
    };
    enum sl_code rc = net_tls_load(&files, out, err);

    if (rc == SL_OK && net_tls_left_s(*out) < WARN_DAYS * 86400) {
        sl_log(SL_LOG_WARN, "certificate expires soon", "days=%lld",
               (long long)(net_tls_left_s(*out) / 86400));
    }
    return rc;
}

static enum sl_code make_parts(struct net *net, struct sl_err *err)
{
    const struct config *c = net->config;
    enum sl_code rc = net_proxies_parse(c->trusted_proxies, &net->proxies, err);

    if (rc == SL_OK) {
        rc = read_listeners(net, err);
    }
    if (rc == SL_OK) {
        rc = load_tls(c, &net->tls, err);
    }
    if (rc == SL_OK) {
        rc = web_load(c->web_dir, c, &net->web, err);
    }
    if (rc == SL_OK) {
        rc = set_file_limit(c, err);
    }
    for (int i = 0; i < net->n_loops && rc == SL_OK; i++) {
        rc = net_loop_init(&net->loops[i], net, i, err);
    }
    if (rc == SL_OK) {
        rc = open_listeners(net, err);
    }
    return rc;
}

enum sl_code net_new(const struct net_options *options, struct net **out, struct sl_err *err)
{
    struct net *net = sl_alloc(sizeof *net);

    lws_set_log_level(LLL_ERR | LLL_WARN, log_from_lws);
    net->options = *options;
    net->config = options->config;
    net->clock = options->clock;
    net->n_loops = (int)options->config->loops;
    net->loops = sl_alloc((size_t)net->n_loops * sizeof *net->loops);
    net->limits = net_limits_new((size_t)options->config->connections,
                                 (size_t)options->config->connections_per_address);
    net->port = (struct rpc_port){net, port_reply, port_push, port_end_session};
    atomic_init(&net->next_conn, 1);
    net->outgoing = SSL_CTX_new(TLS_client_method());
    if (net->outgoing == NULL) {
        abort(); /* only for want of memory */
    }
    net->pings.secs_since_valid_ping = (uint16_t)options->config->ping_seconds;
    net->pings.secs_since_valid_hangup = (uint16_t)(options->config->ping_seconds * 3 / 2 + 1);
    (void)sem_init(&net->done, 0, 0);
    enum sl_code rc = make_parts(net, err);
    if (rc != SL_OK) {
        net_free(net);
        return rc;
    }
    *out = net;
    return SL_OK;
}

enum sl_code net_check(const struct config *config, struct sl_err *err)
{
    struct net_proxies proxies = {NULL, 0};
    struct sockaddr_storage at;
    socklen_t len = 0;
    struct net_url url;
    struct net_tls *tls = NULL;
    struct web *web = NULL;
    enum sl_code rc = net_listen_parse(config->public_listen, &at, &len, err);

    rc = rc == SL_OK ? net_listen_parse(config->staff_listen, &at, &len, err) : rc;
    rc = rc == SL_OK ? net_url_parse(config->public_url, &url, err) : rc;
    rc = rc == SL_OK ? net_url_parse(config->staff_url, &url, err) : rc;
    rc = rc == SL_OK ? net_proxies_parse(config->trusted_proxies, &proxies, err) : rc;
    rc = rc == SL_OK ? load_tls(config, &tls, err) : rc;
    rc = rc == SL_OK ? web_load(config->web_dir, config, &web, err) : rc;
    net_proxies_fini(&proxies);
    net_tls_unref(tls);
    web_free(web);
    return rc;
}

const struct rpc_port *net_rpc_port(struct net *net)
{
    return &net->port;
}

int net_port(const struct net *net, enum rpc_listener listener)
{
    return net_listen_port(&net->listeners[listener].at);
}

const char *net_address(const struct net *net, enum rpc_listener listener)
{
    return net->listeners[listener].text;
}

enum sl_code net_start(struct net *net, struct rpc *rpc, struct sl_err *err)
{
    enum sl_code rc = SL_OK;

    net->rpc = rpc;
    for (int i = 0; i < net->n_loops && rc == SL_OK; i++) {
        rc = net_loop_start(&net->loops[i], err);
    }
    return rc;
}

/* ---- While it runs ---- */

static int started_loops(const struct net *net)
{
    int n = 0;

    for (int i = 0; i < net->n_loops; i++) {
        n += net->loops[i].started;
    }
    return n;
}

static void wait_for(struct net *net, int n)
{
    while (n > 0) {
        if (sem_wait(&net->done) == 0) {
            n--;
        } else if (errno != EINTR) {
            abort();
        }
    }
}

enum sl_code net_reload_certificate(struct net *net, struct sl_err *err)
{
    struct net_tls *fresh = NULL;
    enum sl_code rc = load_tls(net->config, &fresh, err);

    if (rc != SL_OK) {
        return rc;
    }
    for (int i = 0; i < net->n_loops; i++) {
        struct net_mail *mail = net_mail_new(NET_CERTIFICATE, 0);
        mail->tls = net_tls_ref(fresh);
        net_loop_post(&net->loops[i], mail);
    }
    wait_for(net, started_loops(net));
    net_tls_unref(net->tls);
    net->tls = fresh;
    return SL_OK;
}

/* ---- Stopping ---- */

void net_quiesce(struct net *net)
{
    atomic_store(&net->stopping, true);
    for (int i = 0; i < net->n_loops; i++) {
        if (net->loops[i].started) {
            net_loop_post(&net->loops[i], net_mail_new(NET_QUIESCE, 0));
        }
    }
    wait_for(net, started_loops(net));
}

void net_stop(struct net *net, int64_t within_ms)
{
    for (int i = 0; i < net->n_loops; i++) {
        if (net->loops[i].started) {
            struct net_mail *mail = net_mail_new(NET_FINISH, 0);
            mail->within_ms = within_ms;
            net_loop_post(&net->loops[i], mail);
        }
    }
    for (int i = 0; i < net->n_loops; i++) {
        if (net->loops[i].started) {
            (void)pthread_join(net->loops[i].thread, NULL);
            net->loops[i].started = false;
        }
    }
}

void net_free(struct net *net)
{
    if (net == NULL) {
        return;
    }
    for (int i = 0; i < net->n_loops; i++) {
        net_loop_fini(&net->loops[i]);
    }
    for (int l = 0; l < NET_LISTENERS; l++) {
        free(net->listeners[l].authority);
        free(net->listeners[l].numeric);
        free(net->listeners[l].origin);
    }
    free(net->loops);
    net_tls_unref(net->tls);
    SSL_CTX_free(net->outgoing);
    net_proxies_fini(&net->proxies);
    net_limits_free(net->limits);
    web_free(net->web);
    (void)sem_destroy(&net->done);
    free(net);
}
