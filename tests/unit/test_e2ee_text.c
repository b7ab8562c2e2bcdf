/* What may stand in a message and how strictly it is read, and the forms that people type. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/plaintext.h"
#include "e2ee/prints.h"

static void set_up(void)
{
    ck_assert_int_eq(e2_ready(NULL), SL_OK);
}

static struct sl_bytes text_bytes(const char *text)
{
    return (struct sl_bytes){(const uint8_t *)text, strlen(text)};
}

static enum sl_code read_text(const char *text, enum e2_plain *kind, json_t **body)
{
    return e2_plain_read(text_bytes(text), kind, body, NULL);
}

/* ---- The table ---- */

#define B16 "BwcHBwcHBwcHBwcHBwcHBw"
#define B32 "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"

/* One of each with every field; who may send it: p parent, s staff, n staff in notes alone; which
 * fields may be missing. */
static const struct {
    enum e2_plain kind;
    const char *name, *fields, *who, *optional;
} kinds[] = {
    {E2_TEXT, "text", "{\"body\":\"Hello\",\"re\":3}", "ps", "re"},
    {E2_FILE, "file",
     "{\"blob\":\"" B16 "\",\"key\":\"" B32 "\",\"name\":\"plan.pdf\",\"type\":\"application/pdf\","
     "\"size\":1,\"hash\":\"" B32 "\",\"alt\":\"A plan\"}",
     "ps", "alt"},
    {E2_CALL, "call",
     "{\"booking\":\"" B16
     "\",\"at\":1,\"topic\":\"t\",\"questions\":[\"a\",\"b\"],\"phone\":\"0\","
     "\"safe\":true,\"voicemail\":false,\"needs\":[],\"joins\":[\"x\"]}",
     "ps", ""},
    {E2_PROFILE, "profile",
     "{\"phone\":\"0\",\"hours\":[{\"days\":[1,2],\"from\":\"09:00\",\"to\":\"10:00\"}],"
     "\"voicemail\":true,\"wording\":\"w\",\"confirmed_on\":\"2026-11-21\"}",
     "p", ""},
    {E2_FORM, "form",
     "{\"form\":\"views\",\"version\":1,\"answers\":[{\"id\":\"a\",\"q\":\"q\",\"a\":\"a\"}]}", "p",
     ""},
    {E2_AGREED, "agreed", "{\"booking\":\"" B16 "\",\"points\":[\"one\"]}", "s", "booking"},
    {E2_CONFIRM, "confirm", "{\"seq\":4}", "p", ""},
    {E2_CARD, "card", "{\"case\":\"c\",\"child\":\"d\",\"parent\":\"p\",\"continues\":\"" B16 "\"}",
     "s", "continues"},
    {E2_REASON, "reason", "{\"about\":\"a\",\"ref\":\"" B16 "\",\"body\":\"b\"}", "s", "ref"},
    {E2_LETTER, "letter", "{\"event\":\"e\",\"body\":\"b\",\"file\":5}", "s", "file"},
    {E2_NOTE, "note", "{\"body\":\"b\",\"booking\":\"" B16 "\"}", "n", "booking"},
    {E2_RETRACT, "retract", "{\"seq\":1}", "ps", ""},
};

enum {
    KINDS = sizeof(kinds) / sizeof(kinds[0])
};

static json_t *parsed(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(json);
    return json;
}

/* With kind in front, as it is written by whoever wants to; appended. */
static void with_kind(const char *name, const json_t *fields, struct sl_buf *out)
{
    SL_AUTO(json) json_t *whole = sl_json_new();
    size_t len = 0;

    sl_json_set_str(whole, "kind", name);
    ck_assert_int_eq(json_object_update(whole, (json_t *)(uintptr_t)fields), 0);
    SL_AUTO(str) char *text = sl_json_text(whole, &len);
    sl_buf_put(out, text, len);
}

static bool takes(const char *name, const json_t *fields)
{
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(json) json_t *body = NULL;
    enum e2_plain kind = E2_PLAIN_UNKNOWN;

    with_kind(name, fields, &text);
    return e2_plain_read(sl_buf_bytes(&text), &kind, &body, NULL) == SL_OK;
}

