/* The quantities of a pack and what ties them: sums that everybody can do. Counts are hidden until none can be worked out from the others.
 *
 * What a reader knows of a quantity is an interval: of a rounded count from two below to two above it, and at least 8; of a hidden one 1
 * and more, since hidden counts may be larger ones that protect others; of 0, 0. The intervals are narrowed by every tie until nothing
 * changes any more. Where a hidden one is left with too few values, another count of the tie that narrowed it is hidden too. */
#include "client/evidence/quantity.h"

#include "client/evidence/disclose.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MIN 5 /* that each hidden count can have; the rule asks for three: what ties say together may narrow more than each */
#define COUNT_MAX ((int64_t)1 << 40)

struct quantity {
    struct quantity_name name; /* its texts are the set's own */
    char *texts;
    int64_t count;
    bool is_hidden;
    int64_t low, high; /* what is known */
};

struct term {
    size_t quantity;
    int sign;
};

/* The terms add up to 0, or (is_part) to 0 or less. */
struct tie {
    struct term *terms;
    size_t count;
    size_t capacity;
    bool is_part;
};

struct quantities {
    struct quantity *at;
    size_t count;
    size_t capacity;
    json_t *places; /* key -> place in `at` */
    struct tie *ties;
    size_t tie_count;
    size_t tie_capacity;
    json_t *tie_places; /* name of a sum -> place in `ties` */
    day_t from;         /* the period of the pack */
    day_t to;
};

/* ---- Quantities */

static void keep_texts(struct quantity *quantity) {
    const struct quantity_name *name = &quantity->name;
    const char *const texts[] = {name->measure, name->breakdown, name->group, name->subgroup};
    const char **const kept[] = {&quantity->name.measure, &quantity->name.breakdown, &quantity->name.group, &quantity->name.subgroup};
    size_t size = 0, used = 0;

    for (size_t i = 0; i < 4; i++) {
        size += strlen(texts[i]) + 1;
    }
    quantity->texts = memory_new(size, 1);
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(quantity->texts + used, texts[i], length);
        *kept[i] = quantity->texts + used;
        used += length;
    }
}

/* The place of a quantity; SIZE_MAX when the pack does not tell it. */
static size_t find(const struct quantities *quantities, const struct quantity_name *name) {
    char key[QUANTITY_KEY_SIZE];

    quantity_key(name, key);
    const json_t *place = json_object_get(quantities->places, key);

    return place == NULL ? SIZE_MAX : (size_t)json_integer_value(place);
}

static void add_quantity(struct quantities *quantities, const struct quantity_name *name, int64_t count) {
    char key[QUANTITY_KEY_SIZE];
    size_t place = find(quantities, name);

    if (place != SIZE_MAX) {
        ENSURE(quantities->at[place].count == count); /* two tables tell the same of the same */
        return;
    }
    memory_reserve((void **)&quantities->at, &quantities->capacity, quantities->count + 1, sizeof *quantities->at);
    quantities->at[quantities->count] = (struct quantity){.name = *name, .count = count};
    keep_texts(&quantities->at[quantities->count]);
    quantity_key(name, key);
    json_object_set_new(quantities->places, key, json_integer((json_int_t)quantities->count++));
}

static void read_tables(struct quantities *quantities, struct evidence *evidence) {
    for (size_t t = 0; t < evidence_table_count(evidence); t++) {
        const struct evidence_table *table = evidence_table_at(evidence, t);

        for (size_t row = 0; row < evidence_table_rows(table); row++) {
            for (size_t column = 0; column < evidence_table_shape(table)->column_count; column++) {
                const struct evidence_cell *cell = evidence_table_look(table, row, column);
                struct quantity_name name;
                char buffer[QUANTITY_KEY_SIZE];

                if (cell->state == EVIDENCE_VALUE && quantity_name_of(table, row, column, &name, buffer)) {
                    add_quantity(quantities, &name, cell->number);
                }
            }
        }
    }
}

/* ---- Ties */

static struct tie *new_tie(struct quantities *quantities, bool is_part) {
    memory_reserve((void **)&quantities->ties, &quantities->tie_capacity, quantities->tie_count + 1, sizeof *quantities->ties);
    struct tie *tie = &quantities->ties[quantities->tie_count++];

