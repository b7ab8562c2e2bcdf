/* The common ground of server and command line: buffers, text, JSON, clock and the protocol's
 * tables. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/entry.h"
#include "common/err.h"
#include "common/json.h"
#include "common/proto.h"
#include "common/rand.h"
#include "common/text.h"

START_TEST(reader_stops_at_the_end)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5};
    struct sl_reader r = sl_reader_of(bytes, sizeof bytes);

    ck_assert_uint_eq(sl_read_u32(&r), 0x01020304U);
    ck_assert_int_eq(sl_reader_done(&r), 0);
    ck_assert_uint_eq(sl_read_u16(&r), 0);
    ck_assert_int_eq(r.bad, 1);
    ck_assert_ptr_null(sl_read_bytes(&r, 1));
}
END_TEST

START_TEST(buffer_grows_and_keeps)
{
    SL_AUTO(buf) struct sl_buf b = {0};

    for (uint32_t i = 0; i < 1000; i++) {
        sl_buf_put_u32(&b, i);
    }
    ck_assert_uint_eq(b.len, 4000);
    struct sl_reader r = sl_reader_of(b.data, b.len);
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(sl_read_u32(&r), i);
    }
    ck_assert_int_ne(sl_reader_done(&r), 0);
    sl_buf_clear(&b);
    sl_buf_putf(&b, "%0300d", 7);
    ck_assert_uint_eq(b.len, 300);
    ck_assert_int_eq(b.data[299], '7');
}
END_TEST

START_TEST(base64_is_strict)
{
    static const char *const refused[] = {
        "A", "AB=", "AB==", "A+", "A/", "AB C", "AB\n", "AR", "AAB", "é", "AAAA\xef\xbb\xbf\x41"};
    uint8_t out[16];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        SL_AUTO(buf) struct sl_buf b = {0};
        ck_assert_msg(!sl_b64_get(refused[i], strlen(refused[i]), &b), "took %s", refused[i]);
        ck_assert_uint_eq(b.len, 0);
    }
    for (size_t n = 0; n < sizeof out; n++) {
        uint8_t bytes[16];
        for (size_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)(i * 37 + n);
        }
        SL_AUTO(str) char *text = sl_b64(bytes, n);
        ck_assert(sl_b64_fixed(text, strlen(text), out, n));
        ck_assert_mem_eq(out, bytes, n);
        ck_assert(!sl_b64_fixed(text, strlen(text), out, n + 1));
    }
}
END_TEST

START_TEST(text_is_cleaned)
{
    static const struct {
        const char *dirty, *clean;
    } cases[] = {
        {"plain", "plain"},
        {"\x1b[31mred\x1b[0m", "[31mred[0m"},
        {"a\r\nb\rc\n", "a\nb\nc\n"},
        {"tab\there\a\x7f", "tab\there"},
        {"\xc2\x9b"
         "5m",
         "5m"},                                 /* C1: one byte CSI */
        {"x\xe2\x80\xaey\xe2\x81\xa6z", "xyz"}, /* override, isolate */
        {"bad \xff\xfe end", "bad \xef\xbf\xbd\xef\xbf\xbd end"},
        {"caf\xc3\xa9 \xf0\x9f\x99\x82", "caf\xc3\xa9 \xf0\x9f\x99\x82"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SL_AUTO(str) char *got = sl_clean(cases[i].dirty, strlen(cases[i].dirty));
        ck_assert_str_eq(got, cases[i].clean);
    }
    ck_assert(!sl_utf8_ok("\xed\xa0\x80", 3)); /* a lone surrogate */
    ck_assert(!sl_utf8_ok("a\0b", 3));
    ck_assert(!sl_utf8_ok("\xc0\x80", 2));
    ck_assert(sl_utf8_ok("caf\xc3\xa9", 5));
    ck_assert_uint_eq(sl_utf8_count("caf\xc3\xa9", 5), 4);
}
END_TEST

START_TEST(nearest_word)
{
    static const char *const words[] = {"inbox", "read", "reply", "invite", NULL};

    ck_assert_str_eq(sl_nearest("inbx", words), "inbox");
    ck_assert_str_eq(sl_nearest("inbxo", words), "inbox");
    ck_assert_str_eq(sl_nearest("raed", words), "read");
    ck_assert_ptr_null(sl_nearest("diary", words));
    ck_assert_ptr_null(sl_nearest("", words));
}
END_TEST

