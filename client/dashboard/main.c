/* waitlist-dashboard: arguments, configuration, the parts in order, the loop, and the shutdown as their mirror image. */
#include "client/dashboard/gateway.h"
#include "client/dashboard/listener.h"
#include "client/dashboard/loop.h"
#include "client/dashboard/settings.h"
#include "daemon/system/notify.h"
#include "daemon/system/secrecy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool serve(const struct settings *settings, struct gateway *gateway, struct listener *listener, struct log *log,
                  struct signals *signals) {
    struct http_setup setup = {.listener = listener->descriptor,
                               .connections = (unsigned)settings->dashboard.connections,
                               .now_ms = gateway->now_ms,
                               .handle = routes_handle,
                               .context = gateway};
    struct http *http = http_open(&setup);
    char address[LISTENER_ADDRESS_SIZE + 24];

    if (http == NULL) {
        log_line(log, LOG_LEVEL_ERROR, "the HTTP server does not start");
        return false;
    }
    gateway->http = http;
    struct loop_setup loop = {.gateway = gateway, .http = http, .signals = signals, .log = log};

    snprintf(address, sizeof address, "http://%s:%u/", listener->host, listener->port);
    log_line(log, LOG_LEVEL_NOTICE, "ready", LOG_STRING("version", WAITLIST_VERSION), LOG_STRING("address", address));
    notify_ready(address);
    bool ended_well = loop_run(&loop);

    notify_stopping("ending");
    gate_release(gateway->gate);
    upstream_release(gateway->upstream); /* whoever waits for the daemon is answered before the server goes */
    http_close(&http);
    return ended_well;
}

static bool open_connections(const struct settings *settings, const struct waitlist_keys *keys, struct gateway *gateway, void *context,
                             struct log *log) {
    struct upstream_setup upstream = {.context = context,
                                      .endpoint = settings->query,
                                      .keys = keys,
                                      .questions_max = (size_t)settings->dashboard.questions,
                                      .timeout_ms = settings->dashboard.answer_timeout_s * INT64_C(1000)};
    struct streams_setup streams = {.maximum = (size_t)settings->dashboard.streams};

    gateway->upstream = upstream_create(&upstream);
    gateway->news = gateway->upstream == NULL ? NULL : news_create(context, settings->publish, keys, gateway->upstream);
    if (gateway->news == NULL) {
        log_line(log, LOG_LEVEL_ERROR, "cannot connect to the daemon's endpoints", LOG_STRING("query", settings->query),
                 LOG_STRING("publish", settings->publish), LOG_STRING("reason", strerror(errno)));
        return false;
    }
    streams.news = gateway->news;
    streams.upstream = gateway->upstream;
    gateway->streams = streams_create(&streams);
    return true;
}

/* Where the daemon is, and what comes from there. False after saying why not. */
static bool open_daemon(const struct settings *settings, struct gateway *gateway, void *context, struct log *log) {
    struct waitlist_keys keys;
    char problem[WAITLIST_PROBLEM_SIZE] = "";
    bool wants_keys = settings_wants_keys(settings);
    bool is_open = false;

    if (!wants_keys ||
        waitlist_keys_load(&keys, settings->config->client.key, settings->config->client.server_key, problem) == WAITLIST_OK) {
        is_open = open_connections(settings, wants_keys ? &keys : NULL, gateway, context, log);
    } else {
        log_line(log, LOG_LEVEL_ERROR, "the keys of the group client cannot be used", LOG_STRING("reason", problem));
    }
    waitlist_keys_forget(&keys);
    return is_open;
}

/* NULL where evidence is not made from the pages. */
static struct packs *open_packs(const struct settings *settings, struct log *log) {
    const struct dashboard_config *dashboard = &settings->dashboard;
    struct packs_setup setup = {.command = dashboard->evidence.command != NULL ? dashboard->evidence.command : WAITLIST_COMMAND,
                                .key = dashboard->evidence.key,
                                .labels = settings->config->path,
                                .query = settings->query,
                                .client_key = settings_wants_keys(settings) ? settings->config->client.key : NULL,
                                .server_key = settings->config->client.server_key,
                                .time_limit_ms = dashboard->evidence.time_limit_s * INT64_C(1000),
                                .log = log};

    return dashboard->evidence.enabled ? packs_create(&setup) : NULL;
}

static bool open_gateway(const struct settings *settings, struct listener *listener, struct log *log, struct signals *signals) {
    char reason[ASSETS_MESSAGE_SIZE] = "";
    struct gateway gateway = {.config = &settings->dashboard, .assets_reason = reason, .now_ms = loop_clock_ms()};
    void *context = zmq_ctx_new();
    bool ended_well = false;

    gateway.assets = assets_load(settings->web, reason);
    if (gateway.assets == NULL) {
        log_line(log, LOG_LEVEL_WARNING, "there are no pages, only answers below /api/v1/", LOG_STRING("reason", reason));
    }
    gateway.packs = open_packs(settings, log);
    plain_style_of(&gateway.style, gateway.assets, settings->config->council_name);
    gateway.gate = gate_create(&(struct gate_setup){&settings->dashboard, log, gateway.now_ms});
    gateway.guard = guard_create(listener->host, listener->is_loopback, settings->dashboard.host_names);
    if (context != NULL && open_daemon(settings, &gateway, context, log)) {
        ended_well = serve(settings, &gateway, listener, log, signals);
    } else {
        (void)close(listener->descriptor);
    }
    packs_destroy(&gateway.packs);
    streams_destroy(&gateway.streams);
    news_destroy(&gateway.news);
    upstream_destroy(&gateway.upstream);
    gate_destroy(&gateway.gate);
    guard_destroy(&gateway.guard);
    assets_destroy(&gateway.assets);
    if (context != NULL) {
        (void)zmq_ctx_term(context);
    }
    return ended_well;
}

static bool run(const struct settings *settings) {
    struct log *log = log_create(STDERR_FILENO, settings->log_level, log_prefix_for(STDERR_FILENO));
    log_warn_of_root(log);
    struct signals *signals = signals_create();
    struct listener listener;
    const char *reason = "signals cannot be watched";
    bool ended_well = false;

    settings_raise_limits(settings, log);
    if (signals == NULL || !listener_open(&listener, settings->listen, &reason)) {
        log_line(log, LOG_LEVEL_ERROR, "cannot listen", LOG_STRING("address", settings->listen), LOG_STRING("reason", reason));
    } else {
        if (!listener.is_loopback) {
            log_line(log, LOG_LEVEL_WARNING, "listening beyond loopback without encryption (dashboard.allow_beyond_loopback)");
        }
        ended_well = open_gateway(settings, &listener, log, signals);
    }
    signals_destroy(&signals);
    log_line(log, LOG_LEVEL_NOTICE, "ended");
    log_destroy(&log);
    return ended_well;
}

int main(int count, char **words) {
    struct settings settings;
    int status = EXIT_FAILURE;

    secrecy_begin("waitlist-dashboard");
    if (settings_read(&settings, count, words)) {
        status = run(&settings) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    settings_clear(&settings);
    return status;
}
