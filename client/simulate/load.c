/* Scenario `load`: the work of every measurement.
 *
 * Time runs in ticks. At tick t wait t is referred, and one later step of every earlier wait whose lag is over happens: wait t - lag(k) has
 * its step k. The lags belong to one of 64 classes of waits and are multiples of 64, so that the class of every wait due at tick t is
 * t mod 64. Everything about a wait follows from its number: nothing is stored, and any earlier event can be made again as a duplicate. */
#include "client/simulate/load.h"

#include <stdlib.h>

#include "client/simulate/british.h"
#include "client/simulate/random.h"
#include "daemon/core/memory.h"

#define CLASS_COUNT 64
#define DEFAULT_EVENTS 1000000
#define DEFAULT_EVENTS_PER_WAIT 20
#define ORIGINALS_PER_DUPLICATE 100
#define DEFAULT_OPEN_PART 12
#define WAITS_MAX UINT64_C(999999999)
#define DUPLICATE_REACH 2048 /* ticks back from which a duplicate is taken */
#define LAST_DRAWS_MAX 100000
#define LATE_PART 0.02
#define LATE_DAYS_MAX 14
#define JITTER_MAX_MS (10 * MINUTE_MS)

enum role {
    ROLE_REFERRAL,
    ROLE_TRIAGE,
    ROLE_ALLOCATE,
    ROLE_TRANSFER,
    ROLE_AGAIN,
    ROLE_PAUSE,
    ROLE_RESUME,
    ROLE_START,
    ROLE_CONTACT,
    ROLE_LAST
};

struct load {
    uint64_t key; /* of everything that is derived from a wait's number */
    struct random random;
    uint64_t waits;
    uint64_t first_open; /* waits from this number on stay open */
    uint64_t lines_max;  /* 0: until the waits are done */
    uint64_t lines;
    uint64_t originals;
    uint64_t duplicates;
    uint64_t tick;
    uint64_t ticks;
    uint32_t step;
    uint32_t steps; /* events a wait */
    double late_chance;
    instant_t begins;
    int64_t span; /* milliseconds */
    int64_t jitter;
    uint8_t roles[SIMULATE_EVENTS_PER_WAIT_MAX];
    uint64_t lags[CLASS_COUNT][SIMULATE_EVENTS_PER_WAIT_MAX];
};

struct load_size {
    uint64_t waits;
    uint64_t open_waits;
    uint64_t lines_max;
    uint32_t steps;
};

static uint64_t originals_of(uint64_t lines) {
    return lines - lines / (ORIGINALS_PER_DUPLICATE + 1);
}

static struct load_size size_of(const struct simulate_options *options) {
    struct load_size size = {.steps = options->events_per_wait, .open_waits = options->open_waits};
    uint64_t lines = options->events;
    if (lines == 0 && options->open_waits == 0) {
        lines = DEFAULT_EVENTS;
    }
    if (size.steps == 0) {
        uint64_t share = options->open_waits == 0 || lines == 0 ? DEFAULT_EVENTS_PER_WAIT : originals_of(lines) / options->open_waits;
        size.steps = share > DEFAULT_EVENTS_PER_WAIT ? DEFAULT_EVENTS_PER_WAIT : (uint32_t)share;
        size.steps = size.steps == 0 ? 1 : size.steps;
    }
    size.lines_max = lines;
    size.waits = lines == 0 ? options->open_waits : (originals_of(lines) + size.steps - 1) / size.steps;
    if (size.open_waits == 0) {
        size.open_waits = size.waits / DEFAULT_OPEN_PART;
    }
    return size;
}

const char *load_check(const struct simulate_options *options) {
    if (options->events_per_wait > SIMULATE_EVENTS_PER_WAIT_MAX) {
        return "events per wait must be 1 to 64";
    }
    struct load_size size = size_of(options);
    if (size.waits > WAITS_MAX) {
        return "so many events need more than 999,999,999 waits";
    }
    if (size.open_waits > size.waits) {
        return "too few events for so many open waits of so many events each";
    }
    if (options->until - options->begin < 1) {
        return "the load needs at least two days between its first and its last day";
    }
    return NULL;
}