    *tie = (struct tie){.is_part = is_part};
    return tie;
}

static void add_term(struct tie *tie, size_t quantity, int sign) {
    memory_reserve((void **)&tie->terms, &tie->capacity, tie->count + 1, sizeof *tie->terms);
    tie->terms[tie->count++] = (struct term){quantity, sign};
}

/* The quantity is a part of the sum `whole`, of the kind `kind` of parts: where the pack tells the whole. `may_lack`: there may be others.
 */
static void add_part(struct quantities *quantities, size_t quantity, const struct quantity_name *whole, const char *kind, bool may_lack) {
    char key[QUANTITY_KEY_SIZE], name[QUANTITY_KEY_SIZE + 32];
    size_t total = find(quantities, whole);

    if (total == SIZE_MAX) {
        return;
    }
    quantity_key(whole, key);
    snprintf(name, sizeof name, "%s#%s", key, kind);
    const json_t *place = json_object_get(quantities->tie_places, name);
    struct tie *tie = place == NULL ? new_tie(quantities, may_lack) : &quantities->ties[json_integer_value(place)];

    if (place == NULL) {
        json_object_set_new(quantities->tie_places, name, json_integer((json_int_t)quantities->tie_count - 1));
        add_term(tie, total, -1);
    }
    add_term(tie, quantity, 1);
}

static void part_of(struct quantities *quantities, size_t quantity, const struct quantity_name *whole, const char *kind) {
    add_part(quantities, quantity, whole, kind, false);
}

static struct quantity_name renamed(const struct quantity_name *name, const char *breakdown, const char *group, const char *subgroup) {
    struct quantity_name other = *name;

    other.breakdown = breakdown;
    other.group = group;
    other.subgroup = subgroup;
    return other;
}

/* Groups make up what they are groups of. */
static void tie_groups(struct quantities *quantities, size_t place) {
    static const char *const simple[] = {"pathway", "team", "district", "client_group", "priority", "risk"};
    struct quantity_name name = quantities->at[place].name;
    struct quantity_name all = renamed(&name, "all", "all", "");

    if (strcmp(name.measure, "workers") == 0) {
        return; /* one may work in two teams */
    }
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (strcmp(name.breakdown, simple[i]) == 0) {
            part_of(quantities, place, &all, simple[i]);
        }
    }
    if (strcmp(name.breakdown, "pathway_and_client_group") == 0) {
        struct quantity_name pathway = renamed(&name, "pathway", name.group, ""), group = renamed(&name, "client_group", name.subgroup, "");
        part_of(quantities, place, &pathway, "client_groups");
        part_of(quantities, place, &group, "pathways");
    } else if (strncmp(name.breakdown, "dimension:", 10) == 0) {
        bool is_of_all = strcmp(name.group, "all") == 0;
        struct quantity_name value = renamed(&name, name.breakdown, "all", name.subgroup);
        struct quantity_name pathway = is_of_all ? all : renamed(&name, "pathway", name.group, "");
        part_of(quantities, place, &pathway, name.breakdown);
        if (strcmp(name.breakdown, "dimension:district") == 0) {
            value = renamed(&name, "district", name.subgroup, "");
        }
        if (!is_of_all) {
            part_of(quantities, place, &value, "pathways");
        }
    } else if (strcmp(name.breakdown, "field") == 0 && strcmp(name.group, "all") != 0) {
        struct quantity_name field = renamed(&name, "field", "all", name.subgroup);
        part_of(quantities, place, &field, "pathways");
    } else if (strcmp(name.breakdown, "source") == 0 && strcmp(name.group, "all") != 0) {
        struct quantity_name source = renamed(&name, "source", "all", "");
        part_of(quantities, place, &source, "sources");
    }
}

