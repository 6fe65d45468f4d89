/* waitlistctl restatement: what was reported, what is known now, and what came since that explains the difference. */
#include "client/ctl/layout.h"
#include "client/ctl/query_options.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVENTS_SHOWN_MAX = 5 };

static const char *const sides[] = {"reported", "known", "difference"};
static const struct {
    const char *name;
    const char *title; /* NULL: in CSV only */
} measures[] = {{"waiting", "WAITING REP."},
                {"breach", "BREACH REP."},
                {"median", "MEDIAN REP."},
                {"due", NULL},
                {"unallocated", NULL},
                {"allocated", NULL},
                {"in_progress", NULL},
                {"paused", NULL},
                {"no_contact", NULL},
                {"scheduled", NULL},
                {"longest", NULL},
                {"mean", NULL},
                {"p90", NULL}};
#define SIDE_COUNT (sizeof sides / sizeof sides[0])
#define MEASURE_COUNT (sizeof measures / sizeof measures[0])

/* Three columns of each measure: as reported, as known, and the difference. Bands are left to JSON. */
struct compared_columns {
    struct layout layout;
    char names[MEASURE_COUNT][SIDE_COUNT][40];
};

static void lay_out(struct compared_columns *columns, const json_t *group_by) {
    static const char *const titles[] = {NULL, "KNOWN", "DIFF."};

    layout_columns(&columns->layout, &(struct column){"day", "DAY", COLUMN_TEXT}, 1);
    layout_keys(&columns->layout, group_by);
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        enum column_look look = measures[i].title == NULL ? COLUMN_CSV_ONLY : COLUMN_NUMBER;

        for (size_t side = 0; side < SIDE_COUNT; side++) {
            snprintf(columns->names[i][side], sizeof columns->names[i][side], "%s_%s", measures[i].name, sides[side]);
            layout_columns(&columns->layout, &(struct column){columns->names[i][side], side == 0 ? measures[i].title : titles[side], look},
                           1);
        }
    }
}

static void add_row(const struct layout *layout, struct table *table, const json_t *row) {
    table_json(table, json_object_get(row, "day"));
    layout_add_keys(layout, table, json_object_get(row, "keys"));
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        for (size_t side = 0; side < SIDE_COUNT; side++) {
            table_json(table, json_object_get(json_object_get(row, sides[side]), measures[i].name));
        }
    }
}

static void print_rows(const struct ctl_context *ctl, const json_t *rows, const json_t *group_by) {
    struct compared_columns columns = {0};
    size_t i;
    const json_t *row;

    lay_out(&columns, group_by);
    struct table *table = table_create(columns.layout.columns, columns.layout.count);

    json_array_foreach(rows, i, row) {
        add_row(&columns.layout, table, row);
    }
    table_print(table, ctl->format, stdout);
    table_destroy(&table);
}

/* One side of a change in a few words. */
static void print_side(const char *label, const json_t *wait) {
    const char *status = ctl_text(wait, "status");

    printf("    %-9s", label);
    if (json_is_null(wait)) {
        puts("not there");
        return;
    }
    printf("%s, %s, %s", status, ctl_text(wait, "pathway"), ctl_text(wait, "team"));
    if (!json_is_null(json_object_get(wait, "days"))) {
        printf(", %lld of %lld days", (long long)ctl_int(wait, "days"), (long long)ctl_int(wait, "standard"));
    }
    printf(", %s%s%s\n", ctl_text(wait, "stage"), json_is_true(json_object_get(wait, "breach")) ? ", in breach" : "",
           json_is_true(json_object_get(wait, "is_paused")) ? ", paused" : "");
}

