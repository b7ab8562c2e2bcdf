#include "net/web.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <zlib.h>

#include "common/auto.h"
#include "common/text.h"

#define MAX_FILE_BYTES (16U << 20)
#define MAX_FILES 2000U

struct web_route {
    char *pattern; /* without the star */
    bool below;    /* it had one */
    size_t file;
};

struct web {
    struct web_file *files; /* sorted by path */
    size_t count;
    struct web_route *routes;
    size_t route_count;
};

static const char *const coding_suffix[WEB_CODINGS] = {"", ".gz", ".br"};

/* A whole file. SL_NOT_FOUND when it is not there. */
static enum sl_code read_file(int dir, const char *name, struct sl_buf *out, struct sl_err *err)
{
    struct stat st;
    SL_AUTO(fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? sl_fail(err, SL_NOT_FOUND, "web file %.100s is missing", name)
                               : sl_fail_errno(err, "open web file %.100s", name);
    }
    if (fstat(fd, &st) != 0) {
        return sl_fail_errno(err, "web file %.100s", name);
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE_BYTES) {
        return sl_fail(err, SL_CORRUPT, "web file %.100s is too large, or no file", name);
    }
    size_t size = (size_t)st.st_size;
    sl_buf_reserve(out, size + 1);
    while (size > 0) {
        ssize_t n = read(fd, out->data + out->len, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return sl_fail_errno(err, "read web file %.100s", name);
        }
        out->len += (size_t)n;
        size -= (size_t)n;
    }
    return SL_OK;
}

static void compress_gzip(const struct sl_buf *plain, struct sl_buf *out)
{
    z_stream z = {.next_in = plain->data, .avail_in = (uInt)plain->len};

    /* 15 + 16: the gzip format, which is what browsers mean by it. */
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        abort(); /* only for want of memory */
    }
    sl_buf_reserve(out, deflateBound(&z, (uLong)plain->len));
    z.next_out = out->data;
    z.avail_out = (uInt)out->cap;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
        out->len = z.total_out;
    }
    (void)deflateEnd(&z);
}

static void set_etags(struct web_file *file)
{
    uint8_t hash[16];

    (void)crypto_generichash(hash, sizeof hash, file->body[WEB_PLAIN].data,
                             file->body[WEB_PLAIN].len, NULL, 0);
    SL_AUTO(str) char *hex = sl_hex(hash, sizeof hash);
    for (int coding = 0; coding < WEB_CODINGS; coding++) {
        const char *suffix = coding_suffix[coding];
        (void)snprintf(file->etag[coding], sizeof file->etag[coding], "\"%s%s%s\"", hex,
                       *suffix == '\0' ? "" : "-", *suffix == '\0' ? "" : suffix + 1);
    }
}

/* The file as it is, filled in, and its variants: made here for a page, read for the rest. */
static enum sl_code load_bodies(int dir, const char *name, bool template,
                                const struct config *config, struct web_file *file,
                                struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf raw = {NULL, 0, 0};
    enum sl_code rc = read_file(dir, name, &raw, err);

    if (rc != SL_OK) {
        return rc;
    }
    if (template) {
        rc = web_fill((const char *)raw.data, raw.len, config, &file->body[WEB_PLAIN], err);
        if (rc != SL_OK) {
            return rc;
        }
        compress_gzip(&file->body[WEB_PLAIN], &file->body[WEB_GZIP]);
        return SL_OK;
    }
    file->body[WEB_PLAIN] = raw;
    raw = (struct sl_buf){NULL, 0, 0};
    for (int coding = WEB_GZIP; coding < WEB_CODINGS; coding++) {
        SL_AUTO(str) char *variant = sl_strf("%s%s", name, coding_suffix[coding]);
        rc = read_file(dir, variant, &file->body[coding], err);
        if (rc != SL_OK && rc != SL_NOT_FOUND) {
            return rc;
        }
        /* A variant that saves nothing only costs the browser work. */
        if (file->body[coding].len >= file->body[WEB_PLAIN].len) {
            sl_buf_free(&file->body[coding]);
        }
    }
    return SL_OK;
}

