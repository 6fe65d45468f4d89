/* The answers that list: people, alerts, exceptions, what is in quarantine. */
#include "client/tables/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_columns(const struct column *columns, size_t count, const json_t *rows, enum table_format format, FILE *out) {
    struct table *table = table_create(columns, count);
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        for (size_t c = 0; c < count; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    table_print(table, format, out);
    table_destroy(&table);
}

static const struct column wait_columns[] = {{"subject", "WAIT", COLUMN_TEXT},
                                             {"pathway", "PATHWAY", COLUMN_TEXT},
                                             {"team", "TEAM", COLUMN_TEXT},
                                             {"district", "DISTRICT", COLUMN_CSV_ONLY},
                                             {"client_group", "CLIENT GROUP", COLUMN_CSV_ONLY},
                                             {"priority", "PRIO", COLUMN_NUMBER},
                                             {"impact", "IMPACT", COLUMN_CSV_ONLY},
                                             {"likelihood", "LIKELIHOOD", COLUMN_CSV_ONLY},
                                             {"dimensions", "DIMENSIONS", COLUMN_CSV_ONLY},
                                             {"person", "PERSON", COLUMN_CSV_ONLY},
                                             {"worker", "WORKER", COLUMN_CSV_ONLY},
                                             {"stage", "STAGE", COLUMN_TEXT},
                                             {"status", "STATUS", COLUMN_CSV_ONLY},
                                             {"start", "SINCE", COLUMN_TEXT},
                                             {"stop", "STOP", COLUMN_CSV_ONLY},
                                             {"reason", "REASON", COLUMN_CSV_ONLY},
                                             {"outcome", "OUTCOME", COLUMN_CSV_ONLY},
                                             {"days", "DAYS", COLUMN_NUMBER},
                                             {"gross_days", "GROSS", COLUMN_CSV_ONLY},
                                             {"paused_days", "PAUSED DAYS", COLUMN_CSV_ONLY},
                                             {"is_paused", "PAUSED", COLUMN_CSV_ONLY},
                                             {"standard", "OF", COLUMN_NUMBER},
                                             {"days_to_breach", "TO BREACH", COLUMN_NUMBER},
                                             {"breach", "BREACH", COLUMN_TEXT},
                                             {"due", "DUE", COLUMN_TEXT},
                                             {"breach_on", "BREACH ON", COLUMN_CSV_ONLY},
                                             {"last_contact", "LAST CONTACT", COLUMN_CSV_ONLY},
                                             {"no_contact", "NO CONTACT", COLUMN_CSV_ONLY},
                                             {"exceptions", "EXCEPTIONS", COLUMN_CSV_ONLY},
                                             {"last_event_at", "LAST EVENT", COLUMN_CSV_ONLY},
                                             {"rule_version", "", COLUMN_CSV_ONLY}};
#define WAIT_COLUMN_COUNT (sizeof wait_columns / sizeof wait_columns[0])

/* Each row with the version of the rules by which its figures were counted, which the reply says once. */
void answers_waits(const json_t *rows, const json_t *reply, enum table_format format, FILE *out) {
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        json_object_set(row, "rule_version", json_object_get(reply, "rule_version"));
    }
    print_columns(wait_columns, WAIT_COLUMN_COUNT, rows, format, out);
}

static const struct column alert_columns[] = {{"seq", "SEQ", COLUMN_NUMBER},
                                              {"at", "AT", COLUMN_TEXT},
                                              {"transition", "WHAT", COLUMN_TEXT},
                                              {"rule", "RULE", COLUMN_TEXT},
                                              {"level", "LEVEL", COLUMN_NUMBER},
                                              {"severity", "SEVERITY", COLUMN_CSV_ONLY},
                                              {"subject", "WAIT", COLUMN_TEXT},
                                              {"pathway", "PATHWAY", COLUMN_TEXT},
                                              {"team", "TEAM", COLUMN_TEXT},
                                              {"from_team", "FROM", COLUMN_CSV_ONLY},
                                              {"days", "DAYS", COLUMN_NUMBER},
                                              {"standard", "OF", COLUMN_NUMBER},
                                              {"value", "VALUE", COLUMN_CSV_ONLY},
                                              {"limit", "LIMIT", COLUMN_CSV_ONLY},
                                              {"occurred_on", "OCCURRED", COLUMN_TEXT},
                                              {"reason", "REASON", COLUMN_TEXT},
                                              {"alert_id", "ALERT", COLUMN_CSV_ONLY},
                                              {"by", "BY", COLUMN_CSV_ONLY},
                                              {"note", "NOTE", COLUMN_CSV_ONLY},
                                              {"expected_by", "EXPECTED", COLUMN_CSV_ONLY},
                                              {"acknowledged_at", "ACKNOWLEDGED", COLUMN_CSV_ONLY},
                                              {"overdue", "OVERDUE", COLUMN_CSV_ONLY},
                                              {"late", "LATE", COLUMN_CSV_ONLY}};