/* Kinds of waits that make up all waits of the same people, and kinds that are part of others. */
static void tie_measures(struct quantities *quantities, size_t place) {
    static const struct {
        const char *part, *whole, *kind;
    } sums[] = {{"unallocated", "waiting", "stages"},
                {"allocated", "waiting", "stages"},
                {"in_progress", "waiting", "stages"},
                {"in_contact", "waiting", "contact"},
                {"no_contact", "waiting", "contact"},
                {"waiting_with_worker", "waiting", "workers"},
                {"waiting_without_worker", "waiting", "workers"},
                {"band:", "waiting", "bands"},
                {"removed:", "closed", "reasons"},
                {"national by_request", "national responses", "responses"},
                {"national by_assessment", "national responses", "responses"},
                {"national by_service", "national responses", "responses"},
                {"national at_short", "national by_assessment", "assessments"},
                {"national at_long", "national by_assessment", "assessments"},
                {"national type:", "national first services", "services"},
                {"died", "closed", "reasons"}};
    static const char *const parts[][2] = {{"over_standard", "waiting"},
                                           {"due", "waiting"},
                                           {"paused", "waiting"},
                                           {"over_6_months", "waiting"},
                                           {"over_12_months", "over_6_months"},
                                           {"within_standard", "completed"},
                                           {"with", "of"},
                                           {"over_14_days", "records"},
                                           {"late", "raised"},
                                           {"resolved", "raised"},
                                           {"acknowledged", "raised"},
                                           {"workers", "waiting_with_worker"},
                                           {"died", "closed"},
                                           {"national own_within_28_days", "national by_assessment"},
                                           {"national by_service", "national first services"},
                                           {"national first services", "national all services"},
                                           {"national by_service", "national all services"},
                                           {"national by_assessment", "national all assessments"},
                                           {"national by_request", "national all requests"}};
    struct quantity_name name = quantities->at[place].name, other = name;

    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        size_t length = strlen(sums[i].part);
        bool is_kind = sums[i].part[length - 1] == ':';

        if (strcmp(sums[i].kind, "reasons") == 0 && (name.from != quantities->from || name.to != quantities->to)) {
            continue; /* of the months deaths alone are told */
        }
        if (is_kind ? strncmp(name.measure, sums[i].part, length) == 0 : strcmp(name.measure, sums[i].part) == 0) {
            other.measure = sums[i].whole;
            part_of(quantities, place, &other, sums[i].kind);
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        other.measure = parts[i][1];
        size_t whole = find(quantities, &other);

        if (strcmp(name.measure, parts[i][0]) == 0 && whole != SIZE_MAX) {
            struct tie *tie = new_tie(quantities, true);
            add_term(tie, place, 1);
            add_term(tie, whole, -1);
        }
    }
}

/* Bands that lie over an edge are those over it: half a year, and the standard where a pathway has one for everybody. */
static void tie_bands(struct quantities *quantities, size_t place, int64_t over, const char *measure) {
    struct quantity_name name = quantities->at[place].name, whole = name, next = name;
    int64_t from = strncmp(name.measure, "band:", 5) == 0 ? strtoll(name.measure + 5, NULL, 10) : -1;
    char kind[64], first[32];

    snprintf(first, sizeof first, "band:%lld", (long long)over + 1);
    next.measure = first;
    if (from <= over || find(quantities, &next) == SIZE_MAX) {
        return; /* a band lies on both sides */
    }
    whole.measure = measure;
    snprintf(kind, sizeof kind, "bands over %lld", (long long)over);
    part_of(quantities, place, &whole, kind);
}

/* The months make up the period. */
static void tie_months(struct quantities *quantities, size_t place) {
    struct quantity_name name = quantities->at[place].name, whole = name;

    if (name.from == DAY_NONE || name.from < quantities->from || (name.from == quantities->from && name.to == quantities->to)) {
        return;
    }
    whole.from = quantities->from;
    whole.to = quantities->to;
    part_of(quantities, place, &whole, "months");
}

