/* External sorting: runs of a fixed size by qsort, a heap of their first records to merge them. */
#include "client/import/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "daemon/core/memory.h"

/* One run while it is being read: a part of the file, and the part of that which is in memory. */
struct run {
    off_t at, behind; /* in the file: not read yet */
    char *block;      /* of sorter.block_bytes */
    size_t next, filled;
};

struct sorter {
    size_t record_bytes, capacity, count; /* records in memory: room, used */
    sorter_order order;
    char *records;
    int file; /* -1: all is in memory */
    off_t *ends;
    size_t run_count, end_capacity;
    /* While reading. */
    bool reading;
    struct run *runs;
    char *blocks;
    size_t block_bytes;
    size_t *heap; /* runs, the one with the first record on top */
    size_t heap_count;
    bool moved; /* the top's record was given out: it is to be left behind */
    size_t given;
    char message[SORTER_MESSAGE_BYTES];
};

struct sorter *sorter_create(size_t record_bytes, size_t memory_bytes, sorter_order order) {
    struct sorter *sorter = memory_new(1, sizeof *sorter);

    *sorter = (struct sorter){.record_bytes = record_bytes, .capacity = memory_bytes / record_bytes, .order = order, .file = -1};
    ENSURE(sorter->capacity > 0);
    return sorter;
}

void sorter_destroy(struct sorter **sorter) {
    if (*sorter == NULL) {
        return;
    }
    sorter_end(*sorter);
    if ((*sorter)->file >= 0) {
        close((*sorter)->file);
    }
    free((*sorter)->records);
    free((*sorter)->ends);
    free(*sorter);
    *sorter = NULL;
}

bool sorter_failed(const struct sorter *sorter) {
    return sorter->message[0] != '\0';
}

const char *sorter_message(const struct sorter *sorter) {
    return sorter->message;
}

/* ---- The temporary file */

static const char *folder(void) {
    const char *chosen = getenv("TMPDIR");

    return chosen != NULL && chosen[0] != '\0' ? chosen : "/tmp";
}

static bool fail(struct sorter *sorter, int error) {
    const char *hint = error == ENOSPC || error == EDQUOT ? "the disk of temporary files is full" : strerror(error);

    snprintf(sorter->message, sizeof sorter->message, "temporary file in %.300s: %s; TMPDIR=FOLDER puts it on another disk", folder(),
             hint);
    return false;
}

/* Where a file system knows no files without a name, the name is taken away at once. */
static int open_unnamed(void) {
    char path[4096];
    int file = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return file;
    }
    if (snprintf(path, sizeof path, "%s/waitlist-sort-XXXXXX", folder()) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0) {
        (void)unlink(path);
    }
    return file;
}

static bool write_all(struct sorter *sorter, const char *bytes, size_t size, off_t at) {
    while (size > 0) {
        ssize_t wrote = pwrite(sorter->file, bytes, size, at);

        if (wrote < 0 && errno != EINTR) {
            return fail(sorter, errno);
        }
        if (wrote > 0) {
            bytes += wrote;
            size -= (size_t)wrote;
            at += wrote;
        }
    }
    return true;
}

static void sort_records(struct sorter *sorter) {
    if (sorter->count > 1) {
        qsort(sorter->records, sorter->count, sorter->record_bytes, sorter->order);
    }
}

/* What is in memory becomes a run of the file. */
static bool write_run(struct sorter *sorter) {
    off_t at = sorter->run_count > 0 ? sorter->ends[sorter->run_count - 1] : 0;
    size_t size = sorter->count * sorter->record_bytes;

    if (sorter->run_count == SORTER_RUNS_MAX) {
        snprintf(sorter->message, sizeof sorter->message, "there are more than %zu records to be sorted: divide the file",
                 SORTER_RUNS_MAX * sorter->capacity);
        return false;
    }
    if (sorter->file < 0) {
        sorter->file = open_unnamed();
        if (sorter->file < 0) {
            return fail(sorter, errno);
        }
    }
    sort_records(sorter);
    if (!write_all(sorter, sorter->records, size, at)) {
        return false;
    }
    memory_reserve((void **)&sorter->ends, &sorter->end_capacity, sorter->run_count + 1, sizeof *sorter->ends);
    sorter->ends[sorter->run_count++] = at + (off_t)size;
    sorter->count = 0;
    return true;
}

