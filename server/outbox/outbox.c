#include "outbox/outbox.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "outbox/room.h"
#include "store/seal.h"

enum {
    GIVE_UP_S = 24 * 3600,
    MINUTE_S = 60,
    WEEK_S = 7 * 86400,
    ROSTER_WARNING_S = 2 * WEEK_S,
    MOBILE_LEAST = 7,
    MOBILE_MOST = 20
};

/* ---- Kinds ---- */

static const struct kind_row {
    const char *name;
    unsigned flags;
} kinds[NOTICE_COUNT] = {
#define NOTICE(symbol, word, bits, subject, sentence, action)                                      \
    [symbol] = {.name = (word), .flags = (bits)},
#include "outbox/notices.def"
};

const char *notice_name(enum notice_kind kind)
{
    return kinds[kind].name;
}

enum notice_kind notice_of(const char *name)
{
    size_t kind = 0;

    while (kind < NOTICE_COUNT && strcmp(kinds[kind].name, name) != 0) {
        kind++;
    }
    return (enum notice_kind)kind;
}

unsigned notice_flags(enum notice_kind kind)
{
    return kinds[kind].flags;
}

bool notice_optional(enum notice_kind kind)
{
    return (kinds[kind].flags & TELL_OPTIONAL) != 0;
}

/* ---- Making ---- */

static enum sl_code make_carriers(const struct carrier_setting *setting, struct carrier **email,
                                  struct carrier **text, struct sl_err *err)
{
    struct carrier *first = NULL;
    enum sl_code rc = carrier_new(setting, false, &first, err);

    if (rc == SL_OK) {
        rc = carrier_new(setting, true, text, err);
    }
    if (rc != SL_OK) {
        carrier_free(first);
        return rc;
    }
    *email = first;
    return SL_OK;
}

enum sl_code outbox_check(const struct config *config, struct sl_err *err)
{
    atomic_bool stop = false;
    const struct carrier_setting setting = {
        .config = config, .clock = sl_clock_system(), .stop = &stop};
    struct carrier *email = NULL;
    struct carrier *text = NULL;
    enum sl_code rc = make_carriers(&setting, &email, &text, err);

    carrier_free(email);
    carrier_free(text);
    return rc;
}

struct outbox *outbox_with(const struct outbox_options *options, struct carrier *take_email,
                           struct carrier *take_text)
{
    struct outbox *outbox = sl_alloc(sizeof *outbox);
    pthread_condattr_t attr;

    outbox->options = *options;
    outbox->email = take_email;
    outbox->text = take_text;
    (void)pthread_mutex_init(&outbox->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&outbox->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return outbox;
}

enum sl_code outbox_new(const struct outbox_options *options, struct outbox **out,
                        struct sl_err *err)
{
    struct outbox *outbox = outbox_with(options, NULL, NULL);
    const struct carrier_setting setting = {
        .config = options->config, .clock = options->clock, .stop = &outbox->stop};
    enum sl_code rc = make_carriers(&setting, &outbox->email, &outbox->text, err);

