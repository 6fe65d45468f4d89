/* The gateway's one subscription, and what it makes of it. */
#include "client/dashboard/news.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEAT_MS 1000
#define QUEUE 20000    /* publications that may wait in libzmq; beyond it the newest are lost, and alerts are asked for */
#define PAGE_ROWS 1000 /* the daemon's own limit */
#define TURN_MAX 500   /* publications taken in one turn, so that browsers get theirs in between */
#define EPOCH_SIZE 65

#define CLOCK_SIZE 32

struct news {
    struct monitored subscription;
    struct upstream *upstream;
    struct ring *ring;
    char epoch[EPOCH_SIZE]; /* "": no heartbeat yet */
    char clock[CLOCK_SIZE];
    bool is_confirmed;   /* a heartbeat came on the present connection, so what comes on it is of `epoch` */
    bool is_asking;      /* for missed alerts */
    uint64_t alert_seq;  /* all alerts up to it were pushed, or were before the first heartbeat */
    uint64_t newest_seq; /* of which a publication or a heartbeat told */
    int64_t now_ms;
    int64_t heard_ms; /* when the last heartbeat came */
    int64_t beat_ms;  /* when the last heartbeat event was pushed */
    char *heartbeat;
    size_t heartbeat_size;
    struct news_figures figures;
};

static const struct frame_scope for_everybody = {"", "", ""};

struct news *news_create(void *context, const char *endpoint, const struct waitlist_keys *keys, struct upstream *upstream) {
    static const char *const topics[] = {WAITLIST_TOPIC_ALERT, WAITLIST_TOPIC_POSITION, WAITLIST_TOPIC_HEARTBEAT};
    struct news *news = memory_new(1, sizeof *news);
    int queue = QUEUE;

    news->upstream = upstream;
    if (!monitored_open(&news->subscription, context, ZMQ_SUB, endpoint, keys, "publications")) {
        int reason = errno;

        free(news);
        errno = reason;
        return NULL;
    }
    ENSURE(zmq_setsockopt(news->subscription.socket, ZMQ_RCVHWM, &queue, sizeof queue) == 0);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        ENSURE(zmq_setsockopt(news->subscription.socket, ZMQ_SUBSCRIBE, topics[i], strlen(topics[i])) == 0);
    }
    news->ring = ring_create();
    return news;
}

void news_destroy(struct news **news) {
    if (*news == NULL) {
        return;
    }
    upstream_forget((*news)->upstream, *news);
    monitored_close(&(*news)->subscription);
    ring_destroy(&(*news)->ring);
    free((*news)->heartbeat);
    free(*news);
    *news = NULL;
}

/* ---- Events */

static void push(struct news *news, enum frame_kind kind, const char *name, const char *id, const char *data) {
    size_t size;
    char *text = event_text(name, id, data, data == NULL ? 0 : strlen(data), &size);

    ring_push(news->ring, kind, kind == FRAME_MARK ? news->alert_seq : 0, &for_everybody, text, size);
}

static void push_heartbeat(struct news *news, const char *data) {
    free(news->heartbeat);
    news->heartbeat = event_text("heartbeat", NULL, data, strlen(data), &news->heartbeat_size);
    push(news, FRAME_HEARTBEAT, "heartbeat", NULL, data);
    news->beat_ms = news->now_ms;
    if (news->epoch[0] != '\0') {
        char id[EVENT_ID_SIZE];

        event_id(id, news->epoch, news->alert_seq);
        push(news, FRAME_MARK, NULL, id, NULL);
    }
}

static void push_away(struct news *news) {
    char data[160];

    snprintf(data, sizeof data, "{\"v\":1,\"daemon\":\"away\",\"silent_ms\":%lld}",
             (long long)(news->heard_ms == 0 ? -1 : news->now_ms - news->heard_ms));
    push_heartbeat(news, data);
}

static void push_alert(struct news *news, const json_t *transition) {
    struct frame_scope scope;
    uint64_t seq;
    size_t size;
    char *text = event_of_transition(transition, news->epoch, &scope, &seq, &size);

    if (text == NULL) {
        news->figures.spoiled++;
    } else if (seq <= news->alert_seq) {
        free(text);
    } else {
        ring_push(news->ring, FRAME_ALERT, seq, &scope, text, size);
        news->alert_seq = seq;
    }
}

/* ---- Alerts that no publication brought */

static void ask_for_missed(struct news *news);