/* Who waits at the end is who waited at the start, with those who came and without those who left. */
static void tie_flow(struct quantities *quantities, size_t place) {
    static const struct {
        const char *measure;
        int sign;
    } moves[] = {{"started", 1}, {"reopened", 1}, {"completed", -1}, {"closed", -1}, {"transferred_in", 1}, {"transferred_out", -1}};
    struct quantity_name name = quantities->at[place].name, waiting = name, move = name;
    bool is_team = strcmp(name.breakdown, "team") == 0;

    if (strcmp(name.measure, "started") != 0 || name.from == DAY_NONE ||
        (!is_team && strcmp(name.breakdown, "pathway") != 0 && strcmp(name.breakdown, "all") != 0)) {
        return;
    }
    waiting.measure = "waiting";
    waiting.from = DAY_NONE;
    size_t after = find(quantities, &waiting);

    waiting.to = name.from - 1;
    size_t before = find(quantities, &waiting);

    if (after == SIZE_MAX && before == SIZE_MAX) {
        return;
    }
    struct tie *tie = new_tie(quantities, false);

    if (before != SIZE_MAX) {
        add_term(tie, before, 1); /* without a row nobody waited */
    }
    if (after != SIZE_MAX) {
        add_term(tie, after, -1);
    }
    for (size_t i = 0; i < (is_team ? 6 : 4); i++) {
        move.measure = moves[i].measure;
        size_t found = find(quantities, &move);

        ENSURE(found != SIZE_MAX);
        add_term(tie, found, moves[i].sign);
    }
}

/* The standard of a pathway on a day where it is one for all priorities; -1 where it is not, or not in calendar days. */
static int64_t plain_standard(const struct evidence *evidence, const char *pathway, day_t day) {
    const json_t *rows = json_object_get(evidence_ground(evidence), "rows");
    int64_t standard = -1;
    size_t i, j;
    const json_t *row, *described;

    json_array_foreach(rows, i, row) {
        day_t from;
        const char *text = json_string_value(json_object_get(row, "from"));

        if (i > 0 && (!date_parse(text_of(text), &from) || from > day)) {
            continue;
        }
        json_array_foreach(json_object_get(json_object_get(row, "policy"), "pathways"), j, described) {
            if (strcmp(json_string_value(json_object_get(described, "name")), pathway) == 0) {
                bool is_plain = json_object_size(json_object_get(described, "standard_by_priority")) == 0;
                standard = is_plain ? json_integer_value(json_object_get(described, "standard_days")) : -1;
            }
        }
    }
    return standard;
}

/* A scope is PATHWAY|TEAM|CLIENT_GROUP, each may be empty: those without one of the three are the whole of those with it. All of the parts
 * may be told, or some: a tie that does not hold is dropped. */
static void tie_scopes(struct quantities *quantities, size_t place) {
    static const char *const kinds[][2] = {{"all pathways", "pathways"}, {"all teams", "teams"}, {"all client groups", "client groups"}};
    struct quantity_name name = quantities->at[place].name, whole = name;
    char scope[QUANTITY_KEY_SIZE];
    const char *begin = name.group;

    if (strcmp(name.breakdown, QUANTITY_SCOPE) != 0) {
        return;
    }
    whole.group = scope;
    for (size_t field = 0; field < 3; field++) {
        size_t length = strcspn(begin, "|");

        if (length > 0) {
            snprintf(scope, sizeof scope, "%.*s%s", (int)(begin - name.group), name.group, begin + length);
            part_of(quantities, place, &whole, kinds[field][0]);
            add_part(quantities, place, &whole, kinds[field][1], true);
        }
        begin += length + (begin[length] != '\0');
    }
}

/* One that has nothing to do with the wholes that lack one field only, but with those that lack two or all. */
static void tie_wider_scopes(struct quantities *quantities, size_t place) {
    struct quantity_name name = quantities->at[place].name, whole = name;
    char fields[3][QUANTITY_KEY_SIZE] = {"", "", ""}, scope[QUANTITY_KEY_SIZE];
    const char *begin = name.group;

    for (size_t field = 0; field < 3 && strcmp(name.breakdown, QUANTITY_SCOPE) == 0; field++) {
        size_t length = strcspn(begin, "|");

        snprintf(fields[field], sizeof fields[field], "%.*s", (int)length, begin);
        begin += length + (begin[length] != '\0');
    }
    whole.group = scope;
    for (unsigned kept = 0; kept < 7 && strcmp(name.breakdown, QUANTITY_SCOPE) == 0; kept++) {
        snprintf(scope, sizeof scope, "%.160s|%.160s|%.160s", kept & 1 ? fields[0] : "", kept & 2 ? fields[1] : "",
                 kept & 4 ? fields[2] : "");
        size_t found = strcmp(scope, name.group) == 0 ? SIZE_MAX : find(quantities, &whole);

        if (found != SIZE_MAX) {
            struct tie *tie = new_tie(quantities, true);
            add_term(tie, place, 1);
            add_term(tie, found, -1);
        }
    }
}

