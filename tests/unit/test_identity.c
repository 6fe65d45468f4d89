/* Checks of the identity set against a plain list: finding, strangers under one fingerprint, growth, forgetting, memory. */
#include "daemon/journal/identity.h"

#include "tests/seeded.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARD_SHIFT 54 /* the low 26 bits of a fingerprint are not kept: two that differ only there are strangers in one place */

/* The list: fingerprint i belongs to seq i + 1. */
struct model {
    uint64_t *fingerprints;
    size_t count;
    uint64_t wanted;
    size_t asked;      /* how many seqs were offered for the wanted fingerprint itself */
    bool accept;       /* whether the first of them is confirmed */
    uint64_t last_seq; /* offered */
};

static bool confirm(void *context, uint64_t seq) {
    struct model *model = context;

    ck_assert_uint_ge(seq, 1);
    ck_assert_uint_le(seq, model->count);
    ck_assert_uint_gt(seq, model->last_seq);
    model->last_seq = seq;
    if (model->fingerprints[seq - 1] != model->wanted)
        return false;
    model->asked++;
    return model->accept;
}

static uint64_t find(const struct identity_set *set, struct model *model, uint64_t fingerprint, bool accept) {
    model->wanted = fingerprint;
    model->accept = accept;
    model->asked = 0;
    model->last_seq = 0;
    return identity_find(set, fingerprint, confirm, model);
}

static void check_against_list(const struct identity_set *set, struct model *model, uint64_t fingerprint) {
    size_t expected = 0;
    uint64_t first = 0;

    for (size_t i = model->count; i-- > 0;) {
        if (model->fingerprints[i] == fingerprint) {
            expected++;
            first = i + 1;
        }
    }
    ck_assert_uint_eq(find(set, model, fingerprint, false), 0);
    ck_assert_uint_eq(model->asked, expected);
    ck_assert_uint_eq(find(set, model, fingerprint, true), first);
}

static uint64_t fingerprint_of(const struct identity_set *set, const char *source, const char *id) {
    return identity_fingerprint(set, text_of(source), text_of(id));
}

START_TEST(a_fingerprint_tells_source_from_id_and_depends_on_the_seed) {
    struct identity_set *set = identity_create(7);
    struct identity_set *other = identity_create(8);

    ck_assert(fingerprint_of(set, "urn:las", "e-1") == fingerprint_of(set, "urn:las", "e-1"));
    ck_assert(fingerprint_of(set, "urn:las", "e-1") != fingerprint_of(set, "urn:la", "se-1"));
    ck_assert(fingerprint_of(set, "urn:las", "e-1") != fingerprint_of(set, "e-1", "urn:las"));
    ck_assert(fingerprint_of(set, "", "e-1") != fingerprint_of(set, "e-1", ""));
    ck_assert(fingerprint_of(set, "urn:las", "e-1") != fingerprint_of(other, "urn:las", "e-1"));
    identity_destroy(&set);
    identity_destroy(&other);
    ck_assert_ptr_null(set);
    identity_destroy(&set);
}
END_TEST

START_TEST(an_empty_set_finds_nothing_and_forgets_nothing) {
    struct identity_set *set = identity_create(1);
    struct model model = {0};

    ck_assert_uint_eq(find(set, &model, 0, true), 0);
    ck_assert_uint_eq(find(set, &model, UINT64_MAX, true), 0);
    identity_forget_after(set, 0);
    ck_assert_uint_eq(identity_count(set), 0);
    identity_destroy(&set);
}
END_TEST

START_TEST(thousands_under_one_fingerprint_are_all_offered_in_order) {
    static const uint64_t fingerprints[] = {0, UINT64_MAX, 0x0123456789abcdefULL};

    for (size_t i = 0; i < sizeof fingerprints / sizeof *fingerprints; i++) {
        struct identity_set *set = identity_create(1);
        uint64_t list[3000];
        struct model model = {.fingerprints = list, .count = 3000};
        for (uint64_t seq = 1; seq <= 3000; seq++) {
            list[seq - 1] = fingerprints[i];
            identity_add(set, fingerprints[i], seq);
        }
        ck_assert_uint_eq(find(set, &model, fingerprints[i], false), 0);
        ck_assert_uint_eq(model.asked, 3000);
        ck_assert_uint_eq(find(set, &model, fingerprints[i], true), 1);
        identity_forget_after(set, 10);
        model.count = 10;
        ck_assert_uint_eq(find(set, &model, fingerprints[i], false), 0);
        ck_assert_uint_eq(model.asked, 10);
        identity_destroy(&set);
    }
}
END_TEST

