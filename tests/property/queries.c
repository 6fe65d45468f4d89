/* Random summaries and listings of a register against the oracle, and the sums that must add up. */
#include "daemon/core/distribution.h"
#include "tests/property/compare.h"
#include "tests/property/fields.h"

#include <string.h>

static const enum status statuses[] = {STATUS_NONE, STATUS_SCHEDULED, STATUS_WAITING, STATUS_ENDED, STATUS_EXCLUDED};

static enum choice random_choice(struct random *random) {
    return random_chance(random, 80) ? CHOICE_ANY : random_chance(random, 50) ? CHOICE_YES : CHOICE_NO;
}

static void random_filter(struct random *random, const struct snapshot *snapshot, struct wait_filter *filter) {
    memset(filter, 0, sizeof *filter);
    if (random_chance(random, 30))
        return;
    filter->field_count = random_below(random, 3);
    for (size_t i = 0; i < filter->field_count; i++) {
        struct field_filter *field = &filter->fields[i];
        field->name = field_random(random);
        field->value_count = 1 + random_below(random, 3);
        for (size_t j = 0; j < field->value_count; j++)
            field->values[j] = field_random_value(random, snapshot, &field->name);
    }
    if (random_chance(random, 50))
        return;
    filter->breach = random_choice(random);
    filter->due = random_choice(random);
    filter->paused = random_choice(random);
    filter->no_contact = random_choice(random);
    filter->has_min_days = random_chance(random, 20);
    filter->has_max_days = random_chance(random, 20);
    filter->min_days = random_between(random, 0, 20);
    filter->max_days = random_between(random, 0, 40);
    for (enum status status = STATUS_WAITING; status < STATUS_COUNT; status++)
        if (random_chance(random, 25))
            filter->statuses |= 1U << status;
    if (random_chance(random, 20))
        filter->subject_prefix = text_of(random_chance(random, 50) ? "w" : "w/1");
}

static bool choice_passes(enum choice choice, bool value) {
    return choice == CHOICE_ANY || value == (choice == CHOICE_YES);
}

static bool passes(const struct wait_filter *filter, struct text subject, const struct oracle_wait *wait) {
    if (wait->status == ORACLE_NO_WAIT)
        return false;
    for (size_t i = 0; i < filter->field_count; i++) {
        bool any = false;
        for (size_t j = 0; j < filter->fields[i].value_count; j++)
            any |= text_equal(field_key(wait, &filter->fields[i].name), filter->fields[i].values[j]);
        if (!any)
            return false;
    }
    bool runs = wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
    struct text start = {subject.at, filter->subject_prefix.length};
    return choice_passes(filter->breach, wait->breach) && choice_passes(filter->due, wait->due) &&
           choice_passes(filter->paused, runs && wait->is_paused) && choice_passes(filter->no_contact, wait->no_contact) &&
           (!filter->has_min_days || wait->days >= filter->min_days) && (!filter->has_max_days || wait->days <= filter->max_days) &&
           (filter->statuses == 0 || (filter->statuses & 1U << statuses[wait->status])) &&
           (subject.length >= start.length && text_equal(start, filter->subject_prefix));
}

/* One row of a summary by the rules. */
struct expected_row {
    struct text keys[GROUP_BY_MAX];
    size_t count;
    const struct oracle_wait *waits[HISTORY_WAITS_MAX];
};

/* Puts the wait into its row; rows are kept in the order of their keys. */
static void put_wait(struct expected_row *rows, size_t *row_count, const struct field_name *fields, size_t field_count,
                     const struct oracle_wait *wait) {
    struct expected_row row = {.count = 0};
    size_t at = 0;
    for (size_t i = 0; i < field_count; i++)
        row.keys[i] = field_key(wait, &fields[i]);
    while (at < *row_count && field_keys_compare(rows[at].keys, row.keys, field_count) < 0)
        at++;
    if (at == *row_count || field_keys_compare(rows[at].keys, row.keys, field_count) != 0) {
        memmove(&rows[at + 1], &rows[at], (*row_count - at) * sizeof rows[0]);
        rows[at] = row;
        ++*row_count;
    }
    rows[at].waits[rows[at].count++] = wait;
}

static void describe(char *out, size_t size, const struct field_name *fields, size_t field_count, const struct text *keys) {
    static const char *const names[] = {"pathway", "team",   "district",   "client_group", "priority",
                                        "stage",   "impact", "likelihood", "worker",       "dimension"};
    size_t length = (size_t)snprintf(out, size, "summary");
    for (size_t i = 0; i < field_count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, " %s %.*s", names[fields[i].field], (int)keys[i].length, keys[i].at);
}