static void tie_all(struct quantities *quantities, const struct evidence *evidence) {
    for (size_t place = 0; place < quantities->count; place++) {
        const struct quantity_name *name = &quantities->at[place].name;
        bool has_pathway = strcmp(name->breakdown, "pathway") == 0 || strcmp(name->breakdown, "pathway_and_client_group") == 0;
        int64_t standard = has_pathway && name->from == DAY_NONE ? plain_standard(evidence, name->group, name->to) : -1;

        tie_groups(quantities, place);
        tie_measures(quantities, place);
        tie_bands(quantities, place, 182, "over_6_months");
        if (standard > 0) {
            tie_bands(quantities, place, standard, "over_standard");
        }
        if (strcmp(name->breakdown, QUANTITY_NATIONAL) != 0) { /* its quarters are no months of the period */
            tie_months(quantities, place);
        }
        tie_flow(quantities, place);
        tie_scopes(quantities, place);
        tie_wider_scopes(quantities, place);
    }
}

struct quantities *quantities_create(struct evidence *evidence) {
    struct quantities *quantities = memory_new(1, sizeof *quantities);

    quantities->places = json_object();
    quantities->tie_places = json_object();
    quantities->from = evidence_parameters(evidence)->from;
    quantities->to = evidence_parameters(evidence)->to;
    read_tables(quantities, evidence);
    tie_all(quantities, evidence);
    return quantities;
}

void quantities_destroy(struct quantities **pointer) {
    struct quantities *quantities = *pointer;

    if (quantities == NULL) {
        return;
    }
    for (size_t i = 0; i < quantities->count; i++) {
        free(quantities->at[i].texts);
    }
    for (size_t i = 0; i < quantities->tie_count; i++) {
        free(quantities->ties[i].terms);
    }
    json_decref(quantities->places);
    json_decref(quantities->tie_places);
    free(quantities->at);
    free(quantities->ties);
    free(quantities);
    *pointer = NULL;
}

/* ---- What is known */

static void begin_interval(struct quantity *quantity) {
    int64_t told = disclose_rounded(quantity->count);

    quantity->low = quantity->high = 0;
    if (quantity->is_hidden) {
        quantity->low = 1;
        quantity->high = COUNT_MAX;
    } else if (quantity->count > 0) {
        quantity->low = told - DISCLOSE_ROUND_TO / 2 > DISCLOSE_HIDDEN_MAX ? told - DISCLOSE_ROUND_TO / 2 : DISCLOSE_HIDDEN_MAX + 1;
        quantity->high = told + DISCLOSE_ROUND_TO / 2;
    }
}

static int64_t at_least(const struct quantities *quantities, const struct term *term) {
    const struct quantity *quantity = &quantities->at[term->quantity];

    return term->sign > 0 ? quantity->low : -quantity->high;
}

static int64_t at_most(const struct quantities *quantities, const struct term *term) {
    const struct quantity *quantity = &quantities->at[term->quantity];

    return term->sign > 0 ? quantity->high : -quantity->low;
}

/* Narrows the interval of the term's quantity, so that sign × it lies from `low` to `high`. */
static bool narrow(struct quantities *quantities, const struct term *term, int64_t low, int64_t high) {
    struct quantity *quantity = &quantities->at[term->quantity];
    int64_t new_low = term->sign > 0 ? low : -high, new_high = term->sign > 0 ? high : -low;
    bool changed = false;

    if (new_low > quantity->low) {
        quantity->low = new_low;
        changed = true;
    }
    if (new_high < quantity->high) {
        quantity->high = new_high;
        changed = true;
    }
    return changed;
}

