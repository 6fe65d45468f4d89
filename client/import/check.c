/* The daemon's checks of events, run by the import before anything is sent. */
#include "client/import/check.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_COUNT = 1 << 21, DEFAULT_SKEW_MS = 300000 };

/* An identity and what it said: 16 bytes each, 32 MiB together, whatever the file's size. */
struct identity {
    uint64_t id; /* its hash; 0: a free slot */
    uint32_t content;
    uint32_t line;
};

struct checker {
    const struct config *config;
    struct envelope *envelope;
    struct intake_rules rules;
    struct policy *policy; /* without a configuration: the one pathway that is asked about */
    struct text *numeric_sources;
    instant_t now;
    struct identity *identities;
    size_t identity_count;
    bool full;
};

struct checker *checker_create(const struct config *config, const struct calendar *calendar, instant_t now) {
    struct checker *checker = memory_new(1, sizeof *checker);

    checker->config = config;
    checker->envelope = envelope_create();
    checker->now = now;
    checker->identities = memory_new(SLOT_COUNT, sizeof *checker->identities);
    checker->policy = memory_new(1, sizeof *checker->policy);
    checker->rules = (struct intake_rules){.policy = config != NULL ? &config->policy : checker->policy,
                                           .calendar = calendar,
                                           .epoch = config != NULL ? config->epoch : day_from_civil(1990, 1, 1),
                                           .max_future_skew_ms = config != NULL ? config->max_future_skew_s * 1000LL : DEFAULT_SKEW_MS};
    for (size_t i = 0; config != NULL && i < config->source_count; i++) {
        if (config->sources[i].allow_numeric_references) {
            size_t count = checker->rules.numeric_source_count++;

            checker->numeric_sources = memory_resize(checker->numeric_sources, count + 1, sizeof *checker->numeric_sources);
            checker->numeric_sources[count] = text_of(config->sources[i].name);
        }
    }
    checker->rules.numeric_sources = checker->numeric_sources;
    return checker;
}

bool checker_spares_numbers(const struct checker *checker, const char *source) {
    for (size_t i = 0; i < checker->rules.numeric_source_count; i++) {
        if (text_is(checker->numeric_sources[i], source)) {
            return true;
        }
    }
    return false;
}

void checker_destroy(struct checker **checker) {
    if (*checker == NULL) {
        return;
    }
    envelope_destroy(&(*checker)->envelope);
    free((*checker)->identities);
    free((*checker)->numeric_sources);
    free((*checker)->policy);
    free(*checker);
    *checker = NULL;
}

void checker_restart(struct checker *checker) {
    memset(checker->identities, 0, SLOT_COUNT * sizeof *checker->identities);
    checker->identity_count = 0;
    checker->full = false;
}

bool checker_compared_all(const struct checker *checker) {
    return !checker->full;
}

bool checker_knows_pathways(const struct checker *checker) {
    return checker->config != NULL;
}

/* Without a configuration every pathway is known: the event is checked under a policy that has its own. */
static bool validate(struct checker *checker, struct text json, struct rejection *rejection) {
    struct event event;

    if (!envelope_parse(checker->envelope, json, &event, rejection)) {
        return false;
    }
    bool good = envelope_validate(checker->envelope, &checker->rules, checker->now, &event, rejection);

    if (good || checker->config != NULL || rejection->code != REJECT_UNKNOWN_PATHWAY) {
        return good;
    }
    struct pathway_policy *pathway = &checker->policy->pathways[0];

    ENSURE(event.pathway.length <= NAME_MAX_BYTES);
    memcpy(pathway->name, event.pathway.at, event.pathway.length);
    pathway->name[event.pathway.length] = '\0';
    checker->policy->pathway_count = 1;
    return envelope_validate(checker->envelope, &checker->rules, checker->now, &event, rejection);
}

static uint64_t hash_of(struct text text) {
    uint64_t hash = text_hash(text, 0x5bd1e995);

    return hash != 0 ? hash : 1;
}

/* The slot of an identity, or the free one where it belongs. */
static struct identity *slot_of(const struct checker *checker, uint64_t id) {
    size_t at = (size_t)(id % SLOT_COUNT);

    while (checker->identities[at].id != 0 && checker->identities[at].id != id) {
        at = (at + 1) % SLOT_COUNT;
    }
    return &checker->identities[at];
}

static void remember(struct checker *checker, const struct built_event *event, uint64_t line) {
    struct identity *slot = slot_of(checker, hash_of(event->id));

    if (slot->id != 0) {
        return;
    }
    if (checker->identity_count == CHECK_IDENTITIES_MAX) {
        checker->full = true;
        return;
    }
    *slot = (struct identity){hash_of(event->id), (uint32_t)hash_of(event->json), (uint32_t)line};
    checker->identity_count++;
}

static bool check_event(struct checker *checker, const struct builder *builder, const struct built_event *event, size_t *again,
                        struct import_problem *problem) {
    struct rejection rejection = {0};
    const struct identity *before = slot_of(checker, hash_of(event->id));

    if (before->id != 0 && before->content != (uint32_t)hash_of(event->json)) {
        problem->code = reject_code_name(REJECT_ID_CONFLICT);
        problem->column = MAP_NO_COLUMN;
        snprintf(problem->message, sizeof problem->message, "line %u has the same key and says otherwise (%.80s)", before->line,
                 event->from->name);
        return false;
    }
    *again += before->id != 0;
    if (validate(checker, event->json, &rejection)) {
        return true;
    }
    problem->code = reject_code_name(rejection.code);
    problem->column = builder_column_of(builder, event->from, rejection.pointer);
    snprintf(problem->message, sizeof problem->message, "%s%s%s (%.80s)", rejection.pointer, rejection.pointer[0] != '\0' ? ": " : "",
             rejection.message, event->from->name);
    return false;
}

bool checker_row(struct checker *checker, const struct builder *builder, uint64_t line, size_t *again, struct import_problem *problem) {
    for (size_t i = 0; i < builder_count(builder); i++) {
        if (!check_event(checker, builder, builder_event(builder, i), again, problem)) {
            return false;
        }
    }
    for (size_t i = 0; i < builder_count(builder); i++) {
        remember(checker, builder_event(builder, i), line);
    }
    return true;
}
