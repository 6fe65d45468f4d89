/* Which table an answer has. */
#include "client/tables/answers.h"

#include <string.h>
#include <waitlist/protocol.h>

static void print_waits(const json_t *reply, enum table_format format, FILE *out) {
    answers_waits(json_object_get(reply, "rows"), reply, format, out);
}

static void print_wait(const json_t *reply, enum table_format format, FILE *out) {
    json_t *rows = json_pack("[O]", json_object_get(reply, "wait"));

    answers_waits(rows, reply, format, out);
    json_decref(rows);
}

struct answer_table {
    const char *op;
    void (*print)(const json_t *reply, enum table_format format, FILE *out);
    void (*print_grouped)(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out);
};

static const struct answer_table tables[] = {
    {WAITLIST_OP_HEALTH, answers_health, NULL},
    {WAITLIST_OP_SUMMARY, NULL, answers_summary},
    {WAITLIST_OP_FLOW, NULL, answers_flow},
    {WAITLIST_OP_SERIES, NULL, answers_series},
    {WAITLIST_OP_RESTATEMENT, NULL, answers_restatement},
    {WAITLIST_OP_DISTRIBUTION, answers_distribution, NULL},
    {WAITLIST_OP_WAITS, print_waits, NULL},
    {WAITLIST_OP_WAIT, print_wait, NULL},
    {WAITLIST_OP_ALERTS, answers_alerts, NULL},
    {WAITLIST_OP_EXCEPTIONS, answers_exceptions, NULL},
    {WAITLIST_OP_ACCESS, answers_access, NULL},
    {WAITLIST_OP_QUARANTINE, answers_quarantine, NULL},
    {WAITLIST_OP_DATA_QUALITY, answers_data_quality, NULL},
};

static const struct answer_table *table_of(const json_t *question) {
    const char *op = json_string_value(json_object_get(question, "op"));

    for (size_t i = 0; op != NULL && i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].op, op) == 0) {
            return &tables[i];
        }
    }
    return NULL;
}

bool answers_has_table(const json_t *question) {
    return table_of(question) != NULL;
}

bool answers_print(const json_t *question, const json_t *reply, enum table_format format, FILE *out) {
    const struct answer_table *table = table_of(question);

    if (table == NULL) {
        return false;
    }
    if (table->print != NULL) {
        table->print(reply, format, out);
    } else {
        table->print_grouped(reply, json_object_get(question, "group_by"), format, out);
    }
    return true;
}
