/* Checks of roles and rights: what each role includes, whose people a manager sees, and what is left of somebody's rights behind a peer. */
#include "daemon/security/access.h"

#include <check.h>
#include <stdlib.h>

static char north[] = "north", south[] = "south", every[] = "*", las[] = "urn:las";
static char *of_north[] = {north}, *of_both[] = {north, south}, *of_all[] = {every}, *from_las[] = {las};

static struct access_rights of(enum access_role role) {
    return (struct access_rights){.roles = ACCESS_BIT(role)};
}

static struct access_rights manager_of(char **teams, size_t count) {
    return (struct access_rights){.roles = ACCESS_BIT(ACCESS_MANAGER), .teams = {count, teams}};
}

START_TEST(names_and_roles_are_one_to_one) {
    for (int role = 0; role < ACCESS_ROLE_COUNT; role++)
        ck_assert_int_eq(access_role_of(text_of(access_role_name((enum access_role)role))), role);
    ck_assert_int_eq(access_role_of(text_of("root")), ACCESS_ROLE_COUNT);
    ck_assert_int_eq(access_role_of(text_of("")), ACCESS_ROLE_COUNT);
    ck_assert_int_eq(access_role_of(TEXT_ABSENT), ACCESS_ROLE_COUNT);
}
END_TEST

START_TEST(each_role_includes_what_it_must_and_no_more) {
    static const bool includes[ACCESS_ROLE_COUNT][ACCESS_ROLE_COUNT] = {
        [ACCESS_PRODUCER] = {true, false, false, false, false}, [ACCESS_VIEWER] = {false, true, false, false, false},
        [ACCESS_MANAGER] = {false, true, true, false, false},   [ACCESS_ANALYST] = {false, true, true, true, false},
        [ACCESS_ADMIN] = {true, true, true, true, true},
    };
    struct access_rights none = {0};
    for (int role = 0; role < ACCESS_ROLE_COUNT; role++) {
        struct access_rights rights = of((enum access_role)role);
        for (int wanted = 0; wanted < ACCESS_ROLE_COUNT; wanted++)
            ck_assert_int_eq(access_has(&rights, (enum access_role)wanted), includes[role][wanted]);
        ck_assert(!access_has(&none, (enum access_role)role));
    }
}
END_TEST

START_TEST(a_manager_sees_and_acts_for_its_teams) {
    struct access_rights rights = manager_of(of_north, 1);
    ck_assert(access_sees_team(&rights, text_of("north")) && access_acts_for_team(&rights, text_of("north")));
    ck_assert(!access_sees_team(&rights, text_of("south")) && !access_acts_for_team(&rights, text_of("south")));
    ck_assert(!access_sees_team(&rights, text_of("nort")) && !access_sees_team(&rights, text_of("northern")));
    ck_assert(!access_sees_team(&rights, TEXT_ABSENT) && !access_sees_everybody(&rights));
    rights = manager_of(NULL, 0);
    ck_assert(!access_sees_team(&rights, text_of("north")) && !access_sees_team(&rights, TEXT_ABSENT));
    rights = manager_of(of_all, 1);
    ck_assert(access_sees_team(&rights, text_of("south")) && access_sees_team(&rights, TEXT_ABSENT) && access_sees_everybody(&rights));
    ck_assert(access_acts_for_team(&rights, text_of("south")));
}
END_TEST

START_TEST(teams_without_the_role_give_nothing) {
    struct access_rights viewer = {.roles = ACCESS_BIT(ACCESS_VIEWER), .teams = {1, of_all}};
    ck_assert(!access_sees_team(&viewer, text_of("north")) && !access_sees_everybody(&viewer) &&
              !access_acts_for_team(&viewer, TEXT_ABSENT));
}
END_TEST

START_TEST(an_analyst_sees_everybody_and_acts_for_nobody) {
    struct access_rights analyst = of(ACCESS_ANALYST), admin = of(ACCESS_ADMIN);
    ck_assert(access_sees_everybody(&analyst) && access_sees_team(&analyst, text_of("north")));
    ck_assert(!access_acts_for_team(&analyst, text_of("north")));
    ck_assert(access_sees_everybody(&admin) && access_acts_for_team(&admin, text_of("north")));
}
END_TEST