#define ALERT_COLUMN_COUNT (sizeof alert_columns / sizeof alert_columns[0])

/* What the newest thing about an open alert is, which the daemon shows as it was raised. */
static const char *state_of(const json_t *row) {
    if (json_is_true(json_object_get(row, "overdue"))) {
        return "overdue";
    }
    return json_is_string(json_object_get(row, "acknowledged_at")) ? "acknowledged" : NULL;
}

static void add_alert(struct table *table, enum table_format format, const json_t *row) {
    const char *state = format == FORMAT_TABLE ? state_of(row) : NULL;

    for (size_t c = 0; c < ALERT_COLUMN_COUNT; c++) {
        if (state != NULL && strcmp(alert_columns[c].name, "transition") == 0) {
            table_text(table, state);
        } else {
            table_json(table, json_object_get(row, alert_columns[c].name));
        }
    }
}

void answers_alerts(const json_t *reply, enum table_format format, FILE *out) {
    struct table *table = table_create(alert_columns, ALERT_COLUMN_COUNT);
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        add_alert(table, format, row);
    }
    table_print(table, format, out);
    table_destroy(&table);
}

/* Where in a row a column's value is found. */
enum place { OF_ROW, OF_EVENT, OF_INVOLVED, OF_REPLY };

struct exception_column {
    struct column column;
    enum place place;
    const char *member;
};

static const struct exception_column exception_columns[] = {
    {{"subject", "WAIT", COLUMN_TEXT}, OF_ROW, "subject"},
    {{"pathway", "PATHWAY", COLUMN_TEXT}, OF_ROW, "pathway"},
    {{"team", "TEAM", COLUMN_TEXT}, OF_ROW, "team"},
    {{"kind", "KIND", COLUMN_CSV_ONLY}, OF_ROW, "kind"},
    {{"code", "CODE", COLUMN_TEXT}, OF_ROW, "code"},
    {{"field", "FIELD", COLUMN_CSV_ONLY}, OF_ROW, "field"},
    {{"value", "VALUE", COLUMN_TEXT}, OF_ROW, "value"},
    {{"age_days", "AGE", COLUMN_NUMBER}, OF_ROW, "age_days"},
    {{"excluded", "EXCLUDED", COLUMN_CSV_ONLY}, OF_ROW, "excluded"},
    {{"seq", "SEQ", COLUMN_CSV_ONLY}, OF_EVENT, "seq"},
    {{"type", "EVENT", COLUMN_TEXT}, OF_EVENT, "type"},
    {{"time", "TIME", COLUMN_TEXT}, OF_EVENT, "time"},
    {{"received", "RECEIVED", COLUMN_CSV_ONLY}, OF_EVENT, "received"},
    {{"source", "SOURCE", COLUMN_TEXT}, OF_EVENT, "source"},
    {{"id", "ID", COLUMN_TEXT}, OF_EVENT, "id"},
    {{"involved_subject", "", COLUMN_CSV_ONLY}, OF_INVOLVED, "subject"},
    {{"involved_seq", "", COLUMN_CSV_ONLY}, OF_INVOLVED, "seq"},
    {{"involved_type", "AGAINST", COLUMN_TEXT}, OF_INVOLVED, "type"},
    {{"involved_time", "OF", COLUMN_TEXT}, OF_INVOLVED, "time"},
    {{"involved_received", "", COLUMN_CSV_ONLY}, OF_INVOLVED, "received"},
    {{"involved_source", "", COLUMN_CSV_ONLY}, OF_INVOLVED, "source"},
    {{"involved_id", "ITS ID", COLUMN_TEXT}, OF_INVOLVED, "id"},
    {{"rule_version", "", COLUMN_CSV_ONLY}, OF_REPLY, "rule_version"},
};
#define EXCEPTION_COLUMN_COUNT (sizeof exception_columns / sizeof exception_columns[0])

