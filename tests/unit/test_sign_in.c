/* The parts of signing in, with made-up clocks: tokens, sessions, failures, headers, the reverse proxy's word, on whose behalf. */
#include "client/dashboard/delays.h"
#include "client/dashboard/headers.h"
#include "client/dashboard/identity.h"
#include "client/dashboard/proxy.h"
#include "client/dashboard/sessions.h"
#include "client/tokens/tokens.h"
#include "daemon/config/check.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static const unsigned char proof[SESSION_HASH_BYTES] = {1};

static struct identity *somebody(const char *user, unsigned roles) {
    char north[] = "north", *teams[] = {north};
    struct access_rights rights = {.roles = roles, .teams = {1, teams}};
    return identity_create(user, &rights);
}

/* ---- tokens */

START_TEST(tokens_are_random_and_only_their_hashes_are_kept) {
    char one[TOKEN_SIZE], other[TOKEN_SIZE];
    unsigned char hash[TOKEN_HASH_BYTES], again[TOKEN_HASH_BYTES];
    token_make(one);
    token_make(other);
    ck_assert_uint_eq(strlen(one), TOKEN_SIZE - 1);
    ck_assert(strncmp(one, "wait_", 5) == 0 && strcmp(one, other) != 0);
    token_hash(one, strlen(one), hash);
    token_hash(one, strlen(one), again);
    ck_assert_mem_eq(hash, again, sizeof hash);
    token_hash(other, strlen(other), again);
    ck_assert_mem_ne(hash, again, sizeof hash);
    struct tokens tokens = {0};
    struct token token = {.user = "jo", .expires = 1000};
    memcpy(token.hash, hash, sizeof hash);
    ck_assert(tokens_put(&tokens, &token));
    ck_assert_ptr_nonnull(tokens_find(&tokens, hash, 999));
    ck_assert_ptr_null(tokens_find(&tokens, hash, 1000));
    ck_assert_ptr_null(tokens_find(&tokens, again, 0));
    ck_assert(!tokens_remove(&tokens, "bo") && tokens_remove(&tokens, "jo") && tokens.count == 0);
    tokens_clear(&tokens);
}
END_TEST

START_TEST(there_are_so_many_tokens_and_no_more) {
    struct tokens tokens = {0};
    struct token token = {.user = ""};
    for (int i = 0; i < TOKENS_MAX; i++) {
        snprintf(token.user, sizeof token.user, "u%d", i);
        ck_assert(tokens_put(&tokens, &token));
    }
    ck_assert(tokens_put(&tokens, &token)); /* in the place of the last */
    snprintf(token.user, sizeof token.user, "one more");
    ck_assert(!tokens_put(&tokens, &token));
    tokens_clear(&tokens);
}
END_TEST

#define GOOD                                                                                                                               \
    "{\"user\":\"jo\",\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"roles\":[\"manager\"],"            \
    "\"teams\":[\"north\"],\"made\":\"2025-01-01T00:00:00Z\",\"expires\":\"2025-02-01T00:00:00Z\"}"

START_TEST(a_file_is_read_with_distrust) {
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"{\"v\":1,\"tokens\":[]}", true},
        {"{\"v\":1,\"tokens\":[" GOOD "]}", true},
        {"{\"v\":2,\"tokens\":[]}", false},
        {"{\"v\":1}", false},
        {"[]", false},
        {"", false},
        {"{\"v\":1,\"tokens\":[" GOOD "," GOOD "]}", false},
        {"{\"v\":1,\"tokens\":[{}]}", false},
        {"{\"v\":1,\"v\":1,\"tokens\":[]}", false},
    };
    char path[] = "/tmp/tokens-XXXXXX", message[TOKENS_MESSAGE_SIZE];
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    struct tokens tokens;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(ftruncate(file, 0), 0);
        ck_assert_int_eq(pwrite(file, cases[i].text, strlen(cases[i].text), 0), (ssize_t)strlen(cases[i].text));
        ck_assert_msg(tokens_read(path, &tokens, message) == cases[i].is_good, "%s", cases[i].text);
        ck_assert(cases[i].is_good || tokens.count == 0);
        tokens_clear(&tokens);
    }
    /* Each member is looked at, and nothing of the file is in a complaint. */
    static const char *const spoilt[][2] = {
        {"\"jo\"", "\"j o\""}, {"\"jo\"", "\"a@b\""},           {"0000\"", "000\""},   {"0000\"", "000g\""}, {"\"manager\"", "\"boss\""},
        {"\"manager\"", ""},   {"\"manager\"", "\"producer\""}, {"\"north\"", "\"\""}, {"\"north\"", "1"},   {"2025-02-01", "2025-13-01"}};
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        char text[1024];
        const char *whole = "{\"v\":1,\"tokens\":[" GOOD "]}", *at = strstr(whole, spoilt[i][0]);
        int size = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, spoilt[i][1], at + strlen(spoilt[i][0]));
        ck_assert_int_eq(ftruncate(file, 0), 0);
        ck_assert_int_eq(pwrite(file, text, (size_t)size, 0), size);
        ck_assert_msg(!tokens_read(path, &tokens, message), "%s", text);
        ck_assert_ptr_null(strstr(message, "00000000"));
    }
    (void)close(file);
    (void)unlink(path);
}
END_TEST

