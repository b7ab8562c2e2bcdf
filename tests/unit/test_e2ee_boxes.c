/* What is sealed and opened: key files, invitations and parcels, vaults, files; and answers to a
 * challenge. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"
#include "e2ee/account.h"
#include "e2ee/auth.h"
#include "e2ee/file.h"
#include "e2ee/invite.h"
#include "e2ee/keyfile.h"
#include "support/folder.h"

static struct sl_fake_rand fake;

static void set_up(void)
{
    ck_assert_int_eq(e2_ready(NULL), SL_OK);
    sl_fake_rand_init(&fake, 5);
}

static struct sl_bytes text_bytes(const char *text)
{
    return (struct sl_bytes){(const uint8_t *)text, strlen(text)};
}

/* ---- Key files ---- */

static const char passphrase[] = "four quiet purple kettles";

static void seal_keyfile(uint8_t kind, struct sl_buf *out)
{
    struct e2_keyfile file = {.kind = kind, .seed = {7, 7, 7}};

    if (kind != E2_KEYFILE_ROOT) {
        memset(file.id, 3, SL_ID_BYTES);
    }
    ck_assert_int_eq(e2_keyfile_seal(&file, text_bytes(passphrase), &fake.rand, out, NULL), SL_OK);
    ck_assert_uint_eq(out->len, E2_KEYFILE_BYTES);
}

START_TEST(a_key_file_opens_with_its_passphrase_alone)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(e2_keyfile) struct e2_keyfile file = {0};
    uint8_t kind = 0;
    uint8_t id[SL_ID_BYTES];

    seal_keyfile(E2_KEYFILE_STAFF, &bytes);
    ck_assert_int_eq(e2_keyfile_head(sl_buf_bytes(&bytes), &kind, id, NULL), SL_OK);
    ck_assert_int_eq(kind, E2_KEYFILE_STAFF);
    ck_assert_int_eq(id[15], 3);
    ck_assert_int_eq(
        e2_keyfile_open(sl_buf_bytes(&bytes), text_bytes("four quiet purple kettle"), &file, NULL),
        SL_SIGN_IN_FAILED);
    ck_assert(sodium_is_zero((const uint8_t *)&file, sizeof(file)));
    ck_assert_int_eq(e2_keyfile_open(sl_buf_bytes(&bytes), text_bytes(passphrase), &file, NULL),
                     SL_OK);
    ck_assert_int_eq(file.seed[2], 7);
    ck_assert_int_eq(file.kind, E2_KEYFILE_STAFF);
    /* Whose it is, is sealed with it. */
    bytes.data[20] ^= 1;
    ck_assert_int_eq(e2_keyfile_open(sl_buf_bytes(&bytes), text_bytes(passphrase), &file, NULL),
                     SL_SIGN_IN_FAILED);
}
END_TEST

START_TEST(what_is_no_key_file)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    struct e2_keyfile file = {.kind = E2_KEYFILE_ROOT, .id = {1}};
    uint8_t kind = 0;
    uint8_t id[SL_ID_BYTES];

    ck_assert_int_eq(e2_keyfile_seal(&file, text_bytes(passphrase), &fake.rand, &bytes, NULL),
                     SL_BAD_REQUEST);
    file.kind = 4;
    ck_assert_int_eq(e2_keyfile_seal(&file, text_bytes(passphrase), &fake.rand, &bytes, NULL),
                     SL_BAD_REQUEST);
    file.kind = E2_KEYFILE_STAFF;
    ck_assert_int_eq(e2_keyfile_seal(&file, text_bytes(""), &fake.rand, &bytes, NULL),
                     SL_BAD_REQUEST);
    ck_assert_uint_eq(bytes.len, 0);
    seal_keyfile(E2_KEYFILE_ROOT, &bytes);
    ck_assert_int_eq(e2_keyfile_head((struct sl_bytes){bytes.data, bytes.len - 1}, &kind, id, NULL),
                     SL_CORRUPT);
    bytes.data[17] = E2_KEYFILE_STAFF; /* staff without an id */
    ck_assert_int_eq(e2_keyfile_head(sl_buf_bytes(&bytes), &kind, id, NULL), SL_CORRUPT);
    bytes.data[17] = E2_KEYFILE_ROOT;
    bytes.data[0] ^= 1;
    ck_assert_int_eq(e2_keyfile_head(sl_buf_bytes(&bytes), &kind, id, NULL), SL_CORRUPT);
}
END_TEST