bool sorter_add(struct sorter *sorter, const void *record) {
    ENSURE(!sorter->reading);
    if (sorter_failed(sorter) || (sorter->count == sorter->capacity && !write_run(sorter))) {
        return false;
    }
    if (sorter->records == NULL) {
        sorter->records = memory_new(sorter->capacity, sorter->record_bytes); /* takes memory as it is filled */
    }
    memcpy(sorter->records + sorter->count++ * sorter->record_bytes, record, sorter->record_bytes);
    return true;
}

/* ---- Merging */

/* The next part of a run; false when the file failed. */
static bool fill(struct sorter *sorter, struct run *run) {
    off_t left = run->behind - run->at;
    size_t wanted = left < (off_t)sorter->block_bytes ? (size_t)left : sorter->block_bytes;

    run->next = run->filled = 0;
    while (run->filled < wanted) {
        ssize_t got = pread(sorter->file, run->block + run->filled, wanted - run->filled, run->at);

        if (got == 0 || (got < 0 && errno != EINTR)) {
            return fail(sorter, got < 0 ? errno : EIO);
        }
        if (got > 0) {
            run->filled += (size_t)got;
            run->at += got;
        }
    }
    return true;
}

static const char *first_of(const struct sorter *sorter, size_t in_heap) {
    const struct run *run = &sorter->runs[sorter->heap[in_heap]];

    return run->block + run->next;
}

static void sink(struct sorter *sorter, size_t at) {
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < sorter->heap_count; child++) {
            if (sorter->order(first_of(sorter, child), first_of(sorter, least)) < 0) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        size_t run = sorter->heap[at];

        sorter->heap[at] = sorter->heap[least];
        sorter->heap[least] = run;
        at = least;
    }
}

/* All runs share the memory in which they were made. */
static bool begin_merge(struct sorter *sorter) {
    if (sorter->count > 0 && !write_run(sorter)) {
        return false;
    }
    size_t share = sorter->capacity / sorter->run_count;

    free(sorter->records);
    sorter->records = NULL;
    sorter->block_bytes = (share > 0 ? share : 1) * sorter->record_bytes;
    sorter->blocks = memory_new(sorter->run_count, sorter->block_bytes);
    sorter->runs = memory_new(sorter->run_count, sizeof *sorter->runs);
    sorter->heap = memory_new(sorter->run_count, sizeof *sorter->heap);
    sorter->heap_count = sorter->run_count;
    for (size_t i = 0; i < sorter->run_count; i++) {
        sorter->runs[i] = (struct run){
            .at = i > 0 ? sorter->ends[i - 1] : 0, .behind = sorter->ends[i], .block = sorter->blocks + i * sorter->block_bytes};
        sorter->heap[i] = i;
        if (!fill(sorter, &sorter->runs[i])) {
            return false;
        }
    }
    for (size_t i = sorter->heap_count / 2; i-- > 0;) {
        sink(sorter, i);
    }
    return true;
}

bool sorter_begin(struct sorter *sorter) {
    sorter_end(sorter);
    if (sorter_failed(sorter)) {
        return false;
    }
    sorter->reading = true;
    sorter->moved = false;
    sorter->given = 0;
    if (sorter->run_count > 0) {
        return begin_merge(sorter);
    }
    sort_records(sorter);
    return true;
}

/* Leaves the record that was given out behind; false when the file failed. */
static bool advance(struct sorter *sorter) {
    struct run *run = &sorter->runs[sorter->heap[0]];

    run->next += sorter->record_bytes;
    if (run->next == run->filled) {
        if (run->at == run->behind) {
            sorter->heap[0] = sorter->heap[--sorter->heap_count];
        } else if (!fill(sorter, run)) {
            return false;
        }
    }
    sink(sorter, 0);
    return true;
}

const void *sorter_next(struct sorter *sorter) {
    ENSURE(sorter->reading);
    if (sorter_failed(sorter)) {
        return NULL;
    }
    if (sorter->run_count == 0) {
        return sorter->given < sorter->count ? sorter->records + sorter->given++ * sorter->record_bytes : NULL;
    }
    if (sorter->moved && sorter->heap_count > 0 && !advance(sorter)) {
        return NULL;
    }
    sorter->moved = true;
    return sorter->heap_count > 0 ? first_of(sorter, 0) : NULL;
}

void sorter_end(struct sorter *sorter) {
    free(sorter->runs);
    free(sorter->blocks);
    free(sorter->heap);
    sorter->runs = NULL;
    sorter->blocks = NULL;
    sorter->heap = NULL;
    sorter->heap_count = 0;
    sorter->reading = false;
}