START_TEST(what_is_written_is_read_and_keeps_its_mode) {
    char folder[] = "/tmp/tokens-XXXXXX", path[64], message[TOKENS_MESSAGE_SIZE];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tokens.json", folder);
    struct tokens tokens;
    int lock = tokens_take(path, &tokens, message);
    ck_assert_int_ge(lock, 0);
    struct token token = {.user = "jo", .hash = {7}, .rights = {.roles = ACCESS_BIT(ACCESS_ANALYST)}, .made = 1000, .expires = 2000};
    ck_assert(tokens_put(&tokens, &token) && tokens_write(path, &tokens, message));
    tokens_clear(&tokens);
    tokens_release(lock);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0640);
    ck_assert_int_eq(chmod(path, 0600), 0);
    lock = tokens_take(path, &tokens, message);
    ck_assert_int_ge(lock, 0);
    const struct token *found = tokens_of_user(&tokens, "jo");
    ck_assert(found != NULL && found->expires == 2000 && found->hash[0] == 7 && found->rights.roles == ACCESS_BIT(ACCESS_ANALYST));
    ck_assert(tokens_write(path, &tokens, message));
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    tokens_clear(&tokens);
    tokens_release(lock);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left in it */
}
END_TEST

/* ---- sessions */

START_TEST(a_session_ends_by_itself) {
    struct sessions_setup setup = {.maximum = 100, .idle_ms = 30 * MINUTE, .longest_ms = 12 * HOUR};
    struct sessions *sessions = sessions_create(&setup);
    struct identity *jo = somebody("jo", ACCESS_BIT(ACCESS_VIEWER));
    char key[SESSION_KEY_SIZE], other[SESSION_KEY_SIZE];
    ck_assert(sessions_begin(sessions, jo, proof, 0, key));
    ck_assert_uint_eq(strlen(key), SESSION_KEY_SIZE - 1);
    ck_assert_ptr_eq(sessions_find(sessions, key, true, 30 * MINUTE - 1), jo);
    ck_assert_ptr_eq(sessions_find(sessions, key, false, 60 * MINUTE - 2), jo); /* nobody is there */
    ck_assert_ptr_null(sessions_find(sessions, key, true, 60 * MINUTE - 1));
    ck_assert(jo->has_ended);
    ck_assert_ptr_null(sessions_find(sessions, key, true, 0));
    identity_release(&jo);

    jo = somebody("jo", ACCESS_BIT(ACCESS_VIEWER));
    ck_assert(sessions_begin(sessions, jo, proof, HOUR, other));
    ck_assert_str_ne(key, other);
    for (int64_t now = HOUR; now < 13 * HOUR; now += 20 * MINUTE)
        ck_assert_ptr_eq(sessions_find(sessions, other, true, now), jo);
    ck_assert_ptr_null(sessions_find(sessions, other, true, 13 * HOUR)); /* however busy */
    identity_release(&jo);

    jo = somebody("jo", ACCESS_BIT(ACCESS_VIEWER));
    jo->ends_ms = 5 * MINUTE; /* the token expires before */
    ck_assert(sessions_begin(sessions, jo, proof, 0, key));
    sessions_run(sessions, 5 * MINUTE - 1);
    ck_assert(!jo->has_ended);
    sessions_run(sessions, 5 * MINUTE);
    ck_assert(jo->has_ended);
    identity_release(&jo);
    struct sessions_figures figures;
    sessions_figures(sessions, &figures);
    ck_assert(figures.open == 0 && figures.begun == 3 && figures.ended == 3);
    sessions_destroy(&sessions);
}
END_TEST

