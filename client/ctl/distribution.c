/* waitlistctl distribution: how many wait by completed week waited. */
#include "client/ctl/query_options.h"
#include "client/ctl/table.h"

#include <stdio.h>

/* How long the row is, as people say it: "28 to 34", or "3633 and more". */
static void days_of(const json_t *row, char *text, size_t size) {
    if (json_is_null(json_object_get(row, "to_days"))) {
        snprintf(text, size, "%lld and more", (long long)ctl_int(row, "from_days"));
    } else {
        snprintf(text, size, "%lld to %lld", (long long)ctl_int(row, "from_days"), (long long)ctl_int(row, "to_days"));
    }
}

static void print_rows(const struct ctl_context *ctl, const json_t *reply) {
    static const struct column in_table[] = {
        {"days", "DAYS WAITED", COLUMN_TEXT}, {"count", "WAITING", COLUMN_NUMBER}, {"over_standard", "OVER STANDARD", COLUMN_NUMBER}};
    static const struct column in_csv[] = {{"from_days", "", COLUMN_NUMBER},
                                           {"to_days", "", COLUMN_NUMBER},
                                           {"count", "", COLUMN_NUMBER},
                                           {"over_standard", "", COLUMN_NUMBER},
                                           {"rule_version", "", COLUMN_NUMBER}};
    const json_t *total = json_object_get(reply, "total");
    bool is_table = ctl->format == FORMAT_TABLE;
    struct table *table = is_table ? table_create(in_table, 3) : table_create(in_csv, 5);
    char days[48];
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        if (is_table) {
            days_of(row, days, sizeof days);
            table_text(table, days);
        } else {
            table_json(table, json_object_get(row, "from_days"));
            table_json(table, json_object_get(row, "to_days"));
        }
        table_json(table, json_object_get(row, "count"));
        table_json(table, json_object_get(row, "over_standard"));
        if (!is_table) {
            table_json(table, json_object_get(reply, "rule_version"));
        }
    }
    if (is_table) {
        table_totals(table);
        table_text(table, "total");
        table_json(table, json_object_get(total, "count"));
        table_json(table, json_object_get(total, "over_standard"));
    }
    table_print(table, ctl->format, stdout);
    table_destroy(&table);
}

static void print_heading(const json_t *reply) {
    size_t i;
    const json_t *standard;

    printf("Days waited at the end of %s, known at seq %lld, rule version %lld\n", ctl_text(reply, "as_at"),
           (long long)ctl_int(reply, "known_at"), (long long)ctl_int(reply, "rule_version"));
    json_array_foreach(json_object_get(reply, "standards"), i, standard) {
        bool in_working_days = json_string_length(json_object_get(standard, "unit")) == sizeof "working_days" - 1;

        printf("%s%lld %sdays for %lld", i == 0 ? "Standard: " : "; ", (long long)ctl_int(standard, "days"),
               in_working_days ? "working " : "", (long long)ctl_int(standard, "count"));
    }
    fputs(i > 0 ? "\n\n" : "\n", stdout);
}

int command_distribution(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {QUERY_OPTION_FILTER, QUERY_OPTION_AS_AT, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "How many wait by completed week waited, and how many of them longer than their standard: what a histogram is made of. "
               "Weeks in which nobody is are shown too, up to the longest wait.\v"
               "Example:\n  waitlistctl distribution --filter pathway=ot_assessment --filter team=north\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_DISTRIBUTION);
    ctl_parse(&argp, "distribution", argc, argv, &query);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply != NULL) {
        if (ctl->format == FORMAT_TABLE) {
            print_heading(reply);
        }
        if (ctl->format == FORMAT_TABLE && json_array_size(json_object_get(reply, "rows")) == 0) {
            query_print_empty(&query, "nobody is waiting");
        } else {
            print_rows(ctl, reply);
        }
        json_decref(reply);
    }
    return code;
}
