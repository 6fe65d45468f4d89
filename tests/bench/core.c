/* The core alone, without journal, sockets and JSON: what an event and a midnight cost as the open waits grow, and what memory they take.
 *
 * mode=cost      `open` waits long past every threshold in 39 queues; events on random ones of them, one and 256 a turn, and on
 *                1,000 of them only, so that memory stays warm; midnights at
 *                which `crossing` further waits pass their standard
 * mode=memory    the load of the synthetic council: bytes a wait
 * mode=identity  bytes and nanoseconds an accepted identity */
#include "daemon/config/config.h"
#include "daemon/core/memory.h"
#include "daemon/core/register.h"
#include "daemon/ingest/envelope.h"
#include "daemon/journal/identity.h"
#include "tests/bench/measure.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUES = 39,
    TEAMS = 27,
    ROUNDS = 5,
    LONG_AGO = 400, /* days: past 182 working days too */
    SPREAD = 365,   /* days over which the old waits began */
    MIDNIGHTS = 5,
    STANDARD = 28, /* days of needs_assessment */
    HISTORY_MAX = 64
};

static const char *const known[] = {"mode",   "config", "open",  "crossing", "turns", "count",
                                    "events", "seed",   "begin", "until",    "each",  NULL};

struct world {
    struct config *config;
    struct calendar *calendar;
    struct waiting_register *reg;
    uint64_t seq;
    uint64_t state; /* of the draws */
    instant_t now;
    day_t today;
    char subject[24];
    char team[16];
    char person[16];
};

static void complain(void *context, const char *line) {
    (void)context;
    give_up("%s", line);
}

/* What is measured here comes in order, so that nobody asks for a history. */
static size_t no_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    (void)context;
    (void)events;
    give_up("a history was asked for: %" PRIu64, newest_seq);
}

static bool no_event(void *context, struct text source, struct text id, struct history_event *event) {
    (void)context;
    (void)source;
    (void)id;
    (void)event;
    return false;
}

static void world_open(struct world *world, const struct arguments *arguments) {
    memset(world, 0, sizeof *world);
    world->config = config_load(argument_text(arguments, "config", "config/lancashire-2025.conf"), complain, NULL);
    world->calendar = config_calendar(world->config, complain, NULL);
    world->state = 1;
    world->today = day_from_civil(2025, 7, 31);
    world->now = calendar_day_start(world->calendar, world->today) + 12 * 3600000;
}

static struct waiting_register *make_register(const struct world *world, const struct history_source *history) {
    struct policy_era era = {DAY_NONE, &world->config->policy};
    struct register_setup setup = {.calendar = world->calendar, .eras = &era, .era_count = 1, .history = *history, .hash_seed = 1};
    return register_create(&setup);
}

static void world_close(struct world *world) {
    register_destroy(&world->reg);
    calendar_destroy(&world->calendar);
    config_free(&world->config);
}

static uint64_t draw(struct world *world) {
    world->state ^= world->state >> 12;
    world->state ^= world->state << 25;
    world->state ^= world->state >> 27;
    return world->state * 0x2545f4914f6cdd1dULL;
}

static struct text written(char *buffer, size_t size, const char *format, uint64_t number) {
    int length = snprintf(buffer, size, format, number);
    return (struct text){buffer, (uint32_t)length};
}

/* An event of wait `number`; the texts hold until the next one. */
static struct event make_event(struct world *world, enum event_type type, uint64_t number, instant_t time) {
    struct event event;
    memset(&event, 0, sizeof event);
    event.type = type;
    event.time = time;
    event.source = text_of("urn:las");
    event.id = text_of("x");
    event.subject = written(world->subject, sizeof world->subject, "care-%09" PRIu64, number);
    event.clock_start = DAY_NONE;
    if (type == EVENT_REFERRAL_RECEIVED || type == EVENT_WAIT_TRANSFERRED) {
        uint64_t queue = number % QUEUES;
        event.pathway = text_of(world->config->policy.pathways[queue % world->config->policy.pathway_count].name);
        event.team =
            written(world->team, sizeof world->team, "team_%" PRIu64, type == EVENT_WAIT_TRANSFERRED ? draw(world) % TEAMS : queue % TEAMS);
        event.person = written(world->person, sizeof world->person, "p-%010" PRIx64, number);
        event.priority = (uint8_t)(1 + number % 4);
    }
    if (type == EVENT_WAIT_ALLOCATED)
        event.worker = text_of("w-1");
    return event;
}

