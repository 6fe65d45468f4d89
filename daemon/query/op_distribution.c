/* The op about how long people have waited: how many by completed week, for the histogram of a queue. */
#include "daemon/query/ops.h"

#include "daemon/core/distribution.h"
#include "daemon/core/memory.h"
#include "daemon/core/rules.h"

#include <stdlib.h>

static void set_counts(json_t *object, const struct distribution_row *row) {
    json_object_set_new(object, "count", json_integer(row->count));
    json_object_set_new(object, "over_standard", json_integer(row->over_standard));
}

static json_t *rows_of(const struct distribution *distribution) {
    json_t *rows = json_array();
    for (size_t i = 0; i < distribution->row_count; i++) {
        json_int_t from = (json_int_t)i * DISTRIBUTION_ROW_DAYS;
        bool is_open = distribution->is_open && i == distribution->row_count - 1;
        json_t *row = json_object();
        json_object_set_new(row, "from_days", json_integer(from));
        json_object_set_new(row, "to_days", is_open ? json_null() : json_integer(from + DISTRIBUTION_ROW_DAYS - 1));
        set_counts(row, &distribution->rows[i]);
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *standards_of(const struct distribution *distribution) {
    json_t *standards = json_array();
    for (size_t i = 0; i < distribution->standard_count; i++) {
        const struct distribution_standard *standard = &distribution->standards[i];
        json_t *row = json_object();
        json_object_set_new(row, "days", json_integer(standard->days));
        json_object_set_new(row, "unit", json_string(day_unit_name(standard->unit)));
        json_object_set_new(row, "count", json_integer(standard->count));
        json_array_append_new(standards, row);
    }
    return standards;
}

json_t *op_distribution(struct question *question) {
    struct wait_filter filter;
    struct when when;
    struct standpoint standpoint;
    if (!argument_filter(question, &filter) || !argument_when(question, &when) || !question_stand(question, &when, false, &standpoint))
        return NULL;
    struct distribution *distribution = memory_new(1, sizeof *distribution);
    register_distribution(standpoint.reg, &filter, distribution);
    json_t *reply = wire_reply();
    json_t *total = json_object();
    set_counts(total, &distribution->total);
    json_object_set_new(reply, "rows", rows_of(distribution));
    json_object_set_new(reply, "total", total);
    json_object_set_new(reply, "standards", standards_of(distribution));
    set_standpoint(reply, &standpoint);
    set_rule_version(reply, RULES_POSITION);
    distribution_free(distribution);
    free(distribution);
    return reply;
}
