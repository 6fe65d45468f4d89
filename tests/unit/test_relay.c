/* Checks of the relay's parts that need no daemon: what an Alertmanager is told, grouping, signatures, pauses, dead letters. */
#include "client/relay/backoff.h"
#include "client/relay/batch.h"
#include "client/relay/dead.h"
#include "client/relay/firing.h"
#include "client/relay/quiet.h"
#include "client/relay/sink.h"

#include <check.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct relay_settings settings = {.name = (char *)(uintptr_t) "relay", .source = (char *)(uintptr_t) "urn:test"};

static struct route_settings route_of(int hold_s) {
    return (struct route_settings){.name = (char *)(uintptr_t) "am", .references = true, .resend_s = 60, .hold_s = hold_s};
}

static json_t *row(int seq, const char *transition, const char *subject, const char *team, const char *reason) {
    char id[16];

    snprintf(id, sizeof id, "a%d", seq);
    return json_pack("{s:i, s:s, s:s, s:s, s:n, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:s?, s:b}", "seq", seq, "alert_id", id,
                     "transition", transition, "rule", "breach", "level", "subject", subject, "pathway", "dols", "team", team, "severity",
                     "warning", "days", 22, "standard", 21, "occurred_on", "2025-04-30", "at", "2025-04-30T08:00:00.000Z", "reason", reason,
                     "late", 0);
}

static void take(struct firing *firing, json_t *taken, int64_t now_ms) {
    firing_take(firing, taken, now_ms);
    json_decref(taken);
}

#define DAY_MS INT64_C(1750000000000)

/* The page as JSON, sent; the caller releases it. NULL: nothing was due. */
static json_t *sent(struct firing *firing, int64_t now_ms) {
    char *text = firing_page(firing, now_ms, DAY_MS + now_ms);
    json_t *page = text != NULL ? json_loads(text, 0, NULL) : NULL;

    free(text);
    if (page != NULL) {
        firing_sent(firing, now_ms);
    }
    return page;
}

static bool is_over(const json_t *entry) {
    return strcmp(json_string_value(json_object_get(entry, "startsAt")), json_string_value(json_object_get(entry, "endsAt"))) == 0;
}

static const char *label(const json_t *entry, const char *name) {
    return json_string_value(json_object_get(json_object_get(entry, "labels"), name));
}

static void expect_nothing(struct firing *firing, int64_t now_ms) {
    ck_assert_ptr_null(firing_page(firing, now_ms, DAY_MS + now_ms));
}

START_TEST(an_open_alert_is_sent_again) {
    const struct route_settings route = route_of(0);
    struct firing *firing = firing_create(&settings, &route);

    take(firing, row(1, "raised", "W-1", "north", NULL), 1000);
    ck_assert_int_eq(firing_due(firing, 1000), 0);
    json_t *first = sent(firing, 1000);

    ck_assert_uint_eq(json_array_size(first), 1);
    ck_assert_str_eq(label(json_array_get(first, 0), "alertname"), "WaitlistBreach");
    ck_assert_str_eq(label(json_array_get(first, 0), "alert"), "a1");
    ck_assert_ptr_null(label(json_array_get(first, 0), "level"));
    expect_nothing(firing, 60999);
    ck_assert_int_eq(firing_due(firing, 2000), 61000);
    json_t *again = sent(firing, 61000);

    ck_assert(json_equal(json_object_get(json_array_get(first, 0), "startsAt"), json_object_get(json_array_get(again, 0), "startsAt")));
    ck_assert(!json_equal(json_object_get(json_array_get(first, 0), "endsAt"), json_object_get(json_array_get(again, 0), "endsAt")));
    json_decref(first);
    json_decref(again);
    take(firing, row(2, "resolved", "W-1", "north", "completed"), 62000);
    json_t *over = sent(firing, 62000);

    ck_assert_uint_eq(json_array_size(over), 1);
    ck_assert_str_eq(label(json_array_get(over, 0), "alert"), "a1");
    ck_assert_uint_eq(firing_count(firing), 0);
    json_decref(over);
    firing_destroy(&firing);
    firing_destroy(&firing);
}
END_TEST

