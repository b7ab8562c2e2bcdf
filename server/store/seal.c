#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/newfile.h"

/*
 * The file is text, so that it can be put in a safe on paper: the label, 64 lower-case hex digits
 * and a line end.
 */
#define FILE_LABEL "sendline-key-v1\n"
#define SEAL_LABEL "sendline-seal-v1"

enum {
    LABEL_LEN = sizeof FILE_LABEL - 1,
    MASTER_LEN = crypto_kdf_KEYBYTES,
    KEY_LEN = 32,
    FILE_LEN = LABEL_LEN + 2 * MASTER_LEN + 1,
    NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    ROW_ID_LEN = 16,
    /* First byte of everything sealed, so that another form or key can follow. */
    FORM = 1
};

/** In locked memory, read-only once made. */
struct seal {
    uint8_t sealing[KEY_LEN];
    uint8_t lookup[KEY_LEN];
    const struct sl_rand *rand;
};

_Static_assert(LABEL_LEN == 16, "the label is 16 bytes");

static enum sl_code init_sodium(struct sl_err *err)
{
    return sodium_init() < 0 ? sl_fail(err, SL_SYSTEM, "libsodium does not start") : SL_OK;
}

/* ---- The file ---- */

static enum sl_code write_all(int fd, const char *data, size_t len, const char *path,
                              struct sl_err *err)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return sl_fail_errno(err, "write %s", path);
        }
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? SL_OK : sl_fail_errno(err, "flush %s", path);
}

static enum sl_code write_part(const char *part, const struct sl_rand *rand, struct sl_err *err)
{
    uint8_t master[MASTER_LEN];
    char text[FILE_LEN + 1];

    /* A part is left only by a run that was killed. */
    if (unlink(part) != 0 && errno != ENOENT) {
        return sl_fail_errno(err, "remove %s", part);
    }
    SL_AUTO(fd) int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return sl_fail_errno(err, "make %s", part);
    }
    sl_rand_fill(rand, master, sizeof master);
    memcpy(text, FILE_LABEL, LABEL_LEN);
    (void)sodium_bin2hex(text + LABEL_LEN, sizeof text - LABEL_LEN, master, sizeof master);
    text[FILE_LEN - 1] = '\n';
    enum sl_code rc = write_all(fd, text, FILE_LEN, part, err);
    sodium_memzero(master, sizeof master);
    sodium_memzero(text, sizeof text);
    return rc;
}

enum sl_code seal_make_file(const char *path, const struct sl_rand *rand, struct sl_err *err)
{
    SL_AUTO(str) char *part = sl_strf("%s.part", path);

    if (access(path, F_OK) == 0) {
        return sl_fail(err, SL_ID_USED, "%s exists already", path);
    }
    enum sl_code rc = init_sodium(err);
    if (rc == SL_OK) {
        rc = write_part(part, rand, err);
    }
    if (rc == SL_OK) {
        rc = newfile_publish(part, path, err);
    }
    if (rc != SL_OK) {
        (void)unlink(part);
    }
    return rc;
}

static enum sl_code check_owner(int fd, const char *path, struct sl_err *err)
{
    struct stat st;
    uid_t me = geteuid();

    if (fstat(fd, &st) != 0) {
        return sl_fail_errno(err, "look at %s", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return sl_fail(err, SL_CORRUPT, "%s is not a file", path);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return sl_fail(err, SL_FORBIDDEN, "others can use %s (mode %03o): chmod 600 it", path,
                       (unsigned)(st.st_mode & 0777));
    }
    /* Root may keep it for the service, and may look at the service's. */
    if (st.st_uid != me && st.st_uid != 0 && me != 0) {
        return sl_fail(err, SL_FORBIDDEN, "%s belongs to another user (%u)", path,
                       (unsigned)st.st_uid);
    }
    return SL_OK;
}

/* Exactly FILE_LEN bytes, or it is not one. */
static enum sl_code read_text(int fd, char *text, const char *path, struct sl_err *err)
{
    size_t len = 0;

