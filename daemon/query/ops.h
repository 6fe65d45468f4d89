/* The handlers of the query socket, and what they share to read their arguments. */
#ifndef WAITLIST_QUERY_OPS_H
#define WAITLIST_QUERY_OPS_H

#include "daemon/core/exceptions.h"
#include "daemon/core/flow.h"
#include "daemon/query/asker.h"
#include "daemon/query/look.h"
#include "daemon/query/query.h"
#include "daemon/reported/reported.h"
#include "daemon/security/trail_read.h"
#include "daemon/wire/wire.h"

/* A request being answered, by the loop or by the thread of the past. A handler returns its reply; or NULL, after it has set `text`, after
 * question_refuse, or because the other thread answers. */
struct question {
    const json_t *request;
    const char *op_name;
    enum asker_need need;
    const struct asker *asker;      /* NULL: a journal's file, without a daemon, which answers whoever may read it */
    struct daemon_state *state;     /* NULL in the thread of the past */
    struct chronicle *chronicle;    /* NULL in the loop */
    const struct past_terms *terms; /* of the thread of the past */
    bool is_for_the_past;           /* said by the loop: the other thread answers */
    uint64_t newest_alert_seq;      /* what that one cannot know of the wait asked for */
    bool needs_known;               /* nor, where this is set, what the configuration lists as known */
    bool part_was_limited;          /* the part of the request at hand was narrowed to the asker's teams */
    bool was_limited;               /* the answer holds people and alerts of the asker's teams alone */
    struct look *look;              /* what the access log will tell of it; NULL where nobody keeps one */
    json_t *refusal;
    char *text; /* a reply that is text already; given to whoever asked, who frees it */
    size_t text_length;
    int64_t text_rows; /* people or alerts in it */
};

/* Sets the error reply and returns NULL. */
json_t *question_refuse(struct question *question, const char *code, const char *message, const char *pointer);

/* Whether the question's op takes a member of this name. */
bool question_has_member(const struct question *question, const char *name);

/* admit.c: whose people and alerts the answer may hold. */
/* Who asks, by the message's peer and `on_behalf_of`, in `asker`, which then is the question's; `rights` NULL: nobody that is known. False
 * after refusing. */
bool admit_asker(struct question *question, struct text peer, const struct access_rights *rights, struct asker *asker);
/* Whether the asker may ask the op. False after refusing. */
bool admit_op(struct question *question);
/* Whether the asker is limited to teams; to be asked by whatever shows a person or an alert, which then shows only those that
 * asker_sees. */
bool question_limits(struct question *question);
/* Whether the part of the request at hand is limited: what counts is not, unless it chooses or groups by people. */
bool question_limits_part(struct question *question);
/* Whether the request, or a part of it, chooses or groups by people. */
bool question_is_about_people(const struct question *question);
/* Whether a wait's team is one whose people may be shown; to be asked after question_limits. */
bool question_sees(const struct question *question, struct text team);
/* The whole of a filter that chooses teams, narrowed to the asker's: the values there are, none for any. */
void question_limit_values(const struct question *question, struct text values[FILTER_VALUES_MAX], size_t *count);
/* The member restricted_to of an answer, or a part of one. */
void set_restricted(json_t *reply, const struct question *question);

/* The JSON Pointer of a member below `above`: ~ and / escaped, a long name cut. */
#define POINTER_SIZE 160
#define DAYS_AHEAD_MAX 366 /* to which the position of a day can be asked for */
void argument_pointer(char pointer[POINTER_SIZE], const char *above, const char *name);
/* arguments.c: each returns false after refusing; an absent member leaves the default. */
bool argument_text(struct question *question, const char *name, struct text *text);
bool argument_number(struct question *question, const char *name, int64_t least, int64_t most, int64_t *number);
bool argument_day(struct question *question, const char *name, day_t *day);
/* What a person typed and the journal keeps for ever: 1 to `most` bytes without control characters, @ or an NHS number. */
#define ARGUMENT_BY_MAX 128
#define ARGUMENT_REASON_MAX 500
bool argument_note(struct question *question, const char *name, uint32_t most, bool required, struct text *text);
/* Whether the text is such a one, which stands at `pointer`. */
bool argument_is_note(struct question *question, struct text text, uint32_t most, const char *pointer);
/* `by`, of who acts: where somebody is named on whose behalf it is asked, that is who, and nobody else may be named. */
bool argument_by(struct question *question, struct text *by);
bool argument_group_by(struct question *question, struct field_name fields[GROUP_BY_MAX], size_t *count);
bool argument_filter(struct question *question, struct wait_filter *filter);

/* period.c: the days `from` to `to`, and the `step`, which stays as it is when absent. */
struct period_limits {
    day_t last;
    int days;           /* how many there may be; 0: any number */
    const char *beyond; /* said of a later day than `last` */
};
day_t question_epoch(const struct question *question);
bool argument_period(struct question *question, const struct period_limits *limits, day_t *from, day_t *to);
bool argument_step(struct question *question, enum flow_step *step);

/* each.c: several questions in one, which look at the same registers or histories once: `each`, a list of at most QUESTION_PARTS_MAX
 * objects. The number of parts, 1 when the request has none and is its own; 0 after refusing. */
