/* The thread that makes a backup, and what the loop knows of it. */
#include "daemon/backup/backups.h"

#include "daemon/core/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct backups {
    char *journal_path;
    char *directory;
    pthread_t thread;
    bool runs; /* a thread was started and not yet joined */
    bool told; /* that it has ended */
    pthread_mutex_t lock;
    bool stop;                    /* under the lock, */
    struct backups_status status; /* as is this */
};

static char *default_directory(const char *journal_path) {
    static const char name[] = "backups";
    const char *slash = strrchr(journal_path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - journal_path) + 1;
    char *directory = memory_new(length + sizeof name, 1);

    memcpy(directory, journal_path, length);
    memcpy(directory + length, name, sizeof name);
    return directory;
}

struct backups *backups_create(const char *journal_path, const char *directory) {
    struct backups *backups = memory_new(1, sizeof *backups);

    backups->journal_path = memory_new(strlen(journal_path) + 1, 1);
    memcpy(backups->journal_path, journal_path, strlen(journal_path));
    if (directory == NULL || directory[0] == '\0') {
        backups->directory = default_directory(journal_path);
    } else {
        backups->directory = memory_new(strlen(directory) + 1, 1);
        memcpy(backups->directory, directory, strlen(directory));
    }
    backups->told = true;
    journal_clear_backups(backups->directory);
    ENSURE(pthread_mutex_init(&backups->lock, NULL) == 0);
    return backups;
}

/* Joins a thread that has ended or was told to. */
static void join(struct backups *backups) {
    if (backups->runs)
        ENSURE(pthread_join(backups->thread, NULL) == 0);
    backups->runs = false;
}

void backups_destroy(struct backups **pointer) {
    struct backups *backups = *pointer;

    if (backups == NULL)
        return;
    pthread_mutex_lock(&backups->lock);
    backups->stop = true;
    pthread_mutex_unlock(&backups->lock);
    join(backups);
    pthread_mutex_destroy(&backups->lock);
    free(backups->journal_path);
    free(backups->directory);
    free(backups);
    *pointer = NULL;
}

const char *backups_directory(const struct backups *backups) {
    return backups->directory;
}

static bool tell(void *context, enum journal_work work, uint64_t done, uint64_t total) {
    struct backups *backups = context;
    bool goes_on;

    pthread_mutex_lock(&backups->lock);
    backups->status.state = work == JOURNAL_COPIES ? BACKUPS_COPIES : BACKUPS_CHECKS;
    if (total > 0) {
        backups->status.done = done;
        backups->status.total = total;
    }
    goes_on = !backups->stop;
    pthread_mutex_unlock(&backups->lock);
    return goes_on;
}

static void *run(void *context) {
    struct backups *backups = context;
    struct backups_status asked;
    struct journal_summary summary;
    char message[256];
    enum journal_status status;

    (void)setpriority(PRIO_PROCESS, 0, 10); /* of this thread alone, where it is allowed: events come first */
    backups_status(backups, &asked);
    status = journal_back_up(&(struct journal_backup){.journal_path = backups->journal_path,
                                                      .directory = backups->directory,
                                                      .name = asked.name,
                                                      .with_key = asked.with_key,
                                                      .bytes_per_s = BACKUPS_BYTES_PER_S,
                                                      .progress = tell,
                                                      .context = backups},
                             &summary, message);
    pthread_mutex_lock(&backups->lock);
    backups->status.state = status == JOURNAL_OK ? BACKUPS_DONE : BACKUPS_FAILED;
    if (status == JOURNAL_OK)
        backups->status.summary = summary;
    memcpy(backups->status.message, message, sizeof message);
    pthread_mutex_unlock(&backups->lock);
    return NULL;
}

bool backups_begin(struct backups *backups, const char *name, bool with_key, instant_t now) {
    struct backups_status before;

    ENSURE(journal_backup_name_is_good(name));
    backups_status(backups, &before);
    if (before.state == BACKUPS_COPIES || before.state == BACKUPS_CHECKS)
        return false;
    join(backups);
    pthread_mutex_lock(&backups->lock);
    backups->status = (struct backups_status){.state = BACKUPS_COPIES, .with_key = with_key, .began = now};
    memcpy(backups->status.name, name, strlen(name));
    pthread_mutex_unlock(&backups->lock);
    backups->runs = pthread_create(&backups->thread, NULL, run, backups) == 0;
    backups->told = !backups->runs;
    if (!backups->runs) {
        pthread_mutex_lock(&backups->lock);
        backups->status = before;
        pthread_mutex_unlock(&backups->lock);
    }
    return backups->runs;
}

void backups_status(struct backups *backups, struct backups_status *status) {
    pthread_mutex_lock(&backups->lock);
    *status = backups->status;
    pthread_mutex_unlock(&backups->lock);
}

bool backups_take_end(struct backups *backups, struct backups_status *status) {
    if (backups->told)
        return false;
    backups_status(backups, status);
    if (status->state != BACKUPS_DONE && status->state != BACKUPS_FAILED)
        return false;
    backups->told = true;
    return true;
}
