/* waitlistctl quarantine: what could not be accepted: listed, shown, tried again, discarded. */
#include "client/ctl/query_options.h"
#include "client/ctl/send.h"
#include "client/tables/answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rows kept for the merged answer of many requests; what is over it is only counted. */
#define ACT_ROWS_MAX 100000

enum { OPTION_CODE = 0x600, OPTION_SOURCE, OPTION_AFTER, OPTION_RAW, OPTION_BY, OPTION_REASON };

static const struct column result_columns[] = {{"id", "ID", COLUMN_NUMBER},       {"outcome", "OUTCOME", COLUMN_TEXT},
                                               {"seq", "SEQ", COLUMN_NUMBER},     {"code", "CODE", COLUMN_TEXT},
                                               {"pointer", "WHERE", COLUMN_TEXT}, {"message", "WHY", COLUMN_TEXT}};
#define RESULT_COLUMN_COUNT (sizeof result_columns / sizeof result_columns[0])

static void print_table(const struct ctl_context *ctl, const struct column *columns, size_t count, const json_t *rows) {
    struct table *table = table_create(columns, count);
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        for (size_t c = 0; c < count; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    table_print(table, ctl->format, stdout);
    table_destroy(&table);
}

static void set(json_t *request, const char *member, json_t *value) {
    if (value == NULL || json_object_set_new(request, member, value) != 0) {
        abort();
    }
}

static json_int_t id_of(const char *text, struct argp_state *state) {
    char *end;

    errno = 0;
    json_int_t id = strtoll(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || id < 1) {
        argp_error(state, "an id is a number as 'waitlistctl quarantine list' shows it, not '%s'", text);
    }
    return id;
}

/* ---- list */

static error_t take_list_option(int key, char *argument, struct argp_state *state) {
    struct query_options *query = state->input;

    switch (key) {
    case OPTION_CODE:
        set(query->request, "code", json_string(argument));
        return 0;
    case OPTION_SOURCE:
        set(query->request, "source", json_string(argument));
        return 0;
    case OPTION_AFTER:
        set(query->request, "after", json_integer(id_of(argument, state)));
        return 0;
    default:
        return query_take_option(key, argument, state);
    }
}

static void print_counts(const json_t *reply) {
    const char *code, *between = ": ";
    json_t *figures;

    printf("\n%lld wait for somebody", (long long)ctl_int(reply, "waiting"));
    json_object_foreach(json_object_get(reply, "counts"), code, figures) {
        if (ctl_int(figures, "waiting") > 0) {
            printf("%s%lld %s", between, (long long)ctl_int(figures, "waiting"), code);
            between = ", ";
        }
    }
    putchar('\n');
}

static int run_list(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"state", OPTION_STATE, "STATE", 0, "waiting (unless said), retried, discarded or all", 0},
        {"code", OPTION_CODE, "CODE", 0, "only those refused with this code, as unknown_pathway", 0},
        {"source", OPTION_SOURCE, "NAME", 0, "only those of this sender", 0},
        QUERY_OPTION_LIMIT,
        {"after", OPTION_AFTER, "ID", 0, "the next page, as the one before said", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_list_option,
                                     .doc = "The events that could not be accepted, in the order in which they first came.\v"
                                            "Example:\n  waitlistctl quarantine list --code unknown_pathway\n",
                                     .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_QUARANTINE);
    ctl_parse(&argp, "quarantine list", argc, argv, &query);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    const json_t *rows = json_object_get(reply, "rows");
    json_int_t next = json_integer_value(json_object_get(reply, "next"));

    if (ctl->format == FORMAT_TABLE && json_array_size(rows) == 0) {
        puts("no such events in quarantine");
    } else {
        answers_quarantine(reply, ctl->format, stdout);
        if (ctl->format == FORMAT_TABLE) {
            puts("\n'waitlistctl quarantine show ID' shows an event and where it came from");
        }
    }
    if (ctl->format == FORMAT_TABLE) {
        print_counts(reply);
    }
    if (next != 0) {
        ctl_complain("there may be more: --after %lld", (long long)next); /* on stderr: CSV has no place for it */
    }
    json_decref(reply);
    return code;
}

/* ---- show */

struct show_arguments {
    struct query_options query; /* first: what query_take_option gets is this */
    bool has_id, raw;
};

static error_t take_show_argument(int key, char *argument, struct argp_state *state) {
    struct show_arguments *arguments = state->input;

    switch (key) {
    case OPTION_RAW:
        arguments->raw = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->has_id) {
            argp_error(state, "one event at a time");
        }
        set(arguments->query.request, "id", json_integer(id_of(argument, state)));
        arguments->has_id = true;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->has_id) {
            argp_error(state, "which event? 'waitlistctl quarantine list' shows the ids");
        }
        return 0;
    default:
        return query_take_option(key, argument, state);
    }
}

