/* Evidence about how many wait: positions, bands, changes, waiting well, and what was reported against what is known. */
#include "client/evidence/collect.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <string.h>

#define HALF_YEAR_DAYS 182
#define YEAR_DAYS 365

static const struct breakdown breakdowns[] = {
    {"all", {NULL, NULL}},
    {"pathway", {"pathway", NULL}},
    {"team", {"team", NULL}},
    {"district", {"district", NULL}},
    {"client_group", {"client_group", NULL}},
    {"priority", {"priority", NULL}},
    {"pathway_and_client_group", {"pathway", "client_group"}},
};
#define BREAKDOWN_COUNT (sizeof breakdowns / sizeof breakdowns[0])

static const struct evidence_column position_columns[] = {
    {"day", "Day", "At the end of this day, by the standards in force on it.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"waiting", "Waiting", "Referred, the clock has started and has not stopped.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard", "Over standard", "Waiting for more days than the council's own standard for the pathway and priority.",
     EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_percent", "Over standard, %", "Of those waiting.", EVIDENCE_PERCENT, "over_standard", "waiting"},
    {"due", "Due in 7 days", "Waiting within the standard, and over it in seven days if nothing happens.", EVIDENCE_COUNT, NULL, NULL},
    {"unallocated", "Unallocated", "Waiting without a named worker.", EVIDENCE_COUNT, NULL, NULL},
    {"allocated", "Allocated", "Waiting with a named worker, not started.", EVIDENCE_COUNT, NULL, NULL},
    {"in_progress", "In progress", "Waiting, with the assessment started.", EVIDENCE_COUNT, NULL, NULL},
    {"paused", "Paused", "Waiting, with a pause open.", EVIDENCE_COUNT, NULL, NULL},
    {"scheduled", "Scheduled", "Referred with a start that is still to come; not among those waiting.", EVIDENCE_COUNT, NULL, NULL},
    {"median", "Median days", "Half of those waiting have waited no longer: the middle of their days, in the pathway's unit.",
     EVIDENCE_MEDIAN, "waiting", NULL},
    {"mean", "Mean days", "The days of those waiting, divided by how many they are.", EVIDENCE_MEDIAN, "waiting", NULL},
    {"p90", "90th percentile", "Nine in ten of those waiting have waited no longer.", EVIDENCE_EXTREME, "waiting", NULL},
    {"longest", "Longest", "The most days that anybody waiting has waited.", EVIDENCE_EXTREME, "waiting", NULL},
    {"over_6_months", "Over 6 months", "Waiting for more than 182 days.", EVIDENCE_COUNT, NULL, NULL},
    {"over_12_months", "Over 12 months", "Waiting for more than 365 days.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape position_shape = {
    "position",
    "Who was waiting",
    "The position at the start of the period (the end of the day before it), at every month end, and at its end.",
    "position",
    position_columns,
    sizeof position_columns / sizeof position_columns[0],
    false};

static const struct evidence_column band_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"from_days", "From days", "The fewest days waited of this band.", EVIDENCE_NUMBER, NULL, NULL},
    {"to_days", "To days", "The most days waited of this band; none: no upper end.", EVIDENCE_NUMBER, NULL, NULL},
    {"waiting", "Waiting", "Of those waiting, how many have waited so many days.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape band_shape = {"bands",
                                                 "How long they had waited",
                                                 "Those waiting by the days that they had waited, in the bands in force on the day.",
                                                 "position",
                                                 band_columns,
                                                 sizeof band_columns / sizeof band_columns[0],
                                                 false};

static const struct evidence_column change_columns[] = {
    {"from_day", "From", "The end of the earlier day.", EVIDENCE_DAY, NULL, NULL},
    {"to_day", "To", "The end of the later day: the end of the period.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"waiting_from", "Waiting then", "At the end of the earlier day.", EVIDENCE_COUNT, NULL, NULL},
    {"waiting_to", "Waiting at the end", "At the end of the later day.", EVIDENCE_COUNT, NULL, NULL},
    {"waiting_change", "Change", "Those waiting at the later day less those at the earlier.", EVIDENCE_CHANGE, "waiting_to",
     "waiting_from"},
    {"waiting_change_percent", "Change, %", "Of those waiting at the earlier day.", EVIDENCE_GROWTH, "waiting_to", "waiting_from"},
    {"over_standard_from", "Over standard then", "At the end of the earlier day.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_to", "Over standard at the end", "At the end of the later day.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_change", "Change", "Those over the standard at the later day less those at the earlier.", EVIDENCE_CHANGE,
     "over_standard_to", "over_standard_from"},
    {"over_standard_change_percent", "Change, %", "Of those over the standard at the earlier day.", EVIDENCE_GROWTH, "over_standard_to",
     "over_standard_from"},
};
static const struct evidence_shape change_shape = {"change",
                                                   "What changed up to the end of the period",
                                                   "From each of the earlier days to the end of the period.",
                                                   "position",
                                                   change_columns,
                                                   sizeof change_columns / sizeof change_columns[0],
                                                   false};

static const struct evidence_column contact_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"waiting", "Waiting", "Referred, the clock has started and has not stopped.", EVIDENCE_COUNT, NULL, NULL},
    {"in_contact", "Contact in time",
     "Waiting, and no more days have passed since the start or the last contact than the council's interval for the priority.",
     EVIDENCE_COUNT, NULL, NULL},
    {"in_contact_percent", "Contact in time, %", "Of those waiting.", EVIDENCE_PERCENT, "in_contact", "waiting"},
    {"no_contact", "No contact in time", "Waiting, without contact for longer than the interval.", EVIDENCE_COUNT, NULL, NULL},
    {"longest_without_contact", "Longest without contact",
     "The most calendar days since the start or the last contact of anybody waiting; at the end of the period only.", EVIDENCE_EXTREME,
     "waiting", NULL},
};
static const struct evidence_shape contact_shape = {
    "contact",  "Waiting well",  "Whether the council kept in touch with those who waited, by its own contact interval.",
    "position", contact_columns, sizeof contact_columns / sizeof contact_columns[0],
    false};