static enum sl_code add_routes(struct web *web, const json_t *entry, size_t index,
                               struct sl_err *err)
{
    json_t *routes = json_object_get(entry, "routes");
    json_t *route = NULL;
    size_t i = 0;

    json_array_foreach(routes, i, route)
    {
        const char *text = json_string_value(route);
        if (text == NULL || text[0] != '/') {
            return sl_fail(err, SL_CORRUPT, "manifest.json: a route does not begin with /");
        }
        size_t len = strlen(text);
        bool below = text[len - 1] == '*';
        web->routes = sl_realloc(web->routes, (web->route_count + 1) * sizeof *web->routes);
        web->routes[web->route_count++] = (struct web_route){
            .pattern = sl_strndup(text, below ? len - 1 : len), .below = below, .file = index};
    }
    return SL_OK;
}

static enum sl_code load_entry(struct web *web, int dir, const json_t *entry,
                               const struct config *config, struct sl_err *err)
{
    const char *path = json_string_value(json_object_get(entry, "path"));
    const char *name = json_string_value(json_object_get(entry, "file"));
    const char *type = json_string_value(json_object_get(entry, "type"));

    /* Names come from our own build; the check is against a folder that is not one. */
    if (path == NULL || name == NULL || type == NULL || path[0] != '/' || name[0] == '/' ||
        strstr(name, "..") != NULL || strpbrk(type, "\r\n") != NULL) {
        return sl_fail(err, SL_CORRUPT, "manifest.json: entry %zu is not whole", web->count);
    }
    struct web_file *file = &web->files[web->count++];
    file->path = sl_strdup(path);
    file->type = sl_strdup(type);
    file->immutable = json_is_true(json_object_get(entry, "immutable"));
    enum sl_code rc =
        load_bodies(dir, name, json_is_true(json_object_get(entry, "template")), config, file, err);
    if (rc == SL_OK) {
        set_etags(file);
    }
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const struct web_file *left = a;
    const struct web_file *right = b;
    return strcmp(left->path, right->path);
}

static int path_against(const void *path, const void *file)
{
    return strcmp(path, ((const struct web_file *)file)->path);
}

static const struct web_file *find_exact(const struct web *web, const char *path)
{
    if (web->count == 0) {
        return NULL;
    }
    return bsearch(path, web->files, web->count, sizeof *web->files, path_against);
}

static enum sl_code load_all(struct web *web, int dir, const json_t *list,
                             const struct config *config, struct sl_err *err)
{
    size_t n = json_array_size(list);
    enum sl_code rc = SL_OK;

    if (n == 0 || n > MAX_FILES) {
        return sl_fail(err, SL_CORRUPT, "manifest.json: a list of 1 to %u files", MAX_FILES);
    }
    web->files = sl_alloc(n * sizeof *web->files);
    for (size_t i = 0; i < n && rc == SL_OK; i++) {
        rc = load_entry(web, dir, json_array_get(list, i), config, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    qsort(web->files, web->count, sizeof *web->files, by_path);
    for (size_t i = 1; i < web->count; i++) {
        if (by_path(&web->files[i - 1], &web->files[i]) == 0) {
            return sl_fail(err, SL_CORRUPT, "manifest.json: %.100s is there twice",
                           web->files[i].path);
        }
    }
    for (size_t i = 0; i < n && rc == SL_OK; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *path = json_string_value(json_object_get(entry, "path"));
        const struct web_file *file = path == NULL ? NULL : find_exact(web, path);
        if (file != NULL) {
            rc = add_routes(web, entry, (size_t)(file - web->files), err);
        }
    }
    return rc;
}

enum sl_code web_load(const char *dir, const struct config *config, struct web **out,
                      struct sl_err *err)
{
    struct web *web = sl_alloc(sizeof *web);
    SL_AUTO(buf) struct sl_buf text = {NULL, 0, 0};
    SL_AUTO(fd) int dir_fd = -1;
    SL_AUTO(json) json_t *manifest = NULL;
    json_error_t bad;
    enum sl_code rc = SL_OK;

    if (dir[0] == '\0') {
        *out = web;
        return SL_OK;
    }
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        rc = sl_fail(err, SL_NOT_FOUND, "web_dir %.100s cannot be opened (%s)", dir,
                     strerrordesc_np(errno));
    } else {
        rc = read_file(dir_fd, "manifest.json", &text, err);
    }
    if (rc == SL_OK) {
        manifest = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &bad);
        json_t *files = json_is_object(manifest) ? json_object_get(manifest, "files") : manifest;
        rc = json_is_array(files)
                 ? load_all(web, dir_fd, files, config, err)
                 : sl_fail(err, SL_CORRUPT, "manifest.json is not a list of files");
    }
    if (rc != SL_OK) {
        web_free(web);
        return rc;
    }
    *out = web;
    return SL_OK;
}

