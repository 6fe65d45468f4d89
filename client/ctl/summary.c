/* waitlistctl summary: the position of every group. */
#include "client/ctl/layout.h"
#include "client/ctl/query_options.h"

#include <stdio.h>

static void print_rows(const struct ctl_context *ctl, const json_t *reply, const json_t *group_by) {
    const json_t *rows = json_object_get(reply, "rows");
    const json_t *total = json_object_get(reply, "total");
    const json_t *rule_version = json_object_get(reply, "rule_version");
    struct layout layout = {0};
    size_t i;
    const json_t *row;

    layout_keys(&layout, group_by);
    layout_position(&layout, total);
    struct table *table = table_create(layout.columns, layout.count);

    json_array_foreach(rows, i, row) {
        layout_add_keys(&layout, table, json_object_get(row, "keys"));
        layout_add_position(&layout, table, json_object_get(row, "position"), rule_version);
    }
    if (ctl->format == FORMAT_TABLE) {
        table_totals(table); /* a spreadsheet makes its own, and would count these twice */
        for (size_t k = 0; k < layout.key_count; k++) {
            table_text(table, k == 0 ? "total" : "");
        }
        layout_add_position(&layout, table, total, rule_version);
    }
    table_print(table, ctl->format, stdout);
    table_destroy(&table);
}

static void print_heading(const json_t *reply) {
    int64_t known_at = ctl_int(reply, "known_at"), seq = ctl_int(reply, "journal_seq");

    printf("Position at the end of %s, journal seq %lld", ctl_text(reply, "as_at"), (long long)seq);
    if (json_object_get(reply, "reported_at") != NULL) {
        printf(", as reported at %s from seq %lld%s", ctl_text(reply, "reported_at"), (long long)known_at,
               json_is_true(json_object_get(reply, "reconstructed")) ? " (reconstructed: the daemon was down)" : "");
    } else if (json_is_integer(json_object_get(reply, "known_at")) && known_at != seq) {
        printf(", as known at seq %lld", (long long)known_at);
    }
    printf(", rule version %lld\n\n", (long long)ctl_int(reply, "rule_version"));
}

int command_summary(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {QUERY_OPTION_GROUP_BY, QUERY_OPTION_FILTER, QUERY_OPTION_AS_AT,
                                                 QUERY_OPTION_KNOWN_AT, QUERY_OPTION_BASIS,  {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "How many wait: in breach, due within seven days, without a worker, without contact; the longest and the "
               "median wait in days. By pathway and team unless said.\v"
               "Example:\n  waitlistctl summary --group-by team --filter pathway=needs_assessment\n"
               "  waitlistctl summary --basis reported --as-at 2025-07-31\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_SUMMARY);
    json_object_set_new(query.request, "group_by", json_pack("[s, s]", "pathway", "team"));
    ctl_parse(&argp, "summary", argc, argv, &query);
    json_t *group_by = json_incref(json_object_get(query.request, "group_by"));
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply != NULL) {
        if (ctl->format == FORMAT_TABLE) {
            print_heading(reply);
        }
        if (ctl->format == FORMAT_TABLE && json_array_size(json_object_get(reply, "rows")) == 0) {
            query_print_empty(&query, "nobody is waiting");
        } else {
            print_rows(ctl, reply, group_by);
        }
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