/* What step k of every wait is for; which steps there are room for depends on how many there are. */
static enum role role_of(uint32_t step, uint32_t steps) {
    if (step == 0) {
        return ROLE_REFERRAL;
    }
    if (step == steps - 1) {
        return ROLE_LAST;
    }
    if (step == 1 && steps >= 4) {
        return ROLE_TRIAGE;
    }
    if (step == 3 && steps >= 6) {
        return ROLE_ALLOCATE;
    }
    if (step == steps - 3 && steps >= 8) {
        return ROLE_START;
    }
    if (steps < 16) {
        return ROLE_CONTACT;
    }
    if (step == 6) {
        return ROLE_TRANSFER;
    }
    if (step == 7) {
        return ROLE_AGAIN;
    }
    if (step == steps / 2) {
        return ROLE_PAUSE;
    }
    return step == steps / 2 + 2 ? ROLE_RESUME : ROLE_CONTACT;
}

/* Only these come late: an end or a pause that comes late would leave exceptions behind it, and hardly a council sends those. */
static bool can_be_late(uint8_t role) {
    return role == ROLE_REFERRAL || role == ROLE_TRIAGE || role == ROLE_ALLOCATE || role == ROLE_CONTACT;
}

static void lay_out_lags(struct load *load) {
    uint64_t longest = load->waits / 4 / CLASS_COUNT * CLASS_COUNT;
    uint64_t furthest = 0;
    for (uint32_t class = 0; class < CLASS_COUNT; class ++) {
        double life = (double)longest * (0.08 + 0.92 * (class + random_unit(&load->random)) / CLASS_COUNT);
        uint64_t *lags = load->lags[class];
        for (uint32_t step = 1; step < load->steps; step++) {
            double part = (step - 0.8 * random_unit(&load->random)) / (load->steps - 1);
            uint64_t lag = (uint64_t)(life * part) / CLASS_COUNT * CLASS_COUNT;
            lags[step] = lag > lags[step - 1] ? lag : lags[step - 1] + CLASS_COUNT;
        }
        furthest = lags[load->steps - 1] > furthest ? lags[load->steps - 1] : furthest;
    }
    load->ticks = load->waits + furthest;
}

struct load *load_create(const struct simulate_options *options) {
    struct load *load = memory_new(1, sizeof(*load));
    struct load_size size = size_of(options);
    random_seed(&load->random, options->seed);
    load->key = random_next(&load->random);
    load->waits = size.waits;
    load->first_open = size.waits - size.open_waits;
    load->lines_max = size.lines_max;
    load->steps = size.steps;
    uint32_t late_steps = 0;
    for (uint32_t step = 0; step < load->steps; step++) {
        load->roles[step] = (uint8_t)role_of(step, load->steps);
        late_steps += can_be_late(load->roles[step]);
    }
    load->late_chance = LATE_PART * load->steps / late_steps;
    lay_out_lags(load);
    load->begins = british_instant(options->begin, HOUR_MS);
    load->span = british_instant(options->until, 23 * HOUR_MS) - load->begins;
    int64_t half_lag = (int64_t)((double)load->span / (double)load->ticks * (CLASS_COUNT / 2));
    load->jitter = half_lag < JITTER_MAX_MS ? half_lag : JITTER_MAX_MS;
    return load;
}

void load_destroy(struct load **load) {
    free(*load);
    *load = NULL;
}

static instant_t arrival_at(const struct load *load, uint64_t tick) {
    return load->begins + (int64_t)((double)load->span * ((double)tick / (double)load->ticks));
}