void answers_exceptions(const json_t *reply, enum table_format format, FILE *out) {
    struct column columns[EXCEPTION_COLUMN_COUNT];
    size_t i;
    const json_t *row;

    for (size_t c = 0; c < EXCEPTION_COLUMN_COUNT; c++) {
        columns[c] = exception_columns[c].column;
    }
    struct table *table = table_create(columns, EXCEPTION_COLUMN_COUNT);

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        const json_t *event = json_object_get(row, "event");
        const json_t *involved = json_array_get(json_object_get(row, "involved"), 0);
        const json_t *const places[] = {row, event, involved, reply};

        for (size_t c = 0; c < EXCEPTION_COLUMN_COUNT; c++) {
            table_json(table, json_object_get(places[exception_columns[c].place], exception_columns[c].member));
        }
    }
    table_print(table, format, out);
    table_destroy(&table);
}

static const struct column quarantine_columns[] = {{"id", "ID", COLUMN_NUMBER},
                                                   {"state", "STATE", COLUMN_TEXT},
                                                   {"code", "CODE", COLUMN_TEXT},
                                                   {"subject", "WAIT", COLUMN_TEXT},
                                                   {"times", "TIMES", COLUMN_NUMBER},
                                                   {"pointer", "WHERE", COLUMN_TEXT},
                                                   {"message", "WHY", COLUMN_TEXT},
                                                   {"type", "TYPE", COLUMN_CSV_ONLY},
                                                   {"event_id", "EVENT", COLUMN_CSV_ONLY},
                                                   {"source", "SOURCE", COLUMN_CSV_ONLY},
                                                   {"first_received", "FIRST RECEIVED", COLUMN_CSV_ONLY},
                                                   {"last_received", "LAST RECEIVED", COLUMN_CSV_ONLY},
                                                   {"scrubbed", "SCRUBBED", COLUMN_CSV_ONLY},
                                                   {"bytes", "BYTES", COLUMN_CSV_ONLY}};
#define QUARANTINE_COLUMN_COUNT (sizeof quarantine_columns / sizeof quarantine_columns[0])

void answers_quarantine(const json_t *reply, enum table_format format, FILE *out) {
    print_columns(quarantine_columns, QUARANTINE_COLUMN_COUNT, json_object_get(reply, "rows"), format, out);
}

static const struct column access_columns[] = {{"n", "ENTRY", COLUMN_NUMBER},     {"at", "AT", COLUMN_TEXT},
                                               {"peer", "PEER", COLUMN_TEXT},     {"user", "USER", COLUMN_TEXT},
                                               {"op", "OP", COLUMN_TEXT},         {"what", "WHAT", COLUMN_TEXT},
                                               {"rows", "ROWS", COLUMN_NUMBER},   {"outcome", "OUTCOME", COLUMN_TEXT},
                                               {"reason", "REASON", COLUMN_TEXT}, {"chain", "CHAIN", COLUMN_CSV_ONLY}};
#define ACCESS_COLUMN_COUNT (sizeof access_columns / sizeof access_columns[0])

/* What was asked, as a person reads it: "subject=w-1 seq=30". The caller frees. */
static char *asked_in_words(const json_t *what) {
    char *words = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&words, &size);
    const char *name;
    json_t *value;

    if (stream == NULL) {
        return NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)what, name, value) {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        fprintf(stream, "%s%s=%s", ftell(stream) > 0 ? " " : "", name, text != NULL ? text : json_string_value(value));
        free(text);
    }
    (void)fclose(stream);
    return words;
}

void answers_access(const json_t *reply, enum table_format format, FILE *out) {
    struct table *table = table_create(access_columns, ACCESS_COLUMN_COUNT);
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        for (size_t c = 0; c < ACCESS_COLUMN_COUNT; c++) {
            const json_t *value = json_object_get(row, access_columns[c].name);

            if (json_is_object(value)) {
                char *words = format == FORMAT_TABLE ? asked_in_words(value) : json_dumps(value, JSON_COMPACT);

                table_text(table, words);
                free(words);
            } else {
                table_json(table, value);
            }
        }
    }
    table_print(table, format, out);
    table_destroy(&table);
}
