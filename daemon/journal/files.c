/* Files that are made whole or not at all. */
#include "daemon/journal/files.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)1 << 20)

char *files_path(const char *first, const char *second, const char *third, const char *fourth) {
    size_t size = strlen(first) + strlen(second) + strlen(third) + strlen(fourth) + 1;
    char *path = memory_new(size, 1);

    (void)snprintf(path, size, "%s%s%s%s", first, second, third, fourth);
    return path;
}

bool files_rename_new(const char *from, const char *to) {
    struct stat about;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* A file system without this: only our own process makes names here, and it has looked before. */
    if (lstat(to, &about) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

/* Writes all of it. */
static bool write_all(int descriptor, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool copy_bytes(int from, int to, uint64_t total, files_progress *progress, void *context) {
    char *chunk = memory_new(CHUNK_BYTES, 1);
    uint64_t done = 0;
    bool copied = true;
    ssize_t got = 0;

    while (copied && (got = read(from, chunk, CHUNK_BYTES)) > 0) {
        copied = write_all(to, chunk, (size_t)got);
        done += (uint64_t)got;
        if (copied && progress != NULL && !progress(context, done, total)) {
            errno = ECANCELED;
            copied = false;
        }
    }
    free(chunk);
    return copied && got == 0;
}

bool files_copy_new(const char *from, const char *to, mode_t mode, files_progress *progress, void *context) {
    struct stat about;
    int source = open(from, O_RDONLY | O_CLOEXEC), target, reason;
    bool copied;

    if (source < 0)
        return false;
    target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    copied = target >= 0 && fstat(source, &about) == 0 && copy_bytes(source, target, (uint64_t)about.st_size, progress, context) &&
             fsync(target) == 0;
    reason = errno;
    (void)close(source);
    if (target >= 0 && close(target) != 0 && copied) {
        copied = false;
        reason = errno;
    }
    if (!copied && target >= 0)
        (void)unlink(to);
    errno = reason;
    return copied;
}

bool files_sync_directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *directory = memory_new(strlen(path) + 2, 1);
    int descriptor;
    bool synced;

    memcpy(directory, slash == NULL ? "." : path, slash == NULL || slash == path ? 1 : (size_t)(slash - path));
    descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    synced = descriptor >= 0 && fsync(descriptor) == 0;
    synced = descriptor >= 0 && close(descriptor) == 0 && synced;
    free(directory);
    return synced;
}
