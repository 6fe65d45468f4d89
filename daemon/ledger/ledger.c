/* The ledger: the journal, the identities and the register kept in step. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/core/memory.h"
#include "daemon/core/rules.h"
#include "daemon/journal/files.h"
#include "daemon/journal/kept.h"
#include "daemon/reported/reported.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A late record of a replay asks for events of the same wait up to weeks before: half a million events of a large council. */
#define REPLAY_CACHE_BYTES ((size_t)256 << 20)
#define DAILY_CACHE_BYTES ((size_t)64 << 20)

/* A record that only the ledger writes: that the disk had room again. */
#define RECORD_ROOM "room"

/* Written under another name first: a power cut leaves no key, or a whole one. */
static bool make_key(struct ledger *ledger, const char *path) {
    char unfinished[4096 + 8];
    snprintf(unfinished, sizeof unfinished, "%s.new", path);
    randombytes_buf(ledger->personal_key, sizeof ledger->personal_key);
    (void)unlink(unfinished); /* of a start that was cut off */
    int descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = descriptor >= 0 &&
                   write(descriptor, ledger->personal_key, sizeof ledger->personal_key) == (ssize_t)sizeof ledger->personal_key &&
                   fsync(descriptor) == 0;
    return descriptor >= 0 && close(descriptor) == 0 && written && rename(unfinished, path) == 0 && files_sync_directory_of(path);
}

/* Reads the key that hashes personal data, or makes it on the first start: 32 random bytes beside the journal, for the daemon alone. */
static bool load_key(struct ledger *ledger, char message[LEDGER_MESSAGE_SIZE]) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s.key", ledger->config->journal_path) >= (int)sizeof path) {
        snprintf(message, LEDGER_MESSAGE_SIZE, "the journal's path is too long");
        return false;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        ssize_t got = read(descriptor, ledger->personal_key, sizeof ledger->personal_key);
        close(descriptor);
        if (got == (ssize_t)sizeof ledger->personal_key)
            return true;
    } else if (errno == ENOENT) {
        if (make_key(ledger, path))
            return true;
    }
    snprintf(message, LEDGER_MESSAGE_SIZE, "cannot read or make %.200s: it must hold %d bytes", path, PERSONAL_KEY_BYTES);
    return false;
}

static void take_numeric_sources(struct ledger *ledger) {
    free(ledger->numeric_sources);
    ledger->numeric_sources = memory_new(ledger->config->source_count, sizeof *ledger->numeric_sources);
    ledger->numeric_source_count = 0;
    for (size_t i = 0; i < ledger->config->source_count; i++)
        if (ledger->config->sources[i].allow_numeric_references)
            ledger->numeric_sources[ledger->numeric_source_count++] = text_of(ledger->config->sources[i].name);
}

static void report_into(void *context, const char *line) {
    char *message = context;
    if (message[0] == '\0')
        snprintf(message, LEDGER_MESSAGE_SIZE, "%s", line);
}

/* The transitions of the turn go into the journal and are kept for whoever shows them after the commit. */
static void append_transitions(struct ledger *ledger) {
    for (size_t i = 0; i < ledger->transition_count; i++)
        free(ledger->bodies[i]);
    const struct alert_transition *transitions = register_take_transitions(ledger->reg, &ledger->transition_count);
    memory_reserve((void **)&ledger->transitions, &ledger->transition_capacity, ledger->transition_count, sizeof *ledger->transitions);
    memory_reserve((void **)&ledger->bodies, &ledger->body_capacity, ledger->transition_count, sizeof *ledger->bodies);
    for (size_t i = 0; i < ledger->transition_count; i++) {
        char text[WIRE_TRANSITION_SIZE];
        size_t length = wire_transition_text(&transitions[i], text);
        ledger->bodies[i] = memory_new(length + 1, 1);
        memcpy(ledger->bodies[i], text, length);
        struct text body = {ledger->bodies[i], (uint32_t)length};
        ledger->transitions[i] = (struct committed_transition){&transitions[i], body};
        journal_append_alert(ledger->journal, transitions[i].alert_seq, transitions[i].previous_alert_seq, body);
    }
}

static void forget_transitions(struct ledger *ledger) {
    for (size_t i = 0; i < ledger->transition_count; i++)
        free(ledger->bodies[i]);
    ledger->transition_count = 0;
}

static void append_policy(struct ledger *ledger, const struct policy *policy, const struct holidays *holidays, day_t from) {
    char *json = policy_to_json(policy, holidays, from);
    journal_append_record(ledger->journal, JOURNAL_RECORD_POLICY, text_of(json));
    free(json);
}

