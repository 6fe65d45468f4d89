/* What is about no wait and holds now: feeds that are silent, a quarantine that waits for somebody, queues over a limit. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

#define QUARANTINE_SUBJECT "quarantine"

static void list_feeds(struct ledger *ledger) {
    const struct config *config = ledger->config;
    free(ledger->feeds);
    free(ledger->holding);
    ledger->feeds = memory_new(config->source_count, sizeof *ledger->feeds);
    ledger->holding = memory_new(config->source_count + 1 + config->queue_limit_count, sizeof *ledger->holding);
    ledger->feed_count = 0;
    for (size_t i = 0; i < config->source_count && config->feed_silent.enabled; i++) {
        const struct source_config *source = &config->sources[i];
        if (source->silence_minutes > 0)
            ledger->feeds[ledger->feed_count++] = (struct watched_feed){source, config_source_hours(source), INSTANT_NONE, INSTANT_NONE};
    }
    ledger->watching = config;
}

/* Whether the feed is silent, and the day since which it is. */
static bool is_silent(struct ledger *ledger, struct watched_feed *feed, day_t *since) {
    struct source_figures figures;
    size_t place = sources_find(ledger->sources, text_of(feed->source->name));
    *since = register_today(ledger->reg);
    if (place == SIZE_MAX)
        return true;
    sources_at(ledger->sources, place, &figures);
    if (figures.last_received != feed->heard) {
        feed->heard = figures.last_received;
        feed->silent_from = feed_silent_from(&feed->hours, feed->source->silence_minutes, feed->heard, ledger->calendar);
    }
    if (feed->silent_from == INSTANT_NONE || feed->silent_from > ledger->now)
        return false;
    day_t day = calendar_day_of(ledger->calendar, feed->silent_from);
    *since = day < *since ? day : *since;
    return true;
}

static size_t add_silent_feeds(struct ledger *ledger, size_t count) {
    for (size_t i = 0; i < ledger->feed_count; i++) {
        day_t since;
        if (is_silent(ledger, &ledger->feeds[i], &since))
            ledger->holding[count++] = (struct standing_condition){
                .rule = ALERT_FEED_SILENT,
                .severity = ledger->config->feed_silent.severity,
                .subject = text_of(ledger->feeds[i].source->name),
                .value = ALERT_VALUE_NONE,
                .limit = ledger->feeds[i].source->silence_minutes,
                .occurred_on = since,
            };
    }
    return count;
}

static size_t add_quarantine(struct ledger *ledger, size_t count) {
    const struct config *config = ledger->config;
    uint64_t waiting = journal_quarantine_count(ledger->journal);
    if (config->quarantine.enabled && waiting >= (uint64_t)config->quarantine_limit)
        ledger->holding[count++] = (struct standing_condition){
            .rule = ALERT_QUARANTINE,
            .severity = config->quarantine.severity,
            .subject = text_of(QUARANTINE_SUBJECT),
            .value = waiting < INT32_MAX ? (int32_t)waiting : INT32_MAX,
            .limit = config->quarantine_limit,
            .occurred_on = register_today(ledger->reg),
        };
    return count;
}

static size_t add_queues(struct ledger *ledger, size_t count) {
    for (size_t i = 0; i < ledger->config->queue_limit_count; i++) {
        struct queue_limit limit = config_queue_limit(&ledger->config->queue_limits[i]);
        int32_t value;
        if (register_queue_limit_holds(ledger->reg, &limit, &value))
            ledger->holding[count++] = (struct standing_condition){
                .rule = ALERT_QUEUE_LIMIT,
                .severity = ledger->config->queue_limits[i].severity,
                .subject = limit.name,
                .pathway = limit.pathway,
                .team = limit.team,
                .value = value,
                .limit = limit.limit,
                .occurred_on = register_today(ledger->reg),
            };
    }
    return count;
}

void ledger_settle_standing(struct ledger *ledger) {
    if (ledger->watching != ledger->config)
        list_feeds(ledger);
    size_t count = add_queues(ledger, add_quarantine(ledger, add_silent_feeds(ledger, 0)));
    register_settle_standing(ledger->reg, ledger->holding, count, ledger->now);
}