    while (len <= FILE_LEN) {
        ssize_t n = read(fd, text + len, FILE_LEN + 1 - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return sl_fail_errno(err, "read %s", path);
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
    }
    return len == FILE_LEN ? SL_OK : sl_fail(err, SL_CORRUPT, "%s is not a key file", path);
}

static bool parse(const char *text, uint8_t master[MASTER_LEN])
{
    const char *hex = text + LABEL_LEN;
    size_t len = 0;

    if (memcmp(text, FILE_LABEL, LABEL_LEN) != 0 || text[FILE_LEN - 1] != '\n') {
        return false;
    }
    /* libsodium would take capitals, too. */
    for (size_t i = 0; i < (size_t)2 * MASTER_LEN; i++) {
        if (!((hex[i] >= '0' && hex[i] <= '9') || (hex[i] >= 'a' && hex[i] <= 'f'))) {
            return false;
        }
    }
    return sodium_hex2bin(master, MASTER_LEN, hex, (size_t)2 * MASTER_LEN, NULL, &len, NULL) == 0 &&
           len == MASTER_LEN;
}

static enum sl_code read_master(const char *path, uint8_t master[MASTER_LEN], struct sl_err *err)
{
    char text[FILE_LEN + 1];
    SL_AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        if (errno == ENOENT) {
            return sl_fail(err, SL_NOT_FOUND, "there is no key file %s", path);
        }
        return sl_fail_errno(err, "open %s", path);
    }
    enum sl_code rc = check_owner(fd, path, err);
    if (rc == SL_OK) {
        rc = read_text(fd, text, path, err);
    }
    if (rc == SL_OK && !parse(text, master)) {
        rc = sl_fail(err, SL_CORRUPT, "%s is not a key file", path);
    }
    sodium_memzero(text, sizeof text);
    return rc;
}

enum sl_code seal_open_file(const char *path, const struct sl_rand *rand, struct seal **out,
                            struct sl_err *err)
{
    uint8_t master[MASTER_LEN];

    enum sl_code rc = init_sodium(err);
    if (rc == SL_OK) {
        rc = read_master(path, master, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    struct seal *seal = sodium_malloc(sizeof *seal);
    if (seal == NULL) {
        sodium_memzero(master, sizeof master);
        return sl_fail_errno(err, "lock memory for %s", path);
    }
    (void)crypto_kdf_derive_from_key(seal->sealing, KEY_LEN, 1, "sendline", master);
    (void)crypto_kdf_derive_from_key(seal->lookup, KEY_LEN, 2, "sendline", master);
    seal->rand = rand;
    sodium_memzero(master, sizeof master);
    if (sodium_mprotect_readonly(seal) != 0) {
        sodium_free(seal);
        return sl_fail_errno(err, "protect the key of %s", path);
    }
    *out = seal;
    return SL_OK;
}

void seal_free(struct seal *seal)
{
    sodium_free(seal);
}

/* ---- Columns ---- */

static void put_place(struct sl_buf *out, const char *where, const uint8_t row_id[ROW_ID_LEN])
{
    sl_buf_put_str(out, SEAL_LABEL);
    sl_buf_put(out, where, strlen(where) + 1);
    sl_buf_put(out, row_id, ROW_ID_LEN);
}

void seal_put(const struct seal *seal, const char *where, const uint8_t row_id[16],
              const void *data, size_t len, struct sl_buf *out)
{
    SL_AUTO(buf) struct sl_buf place = {0};
    unsigned long long sealed_len = 0;

    put_place(&place, where, row_id);
    sl_buf_reserve(out, 1 + NONCE_LEN + len + TAG_LEN);
    sl_buf_put_u8(out, FORM);
    uint8_t *nonce = out->data + out->len;
    sl_rand_fill(seal->rand, nonce, NONCE_LEN);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_LEN, &sealed_len, data, len,
                                                     place.data, place.len, NULL, nonce,
                                                     seal->sealing);
    out->len += NONCE_LEN + (size_t)sealed_len;
}

enum sl_code seal_get(const struct seal *seal, const char *where, const uint8_t row_id[16],
                      const void *sealed, size_t len, struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf place = {0};
    const uint8_t *at = sealed;
    unsigned long long opened_len = 0;

    if (len < 1 + NONCE_LEN + TAG_LEN || at[0] != FORM) {
        return sl_fail(err, SL_CORRUPT, "%s is not a sealed column", where);
    }
    put_place(&place, where, row_id);
    sl_buf_reserve(out, len - 1 - NONCE_LEN);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out->data + out->len, &opened_len, NULL, at + 1 + NONCE_LEN, len - 1 - NONCE_LEN,
            place.data, place.len, at + 1, seal->sealing) != 0) {
        return sl_fail(err, SL_CORRUPT, "%s does not open: damaged, moved, or another outside key",
                       where);
    }
    out->len += (size_t)opened_len;
    return SL_OK;
}

void seal_lookup(const struct seal *seal, const char *where, const void *data, size_t len,
                 uint8_t out[32])
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, seal->lookup, KEY_LEN, KEY_LEN);
    (void)crypto_generichash_update(&state, (const uint8_t *)where, strlen(where) + 1);
    (void)crypto_generichash_update(&state, data, len);
    (void)crypto_generichash_final(&state, out, KEY_LEN);
    sodium_memzero(&state, sizeof state);
}
