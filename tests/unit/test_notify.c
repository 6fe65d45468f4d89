/* Checks of the messages to the service manager, against a socket that stands for it. */
#include "daemon/system/notify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager: a datagram socket in a fresh folder, named to the daemon by NOTIFY_SOCKET. */
struct manager {
    char folder[64];
    char path[96];
    int socket;
    char got[1024];
};

static struct manager start_manager(void) {
    struct manager manager = {.folder = "/tmp/waitlist-notify-XXXXXX"};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    ck_assert_ptr_nonnull(mkdtemp(manager.folder));
    snprintf(manager.path, sizeof manager.path, "%s/notify", manager.folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", manager.path);
    manager.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(manager.socket, 0);
    ck_assert_int_eq(bind(manager.socket, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", manager.path, 1), 0);
    return manager;
}

static void stop_manager(struct manager *manager) {
    unsetenv("NOTIFY_SOCKET");
    close(manager->socket);
    unlink(manager->path);
    rmdir(manager->folder);
}

static const char *told(struct manager *manager) {
    ssize_t length = recv(manager->socket, manager->got, sizeof manager->got - 1, 0);

    manager->got[length > 0 ? length : 0] = '\0';
    return manager->got;
}

START_TEST(each_message_is_what_the_manager_expects) {
    struct manager manager = start_manager();

    ck_assert(notify_ready("1075 waiting"));
    ck_assert_str_eq(told(&manager), "READY=1\nSTATUS=1075 waiting");
    ck_assert(notify_status("replaying 40 %"));
    ck_assert_str_eq(told(&manager), "STATUS=replaying 40 %");
    ck_assert(notify_reloading(123456789));
    ck_assert_str_eq(told(&manager), "RELOADING=1\nMONOTONIC_USEC=123456789");
    ck_assert(notify_watchdog());
    ck_assert_str_eq(told(&manager), "WATCHDOG=1");
    ck_assert(notify_extend(30000000));
    ck_assert_str_eq(told(&manager), "EXTEND_TIMEOUT_USEC=30000000");
    ck_assert(notify_stopping("finishing the batch"));
    ck_assert_str_eq(told(&manager), "STOPPING=1\nSTATUS=finishing the batch");
    ck_assert_str_eq(told(&manager), "");
    stop_manager(&manager);
}
END_TEST

START_TEST(a_status_can_assign_nothing_else) {
    struct manager manager = start_manager();
    char lengthy[500];

    ck_assert(notify_status("bad\nMAINPID=1\rFDSTORE=1"));
    ck_assert_str_eq(told(&manager), "STATUS=bad MAINPID=1 FDSTORE=1");
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    ck_assert(notify_status(lengthy));
    ck_assert_uint_eq(strlen(told(&manager)), strlen("STATUS=") + 200);
    ck_assert(notify_status("100 % of 5%s"));
    ck_assert_str_eq(told(&manager), "STATUS=100 % of 5%s");
    stop_manager(&manager);
}
END_TEST

START_TEST(without_a_manager_nothing_happens) {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    ck_assert(!notify_ready("ready"));
    ck_assert(!notify_status("status"));
    ck_assert(!notify_reloading(1));
    ck_assert(!notify_watchdog());
    ck_assert(!notify_extend(1));
    ck_assert(!notify_stopping("stopping"));
    ck_assert_uint_eq(notify_watchdog_interval_ms(), 0);
}
END_TEST

START_TEST(the_watchdog_is_due_at_half_its_time) {
    char pid[16];

    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    ck_assert_uint_eq(notify_watchdog_interval_ms(), 15000);
    setenv("WATCHDOG_USEC", "1000", 1);
    ck_assert_uint_eq(notify_watchdog_interval_ms(), 1);
    /* Meant for another process. */
    setenv("WATCHDOG_PID", "1", 1);
    ck_assert_uint_eq(notify_watchdog_interval_ms(), 0);
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("notify");
    TCase *messages = tcase_create("messages");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, messages);
    tcase_add_test(messages, each_message_is_what_the_manager_expects);
    tcase_add_test(messages, a_status_can_assign_nothing_else);
    tcase_add_test(messages, without_a_manager_nothing_happens);
    tcase_add_test(messages, the_watchdog_is_due_at_half_its_time);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