START_TEST(a_kind)
{
    SL_AUTO(json) json_t *full = parsed(kinds[_i].fields);
    SL_AUTO(json) json_t *more = json_copy(full);
    SL_AUTO(json) json_t *body = NULL;
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(str) char *start = sl_strf("{\"kind\":\"%s\"", kinds[_i].name);
    enum e2_plain kind = E2_PLAIN_UNKNOWN;

    ck_assert_str_eq(e2_plain_name(kinds[_i].kind), kinds[_i].name);
    ck_assert_int_eq(e2_plain_of(kinds[_i].name), kinds[_i].kind);
    sl_json_set_str(more, "extra", "left out");
    ck_assert_int_eq(e2_plain_write(kinds[_i].kind, more, &text, NULL), SL_OK);
    ck_assert_mem_eq(text.data, start, strlen(start));
    ck_assert_ptr_null(memmem(text.data, text.len, "extra", 5));
    ck_assert_int_eq(e2_plain_read(sl_buf_bytes(&text), &kind, &body, NULL), SL_OK);
    ck_assert_int_eq(kind, kinds[_i].kind);
    ck_assert(json_equal(body, full));
}
END_TEST

START_TEST(a_kind_with_a_field_missing)
{
    SL_AUTO(json) json_t *full = parsed(kinds[_i].fields);
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(full, name, value)
    {
        SL_AUTO(json) json_t *rest = json_copy(full);
        SL_AUTO(buf) struct sl_buf text = {0};
        const bool optional = strcmp(kinds[_i].optional, name) == 0;
        struct sl_err err = {.code = SL_OK};
        ck_assert_int_eq(json_object_del(rest, name), 0);
        ck_assert_msg(takes(kinds[_i].name, rest) == optional, "%s without %s", kinds[_i].name,
                      name);
        ck_assert_int_eq(e2_plain_write(kinds[_i].kind, rest, &text, &err),
                         optional ? SL_OK : SL_BAD_REQUEST);
        ck_assert(optional || strstr(err.detail, name) != NULL);
    }
}
END_TEST

START_TEST(a_kind_with_a_field_of_another_type)
{
    static const char *const wrong[] = {"[-1]",    "[1.5]",  "[9007199254740992]",
                                        "[\"A\"]", "[[[]]]", "[{}]",
                                        "[[-1]]",  "[[{}]]", "[[9]]"};
    SL_AUTO(json) json_t *full = parsed(kinds[_i].fields);
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(full, name, value)
    {
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            SL_AUTO(json) json_t *list = parsed(wrong[i]);
            SL_AUTO(json) json_t *other = json_copy(full);
            SL_AUTO(buf) struct sl_buf text = {0};
            const json_t *one = json_array_get(list, 0);
            /* "A" is a string, but bytes it is not. */
            const bool text_for_text = json_is_string(one) && json_is_string(value) &&
                                       strcmp(json_string_value(value), B16) != 0 &&
                                       strcmp(json_string_value(value), B32) != 0;
            sl_json_set(other, name, json_deep_copy(one));
            ck_assert_msg(takes(kinds[_i].name, other) == text_for_text, "%s: %s is %s",
                          kinds[_i].name, name, wrong[i]);
            ck_assert_int_eq(e2_plain_write(kinds[_i].kind, other, &text, NULL),
                             text_for_text ? SL_OK : SL_BAD_REQUEST);
        }
    }
}
END_TEST

START_TEST(who_may_send_a_kind)
{
    const bool parent = strchr(kinds[_i].who, 'p') != NULL;
    const bool staff = strchr(kinds[_i].who, 's') != NULL;
    const bool notes = strchr(kinds[_i].who, 'n') != NULL;
    const enum e2_plain kind = kinds[_i].kind;

    ck_assert_int_eq(e2_plain_may_send(kind, E2_SIDE_PARENT, false), parent);
    ck_assert_int_eq(e2_plain_may_send(kind, E2_SIDE_STAFF, false), staff);
    ck_assert_int_eq(e2_plain_may_send(kind, E2_SIDE_PARENT, true), parent);
    ck_assert_int_eq(e2_plain_may_send(kind, E2_SIDE_STAFF, true), staff || notes);
}
END_TEST

START_TEST(the_table_is_complete)
{
    ck_assert_int_eq(KINDS, E2_PLAIN_COUNT);
    ck_assert_ptr_null(e2_plain_name(E2_PLAIN_UNKNOWN));
    ck_assert_int_eq(e2_plain_of("poll"), E2_PLAIN_UNKNOWN);
}
END_TEST

/* ---- Strictness ---- */

static const char *const good[] = {
    "{\"kind\":\"text\",\"body\":\"x\"}",
    " {\"kind\":\"text\",\"body\":\"\\ud83d\\ude00\\n\"}\n",
    "{\"kind\":\"text\",\"body\":\"x\",\"new\":[1.5,1e3,null,9007199254740993]}",
    "{\"kind\":\"text\",\"body\":\"x\",\"new\":-9223372036854775808}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":-0}",
};

