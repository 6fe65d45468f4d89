/* Personal data at the door (rules, section 3, `personal_data`): what it is, and its replacement by a keyed hash. */
#ifndef WAITLIST_INGEST_PERSONAL_H
#define WAITLIST_INGEST_PERSONAL_H

#include "daemon/core/text.h"

#define PERSONAL_KEY_BYTES 32

/* Ten digits, spaces ignored, whose last is the modulus-11 check digit of the others. */
bool personal_is_nhs_number(struct text text);
/* A reference that may not stand in `subject`, `person` or `worker`: an NHS number (unless `numeric_allowed`) or anything with `@`. */
bool personal_is_reference(struct text text, bool numeric_allowed);
/* A member name like `first_name`, `nhs_number`, `dob`: letter case, `-`, `_` and spaces are ignored. */
bool personal_is_member(struct text name);

/* The bytes of an event with every offending value replaced by "hash:" and 32 hex digits of a keyed BLAKE2b; NULL when nothing
 * offends or the bytes are not a JSON object. The caller frees the result with free(). `numeric_allowed` as above. */
char *personal_scrub(struct text event, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES], size_t *length);

#endif
