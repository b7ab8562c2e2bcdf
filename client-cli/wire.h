/*
 * The connection to the service: text frames over a WebSocket over TLS. The server's name is always
 * checked against its certificate. Blocks, never longer than it is told. Thread: one.
 */
#ifndef SENDLINE_CLI_WIRE_H
#define SENDLINE_CLI_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "fault.h"

struct wire;

/** A service's address taken apart. */
struct wire_address {
    char host[254]; /**< lower-case, without brackets */
    int port;
    bool numeric; /**< an IP address */
};
/** https://HOST[:PORT][/]; CLI_USAGE for anything else. */
SL_MUST_USE int wire_address(const char *url, struct wire_address *out, struct fault *fault);

/** Connect. @return CLI_OK and *out owned; CLI_NETWORK: nothing there; CLI_FORBIDDEN: not to be
 * trusted, or refused. */
SL_MUST_USE int wire_open(const struct conf *conf, const struct wire_address *address,
                          int timeout_ms, struct wire **out, struct fault *fault);
/** Queue a text frame; it leaves while wire_next waits. */
void wire_send(struct wire *wire, const char *text, size_t len);
/**
 * The next whole frame, owned; *out stays NULL when none came within timeout_ms.
 * @return CLI_OK; CLI_NETWORK when the connection is gone
 */
SL_MUST_USE int wire_next(struct wire *wire, int timeout_ms, char **out, size_t *len,
                          struct fault *fault);
void wire_close(struct wire *wire); /**< NULL is fine */

#endif
