/* The quarterly report: asking, comparing, and saying it in plain words. */
#include "client/evidence/kpi.h"

#include "client/evidence/collect.h"
#include "client/evidence/disclose.h"
#include "client/evidence/quantity.h"
#include "client/evidence/report.h"
#include "client/evidence/svg.h"
#include "daemon/core/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALF_YEAR_DAYS 182

enum { LAST = KPI_QUARTERS - 1, BEFORE = LAST - 1, YEAR_AGO = LAST - 4, MONTHS_A_QUARTER = 3, APRIL = 4, SENTENCE_SIZE = 1024 };

/* How a value is told: with disclosure control not always as the number that it is. */
enum told { TOLD_AS_NUMBER, TOLD_AS_BAND, NOT_TOLD };

/* In tenths of the measure's unit, and of how many people it is made. */
struct value {
    bool is_there;
    int64_t tenths;
    int64_t part;  /* the count itself, or of a percentage the part */
    int64_t whole; /* of a percentage the whole, of days the people whose days they are; -1: there is none */
    enum told told;
};

enum unit { UNIT_PEOPLE, UNIT_PERCENT, UNIT_DAYS };

struct kpi_report {
    struct evidence *evidence; /* of one table */
    const struct config *config;
    struct kpi_quarter quarter;
    struct value (*values)[KPI_QUARTERS]; /* by place in the configuration */
    day_t began;                          /* the journal: the day of its first policy */
};