/* What the tie says of each of its quantities by what is known of the others. */
static bool apply(struct quantities *quantities, const struct tie *tie) {
    int64_t low = 0, high = 0;
    bool changed = false;

    for (size_t i = 0; i < tie->count; i++) {
        low += at_least(quantities, &tie->terms[i]);
        high += at_most(quantities, &tie->terms[i]);
    }
    for (size_t i = 0; i < tie->count; i++) {
        int64_t others_low = low - at_least(quantities, &tie->terms[i]), others_high = high - at_most(quantities, &tie->terms[i]);
        int64_t before_low = at_least(quantities, &tie->terms[i]), before_high = at_most(quantities, &tie->terms[i]);

        changed = narrow(quantities, &tie->terms[i], tie->is_part ? before_low : -others_high, -others_low) || changed;
        low += at_least(quantities, &tie->terms[i]) - before_low;
        high += at_most(quantities, &tie->terms[i]) - before_high;
    }
    return changed;
}

/* A tie that does not hold is no knowledge: over a day on which what stops the clock was changed, who waits is not who waited before and
 * came since. */
static void drop_untrue(struct quantities *quantities) {
    size_t kept = 0;

    for (size_t i = 0; i < quantities->tie_count; i++) {
        struct tie *tie = &quantities->ties[i];
        int64_t sum = 0;

        for (size_t t = 0; t < tie->count; t++) {
            sum += tie->terms[t].sign * quantities->at[tie->terms[t].quantity].count;
        }
        if (tie->is_part ? sum <= 0 : sum == 0) {
            quantities->ties[kept++] = *tie;
        } else {
            free(tie->terms);
        }
    }
    quantities->tie_count = kept;
}

/* All ties, until nothing more is learned. What one round learns is a step of at least 1, and steps of two or three may go on for long: the
 * limit only leaves an interval wider than it could be known. */
static void learn(struct quantities *quantities) {
    bool changed = true;

    for (size_t i = 0; i < quantities->count; i++) {
        begin_interval(&quantities->at[i]);
    }
    for (int round = 0; changed && round < 200; round++) {
        changed = false;
        for (size_t i = 0; i < quantities->tie_count; i++) {
            changed = apply(quantities, &quantities->ties[i]) || changed;
        }
    }
}

static bool is_exposed(const struct quantity *quantity) {
    return quantity->is_hidden && quantity->high - quantity->low < VALUES_MIN - 1;
}

/* The smallest count of the tie that is told and not 0, so that the least is lost; SIZE_MAX without one. */
static size_t smallest_told(const struct quantities *quantities, const struct tie *tie) {
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < tie->count; i++) {
        size_t place = tie->terms[i].quantity;
        const struct quantity *quantity = &quantities->at[place];
        bool can_be_hidden = !quantity->is_hidden && quantity->count > 0;

        if (can_be_hidden && (found == SIZE_MAX || quantity->count < quantities->at[found].count)) {
            found = place;
        }
    }
    return found;
}

static bool has(const struct quantities *quantities, const struct tie *tie, bool (*is)(const struct quantity *quantity)) {
    for (size_t i = 0; i < tie->count; i++) {
        if (is(&quantities->at[tie->terms[i].quantity])) {
            return true;
        }
    }
    return false;
}

/* Hides one more in each tie that has an exposed count; false when none is exposed, or nothing is left to hide. */
static bool hide_more(struct quantities *quantities) {
    bool hidden = false;

    for (size_t i = 0; i < quantities->tie_count; i++) {
        size_t place = has(quantities, &quantities->ties[i], is_exposed) ? smallest_told(quantities, &quantities->ties[i]) : SIZE_MAX;

        if (place != SIZE_MAX) {
            quantities->at[place].is_hidden = true;
            hidden = true;
        }
    }
    return hidden;
}

void quantities_protect(struct quantities *quantities) {
    for (size_t i = 0; i < quantities->count; i++) {
        quantities->at[i].is_hidden = quantities->at[i].count >= 1 && quantities->at[i].count <= DISCLOSE_HIDDEN_MAX;
    }
    drop_untrue(quantities);
    do {
        learn(quantities);
    } while (hide_more(quantities));
}

bool quantities_is_hidden(const struct quantities *quantities, const struct quantity_name *name) {
    size_t place = find(quantities, name);

    return place != SIZE_MAX && quantities->at[place].is_hidden;
}
