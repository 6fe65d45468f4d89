/* A whole look at a journal that nobody writes: a backup, or what was found beside a daemon that does not run. */
#ifndef WAITLIST_JOURNAL_INSPECT_H
#define WAITLIST_JOURNAL_INSPECT_H

#include "daemon/journal/journal.h"

struct journal_summary {
    int version; /* of the format */
    char epoch[33];
    uint64_t last_seq;
    uint64_t last_alert_seq;
    instant_t last_received; /* INSTANT_NONE without any event */
    uint64_t quarantined;    /* whatever became of them */
    uint64_t reports;
    day_t last_report_day; /* DAY_NONE without any */
    uint64_t last_place;   /* of the chain's links, 0 before version 3 */
    uint64_t bytes;        /* of the database */
};

enum journal_work { JOURNAL_COPIES, JOURNAL_CHECKS_EVENTS, JOURNAL_CHECKS_PAGES };

/* How far long work is: bytes or events done, of how many. It returns false to give up. */
typedef bool journal_progress(void *context, enum journal_work work, uint64_t done, uint64_t total);

/* What a journal says of itself, of any version up to ours, unchecked. JOURNAL_NOT_FOUND when there is none. */
enum journal_status journal_summarise(const char *path, struct journal_summary *summary, char message[256]);
/* The same, and every page, every segment's checksum, and that no seq and no alert seq is missing. JOURNAL_STOPPED when `progress` gave up;
 * it may be NULL. */
enum journal_status journal_inspect(const char *path, journal_progress *progress, void *context, struct journal_summary *summary,
                                    char message[256]);

#endif
