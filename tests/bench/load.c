/*
 * A load of real clients in one process: TLS WebSockets that sign in, send signed entries, receive
 * pushed ones. The world it plays in (accounts, threads, keys) is made by tests/bench/world.mjs and
 * handed over as a file, so that what is timed is the service and not the making of keys. Entries
 * are signed before the clock starts: a thread with one author has a chain that its author knows in
 * advance.
 *
 *   load PLAN.json messages --senders N --window W --each N [--idle N] [--body BYTES]
 *   load PLAN.json idle --count N --hold SECONDS
 *
 * Talks to 127.0.0.1 only. Prints one JSON object.
 */
#include <ev.h>
#include <getopt.h>
#include <inttypes.h>
#include <libwebsockets.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/entry.h"
#include "common/json.h"
#include "common/text.h"

enum {
    RX_MAX = 2 * 1024 * 1024,
    SIGN_IN_SECONDS = 120,
    RUN_SECONDS = 120
};

enum state {
    CONNECTING,
    CHALLENGED,
    SIGNING_IN,
    SIGNED_IN,
    DEAD
};
enum kind {
    SENDER,
    RECEIVER,
    IDLE
};

struct frame {
    uint8_t *data; /* LWS_PRE bytes of room, then text */
    size_t len;
};

struct account {
    bool staff;
    uint8_t id[SL_ID_BYTES];
    char address[256];
    uint8_t auth_sk[crypto_sign_SECRETKEYBYTES];
    uint8_t sign_sk[crypto_sign_SECRETKEYBYTES];
    uint8_t thread[SL_ID_BYTES];
    uint32_t seq;
    uint8_t link[SL_HASH_BYTES];
    char token[64];
};

struct conn {
    struct lws *wsi;
    struct load *load;
    struct account *account;
    enum kind kind;
    enum state state;
    struct sl_buf rx;
    struct frame control; /* what to send while signing in */
    struct frame *frames; /* presigned, `each` of them */
    uint32_t sent, acked, received, first_seq;
    double *sent_at;
};

struct load {
    struct ev_loop *loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    char host[64];
    char ca[1024];
    int public_port, staff_port;
    struct account *parents, *staff;
    size_t parent_count, staff_count;
    struct conn *conns;
    size_t conn_count, started, signed_in, closed;
    size_t connecting;
    uint32_t senders, window, each, idle, body;
    double hold_s;
    bool messages;
    double began, ended;
    double *ack_ms, *delivery_ms;
    size_t acks, deliveries, errors;
    char first_error[300];
    ev_timer limit, ticker;
    bool running, finished;
};

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static struct frame frame_of(const char *text)
{
    struct frame f = {.len = strlen(text)};
    f.data = sl_alloc(LWS_PRE + f.len);
    memcpy(f.data + LWS_PRE, text, f.len);
    return f;
}

static void control(struct conn *c, char *take_text)
{
    free(c->control.data);
    c->control = frame_of(take_text);
    free(take_text);
    (void)lws_callback_on_writable(c->wsi);
}

static void presign(struct conn *c)
{
    const struct load *load = c->load;
    struct account *a = c->account;
    struct sl_header header = {.version = 1, .type = SL_ENTRY_MESSAGE, .generation = 1};
    SL_AUTO(str) char *thread = sl_b64(a->thread, SL_ID_BYTES);

    memcpy(header.thread_id, a->thread, SL_ID_BYTES);
    memcpy(header.author_id, a->id, SL_ID_BYTES);
    c->frames = sl_alloc(load->each * sizeof *c->frames);
    c->sent_at = sl_alloc(load->each * sizeof *c->sent_at);
    c->first_seq = a->seq + 1;
    for (uint32_t i = 0; i < load->each; i++) {
        SL_AUTO(buf) struct sl_buf entry = {0};
        SL_AUTO(buf) struct sl_buf to_sign = {0};
        SL_AUTO(buf) struct sl_buf frame = {0};
        uint8_t body[SL_MESSAGE_BODY_MAX];
        uint8_t signature[SL_SIG_BYTES];
        uint8_t hash[SL_HASH_BYTES];
        uint8_t digest[SL_HASH_BYTES];
        struct sl_entry parsed;

        randombytes_buf(header.entry_id, sizeof header.entry_id);
        randombytes_buf(body, load->body);
        header.sent_at = (uint64_t)time(NULL);
        header.prev_seq = a->seq;
        memcpy(header.prev_link, a->link, SL_HASH_BYTES);
        sl_header_put(&entry, &header);
        sl_entry_signed_put(&to_sign, entry.data, body, load->body);
        (void)crypto_sign_detached(signature, NULL, to_sign.data, to_sign.len, a->sign_sk);
        sl_buf_put(&entry, body, load->body);
        sl_buf_put(&entry, signature, sizeof signature);
        if (sl_entry_parse(entry.data, entry.len, &parsed, NULL) != SL_OK) {
            die("our own entry does not parse");
        }
        sl_body_hash(&parsed, hash);
        sl_digest(entry.data, hash, digest);
        a->seq++;
        sl_link_next(a->thread, a->seq, a->link, digest, a->link);

        sl_buf_put(&frame, (const uint8_t[LWS_PRE]){0}, LWS_PRE);
        sl_buf_putf(
            &frame,
            "{\"id\":%" PRIu32
            ",\"call\":\"entry.post\",\"args\":{\"thread\":\"%s\",\"act\":\"text\",\"entry\":\"",
            1000 + i, thread);
        sl_b64_put(&frame, entry.data, entry.len);
        sl_buf_put_str(&frame, "\"}}");
        c->frames[i] = (struct frame){.data = frame.data, .len = frame.len - LWS_PRE};
        frame = (struct sl_buf){0};
    }
}

