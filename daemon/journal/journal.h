/* The journal: everything that was accepted, append-only and durable; the only room that knows how it is stored.
 *
 * One turn of the loop is one transaction: journal_begin, appends, journal_commit. What is appended can be read back at once by the
 * same journal, before the commit. Nothing may be shown to anybody before journal_commit returned JOURNAL_OK. Not thread-safe. */
#ifndef WAITLIST_JOURNAL_JOURNAL_H
#define WAITLIST_JOURNAL_JOURNAL_H

#include "daemon/core/event.h"
#include "daemon/journal/chain.h"

enum journal_status {
    JOURNAL_OK,
    JOURNAL_FULL,    /* the disk is full: the turn was rolled back, nothing of it is stored; try again when there is room */
    JOURNAL_FAILED,  /* any other failure of reading, writing or syncing: the process must end */
    JOURNAL_CORRUPT, /* the file is damaged or is no journal */
    JOURNAL_NEWER,   /* written by a newer release */
    JOURNAL_LOCKED,  /* another process has it open for writing */
    JOURNAL_OLDER,   /* an older copy, or another journal, than what was last written here (highwater.h) */
    JOURNAL_STOPPED, /* long work was given up because whoever asked for it wanted that */
    JOURNAL_NOT_FOUND
};

struct journal;

/* Opens or creates the journal at `path` (mode 0640), takes its lock, and syncs whatever an earlier run left written but unsynced, so that
 * no event can be acknowledged as a duplicate that a power cut then takes. On failure `*journal` is NULL and `message` says why. */