static const struct evidence_column restatement_columns[] = {
    {"day", "Day", "The end of this day, which was reported at its midnight.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"waiting_reported", "Waiting, as reported", "As it stood at the midnight that ended the day; never changed since.", EVIDENCE_COUNT,
     NULL, NULL},
    {"waiting_known", "Waiting, as known", "By all that is known in this pack, late and corrected records included.", EVIDENCE_COUNT, NULL,
     NULL},
    {"waiting_difference", "Difference", "As known less as reported.", EVIDENCE_CHANGE, "waiting_known", "waiting_reported"},
    {"over_standard_reported", "Over standard, as reported", "As it stood at the midnight that ended the day.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_known", "Over standard, as known", "By all that is known in this pack.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_difference", "Difference", "As known less as reported.", EVIDENCE_CHANGE, "over_standard_known",
     "over_standard_reported"},
};
static const struct evidence_shape restatement_shape = {
    "restatement",
    "As reported and as known",
    "What was reported of each day when it ended, held against what is known of it now. Days on which nothing was reported are left out.",
    "position",
    restatement_columns,
    sizeof restatement_columns / sizeof restatement_columns[0],
    false};

struct positions {
    struct collector *collector;
    struct evidence_table *position;
    struct evidence_table *bands;
    struct evidence_table *contact;
};

/* The edges of the policy in force on the day. */
static const json_t *bands_on(const struct collector *collector, day_t day) {
    const json_t *rows = json_object_get(collector->evidence->ground, "rows");
    const json_t *found = json_array_get(rows, 0);
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        if (collect_day_of(json_object_get(row, "from")) <= day) {
            found = row;
        }
    }
    return json_object_get(json_object_get(found, "policy"), "bands");
}

static void add_bands(struct positions *positions, const struct breakdown *breakdown, const json_t *keys, day_t day, const json_t *counts) {
    const json_t *edges = bands_on(positions->collector, day);

    for (size_t i = 0; i < json_array_size(counts); i++) {
        evidence_row(positions->bands);
        evidence_number(positions->bands, "day", day);
        breakdown_cells(positions->bands, breakdown, keys);
        evidence_number(positions->bands, "from_days", i == 0 ? 0 : json_integer_value(json_array_get(edges, i - 1)) + 1);
        if (i < json_array_size(edges)) {
            evidence_number(positions->bands, "to_days", json_integer_value(json_array_get(edges, i)));
        }
        collect_cell(positions->bands, "waiting", json_array_get(counts, i));
    }
}

static void add_contact(struct evidence_table *table, const struct breakdown *breakdown, const json_t *keys, day_t day,
                        const json_t *position) {
    json_int_t waiting = json_integer_value(json_object_get(position, "waiting"));
    json_int_t no_contact = json_integer_value(json_object_get(position, "no_contact"));

    evidence_row(table);
    evidence_number(table, "day", day);
    breakdown_cells(table, breakdown, keys);
    evidence_number(table, "waiting", waiting);
    evidence_number(table, "in_contact", waiting - no_contact);
    evidence_number(table, "no_contact", no_contact);
    evidence_derive(table, evidence_table_rows(table) - 1);
}

