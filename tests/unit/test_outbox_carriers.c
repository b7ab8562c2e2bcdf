/* What a notice says and how it is written down; keys and files of the carriers; the folder. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "outbox/carrier.h"
#include "outbox/notify.h"
#include "outbox/outbox.h"
#include "outbox/words.h"
#include "support/folder.h"

static char *folder;
static struct config *config;
static struct sl_fake_clock clock_;
static struct sl_err err;

static void set(char **at, const char *value)
{
    free(*at);
    *at = sl_strdup(value);
}

static void set_up(void)
{
    folder = folder_new();
    config = config_defaults();
    err = (struct sl_err){.code = SL_OK};
    sl_fake_clock_init(&clock_, 1796126400); /* 2026-12-01T12:00:00Z */
}

static void tear_down(void)
{
    config_free(config);
    folder_remove(folder);
}

static struct mail mail_of(enum notice_kind kind)
{
    struct mail mail = {.id = {0xab, 0xcd}, .made_at = sl_now_s(&clock_.clock)};

    words_mail(config, kind, &mail);
    mail.to = sl_strdup("sam.carter@mail.example");
    return mail;
}

/* Owned. */
static char *composed(const struct mail *mail, const char *council)
{
    struct sl_buf out = {0};

    words_compose(mail, "notices@council.example", council, sl_now_s(&clock_.clock), &out);
    sl_buf_put_u8(&out, '\0');
    return (char *)out.data;
}

/* ---- Words ---- */

START_TEST(words_are_neutral)
{
    /* What must not be on a screen that somebody else may look at. */
    static const char *const never[] = {"http",  "://",    "www.", "SEND",      "EHC",
                                        "child", "school", "plan", "case",      "Sam",
                                        "{",     "((",     "%",    "sign in to"};

    for (size_t i = 0; i < NOTICE_COUNT; i++) {
        struct mail mail = mail_of((enum notice_kind)i);
        struct mail text = {0};
        words_text(config, (enum notice_kind)i, &text);
        const char *const all[] = {mail.subject, mail.text, text.text};
        for (size_t a = 0; a < 3; a++) {
            for (size_t n = 0; n < sizeof never / sizeof never[0]; n++) {
                ck_assert_msg(strstr(all[a], never[n]) == NULL, "%s: '%s' in: %s",
                              notice_name((enum notice_kind)i), never[n], all[a]);
            }
            ck_assert_uint_gt(strlen(all[a]), 10);
        }
        /* One text message, not three. */
        ck_assert_uint_le(strlen(text.text), 2 * 153);
        mail_fini(&mail);
        mail_fini(&text);
    }
}
END_TEST

START_TEST(text_and_html_say_the_same)
{
    set(&config->council_name, "Any <b>shire</b> & \"Sons\"");
    struct mail mail = mail_of(NOTICE_NEW_MESSAGE);

    ck_assert_str_eq(mail.subject, "You have a new message");
    ck_assert_ptr_nonnull(
        strstr(mail.text, "You have a new message. Sign in as usual to read it.\n"));
    ck_assert_ptr_nonnull(
        strstr(mail.html, "<p>You have a new message. Sign in as usual to read it.</p>\n"));
    ck_assert_ptr_nonnull(strstr(mail.text, "\nAny <b>shire</b> & \"Sons\"\n"));
    ck_assert_ptr_nonnull(
        strstr(mail.html, "<p>Any &lt;b&gt;shire&lt;/b&gt; &amp; &quot;Sons&quot;</p>"));
    ck_assert_ptr_nonnull(strstr(mail.text, "01632 960 150"));
    mail_fini(&mail);
}
END_TEST

