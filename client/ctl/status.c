/* waitlistctl status: how the daemon is. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <inttypes.h>
#include <stdio.h>

static void print_time(int64_t seconds) {
    if (seconds >= 86400) {
        printf("%" PRId64 " d ", seconds / 86400);
    }
    if (seconds >= 3600) {
        printf("%" PRId64 " h ", seconds / 3600 % 24);
    }
    printf("%" PRId64 " min\n", seconds / 60 % 60);
}

static void print_reasons(const json_t *reasons) {
    size_t i;
    const json_t *reason;

    json_array_foreach(reasons, i, reason) {
        fputs("  because        ", stdout);
        if (json_is_string(reason)) {
            (void)table_put_safely(json_string_value(reason), stdout);
        } else {
            (void)table_put_safely(ctl_text(reason, "message"), stdout);
        }
        putchar('\n');
    }
}

static void print_figures(const json_t *reply) {
    printf("status           %s\n", ctl_text(reply, "status"));
    print_reasons(json_object_get(reply, "reasons"));
    printf("today            %s (now %s)\n", ctl_text(reply, "today"), ctl_text(reply, "now"));
    printf("version          %s\n", ctl_text(reply, "version"));
    printf("running for      ");
    print_time(ctl_int(reply, "uptime_s"));
    printf("journal          %s, %" PRId64 " events accepted, %" PRId64 " alert transitions\n", ctl_text(reply, "epoch"),
           ctl_int(reply, "journal_seq"), ctl_int(reply, "alert_seq"));
    if (json_is_string(json_object_get(reply, "chain"))) {
        printf("chain            %s\n", ctl_text(reply, "chain"));
    }
    printf("in quarantine    %" PRId64 " events wait for somebody\n", ctl_int(reply, "quarantine"));
    printf("loop lag         %.1f ms\n\n", json_number_value(json_object_get(reply, "loop_lag_ms")));
}

static void print_followers(const json_t *followers) {
    static const struct column columns[] = {{"name", "FOLLOWER", COLUMN_TEXT},
                                            {"alert_seq", "AT ALERT", COLUMN_NUMBER},
                                            {"lag", "BEHIND", COLUMN_NUMBER},
                                            {"age_s", "SECONDS AGO", COLUMN_NUMBER}};
    struct table *table = table_create(columns, 4);
    size_t i;
    const json_t *follower;

    json_array_foreach(followers, i, follower) {
        for (size_t c = 0; c < 4; c++) {
            table_json(table, json_object_get(follower, columns[c].name));
        }
    }
    if (table_rows(table) > 0) {
        putchar('\n');
        table_print(table, FORMAT_TABLE, stdout);
    }
    table_destroy(&table);
}

static struct table *sources_table(const json_t *reply) {
    static const struct column columns[] = {{"source", "SOURCE", COLUMN_TEXT},
                                            {"last_event", "LAST EVENT", COLUMN_TEXT},
                                            {"last_received", "LAST RECEIVED", COLUMN_TEXT},
                                            {"events", "EVENTS", COLUMN_NUMBER},
                                            {"silent_since", "SILENT SINCE", COLUMN_TEXT}};
    struct table *table = table_create(columns, 5);
    size_t i;
    const json_t *source;

    json_array_foreach(json_object_get(reply, "sources"), i, source) {
        for (size_t c = 0; c < 4; c++) {
            table_json(table, json_object_get(source, columns[c].name));
        }
        const json_t *since = json_object_get(source, "silent_since");
        bool was_never_heard = json_is_true(json_object_get(source, "silent")) && !json_is_string(since);

        table_text(table, was_never_heard ? "never heard" : json_string_value(since));
    }
    return table;
}

int command_status(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.parser = query_take_option,
                                     .doc = "How the daemon is: its clock, its journal, its sources, what it complains of.\v"
                                            "Example:\n  waitlistctl status --format json\n",
                                     .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_HEALTH);
    ctl_parse(&argp, "status", argc, argv, &query);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    if (ctl->format == FORMAT_CSV) {
        answers_health(reply, FORMAT_CSV, stdout);
    } else {
        struct table *table = sources_table(reply);

        print_figures(reply);
        if (table_rows(table) > 0) {
            table_print(table, FORMAT_TABLE, stdout);
        } else {
            puts("no source has sent anything yet");
        }
        table_destroy(&table);
        print_followers(json_object_get(reply, "followers"));
    }
    json_decref(reply);
    return code;
}