static const struct evidence_column columns[] = {
    {"name", "Name", "What programs call the measure.", EVIDENCE_TEXT, NULL, NULL},
    {"label", "Measure", "What is measured.", EVIDENCE_TEXT, NULL, NULL},
    {"pathway", "Pathway", "What is waited for; none: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"team", "Team", "Where; none: everywhere.", EVIDENCE_TEXT, NULL, NULL},
    {"client_group", "Client group", "Who; none: everybody.", EVIDENCE_TEXT, NULL, NULL},
    {"unit", "Unit", "people, per cent or days.", EVIDENCE_TEXT, NULL, NULL},
    {"value", "Value", "At the end of the quarter, or in it.", EVIDENCE_MEDIAN, NULL, NULL},
    {"target", "Target", "What is to be reached.", EVIDENCE_MEDIAN, NULL, NULL},
    {"met", "Met", "Whether the target is reached.", EVIDENCE_TEXT, NULL, NULL},
    {"good", "Good is", "low or high.", EVIDENCE_TEXT, NULL, NULL},
    {"direction", "Direction", "better, worse or unchanged against the quarter before.", EVIDENCE_TEXT, NULL, NULL},
    {"quarter_before", "Quarter before", "The value then.", EVIDENCE_MEDIAN, NULL, NULL},
    {"year_before", "Same quarter last year", "The value then.", EVIDENCE_MEDIAN, NULL, NULL},
    {"lowest", "Lowest", "Of the last eight quarters, this one included.", EVIDENCE_MEDIAN, NULL, NULL},
    {"highest", "Highest", "Of the last eight quarters, this one included.", EVIDENCE_MEDIAN, NULL, NULL},
    {"statutory", "Statutory", "Whether the measure is one that the law asks for.", EVIDENCE_TEXT, NULL, NULL},
    {"benchmark", "Benchmark", "What others reach.", EVIDENCE_MEDIAN, NULL, NULL},
    {"benchmark_source", "Source", "Where the benchmark is from.", EVIDENCE_TEXT, NULL, NULL},
    {"commentary", "Commentary", "The same in words.", EVIDENCE_TEXT, NULL, NULL},
};
static const struct evidence_shape shape = {
    "kpi",
    "Measures of the quarter",
    "Each measure against its target, the quarter before, the same quarter of last year, and the range of "
    "the last eight quarters.",
    "position",
    columns,
    sizeof columns / sizeof columns[0],
    false};

/* ---- Quarters */

bool kpi_quarter_parse(const char *text, struct kpi_quarter *quarter) {
    char end;
    bool good = strlen(text) == 7 && strspn(text, "0123456789") == 4 &&
                sscanf(text, "%4d-Q%1d%c", &quarter->year, &quarter->number, &end) == 2 && quarter->year >= 1971;

    return good && quarter->number >= 1 && quarter->number <= 4;
}

/* So many quarters later; `number` may be any. */
static struct kpi_quarter quarter_after(const struct kpi_quarter *quarter, int quarters) {
    int count = quarter->year * 4 + quarter->number - 1 + quarters;

    return (struct kpi_quarter){count / 4, count % 4 + 1};
}

day_t kpi_quarter_from(const struct kpi_quarter *quarter) {
    int month = APRIL + (quarter->number - 1) * MONTHS_A_QUARTER;

    return month > 12 ? day_from_civil(quarter->year + 1, month - 12, 1) : day_from_civil(quarter->year, month, 1);
}

day_t kpi_quarter_to(const struct kpi_quarter *quarter) {
    struct kpi_quarter next = quarter_after(quarter, 1);

    return kpi_quarter_from(&next) - 1;
}

/* "Q1 2025/26" */
static void print_quarter(const struct kpi_quarter *quarter, char text[KPI_QUARTER_SIZE + 16]) {
    snprintf(text, KPI_QUARTER_SIZE + 16, "Q%d %d/%02d", quarter->number, quarter->year, (quarter->year + 1) % 100);
}

/* ---- Asking */

static bool is_of_flow(const struct kpi_config *kpi) {
    return kpi->measure >= KPI_STARTED;
}

static json_t *filter_of(const struct kpi_config *kpi) {
    json_t *filter = json_object();

    if (kpi->pathway != NULL) {
        json_object_set_new(filter, "pathway", json_string(kpi->pathway));
    }
    if (kpi->team != NULL) {
        json_object_set_new(filter, "team", json_string(kpi->team));
    }
    if (kpi->client_group != NULL) {
        json_object_set_new(filter, "client_group", json_string(kpi->client_group));
    }
    if (kpi->measure == KPI_OVER_6_MONTHS) {
        json_object_set_new(filter, "min_days", json_integer(HALF_YEAR_DAYS + 1));
    }
    return filter;
}

static struct value count_value(const json_t *object, const char *member) {
    const json_t *number = json_object_get(object, member);

    return (struct value){
        .is_there = json_is_number(number), .tenths = json_integer_value(number) * 10, .part = json_integer_value(number), .whole = -1};
}

/* Of the days of as many people as `of` says. */
static struct value days_value(const json_t *object, const char *member, const char *of) {
    const json_t *number = json_object_get(object, member);

    return (struct value){.is_there = json_is_number(number),
                          .tenths = llround(json_number_value(number) * 10),
                          .part = -1,
                          .whole = json_integer_value(json_object_get(object, of))};
}

static struct value percent_value(const json_t *object, const char *part, const char *whole) {
    int64_t count = json_integer_value(json_object_get(object, part)), of = json_integer_value(json_object_get(object, whole));

    return (struct value){.is_there = of > 0, .tenths = of > 0 ? evidence_percent(count, of) : 0, .part = count, .whole = of};
}

static struct value value_of(const struct kpi_config *kpi, const json_t *figures) {
    int64_t died;

    switch (kpi->measure) {
    case KPI_WAITING:
    case KPI_OVER_6_MONTHS:
        return count_value(figures, "waiting");
    case KPI_OVER_STANDARD:
        return count_value(figures, "breach");
    case KPI_OVER_STANDARD_PERCENT:
        return percent_value(figures, "breach", "waiting");
    case KPI_NO_CONTACT_PERCENT:
        return percent_value(figures, "no_contact", "waiting");
    case KPI_MEDIAN_WAIT:
        return days_value(figures, "median", "waiting");
    case KPI_MEDIAN_COMPLETED:
        return days_value(figures, "median", "completed");
    case KPI_LONGEST_WAIT:
        return days_value(figures, "longest", "waiting");
    case KPI_STARTED:
        return count_value(figures, "started");
    case KPI_COMPLETED:
        return count_value(figures, "completed");
    case KPI_WITHIN_STANDARD_PERCENT:
        return percent_value(figures, "completed_within_standard", "completed");
    case KPI_DIED:
        died = json_integer_value(json_object_get(json_object_get(figures, "closed_by_reason"), "died"));
        return (struct value){.is_there = true, .tenths = died * 10, .part = died, .whole = -1};
    case KPI_MEASURE_COUNT:
        break;
    }
    return (struct value){.is_there = false};
}

/* The place of the quarter that ends on a day; KPI_QUARTERS: none of them. */
static int place_of(const struct kpi_report *report, day_t to) {
    int place = 0;

    for (; place < KPI_QUARTERS; place++) {
        struct kpi_quarter quarter = quarter_after(&report->quarter, place - LAST);
        if (kpi_quarter_to(&quarter) == to) {
            break;
        }
    }
    return place;
}

/* One answer: of every quarter of which anything was recorded. */
static void take_values(struct kpi_report *report, size_t kpi, const json_t *part, day_t first_day) {
    const struct kpi_config *config = &report->config->kpis[kpi];
    bool is_flow = is_of_flow(config);
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(part, is_flow ? "rows" : "totals"), i, row) {
        int place = place_of(report, collect_day_of(json_object_get(row, is_flow ? "to" : "day")));

        if (place == KPI_QUARTERS) {
            continue;
        }
        struct kpi_quarter quarter = quarter_after(&report->quarter, place - LAST);
        bool is_known = (is_flow ? kpi_quarter_from(&quarter) : kpi_quarter_to(&quarter)) >= first_day;

        /* Of a time before the journal began there is only what was brought in: nothing is not none. */
        is_known = is_known && (kpi_quarter_from(&quarter) >= report->began ||
                                value_of(config, json_object_get(row, is_flow ? "flow" : "position")).tenths != 0);
        if (is_known) {
            report->values[kpi][place] = value_of(config, json_object_get(row, is_flow ? "flow" : "position"));
        }
    }
}

