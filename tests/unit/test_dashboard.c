/* The gateway's small parts: names it answers to, origins, addresses, the ring of events, their text, assets by encoding, figures. */
#include "client/dashboard/assets.h"
#include "client/dashboard/event_text.h"
#include "client/dashboard/exposition.h"
#include "client/dashboard/guard.h"
#include "client/dashboard/listener.h"
#include "client/dashboard/problem.h"
#include "client/dashboard/ring.h"
#include "client/dashboard/target.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(a_loopback_gateway_knows_its_own_names) {
    struct guard *guard = guard_create("127.0.0.1", true, " waiting.council.example, other ,");
    static const char *const known[] = {"localhost", "LocalHost:8090", "127.0.0.1:1", "[::1]", "[::1]:80", "waiting.council.example:443",
                                        "OTHER"};
    static const char *const foreign[] = {"",       "evil.example",    "localhost.evil.example", "evil.example:localhost", "localhost:80a",
                                          "[::1]x", "127.0.0.1:80:80", "waiting.council",        "localhost@evil",         "[::1"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        ck_assert_msg(guard_knows_host(guard, known[i]), "%s", known[i]);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        ck_assert_msg(!guard_knows_host(guard, foreign[i]), "%s", foreign[i]);
    ck_assert(!guard_knows_host(guard, NULL));
    guard_destroy(&guard);
    ck_assert_ptr_null(guard);
    guard_destroy(&guard);
}
END_TEST

START_TEST(beyond_loopback_names_are_checked_when_there_are_any) {
    struct guard *guard = guard_create("192.0.2.7", false, NULL);
    ck_assert(guard_knows_host(guard, "anything.example") && !guard_knows_host(guard, ""));
    guard_destroy(&guard);
    guard = guard_create("192.0.2.7", false, "one");
    ck_assert(guard_knows_host(guard, "one") && guard_knows_host(guard, "192.0.2.7:80") && !guard_knows_host(guard, "two"));
    guard_destroy(&guard);
}
END_TEST

START_TEST(only_our_own_origin_may_change_something) {
    ck_assert(guard_is_own_origin(NULL, NULL, "a:1", false));
    ck_assert(!guard_is_own_origin(NULL, NULL, "a:1", true));
    for (int must_say = 0; must_say < 2; must_say++) {
        ck_assert(guard_is_own_origin("same-origin", NULL, "a:1", must_say));
        ck_assert(guard_is_own_origin(NULL, "https://A:1", "a:1", must_say));
        ck_assert(!guard_is_own_origin("same-site", "https://a:1", "a:1", must_say));
        ck_assert(!guard_is_own_origin("none", "https://a:1", "a:1", must_say));
        ck_assert(!guard_is_own_origin(NULL, "https://a:2", "a:1", must_say));
        ck_assert(!guard_is_own_origin(NULL, "null", "a:1", must_say));
        ck_assert(!guard_is_own_origin(NULL, "https://a:1", NULL, must_say));
    }
}
END_TEST

START_TEST(targets_are_taken_apart) {
    static const char text[] = "/a%2Fb/+?x=1&x=%20+%c3%a9&y&&z=a=b";
    const char *wrong;
    struct target *target = target_parse(text, strlen(text), &wrong);
    ck_assert_ptr_nonnull(target);
    ck_assert_str_eq(target_path(target), "/a/b/+");
    ck_assert_uint_eq(target_parameter_count(target), 4);
    ck_assert_str_eq(target_parameter(target, 1).value, "  \xc3\xa9");
    ck_assert_str_eq(target_value(target, "x"), "1");
    ck_assert_str_eq(target_value(target, "y"), "");
    ck_assert_str_eq(target_value(target, "z"), "a=b");
    ck_assert_ptr_null(target_value(target, "q"));
    target_destroy(&target);
}
END_TEST

START_TEST(broken_targets_are_refused) {
    static const char *const broken[] = {"",     "a",     "/%",      "/%4", "/%zz",    "/%00",   "/%1f",
                                         "/%7f", "/\x80", "/%c0%af", "/?=", "/?a=%ff", "/?%80=1"};
    const char *wrong;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        wrong = NULL;
        ck_assert_ptr_null(target_parse(broken[i], strlen(broken[i]), &wrong));
        ck_assert_ptr_nonnull(wrong);
    }
    char *large = malloc(TARGET_BYTES_MAX + 1);
    memset(large, 'a', TARGET_BYTES_MAX + 1);
    large[0] = '/';
    struct target *target = target_parse(large, TARGET_BYTES_MAX, &wrong);
    ck_assert_ptr_nonnull(target);
    target_destroy(&target);
    ck_assert_ptr_null(target_parse(large, TARGET_BYTES_MAX + 1, &wrong));
    for (size_t i = 1; i <= TARGET_PARAMETERS_MAX * 2; i++)
        large[i] = i == 1 ? '?' : i % 2 == 0 ? 'a' : '&';
    target = target_parse(large, TARGET_PARAMETERS_MAX * 2 + 1, &wrong);
    ck_assert_uint_eq(target_parameter_count(target), TARGET_PARAMETERS_MAX);
    target_destroy(&target);
    memcpy(large + TARGET_PARAMETERS_MAX * 2 + 1, "&a", 2);
    ck_assert_ptr_null(target_parse(large, TARGET_PARAMETERS_MAX * 2 + 3, &wrong));
    free(large);
}
END_TEST

