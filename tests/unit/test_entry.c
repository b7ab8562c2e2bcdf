/* Entries as bytes: what is taken apart and put together again, what is refused by its lengths, and
 * what signatures and chain hold. The bytes themselves are fixed by the vectors. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "common/entry.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum {
    KEY_BODY_FIXED = 4 + 32 + 32 + 72 + 1,
    GRANT_BYTES = 1 + 16 + 4 + 32 + 80,
    INVITE_BODY = 16 + 16 + 32 + 8,
    KEYS_BODY = 4 + 32 + 32 + 64
};

static uint8_t sign_pk[crypto_sign_PUBLICKEYBYTES];
static uint8_t sign_sk[crypto_sign_SECRETKEYBYTES];

static void set_up(void)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {7};
    (void)crypto_sign_seed_keypair(sign_pk, sign_sk, seed);
}

/* An entry of a type with a body of zeros; a key entry says how many grants it has. */
static void make(struct sl_buf *out, uint8_t version, uint8_t type, size_t body_len, uint8_t grants)
{
    struct sl_header header = {.version = version, .type = type, .sent_at = 1, .generation = 1};
    uint8_t *body = sl_alloc(body_len + 1);

    memset(header.thread_id, 't', sizeof header.thread_id);
    memset(header.author_id, 'a', sizeof header.author_id);
    if (type == SL_ENTRY_KEY && body_len >= KEY_BODY_FIXED) {
        body[KEY_BODY_FIXED - 1] = grants;
    }
    sl_header_put(out, &header);
    sl_buf_put(out, body, body_len);
    SL_AUTO(buf) struct sl_buf signed_text = {0};
    uint8_t signature[SL_SIG_BYTES];
    sl_entry_signed_put(&signed_text, out->data, body, body_len);
    (void)crypto_sign_detached(signature, NULL, signed_text.data, signed_text.len, sign_sk);
    sl_buf_put(out, signature, sizeof signature);
    free(body);
}

START_TEST(each_type_has_its_lengths)
{
    static const struct {
        uint8_t version, type;
        size_t body;
        uint8_t grants;
        bool taken;
    } cases[] = {
        {1, SL_ENTRY_MESSAGE, SL_MESSAGE_BODY_MIN, 0, true},
        {1, SL_ENTRY_MESSAGE, SL_MESSAGE_BODY_MIN - 1, 0, false},
        {1, SL_ENTRY_MESSAGE, SL_MESSAGE_BODY_MAX, 0, true},
        {1, SL_ENTRY_MESSAGE, SL_MESSAGE_BODY_MAX + 1, 0, false},
        {1, SL_ENTRY_MESSAGE, 0, 0, false},
        {1, SL_ENTRY_KEY, KEY_BODY_FIXED, 0, true},
        {1, SL_ENTRY_KEY, KEY_BODY_FIXED + 2 * GRANT_BYTES, 2, true},
        {1, SL_ENTRY_KEY, KEY_BODY_FIXED + 2 * GRANT_BYTES, 3, false},
        {1, SL_ENTRY_KEY, KEY_BODY_FIXED + 3 * GRANT_BYTES, 2, false},
        {1, SL_ENTRY_KEY, KEY_BODY_FIXED - 1, 0, false},
        {1, SL_ENTRY_KEY, 0, 0, false},
        {1, SL_ENTRY_INVITE, INVITE_BODY, 0, true},
        {1, SL_ENTRY_INVITE, INVITE_BODY + 1, 0, false},
        {1, SL_ENTRY_KEYS, KEYS_BODY, 0, true},
        {1, SL_ENTRY_KEYS, KEYS_BODY - 1, 0, false},
        {1, SL_ENTRY_SEEN, 0, 0, true},
        {1, SL_ENTRY_SEEN, 1, 0, false},
        {1, 0, 0, 0, false},
        {1, 6, 0, 0, false},
        {0, SL_ENTRY_SEEN, 0, 0, false},
        {2, SL_ENTRY_SEEN, 0, 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};
        struct sl_entry entry = {.signature = NULL};
        struct sl_err err = {.code = SL_OK};
        make(&bytes, cases[i].version, cases[i].type, cases[i].body, cases[i].grants);
        enum sl_code rc = sl_entry_parse(bytes.data, bytes.len, &entry, &err);
        ck_assert_msg((rc == SL_OK) == cases[i].taken, "case %zu: %s", i, err.detail);
        if (rc == SL_OK) {
            ck_assert_uint_eq(entry.body.len, cases[i].body);
            ck_assert_ptr_eq(entry.signature, bytes.data + bytes.len - SL_SIG_BYTES);
        } else {
            ck_assert_int_eq(rc, SL_ENTRY_REFUSED);
            ck_assert_ptr_null(entry.signature);
        }
    }
}
END_TEST

