/* Streams of server-sent events. A stream has two cursors in the ring: up to where it has read, and up to where its alerts are complete.
 * They are the same but for while the alerts that it missed are being asked for: then positions and heartbeats go on, and alerts wait, so
 * that they come in their order, each once. */
#include "client/dashboard/streams.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <waitlist/protocol.h>

#define TOGETHER_MS 10      /* what comes within this time of the last waking goes out together, */
#define TOGETHER_FRAMES 200 /* but for more than this nobody waits */
#define RETRY_MS 2000       /* how long a browser waits before it connects again */
#define SOCKET_BYTES 65536  /* that the kernel keeps of what a page does not read */
#define SILENT_S 20         /* a page that takes nothing for so long is gone */
#define PAGE_ROWS 1000
#define RESUME_MS 20 /* between two looks at those who are brought up to date */
#define ASK_AGAIN_MS 1000

struct stream {
    struct streams *streams;
    struct stream *next, **link;
    struct exchange *exchange;
    struct identity *who;
    char pathway[RING_NAME_SIZE], team[RING_NAME_SIZE]; /* "": all */
    uint64_t cursor;                                    /* of the next frame to read */
    uint64_t alert_cursor; /* of the next frame to look at for alerts; before `cursor` only while or just after resuming */
    char *kept;            /* bytes that go first, and how many of them went */
    size_t kept_size, kept_done;
    bool is_resuming, is_asking;
    bool is_noted; /* that they follow is in the access log, or need not be */
    int64_t note_at_ms;
    char epoch[EVENT_ID_SIZE]; /* of what it saw last */
    uint64_t seen_seq;         /* up to which alert it has seen everything; 0 of a page that begins anew */
    int64_t ask_at_ms;
};

struct streams {
    struct streams_setup setup;
    struct stream *first;
    uint64_t told_end;     /* of the ring, when streams were last woken */
    bool somebody_resumes; /* or is not in the access log yet */
    bool somebody_ended;
    int64_t now_ms;
    int64_t woken_ms;
    struct streams_figures figures;
};

struct streams *streams_create(const struct streams_setup *setup) {
    struct streams *streams = memory_new(1, sizeof *streams);

    streams->setup = *setup;
    return streams;
}

void streams_destroy(struct streams **streams) {
    if (*streams == NULL) {
        return;
    }
    ENSURE((*streams)->first == NULL);
    free(*streams);
    *streams = NULL;
}

/* ---- What one stream says next */

static bool sees(const struct identity *who, const char *team) {
    return access_sees_team(&who->rights, team[0] == '\0' ? TEXT_ABSENT : text_of(team));
}

/* Positions are counts, which everybody here may see; alerts are about people. One that moved is seen by who manages either team. */
static bool may_see(const struct stream *stream, const struct frame *frame) {
    return frame->kind != FRAME_ALERT || sees(stream->who, frame->scope.team) ||
           (frame->scope.from_team[0] != '\0' && sees(stream->who, frame->scope.from_team));
}

static bool is_for(const struct stream *stream, const struct frame *frame) {
    if (frame->kind != FRAME_POSITION && frame->kind != FRAME_ALERT) {
        return true;
    }
    if (!may_see(stream, frame)) {
        return false;
    }
    if (stream->pathway[0] != '\0' && strcmp(stream->pathway, frame->scope.pathway) != 0) {
        return false;
    }
    return stream->team[0] == '\0' || strcmp(stream->team, frame->scope.team) == 0 ||
           (frame->scope.from_team[0] != '\0' && strcmp(stream->team, frame->scope.from_team) == 0);
}

/* Keeps bytes that go before everything else. Takes them over. */
static void keep(struct stream *stream, char *bytes, size_t size) {
    size_t left = stream->kept_size - stream->kept_done;

    if (left == 0) {
        free(stream->kept);
        stream->kept = bytes;
    } else {
        char *both = memory_new(left + size, 1);

        memcpy(both, stream->kept + stream->kept_done, left);
        memcpy(both + left, bytes, size);
        free(stream->kept);
        free(bytes);
        stream->kept = both;
    }
    stream->kept_size = left + size;
    stream->kept_done = 0;
}

static void keep_copy(struct stream *stream, const char *bytes, size_t size) {
    char *copy = memory_new(size, 1);

    memcpy(copy, bytes, size);
    keep(stream, copy, size);
}

/* The page cannot be brought up to date event by event: it loads everything again, and goes on from here. */
static void reset(struct stream *stream, const char *reason) {
    const struct news *news = stream->streams->setup.news;
    char data[64], id[EVENT_ID_SIZE];
    size_t size;

    snprintf(data, sizeof data, "{\"reason\":\"%s\"}", reason);
    event_id(id, news_epoch(news), news_alert_seq(news));
    char *text = event_text("reset", news_epoch(news)[0] == '\0' ? NULL : id, data, strlen(data), &size);

    keep(stream, text, size);
    stream->is_resuming = false;
    stream->cursor = stream->alert_cursor = ring_end(news_ring(news));
    stream->seen_seq = news_alert_seq(news);
    stream->streams->figures.resets++;
}

