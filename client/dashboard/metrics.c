/* GET /metrics: how many wait, how the daemon is, and how the gateway is. Nothing in it is about a person. */
#include "client/dashboard/gateway.h"

#include "client/dashboard/exposition.h"
#include "daemon/core/calendar.h"
#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUES_MAX 1000 /* pathways and teams; what is over it is counted */
#define SERIES_MAX 100  /* sources, followers, rules of alerts by severity */
#define ALERT_KINDS_MAX 64

struct scrape {
    struct gateway *gateway;
    struct exchange *exchange;
    json_t *health, *snapshot; /* NULL: not known */
};

static const char *text(const json_t *object, const char *member) {
    const char *found = json_string_value(json_object_get(object, member));

    return found == NULL ? "" : found;
}

static double number(const json_t *object, const char *member) {
    return json_number_value(json_object_get(object, member));
}

/* ---- The waiting lists */

static bool is_queue(const json_t *row) {
    const json_t *keys = json_object_get(row, "keys");

    return json_is_string(json_object_get(keys, "pathway")) && json_is_string(json_object_get(keys, "team"));
}

static void expose_measure(struct exposition *out, const json_t *positions, const char *name, const char *member, const char *help) {
    size_t i, shown = 0;
    const json_t *row;

    exposition_family(out, name, FIGURE_GAUGE, help);
    json_array_foreach(positions, i, row) {
        const json_t *keys = json_object_get(row, "keys");
        const json_t *value = json_object_get(json_object_get(row, "position"), member);
        const struct label labels[] = {{"pathway", text(keys, "pathway")}, {"team", text(keys, "team")}};

        if (is_queue(row) && json_is_number(value) && shown < QUEUES_MAX) {
            exposition_figure(out, json_number_value(value), labels, 2);
            shown++;
        }
    }
}

static void expose_positions(struct exposition *out, const json_t *positions) {
    size_t i, queues = 0;
    const json_t *row;

    json_array_foreach(positions, i, row) {
        queues += is_queue(row);
    }
    expose_measure(out, positions, "waitlist_waiting", "waiting", "People who wait, by pathway and team.");
    expose_measure(out, positions, "waitlist_over_standard", "breach", "People who have waited longer than their standard.");
    expose_measure(out, positions, "waitlist_due", "due", "People who will have waited longer than their standard within seven days.");
    expose_measure(out, positions, "waitlist_unallocated", "unallocated", "People who wait without a worker.");
    expose_measure(out, positions, "waitlist_no_contact", "no_contact", "People who wait and were not contacted for too long.");
    expose_measure(out, positions, "waitlist_longest", "longest", "Days that the person has waited who waits longest.");
    exposition_one(out, "waitlist_queues_left_out", FIGURE_GAUGE, "Queues beyond the limit of this exposition, whose figures are left out.",
                   queues > QUEUES_MAX ? (double)(queues - QUEUES_MAX) : 0);
}

struct alert_kind {
    const char *rule, *severity;
    uint64_t count;
};

static void expose_alerts(struct exposition *out, const json_t *alerts) {
    struct alert_kind kinds[ALERT_KINDS_MAX];
    size_t i, count = 0;
    const json_t *alert;

    json_array_foreach(alerts, i, alert) {
        const char *rule = text(alert, "rule"), *severity = text(alert, "severity");
        size_t k = 0;

        while (k < count && (strcmp(kinds[k].rule, rule) != 0 || strcmp(kinds[k].severity, severity) != 0)) {
            k++;
        }
        if (k == ALERT_KINDS_MAX) {
            continue; /* there are not so many rules and severities */
        }
        if (k == count) {
            kinds[count++] = (struct alert_kind){rule, severity, 0};
        }
        kinds[k].count++;
    }
    exposition_family(out, "waitlist_open_alerts", FIGURE_GAUGE, "Alerts that are open, by rule and severity.");
    for (size_t k = 0; k < count; k++) {
        const struct label labels[] = {{"rule", kinds[k].rule}, {"severity", kinds[k].severity}};

        exposition_figure(out, (double)kinds[k].count, labels, 2);
    }
}

/* ---- The daemon */

/* Seconds from an instant to another; false when one of them is none. */
static bool age(const json_t *from, const json_t *to, double *seconds) {
    instant_t first, last;

    if (!json_is_string(from) || !json_is_string(to) || !instant_parse(text_of(json_string_value(from)), &first) ||
        !instant_parse(text_of(json_string_value(to)), &last)) {
        return false;
    }
    *seconds = (double)(last - first) / 1000;
    return true;
}

