/* A program that is given one line on its standard input: started in a process group of its own, watched, and ended with its group when it
 * takes too long. Exit code 0: delivered. 65 (data error): will never be taken. Anything else: failed, try again. */
#include "client/relay/quiet.h"
#include "client/relay/sink.h"

#include "daemon/system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define OUTPUT_BYTES_KEPT 2000
#define GRACE_MS 2000 /* from SIGTERM to SIGKILL */

struct running {
    pid_t pid;
    int ended;  /* a descriptor, readable when the program has ended */
    int input;  /* -1: all is written, or nobody reads */
    int output; /* -1: closed */
    const char *text;
    size_t size, written;
    char said[OUTPUT_BYTES_KEPT + 1];
    size_t said_size;
};

static void close_end(int *end) {
    if (*end >= 0) {
        (void)close(*end);
        *end = -1;
    }
}

static bool spawn(struct running *running, char *const *words, int input[2], int output[2]) {
    posix_spawn_file_actions_t actions;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO);
    int failure = spawn_in_group(&running->pid, words, &actions, NULL);

    (void)posix_spawn_file_actions_destroy(&actions);
    errno = failure;
    return failure == 0;
}

static bool start(struct running *running, char *const *words) {
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    bool started = pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0 && spawn(running, words, input, output);
    int reason = errno;

    close_end(&input[0]);
    close_end(&output[1]);
    if (!started) {
        close_end(&input[1]);
        close_end(&output[0]);
        errno = reason;
        return false;
    }
    (void)fcntl(input[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
    running->input = input[1];
    running->output = output[0];
    running->ended = pidfd_open(running->pid, 0);
    return true;
}

static void feed(struct running *running) {
    ssize_t now = write(running->input, running->text + running->written, running->size - running->written);

    running->written += now > 0 ? (size_t)now : 0;
    if ((now < 0 && errno != EAGAIN && errno != EINTR) || running->written == running->size) {
        close_end(&running->input); /* a program need not read its line to its end */
    }
}

static void listen_to(struct running *running) {
    char bytes[4096];
    ssize_t now = read(running->output, bytes, sizeof bytes);

    for (ssize_t i = 0; i < now && running->said_size < OUTPUT_BYTES_KEPT; i++) {
        running->said[running->said_size++] = bytes[i];
    }
    if (now == 0 || (now < 0 && errno != EAGAIN && errno != EINTR)) {
        close_end(&running->output);
    }
}

/* True when it ended by itself before `until_ms`. */
static bool watch(struct running *running, int64_t until_ms, const struct stop *stop, bool *is_stopped) {
    for (;;) {
        struct pollfd waits[] = {{.fd = running->ended, .events = POLLIN},
                                 {.fd = stop != NULL ? stop->descriptor : -1, .events = POLLIN},
                                 {.fd = running->input, .events = POLLOUT},
                                 {.fd = running->output, .events = POLLIN}};
        int64_t left = until_ms - stop_now_ms();

        if (left <= 0 || (poll(waits, 4, (int)left) < 0 && errno != EINTR)) {
            return false;
        }
        if (waits[2].revents != 0) {
            feed(running);
        }
        if (waits[3].revents != 0) {
            listen_to(running);
        }
        if (waits[0].revents != 0) {
            return true;
        }
        if (waits[1].revents != 0) {
            *is_stopped = true;
            return false;
        }
    }
}

static void log_output(struct running *running, struct log *log, const char *route) {
    char *line = running->said;

    if (running->output >= 0) {
        listen_to(running); /* what it said last; its own children may keep the pipe */
    }
    running->said[running->said_size] = '\0';
    while (*line != '\0') {
        size_t length = strcspn(line, "\r\n");
        bool more = line[length] != '\0';

        line[length] = '\0';
        if (length > 0) {
            bool repeats = quiet_repeats(line, running->text, running->size, QUIET_MESSAGE_BYTES);

            log_line(log, LOG_LEVEL_INFO, "a command said", LOG_STRING("route", route),
                     LOG_STRING("output", repeats ? "(it repeats the message)" : line));
        }
        line += length + (more ? 1 : 0);
    }
}

static enum outcome judge(int status, char reason[REASON_BYTES]) {
    if (WIFEXITED(status)) {
        snprintf(reason, REASON_BYTES, "exit code %d", WEXITSTATUS(status));
        return WEXITSTATUS(status) == 0 ? OUTCOME_DELIVERED : WEXITSTATUS(status) == EX_DATAERR ? OUTCOME_REJECTED : OUTCOME_FAILED;
    }
    snprintf(reason, REASON_BYTES, "ended by signal %d", WTERMSIG(status));
    return OUTCOME_FAILED;
}

enum outcome command_run(char *const *words, const char *text, size_t size, int timeout_s, const struct stop *stop, struct log *log,
                         const char *route, char reason[REASON_BYTES]) {
    struct running running = {.ended = -1, .input = -1, .output = -1, .text = text, .size = size};
    bool is_stopped = false, timed_out = false;
    int status = 0;

    if (!start(&running, words)) {
        snprintf(reason, REASON_BYTES, "%.180s: %s", words[0], strerror(errno));
        return OUTCOME_AWAY;
    }
    if (!watch(&running, stop_now_ms() + timeout_s * INT64_C(1000), stop, &is_stopped)) {
        timed_out = !is_stopped;
        (void)kill(-running.pid, SIGTERM);
        (void)watch(&running, stop_now_ms() + GRACE_MS, NULL, &is_stopped);
        (void)kill(-running.pid, SIGKILL);
    }
    while (waitpid(running.pid, &status, 0) < 0 && errno == EINTR) {
    }
    log_output(&running, log, route);
    close_end(&running.input);
    close_end(&running.output);
    close_end(&running.ended);
    enum outcome outcome = judge(status, reason);

    if (outcome != OUTCOME_DELIVERED && timed_out) {
        snprintf(reason, REASON_BYTES, "not done within %d s", timeout_s);
    }
    return outcome != OUTCOME_DELIVERED && is_stopped ? OUTCOME_STOPPED : outcome;
}