static size_t take_kept(struct stream *stream, char *buffer, size_t size) {
    size_t left = stream->kept_size - stream->kept_done;
    size_t count = left < size ? left : size;

    if (count > 0) {
        memcpy(buffer, stream->kept + stream->kept_done, count);
        stream->kept_done += count;
    }
    return count;
}

/* Whether the stream says the frame, and that it did. What was asked for may be in the ring too: nothing is said twice. */
static bool says(struct stream *stream, const struct frame *frame) {
    if (frame->kind == FRAME_MARK) {
        return !stream->is_resuming && frame->seq >= stream->seen_seq;
    }
    if (frame->kind != FRAME_ALERT) {
        return is_for(stream, frame);
    }
    if (stream->is_resuming || frame->seq <= stream->seen_seq) {
        return false;
    }
    stream->seen_seq = frame->seq;
    return is_for(stream, frame);
}

/* The next frame that the stream is to say, and moves its cursors past it; NULL when there is none. */
static const struct frame *next_frame(struct stream *stream) {
    const struct ring *ring = news_ring(stream->streams->setup.news);

    while (!stream->is_resuming && stream->alert_cursor < stream->cursor) {
        const struct frame *frame = ring_frame(ring, stream->alert_cursor++);

        if (frame->kind == FRAME_ALERT && says(stream, frame)) {
            return frame;
        }
    }
    while (stream->cursor < ring_end(ring)) {
        const struct frame *frame = ring_frame(ring, stream->cursor++);

        if (frame->kind == FRAME_RESET) { /* nothing that it missed is true any more */
            stream->is_resuming = false;
            stream->seen_seq = 0;
        }
        if (!stream->is_resuming) {
            stream->alert_cursor = stream->cursor;
        }
        if (says(stream, frame)) {
            return frame;
        }
    }
    return NULL;
}

/* The http_source's read. */
static ssize_t read_stream(void *context, char *buffer, size_t size) {
    struct stream *stream = context;
    const struct ring *ring = news_ring(stream->streams->setup.news);
    size_t count = 0;

    if (identity_is_over(stream->who, stream->streams->now_ms)) {
        stream->streams->figures.ended++;
        return HTTP_END;
    }
    if (stream->alert_cursor < ring_oldest(ring)) {
        reset(stream, "behind");
    }
    while (count < size) {
        count += take_kept(stream, buffer + count, size - count);
        if (count == size) {
            break;
        }
        const struct frame *frame = next_frame(stream);

        if (frame == NULL) {
            break;
        }
        if (frame->size <= size - count) {
            memcpy(buffer + count, frame->bytes, frame->size);
            count += frame->size;
        } else {
            keep_copy(stream, frame->bytes, frame->size);
        }
    }
    return (ssize_t)count;
}

/* ---- Alerts that it missed */

/* Asks for alerts in their name, so that the access log has it. False at the limit of questions. */
static bool ask_alerts(struct stream *stream, uint64_t since, int limit, upstream_told *told) {
    struct streams *streams = stream->streams;
    json_t *question = json_pack("{s:i, s:s, s:I, s:i}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_ALERTS, "since",
                                 (json_int_t)since, "limit", limit);

    ENSURE(question != NULL);
    identity_ask_for(stream->who, question);
    char *text = json_dumps(question, JSON_COMPACT);

    ENSURE(text != NULL);
    bool taken = upstream_ask(streams->setup.upstream, text, strlen(text), streams->now_ms, told, stream);

    free(text);
    json_decref(question);
    return taken;
}

static bool may_see_alerts(const struct stream *stream) {
    return access_has(&stream->who->rights, ACCESS_MANAGER);
}

/* Whether the daemon will not let them, however often they ask; that is in the log then. */
static bool is_forbidden(const json_t *reply) {
    const char *code = json_string_value(json_object_get(json_object_get(reply, "error"), "code"));

    return code != NULL && strcmp(code, WAITLIST_ERROR_FORBIDDEN) == 0;
}

static void take_note(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct stream *stream = context;
    json_t *reply = outcome == UPSTREAM_ANSWERED ? json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL) : NULL;

    stream->is_noted = json_is_true(json_object_get(reply, "ok")) || is_forbidden(reply);
    json_decref(reply);
    stream->note_at_ms = stream->is_noted ? INT64_MAX : stream->streams->now_ms + ASK_AGAIN_MS;
}

/* Who follows and asks nothing else is to be in the access log too: a question behind the newest alert, which shows nobody. Alerts do not
 * wait for it: they must reach people. */
