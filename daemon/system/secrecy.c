/* Two locks, because a core dump that is piped to a program (kernel.core_pattern) passes over the limit of its size. */
#include "daemon/system/secrecy.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void secrecy_begin(const char *program) {
    struct rlimit limit = {0, 0};
    /* A service's filter of system calls may forbid to set limits, where the service has set this one itself. */
    (void)setrlimit(RLIMIT_CORE, &limit);
    bool has_limit = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
    bool is_closed = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (!has_limit || !is_closed)
        fprintf(stderr, "%s: core dumps cannot be switched off: a crash may write to a disk what is known of people\n", program);
}
