/* The sender of the benchmarks: saturating with a window, or at a steady rate; acknowledgements and alerts are timed as they come in.
 *
 * It speaks to the socket itself, not through the client library, so that what is measured is the receiver, and any receiver that
 * answers like the daemon can be compared. Figures go to standard output as one line of JSON. */
#include "tests/bench/measure.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

enum { ANSWER_TIMEOUT_MS = 120000, REPLY_SIZE = 65536, ALERT_SIZE = 4096 };

static const char *const known[] = {"endpoint", "publish", "frame", "window", "rate", "shift", KEY_ARGUMENTS, CORPUS_ARGUMENTS, NULL};

struct sender {
    void *context;
    void *ingest;
    void *alerts; /* NULL: nobody listens */
    int timer;    /* -1: as fast as the window allows */
    const struct corpus *corpus;
    size_t frame;  /* events a message */
    size_t window; /* messages under way */
    size_t batches;
    size_t sent;
    size_t answered;
    uint64_t allowed; /* batches that may have been sent by now, at a rate */
    uint64_t *sent_at;
    uint64_t *answered_at;
    uint64_t accepted;
    uint64_t duplicates;
    uint64_t refused;
    size_t *line_of; /* by the number of a subject: its first line */
    size_t subjects;
    struct samples alert_after_answer; /* 0 when the alert came first */
    struct samples alert_after_sending;
};