START_TEST(a_key_file_on_disk)
{
    char *folder = folder_new();
    SL_AUTO(str) char *path = folder_file(folder, "jane.key");
    SL_AUTO(str) char *missing = folder_file(folder, "none.key");
    SL_AUTO(str) char *link = folder_file(folder, "link.key");
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf back = {0};
    struct stat st;
    struct sl_err err = {.code = SL_OK};

    seal_keyfile(E2_KEYFILE_RECORDS_HALF, &bytes);
    ck_assert_int_eq(e2_keyfile_write(path, sl_buf_bytes(&bytes), NULL), SL_OK);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777U, 0600);
    ck_assert_int_eq(e2_keyfile_write(path, sl_buf_bytes(&bytes), NULL), SL_ID_USED);
    ck_assert_int_eq(e2_keyfile_read(path, &back, NULL), SL_OK);
    ck_assert_mem_eq(back.data, bytes.data, E2_KEYFILE_BYTES);
    ck_assert_int_eq(e2_keyfile_read(missing, &back, NULL), SL_NOT_FOUND);
    ck_assert_int_eq(e2_keyfile_read(folder, &back, NULL), SL_FORBIDDEN);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(e2_keyfile_read(link, &back, NULL), SL_OK);
    static const mode_t loose[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
        ck_assert_int_eq(chmod(path, loose[i]), 0);
        ck_assert_int_eq(e2_keyfile_read(path, &back, &err), SL_FORBIDDEN);
        ck_assert_ptr_nonnull(strstr(err.detail, "chmod 600"));
    }
    ck_assert_int_eq(chmod(path, 0600), 0);
    folder_write(path, bytes.data, bytes.len - 1, 0600);
    ck_assert_int_eq(e2_keyfile_read(path, &back, NULL), SL_CORRUPT);
    sl_buf_put_u8(&bytes, 0);
    folder_write(path, bytes.data, bytes.len, 0600);
    ck_assert_int_eq(e2_keyfile_read(path, &back, NULL), SL_CORRUPT);
    folder_remove(folder);
}
END_TEST

/* ---- Invitations ---- */

START_TEST(an_invitation_is_link_and_code)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {0};
    SL_AUTO(e2_invite) struct e2_invite same = {0};
    SL_AUTO(e2_invite) struct e2_invite other = {0};
    SL_AUTO(str) char *link = NULL;

    ck_assert_int_eq(e2_invite_make(&fake.rand, &invite, NULL), SL_OK);
    ck_assert_uint_eq(strlen(invite.code), E2_CODE_DIGITS);
    ck_assert_uint_eq(strspn(invite.code, "0123456789"), E2_CODE_DIGITS);
    ck_assert_int_eq(e2_invite_derive(invite.secret, invite.code, &same, NULL), SL_OK);
    ck_assert_mem_eq(&invite, &same, sizeof(invite));
    /* Another code: the same name, other keys. */
    SL_AUTO(str) char *code = sl_strdup(invite.code);
    code[11] = code[11] == '0' ? '1' : '0';
    ck_assert_int_eq(e2_invite_derive(invite.secret, code, &other, NULL), SL_OK);
    ck_assert_mem_eq(invite.invite_id, other.invite_id, SL_ID_BYTES);
    ck_assert_mem_ne(invite.accept_pk, other.accept_pk, SL_PK_BYTES);
    ck_assert_mem_ne(invite.wrap, other.wrap, E2_KEY_BYTES);
    link = e2_invite_link("https://send.example.gov.uk", invite.secret);
    ck_assert_uint_eq(strlen(link), strlen("https://send.example.gov.uk/#i=") + 20);
    static const char *const wrong[] = {"", "48210573916", "4821057391645", "48210573916x",
                                        "4821 0573 91"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(e2_invite_derive(invite.secret, wrong[i], &other, NULL), SL_BAD_REQUEST);
    }
}
END_TEST