static void note(struct stream *stream) {
    struct streams *streams = stream->streams;

    if (streams->now_ms < stream->note_at_ms || !news_is_live(streams->setup.news)) {
        return;
    }
    stream->note_at_ms = INT64_MAX;
    if (!ask_alerts(stream, news_alert_seq(streams->setup.news), 1, take_note)) {
        stream->note_at_ms = streams->now_ms + ASK_AGAIN_MS;
    }
}

/* The alerts of a page of the log that are for this stream. */
static void keep_rows(struct stream *stream, const json_t *rows, const char *epoch) {
    char *page = NULL;
    size_t page_size = 0, size, i;
    FILE *out = open_memstream(&page, &page_size);
    const json_t *row;

    ENSURE(out != NULL);
    json_array_foreach(rows, i, row) {
        struct frame frame = {.kind = FRAME_ALERT};
        char *text = event_of_transition(row, epoch, &frame.scope, &frame.seq, &size);

        if (text != NULL && frame.seq > stream->seen_seq && is_for(stream, &frame)) {
            ENSURE(fwrite(text, 1, size, out) == size);
        }
        free(text);
    }
    ENSURE(fclose(out) == 0);
    keep(stream, page, page_size);
}

static void take_missed(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct stream *stream = context;
    const struct news *news = stream->streams->setup.news;
    json_t *reply = outcome == UPSTREAM_ANSWERED ? json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL) : NULL;
    const char *epoch = json_string_value(json_object_get(reply, "epoch"));
    uint64_t through = (uint64_t)json_integer_value(json_object_get(reply, "through"));

    stream->is_asking = false;
    if (stream->is_resuming && json_is_true(json_object_get(reply, "ok")) && epoch != NULL) {
        if (strcmp(epoch, stream->epoch) != 0) {
            reset(stream, "epoch");
        } else {
            keep_rows(stream, json_object_get(reply, "rows"), epoch);
            stream->seen_seq = through > stream->seen_seq ? through : stream->seen_seq;
            stream->is_resuming = stream->seen_seq < news_alert_seq(news);
        }
        exchange_wake(stream->exchange);
    } else if (stream->is_resuming && is_forbidden(reply)) {
        reset(stream, "behind");
        exchange_wake(stream->exchange);
    } else {
        stream->ask_at_ms = stream->streams->now_ms + ASK_AGAIN_MS;
    }
    json_decref(reply);
}

/* A page of the log, asked for whoever the stream is for: it is a look at people. */
static void ask_page(struct stream *stream) {
    struct streams *streams = stream->streams;

    stream->is_asking = true;
    if (!ask_alerts(stream, stream->seen_seq, PAGE_ROWS, take_missed)) {
        stream->is_asking = false;
        stream->ask_at_ms = streams->now_ms + ASK_AGAIN_MS;
    }
}

/* One page at a time, and only when the one before was read. */
static void resume(struct stream *stream) {
    struct streams *streams = stream->streams;
    const struct news *news = streams->setup.news;

    if (stream->is_asking || streams->now_ms < stream->ask_at_ms || !news_is_live(news) || stream->kept_done < stream->kept_size) {
        return;
    }
    if (strcmp(stream->epoch, news_epoch(news)) != 0 || stream->seen_seq > news_alert_seq(news)) {
        reset(stream, "epoch");
    } else if (news_alert_seq(news) - stream->seen_seq > STREAMS_RESUME_MAX) {
        reset(stream, "behind");
    } else if (stream->seen_seq == news_alert_seq(news) || !may_see_alerts(stream)) {
        stream->seen_seq = news_alert_seq(news); /* who may see no alert has missed none */
        stream->is_resuming = false;
    } else {
        ask_page(stream);
        return;
    }
    exchange_wake(stream->exchange);
}

/* ---- Its beginning and end */

static bool take_name(char name[RING_NAME_SIZE], const char *value) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = strlen(value);

    if (name[0] != '\0' || size == 0 || size >= RING_NAME_SIZE || strspn(value, letters) != size) {
        return false;
    }
    memcpy(name, value, size + 1);
    return true;
}

/* False after refusing. */
static bool take_parameters(struct stream *stream, const char **last, struct exchange *exchange) {
    const struct target *target = exchange_target(exchange);

    for (size_t i = 0; i < target_parameter_count(target); i++) {
        struct parameter parameter = target_parameter(target, i);

        if (strcmp(parameter.name, "last_event_id") == 0) {
            *last = *last == NULL ? parameter.value : *last;
        } else if (strcmp(parameter.name, "pathway") == 0 || strcmp(parameter.name, "team") == 0) {
            bool is_team = parameter.name[0] == 't';

            if (!take_name(is_team ? stream->team : stream->pathway, parameter.value)) {
                exchange_problem(exchange, 400, "bad_request", "it must be one name of 1 to 64 letters, digits, _ and -",
                                 is_team ? "/team" : "/pathway");
                return false;
            }
        } else {
            exchange_problem(exchange, 400, "bad_request", "a stream takes pathway, team and last_event_id", NULL);
            return false;
        }
    }
    return true;
}