/* One question for all measures of a kind. */
static void ask_kind(struct kpi_report *report, struct collector *collector, bool is_flow) {
    struct kpi_quarter first = quarter_after(&report->quarter, -LAST);
    json_t *each = json_array(), *request;
    json_t *from = collect_day(kpi_quarter_from(&first)), *to = collect_day(kpi_quarter_to(&report->quarter));

    for (size_t i = 0; i < report->config->kpi_count; i++) {
        if (is_of_flow(&report->config->kpis[i]) == is_flow) {
            json_array_append_new(each, is_flow ? json_pack("{s:O, s:O, s:s, s:o}", "from", from, "to", to, "step", "quarter", "filter",
                                                            filter_of(&report->config->kpis[i]))
                                                : json_pack("{s:o}", "filter", filter_of(&report->config->kpis[i])));
        }
    }
    request = is_flow ? json_pack("{s:s, s:O}", "op", "flow", "each", each)
                      : json_pack("{s:s, s:O, s:O, s:s, s:O}", "op", "series", "from", from, "to", to, "step", "quarter", "each", each);
    json_t *reply = json_array_size(each) > 0 ? collect_ask_of_all(collector, json_incref(request)) : NULL;
    const json_t *parts = json_object_get(reply, "each");

    for (size_t i = 0, part = 0; i < report->config->kpi_count && reply != NULL; i++) {
        if (is_of_flow(&report->config->kpis[i]) == is_flow) {
            take_values(report, i, json_array_get(parts, part++), collector->first_day);
        }
    }
    json_decref(reply);
    json_decref(request);
    json_decref(each);
    json_decref(from);
    json_decref(to);
}

/* ---- Comparing */

static enum unit unit_of(const struct kpi_config *kpi) {
    switch (kpi->measure) {
    case KPI_OVER_STANDARD_PERCENT:
    case KPI_NO_CONTACT_PERCENT:
    case KPI_WITHIN_STANDARD_PERCENT:
        return UNIT_PERCENT;
    case KPI_MEDIAN_WAIT:
    case KPI_LONGEST_WAIT:
    case KPI_MEDIAN_COMPLETED:
        return UNIT_DAYS;
    default:
        return UNIT_PEOPLE;
    }
}

static const char *unit_name(const struct kpi_config *kpi) {
    static const char *const names[] = {[UNIT_PEOPLE] = "people", [UNIT_PERCENT] = "per cent", [UNIT_DAYS] = "days"};

    return names[unit_of(kpi)];
}

static bool is_met(const struct kpi_config *kpi, const struct value *value) {
    int64_t target = (int64_t)kpi->target * 10;

    return kpi->polarity == KPI_LOW_IS_GOOD ? value->tenths <= target : value->tenths >= target;
}

static const char *direction_of(const struct kpi_config *kpi, const struct value *now, const struct value *then) {
    if (now->tenths == then->tenths) {
        return "unchanged";
    }
    return (now->tenths < then->tenths) == (kpi->polarity == KPI_LOW_IS_GOOD) ? "better" : "worse";
}

static bool is_number(const struct value *value) {
    return value->is_there && value->told == TOLD_AS_NUMBER;
}

/* Of those that are told. */
static void range_of(const struct value values[KPI_QUARTERS], struct value *lowest, struct value *highest) {
    *lowest = *highest = (struct value){.is_there = false};
    for (int i = 0; i < KPI_QUARTERS; i++) {
        if (!is_number(&values[i])) {
            continue;
        }
        *lowest = !lowest->is_there || values[i].tenths < lowest->tenths ? values[i] : *lowest;
        *highest = !highest->is_there || values[i].tenths > highest->tenths ? values[i] : *highest;
    }
}

