/* The handlers of the query socket, and what they share to read their arguments. */
#ifndef WAITLIST_QUERY_OPS_H
#define WAITLIST_QUERY_OPS_H

#include "daemon/query/query.h"
#include "daemon/wire/wire.h"

/* A request being answered. A handler returns its reply; or NULL, after it has set `text`, or after question_refuse. */
struct question {
    const json_t *request;
    struct daemon_state *state;
    json_t *refusal;
    char *text; /* a reply that is text already; given to whoever asked, who frees it */
    size_t text_length;
};

/* Sets the error reply and returns NULL. */
json_t *question_refuse(struct question *question, const char *code, const char *message, const char *pointer);

/* The JSON Pointer of a member below `above`: ~ and / escaped, a long name cut. */
#define POINTER_SIZE 160
void argument_pointer(char pointer[POINTER_SIZE], const char *above, const char *name);
/* arguments.c: each returns false after refusing; an absent member leaves the default. */
bool argument_text(struct question *question, const char *name, struct text *text);
bool argument_number(struct question *question, const char *name, int64_t least, int64_t most, int64_t *number);
/* `as_at`, `known_at` and `basis`: this release answers for today as known now. */
bool arguments_are_of_today(struct question *question);
bool argument_group_by(struct question *question, struct field_name fields[GROUP_BY_MAX], size_t *count);
bool argument_filter(struct question *question, struct wait_filter *filter);

/* cursor.c: the place behind a page's last row as an opaque text, and back. The caller frees with free(). */
char *cursor_encode(enum wait_sort sort, bool descending, const struct sort_place *place);
/* False when the text is no cursor of this sort; the subject points into `buffer`. */
#define CURSOR_BUFFER_SIZE 512
bool cursor_decode(struct text text, enum wait_sort sort, bool descending, struct sort_place *place, char buffer[CURSOR_BUFFER_SIZE]);

json_t *op_health(struct question *question);
json_t *op_config(struct question *question);
json_t *op_clock_set(struct question *question);
json_t *op_summary(struct question *question);
json_t *op_snapshot(struct question *question);
json_t *op_waits(struct question *question);
json_t *op_wait(struct question *question);
json_t *op_alerts(struct question *question);

#endif