START_TEST(what_is_cut_off_is_refused)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_entry entry;

    make(&bytes, 1, SL_ENTRY_KEY, KEY_BODY_FIXED + 2 * GRANT_BYTES, 2);
    for (size_t len = 0; len < bytes.len; len++) {
        /* A copy of just that length, so that reading past it is seen. */
        SL_AUTO(buf) struct sl_buf cut = {0};
        sl_buf_reserve(&cut, len + 1);
        sl_buf_put(&cut, bytes.data, len);
        ck_assert_int_eq(sl_entry_parse(cut.data, len, &entry, NULL), SL_ENTRY_REFUSED);
    }
    ck_assert_int_eq(sl_entry_parse(bytes.data, bytes.len, &entry, NULL), SL_OK);
}
END_TEST

static void fill(void *at, size_t n, uint8_t from)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)at)[i] = (uint8_t)(from + i);
    }
}

START_TEST(what_is_put_together_comes_apart_the_same)
{
    struct sl_header header = {.version = 1,
                               .type = SL_ENTRY_SEEN,
                               .sent_at = UINT64_MAX - 5,
                               .generation = 0xfffffffeU,
                               .prev_seq = 77};
    struct sl_header header_back;
    SL_AUTO(buf) struct sl_buf bytes = {0};

    fill(header.thread_id, 16, 1);
    fill(header.author_id, 16, 50);
    fill(header.entry_id, 16, 100);
    fill(header.prev_link, 32, 150);
    sl_header_put(&bytes, &header);
    ck_assert_uint_eq(bytes.len, SL_HEADER_BYTES);
    ck_assert_int_eq(sl_header_parse(bytes.data, &header_back), SL_OK);
    SL_AUTO(buf) struct sl_buf again = {0};
    sl_header_put(&again, &header_back);
    ck_assert_mem_eq(again.data, bytes.data, SL_HEADER_BYTES);
    ck_assert_uint_eq(header_back.sent_at, header.sent_at);
    ck_assert_uint_eq(header_back.prev_seq, 77);

    struct sl_key_body key = {.roster_serial = 9, .grant_count = SL_MAX_GRANTS};
    static struct sl_key_body key_back;
    fill(key.previous, sizeof key.previous, 3);
    for (uint8_t i = 0; i < SL_MAX_GRANTS; i++) {
        key.grants[i].kind = i;
        key.grants[i].holder_generation = i * 1000U;
        fill(key.grants[i].sealed, SL_SEALED_KEY_BYTES, i);
    }
    sl_buf_clear(&bytes);
    sl_key_body_put(&bytes, &key);
    ck_assert_int_eq(sl_key_body_parse(sl_buf_bytes(&bytes), &key_back, NULL), SL_OK);
    sl_buf_clear(&again);
    sl_key_body_put(&again, &key_back);
    ck_assert_uint_eq(again.len, bytes.len);
    ck_assert_mem_eq(again.data, bytes.data, bytes.len);
    ck_assert_uint_eq(key_back.grants[7].holder_generation, 7000);

    struct sl_invite_body invite = {.expires_at = 1790000000};
    struct sl_invite_body invite_back;
    fill(invite.accept_pk, 32, 9);
    sl_buf_clear(&bytes);
    sl_invite_body_put(&bytes, &invite);
    ck_assert_int_eq(sl_invite_body_parse(sl_buf_bytes(&bytes), &invite_back, NULL), SL_OK);
    ck_assert_uint_eq(invite_back.expires_at, 1790000000);
    ck_assert_mem_eq(invite_back.accept_pk, invite.accept_pk, 32);

    struct sl_keys_body keys = {.by = 3};
    struct sl_keys_body keys_back;
    fill(keys.proof, SL_SIG_BYTES, 20);
    sl_buf_clear(&bytes);
    sl_keys_body_put(&bytes, &keys);
    ck_assert_int_eq(sl_keys_body_parse(sl_buf_bytes(&bytes), &keys_back, NULL), SL_OK);
    ck_assert_uint_eq(keys_back.by, 3);
    ck_assert_mem_eq(keys_back.proof, keys.proof, SL_SIG_BYTES);
}
END_TEST

