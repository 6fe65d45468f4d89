/* waitlistctl flow: who began to wait, stopped, came back or changed team between two days. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>
#include <stdlib.h>

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
            answers_flow(reply, group_by, ctl->format, stdout);
        }
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
