/* What the files of the ledger share; nobody else includes it. */
#ifndef WAITLIST_LEDGER_LEDGER_INTERNAL_H
#define WAITLIST_LEDGER_LEDGER_INTERNAL_H

#include "daemon/ingest/personal.h"
#include "daemon/journal/identity.h"
#include "daemon/ledger/arena.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/pace.h"
#include "daemon/ledger/transition.h"
#include "daemon/wire/wire.h"

#include <stdatomic.h>

/* A source that is watched, and when it will be silent. */
struct watched_feed {
    const struct source_config *source; /* borrowed from the configuration */
    struct feed_hours hours;
    instant_t heard; /* INSTANT_NONE: never */
    instant_t silent_from;
};

struct kept_policy {
    struct policy policy;
    struct holidays holidays;
    day_t from;
};

#define LEDGER_NOTE_SIZE 160

struct ledger {
    const struct config *config;
    struct calendar *calendar;
    struct journal *journal;
    const char *journal_path; /* borrowed */
    struct identity_set *identities;
    struct waiting_register *reg;
    struct sources *sources;
    struct envelope *intake;  /* parses what comes in */
    struct envelope *archive; /* parses what was accepted before */
    struct json_parser *transition_parser;
    struct arena *arena; /* the texts of the history last read */
    struct history_event *history;
    size_t history_capacity;
    struct kept_policy *policies; /* as journalled, by rising day */
    size_t policy_count;
    size_t policy_capacity;
    const struct config *watching; /* by which the feeds below were listed; NULL: they must be listed anew */
    struct watched_feed *feeds;
    size_t feed_count;
    struct standing_condition *holding;
    struct text *numeric_sources; /* borrowed from the configuration */
    size_t numeric_source_count;
    unsigned char personal_key[PERSONAL_KEY_BYTES];
    char access_note[LEDGER_NOTE_SIZE]; /* for the next midnight; "": none */
    uint64_t hash_seed;
    instant_t now;
    bool is_behind;
    const atomic_bool *stop; /* NULL: the ledger of the daemon; else of one that only replays, until this is true */
    struct pace *pace;       /* of a ledger that only replays; NULL: in a hurry */
    uint64_t replayed_seq;   /* how far the replay is */
    uint64_t replayed_alert_seq;
    size_t left_to_read;               /* in one go */
    uint64_t redaction;                /* the record of the newest redaction, 0 without one; known before anything is read */
    struct checkpoint_mark checkpoint; /* in the file, as far as the ledger knows */
    struct checkpoint_news news;
    bool damaged; /* something stored could not be understood */
    struct committed_transition *transitions;
    char **bodies;
    size_t transition_count;
    size_t transition_capacity;
    size_t body_capacity;
    void (*progress)(void *context, enum ledger_work work, uint64_t done, uint64_t total);
    void *progress_context;
};

/* admission.c: all checks, and the acceptance of what passes them; what does not is the caller's to keep. `event` is filled as far as it
 * could be read, its texts valid until the next call. */
void ledger_judge(struct ledger *ledger, struct text bytes, struct admission *admission, struct event *event);

/* admission.c */
/* What is kept of bytes that were refused: them, but for what is personal in them, and why. */
struct kept_rejection {
    struct journal_rejection rejection; /* borrows the bytes, and `scrubbed` */
    char *scrubbed;                     /* NULL: nothing is personal in them */
};
void ledger_keep_rejected(const struct ledger *ledger, struct text bytes, struct text source, const struct rejection *rejection,
                          struct kept_rejection *kept);
void ledger_forget_rejected(struct kept_rejection *kept);

/* redact.c */
/* Redacts those of the events that are not yet, in rising order of seq, none twice. */
enum journal_status ledger_redact_events(struct ledger *ledger, struct text by, struct text reason, const uint64_t *seqs, size_t count,
                                         struct redaction_result *result);
int ledger_compare_seqs(const void *left, const void *right); /* for qsort */

/* standing.c */
/* Raises and resolves what is about no wait, as of the turn's instant. */
void ledger_settle_standing(struct ledger *ledger);

/* replay.c */
/* Reads the journalled policies in place of those at hand. */
enum journal_status ledger_read_policies(struct ledger *ledger);
/* From the midst of work that takes long: the service manager's watchdog waits meanwhile. `context` is the ledger. */
void ledger_tell_alive(void *context);
/* Asks the journal for the newest redaction. */
void ledger_read_redaction(struct ledger *ledger);
void ledger_forget_policies(struct ledger *ledger);
/* JOURNAL_CORRUPT when something stored cannot be understood. Makes register, identities and sources anew from the checkpoint, where there
 * is one that can be used, and the journal; register_begin is the caller's. */
enum journal_status ledger_replay(struct ledger *ledger);
/* An empty register by the policies at hand, no identities, no sources. */
void ledger_make_anew(struct ledger *ledger);
bool ledger_is_stopped(const atomic_bool *stop);
void ledger_keep_policy(struct ledger *ledger, const struct policy *policy, struct holidays *holidays, day_t from);

/* The seq of the accepted event with this identity, 0 without one; `*stored` is valid until the next call on the journal. */
uint64_t ledger_find_identity(struct ledger *ledger, struct text source, struct text id, uint64_t fingerprint,
                              struct journal_event *stored);

#endif