static void sign_in(struct conn *c, const json_t *ok)
{
    struct account *a = c->account;
    uint8_t challenge[32];
    uint8_t signature[SL_SIG_BYTES];
    SL_AUTO(buf) struct sl_buf to_sign = {0};

    if (sl_json_fixed(ok, "challenge", challenge, sizeof challenge, NULL) != SL_OK) {
        die("no challenge");
    }
    sl_auth_signed_put(&to_sign, a->staff ? 2 : 1, c->load->host, challenge, NULL);
    (void)crypto_sign_detached(signature, NULL, to_sign.data, to_sign.len,
                               a->staff ? a->sign_sk : a->auth_sk);
    SL_AUTO(str) char *c64 = sl_b64(challenge, sizeof challenge);
    SL_AUTO(str) char *s64 = sl_b64(signature, sizeof signature);
    SL_AUTO(str) char *i64 = sl_b64(a->id, sizeof a->id);
    c->state = SIGNING_IN;
    control(c, a->staff ? sl_strf("{\"id\":2,\"call\":\"auth.staff\",\"args\":{\"staff\":\"%s\","
                                  "\"challenge\":\"%s\","
                                  "\"signature\":\"%s\"}}",
                                  i64, c64, s64)
                        : sl_strf("{\"id\":2,\"call\":\"auth.parent\",\"args\":{\"address\":\"%s\","
                                  "\"challenge\":\"%s\","
                                  "\"signature\":\"%s\"}}",
                                  a->address, c64, s64));
}

static void finish(struct load *load)
{
    if (!load->finished) {
        load->finished = true;
        load->ended = now_s();
        ev_break(load->loop, EVBREAK_ALL);
    }
}

static void begin(struct load *load)
{
    load->running = true;
    load->began = now_s();
    if (!load->messages) {
        ev_timer_stop(load->loop, &load->limit);
        ev_timer_set(&load->limit, load->hold_s, 0);
        ev_timer_start(load->loop, &load->limit);
        (void)printf("{\"ready\":%zu}\n", load->signed_in);
        (void)fflush(stdout);
        return;
    }
    for (size_t i = 0; i < load->conn_count; i++) {
        if (load->conns[i].kind == SENDER) {
            (void)lws_callback_on_writable(load->conns[i].wsi);
        }
    }
}

static void connect_next(struct load *load);

static void is_signed_in(struct conn *c)
{
    struct load *load = c->load;

    c->state = SIGNED_IN;
    load->signed_in++;
    load->connecting--;
    connect_next(load);
    if (load->signed_in == load->conn_count) {
        begin(load);
    }
}

/* Our own server's compact JSON: the hot path looks for what it needs instead of parsing it all. */
static const char *after(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    return at == NULL ? NULL : at + strlen(mark);
}

static void note_error(struct load *load, const char *text)
{
    if (load->errors++ == 0) {
        (void)snprintf(load->first_error, sizeof load->first_error, "%s", text);
    }
}

