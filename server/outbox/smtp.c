/*
 * E-mail to a mail server: with TLS, and a name and password where it wants them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "outbox/wire.h"

/** Thread: the worker. */
struct smtp {
    struct carrier carrier;
    struct wire wire;
    struct sl_buf password; /* with its NUL; empty: none */
};

/** What is still to be read of a mail. */
struct upload {
    const struct sl_buf *data;
    size_t at;
};

static size_t give(char *to, size_t size, size_t count, void *ctx)
{
    struct upload *upload = ctx;
    size_t left = upload->data->len - upload->at;
    size_t n = size * count < left ? size * count : left;

    memcpy(to, upload->data->data + upload->at, n);
    upload->at += n;
    return n;
}

/*
 * 4xx: this one, later. 5xx: this one, never. But 421 (it closes), 530 (wants TLS or a sign-in) and
 * its kin 53x are about us and not about the mail.
 */
static enum carrier_answer refused(long status, char reason[CARRIER_REASON_SIZE])
{
    (void)snprintf(reason, CARRIER_REASON_SIZE, "smtp %ld", status);
    if (status == 421 || status / 10 == 53) {
        return CARRIER_DOWN;
    }
    return status / 100 == 5 ? CARRIER_NEVER : CARRIER_LATER;
}

static enum carrier_answer smtp_send(struct carrier *carrier, const struct mail *mail,
                                     char reason[CARRIER_REASON_SIZE])
{
    struct smtp *smtp = (struct smtp *)(void *)carrier;
    const struct config *config = smtp->wire.setting.config;
    SL_AUTO(buf) struct sl_buf data = {0};
    SL_AUTO(str) char *to = sl_strf("<%s>", mail->to);
    struct upload upload = {.data = &data};
    long status = 0;

    words_compose(mail, config->mail_from, config->council_name, sl_now_s(smtp->wire.setting.clock),
                  &data);
    CURL *curl = wire_begin(&smtp->wire, config->smtp_url);
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL,
                           (long)(config->smtp_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (smtp->password.len > 0) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, config->smtp_user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, (const char *)smtp->password.data);
    }
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, config->mail_from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)data.len);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    CURLcode code = wire_perform(&smtp->wire, &status);
    curl_slist_free_all(recipients);
    if (code == CURLE_OK) {
        return CARRIER_SENT;
    }
    /* Refused with a code: to a command of ours, or once the mail was there. A greeting that sends
     * us away is not about the mail. */
    const bool about_mail = status >= 400 && (code == CURLE_SEND_ERROR ||
                                              (code == CURLE_WEIRD_SERVER_REPLY && upload.at > 0));
    return about_mail ? refused(status, reason) : wire_failed(&smtp->wire, code, status, reason);
}

static void smtp_free(struct carrier *carrier)
{
    struct smtp *smtp = (struct smtp *)(void *)carrier;

    wire_fini(&smtp->wire);
    sl_buf_wipe_free(&smtp->password);
    free(smtp);
}

static const struct carrier_kind smtp_kind = {"smtp", smtp_send, smtp_free};

static enum sl_code check(const struct config *config, struct sl_err *err)
{
    const bool plain = strncmp(config->smtp_url, "smtp://", 7) == 0;

    if ((!plain && strncmp(config->smtp_url, "smtps://", 8) != 0) ||
        strchr(config->smtp_url, '@') != NULL) {
        return sl_fail(err, SL_BAD_REQUEST,
                       "smtp_url: write smtp://name:port or smtps://name:port");
    }
    if (strchr(config->mail_from, '@') == NULL) {
        return sl_fail(err, SL_BAD_REQUEST, "mail_from: from which address do e-mails come?");
    }
    if ((config->smtp_user[0] == '\0') != (config->smtp_password_file[0] == '\0')) {
        return sl_fail(err, SL_BAD_REQUEST, "smtp_user and smtp_password_file go together");
    }
    if (config->smtp_user[0] != '\0' && plain && !config->smtp_tls) {
        return sl_fail(err, SL_BAD_REQUEST, "smtp_tls: no password is sent without TLS");
    }
    return SL_OK;
}

enum sl_code carrier_smtp_new(const struct carrier_setting *setting, bool text,
                              struct carrier **out, struct sl_err *err)
{
    const struct config *config = setting->config;
    struct smtp *smtp = sl_alloc(sizeof *smtp);
    enum sl_code rc = check(config, err);

    (void)text;
    smtp->carrier.kind = &smtp_kind;
    if (rc == SL_OK && config->smtp_password_file[0] != '\0') {
        rc = carrier_secret("smtp_password_file", config->smtp_password_file, &smtp->password, err);
        sl_buf_put_u8(&smtp->password, '\0');
    }
    if (rc == SL_OK) {
        rc = wire_init(&smtp->wire, setting, err);
    }
    if (rc != SL_OK) {
        smtp_free(&smtp->carrier);
        return rc;
    }
    *out = &smtp->carrier;
    return SL_OK;
}
