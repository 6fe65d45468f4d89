/* Interned texts: each distinct text is kept once and known by a small number that never changes. */
#ifndef WAITLIST_CORE_NAMES_H
#define WAITLIST_CORE_NAMES_H

#include "daemon/core/bytes.h"

struct names;

#define NAME_ABSENT 0 /* the number of an absent text */

struct names *names_create(uint64_t seed);
void names_destroy(struct names **names);

/* The number of a text, from 1; added when new. TEXT_ABSENT gives NAME_ABSENT. At most TEXTS_LENGTH_MAX bytes (texts.h). */
uint32_t names_intern(struct names *names, struct text text);
/* The number, or NAME_ABSENT when the text was never interned. */
uint32_t names_find(const struct names *names, struct text text);
/* Borrowed for as long as `names` lives, NUL-terminated; TEXT_ABSENT for NAME_ABSENT. */
struct text names_text(const struct names *names, uint32_t name);
uint32_t names_count(const struct names *names);

/* All texts in the order of their numbers. */
void names_save(const struct names *names, struct bytes_out *out);
/* Into names that hold nothing yet; the numbers are as they were. What is refused leaves `in->failed`. */
void names_load(struct names *names, struct bytes_in *in);

#endif
