/* waitlistctl data-quality: how good what was recorded is, section by section. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>
#include <string.h>

static const char *const lateness_members[] = {"n", "median", "p90", "over_14_days", "over_14_days_percent"};
#define LATENESS_COUNT (sizeof lateness_members / sizeof lateness_members[0])

static const json_t *member(const json_t *object, const char *first, const char *second) {
    return json_object_get(json_object_get(object, first), second);
}

/* ---- For people */

static void begin_section(const char *title) {
    printf("\n%s\n", title);
}

/* Codes and how often each occurs; those that do not occur are left out. */
static void print_codes(const char *title, const json_t *found) {
    static const struct column columns[] = {{"code", "CODE", COLUMN_TEXT}, {"count", "COUNT", COLUMN_NUMBER}};
    const char *code;
    json_t *count;
    struct table *table = table_create(columns, 2);

    printf("\n%s: %lld\n", title, (long long)ctl_int(found, "count"));
    json_object_foreach(json_object_get(found, "code"), code, count) {
        if (json_integer_value(count) > 0) {
            table_text(table, code);
            table_json(table, count);
        }
    }
    if (table_rows(table) > 0) {
        table_print(table, FORMAT_TABLE, stdout);
    }
    table_destroy(&table);
}

static void add_lateness(struct table *table, const json_t *lateness) {
    for (size_t i = 0; i < LATENESS_COUNT; i++) {
        table_json(table, json_object_get(lateness, lateness_members[i]));
    }
}

/* The day of an instant: its time would make the table too wide. */
static void add_day(struct table *table, const char *instant) {
    char day[11];

    snprintf(day, sizeof day, "%.10s", instant != NULL ? instant : "-");
    table_text(table, day);
}

static void print_sources(const json_t *reply) {
    static const struct column columns[] = {{"source", "SOURCE", COLUMN_TEXT},        {"events", "EVENTS", COLUMN_NUMBER},
                                            {"first_event", "FIRST", COLUMN_TEXT},    {"last_event", "LAST", COLUMN_TEXT},
                                            {"last_received", "", COLUMN_CSV_ONLY},   {"exceptions", "EXC.", COLUMN_NUMBER},
                                            {"warnings", "WARN.", COLUMN_NUMBER},     {"n", "", COLUMN_CSV_ONLY},
                                            {"median", "LATE", COLUMN_NUMBER},        {"p90", "P90", COLUMN_NUMBER},
                                            {"over_14_days", ">14 D", COLUMN_NUMBER}, {"over_14_days_percent", "%", COLUMN_NUMBER}};
    size_t i;
    const json_t *source;
    struct table *table = table_create(columns, sizeof columns / sizeof columns[0]);

    begin_section(
        "Sources: day of the first and last event; exceptions and warnings; days from event to arrival, LATE\nthe median, P90 the "
        "90th percentile; and how many events came after more than 14 days:");
    json_array_foreach(json_object_get(reply, "sources"), i, source) {
        table_json(table, json_object_get(source, "source"));
        table_json(table, json_object_get(source, "events"));
        for (size_t c = 2; c < 5; c++) {
            add_day(table, json_string_value(json_object_get(source, columns[c].name)));
        }
        table_json(table, member(source, "exceptions", "count"));
        table_json(table, member(source, "warnings", "count"));
        add_lateness(table, json_object_get(source, "lateness"));
    }
    table_totals(table);
    table_text(table, "all");
    for (size_t c = 1; c < 5; c++) {
        table_text(table, "");
    }
    table_json(table, member(reply, "exceptions", "count"));
    table_json(table, member(reply, "warnings", "count"));
    add_lateness(table, json_object_get(reply, "lateness"));
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
    if ((size_t)ctl_int(reply, "sources_total") > json_array_size(json_object_get(reply, "sources"))) {
        printf("%zu of %lld sources\n", json_array_size(json_object_get(reply, "sources")), (long long)ctl_int(reply, "sources_total"));
    }
}

