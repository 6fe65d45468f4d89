/* Putting a journal back under a new epoch. */
#include "daemon/journal/restore.h"

#include "daemon/core/memory.h"
#include "daemon/journal/files.h"
#include "daemon/journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define SUFFIX_SIZE_MAX 64 /* of all that is put behind the journal's path */

/* What belongs to one journal and not to the next, in the order in which it is put aside: without its write-ahead file a journal is older
 * than its high-water file says, and without itself there is none, so that a restore which is cut off here ends in a refused start and not
 * in a wrong one. The checkpoint is of the journal that goes. */
static const char *const parts[] = {".checkpoint", "-wal", "-shm", "-journal", ""};

struct work {
    const struct journal_restore *setup;
    struct journal_restored *result;
    struct store lock;
    char *fresh; /* the path of the new journal until it gets its name */
    uid_t owner; /* of what is made here, when we may give it away */
    gid_t group;
    char *message;
};

static enum journal_status fail(struct work *work, enum journal_status status, const char *what, const char *why) {
    (void)snprintf(work->message, STORE_MESSAGE_SIZE, "%s: %s", what, why);
    return status;
}

static enum journal_status fail_by_errno(struct work *work, const char *what) {
    return fail(work, errno == ENOSPC || errno == EDQUOT ? JOURNAL_FULL : JOURNAL_FAILED, what, strerror(errno));
}

/* The superuser restores for the daemon, who must be able to write what is made here. */
static enum journal_status give_away(struct work *work, const char *path) {
    return geteuid() != 0 || lchown(path, work->owner, work->group) == 0 ? JOURNAL_OK : fail_by_errno(work, path);
}

static enum journal_status find_owner(struct work *work) {
    struct stat about;
    char *folder;
    const char *slash = strrchr(work->setup->journal, '/');
    enum journal_status status = JOURNAL_OK;

    if (stat(work->setup->journal, &about) != 0) {
        folder = files_path(work->setup->journal, "/", "", "");
        folder[slash == NULL ? 0 : slash == work->setup->journal ? 1 : slash - work->setup->journal] = '\0';
        if (stat(slash == NULL ? "." : folder, &about) != 0)
            status = fail_by_errno(work, folder);
        free(folder);
    }
    work->owner = about.st_uid;
    work->group = about.st_gid;
    return status;
}

static enum journal_status take_lock(struct work *work) {
    char *path = files_path(work->setup->journal, ".lock", "", "");
    struct stat about;
    bool is_new = lstat(path, &about) != 0;
    enum journal_status status = store_take_lock(&work->lock, work->setup->journal);

    if (status == JOURNAL_LOCKED)
        status = fail(work, JOURNAL_LOCKED, work->setup->journal, "a daemon has it open: stop it first");
    else if (status != JOURNAL_OK)
        memcpy(work->message, work->lock.message, STORE_MESSAGE_SIZE);
    else if (is_new)
        status = give_away(work, path);
    free(path);
    return status;
}

/* How far the journal that is there had come: by its own word, and by its high-water file where that is further or it cannot be read. */
static void look_at_what_was(struct work *work) {
    struct journal_restored *result = work->result;
    struct highwater_mark mark;
    struct journal_summary summary;
    char ignored[256];

    if (highwater_read(work->setup->journal, &mark) == HIGHWATER_FOUND) {
        result->knows_before = true;
        result->before = mark;
    }
    if (journal_summarise(work->setup->journal, &summary, ignored) != JOURNAL_OK)
        return;
    if (result->knows_before && (strcmp(mark.epoch, summary.epoch) != 0 || mark.last_seq >= summary.last_seq))
        return;
    result->knows_before = true;
    memcpy(result->before.epoch, summary.epoch, sizeof result->before.epoch);
    result->before.last_seq = summary.last_seq;
    result->before.last_alert_seq = summary.last_alert_seq;
    result->before.last_report_day = summary.last_report_day;
    result->before.last_place = summary.last_place;
}

static bool tell_copied(void *context, uint64_t done, uint64_t total) {
    const struct journal_restore *setup = context;

    return setup->progress == NULL || setup->progress(setup->context, JOURNAL_COPIES, done, total);
}

/* With its write-ahead file, if it is a plain copy of two files: SQLite then sees what it would have seen there. */
static enum journal_status copy_backup(struct work *work) {
    const struct journal_restore *setup = work->setup;
    char *from = files_path(setup->backup, "-wal", "", ""), *to = files_path(work->fresh, "-wal", "", "");
    enum journal_status status = JOURNAL_OK;

