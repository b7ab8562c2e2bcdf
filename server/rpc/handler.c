#include "rpc/handler.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "common/json.h"
#include "store/seal.h"

enum sl_code handler_need_listener(const struct rpc_call *call, enum rpc_listener which,
                                   struct sl_err *err)
{
    return call->listener == which ? SL_OK : sl_fail(err, SL_FORBIDDEN, "on the other listener");
}

/* "thread:b16 from:int?" has "from". */
static bool args_have(const char *args, const char *name, size_t len)
{
    for (const char *at = args; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ' ? 1 : 0;
        if (strncmp(at, name, len) == 0 && at[len] == ':') {
            return true;
        }
    }
    return false;
}

enum sl_code handler_only(const json_t *obj, const char *args, struct sl_err *err)
{
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)obj, name, value)
    {
        size_t len = strlen(name);
        if (!args_have(args, name, len)) {
            /* What a stranger calls a field is not repeated at any length. */
            return sl_fail(err, SL_BAD_REQUEST, "%.40s: not an argument of this call", name);
        }
    }
    return SL_OK;
}

enum sl_code handler_member(const json_t *list, size_t i, const char *args, struct sl_err *err)
{
    const json_t *member = json_array_get(list, i);

    return json_is_object(member)
               ? handler_only(member, args, err)
               : sl_fail(err, SL_BAD_REQUEST, "a member of a list is not an object");
}

enum sl_code handler_host(const struct rpc_call *call, char out[HANDLER_HOST_SIZE],
                          struct sl_err *err)
{
    const struct config *config = call->env->config;
    const char *url = call->listener == RPC_PUBLIC ? config->public_url : config->staff_url;

    return auth_host_of(url, out, HANDLER_HOST_SIZE)
               ? SL_OK
               : sl_fail(err, SL_SYSTEM, "no host in the configured address");
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum sl_code handler_address(const json_t *args, char **out, struct sl_err *err)
{
    const char *text = NULL;
    enum sl_code rc = sl_json_str(args, "address", 3, SL_MAX_ADDRESS_BYTES, &text, err);

    if (rc != SL_OK) {
        return rc;
    }
    size_t len = strlen(text);
    while (len > 0 && blank(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && blank(text[len - 1])) {
        len--;
    }
    SL_AUTO(str) char *made = sl_strndup(text, len);
    const char *at = strchr(made, '@');
    if (at == NULL || at == made || at[1] == '\0') {
        return sl_fail(err, SL_BAD_REQUEST, "address: not an e-mail address");
    }
    for (char *c = made; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x21 || *c == 0x7f) {
            return sl_fail(err, SL_BAD_REQUEST, "address: not an e-mail address");
        }
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    *out = sl_steal(&made);
    return SL_OK;
}

enum sl_code handler_cursor(struct db *db, const uint8_t account_id[SL_ID_BYTES], int64_t *out,
                            struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_EVENT_CURSOR, &s, err, "b", account_id, (size_t)SL_ID_BYTES);

    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc == SL_OK) {
        *out = have ? db_int(s, 0) : 0;
    }
    return rc;
}

enum sl_code handler_is_holder(struct db *db, const uint8_t id[SL_ID_BYTES], bool *out,
                               struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    enum sl_code rc = db_query(db, SQL_HOLDER_ID_USED, &s, err, "b", id, (size_t)SL_ID_BYTES);

    return rc == SL_OK ? db_next(s, out, err) : rc;
}

enum sl_code handler_holder(struct db *db, enum sl_holder_kind kind, const uint8_t id[SL_ID_BYTES],
                            uint32_t generation, struct handler_holder *out, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    struct handler_holder found = {0};
    enum sl_code rc = db_query(db, SQL_HOLDER_GET, &s, err, "ibi", (int64_t)kind, id,
                               (size_t)SL_ID_BYTES, (int64_t)generation);

    if (rc == SL_OK) {
        rc = db_next(s, &found.found, err);
    }
    if (rc == SL_OK && found.found) {
        if (!db_fixed(s, 0, found.sign_pk, SL_PK_BYTES) ||
            !db_fixed(s, 1, found.box_pk, SL_PK_BYTES)) {
            return sl_fail(err, SL_CORRUPT, "a holder's keys have a wrong length");
        }
        found.added_serial = (uint32_t)db_int(s, 2);
        found.ended_serial = (uint32_t)db_int(s, 3);
    }
    if (rc == SL_OK) {
        *out = found;
    }
    return rc;
}

void handler_hash(const void *data, size_t len, uint8_t out[SL_HASH_BYTES])
{
    (void)crypto_generichash(out, SL_HASH_BYTES, data, len, NULL, 0);
}

enum sl_code handler_set_unsealed(const struct rpc_call *call, json_t *obj, const char *field,
                                  const char *where, const uint8_t row_id[SL_ID_BYTES],
                                  struct sl_bytes sealed, struct sl_err *err)
{
    SL_AUTO(secret) struct sl_buf clear = {0};
    enum sl_code rc =
        seal_get(call->env->seal, where, row_id, sealed.data, sealed.len, &clear, err);

    if (rc == SL_OK) {
        sl_json_set_bytes(obj, field, clear.data, clear.len);
    }
    return rc;
}