static void push(struct ring *ring, uint64_t seq, size_t size) {
    static const struct frame_scope scope = {"p", "t", ""};
    char *bytes = malloc(size);
    memset(bytes, 'x', size);
    ring_push(ring, FRAME_ALERT, seq, &scope, bytes, size);
}

START_TEST(the_ring_keeps_the_newest) {
    struct ring *ring = ring_create();
    ck_assert_uint_eq(ring_end(ring), 0);
    for (uint64_t i = 0; i < RING_FRAMES_MAX + 10; i++)
        push(ring, i, 1);
    ck_assert_uint_eq(ring_oldest(ring), 10);
    ck_assert_uint_eq(ring_end(ring), RING_FRAMES_MAX + 10);
    ck_assert_uint_eq(ring_frame(ring, 10)->seq, 10);
    ck_assert_str_eq(ring_frame(ring, RING_FRAMES_MAX + 9)->scope.team, "t");
    push(ring, 0, RING_BYTES_MAX - 5); /* so many bytes leave room for five others */
    ck_assert_uint_eq(ring_end(ring) - ring_oldest(ring), 6);
    push(ring, 0, 2 * (size_t)RING_BYTES_MAX); /* one alone is always kept */
    ck_assert_uint_eq(ring_end(ring) - ring_oldest(ring), 1);
    ring_destroy(&ring);
    ck_assert_ptr_null(ring);
}
END_TEST

START_TEST(events_are_text) {
    size_t size;
    char *text = event_text("alert", "e:1", "{}xx", 2, &size);
    ck_assert_str_eq(text, "event: alert\nid: e:1\ndata: {}\n\n");
    ck_assert_uint_eq(size, strlen(text));
    free(text);
    text = event_text(NULL, "e:1", NULL, 0, &size);
    ck_assert_str_eq(text, "id: e:1\n\n");
    free(text);
}
END_TEST

START_TEST(ids_say_epoch_and_seq) {
    char id[EVENT_ID_SIZE], epoch[EVENT_ID_SIZE];
    static const char *const broken[] = {"", ":", "e", "e:", ":1", "e:-1", "e:+1", "e: 1", "e:1x", "e:18446744073709551616"};
    uint64_t seq = 0;
    event_id(id, "abc", UINT64_MAX);
    ck_assert_str_eq(id, "abc:18446744073709551615");
    ck_assert(event_id_parse(id, epoch, &seq));
    ck_assert_str_eq(epoch, "abc");
    ck_assert(seq == UINT64_MAX);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ck_assert_msg(!event_id_parse(broken[i], epoch, &seq), "%s", broken[i]);
}
END_TEST

START_TEST(a_transition_that_is_none_is_no_event) {
    struct frame_scope scope;
    uint64_t seq;
    size_t size;
    json_t *row = json_pack("{s:i, s:s, s:n}", "seq", 7, "team", "north", "from_team");
    char *text = event_of_transition(row, "e", &scope, &seq, &size);
    ck_assert_str_eq(text, "event: alert\nid: e:7\ndata: {\"seq\":7,\"team\":\"north\",\"from_team\":null}\n\n");
    ck_assert_str_eq(scope.team, "north");
    ck_assert_str_eq(scope.pathway, "");
    free(text);
    json_object_set_new(row, "seq", json_integer(0));
    ck_assert_ptr_null(event_of_transition(row, "e", &scope, &seq, &size));
    json_decref(row);
}
END_TEST

static void write_file(const char *folder, const char *name, const char *text) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *folder, const char *name) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(remove(path), 0);
}