/* Bytes from 250 on are left out, or 0 to 5 would be likelier than the rest. */
static void counting(void *ctx, void *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)out)[i] = (*next)++;
    }
}

START_TEST(codes_are_drawn_evenly)
{
    /* The secret takes 15 bytes, so the code begins with the byte 247. */
    uint8_t next = 247 - E2_TYPED_RAW;
    const struct sl_rand rand = {.fill = counting, .ctx = &next};
    SL_AUTO(e2_invite) struct e2_invite invite = {0};

    ck_assert_int_eq(e2_invite_make(&rand, &invite, NULL), SL_OK);
    ck_assert_str_eq(invite.code, "789012345678");
}
END_TEST

struct parcel_parts {
    uint8_t root[1][SL_PK_BYTES];
    struct e2_parcel_thread thread;
    struct e2_parcel parcel;
};

static void fill_parcel(struct parcel_parts *p)
{
    memset(p, 0, sizeof(*p));
    p->thread = (struct e2_parcel_thread){.generation = 2, .seq = 9, .key = {5}};
    p->parcel = (struct e2_parcel){.service = "send.example.gov.uk",
                                   .roots = (const uint8_t(*)[SL_PK_BYTES])p->root,
                                   .root_count = 1,
                                   .serial = 4,
                                   .address = "sam@example.org",
                                   .threads = &p->thread,
                                   .thread_count = 1};
}

START_TEST(a_parcel_opens_with_the_code_alone)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {.wrap = {1}, .invite_id = {2}};
    SL_AUTO(e2_invite) struct e2_invite other = {.wrap = {3}, .invite_id = {2}};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    SL_AUTO(json) json_t *json = NULL;
    json_t *none = NULL;
    struct parcel_parts p;

    fill_parcel(&p);
    ck_assert_int_eq(e2_parcel_seal(&invite, &p.parcel, &fake.rand, &sealed, NULL), SL_OK);
    ck_assert_uint_eq(sealed.len, 1024 + E2_AEAD_BYTES);
    ck_assert_int_eq(e2_parcel_open(&invite, sl_buf_bytes(&sealed), &json, NULL), SL_OK);
    ck_assert_str_eq(json_string_value(json_object_get(json, "address")), "sam@example.org");
    ck_assert_int_eq(e2_parcel_open(&other, sl_buf_bytes(&sealed), &none, NULL),
                     SL_SIGNATURE_WRONG);
    memcpy(other.wrap, invite.wrap, E2_KEY_BYTES);
    other.invite_id[0] = 9;
    ck_assert_int_eq(e2_parcel_open(&other, sl_buf_bytes(&sealed), &none, NULL),
                     SL_SIGNATURE_WRONG);
    sealed.data[100] ^= 1;
    ck_assert_int_eq(e2_parcel_open(&invite, sl_buf_bytes(&sealed), &none, NULL),
                     SL_SIGNATURE_WRONG);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(parcels_that_are_not_sealed)
{
    SL_AUTO(e2_invite) struct e2_invite invite = {.wrap = {1}};
    SL_AUTO(buf) struct sl_buf sealed = {0};
    struct parcel_parts p;
    struct e2_parcel_thread *many = sl_alloc(2000 * sizeof(*many));

    fill_parcel(&p);
    p.parcel.address = "\xff";
    ck_assert_int_eq(e2_parcel_seal(&invite, &p.parcel, &fake.rand, &sealed, NULL), SL_BAD_REQUEST);
    fill_parcel(&p);
    p.parcel.thread_count = 0;
    ck_assert_int_eq(e2_parcel_seal(&invite, &p.parcel, &fake.rand, &sealed, NULL), SL_BAD_REQUEST);
    fill_parcel(&p);
    p.parcel.root_count = 0;
    ck_assert_int_eq(e2_parcel_seal(&invite, &p.parcel, &fake.rand, &sealed, NULL), SL_BAD_REQUEST);
    fill_parcel(&p);
    p.parcel.threads = many;
    p.parcel.thread_count = 2000;
    ck_assert_int_eq(e2_parcel_seal(&invite, &p.parcel, &fake.rand, &sealed, NULL), SL_TOO_BIG);
    ck_assert_uint_eq(sealed.len, 0);
    free(many);
}
END_TEST