START_TEST(what_may_be_taken_back_is_held) {
    const struct route_settings route = route_of(10);
    struct firing *firing = firing_create(&settings, &route);

    take(firing, row(1, "raised", "W-1", "north", NULL), 0);
    json_decref(sent(firing, 0));
    take(firing, row(2, "resolved", "W-1", "north", "paused"), 1000);
    expect_nothing(firing, 1000);
    take(firing, row(3, "raised", "W-1", "north", NULL), 5000);
    json_t *on = sent(firing, 5000);

    ck_assert_str_eq(label(json_array_get(on, 0), "alert"), "a1"); /* as if nothing had been */
    ck_assert(!is_over(json_array_get(on, 0)));
    json_decref(on);
    take(firing, row(4, "resolved", "W-1", "north", "cleared"), 6000);
    expect_nothing(firing, 15999);
    json_t *over = sent(firing, 16000);

    ck_assert_uint_eq(json_array_size(over), 1);
    ck_assert_uint_eq(firing_count(firing), 0);
    json_decref(over);
    take(firing, row(5, "raised", "W-1", "north", NULL), 17000);
    json_t *anew = sent(firing, 17000);

    ck_assert_str_eq(label(json_array_get(anew, 0), "alert"), "a5");
    json_decref(anew);
    firing_destroy(&firing);
}
END_TEST

START_TEST(a_new_team_ends_the_old_labels) {
    const struct route_settings route = route_of(0);
    struct firing *firing = firing_create(&settings, &route);

    take(firing, row(1, "raised", "W-1", "north", NULL), 0);
    json_decref(sent(firing, 0));
    take(firing, row(2, "moved", "W-1", "south", NULL), 1000);
    json_t *page = sent(firing, 1000);

    ck_assert_uint_eq(json_array_size(page), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *entry = json_array_get(page, i);
        bool is_north = strcmp(label(entry, "team"), "north") == 0;
        const char *ends = json_string_value(json_object_get(entry, "endsAt"));

        ck_assert_str_eq(label(entry, "alert"), "a1");
        ck_assert_str_eq(ends, is_north ? "2025-06-15T15:06:41.000Z" : "2025-06-15T15:10:41.000Z");
    }
    ck_assert_uint_eq(firing_count(firing), 1);
    json_decref(page);
    firing_destroy(&firing);
}
END_TEST

START_TEST(a_team_that_is_not_ours_ends_it) {
    struct route_settings route = route_of(0);
    char *teams[] = {(char *)(uintptr_t) "north"};
    struct firing *firing;

    route.match.team = (struct word_list){1, teams};
    firing = firing_create(&settings, &route);
    take(firing, row(1, "raised", "W-1", "north", NULL), 0);
    take(firing, row(2, "raised", "W-2", "south", NULL), 0);
    json_decref(sent(firing, 0));
    ck_assert_uint_eq(firing_count(firing), 1);
    json_t *moved = row(3, "moved", "W-1", "south", NULL);

    json_object_set_new(moved, "from_team", json_string("north"));
    take(firing, moved, 1000);
    json_t *page = sent(firing, 1000);

    ck_assert_str_eq(label(json_array_get(page, 0), "team"), "north");
    ck_assert_uint_eq(firing_count(firing), 0);
    json_decref(page);
    firing_destroy(&firing);
}
END_TEST

START_TEST(many_come_and_go) {
    const struct route_settings route = route_of(0);
    struct firing *firing = firing_create(&settings, &route);
    enum { MANY = 1000 };
    size_t pages = 0, over = 0;
    char subject[16];
    json_t *page;

    for (int i = 0; i < MANY; i++) {
        snprintf(subject, sizeof subject, "W-%d", i);
        take(firing, row(i + 1, "raised", subject, "north", NULL), 0);
    }
    while ((page = sent(firing, 0)) != NULL) {
        ck_assert_uint_le(json_array_size(page), FIRING_PAGE);
        pages++;
        json_decref(page);
    }
    ck_assert_uint_eq(pages, MANY / FIRING_PAGE);
    for (int i = 0; i < MANY; i += 3) {
        snprintf(subject, sizeof subject, "W-%d", i);
        take(firing, row(MANY + i, "resolved", subject, "north", "completed"), 1000);
    }
    while ((page = sent(firing, 1000)) != NULL) {
        over += json_array_size(page);
        json_decref(page);
    }
    ck_assert_uint_eq(over, 334);
    ck_assert_uint_eq(firing_count(firing), MANY - 334);
    for (int i = 1; i < MANY; i += 3) { /* each is still found where it went */
        snprintf(subject, sizeof subject, "W-%d", i);
        take(firing, row(2 * MANY + i, "resolved", subject, "north", "completed"), 2000);
    }
    while ((page = sent(firing, 2000)) != NULL) {
        over += json_array_size(page);
        json_decref(page);
    }
    ck_assert_uint_eq(over, 667);
    firing_destroy(&firing);
}
END_TEST

