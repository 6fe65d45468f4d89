/* Sorting more records than the memory is to hold: sorted runs in a temporary file without a name, merged while they are read.
 *
 * The file lies in TMPDIR, or /tmp, with mode 0600; it has no name, so nothing is left of it, whatever happens to the process. What fits
 * into the memory once never touches the disk. */
#ifndef WAITLIST_IMPORT_SORTER_H
#define WAITLIST_IMPORT_SORTER_H

#include <stdbool.h>
#include <stddef.h>

#define SORTER_MESSAGE_BYTES 512
/* Runs of a file: with so many each has one page to be read through when they are merged. */
#define SORTER_RUNS_MAX 4096

typedef int (*sorter_order)(const void *left, const void *right);

struct sorter;

/* Of records of `record_bytes`; about `memory_bytes` are used, at most (twice that for a moment, while a run is sorted). */
struct sorter *sorter_create(size_t record_bytes, size_t memory_bytes, sorter_order order);
void sorter_destroy(struct sorter **sorter);

/* Not while the records are being read. False when the temporary file failed, or there are too many records: sorter_message says so, and
 * nothing more can be done with the sorter. */
bool sorter_add(struct sorter *sorter, const void *record);
/* Begins to read, from the first record on; again as often as wanted. False as above. */
bool sorter_begin(struct sorter *sorter);
/* The next record in order (equal ones in any), until the next call. NULL: there is none, or the file failed (sorter_failed). */
const void *sorter_next(struct sorter *sorter);
/* Ends the reading, so that records can be added again. */
void sorter_end(struct sorter *sorter);

bool sorter_failed(const struct sorter *sorter);
/* Why it failed, with the folder and what can be done; "" unless it has. */
const char *sorter_message(const struct sorter *sorter);

#endif
