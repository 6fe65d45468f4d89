/* A backup of a journal while its daemon writes. */
#include "daemon/journal/backup.h"

#include "daemon/core/memory.h"
#include "daemon/journal/files.h"
#include "daemon/journal/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define PAGES_A_STEP 16                /* 256 KiB: a short hold on anything that the writer could want */
#define SYNC_BYTES ((uint64_t)1 << 20) /* written between two syncs, so that no commit waits behind many megabytes of ours */
#define NANOSECONDS 1000000000LL

struct copy {
    const struct journal_backup *backup;
    struct store source;
    struct store target;
    struct journal_summary *summary; /* of the moment that the copy is of */
    char *final;                     /* paths */
    char *unfinished;
    char *key;
    int descriptor; /* of the unfinished file, kept until it is synced */
    int64_t began_ns;
    char *message;
};

bool journal_backup_name_is_good(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static const char *const endings[] = {"-wal", "-shm", "-journal", ".key", ".lock", ".new", ".highwater", ".checkpoint", ".restoring"};
    size_t length = strlen(name);

    if (length == 0 || length > JOURNAL_BACKUP_NAME_MAX || strchr(letters, name[0]) == NULL)
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (strchr(letters, *at) == NULL && strchr("._-", *at) == NULL)
            return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (length >= strlen(endings[i]) && strcmp(name + length - strlen(endings[i]), endings[i]) == 0)
            return false;
    return true;
}

static enum journal_status fail(struct copy *copy, enum journal_status status, const char *what, const char *why) {
    (void)snprintf(copy->message, STORE_MESSAGE_SIZE, "%s: %s", what, why);
    return status;
}

static enum journal_status fail_by_errno(struct copy *copy, const char *what) {
    return fail(copy, errno == ENOSPC || errno == EDQUOT ? JOURNAL_FULL : JOURNAL_FAILED, what, strerror(errno));
}

static enum journal_status fail_as(struct copy *copy, const struct store *store, enum journal_status status) {
    memcpy(copy->message, store->message, STORE_MESSAGE_SIZE);
    return status;
}

static int64_t now_ns(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

static void remove_unfinished(const struct copy *copy) {
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *path = files_path(copy->unfinished, ends[i], "", "");
        (void)unlink(path);
        free(path);
    }
}

static enum journal_status make_target(struct copy *copy) {
    const struct journal_backup *backup = copy->backup;
    struct stat about;