/* The rows of a list, when there are any, under a title with its count. */
static void print_list(const char *title, const json_t *list, const struct column *columns, size_t count) {
    const json_t *rows = json_object_get(list, "rows");
    size_t i;
    const json_t *row;
    struct table *table = table_create(columns, count);

    printf("\n%s: %lld\n", title, (long long)ctl_int(list, "count"));
    json_array_foreach(rows, i, row) {
        for (size_t c = 0; c < count; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    if (table_rows(table) > 0) {
        table_print(table, FORMAT_TABLE, stdout);
    }
    table_destroy(&table);
}

static void add_filled(struct table *table, const char *pathway, const json_t *fields) {
    static const char *const figures[] = {"with", "of", "percent"};
    const char *name;
    json_t *filled;

    json_object_foreach((json_t *)(uintptr_t)fields, name, filled) {
        table_text(table, pathway);
        table_text(table, name);
        for (size_t f = 0; f < 3; f++) {
            table_json(table, json_object_get(filled, figures[f]));
        }
    }
}

static void print_completeness(const json_t *reply) {
    static const struct column columns[] = {{"pathway", "PATHWAY", COLUMN_TEXT},
                                            {"field", "FIELD", COLUMN_TEXT},
                                            {"with", "WITH", COLUMN_NUMBER},
                                            {"of", "OF", COLUMN_NUMBER},
                                            {"percent", "%", COLUMN_NUMBER}};
    size_t i;
    const json_t *row;
    struct table *table = table_create(columns, 5);

    begin_section("Completeness:");
    json_array_foreach(json_object_get(reply, "completeness"), i, row) {
        const char *pathway = json_string_value(json_object_get(row, "pathway"));

        add_filled(table, pathway != NULL ? pathway : "all", json_object_get(row, "fields"));
        add_filled(table, pathway != NULL ? pathway : "all", json_object_get(row, "dimensions"));
    }
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
}

static void print_report(const json_t *reply) {
    static const struct column values[] = {
        {"field", "FIELD", COLUMN_TEXT}, {"value", "VALUE", COLUMN_TEXT}, {"count", "EVENTS", COLUMN_NUMBER}};
    static const struct column doubles[] = {{"subject", "WAIT", COLUMN_TEXT},
                                            {"first_subject", "FIRST WAIT", COLUMN_TEXT},
                                            {"pathway", "PATHWAY", COLUMN_TEXT},
                                            {"person", "PERSON", COLUMN_TEXT}};
    const json_t *from = json_object_get(reply, "from"), *to = json_object_get(reply, "to");

    printf("Data quality at the end of %s, known at seq %lld, rule version %lld\n", ctl_text(reply, "as_at"),
           (long long)ctl_int(reply, "known_at"), (long long)ctl_int(reply, "rule_version"));
    if (json_is_string(from)) {
        printf("of what was received from %s\n", json_string_value(from));
    }
    if (json_is_string(to)) {
        printf("of what was received up to %s\n", json_string_value(to));
    }
    print_codes("Exceptions", json_object_get(reply, "exceptions"));
    print_codes("Warnings", json_object_get(reply, "warnings"));
    print_codes("In quarantine now", json_object_get(reply, "quarantine"));
    print_sources(reply);
    print_list("Unknown values", json_object_get(reply, "unknown_values"), values, 3);
    print_list("Waits of a person who waits already", json_object_get(reply, "same_person_twice"), doubles, 4);
    print_completeness(reply);
    printf("\nexcluded as duplicate %lld, as recorded_in_error %lld; without a referral %lld\n",
           (long long)json_integer_value(member(reply, "excluded", "duplicate")),
           (long long)json_integer_value(member(reply, "excluded", "recorded_in_error")), (long long)ctl_int(reply, "without_referral"));
}

int command_data_quality(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {QUERY_OPTION_FROM, QUERY_OPTION_TO, QUERY_OPTION_AS_AT, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "How good what was recorded is: exceptions and warnings by code and source, how late events come, unknown values, people "
               "who wait twice, how complete the optional fields are. --from and --to choose by the day of arrival.\v"
               "Example:\n  waitlistctl data-quality --from 2025-07-01 --to 2025-07-31\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_DATA_QUALITY);
    ctl_parse(&argp, "data-quality", argc, argv, &query);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    if (ctl->format == FORMAT_CSV) {
        answers_data_quality(reply, FORMAT_CSV, stdout);
    } else {
        print_report(reply);
    }
    json_decref(reply);
    return code;
}