static void expose_sources(struct exposition *out, const json_t *health) {
    static const struct {
        const char *name, *member, *help;
    } ages[] = {
        {"waitlist_source_last_event_age_seconds", "last_event", "Since the latest event of a source happened."},
        {"waitlist_source_last_received_age_seconds", "last_received", "Since something came from a source."},
    };
    const json_t *sources = json_object_get(health, "sources");
    const json_t *now = json_object_get(health, "now");
    size_t i;
    const json_t *source;
    double seconds;

    for (size_t a = 0; a < sizeof ages / sizeof ages[0]; a++) {
        exposition_family(out, ages[a].name, FIGURE_GAUGE, ages[a].help);
        json_array_foreach(sources, i, source) {
            const struct label label = {"source", text(source, "source")};

            if (i < SERIES_MAX && age(json_object_get(source, ages[a].member), now, &seconds)) {
                exposition_figure(out, seconds, &label, 1);
            }
        }
    }
    exposition_family(out, "waitlist_source_silent", FIGURE_GAUGE, "1 when a watched source is silent for longer than it should be.");
    json_array_foreach(sources, i, source) {
        const struct label label = {"source", text(source, "source")};

        if (i < SERIES_MAX) {
            exposition_figure(out, json_is_true(json_object_get(source, "silent")), &label, 1);
        }
    }
}

static void expose_followers(struct exposition *out, const json_t *followers) {
    size_t i;
    const json_t *follower;

    exposition_family(out, "waitlist_follower_lag", FIGURE_GAUGE, "Alert transitions that a named follower is behind.");
    json_array_foreach(followers, i, follower) {
        const struct label label = {"follower", text(follower, "name")};

        if (i < SERIES_MAX) {
            exposition_figure(out, number(follower, "lag"), &label, 1);
        }
    }
}

static void expose_counters(struct exposition *out, const json_t *counters) {
    const char *name;
    json_t *count;

    exposition_family(out, "waitlist_daemon_activity", FIGURE_COUNTER, "What the daemon counts since its start, by name.");
    json_object_foreach((json_t *)(uintptr_t)counters, name, count) {
        const struct label label = {"name", name};

        exposition_figure(out, json_number_value(count), &label, 1);
    }
}

static void expose_daemon(struct exposition *out, const json_t *health) {
    const json_t *checkpoint = json_object_get(health, "checkpoint");

    exposition_one(out, "waitlist_degraded", FIGURE_GAUGE, "1 when the daemon says that something is wrong.",
                   strcmp(text(health, "status"), "ok") != 0);
    exposition_one(out, "waitlist_uptime_seconds", FIGURE_GAUGE, "Since the daemon started.", number(health, "uptime_s"));
    exposition_one(out, "waitlist_loop_lag_seconds", FIGURE_GAUGE, "The daemon's longest turn of the last ten seconds.",
                   number(health, "loop_lag_ms") / 1000);
    exposition_one(out, "waitlist_journal_seq", FIGURE_GAUGE, "Events in the journal.", number(health, "journal_seq"));
    exposition_one(out, "waitlist_alert_seq", FIGURE_GAUGE, "Alert transitions in the journal.", number(health, "alert_seq"));
    exposition_one(out, "waitlist_quarantine", FIGURE_GAUGE, "Events in quarantine that wait for somebody.", number(health, "quarantine"));
    if (json_is_object(checkpoint)) {
        exposition_one(out, "waitlist_checkpoint_age_seconds", FIGURE_GAUGE, "Since the last checkpoint.", number(checkpoint, "age_s"));
    }
    expose_sources(out, health);
    expose_followers(out, json_object_get(health, "followers"));
    expose_counters(out, json_object_get(health, "counters"));
}

/* ---- The gateway itself */

static void expose_http(struct exposition *out, const struct http *http) {
    struct http_figures figures;

    http_figures(http, &figures);
    exposition_one(out, "waitlist_dashboard_connections", FIGURE_GAUGE, "Open connections of browsers.", figures.connections);
    exposition_one(out, "waitlist_dashboard_connections_timed_out", FIGURE_COUNTER, "Connections closed as no whole request came.",
                   (double)figures.timed_out);
    exposition_family(out, "waitlist_dashboard_requests", FIGURE_COUNTER, "Requests answered, by status code.");
    for (size_t status = 100; status < HTTP_STATUSES; status++) {
        char code[8];
        const struct label label = {"code", code};

        snprintf(code, sizeof code, "%zu", status);
        if (figures.answered[status] > 0) {
            exposition_figure(out, (double)figures.answered[status], &label, 1);
        }
    }
}

static void expose_streams(struct exposition *out, const struct gateway *gateway) {
    struct streams_figures streams;
    struct news_figures news;

    streams_figures(gateway->streams, &streams);
    news_figures(gateway->news, &news);
    exposition_one(out, "waitlist_dashboard_streams", FIGURE_GAUGE, "Open pages that follow live.", (double)streams.open);
    exposition_one(out, "waitlist_dashboard_streams_begun", FIGURE_COUNTER, "Streams that began.", (double)streams.begun);
    exposition_one(out, "waitlist_dashboard_streams_refused", FIGURE_COUNTER, "Streams refused at the limit.", (double)streams.refused);
    exposition_one(out, "waitlist_dashboard_streams_reset", FIGURE_COUNTER, "Streams that were too far behind.", (double)streams.resets);
    exposition_one(out, "waitlist_dashboard_streams_ended", FIGURE_COUNTER, "Streams ended as who followed may see no more.",
                   (double)streams.ended);
    exposition_family(out, "waitlist_dashboard_publications", FIGURE_COUNTER, "Publications of the daemon that came, by kind.");
    exposition_figure(out, (double)news.positions, &(struct label){"kind", "position"}, 1);
    exposition_figure(out, (double)news.alerts, &(struct label){"kind", "alert"}, 1);
    exposition_figure(out, (double)news.heartbeats, &(struct label){"kind", "heartbeat"}, 1);
    exposition_figure(out, (double)news.spoiled, &(struct label){"kind", "spoiled"}, 1);
    exposition_one(out, "waitlist_dashboard_alerts_caught_up", FIGURE_COUNTER, "Alert transitions that had to be asked for.",
                   (double)news.caught_up);
}

