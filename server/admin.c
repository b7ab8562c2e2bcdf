/*
 * What is done with a service that may not run: make it, check it, copy it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "auth/auth.h"
#include "common/auto.h"
#include "common/buf.h"
#include "common/text.h"
#include "rpc/chain_check.h"
#include "server.h"
#include "store/newfile.h"
#include "store/seal.h"
#include "store/store.h"

#define TOKEN_BYTES 32
static const char token_setting[] = "setup_token_hash";

/* ---- init ---- */

static enum sl_code make_folder(const char *dir, struct sl_err *err)
{
    struct stat st;

    if (mkdir(dir, 0700) == 0) {
        return newfile_flush_folder(dir, err);
    }
    if (errno != EEXIST) {
        return sl_fail_errno(err, "make data folder %.80s", dir);
    }
    if (stat(dir, &st) != 0) {
        return sl_fail_errno(err, "data folder %.80s", dir);
    }
    if (!S_ISDIR(st.st_mode)) {
        return sl_fail(err, SL_BAD_REQUEST, "data_dir %.80s is no folder", dir);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 && chmod(dir, 0700) != 0) {
        return sl_fail_errno(err, "keep others out of data folder %.80s", dir);
    }
    return SL_OK;
}

/* A database without its key stays closed for good, so a new key is made only beside no database.
 */
static enum sl_code make_key(const struct config *config, FILE *out, struct sl_err *err)
{
    SL_AUTO(str) char *key = server_key_path(config);
    SL_AUTO(str) char *database = server_database_path(config);
    struct seal *seal = NULL;

    if (access(key, F_OK) == 0) {
        enum sl_code rc = seal_open_file(key, sl_rand_system(), &seal, err);
        seal_free(seal);
        return rc;
    }
    if (access(database, F_OK) == 0) {
        return sl_fail(err, SL_NOT_FOUND,
                       "there is a database, but its outside key %.60s is missing: put it back",
                       key);
    }
    enum sl_code rc = seal_make_file(key, sl_rand_system(), err);
    if (rc == SL_OK) {
        (void)fprintf(out,
                      "Made the outside key, %s.\n"
                      "Keep a copy of it apart from the backups: without it they cannot be used.\n",
                      key);
    }
    return rc;
}

static enum sl_code is_set_up(struct db *db, bool *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc = db_query(db, SQL_ROSTER_NEWEST, &s, err, "");

    return rc == SL_OK ? db_next(s, out, err) : rc;
}

static enum sl_code write_token(const char *path, const char *token, struct sl_err *err)
{
    SL_AUTO(str) char *part = sl_strf("%s.part", path);
    SL_AUTO(fd) int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || dprintf(fd, "%s\n", token) < 0 || fsync(fd) != 0 || rename(part, path) != 0) {
        return sl_fail_errno(err, "write %.100s", path);
    }
    return newfile_flush_folder(path, err);
}

/* A token is good as long as file and database agree; otherwise both get a new one. */
static enum sl_code token_is_good(struct db *db, const char *path, bool *good, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(file) FILE *f = fopen(path, "re");
    char token[80] = "";
    uint8_t hash[SL_HASH_BYTES];
    bool have = false;

    *good = false;
    if (f == NULL || fgets(token, sizeof token, f) == NULL) {
        return SL_OK;
    }
    token[strcspn(token, "\r\n")] = '\0';
    auth_setup_token_hash(token, hash);
    sodium_memzero(token, sizeof token);
    enum sl_code rc = db_query(db, SQL_SETTING_GET, &s, err, "t", token_setting);
    rc = rc == SL_OK ? db_next(s, &have, err) : rc;
    if (rc == SL_OK && have) {
        struct sl_bytes stored = db_bytes(s, 0);
        *good = stored.len == sizeof hash && memcmp(stored.data, hash, sizeof hash) == 0;
    }
    return rc;
}

static enum sl_code make_token(struct db *db, const char *path, struct sl_err *err)
{
    uint8_t secret[TOKEN_BYTES];
    uint8_t hash[SL_HASH_BYTES];

    sl_rand_fill(sl_rand_system(), secret, sizeof secret);
    SL_AUTO(str) char *token = sl_b64(secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    auth_setup_token_hash(token, hash);
    enum sl_code rc = write_token(path, token, err);
    if (rc == SL_OK) {
        rc = db_exec(db, SQL_SETTING_PUT, NULL, err, "tb", token_setting, hash, sizeof hash);
    }
    sodium_memzero(token, strlen(token));
    return rc;
}

static enum sl_code init_database(const struct config *config, struct db *db, FILE *out,
                                  struct sl_err *err)
{
    SL_AUTO(str) char *path = sl_strf("%s/setup-token", config->data_dir);
    bool set_up = false;
    bool good = false;
    enum sl_code rc = store_migrate(db, err);

    rc = rc == SL_OK ? is_set_up(db, &set_up, err) : rc;
    if (rc == SL_OK && set_up) {
        (void)fprintf(out, "This service is set up already. Nothing was changed.\n");
        return SL_OK;
    }
    rc = rc == SL_OK ? token_is_good(db, path, &good, err) : rc;
    if (rc == SL_OK && !good) {
        rc = make_token(db, path, err);
    }
    if (rc == SL_OK) {
        (void)fprintf(out,
                      "Ready to be set up. Start the server, then, once, as its service manager:\n"
                      "  sendline service init --token-file %s\n",
                      path);
    }
    return rc;
}

enum sl_code server_init(const struct config *config, FILE *out, struct sl_err *err)
{
    SL_AUTO(str) char *database = server_database_path(config);
    struct db *db = NULL;
    enum sl_code rc = make_folder(config->data_dir, err);

    rc = rc == SL_OK ? make_key(config, out, err) : rc;
    rc = rc == SL_OK ? store_connect(database, false, &db, err) : rc;
    rc = rc == SL_OK ? init_database(config, db, out, err) : rc;
    store_disconnect(db);
    return rc;
}

/* ---- check and backup ---- */

enum sl_code server_check(const struct config *config, FILE *out, struct sl_err *err)
{
    SL_AUTO(str) char *database = server_database_path(config);
    struct db *db = NULL;
    enum sl_code rc = store_connect(database, true, &db, err);

    rc = rc == SL_OK ? store_integrity(db, err) : rc;
    rc = rc == SL_OK ? chain_check(db, out, err) : rc;
    if (rc == SL_OK) {
        (void)fprintf(out, "The database is whole.\n");
    }
    store_disconnect(db);
    return rc;
}

enum sl_code server_backup(const struct config *config, const char *to, FILE *out,
                           struct sl_err *err)
{
    SL_AUTO(str) char *database = server_database_path(config);
    enum sl_code rc = store_backup(database, to, err);

    if (rc == SL_OK) {
        (void)fprintf(out,
                      "Copied the database to %s.\n"
                      "The outside key is not in it: keep a copy of that elsewhere.\n",
                      to);
    }
    return rc;
}