static void on_running(struct conn *c, const char *text)
{
    struct load *load = c->load;

    if (c->kind == SENDER && strncmp(text, "{\"event\"", 8) != 0) {
        const char *id = after(text, "\"id\":");
        long n = id == NULL ? -1 : strtol(id, NULL, 10) - 1000;
        if (n < 0 || n >= (long)load->each || strstr(text, "\"ok\":") == NULL) {
            note_error(load, text);
            return;
        }
        load->ack_ms[load->acks++] = (now_s() - c->sent_at[n]) * 1e3;
        c->acked++;
        if (c->sent < load->each) {
            (void)lws_callback_on_writable(c->wsi);
        }
    } else if (c->kind == RECEIVER && strstr(text, "\"entry.new\"") != NULL) {
        const char *seq = after(text, "\"seq\":");
        size_t mine = (size_t)(c - load->conns) - load->senders;
        struct conn *from = &load->conns[mine];
        long n = seq == NULL ? -1 : strtol(seq, NULL, 10) - (long)from->first_seq;
        if (n < 0 || n >= (long)load->each) {
            note_error(load, text);
            return;
        }
        load->delivery_ms[load->deliveries++] = (now_s() - from->sent_at[n]) * 1e3;
        c->received++;
    }
    size_t all = (size_t)load->senders * load->each;
    if (load->messages && load->acks + load->errors >= all &&
        load->deliveries >= all - load->errors) {
        finish(load);
    }
}

static void on_frame(struct conn *c, const char *text, size_t len)
{
    SL_AUTO(json) json_t *json = NULL;
    json_t *ok = NULL;

    if (c->load->running) {
        on_running(c, text);
        return;
    }
    if (strncmp(text, "{\"event\"", 8) == 0) {
        return;
    }
    if (sl_json_parse(text, len, 12, &json, NULL) != SL_OK ||
        sl_json_object(json, "ok", &ok, NULL) != SL_OK) {
        (void)fprintf(stderr, "%.300s\n", text);
        die("signing in failed");
    }
    if (c->state == CHALLENGED) {
        sign_in(c, ok);
    } else if (c->state == SIGNING_IN) {
        const char *token = NULL;
        if (sl_json_str(ok, "token", 1, 60, &token, NULL) == SL_OK) {
            (void)snprintf(c->account->token, sizeof c->account->token, "%s", token);
        }
        is_signed_in(c);
    }
}

static void on_open(struct conn *c)
{
    c->state = CHALLENGED;
    if (c->kind == IDLE && c->account->token[0] != '\0') {
        c->state = SIGNING_IN;
        control(c, sl_strf("{\"id\":2,\"call\":\"auth.resume\",\"args\":{\"token\":\"%s\"}}",
                           c->account->token));
        return;
    }
    control(c, sl_strdup("{\"id\":1,\"call\":\"auth.challenge\"}"));
}

static int on_writable(struct conn *c)
{
    struct load *load = c->load;

    if (c->control.data != NULL) {
        struct frame f = c->control;
        c->control = (struct frame){0};
        int n = lws_write(c->wsi, f.data + LWS_PRE, f.len, LWS_WRITE_TEXT);
        free(f.data);
        return n < (int)f.len ? -1 : 0;
    }
    if (!load->running || c->kind != SENDER) {
        return 0;
    }
    while (c->sent < load->each && c->sent - c->acked < load->window &&
           !lws_send_pipe_choked(c->wsi)) {
        struct frame *f = &c->frames[c->sent];
        c->sent_at[c->sent] = now_s();
        c->sent++;
        if (lws_write(c->wsi, f->data + LWS_PRE, f->len, LWS_WRITE_TEXT) < (int)f->len) {
            return -1;
        }
        free(f->data);
        f->data = NULL;
    }
    if (c->sent < load->each && c->sent - c->acked < load->window) {
        (void)lws_callback_on_writable(c->wsi);
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct conn *c = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
    (void)user;

    if (c == NULL) {
        return 0;
    }
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        on_open(c);
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        return on_writable(c);
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) {
        if (c->rx.len + len > RX_MAX) {
            die("a frame without end");
        }
        sl_buf_put(&c->rx, in, len);
        if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
            sl_buf_put_u8(&c->rx, 0);
            on_frame(c, (const char *)c->rx.data, c->rx.len - 1);
            sl_buf_clear(&c->rx);
        }
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
               reason == LWS_CALLBACK_CLIENT_CLOSED) {
        if (c->load->finished) {
            return 0;
        }
        c->state = DEAD;
        c->load->closed++;
        if (!c->load->running) {
            (void)fprintf(stderr, "%.*s\n", in == NULL ? 0 : (int)len,
                          in == NULL ? "" : (const char *)in);
            die("a connection failed");
        }
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = SL_SUBPROTOCOL, .callback = callback, .rx_buffer_size = 16384}, {0}};