static const char *const bad[] = {
    "",
    "[]",
    "\"x\"",
    "{}",
    "{\"body\":\"x\",\"kind\":\"text\"}",
    "{\"kind\":\"text\",\"body\":\"x\",}",
    "{\"kind\":\"text\",\"body\":\"x\"} x",
    "{\"kind\":\"text\",\"body\":\"x\"}{}",
    "{\"kind\":\"text\",\"body\":\"x\",\"body\":\"y\"}",
    "{\"kind\":\"text\",\"body\":\"x\",\"a\":null}",
    "{\"kind\":\"text\",\"body\":\"x\",\"a\":{\"b\":null}}",
    "{\"kind\":\"text\",\"body\":\"x\",\"a\":[{\"b\":null}]}",
    "{\"kind\":\"text\",\"body\":\"x\",\"a\":{\"b\":1,\"\\u0062\":2}}",
    "{\"kind\":\"text\",\"body\":\"\\u0000\"}",
    "{\"kind\":\"text\",\"body\":\"x\",\"\\u0000\":1}",
    "{\"kind\":\"text\",\"body\":\"\\ud800\"}",
    "{\"kind\":\"text\",\"body\":\"\\ude00\\ud83d\"}",
    "{\"kind\":\"text\",\"body\":\"\x01\"}",
    "{\"kind\":\"text\",\"body\":\"a\nb\"}",
    "{\"kind\":\"text\",\"body\":\"\\x\"}",
    "{'kind':'text','body':'x'}",
    "{\"kind\":\"text\",\"body\":\"x\",\"new\":9223372036854775808}",
    "{\"kind\":\"text\",\"body\":\"x\",\"new\":1e999}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":1.0}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":1e2}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":01}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":+1}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":-1}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":9007199254740992}",
    "{\"kind\":\"text\",\"body\":\"x\",\"re\":NaN}",
    "\xef\xbb\xbf{\"kind\":\"text\",\"body\":\"x\"}",
    "{\"kind\":1,\"body\":\"x\"}",
    "{\"kind\":\"text\",\"body\":\"x\"",
    "{\"kind\":\"text\" \"body\":\"x\"}",
    "{\"kind\":\"text\",\"body\":tru}",
    "{\"kind\":\"text\",\"body\":\"x\",\"a\":\xc2\xa0[]}",
    "{\"kind\":\"text\",\"body\":\"\xff\"}",
    "{\"kind\":\"text\",\"body\":\"\xc0\x80\"}",
    "{\"kind\":\"text\",\"body\":\"\xed\xa0\x80\"}",
    "{\"kind\":\"text\",\"body\":\"\xf4\x90\x80\x80\"}",
    "{\"kind\":\"text\",\"body\":\"\xe2\x82\"}",
};

START_TEST(text_that_is_taken)
{
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    SL_AUTO(json) json_t *body = NULL;

    ck_assert_msg(read_text(good[_i], &kind, &body) == SL_OK, "%s", good[_i]);
    ck_assert_int_eq(kind, E2_TEXT);
}
END_TEST

START_TEST(text_that_is_refused)
{
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    json_t *body = NULL;

    ck_assert_msg(read_text(bad[_i], &kind, &body) == SL_ENTRY_REFUSED, "%s", bad[_i]);
    ck_assert_ptr_null(body);
}
END_TEST

/* Brackets: as deep as the other half goes, and one deeper. */
START_TEST(text_that_is_deep)
{
    for (size_t depth = 2046; depth <= 2048; depth++) {
        SL_AUTO(buf) struct sl_buf text = {0};
        SL_AUTO(json) json_t *body = NULL;
        enum e2_plain kind = E2_PLAIN_UNKNOWN;
        sl_buf_put_str(&text, "{\"kind\":\"text\",\"body\":\"x\",\"a\":");
        for (size_t i = 0; i < depth; i++) {
            sl_buf_put_u8(&text, '[');
        }
        for (size_t i = 0; i < depth; i++) {
            sl_buf_put_u8(&text, ']');
        }
        sl_buf_put_u8(&text, '}');
        ck_assert_int_eq(e2_plain_read(sl_buf_bytes(&text), &kind, &body, NULL),
                         depth < 2048 ? SL_OK : SL_ENTRY_REFUSED);
    }
}
END_TEST

START_TEST(a_nul_in_the_middle_ends_nothing)
{
    static const char text[] = "{\"kind\":\"text\",\"body\":\"a\0b\"}";
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    json_t *body = NULL;

    ck_assert_int_eq(e2_plain_read((struct sl_bytes){(const uint8_t *)text, sizeof(text) - 1},
                                   &kind, &body, NULL),
                     SL_ENTRY_REFUSED);
}
END_TEST