/* ---- Words */

/* "1,315", "60.3 %", "49.5 days" */
static void say_value(const struct kpi_config *kpi, int64_t tenths, char said[64]) {
    enum unit unit = unit_of(kpi);
    int64_t whole = tenths / 10;
    char digits[40];

    if (whole >= 1000) {
        snprintf(digits, sizeof digits, "%lld,%03lld", (long long)(whole / 1000), (long long)(whole % 1000));
    } else {
        snprintf(digits, sizeof digits, "%lld", (long long)whole);
    }
    if (unit == UNIT_PERCENT || tenths % 10 != 0) {
        size_t length = strlen(digits);
        snprintf(digits + length, sizeof digits - length, ".%lld", (long long)(tenths % 10));
    }
    snprintf(said, 64, "%s%s", digits, unit == UNIT_PERCENT ? " %" : unit == UNIT_DAYS ? tenths == 10 ? " day" : " days" : "");
}

/* The same of what may be hidden, or a band: "*", "85 to 182 days", and a dash for none. */
static void say_told(const struct kpi_config *kpi, const struct value *value, char said[64]) {
    char band[EVIDENCE_CELL_SIZE];

    if (!value->is_there) {
        snprintf(said, 64, "\xe2\x80\x93");
    } else if (value->told == NOT_TOLD) {
        snprintf(said, 64, "*");
    } else if (value->told == TOLD_AS_BAND) {
        disclose_band(value->tenths / 10, band);
        snprintf(said, 64, "%.50s days", band);
    } else {
        say_value(kpi, value->tenths, said);
    }
}

static void add(char *sentence, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char *sentence, const char *format, ...) {
    size_t length = strlen(sentence);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(sentence + length, SENTENCE_SIZE - length, format, arguments);
    va_end(arguments);
}

static void add_comparison(char *sentence, const struct kpi_config *kpi, const struct value *now, const struct value *then,
                           const char *when) {
    int64_t change = now->tenths - then->tenths;
    char said[64];

    if (!then->is_there) {
        add(sentence, " There is no value of %s.", when);
    } else if (then->told == TOLD_AS_BAND) {
        say_told(kpi, then, said);
        add(sentence, " In %s it was %s.", when, said);
    } else if (!is_number(then)) {
        add(sentence, " The value of %s is not told.", when);
    } else if (!is_number(now)) {
        say_value(kpi, then->tenths, said);
        add(sentence, " In %s it was %s.", when, said);
    } else if (change == 0) {
        add(sentence, " It was the same in %s.", when);
    } else {
        int64_t size = change < 0 ? -change : change;

        if (unit_of(kpi) == UNIT_PERCENT) {
            snprintf(said, sizeof said, "%lld.%lld percentage points", (long long)(size / 10), (long long)(size % 10));
        } else {
            say_value(kpi, size, said);
        }
        add(sentence, " That is %s %s than in %s, which is %s.", said, change < 0 ? "less" : "more", when, direction_of(kpi, now, then));
    }
}

static bool has_hidden(const struct value values[KPI_QUARTERS]) {
    for (int i = 0; i < KPI_QUARTERS; i++) {
        if (values[i].is_there && !is_number(&values[i])) {
            return true;
        }
    }
    return false;
}

static void comment_on(const struct kpi_report *report, size_t place, char sentence[SENTENCE_SIZE]) {
    const struct kpi_config *kpi = &report->config->kpis[place];
    const struct value *values = report->values[place];
    struct value lowest, highest;
    char said[64], other[64], quarter[KPI_QUARTER_SIZE + 16];

    sentence[0] = '\0';
    print_quarter(&report->quarter, quarter);
    if (!values[LAST].is_there) {
        add(sentence, "There is no value of %s: nobody was counted.", quarter);
        return;
    }
    if (values[LAST].told == NOT_TOLD) {
        add(sentence, "The value of %s is not told, to protect few people", quarter);
    } else {
        say_told(kpi, &values[LAST], said);
        add(sentence, "%s %s it was %s", is_of_flow(kpi) ? "In" : "At the end of", quarter, said);
    }
    if (!is_number(&values[LAST])) {
        add(sentence, kpi->target >= 0 ? ", and so neither is whether the target is met." : ".");
    } else if (kpi->target >= 0) {
        say_value(kpi, (int64_t)kpi->target * 10, other);
        add(sentence, ", against a target of at %s %s, which is %s.", kpi->polarity == KPI_LOW_IS_GOOD ? "most" : "least", other,
            is_met(kpi, &values[LAST]) ? "met" : "not met");
    } else {
        add(sentence, "; there is no target.");
    }
    add_comparison(sentence, kpi, &values[LAST], &values[BEFORE], "the quarter before");
    add_comparison(sentence, kpi, &values[LAST], &values[YEAR_AGO], "the same quarter last year");
    range_of(values, &lowest, &highest);
    if (lowest.is_there) {
        say_value(kpi, lowest.tenths, said);
        say_value(kpi, highest.tenths, other);
        add(sentence, " In the last eight quarters%s it lay between %s and %s.", has_hidden(values) ? ", as far as it is told," : "", said,
            other);
    }
}