START_TEST(assets_come_from_a_folder) {
    static const char *const names[] = {"index.html", "index.html.gz", "lonely.css.br", "what.exe"};
    char folder[] = "/tmp/test_dashboard.XXXXXX", message[ASSETS_MESSAGE_SIZE] = "";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_ptr_null(assets_load(folder, message));
    ck_assert_ptr_nonnull(strstr(message, "holds no index.html"));
    for (size_t i = 0; i < 4; i++)
        write_file(folder, names[i], names[i]);
    struct assets *assets = assets_load(folder, message);
    ck_assert_uint_eq(assets_count(assets), 1);
    const struct asset *index = assets_find(assets, "/index.html");
    const char *encoding;
    ck_assert(!index->is_immutable);
    ck_assert_uint_eq(asset_choose(index, NULL, &encoding)->size, strlen("index.html"));
    ck_assert_ptr_null(encoding);
    ck_assert_uint_eq(asset_choose(index, "br, gzip", &encoding)->size, strlen("index.html.gz"));
    ck_assert_str_eq(encoding, "gzip");
    ck_assert_ptr_eq(asset_choose(index, "gzip;q=0", &encoding), &index->plain);
    ck_assert_ptr_null(assets_find(assets, "/what.exe"));
    assets_destroy(&assets);
    for (size_t i = 0; i < 4; i++)
        remove_file(folder, names[i]);
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_ptr_null(assets_load(folder, message));
    ck_assert_ptr_nonnull(strstr(message, "cannot be opened"));
}
END_TEST

START_TEST(addresses_to_listen_on) {
    static const char *const wrong[] = {"",      ":1",     "127.0.0.1",   "127.0.0.1:", "127.0.0.1:65536", "localhost:0",
                                        "::1:0", "[::1:0", "127.0.0.1:1x"};
    struct listener listener;
    const char *reason;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!listener_open(&listener, wrong[i], &reason), "%s", wrong[i]);
    ck_assert_msg(listener_open(&listener, "127.0.0.1:0", &reason), "%s", reason);
    ck_assert(listener.is_loopback && listener.port > 0);
    ck_assert_str_eq(listener.host, "127.0.0.1");
    char taken[40];
    snprintf(taken, sizeof taken, "127.0.0.1:%u", listener.port);
    struct listener second;
    ck_assert(!listener_open(&second, taken, &reason));
    ck_assert_int_eq(close(listener.descriptor), 0);
}
END_TEST

START_TEST(figures_in_both_formats) {
    const struct label label = {"name", "a \"b\\\n"};
    for (int openmetrics = 0; openmetrics < 2; openmetrics++) {
        struct exposition *exposition = exposition_create(openmetrics == 1);
        size_t size;
        exposition_family(exposition, "x", FIGURE_COUNTER, "Help.");
        exposition_figure(exposition, 3, &label, 1);
        exposition_one(exposition, "y", FIGURE_GAUGE, "More.", 0.5);
        char *text = exposition_end(&exposition, &size);
        ck_assert_str_eq(text, openmetrics == 1 ? "# TYPE x counter\n# HELP x Help.\nx_total{name=\"a \\\"b\\\\\\n\"} 3\n"
                                                  "# TYPE y gauge\n# HELP y More.\ny 0.5\n# EOF\n"
                                                : "# TYPE x_total counter\n# HELP x_total Help.\nx_total{name=\"a \\\"b\\\\\\n\"} 3\n"
                                                  "# TYPE y gauge\n# HELP y More.\ny 0.5\n");
        free(text);
    }
    ck_assert(exposition_is_wanted("application/openmetrics-text; version=1.0.0,*/*;q=0.1"));
    ck_assert(!exposition_is_wanted(NULL) && !exposition_is_wanted("text/plain"));
}
END_TEST

START_TEST(every_refusal_has_its_status) {
    ck_assert_int_eq(problem_status("bad_request"), 400);
    ck_assert_int_eq(problem_status("not_found"), 404);
    ck_assert_int_eq(problem_status("busy"), 503);
    ck_assert_int_eq(problem_status("conflict"), 409);
    ck_assert_int_eq(problem_status("what the next release may say"), 500);
    ck_assert_str_eq(problem_title(404), "Not Found");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("dashboard");
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, a_loopback_gateway_knows_its_own_names);
    tcase_add_test(parts, beyond_loopback_names_are_checked_when_there_are_any);
    tcase_add_test(parts, only_our_own_origin_may_change_something);
    tcase_add_test(parts, targets_are_taken_apart);
    tcase_add_test(parts, broken_targets_are_refused);
    tcase_add_test(parts, the_ring_keeps_the_newest);
    tcase_add_test(parts, events_are_text);
    tcase_add_test(parts, ids_say_epoch_and_seq);
    tcase_add_test(parts, a_transition_that_is_none_is_no_event);
    tcase_add_test(parts, assets_come_from_a_folder);
    tcase_add_test(parts, addresses_to_listen_on);
    tcase_add_test(parts, figures_in_both_formats);
    tcase_add_test(parts, every_refusal_has_its_status);
    suite_add_tcase(suite, parts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
