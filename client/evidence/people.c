/* Evidence about who the waiting are: risk, equity, caseloads, and the list of their waits. */
#include "client/evidence/collect.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Groups with fewer people make no gap: one person's wait would. */
#define GAP_PEOPLE_MIN 8

static const struct evidence_column risk_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    {"impact", "Impact", "1 (least) to 5, as triage recorded it; unknown where it did not.", EVIDENCE_TEXT, NULL, NULL},
    {"likelihood", "Likelihood", "1 (least) to 5, as triage recorded it; unknown where it did not.", EVIDENCE_TEXT, NULL, NULL},
    {"score", "Score", "Impact times likelihood.", EVIDENCE_NUMBER, NULL, NULL},
    {"waiting", "Waiting", "Those waiting with this impact and likelihood.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard", "Over standard", "Of them, waiting for more days than the standard.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape risk_shape = {"risk",
                                                 "Risk of those waiting",
                                                 "The 5 by 5 matrix of impact and likelihood of those who were waiting at the end.",
                                                 "position",
                                                 risk_columns,
                                                 sizeof risk_columns / sizeof risk_columns[0],
                                                 false};

static const struct evidence_column equity_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    {"dimension", "Dimension", "What people are compared by.", EVIDENCE_TEXT, NULL, NULL},
    {"pathway", "Pathway", "What is waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"value", "Group", "The group's name; unknown where none was recorded.", EVIDENCE_TEXT, NULL, NULL},
    {"waiting", "Waiting", "Those waiting of this group (n).", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard", "Over standard", "Of them, waiting for more days than the standard.", EVIDENCE_COUNT, NULL, NULL},
    {"over_standard_percent", "Over standard, %", "Of those waiting.", EVIDENCE_PERCENT, "over_standard", "waiting"},
    {"median", "Median days", "Half of those waiting have waited no longer.", EVIDENCE_MEDIAN, "waiting", NULL},
};
static const struct evidence_shape equity_shape = {
    "equity",
    "Do some people wait longer than others",
    "Those waiting at the end, by every dimension that is recorded. Differences say who waits longer, and not why.",
    "position",
    equity_columns,
    sizeof equity_columns / sizeof equity_columns[0],
    false};

static const struct evidence_column gap_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    {"dimension", "Dimension", "What people are compared by.", EVIDENCE_TEXT, NULL, NULL},
    {"pathway", "Pathway", "What is waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"groups", "Groups", "How many groups are compared: those of at least 8 people, without the unknown.", EVIDENCE_NUMBER, NULL, NULL},
    {"shortest_group", "Waits shortest", "The group with the lowest median.", EVIDENCE_TEXT, NULL, NULL},
    {"shortest_waiting", "n", "Those waiting of it.", EVIDENCE_COUNT, NULL, NULL},
    {"shortest_median", "Median days", "Of it.", EVIDENCE_MEDIAN, "shortest_waiting", NULL},
    {"longest_group", "Waits longest", "The group with the highest median.", EVIDENCE_TEXT, NULL, NULL},
    {"longest_waiting", "n", "Those waiting of it.", EVIDENCE_COUNT, NULL, NULL},
    {"longest_median", "Median days", "Of it.", EVIDENCE_MEDIAN, "longest_waiting", NULL},
    {"gap_days", "Gap, days", "The highest median less the lowest.", EVIDENCE_MEDIAN, "shortest_waiting", NULL},
};
static const struct evidence_shape gap_shape = {
    "equity_gap",
    "The gap between groups",
    "Between the groups whose median waits are the shortest and the longest. With few people a gap may be chance.",
    "position",
    gap_columns,
    sizeof gap_columns / sizeof gap_columns[0],
    false};

static const struct evidence_column caseload_columns[] = {
    {"day", "Day", "At the end of this day.", EVIDENCE_DAY, NULL, NULL},
    {"team", "Team", "Where the people wait; all: every team.", EVIDENCE_TEXT, NULL, NULL},
    {"workers", "Workers", "Workers of the team to whom at least one person waiting is allocated.", EVIDENCE_COUNT, NULL, NULL},
    {"waiting_with_worker", "Waiting with a worker", "People waiting who are allocated or in progress.", EVIDENCE_COUNT, NULL, NULL},
    {"median_caseload", "Median caseload", "Half of these workers have no more of these people.", EVIDENCE_MEDIAN, "workers", NULL},
    {"largest_caseload", "Largest caseload", "The most of these people that one worker has.", EVIDENCE_EXTREME, "workers", NULL},
    {"waiting_without_worker", "Waiting without a worker", "People waiting to whom nobody is allocated.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape caseload_shape = {
    "caseloads",
    "Caseloads",
    "People waiting for each worker. Work with people who do not wait, and work that is recorded elsewhere, is not in it.",
    "position",
    caseload_columns,
    sizeof caseload_columns / sizeof caseload_columns[0],
    false};

static const struct evidence_column wait_columns[] = {
    {"subject", "Wait", "The pseudonymous reference of the wait.", EVIDENCE_TEXT, NULL, NULL},
    {"pathway", "Pathway", "What is waited for.", EVIDENCE_TEXT, NULL, NULL},
    {"team", "Team", "Where the person waits.", EVIDENCE_TEXT, NULL, NULL},
    {"district", "District", "As recorded.", EVIDENCE_TEXT, NULL, NULL},
    {"client_group", "Client group", "As recorded.", EVIDENCE_TEXT, NULL, NULL},
    {"priority", "Priority", "1 (first) to 4, as triage recorded it.", EVIDENCE_NUMBER, NULL, NULL},
    {"impact", "Impact", "1 (least) to 5.", EVIDENCE_NUMBER, NULL, NULL},
    {"likelihood", "Likelihood", "1 (least) to 5.", EVIDENCE_NUMBER, NULL, NULL},
    {"stage", "Stage", "unallocated, allocated or in_progress.", EVIDENCE_TEXT, NULL, NULL},
    {"start", "Clock start", "The day from which the wait is counted.", EVIDENCE_DAY, NULL, NULL},
    {"days", "Days", "Waited, in the pathway's unit, without paused days where the pathway leaves these out.", EVIDENCE_NUMBER, NULL, NULL},
    {"gross_days", "Calendar days", "Since the clock start, pauses included.", EVIDENCE_NUMBER, NULL, NULL},
    {"standard", "Standard", "The days that the council allows itself.", EVIDENCE_NUMBER, NULL, NULL},
    {"breach", "Over standard", "yes: more days than the standard.", EVIDENCE_TEXT, NULL, NULL},
    {"is_paused", "Paused", "yes: a pause is open.", EVIDENCE_TEXT, NULL, NULL},
    {"last_contact", "Last contact", "The day of the last contact made.", EVIDENCE_DAY, NULL, NULL},
    {"no_contact", "No contact in time", "yes: without contact for longer than the council's interval.", EVIDENCE_TEXT, NULL, NULL},
};
static const struct evidence_shape wait_shape = {
    "waits",
    "Everybody waiting at the end",
    "One row a wait, by pseudonymous reference: the case records behind them are the council's.",
    "position",
    wait_columns,
    sizeof wait_columns / sizeof wait_columns[0],
    true};

static json_t *ask_summary(struct collector *collector, const char *first, const char *second) {
    return collect_ask(collector, json_pack("{s:s, s:o, s:[s, s]}", "op", "summary", "as_at",
                                            collect_day(collector->evidence->parameters.to), "group_by", first, second));
}

static json_int_t position_number(const json_t *row, const char *member) {
    return json_integer_value(json_object_get(json_object_get(row, "position"), member));
}

/* ---- Risk */

static void add_risk(struct collector *collector) {
    struct evidence_table *table = collect_table(collector, &risk_shape);
    json_t *reply = ask_summary(collector, "impact", "likelihood");
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        const char *impact = collect_text(json_object_get(row, "keys"), "impact");
        const char *likelihood = collect_text(json_object_get(row, "keys"), "likelihood");
        int score = atoi(impact) * atoi(likelihood);

        evidence_row(table);
        evidence_number(table, "day", collector->evidence->parameters.to);
        evidence_text(table, "impact", impact);
        evidence_text(table, "likelihood", likelihood);
        if (score > 0) {
            evidence_number(table, "score", score);
        }
        evidence_number(table, "waiting", position_number(row, "waiting"));
        evidence_number(table, "over_standard", position_number(row, "breach"));
    }
    json_decref(reply);
}

/* ---- Equity */

static void add_group(struct evidence_table *table, day_t day, const char *dimension, const char *pathway, const char *value,
                      const json_t *row) {
    evidence_row(table);
    evidence_number(table, "day", day);
    evidence_text(table, "dimension", dimension);
    evidence_text(table, "pathway", pathway);
    evidence_text(table, "value", value);
    evidence_number(table, "waiting", position_number(row, "waiting"));
    evidence_number(table, "over_standard", position_number(row, "breach"));
    collect_cell(table, "median", json_object_get(json_object_get(row, "position"), "median"));
    evidence_derive(table, evidence_table_rows(table) - 1);
}

static const struct evidence_cell *cell_of(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column));
}