void compare_random_summary(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random, struct verdict *verdict) {
    struct field_name fields[GROUP_BY_MAX];
    struct wait_filter filter;
    struct summary summary;
    struct expected_row rows[HISTORY_WAITS_MAX + 1];
    const struct oracle_wait *all[HISTORY_WAITS_MAX];
    struct oracle_position expected;
    char what[600];
    size_t row_count = 0, all_count = 0, field_count = random_below(random, GROUP_BY_MAX + 1);
    for (size_t i = 0; i < field_count; i++)
        fields[i] = field_random(random);
    random_filter(random, snapshot, &filter);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct oracle_wait *wait = &snapshot->waits[i];
        bool runs = wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
        if (!runs || !passes(&filter, snapshot->subjects[i], wait))
            continue;
        all[all_count++] = wait;
        put_wait(rows, &row_count, fields, field_count, wait);
    }
    if (!register_summary(reg, fields, field_count, &filter, &summary))
        verdict_fail(verdict, "the summary was refused");
    oracle_position(snapshot->policy, all, all_count, &expected);
    compare_position(&summary.total, &expected, snapshot->policy->band_count, "summary in total", verdict);
    for (size_t i = 0; i < summary.row_count && i < row_count; i++) {
        describe(what, sizeof what, fields, field_count, rows[i].keys);
        if (field_keys_compare(summary.rows[i].keys, rows[i].keys, field_count) != 0)
            verdict_fail(verdict, "day %d: row %zu of a summary has other keys than %s", snapshot->today, i, what);
        oracle_position(snapshot->policy, rows[i].waits, rows[i].count, &expected);
        compare_position(&summary.rows[i].position, &expected, snapshot->policy->band_count, what, verdict);
    }
    if (summary.row_count != row_count)
        verdict_fail(verdict, "day %d: a summary by %zu fields has %zu rows, by the rules %zu", snapshot->today, field_count,
                     summary.row_count, row_count);
    summary_free(&summary);
}

void compare_random_distribution(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random,
                                 struct verdict *verdict) {
    struct wait_filter filter;
    struct distribution distribution;
    struct distribution_row expected[DISTRIBUTION_ROWS_MAX] = {{0, 0}};
    uint32_t waiting = 0, breach = 0, by_standard = 0;
    size_t rows = 0;
    random_filter(random, snapshot, &filter);
    register_distribution(reg, &filter, &distribution);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct oracle_wait *wait = &snapshot->waits[i];
        if (wait->status != ORACLE_WAITING || !passes(&filter, snapshot->subjects[i], wait))
            continue;
        size_t row = (size_t)wait->days / 7 < DISTRIBUTION_ROWS_MAX ? (size_t)wait->days / 7 : DISTRIBUTION_ROWS_MAX - 1;
        rows = row + 1 > rows ? row + 1 : rows;
        expected[row].count++;
        expected[row].over_standard += wait->breach;
        waiting++;
        breach += wait->breach;
    }
    for (size_t i = 0; i < distribution.standard_count; i++)
        by_standard += distribution.standards[i].count;
    if (distribution.row_count != rows || distribution.total.count != waiting || distribution.total.over_standard != breach)
        verdict_fail(verdict, "day %d: a distribution has %zu rows, %u of %u over standard; by the rules %zu, %u of %u", snapshot->today,
                     distribution.row_count, distribution.total.over_standard, distribution.total.count, rows, breach, waiting);
    if (by_standard != waiting)
        verdict_fail(verdict, "day %d: the standards of a distribution have %u people, not %u", snapshot->today, by_standard, waiting);
    for (size_t i = 0; i < DISTRIBUTION_ROWS_MAX; i++)
        if (distribution.rows[i].count != expected[i].count || distribution.rows[i].over_standard != expected[i].over_standard)
            verdict_fail(verdict, "day %d: week %zu of a distribution has %u of %u over standard, by the rules %u of %u", snapshot->today,
                         i, distribution.rows[i].over_standard, distribution.rows[i].count, expected[i].over_standard, expected[i].count);
    distribution_free(&distribution);
}

/* One row of a listing by the rules. */
struct listed {
    bool is_null;
    int64_t value;
    struct text subject;
};

static struct listed listed_of(struct text subject, const struct oracle_wait *wait, enum wait_sort sort) {
    bool runs = wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
    switch (sort) {
    case SORT_DAYS:
        return (struct listed){false, wait->days, subject};
    case SORT_DAYS_TO_BREACH:
        return (struct listed){!runs, wait->standard + 1 - wait->days, subject};
    case SORT_RISK:
        return (struct listed){wait->impact == 0 || wait->likelihood == 0, wait->impact * wait->likelihood, subject};
    case SORT_PRIORITY:
        return (struct listed){wait->priority == 0, wait->priority, subject};
    case SORT_LAST_CONTACT:
        return (struct listed){wait->last_contact == DAY_NONE, wait->last_contact, subject};
    case SORT_SUBJECT:
        break;
    }
    return (struct listed){false, 0, subject};
}

static bool comes_before(const struct listed *a, const struct listed *b, enum wait_sort sort, bool descending) {
    if (a->is_null != b->is_null)
        return b->is_null;
    if (!a->is_null && a->value != b->value)
        return descending ? a->value > b->value : a->value < b->value;
    int order = text_compare(a->subject, b->subject);
    return sort == SORT_SUBJECT && descending ? order > 0 : order < 0;
}

