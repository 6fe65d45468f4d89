/* The high-water file: how far the journal beside it had come, so that a start on an older copy of it is noticed.
 *
 * It is written after every commit and hardly ever synced. That is enough: what it says is never ahead of what is durable, whatever the
 * power does; after a kill it is exact; and after a power cut it is behind by what the kernel had not written back. */
#ifndef WAITLIST_JOURNAL_HIGHWATER_H
#define WAITLIST_JOURNAL_HIGHWATER_H

#include "daemon/core/calendar.h"

#define HIGHWATER_SUFFIX ".highwater" /* to the journal's path */
#define HIGHWATER_EPOCH_LENGTH 32

struct highwater_mark {
    char epoch[HIGHWATER_EPOCH_LENGTH + 1];
    uint64_t last_seq;
    uint64_t last_alert_seq;
    day_t last_report_day; /* DAY_NONE: none */
    uint64_t last_place;   /* of the chain's links that are no events: a redaction, say, adds nothing else */
};

enum highwater_found { HIGHWATER_FOUND, HIGHWATER_MISSING, HIGHWATER_DAMAGED };

/* Reads the file of the journal at `journal_path`; one that cannot be read counts as damaged. */
enum highwater_found highwater_read(const char *journal_path, struct highwater_mark *mark);

struct highwater;

/* Opens or makes the file (mode 0640), writes the mark and syncs it. Never NULL: where that fails each later call tries again. */
struct highwater *highwater_open(const char *journal_path, const struct highwater_mark *mark);
/* Of the file itself, so that whoever makes it for somebody else can give it away; -1 when it could not be opened. */
int highwater_descriptor(const struct highwater *highwater);
/* Writes the mark; `now` is the turn's instant: a minute after the last sync the next highwater_tidy syncs. False on a failure that is no
 * lack of room. */
bool highwater_note(struct highwater *highwater, const struct highwater_mark *mark, instant_t now);
bool highwater_tidy(struct highwater *highwater);
/* Syncs and closes. */
void highwater_close(struct highwater **highwater);

#endif
