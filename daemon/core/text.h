/* Borrowed strings: a pointer and a length, never owned, not ended by a NUL. */
#ifndef WAITLIST_CORE_TEXT_H
#define WAITLIST_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `at` is NULL when the text is absent; an empty text has a pointer and length 0. */
struct text {
    const char *at;
    uint32_t length;
};

#define TEXT_ABSENT ((struct text){NULL, 0})

struct text text_of(const char *string); /* borrows a NUL-terminated string; NULL gives TEXT_ABSENT */
bool text_is(struct text a, const char *string);
bool text_equal(struct text a, struct text b);
/* Order of the bytes, as memcmp, the shorter first; an absent text counts as empty. */
int text_compare(struct text a, struct text b);
uint64_t text_hash(struct text a, uint64_t seed);

#endif
