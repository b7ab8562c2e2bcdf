/* The roster: its bytes, its holders, and which roster may follow which. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "common/roster.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DAY 86400U

struct root {
    uint8_t pk[crypto_sign_PUBLICKEYBYTES];
    uint8_t sk[crypto_sign_SECRETKEYBYTES];
};

static struct root alice;
static struct root deputy;

static void root_init(struct root *root, uint8_t number)
{
    const uint8_t seed[crypto_sign_SEEDBYTES] = {number};
    (void)crypto_sign_seed_keypair(root->pk, root->sk, seed);
}

static void set_up(void)
{
    root_init(&alice, 1);
    root_init(&deputy, 2);
}

/* A roster in the making. */
struct draft {
    uint32_t serial;
    uint64_t issued_at, expires_at;
    const struct root *roots[2];
    size_t root_count;
    const struct root *signer;
    struct {
        uint8_t holder;
        uint32_t ended;
    } rows[4];
    size_t row_count;
};

static const struct draft first_draft = {.serial = 5,
                                         .issued_at = 1000,
                                         .expires_at = 1000 + 90 * DAY,
                                         .roots = {&alice, &deputy},
                                         .root_count = 1,
                                         .signer = &alice,
                                         .rows = {{1, 0}, {2, 3}, {3, 0}},
                                         .row_count = 3};

static void write_draft(const struct draft *draft, struct sl_buf *out)
{
    struct sl_roster roster = {.serial = draft->serial,
                               .issued_at = draft->issued_at,
                               .expires_at = draft->expires_at,
                               .root_count = (uint8_t)draft->root_count,
                               .row_count = draft->row_count};
    uint8_t signature[SL_SIG_BYTES];

    roster.rows = sl_alloc((draft->row_count + 1) * sizeof *roster.rows);
    for (size_t i = 0; i < draft->root_count; i++) {
        memcpy(roster.roots[i], draft->roots[i]->pk, SL_PK_BYTES);
    }
    for (size_t i = 0; i < draft->row_count; i++) {
        memset(roster.rows[i].holder_hash, draft->rows[i].holder, SL_HASH_BYTES);
        roster.rows[i].ended = draft->rows[i].ended;
    }
    sl_roster_put(out, &roster);
    (void)crypto_sign_detached(signature, NULL, out->data, out->len, draft->signer->sk);
    sl_buf_put(out, signature, sizeof signature);
    sl_roster_free(&roster);
}

/* Parse, and ask whether it may follow the first one. */
static enum sl_code follows(const struct draft *draft, struct sl_err *err)
{
    SL_AUTO(buf) struct sl_buf before_bytes = {0};
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(roster) struct sl_roster before = {0};
    SL_AUTO(roster) struct sl_roster next = {0};

    write_draft(&first_draft, &before_bytes);
    ck_assert_int_eq(sl_roster_parse(before_bytes.data, before_bytes.len, &before, err), SL_OK);
    write_draft(draft, &bytes);
    enum sl_code rc = sl_roster_parse(bytes.data, bytes.len, &next, err);
    return rc == SL_OK ? sl_roster_follows(&before, &next, bytes.data, bytes.len, err) : rc;
}

START_TEST(a_roster_comes_apart_as_it_was_put_together)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(buf) struct sl_buf again = {0};
    SL_AUTO(roster) struct sl_roster roster = {0};
    uint8_t hash[SL_HASH_BYTES];

    write_draft(&first_draft, &bytes);
    ck_assert_int_eq(sl_roster_parse(bytes.data, bytes.len, &roster, NULL), SL_OK);
    ck_assert_uint_eq(roster.serial, 5);
    ck_assert_uint_eq(roster.row_count, 3);
    sl_roster_put(&again, &roster);
    ck_assert_uint_eq(again.len, bytes.len - SL_SIG_BYTES);
    ck_assert_mem_eq(again.data, bytes.data, again.len);
    (void)crypto_generichash(hash, sizeof hash, again.data, again.len, NULL, 0);
    ck_assert_mem_eq(roster.hash, hash, sizeof hash);
    memset(hash, 2, sizeof hash);
    const struct sl_roster_row *row = sl_roster_row_of(&roster, hash);
    ck_assert_ptr_nonnull(row);
    ck_assert(sl_roster_row_current_at(row, 2));
    ck_assert(!sl_roster_row_current_at(row, 3));
    ck_assert(sl_roster_row_current_at(&roster.rows[0], UINT32_MAX));
    memset(hash, 9, sizeof hash);
    ck_assert_ptr_null(sl_roster_row_of(&roster, hash));
}
END_TEST

