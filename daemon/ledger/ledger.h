/* The ledger: the journal, the identities and the register kept in step. What it admits is durable when ledger_commit says so.
 *
 * A turn: ledger_begin, ledger_admit for each event, ledger_commit; then the transitions it caused may be shown. Not thread-safe. */
#ifndef WAITLIST_LEDGER_LEDGER_H
#define WAITLIST_LEDGER_LEDGER_H

#include "daemon/config/config.h"
#include "daemon/core/register.h"
#include "daemon/ingest/envelope.h"
#include "daemon/journal/journal.h"
#include "daemon/ledger/checkpoint.h"
#include "daemon/ledger/sources.h"

struct ledger;

#define LEDGER_MESSAGE_SIZE 320

enum ledger_work { LEDGER_READS_EVENTS, LEDGER_CATCHES_UP_DAYS, LEDGER_CHAINS_EVENTS, LEDGER_COUNTS_WAITS };

struct ledger_setup {
    const struct config *config; /* borrowed for the ledger's life, or until ledger_reload replaces it */
    instant_t now;
    /* Long work tells how far it is, at the start or later: events replayed or chained (an older journal, once), or days caught up, of how
     * many; of waits that are counted again (0 of 0) that it goes on. Called many times a second. May be NULL; for the ledger's life. */
    void (*progress)(void *context, enum ledger_work work, uint64_t done, uint64_t total);
    void *context;
};

/* Opens the journal and rebuilds the register from it; catches up the days that passed since, each reported as reconstructed, under the
 * policy then in force, and then applies the configuration's policy, journalled when it differs. A full disk leaves the ledger as the
 * journal has it, behind: no turn may be begun before ledger_probe said JOURNAL_OK. NULL with a reason in `message`. */
struct ledger *ledger_open(const struct ledger_setup *setup, char message[LEDGER_MESSAGE_SIZE]);
/* The days since the last run and the configuration's policy are still to come: ledger_midnight to today, then ledger_reload with the same
 * configuration, which ends it. */
bool ledger_is_behind(const struct ledger *ledger);
void ledger_close(struct ledger **ledger);

enum verdict { VERDICT_ACCEPTED, VERDICT_DUPLICATE, VERDICT_QUARANTINED };

struct admission {
    enum verdict verdict;
    struct rejection rejection; /* of VERDICT_QUARANTINED */
    struct text id;             /* of VERDICT_QUARANTINED; absent when unknown; valid until the next call */
    uint64_t seq;               /* of the event, or of the one that it repeats or conflicts with; 0 without one */
};

void ledger_begin(struct ledger *ledger, instant_t now);
/* One event through all checks of the rules, section 3. */
void ledger_admit(struct ledger *ledger, struct text bytes, struct admission *admission);

/* Erases person, worker and all that means nothing here from accepted events (rules, section 3), within the open turn, journalled with who.
 * One of the three says which. JOURNAL_OK also when there are too many, or none: then nothing was changed. */
#define LEDGER_REDACTION_MAX 10000 /* events */
struct event_name {
    struct text source;
    struct text id;
};
struct redaction {
    struct text subject; /* all events of this wait */
    struct text person;  /* all events of the waits of this person: the whole journal is looked through */
    const struct event_name *names;
    size_t name_count;
    struct text by;
    struct text reason;
};
struct redaction_result {
    size_t redacted;
    size_t already; /* were redacted before */
    size_t not_found;
    bool too_many;
};
enum journal_status ledger_redact(struct ledger *ledger, const struct redaction *redaction, struct redaction_result *result);

/* The rule of retention (rules, section 3): the waits that ended, and of which nothing was recorded since, before a day. A search goes on
 * from wait to wait, in pieces; what it found is then redacted within an open turn. */
#define LEDGER_RETENTION_LOOKS 5000 /* events looked at in one piece, but for the last wait's */
struct retention_found {
    const struct wait_end *end;
    uint64_t events; /* of it that are not redacted yet, at least one */
    bool whole;      /* false: it has more than one redaction takes, and is found again */
};
struct retention_search {
    day_t before;
    uint32_t after;   /* the wait up to which an earlier piece came; 0: from the first */
    size_t waits_max; /* to be found in one piece */
    bool only_counts; /* nothing will be redacted: no seqs are kept */
    void (*found)(void *context, const struct retention_found *found);
    void *context;
    /* What came of it. */
    uint32_t reached;                    /* the last wait that is done with */
    bool is_over;                        /* there are no more */
    size_t count;                        /* of the events to be redacted */
    uint64_t seqs[LEDGER_REDACTION_MAX]; /* theirs */
};
enum journal_status ledger_retention_search(struct ledger *ledger, struct retention_search *search);
/* `count`: of the events that were redacted. */
enum journal_status ledger_retention_redact(struct ledger *ledger, const struct retention_search *search, struct text by,
                                            struct text reason, size_t *count);

/* Somebody deals with an open alert, which `asked` names without its subject, within the open turn. Anything but JOURNAL_OK: the turn
 * cannot go on, the process must end. */
