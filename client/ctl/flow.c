/* waitlistctl flow: who began to wait, stopped, came back or changed team between two days. */
#include "client/ctl/layout.h"
#include "client/ctl/query_options.h"

#include <stdio.h>
#include <stdlib.h>

static const struct column measures[] = {
    {"started", "STARTED", COLUMN_NUMBER},
    {"completed", "COMPL.", COLUMN_NUMBER},
    {"completed_within_standard", "IN TIME", COLUMN_NUMBER},
    {"closed", "CLOSED", COLUMN_NUMBER},
    {"closed_by_reason", "", COLUMN_CSV_ONLY},
    {"reopened", "REOP.", COLUMN_NUMBER},
    {"transferred_in", "TRANSF. IN", COLUMN_CSV_ONLY},
    {"transferred_out", "TRANSF. OUT", COLUMN_CSV_ONLY},
    {"contacts", "CONTACT", COLUMN_NUMBER},
    {"n", "", COLUMN_CSV_ONLY},
    {"median", "MEDIAN", COLUMN_NUMBER},
    {"mean", "MEAN", COLUMN_CSV_ONLY},
    {"p90", "P90", COLUMN_NUMBER},
    {"longest", "LONGEST", COLUMN_NUMBER},
};
#define MEASURE_COUNT (sizeof measures / sizeof measures[0])

/* {"died":2,"declined":1} as died=2;declined=1 */
static void add_reasons(struct table *table, const json_t *reasons) {
    char *joined = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&joined, &size);
    const char *reason, *between = "";
    json_t *count;

    if (stream == NULL) {
        abort();
    }
    json_object_foreach((json_t *)(uintptr_t)reasons, reason, count) {
        fprintf(stream, "%s%s=%lld", between, reason, (long long)json_integer_value(count));
        between = ";";
    }
    fclose(stream);
    table_text(table, joined);
    free(joined);
}

static void print_rows(const struct ctl_context *ctl, const json_t *reply, const json_t *group_by) {
    static const struct column period[] = {{"from", "FROM", COLUMN_TEXT}, {"to", "TO", COLUMN_CSV_ONLY}};
    static const struct column version = {"rule_version", "", COLUMN_CSV_ONLY};
    const json_t *rows = json_object_get(reply, "rows");
    struct layout layout = {0};
    size_t i;
    const json_t *row;

    layout_columns(&layout, period, 2);
    layout_keys(&layout, group_by);
    layout_columns(&layout, measures, MEASURE_COUNT);
    layout_columns(&layout, &version, 1);
    struct table *table = table_create(layout.columns, layout.count);

    json_array_foreach(rows, i, row) {
        const json_t *flow = json_object_get(row, "flow");

        table_json(table, json_object_get(row, "from"));
        table_json(table, json_object_get(row, "to"));
        layout_add_keys(&layout, table, json_object_get(row, "keys"));
        for (size_t m = 0; m < MEASURE_COUNT; m++) {
            const json_t *value = json_object_get(flow, measures[m].name);

            if (json_is_object(value)) {
                add_reasons(table, value);
            } else {
                table_json(table, value);
            }
        }
        table_json(table, json_object_get(reply, "rule_version"));
    }
    table_print(table, ctl->format, stdout);
    table_destroy(&table);
}

int command_flow(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_FROM, QUERY_OPTION_TO, QUERY_OPTION_STEP, QUERY_OPTION_GROUP_BY, QUERY_OPTION_FILTER, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "How many began to wait, were completed, closed, reopened or contacted between two days, and how long the "
               "completed had waited. In one row unless --step says otherwise.\v"
               "Example:\n  waitlistctl flow --from 2025-04-01 --to 2025-07-31 --step month --group-by pathway\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_FLOW);
    ctl_parse(&argp, "flow", argc, argv, &query);
    query_require(&query, "from", "flow wants --from and --to, as --from 2025-07-01 --to 2025-07-31");
    query_require(&query, "to", "flow wants --from and --to, as --from 2025-07-01 --to 2025-07-31");
    json_t *group_by = json_incref(json_object_get(query.request, "group_by"));
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply != NULL) {
        if (ctl->format == FORMAT_TABLE) {
            printf("Flow from %s to %s, by %s, known at seq %lld, rule version %lld\n\n", ctl_text(reply, "from"), ctl_text(reply, "to"),
                   ctl_text(reply, "step"), (long long)ctl_int(reply, "known_at"), (long long)ctl_int(reply, "rule_version"));
        }
        if (ctl->format == FORMAT_TABLE && json_array_size(json_object_get(reply, "rows")) == 0) {
            query_print_empty(&query, "nothing happened");
        } else {
            print_rows(ctl, reply, group_by);
        }
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