/* Fingerprints from a small pool, many of them strangers in one place, some at the very ends of a shard. */
static uint64_t crowded_fingerprint(uint64_t *state) {
    uint64_t shard = (draw(state) % 3) * 511;
    uint64_t tag = draw(state) % 4 == 0 ? UINT64_MAX : draw(state) % 40;

    return shard << SHARD_SHIFT | ((tag << 26 | draw(state) % 3) & ((UINT64_C(1) << SHARD_SHIFT) - 1));
}

START_TEST(any_order_of_adding_and_forgetting_equals_a_plain_list) {
    uint64_t state = seed_of_run();

    for (int walk = 0; walk < 300; walk++) {
        struct identity_set *set = identity_create(draw(&state));
        uint64_t list[600];
        struct model model = {.fingerprints = list};
        for (int step = 0; step < 600; step++) {
            if (draw(&state) % 50 == 0) {
                uint64_t keep = draw(&state) % (model.count + 1);
                identity_forget_after(set, keep);
                model.count = keep;
            } else if (model.count < 600) {
                list[model.count] = draw(&state) % 2 == 0 ? crowded_fingerprint(&state) : draw(&state);
                identity_add(set, list[model.count], model.count + 1);
                model.count++;
            }
            ck_assert_uint_eq(identity_count(set), model.count);
        }
        for (int look = 0; look < 60; look++)
            check_against_list(set, &model, crowded_fingerprint(&state));
        for (size_t i = 0; i < model.count; i += 7)
            check_against_list(set, &model, list[i]);
        identity_destroy(&set);
    }
}
END_TEST

/* More than the newest few thousand are forgotten by looking through everything. */
START_TEST(a_large_part_can_be_forgotten) {
    uint64_t state = seed_of_run();
    struct identity_set *set = identity_create(3);
    size_t many = 60000;
    uint64_t *list = calloc(many, sizeof *list);
    struct model model = {.fingerprints = list, .count = many};

    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < many; i++) {
        list[i] = draw(&state);
        identity_add(set, list[i], i + 1);
    }
    identity_forget_after(set, 20000);
    ck_assert_uint_eq(identity_count(set), 20000);
    for (size_t i = 0; i < many; i++)
        ck_assert_uint_eq(find(set, &model, list[i], true), i < 20000 ? i + 1 : 0);
    for (size_t i = 20000; i < many; i++)
        identity_add(set, list[i], i + 1);
    for (size_t i = 0; i < many; i++)
        ck_assert_uint_eq(find(set, &model, list[i], true), i + 1);
    identity_destroy(&set);
    free(list);
}
END_TEST

START_TEST(a_million_identities_take_at_most_sixteen_bytes_each) {
    uint64_t state = seed_of_run();
    struct identity_set *set = identity_create(3);

    for (uint64_t seq = 1; seq <= 1000000; seq++) {
        identity_add(set, draw(&state), seq);
        if (seq >= 100000 && seq % 50000 == 0)
            ck_assert_msg(identity_bytes(set) <= 16 * seq, "%zu bytes for %llu identities", identity_bytes(set), (unsigned long long)seq);
    }
    printf("identity: %.2f bytes each at 1,000,000\n", (double)identity_bytes(set) / 1e6);
    identity_destroy(&set);
}
END_TEST

struct stored {
    unsigned char bytes[1 << 19];
    size_t size;
    size_t at;
};

static bool store(void *context, const void *bytes, size_t size) {
    struct stored *stored = context;

    ck_assert_uint_le(stored->size + size, sizeof stored->bytes);
    memcpy(stored->bytes + stored->size, bytes, size);
    stored->size += size;
    return true;
}

static size_t recall(void *context, void *bytes, size_t size) {
    struct stored *stored = context;
    size_t got = stored->size - stored->at < size ? stored->size - stored->at : size;

    memcpy(bytes, stored->bytes + stored->at, got);
    stored->at += got;
    return got;
}

static void save(const struct identity_set *set, struct stored *stored) {
    static struct bytes_out out;

    stored->size = 0;
    bytes_out_init(&out, store, stored);
    identity_save(set, &out);
    ck_assert(bytes_finish(&out));
}

