/* What the checks of the journal share: a directory of its own for each, opening, committing, tampering, listing. */
#ifndef WAITLIST_TESTS_JOURNAL_FIXTURE_H
#define WAITLIST_TESTS_JOURNAL_FIXTURE_H

#include "daemon/journal/journal.h"

#include <sys/types.h>

#define NOON ((instant_t)1743508800000) /* 2025-04-01T12:00:00Z */

/* Setup and teardown of a check. */
void make_directory(void);
void remove_directory(void);

/* The directory of the check that runs; the journal's path in it, with a suffix (valid until the next call). */
const char *fixture_directory(void);
const char *fixture_path(const char *suffix);
off_t size_of(const char *name); /* -1 when there is no such file */

struct journal *opened(void);
/* Opening must fail with this status and a message that contains `reason`. */
void refused(enum journal_status expected, const char *reason);

void commit(struct journal *journal);
uint64_t append(struct journal *journal, const char *bytes, uint64_t previous_seq);
void commit_one(struct journal *journal, const char *bytes);
/* Commits `turns` of `events` of 347 bytes, each event the previous of the next. */
void fill(struct journal *journal, int turns, int events);
void check_event(struct journal *journal, uint64_t seq, const char *bytes, uint64_t previous_seq, instant_t received);

/* Runs SQL on the file from outside, as an operator or a fault would; the second gives the number it answers. */
void tamper(const char *sql);
int64_t number(const char *sql);

/* Collects what journal_each_… gives. */
struct listing {
    char text[256]; /* joined with commas */
    size_t count;
    size_t stop_after; /* 0: never */
};
bool list_event(void *context, const struct journal_event *event);
bool list_alert(void *context, const struct journal_alert *alert);
bool list_record(void *context, const struct journal_record *record);

#endif
