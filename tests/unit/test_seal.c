/* The outside key: its file, and what is sealed under it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/rand.h"
#include "store/seal.h"
#include "support/folder.h"

static char *folder;
static char *path;
static const uint8_t row[16] = {1, 2, 3};
static const uint8_t other_row[16] = {1, 2, 4};

static void set_up(void)
{
    folder = folder_new();
    path = folder_file(folder, "outside.key");
}

static void tear_down(void)
{
    free(path);
    folder_remove(folder);
}

static struct seal *open_seal(void)
{
    struct seal *seal = NULL;
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = seal_open_file(path, sl_rand_system(), &seal, &err);
    ck_assert_msg(rc == SL_OK, "%s", err.detail);
    return seal;
}

static struct seal *make_seal(void)
{
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = seal_make_file(path, sl_rand_system(), &err);
    ck_assert_msg(rc == SL_OK, "%s", err.detail);
    return open_seal();
}

START_TEST(a_new_file_is_private_and_kept)
{
    struct sl_err err = {.code = SL_OK};
    struct stat st;
    size_t len = 0;

    seal_free(make_seal());
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    SL_AUTO(str) char *first = folder_read(path, &len);
    ck_assert_uint_eq(len, 81);
    ck_assert_int_eq(seal_make_file(path, sl_rand_system(), &err), SL_ID_USED);
    SL_AUTO(str) char *second = folder_read(path, NULL);
    ck_assert_str_eq(first, second);
    SL_AUTO(str) char *part = sl_strf("%s.part", path);
    ck_assert_int_ne(access(part, F_OK), 0);
}
END_TEST

START_TEST(two_keys_differ)
{
    SL_AUTO(str) char *first = NULL;

    seal_free(make_seal());
    first = folder_read(path, NULL);
    ck_assert_int_eq(unlink(path), 0);
    seal_free(make_seal());
    SL_AUTO(str) char *second = folder_read(path, NULL);
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(a_loose_or_wrong_file_is_refused)
{
    static const char label[] = "sendline-key-v1\n";
    struct seal *seal = NULL;
    struct sl_err err = {.code = SL_OK};
    char text[83];

    ck_assert_int_eq(seal_open_file(path, sl_rand_system(), &seal, &err), SL_NOT_FOUND);
    memset(text, 'a', sizeof text);
    memcpy(text, label, 16);
    text[80] = '\n';
    folder_write(path, text, 81, 0600);
    seal_free(open_seal());
    folder_write(path, text, 81, 0400);
    seal_free(open_seal());
    static const unsigned loose[] = {0640, 0604, 0620, 0610, 0601, 0666};
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        folder_write(path, text, 81, loose[i]);
        ck_assert_int_eq(seal_open_file(path, sl_rand_system(), &seal, &err), SL_FORBIDDEN);
    }
    for (size_t len = 0; len <= 82; len++) {
        if (len != 81) {
            folder_write(path, text, len, 0600);
            ck_assert_int_eq(seal_open_file(path, sl_rand_system(), &seal, &err), SL_CORRUPT);
        }
    }
    for (size_t i = 0; i < 81; i++) {
        char was = text[i];
        text[i] = 'G';
        folder_write(path, text, 81, 0600);
        ck_assert_int_eq(seal_open_file(path, sl_rand_system(), &seal, &err), SL_CORRUPT);
        text[i] = 'A'; /* a digit only in capitals */
        folder_write(path, text, 81, 0600);
        ck_assert_int_eq(seal_open_file(path, sl_rand_system(), &seal, &err), SL_CORRUPT);
        text[i] = was;
    }
    ck_assert_int_eq(seal_open_file(folder, sl_rand_system(), &seal, &err), SL_CORRUPT);
    ck_assert_ptr_null(seal);
    ck_assert_ptr_null(strstr(err.detail, "aaaa"));
}
END_TEST

