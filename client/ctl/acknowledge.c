/* waitlistctl ack: says that somebody deals with an open alert. */
#include "client/ctl/query_options.h"
#include "client/tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_NOTE = 0x900, OPTION_EXPECTED_BY, OPTION_BY };

struct ack_choice {
    struct query_options query; /* first: query_take_date gets this */
    const char *alert;
    const char *by;
};

static void set_text(struct ack_choice *choice, const char *member, const char *text, struct argp_state *state) {
    json_t *value = json_string(text);

    if (value == NULL) {
        argp_error(state, "--%s is UTF-8", member);
    }
    json_object_set_new(choice->query.request, member, value);
}

/* The alert's name, or the seq of the row that raised it. */
static void set_alert(struct ack_choice *choice, const char *argument, struct argp_state *state) {
    char name[32];
    size_t digits = strspn(argument + (argument[0] == 'a'), "0123456789");

    if (choice->alert != NULL || digits == 0 || digits > 20 || argument[digits + (argument[0] == 'a')] != '\0') {
        argp_error(state, "one alert by its name, as a104, or by the SEQ of the row that raised it");
    }
    choice->alert = argument;
    snprintf(name, sizeof name, "%s%.24s", argument[0] == 'a' ? "" : "a", argument);
    set_text(choice, "alert_id", name, state);
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct ack_choice *choice = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = choice->query.ctl;
        return 0;
    case OPTION_NOTE:
        set_text(choice, "note", argument, state);
        return 0;
    case OPTION_BY:
        choice->by = argument;
        set_text(choice, "by", argument, state);
        return 0;
    case OPTION_EXPECTED_BY:
        query_take_date(&choice->query, "expected_by", argument, state);
        return 0;
    case ARGP_KEY_ARG:
        set_alert(choice, argument, state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which alert? 'waitlistctl alerts --state open' lists them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_transition(const json_t *row, bool repeated) {
    const char *expected_by = json_string_value(json_object_get(row, "expected_by"));
    char line[1024];

    snprintf(line, sizeof line, "alert %s, %s of %s, %s/%s: acknowledged by %s%s%s%s", ctl_text(row, "alert_id"), ctl_text(row, "rule"),
             ctl_text(row, "subject"), ctl_text(row, "pathway"), ctl_text(row, "team"), ctl_text(row, "by"),
             expected_by != NULL ? ", expected by " : "", expected_by != NULL ? expected_by : "", repeated ? " (already)" : "");
    (void)table_put_safely(line, stdout);
    putchar('\n');
}

static int print_reply(const struct ctl_context *ctl, const json_t *reply) {
    const json_t *row = json_object_get(reply, "transition");

    if (ctl->format == FORMAT_JSON) {
        char *text = json_dumps(reply, JSON_COMPACT);
        puts(text != NULL ? text : "{}");
        free(text);
    } else if (ctl->format == FORMAT_CSV) {
        static const struct column columns[] = {{"seq", "", COLUMN_NUMBER}, {"alert_id", "", COLUMN_TEXT},   {"at", "", COLUMN_TEXT},
                                                {"rule", "", COLUMN_TEXT},  {"subject", "", COLUMN_TEXT},    {"by", "", COLUMN_TEXT},
                                                {"note", "", COLUMN_TEXT},  {"expected_by", "", COLUMN_TEXT}};
        size_t count = sizeof columns / sizeof columns[0];
        struct table *table = table_create(columns, count);

        for (size_t i = 0; i < count; i++) {
            table_json(table, json_object_get(row, columns[i].name));
        }
        table_print(table, ctl->format, stdout);
        table_destroy(&table);
    } else {
        print_transition(row, json_is_true(json_object_get(reply, "repeated")));
    }
    return CTL_DONE;
}

int command_ack(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"note", OPTION_NOTE, "TEXT", 0, "what is being done, up to 500 bytes: kept for ever, so nothing personal", 0},
        {"expected-by", OPTION_EXPECTED_BY, "YYYY-MM-DD", 0, "the day by which it should be resolved; after it the severity rises", 0},
        {"by", OPTION_BY, "NAME", 0, "who, unless the name of the login", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "ALERT",
        .doc = "Say that somebody deals with an open alert, and until when. It stays open until its condition holds no longer; when it is "
               "still open after the day that was expected, it is raised to the next severity, once.\v"
               "Example:\n  waitlistctl ack a104 --note 'visit booked' --expected-by 2025-05-16\n",
        .children = children};
    struct ack_choice choice = {.alert = NULL};
    json_t *reply;

    query_begin(&choice.query, ctl, WAITLIST_OP_ALERT_ACK);
    ctl_parse(&argp, "ack", argc, argv, &choice);
    const char *by = choice.by != NULL ? choice.by : ctl_login_name();

    if (by == NULL || json_object_set_new(choice.query.request, "by", json_string(by)) != 0) {
        ctl_complain("who are you? --by says it");
        json_decref(choice.query.request);
        return CTL_USAGE;
    }
    int code = ctl_ask_quietly(ctl, choice.query.request, &reply);

    if (code == CTL_DONE) {
        code = print_reply(ctl, reply);
        json_decref(reply);
    }
    return code;
}