/* Evenly 0 … bound - 1 out of the 16 bits of `hash` at `shift`. */
static uint32_t pick(uint64_t hash, int shift, uint32_t bound) {
    return (uint32_t)(((hash >> shift) & 0xffff) * bound >> 16);
}

static uint8_t pick_priority(uint64_t hash) {
    uint32_t percent = pick(hash, 32, 100);
    return percent < 5 ? 1 : percent < 25 ? 2 : percent < 75 ? 3 : 4;
}

static instant_t time_of(const struct load *load, uint64_t wait, uint32_t step, uint64_t hash) {
    instant_t arrival = arrival_at(load, wait + load->lags[wait % CLASS_COUNT][step]);
    instant_t time = arrival - (int64_t)pick(hash, 0, (uint32_t)(load->jitter / SECOND_MS) + 1) * SECOND_MS;
    bool late = can_be_late(load->roles[step]) && (double)pick(hash, 16, 65536) < load->late_chance * 65536.0;
    return late ? time - (1 + pick(hash, 32, LATE_DAYS_MAX)) * DAY_MS - (int64_t)pick(hash, 48, 1440) * MINUTE_MS : time;
}

static uint64_t hash_of(const struct load *load, uint64_t wait, uint32_t step) {
    return random_mix(load->key + wait * SIMULATE_EVENTS_PER_WAIT_MAX + step);
}

static enum event_type last_type(const struct load *load, const struct record *record, uint64_t wait, uint64_t hash) {
    if (wait >= load->first_open) {
        return EVENT_CONTACT_MADE;
    }
    return pick(hash, 48, 10) == 0 ? EVENT_WAIT_CLOSED : event_type_of(text_of(council_pathways[record->pathway].completing_type));
}

static enum event_type type_of(const struct load *load, const struct record *record, uint64_t wait, uint32_t step, uint64_t traits,
                               uint64_t hash) {
    int8_t first_team;
    bool moves = council_teams_of(record->pathway, &first_team) > 1 && pick(traits, 8, 10) < 3;
    bool pauses = pick(traits, 16, 10) < 4;
    switch ((enum role)load->roles[step]) {
    case ROLE_REFERRAL:
        return EVENT_REFERRAL_RECEIVED;
    case ROLE_TRIAGE:
        return EVENT_REFERRAL_TRIAGED;
    case ROLE_ALLOCATE:
        return EVENT_WAIT_ALLOCATED;
    case ROLE_TRANSFER:
        return moves ? EVENT_WAIT_TRANSFERRED : EVENT_CONTACT_MADE;
    case ROLE_AGAIN:
        return moves ? EVENT_WAIT_ALLOCATED : EVENT_CONTACT_MADE;
    case ROLE_PAUSE:
        return pauses ? EVENT_WAIT_PAUSED : EVENT_CONTACT_MADE;
    case ROLE_RESUME:
        return pauses ? EVENT_WAIT_RESUMED : EVENT_CONTACT_MADE;
    case ROLE_START:
        return EVENT_ASSESSMENT_STARTED;
    case ROLE_LAST:
        return last_type(load, record, wait, hash);
    case ROLE_CONTACT:
        break;
    }
    return EVENT_CONTACT_MADE;
}

