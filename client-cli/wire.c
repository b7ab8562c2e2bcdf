#include "wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/buf.h"
#include "common/proto.h"
#include "common/text.h"

struct frame {
    struct frame *next;
    size_t len;
    char text[]; /**< LWS_PRE bytes of room first when outgoing */
};

struct queue {
    struct frame *first;
    struct frame **last;
};

struct wire {
    struct lws_context *context;
    struct lws *wsi;
    SSL_CTX *tls;
    struct wire_address address;
    struct queue in;
    struct queue out;
    struct sl_buf part;
    lws_sorted_usec_list_t timer;
    bool timed_out;
    bool established;
    bool closed;
    bool too_big;
    bool untrusted; /**< the certificate that was shown does not hold */
    bool refused;   /**< ours does not, for the service */
    char why[160];
};

static void queue_put(struct queue *queue, struct frame *frame)
{
    *queue->last = frame;
    queue->last = &frame->next;
}

static struct frame *queue_take(struct queue *queue)
{
    struct frame *frame = queue->first;

    if (frame != NULL) {
        queue->first = frame->next;
        if (queue->first == NULL) {
            queue->last = &queue->first;
        }
    }
    return frame;
}

static const char host_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

int wire_address(const char *url, struct wire_address *out, struct fault *fault)
{
    const char *at = strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
    size_t len;
    unsigned char number[sizeof(struct in6_addr)];

    memset(out, 0, sizeof(*out));
    out->port = 443;
    if (at != NULL) {
        bool brackets = *at == '[';

        at += brackets;
        len = strcspn(at, brackets ? "]" : ":/");
        if (len > 0 && len < sizeof(out->host) && (!brackets || at[len] == ']') &&
            strspn(at, brackets ? "0123456789abcdefABCDEF:." : host_chars) >= len) {
            memcpy(out->host, at, len);
            at += len + brackets;
            if (*at == ':') {
                char *end = NULL;
                long port = strtol(at + 1, &end, 10);

                out->port = isdigit((unsigned char)at[1]) != 0 && port < 65536 ? (int)port : 0;
                at = end;
            }
            sl_lower(out->host);
            out->numeric = inet_pton(AF_INET, out->host, number) == 1 ||
                           inet_pton(AF_INET6, out->host, number) == 1;
            if (out->port != 0 && (*at == '\0' || strcmp(at, "/") == 0)) {
                return CLI_OK;
            }
        }
    }
    fault_set(fault, CLI_USAGE, "'%.200s' is not the address of a service.", url);
    return fault_next(fault, "It looks like this: https://sendline.anyshire.example:8444");
}

static void on_receive(struct wire *wire, struct lws *wsi, const void *in, size_t len)
{
    if (wire->part.len + len > (size_t)SL_MAX_REPLY_BYTES + 65536) {
        wire->too_big = true;
        return;
    }
    sl_buf_put(&wire->part, in, len);
    if (lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0) {
        struct frame *frame = sl_alloc(sizeof(*frame) + wire->part.len + 1);

        frame->len = wire->part.len;
        if (frame->len > 0) {
            memcpy(frame->text, wire->part.data, frame->len);
        }
        queue_put(&wire->in, frame);
        sl_buf_clear(&wire->part);
    }
}

static int on_writeable(struct wire *wire, struct lws *wsi)
{
    struct frame *frame = queue_take(&wire->out);
    int sent;

    if (frame == NULL) {
        return 0;
    }
    sent = lws_write(wsi, (unsigned char *)frame->text + LWS_PRE, frame->len, LWS_WRITE_TEXT);
    /* What is sent may be words under encryption or a token: nothing of it stays in memory. */
    explicit_bzero(frame->text, LWS_PRE + frame->len);
    free(frame);
    if (wire->out.first != NULL) {
        (void)lws_callback_on_writable(wsi);
    }
    return sent < 0 ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct wire *wire = user;
    const SSL *ssl;

    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        wire->established = true;
        (void)lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        ssl = lws_get_ssl(wsi);
        wire->untrusted = ssl != NULL && SSL_get_verify_result(ssl) != X509_V_OK;
        (void)snprintf(wire->why, sizeof(wire->why), "%.*s", in != NULL ? (int)len : 0,
                       in != NULL ? (const char *)in : "");
        wire->closed = true;
        wire->wsi = NULL;
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        on_receive(wire, wsi, in, len);
        return wire->too_big ? -1 : 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writeable(wire, wsi);
    case LWS_CALLBACK_CLIENT_CLOSED:
        wire->closed = true;
        wire->wsi = NULL;
        break;
    default:
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {SL_SUBPROTOCOL, on_event, 0, 16384, 0, NULL, 16384},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/** Keep a quiet connection alive through firewalls, and notice within 75 s when the other end is
 * gone. */
static const lws_retry_bo_t idle_policy = {
    .secs_since_valid_ping = 30,
    .secs_since_valid_hangup = 75,
};

static int tls_failed(struct fault *fault, const char *what, const char *file)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    int rc = fault_set(fault, CLI_UNPLANNED, "cannot use %s %.300s: %s.", what, file,
                       reason != NULL ? reason : "not readable");

    ERR_clear_error();
    return rc;
}

