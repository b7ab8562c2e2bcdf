/* The files of a service that begins. */
#include <sodium.h>
#include <string.h>

#include "common/text.h"
#include "e2ee/keyfile.h"
#include "file.h"
#include "founding.h"

enum {
    MAX_CA_BYTES = 1 << 20
};

/** "Jordan Ellis" as "jordan-ellis"; letters that are not ASCII are left out. Owned. */
static char *slug_of(const char *name)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    SL_AUTO(str) char *lower = sl_strdup(name);
    SL_AUTO(buf) struct sl_buf out = {0};

    sl_lower(lower);
    for (const char *c = lower; *c != '\0'; c++) {
        if (strchr(kept, *c) != NULL) {
            sl_buf_put_u8(&out, (uint8_t)*c);
        } else if (out.len > 0 && out.data[out.len - 1] != '-') {
            sl_buf_put_u8(&out, '-');
        }
    }
    while (out.len > 0 && out.data[out.len - 1] == '-') {
        out.len--;
    }
    return sl_strndup(out.len > 0 ? (const char *)out.data : "", out.len);
}

/** Where a person's file or folder goes: the number tells two names apart that look alike. Owned.
 */
static char *path_of(const struct founding *f, const char *kind, const char *name, size_t number,
                     const char *end)
{
    SL_AUTO(str) char *slug = slug_of(name);

    return sl_strf("%s/%s%zu%s%s%s", f->out_dir, kind, number + 1, slug[0] != '\0' ? "-" : "", slug,
                   end);
}

char *founding_root_path(const struct founding *f, size_t i)
{
    return path_of(f, "root-", f->plan->roots[i].name, i, ".key");
}

char *founding_half_path(const struct founding *f, size_t i)
{
    return path_of(f, "records-", f->plan->officers[i].name, i, ".key");
}

char *founding_staff_path(const struct founding *f, size_t i)
{
    return path_of(f, "staff-", f->plan->staff[i].name, i, "");
}

static int write_key(struct founding *f, const char *path, const struct e2_keyfile *file,
                     const struct plan_person *person)
{
    struct cli *cli = f->cli;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_err err = {0};
    size_t all = f->plan->root_count + PLAN_OFFICERS + f->plan->staff_count;

    cli_note(cli, "Locking key %zu of %zu: %s", ++f->locked, all, person->name);
    if (e2_keyfile_seal(file, sl_buf_bytes(&person->passphrase), cli->rand, &bytes, &err) !=
            SL_OK ||
        e2_keyfile_write(path, sl_buf_bytes(&bytes), &err) != SL_OK) {
        return fault_err(&cli->fault, &err, "a key file cannot be written");
    }
    return CLI_OK;
}

static int write_roots(struct founding *f)
{
    int rc = CLI_OK;

    for (size_t i = 0; i < PLAN_MAX_ROOTS && f->roots[i] != NULL && rc == CLI_OK; i++) {
        SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_ROOT};
        SL_AUTO(str) char *path = founding_root_path(f, i);

        memcpy(file.seed, f->roots[i]->seed, E2_SEED_BYTES);
        rc = write_key(f, path, &file, &f->plan->roots[i]);
    }
    return rc;
}

static int write_halves(struct founding *f)
{
    uint8_t halves[PLAN_OFFICERS][E2_SEED_BYTES];
    int rc = CLI_OK;

    e2_records_split(f->records->seed, f->cli->rand, halves[0], halves[1]);
    for (size_t i = 0; i < PLAN_OFFICERS && rc == CLI_OK; i++) {
        SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_RECORDS_HALF};
        SL_AUTO(str) char *path = founding_half_path(f, i);

        memcpy(file.id, founding_records(f)->id, SL_ID_BYTES);
        memcpy(file.seed, halves[i], E2_SEED_BYTES);
        rc = write_key(f, path, &file, &f->plan->officers[i]);
    }
    sodium_memzero(halves, sizeof(halves));
    return rc;
}

static void put_roots(const struct founding *f, struct sl_buf *out)
{
    for (size_t i = 0; i < f->plan->root_count; i++) {
        sl_buf_put_str(out, i > 0 ? "," : "");
        sl_b64_put(out, f->roots[i]->sign_pk, SL_PK_BYTES);
    }
}

static int write_conf(struct founding *f, const char *dir, const char *name)
{
    struct cli *cli = f->cli;
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(str) char *path = file_join(dir, "config");

    sl_buf_putf(&text, "# Sendline: the settings of %s. 'man sendline' has them all.\n", name);
    sl_buf_putf(&text, "server = %s\npublic_url = %s\n", cli->conf.server, f->public_url);
    if (f->ca_file != NULL) {
        sl_buf_put_str(&text, "ca_file = ca.crt\n");
    }
    sl_buf_put_str(&text, "key_file = key\nstate_dir = state\nroots = ");
    put_roots(f, &text);
    sl_buf_put_str(&text, "\n");
    return file_write(path, text.data, text.len, &cli->fault);
}

static int write_staff(struct founding *f, size_t i)
{
    struct cli *cli = f->cli;
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {.kind = E2_KEYFILE_STAFF};
    SL_AUTO(str) char *dir = founding_staff_path(f, i);
    SL_AUTO(str) char *key = file_join(dir, "key");
    SL_AUTO(str) char *ca = file_join(dir, "ca.crt");
    int rc = file_make_dir(dir, &cli->fault);

    memcpy(file.id, founding_staff(f, i)->id, SL_ID_BYTES);
    memcpy(file.seed, f->staff[i]->seed, E2_SEED_BYTES);
    if (rc == CLI_OK && f->ca_file != NULL) {
        SL_AUTO(buf) struct sl_buf pem = {0};

        rc = file_read(f->ca_file, MAX_CA_BYTES, &pem, &cli->fault);
        if (rc == CLI_OK) {
            rc = file_write(ca, pem.data, pem.len, &cli->fault);
        }
    }
    if (rc == CLI_OK) {
        rc = write_conf(f, dir, f->plan->staff[i].name);
    }
    return rc == CLI_OK ? write_key(f, key, &file, &f->plan->staff[i]) : rc;
}

int founding_write(struct founding *f)
{
    int rc = write_roots(f);

    if (rc == CLI_OK) {
        rc = write_halves(f);
    }
    for (size_t i = 0; i < f->plan->staff_count && rc == CLI_OK; i++) {
        rc = write_staff(f, i);
    }
    return rc;
}