/* ---- The table */

static void set_value(struct evidence_table *table, const char *column, const struct value *value) {
    char band[EVIDENCE_CELL_SIZE];

    if (is_number(value)) {
        evidence_number(table, column, value->tenths);
    } else if (value->is_there && value->told == TOLD_AS_BAND) {
        disclose_band(value->tenths / 10, band);
        evidence_copy(table, column, &(struct evidence_cell){.state = EVIDENCE_BAND, .text = band});
    } else if (value->is_there) {
        evidence_copy(table, column, &(struct evidence_cell){.state = EVIDENCE_HIDDEN});
    }
}

static void add_row(struct kpi_report *report, struct evidence_table *table, size_t place) {
    const struct kpi_config *kpi = &report->config->kpis[place];
    const struct value *values = report->values[place];
    struct value lowest, highest;
    char sentence[SENTENCE_SIZE];

    range_of(values, &lowest, &highest);
    comment_on(report, place, sentence);
    evidence_row(table);
    evidence_text(table, "name", kpi->name);
    evidence_text(table, "label", kpi->label != NULL ? kpi->label : kpi->name);
    evidence_text(table, "pathway", kpi->pathway);
    evidence_text(table, "team", kpi->team);
    evidence_text(table, "client_group", kpi->client_group);
    evidence_text(table, "unit", unit_name(kpi));
    set_value(table, "value", &values[LAST]);
    if (kpi->target >= 0) {
        evidence_number(table, "target", (int64_t)kpi->target * 10);
    }
    if (kpi->target >= 0 && is_number(&values[LAST])) {
        evidence_text(table, "met", is_met(kpi, &values[LAST]) ? "yes" : "no");
    }
    evidence_text(table, "good", kpi->polarity == KPI_LOW_IS_GOOD ? "low" : "high");
    if (is_number(&values[LAST]) && is_number(&values[BEFORE])) {
        evidence_text(table, "direction", direction_of(kpi, &values[LAST], &values[BEFORE]));
    }
    set_value(table, "quarter_before", &values[BEFORE]);
    set_value(table, "year_before", &values[YEAR_AGO]);
    set_value(table, "lowest", &lowest);
    set_value(table, "highest", &highest);
    evidence_text(table, "statutory", kpi->statutory ? "yes" : "no");
    if (kpi->benchmark >= 0) {
        evidence_number(table, "benchmark", (int64_t)kpi->benchmark * 10);
    }
    evidence_text(table, "benchmark_source", kpi->benchmark_source);
    evidence_text(table, "commentary", sentence);
}

/* ---- Disclosure control */

