/* The past: a thread that answers what would hold the loop up, from a chronicle of its own, while events and live queries go on.
 *
 * Questions and answers travel as messages through a pair of sockets in the process, each with the address that it came from; the loop
 * polls its end. The chronicle is kept between questions and dropped when nobody has asked for a while. */
#ifndef WAITLIST_PAST_PAST_H
#define WAITLIST_PAST_PAST_H

#include "daemon/intake/request.h"
#include "daemon/past/chronicle.h"

#define PAST_QUESTIONS_MAX 8           /* asked and not yet answered; beyond: busy */
#define PAST_IDLE_MS (10 * 60 * 1000L) /* after so long without a question the memory is given back */

struct past;

/* What a question needs of the moment in which it was asked. */
struct past_terms {
    day_t today;
    instant_t asked_at; /* INSTANT_NONE: now. Else nothing that was written later is known: no event, policy, report or alert */
    day_t epoch;
    uint64_t newest_alert_seq; /* of the wait that is asked for; 0: none */
    int32_t backdated_days;    /* of the configuration in force, */
    struct text known;         /* as known_to_text, where the question is about warnings; past_ask copies it */
    bool has_asker;            /* somebody asked a daemon, whose rights are these: */
    unsigned roles;
    struct text teams; /* each ended by a NUL; past_ask copies them */
    void *note;        /* bytes that are copied, may be changed by whoever answers, and come back with the answer; NULL: none */
    size_t note_size;
};

/* Answers one question, in the thread: a text that is freed with free(). */
typedef char *past_answer(struct chronicle *chronicle, const struct past_terms *terms, struct text request, size_t *length);

struct past_setup {
    void *context;                   /* of ZeroMQ, borrowed */
    const char *journal_path;        /* copied */
    const struct calendar *calendar; /* its midnights are copied */
    past_answer *answer;
    long idle_ms;
};

/* NULL when the thread or its sockets cannot be made. */
struct past *past_create(const struct past_setup *setup);
/* Waits until the thread has ended, which is when the question that it is at is answered or given up. */
void past_destroy(struct past **past);

/* Readable when there is an answer to take. */
void *past_socket(const struct past *past);
/* False when PAST_QUESTIONS_MAX are under way already. */
bool past_ask(struct past *past, const struct return_address *from, const struct past_terms *terms, struct text request);
/* Whether something is asked and its answer not taken. */
bool past_is_busy(const struct past *past);
/* The next answer, for whoever `to` is, with the note of its question; false when there is none. `*note` and `*answer` must be
 * initialised, and are closed by the caller. */
bool past_take(struct past *past, struct return_address *to, zmq_msg_t *note, zmq_msg_t *answer);

#endif