static void expose_sessions(struct exposition *out, const struct gate *gate) {
    struct gate_figures figures;

    gate_figures(gate, &figures);
    exposition_one(out, "waitlist_dashboard_sessions", FIGURE_GAUGE, "Sessions of people who have signed in.",
                   (double)figures.sessions.open);
    exposition_one(out, "waitlist_dashboard_sessions_begun", FIGURE_COUNTER, "Sessions that began.", (double)figures.sessions.begun);
    exposition_one(out, "waitlist_dashboard_sign_ins_failed", FIGURE_COUNTER, "Tokens that nobody has, or that have expired.",
                   (double)figures.failed);
}

static void expose_questions(struct exposition *out, const struct upstream *upstream) {
    struct upstream_figures figures;

    upstream_figures(upstream, &figures);
    exposition_one(out, "waitlist_dashboard_questions_waiting", FIGURE_GAUGE, "Questions that wait to be asked.", (double)figures.waiting);
    exposition_one(out, "waitlist_dashboard_questions_in_flight", FIGURE_GAUGE, "Questions that wait for the daemon's answer.",
                   (double)figures.in_flight);
    exposition_family(out, "waitlist_dashboard_questions", FIGURE_COUNTER, "Questions of browsers, by what became of them.");
    exposition_figure(out, (double)figures.asked, &(struct label){"outcome", "asked"}, 1);
    exposition_figure(out, (double)figures.shared, &(struct label){"outcome", "shared"}, 1);
    exposition_figure(out, (double)figures.kept, &(struct label){"outcome", "kept"}, 1);
    exposition_figure(out, (double)figures.refused, &(struct label){"outcome", "refused"}, 1);
    exposition_figure(out, (double)figures.rested, &(struct label){"outcome", "rested"}, 1);
    exposition_figure(out, (double)figures.late, &(struct label){"outcome", "late"}, 1);
    exposition_figure(out, (double)figures.away, &(struct label){"outcome", "away"}, 1);
}

/* ---- Asking for them */

static void answer(struct scrape *scrape) {
    bool is_openmetrics = exposition_is_wanted(exchange_header(scrape->exchange, "Accept"));
    struct exposition *out = exposition_create(is_openmetrics);
    size_t size;

    exposition_one(out, "waitlist_up", FIGURE_GAUGE, "1 when the daemon answers.", scrape->health != NULL);
    if (scrape->health != NULL) {
        expose_daemon(out, scrape->health);
    }
    if (scrape->snapshot != NULL) {
        expose_positions(out, json_object_get(scrape->snapshot, "positions"));
        expose_alerts(out, json_object_get(scrape->snapshot, "alerts"));
    }
    expose_http(out, scrape->gateway->http);
    expose_streams(out, scrape->gateway);
    expose_sessions(out, scrape->gateway->gate);
    expose_questions(out, scrape->gateway->upstream);
    char *whole = exposition_end(&out, &size);

    exchange_answer(scrape->exchange, 200, exposition_type(is_openmetrics), whole, size);
    json_decref(scrape->health);
    json_decref(scrape->snapshot);
    free(scrape);
}

static json_t *take(enum upstream_outcome outcome, const struct answer *answer) {
    if (outcome != UPSTREAM_ANSWERED || !answer_is_ok(answer)) {
        return NULL;
    }
    return json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL);
}

static void take_snapshot(void *context, enum upstream_outcome outcome, struct answer *told) {
    struct scrape *scrape = context;

    scrape->snapshot = take(outcome, told);
    answer(scrape);
}

/* What the daemon does not say is left out: the scrape itself goes well, and waitlist_up says how it is. */
static void take_health(void *context, enum upstream_outcome outcome, struct answer *told) {
    static const char question[] = "{\"v\":1,\"op\":\"snapshot\"}";
    struct scrape *scrape = context;

    scrape->health = take(outcome, told);
    if (scrape->health == NULL ||
        !upstream_ask(scrape->gateway->upstream, question, strlen(question), scrape->gateway->now_ms, take_snapshot, scrape)) {
        answer(scrape);
    }
}

void metrics_answer(struct gateway *gateway, struct exchange *exchange) {
    static const char question[] = "{\"v\":1,\"op\":\"health\"}";
    struct scrape *scrape = memory_new(1, sizeof *scrape);

    scrape->gateway = gateway;
    scrape->exchange = exchange;
    if (!upstream_ask(gateway->upstream, question, strlen(question), gateway->now_ms, take_health, scrape)) {
        answer(scrape);
    }
}