static const struct evidence_column count_columns[] = {
    {"measure", "", "", EVIDENCE_TEXT, NULL, NULL}, {"scope", "", "", EVIDENCE_TEXT, NULL, NULL},
    {"from_day", "", "", EVIDENCE_DAY, NULL, NULL}, {"to_day", "", "", EVIDENCE_DAY, NULL, NULL},
    {"count", "", "", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape count_shape = {
    "kpi_counts", "", "", "position", count_columns, sizeof count_columns / sizeof count_columns[0], false};
enum { COUNT_COLUMN = 4 };

/* The counts that a measure is made of, by the names that packs have for them; NULL: none. */
static const char *part_name(const struct kpi_config *kpi) {
    static const char *const names[KPI_MEASURE_COUNT] = {[KPI_WAITING] = "waiting",
                                                         [KPI_OVER_STANDARD] = "over_standard",
                                                         [KPI_OVER_STANDARD_PERCENT] = "over_standard",
                                                         [KPI_OVER_6_MONTHS] = "over_6_months",
                                                         [KPI_NO_CONTACT_PERCENT] = "no_contact",
                                                         [KPI_STARTED] = "started",
                                                         [KPI_COMPLETED] = "completed",
                                                         [KPI_WITHIN_STANDARD_PERCENT] = "within_standard",
                                                         [KPI_DIED] = "died"};

    return names[kpi->measure];
}

static void add_count(struct kpi_report *report, struct evidence_table *counts, size_t kpi, int place, const char *measure, int64_t count) {
    const struct kpi_config *config = &report->config->kpis[kpi];
    struct kpi_quarter quarter = quarter_after(&report->quarter, place - LAST);
    char scope[QUANTITY_KEY_SIZE];

    snprintf(scope, sizeof scope, "%s|%s|%s", config->pathway != NULL ? config->pathway : "", config->team != NULL ? config->team : "",
             config->client_group != NULL ? config->client_group : "");
    evidence_row(counts);
    evidence_text(counts, "measure", measure);
    evidence_text(counts, "scope", scope);
    if (is_of_flow(config)) {
        evidence_number(counts, "from_day", kpi_quarter_from(&quarter));
    }
    evidence_number(counts, "to_day", kpi_quarter_to(&quarter));
    evidence_number(counts, "count", count);
}

/* Two rows for each value, where it is made of two counts; in the order in which protect_values asks for them. */
static void add_counts(struct kpi_report *report, struct evidence_table *counts) {
    for (size_t kpi = 0; kpi < report->config->kpi_count; kpi++) {
        const struct kpi_config *config = &report->config->kpis[kpi];

        for (int place = 0; place < KPI_QUARTERS; place++) {
            const struct value *value = &report->values[kpi][place];

            if (value->is_there && part_name(config) != NULL) {
                add_count(report, counts, kpi, place, part_name(config), value->part);
            }
            if (value->is_there && value->whole >= 0) {
                add_count(report, counts, kpi, place, is_of_flow(config) ? "completed" : "waiting", value->whole);
            }
        }
    }
}

/* Whether the count of a row is hidden; the next row then. */
static bool take_hidden(const struct evidence_table *counts, size_t *row, const struct quantities *quantities) {
    struct quantity_name name;
    char buffer[QUANTITY_KEY_SIZE];

    ENSURE(quantity_name_of(counts, *row, COUNT_COLUMN, &name, buffer));
    (*row)++;
    return quantities_is_hidden(quantities, &name);
}

static void protect_value(const struct kpi_config *kpi, struct value *value, bool is_hidden) {
    bool is_of_few = unit_of(kpi) == UNIT_DAYS && value->whole <= DISCLOSE_HIDDEN_MAX;

    if (is_hidden || is_of_few) {
        value->told = NOT_TOLD;
    } else if (kpi->measure == KPI_LONGEST_WAIT) {
        value->told = TOLD_AS_BAND;
    } else if (unit_of(kpi) == UNIT_PERCENT) {
        value->tenths = evidence_percent(disclose_rounded(value->part), disclose_rounded(value->whole));
    } else if (unit_of(kpi) == UNIT_PEOPLE) {
        value->tenths = disclose_rounded(value->part) * 10;
    }
}

/* Everything that is said later (what is met, better, lowest) is said of what is told, and so tells no more. */
static void protect_values(struct kpi_report *report) {
    /* Its flows are of quarters, which are no months of a period. */
    struct evidence *evidence = memory_new(1, sizeof *evidence);
    size_t row = 0;

    evidence->parameters = (struct evidence_parameters){.from = INT32_MAX, .to = INT32_MAX};
    evidence->tables[evidence->table_count++] = evidence_table_create(&count_shape, 0);
    add_counts(report, evidence->tables[0]);
    struct quantities *quantities = quantities_create(evidence);

    quantities_protect(quantities);
    for (size_t kpi = 0; kpi < report->config->kpi_count; kpi++) {
        for (int place = 0; place < KPI_QUARTERS; place++) {
            struct value *value = &report->values[kpi][place];
            bool is_hidden = false;

            if (value->is_there && part_name(&report->config->kpis[kpi]) != NULL) {
                is_hidden = take_hidden(evidence->tables[0], &row, quantities);
            }
            if (value->is_there && value->whole >= 0) {
                is_hidden = take_hidden(evidence->tables[0], &row, quantities) || is_hidden;
            }
            if (value->is_there) {
                protect_value(&report->config->kpis[kpi], value, is_hidden);
            }
        }
    }
    quantities_destroy(&quantities);
    evidence_destroy(&evidence);
}

/* ---- The report */

struct kpi_report *kpi_collect(const struct evidence_source *source, const struct config *config, const struct kpi_quarter *quarter,
                               const json_t *known_at, bool publish, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct kpi_report *report = memory_new(1, sizeof *report);
    struct collector collector = {.source = source, .message = message};

    message[0] = '\0';
    report->config = config;
    report->quarter = *quarter;
    report->values = memory_new(config->kpi_count, sizeof *report->values);
    report->evidence = collector.evidence = memory_new(1, sizeof *report->evidence);
    report->evidence->parameters =
        (struct evidence_parameters){.from = kpi_quarter_to(quarter),
                                     /* a position is known though the records begin within the quarter */ .to = kpi_quarter_to(quarter),
                                     .known_at = known_at,
                                     .publish = publish,
                                     .council = config->council_name};
    if (config->kpi_count == 0) {
        collect_fail(&collector, "the configuration has no kpis: say what is to be measured (waitlistd.conf, kpis)");
    }
    collect_begin(&collector);
    report->began = collect_day_of(json_object_get(json_array_get(json_object_get(report->evidence->ground, "rows"), 0), "from"));
    ask_kind(report, &collector, false);
    ask_kind(report, &collector, true);
    json_decref(collector.quality);
    if (collector.has_failed) {
        kpi_destroy(&report);
        return NULL;
    }
    if (publish) {
        protect_values(report);
    }
    struct evidence_table *table = collect_table(&collector, &shape);

    for (size_t i = 0; i < config->kpi_count; i++) {
        add_row(report, table, i);
    }
    return report;
}

void kpi_destroy(struct kpi_report **report) {
    if (*report == NULL) {
        return;
    }
    evidence_destroy(&(*report)->evidence);
    free((*report)->values);
    free(*report);
    *report = NULL;
}

const struct evidence_table *kpi_table(const struct kpi_report *report) {
    return report->evidence->tables[0];
}

/* ---- Forms */

/* A hidden one is "*", a band its text. */
static json_t *tenths_json(const struct evidence_cell *cell) {
    if (cell->state == EVIDENCE_HIDDEN || cell->state == EVIDENCE_BAND) {
        return json_string(cell->state == EVIDENCE_HIDDEN ? "*" : cell->text);
    }
    if (cell->state != EVIDENCE_VALUE) {
        return json_null();
    }
    return cell->number % 10 == 0 ? json_integer(cell->number / 10) : json_real((double)cell->number / 10);
}

static json_t *history_json(const struct kpi_report *report, size_t place) {
    json_t *history = json_array();

    for (int i = 0; i < KPI_QUARTERS; i++) {
        struct kpi_quarter quarter = quarter_after(&report->quarter, i - LAST);
        const struct value *value = &report->values[place][i];
        char band[EVIDENCE_CELL_SIZE];
        struct evidence_cell cell = {.state = !value->is_there              ? EVIDENCE_NONE
                                              : value->told == TOLD_AS_BAND ? EVIDENCE_BAND
                                              : value->told == NOT_TOLD     ? EVIDENCE_HIDDEN
                                                                            : EVIDENCE_VALUE,
                                     .text = band,
                                     .number = value->tenths};

        disclose_band(value->tenths / 10, band);

        json_array_append_new(
            history, json_pack("{s:o, s:o}", "quarter", json_sprintf("%d-Q%d", quarter.year, quarter.number), "value", tenths_json(&cell)));
    }
    return history;
}

json_t *kpi_json(struct kpi_report *report) {
    const struct evidence_table *table = kpi_table(report);
    const json_t *ground = report->evidence->ground;
    json_t *rows = json_array();

    for (size_t row = 0; row < evidence_table_rows(table); row++) {
        json_t *object = json_object();

        for (size_t column = 0; column < shape.column_count; column++) {
            const struct evidence_cell *cell = evidence_table_look(table, row, column);
            bool is_text = columns[column].kind == EVIDENCE_TEXT;
            json_object_set_new(object, columns[column].name,
                                !is_text                       ? tenths_json(cell)
                                : cell->state == EVIDENCE_NONE ? json_null()
                                                               : json_string(cell->text));
        }
        json_object_set_new(object, "measure", json_string(config_kpi_measure_name(report->config->kpis[row].measure)));
        json_object_set_new(object, "history", history_json(report, row));
        json_array_append_new(rows, object);
    }
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:O, s:O, s:O, s:O, s:O, s:o}", "report", "kpi", "publish",
                     report->evidence->parameters.publish, "quarter", json_sprintf("%d-Q%d", report->quarter.year, report->quarter.number),
                     "from", collect_day(kpi_quarter_from(&report->quarter)), "to", collect_day(kpi_quarter_to(&report->quarter)), "epoch",
                     json_object_get(ground, "epoch"), "known_at", json_object_get(ground, "known_at"), "asked_at",
                     json_object_get(ground, "asked_at"), "chain", json_object_get(ground, "chain"), "rule_versions",
                     json_object_get(ground, "rule_versions"), "rows", rows);
}