static bool load(struct identity_set **set, struct stored *stored, uint64_t seq) {
    static struct bytes_in in;

    *set = identity_create(3);
    stored->at = 0;
    bytes_in_init(&in, recall, stored);
    return identity_load(*set, &in, seq);
}

START_TEST(a_set_that_was_saved_finds_and_grows_as_before) {
    uint64_t state = seed_of_run();
    struct identity_set *set = identity_create(3), *loaded;
    size_t many = 60000, half = 30000;
    uint64_t *list = calloc(many, sizeof *list);
    struct model model = {.fingerprints = list, .count = many};
    static struct stored stored, again;

    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < many; i++)
        list[i] = i % 100 == 99 ? list[i - 1] : draw(&state);
    for (size_t i = 0; i < half; i++)
        identity_add(set, list[i], i + 1);
    save(set, &stored);
    ck_assert(load(&loaded, &stored, half));
    save(loaded, &again);
    ck_assert(again.size == stored.size && memcmp(again.bytes, stored.bytes, stored.size) == 0);
    for (size_t i = half; i < many; i++)
        identity_add(loaded, list[i], i + 1);
    ck_assert_uint_eq(identity_count(loaded), many);
    for (size_t i = 0; i < many; i++)
        ck_assert_uint_eq(find(loaded, &model, list[i], true), i % 100 == 99 ? i : i + 1);
    identity_forget_after(loaded, half - 1);
    ck_assert_uint_eq(identity_count(loaded), half - 1);
    identity_destroy(&set);
    identity_destroy(&loaded);
    free(list);
}
END_TEST

START_TEST(what_no_set_can_be_is_refused) {
    uint64_t state = seed_of_run();
    struct identity_set *set = identity_create(3), *loaded;
    static struct stored stored;

    for (size_t i = 0; i < 3000; i++)
        identity_add(set, draw(&state), i + 1);
    save(set, &stored);
    ck_assert(!load(&loaded, &stored, 2999)); /* one lies beyond */
    identity_destroy(&loaded);
    ck_assert(!load(&loaded, &stored, 3001)); /* one is missing */
    identity_destroy(&loaded);
    for (size_t i = 0; i < stored.size; i++) { /* a wrong tag alone says nothing that could be known */
        stored.bytes[i] ^= 0xff;
        (void)load(&loaded, &stored, 3000);
        identity_destroy(&loaded);
        stored.bytes[i] ^= 0xff;
        i += i > 2000 ? 13 : 0;
    }
    for (size_t whole = stored.size; stored.size > 0; stored.size -= stored.size > whole - 100 ? 1
                                                                     : stored.size > 500       ? 500
                                                                                               : stored.size) {
        stored.size--;
        ck_assert(!load(&loaded, &stored, 3000));
        identity_destroy(&loaded);
        stored.size++;
    }
    identity_destroy(&set);
}
END_TEST

/* Thousands of one tag would need a table many times as large. */
START_TEST(a_shard_that_would_be_far_too_large_is_refused) {
    struct identity_set *loaded;
    static struct stored stored;
    unsigned char *at = stored.bytes;

    stored.size = 1024 * 4 + 20000 * 8;
    at[0] = 0x20;
    at[1] = 0x4e; /* 20,000 in the first shard */
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t slot = UINT64_C(0xfffffff) << 36 | (i + 1);
        for (int j = 0; j < 8; j++)
            at[4 + i * 8 + (uint64_t)j] = (unsigned char)(slot >> (8 * j));
    }
    ck_assert(!load(&loaded, &stored, 20000));
    identity_destroy(&loaded);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("identity");
    TCase *checks = tcase_create("identity");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, a_fingerprint_tells_source_from_id_and_depends_on_the_seed);
    tcase_add_test(checks, an_empty_set_finds_nothing_and_forgets_nothing);
    tcase_add_test(checks, thousands_under_one_fingerprint_are_all_offered_in_order);
    tcase_add_test(checks, any_order_of_adding_and_forgetting_equals_a_plain_list);
    tcase_add_test(checks, a_large_part_can_be_forgotten);
    tcase_add_test(checks, a_million_identities_take_at_most_sixteen_bytes_each);
    tcase_add_test(checks, a_set_that_was_saved_finds_and_grows_as_before);
    tcase_add_test(checks, what_no_set_can_be_is_refused);
    tcase_add_test(checks, a_shard_that_would_be_far_too_large_is_refused);
    suite_add_tcase(suite, checks);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
