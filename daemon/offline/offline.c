/* Answers from a journal's file: a chronicle of it, and the terms that a daemon's loop would hand over with a question. */
#include "daemon/offline/offline.h"

#include "daemon/core/memory.h"
#include "daemon/ledger/transition.h"
#include "daemon/query/query.h"
#include "daemon/wire/wire.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where there is no configuration: as docs of every option have it. */
#define EPOCH_YEAR 1990
#define BACKDATED_DAYS 14
#define ZONE_DEFAULT "Europe/London"
#define ZONE_SIZE 80

struct offline {
    struct journal *journal; /* to look at beside the chronicle's own */
    struct calendar *calendar;
    struct chronicle *chronicle;
    struct json_parser *parser;
    const struct config *config;
    char *known;
    size_t known_length;
    atomic_bool stop; /* never set: an offline answer is not given up */
};

static bool find_calendar(struct offline *offline, char message[OFFLINE_MESSAGE_SIZE]) {
    struct journal_record record;
    char zone[ZONE_SIZE] = ZONE_DEFAULT;
    const char *reason;
    if (journal_last_record(offline->journal, JOURNAL_RECORD_ZONE, &record) == JOURNAL_OK && record.body.length < ZONE_SIZE)
        snprintf(zone, sizeof zone, "%.*s", (int)record.body.length, record.body.at);
    if (!config_timezone_known(zone, &reason)) {
        snprintf(message, OFFLINE_MESSAGE_SIZE, "the journal was kept in the time zone %s: %s", zone, reason);
        return false;
    }
    const struct holidays none = {0, NULL}; /* every policy brings its own */
    offline->calendar = config_calendar_of(zone, &none, NULL, NULL);
    return offline->calendar != NULL;
}

struct offline *offline_open(const char *journal_path, const struct config *config, char message[OFFLINE_MESSAGE_SIZE]) {
    char reason[256];
    struct offline *offline = memory_new(1, sizeof *offline);
    message[0] = '\0';
    atomic_init(&offline->stop, false);
    ENSURE(sodium_init() >= 0);
    enum journal_status status = journal_open_reader(journal_path, &offline->journal, reason);
    if (status != JOURNAL_OK)
        snprintf(message, OFFLINE_MESSAGE_SIZE, "%s: %s", journal_path, reason[0] == '\0' ? "there is no journal" : reason);
    if (status != JOURNAL_OK || !find_calendar(offline, message)) {
        offline_close(&offline);
        return NULL;
    }
    offline->config = config;
    offline->known = config == NULL ? NULL : known_to_text(config, &offline->known_length);
    offline->parser = json_parser_create(WIRE_TRANSITION_SIZE, TRANSITION_NESTING_MAX);
    offline->chronicle = chronicle_create(journal_path, offline->calendar, &offline->stop);
    return offline;
}

void offline_close(struct offline **pointer) {
    struct offline *offline = *pointer;
    if (offline == NULL)
        return;
    chronicle_destroy(&offline->chronicle);
    json_parser_destroy(&offline->parser);
    journal_close(&offline->journal);
    calendar_destroy(&offline->calendar);
    free(offline->known);
    free(offline);
    *pointer = NULL;
}

/* The last day that was begun; without one the day of the newest event. */
static day_t today_of(struct offline *offline) {
    static const char prefix[] = "{\"day\":\"";
    struct journal_record record;
    day_t day = DAY_NONE;
    instant_t received = journal_last_received(offline->journal);
    if (journal_last_record(offline->journal, JOURNAL_RECORD_DAY, &record) == JOURNAL_OK && record.body.length >= sizeof prefix - 1 + 10)
        date_parse((struct text){record.body.at + sizeof prefix - 1, DATE_SIZE - 1}, &day);
    return day != DAY_NONE || received == INSTANT_NONE ? day : calendar_day_of(offline->calendar, received);
}

struct newest_alert {
    struct json_parser *parser;
    struct text subject;
    uint64_t seq;
};

static bool note_alert(void *context, const struct journal_alert *alert) {
    struct newest_alert *newest = context;
    struct alert_transition transition;
    if (transition_read(newest->parser, alert->body, &transition) && text_equal(transition.subject, newest->subject))
        newest->seq = alert->alert_seq;
    return true;
}

/* What a daemon's live register knows of the wait that is asked for, from the log. */
static uint64_t newest_alert_of(struct offline *offline, struct text request) {
    json_t *object = json_loadb(request.at, request.length, 0, NULL);
    const json_t *op = json_object_get(object, "op"), *subject = json_object_get(object, "subject");
    struct newest_alert newest = {offline->parser, {json_string_value(subject), (uint32_t)json_string_length(subject)}, 0};
    if (json_is_string(op) && json_is_string(subject) && strcmp(json_string_value(op), "wait") == 0)
        (void)journal_each_alert(offline->journal, 0, note_alert, &newest);
    json_decref(object);
    return newest.seq;
}

char *offline_ask(struct offline *offline, struct text request, size_t *length) {
    const struct config *config = offline->config;
    (void)journal_refresh(offline->journal);
    struct past_terms terms = {
        .today = today_of(offline),
        .asked_at = INSTANT_NONE,
        .epoch = config != NULL ? config->epoch : day_from_civil(EPOCH_YEAR, 1, 1),
        .newest_alert_seq = newest_alert_of(offline, request),
        .backdated_days = config != NULL ? config->backdated_days : BACKDATED_DAYS,
        .known = {offline->known, (uint32_t)offline->known_length},
    };
    return query_answer_past(offline->chronicle, &terms, request, length);
}
