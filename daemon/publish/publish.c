/* The publishing socket. */
#include "daemon/publish/publish.h"

#include "daemon/core/memory.h"
#include "daemon/security/topics.h"
#include "daemon/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct publisher {
    void *socket;
    uint64_t publications;
    bool *due; /* by queue */
    size_t due_capacity;
    bool any_due;
};

struct publisher *publisher_create(void *socket) {
    struct publisher *publisher = memory_new(1, sizeof *publisher);
    publisher->socket = socket;
    return publisher;
}

void publisher_destroy(struct publisher **publisher) {
    if (*publisher == NULL)
        return;
    free((*publisher)->due);
    free(*publisher);
    *publisher = NULL;
}

void publisher_move(struct publisher *publisher, void *socket) {
    publisher->socket = socket;
}

/* An XPUB socket never waits: a subscriber that does not read loses the newest, which sequence numbers show it. */
static void publish(struct publisher *publisher, const char *topic, uint64_t seq, const char *body, size_t length) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(seq >> (56 - 8 * i));
    zmq_send(publisher->socket, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(publisher->socket, bytes, sizeof bytes, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(publisher->socket, body, length, ZMQ_DONTWAIT);
    publisher->publications++;
}

static void publish_json(struct publisher *publisher, const char *topic, uint64_t seq, const json_t *json) {
    size_t length;
    char *body = wire_dump(json, &length);
    publish(publisher, topic, seq, body, length);
    free(body);
}

static void alert_topic(char topic[TOPIC_SIZE], const struct alert_transition *transition, struct text team) {
    struct text shown = team.at == NULL ? text_of("-") : team;
    struct text pathway = transition->pathway.at == NULL ? text_of("-") : transition->pathway;
    snprintf(topic, TOPIC_SIZE, "alert.%s.%.*s.%.*s.", alert_rule_name(transition->rule), (int)pathway.length, pathway.at,
             (int)shown.length, shown.at);
}

void publisher_alerts(struct publisher *publisher, const struct ledger *ledger) {
    const struct committed_transition *transitions;
    size_t count = ledger_transitions(ledger, &transitions);
    char topic[TOPIC_SIZE];
    for (size_t i = 0; i < count; i++) {
        const struct alert_transition *transition = transitions[i].transition;
        alert_topic(topic, transition, transition->team);
        publish(publisher, topic, transition->alert_seq, transitions[i].body.at, transitions[i].body.length);
        if (transition->change != ALERT_MOVED)
            continue;
        alert_topic(topic, transition, transition->from_team);
        publish(publisher, topic, transition->alert_seq, transitions[i].body.at, transitions[i].body.length);
    }
}

bool publisher_note_changes(struct publisher *publisher, struct ledger *ledger) {
    struct waiting_register *reg = ledger_register(ledger);
    size_t count, queues = register_queue_count(reg), before = publisher->due_capacity;
    memory_reserve((void **)&publisher->due, &publisher->due_capacity, queues, sizeof *publisher->due);
    if (publisher->due_capacity > before)
        memset(publisher->due + before, 0, (publisher->due_capacity - before) * sizeof *publisher->due);
    const uint32_t *changed = register_take_changed_queues(reg, &count);
    for (size_t i = 0; i < count; i++)
        publisher->due[changed[i]] = publisher->any_due = true;
    return publisher->any_due;
}

void publisher_forget_changes(struct publisher *publisher) {
    if (publisher->due_capacity > 0)
        memset(publisher->due, 0, publisher->due_capacity * sizeof *publisher->due);
    publisher->any_due = false;
}

static json_t *row_of(struct text pathway, struct text team, const struct position *position) {
    json_t *row = json_object();
    json_t *keys = json_object();
    if (pathway.at != NULL)
        json_object_set_new(keys, "pathway", wire_text(pathway));
    if (team.at != NULL)
        json_object_set_new(keys, "team", wire_text(team));
    json_object_set_new(row, "keys", keys);
    json_object_set_new(row, "position", wire_position(position));
    return row;
}

static void position_topic(char topic[TOPIC_SIZE], struct text pathway, struct text team) {
    struct text shown_pathway = pathway.at == NULL ? text_of("*") : pathway;
    struct text shown_team = team.at == NULL ? text_of("*") : team;
    snprintf(topic, TOPIC_SIZE, "position.%.*s.%.*s.", (int)shown_pathway.length, shown_pathway.at, (int)shown_team.length, shown_team.at);
}

/* What shows one position: a publication or a row of the snapshot. */
typedef void show_position(struct publisher *publisher, struct ledger *ledger, struct text pathway, struct text team,
                           const struct position *position, void *context);

static void publish_position(struct publisher *publisher, struct ledger *ledger, struct text pathway, struct text team,
                             const struct position *position, void *context) {
    (void)context;
    char topic[TOPIC_SIZE], today[DATE_SIZE];
    uint64_t seq = journal_last_seq(ledger_journal(ledger));
    date_format(register_today(ledger_register(ledger)), today);
    json_t *row = row_of(pathway, team, position);
    json_object_set_new(row, "v", json_integer(WIRE_VERSION));
    json_object_set_new(row, "pub", json_integer((json_int_t)publisher->publications + 1));
    json_object_set_new(row, "today", json_string(today));
    json_object_set_new(row, "journal_seq", json_integer((json_int_t)seq));
    position_topic(topic, pathway, team);
    publish_json(publisher, topic, seq, row);
    json_decref(row);
}

static void add_to_snapshot(struct publisher *publisher, struct ledger *ledger, struct text pathway, struct text team,
                            const struct position *position, void *context) {
    (void)publisher;
    (void)ledger;
    char topic[TOPIC_SIZE];
    position_topic(topic, pathway, team);
    json_t *row = row_of(pathway, team, position);
    json_object_set_new(row, "topic", json_string(topic));
    json_array_append_new(context, row);
}

/* The totals: of every pathway that has a queue to show, and of everything. */
static void show_totals(struct publisher *publisher, struct ledger *ledger, const bool *pathway_due, show_position *show, void *context) {
    struct waiting_register *reg = ledger_register(ledger);
    const struct policy *policy = register_policy(reg);
    const struct wait_filter everybody = {0};
    struct summary summary;
    for (size_t i = 0; i < policy->pathway_count; i++) {
        if (!pathway_due[i])
            continue;
        struct text name = text_of(policy->pathways[i].name);
        struct wait_filter filter = {.field_count = 1,
                                     .fields = {{.name = {FIELD_PATHWAY, TEXT_ABSENT}, .value_count = 1, .values = {name}}}};
        register_summary(reg, NULL, 0, &filter, &summary);
        show(publisher, ledger, name, TEXT_ABSENT, &summary.total, context);
        summary_free(&summary);
    }
    register_summary(reg, NULL, 0, &everybody, &summary);
    show(publisher, ledger, TEXT_ABSENT, TEXT_ABSENT, &summary.total, context);
    summary_free(&summary);
}

static void show_queues(struct publisher *publisher, struct ledger *ledger, bool all, show_position *show, void *context) {
    struct waiting_register *reg = ledger_register(ledger);
    bool pathway_due[POLICY_PATHWAYS_MAX] = {false};
    for (size_t queue = 0; queue < register_queue_count(reg); queue++) {
        struct text pathway, team;
        struct position position;
        if (!all && !(queue < publisher->due_capacity && publisher->due[queue]))
            continue;
        register_queue_names(reg, queue, &pathway, &team);
        register_queue_position(reg, queue, &position);
        show(publisher, ledger, pathway, team, &position, context);
        int index = policy_pathway_index(register_policy(reg), pathway);
        if (index >= 0)
            pathway_due[index] = true;
    }
    show_totals(publisher, ledger, pathway_due, show, context);
}

void publisher_positions(struct publisher *publisher, struct ledger *ledger, bool all) {
    publisher_note_changes(publisher, ledger);
    show_queues(publisher, ledger, all, publish_position, NULL);
    publisher_forget_changes(publisher);
}

json_t *publisher_snapshot(struct publisher *publisher, struct ledger *ledger) {
    json_t *rows = json_array();
    show_queues(publisher, ledger, true, add_to_snapshot, rows);
    return rows;
}

void publisher_heartbeat(struct publisher *publisher, struct ledger *ledger, instant_t now) {
    struct journal *journal = ledger_journal(ledger);
    char today[DATE_SIZE], chain[CHAIN_TEXT_SIZE];
    date_format(register_today(ledger_register(ledger)), today);
    chain_digest_format(journal_chain(journal), chain);
    json_t *beat = json_object();
    json_object_set_new(beat, "v", json_integer(WIRE_VERSION));
    json_object_set_new(beat, "epoch", json_string(journal_epoch(journal)));
    json_object_set_new(beat, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    json_object_set_new(beat, "alert_seq", json_integer((json_int_t)journal_last_alert_seq(journal)));
    json_object_set_new(beat, "pub", json_integer((json_int_t)publisher->publications));
    json_object_set_new(beat, "now", wire_instant(now));
    json_object_set_new(beat, "today", json_string(today));
    json_object_set_new(beat, "version", json_string(WAITLIST_VERSION));
    json_object_set_new(beat, "chain", json_string(chain));
    publish_json(publisher, "heartbeat.", journal_last_seq(journal), beat);
    json_decref(beat);
}

uint64_t publisher_count(const struct publisher *publisher) {
    return publisher->publications;
}