static void write_base64(const char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    int count = 0;

    for (; *text != '\0' && *text != '='; text++) {
        const char *found = strchr(letters, *text);

        bits = bits << 6 | (found != NULL ? (unsigned)(found - letters) : 0);
        count += 6;
        if (count >= 8) {
            count -= 8;
            putchar((int)(bits >> count & 0xff));
        }
    }
}

/* The bytes as they came, and nothing else. */
static int write_raw(const json_t *reply) {
    const json_t *raw = json_object_get(reply, "raw");

    if (json_is_string(raw)) {
        (void)fwrite(json_string_value(raw), 1, json_string_length(raw), stdout);
    } else {
        write_base64(ctl_text(reply, "raw_base64"));
    }
    if (json_is_true(json_object_get(reply, "raw_cut"))) {
        ctl_complain("the event is longer: only its first part is shown");
        return CTL_REFUSED;
    }
    return CTL_DONE;
}

/* As text that a terminal may show. */
static void print_raw(const json_t *reply) {
    const char *raw = ctl_text(reply, "raw");

    if (json_is_null(json_object_get(reply, "raw"))) {
        puts("\nThe event is no text; --raw writes its bytes.");
        return;
    }
    puts("\nThe event as it is kept:");
    while (*raw != '\0') {
        size_t length = strcspn(raw, "\n");
        char *one = strndup(raw, length);

        if (one == NULL) {
            abort();
        }
        (void)table_put_safely(one, stdout);
        putchar('\n');
        free(one);
        raw += length + (raw[length] == '\n');
    }
}

static void print_shown(const struct ctl_context *ctl, const json_t *reply) {
    static const struct column pairs[] = {{"name", "", COLUMN_TEXT}, {"value", "", COLUMN_TEXT}};
    static const struct column acts[] = {{"at", "AT", COLUMN_TEXT},           {"act", "WHAT", COLUMN_TEXT},  {"by", "BY", COLUMN_TEXT},
                                         {"outcome", "OUTCOME", COLUMN_TEXT}, {"seq", "SEQ", COLUMN_NUMBER}, {"code", "CODE", COLUMN_TEXT},
                                         {"reason", "REASON", COLUMN_TEXT}};
    const json_t *done = json_object_get(reply, "acts");
    struct table *table = table_create(pairs, 2);
    const char *name;
    json_t *value;

    json_object_foreach(json_array_get(json_object_get(reply, "rows"), 0), name, value) {
        table_text(table, name);
        table_json(table, value);
    }
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
    puts("\nWhat was done:");
    if (json_array_size(done) == 0) {
        puts("nothing yet");
    } else {
        print_table(ctl, acts, sizeof acts / sizeof acts[0], done);
    }
    print_raw(reply);
}

static int run_show(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"raw", OPTION_RAW, NULL, 0, "write the event's bytes and nothing else, to be put right and sent again", 0}, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_show_argument,
                                     .args_doc = "ID",
                                     .doc = "One event that could not be accepted: why, what was done about it, and its bytes.\v"
                                            "Example:\n  waitlistctl quarantine show 17 --raw > event.json\n",
                                     .children = children};
    struct show_arguments arguments = {.has_id = false};
    json_t *reply;

    query_begin(&arguments.query, ctl, WAITLIST_OP_QUARANTINE);
    ctl_parse(&argp, "quarantine show", argc, argv, &arguments);
    if (arguments.raw) {
        ctl->format = FORMAT_TABLE; /* the reply itself is not what is wanted */
    }
    int code = ctl_ask(ctl, arguments.query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    if (arguments.raw) {
        code = write_raw(reply);
    } else if (ctl->format == FORMAT_CSV) {
        answers_quarantine(reply, FORMAT_CSV, stdout);
    } else {
        print_shown(ctl, reply);
    }
    json_decref(reply);
    return code;
}

/* ---- retry and discard */

struct act {
    struct ctl_context *ctl;
    bool discards;
    json_t *ids; /* all of them; empty with a code */
    const char *code, *by, *reason;
};

