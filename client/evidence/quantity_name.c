/* Which quantity stands in which cell. */
#include "client/evidence/quantity.h"

#include "client/import/dhsc.h"

#include <stdio.h>
#include <string.h>

/* How the people of a row are named. */
enum scheme {
    BY_BREAKDOWN, /* the columns breakdown, group and subgroup */
    BY_PATHWAY,   /* the column pathway, which may be "all" */
    BY_RISK,
    BY_EQUITY,
    BY_SHORTEST, /* of the gap between groups */
    BY_LONGEST,
    BY_TEAM,
    BY_CODE,
    BY_FIELD,
    BY_SOURCE,
    BY_RULE
};

enum when {
    AT_DAY,      /* the column day */
    AT_FROM_DAY, /* the position at the column from_day */
    AT_TO_DAY,
    IN_PERIOD,        /* from_day to to_day */
    IN_PERIOD_BEFORE, /* the same a year before */
    IN_WHOLE,         /* from_day to the column day */
    AT_NO_TIME
};

struct place {
    const char *table;
    const char *column; /* NULL: every other count of the table, by its own name */
    const char *measure;
    enum when when;
    enum scheme scheme;
};

static const struct place places[] = {
    {"position", NULL, NULL, AT_DAY, BY_BREAKDOWN},
    {"contact", NULL, NULL, AT_DAY, BY_BREAKDOWN},
    {"change", "waiting_from", "waiting", AT_FROM_DAY, BY_BREAKDOWN},
    {"change", "waiting_to", "waiting", AT_TO_DAY, BY_BREAKDOWN},
    {"change", "over_standard_from", "over_standard", AT_FROM_DAY, BY_BREAKDOWN},
    {"change", "over_standard_to", "over_standard", AT_TO_DAY, BY_BREAKDOWN},
    {"restatement", "waiting_known", "waiting", AT_DAY, BY_BREAKDOWN},
    {"restatement", "over_standard_known", "over_standard", AT_DAY, BY_BREAKDOWN},
    {"restatement", NULL, NULL, AT_DAY, BY_BREAKDOWN},
    {"flow", "started_year_before", "started", IN_PERIOD_BEFORE, BY_BREAKDOWN},
    {"flow", "completed_year_before", "completed", IN_PERIOD_BEFORE, BY_BREAKDOWN},
    {"flow", NULL, NULL, IN_PERIOD, BY_BREAKDOWN},
    {"completed", NULL, NULL, IN_PERIOD, BY_BREAKDOWN},
    {"deaths", NULL, NULL, IN_PERIOD, BY_PATHWAY},
    {"risk", NULL, NULL, AT_DAY, BY_RISK},
    {"equity", NULL, NULL, AT_DAY, BY_EQUITY},
    {"equity_gap", "shortest_waiting", "waiting", AT_DAY, BY_SHORTEST},
    {"equity_gap", "longest_waiting", "waiting", AT_DAY, BY_LONGEST},
    {"caseloads", NULL, NULL, AT_DAY, BY_TEAM},
    {"foi", "waiting", NULL, AT_DAY, BY_PATHWAY},
    {"foi", NULL, NULL, IN_WHOLE, BY_PATHWAY},
    {"data_quality", NULL, NULL, AT_NO_TIME, BY_CODE},
    {"completeness", NULL, NULL, AT_NO_TIME, BY_FIELD},
    {"lateness", NULL, NULL, AT_NO_TIME, BY_SOURCE},
    {"alerts", NULL, NULL, AT_NO_TIME, BY_RULE},
};

static const struct evidence_cell *cell_of(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column));
}

static const char *text_in(const struct evidence_table *table, size_t row, const char *column) {
    const struct evidence_cell *cell = cell_of(table, row, column);

    return cell->text != NULL ? cell->text : "";
}

static day_t day_in(const struct evidence_table *table, size_t row, const char *column) {
    return (day_t)cell_of(table, row, column)->number;
}

