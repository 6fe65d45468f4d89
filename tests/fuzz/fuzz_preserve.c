/* A register that somebody has spoilt on purpose: it is refused, or whatever is then asked of it is answered.
 *
 * The input is a list of changes to one that was saved, of which up to four are made: two bytes where, and one byte that is mixed into the
 * byte there. Where the first byte is odd and the length a multiple of five, what lies behind the first place is cut off. */
#include "daemon/core/preserve.h"

#include "daemon/core/memory.h"
#include "daemon/core/selection.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { DAYS = 600, TODAY = 200, STORED_MAX = 65536 };

struct stored {
    unsigned char bytes[STORED_MAX];
    size_t size;
    size_t at;
};

struct base {
    struct calendar *calendar;
    struct policy policy;
    struct stored stored;
    uint64_t seq;
};

static size_t no_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    (void)context;
    (void)newest_seq;
    *events = NULL;
    return 0;
}

static bool no_event(void *context, struct text source, struct text id, struct history_event *event) {
    (void)context;
    (void)source;
    (void)id;
    (void)event;
    return false;
}

static bool store(void *context, const void *bytes, size_t size) {
    struct stored *stored = context;
    ENSURE(stored->size + size <= STORED_MAX);
    memcpy(stored->bytes + stored->size, bytes, size);
    stored->size += size;
    return true;
}

static size_t recall(void *context, void *bytes, size_t size) {
    struct stored *stored = context;
    size_t got = stored->size - stored->at < size ? stored->size - stored->at : size;
    memcpy(bytes, stored->bytes + stored->at, got);
    stored->at += got;
    return got;
}

static struct waiting_register *new_register(const struct base *base) {
    struct policy_era era = {DAY_NONE, &base->policy};
    return register_create(&(struct register_setup){
        .calendar = base->calendar, .eras = &era, .era_count = 1, .history = {NULL, no_history, no_event}, .hash_seed = 5});
}

static void make_rules(struct base *base) {
    static const struct pathway_policy like = {.name = "",
                                               .standard_days = 28,
                                               .completes_on = EVENT_ASSESSMENT_COMPLETED,
                                               .approaching = {true, 1, SEVERITY_INFO, {7}},
                                               .breach = {true, 0, SEVERITY_WARNING, {0}},
                                               .escalation = {true, 1, SEVERITY_HIGH, {42}}};
    static instant_t midnights[DAYS];
    for (int i = 0; i < DAYS; i++)
        midnights[i] = (instant_t)i * 86400000;
    base->calendar = calendar_create(&(struct calendar_tables){midnights, DAYS, NULL, 0});
    base->policy = (struct policy){.pathway_count = 2, .contact_interval_days = 28, .band_count = 1, .bands = {7}};
    base->policy.pathways[0] = base->policy.pathways[1] = like;
    strcpy(base->policy.pathways[0].name, "plain");
    strcpy(base->policy.pathways[1].name, "excluding");
    base->policy.pathways[1].unit = UNIT_WORKING_DAYS;
    base->policy.pathways[1].pauses = PAUSES_EXCLUDE;
    base->policy.pathways[1].stops_on = STOP_ON_STARTED;
}

static void replay(struct base *base, struct waiting_register *reg, enum event_type type, int wait, day_t day) {
    static const char *const subjects[] = {"w-a", "w-b", "w-c", "w-d", "w-e", "w-f", "w-g", "w-h"};
    char id[2] = {(char)('A' + (char)(base->seq % 50)), '\0'};
    struct event event = {.type = type,
                          .time = (instant_t)day * 86400000 + 1000,
                          .source = text_of("urn:x"),
                          .id = text_of(id),
                          .subject = text_of(subjects[wait % 8]),
                          .pathway = text_of(wait % 2 ? "plain" : "excluding"),
                          .team = text_of(wait % 3 ? "north" : "south"),
                          .person = text_of("p-1"),
                          .worker = text_of("worker"),
                          .reason = text_of("withdrawn"),
                          .clock_start = DAY_NONE,
                          .priority = (uint8_t)(wait % 4),
                          .dimension_count = 1,
                          .dimensions = {{text_of("area"), text_of("n")}},
                          .retracts_source = text_of("urn:x"),
                          .retracts_id = text_of("never")};
    register_replay_event(reg, &event, ++base->seq);
}

