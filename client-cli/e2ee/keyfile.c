#include "e2ee/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char label[] = "sendline-file-v1";

enum {
    HEAD_BYTES = sizeof(label) + 1 + SL_ID_BYTES + E2_SALT_BYTES,
    SALT_AT = HEAD_BYTES - E2_SALT_BYTES
};

_Static_assert(HEAD_BYTES + E2_AEAD_BYTES + E2_SEED_BYTES == E2_KEYFILE_BYTES, "length of a file");

void sl_auto_e2_keyfile(struct e2_keyfile *file)
{
    sodium_memzero(file, sizeof(*file));
}

static bool kind_ok(uint8_t kind, const uint8_t id[SL_ID_BYTES])
{
    const bool nobody = sodium_is_zero(id, SL_ID_BYTES) != 0;

    return kind >= E2_KEYFILE_STAFF && kind <= E2_KEYFILE_RECORDS_HALF &&
           nobody == (kind == E2_KEYFILE_ROOT);
}

enum sl_code e2_keyfile_seal(const struct e2_keyfile *file, struct sl_bytes passphrase,
                             const struct sl_rand *rand, struct sl_buf *out, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf head = {0};
    uint8_t salt[E2_SALT_BYTES];
    uint8_t key[E2_KEY_BYTES];

    if (!kind_ok(file->kind, file->id)) {
        return sl_fail(err, SL_BAD_REQUEST, "no such kind of key file, or not its id");
    }
    if (passphrase.len == 0) {
        return sl_fail(err, SL_BAD_REQUEST, "a key file needs a passphrase");
    }
    sl_rand_fill(rand, salt, sizeof(salt));
    enum sl_code rc = e2_argon2id_file(key, passphrase, salt, err);
    if (rc != SL_OK) {
        return rc;
    }
    sl_buf_put(&head, label, sizeof(label));
    sl_buf_put_u8(&head, file->kind);
    sl_buf_put(&head, file->id, SL_ID_BYTES);
    sl_buf_put(&head, salt, sizeof(salt));
    sl_buf_put(out, head.data, head.len);
    e2_aead(out, key, sl_buf_bytes(&head), (struct sl_bytes){file->seed, E2_SEED_BYTES}, rand);
    sodium_memzero(key, sizeof(key));
    return SL_OK;
}

enum sl_code e2_keyfile_head(struct sl_bytes bytes, uint8_t *kind, uint8_t id[SL_ID_BYTES],
                             struct sl_err *err)
{
    if (bytes.len != E2_KEYFILE_BYTES || memcmp(bytes.data, label, sizeof(label)) != 0 ||
        !kind_ok(bytes.data[sizeof(label)], bytes.data + sizeof(label) + 1)) {
        return sl_fail(err, SL_CORRUPT, "not a key file");
    }
    *kind = bytes.data[sizeof(label)];
    memcpy(id, bytes.data + sizeof(label) + 1, SL_ID_BYTES);
    return SL_OK;
}

enum sl_code e2_keyfile_open(struct sl_bytes bytes, struct sl_bytes passphrase,
                             struct e2_keyfile *out, struct sl_err *err)
{
    SL_AUTO(secret) struct sl_buf seed = {0};
    SL_AUTO(e2_keyfile) struct e2_keyfile made = {0};
    uint8_t key[E2_KEY_BYTES];

    enum sl_code rc = e2_keyfile_head(bytes, &made.kind, made.id, err);
    if (rc == SL_OK) {
        rc = e2_argon2id_file(key, passphrase, bytes.data + SALT_AT, err);
    }
    if (rc != SL_OK) {
        return rc;
    }
    bool opens = e2_aead_open(&seed, key, (struct sl_bytes){bytes.data, HEAD_BYTES},
                              (struct sl_bytes){bytes.data + HEAD_BYTES, bytes.len - HEAD_BYTES});
    sodium_memzero(key, sizeof(key));
    if (!opens) {
        return sl_fail(err, SL_SIGN_IN_FAILED, "the passphrase does not open this key file");
    }
    memcpy(made.seed, seed.data, E2_SEED_BYTES);
    *out = made;
    return SL_OK;
}

static enum sl_code file_is_private(int fd, const char *path, struct sl_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return sl_fail_errno(err, "look at %s", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return sl_fail(err, SL_FORBIDDEN, "%s is not a plain file", path);
    }
    if (st.st_uid != geteuid()) {
        return sl_fail(err, SL_FORBIDDEN, "%s belongs to somebody else", path);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return sl_fail(err, SL_FORBIDDEN, "others can read %s: run chmod 600 %s", path, path);
    }
    return SL_OK;
}

enum sl_code e2_keyfile_read(const char *path, struct sl_buf *out, struct sl_err *err)
{
    uint8_t bytes[E2_KEYFILE_BYTES + 1];
    size_t have = 0;
    SL_AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        return errno == ENOENT ? sl_fail(err, SL_NOT_FOUND, "there is no %s", path)
                               : sl_fail_errno(err, "open %s", path);
    }
    enum sl_code rc = file_is_private(fd, path, err);
    if (rc != SL_OK) {
        return rc;
    }
    while (have < sizeof(bytes)) {
        ssize_t n = read(fd, bytes + have, sizeof(bytes) - have);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return sl_fail_errno(err, "read %s", path);
        }
        if (n == 0) {
            break;
        }
        have += (size_t)n;
    }
    if (have != E2_KEYFILE_BYTES) {
        return sl_fail(err, SL_CORRUPT, "%s is not a key file", path);
    }
    sl_buf_put(out, bytes, have);
    return SL_OK;
}

enum sl_code e2_keyfile_write(const char *path, struct sl_bytes bytes, struct sl_err *err)
{
    size_t done = 0;
    SL_AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno == EEXIST ? sl_fail(err, SL_ID_USED, "there is a file %s already", path)
                               : sl_fail_errno(err, "make %s", path);
    }
    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            enum sl_code rc = sl_fail_errno(err, "write %s", path);
            (void)unlink(path);
            return rc;
        }
        done += (size_t)n;
    }
    if (fsync(fd) != 0) {
        enum sl_code rc = sl_fail_errno(err, "flush %s", path);
        (void)unlink(path);
        return rc;
    }
    return SL_OK;
}
