/* Whether the journal that was opened is the one that was last written here, by its high-water file. */
#include "daemon/journal/journal_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct highwater_mark mark_of(const struct journal *journal) {
    struct highwater_mark mark = {.last_seq = journal->now.last_seq,
                                  .last_alert_seq = journal->now.last_alert_seq,
                                  .last_report_day = journal->now.last_report_day,
                                  .last_place = journal->now.last_place};

    memcpy(mark.epoch, journal->epoch, sizeof mark.epoch);
    return mark;
}

/* Of an empty journal nothing can be lost: whoever removes it and begins anew is let. */
static bool holds_anything(const struct highwater_mark *mark) {
    return mark->last_seq > 0 || mark->last_alert_seq > 0;
}

static enum journal_status refuse(struct journal *journal, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum journal_status refuse(struct journal *journal, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(journal->store.message, sizeof journal->store.message, format, arguments);
    va_end(arguments);
    return JOURNAL_OLDER;
}

enum journal_status journal_expect(struct journal *journal, const char *path) {
    struct highwater_mark mark;
    struct stat about;
    bool missing = stat(path, &about) != 0 ? errno == ENOENT : about.st_size == 0;

    if (!missing || highwater_read(path, &mark) != HIGHWATER_FOUND || !holds_anything(&mark))
        return JOURNAL_OK;
    return refuse(journal,
                  "the journal is gone: there is none, and there was one of %llu events. Is a disk not mounted? Restore a backup "
                  "(waitlistctl restore); to begin anew, remove its %s file too",
                  (unsigned long long)mark.last_seq, HIGHWATER_SUFFIX);
}

enum journal_status journal_compare(struct journal *journal, const char *path) {
    struct highwater_mark mark = mark_of(journal), reached;
    enum highwater_found found = highwater_read(path, &reached);

    if (found == HIGHWATER_FOUND && holds_anything(&reached) && strcmp(reached.epoch, mark.epoch) != 0)
        return refuse(journal,
                      "another journal was put here: its epoch is %.8s…, that of the journal before it was %.8s…. To go on with it: "
                      "waitlistctl restore --accept (docs/operations.md)",
                      mark.epoch, reached.epoch);
    if (found == HIGHWATER_FOUND && holds_anything(&reached) &&
        (reached.last_seq > mark.last_seq || reached.last_alert_seq > mark.last_alert_seq ||
         reached.last_report_day > mark.last_report_day))
        return refuse(
            journal,
            "an older copy of the journal was put here, or the disk lost what it had synced: it ends at event %llu and alert %llu, "
            "but had reached %llu and %llu. To go on with it: waitlistctl restore --accept",
            (unsigned long long)mark.last_seq, (unsigned long long)mark.last_alert_seq, (unsigned long long)reached.last_seq,
            (unsigned long long)reached.last_alert_seq);
    if (found == HIGHWATER_FOUND && holds_anything(&reached) && reached.last_place > mark.last_place)
        return refuse(journal,
                      "an older copy of the journal was put here: the last %llu of its records are missing (redactions, policies, days). "
                      "To go on with it: waitlistctl restore --accept",
                      (unsigned long long)(reached.last_place - mark.last_place));
    if (found == HIGHWATER_DAMAGED)
        journal->notice = "the high-water file beside the journal was damaged and is made anew: an older copy would not have been noticed";
    else if (found == HIGHWATER_MISSING && mark.last_seq + mark.last_alert_seq > 0)
        journal->notice = "there was no high-water file beside the journal and it is made: an older copy would not have been noticed";
    journal->highwater = highwater_open(path, &mark);
    return JOURNAL_OK;
}

enum journal_status journal_reached(struct journal *journal) {
    struct highwater_mark mark = mark_of(journal);

    if (highwater_note(journal->highwater, &mark, journal->turn_received))
        return JOURNAL_OK;
    return journal_highwater_failed(journal);
}

enum journal_status journal_highwater_failed(struct journal *journal) {
    (void)snprintf(journal->store.message, sizeof journal->store.message, "the high-water file cannot be written: %s", strerror(errno));
    return JOURNAL_FAILED;
}

const char *journal_notice(const struct journal *journal) {
    return journal->notice;
}