START_TEST(bodies_of_other_lengths_are_refused)
{
    static const uint8_t zero[4096];
    static struct sl_key_body key;
    struct sl_invite_body invite;
    struct sl_keys_body keys;
    /* More grants than there may be, each of them there. */
    SL_AUTO(buf) struct sl_buf many = {0};

    for (size_t len = 0; len < 400; len++) {
        struct sl_bytes body = {zero, len};
        ck_assert_int_eq(sl_invite_body_parse(body, &invite, NULL) == SL_OK, len == INVITE_BODY);
        ck_assert_int_eq(sl_keys_body_parse(body, &keys, NULL) == SL_OK, len == KEYS_BODY);
        ck_assert_int_eq(sl_key_body_parse(body, &key, NULL) == SL_OK, len == KEY_BODY_FIXED);
    }
    for (uint8_t n = SL_MAX_GRANTS; n <= SL_MAX_GRANTS + 1; n++) {
        sl_buf_clear(&many);
        sl_buf_put(&many, zero, KEY_BODY_FIXED - 1);
        sl_buf_put_u8(&many, n);
        sl_buf_put(&many, zero, (size_t)n * GRANT_BYTES);
        ck_assert_int_eq(sl_key_body_parse(sl_buf_bytes(&many), &key, NULL) == SL_OK,
                         n == SL_MAX_GRANTS);
    }
}
END_TEST

START_TEST(a_signature_holds_every_byte)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct sl_entry entry;
    uint8_t other[32] = {1};

    make(&bytes, 1, SL_ENTRY_INVITE, INVITE_BODY, 0);
    ck_assert_int_eq(sl_entry_parse(bytes.data, bytes.len, &entry, NULL), SL_OK);
    ck_assert(sl_entry_signature_ok(&entry, sign_pk));
    ck_assert(!sl_entry_signature_ok(&entry, other));
    for (size_t i = 2; i < bytes.len; i++) { /* version and type are checked by parsing */
        bytes.data[i] ^= 1;
        ck_assert_int_eq(sl_entry_parse(bytes.data, bytes.len, &entry, NULL), SL_OK);
        ck_assert_msg(!sl_entry_signature_ok(&entry, sign_pk), "byte %zu", i);
        bytes.data[i] ^= 1;
    }
}
END_TEST