START_TEST(sixteen_kib_and_no_more)
{
    enum {
        ROOM = SL_MAX_PLAINTEXT_BYTES - 25
    };
    char *words = sl_alloc(ROOM + 2);
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(json) json_t *back = NULL;
    SL_AUTO(buf) struct sl_buf text = {0};
    SL_AUTO(buf) struct sl_buf more = {0};
    enum e2_plain kind = E2_PLAIN_UNKNOWN;

    memset(words, 'x', ROOM);
    sl_json_set_str(body, "body", words);
    ck_assert_int_eq(e2_plain_write(E2_TEXT, body, &text, NULL), SL_OK);
    ck_assert_uint_eq(text.len, SL_MAX_PLAINTEXT_BYTES);
    ck_assert_int_eq(e2_plain_read(sl_buf_bytes(&text), &kind, &back, NULL), SL_OK);
    words[ROOM] = 'x';
    sl_json_set_str(body, "body", words);
    ck_assert_int_eq(e2_plain_write(E2_TEXT, body, &more, NULL), SL_TOO_BIG);
    sl_buf_put_u8(&text, ' ');
    ck_assert_int_eq(e2_plain_read(sl_buf_bytes(&text), &kind, &back, NULL), SL_ENTRY_REFUSED);
    free(words);
}
END_TEST

START_TEST(what_is_sent_is_text)
{
    SL_AUTO(json) json_t *body = sl_json_new();
    SL_AUTO(buf) struct sl_buf text = {0};

    sl_json_set(body, "body", json_stringn_nocheck("a\0b", 3));
    ck_assert_int_eq(e2_plain_write(E2_TEXT, body, &text, NULL), SL_BAD_REQUEST);
    sl_json_set(body, "body", json_string_nocheck("a\xed\xa0\x80"));
    ck_assert_int_eq(e2_plain_write(E2_TEXT, body, &text, NULL), SL_BAD_REQUEST);
}
END_TEST

START_TEST(words_are_made_safe_to_show)
{
    enum e2_plain kind = E2_PLAIN_UNKNOWN;
    SL_AUTO(json) json_t *body = NULL;

    ck_assert_int_eq(
        read_text(
            "{\"kind\":\"form\",\"form\":\"a\\u001b[2Jb\",\"version\":1,\"answers\":"
            "[{\"id\":\"\\u202eid\",\"q\":\"\\u2066q\\u009b\",\"a\":\"\\ta\\r\\nb\\rc\\u007f\"}]}",
            &kind, &body),
        SL_OK);
    const json_t *answer = json_array_get(json_object_get(body, "answers"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(body, "form")), "a[2Jb");
    ck_assert_str_eq(json_string_value(json_object_get(answer, "id")), "id");
    ck_assert_str_eq(json_string_value(json_object_get(answer, "q")), "q");
    ck_assert_str_eq(json_string_value(json_object_get(answer, "a")), "\ta\nb\nc");
}
END_TEST

START_TEST(an_unknown_kind_is_named_and_not_shown)
{
    enum e2_plain kind = E2_TEXT;
    SL_AUTO(json) json_t *body = NULL;
    SL_AUTO(json) json_t *longest = NULL;
    SL_AUTO(buf) struct sl_buf text = {0};

    ck_assert_int_eq(read_text("{\"kind\":\"poll\\u001b\",\"x\":[1,\"words\"]}", &kind, &body),
                     SL_OK);
    ck_assert_int_eq(kind, E2_PLAIN_UNKNOWN);
    ck_assert_uint_eq(json_object_size(body), 1);
    ck_assert_str_eq(json_string_value(json_object_get(body, "name")), "poll");
    sl_buf_put_str(&text, "{\"kind\":\"");
    for (int i = 0; i < 100; i++) {
        sl_buf_put_str(&text, "\xf0\x9f\x98\x80");
    }
    sl_buf_put_str(&text, "\"}");
    ck_assert_int_eq(e2_plain_read(sl_buf_bytes(&text), &kind, &longest, NULL), SL_OK);
    ck_assert_uint_eq(json_string_length(json_object_get(longest, "name")), 64 * 4);
}
END_TEST

/* ---- What people type ---- */