/* ---- Accounts ---- */

START_TEST(addresses_have_one_spelling)
{
    static const char *const cases[][2] = {
        {"sam@example.org", "sam@example.org"},
        {"  Sam@Example.ORG \n", "sam@example.org"},
        {"\xef\xbb\xbf\xc2\xa0sam@example.org\xe3\x80\x80", "sam@example.org"},
        {"\xef\xbc\xb3\xef\xbd\x81m@example.org", "sam@example.org"},
        {"\xc3\x89lan@example.org", "\xc3\x89lan@example.org"},
        {"E\xcc\x81lan@example.org", "\xc3\x89lan@example.org"},
        {"a b@example.org", "a b@example.org"},
        {"", ""},
        {" \t", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SL_AUTO(str) char *normal = e2_address_normal(cases[i][0]);
        ck_assert_str_eq(normal, cases[i][1]);
    }
    ck_assert_ptr_null(e2_address_normal("\xff@example.org"));
}
END_TEST

START_TEST(the_name_of_the_service_is_in_the_salt)
{
    uint8_t a[E2_SALT_BYTES];
    uint8_t b[E2_SALT_BYTES];

    e2_password_salt(a, "one", "sam@example.org");
    e2_password_salt(b, "two", "sam@example.org");
    ck_assert_mem_ne(a, b, sizeof(a));
    /* The zero between keeps the one from running into the other. */
    e2_password_salt(a, "ab", "c");
    e2_password_salt(b, "a", "bc");
    ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(a_vault_is_one_parents)
{
    const uint8_t key[E2_KEY_BYTES] = {1};
    const uint8_t other_key[E2_KEY_BYTES] = {2};
    const uint8_t parent[SL_ID_BYTES] = {3};
    const uint8_t other[SL_ID_BYTES] = {4};
    SL_AUTO(buf) struct sl_buf vault = {0};
    SL_AUTO(buf) struct sl_buf tab = {0};
    SL_AUTO(buf) struct sl_buf json = {0};

    e2_vault_seal(key, parent, text_bytes("{}"), &fake.rand, &vault);
    e2_tab_seal(key, parent, text_bytes("{}"), &fake.rand, &tab);
    ck_assert(!e2_vault_open(other_key, parent, sl_buf_bytes(&vault), &json));
    ck_assert(!e2_vault_open(key, other, sl_buf_bytes(&vault), &json));
    /* Neither can stand for the other. */
    ck_assert(!e2_vault_open(key, parent, sl_buf_bytes(&tab), &json));
    ck_assert(!e2_tab_open(key, parent, sl_buf_bytes(&vault), &json));
    ck_assert_uint_eq(json.len, 0);
    ck_assert(e2_vault_open(key, parent, sl_buf_bytes(&vault), &json));
    ck_assert(e2_tab_open(key, parent, sl_buf_bytes(&tab), &json));
    ck_assert_uint_eq(json.len, 4);
}
END_TEST

START_TEST(an_answer_is_for_one_purpose_and_host)
{
    const uint8_t challenge[32] = {1};
    const uint8_t extra[32] = {2};
    SL_AUTO(e2_identity) struct e2_identity *me = e2_identity_new(&fake.rand);
    uint8_t a[SL_SIG_BYTES];
    uint8_t b[SL_SIG_BYTES];
    char much[257];

    ck_assert_int_eq(
        e2_auth_sign(me->sign_sk, E2_FOR_STAFF, "Send.Example.org", challenge, NULL, a, NULL),
        SL_OK);
    ck_assert_int_eq(
        e2_auth_sign(me->sign_sk, E2_FOR_STAFF, "send.example.org", challenge, NULL, b, NULL),
        SL_OK);
    ck_assert_mem_eq(a, b, sizeof(a));
    ck_assert_int_eq(
        e2_auth_sign(me->sign_sk, E2_FOR_PARENT, "send.example.org", challenge, NULL, b, NULL),
        SL_OK);
    ck_assert_mem_ne(a, b, sizeof(a));
    ck_assert_int_eq(
        e2_auth_sign(me->sign_sk, E2_FOR_STAFF, "send.example.net", challenge, NULL, b, NULL),
        SL_OK);
    ck_assert_mem_ne(a, b, sizeof(a));
    ck_assert_int_eq(
        e2_auth_sign(me->sign_sk, E2_FOR_STAFF, "send.example.org", challenge, extra, b, NULL),
        SL_OK);
    ck_assert_mem_ne(a, b, sizeof(a));
    memset(much, 'a', 256);
    much[256] = '\0';
    static const char *const wrong[] = {"", "a:8443", "a/b", "ä.org", "a b"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(
            e2_auth_sign(me->sign_sk, E2_FOR_STAFF, wrong[i], challenge, NULL, b, NULL),
            SL_BAD_REQUEST);
    }
    ck_assert_int_eq(e2_auth_sign(me->sign_sk, E2_FOR_STAFF, much, challenge, NULL, b, NULL),
                     SL_BAD_REQUEST);
}
END_TEST

/* ---- Files ---- */

static const uint8_t file_key[E2_KEY_BYTES] = {9, 9};

static void seal_file(struct sl_bytes content, struct sl_buf *blob, uint8_t hash[SL_HASH_BYTES])
{
    struct e2_file_sealer sealer;
    size_t at = 0;

    e2_file_seal_start(&sealer, file_key, &fake.rand, blob);
    do {
        const size_t n = content.len - at < E2_CHUNK_BYTES ? content.len - at : E2_CHUNK_BYTES;
        e2_file_seal_chunk(&sealer, (struct sl_bytes){content.data + at, n}, at + n == content.len,
                           blob);
        at += n;
    } while (at < content.len);
    e2_file_seal_end(&sealer, hash);
}

static enum sl_code open_file(struct sl_bytes blob, uint64_t size, const uint8_t *hash,
                              struct sl_buf *out)
{
    struct e2_file_opener opener;
    enum sl_code rc = e2_file_open_start(&opener, file_key, size, hash, blob.data, NULL);

    for (size_t at = E2_FILE_HEAD_BYTES; rc == SL_OK && at < blob.len;) {
        const size_t left = blob.len - at;
        const size_t n = left < E2_SEALED_CHUNK_BYTES ? left : E2_SEALED_CHUNK_BYTES;
        rc = e2_file_open_chunk(&opener, (struct sl_bytes){blob.data + at, n}, out, NULL);
        at += n;
    }
    return rc == SL_OK ? e2_file_open_end(&opener, NULL) : rc;
}

START_TEST(a_file_of_any_length)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 200000};
    const size_t size = sizes[_i];
    SL_AUTO(buf) struct sl_buf content = {0};
    SL_AUTO(buf) struct sl_buf blob = {0};
    SL_AUTO(buf) struct sl_buf back = {0};
    uint8_t hash[SL_HASH_BYTES];

    sl_buf_reserve(&content, size + 1);
    for (size_t i = 0; i < size; i++) {
        sl_buf_put_u8(&content, (uint8_t)(i * 7));
    }
    seal_file(sl_buf_bytes(&content), &blob, hash);
    ck_assert_uint_eq(blob.len, e2_blob_bytes(size));
    ck_assert_int_eq(open_file(sl_buf_bytes(&blob), size, hash, &back), SL_OK);
    ck_assert_uint_eq(back.len, size);
    ck_assert(size == 0 || memcmp(back.data, content.data, size) == 0);
}
END_TEST