enum journal_status journal_open(const char *path, struct journal **journal, char message[256]);
struct journal_options {
    size_t cache_bytes; /* of events kept in memory for journal_read_event; 0: 64 MiB */
    /* What of an event, given as it was received, a redaction would keep: kept_write into `buffer`, of KEPT_SIZE bytes. False when it
     * cannot be understood. Needed once, where a journal of an older version gets its chain; without it such a journal is refused. */
    bool (*kept)(void *context, struct text bytes, char *buffer, struct text *kept);
    /* How far that is, in events; may be NULL. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};
enum journal_status journal_open_with(const char *path, const struct journal_options *options, struct journal **journal, char message[256]);
/* Another limit for the cache from now on: a start reads the histories of waits that lie far apart in the journal, the daily work does not.
 */
void journal_limit_cache(struct journal *journal, size_t cache_bytes);
/* A second connection that only reads, beside the writer in this process or another: no lock, a cache of its own, nothing is appended. It
 * shows what was committed when it was opened or last refreshed. Each connection is for one thread at a time. JOURNAL_NOT_FOUND when there
 * is no journal at `path`. */
enum journal_status journal_open_reader(const char *path, struct journal **journal, char message[256]);
/* Of a reader: shows what has been committed since. */
enum journal_status journal_refresh(struct journal *journal);
void journal_close(struct journal **journal);
/* What was noticed at opening and kept nothing from going on, for the log; NULL: nothing. */
const char *journal_notice(const struct journal *journal);
/* What went wrong in the last call that did not return JOURNAL_OK, for the log; valid until the next call. */
const char *journal_failure(const struct journal *journal);

/* Random id made with the journal, 32 hex digits; valid while the journal is open. */
const char *journal_epoch(const struct journal *journal);
/* Counting what is appended in the open turn. 0 when there is none. */
uint64_t journal_last_seq(const struct journal *journal);
uint64_t journal_last_alert_seq(const struct journal *journal);
/* The received time of the newest event; INSTANT_NONE without any. */
instant_t journal_last_received(const struct journal *journal);
/* The first and the last day with a reported position, what the open turn appended included; DAY_NONE without any. */
day_t journal_first_report_day(const struct journal *journal);
day_t journal_last_report_day(const struct journal *journal);
/* The head of the hash chain: it stands for everything appended so far, in its order (docs/journal.md, "The chain"). */
const struct chain_digest *journal_chain(const struct journal *journal);
uint64_t journal_quarantine_count(const struct journal *journal); /* waiting for somebody; the same bytes kept once */

/* What became of a quarantined event. */
enum quarantine_state { QUARANTINE_WAITING, QUARANTINE_RETRIED, QUARANTINE_DISCARDED, QUARANTINE_STATE_COUNT };
const char *quarantine_state_name(enum quarantine_state state);
/* How many there are, by code and state; further codes than fit are counted under the last one, which is then named "other". */
#define JOURNAL_CODES_MAX 16
struct journal_quarantine_figures {
    struct journal_code_figures {
        char code[32];
        uint64_t of[QUARANTINE_STATE_COUNT];
    } at[JOURNAL_CODES_MAX];
    size_t count;
};
const struct journal_quarantine_figures *journal_quarantine_figures(const struct journal *journal);

/* `now` becomes the received time of the turn's events, unless the last one was later: received time never runs backwards. */
void journal_begin(struct journal *journal, instant_t now);
/* Appends an accepted event, of 1 MiB at most, and returns its seq. `kept`: kept_write of it. `previous_seq` is the wait's event before it
 * (0: none), by which histories are read. */
uint64_t journal_append_event(struct journal *journal, struct text bytes, struct text kept, uint64_t previous_seq);
/* Appends one alert transition; `alert_seq` must be journal_last_alert_seq + 1. `body` is its JSON as published;
 * `previous_alert_seq`: the transition before it of the same subject (0: none). */
void journal_append_alert(struct journal *journal, uint64_t alert_seq, uint64_t previous_alert_seq, struct text body);
/* Another record: a policy, a day that was begun. `kind` is one of the names below; it carries the seq of the last event (after_seq). */
void journal_append_record(struct journal *journal, const char *kind, struct text body);
/* Keeps a rejected event: the same bytes again are counted only. `scrubbed`: personal data was replaced, so it cannot be retried. */
struct journal_rejection {
    const char *code;
    const char *message;
    const char *pointer;
    struct text source; /* absent when unknown */
    struct text bytes;
    bool scrubbed;
};
void journal_quarantine(struct journal *journal, const struct journal_rejection *rejection);
/* The position of a day as it is reported (rules, section 7). What was appended is never changed, and `day` is later than every day
 * before it. */
struct journal_report {
    day_t day;
    uint64_t after_seq; /* the last event's seq when it was appended: filled in by the journal, as is `at` */
    instant_t at;
    bool reconstructed;
    uint32_t rule_version;
    struct text body; /* valid until each returns, or until the next call on the journal */
};
void journal_append_report(struct journal *journal, const struct journal_report *report);
/* Another state for what was quarantined. `why` (its code, message and pointer; NULL: as before) is what stands against it now; where it is
 * scrubbed, its bytes take the place of those that are kept, which are overwritten. */
void journal_settle_quarantined(struct journal *journal, uint64_t id, enum quarantine_state state, const struct journal_rejection *why);
/* Durable when it returns JOURNAL_OK. On JOURNAL_FULL the turn is rolled back and the journal is as it was before journal_begin. */
enum journal_status journal_commit(struct journal *journal);
/* Forgets the open turn. */
void journal_rollback(struct journal *journal);
/* Does the housekeeping that has come due (moving what was committed from the write-ahead file to the main file, some milliseconds every
 * few hundred turns). To be called between turns, when the answers were sent, so that nobody waits for it; where it never is,
 * journal_commit does it later. JOURNAL_OK, JOURNAL_FAILED or JOURNAL_CORRUPT; what was committed stays durable whatever it returns. */
enum journal_status journal_tidy(struct journal *journal);
/* Limits the journal to so many pages of 16 KiB, but never to fewer than it has; 0: no limit. Returns the limit in force, 0 without.
 * A turn that would pass it gets JOURNAL_FULL. It is forgotten when the journal is closed. For a disk shared with others, and for tests. */
uint32_t journal_limit_pages(struct journal *journal, uint32_t pages);

/* Puts other bytes in the place of stored events, of which they must keep the kept part (kept_write), within the open turn, and erases
 * their salts. Seqs rise; none is of the open turn, none was redacted before. What was there is gone from the files once journal_tidy has
 * run after the commit and journal_is_scrubbed says so; the journal's own memory forgets it at once. */
struct journal_redaction {
    uint64_t seq;
    struct text bytes;
};
void journal_redact(struct journal *journal, const struct journal_redaction *events, size_t count);
bool journal_is_scrubbed(const struct journal *journal);

/* Kinds of journal_append_record. */
#define JOURNAL_RECORD_REDACTION "redaction" /* JSON: {"by","reason","count","seqs":[[from,to],…]} */
#define JOURNAL_RECORD_POLICY "policy"       /* JSON: the policy and the day from which it applies */
#define JOURNAL_RECORD_STANDING "standing"   /* JSON: the rules of alerts about no wait from here on; {}: none can raise anything */
#define JOURNAL_RECORD_DAY "day"             /* JSON: {"day":"YYYY-MM-DD"}: this local day was begun and its alerts settled */
/* JSON: {"day","entries","chain"}: how far the access log had come when this local day ended, and the head of its chain */
#define JOURNAL_RECORD_ACCESS "access"
#define JOURNAL_RECORD_ZONE "zone" /* the time zone of every day, as council.timezone has it */
/* JSON: {"id","act","by","reason","outcome","seq","code"}, the id first: somebody retried or discarded this quarantined event */
#define JOURNAL_RECORD_QUARANTINE "quarantine"

struct journal_event {
    uint64_t seq;
    uint64_t previous_seq;
    instant_t received;
    struct text bytes; /* valid until the next call on the journal */
    bool redacted;
};
/* The largest seq that was received at or before an instant; 0 without any. The open turn's events are left out. */
enum journal_status journal_seq_at(struct journal *journal, instant_t instant, uint64_t *seq);
enum journal_status journal_read_event(struct journal *journal, uint64_t seq, struct journal_event *event);
/* What of an event, given as it was received, a redaction would keep: kept_write into `buffer`, of KEPT_SIZE bytes. False when it cannot be
 * understood. */
typedef bool journal_kept(void *context, struct text bytes, char *buffer, struct text *kept);
/* The head of the hash chain directly behind this event, before anything else that was written after it; 0: before all events.
 * journal_verify finds it on the chain. JOURNAL_NOT_FOUND when there is no such event. */
enum journal_status journal_chain_at(struct journal *journal, uint64_t seq, journal_kept *kept, void *context, struct chain_digest *head);

/* Every event from `from_seq` on in seq order (the open turn's are left out). `each` returns false to stop; it may read from the journal
 * (its event stays valid until it returns), but not begin, commit or roll back a turn. */
enum journal_status journal_each_event(struct journal *journal, uint64_t from_seq,
                                       bool (*each)(void *context, const struct journal_event *event), void *context);

struct journal_alert {
    uint64_t alert_seq;
    uint64_t previous_alert_seq;
    uint64_t after_seq; /* the last event's seq when it was appended */
    struct text body;   /* valid until each returns */
};
enum journal_status journal_read_alert(struct journal *journal, uint64_t alert_seq, struct journal_alert *alert);
enum journal_status journal_each_alert(struct journal *journal, uint64_t after_alert_seq,
                                       bool (*each)(void *context, const struct journal_alert *alert), void *context);

struct journal_record {
    uint64_t record_id;
    uint64_t after_seq;
    instant_t at;
    struct text kind;
    struct text body;
};
enum journal_status journal_each_record(struct journal *journal, const char *kind,
                                        bool (*each)(void *context, const struct journal_record *record), void *context);
/* The acts on one quarantined event, the oldest first. */
enum journal_status journal_each_quarantine_act(struct journal *journal, uint64_t id,
                                                bool (*each)(void *context, const struct journal_record *record), void *context);
/* The newest record of a kind, JOURNAL_NOT_FOUND without one; its texts are valid until the next call on the journal. */
enum journal_status journal_last_record(struct journal *journal, const char *kind, struct journal_record *record);

/* JOURNAL_NOT_FOUND when nothing was reported for the day. */
enum journal_status journal_read_report(struct journal *journal, day_t day, struct journal_report *report);
/* The reports of the days `from` to `to`, by day; days without one are left out. `each` may read from the journal, but not begin, commit or
 * roll back a turn. */
enum journal_status journal_each_report(struct journal *journal, day_t from, day_t to,
                                        bool (*each)(void *context, const struct journal_report *report), void *context);

struct journal_quarantined {
    uint64_t id;
    instant_t first_received;
    instant_t last_received;
    uint64_t times;
    struct text code; /* the texts are valid until each returns, or until the next call on the journal */
    struct text message;
    struct text pointer; /* absent: the whole event */
    struct text source;  /* absent: unknown */
    bool scrubbed;
    enum quarantine_state state;
    uint64_t size;     /* of its bytes */
    struct text bytes; /* journal_read_quarantined only */
};
/* Its bytes are left out when they are more than `bytes_max`. JOURNAL_NOT_FOUND when there is no such id. */
enum journal_status journal_read_quarantined(struct journal *journal, uint64_t id, uint64_t bytes_max, struct journal_quarantined *row);

/* Which quarantined events, by id. What is not said lets everything through. */
struct journal_quarantine_filter {
    uint64_t after_id;
    bool one_state; /* only those in `state` */
    enum quarantine_state state;
    struct text code;
    struct text source;
    bool not_scrubbed; /* only those that can be retried */
};
/* At most so many rows are looked at in one call, whether the filter lets them through or not; a row of many pages counts for more. */
#define JOURNAL_LOOK_MAX 20000
/* `each` returns false to leave its row and stop; it may read from the journal, but not begin, commit or roll back a turn. `*next`: the
 * after_id with which to go on; 0 when the end was reached. */
enum journal_status journal_each_quarantined(struct journal *journal, const struct journal_quarantine_filter *filter,
                                             bool (*each)(void *context, const struct journal_quarantined *row), void *context,
                                             uint64_t *next);

#endif