/* Appends the rules of alerts about no wait where they are others than the journal's last. */
static void append_standing_rules(struct ledger *ledger, const struct config *config) {
    struct journal_record last;
    char *json = standing_rules_to_json(config);
    bool is_first = journal_last_record(ledger->journal, JOURNAL_RECORD_STANDING, &last) != JOURNAL_OK;
    struct text rules = text_of(json ? json : "{}");
    if (is_first ? json != NULL : !text_equal(last.body, rules))
        journal_append_record(ledger->journal, JOURNAL_RECORD_STANDING, rules);
    free(json);
}

static void append_day(struct ledger *ledger) {
    char date[DATE_SIZE], json[40];
    date_format(register_today(ledger->reg), date);
    snprintf(json, sizeof json, "{\"day\":\"%s\"}", date);
    journal_append_record(ledger->journal, JOURNAL_RECORD_DAY, text_of(json));
}

/* The days that end while the register goes on to `until`. */
struct ending_days {
    struct ledger *ledger;
    day_t from;
    day_t until;
    bool reconstructed;
};

static void report_day(void *context, struct waiting_register *reg) {
    const struct ending_days *days = context;
    struct ledger *ledger = days->ledger;
    day_t day = register_today(reg);
    size_t length;
    char *text = reported_text(reg, ledger->hash_seed, &length);
    journal_append_report(ledger->journal, &(struct journal_report){
                                               .day = day,
                                               .reconstructed = days->reconstructed,
                                               .rule_version = RULES_POSITION,
                                               .body = {text, (uint32_t)length},
                                           });
    free(text);
    if (days->reconstructed && ledger->progress != NULL)
        ledger->progress(ledger->progress_context, LEDGER_CATCHES_UP_DAYS, (uint64_t)(day - days->from + 1),
                         (uint64_t)(days->until - days->from));
}

/* The day that the last run had begun; DAY_NONE for a new journal. */
static day_t last_begun_day(struct ledger *ledger) {
    struct journal_record record;
    day_t day = DAY_NONE;
    static const char prefix[] = "{\"day\":\"";
    if (journal_last_record(ledger->journal, JOURNAL_RECORD_DAY, &record) == JOURNAL_OK && record.body.length >= sizeof prefix - 1 + 10)
        date_parse((struct text){record.body.at + sizeof prefix - 1, DATE_SIZE - 1}, &day);
    return day;
}

static bool same_policy(const struct kept_policy *kept, const struct policy *policy, const struct holidays *holidays) {
    char *before = policy_to_json(&kept->policy, &kept->holidays, kept->from);
    char *after = policy_to_json(policy, holidays, kept->from);
    bool same = strcmp(before, after) == 0;
    free(before);
    free(after);
    return same;
}

