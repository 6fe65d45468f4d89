/* Checks of the signals: they are polled for, told once, and never end the process by themselves. */
#include "daemon/system/signals.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_readable(const struct signals *signals) {
    struct pollfd waiting = {.fd = signals_descriptor(signals), .events = POLLIN};

    return poll(&waiting, 1, 0) == 1;
}

/* To this thread, so that it is pending when the call returns. */
static void send_signal(int number) {
    ck_assert_int_eq(pthread_kill(pthread_self(), number), 0);
}

START_TEST(each_signal_asks_for_its_thing) {
    struct signals *signals = signals_create();
    struct signal_requests requests;

    ck_assert_ptr_nonnull(signals);
    ck_assert(!is_readable(signals));
    requests = signals_take(signals);
    ck_assert(!requests.stop && !requests.reload);

    send_signal(SIGHUP);
    ck_assert(is_readable(signals));
    requests = signals_take(signals);
    ck_assert(!requests.stop && requests.reload);
    ck_assert(!is_readable(signals));

    send_signal(SIGTERM);
    requests = signals_take(signals);
    ck_assert(requests.stop && !requests.reload);

    send_signal(SIGINT);
    requests = signals_take(signals);
    ck_assert(requests.stop && !requests.reload);
    signals_destroy(&signals);
    ck_assert_ptr_null(signals);
    signals_destroy(&signals);
}
END_TEST

START_TEST(several_at_once_are_told_together) {
    struct signals *signals = signals_create();
    struct signal_requests requests;

    send_signal(SIGHUP);
    send_signal(SIGTERM);
    send_signal(SIGHUP);
    requests = signals_take(signals);
    ck_assert(requests.stop && requests.reload);
    requests = signals_take(signals);
    ck_assert(!requests.stop && !requests.reload);
    signals_destroy(&signals);
}
END_TEST

START_TEST(a_closed_pipe_is_an_error_code_and_no_signal) {
    struct signals *signals = signals_create();
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    close(ends[1]);
    ck_assert(!is_readable(signals));
    signals_destroy(&signals);
}
END_TEST

static void *wait_for_stop(void *context) {
    const struct signals *signals = context;
    struct pollfd waiting = {.fd = signals_descriptor(signals), .events = POLLIN};

    return poll(&waiting, 1, 10000) == 1 ? context : NULL;
}

START_TEST(a_thread_started_later_does_not_take_the_signal) {
    struct signals *signals = signals_create();
    pthread_t thread;
    void *woken = NULL;

    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_stop, signals), 0);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    ck_assert_int_eq(pthread_join(thread, &woken), 0);
    ck_assert_ptr_eq(woken, signals);
    ck_assert(signals_take(signals).stop);
    signals_destroy(&signals);
}
END_TEST

START_TEST(destroying_puts_everything_back) {
    sigset_t before;
    sigset_t after;
    struct sigaction pipe_action;
    struct signals *signals;

    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    signals = signals_create();
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    ck_assert_int_eq(sigismember(&after, SIGTERM), 1);
    /* One that nobody took: it must not end the process now. */
    send_signal(SIGTERM);
    signals_destroy(&signals);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    ck_assert_int_eq(sigaction(SIGPIPE, NULL, &pipe_action), 0);
    ck_assert(pipe_action.sa_handler == SIG_DFL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("signals");
    TCase *requests = tcase_create("requests");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, requests);
    tcase_add_test(requests, each_signal_asks_for_its_thing);
    tcase_add_test(requests, several_at_once_are_told_together);
    tcase_add_test(requests, a_closed_pipe_is_an_error_code_and_no_signal);
    tcase_add_test(requests, a_thread_started_later_does_not_take_the_signal);
    tcase_add_test(requests, destroying_puts_everything_back);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
