/* waitlistctl distribution: how many wait by completed week waited. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>

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
            answers_distribution(reply, ctl->format, stdout);
        }
        json_decref(reply);
    }
    return code;
}