static bool same_holidays(const struct holidays *a, const struct holidays *b) {
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

/* The calendar of other holidays; the one in force while they are the same, so that no wait needs to be folded anew. NULL with a reason. */
static struct calendar *calendar_of(struct ledger *ledger, const struct holidays *holidays, char message[LEDGER_MESSAGE_SIZE]) {
    if (same_holidays(holidays, &ledger->policies[ledger->policy_count - 1].holidays))
        return ledger->calendar;
    return config_calendar_of(ledger->config->timezone, holidays, report_into, message);
}

/* Puts the policy in force from today; false when a pathway that has waits is missing. */
static bool change_policy(struct ledger *ledger, const struct policy *policy, struct holidays *holidays,
                          char message[LEDGER_MESSAGE_SIZE]) {
    struct calendar *calendar = calendar_of(ledger, holidays, message);
    if (calendar == NULL)
        return false;
    bool is_new = calendar != ledger->calendar;
    struct text missing;
    if (!register_set_policy(ledger->reg, policy, calendar, ledger->now, &missing)) {
        if (missing.at == NULL)
            snprintf(message, LEDGER_MESSAGE_SIZE, "this journal has had 254 pathways, and cannot have more: use names that it knows");
        else
            snprintf(message, LEDGER_MESSAGE_SIZE, "pathway \"%.*s\" has waits and cannot be removed: put it back into the configuration",
                     (int)missing.length, missing.at);
        if (is_new)
            calendar_destroy(&calendar);
        return false;
    }
    if (is_new) {
        calendar_destroy(&ledger->calendar);
        ledger->calendar = calendar;
    }
    day_t today = register_today(ledger->reg);
    append_policy(ledger, policy, holidays, today);
    ledger_keep_policy(ledger, policy, holidays, today);
    return true;
}

/* Every day of the journal was counted in one time zone. */
static bool zone_is_kept(struct ledger *ledger, char message[LEDGER_MESSAGE_SIZE]) {
    struct journal_record record;
    struct text zone = text_of(ledger->config->timezone);
    if (journal_last_record(ledger->journal, JOURNAL_RECORD_ZONE, &record) != JOURNAL_OK || text_equal(record.body, zone))
        return true;
    snprintf(message, LEDGER_MESSAGE_SIZE, "the journal was kept in the time zone %.*s, council.timezone says %s: put it back",
             (int)record.body.length, record.body.at, ledger->config->timezone);
    return false;
}

/* The first policy of a new journal applies from its first day. */
static void found_policy(struct ledger *ledger, struct holidays *holidays) {
    day_t today = calendar_day_of(ledger->calendar, ledger->now);
    journal_append_record(ledger->journal, JOURNAL_RECORD_ZONE, text_of(ledger->config->timezone));
    append_policy(ledger, &ledger->config->policy, holidays, today);
    ledger_keep_policy(ledger, &ledger->config->policy, holidays, today);
}

/* The next start shall not have to read it all again. Only here: the register knows no more what it was before it began. */
static void keep_long_replay(struct ledger *ledger) {
    uint64_t events = (uint64_t)ledger->config->checkpoint_events;
    if (events > 0 && ledger->checkpoint.seq == 0 && journal_last_seq(ledger->journal) >= events)
        (void)checkpoint_write(ledger, ledger->now, &ledger->checkpoint, ledger->news.unwritten);
}

/* Reads everything back and brings it from the day that the last run had begun to today; the open turn holds what that appends. */
static bool start(struct ledger *ledger, day_t begun, char message[LEDGER_MESSAGE_SIZE]) {
    struct holidays holidays;
    if (ledger_read_policies(ledger) != JOURNAL_OK) {
        snprintf(message, LEDGER_MESSAGE_SIZE, "the journal's policies cannot be read");
        return false;
    }
    if (!zone_is_kept(ledger, message) || !config_holidays(ledger->config, &holidays, report_into, message))
        return false;
    bool is_new = ledger->policy_count == 0;
    const struct holidays *in_force = is_new ? &holidays : &ledger->policies[ledger->policy_count - 1].holidays;
    ledger->calendar = config_calendar_of(ledger->config->timezone, in_force, report_into, message);
    if (ledger->calendar == NULL) {
        holidays_clear(&holidays);
        return false;
    }
    journal_begin(ledger->journal, ledger->now);
    if (is_new)
        found_policy(ledger, &holidays);
    checkpoint_clear_unfinished(ledger);
    if (ledger_replay(ledger) != JOURNAL_OK) {
        snprintf(message, LEDGER_MESSAGE_SIZE, "the journal's events or alerts cannot be read: restore a backup");
        holidays_clear(&holidays);
        return false;
    }
    if (ledger->news.ignored[0] != '\0')
        checkpoint_forget(ledger); /* a redaction that is still to come would not know that it has to */
    keep_long_replay(ledger);
    day_t today = calendar_day_of(ledger->calendar, ledger->now);
    bool changed = !is_new && !same_policy(&ledger->policies[ledger->policy_count - 1], &ledger->config->policy, &holidays);
    /* A clock that was put back must not bring yesterday back. The days of a stop are counted and reported one by one. */
    day_t last = today > begun ? today : begun;
    day_t first = begun == DAY_NONE ? last : begun;
    struct ending_days days = {ledger, first, last, true};
    register_begin_from(ledger->reg, first, last, ledger->now, !changed, &(struct day_watch){report_day, &days});
    append_standing_rules(ledger, ledger->config);
    bool done = !changed || change_policy(ledger, &ledger->config->policy, &holidays, message);
    holidays_clear(&holidays);
    return done;
}

/* For a journal of an older version, which gets its chain when it is opened. */
static bool kept_of(void *context, struct text bytes, char *buffer, struct text *kept) {
    struct ledger *ledger = context;
    struct event event;
    if (!envelope_decode(ledger->archive, bytes, &event))
        return false;
    *kept = kept_write(&event, buffer);
    return true;
}

static void tell_progress(void *context, uint64_t done, uint64_t total) {
    struct ledger *ledger = context;
    if (ledger->progress != NULL)
        ledger->progress(ledger->progress_context, LEDGER_CHAINS_EVENTS, done, total);
}

static bool open_journal(struct ledger *ledger, char message[LEDGER_MESSAGE_SIZE]) {
    char reason[256];
    struct journal_options options = {.cache_bytes = REPLAY_CACHE_BYTES, .kept = kept_of, .progress = tell_progress, .context = ledger};
    enum journal_status status = journal_open_with(ledger->config->journal_path, &options, &ledger->journal, reason);
    if (status != JOURNAL_OK)
        snprintf(message, LEDGER_MESSAGE_SIZE, "%s", reason);
    return status == JOURNAL_OK;
}

void ledger_close(struct ledger **pointer) {
    struct ledger *ledger = *pointer;
    if (ledger == NULL)
        return;
    forget_transitions(ledger);
    register_destroy(&ledger->reg);
    identity_destroy(&ledger->identities);
    sources_destroy(&ledger->sources);
    journal_close(&ledger->journal);
    calendar_destroy(&ledger->calendar);
    envelope_destroy(&ledger->intake);
    envelope_destroy(&ledger->archive);
    arena_destroy(&ledger->arena);
    json_parser_destroy(&ledger->transition_parser);
    ledger_forget_policies(ledger);
    sodium_memzero(ledger->personal_key, sizeof ledger->personal_key);
    free(ledger->policies);
    free(ledger->history);
    free(ledger->numeric_sources);
    free(ledger->feeds);
    free(ledger->holding);
    free(ledger->transitions);
    free(ledger->bodies);
    free(ledger);
    *pointer = NULL;
}

void ledger_begin(struct ledger *ledger, instant_t now) {
    ledger->now = now;
    journal_begin(ledger->journal, now);
}

/* After a turn that the disk did not take: everything as the journal has it. */
static enum journal_status rebuild(struct ledger *ledger, day_t today) {
    char message[LEDGER_MESSAGE_SIZE] = "";
    forget_transitions(ledger);
    if (ledger_read_policies(ledger) != JOURNAL_OK || ledger->policy_count == 0)
        return JOURNAL_CORRUPT;
    const struct holidays *holidays = &ledger->policies[ledger->policy_count - 1].holidays;
    struct calendar *calendar = config_calendar_of(ledger->config->timezone, holidays, report_into, message);
    if (calendar == NULL)
        return JOURNAL_FAILED;
    calendar_destroy(&ledger->calendar);
    ledger->calendar = calendar;
    enum journal_status status = ledger_replay(ledger);
    if (status == JOURNAL_OK)
        register_begin(ledger->reg, today, ledger->now, true);
    return status;
}

static enum journal_status commit(struct ledger *ledger, day_t day_before) {
    ledger_settle_standing(ledger);
    append_transitions(ledger);
    enum journal_status status = journal_commit(ledger->journal);
    if (status != JOURNAL_FULL)
        return status;
    enum journal_status rebuilt = rebuild(ledger, day_before);
    return rebuilt == JOURNAL_OK ? JOURNAL_FULL : rebuilt;
}

/* Commits what the start appended. A journal that holds nothing yet has nothing to be served from while its disk is full. */
static bool finish_start(struct ledger *ledger, day_t begun, char message[LEDGER_MESSAGE_SIZE]) {
    ledger_settle_standing(ledger);
    append_transitions(ledger);
    append_day(ledger);
    enum journal_status status = journal_commit(ledger->journal);
    if (status == JOURNAL_FULL && begun != DAY_NONE) {
        ledger->is_behind = true;
        status = rebuild(ledger, begun);
    }
    if (status != JOURNAL_OK)
        snprintf(message, LEDGER_MESSAGE_SIZE, "%s",
                 status == JOURNAL_FULL ? "the disk is full: make room for the journal and start again" : journal_failure(ledger->journal));
    return status == JOURNAL_OK;
}

struct ledger *ledger_open(const struct ledger_setup *setup, char message[LEDGER_MESSAGE_SIZE]) {
    struct ledger *ledger = memory_new(1, sizeof *ledger);
    message[0] = '\0';
    ledger->config = setup->config;
    ledger->journal_path = setup->config->journal_path;
    ledger->now = setup->now;
    ledger->progress = setup->progress;
    ledger->progress_context = setup->context;
    ledger->intake = envelope_create();
    ledger->archive = envelope_create();
    ledger->arena = arena_create();
    ledger->transition_parser = json_parser_create(WIRE_TRANSITION_SIZE, TRANSITION_NESTING_MAX);
    ENSURE(sodium_init() >= 0);
    take_numeric_sources(ledger);
    bool opened = open_journal(ledger, message) && load_key(ledger, message);
    day_t begun = opened ? last_begun_day(ledger) : DAY_NONE;
    if (!opened || !start(ledger, begun, message) || !finish_start(ledger, begun, message)) {
        ledger_close(&ledger);
        return NULL;
    }
    journal_limit_cache(ledger->journal, DAILY_CACHE_BYTES);
    (void)malloc_trim(0); /* what the replay needed goes back to the system */
    return ledger;
}

bool ledger_is_behind(const struct ledger *ledger) {
    return ledger->is_behind;
}

enum journal_status ledger_commit(struct ledger *ledger) {
    register_settle(ledger->reg, ledger->now);
    return commit(ledger, register_today(ledger->reg));
}

enum journal_status ledger_midnight(struct ledger *ledger, day_t today, instant_t now) {
    day_t day_before = register_today(ledger->reg);
    ledger_begin(ledger, now);
    struct ending_days days = {ledger, day_before, today, today > day_before + 1};
    register_advance_to(ledger->reg, today, now, &(struct day_watch){report_day, &days});
    append_day(ledger);
    if (ledger->access_note[0] != '\0')
        journal_append_record(ledger->journal, JOURNAL_RECORD_ACCESS, text_of(ledger->access_note));
    ledger->access_note[0] = '\0';
    return commit(ledger, day_before);
}

void ledger_note_access(struct ledger *ledger, const char *json) {
    ENSURE(strlen(json) < sizeof ledger->access_note);
    memcpy(ledger->access_note, json, strlen(json) + 1);
}

enum journal_status ledger_watch(struct ledger *ledger, instant_t now) {
    ledger_begin(ledger, now);
    ledger_settle_standing(ledger);
    if (register_has_transitions(ledger->reg))
        return commit(ledger, register_today(ledger->reg));
    forget_transitions(ledger); /* of the turn before: nothing is told twice */
    journal_rollback(ledger->journal);
    return JOURNAL_OK;
}

enum journal_status ledger_probe(struct ledger *ledger, instant_t now) {
    ledger_begin(ledger, now);
    journal_append_record(ledger->journal, RECORD_ROOM, text_of("{}"));
    return journal_commit(ledger->journal);
}

enum journal_status ledger_reload(struct ledger *ledger, const struct config *config, instant_t now, char message[LEDGER_MESSAGE_SIZE]) {
    struct holidays holidays;
    message[0] = '\0';
    if (!config_holidays(config, &holidays, report_into, message))
        return JOURNAL_CORRUPT;
    bool changed = !same_policy(&ledger->policies[ledger->policy_count - 1], &config->policy, &holidays);
    ledger_begin(ledger, now);
    append_standing_rules(ledger, config);
    bool done = !changed || change_policy(ledger, &config->policy, &holidays, message);
    holidays_clear(&holidays);
    if (!done) {
        journal_rollback(ledger->journal);
        return JOURNAL_CORRUPT;
    }
    enum journal_status status = commit(ledger, register_today(ledger->reg));
    if (status != JOURNAL_OK)
        return status == JOURNAL_CORRUPT ? JOURNAL_FAILED : status; /* by then it is the journal, not the configuration */
    ledger->config = config;
    ledger->watching = NULL;
    ledger->is_behind = false;
    ledger->journal_path = config->journal_path; /* the same: it cannot change while running */
    take_numeric_sources(ledger);
    return JOURNAL_OK;
}

size_t ledger_transitions(const struct ledger *ledger, const struct committed_transition **transitions) {
    *transitions = ledger->transitions;
    return ledger->transition_count;
}

struct waiting_register *ledger_register(struct ledger *ledger) {
    return ledger->reg;
}

struct journal *ledger_journal(struct ledger *ledger) {
    return ledger->journal;
}

const struct sources *ledger_sources(const struct ledger *ledger) {
    return ledger->sources;
}

const struct calendar *ledger_calendar(const struct ledger *ledger) {
    return ledger->calendar;
}

const struct config *ledger_config(const struct ledger *ledger) {
    return ledger->config;
}

const unsigned char *ledger_personal_key(const struct ledger *ledger) {
    return ledger->personal_key;
}

const struct checkpoint_mark *ledger_checkpoint(const struct ledger *ledger) {
    return &ledger->checkpoint;
}

bool ledger_may_keep_checkpoint(const struct ledger *ledger, const struct checkpoint_mark *mark) {
    return mark->seq == 0 || mark->redaction == ledger->redaction;
}

const struct checkpoint_news *ledger_checkpoint_news(const struct ledger *ledger) {
    return &ledger->news;
}