    if (rc != SL_OK) {
        outbox_free(outbox);
        return rc;
    }
    if (outbox->email == NULL && outbox->text == NULL) {
        sl_log(SL_LOG_INFO, "notices_off", "email_by=none text_by=none");
    }
    *out = outbox;
    return SL_OK;
}

void outbox_free(struct outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    carrier_free(outbox->email);
    carrier_free(outbox->text);
    (void)pthread_cond_destroy(&outbox->wake);
    (void)pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

static bool is_on(const struct outbox *outbox)
{
    return outbox != NULL && (outbox->email != NULL || outbox->text != NULL);
}

void outbox_metrics(const struct outbox *outbox, struct sl_buf *out)
{
    if (!is_on(outbox)) {
        return;
    }
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"sendline_notices_sent_total", atomic_load(&outbox->sent)},
        {"sendline_notices_failed_total", atomic_load(&outbox->failed)},
        {"sendline_notices_given_up_total", atomic_load(&outbox->given_up)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sl_buf_putf(out, "# TYPE %s counter\n%s %" PRIu64 "\n", rows[i].name, rows[i].name,
                    rows[i].value);
    }
}

/* ---- Causes ---- */

/* Who is told of what: the same is told once. */
static void hash_cause(const struct outbox *outbox, const struct notice *notice,
                       uint8_t out[SL_HASH_BYTES])
{
    SL_AUTO(buf) struct sl_buf cause = {0};
    uint8_t who[SL_HASH_BYTES] = {0};

    if (notice->account_id != NULL) {
        memcpy(who, notice->account_id, SL_ID_BYTES);
    } else if (notice->address != NULL) {
        seal_lookup(outbox->options.seal, "outbox.address", notice->address,
                    strlen(notice->address), who);
    }
    sl_buf_put(&cause, who, sizeof who);
    sl_buf_put_u8(&cause, notice->subject_id != NULL ? 1 : 0);
    if (notice->subject_id != NULL) {
        sl_buf_put(&cause, notice->subject_id, SL_ID_BYTES);
    }
    sl_buf_put_u64(&cause, (uint64_t)notice->mark);
    (void)crypto_generichash(out, SL_HASH_BYTES, cause.data, cause.len, NULL, 0);
}

enum sl_code outbox_add(const struct outbox *outbox, struct db *db, const struct notice *notice,
                        struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf address = {0};
    uint8_t id[SL_ID_BYTES];
    uint8_t cause[SL_HASH_BYTES];

    if (!is_on(outbox)) {
        return SL_OK;
    }
    const int64_t now_s = sl_now_s(outbox->options.clock);
    const int64_t due_at = notice->due_at > now_s ? notice->due_at : now_s;
    const int64_t last_at = due_at + GIVE_UP_S;
    const int64_t until_at =
        notice->until_at != 0 && notice->until_at < last_at ? notice->until_at : last_at;
    sl_rand_fill(outbox->options.rand, id, sizeof id);
    hash_cause(outbox, notice, cause);
    if (notice->address != NULL) {
        seal_put(outbox->options.seal, "outbox.address", id, notice->address,
                 strlen(notice->address), &address);
    }
    return db_exec(db, SQL_OUTBOX_ADD, NULL, err, "btbbBbiiii", id, sizeof id,
                   notice_name(notice->kind), cause, sizeof cause, notice->account_id,
                   notice->account_id != NULL ? (size_t)SL_ID_BYTES : (size_t)0, address.data,
                   address.len, notice->subject_id,
                   notice->subject_id != NULL ? (size_t)SL_ID_BYTES : (size_t)0, notice->mark,
                   now_s, due_at, until_at);
}

enum sl_code outbox_drop(const struct outbox *outbox, struct db *db, enum notice_kind kind,
                         const uint8_t subject_id[SL_ID_BYTES], struct sl_err *err)
{
    return is_on(outbox)
               ? db_exec(db, SQL_OUTBOX_DROP, NULL, err, "bti", subject_id, (size_t)SL_ID_BYTES,
                         notice_name(kind), sl_now_s(outbox->options.clock))
               : SL_OK;
}

enum sl_code outbox_new_message(const struct outbox *outbox, struct db *db,
                                const uint8_t parent_id[SL_ID_BYTES],
                                const uint8_t thread_id[SL_ID_BYTES], uint32_t seen_seq,
                                struct sl_err *err)
{
    if (!is_on(outbox)) {
        return SL_OK;
    }
    /* Some time for somebody who is looking: then nothing goes out. */
    const struct notice notice = {
        .kind = NOTICE_NEW_MESSAGE,
        .account_id = parent_id,
        .subject_id = thread_id,
        .mark = seen_seq,
        .due_at = sl_now_s(outbox->options.clock) +
                  outbox->options.config->message_notice_minutes * MINUTE_S,
    };
    return outbox_add(outbox, db, &notice, err);
}

enum sl_code outbox_account_renewed(const struct outbox *outbox, struct db *db,
                                    const uint8_t parent_id[SL_ID_BYTES],
                                    const uint8_t invite_id[SL_ID_BYTES], struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    SL_AUTO(secret) struct sl_buf address = {0};
    bool have = false;

    if (!is_on(outbox)) {
        return SL_OK;
    }
    enum sl_code rc = db_query(db, SQL_PARENT_GET, &s, err, "b", parent_id, (size_t)SL_ID_BYTES);
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK || !have) {
        return rc;
    }
    const struct sl_bytes sealed = db_bytes(s, 0);
    rc = seal_get(outbox->options.seal, "parent.address", parent_id, sealed.data, sealed.len,
                  &address, err);
    if (rc != SL_OK) {
        return rc;
    }
    sl_buf_put_u8(&address, '\0');
    const struct notice notice = {
        .kind = NOTICE_ACCOUNT_RENEWED,
        .account_id = parent_id,
        .address = (const char *)address.data,
        .subject_id = invite_id,
    };
    return outbox_add(outbox, db, &notice, err);
}