START_TEST(json_refuses)
{
    static const char *const refused[] = {"",
                                          "[]",
                                          "1",
                                          "\"x\"",
                                          "{\"a\":1,\"a\":2}",
                                          "{\"a\":null}",
                                          "{\"a\":1.5}",
                                          "{\"a\":1} x",
                                          "{\"a\":\"\\u0000\"}",
                                          "{\"a\":\"\xff\"}",
                                          "{\"a\":9007199254740993}",
                                          "{\"a\":[[[1]]]}",
                                          "{\"a\":{\"b\":null}}",
                                          "{\"a\":\"\\ud800\"}",
                                          "{a:1}",
                                          "{\"a\":1e3}",
                                          "{\"a\":99999999999999999999}"};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        json_t *json = NULL;
        struct sl_err err;
        ck_assert_msg(sl_json_parse(refused[i], strlen(refused[i]), 3, &json, &err) == SL_BAD_FRAME,
                      "took %s", refused[i]);
        ck_assert_ptr_null(json);
    }
}
END_TEST

START_TEST(json_getters_name_the_field)
{
    const char *text =
        "{\"id\":\"AAECAwQFBgcICQoLDA0ODw\",\"n\":7,\"s\":\"word\",\"b\":true,\"l\":[1,2]}";
    SL_AUTO(json) json_t *json = NULL;
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_err err;
    uint8_t id[16];
    int64_t n = -1;
    const char *s = "before";
    bool b = false;
    json_t *list = NULL;

    ck_assert_int_eq(sl_json_parse(text, strlen(text), 8, &json, &err), SL_OK);
    ck_assert_int_eq(sl_json_fixed(json, "id", id, 16, &err), SL_OK);
    ck_assert_uint_eq(id[15], 15);
    ck_assert_int_eq(sl_json_int(json, "n", 0, 6, &n, &err), SL_BAD_REQUEST);
    ck_assert_int_eq(n, -1);
    ck_assert_ptr_nonnull(strstr(err.detail, "n: 0 to 6"));
    ck_assert_int_eq(sl_json_int(json, "n", 0, 7, &n, &err), SL_OK);
    ck_assert_int_eq(sl_json_str(json, "s", 5, 9, &s, &err), SL_BAD_REQUEST);
    ck_assert_str_eq(s, "before");
    ck_assert_int_eq(sl_json_str(json, "missing", 0, 9, &s, &err), SL_BAD_REQUEST);
    ck_assert_str_eq(err.detail, "missing: missing");
    ck_assert_int_eq(sl_json_bool(json, "b", &b, &err), SL_OK);
    ck_assert(b);
    ck_assert_int_eq(sl_json_array(json, "l", 3, 4, &list, &err), SL_BAD_REQUEST);
    ck_assert_int_eq(sl_json_array(json, "l", 0, 2, &list, &err), SL_OK);
    ck_assert_int_eq(sl_json_bytes(json, "id", 17, 20, &bytes, &err), SL_BAD_REQUEST);
    ck_assert_int_eq(sl_json_bytes(json, "id", 1, 16, &bytes, &err), SL_OK);
    ck_assert_uint_eq(bytes.len, 16);
}
END_TEST

START_TEST(codes_are_unique_and_said)
{
    for (int i = 0; i < SL_CODE_COUNT; i++) {
        const char *name = sl_code_name((enum sl_code)i);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(sl_code_of(name), i);
        ck_assert_uint_gt(strlen(sl_code_sentence((enum sl_code)i)), 5);
    }
    ck_assert_int_eq(sl_code_of("no_such_code"), SL_SYSTEM);
    for (int i = 0; i < SL_ACT_COUNT; i++) {
        const struct sl_act_row *row = sl_act_row((enum sl_act)i);
        ck_assert_int_eq(sl_act_of(row->name), i);
        ck_assert(i == 0 || strcmp(sl_act_row((enum sl_act)(i - 1))->name, row->name) < 0);
    }
    ck_assert_int_eq(sl_act_of(""), SL_ACT_COUNT);
}
END_TEST

/* ---- The protocol's table ---- */

struct row {
    const char *name;
    const char *text; /* what people read about it */
};