/** The other end says why it goes: alerts about certificates are about ours. */
static void on_tls(const SSL *ssl, int where, int value)
{
    static const int about_ours[] = {SSL_AD_BAD_CERTIFICATE,      SSL_AD_UNSUPPORTED_CERTIFICATE,
                                     SSL_AD_CERTIFICATE_REVOKED,  SSL_AD_CERTIFICATE_EXPIRED,
                                     SSL_AD_CERTIFICATE_UNKNOWN,  SSL_AD_UNKNOWN_CA,
                                     SSL_AD_CERTIFICATE_REQUIRED, SSL_AD_HANDSHAKE_FAILURE};
    struct wire *wire = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    for (size_t i = 0; i < sizeof(about_ours) / sizeof(about_ours[0]); i++) {
        if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value & 0xff) == about_ours[i]) {
            wire->refused = true;
        }
    }
}

static int tls_start(struct wire *wire, const struct conf *conf, struct fault *fault)
{
    X509_VERIFY_PARAM *check;

    wire->tls = SSL_CTX_new(TLS_client_method());
    if (wire->tls == NULL) {
        return fault_set(fault, CLI_UNPLANNED, "TLS does not start on this computer.");
    }
    (void)SSL_CTX_set_min_proto_version(wire->tls, TLS1_2_VERSION);
    (void)SSL_CTX_set_app_data(wire->tls, wire);
    SSL_CTX_set_info_callback(wire->tls, on_tls);
    SSL_CTX_set_verify(wire->tls, SSL_VERIFY_PEER, NULL);
    if (conf->ca_file != NULL &&
        SSL_CTX_load_verify_locations(wire->tls, conf->ca_file, NULL) != 1) {
        return tls_failed(fault, "the certificate authority in", conf->ca_file);
    }
    if (conf->ca_file == NULL && SSL_CTX_set_default_verify_paths(wire->tls) != 1) {
        return tls_failed(fault, "the system's", "certificate authorities");
    }
    if (conf->client_cert_file != NULL &&
        SSL_CTX_use_certificate_chain_file(wire->tls, conf->client_cert_file) != 1) {
        return tls_failed(fault, "the certificate", conf->client_cert_file);
    }
    if (conf->client_key_file != NULL &&
        SSL_CTX_use_PrivateKey_file(wire->tls, conf->client_key_file, SSL_FILETYPE_PEM) != 1) {
        return tls_failed(fault, "the key", conf->client_key_file);
    }
    check = SSL_CTX_get0_param(wire->tls);
    if (wire->address.numeric) {
        (void)X509_VERIFY_PARAM_set1_ip_asc(check, wire->address.host);
    } else {
        X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        (void)X509_VERIFY_PARAM_set1_host(check, wire->address.host, 0);
    }
    return CLI_OK;
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
    struct wire *wire = lws_container_of(timer, struct wire, timer);

    wire->timed_out = true;
    /* It may be called right before the library waits for the next thing, which can be long. */
    lws_cancel_service(wire->context);
}

/** Serve the connection until `done` says so, it closes, or the time is over. */
static void serve(struct wire *wire, bool (*done)(const struct wire *wire), int timeout_ms)
{
    wire->timed_out = false;
    lws_sul_schedule(wire->context, 0, &wire->timer, on_timer, (lws_usec_t)timeout_ms * 1000);
    while (!wire->closed && !wire->timed_out && !done(wire)) {
        if (lws_service(wire->context, 0) < 0) {
            wire->closed = true;
        }
    }
    lws_sul_cancel(&wire->timer);
}

static bool is_established(const struct wire *wire)
{
    return wire->established;
}

static bool has_frame(const struct wire *wire)
{
    return wire->in.first != NULL;
}