static void close_stream(void *context) {
    struct stream *stream = context;

    upstream_forget(stream->streams->setup.upstream, stream);
    stream->streams->figures.open--;
    *stream->link = stream->next;
    if (stream->next != NULL) {
        stream->next->link = stream->link;
    }
    identity_release(&stream->who);
    free(stream->kept);
    free(stream);
}

static void greet(struct stream *stream) {
    char text[40];
    size_t size;
    const char *heartbeat = news_heartbeat(stream->streams->setup.news, &size);

    keep_copy(stream, text, (size_t)snprintf(text, sizeof text, "retry: %d\n\n", RETRY_MS));
    if (heartbeat != NULL) {
        keep_copy(stream, heartbeat, size);
    }
}

static void begin_resume(struct stream *stream, const char *last) {
    if (event_id_parse(last, stream->epoch, &stream->seen_seq)) {
        stream->is_resuming = stream->streams->somebody_resumes = true;
    } else {
        reset(stream, "behind"); /* nobody knows where it was */
    }
}

void streams_look(struct streams *streams) {
    streams->somebody_ended = true;
}

void streams_answer(struct streams *streams, struct exchange *exchange, struct identity *who) {
    struct stream *stream = memory_new(1, sizeof *stream);
    const char *last = exchange_header(exchange, "Last-Event-ID");
    struct http_source source = {read_stream, close_stream, stream};

    if (last != NULL && last[0] == '\0') {
        last = NULL; /* what a browser has before the first event */
    }
    if (!take_parameters(stream, &last, exchange)) {
        free(stream);
        return;
    }
    if (exchange_method(exchange) == HTTP_HEAD || streams->figures.open >= streams->setup.maximum) {
        free(stream);
        if (exchange_method(exchange) == HTTP_HEAD) {
            exchange_answer(exchange, 200, "text/event-stream", NULL, 0);
            return;
        }
        streams->figures.refused++;
        exchange_set_header(exchange, "Retry-After", "10");
        exchange_problem(exchange, 503, "busy", "as many pages as are served at once follow already: try again later", NULL);
        return;
    }
    stream->streams = streams;
    stream->exchange = exchange;
    stream->who = identity_hold(who);
    stream->cursor = stream->alert_cursor = ring_end(news_ring(streams->setup.news));
    stream->next = streams->first;
    stream->link = &streams->first;
    if (stream->next != NULL) {
        stream->next->link = &stream->next;
    }
    streams->first = stream;
    streams->figures.open++;
    streams->figures.begun++;
    greet(stream);
    stream->is_noted = who->user[0] == '\0' || !may_see_alerts(stream);
    streams->somebody_resumes = streams->somebody_resumes || !stream->is_noted;
    if (last != NULL && last[0] != '\0') {
        begin_resume(stream, last);
    }
    exchange_bound(exchange, SOCKET_BYTES, SILENT_S);
    exchange_answer_pieces(exchange, 200, "text/event-stream", &source);
}

void streams_run(struct streams *streams, int64_t now_ms) {
    uint64_t end = ring_end(news_ring(streams->setup.news));
    bool is_due = end - streams->told_end > TOGETHER_FRAMES || (end != streams->told_end && now_ms - streams->woken_ms >= TOGETHER_MS);
    bool resumes = false;

    streams->now_ms = now_ms;
    for (struct stream *stream = streams->first; stream != NULL && (is_due || streams->somebody_resumes || streams->somebody_ended);
         stream = stream->next) {
        if (identity_is_over(stream->who, now_ms)) {
            exchange_wake(stream->exchange);
            continue;
        }
        if (stream->is_resuming) {
            resume(stream);
            resumes = true;
        }
        if (!stream->is_noted) {
            note(stream);
            resumes = resumes || !stream->is_noted;
        }
        if (is_due) {
            exchange_wake(stream->exchange);
        }
    }
    streams->somebody_resumes = resumes;
    streams->somebody_ended = false;
    if (is_due) {
        streams->told_end = end;
        streams->woken_ms = now_ms;
    }
}

int64_t streams_due_ms(const struct streams *streams) {
    bool has_news = streams->first != NULL && streams->told_end != ring_end(news_ring(streams->setup.news));
    int64_t due = has_news ? streams->woken_ms + TOGETHER_MS : INT64_MAX;
    int64_t resumes_ms = streams->somebody_resumes ? streams->now_ms + RESUME_MS : INT64_MAX;

    return due < resumes_ms ? due : resumes_ms;
}

void streams_figures(const struct streams *streams, struct streams_figures *figures) {
    *figures = streams->figures;
}
