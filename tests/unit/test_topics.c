/* Checks of what a subscription becomes: for each role, with prefixes that try for more. */
#include "daemon/security/topics.h"

#include "daemon/core/alert.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_MAX = 4096 };

struct found {
    char topics[FOUND_MAX][TOPIC_SIZE + 64];
    bool is_whole[FOUND_MAX];
    size_t count;
};

static char north[] = "north", south[] = "south", every[] = "*", dash[] = "-";
static char *of_north[] = {north}, *of_both[] = {north, south}, *of_all[] = {every}, *of_dash[] = {dash};
static struct policy policy;
static struct found found;

static struct access_rights of(enum access_role role) {
    return (struct access_rights){.roles = ACCESS_BIT(role)};
}

static struct access_rights manager_of(char **teams, size_t count) {
    return (struct access_rights){.roles = ACCESS_BIT(ACCESS_MANAGER), .teams = {count, teams}};
}

static void make_policy(void) {
    memset(&policy, 0, sizeof policy);
    policy.pathway_count = 2;
    strcpy(policy.pathways[0].name, "needs");
    strcpy(policy.pathways[1].name, "needs_urgent");
}

static void note(void *context, struct text topic, bool is_whole) {
    (void)context;
    ck_assert_uint_lt(found.count, FOUND_MAX);
    snprintf(found.topics[found.count], sizeof found.topics[0], "%.*s", (int)topic.length, topic.at);
    found.is_whole[found.count++] = is_whole;
}

static size_t narrow(const struct access_rights *rights, const char *subscription) {
    found.count = 0;
    size_t count = topics_narrow(rights, &policy, text_of(subscription), note, NULL);
    ck_assert_uint_eq(count, found.count);
    return count;
}

static bool becomes(const struct access_rights *rights, const char *subscription, const char *topic) {
    narrow(rights, subscription);
    for (size_t i = 0; i < found.count; i++)
        if (strcmp(found.topics[i], topic) == 0)
            return true;
    return false;
}

START_TEST(who_sees_everybody_has_what_he_asks_for) {
    struct access_rights all[] = {of(ACCESS_ANALYST), of(ACCESS_ADMIN), manager_of(of_all, 1)};
    static const char *const asked[] = {"", "al", "alert.breach.needs.north.", "x", "position."};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof asked / sizeof asked[0]; j++) {
            ck_assert_uint_eq(narrow(&all[i], asked[j]), 1);
            ck_assert_str_eq(found.topics[0], asked[j]);
            ck_assert_int_eq(found.is_whole[0], asked[j][0] == '\0');
            ck_assert(!topics_depend_on_policy(&all[i]));
        }
}
END_TEST

START_TEST(a_viewer_has_positions_and_the_heartbeat) {
    struct access_rights viewer = of(ACCESS_VIEWER);
    ck_assert_uint_eq(narrow(&viewer, ""), 2);
    ck_assert(becomes(&viewer, "", "heartbeat.") && becomes(&viewer, "", "position."));
    ck_assert_uint_eq(narrow(&viewer, "pos"), 1);
    ck_assert_str_eq(found.topics[0], "position.");
    ck_assert(found.is_whole[0]);
    ck_assert_uint_eq(narrow(&viewer, "position.needs.north."), 1);
    ck_assert_str_eq(found.topics[0], "position.needs.north.");
    ck_assert(!found.is_whole[0]);
    static const char *const refused[] = {"alert.", "a", "alert", "x", "positions", "position,", "heartbeat,", "alert.breach.needs.north."};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        ck_assert_uint_eq(narrow(&viewer, refused[i]), 0);
    ck_assert(!topics_depend_on_policy(&viewer));
}
END_TEST

START_TEST(who_may_only_send_hears_nothing) {
    struct access_rights producer = of(ACCESS_PRODUCER), nobody = {0};
    static const char *const asked[] = {"", "heartbeat.", "position.", "alert.", "p"};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ck_assert_uint_eq(narrow(&producer, asked[i]), 0);
        ck_assert_uint_eq(narrow(&nobody, asked[i]), 0);
    }
}
END_TEST