static void replay_some(struct base *base, struct waiting_register *reg) {
    for (int wait = 0; wait < 8; wait++) {
        replay(base, reg, EVENT_REFERRAL_RECEIVED, wait, TODAY - 60 + wait);
        replay(base, reg, EVENT_REFERRAL_TRIAGED, wait, TODAY - 50);
        replay(base, reg, EVENT_WAIT_PAUSED, wait, TODAY - 40);
        if (wait % 3 != 0)
            replay(base, reg, EVENT_WAIT_RESUMED, wait, TODAY - 35);
        replay(base, reg, wait % 4 == 0 ? EVENT_ASSESSMENT_STARTED : EVENT_CONTACT_MADE, wait, TODAY - 30);
        if (wait == 5)
            replay(base, reg, EVENT_WAIT_CLOSED, wait, TODAY - 20);
    }
    replay(base, reg, EVENT_RETRACTED, 2, TODAY - 10);
    register_replay_alert(reg, &(struct alert_transition){.alert_seq = 1,
                                                          .raised_seq = 1,
                                                          .rule = ALERT_BREACH,
                                                          .subject = text_of("w-b"),
                                                          .pathway = text_of("plain"),
                                                          .team = text_of("north"),
                                                          .occurred_on = TODAY - 20,
                                                          .at = (instant_t)(TODAY - 20) * 86400000});
    register_replay_alert(reg, &(struct alert_transition){.alert_seq = 2,
                                                          .raised_seq = 1,
                                                          .change = ALERT_ACKNOWLEDGED,
                                                          .rule = ALERT_BREACH,
                                                          .subject = text_of("w-b"),
                                                          .pathway = text_of("plain"),
                                                          .team = text_of("north"),
                                                          .occurred_on = TODAY - 20,
                                                          .at = (instant_t)(TODAY - 19) * 86400000,
                                                          .by = text_of("jo"),
                                                          .note = text_of("visit"),
                                                          .expected_by = TODAY + 5});
    register_replay_alert(reg, &(struct alert_transition){.alert_seq = 3,
                                                          .raised_seq = 3,
                                                          .rule = ALERT_FEED_SILENT,
                                                          .subject = text_of("urn:x"),
                                                          .standard = 60,
                                                          .occurred_on = TODAY - 20,
                                                          .at = (instant_t)(TODAY - 20) * 86400000});
}

static const struct base *base_once(void) {
    static struct base base;
    if (base.calendar == NULL) {
        static struct bytes_out out;
        make_rules(&base);
        struct waiting_register *reg = new_register(&base);
        replay_some(&base, reg);
        bytes_out_init(&out, store, &base.stored);
        register_save(reg, &out);
        ENSURE(bytes_finish(&out));
        register_destroy(&reg);
    }
    return &base;
}

static void ask(struct waiting_register *reg, const struct base *base) {
    struct wait_filter filter = {0};
    struct register_figures figures;
    struct wait_view view;
    struct base later = *base;
    replay_some(&later, reg);
    register_begin(reg, TODAY, (instant_t)TODAY * 86400000, true);
    for (int day = 1; day <= 30; day++)
        register_advance(reg, (instant_t)(TODAY + day) * 86400000);
    register_figures(reg, &figures);
    for (uint32_t wait = 1; wait <= figures.waits; wait++)
        register_view(reg, wait, &view);
    struct summary summary;
    register_summary(reg, NULL, 0, &filter, &summary);
    summary_free(&summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct stored spoilt;
    static struct bytes_in in;
    const struct base *base = base_once();
    spoilt = base->stored;
    size_t changes = size == 0 ? 0 : 1 + data[size - 1] % 4;
    for (size_t i = 0; i + 3 <= size && i < 3 * changes; i += 3) {
        size_t place = ((size_t)data[i] << 8 | data[i + 1]) % base->stored.size;
        spoilt.bytes[place] ^= data[i + 2];
        if (i == 0 && data[0] % 2 != 0 && size % 5 == 0)
            spoilt.size = place;
    }
    struct waiting_register *reg = new_register(base);
    bytes_in_init(&in, recall, &spoilt);
    if (register_load(reg, &in, base->seq, 3) == PRESERVE_LOADED)
        ask(reg, base);
    register_destroy(&reg);
    return 0;
}
