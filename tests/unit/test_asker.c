/* Checks of who asks: whose people are shown to them, and that the thread of the past is told the same. */
#include "daemon/query/asker.h"

#include <check.h>
#include <stdlib.h>

static char north[] = "north", south[] = "south", every[] = "*", unknown[] = "unknown";
static char *of_north[] = {north}, *of_both[] = {north, south}, *of_all[] = {every}, *of_unknown[] = {unknown, north},
            *of_some[] = {south, every};

static struct access_rights having(unsigned roles, char **teams, size_t count) {
    return (struct access_rights){.roles = roles, .teams = {count, teams}};
}

static const struct text teams[] = {{"north", 5}, {"south", 5}, {"unknown", 7}, {"*", 1}, {"", 0}, {NULL, 0}};
enum { TEAMS = sizeof teams / sizeof teams[0] };

/* What an asker of these rights sees of the teams above, as bits; the thread of the past must see the same. */
static unsigned seen(const struct access_rights *rights, const struct access_rights *named) {
    struct asker asker, past;
    struct past_terms terms = {.has_asker = false};
    unsigned bits = 0, in_the_past = 0;
    asker_init(&asker, text_of("peer"), rights, named);
    char *texts = asker_to_terms(&asker, &terms);
    ck_assert(asker_from_terms(&past, &terms));
    free(texts);
    for (size_t i = 0; i < TEAMS; i++) {
        bits |= asker_sees(&asker, teams[i]) ? 1U << i : 0;
        in_the_past |= asker_sees(&past, teams[i]) ? 1U << i : 0;
    }
    ck_assert_uint_eq(bits, in_the_past);
    ck_assert_int_eq(asker.is_limited, past.is_limited);
    ck_assert_uint_eq(asker.teams.count, past.teams.count);
    for (int need = ASKER_COUNTS; need <= ASKER_EVERYTHING; need++)
        ck_assert_int_eq(asker_may(&asker, (enum asker_need)need), asker_may(&past, (enum asker_need)need));
    asker_free(&past);
    return bits;
}

START_TEST(a_manager_sees_its_teams_and_nothing_without_one) {
    enum { ALL = (1U << TEAMS) - 1, NORTH = 1, SOUTH = 2 };
    unsigned manager = ACCESS_BIT(ACCESS_MANAGER), viewer = ACCESS_BIT(ACCESS_VIEWER), analyst = ACCESS_BIT(ACCESS_ANALYST);
    const struct {
        struct access_rights rights;
        unsigned seen;
    } cases[] = {
        {having(manager, of_north, 1), NORTH},
        {having(manager, of_both, 2), NORTH | SOUTH},
        {having(manager, NULL, 0), 0},
        {having(manager, of_unknown, 2), NORTH},
        {having(manager, of_all, 1), ALL},
        {having(manager, of_some, 2), ALL},
        {having(viewer, of_all, 1), 0},
        {having(viewer, of_north, 1), 0},
        {having(analyst, NULL, 0), ALL},
        {having(manager | analyst, of_north, 1), ALL},
        {having(ACCESS_BIT(ACCESS_PRODUCER), of_all, 1), 0},
        {having(ACCESS_BIT(ACCESS_ADMIN), NULL, 0), ALL},
        {having(0, of_all, 1), 0},
    };
    struct access_rights admin = having(ACCESS_BIT(ACCESS_ADMIN), NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_uint_eq(seen(&cases[i].rights, NULL), cases[i].seen);
        ck_assert_uint_eq(seen(&admin, &cases[i].rights), cases[i].seen); /* through a peer that may do everything */
        struct access_rights all_teams = having(manager, of_all, 1), one_team = having(manager, of_north, 1);
        ck_assert_uint_eq(seen(&one_team, &cases[i].rights) & ~(unsigned)NORTH, 0);
        ck_assert_uint_eq(seen(&all_teams, &cases[i].rights) & ~cases[i].seen, 0);
    }
}
END_TEST

START_TEST(without_an_asker_nothing_is_hidden) {
    struct past_terms terms = {.has_asker = false};
    struct asker asker = {.texts = NULL};
    ck_assert(!asker_from_terms(&asker, &terms));
    ck_assert(asker_sees(NULL, text_of("north")));
    ck_assert(asker_sees(NULL, TEXT_ABSENT));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("asker");
    TCase *cases = tcase_create("asker");
    tcase_add_test(cases, a_manager_sees_its_teams_and_nothing_without_one);
    tcase_add_test(cases, without_an_asker_nothing_is_hidden);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