static const struct place *place_of(const char *table, const char *column) {
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(places[i].table, table) == 0 && (places[i].column == NULL || strcmp(places[i].column, column) == 0)) {
            return &places[i];
        }
    }
    return NULL;
}

/* The same date a year before; the last of February for 29 February. */
static day_t year_before(day_t day) {
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    return day_from_civil(year - 1, month, month == 2 && date == 29 ? 28 : date);
}

static void set_time(const struct evidence_table *table, size_t row, enum when when, struct quantity_name *name) {
    name->from = name->to = DAY_NONE;
    switch (when) {
    case AT_DAY:
        name->to = day_in(table, row, "day");
        return;
    case AT_FROM_DAY:
        name->to = day_in(table, row, "from_day");
        return;
    case AT_TO_DAY:
        name->to = day_in(table, row, "to_day");
        return;
    case IN_PERIOD:
        name->from = day_in(table, row, "from_day");
        name->to = day_in(table, row, "to_day");
        return;
    case IN_PERIOD_BEFORE:
        name->from = year_before(day_in(table, row, "from_day"));
        name->to = year_before(day_in(table, row, "to_day") + 1) - 1;
        return;
    case IN_WHOLE:
        name->from = day_in(table, row, "from_day");
        name->to = day_in(table, row, "day");
        return;
    case AT_NO_TIME:
        return;
    }
}

static void set_pathway(const char *pathway, struct quantity_name *name) {
    name->breakdown = strcmp(pathway, "all") == 0 ? "all" : "pathway";
    name->group = pathway;
    name->subgroup = "";
}

/* District and client group of everybody are the breakdowns of the position, and so is the client group of a pathway. */
static void set_equity(const struct evidence_table *table, size_t row, const char *value, struct quantity_name *name,
                       char buffer[QUANTITY_KEY_SIZE]) {
    const char *dimension = text_in(table, row, "dimension"), *pathway = text_in(table, row, "pathway");
    bool is_of_all = strcmp(pathway, "all") == 0;
    bool is_breakdown = strcmp(dimension, "district") == 0 || strcmp(dimension, "client_group") == 0;

    if (is_of_all && is_breakdown) {
        name->breakdown = dimension;
        name->group = value;
        name->subgroup = "";
    } else if (!is_of_all && strcmp(dimension, "client_group") == 0) {
        name->breakdown = "pathway_and_client_group";
        name->group = pathway;
        name->subgroup = value;
    } else {
        snprintf(buffer, QUANTITY_KEY_SIZE, "dimension:%s", dimension);
        name->breakdown = buffer;
        name->group = pathway;
        name->subgroup = value;
    }
}

static void set_people(const struct evidence_table *table, size_t row, enum scheme scheme, struct quantity_name *name,
                       char buffer[QUANTITY_KEY_SIZE]) {
    static const struct {
        enum scheme scheme;
        const char *breakdown, *group, *subgroup;
    } plain[] = {{BY_RISK, "risk", "impact", "likelihood"},
                 {BY_CODE, "code", "kind", "code"},
                 {BY_FIELD, "field", "pathway", "field"},
                 {BY_SOURCE, "source", "source", NULL},
                 {BY_RULE, "rule", "pathway", "rule"}};

    switch (scheme) {
    case BY_BREAKDOWN:
        name->breakdown = text_in(table, row, "breakdown");
        name->group = text_in(table, row, "group");
        name->subgroup = text_in(table, row, "subgroup");
        return;
    case BY_PATHWAY:
        set_pathway(text_in(table, row, "pathway"), name);
        return;
    case BY_EQUITY:
        set_equity(table, row, text_in(table, row, "value"), name, buffer);
        return;
    case BY_SHORTEST:
        set_equity(table, row, text_in(table, row, "shortest_group"), name, buffer);
        return;
    case BY_LONGEST:
        set_equity(table, row, text_in(table, row, "longest_group"), name, buffer);
        return;
    case BY_TEAM:
        name->group = text_in(table, row, "team");
        name->breakdown = strcmp(name->group, "all") == 0 ? "all" : "team";
        name->subgroup = "";
        return;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (plain[i].scheme == scheme) {
            name->breakdown = plain[i].breakdown;
            name->group = text_in(table, row, plain[i].group);
            name->subgroup = plain[i].subgroup == NULL ? "" : text_in(table, row, plain[i].subgroup);
        }
    }
}