static const struct row errors[] = {
#define SL_ERROR(symbol, code, sentence) {code, sentence},
#include "common/proto.def"
};
static const struct row limits[] = {
#define SL_LIMIT(symbol, value, what) {#symbol, what},
#include "common/proto.def"
};
static const struct row calls[] = {
#define SL_CALL(handler, name, who, mode, cost) {name, #handler},
#include "common/proto.def"
};
static const struct row events[] = {
#define SL_EVENT(symbol, name) {name, #symbol},
#include "common/proto.def"
};
static const struct row acts[] = {
#define SL_ACT(symbol, name, who, starts, ends) {name, #symbol},
#include "common/proto.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_unique(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_gt(strlen(rows[i].name), 1);
        ck_assert_uint_gt(strlen(rows[i].text), 1);
        for (size_t j = 0; j < i; j++) {
            ck_assert_msg(strcmp(rows[i].name, rows[j].name) != 0, "%s twice", rows[i].name);
        }
    }
}

static void check_sorted(const struct row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        ck_assert_msg(strcmp(rows[i - 1].name, rows[i].name) < 0, "%s before %s", rows[i - 1].name,
                      rows[i].name);
    }
}

static void check_letters(const struct row *rows, size_t count, const char *allowed)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(rows[i].name[strspn(rows[i].name, allowed)] == '\0', "%s", rows[i].name);
    }
}

START_TEST(names_are_unique_sorted_and_plain)
{
    static const char dotted[] = "abcdefghijklmnopqrstuvwxyz_.";

    check_unique(errors, COUNT(errors));
    check_unique(limits, COUNT(limits));
    check_unique(calls, COUNT(calls));
    check_unique(events, COUNT(events));
    check_unique(acts, COUNT(acts));
    /* Calls are looked up by halving. */
    check_sorted(calls, COUNT(calls));
    check_sorted(events, COUNT(events));
    check_sorted(acts, COUNT(acts));
    check_letters(errors, COUNT(errors), "abcdefghijklmnopqrstuvwxyz_");
    check_letters(calls, COUNT(calls), dotted);
    check_letters(events, COUNT(events), dotted);
    check_letters(acts, COUNT(acts), "abcdefghijklmnopqrstuvwxyz");
}
END_TEST

START_TEST(calls_and_their_handlers_have_one_name)
{
    for (size_t i = 0; i < COUNT(calls); i++) {
        SL_AUTO(str) char *handler = sl_strdup(calls[i].name);
        for (char *at = handler; *at != '\0'; at++) {
            *at = *at == '.' ? '_' : *at;
        }
        ck_assert_str_eq(handler, calls[i].text);
    }
}
END_TEST

START_TEST(errors_say_something_to_people)
{
    for (size_t i = 0; i < COUNT(errors); i++) {
        const char *sentence = errors[i].text;
        ck_assert_msg(sentence[0] >= 'A' && sentence[0] <= 'Z', "%s", sentence);
        ck_assert_msg(strchr(".t", sentence[strlen(sentence) - 1]) != NULL, "%s", sentence);
        /* It is put between quotation marks as it stands. */
        ck_assert_msg(strpbrk(sentence, "\"\\\n") == NULL, "%s", sentence);
    }
}
END_TEST

START_TEST(events_and_acts_are_found_by_name)
{
    ck_assert_uint_eq(COUNT(events), SL_EVENT_COUNT);
    for (size_t i = 0; i < COUNT(events); i++) {
        ck_assert_str_eq(sl_event_name((enum sl_event_kind)i), events[i].name);
    }
    ck_assert_uint_eq(COUNT(acts), SL_ACT_COUNT);
    for (size_t i = 0; i < COUNT(acts); i++) {
        const struct sl_act_row *row = sl_act_row((enum sl_act)i);
        ck_assert_uint_eq(sl_act_of(acts[i].name), i);
        ck_assert_uint_ne(row->who & (R_PARENT | R_STAFF), 0);
        ck_assert_uint_eq(row->who & ~(unsigned)(R_PARENT | R_STAFF), 0);
        /* Only a parent's message starts the promise, and only staff's ends it. */
        ck_assert(row->starts == 0 || (row->who & R_PARENT) != 0);
        ck_assert(row->ends == 0 || (row->who & R_STAFF) != 0);
    }
    ck_assert_int_eq(sl_act_of("texts"), SL_ACT_COUNT);
}
END_TEST

