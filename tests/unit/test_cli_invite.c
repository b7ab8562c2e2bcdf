/* What an invitation is handed on with: how long it is good for, the QR code, the letter. And the
 * exit code of every answer of the service. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/proto.h"
#include "inviting.h"
#include "letter.h"
#include "link.h"
#include "qr.h"
#include "when.h"

static const char link_text[] = "https://sendline.anyshire.example/#i=7Q4MK2XV9RTDabcdefgh";

START_TEST(it_ends_at_five_within_28_days)
{
    /* Each hour of a year: summer and winter, and the days between them. */
    for (int64_t now = 1798761600; now < 1798761600 + 366 * 86400; now += 3600) {
        int64_t at = inviting_expiry(now);
        struct when w = when_london(at);

        ck_assert_int_eq(w.hour, 17);
        ck_assert_int_eq(w.minute, 0);
        ck_assert_int_eq(w.second, 0);
        ck_assert_int_le(at, now + 28 * 86400);
        ck_assert_int_ge(at, now + 27 * 86400 - 3600);
    }
}
END_TEST

START_TEST(a_qr_code_has_its_three_corners)
{
    SL_AUTO(qr) struct qr qr = {0};

    ck_assert(qr_make(link_text, &qr));
    ck_assert_int_ge(qr.size, 21);
    for (int i = 0; i < 7; i++) {
        ck_assert(qr_dark(&qr, i, 0));
        ck_assert(qr_dark(&qr, qr.size - 1 - i, 0));
        ck_assert(qr_dark(&qr, 0, qr.size - 1 - i));
    }
    ck_assert(!qr_dark(&qr, 7, 7));
    ck_assert(!qr_dark(&qr, -1, 0));
    ck_assert(!qr_dark(&qr, 0, qr.size));
}
END_TEST

START_TEST(half_blocks_show_each_module)
{
    SL_AUTO(qr) struct qr qr = {0};
    SL_AUTO(str) char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    ck_assert(qr_make(link_text, &qr));
    qr_show(&qr, to, 2, false);
    (void)fclose(to);
    const char *at = text;
    for (int y = -4; y < qr.size + 4; y += 2) {
        ck_assert_int_eq(strncmp(at, "  ", 2), 0);
        at += 2;
        for (int x = -4; x < qr.size + 4; x++) {
            bool upper = qr_dark(&qr, x, y);
            bool lower = qr_dark(&qr, x, y + 1);
            const char *block = upper ? (lower ? " " : "▄") : (lower ? "▀" : "█");

            ck_assert_int_eq(strncmp(at, block, strlen(block)), 0);
            at += strlen(block);
        }
        ck_assert_int_eq(*at++, '\n');
    }
    ck_assert_int_eq(*at, '\0');
    ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

START_TEST(too_much_for_a_qr_code)
{
    SL_AUTO(qr) struct qr qr = {0};
    char text[4000];

    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ck_assert(!qr_make(text, &qr));
}
END_TEST

static struct letter a_letter(void)
{
    return (struct letter){.council = "Anyshire Council",
                           .parent = "Sam Carter",
                           .caseworker = "Jordan Ellis",
                           .public_url = "https://sendline.anyshire.example",
                           .link = link_text,
                           .typed = "RJTAP-G04V2-TDAVJ-GQM7D-KHWTC-2DNCB",
                           .helpline = "01632 960 150",
                           .now_s = 1799743200,
                           .expires_at = 1802106000};
}

static int pages_of(const struct sl_buf *pdf)
{
    int pages = 0;

    for (size_t i = 0; i + 12 < pdf->len; i++) {
        pages += memcmp(pdf->data + i, "/Type /Page ", 12) == 0;
    }
    return pages;
}

START_TEST(a_letter_is_one_page)
{
    SL_AUTO(qr) struct qr qr = {0};
    SL_AUTO(buf) struct sl_buf pdf = {0};
    struct letter letter = a_letter();
    struct fault fault = {0};

    ck_assert(qr_make(link_text, &qr));
    ck_assert_int_eq(letter_make(&letter, &qr, &pdf, &fault), CLI_OK);
    ck_assert_int_eq(memcmp(pdf.data, "%PDF-", 5), 0);
    ck_assert_int_eq(pages_of(&pdf), 1);
}
END_TEST

START_TEST(long_names_still_fit)
{
    SL_AUTO(qr) struct qr qr = {0};
    SL_AUTO(buf) struct sl_buf pdf = {0};
    struct letter letter = a_letter();
    struct fault fault = {0};
    char name[SL_MAX_NAME_BYTES + 1];

    memset(name, 'm', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    letter.parent = name;
    ck_assert(qr_make(link_text, &qr));
    ck_assert_msg(letter_make(&letter, &qr, &pdf, &fault) == CLI_OK, "%s", fault.what);
    ck_assert_int_eq(pages_of(&pdf), 1);
}
END_TEST

START_TEST(every_answer_has_an_exit_code)
{
    /* What a person can do something about. The rest is a fault of a program, and exits with 1. */
    static const enum sl_code unplanned[] = {
        SL_OK,
        SL_SYSTEM,
        SL_CORRUPT,
        SL_BAD_REQUEST,
        SL_BAD_FRAME,
        SL_UNKNOWN_CALL,
        SL_ENTRY_ID_USED,
        SL_ENTRY_REFUSED,
        SL_ROSTER_REFUSED,
        SL_SIGNATURE_WRONG,
        SL_VAULT_CONFLICT,
        SL_TICKET_WRONG,
        SL_INVITE_WRONG_CODE,
    };
    static const enum sl_code all[] = {
#define SL_ERROR(symbol, code, sentence) symbol,
#include "common/proto.def"
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bool planned = true;

        for (size_t k = 0; k < sizeof(unplanned) / sizeof(unplanned[0]); k++) {
            planned = planned && all[i] != unplanned[k];
        }
        ck_assert_msg((link_exit_of(all[i]) != CLI_UNPLANNED) == planned, "%s exits with %d",
                      sl_code_name(all[i]), link_exit_of(all[i]));
    }
    ck_assert_int_eq(link_exit_of(SL_NOT_FOUND), CLI_MISSING);
    ck_assert_int_eq(link_exit_of(SL_FORBIDDEN), CLI_FORBIDDEN);
    ck_assert_int_eq(link_exit_of(SL_BUSY), CLI_NETWORK);
    ck_assert_int_eq(link_exit_of(SL_REF_USED), CLI_CONFLICT);
    ck_assert_int_eq(link_exit_of(SL_CLOSED), CLI_NOT_READY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_invite");
    TCase *tests = tcase_create("invite");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tests);
    tcase_add_test(tests, it_ends_at_five_within_28_days);
    tcase_add_test(tests, a_qr_code_has_its_three_corners);
    tcase_add_test(tests, half_blocks_show_each_module);
    tcase_add_test(tests, too_much_for_a_qr_code);
    tcase_add_test(tests, a_letter_is_one_page);
    tcase_add_test(tests, long_names_still_fit);
    tcase_add_test(tests, every_answer_has_an_exit_code);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