/* Three chunks, and what a server might do to them. */
START_TEST(a_file_that_was_tampered_with)
{
    enum {
        SIZE = 150000
    };
    SL_AUTO(buf) struct sl_buf content = {0};
    SL_AUTO(buf) struct sl_buf blob = {0};
    SL_AUTO(buf) struct sl_buf other = {0};
    SL_AUTO(buf) struct sl_buf bad = {0};
    SL_AUTO(buf) struct sl_buf out = {0};
    uint8_t hash[SL_HASH_BYTES];
    uint8_t other_hash[SL_HASH_BYTES];
    const size_t first = E2_FILE_HEAD_BYTES;
    const size_t second = first + E2_SEALED_CHUNK_BYTES;

    for (size_t i = 0; i < SIZE; i++) {
        sl_buf_put_u8(&content, (uint8_t)(i >> 3));
    }
    seal_file(sl_buf_bytes(&content), &blob, hash);
    seal_file(sl_buf_bytes(&content), &other, other_hash);
    const struct sl_bytes whole = sl_buf_bytes(&blob);
    /* Cut by a byte, by a chunk, to nothing; or longer. */
    ck_assert_int_eq(open_file((struct sl_bytes){whole.data, whole.len - 1}, SIZE, hash, &out),
                     SL_SIGNATURE_WRONG);
    ck_assert_int_eq(open_file((struct sl_bytes){whole.data, whole.len - E2_SEALED_CHUNK_BYTES},
                               SIZE, hash, &out),
                     SL_SIGNATURE_WRONG);
    ck_assert_int_eq(open_file((struct sl_bytes){whole.data, whole.len - E2_SEALED_CHUNK_BYTES},
                               (size_t)2 * E2_CHUNK_BYTES, hash, &out),
                     SL_SIGNATURE_WRONG);
    ck_assert_int_eq(open_file((struct sl_bytes){whole.data, first}, 0, hash, &out),
                     SL_SIGNATURE_WRONG);
    sl_buf_put(&bad, whole.data, whole.len);
    sl_buf_put(&bad, whole.data + second, E2_SEALED_CHUNK_BYTES);
    ck_assert_int_eq(open_file(sl_buf_bytes(&bad), SIZE, hash, &out), SL_SIGNATURE_WRONG);
    /* Two chunks change places; one comes from another file; a bit turns. */
    memcpy(bad.data + first, whole.data + second, E2_SEALED_CHUNK_BYTES);
    memcpy(bad.data + second, whole.data + first, E2_SEALED_CHUNK_BYTES);
    bad.len = whole.len;
    ck_assert_int_eq(open_file(sl_buf_bytes(&bad), SIZE, hash, &out), SL_SIGNATURE_WRONG);
    memcpy(bad.data, whole.data, whole.len);
    memcpy(bad.data + second, other.data + second, E2_SEALED_CHUNK_BYTES);
    ck_assert_int_eq(open_file(sl_buf_bytes(&bad), SIZE, hash, &out), SL_SIGNATURE_WRONG);
    for (size_t at = 0; at < whole.len; at += 9999) {
        memcpy(bad.data, whole.data, whole.len);
        bad.data[at] ^= 4;
        ck_assert_int_eq(open_file(sl_buf_bytes(&bad), SIZE, hash, &out), SL_SIGNATURE_WRONG);
    }
    /* The same words sealed anew are another blob than the message names. */
    ck_assert_int_eq(open_file(sl_buf_bytes(&other), SIZE, hash, &out), SL_SIGNATURE_WRONG);
    ck_assert_int_eq(open_file(sl_buf_bytes(&other), SIZE, other_hash, &out), SL_OK);
    /* Another size than it has, within its last chunk: words cut off show. */
    ck_assert_int_eq(open_file(whole, SIZE - 1, hash, &out), SL_SIGNATURE_WRONG);
    ck_assert_int_eq(open_file(whole, E2_FILE_MAX_BYTES + 1, hash, &out), SL_TOO_BIG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("e2ee boxes");
    TCase *tests = tcase_create("boxes");

    tcase_add_checked_fixture(tests, set_up, NULL);
    /* Stretching takes seconds under a sanitizer. */
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_key_file_opens_with_its_passphrase_alone);
    tcase_add_test(tests, what_is_no_key_file);
    tcase_add_test(tests, a_key_file_on_disk);
    tcase_add_test(tests, an_invitation_is_link_and_code);
    tcase_add_test(tests, codes_are_drawn_evenly);
    tcase_add_test(tests, a_parcel_opens_with_the_code_alone);
    tcase_add_test(tests, parcels_that_are_not_sealed);
    tcase_add_test(tests, addresses_have_one_spelling);
    tcase_add_test(tests, the_name_of_the_service_is_in_the_salt);
    tcase_add_test(tests, a_vault_is_one_parents);
    tcase_add_test(tests, an_answer_is_for_one_purpose_and_host);
    tcase_add_loop_test(tests, a_file_of_any_length, 0, 7);
    tcase_add_test(tests, a_file_that_was_tampered_with);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
