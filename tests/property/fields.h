/* The fields by which waits are chosen and grouped, as the oracle has them. */
#ifndef WAITLIST_TESTS_FIELDS_H
#define WAITLIST_TESTS_FIELDS_H

#include "daemon/core/selection.h"
#include "tests/property/run.h"

/* What a wait counts under. */
struct text field_key(const struct oracle_wait *wait, const struct field_name *name);
struct field_name field_random(struct random *random);
/* A value that some wait has, or one that none has. */
struct text field_random_value(struct random *random, const struct snapshot *snapshot, const struct field_name *name);
int field_keys_compare(const struct text *a, const struct text *b, size_t count);

#endif