static void add_position(struct positions *positions, const struct breakdown *breakdown, const json_t *row) {
    static const char *const members[] = {"waiting",   "due",    "unallocated", "allocated", "in_progress", "paused",
                                          "scheduled", "median", "mean",        "p90",       "longest"};
    const json_t *position = json_object_get(row, "position"), *keys = json_object_get(row, "keys");
    day_t day = collect_day_of(json_object_get(row, "day"));
    struct evidence_table *table = positions->position;

    evidence_row(table);
    evidence_number(table, "day", day);
    breakdown_cells(table, breakdown, keys);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        collect_cell(table, members[i], json_object_get(position, members[i]));
    }
    collect_cell(table, "over_standard", json_object_get(position, "breach"));
    evidence_derive(table, evidence_table_rows(table) - 1);
    add_bands(positions, breakdown, keys, day, json_object_get(position, "bands"));
    if (breakdown->fields[1] == NULL) {
        add_contact(positions->contact, breakdown, keys, day, position);
    }
}

/* ---- Long waits: counted by another question, as they may lie within one band */

static bool same_group(const struct evidence_table *table, size_t row, const struct breakdown *breakdown, const json_t *keys, day_t day) {
    const struct evidence_cell *cells = evidence_table_look(table, row, 0);

    if (cells[0].number != day || strcmp(cells[1].text, breakdown->name) != 0) {
        return false;
    }
    for (size_t i = 0; i < 2 && breakdown->fields[i] != NULL; i++) {
        if (strcmp(cells[2 + i].text, collect_text(keys, breakdown->fields[i])) != 0) {
            return false;
        }
    }
    return true;
}

/* Rows of both come in the same order, those of the filtered question being fewer: one walk fits them. */
static void set_long_waits(struct evidence_table *table, size_t first, const struct breakdown *breakdown, const char *column,
                           const json_t *rows) {
    size_t place = evidence_column_place(evidence_table_shape(table), column), next = 0;

    for (size_t row = first; row < evidence_table_rows(table); row++) {
        const json_t *found = json_array_get(rows, next);
        bool fits = found != NULL &&
                    same_group(table, row, breakdown, json_object_get(found, "keys"), collect_day_of(json_object_get(found, "day")));
        const json_t *waiting = json_object_get(json_object_get(found, "position"), "waiting");

        *evidence_table_cell(table, row, place) =
            (struct evidence_cell){.state = EVIDENCE_VALUE, .number = fits ? json_integer_value(waiting) : 0};
        next += fits;
    }
}

/* ---- Asking */

/* Each breakdown is asked for three times in one question: everybody, and those who waited long. */
static const int long_waits[] = {0, HALF_YEAR_DAYS + 1, YEAR_DAYS + 1};
#define LENGTH_COUNT (sizeof long_waits / sizeof long_waits[0])

static json_t *chosen_pathways(const struct evidence_parameters *parameters) {
    json_t *pathways = json_array();

    for (size_t i = 0; i < parameters->pathway_count; i++) {
        json_array_append_new(pathways, json_string(parameters->pathways[i]));
    }
    return pathways;
}

static json_t *part_of(const struct evidence_parameters *parameters, const struct breakdown *breakdown, int min_days) {
    json_t *filter = json_object();

    if (min_days > 0) {
        json_object_set_new(filter, "min_days", json_integer(min_days));
    }
    if (parameters->pathway_count > 0) {
        json_object_set_new(filter, "pathway", chosen_pathways(parameters));
    }
    return json_pack("{s:o, s:o}", "group_by", breakdown_fields(breakdown), "filter", filter);
}

/* Rows of a part, or its totals where nothing is grouped by; borrowed from it. */
static const json_t *rows_of(const json_t *part, const struct breakdown *breakdown) {
    return json_object_get(part, breakdown->fields[0] == NULL ? "totals" : "rows");
}

static void add_breakdown(struct positions *positions, const struct breakdown *breakdown, const json_t *parts) {
    size_t first = evidence_table_rows(positions->position), i;
    const json_t *row;

    json_array_foreach(rows_of(json_array_get(parts, 0), breakdown), i, row) {
        add_position(positions, breakdown, row);
    }
    set_long_waits(positions->position, first, breakdown, "over_6_months", rows_of(json_array_get(parts, 1), breakdown));
    set_long_waits(positions->position, first, breakdown, "over_12_months", rows_of(json_array_get(parts, 2), breakdown));
}

