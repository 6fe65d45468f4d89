/* waitlistctl summary: the position of every group. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>

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
            answers_summary(reply, group_by, ctl->format, stdout);
        }
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
