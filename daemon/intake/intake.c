/* The ingest socket. */
#include "daemon/intake/intake.h"

#include "daemon/core/memory.h"
#include "daemon/ingest/envelope.h"
#include "daemon/ingest/personal.h"
#include "daemon/intake/request.h"
#include "daemon/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ID_MAX = 32, ANSWER_SIZE = 160, SOURCE_SHOWN = 64, OWN_MESSAGE_SIZE = 200 };

/* A request that will be answered after the commit. */
struct waiting {
    struct return_address to;
    char batch_id[BATCH_ID_MAX];
    size_t batch_id_length;
    const char *error_code; /* NULL: the batch was taken */
    const char *error_message;
    size_t foreign; /* of an event whose source is not the sender's: its index, and the source as far as it may be shown */
    char foreign_source[SOURCE_SHOWN + 1];
    uint32_t accepted;
    uint32_t duplicates;
    uint64_t seq;
    json_t *quarantined; /* NULL: none */
};

struct intake {
    void *socket;
    struct envelope *splitter;
    struct request *request;
    struct waiting *waiting;
    size_t waiting_count;
    size_t waiting_capacity;
    struct text events[INTAKE_BATCH_EVENTS_MAX];
    size_t event_count; /* of the request; counts on beyond the limit by one */
    struct intake_figures figures;
    access_denied *denied;
    void *denied_context;
};

struct intake *intake_create(void *socket, access_denied *denied, void *context) {
    struct intake *intake = memory_new(1, sizeof *intake);
    intake->socket = socket;
    intake->denied = denied;
    intake->denied_context = context;
    intake->splitter = envelope_create();
    intake->request = request_create();
    return intake;
}

static void forget_waiting(struct intake *intake) {
    for (size_t i = 0; i < intake->waiting_count; i++)
        json_decref(intake->waiting[i].quarantined);
    intake->waiting_count = 0;
}

void intake_destroy(struct intake **intake) {
    if (*intake == NULL)
        return;
    forget_waiting(*intake);
    envelope_destroy(&(*intake)->splitter);
    request_destroy(&(*intake)->request);
    free((*intake)->waiting);
    free(*intake);
    *intake = NULL;
}

void intake_move(struct intake *intake, void *socket) {
    ENSURE(intake->waiting_count == 0);
    intake->socket = socket;
}

static bool note_event(void *context, struct text event) {
    struct intake *intake = context;
    if (intake->event_count == INTAKE_BATCH_EVENTS_MAX) {
        intake->event_count++;
        return false;
    }
    intake->events[intake->event_count++] = event;
    return true;
}

static bool refuse(struct waiting *waiting, const char *code, const char *message) {
    waiting->error_code = code;
    waiting->error_message = message;
    return false;
}

static bool forbid(struct intake *intake, struct waiting *waiting, const char *message, struct text about) {
    struct access_denial denial = {.socket = ACCESS_INGEST, .peer = waiting->to.peer, .what = "ingest", .why = message, .about = about};
    intake->figures.forbidden++;
    intake->denied(intake->denied_context, &denial);
    return refuse(waiting, "forbidden", message);
}

/* A source that can be told to whoever sent it, and to a log: short, of visible characters, and nobody's number. */
static bool can_be_shown(struct text source) {
    if (source.length > SOURCE_SHOWN || personal_is_in_note(source))
        return false;
    for (uint32_t i = 0; i < source.length; i++)
        if (source.at[i] <= ' ' || source.at[i] >= 0x7f)
            return false;
    return true;
}

/* Whether the event speaks for no source but the sender's: neither as its own nor as that of an event that it takes back. One whose source
 * cannot be read passes: it can only go to quarantine, where it is nobody's. */
static bool speaks_for_own(struct intake *intake, const struct access_rights *rights, struct text bytes, struct text *foreign) {
    struct event event;
    struct rejection rejection;
    bool is_parsed = envelope_parse(intake->splitter, bytes, &event, &rejection);
    *foreign = event.source;
    if (event.source.at != NULL && !access_sends(rights, event.source))
        return false;
    if (!is_parsed || event.type != EVENT_RETRACTED || !envelope_decode(intake->splitter, bytes, &event))
        return true;
    *foreign = event.retracts_source;
    return access_sends(rights, event.retracts_source);
}

