/* The loop. A turn: what the daemon said is taken and handed out, what is late is told, what browsers sent is read and asked on. */
#include "client/dashboard/loop.h"

#include "daemon/core/memory.h"
#include "daemon/system/notify.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
    ITEM_HTTP,
    ITEM_SIGNALS,
    ITEM_UPSTREAM,
    ITEM_NEWS = ITEM_UPSTREAM + UPSTREAM_POLL_ITEMS,
    ITEM_PACKS = ITEM_NEWS + NEWS_POLL_ITEMS,
    ITEM_COUNT = ITEM_PACKS + PACKS_POLL_ITEMS,
};
enum { TICK_MS = 1000 };

int64_t loop_clock_ms(void) {
    struct timespec now;

    ENSURE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long wait_ms(const struct loop_setup *setup) {
    const struct gateway *gateway = setup->gateway;
    const int64_t due[] = {upstream_due_ms(gateway->upstream), news_due_ms(gateway->news), streams_due_ms(gateway->streams),
                           gate_due_ms(gateway->gate)};
    int64_t first = gateway->now_ms + TICK_MS;
    int http = http_timeout_ms(setup->http);

    if (http >= 0 && gateway->now_ms + http < first) {
        first = gateway->now_ms + http;
    }
    for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
        first = due[i] < first ? due[i] : first;
    }
    return first <= gateway->now_ms ? 0 : (long)(first - gateway->now_ms);
}

/* One line when the daemon goes and one when it is back. */
static void tell_daemon(const struct loop_setup *setup, bool *was_live) {
    bool live = news_is_live(setup->gateway->news);

    if (live == *was_live) {
        return;
    }
    *was_live = live;
    if (live) {
        log_line(setup->log, LOG_LEVEL_NOTICE, "the daemon is there");
    } else {
        log_line(setup->log, LOG_LEVEL_WARNING, "the daemon is away: pages are told so until it is back");
    }
}

/* One line when keys begin to stand in the way, or for another reason than before. */
static void tell_refusal(const struct loop_setup *setup, enum handshake_failure *told) {
    enum handshake_failure now = upstream_refusal(setup->gateway->upstream);

    if (now == HANDSHAKE_NO_FAILURE) {
        now = news_refusal(setup->gateway->news);
    }
    if (now != *told && now != HANDSHAKE_NO_FAILURE) {
        log_line(setup->log, LOG_LEVEL_ERROR, "no connection to the daemon: trying again", LOG_STRING("reason", handshake_text(now)));
    }
    *told = now;
}

bool loop_run(const struct loop_setup *setup) {
    struct gateway *gateway = setup->gateway;
    zmq_pollitem_t items[ITEM_COUNT];
    bool was_live = false;
    enum handshake_failure told = HANDSHAKE_NO_FAILURE;
    uint64_t watchdog_ms = notify_watchdog_interval_ms();
    int64_t watchdog_due = 0;

    for (;;) {
        items[ITEM_HTTP] = (zmq_pollitem_t){.fd = http_descriptor(setup->http), .events = ZMQ_POLLIN};
        items[ITEM_SIGNALS] = (zmq_pollitem_t){.fd = signals_descriptor(setup->signals), .events = ZMQ_POLLIN};
        upstream_poll(gateway->upstream, &items[ITEM_UPSTREAM]);
        news_poll(gateway->news, &items[ITEM_NEWS]);
        int count = ITEM_PACKS + (gateway->packs == NULL ? 0 : packs_poll(gateway->packs, &items[ITEM_PACKS]));

        gateway->now_ms = loop_clock_ms();
        if (zmq_poll(items, count, wait_ms(setup)) < 0 && errno != EINTR) {
            log_line(setup->log, LOG_LEVEL_ERROR, "polling failed", LOG_STRING("reason", strerror(errno)));
            return false;
        }
        gateway->now_ms = loop_clock_ms();
        upstream_run(gateway->upstream, gateway->now_ms);
        news_run(gateway->news, gateway->now_ms);
        tell_daemon(setup, &was_live);
        tell_refusal(setup, &told);
        if (gate_run(gateway->gate, gateway->now_ms)) {
            streams_look(gateway->streams);
        }
        streams_run(gateway->streams, gateway->now_ms);
        if (gateway->packs != NULL) {
            packs_run(gateway->packs, gateway->now_ms);
        }
        http_run(setup->http, gateway->now_ms);
        if (watchdog_ms > 0 && gateway->now_ms >= watchdog_due) {
            watchdog_due = gateway->now_ms + (int64_t)watchdog_ms;
            notify_watchdog();
        }
        if (signals_take(setup->signals).stop) {
            return true;
        }
    }
}