START_TEST(what_is_no_roster_is_refused)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(roster) struct sl_roster roster = {0};

    write_draft(&first_draft, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        SL_AUTO(buf) struct sl_buf cut = {0};
        sl_buf_reserve(&cut, len + 1);
        sl_buf_put(&cut, bytes.data, len);
        ck_assert_int_eq(sl_roster_parse(cut.data, len, &roster, NULL), SL_ROSTER_REFUSED);
    }
    sl_buf_put_u8(&bytes, 0);
    ck_assert_int_eq(sl_roster_parse(bytes.data, bytes.len, &roster, NULL), SL_ROSTER_REFUSED);
    ck_assert_ptr_null(roster.rows);

    struct draft draft = first_draft;
    draft.serial = 0;
    ck_assert_int_eq(follows(&draft, NULL), SL_ROSTER_REFUSED);
    draft = first_draft;
    draft.root_count = 0;
    ck_assert_int_eq(follows(&draft, NULL), SL_ROSTER_REFUSED);
    draft = first_draft;
    draft.rows[2].holder = 1; /* the same holder twice */
    ck_assert_int_eq(follows(&draft, NULL), SL_ROSTER_REFUSED);
    draft = first_draft;
    draft.rows[0].ended = 6; /* by a roster that is not there yet */
    ck_assert_int_eq(follows(&draft, NULL), SL_ROSTER_REFUSED);
}
END_TEST

START_TEST(the_first_roster_is_signed_by_its_own_root)
{
    SL_AUTO(buf) struct sl_buf bytes = {0};
    SL_AUTO(roster) struct sl_roster roster = {0};
    struct draft draft = first_draft;
    struct sl_err err;

    write_draft(&draft, &bytes);
    ck_assert_int_eq(sl_roster_parse(bytes.data, bytes.len, &roster, &err), SL_OK);
    ck_assert_int_eq(sl_roster_follows(NULL, &roster, bytes.data, bytes.len, &err), SL_OK);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x80;
        ck_assert_int_eq(sl_roster_follows(NULL, &roster, bytes.data, bytes.len, &err),
                         SL_ROSTER_REFUSED);
        bytes.data[i] ^= 0x80;
    }
    sl_buf_clear(&bytes);
    draft.signer = &deputy;
    write_draft(&draft, &bytes);
    ck_assert_int_eq(sl_roster_follows(NULL, &roster, bytes.data, bytes.len, &err),
                     SL_ROSTER_REFUSED);
    const uint8_t(*roots)[SL_PK_BYTES] = (const uint8_t(*)[SL_PK_BYTES])roster.roots;
    ck_assert(!sl_roster_signed_by(bytes.data, 0, roots, 1));
    ck_assert(!sl_roster_signed_by(bytes.data, SL_SIG_BYTES, roots, 1));
}
END_TEST

START_TEST(which_may_follow)
{
    struct draft next = first_draft;
    struct draft draft;

    next.serial = 6;
    ck_assert_int_eq(follows(&next, NULL), SL_OK);

    draft = next; /* a new row, anywhere */
    draft.row_count = 4;
    draft.rows[3].holder = 4;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
    draft = next; /* rows in another place are the same rows */
    draft.rows[0].holder = 3;
    draft.rows[2].holder = 1;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
    draft = next; /* somebody leaves */
    draft.rows[0].ended = 6;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
    draft = next; /* the root hands over */
    draft.roots[0] = &deputy;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
    draft = next; /* numbers may be left out */
    draft.serial = 100;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
    draft = next; /* the longest that there may be */
    draft.expires_at = draft.issued_at + 92 * DAY;
    ck_assert_int_eq(follows(&draft, NULL), SL_OK);
}
END_TEST