static void take_missed(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct news *news = context;
    json_t *reply = outcome == UPSTREAM_ANSWERED ? json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL) : NULL;
    const char *epoch = json_string_value(json_object_get(reply, "epoch"));
    size_t i;
    const json_t *row;

    news->is_asking = false;
    /* Of another journal: its heartbeat will say so. Nothing at all: the next heartbeat has it asked again. */
    if (json_is_true(json_object_get(reply, "ok")) && epoch != NULL && strcmp(epoch, news->epoch) == 0) {
        uint64_t through = (uint64_t)json_integer_value(json_object_get(reply, "through"));
        uint64_t before = news->alert_seq;

        json_array_foreach(json_object_get(reply, "rows"), i, row) {
            push_alert(news, row);
            news->figures.caught_up++;
        }
        if (through > news->alert_seq) {
            news->alert_seq = through;
        }
        if (news->alert_seq > before) {
            ask_for_missed(news);
        }
    }
    json_decref(reply);
}

static void ask_for_missed(struct news *news) {
    char text[120];

    if (news->is_asking || news->epoch[0] == '\0' || news->newest_seq <= news->alert_seq) {
        return;
    }
    int size = snprintf(text, sizeof text, "{\"v\":1,\"op\":\"alerts\",\"since\":%llu,\"limit\":%d}", (unsigned long long)news->alert_seq,
                        PAGE_ROWS);

    news->is_asking = true;
    if (!upstream_ask(news->upstream, text, (size_t)size, news->now_ms, take_missed, news)) {
        news->is_asking = false;
    }
}

/* ---- Publications */

static void take_alert(struct news *news, uint64_t seq, const json_t *transition) {
    news->figures.alerts++;
    if (!news->is_confirmed) {
        return; /* of which journal? The heartbeat that says it also says that this one is missed */
    }
    if (seq > news->newest_seq) {
        news->newest_seq = seq;
    }
    if (seq == news->alert_seq + 1 && !news->is_asking) {
        push_alert(news, transition);
    } else {
        ask_for_missed(news);
    }
}

/* "position.<pathway>.<team>." */
static bool scope_of_topic(const char *topic, size_t size, struct frame_scope *scope) {
    const char *at = topic + strlen(WAITLIST_TOPIC_POSITION);
    const char *end = topic + size;
    char *const names[] = {scope->pathway, scope->team};

    memset(scope, 0, sizeof *scope);
    for (size_t i = 0; i < 2; i++) {
        const char *stop = at < end ? memchr(at, '.', (size_t)(end - at)) : NULL;

        if (stop == NULL || stop - at >= RING_NAME_SIZE) {
            return false;
        }
        memcpy(names[i], at, (size_t)(stop - at));
        at = stop + 1;
    }
    return at == end;
}

static void take_position(struct news *news, const char *topic, size_t topic_size, const char *json, size_t json_size) {
    struct frame_scope scope;
    size_t size;

    if (!scope_of_topic(topic, topic_size, &scope)) {
        news->figures.spoiled++;
        return;
    }
    char *text = event_text("position", NULL, json, json_size, &size);

    news->figures.positions++;
    ring_push(news->ring, FRAME_POSITION, 0, &scope, text, size);
}

/* Another journal than before: everybody begins anew. */
static void change_epoch(struct news *news, const char *epoch, uint64_t alert_seq) {
    bool is_first = news->epoch[0] == '\0';

    snprintf(news->epoch, sizeof news->epoch, "%s", epoch);
    news->alert_seq = news->newest_seq = alert_seq;
    if (!is_first) {
        push(news, FRAME_RESET, "reset", NULL, "{\"reason\":\"epoch\"}");
    }
}

static void take_heartbeat(struct news *news, json_t *heartbeat) {
    const char *epoch = json_string_value(json_object_get(heartbeat, "epoch"));
    uint64_t alert_seq = (uint64_t)json_integer_value(json_object_get(heartbeat, "alert_seq"));

    if (epoch == NULL || epoch[0] == '\0' || strlen(epoch) >= EPOCH_SIZE) {
        news->figures.spoiled++;
        return;
    }
    news->figures.heartbeats++;
    news->heard_ms = news->now_ms;
    news->is_confirmed = true;
    /* Its alert_seq may be behind ours: what was asked for came by another way, which may be shorter. */
    if (strcmp(epoch, news->epoch) != 0) {
        change_epoch(news, epoch, alert_seq);
    }
    if (alert_seq > news->newest_seq) {
        news->newest_seq = alert_seq;
    }
    const char *now = json_string_value(json_object_get(heartbeat, "now"));

    snprintf(news->clock, sizeof news->clock, "%s", now == NULL ? "" : now);
    ask_for_missed(news);
    ENSURE(json_object_set_new(heartbeat, "daemon", json_string("live")) == 0);
    char *data = json_dumps(heartbeat, JSON_COMPACT);

    ENSURE(data != NULL);
    push_heartbeat(news, data);
    free(data);
}

