/* The outbox on disk: sealed, in order, each under a number of its own. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"
#include "outbox.h"
#include "session.h"
#include "support/folder.h"

static const int64_t noon = 1794916800;

/* A person at a computer, without a service. */
struct desk_of_one {
    char *folder;
    struct sl_fake_clock clock;
    struct sl_fake_rand rand;
    struct session session;
    struct cli cli;
    struct desk_thread sam;
    struct desk_thread alex;
};

static void name_thread(struct desk_thread *t, uint8_t n, const char *ref, const char *parent)
{
    memset(t, 0, sizeof(*t));
    memset(t->thread, n, sizeof(t->thread));
    (void)snprintf(t->ref, sizeof(t->ref), "%s", ref);
    t->parent_name = sl_strdup(parent);
    t->child = sl_strdup("");
}

static void set_up(struct desk_of_one *d)
{
    static const uint8_t id[SL_ID_BYTES] = {1};
    static const uint8_t key[32] = {2};

    memset(d, 0, sizeof(*d));
    d->folder = folder_new();
    sl_fake_clock_init(&d->clock, noon);
    sl_fake_rand_init(&d->rand, 1);
    d->cli.clock = &d->clock.clock;
    d->cli.rand = &d->rand.rand;
    d->cli.session = &d->session;
    ck_assert_int_eq(state_open(&d->session.state, d->folder, id, key, d->cli.rand, &d->cli.fault),
                     CLI_OK);
    name_thread(&d->sam, 10, "EHC-2041", "Sam Carter");
    name_thread(&d->alex, 20, "EHC-2110", "Alex Finch");
}

static void tear_down(struct desk_of_one *d)
{
    state_close(&d->session.state);
    free(d->sam.parent_name);
    free(d->sam.child);
    free(d->alex.parent_name);
    free(d->alex.child);
    folder_remove(d->folder);
}

static char *put(struct desk_of_one *d, const struct desk_thread *to, const char *words)
{
    SL_AUTO(json) json_t *body = sl_json_new();
    char *name = NULL;

    sl_json_set_str(body, "body", words);
    ck_assert_int_eq(outbox_put(&d->cli, to, E2_TEXT, body, &name), CLI_OK);
    return name;
}

static json_t *list(struct desk_of_one *d)
{
    json_t *out = NULL;

    ck_assert_int_eq(outbox_list(&d->cli, &out), CLI_OK);
    return out;
}

static const char *text_of(const json_t *items, size_t i, const char *field)
{
    return json_string_value(json_object_get(json_array_get(items, i), field));
}

static int64_t number_of(const json_t *items, size_t i)
{
    return json_integer_value(json_object_get(json_array_get(items, i), "number"));
}

static const char *words_of(const json_t *items, size_t i)
{
    return json_string_value(
        json_object_get(json_object_get(json_array_get(items, i), "body"), "body"));
}

START_TEST(what_is_put_is_listed)
{
    struct desk_of_one d;

    set_up(&d);
    SL_AUTO(json) json_t *none = list(&d);
    ck_assert_uint_eq(json_array_size(none), 0);
    SL_AUTO(str) char *name = put(&d, &d.sam, "Hello Sam");
    SL_AUTO(json) json_t *items = list(&d);
    ck_assert_uint_eq(json_array_size(items), 1);
    ck_assert_str_eq(text_of(items, 0, "name"), name);
    ck_assert_str_eq(text_of(items, 0, "ref"), "EHC-2041");
    ck_assert_str_eq(text_of(items, 0, "to"), "Sam Carter");
    ck_assert_str_eq(text_of(items, 0, "kind"), "text");
    ck_assert_str_eq(words_of(items, 0), "Hello Sam");
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(items, 0), "at")), noon);
    ck_assert_ptr_null(json_object_get(json_array_get(items, 0), "entry"));
    tear_down(&d);
}
END_TEST

START_TEST(order_is_the_order_of_writing)
{
    struct desk_of_one d;
    static const char *const words[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};

    set_up(&d);
    for (size_t i = 0; i < 12; i++) {
        free(put(&d, i % 2 == 0 ? &d.sam : &d.alex, words[i]));
        /* All in one second, and then the clock goes back. */
        if (i == 6) {
            sl_fake_clock_advance(&d.clock, -3600000);
        }
    }
    SL_AUTO(json) json_t *items = list(&d);
    ck_assert_uint_eq(json_array_size(items), 12);
    for (size_t i = 0; i < 12; i++) {
        ck_assert_str_eq(words_of(items, i), words[i]);
        ck_assert_int_eq(number_of(items, i), (int64_t)i + 1);
    }
    tear_down(&d);
}
END_TEST

