/*
 * Hand one notice to a carrier, as the server's worker does, and say what it answers.
 *
 *   carrier_send CONFIG email|text TO     prints the answer and the reason, on one line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "config/config.h"
#include "outbox/carrier.h"

static const char *const answers[] = {
    [CARRIER_SENT] = "sent",   [CARRIER_LATER] = "later",     [CARRIER_DOWN] = "down",
    [CARRIER_NEVER] = "never", [CARRIER_STOPPED] = "stopped",
};

int main(int argc, char **argv)
{
    atomic_bool stop = false;
    struct config *config = NULL;
    struct carrier *carrier = NULL;
    struct sl_err err = {.code = SL_OK};
    char *nothing[] = {NULL};
    char reason[CARRIER_REASON_SIZE] = "";

    if (argc != 4) {
        (void)fputs("usage: carrier_send CONFIG email|text TO\n", stderr);
        return 2;
    }
    const bool text = strcmp(argv[2], "text") == 0;
    enum sl_code rc = config_load(argv[1], NULL, 0, nothing, &config, &err);
    if (rc == SL_OK) {
        const struct carrier_setting setting = {
            .config = config, .clock = sl_clock_system(), .stop = &stop};
        rc = carrier_new(&setting, text, &carrier, &err);
    }
    if (rc != SL_OK) {
        (void)fprintf(stderr, "%s\n", err.detail);
        config_free(config);
        return 1;
    }
    struct mail mail = {
        .id = {1, 2, 3}, .made_at = sl_now_s(sl_clock_system()), .to = sl_strdup(argv[3])};
    if (text) {
        words_text(config, NOTICE_NEW_MESSAGE, &mail);
    } else {
        words_mail(config, NOTICE_NEW_MESSAGE, &mail);
    }
    enum carrier_answer answer = carrier->kind->send(carrier, &mail, reason);
    (void)printf("%s %s\n", answers[answer], reason);
    mail_fini(&mail);
    carrier_free(carrier);
    config_free(config);
    return 0;
}