static void make_record(const struct load *load, uint64_t wait, uint32_t step, struct record *record) {
    uint64_t traits = random_mix(load->key ^ (wait + 1));
    uint64_t hash = hash_of(load, wait, step);
    uint64_t detail = random_mix(hash);
    const struct queue_fact *queue = &council_queues()[traits % QUEUE_COUNT];
    *record = (struct record){
        .identity = {random_mix(hash ^ load->key), detail},
        .number = wait + 1,
        .person = random_mix(traits) >> 16,
        .pathway = (uint8_t)queue->pathway,
        .team = queue->team,
        .district = (int8_t)pick(traits, 24, DISTRICT_COUNT),
        .client_group = (int8_t)(queue->pathway == PATHWAY_CARERS ? CLIENT_CARER : pick(traits, 40, 4) == 0),
        .priority = pick_priority(step == 0 ? traits : detail),
        .impact = (uint8_t)(1 + pick(detail, 8, 5)),
        .likelihood = (uint8_t)(1 + pick(detail, 24, 5)),
        .deprivation = (uint8_t)(1 + pick(traits, 32, DEPRIVATION_COUNT)),
        .worker = (uint16_t)(1 + pick(detail, 40, 900)),
        .clock_start = DAY_NONE,
    };
    if (queue->team < DISTRICT_COUNT) {
        record->district = queue->team;
    }
    record->type = (uint8_t)type_of(load, record, wait, step, traits, hash);
    record->time = time_of(load, wait, step, hash);
    if (step > 0) { /* a late record is not older than its referral */
        instant_t referred = time_of(load, wait, 0, hash_of(load, wait, 0));
        record->time = record->time > referred + MINUTE_MS ? record->time : referred + MINUTE_MS;
    }
    if (record->type == EVENT_WAIT_TRANSFERRED) {
        int8_t first_team;
        uint32_t teams = (uint32_t)council_teams_of(queue->pathway, &first_team);
        record->team =
            (int8_t)(first_team + (int8_t)((uint32_t)(queue->team - first_team + 1) + pick(detail, 48, teams - 1)) % (int8_t)teams);
        record->district = queue->team < DISTRICT_COUNT ? record->team : record->district;
    }
    /* The reasons that take a wait out of every count are for the other scenario. */
    record->code = (uint8_t)pick(detail, 0, record->type == EVENT_WAIT_CLOSED ? REASON_DUPLICATE : record_code_count(record->type));
}

/* The next original, in the order of ticks; false when all waits are done. */
static bool next_original(struct load *load, struct record *record) {
    while (load->tick < load->ticks) {
        const uint64_t *lags = load->lags[load->tick % CLASS_COUNT];
        while (load->step < load->steps) {
            uint32_t step = load->step++;
            if (lags[step] <= load->tick && load->tick - lags[step] < load->waits) {
                make_record(load, load->tick - lags[step], step, record);
                return true;
            }
        }
        load->step = 0;
        load->tick++;
    }
    return false;
}

/* Some event of an earlier tick, once more; false when the draw hits none. */
static bool earlier_event(struct load *load, struct record *record) {
    uint64_t reach = load->tick < DUPLICATE_REACH ? load->tick : DUPLICATE_REACH;
    if (reach == 0) {
        return false;
    }
    uint64_t tick = load->tick - 1 - random_below(&load->random, (uint32_t)reach);
    uint32_t step = random_below(&load->random, load->steps);
    uint64_t lag = load->lags[tick % CLASS_COUNT][step];
    if (lag > tick || tick - lag >= load->waits) {
        return false;
    }
    make_record(load, tick - lag, step, record);
    return true;
}

bool load_next(struct load *load, struct record *record) {
    if (load->lines_max > 0 && load->lines >= load->lines_max) {
        return false;
    }
    bool owes_duplicate = load->duplicates < load->originals / ORIGINALS_PER_DUPLICATE;
    if (owes_duplicate && earlier_event(load, record)) {
        load->duplicates++;
    } else if (next_original(load, record)) {
        load->originals++;
    } else {
        bool found = false; /* at the end few draws hit an event: try until all that is owed is sent */
        for (int draws = 0; owes_duplicate && !found && draws < LAST_DRAWS_MAX; draws++) {
            found = earlier_event(load, record);
        }
        if (!found) {
            return false;
        }
        load->duplicates++;
    }
    record->arrival = arrival_at(load, load->tick);
    load->lines++;
    return true;
}

double load_progress(const struct load *load) {
    double by_tick = (double)load->tick / (double)load->ticks;
    double by_line = load->lines_max == 0 ? 0.0 : (double)load->lines / (double)load->lines_max;
    return by_tick > by_line ? by_tick : by_line;
}