/* The positions from one day to another, at month ends and at the last day: one question, so that each day is looked at once. */
static json_t *ask_span(struct collector *collector, day_t from, day_t to) {
    json_t *each = json_array();

    for (size_t b = 0; b < BREAKDOWN_COUNT; b++) {
        for (size_t i = 0; i < LENGTH_COUNT; i++) {
            json_array_append_new(each, part_of(&collector->evidence->parameters, &breakdowns[b], long_waits[i]));
        }
    }
    return collect_ask_of_all(collector, json_pack("{s:s, s:o, s:o, s:s, s:o}", "op", "series", "from", collect_day(from), "to",
                                                   collect_day(to), "step", "month", "each", each));
}

/* The parts of one breakdown, a new reference. */
static json_t *parts_of(const json_t *reply, size_t breakdown) {
    json_t *parts = json_array();

    for (size_t i = 0; i < LENGTH_COUNT; i++) {
        json_array_append(parts, json_array_get(json_object_get(reply, "each"), breakdown * LENGTH_COUNT + i));
    }
    return parts;
}

static bool is_month_end(day_t day) {
    int year, month, date;

    day_to_civil(day + 1, &year, &month, &date);
    return date == 1;
}

static void add_breakdowns(struct positions *positions) {
    struct collector *collector = positions->collector;
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    day_t start = parameters->from - 1;
    bool is_cut = !is_month_end(start); /* then the start is no month end, and asked for by itself */
    json_t *alone = is_cut ? ask_span(collector, start, start) : NULL;
    json_t *reply = ask_span(collector, is_cut ? start + 1 : start, parameters->to);

    for (size_t b = 0; b < BREAKDOWN_COUNT && !collector->has_failed; b++) {
        json_t *of_start = parts_of(alone, b), *parts = parts_of(reply, b);

        if (is_cut) {
            add_breakdown(positions, &breakdowns[b], of_start);
        }
        add_breakdown(positions, &breakdowns[b], parts);
        json_decref(of_start);
        json_decref(parts);
    }
    json_decref(alone);
    json_decref(reply);
}

/* ---- Change */

static const struct evidence_cell *cell_of(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column));
}

static const char *text_or_empty(const struct evidence_cell *cell) {
    return cell->state == EVIDENCE_NONE ? "" : cell->text;
}

static bool is_same_group(const struct evidence_table *table, size_t a, size_t b) {
    static const char *const columns[] = {"breakdown", "group", "subgroup"};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text_or_empty(cell_of(table, a, columns[i])), text_or_empty(cell_of(table, b, columns[i]))) != 0) {
            return false;
        }
    }
    return true;
}

/* The row of the same group on a day, `rows` when there is none: nobody of it was waiting then. */
static size_t find_row(const struct evidence_table *table, size_t like, day_t day) {
    size_t row = 0, rows = evidence_table_rows(table);

    while (row < rows && (cell_of(table, row, "day")->number != day || !is_same_group(table, row, like))) {
        row++;
    }
    return row;
}

static void set_pair(struct evidence_table *change, const struct evidence_table *position, const char *column, size_t row, bool is_later) {
    char name[COLLECT_NAME_SIZE];
    int length = snprintf(name, sizeof name, "%s_%s", column, is_later ? "to" : "from");
    bool is_there = row < evidence_table_rows(position);

    ENSURE(length > 0 && (size_t)length < sizeof name);
    evidence_number(change, name, is_there ? cell_of(position, row, column)->number : 0);
}

static void add_change(struct evidence_table *change, const struct evidence_table *position, size_t like, size_t earlier, size_t later,
                       day_t from, day_t to) {
    evidence_row(change);
    evidence_number(change, "from_day", from);
    evidence_number(change, "to_day", to);
    evidence_copy(change, "breakdown", cell_of(position, like, "breakdown"));
    evidence_copy(change, "group", cell_of(position, like, "group"));
    evidence_copy(change, "subgroup", cell_of(position, like, "subgroup"));
    set_pair(change, position, "waiting", earlier, false);
    set_pair(change, position, "waiting", later, true);
    set_pair(change, position, "over_standard", earlier, false);
    set_pair(change, position, "over_standard", later, true);
    evidence_derive(change, evidence_table_rows(change) - 1);
}

