/* Checking an access log as a whole: every line, every file, and what the journal noted of it. */
#ifndef WAITLIST_SECURITY_TRAIL_VERIFY_H
#define WAITLIST_SECURITY_TRAIL_VERIFY_H

#include "daemon/security/trail.h"

#define TRAIL_FAULT_SIZE 240

struct trail_verify_options {
    const struct trail_mark *marks; /* heads that were noted elsewhere, by rising entries */
    size_t mark_count;
    void (*progress)(void *context, uint64_t done, uint64_t total); /* files; may be NULL */
    void *context;
};

struct trail_verified {
    uint64_t files;
    uint64_t first_n, last_n;
    char head[TRAIL_HEAD_SIZE]; /* as the last line states it */
    uint64_t marks;             /* of those given, that lie within the log and are its own */
    uint64_t gaps;              /* entries that say that the log could not be written */
    uint64_t cuts;              /* entries that say that an unfinished line was cut off */
    uint64_t unfinished;        /* bytes behind the last line: being written, or left by a crash */
    uint64_t faults;
    char fault[TRAIL_FAULT_SIZE]; /* the first: "FILE:LINE: what is wrong"; "" when nothing is */
};

/* Reads the log of a folder, also while a daemon writes it. False with a reason in `message` when it cannot be read. */
bool trail_verify(const char *directory, const struct trail_verify_options *options, struct trail_verified *verified,
                  char message[TRAIL_REASON_SIZE]);
/* Whether the folder has files of an access log. */
bool trail_is_directory(const char *directory);

#endif
