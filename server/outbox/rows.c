/* Rows of the outbox: what is due, and what is decided of it. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/room.h"
#include "store/seal.h"

void outbox_row_fini(struct outbox_row *row)
{
    if (row->email != NULL) {
        sodium_memzero(row->email, strlen(row->email));
    }
    if (row->mobile != NULL) {
        sodium_memzero(row->mobile, strlen(row->mobile));
    }
    free(row->email);
    free(row->mobile);
    *row = (struct outbox_row){0};
}

/* ---- Reading ---- */

/* A sealed column as text; false when it does not open. NULL stays NULL. */
static bool open_column(const struct outbox *outbox, const struct db_stmt *s, int column,
                        const char *where, const uint8_t row_id[SL_ID_BYTES], char **out)
{
    SL_AUTO(secret) struct sl_buf clear = {0};
    struct sl_bytes sealed = db_bytes(s, column);

    if (db_is_null(s, column)) {
        return true;
    }
    if (seal_get(outbox->options.seal, where, row_id, sealed.data, sealed.len, &clear, NULL) !=
        SL_OK) {
        return false;
    }
    *out = sl_strndup((const char *)clear.data, clear.len);
    return true;
}

static enum notice_channel channel_of(const char *name)
{
    if (strcmp(name, "text") == 0) {
        return CHANNEL_TEXT;
    }
    return strcmp(name, "none") == 0 ? CHANNEL_NONE : CHANNEL_EMAIL;
}

enum { /* columns of outbox_due */
    COL_ID,
    COL_KIND,
    COL_ACCOUNT,
    COL_ADDRESS,
    COL_MARK,
    COL_MADE_AT,
    COL_UNTIL_AT,
    COL_TRIES,
    COL_ACCOUNT_ADDRESS,
    COL_CHANNEL,
    COL_MOBILE,
    COL_QUIET_FROM,
    COL_QUIET_TO,
    COL_OFF,
    COL_SEEN_SEQ
};

static void take_row(const struct outbox *outbox, const struct db_stmt *s, struct outbox_row *row)
{
    const struct config *config = outbox->options.config;
    uint8_t account_id[SL_ID_BYTES];
    const bool chosen = !db_is_null(s, COL_CHANNEL);

    *row = (struct outbox_row){
        .kind = notice_of(db_text(s, COL_KIND)),
        .mark = db_int(s, COL_MARK),
        .made_at = db_int(s, COL_MADE_AT),
        .until_at = db_int(s, COL_UNTIL_AT),
        .tries = (int)db_int(s, COL_TRIES),
        .channel = channel_of(db_text(s, COL_CHANNEL)),
        .quiet = {.from_min =
                      (int)(chosen ? db_int(s, COL_QUIET_FROM) : config->quiet_from_hour * 60),
                  .to_min = (int)(chosen ? db_int(s, COL_QUIET_TO) : config->quiet_to_hour * 60)},
        .off = db_int(s, COL_OFF) != 0,
        .seen_seq = db_int(s, COL_SEEN_SEQ),
    };
    row->damaged = !db_fixed(s, COL_ID, row->id, SL_ID_BYTES);
    if (!db_is_null(s, COL_ADDRESS)) {
        /* This address, and no other way. */
        row->channel = CHANNEL_EMAIL;
        row->damaged |=
            !open_column(outbox, s, COL_ADDRESS, "outbox.address", row->id, &row->email);
        return;
    }
    if (db_fixed(s, COL_ACCOUNT, account_id, SL_ID_BYTES)) {
        row->damaged |=
            !open_column(outbox, s, COL_ACCOUNT_ADDRESS, "parent.address", account_id, &row->email);
        row->damaged |=
            !open_column(outbox, s, COL_MOBILE, "notice_choice.mobile", account_id, &row->mobile);
    }
}

enum sl_code outbox_rows_due(const struct outbox *outbox, struct db *db, int64_t now_s,
                             struct outbox_row *out, size_t most, size_t *count, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;
    enum sl_code rc = db_query(db, SQL_OUTBOX_DUE, &s, err, "ii", now_s, (int64_t)most);

    *count = 0;
    while (rc == SL_OK && (rc = db_next(s, &have, err)) == SL_OK && have && *count < most) {
        take_row(outbox, s, &out[(*count)++]);
    }
    return rc;
}

/* ---- Deciding ---- */

/* An address that no mail server or header could take for anything else. */
static bool is_address(const char *text)
{
    return text != NULL && strchr(text, '@') != NULL && strpbrk(text, "<>\",;:\\() \t\r\n") == NULL;
}

static struct outbox_plan settled(enum outbox_step step, const char *reason)
{
    return (struct outbox_plan){.step = step, .reason = reason};
}

struct outbox_plan outbox_plan_of(const struct outbox_row *row, bool have_email, bool have_text,
                                  int64_t now_s)
{
    if (row->kind == NOTICE_COUNT || row->damaged) {
        return settled(OUTBOX_GIVE_UP, row->damaged ? "damaged" : "unknown_kind");
    }
    const unsigned flags = notice_flags(row->kind);
    const bool by_text = row->channel == CHANNEL_TEXT && row->mobile != NULL && have_text;
    const int64_t after_quiet_at = notice_after_quiet(&row->quiet, now_s);

    if ((flags & TELL_OPTIONAL) != 0 && (row->off || row->channel == CHANNEL_NONE)) {
        return settled(OUTBOX_DROP, "not_wanted");
    }
    if ((flags & TELL_UNTIL_READ) != 0 && row->seen_seq > row->mark) {
        return settled(OUTBOX_DROP, "read");
    }
    if (now_s >= row->until_at) {
        return row->tries > 0 ? settled(OUTBOX_GIVE_UP, NULL) : settled(OUTBOX_DROP, "too_late");
    }
    if ((flags & TELL_AT_ONCE) == 0 && after_quiet_at > now_s) {
        const int64_t at = after_quiet_at < row->until_at ? after_quiet_at : row->until_at;
        return (struct outbox_plan){.step = OUTBOX_WAIT, .at = at};
    }
    if (!by_text && !have_email) {
        return settled(OUTBOX_DROP, "no_carrier");
    }
    if (!by_text && !is_address(row->email)) {
        return settled(OUTBOX_GIVE_UP, "no_address");
    }
    const int64_t again_at = now_s + notice_pause_s(row->tries + 1);
    return (struct outbox_plan){
        .step = OUTBOX_SEND,
        .by_text = by_text,
        .at = again_at < row->until_at ? again_at : row->until_at,
    };
}
