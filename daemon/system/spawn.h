/* Starting another program as if it were started from a shell: whatever signals this one holds back, in a process group of its own. */
#ifndef WAITLIST_SYSTEM_SPAWN_H
#define WAITLIST_SYSTEM_SPAWN_H

#include <spawn.h>

/* posix_spawn of words[0] (a path) with `words` and an environment; NULL: this program's. No signal is blocked; SIGPIPE, SIGTERM, SIGINT
 * and SIGHUP do what they usually do; the group is the child's, so that it ends with its own children. 0, or an errno: then `*pid` means
 * nothing. */
int spawn_in_group(pid_t *pid, char *const *words, const posix_spawn_file_actions_t *actions, char *const *environment);

#endif