static bool makes_a_gap(const struct evidence_table *equity, size_t row) {
    return cell_of(equity, row, "waiting")->number >= GAP_PEOPLE_MIN && strcmp(cell_of(equity, row, "value")->text, "unknown") != 0 &&
           cell_of(equity, row, "median")->state == EVIDENCE_VALUE;
}

/* The rows from `first` on are those of one dimension and pathway; equal medians: the first by name. */
static void add_gap(struct evidence_table *gap, const struct evidence_table *equity, size_t first, size_t end) {
    size_t shortest = end, longest = end;
    int64_t groups = 0;

    for (size_t row = first; row < end; row++) {
        if (!makes_a_gap(equity, row)) {
            continue;
        }
        int64_t median = cell_of(equity, row, "median")->number;

        groups++;
        shortest = shortest == end || median < cell_of(equity, shortest, "median")->number ? row : shortest;
        longest = longest == end || median > cell_of(equity, longest, "median")->number ? row : longest;
    }
    if (groups < 2) {
        return;
    }
    evidence_row(gap);
    evidence_copy(gap, "day", cell_of(equity, first, "day"));
    evidence_copy(gap, "dimension", cell_of(equity, first, "dimension"));
    evidence_copy(gap, "pathway", cell_of(equity, first, "pathway"));
    evidence_number(gap, "groups", groups);
    evidence_copy(gap, "shortest_group", cell_of(equity, shortest, "value"));
    evidence_copy(gap, "shortest_waiting", cell_of(equity, shortest, "waiting"));
    evidence_copy(gap, "shortest_median", cell_of(equity, shortest, "median"));
    evidence_copy(gap, "longest_group", cell_of(equity, longest, "value"));
    evidence_copy(gap, "longest_waiting", cell_of(equity, longest, "waiting"));
    evidence_copy(gap, "longest_median", cell_of(equity, longest, "median"));
    evidence_number(gap, "gap_days", cell_of(equity, longest, "median")->number - cell_of(equity, shortest, "median")->number);
}

