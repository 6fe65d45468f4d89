/* The high-water file: two slots of a line of text each, written in turn, each with its checksum. */
#include "daemon/journal/highwater.h"

#include "daemon/core/memory.h"
#include "daemon/journal/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* A slot is a disk sector, so that a write which the power cuts short spoils the slot that it is in and leaves the other. */
#define SLOT_SIZE 512
#define LINE_FORMAT "waitlistd high-water 1 %s %020" PRIu64 " %020" PRIu64 " %020" PRIu64 " %011" PRId32 " %020" PRIu64
#define LINE_LENGTH (23 + HIGHWATER_EPOCH_LENGTH + 4 * 21 + 12)
#define CHECKSUM_LENGTH 17 /* a blank and 16 hex digits */
#define SYNC_MS 60000

struct highwater {
    char *path;
    int descriptor;
    uint64_t count; /* of marks written; says which slot is the newer */
    bool unsynced;
    instant_t synced; /* INSTANT_NONE: not since it was opened */
    instant_t noted;
};

static void write_slot(char slot[SLOT_SIZE + 1], uint64_t count, const struct highwater_mark *mark) {
    int length = snprintf(slot, SLOT_SIZE, LINE_FORMAT, mark->epoch, count, mark->last_seq, mark->last_alert_seq, mark->last_report_day,
                          mark->last_place);

    ENSURE(length == LINE_LENGTH);
    (void)snprintf(slot + length, SLOT_SIZE - LINE_LENGTH, " %016" PRIx64, (uint64_t)XXH3_64bits(slot, (size_t)length));
    memset(slot + LINE_LENGTH + CHECKSUM_LENGTH, ' ', SLOT_SIZE - LINE_LENGTH - CHECKSUM_LENGTH);
    slot[SLOT_SIZE - 1] = '\n';
}

/* What it holds is written again and compared: there is one text for each mark. */
static bool read_slot(const char slot[SLOT_SIZE], uint64_t *count, struct highwater_mark *mark) {
    char line[SLOT_SIZE + 1], again[SLOT_SIZE + 1];

    memcpy(line, slot, SLOT_SIZE);
    line[SLOT_SIZE] = '\0';
    if (sscanf(line, "waitlistd high-water 1 %32[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd32 " %" SCNu64, mark->epoch, count,
               &mark->last_seq, &mark->last_alert_seq, &mark->last_report_day, &mark->last_place) != 6 ||
        strlen(mark->epoch) != HIGHWATER_EPOCH_LENGTH)
        return false;
    write_slot(again, *count, mark);
    return memcmp(slot, again, SLOT_SIZE) == 0;
}

/* The newer of the slots that are whole. */
static bool read_descriptor(int descriptor, uint64_t *count, struct highwater_mark *mark) {
    bool found = false;

    for (off_t i = 0; i < 2; i++) {
        char slot[SLOT_SIZE];
        struct highwater_mark its_mark;
        uint64_t its_count;
        if (pread(descriptor, slot, sizeof slot, i * SLOT_SIZE) != (ssize_t)sizeof slot || !read_slot(slot, &its_count, &its_mark) ||
            (found && its_count < *count))
            continue;
        found = true;
        *count = its_count;
        *mark = its_mark;
    }
    return found;
}

enum highwater_found highwater_read(const char *journal_path, struct highwater_mark *mark) {
    char *path = files_path(journal_path, HIGHWATER_SUFFIX, "", "");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum highwater_found found = descriptor < 0 && errno == ENOENT ? HIGHWATER_MISSING : HIGHWATER_DAMAGED;
    uint64_t count;

    if (descriptor >= 0) {
        if (read_descriptor(descriptor, &count, mark))
            found = HIGHWATER_FOUND;
        (void)close(descriptor);
    }
    free(path);
    return found;
}

static bool write_mark(struct highwater *highwater, const struct highwater_mark *mark) {
    char slot[SLOT_SIZE + 1];
    ssize_t written;

    if (highwater->descriptor < 0)
        highwater->descriptor = open(highwater->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (highwater->descriptor < 0)
        return false;
    write_slot(slot, highwater->count + 1, mark);
    written = pwrite(highwater->descriptor, slot, SLOT_SIZE, (off_t)(highwater->count + 1) % 2 * SLOT_SIZE);
    if (written != SLOT_SIZE) {
        errno = written < 0 ? errno : ENOSPC; /* only the end of the room cuts a write short */
        return false;
    }
    highwater->count++;
    highwater->unsynced = true;
    return true;
}

static bool sync_now(struct highwater *highwater) {
    if (!highwater->unsynced || highwater->descriptor < 0)
        return true;
    if (fdatasync(highwater->descriptor) != 0)
        return errno == ENOSPC || errno == EDQUOT;
    highwater->unsynced = false;
    highwater->synced = highwater->noted;
    return true;
}

struct highwater *highwater_open(const char *journal_path, const struct highwater_mark *mark) {
    struct highwater *highwater = memory_new(1, sizeof *highwater);
    struct highwater_mark before;

    highwater->path = files_path(journal_path, HIGHWATER_SUFFIX, "", "");
    highwater->synced = highwater->noted = INSTANT_NONE;
    highwater->descriptor = open(highwater->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (highwater->descriptor >= 0)
        (void)read_descriptor(highwater->descriptor, &highwater->count, &before);
    (void)(write_mark(highwater, mark) && write_mark(highwater, mark) && sync_now(highwater));
    (void)files_sync_directory_of(highwater->path);
    return highwater;
}

int highwater_descriptor(const struct highwater *highwater) {
    return highwater->descriptor;
}

bool highwater_note(struct highwater *highwater, const struct highwater_mark *mark, instant_t now) {
    highwater->noted = now;
    return write_mark(highwater, mark) || errno == ENOSPC || errno == EDQUOT;
}

bool highwater_tidy(struct highwater *highwater) {
    if (highwater->synced == INSTANT_NONE)
        highwater->synced = highwater->noted;
    return highwater->noted - highwater->synced < SYNC_MS || sync_now(highwater);
}

void highwater_close(struct highwater **highwater) {
    if (*highwater == NULL)
        return;
    (void)sync_now(*highwater);
    if ((*highwater)->descriptor >= 0)
        (void)close((*highwater)->descriptor);
    free((*highwater)->path);
    free(*highwater);
    *highwater = NULL;
}