START_TEST(a_mail_over_the_wire)
{
    struct mail mail = mail_of(NOTICE_NEW_MESSAGE);
    SL_AUTO(str) char *out = composed(&mail, "Anyshire \"the\" Council");
    static const char head[] =
        "Date: Tue, 1 Dec 2026 12:00:00 +0000\r\n"
        "From: \"Anyshire \\\"the\\\" Council\" <notices@council.example>\r\n"
        "To: <sam.carter@mail.example>\r\n"
        "Subject: You have a new message\r\n"
        "Message-ID: <abcd0000000000000000000000000000@council.example>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative;\r\n"
        " boundary=\"abcd0000000000000000000000000000\"\r\n"
        "\r\n"
        "--abcd0000000000000000000000000000\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "You have a new message. Sign in as usual to read it.\r\n";
    static const char tail[] = "</html>\r\n--abcd0000000000000000000000000000--\r\n";

    ck_assert_msg(strncmp(out, head, sizeof head - 1) == 0, "%s", out);
    ck_assert_str_eq(out + strlen(out) - (sizeof tail - 1), tail);
    size_t line = 0;
    for (const char *c = out; *c != '\0'; c++) {
        /* Every line ends in CRLF, is not too long, and has no byte that is not for everybody. */
        line = *c == '\n' ? 0 : line + 1;
        ck_assert_uint_le(line, 78 + 1);
        ck_assert((*c == '\n') == (c > out && c[-1] == '\r'));
        ck_assert((*c >= 0x20 && *c < 0x7f) || *c == '\r' || *c == '\n');
    }
    mail_fini(&mail);
}
END_TEST

START_TEST(other_letters_are_encoded)
{
    set(&config->council_name,
        "Cyngor Sir Fôn = a name that is long enough for two lines of ŵŷ âêîôû ");
    struct mail mail = mail_of(NOTICE_NEW_MESSAGE);
    SL_AUTO(str) char *out = composed(&mail, config->council_name);

    /* Whole letters in each word, and no quotes around them. */
    ck_assert_ptr_nonnull(strstr(
        out, "From: =?utf-8?b?Q3luZ29yIFNpciBGw7RuID0gYSBuYW1lIHRoYXQgaXMgbG9uZyBlbm91Z2gg?=\r\n"
             " =?utf-8?b?"));
    ck_assert_ptr_nonnull(strstr(out, "F=C3=B4n =3D a name"));
    /* A blank that would get lost, and soft line ends. */
    ck_assert_ptr_nonnull(strstr(out, "=C3=BB=20\r\n"));
    for (const char *c = out; *c != '\0'; c++) {
        ck_assert((unsigned char)*c < 0x80);
    }
    char *soft = strstr(out, "=\r\n");
    ck_assert_ptr_nonnull(soft);
    for (; soft != NULL; soft = strstr(out, "=\r\n")) {
        memmove(soft, soft + 3, strlen(soft + 3) + 1);
    }
    ck_assert_ptr_nonnull(
        strstr(out, "two lines of =C5=B5=C5=B7 =C3=A2=C3=AA=C3=AE=C3=B4=C3=BB=20"));
    mail_fini(&mail);
}
END_TEST

/* ---- Keys and secrets ---- */

#define SERVICE "26785a09-ab16-4eb0-8407-a37497a57506"
#define TOKEN                                                                                      \
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."                                                        \
    "eyJpc3MiOiIyNjc4NWEwOS1hYjE2LTRlYjAtODQwNy1hMzc0OTdhNTc1MDYiLCJpYXQiOjE3OTYxMjY0MDB9."        \
    "uQQVqE9G-KwT90oNWSCUdSTW36O04pUTahL_7c2oPzQ"
#define SECRET "3d844edf-8d35-48ac-975b-e847b4f122b0"

