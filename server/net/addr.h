/*
 * Network addresses as the listeners need them: parsing, text, who is behind a proxy.
 * An IPv4 address is kept in its mapped form (::ffff:a.b.c.d), so that all have one size.
 * Thread: any; no state.
 */
#ifndef SENDLINE_NET_ADDR_H
#define SENDLINE_NET_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"

#define NET_ADDR_TEXT 46 /**< INET6_ADDRSTRLEN */

struct net_addr {
    uint8_t bytes[16];
};

/** Addresses of proxies whose X-Forwarded-For is believed. */
struct net_proxies {
    struct net_addr *list; /**< owned */
    size_t n;
};

/** The host and port of one of our https addresses. */
struct net_url {
    char host[256]; /**< lower-case; an IPv6 address keeps its brackets */
    int port;
};

/**
 * "127.0.0.1:8443", "0.0.0.0:443", "[::1]:8443"; port 0 means any free one.
 * @return SL_OK; SL_BAD_REQUEST with what to write instead.
 */
SL_MUST_USE enum sl_code net_listen_parse(const char *text, struct sockaddr_storage *out,
                                          socklen_t *len, struct sl_err *err);
/** "127.0.0.1:8443", for logs and errors about our own listeners. */
void net_listen_text(const struct sockaddr_storage *at, char *out, size_t size);
int net_listen_port(const struct sockaddr_storage *at);

/** A numeric IPv4 or IPv6 address without port. */
bool net_addr_parse(const char *text, struct net_addr *out);
/** Of a socket's peer; all zero for another family. */
void net_addr_of(const struct sockaddr_storage *from, struct net_addr *out);
/** The part that is counted and throttled: an IPv4 address, or the /64 that one IPv6 line has. */
struct net_addr net_addr_network(const struct net_addr *addr);
void net_addr_text(const struct net_addr *addr, char out[NET_ADDR_TEXT]);
bool net_addr_is_loopback(const struct net_addr *addr);

/** Addresses separated by commas. SL_BAD_REQUEST names the one that is none. */
SL_MUST_USE enum sl_code net_proxies_parse(const char *text, struct net_proxies *out,
                                           struct sl_err *err);
void net_proxies_fini(struct net_proxies *proxies);
bool net_proxies_has(const struct net_proxies *proxies, const struct net_addr *addr);
/**
 * Who is behind the proxy: the rightmost address of X-Forwarded-For that is not itself one of the
 * proxies, for what stands left of it anybody can have written.
 * @return false, and out untouched, when the header has no such address.
 */
bool net_forwarded(const struct net_proxies *proxies, const char *header, struct net_addr *out);

/** "https://host[:port][/]". SL_BAD_REQUEST otherwise. */
SL_MUST_USE enum sl_code net_url_parse(const char *text, struct net_url *out, struct sl_err *err);
/** "host:port", or "host" for port 443: what Host and Origin say. Owned. */
char *net_url_authority(const struct net_url *url);

#endif
