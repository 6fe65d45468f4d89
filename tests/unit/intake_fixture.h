/* What every test of the door stands on: the rules that the golden events of tests/data/events were written for, and their tables. */
#ifndef WAITLIST_TESTS_INTAKE_FIXTURE_H
#define WAITLIST_TESTS_INTAKE_FIXTURE_H

#include "daemon/ingest/envelope.h"

/* Five pathways, London's summer time, epoch 1990-01-01, 5 minutes of skew, now = 2025-06-01T12:00:00Z; one exempted source. */
struct intake_fixture {
    struct policy policy;
    struct calendar *calendar;
    struct text numeric_source; /* "/lancashire/numeric" */
    struct intake_rules rules;
    instant_t now;
    struct envelope *envelope;
};

struct intake_fixture *intake_fixture_create(void);
void intake_fixture_destroy(struct intake_fixture **fixture);

/* A golden file without its last newline, `name` below tests/data/events: exactly its bytes, so that a sanitizer sees a step beyond.
 * The caller frees `at`; ends the program when it cannot be read. */
struct text intake_fixture_read(const char *name);

#define INTAKE_COLUMNS 4
/* Calls `each` for every row of a tab-separated table, comments (#) left out; missing columns are "". Returns how many rows. */
size_t intake_fixture_table(const char *name, void (*each)(void *context, char *columns[INTAKE_COLUMNS]), void *context);

/* The names of the files in a folder, sorted, "folder/file"; each and the list are freed by the caller. */
char **intake_fixture_folder(const char *folder, size_t *count);

/* A small generator for random tests (xorshift64*): the same numbers for the same seed on every machine. */
uint64_t intake_random(uint64_t *state);
/* Spoils some bytes, or cuts, doubles or swaps pieces; `bytes` has room for `room`. Returns the new length. */
size_t intake_mutate(uint64_t *state, char *bytes, size_t length, size_t room);

#endif