START_TEST(a_key_of_notify)
{
    static const char text[] = "my-test-key-" SERVICE "-" SECRET;
    static const char *const wrong[] = {"", SECRET, SERVICE "-" SECRET, "name_" SERVICE "-" SECRET,
                                        "name-" SERVICE "_" SECRET};
    struct notify_key key = {.service = "untouched"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(notify_key_parse(wrong[i], strlen(wrong[i]), &key, &err), SL_BAD_REQUEST);
        ck_assert_str_eq(key.service, "untouched");
        ck_assert_ptr_null(strstr(err.detail, SECRET));
    }
    ck_assert_int_eq(notify_key_parse(text, sizeof text - 1, &key, &err), SL_OK);
    ck_assert_str_eq(key.service, SERVICE);
    ck_assert_str_eq(key.secret, SECRET);
    /* As openssl makes it. */
    SL_AUTO(str) char *token = notify_token(&key, sl_now_s(&clock_.clock));
    ck_assert_str_eq(token, TOKEN);
}
END_TEST

START_TEST(secrets_are_for_one)
{
    SL_AUTO(str) char *path = folder_file(folder, "secret");
    SL_AUTO(str) char *missing = folder_file(folder, "missing");
    static const char *const wrong[] = {"", "\n", "two\nlines\n", "two\n\nlines"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        SL_AUTO(secret) struct sl_buf out = {0};
        folder_write(path, wrong[i], strlen(wrong[i]), 0600);
        ck_assert_int_eq(carrier_secret("x", path, &out, &err), SL_BAD_REQUEST);
        ck_assert_uint_eq(out.len, 0);
    }
    SL_AUTO(secret) struct sl_buf out = {0};
    folder_write(path, "a secret\r\n", 10, 0600);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(carrier_secret("x", path, &out, &err), SL_FORBIDDEN);
    ck_assert_int_eq(carrier_secret("x", missing, &out, &err), SL_NOT_FOUND);
    ck_assert_int_eq(carrier_secret("x", folder, &out, &err), SL_BAD_REQUEST);
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(carrier_secret("x", path, &out, &err), SL_OK);
    ck_assert_uint_eq(out.len, 8);
    ck_assert_mem_eq(out.data, "a secret", 8);
}
END_TEST

/* ---- Settings ---- */

static void assert_refused(enum sl_code want, const char *names)
{
    enum sl_code got = outbox_check(config, &err);

    ck_assert_msg(got == want, "%s: %s", sl_code_name(got), err.detail);
    ck_assert_msg(strstr(err.detail, names) != NULL, "%s", err.detail);
}

START_TEST(settings_that_are_not_enough)
{
    SL_AUTO(str) char *secret = folder_file(folder, "secret");

    ck_assert_int_eq(outbox_check(config, &err), SL_OK);
    set(&config->email_by, "post");
    assert_refused(SL_BAD_REQUEST, "email_by: write none, folder, smtp or notify, not 'post'");
    set(&config->email_by, "none");
    set(&config->text_by, "smtp");
    assert_refused(SL_BAD_REQUEST, "text_by: write none, folder or notify, not 'smtp'");
    set(&config->text_by, "folder");
    assert_refused(SL_BAD_REQUEST, "notices_folder");
    set(&config->notices_folder, "/nonexistent/folder");
    assert_refused(SL_SYSTEM, "notices_folder");

    set(&config->text_by, "none");
    set(&config->email_by, "smtp");
    assert_refused(SL_BAD_REQUEST, "smtp_url");
    set(&config->smtp_url, "http://mail.example");
    assert_refused(SL_BAD_REQUEST, "smtp_url");
    set(&config->smtp_url, "smtp://user:password@mail.example");
    assert_refused(SL_BAD_REQUEST, "smtp_url");
    set(&config->smtp_url, "smtp://mail.example:587");
    assert_refused(SL_BAD_REQUEST, "mail_from");
    set(&config->mail_from, "notices@council.example");
    ck_assert_int_eq(outbox_check(config, &err), SL_OK);
    set(&config->smtp_user, "notices");
    assert_refused(SL_BAD_REQUEST, "smtp_user and smtp_password_file");
    set(&config->smtp_password_file, secret);
    assert_refused(SL_NOT_FOUND, "smtp_password_file");
    folder_write(secret, "password", 8, 0644);
    assert_refused(SL_FORBIDDEN, "smtp_password_file");
    ck_assert_int_eq(chmod(secret, 0600), 0);
    ck_assert_int_eq(outbox_check(config, &err), SL_OK);
    config->smtp_tls = false;
    assert_refused(SL_BAD_REQUEST, "no password is sent without TLS");
    set(&config->smtp_url, "smtps://mail.example");
    ck_assert_int_eq(outbox_check(config, &err), SL_OK);

    set(&config->text_by, "notify");
    assert_refused(SL_BAD_REQUEST, "notify_text_template");
    set(&config->notify_text_template, SERVICE);
    assert_refused(SL_NOT_FOUND, "notify_key_file");
    set(&config->notify_key_file, secret);
    assert_refused(SL_BAD_REQUEST, "NAME-SERVICE-SECRET");
    folder_write(secret, "k-" SERVICE "-" SECRET "\n", 76, 0600);
    ck_assert_int_eq(outbox_check(config, &err), SL_OK);
    set(&config->notify_url, "http://api.notifications.service.gov.uk");
    assert_refused(SL_BAD_REQUEST, "notify_url");
}
END_TEST