/* Every event is looked at before the first is taken. Most senders may send for every source and pay nothing. */
static bool sources_are_own(struct intake *intake, struct waiting *waiting, const struct access_rights *rights) {
    if (access_sends_every_source(rights))
        return true;
    for (size_t i = 0; i < intake->event_count; i++) {
        struct text foreign;
        if (speaks_for_own(intake, rights, intake->events[i], &foreign))
            continue;
        bool is_shown = can_be_shown(foreign);
        waiting->foreign = i;
        if (is_shown)
            memcpy(waiting->foreign_source, foreign.at, foreign.length);
        return forbid(intake, waiting, "an event is of a source for which this sender may not send: nothing of the batch was taken",
                      is_shown ? foreign : TEXT_ABSENT);
    }
    return true;
}

/* The whole request is looked at before its first event is taken: a batch is taken as a whole or not at all. */
static bool read_batch(struct intake *intake, struct waiting *waiting, const struct access_rights *rights) {
    struct request *request = intake->request;
    struct text batch_id = request->frame_count > 0 ? request_frame(request, 0) : TEXT_ABSENT;
    intake->event_count = 0;
    if (batch_id.length >= 1 && batch_id.length <= BATCH_ID_MAX) {
        memcpy(waiting->batch_id, batch_id.at, batch_id.length);
        waiting->batch_id_length = batch_id.length;
    } else {
        return refuse(waiting, "bad_request", "the first frame must be a batch id of 1 to 32 bytes");
    }
    if (rights == NULL || !access_has(rights, ACCESS_PRODUCER))
        return forbid(intake, waiting, "handing in events needs the role producer", TEXT_ABSENT);
    if (request->frame_count < 2)
        return refuse(waiting, "bad_request", "at least one events frame must follow the batch id");
    if (request->frame_count > REQUEST_FRAMES_MAX)
        return refuse(waiting, "too_many_events", "a request holds at most 1,024 events: send several requests");
    if (request->bytes > INTAKE_BATCH_BYTES_MAX)
        return refuse(waiting, "too_large", "a request holds at most 4 MiB: send several requests");
    for (size_t i = 1; i < request->frame_count && intake->event_count <= INTAKE_BATCH_EVENTS_MAX; i++)
        envelope_split(intake->splitter, request_frame(request, i), note_event, intake);
    if (intake->event_count > INTAKE_BATCH_EVENTS_MAX)
        return refuse(waiting, "too_many_events", "a request holds at most 1,024 events: send several requests");
    if (intake->event_count == 0)
        return refuse(waiting, "bad_request", "the request holds no event");
    return sources_are_own(intake, waiting, rights);
}

static void note_quarantined(struct waiting *waiting, size_t index, const struct admission *admission) {
    const struct rejection *rejection = &admission->rejection;
    if (waiting->quarantined == NULL)
        waiting->quarantined = json_array();
    json_t *row = json_object();
    json_object_set_new(row, "index", json_integer((json_int_t)index));
    json_object_set_new(row, "id", wire_text(admission->id));
    json_object_set_new(row, "code", json_string(reject_code_name(rejection->code)));
    json_object_set_new(row, "pointer", rejection->pointer[0] == '\0' ? json_null() : json_string(rejection->pointer));
    json_object_set_new(row, "message", json_string(rejection->message));
    json_array_append_new(waiting->quarantined, row);
}

static void admit_batch(struct intake *intake, struct ledger *ledger, struct waiting *waiting) {
    for (size_t i = 0; i < intake->event_count; i++) {
        struct admission admission;
        ledger_admit(ledger, intake->events[i], &admission);
        if (admission.verdict == VERDICT_ACCEPTED)
            waiting->accepted++;
        else if (admission.verdict == VERDICT_DUPLICATE)
            waiting->duplicates++;
        else
            note_quarantined(waiting, i, &admission);
    }
    waiting->seq = journal_last_seq(ledger_journal(ledger));
    intake->figures.events += intake->event_count;
}

static struct waiting *add_waiting(struct intake *intake) {
    memory_reserve((void **)&intake->waiting, &intake->waiting_capacity, intake->waiting_count + 1, sizeof *intake->waiting);
    struct waiting *waiting = &intake->waiting[intake->waiting_count++];
    memset(waiting, 0, sizeof *waiting);
    waiting->to = intake->request->from;
    return waiting;
}

