/* waitlistctl exceptions: what contradicts, oldest first, with the events involved. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>
#include <string.h>

/* Wider than any terminal as one line; so each has its wait in one, and each event in one of its own. */
static void print_event(const char *label, const json_t *event, const char *of_wait) {
    printf("    %s%s of %.10s", label, ctl_text(event, "type"), ctl_text(event, "time"));
    if (of_wait[0] != '\0') {
        fputs(", wait ", stdout);
        (void)table_put_safely(of_wait, stdout);
    }
    fputs(" (", stdout);
    (void)table_put_safely(ctl_text(event, "source"), stdout);
    putchar(' ');
    (void)table_put_safely(ctl_text(event, "id"), stdout);
    puts(")");
}

static void print_list(const json_t *reply) {
    static const char *const members[] = {"pathway", "team", "value"};
    size_t i, e;
    const json_t *row, *involved;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        printf("%s, %lld days old: ", ctl_text(row, "code"), (long long)ctl_int(row, "age_days"));
        (void)table_put_safely(ctl_text(row, "subject"), stdout);
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            if (json_is_string(json_object_get(row, members[m]))) {
                fputs(m < 2 ? ", " : ", value ", stdout);
                (void)table_put_safely(ctl_text(row, members[m]), stdout);
            }
        }
        putchar('\n');
        print_event("", json_object_get(row, "event"), "");
        json_array_foreach(json_object_get(row, "involved"), e, involved) {
            const char *other = ctl_text(involved, "subject");

            print_event("against ", involved, strcmp(other, ctl_text(row, "subject")) == 0 ? "" : other);
        }
    }
}

static void print_counts(const json_t *reply) {
    static const struct column columns[] = {{"code", "CODE", COLUMN_TEXT}, {"count", "COUNT", COLUMN_NUMBER}};
    const char *code;
    json_t *count;
    struct table *table = table_create(columns, 2);

    json_object_foreach(json_object_get(json_object_get(reply, "counts"), "code"), code, count) {
        if (json_integer_value(count) > 0) {
            table_text(table, code);
            table_json(table, count);
        }
    }
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
    putchar('\n');
}

static void print_ages(const json_t *reply) {
    size_t i;
    const json_t *age;

    fputs("\nby age", stdout);
    json_array_foreach(json_object_get(json_object_get(reply, "counts"), "age"), i, age) {
        printf("%s %lld", i == 0 ? ":" : ",", (long long)ctl_int(age, "count"));
        if (json_is_null(json_object_get(age, "to_days"))) {
            printf(" of more than %lld days\n", (long long)ctl_int(age, "from_days") - 1);
        } else {
            printf(" of %lld to %lld", (long long)ctl_int(age, "from_days"), (long long)ctl_int(age, "to_days"));
        }
    }
}

int command_exceptions(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_EXCEPTIONS_FILTER, QUERY_OPTION_LIMIT, QUERY_OPTION_CURSOR, QUERY_OPTION_AS_AT, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = query_take_option,
                                     .doc = "What was recorded and contradicts something else, the oldest first, with what it contradicts. "
                                            "--filter kind=warning shows what only looks wrong, kind=all both.\v"
                                            "Example:\n  waitlistctl exceptions --filter team=north --filter code=no_referral,after_end\n",
                                     .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_EXCEPTIONS);
    ctl_parse(&argp, "exceptions", argc, argv, &query);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    const json_t *rows = json_object_get(reply, "rows");
    const char *next = json_string_value(json_object_get(reply, "next"));
    bool is_empty = json_array_size(rows) == 0;

    if (ctl->format == FORMAT_TABLE) {
        printf("Exceptions at the end of %s, known at seq %lld, rule version %lld\n\n", ctl_text(reply, "as_at"),
               (long long)ctl_int(reply, "known_at"), (long long)ctl_int(reply, "rule_version"));
    }
    if (ctl->format == FORMAT_TABLE && is_empty) {
        query_print_empty(&query, "nothing contradicts");
    } else if (ctl->format == FORMAT_TABLE) {
        print_counts(reply);
        print_list(reply);
    } else {
        answers_exceptions(reply, ctl->format, stdout);
    }
    if (ctl->format == FORMAT_TABLE && !is_empty) {
        print_ages(reply);
        printf("%zu of %lld shown", json_array_size(rows), (long long)ctl_int(reply, "count"));
        printf(next != NULL ? "; the next page: --cursor %s\n" : "\n", next);
    } else if (next != NULL) {
        ctl_complain("there is more: --cursor %s", next); /* on stderr: CSV has no place for it */
    }
    json_decref(reply);
    return code;
}
