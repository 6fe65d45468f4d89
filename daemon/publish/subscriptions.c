/* Granting subscriptions. */
#include "daemon/publish/subscriptions.h"

#include "daemon/core/memory.h"
#include "daemon/publish/audience.h"
#include "daemon/security/topics.h"
#include "daemon/security/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { UNSUBSCRIBE = 0, SUBSCRIBE = 1 }; /* the first byte of what an XPUB socket gives */

/* A peer that is kept away, and until when. */
struct blocked {
    char peer[NAME_MAX_BYTES + 1];
    int64_t until_ms;
};

struct subscriptions {
    void *socket;
    struct audience *audience;
    access_denied *denied;
    subscriptions_heard *heard;
    void *context;
    struct blocked blocked[SUBSCRIPTIONS_BLOCKED_MAX];
    struct subscriptions_figures figures;
    bool is_confused; /* until everything is read that waits, libzmq's idea of who sent it is that of a later message */
    bool has_narrowed;
    uint64_t narrowed_for; /* these pathways */
};

/* One message of a subscriber. */
struct taken {
    struct subscriptions *subscriptions;
    const struct config *config;
    struct listener *listener;
    enum subscriptions_state state;
    size_t topics;
    bool has_alerts; /* among the topics of the subscription at hand */
};

static void gone(void *context, const char *peer) {
    struct subscriptions *subscriptions = context;
    subscriptions->heard(subscriptions->context, peer, false, TEXT_ABSENT);
}

struct subscriptions *subscriptions_create(void *socket, void *monitor, access_denied *denied, subscriptions_heard *heard, void *context) {
    struct subscriptions *subscriptions = memory_new(1, sizeof *subscriptions);
    subscriptions->denied = denied;
    subscriptions->heard = heard;
    subscriptions->context = context;
    subscriptions_move(subscriptions, socket, monitor);
    return subscriptions;
}

void subscriptions_destroy(struct subscriptions **subscriptions) {
    if (*subscriptions == NULL)
        return;
    audience_destroy(&(*subscriptions)->audience);
    free(*subscriptions);
    *subscriptions = NULL;
}

void subscriptions_move(struct subscriptions *subscriptions, void *socket, void *monitor) {
    audience_destroy(&subscriptions->audience);
    subscriptions->audience = audience_create(monitor, gone, subscriptions);
    subscriptions->socket = socket;
    subscriptions->is_confused = subscriptions->has_narrowed = false;
}

void subscriptions_figures(const struct subscriptions *subscriptions, struct subscriptions_figures *figures) {
    *figures = subscriptions->figures;
}

static uint64_t pathways_hash(const struct config *config) {
    uint64_t hash = config->policy.pathway_count;
    for (size_t i = 0; i < config->policy.pathway_count; i++)
        hash = text_hash(text_of(config->policy.pathways[i].name), hash);
    return hash;
}

bool subscriptions_are_outdated(const struct subscriptions *subscriptions, const struct config *config) {
    return subscriptions->has_narrowed && subscriptions->narrowed_for != pathways_hash(config);
}

/* ---- Who is kept away */

static void block(struct subscriptions *subscriptions, const char *peer, const char *why, int64_t now_ms) {
    struct access_denial denial = {.socket = ACCESS_PUBLISH, .peer = peer, .what = "subscribe", .why = why};
    struct blocked *place = &subscriptions->blocked[0];
    for (size_t i = 1; i < SUBSCRIPTIONS_BLOCKED_MAX; i++)
        if (subscriptions->blocked[i].until_ms < place->until_ms)
            place = &subscriptions->blocked[i];
    strncpy(place->peer, peer, NAME_MAX_BYTES);
    place->until_ms = now_ms + SUBSCRIPTIONS_BLOCKED_MS;
    subscriptions->figures.blocked++;
    subscriptions->denied(subscriptions->context, &denial);
}

static bool is_blocked(const struct subscriptions *subscriptions, const char *peer, int64_t now_ms) {
    for (size_t i = 0; i < SUBSCRIPTIONS_BLOCKED_MAX; i++)
        if (subscriptions->blocked[i].until_ms > now_ms && strcmp(subscriptions->blocked[i].peer, peer) == 0)
            return true;
    return false;
}

uint64_t subscriptions_admit(struct subscriptions *subscriptions, const char *peer, int64_t now_ms) {
    return is_blocked(subscriptions, peer, now_ms) ? 0 : audience_number(subscriptions->audience);
}

/* ---- One subscription */

/* Whether alerts begin with the topic, or it with theirs. */
static bool is_of_alerts(struct text topic) {
    static const char alerts[] = "alert.";
    size_t length = topic.length < sizeof alerts - 1 ? topic.length : sizeof alerts - 1;
    return length == 0 || memcmp(topic.at, alerts, length) == 0;
}

static void grant(void *context, struct text topic, bool is_whole) {
    struct taken *taken = context;
    (void)is_whole;
    taken->topics++;
    taken->has_alerts = taken->has_alerts || is_of_alerts(topic);
    (void)zmq_setsockopt(taken->subscriptions->socket, ZMQ_SUBSCRIBE, topic.at, topic.length);
}