START_TEST(which_may_not_follow)
{
    struct draft next = first_draft;
    struct draft drafts[10];
    size_t n = 0;

    next.serial = 6;
    drafts[n] = next;
    drafts[n++].serial = 5; /* a second one with this number */
    drafts[n] = next;
    drafts[n++].serial = 4;
    drafts[n] = next;
    drafts[n++].signer = &deputy; /* not a root as yet */
    drafts[n] = next;
    drafts[n].roots[0] = &deputy; /* names itself, and signs itself */
    drafts[n++].signer = &deputy;
    drafts[n] = next;
    drafts[n++].row_count = 2; /* a row is gone */
    drafts[n] = next;
    drafts[n++].rows[1].ended = 0; /* somebody comes back */
    drafts[n] = next;
    drafts[n++].rows[1].ended = 6; /* somebody left at another time */
    drafts[n] = next;
    drafts[n++].rows[0].ended = 5; /* somebody has left already before */
    drafts[n] = next;
    drafts[n].expires_at = drafts[n].issued_at + 92 * DAY + 1;
    n++;
    drafts[n] = next;
    drafts[n].expires_at = drafts[n].issued_at - 1;
    n++;
    ck_assert_uint_eq(n, COUNT(drafts));
    for (size_t i = 0; i < n; i++) {
        struct sl_err err = {.code = SL_OK};
        ck_assert_msg(follows(&drafts[i], &err) == SL_ROSTER_REFUSED, "draft %zu was taken", i);
        ck_assert_uint_gt(strlen(err.detail), 5);
    }
}
END_TEST

START_TEST(holders_are_checked)
{
    const struct sl_holder staff = {.kind = SL_HOLDER_STAFF,
                                    .generation = 1,
                                    .sign_pk = {1},
                                    .box_pk = {2},
                                    .name = "Jordan Ellis"};
    struct sl_holder holder;
    struct sl_holder back;
    struct {
        struct sl_holder holder;
        bool taken;
    } cases[8];
    size_t n = 0;

    cases[n].holder = staff;
    cases[n++].taken = true;
    cases[n].holder = staff;
    cases[n].holder.kind = SL_HOLDER_TEAM; /* a team does not sign */
    cases[n++].taken = false;
    cases[n].holder = staff;
    cases[n].holder.kind = SL_HOLDER_TEAM;
    cases[n].holder.generation = 7;
    memset(cases[n].holder.sign_pk, 0, SL_PK_BYTES);
    cases[n++].taken = true;
    cases[n].holder = staff;
    memset(cases[n].holder.sign_pk, 0, SL_PK_BYTES); /* staff do */
    cases[n++].taken = false;
    cases[n].holder = staff;
    cases[n].holder.generation = 2;
    cases[n++].taken = false;
    cases[n].holder = staff;
    cases[n].holder.kind = 0;
    cases[n++].taken = false;
    cases[n].holder = staff;
    cases[n].holder.kind = SL_HOLDER_PARENT;
    cases[n++].taken = false;
    cases[n].holder = staff;
    memcpy(cases[n].holder.name, "bad \xff", 6);
    cases[n++].taken = false;
    ck_assert_uint_eq(n, COUNT(cases));
    for (size_t i = 0; i < n; i++) {
        SL_AUTO(buf) struct sl_buf bytes = {0};
        sl_holder_put(&bytes, &cases[i].holder);
        ck_assert_msg((sl_holder_parse(bytes.data, bytes.len, &back, NULL) == SL_OK) ==
                          cases[i].taken,
                      "case %zu", i);
        for (size_t len = 0; len < bytes.len; len++) {
            SL_AUTO(buf) struct sl_buf cut = {0};
            sl_buf_reserve(&cut, len + 1);
            sl_buf_put(&cut, bytes.data, len);
            ck_assert_int_eq(sl_holder_parse(cut.data, len, &back, NULL), SL_ROSTER_REFUSED);
        }
    }
    holder = staff;
    memset(holder.name, 'n', 255);
    SL_AUTO(buf) struct sl_buf longest = {0};
    sl_holder_put(&longest, &holder);
    ck_assert_int_eq(sl_holder_parse(longest.data, longest.len, &back, NULL), SL_OK);
    ck_assert_str_eq(back.name, holder.name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("roster");
    TCase *tc = tcase_create("roster");

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, a_roster_comes_apart_as_it_was_put_together);
    tcase_add_test(tc, what_is_no_roster_is_refused);
    tcase_add_test(tc, the_first_roster_is_signed_by_its_own_root);
    tcase_add_test(tc, which_may_follow);
    tcase_add_test(tc, which_may_not_follow);
    tcase_add_test(tc, holders_are_checked);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
