#include <string.h>

#include "common/buf.h"
#include "net/loop.h"

/*
 * The policy is crypto.md's, with the two Trusted Types policies it asks for by name: the
 * templates' (lit names its own) and the worker's.
 */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "               \
    "worker-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "                 \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "                                \
    "require-trusted-types-for 'script'; trusted-types lit-html sendline-worker"

#define PERMISSIONS                                                                                \
    "accelerometer=(), ambient-light-sensor=(), attribution-reporting=(), autoplay=(), "           \
    "bluetooth=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), "        \
    "fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), "                     \
    "interest-cohort=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), "    \
    "picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), "        \
    "storage-access=(), usb=(), web-share=(), window-management=(), xr-spatial-tracking=()"

/* In the form of libwebsockets, for the few answers that it makes by itself; names end in a colon.
 */
static const struct lws_protocol_vhost_options chain[] = {
    {&chain[1], NULL, "content-security-policy:", POLICY},
    {&chain[2], NULL, "cross-origin-opener-policy:", "same-origin"},
    {&chain[3], NULL, "cross-origin-resource-policy:", "same-origin"},
    {&chain[4], NULL, "permissions-policy:", PERMISSIONS},
    {&chain[5], NULL, "referrer-policy:", "no-referrer"},
    {&chain[6], NULL, "strict-transport-security:", "max-age=63072000"},
    {NULL, NULL, "x-content-type-options:", "nosniff"},
};
const struct lws_protocol_vhost_options *const net_security_headers = chain;

static const struct reason {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {503, "Service Unavailable"},
};

void net_head_begin(struct sl_buf *out, int status)
{
    const char *text = "Internal Server Error";

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status) {
            text = reasons[i].text;
        }
    }
    sl_buf_putf(out, "HTTP/1.1 %d %s\r\n", status, text);
    net_security_lines(out);
}

void net_security_lines(struct sl_buf *out)
{
    for (const struct lws_protocol_vhost_options *at = chain; at != NULL; at = at->next) {
        sl_buf_putf(out, "%s %s\r\n", at->name, at->value);
    }
}

void net_head_put(struct sl_buf *out, const char *name, const char *value)
{
    sl_buf_putf(out, "%s: %s\r\n", name, value);
}

void net_head_end(struct sl_buf *out, size_t body_len, bool has_body, bool close)
{
    if (has_body) {
        sl_buf_putf(out, "content-length: %zu\r\n", body_len);
    }
    sl_buf_put_str(out, close ? "connection: close\r\n\r\n" : "\r\n");
}