/* But for what another subscription of the connection stands for as well. */
static void take_back(void *context, struct text topic, bool is_whole) {
    struct taken *taken = context;
    taken->topics++;
    taken->has_alerts = taken->has_alerts || is_of_alerts(topic);
    if (!is_whole || !audience_hears(taken->listener, topic))
        (void)zmq_setsockopt(taken->subscriptions->socket, ZMQ_UNSUBSCRIBE, topic.at, topic.length);
}

static void subscribe(struct taken *taken, const struct access_rights *rights, const char *peer, struct text subscription) {
    struct subscriptions *subscriptions = taken->subscriptions;
    const struct config *config = taken->config;
    if (topics_narrow(rights, &config->policy, subscription, grant, taken) == 0) {
        struct access_denial denial = {.socket = ACCESS_PUBLISH,
                                       .peer = peer,
                                       .what = "subscribe",
                                       .why = "nothing that it would hear is within its rights",
                                       .about = subscription};
        subscriptions->figures.denied++;
        subscriptions->denied(subscriptions->context, &denial);
    }
    if (topics_depend_on_policy(rights)) {
        subscriptions->has_narrowed = true;
        subscriptions->narrowed_for = pathways_hash(config);
    }
}

/* Whether more waits to be read. */
static bool has_more(void *socket) {
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0 || (events & ZMQ_POLLIN) != 0;
}

/* The connection that the message came from, if it is safe to say so. */
static struct listener *sender_of(struct taken *taken, zmq_msg_t *message) {
    struct subscriptions *subscriptions = taken->subscriptions;
    const char *number = zmq_msg_gets(message, ZAP_CONNECTION);
    if (subscriptions->is_confused && has_more(subscriptions->socket)) { /* of the last that waits libzmq is right again */
        taken->state = SUBSCRIPTIONS_SPOILT;
        return NULL;
    }
    return number == NULL ? NULL : audience_find(subscriptions->audience, zmq_msg_get(message, ZMQ_SRCFD), strtoull(number, NULL, 10));
}

static void take_subscription(struct taken *taken, const char *peer, zmq_msg_t *message, int64_t now_ms) {
    const char *bytes = zmq_msg_data(message);
    struct text subscription = {bytes + 1, (uint32_t)zmq_msg_size(message) - 1};
    const struct access_rights *rights = config_rights(taken->config, ACCESS_PUBLISH, peer);
    taken->has_alerts = false;
    taken->listener = sender_of(taken, message);
    if (taken->listener == NULL || rights == NULL)
        return;
    enum audience_change change =
        bytes[0] == SUBSCRIBE ? audience_add(taken->listener, subscription) : audience_remove(taken->listener, subscription);
    if (change == AUDIENCE_FULL) {
        block(taken->subscriptions, peer, "it has more subscriptions than a connection may have, and is kept away for a minute", now_ms);
        taken->state = SUBSCRIPTIONS_SPOILT;
    } else if (change == AUDIENCE_CHANGED && bytes[0] == SUBSCRIBE) {
        subscribe(taken, rights, peer, subscription);
        if (taken->has_alerts)
            audience_note(taken->listener, peer);
    } else if (change == AUDIENCE_CHANGED) {
        topics_narrow(rights, &taken->config->policy, subscription, take_back, taken);
    }
    if (taken->has_alerts)
        taken->subscriptions->heard(taken->subscriptions->context, peer, bytes[0] == SUBSCRIBE, subscription);
}

static void take_message(struct taken *taken, zmq_msg_t *message, int64_t now_ms) {
    const char *peer = zmq_msg_gets(message, "User-Id");
    const unsigned char *bytes = zmq_msg_data(message);
    bool is_subscription = zmq_msg_size(message) > 0 && bytes[0] <= SUBSCRIBE;
    if (!is_subscription)
        taken->subscriptions->is_confused = true;
    if (peer == NULL || is_blocked(taken->subscriptions, peer, now_ms)) /* without a peer: of a connection that has ended */
        return;
    if (is_subscription) {
        take_subscription(taken, peer, message, now_ms);
    } else {
        block(taken->subscriptions, peer, "it sent what no subscriber sends, and is kept away for a minute", now_ms);
        taken->state = SUBSCRIPTIONS_SPOILT;
    }
}

enum subscriptions_state subscriptions_take(struct subscriptions *subscriptions, const struct config *config, int64_t now_ms) {
    struct taken taken = {.subscriptions = subscriptions, .config = config, .state = SUBSCRIPTIONS_WELL};
    audience_refresh(subscriptions->audience);
    for (int i = 0; i < SUBSCRIPTIONS_TURN_MAX && taken.topics < SUBSCRIPTIONS_TURN_TOPICS && taken.state == SUBSCRIPTIONS_WELL; i++) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, subscriptions->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&message);
            if (errno == EAGAIN)
                subscriptions->is_confused = false;
            return errno == EAGAIN || errno == EINTR ? taken.state : SUBSCRIPTIONS_BROKEN;
        }
        take_message(&taken, &message, now_ms);
        zmq_msg_close(&message);
    }
    return taken.state;
}
