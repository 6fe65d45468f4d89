/* Personal data at the door (rules, section 3, `personal_data`): what it is, and its replacement by a keyed hash. */
#ifndef WAITLIST_INGEST_PERSONAL_H
#define WAITLIST_INGEST_PERSONAL_H

#include "daemon/core/text.h"

#define PERSONAL_KEY_BYTES 32

/* Ten digits, spaces ignored, whose last is the modulus-11 check digit of the others. */
bool personal_is_nhs_number(struct text text);
/* A reference that may not stand in `subject`, `person` or `worker`: an NHS number (unless `numeric_allowed`) or anything with `@`. */
bool personal_is_reference(struct text text, bool numeric_allowed);
/* The same of a JSON number: a reference written without its quotation marks is still one. */
bool personal_is_number(double number);
/* The same anywhere in a text that somebody typed: `@`, or ten digits, single spaces and hyphens between them ignored, that are no part of
 * a longer number. */
bool personal_is_in_note(struct text text);
/* A member name like `first_name`, `nhs_number`, `dob`: letter case, `-`, `_` and spaces are ignored. */
bool personal_is_member(struct text name);

/* The bytes of an event with every offending value replaced by "hash:" and 32 hex digits of a keyed BLAKE2b; NULL when nothing
 * offends or the bytes are not a JSON object. The caller frees the result with free(). `numeric_allowed` as above.
 * Offending are: in `subject`, `data.person` and `data.worker`, every reference that may not stand there, also as a number and inside an
 * array or object; in `data`, at any depth, the value of every member named like personal data. All else stays byte for byte.
 * It reads the bytes itself and is more lenient than the checks: repeated names, any nesting, any number, \u0000 and bytes that are no
 * UTF-8 do not stop it, so that what is refused as `not_json` for one of these is clean too. Bytes that break the grammar of an object
 * are nobody's record: they stay as they are. A value that already is such a hash is left, so a second pass changes nothing.
 * Hashed is the decoded text of a string, of anything else its JSON text without white space. */
char *personal_scrub(struct text event, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES], size_t *length);

#endif