static void add_gaps(struct evidence_table *gap, const struct evidence_table *equity, size_t first) {
    size_t rows = evidence_table_rows(equity);

    for (size_t row = first; row < rows; row++) {
        bool is_last = row + 1 == rows || strcmp(cell_of(equity, row, "pathway")->text, cell_of(equity, row + 1, "pathway")->text) != 0;

        if (is_last) {
            add_gap(gap, equity, first, row + 1);
            first = row + 1;
        }
    }
}

/* All pathways together, then each. */
static void add_dimension(struct collector *collector, struct evidence_table *equity, struct evidence_table *gap, const char *field) {
    day_t day = collector->evidence->parameters.to;
    const char *name = strncmp(field, "dimension.", 10) == 0 ? field + 10 : field;
    size_t first = evidence_table_rows(equity), i;
    const json_t *row;
    json_t *together =
        collect_ask(collector, json_pack("{s:s, s:o, s:[s]}", "op", "summary", "as_at", collect_day(day), "group_by", field));
    json_t *each = ask_summary(collector, "pathway", field);

    json_array_foreach(json_object_get(together, "rows"), i, row) {
        add_group(equity, day, name, "all", collect_text(json_object_get(row, "keys"), field), row);
    }
    json_array_foreach(json_object_get(each, "rows"), i, row) {
        const json_t *keys = json_object_get(row, "keys");
        add_group(equity, day, name, collect_text(keys, "pathway"), collect_text(keys, field), row);
    }
    add_gaps(gap, equity, first);
    json_decref(together);
    json_decref(each);
}