/* At most 16 handshakes at a time: the listener is not what is measured here. */
static void connect_next(struct load *load)
{
    while (load->started < load->conn_count && load->connecting < 16) {
        struct conn *c = &load->conns[load->started++];
        struct lws_client_connect_info info = {
            .context = load->context,
            .vhost = load->vhost,
            .address = "127.0.0.1",
            .port = c->account->staff ? load->staff_port : load->public_port,
            .path = "/ws",
            .host = load->host,
            .protocol = SL_SUBPROTOCOL,
            .ssl_connection = LCCSCF_USE_SSL,
            .local_protocol_name = SL_SUBPROTOCOL,
            .opaque_user_data = c,
            .pwsi = &c->wsi,
            .alpn = "http/1.1",
        };
        char host[128];
        char origin[160];
        (void)snprintf(host, sizeof host, "%s:%d", load->host, info.port);
        (void)snprintf(origin, sizeof origin, "https://%s", host);
        info.host = host;
        if (!c->account->staff) {
            info.origin = origin;
        }
        load->connecting++;
        if (lws_client_connect_via_info(&info) == NULL) {
            die("cannot connect");
        }
    }
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct load *load = timer->data;
    (void)loop;
    (void)events;
    if (!load->running) {
        die("signing in took too long");
    }
    finish(load);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, by_value);
    (void)printf(",\"%s\":{\"n\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, n,
                 n == 0 ? 0 : ms[n / 2], n == 0 ? 0 : ms[n * 99 / 100], n == 0 ? 0 : ms[n - 1]);
}

static void must_bytes(const json_t *o, const char *field, uint8_t *out, size_t n)
{
    struct sl_err err;
    if (sl_json_fixed(o, field, out, n, &err) != SL_OK) {
        die(err.detail);
    }
}

static void seed_to_sk(const json_t *o, const char *field, uint8_t sk[crypto_sign_SECRETKEYBYTES])
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t pk[crypto_sign_PUBLICKEYBYTES];
    must_bytes(o, field, seed, sizeof seed);
    (void)crypto_sign_seed_keypair(pk, sk, seed);
}

static void read_plan(struct load *load, const char *path)
{
    json_error_t bad;
    SL_AUTO(json) json_t *plan = json_load_file(path, JSON_REJECT_DUPLICATES, &bad);
    size_t i = 0;
    json_t *o = NULL;

    if (plan == NULL) {
        die("cannot read the plan");
    }
    (void)snprintf(load->host, sizeof load->host, "%s",
                   json_string_value(json_object_get(plan, "host")));
    (void)snprintf(load->ca, sizeof load->ca, "%s", json_string_value(json_object_get(plan, "ca")));
    load->public_port = (int)json_integer_value(json_object_get(plan, "public_port"));
    load->staff_port = (int)json_integer_value(json_object_get(plan, "staff_port"));
    const json_t *parents = json_object_get(plan, "parents");
    const json_t *staff = json_object_get(plan, "staff");
    load->parent_count = json_array_size(parents);
    load->staff_count = json_array_size(staff);
    load->parents = sl_alloc(load->parent_count * sizeof *load->parents);
    load->staff = sl_alloc(load->staff_count * sizeof *load->staff);
    json_array_foreach(parents, i, o)
    {
        struct account *a = &load->parents[i];
        must_bytes(o, "id", a->id, SL_ID_BYTES);
        must_bytes(o, "thread", a->thread, SL_ID_BYTES);
        must_bytes(o, "link", a->link, SL_HASH_BYTES);
        a->seq = (uint32_t)json_integer_value(json_object_get(o, "seq"));
        (void)snprintf(a->address, sizeof a->address, "%s",
                       json_string_value(json_object_get(o, "address")));
        seed_to_sk(o, "auth_seed", a->auth_sk);
        seed_to_sk(o, "sign_seed", a->sign_sk);
    }
    json_array_foreach(staff, i, o)
    {
        struct account *a = &load->staff[i];
        a->staff = true;
        must_bytes(o, "id", a->id, SL_ID_BYTES);
        seed_to_sk(o, "sign_seed", a->sign_sk);
    }
}