static void *connect_to(const struct arguments *arguments, void *context, int type, const char *endpoint) {
    void *socket = zmq_socket(context, type);
    int no_limit = 0, at_once = 0;
    NEED(socket != NULL);
    NEED(zmq_setsockopt(socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit) == 0);
    NEED(zmq_setsockopt(socket, ZMQ_RCVHWM, &no_limit, sizeof no_limit) == 0);
    NEED(zmq_setsockopt(socket, ZMQ_LINGER, &at_once, sizeof at_once) == 0);
    if (type == ZMQ_SUB)
        NEED(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "alert.", 6) == 0);
    use_keys(arguments, socket);
    if (zmq_connect(socket, endpoint) != 0)
        give_up("%s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

/* The corpus outlives every message made of it. */
static void keep(void *data, void *hint) {
    (void)data;
    (void)hint;
}

static void send_batch(struct sender *sender) {
    size_t first = sender->sent * sender->frame;
    size_t end = first + sender->frame < sender->corpus->count ? first + sender->frame : sender->corpus->count;
    char *bytes = sender->corpus->bytes + sender->corpus->starts[first];
    uint64_t id = sender->sent;
    zmq_msg_t message;
    NEED(zmq_msg_init_data(&message, bytes, sender->corpus->starts[end] - sender->corpus->starts[first] - 1, keep, NULL) == 0);
    sender->sent_at[sender->sent++] = clock_now();
    NEED(zmq_send(sender->ingest, &id, sizeof id, ZMQ_SNDMORE) == (int)sizeof id);
    NEED(zmq_msg_send(&message, sender->ingest, 0) >= 0);
}

static uint64_t count_in(const char *reply, const char *name) {
    const char *found = strstr(reply, name);
    if (found == NULL)
        give_up("an answer without %s: %.200s", name, reply);
    return strtoull(found + strlen(name), NULL, 10);
}

/* One answer; false when none is there. */
static bool take_answer(struct sender *sender) {
    char reply[REPLY_SIZE];
    uint64_t id;
    if (zmq_recv(sender->ingest, &id, sizeof id, ZMQ_DONTWAIT) < 0) {
        NEED(errno == EAGAIN || errno == EINTR);
        return false;
    }
    int length = zmq_recv(sender->ingest, reply, sizeof reply - 1, 0);
    NEED(length > 0 && length < (int)sizeof reply && id < sender->sent && sender->answered_at[id] == 0);
    reply[length] = '\0';
    sender->answered_at[id] = clock_now();
    sender->answered++;
    if (strstr(reply, "\"ok\":true") == NULL)
        give_up("refused: %.200s", reply);
    uint64_t accepted = count_in(reply, "\"accepted\":"), duplicates = count_in(reply, "\"duplicates\":");
    size_t first = id * sender->frame, left = sender->corpus->count - first;
    sender->accepted += accepted;
    sender->duplicates += duplicates;
    sender->refused += (left < sender->frame ? left : sender->frame) - accepted - duplicates;
    return true;
}

static const char subject_start[] = "\"subject\":\"";

/* Which wait an event or an alert is about: the number at the end of its subject. */
static size_t subject_in(const char *json) {
    const char *found = strstr(json, subject_start);
    if (found == NULL)
        return 0;
    const char *end = strchr(found + sizeof subject_start - 1, '"');
    while (end != NULL && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return end == NULL ? 0 : (size_t)strtoull(end, NULL, 10);
}

/* Other waits than those of the same corpus unshifted: their numbers, of nine digits, are so much higher. */
static void shift_subjects(struct corpus *corpus, uint64_t shift) {
    for (size_t i = 0; i < corpus->count && shift > 0; i++) {
        char *event = corpus->bytes + corpus->starts[i];
        char *end = strchr(strstr(event, subject_start) + sizeof subject_start - 1, '"');
        uint64_t number = subject_in(event) + shift;
        for (int digit = 1; digit <= 9; digit++, number /= 10)
            end[-digit] = (char)('0' + number % 10);
    }
}

/* With one event a wait, an alert is of the first line with its subject; a second one is a duplicate. */
static void index_subjects(struct sender *sender) {
    sender->subjects = sender->corpus->count + 1;
    sender->line_of = memory_new(sender->subjects, sizeof *sender->line_of);
    for (size_t i = sender->corpus->count; i-- > 0;) {
        size_t number = subject_in(sender->corpus->bytes + sender->corpus->starts[i]);
        NEED(number > 0 && number < sender->subjects);
        sender->line_of[number] = i;
    }
}

/* One alert; false when none is there. */
static bool take_alert(struct sender *sender) {
    char topic[512], seq[8], body[ALERT_SIZE];
    if (zmq_recv(sender->alerts, topic, sizeof topic, ZMQ_DONTWAIT) < 0) {
        NEED(errno == EAGAIN || errno == EINTR);
        return false;
    }
    NEED(zmq_recv(sender->alerts, seq, sizeof seq, 0) == (int)sizeof seq);
    int length = zmq_recv(sender->alerts, body, sizeof body - 1, 0);
    uint64_t now = clock_now();
    NEED(length > 0 && length < (int)sizeof body);
    body[length] = '\0';
    size_t number = subject_in(body);
    if (number == 0 || number >= sender->subjects || sender->line_of[number] >= sender->sent)
        return true; /* of an earlier run on the same journal */
    size_t line = sender->line_of[number];
    samples_add(&sender->alert_after_sending, now - sender->sent_at[line]);
    /* The answer of the same turn may still be on its way: then nobody waited for the alert. */
    uint64_t answered = sender->answered_at[line];
    samples_add(&sender->alert_after_answer, answered != 0 && now > answered ? now - answered : 0);
    return true;
}

static bool may_send(const struct sender *sender) {
    if (sender->sent == sender->batches)
        return false;
    return sender->timer >= 0 ? sender->sent < sender->allowed : sender->sent - sender->answered < sender->window;
}

static void wait_for_news(struct sender *sender) {
    zmq_pollitem_t items[3] = {{.socket = sender->ingest, .events = ZMQ_POLLIN}};
    int count = 1;
    if (sender->timer >= 0)
        items[count++] = (zmq_pollitem_t){.fd = sender->timer, .events = ZMQ_POLLIN};
    if (sender->alerts != NULL)
        items[count++] = (zmq_pollitem_t){.socket = sender->alerts, .events = ZMQ_POLLIN};
    int ready = zmq_poll(items, count, ANSWER_TIMEOUT_MS);
    if (ready == 0)
        give_up("no answer for %d s: %zu of %zu batches answered", ANSWER_TIMEOUT_MS / 1000, sender->answered, sender->sent);
    if (sender->timer >= 0 && (items[1].revents & ZMQ_POLLIN)) {
        uint64_t ticks;
        NEED(read(sender->timer, &ticks, sizeof ticks) == (ssize_t)sizeof ticks);
        sender->allowed += ticks;
    }
}

static void run(struct sender *sender) {
    while (sender->answered < sender->batches) {
        while (may_send(sender))
            send_batch(sender);
        wait_for_news(sender);
        while (take_answer(sender))
            continue;
        while (sender->alerts != NULL && take_alert(sender))
            continue;
    }
}

/* Without an answer to the first event the daemon is not connected yet, and the beginning would measure that. */
static void wait_until_connected(struct sender *sender) {
    zmq_pollitem_t item = {.socket = sender->ingest, .events = ZMQ_POLLIN};
    char answer[REPLY_SIZE];
    if (sender->alerts != NULL) {
        /* A heartbeat shows that the subscription has arrived. */
        zmq_pollitem_t beat = {.socket = sender->alerts, .events = ZMQ_POLLIN};
        NEED(zmq_setsockopt(sender->alerts, ZMQ_SUBSCRIBE, "heartbeat.", 10) == 0 && zmq_poll(&beat, 1, ANSWER_TIMEOUT_MS) == 1);
        while (zmq_recv(sender->alerts, answer, sizeof answer, ZMQ_DONTWAIT) >= 0)
            continue;
        NEED(zmq_setsockopt(sender->alerts, ZMQ_UNSUBSCRIBE, "heartbeat.", 10) == 0);
    }
    /* A request without events is refused, on any day by any receiver. */
    NEED(zmq_send(sender->ingest, "x", 1, ZMQ_SNDMORE) == 1 && zmq_send(sender->ingest, "", 0, 0) == 0);
    NEED(zmq_poll(&item, 1, ANSWER_TIMEOUT_MS) == 1);
    NEED(zmq_recv(sender->ingest, answer, sizeof answer, 0) == 1 && zmq_recv(sender->ingest, answer, sizeof answer, 0) >= 0);
}

static void start_timer(struct sender *sender, uint64_t rate) {
    sender->timer = rate == 0 ? -1 : timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (rate == 0)
        return;
    struct timespec every = {.tv_sec = (time_t)(1 / rate), .tv_nsec = (long)(1000000000 / rate % 1000000000)};
    struct itimerspec setting = {every, every};
    NEED(sender->timer >= 0 && timerfd_settime(sender->timer, 0, &setting, NULL) == 0);
}

static void print_samples(const char *name, struct samples *samples) {
    if (samples->count == 0)
        return;
    printf(",\"%s_count\":%zu,\"%s_p50_ms\":%.4f,\"%s_p99_ms\":%.4f,\"%s_max_ms\":%.4f", name, samples->count, name,
           (double)samples_percentile(samples, 0.5) / 1e6, name, (double)samples_percentile(samples, 0.99) / 1e6, name,
           (double)samples_percentile(samples, 1.0) / 1e6);
    samples_free(samples);
}

static void print_figures(struct sender *sender, uint64_t began, uint64_t ended, uint64_t processor) {
    struct samples answers = {NULL, 0, 0};
    for (size_t i = 0; i < sender->batches; i++)
        samples_add(&answers, sender->answered_at[i] - sender->sent_at[i]);
    double seconds = (double)(ended - began) / 1e9;
    printf("{\"events\":%zu,\"bytes\":%zu,\"accepted\":%" PRIu64 ",\"duplicates\":%" PRIu64 ",\"quarantined\":%" PRIu64
           ",\"seconds\":%.6f,\"events_per_s\":%.1f,\"sender_processor_s\":%.6f",
           sender->corpus->count, sender->corpus->starts[sender->corpus->count], sender->accepted, sender->duplicates, sender->refused,
           seconds, (double)sender->corpus->count / seconds, (double)processor / 1e9);
    print_samples("ack", &answers);
    print_samples("alert", &sender->alert_after_answer);
    print_samples("alert_from_sending", &sender->alert_after_sending);
    printf("}\n");
}

int main(int count, char **words) {
    struct arguments arguments = arguments_take(count, words, known);
    struct simulate_options options = corpus_options(&arguments);
    struct corpus corpus = corpus_make(&options);
    shift_subjects(&corpus, argument_number(&arguments, "shift", 0));
    struct sender sender = {.corpus = &corpus};
    const char *publish = argument_text(&arguments, "publish", NULL);
    sender.frame = (size_t)argument_number(&arguments, "frame", 64);
    sender.window = (size_t)argument_number(&arguments, "window", 128);
    NEED(sender.frame > 0 && sender.window > 0);
    sender.batches = (corpus.count + sender.frame - 1) / sender.frame;
    sender.sent_at = memory_new(sender.batches, sizeof *sender.sent_at);
    sender.answered_at = memory_new(sender.batches, sizeof *sender.answered_at);
    sender.context = zmq_ctx_new();
    NEED(sender.context != NULL);
    sender.ingest =
        connect_to(&arguments, sender.context, ZMQ_DEALER, argument_text(&arguments, "endpoint", "ipc:///run/waitlistd/ingest.ipc"));
    sender.alerts = publish == NULL ? NULL : connect_to(&arguments, sender.context, ZMQ_SUB, publish);
    wait_until_connected(&sender);
    if (publish != NULL) {
        NEED(sender.frame == 1 && options.events_per_wait == 1);
        index_subjects(&sender);
    }
    start_timer(&sender, argument_number(&arguments, "rate", 0));

    uint64_t began = clock_now(), processor = clock_processor();
    run(&sender);
    uint64_t ended = clock_now();
    print_figures(&sender, began, ended, clock_processor() - processor);

    zmq_close(sender.ingest);
    if (sender.alerts != NULL)
        zmq_close(sender.alerts);
    if (sender.timer >= 0)
        close(sender.timer);
    zmq_ctx_term(sender.context);
    free(sender.line_of);
    free(sender.sent_at);
    free(sender.answered_at);
    corpus_free(&corpus);
    return EXIT_SUCCESS;
}