static void replay_referral(struct world *world, uint64_t number, day_t day, const char *pathway) {
    struct event event = make_event(world, EVENT_REFERRAL_RECEIVED, number, calendar_day_start(world->calendar, day) + 9 * 3600000);
    if (pathway != NULL) {
        event.pathway = text_of(pathway);
        event.priority = 3;
    }
    register_replay_event(world->reg, &event, ++world->seq);
}

/* `open` old waits, and for each of the next midnights `crossing` waits whose day 29 it begins. */
static void fill(struct world *world, uint64_t open, uint64_t crossing) {
    const struct history_source nobody = {NULL, no_history, no_event};
    uint64_t number = 0;
    world->reg = make_register(world, &nobody);
    for (uint64_t i = 0; i < open; i++)
        replay_referral(world, number++, world->today - LONG_AGO - SPREAD + (day_t)(i * SPREAD / open), NULL);
    for (int night = 1; night <= MIDNIGHTS; night++)
        for (uint64_t i = 0; i < crossing; i++)
            replay_referral(world, number++, world->today + night - STANDARD - 1, "needs_assessment");
    register_begin(world->reg, world->today, world->now, true);
    size_t count;
    register_take_transitions(world->reg, &count);
}

/* On whom events fall: `among` of the open waits, evenly spread; and whose numbers came and went meanwhile. */
struct traffic {
    uint64_t open;
    uint64_t among;
    uint64_t next;
    uint64_t gone;
};

/* Contacts, allocations, transfers, and as many who come as who go. */
static void random_event(struct world *world, struct traffic *traffic) {
    static const enum event_type types[] = {EVENT_CONTACT_MADE, EVENT_WAIT_ALLOCATED, EVENT_WAIT_TRANSFERRED, EVENT_CONTACT_MADE};
    uint64_t drawn = draw(world) >> 16;
    enum event_type type = types[drawn % 4];
    uint64_t number = drawn / 16 % traffic->among * (traffic->open / traffic->among);
    world->now++; /* no two at one instant, so that each is at the end of its history */
    if (drawn % 16 == 5) {
        type = EVENT_REFERRAL_RECEIVED;
        number = traffic->next++;
    } else if (drawn % 16 == 13 && traffic->gone < traffic->next) {
        type = EVENT_WAIT_CLOSED;
        number = traffic->gone++;
    }
    struct event event = make_event(world, type, number, world->now);
    if (type == EVENT_WAIT_CLOSED)
        event.reason = text_of("declined");
    register_accept(world->reg, &event, ++world->seq);
}

static uint64_t time_events(struct world *world, struct traffic *traffic, uint64_t turns, uint64_t each) {
    uint64_t began = clock_now();
    size_t count;
    for (uint64_t turn = 0; turn < turns; turn++) {
        for (uint64_t i = 0; i < each; i++)
            random_event(world, traffic);
        register_settle(world->reg, world->now);
        register_take_transitions(world->reg, &count);
        register_take_changed_queues(world->reg, &count);
    }
    return (clock_now() - began) / (turns * each);
}

static void print_spread(const char *name, struct samples *samples) {
    printf(",\"%s\":%" PRIu64 ",\"%s_least\":%" PRIu64 ",\"%s_most\":%" PRIu64, name, samples_percentile(samples, 0.5), name,
           samples_percentile(samples, 0.0), name, samples_percentile(samples, 1.0));
    samples_free(samples);
}

