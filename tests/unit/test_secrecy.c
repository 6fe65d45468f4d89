/* Checks that a process that keeps secrets leaves no core dump, and lets nobody look into its memory. */
#include "daemon/system/secrecy.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(no_core_dumps) {
    struct rlimit limit;

    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1); /* as any program begins */
    secrecy_begin("test_secrecy");
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert(limit.rlim_cur == 0 && limit.rlim_max == 0);
    secrecy_begin("test_secrecy"); /* twice is once */
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}
END_TEST

START_TEST(a_crash_leaves_none) {
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        secrecy_begin("test_secrecy");
        abort();
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && !WCOREDUMP(status));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("secrecy");
    TCase *test_case = tcase_create("secrecy");
    tcase_add_test(test_case, no_core_dumps);
    tcase_add_test(test_case, a_crash_leaves_none);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