void web_free(struct web *web)
{
    if (web == NULL) {
        return;
    }
    for (size_t i = 0; i < web->count; i++) {
        free(web->files[i].path);
        free(web->files[i].type);
        for (int coding = 0; coding < WEB_CODINGS; coding++) {
            sl_buf_free(&web->files[i].body[coding]);
        }
    }
    for (size_t i = 0; i < web->route_count; i++) {
        free(web->routes[i].pattern);
    }
    free(web->files);
    free(web->routes);
    free(web);
}

const struct web_file *web_find(const struct web *web, const char *path)
{
    const struct web_file *file = find_exact(web, path);

    /* What has a dot is a file's name, and a missing file is missing, not a page. */
    if (file != NULL || strchr(path, '.') != NULL) {
        return file;
    }
    for (size_t i = 0; i < web->route_count; i++) {
        const struct web_route *route = &web->routes[i];
        size_t len = strlen(route->pattern);
        if (route->below ? strncmp(path, route->pattern, len) == 0 && path[len] != '\0'
                         : strcmp(path, route->pattern) == 0) {
            return &web->files[route->file];
        }
    }
    return NULL;
}

const struct web_file *web_not_found(const struct web *web)
{
    return find_exact(web, "/404");
}

size_t web_count(const struct web *web)
{
    return web->count;
}

/* Does an Accept-Encoding header take this coding? */
static bool accepts(const char *header, const char *name)
{
    size_t name_len = strlen(name);

    while (*header != '\0') {
        header += strspn(header, " \t,");
        size_t len = strcspn(header, ",");
        size_t token = strcspn(header, " \t;,");
        if (token == name_len && strncasecmp(header, name, name_len) == 0) {
            const char *q = memmem(header, len, "q=", 2);
            return q == NULL || strspn(q + 2, "0.") != strcspn(q + 2, " \t,;");
        }
        header += len;
    }
    return false;
}

enum web_coding web_coding_of(const struct web_file *file, const char *accept_encoding)
{
    if (accept_encoding == NULL) {
        return WEB_PLAIN;
    }
    if (file->body[WEB_BR].len > 0 && accepts(accept_encoding, "br")) {
        return WEB_BR;
    }
    if (file->body[WEB_GZIP].len > 0 && accepts(accept_encoding, "gzip")) {
        return WEB_GZIP;
    }
    return WEB_PLAIN;
}

bool web_etag_matches(const char *header, const char *etag)
{
    size_t etag_len = strlen(etag);

    while (*header != '\0') {
        header += strspn(header, " \t,");
        if (strncmp(header, "W/", 2) == 0) {
            header += 2;
        }
        size_t len = strcspn(header, " \t,");
        if ((len == 1 && *header == '*') ||
            (len == etag_len && strncmp(header, etag, etag_len) == 0)) {
            return true;
        }
        header += len;
    }
    return false;
}