/* Of the national measure: what each column counts, of first responses and of first services. What started in the quarter is the same in
 * both; our own measure is of those answered by an assessment, and a service as first response is a first service too. */
static const char *national_measure(const char *column, bool is_response, char buffer[QUANTITY_KEY_SIZE]) {
    bool is_of_both = strcmp(column, "requests") == 0 || strcmp(column, "assessments") == 0 || strcmp(column, "services") == 0;
    bool is_of_type = strncmp(column, "lts_", 4) == 0 || strncmp(column, "sts_", 4) == 0;

    if (strcmp(column, "n") == 0) {
        return is_response ? "national responses" : "national first services";
    }
    snprintf(buffer, QUANTITY_KEY_SIZE, "national %s%s", is_of_both ? "all " : is_of_type ? "type:" : "", column);
    return buffer;
}

static void set_national(const struct evidence_table *table, size_t row, const char *column, struct quantity_name *name,
                         char buffer[QUANTITY_KEY_SIZE]) {
    bool is_response = strcmp(text_in(table, row, "metric"), DHSC_FIRST_RESPONSE_NAME) == 0;

    name->measure = national_measure(column, is_response, buffer);
    set_time(table, row, IN_PERIOD, name);
    name->breakdown = QUANTITY_NATIONAL;
    name->group = text_in(table, row, "la_code");
    name->subgroup = text_in(table, row, "age_band");
}

bool quantity_name_of(const struct evidence_table *table, size_t row, size_t column, struct quantity_name *name,
                      char buffer[QUANTITY_KEY_SIZE]) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    const struct evidence_column *described = &shape->columns[column];
    const struct place *place;

    if (described->kind != EVIDENCE_COUNT || shape->is_of_cases) {
        return false;
    }
    if (strcmp(shape->name, "bands") == 0) {
        snprintf(buffer, QUANTITY_KEY_SIZE, "band:%lld", (long long)cell_of(table, row, "from_days")->number);
        name->measure = buffer;
        set_time(table, row, AT_DAY, name);
        set_people(table, row, BY_BREAKDOWN, name, buffer);
        return true;
    }
    if (strcmp(shape->name, "removals") == 0) {
        snprintf(buffer, QUANTITY_KEY_SIZE, "removed:%s", text_in(table, row, "reason"));
        name->measure = buffer;
        set_time(table, row, IN_PERIOD, name);
        set_pathway(text_in(table, row, "pathway"), name);
        return true;
    }
    if (strcmp(shape->name, "national_measure") == 0) {
        set_national(table, row, described->name, name, buffer);
        return true;
    }
    if (strcmp(shape->name, "kpi_counts") == 0) {
        *name = (struct quantity_name){
            .measure = text_in(table, row, "measure"), .breakdown = QUANTITY_SCOPE, .group = text_in(table, row, "scope"), .subgroup = ""};
        set_time(table, row, cell_of(table, row, "from_day")->state == EVIDENCE_NONE ? AT_TO_DAY : IN_PERIOD, name);
        return true;
    }
    place = place_of(shape->name, described->name);
    if (place == NULL) {
        return false;
    }
    name->measure = place->measure != NULL ? place->measure : described->name;
    set_time(table, row, place->when, name);
    set_people(table, row, place->scheme, name, buffer);
    return true;
}

void quantity_key(const struct quantity_name *name, char key[QUANTITY_KEY_SIZE]) {
    snprintf(key, QUANTITY_KEY_SIZE, "%s|%d|%d|%s|%s|%s", name->measure, name->from, name->to, name->breakdown, name->group,
             name->subgroup);
}