    if (!files_copy_new(setup->backup, work->fresh, 0640, tell_copied, (void *)(uintptr_t)setup))
        status = errno == ECANCELED ? fail(work, JOURNAL_STOPPED, "the restore", "was given up") : fail_by_errno(work, setup->backup);
    else if (access(from, F_OK) == 0 && !files_copy_new(from, to, 0640, NULL, NULL))
        status = fail_by_errno(work, from);
    free(from);
    free(to);
    return status;
}

/* Writes a new epoch into a journal that nobody has open, and moves its write-ahead file into it. */
static enum journal_status stamp(struct work *work, const char *path) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    struct store store = {.lock = -1};
    unsigned char random[16];
    char sql[480];
    enum journal_status status = sodium_init() < 0 ? fail(work, JOURNAL_FAILED, "there is no source", "of random numbers") : JOURNAL_OK;

    if (status != JOURNAL_OK)
        return status;
    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(work->result->epoch, sizeof work->result->epoch, random, sizeof random);
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;"
                   "INSERT OR REPLACE INTO meta (name, value) SELECT 'epoch_before', value FROM meta WHERE name = 'epoch';"
                   "UPDATE meta SET value = '%s' WHERE name = 'epoch';"
                   "INSERT OR REPLACE INTO meta (name, value) VALUES ('epoch_since', '%lld'); COMMIT;"
                   "PRAGMA wal_checkpoint(TRUNCATE);",
                   work->result->epoch, (long long)work->setup->now);
    status = store_status(&store, sqlite3_open_v2(path, &store.database, flags, NULL), "opening the journal");
    if (status == JOURNAL_OK)
        status = store_run(&store, sql, "writing the new epoch");
    if (status != JOURNAL_OK)
        memcpy(work->message, store.message, STORE_MESSAGE_SIZE);
    store_close(&store);
    return status;
}

/* The high-water file of what stands there now. */
static enum journal_status reset_highwater(struct work *work) {
    struct highwater_mark mark = {.last_seq = work->result->restored.last_seq,
                                  .last_alert_seq = work->result->restored.last_alert_seq,
                                  .last_report_day = work->result->restored.last_report_day,
                                  .last_place = work->result->restored.last_place};
    char *path = files_path(work->setup->journal, HIGHWATER_SUFFIX, "", "");
    struct highwater *highwater;
    struct highwater_mark found;
    enum journal_status status = JOURNAL_OK;

    memcpy(mark.epoch, work->result->epoch, sizeof mark.epoch);
    highwater = highwater_open(work->setup->journal, &mark);
    highwater_close(&highwater);
    if (highwater_read(work->setup->journal, &found) != HIGHWATER_FOUND || strcmp(found.epoch, mark.epoch) != 0)
        status = fail(work, JOURNAL_FAILED, path, "cannot be written: run restore --accept");
    else
        status = give_away(work, path);
    free(path);
    return status;
}

/* A name that nothing has yet, of the second. */
static void choose_aside(struct work *work) {
    char instant[INSTANT_SIZE], digits[INSTANT_SIZE];
    struct stat about;
    size_t count = 0;

    instant_format(work->setup->now, instant);
    for (const char *at = instant; *at != '\0' && *at != '.'; at++)
        if (*at != '-' && *at != ':')
            digits[count++] = *at;
    digits[count] = '\0';
    for (int i = 1; i == 1 || (lstat(work->result->aside, &about) == 0 && i < 1000); i++)
        (void)snprintf(work->result->aside, sizeof work->result->aside, i == 1 ? "%s.before-restore-%sZ" : "%s.before-restore-%sZ-%d",
                       work->setup->journal, digits, i);
}

static enum journal_status put_aside(struct work *work) {
    enum journal_status status = JOURNAL_OK;
    bool any = false;

    choose_aside(work);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == JOURNAL_OK; i++) {
        char *from = files_path(work->setup->journal, parts[i], "", ""), *to = files_path(work->result->aside, parts[i], "", "");
        if (files_rename_new(from, to))
            any = true;
        else if (errno != ENOENT)
            status = fail_by_errno(work, from);
        free(from);
        free(to);
    }
    if (!any)
        work->result->aside[0] = '\0';
    if (status == JOURNAL_OK && !files_sync_directory_of(work->setup->journal))
        status = fail_by_errno(work, work->setup->journal);
    return status;
}

/* The key is the daemon's: only where there is none, that of the backup is taken. */
static enum journal_status take_key(struct work *work) {
    char *ours = files_path(work->setup->journal, ".key", "", "");
    char *theirs = files_path(work->setup->backup, ".key", "", "");
    enum journal_status status = JOURNAL_OK;