static void measure_cost(const struct arguments *arguments) {
    enum { TURN = 256, FEW = 1000 };
    struct world world;
    struct samples singles = {NULL, 0, 0}, turns = {NULL, 0, 0}, few = {NULL, 0, 0}, nights = {NULL, 0, 0};
    uint64_t open = argument_number(arguments, "open", 1000), crossing = argument_number(arguments, "crossing", 20);
    uint64_t count = argument_number(arguments, "count", 20000), touched = 0, transitions = 0;
    struct traffic all = {open, open, 500000000, 500000000}, among_few = {open, open < FEW ? open : FEW, 700000000, 700000000};
    struct register_figures figures;
    world_open(&world, arguments);
    fill(&world, open, crossing);
    for (int night = 1; night <= MIDNIGHTS; night++) {
        size_t raised;
        uint64_t began = clock_now();
        register_advance(world.reg, calendar_day_start(world.calendar, world.today + night));
        samples_add(&nights, clock_now() - began);
        register_take_transitions(world.reg, &raised);
        register_figures(world.reg, &figures);
        transitions += raised;
        touched += figures.touched_at_midnight;
    }
    world.now = calendar_day_start(world.calendar, world.today + MIDNIGHTS) + 3600000;
    for (int round = 0; round < ROUNDS; round++) {
        samples_add(&singles, time_events(&world, &all, count, 1));
        samples_add(&turns, time_events(&world, &all, count / TURN + 1, TURN));
        samples_add(&few, time_events(&world, &among_few, count, 1));
    }
    register_figures(world.reg, &figures);
    printf("{\"open\":%" PRIu64 ",\"crossing\":%" PRIu64 ",\"touched\":%.1f,\"transitions\":%.1f,\"refolds\":%" PRIu64, figures.open,
           crossing, (double)touched / MIDNIGHTS, (double)transitions / MIDNIGHTS, figures.refolds);
    print_spread("event_ns", &singles);
    print_spread("event_in_turn_ns", &turns);
    print_spread("event_of_few_ns", &few);
    print_spread("midnight_ns", &nights);
    printf("}\n");
    world_close(&world);
}

/* Histories of the load out of memory: for late records. Every event of a history has a parser of its own, so that its texts stay. */
struct archive {
    struct corpus corpus;
    uint64_t *previous; /* by seq */
    size_t *line;       /* by seq */
    struct envelope *parsers[HISTORY_MAX];
    struct history_event events[HISTORY_MAX];
};

static struct text line_of(const struct corpus *corpus, size_t index) {
    return (struct text){corpus->bytes + corpus->starts[index], (uint32_t)(corpus->starts[index + 1] - corpus->starts[index] - 1)};
}

static size_t load_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct archive *archive = context;
    size_t count = 0;
    for (uint64_t seq = newest_seq; seq != 0; seq = archive->previous[seq]) {
        struct history_event *event = &archive->events[count];
        NEED(count < HISTORY_MAX);
        if (archive->parsers[count] == NULL)
            archive->parsers[count] = envelope_create();
        NEED(envelope_decode(archive->parsers[count], line_of(&archive->corpus, archive->line[seq]), &event->event));
        event->seq = seq;
        event->received = event->event.time;
        count++;
    }
    *events = archive->events;
    return count;
}

static uint64_t heap_in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* A fingerprint of 64 bits is taken for the identity here. */
static bool any(void *context, uint64_t seq) {
    (void)context;
    return seq != 0;
}

