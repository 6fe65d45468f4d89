/* The target of a request, taken apart: a path and parameters, each percent-decoded and known to be UTF-8. */
#ifndef WAITLIST_DASHBOARD_TARGET_H
#define WAITLIST_DASHBOARD_TARGET_H

#include <stddef.h>

#define TARGET_BYTES_MAX 8192 /* of the target as it was sent */
#define TARGET_PARAMETERS_MAX 256

struct target;

/* A name may come several times; the order is that of the target. Borrowed from the target. */
struct parameter {
    const char *name;
    const char *value;
};

/* Takes apart `size` bytes such as "/api/v1/waits?team=north&team=south". NULL when they are no target: then `*wrong` is a sentence that
 * says why, a static text. A plus sign in a parameter is a blank. Refused: what does not begin with a slash, a broken percent escape,
 * bytes that are no UTF-8, control characters, more than TARGET_PARAMETERS_MAX parameters, a parameter without a name. */
struct target *target_parse(const char *bytes, size_t size, const char **wrong);
void target_destroy(struct target **target);

const char *target_path(const struct target *target);
size_t target_parameter_count(const struct target *target);
struct parameter target_parameter(const struct target *target, size_t index);
/* The first value of the name, or NULL. */
const char *target_value(const struct target *target, const char *name);

#endif
