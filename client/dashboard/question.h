/* From the parameters of an address to a question for the daemon. */
#ifndef WAITLIST_DASHBOARD_QUESTION_H
#define WAITLIST_DASHBOARD_QUESTION_H

#include "client/dashboard/target.h"

#include <jansson.h>
#include <stdbool.h>

/* Why there is no question; `pointer` is that of the question's member, as the daemon would say it. */
struct question_fault {
    bool is_unknown; /* there is no such question; else something is wrong with a parameter */
    char message[160];
    char pointer[160];
};

/* The question `name` ("waits", "data_quality", also "data-quality") with the parameters of the target: members by their names, all others
 * are members of its filter; a name that comes several times is a list. The caller owns it. NULL with `*fault`. */
json_t *question_of(const char *name, const struct target *target, struct question_fault *fault);

#endif
