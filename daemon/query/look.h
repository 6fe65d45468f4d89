/* What the access log tells of a question: who asked about whom, and what came of it (docs/security.md, Access log).
 *
 * It is begun before the question is answered, so that a question about people is refused when the log cannot be written, ended when the
 * answer is known, in the thread that answers, and written in the loop before the answer leaves. */
#ifndef WAITLIST_QUERY_LOOK_H
#define WAITLIST_QUERY_LOOK_H

#include "daemon/query/asker.h"
#include "daemon/security/trail.h"

#include <jansson.h>

struct question;
struct daemon_state;

#define LOOK_OP_SIZE 32
#define LOOK_REASON_SIZE 160
#define LOOK_ASKED_MAX 1400 /* bytes of what was asked; members that do not fit are named in "left_out" */
#define LOOK_WHAT_SIZE (LOOK_ASKED_MAX + 640)

#define LOOK_LONG "of people it is too long for the access log, which says who was looked at: about 1,300 bytes"
#define LOOK_UNWRITTEN "the access log cannot be written, so nothing about people is shown or changed: try again later"

/* What an op shows. */
enum look_kind {
    LOOK_NOBODY,
    LOOK_PEOPLE,    /* people or alerts, or it changes something: each is in the log */
    LOOK_BY_PEOPLE, /* counts; it is in the log where the question chooses or groups by people */
    LOOK_ALERTS     /* open alerts to whoever may see some */
};

/* Plain bytes: it travels to the thread of the past and back. */
struct look {
    bool is_asked;  /* somebody asks an op that there is */
    bool is_begun;  /* it shows people: the answer is in the log, whatever it is */
    bool has_asked; /* `what` holds the request */
    enum trail_outcome outcome;
    int64_t rows; /* people or alerts shown, or things done; TRAIL_NO_ROWS: neither */
    char op[LOOK_OP_SIZE];
    char peer[NAME_MAX_BYTES + 1]; /* "": none */
    char user[ASKER_USER_MAX + 1]; /* "": none */
    char reason[LOOK_REASON_SIZE]; /* "": none */
    char what[LOOK_WHAT_SIZE];     /* a JSON object */
};

/* Whoever asks this op. */
void look_at_op(struct look *look, const char *op, struct text peer);
/* The question is let in: notes what it asks where its answer shows people. False after refusing, when that cannot be logged. */
bool look_begin(struct look *look, struct question *question, enum look_kind kind);
/* The answer is known: `reply`, or the question's text or refusal. */
void look_end(struct look *look, const struct question *question, const json_t *reply);
/* Writes what there is to write, in the loop. False when it could not be written: the answer must not leave. */
bool look_write(const struct look *look, struct daemon_state *state);

/* On whose behalf; absent: nobody's. */
void look_for(struct look *look, struct text user);

/* How the log holds a reference that somebody typed: as it is, or the hash in its place, in `buffer`. */
#define LOOK_REFERENCE_SIZE 64
struct text look_reference(const struct question *question, struct text typed, char buffer[LOOK_REFERENCE_SIZE]);
/* The same of a user's name. */
struct text look_user(const struct daemon_state *state, struct text user, char buffer[LOOK_REFERENCE_SIZE]);

#endif
