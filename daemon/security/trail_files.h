/* The files of the access log: their names and order, and reading their lines. */
#ifndef WAITLIST_SECURITY_TRAIL_FILES_H
#define WAITLIST_SECURITY_TRAIL_FILES_H

#include "daemon/security/trail_line.h"

#include <sys/types.h>

#define TRAIL_NAME_SIZE 48

/* "000017-2026-11-22.ndjson": the files follow each other by number, which never comes again; the day, in UTC, is the clock's when the
 * file was begun, so that a clock that was set wrong for an hour does not put the files in another order. */
struct trail_file {
    uint64_t number; /* from 1 */
    day_t day;
};

struct trail_file_list {
    struct trail_file *at; /* by number */
    size_t count;
};

void trail_file_name(const struct trail_file *file, char name[TRAIL_NAME_SIZE]);
/* Every file of the log in the folder; others are passed over. False with errno. The list is cleared in any case by
 * trail_files_clear. */
bool trail_files_list(int folder, struct trail_file_list *list);
void trail_files_clear(struct trail_file_list *list);
/* Opens one for reading; -1 with errno, also for what is no regular file. */
int trail_file_open(int folder, const struct trail_file *file);
/* The day in UTC. */
day_t trail_day_of(instant_t at);

/* Calls `each` for every line that ends, the end left out; an overlong one is cut. It returns false to stop. `*whole` is how many bytes
 * the lines and their ends make up. False with errno when reading fails. */
typedef bool trail_take_line(void *context, struct text line);
bool trail_lines(int descriptor, trail_take_line *each, void *context, uint64_t *whole);

/* What came of checking one file. */
struct trail_checked {
    uint64_t lines;
    uint64_t first_n, last_n;       /* as they stand there; 0 without a line of ours */
    char previous[TRAIL_HEAD_SIZE]; /* the head that the file goes on from, by its first line */
    char head[TRAIL_HEAD_SIZE];     /* as the last line of ours states it */
    uint64_t faults;
    uint64_t fault_line; /* of the first, from 1 */
    const char *fault;   /* what is wrong there; NULL: nothing is */
    uint64_t whole;      /* bytes of all lines */
};
/* `each` is given every line of ours, after it was checked; it may be NULL. False with errno when reading fails. */
typedef void trail_see_line(void *context, const struct trail_parts *parts);
bool trail_check(int descriptor, struct trail_links *links, trail_see_line *each, void *context, struct trail_checked *checked);

/* Ops of the log's own entries. */
#define TRAIL_OP_BEGIN "log.begin"     /* first in every file: {"previous":head,"file":the file before, or null} */
#define TRAIL_OP_CUT "log.cut"         /* a line that a crash had left unfinished was cut off: {"file","bytes"} */
#define TRAIL_OP_BREAK "log.break"     /* the chain before this file is broken: {"file","line"}, and the reason */
#define TRAIL_OP_GAP "log.gap"         /* the log could not be written: {"refused":looks that were refused for it,"since"} */
#define TRAIL_OP_REMOVED "log.removed" /* old files are removed: {"through":the last entry in them,"day":the day of the last} */
/* The text member of an object that the log itself wrote; absent when there is none. */
struct text trail_member(struct text what, const char *name);
/* The same of a number; 0 when there is none. */
uint64_t trail_member_number(struct text what, const char *name);

#endif