START_TEST(a_proof_is_for_one_thread_one_parent_and_these_keys)
{
    struct sl_keys_body body = {.by = 3};
    struct sl_entry entry = {.header = {.version = 1}};
    SL_AUTO(buf) struct sl_buf text = {0};

    fill(entry.header.thread_id, 16, 1);
    fill(entry.header.author_id, 16, 2);
    fill(body.sign_pk, 32, 3);
    fill(body.box_pk, 32, 4);
    sl_keys_proof_put(&text, entry.header.thread_id, entry.header.author_id, &body);
    (void)crypto_sign_detached(body.proof, NULL, text.data, text.len, sign_sk);
    ck_assert(sl_keys_proof_ok(&entry, &body, sign_pk));
    entry.header.thread_id[0] ^= 1;
    ck_assert(!sl_keys_proof_ok(&entry, &body, sign_pk));
    entry.header.thread_id[0] ^= 1;
    entry.header.author_id[0] ^= 1;
    ck_assert(!sl_keys_proof_ok(&entry, &body, sign_pk));
    entry.header.author_id[0] ^= 1;
    body.by = 4;
    ck_assert(!sl_keys_proof_ok(&entry, &body, sign_pk));
    body.by = 3;
    body.box_pk[31] ^= 1;
    ck_assert(!sl_keys_proof_ok(&entry, &body, sign_pk));
    body.box_pk[31] ^= 1;
    ck_assert(sl_keys_proof_ok(&entry, &body, sign_pk));
}
END_TEST

START_TEST(a_link_says_everything_before_it)
{
    uint8_t thread[SL_ID_BYTES] = {1};
    uint8_t digest[SL_HASH_BYTES] = {2};
    uint8_t first[SL_HASH_BYTES];
    uint8_t one[SL_HASH_BYTES];
    uint8_t other[SL_HASH_BYTES];

    sl_link_first(thread, first);
    sl_link_next(thread, 1, first, digest, one);
    memcpy(other, first, sizeof other);
    sl_link_next(thread, 1, other, digest, other); /* in place */
    ck_assert_mem_eq(other, one, sizeof one);
    sl_link_next(thread, 2, first, digest, other);
    ck_assert_mem_ne(other, one, sizeof one);
    digest[31] = 1;
    sl_link_next(thread, 1, first, digest, other);
    ck_assert_mem_ne(other, one, sizeof one);
    digest[31] = 0;
    first[0] ^= 1;
    sl_link_next(thread, 1, first, digest, other);
    ck_assert_mem_ne(other, one, sizeof one);
    first[0] ^= 1;
    thread[15] = 1;
    sl_link_next(thread, 1, first, digest, other);
    ck_assert_mem_ne(other, one, sizeof one);
}
END_TEST

START_TEST(what_is_signed_to_sign_in_names_purpose_and_host)
{
    static const uint8_t challenge[32] = {5};
    static const uint8_t extra[32] = {6};
    char long_host[400];
    SL_AUTO(buf) struct sl_buf plain = {0};
    SL_AUTO(buf) struct sl_buf with = {0};
    SL_AUTO(buf) struct sl_buf bounded = {0};

    sl_auth_signed_put(&plain, 1, "send.example", challenge, NULL);
    ck_assert_uint_eq(plain.len, sizeof "sendline-auth-v1" + 1 + 1 + 12 + 32 + 32);
    ck_assert_int_eq(sodium_is_zero(plain.data + plain.len - 32, 32), 1);
    sl_auth_signed_put(&with, 1, "send.example", challenge, extra);
    ck_assert_uint_eq(with.len, plain.len);
    ck_assert_mem_eq(with.data, plain.data, plain.len - 32);
    ck_assert_mem_eq(with.data + with.len - 32, extra, 32);
    memset(long_host, 'h', sizeof long_host - 1);
    long_host[sizeof long_host - 1] = '\0';
    sl_auth_signed_put(&bounded, 1, long_host, challenge, NULL);
    ck_assert_uint_eq(bounded.len, sizeof "sendline-auth-v1" + 1 + 1 + 255 + 32 + 32);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("entry");
    TCase *tc = tcase_create("entry");

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, each_type_has_its_lengths);
    tcase_add_test(tc, what_is_cut_off_is_refused);
    tcase_add_test(tc, what_is_put_together_comes_apart_the_same);
    tcase_add_test(tc, bodies_of_other_lengths_are_refused);
    tcase_add_test(tc, a_signature_holds_every_byte);
    tcase_add_test(tc, a_proof_is_for_one_thread_one_parent_and_these_keys);
    tcase_add_test(tc, a_link_says_everything_before_it);
    tcase_add_test(tc, what_is_signed_to_sign_in_names_purpose_and_host);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