START_TEST(a_number_stays_with_its_message)
{
    struct desk_of_one d;

    set_up(&d);
    SL_AUTO(str) char *one = put(&d, &d.sam, "one");
    SL_AUTO(str) char *two = put(&d, &d.sam, "two");
    outbox_drop(&d.cli, one);
    SL_AUTO(str) char *three = put(&d, &d.sam, "three");
    SL_AUTO(json) json_t *items = list(&d);
    ck_assert_uint_eq(json_array_size(items), 2);
    ck_assert_int_eq(number_of(items, 0), 2);
    ck_assert_int_eq(number_of(items, 1), 3);
    outbox_drop(&d.cli, two);
    outbox_drop(&d.cli, three);
    /* Taking it out twice, as two commands at once do, is nothing. */
    outbox_drop(&d.cli, three);
    SL_AUTO(json) json_t *none = list(&d);
    ck_assert_uint_eq(json_array_size(none), 0);
    tear_down(&d);
}
END_TEST

START_TEST(nothing_on_the_disk_can_be_read)
{
    struct desk_of_one d;
    size_t len = 0;

    set_up(&d);
    SL_AUTO(str) char *name = put(&d, &d.sam, "Words of a secret kind");
    SL_AUTO(str) char *path = sl_strf("%s/%s", d.session.state.dir, name);
    SL_AUTO(str) char *bytes = folder_read(path, &len);
    ck_assert_uint_gt(len, 40);
    ck_assert_ptr_null(memmem(bytes, len, "secret", 6));
    ck_assert_ptr_null(memmem(bytes, len, "Sam", 3));
    ck_assert_ptr_null(memmem(bytes, len, "EHC-", 4));
    tear_down(&d);
}
END_TEST

START_TEST(what_was_altered_is_not_sent)
{
    struct desk_of_one d;
    json_t *items = NULL;
    size_t len = 0;

    set_up(&d);
    SL_AUTO(str) char *name = put(&d, &d.sam, "Words");
    SL_AUTO(str) char *other = put(&d, &d.alex, "Other words");
    SL_AUTO(str) char *path = sl_strf("%s/%s", d.session.state.dir, name);
    SL_AUTO(str) char *other_path = sl_strf("%s/%s", d.session.state.dir, other);
    SL_AUTO(str) char *bytes = folder_read(path, &len);

    /* One message's file under another's name. */
    folder_write(other_path, bytes, len, 0600);
    ck_assert_int_eq(outbox_list(&d.cli, &items), CLI_UNPLANNED);
    ck_assert_ptr_null(items);
    ck_assert_ptr_nonnull(strstr(d.cli.fault.what, other));
    ck_assert_int_eq(unlink(other_path), 0);
    bytes[len - 1] = (char)(bytes[len - 1] ^ 1);
    folder_write(path, bytes, len, 0600);
    ck_assert_int_eq(outbox_list(&d.cli, &items), CLI_UNPLANNED);
    ck_assert_ptr_null(items);
    tear_down(&d);
}
END_TEST

START_TEST(a_half_written_file_is_no_message)
{
    struct desk_of_one d;

    set_up(&d);
    SL_AUTO(str) char *part = sl_strf("%s/outbox-00000007.123.part", d.session.state.dir);
    folder_write(part, "half", 4, 0600);
    free(put(&d, &d.sam, "Whole"));
    SL_AUTO(json) json_t *items = list(&d);
    ck_assert_uint_eq(json_array_size(items), 1);
    ck_assert_str_eq(words_of(items, 0), "Whole");
    tear_down(&d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_talk_outbox");
    TCase *tc = tcase_create("outbox");

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, what_is_put_is_listed);
    tcase_add_test(tc, order_is_the_order_of_writing);
    tcase_add_test(tc, a_number_stays_with_its_message);
    tcase_add_test(tc, nothing_on_the_disk_can_be_read);
    tcase_add_test(tc, what_was_altered_is_not_sent);
    tcase_add_test(tc, a_half_written_file_is_no_message);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
