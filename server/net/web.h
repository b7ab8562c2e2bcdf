/*
 * The web app in memory: every file of the build's manifest with its variants, pages filled from
 * the settings when the server starts.
 *
 * manifest.json is what web/build.mjs writes: an array of {path, file, type, immutable, template},
 * sorted or not, or an object with that array as "files". Beside a file that is no template lie
 * FILE.gz and FILE.br. An entry may have "routes": ["/messages", "/messages/" + "*"], further
 * addresses of the app that get the same page; a route that ends in a star takes everything below
 * it. Thread: any, read-only after loading.
 */
#ifndef SENDLINE_NET_WEB_H
#define SENDLINE_NET_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "config/config.h"

enum web_coding {
    WEB_PLAIN,
    WEB_GZIP,
    WEB_BR,
    WEB_CODINGS
};

struct web_file {
    char *path;                      /**< "/assets/app-X.js" */
    char *type;                      /**< content type */
    bool immutable;                  /**< the name has the content's hash */
    struct sl_buf body[WEB_CODINGS]; /**< a variant that is not there is empty */
    char etag[WEB_CODINGS][48];      /**< with quotation marks; each variant has its own */
};

struct web;

/**
 * Load every file that the manifest of a folder names.
 * @param dir  "" gives a web app without files
 * @return SL_OK; SL_NOT_FOUND, SL_CORRUPT or SL_BAD_REQUEST (a page asks for an unknown variable).
 */
SL_MUST_USE enum sl_code web_load(const char *dir, const struct config *config, struct web **out,
                                  struct sl_err *err);
void web_free(struct web *web);

/** The file of an address, by its own name or as a route of the app; NULL: there is none. */
const struct web_file *web_find(const struct web *web, const char *path);
/** The page for addresses that are not there, or NULL. */
const struct web_file *web_not_found(const struct web *web);
size_t web_count(const struct web *web);

/**
 * Which variant to send for an Accept-Encoding header (NULL: none came). The smallest that both
 * sides have; "q=0" refuses, other weights do not matter.
 */
enum web_coding web_coding_of(const struct web_file *file, const char *accept_encoding);
/** Does an If-None-Match header name this entity tag, or any? */
bool web_etag_matches(const char *header, const char *etag);

/**
 * A page with each {{key}} replaced by the setting of that name, escaped for HTML.
 * @return SL_OK and appended to out; SL_BAD_REQUEST names the unknown key.
 */
SL_MUST_USE enum sl_code web_fill(const char *page, size_t len, const struct config *config,
                                  struct sl_buf *out, struct sl_err *err);

#endif
