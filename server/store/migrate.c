#include "store/migrate.h"

#include "common/log.h"
#include "store/store.h"

static enum sl_code too_new(int version, size_t count, struct sl_err *err)
{
    return sl_fail(err, SL_CORRUPT,
                   "the database has version %d, this program (%s) knows versions up to %zu: "
                   "run the newer program",
                   version, SENDLINE_VERSION, count);
}

enum sl_code migrate_with(struct db *db, const struct sql_migration *steps, size_t count,
                          struct sl_err *err)
{
    int version = 0;

    enum sl_code rc = db->driver->version(db, &version, err);
    if (rc != SL_OK) {
        return rc;
    }
    if (version < 0 || (size_t)version > count) {
        return too_new(version, count, err);
    }
    for (size_t i = (size_t)version; i < count; i++) {
        rc = db->driver->migrate(db, &steps[i], err);
        if (rc != SL_OK) {
            return rc;
        }
        sl_log(SL_LOG_INFO, "migrated", "version=%d step=%s", steps[i].version, steps[i].name);
    }
    return SL_OK;
}

enum sl_code migrate_check(struct db *db, size_t count, struct sl_err *err)
{
    int version = 0;

    enum sl_code rc = db->driver->version(db, &version, err);
    if (rc != SL_OK) {
        return rc;
    }
    if (version < 0 || (size_t)version > count) {
        return too_new(version, count, err);
    }
    if ((size_t)version < count) {
        return sl_fail(err, SL_CORRUPT,
                       "the database has version %d, this program needs %zu: start the server once",
                       version, count);
    }
    return SL_OK;
}

enum sl_code store_migrate(struct db *db, struct sl_err *err)
{
    return migrate_with(db, sql_migrations, sql_migration_count, err);
}
