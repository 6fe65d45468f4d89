/* What the benchmarks share: their arguments, the clock, events made beforehand, and figures written as one line of JSON. */
#ifndef WAITLIST_TESTS_BENCH_MEASURE_H
#define WAITLIST_TESTS_BENCH_MEASURE_H

#include "client/simulate/simulate.h"

#include <stdint.h>
#include <stdio.h>

/* Arguments are words like "events=1000"; a program ends with exit code 2 at a word that it does not know. */
struct arguments {
    int count;
    char **words;
};
/* `known` ends with NULL. */
struct arguments arguments_take(int count, char **words, const char *const *known);
const char *argument_text(const struct arguments *arguments, const char *name, const char *otherwise);
uint64_t argument_number(const struct arguments *arguments, const char *name, uint64_t otherwise);

/* Nanoseconds of a clock that never jumps; of this process's processor time. */
uint64_t clock_now(void);
uint64_t clock_processor(void);

/* Says what is wrong and ends the program: a benchmark that cannot measure must not print a figure. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define NEED(condition) ((condition) ? (void)0 : give_up("%s:%d: %s", __FILE__, __LINE__, #condition))

/* Durations and the like, sorted when a percentile is asked for. */
struct samples {
    uint64_t *at;
    size_t count;
    size_t capacity;
};
void samples_add(struct samples *samples, uint64_t value);
uint64_t samples_percentile(struct samples *samples, double part);
void samples_free(struct samples *samples);

/* The load of the synthetic council in memory, an event a line, so that making it costs no time of the measurement. */
struct corpus {
    char *bytes;
    size_t *starts; /* count + 1 of them; an event ends with the line end before the next start */
    size_t count;
};
/* Reads "events", "seed", "begin", "until", "open" and "each" (events a wait). */
#define CORPUS_ARGUMENTS "events", "seed", "begin", "until", "open", "each"
struct simulate_options corpus_options(const struct arguments *arguments);
struct corpus corpus_make(const struct simulate_options *options);
void corpus_free(struct corpus *corpus);

/* Gives a socket of ZeroMQ the CURVE keys of the arguments "key" and "server_key", files of keys, if they are there. */
#define KEY_ARGUMENTS "key", "server_key"
void use_keys(const struct arguments *arguments, void *socket);

#endif
