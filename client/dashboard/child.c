/* A child program, by posix_spawn, a pipe and a pidfd. */
#include "client/dashboard/child.h"

#include "daemon/core/memory.h"
#include "daemon/system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Above it goes everything else on the machine: the daemon, the gateway itself, whoever works there. */
#define CHILD_NICENESS 15
#define READS_MAX 16 /* in one turn of the loop */

static void close_end(int *end) {
    if (*end >= 0) {
        (void)close(*end);
        *end = -1;
    }
}

/* Our own environment and one more variable, which only root and our own account can read, unlike words. The caller frees. */
static char **environment_with(char *variable) {
    size_t count = 0;

    while (environ[count] != NULL) {
        count++;
    }
    char **all = memory_new(count + 2, sizeof *all);

    memcpy(all, environ, count * sizeof *all);
    all[count] = variable;
    return all;
}

static int spawn(pid_t *pid, char *const *words, int said, char *variable) {
    posix_spawn_file_actions_t actions;
    char **environment = environment_with(variable);

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    int failure = spawn_in_group(pid, words, &actions, environment);

    (void)posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return failure;
}

bool child_start(struct child *child, char *const *words, size_t bytes, char *variable) {
    const struct rlimit limit = {bytes, bytes};
    int pipe[2];

    *child = (struct child){.exited = -1, .said = -1};
    if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    int failure = spawn(&child->pid, words, pipe[1], variable);

    (void)close(pipe[1]);
    child->said = pipe[0];
    if (failure == 0) {
        /* Where the system allows neither, it is the daemon that guards itself: it answers few such questions at once. */
        (void)setpriority(PRIO_PROCESS, (id_t)child->pid, CHILD_NICENESS);
        (void)prlimit(child->pid, RLIMIT_FSIZE, &limit, NULL);
        child->exited = pidfd_open(child->pid, 0);
        failure = child->exited < 0 ? errno : 0;
    } else {
        child->pid = 0;
    }
    if (failure != 0) {
        child_end(child);
        errno = failure;
    }
    return failure == 0;
}

void child_listen(struct child *child, void (*take)(void *context, const char *line), void *context) {
    char bytes[4096];
    ssize_t count = 1;

    for (int reads = 0; reads < READS_MAX && child->said >= 0 && count > 0; reads++) {
        count = read(child->said, bytes, sizeof bytes);
        for (ssize_t i = 0; i < count; i++) {
            if (bytes[i] == '\n') {
                child->line[child->used] = '\0';
                child->used = 0;
                take(context, child->line);
            } else if (child->used + 1 < sizeof child->line) {
                child->line[child->used++] = bytes[i];
            }
        }
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            close_end(&child->said);
        }
    }
}

bool child_has_ended(struct child *child, int *status) {
    bool has_ended = child->pid > 0 && waitpid(child->pid, status, WNOHANG) == child->pid;

    child->pid = has_ended ? 0 : child->pid;
    return has_ended;
}

void child_end(struct child *child) {
    if (child->pid > 0) {
        (void)kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    close_end(&child->said);
    close_end(&child->exited);
    child->pid = 0;
}