static void add_equity(struct collector *collector) {
    struct evidence_table *equity = collect_table(collector, &equity_shape), *gap = collect_table(collector, &gap_shape);

    for (size_t i = 0; i < collector->dimension_count; i++) {
        add_dimension(collector, equity, gap, collector->dimensions[i]);
    }
    add_dimension(collector, equity, gap, "district");
    add_dimension(collector, equity, gap, "client_group");
}

/* ---- Caseloads */

struct loads {
    int64_t *at;
    size_t count;
    size_t capacity;
    int64_t with_worker;
    int64_t without;
};

static int compare_loads(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void add_load(struct loads *loads, const char *worker, int64_t waiting) {
    if (strcmp(worker, "unknown") == 0) {
        loads->without += waiting;
    } else if (waiting > 0) {
        memory_reserve((void **)&loads->at, &loads->capacity, loads->count + 1, sizeof *loads->at);
        loads->at[loads->count++] = waiting;
        loads->with_worker += waiting;
    }
}

static void end_team(struct evidence_table *table, day_t day, const char *team, struct loads *loads) {
    size_t count = loads->count;

    if (count > 1) {
        qsort(loads->at, count, sizeof *loads->at, compare_loads);
    }
    evidence_row(table);
    evidence_number(table, "day", day);
    evidence_text(table, "team", team);
    evidence_number(table, "workers", (int64_t)count);
    evidence_number(table, "waiting_with_worker", loads->with_worker);
    evidence_number(table, "waiting_without_worker", loads->without);
    if (count > 0) {
        evidence_number(table, "median_caseload", 5 * (loads->at[(count - 1) / 2] + loads->at[count / 2]));
        evidence_number(table, "largest_caseload", loads->at[count - 1]);
    }
    loads->count = 0;
    loads->with_worker = loads->without = 0;
}

/* The rows of one question, by team where it says so. */
static void add_teams(struct evidence_table *table, day_t day, const json_t *reply, bool by_team) {
    struct loads loads = {NULL, 0, 0, 0, 0};
    const json_t *rows = json_object_get(reply, "rows");
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        const json_t *keys = json_object_get(row, "keys"), *next = json_object_get(json_array_get(rows, i + 1), "keys");
        const char *team = by_team ? collect_text(keys, "team") : "all";

        add_load(&loads, collect_text(keys, "worker"), position_number(row, "waiting"));
        if (next == NULL || (by_team && strcmp(collect_text(next, "team"), team) != 0)) {
            end_team(table, day, team, &loads);
        }
    }
    free(loads.at);
}