size_t intake_receive(struct intake *intake, struct ledger *ledger, bool read_only, bool *failed) {
    size_t events = 0, bytes = 0;
    *failed = false;
    while (events < INTAKE_TURN_EVENTS_MAX && bytes < INTAKE_TURN_BYTES_MAX && intake->waiting_count < INTAKE_TURN_EVENTS_MAX) {
        enum receive_result result = request_receive(intake->request, intake->socket);
        if (result != RECEIVED) {
            *failed = result == RECEIVE_FAILED;
            break;
        }
        intake->figures.requests++;
        bytes += intake->request->bytes;
        struct waiting *waiting = add_waiting(intake);
        if (!read_batch(intake, waiting, config_rights(ledger_config(ledger), ACCESS_INGEST, waiting->to.peer)))
            continue;
        if (read_only) {
            refuse(waiting, "read_only", "the journal's disk is full: nothing was taken, send the batch again later");
            continue;
        }
        admit_batch(intake, ledger, waiting);
        events += intake->event_count;
    }
    return events;
}

size_t intake_waiting(const struct intake *intake) {
    return intake->waiting_count;
}

static void send_answer(struct intake *intake, const struct waiting *waiting, struct text body) {
    struct text batch_id = {waiting->batch_id, (uint32_t)waiting->batch_id_length};
    if (!request_answer(intake->socket, &waiting->to, batch_id, body))
        intake->figures.answers_dropped++;
}

static void answer_error(struct intake *intake, const struct waiting *waiting) {
    size_t length;
    char message[OWN_MESSAGE_SIZE];
    const char *told = waiting->error_message;
    if (waiting->foreign_source[0] != '\0') {
        snprintf(message, sizeof message, "event %zu speaks for the source %s, for which this sender may not send: nothing was taken",
                 waiting->foreign, waiting->foreign_source);
        told = message;
    }
    json_t *reply = wire_error(waiting->error_code, told, NULL);
    char *text = wire_dump(reply, &length);
    json_decref(reply);
    intake->figures.malformed++;
    send_answer(intake, waiting, (struct text){text, (uint32_t)length});
    free(text);
}

static void answer_taken(struct intake *intake, const struct waiting *waiting) {
    char start[ANSWER_SIZE];
    size_t quarantined_length = 0;
    char *quarantined = waiting->quarantined == NULL ? NULL : wire_dump(waiting->quarantined, &quarantined_length);
    int start_length = snprintf(start, sizeof start,
                                "{\"v\":1,\"ok\":true,\"accepted\":%u,\"duplicates\":%u,\"seq\":%llu,\"quarantined\":", waiting->accepted,
                                waiting->duplicates, (unsigned long long)waiting->seq);
    if (quarantined == NULL) {
        memcpy(start + start_length, "[]}", 3);
        send_answer(intake, waiting, (struct text){start, (uint32_t)start_length + 3});
    } else {
        char *text = memory_new((size_t)start_length + quarantined_length + 1, 1);
        memcpy(text, start, (size_t)start_length);
        memcpy(text + start_length, quarantined, quarantined_length);
        text[(size_t)start_length + quarantined_length] = '}';
        send_answer(intake, waiting, (struct text){text, (uint32_t)((size_t)start_length + quarantined_length + 1)});
        free(text);
        free(quarantined);
    }
    intake->figures.accepted += waiting->accepted;
    intake->figures.duplicates += waiting->duplicates;
    intake->figures.quarantined += json_array_size(waiting->quarantined);
}

void intake_answer(struct intake *intake) {
    for (size_t i = 0; i < intake->waiting_count; i++) {
        if (intake->waiting[i].error_code != NULL)
            answer_error(intake, &intake->waiting[i]);
        else
            answer_taken(intake, &intake->waiting[i]);
    }
    forget_waiting(intake);
}

void intake_refuse(struct intake *intake) {
    for (size_t i = 0; i < intake->waiting_count; i++)
        if (intake->waiting[i].error_code == NULL)
            refuse(&intake->waiting[i], "read_only", "the journal's disk is full: nothing was taken, send the batch again later");
    intake_answer(intake);
}

void intake_figures(const struct intake *intake, struct intake_figures *figures) {
    *figures = intake->figures;
}