static void read_options(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"senders", required_argument, NULL, 's'}, {"window", required_argument, NULL, 'w'},
        {"each", required_argument, NULL, 'e'},    {"idle", required_argument, NULL, 'i'},
        {"body", required_argument, NULL, 'b'},    {"count", required_argument, NULL, 'c'},
        {"hold", required_argument, NULL, 'h'},    {0}};
    int which = 0;

    load->window = 4;
    load->each = 200;
    load->body = 24 + 1024 + 16;
    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
        uint32_t n = optarg == NULL ? 0 : (uint32_t)strtoul(optarg, NULL, 10);
        switch (which) {
        case 's':
            load->senders = n;
            break;
        case 'w':
            load->window = n;
            break;
        case 'e':
            load->each = n;
            break;
        case 'i':
            load->idle = n;
            break;
        case 'b':
            load->body = n;
            break;
        case 'c':
            load->idle = n;
            break;
        case 'h':
            load->hold_s = n;
            break;
        default:
            die("unknown option");
        }
    }
    if (argc - optind != 2) {
        die("usage: load PLAN messages|idle [options]");
    }
    load->messages = strcmp(argv[optind + 1], "messages") == 0;
}

static void make_conns(struct load *load)
{
    size_t n = 0;

    if (load->senders > load->parent_count || load->senders > load->staff_count ||
        load->body > SL_MESSAGE_BODY_MAX) {
        die("the plan has too few accounts");
    }
    load->conn_count = (size_t)load->senders * 2 + load->idle;
    load->conns = sl_alloc(load->conn_count * sizeof *load->conns);
    for (size_t i = 0; i < load->senders; i++) {
        load->conns[n++] =
            (struct conn){.load = load, .kind = SENDER, .account = &load->parents[i]};
    }
    for (size_t i = 0; i < load->senders; i++) {
        load->conns[n++] =
            (struct conn){.load = load, .kind = RECEIVER, .account = &load->staff[i]};
    }
    /* Idle ones share the sessions of accounts that take no part, so that no push wakes them. */
    for (size_t i = 0; i < load->idle; i++) {
        struct account *a = &load->staff[load->staff_count - 1];
        load->conns[n++] = (struct conn){.load = load, .kind = IDLE, .account = a};
    }
    size_t all = (size_t)load->senders * load->each + 1;
    load->ack_ms = sl_alloc(all * sizeof(double));
    load->delivery_ms = sl_alloc(all * sizeof(double));
    for (size_t i = 0; i < load->senders; i++) {
        presign(&load->conns[i]);
    }
}

static void open_context(struct load *load)
{
    void *loops[1] = {load->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN,
        .foreign_loops = loops,
        .client_ssl_ca_filepath = load->ca,
        .pt_serv_buf_size = 32768,
    };
    lws_set_log_level(LLL_ERR, NULL);
    load->context = lws_create_context(&info);
    if (load->context == NULL) {
        die("no context");
    }
    load->vhost = lws_get_vhost_by_name(load->context, "default");
}

int main(int argc, char **argv)
{
    static struct load load; /* zeroed, and too large for a careful stack */

    if (sodium_init() < 0) {
        die("libsodium does not start");
    }
    read_options(&load, argc, argv);
    read_plan(&load, argv[optind]);
    make_conns(&load);
    load.loop = ev_loop_new(EVBACKEND_EPOLL);
    open_context(&load);
    ev_timer_init(&load.limit, on_limit,
                  load.messages ? SIGN_IN_SECONDS + RUN_SECONDS : SIGN_IN_SECONDS, 0);
    load.limit.data = &load;
    ev_timer_start(load.loop, &load.limit);
    connect_next(&load);
    ev_run(load.loop, 0);

    double seconds = load.ended - load.began;
    (void)printf("{\"connections\":%zu,\"closed\":%zu,\"acknowledged\":%zu,\"errors\":%zu,"
                 "\"seconds\":%.3f,\"rate\":%.0f",
                 load.signed_in, load.closed, load.acks, load.errors, seconds,
                 (double)load.acks / seconds);
    print_times("ack_ms", load.ack_ms, load.acks);
    print_times("delivery_ms", load.delivery_ms, load.deliveries);
    (void)printf("}\n");
    if (load.errors > 0) {
        (void)fprintf(stderr, "first error: %s\n", load.first_error);
    }
    return load.errors == 0 && (!load.messages || load.acks == (size_t)load.senders * load.each)
               ? 0
               : 1;
}