START_TEST(there_are_so_many_sessions_and_no_more) {
    struct sessions_setup setup = {.maximum = SESSIONS_OF_ONE_MAX + 2, .idle_ms = HOUR, .longest_ms = HOUR};
    struct sessions *sessions = sessions_create(&setup);
    struct identity *all[SESSIONS_OF_ONE_MAX + 1];
    char keys[SESSIONS_OF_ONE_MAX + 1][SESSION_KEY_SIZE], key[SESSION_KEY_SIZE];
    for (int i = 0; i <= SESSIONS_OF_ONE_MAX; i++) {
        all[i] = somebody("jo", ACCESS_BIT(ACCESS_VIEWER));
        ck_assert(sessions_begin(sessions, all[i], proof, i, keys[i]));
    }
    ck_assert(all[0]->has_ended && !all[1]->has_ended); /* unused for longest */
    struct identity *bo = somebody("bo", ACCESS_BIT(ACCESS_VIEWER)), *al = somebody("al", ACCESS_BIT(ACCESS_VIEWER)),
                    *ed = somebody("ed", ACCESS_BIT(ACCESS_VIEWER));
    ck_assert(sessions_begin(sessions, bo, proof, 20, key) && sessions_begin(sessions, al, proof, 20, key));
    ck_assert(!sessions_begin(sessions, ed, proof, 20, key)); /* nobody else is pushed out */
    sessions_end(sessions, keys[1]);
    sessions_end(sessions, "never");
    ck_assert(all[1]->has_ended && sessions_begin(sessions, ed, proof, 20, key));
    sessions_destroy(&sessions);
    ck_assert(bo->has_ended && ed->has_ended);
    for (int i = 0; i <= SESSIONS_OF_ONE_MAX; i++)
        identity_release(&all[i]);
    identity_release(&bo);
    identity_release(&al);
    identity_release(&ed);
}
END_TEST

/* ---- failures */

