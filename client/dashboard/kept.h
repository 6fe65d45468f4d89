/* Answers that cannot change, kept for a minute: five hundred pages that ask what was known at ten o'clock cost the daemon one question. */
#ifndef WAITLIST_DASHBOARD_KEPT_H
#define WAITLIST_DASHBOARD_KEPT_H

#include "client/dashboard/answer.h"

#include <stdint.h>

#define KEPT_ANSWERS_MAX 256
#define KEPT_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of answers; a new one pushes out the oldest, one that is longer is not kept */
/* A change of policy or rules may count a past day otherwise; for so long at most the old count is still told. */
#define KEPT_MS 60000

struct kept;

struct kept *kept_create(void);
void kept_destroy(struct kept **kept);

/* Keeps the answer to a question; one of the same words is replaced. */
void kept_put(struct kept *kept, const char *question, size_t size, struct answer *answer, int64_t now_ms);
/* Borrowed until the next put or clear; NULL: none, or too old. */
struct answer *kept_find(struct kept *kept, const char *question, size_t size, int64_t now_ms);
/* Forgets all: the daemon may come back with another journal. */
void kept_clear(struct kept *kept);

#endif
