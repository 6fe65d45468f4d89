/* What the benchmarks share: their arguments, the clock, events made beforehand, and figures. */
#include "tests/bench/measure.h"

#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { EXIT_USAGE = 2 };

void give_up(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

struct arguments arguments_take(int count, char **words, const char *const *known) {
    for (int i = 1; i < count; i++) {
        size_t length = strcspn(words[i], "=");
        const char *const *name = known;
        while (*name != NULL && (strncmp(*name, words[i], length) != 0 || (*name)[length] != '\0'))
            name++;
        if (words[i][length] != '=' || *name == NULL) {
            fprintf(stderr, "%s: unknown argument; it takes name=value with:", words[i]);
            for (name = known; *name != NULL; name++)
                fprintf(stderr, " %s", *name);
            fputc('\n', stderr);
            exit(EXIT_USAGE);
        }
    }
    return (struct arguments){count, words};
}

const char *argument_text(const struct arguments *arguments, const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (int i = 1; i < arguments->count; i++)
        if (strncmp(arguments->words[i], name, length) == 0 && arguments->words[i][length] == '=')
            return arguments->words[i] + length + 1;
    return otherwise;
}

uint64_t argument_number(const struct arguments *arguments, const char *name, uint64_t otherwise) {
    const char *text = argument_text(arguments, name, NULL);
    char *end;
    if (text == NULL)
        return otherwise;
    uint64_t value = strtoull(text, &end, 10);
    if (end == text || *end != '\0')
        give_up("%s=%s is not a whole number", name, text);
    return value;
}

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    NEED(clock_gettime(clock, &time) == 0);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t clock_now(void) {
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_processor(void) {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void samples_add(struct samples *samples, uint64_t value) {
    memory_reserve((void **)&samples->at, &samples->capacity, samples->count + 1, sizeof *samples->at);
    samples->at[samples->count++] = value;
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

uint64_t samples_percentile(struct samples *samples, double part) {
    if (samples->count == 0)
        give_up("nothing was measured");
    qsort(samples->at, samples->count, sizeof *samples->at, compare_numbers);
    size_t index = (size_t)(part * (double)samples->count);
    return samples->at[index < samples->count ? index : samples->count - 1];
}

void samples_free(struct samples *samples) {
    free(samples->at);
    *samples = (struct samples){NULL, 0, 0};
}

static day_t argument_day(const struct arguments *arguments, const char *name, day_t otherwise) {
    const char *text = argument_text(arguments, name, NULL);
    day_t day = otherwise;
    if (text != NULL && !date_parse(text_of(text), &day))
        give_up("%s=%s is not a date", name, text);
    return day;
}

struct simulate_options corpus_options(const struct arguments *arguments) {
    struct simulate_options options;
    simulate_default(SIMULATE_LOAD, &options);
    options.events = argument_number(arguments, "events", 0);
    options.seed = argument_number(arguments, "seed", 1);
    options.begin = argument_day(arguments, "begin", options.begin);
    options.until = argument_day(arguments, "until", options.until);
    options.open_waits = argument_number(arguments, "open", 0);
    options.events_per_wait = (uint32_t)argument_number(arguments, "each", 0);
    const char *wrong = simulate_check(&options);
    if (wrong != NULL)
        give_up("%s", wrong);
    return options;
}

struct corpus corpus_make(const struct simulate_options *options) {
    struct corpus corpus = {NULL, NULL, 0};
    struct simulation *simulation = simulate_create(options);
    struct simulated_event event;
    size_t bytes = 0, byte_capacity = 0, start_capacity = 0;
    while (simulate_next(simulation, &event)) {
        memory_reserve((void **)&corpus.bytes, &byte_capacity, bytes + event.length + 1, 1);
        memory_reserve((void **)&corpus.starts, &start_capacity, corpus.count + 2, sizeof *corpus.starts);
        memcpy(corpus.bytes + bytes, event.bytes, event.length);
        corpus.starts[corpus.count++] = bytes;
        bytes += event.length;
        corpus.bytes[bytes++] = '\n';
    }
    simulate_destroy(&simulation);
    NEED(corpus.count > 0);
    corpus.starts[corpus.count] = bytes;
    return corpus;
}

void corpus_free(struct corpus *corpus) {
    free(corpus->bytes);
    free(corpus->starts);
    *corpus = (struct corpus){NULL, NULL, 0};
}

void use_keys(const struct arguments *arguments, void *socket) {
    const char *path = argument_text(arguments, "key", NULL);
    const char *server_path = argument_text(arguments, "server_key", NULL);
    char server_key[KEYFILE_KEY_SIZE], message[KEYFILE_MESSAGE_SIZE];
    struct keyfile_pair pair;

    if (path == NULL || server_path == NULL)
        return;
    if (!keyfile_read_pair(path, &pair, message) || !keyfile_read_public(server_path, server_key, message))
        give_up("%s", message);
    NEED(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, KEYFILE_KEY_SIZE) == 0);
    NEED(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair.public_key, KEYFILE_KEY_SIZE) == 0);
    NEED(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair.secret_key, KEYFILE_KEY_SIZE) == 0);
    keyfile_forget(&pair);
}