/* Each address of the setting. */
static enum sl_code tell_roots(const struct outbox *outbox, struct db *db, int64_t mark,
                               struct sl_err *err)
{
    SL_AUTO(str) char *list = sl_strdup(outbox->options.config->root_alert_addresses);
    char *rest = NULL;
    enum sl_code rc = SL_OK;

    for (char *at = strtok_r(list, ", ", &rest); at != NULL && rc == SL_OK;
         at = strtok_r(NULL, ", ", &rest)) {
        const struct notice notice = {.kind = NOTICE_ROSTER_ENDING, .address = at, .mark = mark};
        rc = outbox_add(outbox, db, &notice, err);
    }
    return rc;
}

enum sl_code outbox_roster_ending(const struct outbox *outbox, struct db *db, struct sl_err *err)
{
    SL_AUTO(stmt) struct db_stmt *s = NULL;
    bool have = false;

    if (!is_on(outbox) || outbox->email == NULL) {
        return SL_OK;
    }
    enum sl_code rc = db_query(db, SQL_ROSTER_NEWEST, &s, err, "");
    if (rc == SL_OK) {
        rc = db_next(s, &have, err);
    }
    if (rc != SL_OK || !have) {
        return rc;
    }
    const int64_t serial = db_int(s, 0);
    const int64_t left_s = db_int(s, 2) - sl_now_s(outbox->options.clock);
    db_done(sl_steal(&s));
    if (left_s > ROSTER_WARNING_S) {
        return SL_OK;
    }
    /* One number for each week of each roster, also when it is over. */
    const int64_t week = left_s >= 0 ? left_s / WEEK_S : -1 + (left_s + 1) / WEEK_S;
    return tell_roots(outbox, db, serial * (1LL << 32) + week, err);
}

/* ---- What each person has chosen ---- */

static bool is_mobile(const char *text)
{
    const size_t len = strlen(text);

    return len >= MOBILE_LEAST && len <= MOBILE_MOST &&
           strspn(text + (text[0] == '+'), "0123456789 ") == len - (text[0] == '+');
}

enum sl_code outbox_choose(const struct outbox *outbox, struct db *db,
                           const uint8_t account_id[SL_ID_BYTES],
                           const struct notice_choice *choice, struct sl_err *err)
{
    static const char *const channels[] = {
        [CHANNEL_EMAIL] = "email", [CHANNEL_TEXT] = "text", [CHANNEL_NONE] = "none"};
    SL_AUTO(buf) struct sl_buf mobile = {0};

    if (choice->mobile != NULL && !is_mobile(choice->mobile)) {
        return sl_fail(err, SL_BAD_REQUEST, "mobile: digits, blanks and a plus in front");
    }
    if (choice->channel == CHANNEL_TEXT && choice->mobile == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "mobile: a text needs a number");
    }
    if (choice->mobile != NULL) {
        seal_put(outbox->options.seal, "notice_choice.mobile", account_id, choice->mobile,
                 strlen(choice->mobile), &mobile);
    }
    return db_exec(db, SQL_NOTICE_CHOICE_PUT, NULL, err, "btBii", account_id, (size_t)SL_ID_BYTES,
                   channels[choice->channel], mobile.data, mobile.len,
                   (int64_t)choice->quiet.from_min, (int64_t)choice->quiet.to_min);
}

enum sl_code outbox_turn(struct db *db, const uint8_t account_id[SL_ID_BYTES],
                         enum notice_kind kind, bool on, struct sl_err *err)
{
    if (!on && !notice_optional(kind)) {
        return sl_fail(err, SL_FORBIDDEN, "%s cannot be turned off", notice_name(kind));
    }
    return db_exec(db, on ? SQL_NOTICE_OFF_DROP : SQL_NOTICE_OFF_PUT, NULL, err, "bt", account_id,
                   (size_t)SL_ID_BYTES, notice_name(kind));
}