static int not_connected(const struct wire *wire, struct fault *fault)
{
    const char *host = wire->address.host;

    if (wire->untrusted) {
        fault_set(fault, CLI_FORBIDDEN,
                  "%s did not show a certificate that this computer trusts for that name. Nothing "
                  "was sent.",
                  host);
        return fault_next(
            fault,
            "Check 'server' and 'ca_file' in your configuration, and tell the service desk.");
    }
    if (wire->refused) {
        fault_set(fault, CLI_FORBIDDEN, "%s wants a certificate of this computer that it knows.",
                  host);
        return fault_next(fault, "Set 'client_cert_file' and 'client_key_file' in your "
                                 "configuration; the service desk has them for you.");
    }
    if (strncmp(wire->why, "HS: ", 4) == 0) {
        fault_set(fault, CLI_FORBIDDEN, "%s answers, but not as a Sendline service for staff.",
                  host);
        return fault_next(
            fault,
            "Check the setting 'server'. It is the address for staff, not the one for families.");
    }
    fault_set(fault, CLI_NETWORK, "cannot reach %s, port %d. You may be offline.", host,
              wire->address.port);
    return fault_next(fault, "Nothing was changed. Try again when you are online.");
}

int wire_open(const struct conf *conf, const struct wire_address *address, int timeout_ms,
              struct wire **out, struct fault *fault)
{
    struct wire *wire = sl_alloc(sizeof(*wire));
    struct lws_context_creation_info info = {0};
    struct lws_client_connect_info connect = {0};
    SL_AUTO(str) char *host = NULL;
    int rc;

    wire->address = *address;
    wire->in.last = &wire->in.first;
    wire->out.last = &wire->out.first;
    rc = tls_start(wire, conf, fault);
    if (rc != CLI_OK) {
        wire_close(wire);
        return rc;
    }
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8;
    info.provided_client_ssl_ctx = wire->tls;
    info.fd_limit_per_thread = 16;
    info.gid = -1;
    info.uid = -1;
    wire->context = lws_create_context(&info);
    if (wire->context == NULL) {
        wire_close(wire);
        return fault_set(fault, CLI_UNPLANNED, "the network library does not start.");
    }
    host = sl_strf(strchr(address->host, ':') != NULL ? "[%s]:%d" : "%s:%d", address->host,
                   address->port);
    connect.context = wire->context;
    connect.address = address->host;
    connect.port = address->port;
    connect.path = "/ws";
    connect.host = host;
    connect.protocol = SL_SUBPROTOCOL;
    connect.alpn = "http/1.1";
    connect.ssl_connection = LCCSCF_USE_SSL;
    if (address->numeric) {
        /* The library can only compare names; the address is compared through tls_start's
         * parameter. */
        connect.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    }
    connect.userdata = wire;
    connect.pwsi = &wire->wsi;
    connect.retry_and_idle_policy = &idle_policy;
    if (lws_client_connect_via_info(&connect) == NULL) {
        wire->closed = true;
    }
    serve(wire, is_established, timeout_ms);
    if (!wire->established) {
        rc = not_connected(wire, fault);
        wire_close(wire);
        return rc;
    }
    *out = wire;
    return CLI_OK;
}

void wire_send(struct wire *wire, const char *text, size_t len)
{
    struct frame *frame = sl_alloc(sizeof(*frame) + LWS_PRE + len);

    frame->len = len;
    memcpy(frame->text + LWS_PRE, text, len);
    queue_put(&wire->out, frame);
    if (wire->wsi != NULL) {
        (void)lws_callback_on_writable(wire->wsi);
    }
}

int wire_next(struct wire *wire, int timeout_ms, char **out, size_t *len, struct fault *fault)
{
    struct frame *frame;

    serve(wire, has_frame, timeout_ms);
    frame = queue_take(&wire->in);
    if (frame != NULL) {
        *out = sl_strndup(frame->text, frame->len);
        *len = frame->len;
        explicit_bzero(frame->text, frame->len);
        free(frame);
        return CLI_OK;
    }
    if (wire->closed) {
        fault_set(fault, CLI_NETWORK, "the connection to %s was lost.", wire->address.host);
        return fault_next(fault, "Run the command again: everything can be repeated safely.");
    }
    return CLI_OK;
}

void wire_close(struct wire *wire)
{
    struct frame *frame;

    if (wire == NULL) {
        return;
    }
    if (wire->context != NULL) {
        lws_context_destroy(wire->context);
    }
    SSL_CTX_free(wire->tls);
    while ((frame = queue_take(&wire->in)) != NULL || (frame = queue_take(&wire->out)) != NULL) {
        explicit_bzero(frame->text, frame->len);
        free(frame);
    }
    sl_buf_wipe_free(&wire->part);
    free(wire);
}