static void add_caseloads(struct collector *collector) {
    struct evidence_table *table = collect_table(collector, &caseload_shape);
    day_t day = collector->evidence->parameters.to;
    json_t *all = collect_ask(collector, json_pack("{s:s, s:o, s:[s]}", "op", "summary", "as_at", collect_day(day), "group_by", "worker"));
    json_t *each = ask_summary(collector, "team", "worker");

    add_teams(table, day, all, false);
    add_teams(table, day, each, true);
    json_decref(all);
    json_decref(each);
}

/* ---- The list, and the longest without contact, which is found on the way */

static void add_wait(struct evidence_table *table, const json_t *wait) {
    evidence_row(table);
    for (size_t i = 0; i < sizeof wait_columns / sizeof wait_columns[0]; i++) {
        collect_cell(table, wait_columns[i].name, json_object_get(wait, wait_columns[i].name));
    }
}

/* The rows of the end of the period, in which the longest is noted. */
struct silence {
    struct evidence_table *contact;
    day_t day;
    size_t place;
    size_t *rows;
    size_t row_count;
};

static struct silence silence_of(struct evidence_table *contact, day_t day) {
    struct silence silence = {.contact = contact, .day = day};

    silence.place = evidence_column_place(evidence_table_shape(contact), "longest_without_contact");
    silence.rows = memory_new(evidence_table_rows(contact), sizeof *silence.rows);
    for (size_t row = 0; row < evidence_table_rows(contact); row++) {
        if (evidence_table_look(contact, row, 0)->number == day) {
            silence.rows[silence.row_count++] = row;
        }
    }
    return silence;
}

static void note_silence(const struct silence *silence, const char *breakdown, const char *group, int64_t days) {
    for (size_t i = 0; i < silence->row_count; i++) {
        const struct evidence_cell *cells = evidence_table_look(silence->contact, silence->rows[i], 0);
        struct evidence_cell *cell = evidence_table_cell(silence->contact, silence->rows[i], silence->place);

        if (strcmp(cells[2].text, group) == 0 && strcmp(cells[1].text, breakdown) == 0) {
            cell->number = cell->state == EVIDENCE_VALUE && cell->number >= days ? cell->number : days;
            cell->state = EVIDENCE_VALUE;
        }
    }
}

static void note_contact(const struct silence *silence, const json_t *wait) {
    static const char *const fields[] = {"pathway", "team", "district", "client_group"};
    day_t start = collect_day_of(json_object_get(wait, "start")), last = collect_day_of(json_object_get(wait, "last_contact"));
    int64_t days = silence->day - (last > start ? last : start); /* DAY_NONE is before every day */
    char priority[2] = {(char)('0' + json_integer_value(json_object_get(wait, "priority"))), '\0'};

    note_silence(silence, "all", "all", days);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *group = collect_text(wait, fields[i]);
        note_silence(silence, fields[i], group[0] == '\0' ? "unknown" : group, days);
    }
    note_silence(silence, "priority", priority[0] == '0' ? "unknown" : priority, days);
}

static void add_waits(struct collector *collector) {
    struct evidence_table *table = collect_table(collector, &wait_shape);
    day_t day = collector->evidence->parameters.to;
    struct silence silence = silence_of(evidence_table_named(collector->evidence, "contact"), day);
    json_t *cursor = json_null();

    while (cursor != NULL) {
        json_t *reply =
            collect_ask(collector, json_pack("{s:s, s:o, s:s, s:i, s:{s:s}, s:o}", "op", "waits", "as_at", collect_day(day), "sort",
                                             "subject", "limit", 1000, "filter", "status", "waiting", "cursor", cursor));
        size_t i;
        const json_t *wait;

        json_array_foreach(json_object_get(reply, "rows"), i, wait) {
            add_wait(table, wait);
            note_contact(&silence, wait);
        }
        const json_t *next = json_object_get(reply, "next");
        cursor = json_is_string(next) ? json_string(json_string_value(next)) : NULL;
        json_decref(reply);
    }
    free(silence.rows);
}

void collect_people(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    add_risk(collector);
    add_equity(collector);
    add_caseloads(collector);
    add_waits(collector);
}