START_TEST(sealed_opens_where_it_was_sealed)
{
    static const size_t sizes[] = {0, 1, 254, 131072};
    struct seal *seal = make_seal();
    struct sl_err err = {.code = SL_OK};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SL_AUTO(buf) struct sl_buf plain = {0};
        SL_AUTO(buf) struct sl_buf sealed = {0};
        SL_AUTO(buf) struct sl_buf opened = {0};
        while (plain.len < sizes[i]) {
            sl_buf_put_u8(&plain, (uint8_t)plain.len);
        }
        sl_buf_put_str(&sealed, "before");
        seal_put(seal, "parent.vault", row, plain.data, plain.len, &sealed);
        ck_assert_uint_eq(sealed.len, 6 + 1 + 24 + plain.len + 16);
        sl_buf_put_str(&opened, "kept");
        ck_assert_int_eq(
            seal_get(seal, "parent.vault", row, sealed.data + 6, sealed.len - 6, &opened, &err),
            SL_OK);
        ck_assert_uint_eq(opened.len, 4 + plain.len);
        ck_assert_mem_eq(opened.data, "kept", 4);
        if (plain.len > 0) {
            ck_assert_mem_eq(opened.data + 4, plain.data, plain.len);
        }
    }
    seal_free(seal);
}
END_TEST

static enum sl_code open_at(const struct seal *seal, const char *where, const uint8_t *row_id,
                            const struct sl_buf *sealed, size_t len)
{
    SL_AUTO(buf) struct sl_buf opened = {0};
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = seal_get(seal, where, row_id, sealed->data, len, &opened, &err);
    ck_assert_uint_eq(opened.len, rc == SL_OK ? 6 : 0);
    return rc;
}

START_TEST(sealed_does_not_open_elsewhere)
{
    struct seal *seal = make_seal();
    SL_AUTO(buf) struct sl_buf sealed = {0};

    seal_put(seal, "parent.vault", row, "secret", 6, &sealed);
    ck_assert_int_eq(open_at(seal, "parent.vault", row, &sealed, sealed.len), SL_OK);
    ck_assert_int_eq(open_at(seal, "parent.vaul", row, &sealed, sealed.len), SL_CORRUPT);
    ck_assert_int_eq(open_at(seal, "parent.address", row, &sealed, sealed.len), SL_CORRUPT);
    ck_assert_int_eq(open_at(seal, "parent.vault", other_row, &sealed, sealed.len), SL_CORRUPT);
    for (size_t len = 0; len < sealed.len; len++) {
        ck_assert_int_eq(open_at(seal, "parent.vault", row, &sealed, len), SL_CORRUPT);
    }
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        ck_assert_int_eq(open_at(seal, "parent.vault", row, &sealed, sealed.len), SL_CORRUPT);
        sealed.data[i] ^= 1;
    }
    ck_assert_int_eq(unlink(path), 0);
    struct seal *other = make_seal();
    ck_assert_int_eq(open_at(other, "parent.vault", row, &sealed, sealed.len), SL_CORRUPT);
    seal_free(other);
    seal_free(seal);
}
END_TEST

START_TEST(sealing_twice_differs_looking_up_does_not)
{
    struct seal *seal = make_seal();
    SL_AUTO(buf) struct sl_buf first = {0};
    SL_AUTO(buf) struct sl_buf second = {0};
    uint8_t a[32];
    uint8_t b[32];

    seal_put(seal, "parent.address", row, "sam@example.org", 15, &first);
    seal_put(seal, "parent.address", row, "sam@example.org", 15, &second);
    ck_assert_uint_eq(first.len, second.len);
    ck_assert_mem_ne(first.data + 1, second.data + 1, 24);
    ck_assert_ptr_null(memmem(first.data, first.len, "sam@", 4));

    seal_lookup(seal, "parent.address", "sam@example.org", 15, a);
    struct seal *again = open_seal();
    seal_lookup(again, "parent.address", "sam@example.org", 15, b);
    ck_assert_mem_eq(a, b, 32);
    seal_lookup(again, "parent.address", "sam@example.orf", 15, b);
    ck_assert_mem_ne(a, b, 32);
    seal_lookup(again, "parent.addres", "ssam@example.org", 16, b);
    ck_assert_mem_ne(a, b, 32);
    seal_free(again);

    ck_assert_int_eq(unlink(path), 0);
    struct seal *other = make_seal();
    seal_lookup(other, "parent.address", "sam@example.org", 15, b);
    ck_assert_mem_ne(a, b, 32);
    seal_free(other);
    seal_free(seal);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seal");
    TCase *tests = tcase_create("seal");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_new_file_is_private_and_kept);
    tcase_add_test(tests, two_keys_differ);
    tcase_add_test(tests, a_loose_or_wrong_file_is_refused);
    tcase_add_test(tests, sealed_opens_where_it_was_sealed);
    tcase_add_test(tests, sealed_does_not_open_elsewhere);
    tcase_add_test(tests, sealing_twice_differs_looking_up_does_not);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