enum acknowledge_outcome {
    ACKNOWLEDGED_NOW,
    ACKNOWLEDGED_BEFORE,   /* by the same, with the same note and day. Nothing was done, nor in what follows */
    ACKNOWLEDGED_BAD_DAY,  /* expected_by is past or too far ahead */
    ACKNOWLEDGED_RESOLVED, /* it is open no longer */
    ACKNOWLEDGED_UNKNOWN   /* there never was such an alert */
};
struct acknowledged {
    enum acknowledge_outcome outcome;
    uint64_t alert_seq; /* of the transition, now or before */
};
/* The team that the alert is of: that of its wait as it stands, open or resolved; absent when there is none. Borrowed until the next turn.
 * JOURNAL_NOT_FOUND: there never was such an alert. */
enum journal_status ledger_alert_team(struct ledger *ledger, uint64_t raised_seq, struct text *team);
enum journal_status ledger_acknowledge(struct ledger *ledger, const struct acknowledgement *asked, struct acknowledged *result);

/* Acts on what is quarantined (rules, section 3); each that changes something is journalled with who. */
struct quarantine_act {
    struct text by;
    struct text reason; /* absent: none */
};
enum quarantine_outcome {
    OUTCOME_ACCEPTED,  /* retried: it is an event now */
    OUTCOME_DUPLICATE, /* retried: it had been accepted meanwhile */
    OUTCOME_REJECTED,  /* it failed again, and stays as it was, for the reason that it has now */
    OUTCOME_DISCARDED,
    OUTCOME_SCRUBBED,  /* personal data was replaced: it cannot be retried, only sent again put right. Nothing was done */
    OUTCOME_RETRIED,   /* it cannot be discarded: it was retried before. Nothing was done */
    OUTCOME_NOT_FOUND, /* there is no such id. Nothing was done */
    OUTCOME_COUNT
};
const char *quarantine_outcome_name(enum quarantine_outcome outcome);
struct quarantine_result {
    enum quarantine_outcome outcome;
    uint64_t seq;               /* of OUTCOME_ACCEPTED and OUTCOME_DUPLICATE */
    struct rejection rejection; /* of OUTCOME_REJECTED */
};
/* The event goes through all checks as if it was sent now. Anything but JOURNAL_OK: the turn cannot go on, the process must end. */
enum journal_status ledger_quarantine_retry(struct ledger *ledger, uint64_t id, const struct quarantine_act *act,
                                            struct quarantine_result *result);
enum journal_status ledger_quarantine_discard(struct ledger *ledger, uint64_t id, const struct quarantine_act *act,
                                              struct quarantine_result *result);

/* Settles the register, appends the alert transitions and commits all of it. JOURNAL_FULL: nothing of the turn was kept and the
 * register was rebuilt. Any other failure: the process must end. */
enum journal_status ledger_commit(struct ledger *ledger);

/* Begins a later local day in a turn of its own, and reports the positions of the days that it ends, as reconstructed when they are
 * several. `now`: the instant that its transitions carry. */
enum journal_status ledger_midnight(struct ledger *ledger, day_t today, instant_t now);
/* What the next midnight writes to the journal with its turn, as a record of the kind JOURNAL_RECORD_ACCESS: copied. */
void ledger_note_access(struct ledger *ledger, const char *json);
/* Looks at what changes without events, feeds that fall silent, in a turn of its own, where something has. */
enum journal_status ledger_watch(struct ledger *ledger, instant_t now);
/* Whether the journal takes writes again after JOURNAL_FULL: commits a small record. */
enum journal_status ledger_probe(struct ledger *ledger, instant_t now);
/* Another configuration, in a turn of its own. JOURNAL_CORRUPT with a reason in `message` when it is refused, and nothing changed. */
enum journal_status ledger_reload(struct ledger *ledger, const struct config *config, instant_t now, char message[LEDGER_MESSAGE_SIZE]);

/* The transitions of the last committed turn and their JSON, in alert seq order; borrowed until the next turn. */
struct committed_transition {
    const struct alert_transition *transition;
    struct text body;
};
size_t ledger_transitions(const struct ledger *ledger, const struct committed_transition **transitions);

struct waiting_register *ledger_register(struct ledger *ledger);
struct journal *ledger_journal(struct ledger *ledger);
const struct sources *ledger_sources(const struct ledger *ledger);
const struct calendar *ledger_calendar(const struct ledger *ledger);
const struct config *ledger_config(const struct ledger *ledger);
/* PERSONAL_KEY_BYTES, of the hashes that stand for personal data. */
const unsigned char *ledger_personal_key(const struct ledger *ledger);
/* The checkpoint that the ledger was made from, or that was written at its start; its seq is 0 without one. */
const struct checkpoint_mark *ledger_checkpoint(const struct ledger *ledger);
/* Whether a checkpoint knows of every redaction; else its file must go. */
bool ledger_may_keep_checkpoint(const struct ledger *ledger, const struct checkpoint_mark *mark);
/* What there is to tell about checkpoints after ledger_open. */
const struct checkpoint_news *ledger_checkpoint_news(const struct ledger *ledger);

#endif