/* Every topic that a subscription becomes lies within what the manager may have, whatever the subscription. */
START_TEST(a_manager_has_the_alerts_of_its_teams_alone) {
    struct access_rights manager = manager_of(of_north, 1);
    ck_assert(topics_depend_on_policy(&manager));
    /* each rule of each of two pathways, and of none; positions and heartbeat */
    ck_assert_uint_eq(narrow(&manager, ""), 3 * ALERT_RULE_COUNT + 2);
    ck_assert_uint_eq(narrow(&manager, "alert."), 3 * ALERT_RULE_COUNT);
    for (size_t i = 0; i < found.count; i++) {
        const char *end = strstr(found.topics[i], ".north.");
        ck_assert_ptr_nonnull(end);
        ck_assert_str_eq(end, ".north.");
        ck_assert(found.is_whole[i]);
    }
    ck_assert_uint_eq(narrow(&manager, "alert.breach."), 3);
    ck_assert_uint_eq(narrow(&manager, "alert.breach.needs"), 2);
    ck_assert_uint_eq(narrow(&manager, "alert.breach.needs."), 1);
    ck_assert_str_eq(found.topics[0], "alert.breach.needs.north.");
    ck_assert(becomes(&manager, "alert.b", "alert.breach.needs_urgent.north."));
    ck_assert_uint_eq(narrow(&manager, "alert.breach.needs.north"), 1); /* which northeast would begin with too */
    ck_assert_str_eq(found.topics[0], "alert.breach.needs.north.");
    ck_assert_uint_eq(narrow(&manager, "alert.breach.needs.n"), 1);
    ck_assert_str_eq(found.topics[0], "alert.breach.needs.north.");
    static const char *const refused[] = {"alert.breach.needs.northeast.", "alert.breach.needs.south.",
                                          "alert.breach.other.north.",     "alert.breach.needs.-.",
                                          "alert.feed_silent.-.-.",        "alert.x",
                                          "alert.breach.needs.north,",     "alerts"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        ck_assert_msg(narrow(&manager, refused[i]) == 0, "%s becomes %s", refused[i], found.topics[0]);
    ck_assert_uint_eq(narrow(&manager, "alert.breach.needs.north.more"), 1);
    ck_assert(!found.is_whole[0]);
}
END_TEST

START_TEST(two_teams_are_both_there_and_no_team_is_none) {
    struct access_rights both = manager_of(of_both, 2), none = manager_of(NULL, 0);
    ck_assert_uint_eq(narrow(&both, "alert.breach.needs."), 2);
    ck_assert(becomes(&both, "alert.", "alert.escalation.needs.south.") && becomes(&both, "alert.", "alert.queue_limit.-.north."));
    ck_assert_uint_eq(narrow(&none, "alert."), 0);
    struct access_rights dashed = manager_of(of_dash, 1); /* as which alerts of no team are published */
    ck_assert_uint_eq(narrow(&dashed, "alert."), 0);
    ck_assert_uint_eq(narrow(&none, ""), 2);
}
END_TEST

/* Random subscriptions against every topic that may be published: whoever hears a topic by what a subscription became may hear it, and
 * hears all of it that it may and asked for. */
START_TEST(nothing_is_widened_and_nothing_lost) {
    static const char *const published[] = {"heartbeat.",
                                            "position.needs.north.",
                                            "position.needs.*.",
                                            "position.*.*.",
                                            "alert.breach.needs.north.",
                                            "alert.breach.needs.northeast.",
                                            "alert.breach.needs_urgent.north.",
                                            "alert.breach.needs.south.",
                                            "alert.approaching.needs.north.",
                                            "alert.feed_silent.-.-.",
                                            "alert.queue_limit.-.north.",
                                            "alert.queue_limit.needs.-."};
    static const bool may[] = {true, true, true, true, true, false, true, false, true, false, true, false};
    struct access_rights manager = manager_of(of_north, 1);
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        for (size_t length = 0; length <= strlen(published[i]); length++)
            for (int last = -1; last < 256; last++) { /* -1: none; a NUL cannot be noted as a text */
                if (last == 0)
                    continue;
                char asked[TOPIC_SIZE + 2];
                uint32_t size = (uint32_t)length;
                memcpy(asked, published[i], length);
                if (last >= 0)
                    asked[size++] = (char)last;
                found.count = 0;
                topics_narrow(&manager, &policy, (struct text){asked, size}, note, NULL);
                for (size_t topic = 0; topic < sizeof published / sizeof published[0]; topic++) {
                    bool is_asked = strlen(published[topic]) >= size && memcmp(published[topic], asked, size) == 0, is_heard = false;
                    for (size_t j = 0; j < found.count; j++)
                        is_heard = is_heard || strncmp(published[topic], found.topics[j], strlen(found.topics[j])) == 0;
                    ck_assert_int_eq(is_heard, is_asked && may[topic]);
                }
            }
}
END_TEST

START_TEST(the_limit_holds_for_the_largest_policy) {
    static char names[ACCESS_TEXTS_MAX][16];
    char *teams[ACCESS_TEXTS_MAX];
    policy.pathway_count = POLICY_PATHWAYS_MAX;
    for (int i = 0; i < POLICY_PATHWAYS_MAX; i++)
        snprintf(policy.pathways[i].name, sizeof policy.pathways[i].name, "p%d", i);
    for (int i = 0; i < ACCESS_TEXTS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        teams[i] = names[i];
    }
    struct access_rights manager = manager_of(teams, ACCESS_TEXTS_MAX);
    /* one team after the other: so many topics are not noted at once */
    size_t total = 0;
    for (int i = 0; i < POLICY_PATHWAYS_MAX; i++) {
        char asked[64];
        snprintf(asked, sizeof asked, "alert.breach.p%d.", i);
        total += narrow(&manager, asked);
    }
    ck_assert_uint_eq(total, POLICY_PATHWAYS_MAX * ACCESS_TEXTS_MAX);
    ck_assert_uint_le(total * ALERT_RULE_COUNT, TOPICS_MAX);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("topics");
    TCase *tests = tcase_create("topics");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_policy, NULL);
    tcase_add_test(tests, who_sees_everybody_has_what_he_asks_for);
    tcase_add_test(tests, a_viewer_has_positions_and_the_heartbeat);
    tcase_add_test(tests, who_may_only_send_hears_nothing);
    tcase_add_test(tests, a_manager_has_the_alerts_of_its_teams_alone);
    tcase_add_test(tests, two_teams_are_both_there_and_no_team_is_none);
    tcase_add_test(tests, nothing_is_widened_and_nothing_lost);
    tcase_add_test(tests, the_limit_holds_for_the_largest_policy);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