    work->result->key = access(ours, F_OK) == 0 ? JOURNAL_KEY_KEPT : access(theirs, F_OK) == 0 ? JOURNAL_KEY_COPIED : JOURNAL_KEY_NONE;
    if (work->result->key == JOURNAL_KEY_COPIED && !work->setup->dry_run) {
        status = files_copy_new(theirs, ours, 0600, NULL, NULL) ? give_away(work, ours) : fail_by_errno(work, ours);
    }
    free(ours);
    free(theirs);
    return status;
}

static void remove_fresh(struct work *work) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *path = files_path(work->fresh, ends[i], "", "");
        (void)unlink(path);
        free(path);
    }
}

static enum journal_status check(struct work *work, const char *path) {
    return journal_inspect(path, work->setup->progress, work->setup->context, &work->result->restored, work->message);
}

/* What is checked is the copy that will be the journal, and nothing that was there is touched before it was found good. */
static enum journal_status replace(struct work *work) {
    enum journal_status status;

    remove_fresh(work); /* of a run that was cut off */
    status = copy_backup(work);
    if (status == JOURNAL_OK)
        status = check(work, work->fresh);
    if (status == JOURNAL_OK)
        status = stamp(work, work->fresh);
    if (status == JOURNAL_OK)
        status = take_key(work);
    if (status == JOURNAL_OK)
        status = give_away(work, work->fresh);
    if (status == JOURNAL_OK)
        status = put_aside(work);
    if (status != JOURNAL_OK) {
        remove_fresh(work);
        return status;
    }
    if (!files_rename_new(work->fresh, work->setup->journal) || !files_sync_directory_of(work->setup->journal))
        return fail_by_errno(work, work->setup->journal);
    return reset_highwater(work);
}

static enum journal_status accept_journal(struct work *work) {
    char *checkpoint = files_path(work->setup->journal, ".checkpoint", "", "");
    enum journal_status status = check(work, work->setup->journal);

    if (status == JOURNAL_OK && !work->setup->dry_run) {
        status = stamp(work, work->setup->journal);
        (void)unlink(checkpoint);
        if (status == JOURNAL_OK)
            status = reset_highwater(work);
    }
    free(checkpoint);
    return status;
}

static enum journal_status refuse_itself(struct work *work) {
    struct stat journal, backup;

    if (stat(work->setup->backup, &backup) != 0)
        return errno == ENOENT ? fail(work, JOURNAL_NOT_FOUND, work->setup->backup, strerror(errno))
                               : fail_by_errno(work, work->setup->backup);
    if (stat(work->setup->journal, &journal) == 0 && journal.st_dev == backup.st_dev && journal.st_ino == backup.st_ino)
        return fail(work, JOURNAL_FAILED, work->setup->backup, "is the journal itself: to go on with what lies there, use --accept");
    return JOURNAL_OK;
}

enum journal_status journal_restore(const struct journal_restore *setup, struct journal_restored *restored, char message[256]) {
    struct work work = {.setup = setup, .result = restored, .lock = {.lock = -1}, .message = message};
    enum journal_status status;

    *restored = (struct journal_restored){.key = JOURNAL_KEY_KEPT};
    message[0] = '\0';
    if (strlen(setup->journal) > PATH_SIZE - SUFFIX_SIZE_MAX)
        return fail(&work, JOURNAL_FAILED, "the journal's path", "is too long");
    work.fresh = files_path(setup->journal, ".restoring", "", "");
    status = setup->backup == NULL ? JOURNAL_OK : refuse_itself(&work);
    if (status == JOURNAL_OK)
        status = find_owner(&work);
    if (status == JOURNAL_OK)
        status = take_lock(&work);
    if (status == JOURNAL_OK)
        look_at_what_was(&work);
    if (status == JOURNAL_OK && setup->backup == NULL)
        status = accept_journal(&work);
    else if (status == JOURNAL_OK && setup->dry_run)
        status = check(&work, setup->backup);
    else if (status == JOURNAL_OK)
        status = replace(&work);
    if (status == JOURNAL_OK && setup->backup != NULL && setup->dry_run)
        status = take_key(&work);
    if (status != JOURNAL_OK && restored->aside[0] != '\0') {
        size_t length = strlen(message);
        (void)snprintf(message + length, STORE_MESSAGE_SIZE - length, " (what was there is %s)", restored->aside);
    }
    store_close(&work.lock);
    free(work.fresh);
    return status;
}
