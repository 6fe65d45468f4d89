/* A program of ours that works beside the gateway: started with a lowered priority, listened to line by line, ended outright. */
#ifndef WAITLIST_DASHBOARD_CHILD_H
#define WAITLIST_DASHBOARD_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_LINE_BYTES 600 /* of what it says; the rest of a longer line is left out */

struct child {
    pid_t pid;  /* 0: there is none */
    int exited; /* readable when it has ended */
    int said;   /* what it writes to its standard error; -1: closed */
    char line[CHILD_LINE_BYTES];
    size_t used;
};

/* Starts words[0] with those words, in a process group of its own, its standard error read by us. It may write files of `bytes` at most.
 * `variable` is one more of its environment, "NAME=value"; NULL: none. False with errno. When the gateway is gone, the child's next line
 * ends it. */
bool child_start(struct child *child, char *const *words, size_t bytes, char *variable);
/* Gives the whole lines that it has said since. Never blocks. */
void child_listen(struct child *child, void (*take)(void *context, const char *line), void *context);
/* Whether it has ended by itself; then `*status` is waitpid's, and what it said last is still to be heard before child_end. Never blocks.
 */
bool child_has_ended(struct child *child, int *status);
/* Kills it with its group if it runs; afterwards there is none. */
void child_end(struct child *child);

#endif
