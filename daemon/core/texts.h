/* Texts that are kept for ever, one behind the other in blocks that never move, each known by a small number. */
#ifndef WAITLIST_CORE_TEXTS_H
#define WAITLIST_CORE_TEXTS_H

#include "daemon/core/text.h"

#define TEXTS_LENGTH_MAX 8192 /* of one text, in bytes */

struct texts;

struct texts *texts_create(void);
void texts_destroy(struct texts **texts);
/* Copies the text, which must not be absent, and returns its number, never 0. At most 8 GiB in all. */
uint32_t texts_keep(struct texts *texts, struct text text);
/* Borrowed for as long as `texts` lives, NUL-terminated; TEXT_ABSENT for 0. */
struct text texts_at(const struct texts *texts, uint32_t number);

/* Overwrites the text with zeros; its number is not used again. Nothing for 0. */
void texts_erase(struct texts *texts, uint32_t number);

#endif
