/* The options of commands that ask: each becomes the query's member of the same name. */
#ifndef WAITLIST_CTL_QUERY_OPTIONS_H
#define WAITLIST_CTL_QUERY_OPTIONS_H

#include "client/ctl/ctl.h"

/* The keys, so that each command lists those that its query knows. */
enum {
    OPTION_GROUP_BY = 0x200,
    OPTION_FILTER,
    OPTION_SORT,
    OPTION_LIMIT,
    OPTION_CURSOR,
    OPTION_AS_AT,
    OPTION_KNOWN_AT,
    OPTION_BASIS,
    OPTION_SINCE,
    OPTION_STATE,
    OPTION_FROM,
    OPTION_TO,
    OPTION_STEP
};
#define QUERY_OPTION_GROUP_BY                                                                                                              \
    { "group-by", OPTION_GROUP_BY, "NAMES", 0, "pathway, team, district, client_group, priority, stage … with commas", 0 }
#define QUERY_OPTION_FILTER                                                                                                                \
    { "filter", OPTION_FILTER, "NAME=VALUE", 0, "only these; may be given again; several values with commas", 0 }
#define QUERY_OPTION_EXCEPTIONS_FILTER                                                                                                     \
    {                                                                                                                                      \
        "filter", OPTION_FILTER, "NAME=VALUE", 0,                                                                                          \
            "code, source, pathway, team, subject, or kind=exception|warning|all; several with commas", 0                                  \
    }
#define QUERY_OPTION_SORT                                                                                                                  \
    { "sort", OPTION_SORT, "NAME", 0, "days, days_to_breach, risk, priority, last_contact, subject; - before it: descending", 0 }
#define QUERY_OPTION_LIMIT                                                                                                                 \
    { "limit", OPTION_LIMIT, "N", 0, "at most so many rows, 1 to 1000", 0 }
#define QUERY_OPTION_CURSOR                                                                                                                \
    { "cursor", OPTION_CURSOR, "TEXT", 0, "the next page, as the one before said", 0 }
#define QUERY_OPTION_AS_AT                                                                                                                 \
    { "as-at", OPTION_AS_AT, "YYYY-MM-DD", 0, "the position at the end of that day", 0 }
#define QUERY_OPTION_KNOWN_AT                                                                                                              \
    {                                                                                                                                      \
        "known-at", OPTION_KNOWN_AT, "SEQ|INSTANT", 0,                                                                                     \
            "only by what was known then: a journal seq, or an instant as 2025-08-01T09:00:00Z", 0                                         \
    }
#define QUERY_OPTION_BASIS                                                                                                                 \
    { "basis", OPTION_BASIS, "known|reported", 0, "as known now, or as reported that day", 0 }
#define QUERY_OPTION_SINCE                                                                                                                 \
    { "since", OPTION_SINCE, "SEQ", 0, "only what came after this alert seq", 0 }
#define QUERY_OPTION_FROM                                                                                                                  \
    { "from", OPTION_FROM, "YYYY-MM-DD", 0, "the first day", 0 }
#define QUERY_OPTION_TO                                                                                                                    \
    { "to", OPTION_TO, "YYYY-MM-DD", 0, "the last day, today at most", 0 }
#define QUERY_OPTION_STEP                                                                                                                  \
    { "step", OPTION_STEP, "STEP", 0, "a row for each day, week, month or quarter; all (the default): one row", 0 }
#define QUERY_OPTION_SERIES_STEP                                                                                                           \
    { "step", OPTION_STEP, "STEP", 0, "day (the default), or the last day of each week, month or quarter; all: only the last day", 0 }
#define QUERY_OPTION_AHEAD_TO                                                                                                              \
    { "to", OPTION_TO, "YYYY-MM-DD", 0, "the last day, at most 366 days ahead", 0 }
#define QUERY_OPTION_STATE                                                                                                                 \
    { "state", OPTION_STATE, "open|all", 0, "alerts that are open, or every transition", 0 }

struct query_options {
    struct ctl_context *ctl;
    json_t *request; /* begun by query_begin */
    bool is_filtered;
};

void query_begin(struct query_options *query, struct ctl_context *ctl, const char *op);
/* The parser to use in a command's own struct argp, with ctl_global_argp as its child; its input is a struct query_options *. */
error_t query_take_option(int key, char *argument, struct argp_state *state);
/* Sets the member to a date, or ends the process as wrongly used. */
void query_take_date(struct query_options *query, const char *member, const char *text, struct argp_state *state);
/* "nobody is waiting" and, where only the filter may be to blame, where its names are found. */
void query_print_empty(const struct query_options *query, const char *what);
/* Ends the process as wrongly used when the member was not given. */
void query_require(const struct query_options *query, const char *member, const char *complaint);

#endif