static error_t take_act_argument(int key, char *argument, struct argp_state *state) {
    struct act *act = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = act->ctl;
        return 0;
    case OPTION_CODE:
        act->code = argument;
        return 0;
    case OPTION_BY:
        act->by = argument;
        return 0;
    case OPTION_REASON:
        act->reason = argument;
        return 0;
    case ARGP_KEY_ARG:
        json_array_append_new(act->ids, json_integer(id_of(argument, state)));
        return 0;
    case ARGP_KEY_END:
        if ((json_array_size(act->ids) == 0) == (act->code == NULL)) {
            argp_error(state, "which events? Either their ids, or --code");
        } else if (act->discards && act->reason == NULL) {
            argp_error(state, "why? --reason is kept with the event");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static json_t *request_of(const struct act *act, size_t first, json_int_t after) {
    json_t *request = json_pack("{s:i, s:s, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op",
                                act->discards ? WAITLIST_OP_QUARANTINE_DISCARD : WAITLIST_OP_QUARANTINE_RETRY, "by", act->by);

    if (request == NULL) {
        return NULL; /* the name is no UTF-8 */
    }
    if (act->reason != NULL && json_object_set_new(request, "reason", json_string(act->reason)) != 0) {
        json_decref(request);
        return NULL;
    }
    if (act->code != NULL) {
        set(request, "code", json_string(act->code));
        set(request, "after", json_integer(after));
        return request;
    }
    json_t *ids = json_array();

    for (size_t i = first; i < json_array_size(act->ids) && i < first + WAITLIST_PAGE_ROWS_MAX; i++) {
        json_array_append(ids, json_array_get(act->ids, i));
    }
    set(request, "ids", ids);
    return request;
}

/* Adds a reply to those before it, as if one request had done all; consumes `reply`. */
static json_t *merged(json_t *whole, json_t *reply) {
    if (whole == NULL) {
        return reply;
    }
    json_t *rows = json_object_get(whole, "rows");
    json_t *more = json_object_get(reply, "rows");
    json_int_t left_out = ctl_int(whole, "rows_left_out");

    if (json_array_size(rows) + json_array_size(more) <= ACT_ROWS_MAX) {
        json_array_extend(rows, more);
    } else {
        set(whole, "rows_left_out", json_integer(left_out + (json_int_t)json_array_size(more)));
    }
    set(whole, "done", json_integer(ctl_int(whole, "done") + ctl_int(reply, "done")));
    set(whole, "not_done", json_integer(ctl_int(whole, "not_done") + ctl_int(reply, "not_done")));
    static const char *const newest[] = {"next", "remaining", "waiting", "seq"};

    for (size_t i = 0; i < sizeof newest / sizeof newest[0]; i++) {
        json_object_set(whole, newest[i], json_object_get(reply, newest[i]));
    }
    json_decref(reply);
    return whole;
}

/* How many there are to do, for the bar. */
static int64_t total_of(const struct act *act) {
    json_t *reply = NULL;
    int64_t total = (int64_t)json_array_size(act->ids);

    if (act->code != NULL && isatty(STDERR_FILENO) == 1) {
        json_t *request = json_pack("{s:i, s:s, s:i}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_QUARANTINE, "limit", 1);

        (void)ctl_ask_quietly(act->ctl, request, &reply);
        total = ctl_int(json_object_get(json_object_get(reply, "counts"), act->code), "waiting");
        json_decref(reply);
    }
    return total;
}

/* Request by request, each of them durable when it was answered. `*whole` is what all of them said; NULL when none was answered. */
static int act_on_all(const struct act *act, json_t **whole) {
    struct progress progress;
    json_int_t after = 0;
    size_t first = 0;
    int code;

    *whole = NULL;
    progress_begin(&progress, total_of(act));
    progress.what = act->discards ? "events discarded" : "events retried";
    for (bool more = true; more;) {
        json_t *request = request_of(act, first, after);
        json_t *reply = NULL;

        if (request == NULL) {
            ctl_complain("--by and --reason must be UTF-8");
            code = CTL_USAGE;
            break;
        }
        code = ctl_ask_quietly(act->ctl, request, &reply);
        if (reply == NULL) {
            break;
        }
        *whole = merged(*whole, reply);
        json_int_t next = ctl_int(*whole, "next");

        first += WAITLIST_PAGE_ROWS_MAX;
        more = act->code != NULL ? next > after : first < json_array_size(act->ids);
        after = next;
        int64_t done = ctl_int(*whole, "done") + ctl_int(*whole, "not_done");

        progress_draw(&progress, done, (uint64_t)done, "");
    }
    progress_end(&progress);
    return code;
}

static json_t *not_done(const json_t *rows) {
    json_t *left = json_array();
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        const char *outcome = ctl_text(row, "outcome");

        if (strcmp(outcome, "accepted") != 0 && strcmp(outcome, "duplicate") != 0 && strcmp(outcome, "discarded") != 0) {
            json_array_append(left, row);
        }
    }
    return left;
}

/* Of a few events each is shown; of all of a code those that were left. */
static void print_outcome(const struct act *act, const json_t *whole) {
    const json_t *rows = json_object_get(whole, "rows");
    json_t *left = not_done(rows);
    const json_t *shown = act->code != NULL ? left : rows;
    const char *done = act->discards ? "discarded" : "retried";

    if (json_array_size(shown) > 0) {
        print_table(act->ctl, result_columns, RESULT_COLUMN_COUNT, shown);
        putchar('\n');
    }
    printf("%lld %s, %lld not %s; %lld in quarantine wait for somebody\n", (long long)ctl_int(whole, "done"), done,
           (long long)ctl_int(whole, "not_done"), done, (long long)ctl_int(whole, "waiting"));
    if (ctl_int(whole, "remaining") > 0) {
        printf("%lld of them as %s: see 'waitlistctl quarantine list --code %s'\n", (long long)ctl_int(whole, "remaining"), act->code,
               act->code);
    }
    json_decref(left);
}

static int act_and_tell(struct act *act) {
    json_t *whole;

    if (act->by == NULL) {
        act->by = ctl_login_name();
    }
    if (act->by == NULL) {
        ctl_complain("who are you? --by says it");
        return CTL_USAGE;
    }
    int code = act_on_all(act, &whole);

    if (whole == NULL) {
        return code;
    }
    if (act->ctl->format == FORMAT_JSON) {
        char *text = json_dumps(whole, JSON_COMPACT);

        puts(text != NULL ? text : "");
        free(text);
    } else if (act->ctl->format == FORMAT_CSV) {
        print_table(act->ctl, result_columns, RESULT_COLUMN_COUNT, json_object_get(whole, "rows"));
    } else {
        print_outcome(act, whole);
    }
    /* What a code leaves behind (those that personal data was taken from) is not done either. */
    bool all = ctl_int(whole, "not_done") == 0 && ctl_int(whole, "remaining") == 0;

    json_decref(whole);
    return code != CTL_DONE ? code : all ? CTL_DONE : CTL_REFUSED;
}

#define ACT_OPTIONS                                                                                                                        \
    {"code", OPTION_CODE, "CODE", 0, "all that wait with this code, as unknown_pathway", 0},                                               \
        {"by", OPTION_BY, "NAME", 0, "who does it (default: the login name); kept with the event", 0}, {                                   \
        "reason", OPTION_REASON, "TEXT", 0, "why; kept with the event", 0                                                                  \
    }

static int run_act(struct ctl_context *ctl, const struct argp *argp, bool discards, int argc, char **argv) {
    struct act act = {.ctl = ctl, .discards = discards, .ids = json_array()};

    ctl_parse(argp, discards ? "quarantine discard" : "quarantine retry", argc, argv, &act);
    int code = act_and_tell(&act);

    json_decref(act.ids);
    return code;
}

static int run_retry(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {ACT_OPTIONS, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_act_argument,
                                     .args_doc = "ID...\n--code=CODE",
                                     .doc = "Put events through all checks again, as if they were sent now: after the configuration "
                                            "has learned what it did not know. What fails again goes on waiting.\v"
                                            "Example:\n  waitlistctl quarantine retry --code unknown_pathway\n",
                                     .children = children};

    return run_act(ctl, &argp, false, argc, argv);
}

static int run_discard(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {ACT_OPTIONS, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_act_argument,
                                     .args_doc = "ID... --reason=TEXT\n--code=CODE --reason=TEXT",
                                     .doc = "Say that events need nobody any more. They are kept, with the reason, and can still be "
                                            "retried by their id.\v"
                                            "Example:\n  waitlistctl quarantine discard 17 18 --reason 'sent again put right'\n",
                                     .children = children};

    return run_act(ctl, &argp, true, argc, argv);
}

/* ---- Which of them */

static error_t take_verb(int key, char *argument, struct argp_state *state) {
    struct act *act = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = act->ctl;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "what is '%s'? There are: list, show, retry, discard", argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "list, show, retry or discard?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_quarantine(struct ctl_context *ctl, int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(struct ctl_context *ctl, int argc, char **argv);
    } verbs[] = {{"list", run_list}, {"show", run_show}, {"retry", run_retry}, {"discard", run_discard}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .parser = take_verb,
        .args_doc = "list [OPTION...]\nshow ID\nretry ID...|--code=CODE\ndiscard ID...|--code=CODE --reason=TEXT",
        .doc = "Work through what could not be accepted. 'waitlistctl quarantine retry --help' tells about one of the four.\v"
               "Example:\n  waitlistctl quarantine list --code unknown_pathway\n",
        .children = children};
    struct act act = {.ctl = ctl};

    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(ctl, argc - 1, argv + 1);
        }
    }
    ctl_parse(&argp, "quarantine", argc, argv, &act);
    return CTL_USAGE;
}
