/* The access log's files: the chain, crashes, days, old files, a full disk, and what a check finds when somebody changed them. */
#include "daemon/core/memory.h"
#include "daemon/security/trail_read.h"
#include "daemon/security/trail_verify.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)
#define NOON (INT64_C(20779) * DAY_MS + DAY_MS / 2) /* 2026-11-22 */
#define FIRST "000001-2026-11-22.ndjson"

static char folder[] = "/tmp/waitlist-trail-XXXXXX";
static char directory[sizeof folder + 8];
static struct trail *trail;
static char told[2048];

static void note(void *context, bool is_trouble, const char *message, const char *reason) {
    size_t length = strlen(told);
    (void)context;
    snprintf(told + length, sizeof told - length, "%s%s (%s)\n", is_trouble ? "! " : "", message, reason == NULL ? "" : reason);
}

static struct trail_setup setup_of(void) {
    return (struct trail_setup){.directory = directory, .retention_days = 31, .tell = note};
}

static void open_at(instant_t now) {
    struct trail_setup setup = setup_of();
    trail = trail_create(&setup, now);
}

static void make_folder(void) {
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(directory, sizeof directory, "%s/access", folder);
    told[0] = '\0';
    open_at(NOON);
}

static void remove_folder(void) {
    char command[128];
    trail_destroy(&trail);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static void reopen_at(instant_t now) {
    trail_destroy(&trail);
    told[0] = '\0';
    open_at(now);
}

static struct trail_entry look(instant_t at, const char *subject, const char *user) {
    static char what[300];
    snprintf(what, sizeof what, "{\"subject\":\"%s\"}", subject);
    return (struct trail_entry){.at = at,
                                .peer = text_of("gateway"),
                                .user = text_of(user),
                                .op = text_of("wait"),
                                .what = text_of(what),
                                .rows = 1,
                                .outcome = TRAIL_OK};
}

static bool add(instant_t at, const char *subject) {
    struct trail_entry entry = look(at, subject, "j.smith");
    return trail_append(trail, &entry);
}

static void add_many(instant_t at, int count) {
    char subject[32];
    for (int i = 0; i < count; i++) {
        snprintf(subject, sizeof subject, "w-%d", i);
        ck_assert(add(at, subject));
    }
}

static char *path_of(const char *name) {
    static char path[sizeof directory + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static char *content_of(const char *name, size_t *length) {
    FILE *file = fopen(path_of(name), "rb");
    ck_assert_msg(file != NULL, "no %s", name);
    char *content = memory_new(1 << 20, 1);
    *length = fread(content, 1, (1 << 20) - 1, file);
    ck_assert_int_eq(fclose(file), 0);
    return content;
}

static void put_content(const char *name, const char *content, size_t length) {
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static char *line_at(char *content, int line) {
    for (; line > 1; line--) {
        content = strchr(content, '\n');
        ck_assert_ptr_nonnull(content++);
    }
    return content;
}

static struct trail_verified verify_with(const struct trail_mark *marks, size_t count) {
    struct trail_verified verified;
    char message[TRAIL_REASON_SIZE];
    struct trail_verify_options options = {.marks = marks, .mark_count = count};
    ck_assert_msg(trail_verify(directory, &options, &verified, message), "%s", message);
    return verified;
}

static struct trail_verified verify(void) {
    return verify_with(NULL, 0);
}

static void assert_good(uint64_t entries) {
    struct trail_verified verified = verify();
    ck_assert_msg(verified.faults == 0, "%s", verified.fault);
    ck_assert_uint_eq(verified.last_n, entries);
}

static void assert_fault(const char *part) {
    struct trail_verified verified = verify();
    ck_assert_msg(strstr(verified.fault, part) != NULL, "'%s' does not say '%s'", verified.fault, part);
}

static struct trail_figures figures(void) {
    struct trail_figures its;
    trail_figures(trail, &its);
    return its;
}

START_TEST(a_line_has_its_members_in_order) {
    size_t length;
    ck_assert(add(NOON, "w-1"));
    char *content = content_of(FIRST, &length);
    const char *second = line_at(content, 2);
    const char *expected = "{\"n\":2,\"at\":\"2026-11-22T12:00:00.000Z\",\"peer\":\"gateway\",\"user\":\"j.smith\",\"op\":\"wait\","
                           "\"what\":{\"subject\":\"w-1\"},\"rows\":1,\"outcome\":\"ok\",\"reason\":null,\"chain\":\"";
    ck_assert_msg(strncmp(second, expected, strlen(expected)) == 0, "%s", second);
    ck_assert_ptr_nonnull(strstr(content, "\"op\":\"log.begin\",\"what\":{\"previous\":\"" TRAIL_FIRST_HEAD "\",\"file\":null}"));
    free(content);
    assert_good(2);
    struct stat status;
    ck_assert_int_eq(stat(directory, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(path_of(FIRST), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

/* What anybody can compute without this program. */
START_TEST(the_chain_is_sha256_of_the_head_before_and_the_line) {
    char command[512], out[128] = "";
    ck_assert(add(NOON, "w-1"));
    snprintf(command, sizeof command,
             "cd '%s' && { head -1 " FIRST " | sed 's/.*\"chain\":\"//;s/\"}$//' | tr -d '\\n'; sed -n 2p " FIRST
             " | sed 's/,\"chain\":.*//' | tr -d '\\n'; } | sha256sum",
             directory);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_ptr_nonnull(fgets(out, sizeof out, pipe));
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_int_eq(strncmp(out, figures().head, TRAIL_HEAD_LENGTH), 0);
}
END_TEST

START_TEST(texts_of_any_kind_are_written_and_read_back) {
    char wide[2000], line[TRAIL_LINE_MAX], head[TRAIL_HEAD_SIZE] = TRAIL_FIRST_HEAD;
    struct trail_links *links = trail_links_create();
    struct trail_parts parts;
    memset(wide, 1, sizeof wide);
    for (int kind = 0; kind < 4; kind++) {
        struct text hard = kind == 0   ? text_of("a\"b\\c\nd\x01 \xc3\xa9 ,\"op\":\"x\"")
                           : kind == 1 ? (struct text){wide, sizeof wide}
                           : kind == 2 ? text_of("")
                                       : TEXT_ABSENT;
        struct trail_entry entry = {.at = NOON,
                                    .peer = hard,
                                    .user = hard,
                                    .op = text_of("wait"),
                                    .reason = hard,
                                    .what = text_of("{\"a\":{\"b\":[\"}\\\"\",{}]}}"),
                                    .rows = TRAIL_NO_ROWS,
                                    .outcome = TRAIL_DENIED};
        char before[TRAIL_HEAD_SIZE];
        memcpy(before, head, sizeof head);
        size_t length = trail_line_write(links, line, UINT64_C(1) << 52, &entry, head);
        ck_assert_uint_le(length, TRAIL_LINE_MAX);
        ck_assert_int_eq(line[length - 1], '\n');
        ck_assert_ptr_null(memchr(line, '\n', length - 1));
        ck_assert(trail_line_read((struct text){line, (uint32_t)length - 1}, &parts));
        ck_assert(trail_line_follows(links, &parts, before));
        ck_assert(!trail_line_follows(links, &parts, head));
        ck_assert(text_is(parts.op, "wait") && text_is(parts.what, "{\"a\":{\"b\":[\"}\\\"\",{}]}}") && text_is(parts.outcome, "denied"));
        char escaped[TRAIL_ESCAPED_MAX];
        struct text same = {escaped, (uint32_t)trail_escape(escaped, hard.at == NULL ? text_of("") : hard)};
        ck_assert(kind == 1 || (hard.at == NULL ? parts.user.at == NULL : text_equal(parts.user, same)));
    }
    trail_links_destroy(&links);
}
END_TEST

START_TEST(what_is_too_long_or_no_object_is_no_line) {
    struct trail_parts parts;
    static const char *const wrong[] = {
        "",
        "{",
        "{\"n\":}",
        "{\"n\":1,\"at\":\"2026-11-22T12:00:00.000Z\",\"peer\":\"x",
        "{\"n\":99999999999999999999999,\"at\":\"",
        "{\"n\":1,\"at\":\"2026-11-22T12:00:00.000Z\",\"peer\":null,\"user\":null,\"op\":\"wait\",\"what\":{{},\"rows\":1",
        "{\"n\":1,\"at\":\"2026-11-22T12:00:00.000Z\",\"peer\":null,\"user\":null,\"op\":\"wait\",\"what\":{\"a\":\"\\"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!trail_line_read(text_of(wrong[i]), &parts), "%s", wrong[i]);
    ck_assert(!trail_line_read(TEXT_ABSENT, &parts));
}
END_TEST

START_TEST(the_log_goes_on_after_a_restart) {
    add_many(NOON, 10);
    char head[TRAIL_HEAD_SIZE];
    memcpy(head, figures().head, sizeof head);
    reopen_at(NOON + 1000);
    ck_assert_str_eq(figures().head, head);
    ck_assert_uint_eq(figures().entries, 11);
    ck_assert_str_eq(told, "");
    add_many(NOON + 2000, 3);
    assert_good(14);
    ck_assert_uint_eq(verify().files, 1);
}
END_TEST

START_TEST(a_day_is_a_file_in_utc) {
    add_many(NOON + DAY_MS / 2 - 1, 2);
    add_many(NOON + DAY_MS / 2, 2);
    reopen_at(NOON + 3 * DAY_MS);
    add_many(NOON + 3 * DAY_MS, 1);
    assert_good(8);
    ck_assert_uint_eq(verify().files, 3);
    ck_assert_int_eq(access(path_of("000002-2026-11-23.ndjson"), F_OK), 0);
    ck_assert_int_eq(access(path_of("000003-2026-11-25.ndjson"), F_OK), 0);
}
END_TEST

START_TEST(a_large_file_is_followed_by_another) {
    struct trail_setup setup = setup_of();
    setup.file_bytes = 4000;
    trail_destroy(&trail);
    trail = trail_create(&setup, NOON);
    add_many(NOON, 100);
    struct trail_verified verified = verify();
    ck_assert_uint_eq(verified.faults, 0);
    ck_assert_uint_gt(verified.files, 5);
    ck_assert_uint_eq(verified.last_n, 100 + verified.files);
}
END_TEST

START_TEST(a_clock_set_back_begins_another_file_and_the_order_stays) {
    add_many(NOON, 1);
    add_many(NOON + 400 * DAY_MS, 1);
    add_many(NOON + 1000, 1);
    add_many(NOON - DAY_MS / 2 - 1000, 1); /* a second before midnight: not worth a file */
    assert_good(7);
    ck_assert_uint_eq(verify().files, 3);
    ck_assert_int_eq(access(path_of("000003-2026-11-22.ndjson"), F_OK), 0);
}
END_TEST

/* A line is cut at every one of its bytes, as a crash or a power cut can leave it. */
START_TEST(an_unfinished_line_is_cut_and_said) {
    size_t length;
    add_many(NOON, 5);
    char *content = content_of(FIRST, &length);
    const char *last = line_at(content, 6);
    for (size_t kept = (size_t)(last - content) + 1; kept < length; kept += 7) {
        trail_destroy(&trail);
        put_content(FIRST, content, kept);
        told[0] = '\0';
        open_at(NOON);
        ck_assert_ptr_nonnull(strstr(told, "cut off"));
        ck_assert_uint_eq(figures().entries, 6);
        add_many(NOON, 1);
        assert_good(7);
        ck_assert_uint_eq(verify().cuts, 1);
        ck_assert_ptr_null(figures().broken);
    }
    free(content);
}
END_TEST

START_TEST(a_file_that_a_crash_left_without_a_line_goes) {
    add_many(NOON, 5);
    trail_destroy(&trail);
    put_content("000002-2026-11-23.ndjson", "", 0);
    open_at(NOON + DAY_MS);
    add_many(NOON + DAY_MS, 1);
    assert_good(8);
    trail_destroy(&trail);
    put_content("000003-2026-11-24.ndjson", "{\"n\":9,", 7);
    open_at(NOON + 2 * DAY_MS);
    add_many(NOON + 2 * DAY_MS, 1);
    assert_good(11);
    ck_assert_uint_eq(verify().cuts, 1);
}
END_TEST

/* ---- What somebody did to it */

static void three_days(void) {
    add_many(NOON, 10);
    add_many(NOON + DAY_MS, 10);
    add_many(NOON + 2 * DAY_MS, 10);
    trail_destroy(&trail);
    assert_good(33);
}

static void change_byte(const char *name, int line, size_t at) {
    size_t length;
    char *content = content_of(name, &length);
    char *where = line_at(content, line) + at;
    *where = *where == 'x' ? 'y' : 'x';
    put_content(name, content, length);
    free(content);
}

START_TEST(a_changed_line_is_named) {
    three_days();
    change_byte("000002-2026-11-23.ndjson", 7, 60);
    assert_fault("000002-2026-11-23.ndjson:7: ");
    open_at(NOON + 2 * DAY_MS);
    ck_assert_str_eq(told, ""); /* it is not of the newest file, and a start stays short */
}
END_TEST

START_TEST(a_changed_line_of_the_newest_file_begins_another) {
    three_days();
    change_byte("000003-2026-11-24.ndjson", 4, 60);
    open_at(NOON + 2 * DAY_MS);
    ck_assert_ptr_nonnull(strstr(told, "000003-2026-11-24.ndjson:4"));
    ck_assert_ptr_nonnull(figures().broken);
    add_many(NOON + 2 * DAY_MS, 3);
    assert_fault("000003-2026-11-24.ndjson:4: ");
    ck_assert_uint_eq(verify().last_n, 38);
    for (int again = 0; again < 3; again++) { /* no further file at each start, and it is not forgotten */
        reopen_at(NOON + 2 * DAY_MS);
        ck_assert_str_eq(told, "");
        ck_assert_ptr_nonnull(figures().broken);
        ck_assert_uint_eq(figures().files, 4);
    }
}
END_TEST

START_TEST(a_removed_line_is_named) {
    size_t length;
    three_days();
    char *content = content_of("000001-2026-11-22.ndjson", &length);
    char *fifth = line_at(content, 5), *sixth = line_at(content, 6);
    memmove(fifth, sixth, (size_t)(content + length - sixth));
    put_content("000001-2026-11-22.ndjson", content, length - (size_t)(sixth - fifth));
    free(content);
    assert_fault("000001-2026-11-22.ndjson:5: entries before it are missing");
}
END_TEST

START_TEST(exchanged_lines_are_named) {
    size_t length;
    three_days();
    char *content = content_of(FIRST, &length), *other = content_of(FIRST, &length);
    char *fifth = line_at(content, 5), *sixth = line_at(content, 6), *seventh = line_at(content, 7);
    size_t of_fifth = (size_t)(sixth - fifth), of_sixth = (size_t)(seventh - sixth);
    char *at = other + (fifth - content);
    memcpy(at, sixth, of_sixth);
    memcpy(at + of_sixth, fifth, of_fifth);
    put_content(FIRST, other, length);
    free(content);
    free(other);
    assert_fault(FIRST ":5: ");
}
END_TEST

START_TEST(a_file_cut_short_is_named) {
    size_t length;
    three_days();
    char *content = content_of("000002-2026-11-23.ndjson", &length);
    put_content("000002-2026-11-23.ndjson", content, (size_t)(line_at(content, 8) - content));
    free(content);
    assert_fault("000003-2026-11-24.ndjson:1: entries before this file are missing");
}
END_TEST

START_TEST(a_removed_file_is_named) {
    three_days();
    ck_assert_int_eq(unlink(path_of("000002-2026-11-23.ndjson")), 0);
    assert_fault("000003-2026-11-24.ndjson:1: entries before this file are missing");
}
END_TEST

START_TEST(the_first_file_can_only_be_removed_by_the_daemon) {
    three_days();
    ck_assert_int_eq(unlink(path_of(FIRST)), 0);
    assert_fault("000002-2026-11-23.ndjson:1: the entries before it are missing");
}
END_TEST

/* Whoever can write the files can make a chain that is whole: then only what was noted elsewhere tells. */
START_TEST(what_was_noted_elsewhere_finds_a_chain_made_anew) {
    struct trail_mark marks[2] = {0};
    add_many(NOON, 10);
    marks[0].entries = figures().entries;
    memcpy(marks[0].head, figures().head, TRAIL_HEAD_SIZE);
    add_many(NOON + DAY_MS, 10);
    marks[1].entries = figures().entries;
    memcpy(marks[1].head, figures().head, TRAIL_HEAD_SIZE);
    add_many(NOON + DAY_MS, 2);
    struct trail_verified verified = verify_with(marks, 2);
    ck_assert_uint_eq(verified.faults, 0);
    ck_assert_uint_eq(verified.marks, 2);
    trail_destroy(&trail);
    ck_assert_int_eq(unlink(path_of("000002-2026-11-23.ndjson")), 0);
    assert_good(11);
    verified = verify_with(marks, 2);
    ck_assert_msg(strstr(verified.fault, "the journal knows of 22") != NULL, "%s", verified.fault);
    struct trail_setup setup = setup_of();
    setup.known = marks[1];
    trail = trail_create(&setup, NOON + DAY_MS);
    ck_assert_ptr_nonnull(strstr(told, "the journal knows of 22"));
    add_many(NOON + DAY_MS, 20);
    ck_assert_uint_eq(figures().entries, 44);
    assert_fault("000002-2026-11-23.ndjson:1: ");
    trail_destroy(&trail);
    ck_assert_int_eq(unlink(path_of("000002-2026-11-23.ndjson")), 0);
    open_at(NOON); /* as many entries again, of somebody's own */
    add_many(NOON + DAY_MS + 1, 30);
    assert_good(42);
    verified = verify_with(marks, 2);
    ck_assert_msg(strstr(verified.fault, "000002-2026-11-23.ndjson:11: the journal noted another head") != NULL, "%s", verified.fault);
}
END_TEST

/* ---- Old files */

START_TEST(old_files_are_removed_and_the_rest_is_whole) {
    for (int day = 0; day < 40; day++)
        add_many(NOON + day * DAY_MS, 2);
    uint64_t before = figures().entries;
    trail_tick(trail, NOON + 39 * DAY_MS, 0);
    /* Counted from the last day before today: 38 days back to 31 days, the first seven go. */
    ck_assert_uint_eq(figures().files, 33);
    ck_assert_uint_eq(figures().entries, before + 1);
    ck_assert_int_eq(access(path_of(FIRST), F_OK), -1);
    struct trail_verified verified = verify();
    ck_assert_msg(verified.faults == 0, "%s", verified.fault);
    ck_assert_uint_eq(verified.first_n, 7 * 3 + 1);
    reopen_at(NOON + 39 * DAY_MS);
    add_many(NOON + 39 * DAY_MS, 2);
    ck_assert_uint_eq(verify().faults, 0);
}
END_TEST

START_TEST(a_clock_that_is_years_ahead_for_an_hour_removes_nothing) {
    add_many(NOON, 2);
    add_many(NOON + 4000 * DAY_MS, 2);
    trail_tick(trail, NOON + 4000 * DAY_MS, 0);
    ck_assert_uint_eq(figures().files, 2);
    add_many(NOON + 1000, 2);
    trail_tick(trail, NOON + 1000, 1000);
    ck_assert_uint_eq(figures().files, 3);
    for (int day = 1; day < 40; day++)
        add_many(NOON + day * DAY_MS, 1);
    trail_tick(trail, NOON + 39 * DAY_MS, 2000); /* the file of that hour is no younger than what follows it */
    ck_assert_uint_eq(figures().files, 3 + 39 - 9);
    ck_assert_uint_eq(verify().faults, 0);
}
END_TEST

START_TEST(another_retention_holds_at_once_and_the_newest_file_stays) {
    for (int day = 0; day < 10; day++)
        add_many(NOON + day * DAY_MS, 1);
    trail_tick(trail, NOON + 9 * DAY_MS, 0);
    ck_assert_uint_eq(figures().files, 10);
    trail_set_retention(trail, 0);
    trail_tick(trail, NOON + 9 * DAY_MS, 1000);
    ck_assert_uint_eq(figures().files, 2);
    ck_assert_uint_eq(verify().faults, 0);
    trail_tick(trail, NOON + 900 * DAY_MS, 2000);
    ck_assert_uint_ge(figures().files, 1);
    ck_assert_uint_eq(verify().faults, 0);
}
END_TEST

/* ---- A full disk */

static void limit_files(rlim_t bytes) {
    struct rlimit limit = {bytes, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_refuses_and_goes_on_by_itself) {
    signal(SIGXFSZ, SIG_IGN);
    add_many(NOON, 5);
    limit_files(2000); /* the write that reaches it is cut short, the next fails */
    int refused = 0;
    for (int i = 0; i < 10; i++)
        refused += !add(NOON, "w-1");
    ck_assert_int_gt(refused, 5);
    ck_assert_ptr_nonnull(figures().fault);
    ck_assert_uint_eq(figures().refused, (uint64_t)refused);
    ck_assert_ptr_nonnull(strstr(told, "cannot be written"));
    ck_assert_ptr_eq(strstr(strstr(told, "cannot be written") + 1, "cannot be written"), NULL);
    ck_assert(!trail_is_ready(trail, NOON));
    assert_good(figures().entries);
    ck_assert_uint_eq(verify().unfinished, 0); /* no half line */
    trail_tick(trail, NOON, 1000);
    ck_assert(!add(NOON, "w-1"));
    limit_files(RLIM_INFINITY);
    ck_assert(!add(NOON, "w-1")); /* tried once between two ticks */
    trail_tick(trail, NOON, 2000);
    ck_assert_ptr_nonnull(strstr(told, "can be written again"));
    ck_assert(add(NOON, "w-2"));
    ck_assert_ptr_null(figures().fault);
    struct trail_verified verified = verify();
    ck_assert_uint_eq(verified.faults, 0);
    ck_assert_uint_eq(verified.gaps, 1);
    size_t length;
    char *content = content_of(FIRST, &length), expected[64];
    snprintf(expected, sizeof expected, "\"op\":\"log.gap\",\"what\":{\"refused\":%d,", refused + 3);
    ck_assert_msg(strstr(content, expected) != NULL, "%s not in %s", expected, content);
    free(content);
}
END_TEST

START_TEST(a_disk_that_is_full_at_midnight_leaves_no_empty_file) {
    signal(SIGXFSZ, SIG_IGN);
    add_many(NOON, 1);
    limit_files(100);
    ck_assert(!add(NOON + DAY_MS, "w-1"));
    ck_assert_int_eq(access(path_of("000002-2026-11-23.ndjson"), F_OK), -1);
    limit_files(RLIM_INFINITY);
    trail_tick(trail, NOON + DAY_MS, 1000);
    ck_assert(add(NOON + DAY_MS, "w-1"));
    assert_good(5); /* two, a beginning, the gap, one */
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_tried_again) {
    trail_destroy(&trail);
    ck_assert_int_eq(rename(directory, "/tmp/none/none") == 0, 0);
    char aside[sizeof directory + 8];
    snprintf(aside, sizeof aside, "%s.aside", directory);
    (void)rename(directory, aside);
    FILE *in_the_way = fopen(directory, "w");
    ck_assert_ptr_nonnull(in_the_way);
    (void)fclose(in_the_way);
    open_at(NOON);
    ck_assert(!add(NOON, "w-1"));
    ck_assert_ptr_nonnull(figures().fault);
    ck_assert_int_eq(unlink(directory), 0);
    trail_tick(trail, NOON, 1000);
    ck_assert(add(NOON, "w-1"));
    assert_good(3);
}
END_TEST

START_TEST(a_folder_that_others_can_write_in_is_refused) {
    trail_destroy(&trail);
    ck_assert_int_eq(chmod(directory, 0770), 0);
    open_at(NOON);
    ck_assert_ptr_nonnull(strstr(told, "chmod 0700"));
    ck_assert(!add(NOON, "w-1"));
}
END_TEST

START_TEST(one_writer_at_a_time) {
    struct trail_setup setup = setup_of();
    struct trail *second = trail_create(&setup, NOON);
    ck_assert_ptr_nonnull(strstr(told, "in use"));
    struct trail_entry entry = look(NOON, "w-1", "x");
    ck_assert(!trail_append(second, &entry));
    trail_destroy(&second);
    add_many(NOON, 1);
    assert_good(2);
}
END_TEST

/* ---- What outsiders cause */

static void deny(const char *reason, int64_t monotonic_ms) {
    trail_append_summed(trail,
                        &(struct trail_entry){.at = NOON + monotonic_ms,
                                              .op = text_of("connect"),
                                              .what = text_of("{\"address\":\"10.0.0.1\"}"),
                                              .reason = text_of(reason),
                                              .rows = TRAIL_NO_ROWS,
                                              .outcome = TRAIL_DENIED},
                        monotonic_ms);
}

START_TEST(a_flood_is_a_few_lines) {
    int64_t ms = 0;
    for (; ms < 3600000; ms += 10) { /* an hour of a hundred a second */
        deny("unknown key", ms);
        if (ms % 1000 == 0)
            trail_tick(trail, NOON + ms, ms);
    }
    ck_assert_uint_lt(figures().entries, 20);
    ck_assert_uint_gt(figures().entries, 8);
    uint64_t before = figures().entries;
    for (int i = 0; i < 1000; i++) {
        char reason[32];
        snprintf(reason, sizeof reason, "key %d", i);
        deny(reason, ms);
    }
    ck_assert_uint_le(figures().entries, before + TRAIL_KINDS_MAX + 1);
    trail_destroy(&trail); /* what is held back is written */
    size_t length;
    char *content = content_of(FIRST, &length);
    ck_assert_ptr_nonnull(strstr(content, "\"reason\":\"several\""));
    uint64_t counted = 0;
    for (const char *at = content; (at = strstr(at, "\"times\":")) != NULL; at++)
        counted += strtoull(at + 8, NULL, 10);
    for (const char *at = content; (at = strstr(at, "\"op\":\"connect\",\"what\":{\"address\"")) != NULL; at++)
        counted++;
    ck_assert_uint_eq(counted, 360000 + 1000);
    free(content);
    ck_assert_uint_eq(verify().faults, 0);
}
END_TEST

/* ---- Looking it up */

struct found {
    size_t count;
    uint64_t n[200];
};

static void take(void *context, struct text line, const struct trail_parts *parts) {
    struct found *found = context;
    (void)line;
    ck_assert_uint_lt(found->count, 200);
    found->n[found->count++] = parts->n;
}

static struct trail_query query_of(void) {
    return (struct trail_query){
        .from = INSTANT_NONE, .to = INSTANT_NONE, .outcome = TRAIL_OUTCOME_COUNT, .limit = 200, .bytes = TRAIL_READ_BYTES};
}

/* All pages, however small they are. */
static struct found find_all(struct trail_query query, size_t limit, uint64_t bytes) {
    struct found found = {0};
    struct trail_reading reading = {0};
    query.limit = limit;
    query.bytes = bytes;
    for (int pages = 0; pages < 1000; pages++) {
        query.place = reading.place;
        ck_assert(trail_read(directory, &query, take, &found, &reading));
        ck_assert_uint_eq(reading.unreadable, 0);
        if (reading.is_complete)
            return found;
    }
    ck_abort_msg("it never ends");
}

START_TEST(pages_of_any_size_give_every_entry_once_in_both_orders) {
    add_many(NOON, 30);
    add_many(NOON + DAY_MS, 40);
    add_many(NOON + 2 * DAY_MS, 20);
    static const size_t limits[] = {1, 2, 7, 31, 93, 200};
    static const uint64_t bytes[] = {1, 1000, TRAIL_READ_BYTES};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (size_t j = 0; j < 3; j++) {
            for (int oldest_first = 0; oldest_first < 2; oldest_first++) {
                struct trail_query query = query_of();
                query.oldest_first = oldest_first != 0;
                struct found found = find_all(query, limits[i], bytes[j]);
                ck_assert_uint_eq(found.count, 93);
                for (size_t k = 0; k < found.count; k++)
                    ck_assert_uint_eq(found.n[k], oldest_first ? k + 1 : 93 - k);
            }
        }
    }
}
END_TEST

START_TEST(entries_are_found_by_what_they_say) {
    add_many(NOON, 20);
    struct trail_entry other = look(NOON + DAY_MS, "w-3", "a\"b");
    other.outcome = TRAIL_DENIED;
    other.op = text_of("waits");
    ck_assert(trail_append(trail, &other));
    struct trail_query query = query_of();
    query.subject = text_of("w-3");
    struct found found = find_all(query, 10, TRAIL_READ_BYTES);
    ck_assert_uint_eq(found.count, 2);
    ck_assert_uint_eq(found.n[0], 23);
    query.user = text_of("a\"b");
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 1);
    query = query_of();
    query.outcome = TRAIL_DENIED;
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 1);
    query = query_of();
    query.op = text_of("wait");
    query.to = NOON;
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 20);
    query.from = NOON + 1;
    query.to = INSTANT_NONE;
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 0);
    query.op = TEXT_ABSENT;
    query.peer = text_of("gateway");
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 1);
    query.peer = text_of("gate");
    ck_assert_uint_eq(find_all(query, 10, TRAIL_READ_BYTES).count, 0);
}
END_TEST

START_TEST(what_is_no_entry_is_passed_over_and_counted) {
    size_t length;
    add_many(NOON, 5);
    char *content = content_of(FIRST, &length);
    static char garbage[900000];
    memset(garbage, 'x', sizeof garbage);
    FILE *file = fopen(path_of(FIRST), "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(content, 1, (size_t)(line_at(content, 4) - content), file);
    fwrite(garbage, 1, sizeof garbage, file);
    fwrite("\n", 1, 1, file);
    fputs(line_at(content, 4), file);
    fputs("{\"n\":", file);
    ck_assert_int_eq(fclose(file), 0);
    free(content);
    for (int oldest_first = 0; oldest_first < 2; oldest_first++) {
        struct trail_query query = query_of();
        struct found found = {0};
        struct trail_reading reading = {0};
        query.oldest_first = oldest_first != 0;
        query.bytes = 4 << 20;
        ck_assert(trail_read(directory, &query, take, &found, &reading));
        ck_assert(reading.is_complete);
        ck_assert_uint_eq(found.count, 6);
        ck_assert_uint_gt(reading.unreadable, 0);
    }
    assert_fault(FIRST ":4: it is no entry of an access log");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("trail");
    TCase *tests = tcase_create("trail");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    const TTest *const all[] = {
        a_line_has_its_members_in_order,
        the_chain_is_sha256_of_the_head_before_and_the_line,
        texts_of_any_kind_are_written_and_read_back,
        what_is_too_long_or_no_object_is_no_line,
        the_log_goes_on_after_a_restart,
        a_day_is_a_file_in_utc,
        a_large_file_is_followed_by_another,
        a_clock_set_back_begins_another_file_and_the_order_stays,
        an_unfinished_line_is_cut_and_said,
        a_file_that_a_crash_left_without_a_line_goes,
        a_changed_line_is_named,
        a_changed_line_of_the_newest_file_begins_another,
        a_removed_line_is_named,
        exchanged_lines_are_named,
        a_file_cut_short_is_named,
        a_removed_file_is_named,
        the_first_file_can_only_be_removed_by_the_daemon,
        what_was_noted_elsewhere_finds_a_chain_made_anew,
        old_files_are_removed_and_the_rest_is_whole,
        a_clock_that_is_years_ahead_for_an_hour_removes_nothing,
        another_retention_holds_at_once_and_the_newest_file_stays,
        a_full_disk_refuses_and_goes_on_by_itself,
        a_disk_that_is_full_at_midnight_leaves_no_empty_file,
        a_folder_that_cannot_be_made_is_tried_again,
        a_folder_that_others_can_write_in_is_refused,
        one_writer_at_a_time,
        a_flood_is_a_few_lines,
        pages_of_any_size_give_every_entry_once_in_both_orders,
        entries_are_found_by_what_they_say,
        what_is_no_entry_is_passed_over_and_counted,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tcase_add_test(tests, all[i]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