START_TEST(what_is_over_the_limit_is_counted) {
    const struct route_settings route = route_of(0);
    struct firing *firing = firing_create(&settings, &route);
    char subject[16];

    for (int i = 0; i < FIRING_MAX + 7; i++) {
        snprintf(subject, sizeof subject, "W-%d", i);
        take(firing, row(i + 1, "raised", subject, "north", NULL), 0);
    }
    json_t *page = sent(firing, 0);
    const json_t *last = json_array_get(page, json_array_size(page) - 1);

    ck_assert_uint_eq(json_array_size(page), FIRING_PAGE + 1);
    ck_assert_str_eq(label(last, "alertname"), "WaitlistAlertsLeftOut");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(json_object_get(last, "annotations"), "summary")), "7 open alerts"));
    json_decref(page);
    ck_assert_uint_eq(firing_count(firing), FIRING_MAX);
    ck_assert(!firing_has_room_again(firing));
    for (int i = 0; i <= FIRING_MAX / 10; i++) {
        snprintf(subject, sizeof subject, "W-%d", i);
        take(firing, row(FIRING_MAX + 100 + i, "resolved", subject, "north", "completed"), 0);
    }
    while ((page = sent(firing, 0)) != NULL) {
        json_decref(page);
    }
    ck_assert(firing_has_room_again(firing));
    firing_begin(firing);
    ck_assert(!firing_has_room_again(firing));
    firing_destroy(&firing);
}
END_TEST

START_TEST(what_was_forgotten_is_resolved) {
    const struct route_settings route = route_of(900);
    struct firing *firing = firing_create(&settings, &route);
    json_t *open = row(1, "raised", "W-1", "north", NULL);

    firing_open(firing, open);
    take(firing, row(2, "raised", "W-2", "north", NULL), 0);
    json_decref(sent(firing, 0));
    firing_begin(firing);
    firing_open(firing, open);
    firing_settle(firing);
    json_t *page = sent(firing, 10);

    ck_assert_uint_eq(json_array_size(page), 1);
    ck_assert_str_eq(label(json_array_get(page, 0), "subject"), "W-2");
    json_decref(page);
    json_decref(open);
    firing_destroy(&firing);
}
END_TEST

START_TEST(groups_by_team_without_what_passed) {
    const struct route_settings route = route_of(0);
    struct batch *batch = batch_create(&settings, &route);
    json_t *rows[] = {row(1, "raised", "W-1", "north", NULL),       row(2, "raised", "W-2", "south", NULL),
                      row(3, "resolved", "W-1", "north", "paused"), row(4, "raised", "W-3", "north", NULL),
                      row(5, "resolved", "W-4", "south", "paused"), row(6, "raised", "W-4", "south", NULL),
                      row(7, "acknowledged", "W-3", "north", NULL)};
    struct message message;

    ck_assert_int_eq(batch_due(batch), INT64_MAX);
    for (size_t i = 0; i < 7; i++) {
        ck_assert(batch_add(batch, rows[i], 100 - (int64_t)i));
        json_decref(rows[i]);
    }
    ck_assert_int_eq(batch_due(batch), 94);
    for (int round = 0; round < 2; round++) {
        size_t count = 0;

        while (batch_next(batch, "E", NULL, &message)) {
            json_t *event = json_loads(message.text, 0, NULL);
            const json_t *data = json_object_get(event, "data");
            bool is_north = strcmp(json_string_value(json_object_get(data, "team")), "north") == 0;

            ck_assert_str_eq(message.id, is_north ? "E:4-7:north" : "E:2-2:south");
            ck_assert_int_eq(json_integer_value(json_object_get(data, "passing")), 1);
            ck_assert_int_eq(json_integer_value(json_object_get(data, "count")), is_north ? 2 : 1);
            count++;
            json_decref(event);
            message_clear(&message);
        }
        ck_assert_uint_eq(count, 2);
        batch_rewind(batch);
    }
    batch_clear(batch);
    ck_assert_uint_eq(batch_count(batch), 0);
    batch_destroy(&batch);
}
END_TEST