START_TEST(any_fifteen_bytes_can_be_typed)
{
    struct sl_fake_rand fake;

    sl_fake_rand_init(&fake, 4);
    for (int i = 0; i < 500; i++) {
        uint8_t raw[E2_TYPED_RAW];
        uint8_t back[E2_TYPED_RAW];
        char typed[E2_TYPED_CHARS + 1];
        sl_rand_fill(&fake.rand, raw, sizeof(raw));
        e2_typed(raw, typed);
        ck_assert_uint_eq(strlen(typed), E2_TYPED_CHARS);
        ck_assert_uint_eq(strspn(typed, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), E2_TYPED_CHARS);
        ck_assert_int_eq(e2_typed_read(typed, back), -1);
        ck_assert_mem_eq(raw, back, sizeof(raw));
    }
}
END_TEST

/* Any one symbol wrong, or two neighbours swapped: it shows in its group. */
START_TEST(a_slip_shows_in_its_group)
{
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const uint8_t raw[E2_TYPED_RAW] = {0x1a, 0xaf, 0xf2, 0xd2, 0xf1, 0xc8, 0xed, 0x8b,
                                       0x42, 0x9d, 0x09, 0xaf, 0xa8, 0x1b, 0x86};
    uint8_t back[E2_TYPED_RAW] = {0};
    char typed[E2_TYPED_CHARS + 1];

    e2_typed(raw, typed);
    for (size_t at = 0; at < E2_TYPED_CHARS; at++) {
        const char was = typed[at];
        for (size_t i = 0; was != '-' && i < sizeof(symbols) - 1; i++) {
            typed[at] = symbols[i];
            ck_assert_int_eq(e2_typed_read(typed, back), symbols[i] == was ? -1 : (int)(at / 6));
        }
        typed[at] = was;
        if (at > 0 && was != '-' && typed[at - 1] != '-' && was != typed[at - 1]) {
            typed[at] = typed[at - 1];
            typed[at - 1] = was;
            ck_assert_int_eq(e2_typed_read(typed, back), (int)(at / 6));
            typed[at - 1] = typed[at];
            typed[at] = was;
        }
    }
}
END_TEST

START_TEST(what_people_make_of_it)
{
    const uint8_t raw[E2_TYPED_RAW] = {0};
    uint8_t back[E2_TYPED_RAW];
    static const struct {
        const char *text;
        int group;
    } cases[] = {
        {"00000-00001-00002-00003-00004-00005", -1},
        {"000000000100002000030000400005", -1},
        {" oOoOo oooOi\n0000200003\xe2\x80\x93"
         "00004\xc2\xa0"
         "0000\t5 ",
         -1},
        {"00000-00001-00002-00003-00004-0000", 6},
        {"00000-00001-00002-00003-00004-000050", 6},
        {"00000-00001-00002-00003-00004", 6},
        {"", 6},
        {"00001-00001-00002-00003-00004-00005", 0},
        {"00000-0000U-00002-00003-00004-00005", 1},
        {"00000-00001-00002-0000\xc3\xa9-00004-00005", 3},
        {"00000-00001-00002-00003-00004-0000\xff", 5},
        {"0000!-00001-00002-00003-00004-00005-00000", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(back, 9, sizeof(back));
        ck_assert_msg(e2_typed_read(cases[i].text, back) == cases[i].group, "%s", cases[i].text);
        ck_assert_int_eq(memcmp(raw, back, sizeof(raw)) == 0, cases[i].group == -1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee text");
    TCase *tests = tcase_create("text");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, a_kind, 0, KINDS);
    tcase_add_loop_test(tests, a_kind_with_a_field_missing, 0, KINDS);
    tcase_add_loop_test(tests, a_kind_with_a_field_of_another_type, 0, KINDS);
    tcase_add_loop_test(tests, who_may_send_a_kind, 0, KINDS);
    tcase_add_test(tests, the_table_is_complete);
    tcase_add_loop_test(tests, text_that_is_taken, 0, (int)(sizeof(good) / sizeof(good[0])));
    tcase_add_loop_test(tests, text_that_is_refused, 0, (int)(sizeof(bad) / sizeof(bad[0])));
    tcase_add_test(tests, text_that_is_deep);
    tcase_add_test(tests, a_nul_in_the_middle_ends_nothing);
    tcase_add_test(tests, sixteen_kib_and_no_more);
    tcase_add_test(tests, what_is_sent_is_text);
    tcase_add_test(tests, words_are_made_safe_to_show);
    tcase_add_test(tests, an_unknown_kind_is_named_and_not_shown);
    tcase_add_test(tests, any_fifteen_bytes_can_be_typed);
    tcase_add_test(tests, a_slip_shows_in_its_group);
    tcase_add_test(tests, what_people_make_of_it);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
