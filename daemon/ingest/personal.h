/* Personal data at the door (rules, section 3, `personal_data`): what it is, and its replacement by a keyed hash. */
#ifndef WAITLIST_INGEST_PERSONAL_H
#define WAITLIST_INGEST_PERSONAL_H

#include "daemon/core/text.h"
#include "daemon/ingest/letters.h"

#define PERSONAL_KEY_BYTES 32
#define PERSONAL_NUMBER_DIGITS 10
#define PERSONAL_HASH_BYTES 37 /* "hash:" and 32 hex digits */

/* ---- What it is. Digits of any script, full-width letters, white space of any kind and invisible letters are read as letters.h says. */

/* Ten digits, white space ignored, whose last is the modulus-11 check digit of the others. */
bool personal_is_nhs_number(struct text text);
/* A reference that may not stand in `subject`, `person` or `worker`: an NHS number (unless `numeric_allowed`) or anything with `@`. */
bool personal_is_reference(struct text text, bool numeric_allowed);
/* The same of a JSON number: a reference written without its quotation marks is still one. */
bool personal_is_number(double number);
/* The same anywhere in a text that somebody typed: `@`, or ten digits, white space and dashes between them ignored, that are no part of
 * a longer number and do not begin as a date does. */
bool personal_is_in_note(struct text text);
/* The same of a name that somebody gives to a thing, in which ten digits are often a date: those that begin with 19 or 20 are none. */
bool personal_is_in_name(struct text name);
/* A member name like `first_name`, `nhs_number`, `dob`: letter case, `-`, `_` and white space are ignored. */
bool personal_is_member(struct text name);
/* The name of a member that holds a reference, wherever it stands: subject, person, worker. */
bool personal_is_reference_member(struct text name);
/* An attribute into which nobody can look: data_base64. */
bool personal_is_sealed_attribute(struct text name);

/* What personal_is_in_note finds, from `start` to before `end`; of an address the whole word. False when there is none from `from` on. */
struct personal_run {
    uint32_t start;
    uint32_t end;
};
bool personal_find(struct text text, enum letters_as as, bool numeric_allowed, uint32_t from, struct personal_run *run);
/* Whether the text before a colon, an equals sign or the like ends in a personal member's name. */
bool personal_is_announced(struct text name);
/* How many bytes the hash has that begins at `at`; 0 when none does. */
uint32_t personal_hash_at(struct text text, uint32_t at);

/* ---- Its replacement */

/* What stands in the place of personal data: "hash:" and 32 hex digits of a keyed BLAKE2b of the text, and a NUL. */
#define PERSONAL_HASH_SIZE (PERSONAL_HASH_BYTES + 1)
void personal_hash(struct text text, const unsigned char key[PERSONAL_KEY_BYTES], char hash[PERSONAL_HASH_SIZE]);

enum personal_care {
    PERSONAL_IN_EVENT, /* an event that is well formed: what the rules name */
    PERSONAL_ANYWHERE, /* what is none, or not as it must be: whatever may be personal in it, in any place */
};

/* The bytes with every offending value replaced by "hash:" and 32 hex digits of a keyed BLAKE2b; NULL when nothing offends. The caller
 * frees the result with free(). `numeric_allowed` as above.
 * Offending are, at any depth: in members named subject, person and worker, every reference that may not stand there, also as a number and
 * inside an array or object; the value of every member named like personal data; the attribute data_base64. With PERSONAL_ANYWHERE also
 * every text, number or name of a member in which personal_find finds something or a personal name announces it, but for the event's
 * `source`; and where the bytes are no JSON, each such place in them, and what follows such a name. All else stays byte for byte.
 * It reads the bytes itself and is more lenient than the checks: repeated names, any nesting, any number, \u0000 and bytes that are no
 * UTF-8 do not stop it. A value that already is such a hash is left, so a second pass changes nothing.
 * Hashed is the decoded text of a string, of anything else its JSON text without white space. */
char *personal_scrub(struct text event, enum personal_care care, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES],
                     size_t *length);

/* blot.c: as personal_scrub with PERSONAL_ANYWHERE, of any text, whose form is of no account. */
char *personal_blot(struct text text, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES], size_t *length);
/* Whether that would replace anything. */
bool personal_is_anywhere(struct text text, bool numeric_allowed);

#endif
