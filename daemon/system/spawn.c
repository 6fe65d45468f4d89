/* posix_spawn with this project's attributes. */
#include "daemon/system/spawn.h"

#include <signal.h>

extern char **environ;

int spawn_in_group(pid_t *pid, char *const *words, const posix_spawn_file_actions_t *actions, char *const *environment) {
    posix_spawnattr_t attributes;
    sigset_t none, usual;

    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGTERM);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGHUP);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failure = posix_spawn(pid, words[0], actions, &attributes, words, environment != NULL ? environment : environ);

    (void)posix_spawnattr_destroy(&attributes);
    return failure;
}
