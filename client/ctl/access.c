/* waitlistctl access: who looked at whom, from the daemon's access log. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include "daemon/core/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_USER = 0x800, OPTION_PEER, OPTION_SUBJECT, OPTION_OP, OPTION_OUTCOME, OPTION_OLDEST, OPTION_ENTRIES };
enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000000, PAGE_MAX = 1000 };

struct access_choice {
    struct query_options query; /* first: what query_take_option gets is this */
    long limit;
};

static void set(struct access_choice *choice, const char *member, const char *text) {
    json_object_set_new(choice->query.request, member, json_string(text));
}

/* A day or an instant. */
static void take_moment(struct access_choice *choice, const char *member, const char *text, struct argp_state *state) {
    day_t day;
    instant_t instant;

    if (!date_parse(text_of(text), &day) && !instant_parse(text_of(text), &instant)) {
        argp_error(state, "--%s is a day like 2026-07-31 or an instant like 2026-07-31T09:00:00Z, not '%s'", member, text);
    }
    set(choice, member, text);
}

static void take_limit(struct access_choice *choice, const char *text, struct argp_state *state) {
    char *end;

    choice->limit = strtol(text, &end, 10);
    if (end == text || *end != '\0' || choice->limit < 1 || choice->limit > LIMIT_MAX) {
        argp_error(state, "--limit wants a number from 1 to %d, not '%s'", LIMIT_MAX, text);
    }
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct access_choice *choice = state->input;

    switch (key) {
    case OPTION_FROM:
        take_moment(choice, "from", argument, state);
        return 0;
    case OPTION_TO:
        take_moment(choice, "to", argument, state);
        return 0;
    case OPTION_USER:
        set(choice, "user", argument);
        return 0;
    case OPTION_PEER:
        set(choice, "peer", argument);
        return 0;
    case OPTION_SUBJECT:
        set(choice, "subject", argument);
        return 0;
    case OPTION_OP:
        set(choice, "of", argument);
        return 0;
    case OPTION_OUTCOME:
        set(choice, "outcome", argument);
        return 0;
    case OPTION_OLDEST:
        set(choice, "order", "oldest");
        return 0;
    case OPTION_ENTRIES:
        take_limit(choice, argument, state);
        return 0;
    default:
        return query_take_option(key, argument, state);
    }
}

/* A reply has what was found in a piece of the log: goes on until there are as many entries as wanted, or no more of the log. Gives the
 * last reply with all rows, or NULL with the exit code in `*code`. */
static json_t *ask_all(struct ctl_context *ctl, json_t *request, long limit, int *code) {
    json_t *rows = json_array();
    json_t *reply = NULL;
    const char *next;

    do {
        long left = limit - (long)json_array_size(rows);

        json_object_set_new(request, "limit", json_integer(left < PAGE_MAX ? left : PAGE_MAX));
        if (reply != NULL) {
            json_object_set(request, "cursor", json_object_get(reply, "next"));
            json_decref(reply);
        }
        *code = ctl_ask_quietly(ctl, json_incref(request), &reply);
        json_array_extend(rows, json_object_get(reply, "rows"));
        next = json_string_value(json_object_get(reply, "next"));
    } while (reply != NULL && next != NULL && (long)json_array_size(rows) < limit);
    json_decref(request);
    if (reply != NULL) {
        json_object_set(reply, "rows", rows);
    }
    json_decref(rows);
    return reply;
}

static void print_reply(const json_t *reply, enum table_format format) {
    size_t count = json_array_size(json_object_get(reply, "rows"));
    bool has_more = !json_is_null(json_object_get(reply, "next"));
    long long unreadable = (long long)ctl_int(reply, "unreadable");

    if (format == FORMAT_JSON) {
        char *text = json_dumps(reply, JSON_COMPACT);

        puts(text);
        free(text);
    } else if (format == FORMAT_TABLE && count == 0) {
        puts("no such entries");
    } else {
        answers_access(reply, format, stdout);
    }
    if (format == FORMAT_TABLE && count > 0) {
        printf("\n%zu of %lld entries shown%s\n", count, (long long)ctl_int(reply, "entries"), has_more ? "; --limit shows more" : "");
    } else if (format == FORMAT_CSV && has_more) {
        ctl_complain("there is more: --limit"); /* on stderr: CSV has no place for it */
    }
    if (unreadable > 0) {
        ctl_complain("%lld lines are no entries: 'waitlistctl verify' on the folder of the log says which", unreadable);
    }
}

int command_access(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"subject", OPTION_SUBJECT, "WAIT", 0, "only what was asked about this wait by its name", 0},
        {"user", OPTION_USER, "NAME", 0, "only what was asked on this user's behalf", 0},
        {"peer", OPTION_PEER, "NAME", 0, "only what was asked with this key, or through this endpoint", 0},
        {"op", OPTION_OP, "OP", 0, "only these questions: wait, waits, alerts, alert.ack, redact, connect …", 0},
        {"outcome", OPTION_OUTCOME, "OUTCOME", 0, "ok, denied, not_found, refused or failed", 0},
        {"from", OPTION_FROM, "DAY|INSTANT", 0, "not before", 0},
        {"to", OPTION_TO, "DAY|INSTANT", 0, "not after", 0},
        {"oldest-first", OPTION_OLDEST, NULL, 0, "the oldest first, and not the newest", 0},
        {"limit", OPTION_ENTRIES, "N", 0, "at most so many entries; 100 unless said", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc = "Who looked at which wait, list or export, when, and what was denied, the newest first. For analysts and "
               "administrators; the question is itself an entry.\v"
               "Examples:\n  waitlistctl access --subject w-1 --from 2026-01-01\n"
               "  waitlistctl --format csv access --outcome denied --limit 10000 > denied.csv\n",
        .children = children};
    struct access_choice choice = {.limit = LIMIT_DEFAULT};
    int code;

    query_begin(&choice.query, ctl, WAITLIST_OP_ACCESS);
    ctl_parse(&argp, "access", argc, argv, &choice);
    json_t *reply = ask_all(ctl, choice.query.request, choice.limit, &code);

    if (reply != NULL) {
        print_reply(reply, ctl->format);
    }
    json_decref(reply);
    return code;
}