static bool begins_with(const char *topic, size_t size, const char *prefix) {
    return size > strlen(prefix) - 1 && memcmp(topic, prefix, strlen(prefix)) == 0;
}

/* The three frames of a publication. */
static void take(struct news *news, zmq_msg_t frames[3]) {
    const char *topic = zmq_msg_data(&frames[0]);
    size_t topic_size = zmq_msg_size(&frames[0]);
    const char *text = zmq_msg_data(&frames[2]);
    size_t size = zmq_msg_size(&frames[2]);
    uint64_t seq = zmq_msg_size(&frames[1]) == WAITLIST_SEQ_BYTES ? waitlist_seq_decode(zmq_msg_data(&frames[1])) : 0;
    json_t *json = json_loadb(text, size, 0, NULL);

    if (!json_is_object(json) || memchr(text, '\n', size) != NULL || memchr(text, '\r', size) != NULL) {
        news->figures.spoiled++;
    } else if (begins_with(topic, topic_size, WAITLIST_TOPIC_POSITION)) {
        take_position(news, topic, topic_size, text, size);
    } else if (begins_with(topic, topic_size, WAITLIST_TOPIC_ALERT)) {
        take_alert(news, seq, json);
    } else {
        take_heartbeat(news, json);
    }
    json_decref(json);
}

/* One publication. False when there is none now. */
static bool receive(struct news *news) {
    zmq_msg_t frames[3];
    size_t count = 0;
    bool more = true;

    while (more) {
        zmq_msg_t spare;
        zmq_msg_t *frame = count < 3 ? &frames[count] : &spare;

        ENSURE(zmq_msg_init(frame) == 0);
        if (zmq_msg_recv(frame, news->subscription.socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(frame);
            break;
        }
        more = zmq_msg_more(frame) != 0;
        if (frame == &spare) {
            (void)zmq_msg_close(frame);
        }
        count++;
    }
    if (count == 3) {
        take(news, frames);
    } else if (count > 0) {
        news->figures.spoiled++;
    }
    for (size_t i = 0; i < count && i < 3; i++) {
        (void)zmq_msg_close(&frames[i]);
    }
    return count > 0;
}

void news_run(struct news *news, int64_t now_ms) {
    bool was_live = news_is_live(news);

    news->now_ms = now_ms;
    if (news->beat_ms == 0) {
        news->beat_ms = now_ms; /* the daemon has a second to say the first word */
    }
    /* Before anything is taken that came over a connection made since. */
    if (monitored_look(&news->subscription, now_ms) == MONITORED_LOST) {
        news->is_confirmed = false;
    }
    for (int taken = 0; taken < TURN_MAX && receive(news); taken++) {
    }
    if (!news_is_live(news) && (was_live || now_ms - news->beat_ms >= BEAT_MS)) {
        push_away(news);
    }
}

int64_t news_due_ms(const struct news *news) {
    if (!news_is_live(news)) {
        return news->beat_ms + BEAT_MS;
    }
    return news->heard_ms + NEWS_SILENCE_MS;
}

void news_poll(const struct news *news, zmq_pollitem_t items[NEWS_POLL_ITEMS]) {
    items[0] = (zmq_pollitem_t){.socket = news->subscription.socket, .events = ZMQ_POLLIN};
    items[1] = (zmq_pollitem_t){.socket = news->subscription.monitor, .events = ZMQ_POLLIN};
}

const struct ring *news_ring(const struct news *news) {
    return news->ring;
}

const char *news_heartbeat(const struct news *news, size_t *size) {
    *size = news->heartbeat_size;
    return news->heartbeat;
}

bool news_is_live(const struct news *news) {
    return news->is_confirmed && news->now_ms - news->heard_ms < NEWS_SILENCE_MS;
}

enum handshake_failure news_refusal(const struct news *news) {
    return news->subscription.refusal;
}

const char *news_epoch(const struct news *news) {
    return news->epoch;
}

const char *news_clock(const struct news *news) {
    return news->clock;
}

uint64_t news_alert_seq(const struct news *news) {
    return news->alert_seq;
}

void news_figures(const struct news *news, struct news_figures *figures) {
    *figures = news->figures;
}