static void replay_corpus(struct world *world, struct archive *archive) {
    struct identity_set *identities = identity_create(1);
    struct envelope *envelope = envelope_create();
    struct event event;
    for (size_t i = 0; i < archive->corpus.count; i++) {
        NEED(envelope_decode(envelope, line_of(&archive->corpus, i), &event));
        uint64_t fingerprint = identity_fingerprint(identities, event.source, event.id), known_before = identity_count(identities);
        if (identity_find(identities, fingerprint, any, NULL) != 0)
            continue;
        uint32_t wait = register_wait_of(world->reg, event.subject);
        archive->previous[++world->seq] = register_newest_seq(world->reg, wait);
        archive->line[world->seq] = i;
        identity_add(identities, fingerprint, world->seq);
        NEED(identity_count(identities) == known_before + 1);
        register_replay_event(world->reg, &event, world->seq);
    }
    envelope_destroy(&envelope);
    identity_destroy(&identities);
}

static void measure_memory(const struct arguments *arguments) {
    struct world world;
    struct archive archive = {.previous = NULL};
    struct history_source history = {&archive, load_history, no_event};
    struct simulate_options options = corpus_options(arguments);
    struct register_figures figures;
    size_t count;
    world_open(&world, arguments);
    world.today = options.until;
    world.now = calendar_day_start(world.calendar, options.until) + 86399000;
    archive.corpus = corpus_make(&options);
    archive.previous = memory_new(archive.corpus.count + 1, sizeof *archive.previous);
    archive.line = memory_new(archive.corpus.count + 1, sizeof *archive.line);
    uint64_t before = heap_in_use();
    world.reg = make_register(&world, &history);
    replay_corpus(&world, &archive);
    register_begin(world.reg, world.today, world.now, true);
    const struct alert_transition *transitions = register_take_transitions(world.reg, &count);
    /* The room for everything raised at once at the start is not a wait's, so it is told apart. */
    uint64_t taken = transitions == NULL ? 0 : malloc_usable_size((void *)(uintptr_t)transitions);
    uint64_t after = heap_in_use();
    register_figures(world.reg, &figures);
    printf("{\"events\":%zu,\"waits\":%" PRIu64 ",\"open\":%" PRIu64 ",\"open_alerts\":%" PRIu64, archive.corpus.count, figures.waits,
           figures.open, figures.open_alerts);
    printf(",\"bytes\":%" PRIu64 ",\"transition_bytes\":%" PRIu64 "}\n", after - before - taken, taken);
    for (size_t i = 0; i < HISTORY_MAX; i++)
        envelope_destroy(&archive.parsers[i]);
    corpus_free(&archive.corpus);
    free(archive.previous);
    free(archive.line);
    world_close(&world);
}

static void measure_identity(const struct arguments *arguments) {
    uint64_t count = argument_number(arguments, "count", 1000000), state = 1, found = 0;
    struct identity_set *set = identity_create(1);
    uint64_t began = clock_now(), worst = 0, last = began;
    for (uint64_t seq = 1; seq <= count; seq++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        identity_add(set, state ^ (state >> 29), seq);
        if (seq % 64 == 0) {
            uint64_t now = clock_now();
            worst = now - last > worst ? now - last : worst;
            last = now;
        }
    }
    uint64_t added = clock_now();
    state = 1;
    for (uint64_t seq = 1; seq <= count; seq++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        found += identity_find(set, state ^ (state >> 29), any, NULL) != 0;
    }
    NEED(found == count);
    printf("{\"count\":%" PRIu64 ",\"bytes\":%zu,\"add_ns\":%" PRIu64 ",\"find_ns\":%" PRIu64 ",\"longest_64_adds_us\":%.1f}\n", count,
           identity_bytes(set), (added - began) / count, (clock_now() - added) / count, (double)worst / 1e3);
    identity_destroy(&set);
}

int main(int count, char **words) {
    struct arguments arguments = arguments_take(count, words, known);
    const char *mode = argument_text(&arguments, "mode", "cost");
    if (strcmp(mode, "cost") == 0)
        measure_cost(&arguments);
    else if (strcmp(mode, "memory") == 0)
        measure_memory(&arguments);
    else if (strcmp(mode, "identity") == 0)
        measure_identity(&arguments);
    else
        give_up("mode=%s: cost, memory or identity", mode);
    return EXIT_SUCCESS;
}