/* ---- The folder ---- */

static size_t files_in(const char *path, char **one)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            free(*one);
            *one = sl_strdup(entry->d_name);
            count++;
        }
    }
    (void)closedir(dir);
    return count;
}

START_TEST(notices_in_a_folder)
{
    SL_AUTO(str) char *path = folder_file(folder, "mail");
    SL_AUTO(str) char *name = NULL;
    SL_AUTO(str) char *full = NULL;
    char reason[CARRIER_REASON_SIZE] = "";
    atomic_bool stop = false;
    const struct carrier_setting setting = {
        .config = config, .clock = &clock_.clock, .stop = &stop};
    struct carrier *carrier = NULL;
    struct mail mail = mail_of(NOTICE_NEW_MESSAGE);
    struct mail text = {.id = {1}, .made_at = mail.made_at, .to = sl_strdup("07700 900143")};
    struct stat st;
    size_t len = 0;

    words_text(config, NOTICE_CALL_SOON, &text);
    set(&config->email_by, "folder");
    set(&config->notices_folder, path);
    ck_assert_int_eq(carrier_new(&setting, false, &carrier, &err), SL_OK);
    ck_assert_int_eq(carrier->kind->send(carrier, &mail, reason), CARRIER_SENT);
    sl_fake_clock_advance(&clock_, 60000);
    ck_assert_int_eq(carrier->kind->send(carrier, &mail, reason), CARRIER_SENT);
    ck_assert_uint_eq(files_in(path, &name), 1);
    ck_assert_str_eq(name, "2026-12-01T12-00-00Z-new_message-abcd0000.eml");
    full = folder_file(path, name);
    SL_AUTO(str) char *written = folder_read(full, &len);
    ck_assert_uint_gt(len, 500);
    ck_assert_ptr_nonnull(
        memmem(written, len, "From: \"Anyshire Council\" <notices@localhost>", 44));
    ck_assert_int_eq(stat(full, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(carrier->kind->send(carrier, &text, reason), CARRIER_SENT);
    ck_assert_uint_eq(files_in(path, &name), 2);
    /* The folder goes. */
    folder_remove(sl_steal(&path));
    ck_assert_int_eq(carrier->kind->send(carrier, &mail, reason), CARRIER_DOWN);
    ck_assert_str_eq(reason, "folder: No such file or directory");
    carrier_free(carrier);
    mail_fini(&mail);
    mail_fini(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("carriers");
    TCase *tests = tcase_create("carriers");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, words_are_neutral);
    tcase_add_test(tests, text_and_html_say_the_same);
    tcase_add_test(tests, a_mail_over_the_wire);
    tcase_add_test(tests, other_letters_are_encoded);
    tcase_add_test(tests, a_key_of_notify);
    tcase_add_test(tests, secrets_are_for_one);
    tcase_add_test(tests, settings_that_are_not_enough);
    tcase_add_test(tests, notices_in_a_folder);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