static void put_history(struct kpi_report *report, size_t place, struct evidence_text *text) {
    const struct kpi_config *kpi = &report->config->kpis[place];
    struct svg_chart chart = {.point_count = KPI_QUARTERS, .series_count = 1};
    char title[300];

    snprintf(title, sizeof title, "%s, in the last eight quarters", kpi->label != NULL ? kpi->label : kpi->name);
    chart.title = title;
    chart.series[0].name = unit_name(kpi);
    for (int i = 0; i < KPI_QUARTERS; i++) {
        struct kpi_quarter quarter = quarter_after(&report->quarter, i - LAST);
        print_quarter(&quarter, chart.labels[i]);
        chart.series[0].is_told[i] = is_number(&report->values[place][i]);
        chart.series[0].values[i] = (report->values[place][i].tenths + 5) / 10;
    }
    svg_lines(&chart, text);
    evidence_put(text, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    html_put(text, title);
    evidence_put(text, "\"><table><caption>");
    html_put(text, title);
    evidence_put(text, "</caption><thead><tr><th scope=\"col\">Quarter</th><th scope=\"col\" class=\"n\">Value</th></tr></thead><tbody>\n");
    for (int i = 0; i < KPI_QUARTERS; i++) {
        char said[64];

        say_told(kpi, &report->values[place][i], said);
        evidence_print(text, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td></tr>\n", chart.labels[i], said);
    }
    evidence_put(text, "</tbody></table></div>\n");
}

void kpi_page(struct kpi_report *report, struct evidence_text *text) {
    const struct evidence_table *table = kpi_table(report);
    char quarter[KPI_QUARTER_SIZE + 16], title[64];

    print_quarter(&report->quarter, quarter);
    snprintf(title, sizeof title, "Waiting lists: %s", quarter);
    html_begin(report->evidence, title, text);
    evidence_put(text, "<main>\n<p>From ");
    html_day(text, kpi_quarter_from(&report->quarter));
    evidence_put(text, " to ");
    html_day(text, kpi_quarter_to(&report->quarter));
    evidence_print(text, ", by what was known at %s.</p>\n", collect_text(report->evidence->ground, "asked_at"));
    if (report->evidence->parameters.publish) {
        evidence_put(text,
                     "<p>For publication: a count of 1 to 7 is shown as *, and so is a larger one where a smaller could be worked out from "
                     "it, and what is made of either; other counts are given to the nearest 5, and percentages are made of those. Medians "
                     "of fewer than 8 people are shown as *, longest waits as a band of days. Whether a target is met, and what is better "
                     "or worse, is said of the figures as they are shown.</p>\n");
    }
    html_table(report->evidence, table, NULL, "label unit value target met direction year_before lowest highest statutory benchmark",
               "In short", text);
    for (size_t row = 0; row < evidence_table_rows(table); row++) {
        const struct kpi_config *kpi = &report->config->kpis[row];
        char sentence[SENTENCE_SIZE];

        comment_on(report, row, sentence);
        evidence_put(text, "<section><h2>");
        html_put(text, kpi->label != NULL ? kpi->label : kpi->name);
        evidence_put(text, "</h2>\n<p>");
        html_put(text, sentence);
        evidence_put(text, "</p>\n");
        if (kpi->benchmark >= 0) {
            char said[64];

            say_value(kpi, (int64_t)kpi->benchmark * 10, said);
            evidence_print(text, "<p>Benchmark: %s%s", said, kpi->benchmark_source == NULL ? "" : ", ");
            html_put(text, kpi->benchmark_source == NULL ? "" : kpi->benchmark_source);
            evidence_put(text, ".</p>\n");
        }
        put_history(report, row, text);
        evidence_put(text, "</section>\n");
    }
    evidence_print(
        text,
        "<p>Journal %s, events up to seq %lld, hash chain %s. Standards are the council's own; the law sets none for an assessment "
        "under the Care Act.</p>\n</main>\n",
        collect_text(report->evidence->ground, "epoch"),
        (long long)json_integer_value(json_object_get(report->evidence->ground, "known_at")),
        collect_text(report->evidence->ground, "chain"));
    html_end(text);
}

bool kpi_workbook(struct kpi_report *report, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    return evidence_workbook(report->evidence, files, message);
}
