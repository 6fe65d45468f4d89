/* One line of the access log: how it is written, taken apart and linked to the line before it (docs/security.md, Access log).
 *
 * A line is a JSON object with its members in this order and without blanks:
 *   {"n":1,"at":"2026-11-22T09:00:00.000Z","peer":"local","user":null,"op":"wait","what":{"subject":"w-1"},"rows":1,"outcome":"ok",
 *    "reason":null,"chain":"64 hex digits"}
 * The chain is SHA-256 of the chain of the line before, as its 64 hex digits, and this line up to its last member's comma. */
#ifndef WAITLIST_SECURITY_TRAIL_LINE_H
#define WAITLIST_SECURITY_TRAIL_LINE_H

#include "daemon/core/calendar.h"

#define TRAIL_LINE_MAX 4096 /* bytes with the line's end; texts are cut so that it holds */
#define TRAIL_TEXT_MAX 256  /* bytes kept of a peer, user, op or reason */
#define TRAIL_WHAT_MAX 2048 /* a longer object is not kept */
#define TRAIL_HEAD_LENGTH 64
#define TRAIL_HEAD_SIZE (TRAIL_HEAD_LENGTH + 1)
#define TRAIL_FIRST_HEAD "0000000000000000000000000000000000000000000000000000000000000000"

enum trail_outcome { TRAIL_OK, TRAIL_DENIED, TRAIL_NOT_FOUND, TRAIL_REFUSED, TRAIL_FAILED, TRAIL_OUTCOME_COUNT };
const char *trail_outcome_name(enum trail_outcome outcome);
/* TRAIL_OUTCOME_COUNT when it is none. */
enum trail_outcome trail_outcome_of(struct text name);

#define TRAIL_NO_ROWS (-1)

/* Somebody's look at something, or the log's own remark. Texts are UTF-8. */
struct trail_entry {
    instant_t at;
    struct text peer;   /* absent: null, as of the log's own entries */
    struct text user;   /* absent: null */
    struct text op;     /* required */
    struct text what;   /* a JSON object as text; absent or too long: {} */
    struct text reason; /* absent: null */
    int64_t rows;       /* TRAIL_NO_ROWS: null */
    enum trail_outcome outcome;
};

/* The memory of the hash function. */
struct trail_links;
struct trail_links *trail_links_create(void);
void trail_links_destroy(struct trail_links **links);

/* Writes the line, its end included, and moves `head` on. Returns its length. */
size_t trail_line_write(struct trail_links *links, char line[TRAIL_LINE_MAX], uint64_t n, const struct trail_entry *entry,
                        char head[TRAIL_HEAD_SIZE]);

/* The parts of a line as they stand there: a text without its quotation marks but with its escapes, absent for null. */
struct trail_parts {
    uint64_t n;
    instant_t at;
    struct text peer, user, op, what, outcome, reason, chain;
    int64_t rows;
    struct text hashed; /* what the chain is made of beside the head before */
};
/* `line`: without its end. False when it is no line of ours; what stands inside `what` is not looked at. */
bool trail_line_read(struct text line, struct trail_parts *parts);
/* Whether the line's chain follows from the head before it. */
bool trail_line_follows(struct trail_links *links, const struct trail_parts *parts, const char head[TRAIL_HEAD_SIZE]);

/* A text as it stands between the quotation marks of a line, cut to TRAIL_TEXT_MAX bytes of the text at the beginning of a character. */
#define TRAIL_ESCAPED_MAX (6 * TRAIL_TEXT_MAX)
size_t trail_escape(char out[TRAIL_ESCAPED_MAX], struct text text);

#endif