START_TEST(failures_wait_twice_as_long_each_time) {
    static const unsigned char four[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
                               other[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 2};
    static const unsigned char six[16] = {0x20, 1, [7] = 1, [15] = 1}, neighbour[16] = {0x20, 1, [7] = 1, [15] = 9},
                               stranger[16] = {0x20, 1, [7] = 2};
    static const int64_t wanted[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct delays *delays = delays_create();
    unsigned failures;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        ck_assert_int_eq(delays_fail(delays, four, 1000, &failures), wanted[i]);
        ck_assert_uint_eq(failures, i + 1);
    }
    ck_assert_int_eq(delays_fail(delays, other, 1000, &failures), 500);
    ck_assert_int_eq(delays_fail(delays, four, 1000 + DELAYS_FORGOTTEN_MS - 1, &failures), 30000);
    ck_assert_int_eq(delays_fail(delays, four, 1000 + 2 * DELAYS_FORGOTTEN_MS, &failures), 500);
    ck_assert_int_eq(delays_fail(delays, six, 0, &failures), 500);
    ck_assert_int_eq(delays_fail(delays, neighbour, 0, &failures), 1000); /* whoever has one has all of the network */
    ck_assert_int_eq(delays_fail(delays, stranger, 0, &failures), 500);
    delays_destroy(&delays);
}
END_TEST

START_TEST(the_table_of_failures_is_bounded) {
    struct delays *delays = delays_create();
    unsigned char address[16] = {[10] = 0xff, [11] = 0xff};
    unsigned failures;
    for (int i = 0; i <= DELAYS_MAX; i++) {
        address[14] = (unsigned char)(i >> 8);
        address[15] = (unsigned char)i;
        ck_assert_int_eq(delays_fail(delays, address, i, &failures), 500);
    }
    ck_assert_int_eq(delays_fail(delays, address, DELAYS_MAX + 1, &failures), 1000); /* the newest is remembered */
    address[14] = address[15] = 0;
    ck_assert_int_eq(delays_fail(delays, address, DELAYS_MAX + 2, &failures), 500); /* the oldest went */
    delays_destroy(&delays);
}
END_TEST

/* ---- headers */

START_TEST(cookies_are_taken_apart) {
    size_t size = 0;
    ck_assert_ptr_nonnull(headers_cookie("a=1; waitlist=xyz ;b=2", "waitlist", &size));
    ck_assert_uint_eq(size, 3);
    ck_assert_ptr_nonnull(headers_cookie("waitlist=", "waitlist", &size));
    ck_assert_uint_eq(size, 0);
    static const char *const none[] = {
        "", ";", "waitlist", "Waitlist=1", "xwaitlist=1", "waitlis=1", "a=waitlist=1", "waitlist=1; waitlist=1", "waitlist =1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_msg(headers_cookie(none[i], "waitlist", &size) == NULL, "%s", none[i]);
}
END_TEST

START_TEST(tokens_in_a_header) {
    size_t size = 0;
    ck_assert_ptr_nonnull(headers_bearer("Bearer abc", &size));
    ck_assert_uint_eq(size, 3);
    ck_assert_ptr_nonnull(headers_bearer("bEARER  abc ", &size));
    ck_assert_uint_eq(size, 3);
    static const char *const none[] = {"", "Bearer", "Bearer ", "Bearerabc", "Basic abc", "Bearer a b"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_msg(headers_bearer(none[i], &size) == NULL, "%s", none[i]);
}
END_TEST

START_TEST(names_that_can_be_believed) {
    static const char *const good[] = {"j", "J. Smith", "Zo\xc3\xab",
                                       "a\xc2\xa0"
                                       "b",
                                       "x@y"};
    static const char *const wrong[] = {"", " a", "a ", "a\tb", "a\nb", "a\x7f", "\xff", "\xc2\x85", "\xed\xa0\x80", "12345678901"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(headers_is_name(good[i], strlen(good[i]), 10), "%s", good[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!headers_is_name(wrong[i], strlen(wrong[i]), 10), "%zu", i);
}
END_TEST

/* ---- the proxy */

START_TEST(networks) {
    struct network network;
    ck_assert_ptr_null(config_check_network("10.1.0.0/16", &network));
    ck_assert_uint_eq(network.bits, 112);
    ck_assert_ptr_null(config_check_network("::/0", &network));
    ck_assert_uint_eq(network.bits, 0);
    ck_assert_ptr_null(config_check_network("::1", &network));
    ck_assert_uint_eq(network.bits, 128);
    static const char *const wrong[] = {"",        "/",         "10.1.0.0/", "10.1.0.0/33", "10.1.0.0/-1", "10.1.0.1/16",
                                        "::1/129", "localhost", "1.2.3",     "[::1]",       "::1/0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(config_check_network(wrong[i], &network) != NULL, "%s", wrong[i]);
}
END_TEST

static enum proxy_verdict judge(const char *user, const char *groups, const char *from, struct identity **identity) {
    char network[] = "10.0.0.0/9", six[] = "fd00::/8", *trusted[] = {network, six}, comma[] = ",", name[] = "a b", far[] = "far";
    char north[] = "north", *north_teams[] = {north};
    struct group_config groups_known[] = {{name, ACCESS_BIT(ACCESS_MANAGER), {1, north_teams}},
                                          {far, ACCESS_BIT(ACCESS_PRODUCER), {0, NULL}}};
    struct dashboard_config config = {.trusted_proxies = {2, trusted}, .groups_separator = comma, .group_count = 2, .groups = groups_known};
    struct proxy_said said = {.user = user, .groups = groups};
    struct network address;
    ck_assert_ptr_null(config_check_network(from, &address));
    memcpy(said.address, address.address, sizeof said.address);
    return proxy_judge(&config, &said, identity);
}

START_TEST(whom_a_proxy_may_name) {
    struct identity *who;
    ck_assert_int_eq(judge("jo", "x, a b ", "10.127.255.255", &who), PROXY_KNOWN);
    ck_assert(strcmp(who->user, "jo") == 0 && who->is_ambient && who->rights.roles == ACCESS_BIT(ACCESS_MANAGER) &&
              who->rights.teams.count == 1);
    identity_release(&who);
    ck_assert_int_eq(judge("jo", "a b", "fd12::1", &who), PROXY_KNOWN);
    identity_release(&who);
    ck_assert_int_eq(judge("jo", "a b", "10.128.0.0", &who), PROXY_FOREIGN);
    ck_assert_int_eq(judge("jo", "a b", "9.255.255.255", &who), PROXY_FOREIGN);
    ck_assert_int_eq(judge("jo", "a b", "fe00::1", &who), PROXY_FOREIGN);
    ck_assert_int_eq(judge(NULL, "a b", "fe00::1", &who), PROXY_FOREIGN);
    ck_assert_int_eq(judge(NULL, NULL, "fe00::1", &who), PROXY_NOBODY);
    ck_assert_int_eq(judge(NULL, "a b", "10.0.0.1", &who), PROXY_NOBODY);
    ck_assert_int_eq(judge("jo", "far", "10.0.0.1", &who), PROXY_NO_GROUP); /* systems that send events have keys */
    ck_assert_int_eq(judge("jo", NULL, "10.0.0.1", &who), PROXY_NO_GROUP);
    ck_assert_int_eq(judge("", "a b", "10.0.0.1", &who), PROXY_BROKEN);
    ck_assert_ptr_null(who);
}
END_TEST

/* ---- on whose behalf */

static char *behalf(const struct identity *who, const char *question) {
    json_t *object = json_loads(question, 0, NULL);
    identity_ask_for(who, object);
    char *text = json_dumps(json_object_get(object, "on_behalf_of"), JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(object);
    return text;
}

static void expect_behalf(const struct identity *who, const char *question, const char *wanted) {
    char *text = behalf(who, question);
    ck_assert_msg(wanted == NULL ? text == NULL : text != NULL && strcmp(text, wanted) == 0, "%s: %s", question,
                  text == NULL ? "nothing" : text);
    free(text);
}

START_TEST(counts_are_asked_for_as_a_viewer_and_people_by_name) {
    static const char viewer[] = "{\"roles\":[\"viewer\"]}", own[] = "{\"roles\":[\"manager\"],\"teams\":[\"north\"],\"user\":\"jo\"}";
    struct identity *jo = somebody("jo", ACCESS_BIT(ACCESS_MANAGER)), *open = somebody("", ACCESS_BIT(ACCESS_ADMIN)),
                    *wall = somebody("", ACCESS_BIT(ACCESS_VIEWER));
    expect_behalf(jo, "{\"op\":\"summary\",\"group_by\":[\"team\"]}", viewer);
    expect_behalf(jo, "{\"op\":\"flow\"}", viewer);
    expect_behalf(jo, "{\"op\":\"series\"}", viewer);
    expect_behalf(jo, "{\"op\":\"distribution\",\"filter\":{\"team\":\"north\"}}", viewer);
    expect_behalf(jo, "{\"op\":\"summary\",\"group_by\":[\"team\",\"worker\"]}", own);
    expect_behalf(jo, "{\"op\":\"distribution\",\"filter\":{\"subject_prefix\":\"N\"}}", own);
    expect_behalf(jo, "{\"op\":\"summary\",\"filter\":{\"worker\":\"w\"}}", own);
    expect_behalf(jo, "{\"op\":\"waits\"}", own);
    expect_behalf(jo, "{\"op\":\"snapshot\"}", own);
    expect_behalf(jo, "{\"op\":\"alert.ack\"}", own);
    expect_behalf(jo, "{\"op\":\"health\"}", "{\"roles\":[\"manager\"]}");
    expect_behalf(open, "{\"op\":\"waits\"}", NULL);
    expect_behalf(wall, "{\"op\":\"waits\"}", "{\"roles\":[\"viewer\"],\"teams\":[\"north\"]}");
    identity_release(&jo);
    identity_release(&open);
    identity_release(&wall);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sign_in");
    TCase *all = tcase_create("all");
    tcase_add_test(all, tokens_are_random_and_only_their_hashes_are_kept);
    tcase_add_test(all, there_are_so_many_tokens_and_no_more);
    tcase_add_test(all, a_file_is_read_with_distrust);
    tcase_add_test(all, what_is_written_is_read_and_keeps_its_mode);
    tcase_add_test(all, a_session_ends_by_itself);
    tcase_add_test(all, there_are_so_many_sessions_and_no_more);
    tcase_add_test(all, failures_wait_twice_as_long_each_time);
    tcase_add_test(all, the_table_of_failures_is_bounded);
    tcase_add_test(all, cookies_are_taken_apart);
    tcase_add_test(all, tokens_in_a_header);
    tcase_add_test(all, names_that_can_be_believed);
    tcase_add_test(all, networks);
    tcase_add_test(all, whom_a_proxy_may_name);
    tcase_add_test(all, counts_are_asked_for_as_a_viewer_and_people_by_name);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