    if (mkdir(backup->directory, 0750) != 0 && errno != EEXIST)
        return fail_by_errno(copy, backup->directory);
    if (lstat(copy->final, &about) == 0 || (backup->with_key && lstat(copy->key, &about) == 0))
        return fail(copy, JOURNAL_FAILED, backup->name, "is there already, and nothing is ever overwritten: choose another name");
    remove_unfinished(copy); /* of a run that was cut off: there is only one at a time */
    copy->descriptor = open(copy->unfinished, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (copy->descriptor < 0)
        return fail_by_errno(copy, copy->unfinished);
    (void)flock(copy->descriptor, LOCK_EX | LOCK_NB); /* says that somebody writes it */
    return JOURNAL_OK;
}

/* Whether it is the name of an unfinished backup. */
static bool is_unfinished(const char *name) {
    static const char end[] = ".part";
    char inner[JOURNAL_BACKUP_NAME_MAX + 1];
    size_t length = strlen(name);

    if (name[0] != '.' || length <= sizeof end || length - sizeof end > JOURNAL_BACKUP_NAME_MAX ||
        strcmp(name + length - (sizeof end - 1), end) != 0)
        return false;
    memcpy(inner, name + 1, length - sizeof end);
    inner[length - sizeof end] = '\0';
    return journal_backup_name_is_good(inner);
}

void journal_clear_backups(const char *directory) {
    DIR *folder = opendir(directory);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int descriptor = is_unfinished(entry->d_name) ? openat(dirfd(folder), entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (descriptor < 0)
            continue;
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) /* another daemon that has the same folder holds its own */
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        (void)close(descriptor);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

/* The read that is begun here lasts until the copy is made: the copy is of this moment. */
static enum journal_status open_source(struct copy *copy) {
    int64_t pages = 0, seq = 0, alerts = 0;
    struct store *source = &copy->source;
    enum journal_status status = store_open_reader(source, copy->backup->journal_path);

    if (status == JOURNAL_OK)
        status = store_run(source, "BEGIN", "beginning to read");
    if (status == JOURNAL_OK)
        status = store_number(source, "SELECT first_seq + count - 1 FROM segment ORDER BY first_seq DESC LIMIT 1", &seq);
    if (status == JOURNAL_OK)
        status = store_number(source, "SELECT coalesce(max(alert_seq), 0) FROM alert", &alerts);
    if (status == JOURNAL_OK)
        status = store_number(source, "SELECT (SELECT * FROM pragma_page_count) * (SELECT * FROM pragma_page_size)", &pages);
    copy->summary->last_seq = (uint64_t)seq;
    copy->summary->last_alert_seq = (uint64_t)alerts;
    copy->summary->bytes = (uint64_t)pages;
    return status == JOURNAL_OK ? JOURNAL_OK : fail_as(copy, source, status);
}

/* Where the journal is on the same disk, a twentieth more stays free: a backup must not be what makes the journal read-only. */
static enum journal_status check_room(struct copy *copy) {
    struct statvfs disk;
    struct stat ours, theirs;
    uint64_t wanted = copy->summary->bytes;
    char why[96];

    if (fstatvfs(copy->descriptor, &disk) != 0 || fstat(copy->descriptor, &ours) != 0 || stat(copy->backup->journal_path, &theirs) != 0)
        return fail_by_errno(copy, copy->backup->directory);
    if (ours.st_dev == theirs.st_dev)
        wanted += wanted / 20;
    if ((uint64_t)disk.f_bavail * disk.f_frsize >= wanted)
        return JOURNAL_OK;
    (void)snprintf(why, sizeof why, "there is no room: %llu MB are needed, %llu are free", (unsigned long long)(wanted / 1000000 + 1),
                   (unsigned long long)((uint64_t)disk.f_bavail * disk.f_frsize / 1000000));
    return fail(copy, JOURNAL_FULL, copy->backup->directory, why);
}

/* Nothing here is synced by SQLite, and no journal is kept: an unfinished backup is thrown away. */
static enum journal_status open_target(struct copy *copy) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    struct store *target = &copy->target;
    enum journal_status status;

    status = store_status(target, sqlite3_open_v2(copy->unfinished, &target->database, flags, NULL), "opening the backup");
    if (status == JOURNAL_OK)
        status = store_run(target, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = 64", "setting the backup up");
    return status == JOURNAL_OK ? JOURNAL_OK : fail_as(copy, target, status);
}

/* Waits until so many bytes may have been copied. */
static void keep_pace(const struct copy *copy, uint64_t bytes) {
    int64_t ahead_ns;
    struct timespec pause;

    if (copy->backup->bytes_per_s == 0)
        return;
    ahead_ns = (int64_t)(bytes * 1000 / copy->backup->bytes_per_s) * (NANOSECONDS / 1000) - (now_ns() - copy->began_ns);
    if (ahead_ns <= 0)
        return;
    pause = (struct timespec){ahead_ns / NANOSECONDS, ahead_ns % NANOSECONDS};
    (void)nanosleep(&pause, NULL);
}

static bool wants_more(const struct copy *copy, enum journal_work work, uint64_t done, uint64_t total) {
    return copy->backup->progress == NULL || copy->backup->progress(copy->backup->context, work, done, total);
}

static enum journal_status copy_pages(struct copy *copy) {
    sqlite3_backup *pages = sqlite3_backup_init(copy->target.database, "main", copy->source.database, "main");
    uint64_t done = 0, synced = 0;
    int code = SQLITE_OK;
    enum journal_status status = JOURNAL_OK;

    if (pages == NULL)
        return fail_as(copy, &copy->target,
                       store_status(&copy->target, sqlite3_extended_errcode(copy->target.database), "beginning the backup"));
    copy->began_ns = now_ns();
    while (status == JOURNAL_OK && (code = sqlite3_backup_step(pages, PAGES_A_STEP)) == SQLITE_OK) {
        int left = sqlite3_backup_remaining(pages), total = sqlite3_backup_pagecount(pages);
        done = total > 0 ? copy->summary->bytes / (uint64_t)total * (uint64_t)(total - left) : 0;
        if (done - synced >= SYNC_BYTES) {
            synced = done;
            if (fdatasync(copy->descriptor) != 0)
                status = fail_by_errno(copy, copy->unfinished);
        }
        if (status == JOURNAL_OK && !wants_more(copy, JOURNAL_COPIES, done, copy->summary->bytes))
            status = fail(copy, JOURNAL_STOPPED, "the backup", "was given up");
        keep_pace(copy, done);
    }
    if (status == JOURNAL_OK && code != SQLITE_DONE)
        status = fail_as(copy, &copy->target, store_status(&copy->target, code, "copying the journal"));
    code = sqlite3_backup_finish(pages);
    if (status == JOURNAL_OK && code != SQLITE_OK)
        status = fail_as(copy, &copy->target, store_status(&copy->target, code, "copying the journal"));
    return status;
}

/* The copy says of itself that it is in write-ahead mode, and whoever reads it would make two more files beside it. The daemon that takes
 * it as its journal turns the mode on again. */
static enum journal_status make_single_file(struct copy *copy) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    struct store *target = &copy->target;
    enum journal_status status;

    status = store_status(target, sqlite3_open_v2(copy->unfinished, &target->database, flags, NULL), "opening the backup");
    if (status == JOURNAL_OK)
        status = store_run(target, "PRAGMA journal_mode = DELETE", "making the backup a single file");
    if (status != JOURNAL_OK)
        (void)fail_as(copy, target, status);
    store_close(target);
    return status;
}

/* What was written is read back and must be what was read: sound, and of the same moment. */
static enum journal_status check_copy(struct copy *copy) {
    struct journal_summary found;
    enum journal_status status = journal_inspect(copy->unfinished, copy->backup->progress, copy->backup->context, &found, copy->message);

