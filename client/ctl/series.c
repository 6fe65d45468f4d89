/* waitlistctl series: the position at the end of every day, week, month or quarter. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>

static void print_heading(const json_t *reply) {
    printf("Positions from %s to %s, by %s, ", ctl_text(reply, "from"), ctl_text(reply, "to"), ctl_text(reply, "step"));
    if (json_is_null(json_object_get(reply, "known_at"))) {
        fputs("each as reported when it ended", stdout);
    } else {
        printf("known at seq %lld", (long long)ctl_int(reply, "known_at"));
    }
    printf(", rule version %lld\n\n", (long long)ctl_int(reply, "rule_version"));
}

static void print_reply(const struct query_options *query, const json_t *reply, const json_t *group_by) {
    const struct ctl_context *ctl = query->ctl;
    const json_t *rows = json_object_get(reply, json_array_size(group_by) == 0 ? "totals" : "rows");

    if (ctl->format == FORMAT_TABLE) {
        print_heading(reply);
    }
    if (ctl->format == FORMAT_TABLE && json_array_size(rows) == 0) {
        query_print_empty(query, json_is_null(json_object_get(reply, "known_at"))
                                     ? "nothing was reported of these days, or nobody was waiting"
                                     : "nobody was waiting");
    } else {
        answers_series(reply, group_by, ctl->format, stdout);
    }
}

int command_series(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_FROM,   QUERY_OPTION_AHEAD_TO, QUERY_OPTION_SERIES_STEP, QUERY_OPTION_GROUP_BY,
        QUERY_OPTION_FILTER, QUERY_OPTION_KNOWN_AT, QUERY_OPTION_BASIS,       {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "How many waited at the end of every day between two, or of every week, month or quarter with --step: what a chart is made "
               "of. A last day after today shows what will be if nothing happens.\v"
               "Example:\n  waitlistctl series --from 2024-08-01 --to 2025-07-31 --step week --group-by pathway\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_SERIES);
    ctl_parse(&argp, "series", argc, argv, &query);
    query_require(&query, "from", "series wants --from and --to, as --from 2025-07-01 --to 2025-07-31");
    query_require(&query, "to", "series wants --from and --to, as --from 2025-07-01 --to 2025-07-31");
    json_t *group_by = json_incref(json_object_get(query.request, "group_by"));
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply != NULL) {
        print_reply(&query, reply, group_by);
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