/* The example of the Standard Webhooks specification's own libraries. */
START_TEST(signature) {
    char out[SIGNATURE_BYTES];
    const char *body = "{\"test\": 2432232314}";

    webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body), out);
    ck_assert_str_eq(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

START_TEST(pauses_grow_to_the_last) {
    struct backoff backoff = {.first_ms = 100, .last_ms = 1000};
    const int64_t steps[] = {100, 200, 400, 800, 1000, 1000};

    for (size_t i = 0; i < 6; i++) {
        struct backoff copy = backoff;

        ck_assert_int_eq(backoff_next(&copy, 0), steps[i] / 2);
        for (uint32_t random = 1; random < 4000; random += 7) {
            copy = backoff;
            int64_t ms = backoff_next(&copy, random);

            ck_assert(ms >= steps[i] / 2 && ms <= steps[i]);
        }
        (void)backoff_next(&backoff, 0);
    }
    backoff_settle(&backoff);
    ck_assert_int_eq(backoff_next(&backoff, 0), 50);
}
END_TEST

START_TEST(dead_letters) {
    char folder[] = "/tmp/waitlist-XXXXXX", path[64], name[96];
    struct message message = {.id = "E:1", .text = (char *)(uintptr_t) "{\"id\":\"E:1\"}"};

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/route.dead", folder);
    json_t *none = dead_list(path);

    ck_assert_uint_eq(json_array_size(none), 0);
    json_decref(none);
    ck_assert_int_eq(dead_add(path, 2, &message, "HTTP 410", "2025-04-30T08:00:00Z"), DEAD_OK);
    FILE *torn = fopen(path, "a"); /* as a crash leaves it */
    ck_assert_ptr_nonnull(torn);
    fputs("{\"id\":\"E:", torn);
    fclose(torn);
    snprintf(message.id, sizeof message.id, "E:2");
    ck_assert_int_eq(dead_add(path, 2, &message, "HTTP 410", "2025-04-30T08:00:00Z"), DEAD_OK);
    ck_assert_int_eq(dead_add(path, 2, &message, "HTTP 410", "2025-04-30T08:00:00Z"), DEAD_FULL);
    ck_assert_int_eq(dead_remove(path, "E:1"), DEAD_OK);
    json_t *left = dead_list(path);

    ck_assert_uint_eq(json_array_size(left), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(left, 0), "id")), "E:2");
    json_decref(left);
    unlink(path);
    snprintf(name, sizeof name, "%s.lock", path);
    unlink(name);
    ck_assert_int_eq(dead_add("/nowhere/at/all", 2, &message, "", ""), DEAD_FAILED);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(what_others_say_is_kept_quiet) {
    ck_assert(quiet_repeats("no such token: 0123456789abcdef!", "0123456789abcdef", 16, QUIET_SECRET_BYTES));
    ck_assert(quiet_repeats("token 456789ab", "0123456789abcdef", 16, QUIET_SECRET_BYTES)); /* a piece of it */
    ck_assert(quiet_repeats("x0123", "0123", 4, QUIET_SECRET_BYTES));                       /* all of a short one */
    ck_assert(!quiet_repeats("token 456789a", "0123456789abcdef", 16, QUIET_SECRET_BYTES));
    ck_assert(!quiet_repeats("", "0123456789abcdef", 16, QUIET_SECRET_BYTES));
    ck_assert(!quiet_repeats("anything", "", 0, QUIET_SECRET_BYTES));
    ck_assert(!quiet_repeats("012", "0123", 4, QUIET_SECRET_BYTES));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relay");
    TCase *parts = tcase_create("parts");
    SRunner *runner = srunner_create(suite);

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    tcase_set_timeout(parts, 120);
    tcase_add_test(parts, an_open_alert_is_sent_again);
    tcase_add_test(parts, what_may_be_taken_back_is_held);
    tcase_add_test(parts, a_new_team_ends_the_old_labels);
    tcase_add_test(parts, a_team_that_is_not_ours_ends_it);
    tcase_add_test(parts, many_come_and_go);
    tcase_add_test(parts, what_is_over_the_limit_is_counted);
    tcase_add_test(parts, what_was_forgotten_is_resolved);
    tcase_add_test(parts, groups_by_team_without_what_passed);
    tcase_add_test(parts, signature);
    tcase_add_test(parts, pauses_grow_to_the_last);
    tcase_add_test(parts, dead_letters);
    tcase_add_test(parts, what_others_say_is_kept_quiet);
    suite_add_tcase(suite, parts);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