#define QUESTION_PARTS_MAX 64
size_t question_parts(struct question *question, const char *const *members);
/* Makes the part the request of the question from now on, so that the arguments above are read from it; returns the request there was. */
const json_t *question_enter(struct question *question, size_t part);
/* The reply: of a request without parts, the only one's members are those of the reply itself. */
void question_set_part(json_t *reply, const json_t *request, json_t *part);

/* when.c: the end of which day, by what was known when. */
struct when {
    day_t as_at;
    bool has_known_at;
    instant_t known_instant; /* INSTANT_NONE: known_seq says it */
    uint64_t known_seq;
    bool is_reported; /* what was reported at the end of as_at, a day before today */
};
day_t question_today(const struct question *question);
/* `as_at`, `known_at` and `basis`, as far as the op has them. */
bool argument_when(struct question *question, struct when *when);
/* `asked_at` of a question that a chronicle answers: sets it and the day that then was today in `terms`. */
bool argument_asked_at(struct question *question, struct past_terms *terms);
/* Whether what was written at this instant is known to the question. */
bool question_knows(const struct question *question, instant_t at);
/* The journal that the question may read beside a register. */
struct journal *question_journal(const struct question *question);
/* Of a question about many days: `known_at` alone, and `basis` alone. */
bool argument_when_known(struct question *question, struct when *when);
bool argument_basis(struct question *question, bool *is_reported);

/* Where the answer is read: borrowed until the question is answered. */
struct standpoint {
    struct waiting_register *reg;
    struct journal *journal;
    const struct calendar *calendar;
    bool is_past;
    day_t as_at;
    uint64_t known_at;
    uint64_t journal_seq;
    instant_t known_instant; /* INSTANT_NONE: no instant was asked for */
};
/* To be asked when every argument was found good. False after refusing, or when the other thread answers: today as known now is the loop's,
 * all else is not, nor is what `reads_all` histories. */
bool question_stand(struct question *question, const struct when *when, bool reads_all, struct standpoint *standpoint);
/* The same of what needs many days and makes its own registers from the chronicle: there is none in `standpoint`. */
bool question_look_back(struct question *question, const struct when *when, struct standpoint *standpoint);
/* as_at, known_at and journal_seq of the reply. */
void set_standpoint(json_t *reply, const struct standpoint *standpoint);
/* Calls `take` for the value, or for each of a list of 1 to 64 values. */
bool argument_each_value(struct question *question, const json_t *value, const char *pointer,
                         bool (*take)(struct question *question, const json_t *value, const char *pointer, void *context), void *context);
/* The version of the rules by which the reply's figures were counted. */
void set_rule_version(json_t *reply, uint32_t version);
/* The keys of a row; text of each field grouped by. */
json_t *keys_of(const struct field_name *group_by, const struct text *keys, size_t count);

/* What the configuration lists as known, in the thread of the past, to a question that set needs_known before it stood there. The caller
 * destroys it. */
struct known_values *question_known(const struct question *question);

/* cursor.c: the place behind a page's last row as an opaque text, and back. The caller frees with free(). */
char *cursor_encode(enum wait_sort sort, bool descending, const struct sort_place *place);
/* False when the text is no cursor of this sort; the subject points into `buffer`. */
#define CURSOR_BUFFER_SIZE 512
bool cursor_decode(struct text text, enum wait_sort sort, bool descending, struct sort_place *place, char buffer[CURSOR_BUFFER_SIZE]);

/* What a cursor is made of, for whoever must know whether somebody's reference is in it; false when it is none. */
bool cursor_is_text(struct text text, char buffer[CURSOR_BUFFER_SIZE]);

/* The same of the access log: a place in its files, in the order asked for. */
char *cursor_of_access(bool oldest_first, const struct trail_place *place);
bool cursor_to_access(struct text text, bool oldest_first, struct trail_place *place);

/* The same of the list of exceptions. */
char *cursor_of_exception(const struct exception_place *place);
bool cursor_to_exception(struct text text, struct exception_place *place);

/* The named followers, as `health` shows them. */
json_t *followers_json(const struct daemon_state *state);

/* Of a grouping or a filter that is not reported: names the member at fault. Returns NULL. */
json_t *refuse_unreported_groups(struct question *question, enum reported_status status);

json_t *op_access(struct question *question);
json_t *op_health(struct question *question);
json_t *op_config(struct question *question);
json_t *op_backup(struct question *question);
json_t *op_backup_status(struct question *question);
json_t *op_clock_set(struct question *question);
json_t *op_summary(struct question *question);
json_t *op_distribution(struct question *question);
json_t *op_flow(struct question *question);
json_t *op_series(struct question *question);
json_t *op_restatement(struct question *question);
json_t *op_snapshot(struct question *question);
json_t *op_policies(struct question *question);
json_t *op_alert_figures(struct question *question);
json_t *op_waits(struct question *question);
json_t *op_wait(struct question *question);
json_t *op_alerts(struct question *question);
json_t *op_alert_ack(struct question *question);
json_t *op_follow_report(struct question *question);
json_t *op_exceptions(struct question *question);
json_t *op_export(struct question *question);
json_t *op_data_quality(struct question *question);
json_t *op_redact(struct question *question);
json_t *op_retention(struct question *question);
json_t *op_quarantine(struct question *question);
json_t *op_quarantine_retry(struct question *question);
json_t *op_quarantine_discard(struct question *question);

#endif
