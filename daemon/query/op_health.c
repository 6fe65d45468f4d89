/* The ops about the daemon itself: health, config, clock.set. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>

/* What is told of a source, and what is configured of it (NULL: nothing). */
static json_t *source_row(const struct daemon_state *state, const struct source_figures *figures, const struct source_config *config) {
    bool is_watched = config != NULL && config->silence_minutes > 0;
    bool is_heard = figures->events > 0;
    instant_t silent_from = INSTANT_NONE;
    if (is_watched && is_heard) {
        struct feed_hours hours = config_source_hours(config);
        silent_from = feed_silent_from(&hours, config->silence_minutes, figures->last_received, ledger_calendar(state->ledger));
    }
    bool is_silent = is_watched && (!is_heard || (silent_from != INSTANT_NONE && silent_from <= state->now));
    json_t *row = json_object();
    json_object_set_new(row, "source", wire_text(figures->source));
    json_object_set_new(row, "last_event", wire_instant(figures->last_event));
    json_object_set_new(row, "last_received", wire_instant(figures->last_received));
    json_object_set_new(row, "events", json_integer((json_int_t)figures->events));
    json_object_set_new(row, "silence_minutes", is_watched ? json_integer(config->silence_minutes) : json_null());
    json_object_set_new(row, "silent", json_boolean(is_silent));
    json_object_set_new(row, "silent_since", is_silent ? wire_instant(silent_from) : json_null());
    return row;
}

/* Those that are configured and were never heard of, then those heard of. `*total` counts all of them. */
static json_t *sources_of(const struct daemon_state *state, size_t *total) {
    const struct sources *sources = ledger_sources(state->ledger);
    const struct config *config = ledger_config(state->ledger);
    const struct source_config **configured = memory_new(sources_count(sources), sizeof(struct source_config *));
    json_t *rows = json_array();
    *total = sources_count(sources);
    for (size_t i = 0; i < config->source_count; i++) {
        const struct source_config *source = &config->sources[i];
        struct source_figures nothing = {text_of(source->name), 0, INSTANT_NONE, INSTANT_NONE};
        size_t place = sources_find(sources, nothing.source);
        if (place != SIZE_MAX) {
            configured[place] = source;
            continue;
        }
        ++*total;
        if (json_array_size(rows) < QUERY_SOURCES_MAX)
            json_array_append_new(rows, source_row(state, &nothing, source));
    }
    for (size_t i = 0; i < sources_count(sources) && json_array_size(rows) < QUERY_SOURCES_MAX; i++) {
        struct source_figures figures;
        sources_at(sources, i, &figures);
        json_array_append_new(rows, source_row(state, &figures, configured[i]));
    }
    free(configured);
    return rows;
}

static void add_reason(json_t *reasons, const char *what, const char *why) {
    char reason[TRAIL_REASON_SIZE + 128];
    snprintf(reason, sizeof reason, "%s%s", what, why);
    json_array_append_new(reasons, json_string(reason));
}

static json_t *reasons_of(const struct daemon_state *state) {
    json_t *reasons = json_array();
    const struct calendar *calendar = ledger_calendar(state->ledger);
    day_t today = register_today(ledger_register(state->ledger));
    if (state->read_only)
        json_array_append_new(reasons, json_string("the journal's disk is full: no events are taken until there is room"));
    if (ledger_is_behind(state->ledger))
        json_array_append_new(
            reasons, json_string("the disk was full at the start: today is the last run's, and so are the rules, until there is room"));
    if (calendar_day_of(calendar, state->now) < today)
        json_array_append_new(reasons,
                              json_string("the clock was set back before today: the day stays until the clock has passed it again"));
    struct trail_figures access;
    trail_figures(state->trail, &access);
    if (access.fault != NULL)
        add_reason(reasons, "the access log cannot be written, so questions about people are refused: ", access.fault);
    if (access.broken != NULL)
        add_reason(reasons, "the chain of the access log is broken: ", access.broken);
    if (state->loop_lag_ms >= QUERY_LAG_DEGRADED_MS)
        json_array_append_new(reasons,
                              json_string("a turn took longer than two seconds within the last ten: answers and alerts come late"));
    if (calendar_known_until(calendar) != DAY_NONE && today > calendar_known_until(calendar))
        json_array_append_new(reasons, json_string("the bank holiday calendar has ended: working days are counted without holidays"));
    return reasons;
}

static json_t *counters_of(const struct daemon_state *state) {
    struct intake_figures figures;
    intake_figures(state->intake, &figures);
    json_t *counters = json_object();
    json_object_set_new(counters, "requests", json_integer((json_int_t)figures.requests));
    json_object_set_new(counters, "events", json_integer((json_int_t)figures.events));
    json_object_set_new(counters, "accepted", json_integer((json_int_t)figures.accepted));
    json_object_set_new(counters, "duplicates", json_integer((json_int_t)figures.duplicates));
    json_object_set_new(counters, "quarantined", json_integer((json_int_t)figures.quarantined));
    json_object_set_new(counters, "malformed", json_integer((json_int_t)figures.malformed));
    json_object_set_new(counters, "forbidden", json_integer((json_int_t)figures.forbidden));
    json_object_set_new(counters, "connections_refused", json_integer((json_int_t)state->connections_refused));
    json_object_set_new(counters, "subscriptions_refused", json_integer((json_int_t)state->subscriptions_refused));
    json_object_set_new(counters, "answers_dropped", json_integer((json_int_t)(figures.answers_dropped + state->queries_dropped)));
    json_object_set_new(counters, "publications", json_integer((json_int_t)publisher_count(state->publisher)));
    return counters;
}