START_TEST(producers_send_for_their_sources) {
    struct access_rights producer = of(ACCESS_PRODUCER), admin = of(ACCESS_ADMIN), analyst = of(ACCESS_ANALYST);
    ck_assert(access_sends(&producer, text_of("urn:any")));
    producer.sources = (struct access_texts){1, from_las};
    ck_assert(access_sends(&producer, text_of("urn:las")));
    ck_assert(!access_sends(&producer, text_of("urn:lasx")) && !access_sends(&producer, TEXT_ABSENT));
    admin.sources = producer.sources;
    ck_assert(access_sends(&admin, text_of("urn:any")));
    ck_assert(!access_sends(&analyst, text_of("urn:las")));
}
END_TEST

START_TEST(nobody_gets_more_through_a_peer_than_the_peer_has) {
    char *kept[ACCESS_TEXTS_MAX];
    struct access_rights result, named = manager_of(of_both, 2);
    named.roles |= ACCESS_BIT(ACCESS_ADMIN) | ACCESS_BIT(ACCESS_PRODUCER);
    struct access_rights peer = manager_of(of_north, 1);
    access_limit(&named, &peer, kept, &result);
    ck_assert_uint_eq(result.roles, ACCESS_BIT(ACCESS_VIEWER) | ACCESS_BIT(ACCESS_MANAGER));
    ck_assert_uint_eq(result.teams.count, 1);
    ck_assert_str_eq(result.teams.at[0], "north");
    peer = of(ACCESS_ADMIN);
    access_limit(&named, &peer, kept, &result);
    ck_assert_uint_eq(result.roles, ACCESS_BIT(ACCESS_VIEWER) | ACCESS_BIT(ACCESS_MANAGER) | ACCESS_BIT(ACCESS_ADMIN));
    ck_assert_uint_eq(result.teams.count, 2);
    named = manager_of(of_all, 1);
    peer = manager_of(of_north, 1);
    access_limit(&named, &peer, kept, &result); /* not every team: the peer has one */
    ck_assert_uint_eq(result.teams.count, 0);
    ck_assert(!access_sees_everybody(&result));
    peer = of(ACCESS_PRODUCER);
    named = of(ACCESS_VIEWER);
    access_limit(&named, &peer, kept, &result);
    ck_assert_uint_eq(result.roles, 0);
}
END_TEST

START_TEST(through_an_analyst_a_manager_is_a_viewer) {
    char *kept[ACCESS_TEXTS_MAX];
    struct access_rights result, named = manager_of(of_north, 1), peer = of(ACCESS_ANALYST);
    access_limit(&named, &peer, kept, &result);
    ck_assert_uint_eq(result.roles, ACCESS_BIT(ACCESS_VIEWER));
    named = of(ACCESS_ANALYST);
    access_limit(&named, &peer, kept, &result);
    ck_assert(access_sees_everybody(&result));
}
END_TEST

START_TEST(a_changed_entry_is_another) {
    struct access_entry left = {.name = "a", .key = las, .rights = manager_of(of_both, 2)};
    char *turned[] = {south, north};
    struct access_entry right = left;
    right.rights.teams.at = turned;
    ck_assert(access_entry_equal(&left, &right));
    right.rights.teams.count = 1;
    ck_assert(!access_entry_equal(&left, &right));
    right = left;
    right.key = north;
    ck_assert(!access_entry_equal(&left, &right));
    right = left;
    right.rights.speaks_for_others = true;
    ck_assert(!access_entry_equal(&left, &right));
    right = left;
    right.rights.roles |= ACCESS_BIT(ACCESS_ADMIN);
    ck_assert(!access_entry_equal(&left, &right));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("access");
    TCase *cases = tcase_create("access");
    suite_add_tcase(suite, cases);
    tcase_add_test(cases, names_and_roles_are_one_to_one);
    tcase_add_test(cases, each_role_includes_what_it_must_and_no_more);
    tcase_add_test(cases, a_manager_sees_and_acts_for_its_teams);
    tcase_add_test(cases, teams_without_the_role_give_nothing);
    tcase_add_test(cases, an_analyst_sees_everybody_and_acts_for_nobody);
    tcase_add_test(cases, producers_send_for_their_sources);
    tcase_add_test(cases, nobody_gets_more_through_a_peer_than_the_peer_has);
    tcase_add_test(cases, through_an_analyst_a_manager_is_a_viewer);
    tcase_add_test(cases, a_changed_entry_is_another);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
