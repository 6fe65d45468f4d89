/* Sorting on disk: the same order as in memory, nothing left behind, what is said when the disk fails; and the counts of days. */
#include "client/import/sorter.h"

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/import/days.h"

struct pair {
    uint32_t key, number;
};

static char folder[] = "/tmp/waitlist-sorter-XXXXXX";
static struct sorter *sorter;

static int compare(const void *left, const void *right) {
    const struct pair *a = left;
    const struct pair *b = right;

    return (a->key > b->key) - (a->key < b->key);
}

static void setup(void) {
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
}

static void teardown(void) {
    sorter_destroy(&sorter);
    ck_assert_int_eq(rmdir(folder), 0);
}

static bool add(uint32_t key, uint32_t number) {
    const struct pair pair = {key, number};

    return sorter_add(sorter, &pair);
}

static size_t files_in_folder(void) {
    DIR *directory = opendir(folder);
    size_t count = 0;

    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count - 2; /* . and .. */
}

/* Keys of 0 to count - 1, each once, in no order. 7919 is a prime and divides none of the counts. */
static void fill(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        ck_assert(add((uint32_t)((uint64_t)i * 7919 % count), i));
    }
}

static void expect_ascending(uint32_t count) {
    ck_assert(sorter_begin(sorter));
    for (uint32_t i = 0; i < count; i++) {
        const struct pair *pair = sorter_next(sorter);

        ck_assert_ptr_nonnull(pair);
        ck_assert_uint_eq(pair->key, i);
        ck_assert_uint_eq((uint64_t)pair->number * 7919 % count, i);
    }
    ck_assert_ptr_null(sorter_next(sorter));
    ck_assert_ptr_null(sorter_next(sorter));
    ck_assert(!sorter_failed(sorter));
}

/* None, one, all in memory, exactly full, one more, many runs of which the last is short; read twice. */
START_TEST(every_size) {
    static const uint32_t counts[] = {0, 1, 2, 99, 100, 101, 200, 12345};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        sorter = sorter_create(sizeof(struct pair), 100 * sizeof(struct pair), compare);
        fill(counts[i]);
        expect_ascending(counts[i]);
        expect_ascending(counts[i]);
        ck_assert_uint_eq(files_in_folder(), 0);
        sorter_destroy(&sorter);
    }
}
END_TEST

/* More runs than records fit into memory: each is read record by record. */
START_TEST(more_runs_than_room) {
    sorter = sorter_create(sizeof(struct pair), 10 * sizeof(struct pair), compare);
    fill(4001);
    expect_ascending(4001);
}
END_TEST

START_TEST(added_to_after_reading) {
    sorter = sorter_create(sizeof(struct pair), 4 * sizeof(struct pair), compare);
    for (uint32_t i = 10; i > 0; i--) {
        ck_assert(add(i * 2, 0));
    }
    ck_assert(sorter_begin(sorter));
    ck_assert_uint_eq(((const struct pair *)sorter_next(sorter))->key, 2);
    sorter_end(sorter);
    ck_assert(add(1, 0));
    ck_assert(sorter_begin(sorter));
    ck_assert_uint_eq(((const struct pair *)sorter_next(sorter))->key, 1);
    ck_assert_uint_eq(((const struct pair *)sorter_next(sorter))->key, 2);
}
END_TEST

START_TEST(equal_records_all_come) {
    uint64_t sum = 0;

    sorter = sorter_create(sizeof(struct pair), 7 * sizeof(struct pair), compare);
    for (uint32_t i = 1; i <= 100; i++) {
        ck_assert(add(5, i));
    }
    ck_assert(sorter_begin(sorter));
    for (const struct pair *pair; (pair = sorter_next(sorter)) != NULL;) {
        sum += pair->number;
    }
    ck_assert_uint_eq(sum, 5050);
}
END_TEST

START_TEST(as_many_runs_as_there_can_be) {
    sorter = sorter_create(sizeof(struct pair), sizeof(struct pair), compare);
    for (uint32_t i = 0; i <= SORTER_RUNS_MAX; i++) {
        ck_assert(add(SORTER_RUNS_MAX - i, i)); /* the last is in memory */
    }
    ck_assert(!add(0, 0));
    ck_assert_ptr_nonnull(strstr(sorter_message(sorter), "more than 4096 records"));
    ck_assert(!sorter_begin(sorter));
    ck_assert_ptr_null(strstr(sorter_message(sorter), folder));
}
END_TEST

/* Said once, and nothing more is taken. */
START_TEST(no_folder) {
    ck_assert_int_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    sorter = sorter_create(sizeof(struct pair), 2 * sizeof(struct pair), compare);
    ck_assert(add(1, 1));
    ck_assert(add(2, 2));
    ck_assert(!sorter_failed(sorter));
    ck_assert(!add(3, 3));
    ck_assert(sorter_failed(sorter));
    ck_assert_ptr_nonnull(strstr(sorter_message(sorter), "/nonexistent/folder: No such file or directory; TMPDIR="));
    ck_assert(!sorter_begin(sorter));
}
END_TEST

/* Against the definition: the sorted numbers themselves. */
START_TEST(ranks_of_days) {
    static const int32_t numbers[] = {28, 0, 21, 7, 7, DAYS_MAX};
    struct days days;

    days_init(&days);
    for (size_t i = 0; i < 6; i++) {
        days_add(&days, numbers[i]);
    }
    ck_assert_int_eq(days_rank(&days, 0), 0);
    ck_assert_int_eq(days_rank(&days, 2), 7);
    ck_assert_int_eq(days_rank(&days, 3), 21);
    ck_assert_int_eq(days_rank(&days, 5), DAYS_MAX);
    ck_assert_double_eq(days_median(&days), 14.0);
    ck_assert_uint_eq(days_within(&days, 6), 1);
    ck_assert_uint_eq(days_within(&days, 7), 3);
    ck_assert_uint_eq(days_within(&days, DAYS_MAX), 6);
    ck_assert_uint_eq(days.sum, 63 + DAYS_MAX);
    days_clear(&days);
    days_add(&days, 3);
    ck_assert_double_eq(days_median(&days), 3.0);
    ck_assert_int_eq(days.longest, 3);
    ck_assert_uint_eq(days_within(&days, DAYS_MAX), 1);
    days_destroy(&days);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sorter");
    TCase *on_disk = tcase_create("on disk");
    TCase *counts = tcase_create("days");
    const TTest *const tests[] = {
        every_size, more_runs_than_room, added_to_after_reading, equal_records_all_come, as_many_runs_as_there_can_be, no_folder};

    tcase_add_checked_fixture(on_disk, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(on_disk, tests[i]);
    }
    tcase_add_test(counts, ranks_of_days);
    suite_add_tcase(suite, on_disk);
    suite_add_tcase(suite, counts);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