static size_t expected_listing(const struct snapshot *snapshot, const struct waits_request *request, struct listed *rows) {
    size_t count = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (!passes(request->filter, snapshot->subjects[i], &snapshot->waits[i]))
            continue;
        struct listed row = listed_of(snapshot->subjects[i], &snapshot->waits[i], request->sort);
        size_t at = count++;
        for (; at > 0 && comes_before(&row, &rows[at - 1], request->sort, request->descending); at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
    return count;
}

void compare_random_listing(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random, struct verdict *verdict) {
    struct listed expected[HISTORY_WAITS_MAX];
    struct wait_filter filter;
    struct waits_page page;
    struct sort_place after;
    struct waits_request request = {.filter = &filter,
                                    .sort = (enum wait_sort)random_below(random, WAIT_SORT_COUNT),
                                    .descending = random_chance(random, 50),
                                    .limit = 1 + random_below(random, 5)};
    random_filter(random, snapshot, &filter);
    size_t count = expected_listing(snapshot, &request, expected);
    size_t listed = 0;
    do {
        register_waits(reg, &request, &page);
        if (page.count != count)
            verdict_fail(verdict, "day %d: a listing counts %llu, by the rules %zu", snapshot->today, (unsigned long long)page.count,
                         count);
        for (size_t i = 0; i < page.row_count && !verdict->failed; i++, listed++)
            if (listed == count || page.waits[i] != register_find(reg, expected[listed].subject))
                verdict_fail(verdict, "day %d: row %zu of a listing sorted by %s%s is another wait than %.*s", snapshot->today, listed,
                             request.descending ? "-" : "", wait_sort_name(request.sort),
                             listed == count ? 0 : (int)expected[listed].subject.length,
                             listed == count ? "" : expected[listed].subject.at);
        if (page.more && page.row_count != request.limit)
            verdict_fail(verdict, "day %d: a page of a listing is not full, yet more follows", snapshot->today);
        after = page.last;
        request.after = &after;
    } while (page.more && !verdict->failed);
    if (listed != count)
        verdict_fail(verdict, "day %d: a listing ended after %zu of %zu", snapshot->today, listed, count);
}

static void add_up(struct position *sum, const struct position *part) {
    sum->waiting += part->waiting;
    sum->unallocated += part->unallocated;
    sum->allocated += part->allocated;
    sum->in_progress += part->in_progress;
    sum->paused += part->paused;
    sum->breach += part->breach;
    sum->due += part->due;
    sum->scheduled += part->scheduled;
    sum->no_contact += part->no_contact;
    for (size_t i = 0; i < part->band_count; i++)
        sum->bands[i] += part->bands[i];
}

static bool adds_up(const struct position *position) {
    uint32_t bands = 0;
    for (size_t i = 0; i < position->band_count; i++)
        bands += position->bands[i];
    return bands == position->waiting && position->unallocated + position->allocated + position->in_progress == position->waiting;
}

static bool same_counts(const struct position *sum, const struct position *total) {
    bool same = sum->waiting == total->waiting && sum->unallocated == total->unallocated && sum->allocated == total->allocated &&
                sum->in_progress == total->in_progress && sum->paused == total->paused && sum->breach == total->breach &&
                sum->due == total->due && sum->scheduled == total->scheduled && sum->no_contact == total->no_contact;
    for (size_t i = 0; i < total->band_count; i++)
        same &= sum->bands[i] == total->bands[i];
    return same;
}

void compare_parts(struct waiting_register *reg, struct verdict *verdict) {
    static const struct wait_filter everyone;
    struct position first = {.band_count = SIZE_MAX};
    for (int field = 0; field <= FIELD_DIMENSION; field++) {
        struct field_name name = {(enum wait_field)field, field == FIELD_DIMENSION ? text_of("area") : TEXT_ABSENT};
        struct position sum = {0};
        struct summary summary;
        if (!register_summary(reg, &name, 1, &everyone, &summary))
            verdict_fail(verdict, "the summary by field %d was refused", field);
        for (size_t i = 0; i < summary.row_count; i++) {
            add_up(&sum, &summary.rows[i].position);
            if (!adds_up(&summary.rows[i].position))
                verdict_fail(verdict, "row %zu of the summary by field %d does not add up", i, field);
        }
        if (!adds_up(&summary.total) || !same_counts(&sum, &summary.total))
            verdict_fail(verdict, "the parts by field %d do not add up to their total", field);
        if (first.band_count != SIZE_MAX && (!same_counts(&first, &summary.total) || first.longest != summary.total.longest ||
                                             first.median_tenths != summary.total.median_tenths ||
                                             first.mean_tenths != summary.total.mean_tenths || first.p90 != summary.total.p90))
            verdict_fail(verdict, "the total by field %d is not the total by pathway", field);
        first = summary.total;
        summary_free(&summary);
    }
}