static json_t *checkpoint_of(const struct daemon_state *state) {
    if (state->checkpoint.seq == 0)
        return json_null();
    int64_t age_ms = state->now > state->checkpoint.at ? state->now - state->checkpoint.at : 0; /* a clock may have been put back */
    json_t *checkpoint = json_object();
    json_object_set_new(checkpoint, "seq", json_integer((json_int_t)state->checkpoint.seq));
    json_object_set_new(checkpoint, "at", wire_instant(state->checkpoint.at));
    json_object_set_new(checkpoint, "age_s", json_integer((json_int_t)(age_ms / 1000)));
    return checkpoint;
}

static json_t *access_log_of(const struct daemon_state *state) {
    struct trail_figures figures;
    json_t *object = json_object();
    trail_figures(state->trail, &figures);
    json_object_set_new(object, "entries", json_integer((json_int_t)figures.entries));
    json_object_set_new(object, "chain", json_string(figures.head));
    json_object_set_new(object, "refused", json_integer((json_int_t)figures.refused));
    return object;
}

json_t *op_health(struct question *question) {
    const struct daemon_state *state = question->state;
    struct journal *journal = ledger_journal(state->ledger);
    json_t *reply = wire_reply();
    json_t *reasons = reasons_of(state);
    char chain[CHAIN_TEXT_SIZE];
    chain_digest_format(journal_chain(journal), chain);
    json_object_set_new(reply, "status", json_string(json_array_size(reasons) == 0 ? "ok" : "degraded"));
    json_object_set_new(reply, "reasons", reasons);
    json_object_set_new(reply, "epoch", json_string(journal_epoch(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    json_object_set_new(reply, "alert_seq", json_integer((json_int_t)journal_last_alert_seq(journal)));
    json_object_set_new(reply, "chain", json_string(chain));
    json_object_set_new(reply, "now", wire_instant(state->now));
    json_object_set_new(reply, "today", wire_day(register_today(ledger_register(state->ledger))));
    json_object_set_new(reply, "uptime_s", json_integer((json_int_t)state->uptime_s));
    json_object_set_new(reply, "version", json_string(WAITLIST_VERSION));
    size_t sources_total;
    json_object_set_new(reply, "sources", sources_of(state, &sources_total));
    json_object_set_new(reply, "sources_total", json_integer((json_int_t)sources_total));
    json_object_set_new(reply, "quarantine", json_integer((json_int_t)journal_quarantine_count(journal)));
    json_object_set_new(reply, "checkpoint", checkpoint_of(state));
    json_object_set_new(reply, "access_log", access_log_of(state));
    json_object_set_new(reply, "loop_lag_ms", json_real(state->loop_lag_ms));
    json_object_set_new(reply, "followers", followers_json(state));
    json_object_set_new(reply, "counters", counters_of(state));
    return reply;
}

/* Who does not run the daemon sees what the figures mean, not where things lie, nor who may connect. */
static json_t *without_the_machine(json_t *config) {
    static const char *const shown[] = {"council",       "bands",   "contact",      "data_quality", "alerts",    "pathways", "teams",
                                        "client_groups", "sources", "queue_limits", "dimensions",   "districts", "kpis"};
    json_t *part = json_object();
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (json_object_get(config, shown[i]) != NULL)
            json_object_set(part, shown[i], json_object_get(config, shown[i]));
    json_object_del(json_object_get(part, "council"), "calendar"); /* a path */
    json_decref(config);
    return part;
}

json_t *op_config(struct question *question) {
    char *text = config_to_json(ledger_config(question->state->ledger));
    json_t *config = json_loads(text, 0, NULL);
    free(text);
    if (config == NULL)
        return question_refuse(question, "internal", "the configuration could not be shown", NULL);
    if (!asker_may(question->asker, ASKER_EVERYTHING))
        config = without_the_machine(config);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "config", config);
    return reply;
}

json_t *op_clock_set(struct question *question) {
    struct daemon_state *state = question->state;
    struct text text = TEXT_ABSENT;
    instant_t now;
    const char *reason = NULL;
    if (!state->simulated_clock)
        return question_refuse(question, "forbidden", "the clock can be set only under --simulated-clock", NULL);
    if (!argument_text(question, "now", &text))
        return NULL;
    if (text.at == NULL || !instant_parse(text, &now))
        return question_refuse(question, "bad_request", "must be an instant, as 2025-04-30T23:00:00Z", "/now");
    if (!state->set_clock(state->context, now, &reason))
        return question_refuse(question, "bad_request", reason, "/now");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "now", wire_instant(now));
    json_object_set_new(reply, "today", wire_day(register_today(ledger_register(state->ledger))));
    return reply;
}
