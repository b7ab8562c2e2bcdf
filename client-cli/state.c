#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"
#include "file.h"

enum {
    MAX_STATE_BYTES = 64 * 1024 * 1024,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
};

static const char label[] = "sendline-state-v1";

int state_open(struct state *state, const char *dir, const uint8_t id[16], const uint8_t key[32],
               const struct sl_rand *rand, struct fault *fault)
{
    SL_AUTO(str) char *hex = sl_hex(id, 16);
    struct stat about;
    int rc;

    memset(state, 0, sizeof(*state));
    state->lock_fd = -1;
    state->dir = sl_strf("%s/%s", dir, hex);
    memcpy(state->id, id, sizeof(state->id));
    memcpy(state->key, key, sizeof(state->key));
    state->rand = rand;
    rc = file_make_dir(state->dir, fault);
    if (rc != CLI_OK) {
        return rc;
    }
    if (stat(state->dir, &about) != 0 || about.st_uid != geteuid() || (about.st_mode & 077) != 0) {
        fault_set(fault, CLI_FORBIDDEN, "others can look into %.300s.", state->dir);
        return fault_next(fault, "Make it yours alone: chmod 700 '%.300s'", state->dir);
    }
    return CLI_OK;
}

void state_close(struct state *state)
{
    if (state->dir == NULL) {
        return;
    }
    if (state->lock_depth > 0) {
        state->lock_depth = 1;
        state_unlock(state);
    }
    free(state->dir);
    sodium_memzero(state, sizeof(*state));
    state->lock_fd = -1;
}

static void bind_name(const struct state *state, const char *name, struct sl_buf *ad)
{
    sl_buf_put(ad, label, sizeof(label));
    sl_buf_put(ad, state->id, sizeof(state->id));
    sl_buf_put_str(ad, name);
}

static int damaged(const char *path, struct fault *fault)
{
    fault_set(fault, CLI_UNPLANNED, "%.300s is damaged, or was made with another key.", path);
    return fault_next(
        fault, "Move that file away and run the command again: it is made afresh from the service. "
               "Unsent messages and drafts in it would be lost.");
}

int state_load(const struct state *state, const char *name, json_t **out, struct fault *fault)
{
    SL_AUTO(str) char *path = sl_strf("%s/%s", state->dir, name);
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(buf) struct sl_buf ad = {0};
    SL_AUTO(secret) struct sl_buf plain = {0};
    unsigned long long len = 0;
    int rc;

    if (!file_exists(path)) {
        *out = sl_json_new();
        return CLI_OK;
    }
    rc = file_read(path, MAX_STATE_BYTES, &sealed, fault);
    if (rc != CLI_OK) {
        return rc;
    }
    if (sealed.len < NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES) {
        return damaged(path, fault);
    }
    bind_name(state, name, &ad);
    sl_buf_reserve(&plain, sealed.len);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data, &len, NULL, sealed.data + NONCE,
                                                   sealed.len - NONCE, ad.data, ad.len, sealed.data,
                                                   state->key) != 0) {
        return damaged(path, fault);
    }
    plain.len = (size_t)len;
    if (sl_json_parse((const char *)plain.data, plain.len, 12, out, NULL) != SL_OK) {
        return damaged(path, fault);
    }
    return CLI_OK;
}

int state_save(const struct state *state, const char *name, const json_t *json, struct fault *fault)
{
    SL_AUTO(str) char *path = sl_strf("%s/%s", state->dir, name);
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(buf) struct sl_buf ad = {0};
    unsigned long long len = 0;
    size_t text_len = 0;
    char *text = sl_json_text(json, &text_len);

    bind_name(state, name, &ad);
    sl_buf_reserve(&sealed, NONCE + text_len + crypto_aead_xchacha20poly1305_ietf_ABYTES);
    sl_rand_fill(state->rand, sealed.data, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data + NONCE, &len,
                                                     (const uint8_t *)text, text_len, ad.data,
                                                     ad.len, NULL, sealed.data, state->key);
    sealed.len = NONCE + (size_t)len;
    sodium_memzero(text, text_len);
    free(text);
    return file_write(path, sealed.data, sealed.len, fault);
}

void state_remove(const struct state *state, const char *name)
{
    SL_AUTO(str) char *path = sl_strf("%s/%s", state->dir, name);

    (void)unlink(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

json_t *state_names(const struct state *state, const char *prefix)
{
    json_t *names = sl_json_new_array();
    DIR *dir = opendir(state->dir);
    char **found = NULL;
    size_t count = 0;

    for (struct dirent *at = dir != NULL ? readdir(dir) : NULL; at != NULL; at = readdir(dir)) {
        if (strncmp(at->d_name, prefix, strlen(prefix)) == 0 && strchr(at->d_name, '.') == NULL) {
            found = sl_realloc(found, (count + 1) * sizeof(*found));
            found[count++] = sl_strdup(at->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    if (count > 0) {
        qsort(found, count, sizeof(*found), by_name);
    }
    for (size_t i = 0; i < count; i++) {
        sl_json_append(names, json_string(found[i]));
        free(found[i]);
    }
    free(found);
    return names;
}

int state_lock(struct state *state, struct fault *fault)
{
    if (state->lock_depth == 0) {
        SL_AUTO(str) char *path = sl_strf("%s/lock", state->dir);

        state->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        while (state->lock_fd >= 0 && flock(state->lock_fd, LOCK_EX) != 0) {
            if (errno != EINTR) {
                (void)close(state->lock_fd);
                state->lock_fd = -1;
            }
        }
        if (state->lock_fd < 0) {
            return fault_set(fault, CLI_UNPLANNED, "cannot lock %.300s: %s.", state->dir,
                             strerror(errno));
        }
    }
    state->lock_depth++;
    return CLI_OK;
}

void state_unlock(struct state *state)
{
    if (state->lock_depth > 0 && --state->lock_depth == 0) {
        (void)close(state->lock_fd);
        state->lock_fd = -1;
    }
}
