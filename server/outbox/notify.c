/*
 * GOV.UK Notify: e-mails and texts by HTTPS. Each request carries a token of its own, signed with
 * the key's secret. The templates there have ((subject)) and ((body)), or ((body)) alone for texts.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/text.h"
#include "outbox/notify.h"
#include "outbox/wire.h"

enum {
    UUID_LEN = 36,
    STATUS_CREATED = 201,
    STATUS_TOO_MANY = 429
};

/** Thread: the worker. */
struct notify {
    struct carrier carrier;
    struct wire wire;
    struct notify_key key; /* wiped */
    bool text;
};

/* ---- The token ---- */

enum sl_code notify_key_parse(const char *text, size_t len, struct notify_key *out,
                              struct sl_err *err)
{
    /* NAME-SERVICE-SECRET: the name may have hyphens of its own. */
    if (len < 2U * UUID_LEN + 2U || text[len - UUID_LEN - 1] != '-' ||
        text[len - 2U * UUID_LEN - 2] != '-') {
        return sl_fail(err, SL_BAD_REQUEST, "notify_key_file: write NAME-SERVICE-SECRET, as given");
    }
    memcpy(out->secret, text + len - UUID_LEN, UUID_LEN);
    memcpy(out->service, text + len - 2U * UUID_LEN - 1, UUID_LEN);
    out->secret[UUID_LEN] = '\0';
    out->service[UUID_LEN] = '\0';
    return SL_OK;
}

char *notify_token(const struct notify_key *key, int64_t now_s)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
    SL_AUTO(json) json_t *claims = sl_json_new();
    SL_AUTO(buf) struct sl_buf token = {0};
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    size_t len = 0;

    sl_json_set_str(claims, "iss", key->service);
    sl_json_set_int(claims, "iat", now_s);
    SL_AUTO(str) char *text = sl_json_text(claims, &len);
    sl_b64_put(&token, header, sizeof header - 1);
    sl_buf_put_u8(&token, '.');
    sl_b64_put(&token, text, len);
    (void)crypto_auth_hmacsha256_init(&state, (const uint8_t *)key->secret, UUID_LEN);
    (void)crypto_auth_hmacsha256_update(&state, token.data, token.len);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
    sl_buf_put_u8(&token, '.');
    sl_b64_put(&token, mac, sizeof mac);
    sl_buf_put_u8(&token, '\0');
    return (char *)sl_steal(&token.data);
}

/* ---- A request ---- */

static char *body_of(const struct notify *notify, const struct mail *mail)
{
    const struct config *config = notify->wire.setting.config;
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(str) char *reference = sl_hex(mail->id, sizeof mail->id);
    json_t *words = sl_json_new();
    size_t len = 0;

    sl_json_set_str(words, "body", mail->text);
    if (notify->text) {
        sl_json_set_str(body, "phone_number", mail->to);
        sl_json_set_str(body, "template_id", config->notify_text_template);
        if (config->notify_sender_id[0] != '\0') {
            sl_json_set_str(body, "sms_sender_id", config->notify_sender_id);
        }
    } else {
        sl_json_set_str(words, "subject", mail->subject);
        sl_json_set_str(body, "email_address", mail->to);
        sl_json_set_str(body, "template_id", config->notify_email_template);
        if (config->notify_reply_to_id[0] != '\0') {
            sl_json_set_str(body, "email_reply_to_id", config->notify_reply_to_id);
        }
    }
    sl_json_set(body, "personalisation", words);
    sl_json_set_str(body, "reference", reference);
    return sl_json_text(body, &len);
}

/* The answer's words may have an address in them, and nobody needs them. */
static size_t ignore(char *data, size_t size, size_t count, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * count;
}

static enum carrier_answer judge(long status, char reason[CARRIER_REASON_SIZE])
{
    if (status == STATUS_CREATED) {
        return CARRIER_SENT;
    }
    (void)snprintf(reason, CARRIER_REASON_SIZE, "notify %ld", status);
    return status == STATUS_TOO_MANY || status >= 500 ? CARRIER_DOWN : CARRIER_NEVER;
}

static enum carrier_answer notify_send(struct carrier *carrier, const struct mail *mail,
                                       char reason[CARRIER_REASON_SIZE])
{
    struct notify *notify = (struct notify *)(void *)carrier;
    const struct carrier_setting *setting = &notify->wire.setting;
    SL_AUTO(str)
    char *url = sl_strf("%s/v2/notifications/%s", setting->config->notify_url,
                        notify->text ? "sms" : "email");
    SL_AUTO(str) char *body = body_of(notify, mail);
    SL_AUTO(str) char *token = notify_token(&notify->key, sl_now_s(setting->clock));
    SL_AUTO(str) char *bearer = sl_strf("Authorization: Bearer %s", token);
    long status = 0;

    CURL *curl = wire_begin(&notify->wire, url);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, bearer);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "sendline/" SENDLINE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    CURLcode code = wire_perform(&notify->wire, &status);
    curl_slist_free_all(headers);
    sodium_memzero(body, strlen(body));
    return code == CURLE_OK ? judge(status, reason) : wire_failed(&notify->wire, code, 0, reason);
}

static void notify_free(struct carrier *carrier)
{
    struct notify *notify = (struct notify *)(void *)carrier;

    wire_fini(&notify->wire);
    sodium_memzero(&notify->key, sizeof notify->key);
    free(notify);
}

static const struct carrier_kind notify_kind = {"notify", notify_send, notify_free};

static enum sl_code check(const struct config *config, bool text, struct sl_err *err)
{
    const char *template = text ? config->notify_text_template : config->notify_email_template;

    if (strncmp(config->notify_url, "https://", 8) != 0) {
        return sl_fail(err, SL_BAD_REQUEST, "notify_url: write https://name");
    }
    if (strlen(template) != UUID_LEN) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: the id of a template is %d characters",
                       text ? "notify_text_template" : "notify_email_template", UUID_LEN);
    }
    return SL_OK;
}

enum sl_code carrier_notify_new(const struct carrier_setting *setting, bool text,
                                struct carrier **out, struct sl_err *err)
{
    struct notify *notify = sl_alloc(sizeof *notify);
    SL_AUTO(secret) struct sl_buf key = {0};
    enum sl_code rc = check(setting->config, text, err);

    notify->carrier.kind = &notify_kind;
    notify->text = text;
    if (rc == SL_OK) {
        rc = carrier_secret("notify_key_file", setting->config->notify_key_file, &key, err);
    }
    if (rc == SL_OK) {
        rc = notify_key_parse((const char *)key.data, key.len, &notify->key, err);
    }
    if (rc == SL_OK) {
        rc = wire_init(&notify->wire, setting, err);
    }
    if (rc != SL_OK) {
        notify_free(&notify->carrier);
        return rc;
    }
    *out = &notify->carrier;
    return SL_OK;
}