static void print_change(const json_t *change) {
    size_t i;
    const json_t *event, *events = json_object_get(change, "events");
    int64_t total = ctl_int(change, "events_total");

    printf("  %s  %s\n", ctl_text(change, "day"), ctl_text(change, "subject"));
    print_side("reported", json_object_get(change, "reported"));
    print_side("known", json_object_get(change, "known"));
    json_array_foreach(events, i, event) {
        if (i < EVENTS_SHOWN_MAX) {
            printf("    seq %lld, received %.10s: %s of %.10s (%s %s)\n", (long long)ctl_int(event, "seq"), ctl_text(event, "received"),
                   ctl_text(event, "type"), ctl_text(event, "time"), ctl_text(event, "source"), ctl_text(event, "id"));
        }
    }
    if (total > EVENTS_SHOWN_MAX) {
        printf("    and %lld more\n", (long long)(total - EVENTS_SHOWN_MAX));
    }
}

static void print_days(const json_t *totals) {
    size_t i;
    const json_t *total;

    json_array_foreach(totals, i, total) {
        if (json_is_true(json_object_get(total, "reconstructed"))) {
            printf("%s was reported later, at seq %lld: the daemon did not run at its midnight\n", ctl_text(total, "day"),
                   (long long)ctl_int(total, "reported_seq"));
        }
        if (json_is_false(json_object_get(total, "explained"))) {
            printf("%s: events alone do not explain the difference; policy or rules are others than then (rule version %lld)\n",
                   ctl_text(total, "day"), (long long)ctl_int(total, "reported_rule_version"));
        }
    }
}

static void print_changes(const json_t *reply) {
    size_t i;
    const json_t *change, *changes = json_object_get(reply, "changes");
    int64_t total = ctl_int(reply, "changes_total");

    printf("\n%lld waits count otherwise%s\n", (long long)total, json_array_size(changes) == 0 ? "" : ", because of what came since:");
    json_array_foreach(changes, i, change) {
        print_change(change);
    }
    if (total > (int64_t)json_array_size(changes)) {
        printf("%lld not shown: a larger --limit, --filter, or a single day shows them\n",
               (long long)(total - (int64_t)json_array_size(changes)));
    }
}

static void print_reply(const struct ctl_context *ctl, const json_t *reply, const json_t *group_by) {
    const json_t *rows = json_object_get(reply, json_array_size(group_by) == 0 ? "totals" : "rows");

    if (ctl->format == FORMAT_TABLE) {
        printf("Positions as reported, and as known at seq %lld, rule version %lld\n", (long long)ctl_int(reply, "known_at"),
               (long long)ctl_int(reply, "rule_version"));
        print_days(json_object_get(reply, "totals"));
        putchar('\n');
    }
    print_rows(ctl, rows, group_by);
    if (ctl->format == FORMAT_TABLE) {
        print_changes(reply);
    }
}

static error_t take_day(int key, char *argument, struct argp_state *state) {
    struct query_options *query = state->input;

    if (key == ARGP_KEY_ARG && state->arg_num == 0) {
        json_object_set_new(query->request, "day", json_string(argument));
        return 0;
    }
    return query_take_option(key, argument, state);
}

int command_restatement(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_FROM, QUERY_OPTION_TO, QUERY_OPTION_GROUP_BY, QUERY_OPTION_FILTER, QUERY_OPTION_KNOWN_AT, QUERY_OPTION_LIMIT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_day,
        .args_doc = "[YYYY-MM-DD]",
        .doc = "What was reported for a day, or for each day from --from to --to, what is known of it now, the difference, and the waits "
               "and events that explain it. Reported are the total and the groups pathway; team; pathway,team; pathway,district; "
               "pathway,client_group.\v"
               "Example:\n  waitlistctl restatement 2025-07-31 --group-by pathway\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_RESTATEMENT);
    ctl_parse(&argp, "restatement", argc, argv, &query);
    if (json_object_get(query.request, "day") == NULL) {
        query_require(&query, "from", "restatement wants a day, as 2025-07-31, or --from and --to");
        query_require(&query, "to", "restatement wants a day, as 2025-07-31, or --from and --to");
    }
    json_t *group_by = json_incref(json_object_get(query.request, "group_by"));
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply != NULL) {
        print_reply(ctl, reply, group_by);
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
