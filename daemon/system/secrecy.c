/* Two locks, because a core dump that is piped to a program (kernel.core_pattern) passes over the limit of its size. */
#include "daemon/system/secrecy.h"

#include "daemon/core/memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void secrecy_begin(void) {
    const struct rlimit none = {0, 0};
    ENSURE(setrlimit(RLIMIT_CORE, &none) == 0); /* lowering it is always allowed */
    ENSURE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}