/* Every earlier row against its group at the end, and for each earlier day the groups in which nobody had waited yet. */
static void add_changes(struct collector *collector, const struct evidence_table *position) {
    struct evidence_table *change = collect_table(collector, &change_shape);
    day_t to = collector->evidence->parameters.to;
    size_t rows = evidence_table_rows(position);

    for (size_t row = 0; row < rows; row++) {
        day_t day = (day_t)cell_of(position, row, "day")->number;

        if (day != to) {
            add_change(change, position, row, row, find_row(position, row, to), day, to);
        }
    }
    for (size_t later = 0; later < rows; later++) {
        bool is_of_all = strcmp(cell_of(position, 0, "breakdown")->text, "all") == 0;

        ENSURE(is_of_all); /* whose rows have every day, and stand first */
        for (size_t row = 0; row < rows && cell_of(position, later, "day")->number == to; row++) {
            day_t day = (day_t)cell_of(position, row, "day")->number;

            if (strcmp(cell_of(position, row, "breakdown")->text, "all") != 0) {
                break;
            }
            if (day != to && find_row(position, later, day) == rows) {
                add_change(change, position, later, rows, later, day, to);
            }
        }
    }
}

/* ---- As reported */

/* Whether the pack is about the pathway; "": of no single one. */
static bool is_chosen(const struct evidence_parameters *parameters, const char *pathway) {
    bool is = parameters->pathway_count == 0;

    for (size_t i = 0; i < parameters->pathway_count; i++) {
        is = is || strcmp(parameters->pathways[i], pathway) == 0;
    }
    return is;
}

static void set_reported(struct evidence_table *table, const struct evidence_table *position, const struct breakdown *breakdown,
                         const json_t *row) {
    const json_t *keys = json_object_get(row, "keys"), *reported = json_object_get(row, "position");
    day_t day = collect_day_of(json_object_get(row, "day"));
    size_t known = 0;

    while (known < evidence_table_rows(position) && !same_group(position, known, breakdown, keys, day)) {
        known++;
    }
    bool is_there = known < evidence_table_rows(position);

    evidence_row(table);
    evidence_number(table, "day", day);
    breakdown_cells(table, breakdown, keys);
    collect_cell(table, "waiting_reported", json_object_get(reported, "waiting"));
    collect_cell(table, "over_standard_reported", json_object_get(reported, "breach"));
    evidence_number(table, "waiting_known", is_there ? cell_of(position, known, "waiting")->number : 0);
    evidence_number(table, "over_standard_known", is_there ? cell_of(position, known, "over_standard")->number : 0);
    evidence_derive(table, evidence_table_rows(table) - 1);
}

/* Only of days that ended before the day from which is looked: today is not reported yet. Where the pack is of some pathways, those alone:
 * no other group of theirs is reported. */
static void add_reported(struct collector *collector, const struct evidence_table *position) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    const json_t *ground = collector->evidence->ground;
    struct evidence_table *table = collect_table(collector, &restatement_shape);
    day_t first = collect_day_of(json_object_get(ground, "first_report_day")), today = collect_day_of(json_object_get(ground, "today"));
    day_t from = parameters->from - 1 > first ? parameters->from - 1 : first, to = parameters->to < today ? parameters->to : today - 1;
    size_t begin = parameters->pathway_count > 0 ? 1 : 0, end = parameters->pathway_count > 0 ? 2 : 3;

    for (size_t b = begin; b < end && first != DAY_NONE && from <= to; b++) {
        json_t *reply = collect_ask_of_all(collector, json_pack("{s:s, s:o, s:o, s:s, s:o, s:s}", "op", "series", "from", collect_day(from),
                                                                "to", collect_day(to), "step", "month", "group_by",
                                                                breakdown_fields(&breakdowns[b]), "basis", "reported"));
        size_t i;
        const json_t *row;

        json_array_foreach(rows_of(reply, &breakdowns[b]), i, row) {
            if (is_chosen(parameters, collect_text(json_object_get(row, "keys"), "pathway"))) {
                set_reported(table, position, &breakdowns[b], row);
            }
        }
        json_decref(reply);
    }
}

void collect_positions(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    struct positions positions = {.collector = collector, .position = collect_table(collector, &position_shape)};

    positions.bands = collect_table(collector, &band_shape);
    positions.contact = collect_table(collector, &contact_shape);
    add_breakdowns(&positions);
    if (collector->has_failed) {
        return;
    }
    add_changes(collector, positions.position);
    add_reported(collector, positions.position);
}