START_TEST(limits_fit_into_each_other)
{
    /* What a call may hold in base64 fits into its frame, and a page of answers into one. */
    ck_assert_int_lt(SL_MAX_VAULT_BYTES * 4 / 3 + SL_MAX_ENTRY_BYTES * 4 / 3 + 2000,
                     SL_MAX_FRAME_BYTES);
    ck_assert_int_lt(SL_MAX_PARCEL_BYTES * 4 / 3 + SL_MAX_ENTRY_BYTES * 4 / 3 + 2000,
                     SL_MAX_FRAME_BYTES);
    ck_assert_int_eq(SL_MAX_ENTRY_BYTES, SL_HEADER_BYTES + SL_MESSAGE_BODY_MAX + SL_SIG_BYTES);
    ck_assert_int_ge(SL_MESSAGE_BODY_MAX, SL_MAX_PLAINTEXT_BYTES + 24 + 16);
}
END_TEST

/* ---- Clocks ---- */

START_TEST(the_systems_clock_goes_on)
{
    const struct sl_clock *clock = sl_clock_system();
    int64_t before = sl_mono_ms(clock);
    int64_t wall = sl_now_ms(clock);

    /* After this was written, and before seconds outgrow 32 bits. */
    ck_assert_int_gt(sl_now_s(clock), INT64_C(1700000000));
    ck_assert_int_lt(sl_now_s(clock), INT64_C(4294967296));
    ck_assert_int_le(sl_now_s(clock) - wall / 1000, 1);
    for (int i = 0; i < 1000; i++) {
        int64_t now = sl_mono_ms(clock);
        ck_assert_int_ge(now, before);
        before = now;
    }
    ck_assert_ptr_eq(clock, sl_clock_system());
}
END_TEST

START_TEST(a_made_clock_stands_until_it_is_moved)
{
    struct sl_fake_clock fake;

    sl_fake_clock_init(&fake, 100);
    ck_assert_int_eq(sl_mono_ms(&fake.clock), 100000);
    ck_assert_int_eq(sl_now_ms(&fake.clock), 100000);
    ck_assert_int_eq(sl_now_ms(&fake.clock), 100000);
    sl_fake_clock_advance(&fake, 999);
    ck_assert_int_eq(sl_now_s(&fake.clock), 100);
    sl_fake_clock_advance(&fake, 1);
    ck_assert_int_eq(sl_now_s(&fake.clock), 101);
}
END_TEST

START_TEST(a_full_disk_has_a_name)
{
    struct sl_err err;

    errno = ENOSPC;
    ck_assert_int_eq(sl_fail_errno(&err, "write %s", "part"), SL_STORAGE_FULL);
    ck_assert_int_eq(err.sys, ENOSPC);
    ck_assert_ptr_nonnull(strstr(err.detail, "write part: "));
    ck_assert_int_eq(sl_fail(NULL, SL_TOO_BIG, "no one listens"), SL_TOO_BIG);
}
END_TEST

START_TEST(made_worlds_repeat)
{
    struct sl_fake_clock clock;
    struct sl_fake_rand one;
    struct sl_fake_rand two;
    uint8_t a[32];
    uint8_t b[32];

    sl_fake_clock_init(&clock, 1790000000);
    ck_assert_int_eq(sl_now_s(&clock.clock), 1790000000);
    sl_fake_clock_advance(&clock, 2500);
    ck_assert_int_eq(sl_now_ms(&clock.clock), INT64_C(1790000002500));
    sl_fake_rand_init(&one, 9);
    sl_fake_rand_init(&two, 9);
    sl_rand_fill(&one.rand, a, sizeof a);
    sl_rand_fill(&two.rand, b, sizeof b);
    ck_assert_mem_eq(a, b, sizeof a);
    sl_rand_fill(&two.rand, b, sizeof b);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common");
    TCase *tc = tcase_create("common");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, reader_stops_at_the_end);
    tcase_add_test(tc, buffer_grows_and_keeps);
    tcase_add_test(tc, base64_is_strict);
    tcase_add_test(tc, text_is_cleaned);
    tcase_add_test(tc, nearest_word);
    tcase_add_test(tc, json_refuses);
    tcase_add_test(tc, json_getters_name_the_field);
    tcase_add_test(tc, codes_are_unique_and_said);
    tcase_add_test(tc, names_are_unique_sorted_and_plain);
    tcase_add_test(tc, calls_and_their_handlers_have_one_name);
    tcase_add_test(tc, errors_say_something_to_people);
    tcase_add_test(tc, events_and_acts_are_found_by_name);
    tcase_add_test(tc, limits_fit_into_each_other);
    tcase_add_test(tc, the_systems_clock_goes_on);
    tcase_add_test(tc, a_made_clock_stands_until_it_is_moved);
    tcase_add_test(tc, a_full_disk_has_a_name);
    tcase_add_test(tc, made_worlds_repeat);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