    if (status == JOURNAL_OK && (found.last_seq != copy->summary->last_seq || found.last_alert_seq != copy->summary->last_alert_seq))
        status = fail(copy, JOURNAL_CORRUPT, copy->unfinished, "does not hold what was copied");
    *copy->summary = found;
    return status;
}

static enum journal_status give_names(struct copy *copy) {
    char key[4096];

    if (copy->backup->with_key) {
        if (snprintf(key, sizeof key, "%s.key", copy->backup->journal_path) >= (int)sizeof key)
            return fail(copy, JOURNAL_FAILED, copy->backup->journal_path, "is too long");
        if (!files_copy_new(key, copy->key, 0600, NULL, NULL))
            return fail_by_errno(copy, copy->key);
    }
    if (!files_rename_new(copy->unfinished, copy->final)) {
        enum journal_status status = fail_by_errno(copy, copy->final);
        if (copy->backup->with_key)
            (void)unlink(copy->key);
        return status;
    }
    return files_sync_directory_of(copy->final) ? JOURNAL_OK : fail_by_errno(copy, copy->backup->directory);
}

static enum journal_status make(struct copy *copy) {
    enum journal_status status = make_target(copy);

    if (status != JOURNAL_OK)
        return status;
    status = open_source(copy);
    if (status == JOURNAL_OK)
        status = check_room(copy);
    if (status == JOURNAL_OK)
        status = open_target(copy);
    if (status == JOURNAL_OK)
        status = copy_pages(copy);
    store_close(&copy->target);
    store_close(&copy->source); /* before the check: from here on the write-ahead file can start over */
    if (status == JOURNAL_OK)
        status = make_single_file(copy);
    if (status == JOURNAL_OK && fsync(copy->descriptor) != 0)
        status = fail_by_errno(copy, copy->unfinished);
    if (close(copy->descriptor) != 0 && status == JOURNAL_OK)
        status = fail_by_errno(copy, copy->unfinished);
    if (status == JOURNAL_OK)
        status = check_copy(copy);
    if (status == JOURNAL_OK)
        status = give_names(copy);
    if (status != JOURNAL_OK)
        remove_unfinished(copy);
    return status;
}

enum journal_status journal_back_up(const struct journal_backup *backup, struct journal_summary *summary, char message[256]) {
    struct copy copy = {.backup = backup,
                        .source = {.lock = -1},
                        .target = {.lock = -1},
                        .summary = summary,
                        .final = files_path(backup->directory, "/", backup->name, ""),
                        .unfinished = files_path(backup->directory, "/.", backup->name, ".part"),
                        .key = files_path(backup->directory, "/", backup->name, ".key"),
                        .descriptor = -1,
                        .message = message};
    enum journal_status status;

    ENSURE(journal_backup_name_is_good(backup->name));
    message[0] = '\0';
    status = make(&copy);
    free(copy.final);
    free(copy.unfinished);
    free(copy.key);
    return status;
}
