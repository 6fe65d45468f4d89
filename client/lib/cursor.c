/* A cursor in a file: one line "EPOCH SEQ", replaced as a whole, so that a crash or a power cut leaves the old one or the new one. */
#include "client/lib/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX (WAITLIST_EPOCH_BYTES + 24)

static bool is_epoch_character(char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '-' || character == '_';
}

static bool parse(const char *line, size_t size, struct waitlist_cursor *cursor) {
    size_t epoch = 0;
    size_t at;
    uint64_t seq = 0;

    while (epoch < size && is_epoch_character(line[epoch])) {
        epoch++;
    }
    if (epoch == 0 || epoch > WAITLIST_EPOCH_BYTES || epoch == size || line[epoch] != ' ') {
        return false;
    }
    for (at = epoch + 1; at < size && line[at] >= '0' && line[at] <= '9'; at++) {
        uint64_t digit = (uint64_t)(line[at] - '0');

        if (seq > (UINT64_MAX - digit) / 10) {
            return false;
        }
        seq = seq * 10 + digit;
    }
    if (at == epoch + 1 || at + 1 != size || line[at] != '\n') {
        return false;
    }
    memset(cursor, 0, sizeof *cursor);
    memcpy(cursor->epoch, line, epoch);
    cursor->seq = seq;
    return true;
}

enum waitlist_status waitlist_cursor_load(const char *path, struct waitlist_cursor *cursor) {
    char line[LINE_BYTES_MAX + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        return WAITLIST_SYSTEM;
    }
    ssize_t size = read(file, line, sizeof line);
    int reason = errno;

    (void)close(file);
    errno = reason;
    if (size < 0) {
        return WAITLIST_SYSTEM;
    }
    return parse(line, (size_t)size, cursor) ? WAITLIST_OK : WAITLIST_INVALID;
}

/* The whole text and on the disk; the descriptor is closed in any case. */
static bool write_durably(int file, const char *text, size_t size) {
    bool written = true;

    for (size_t done = 0; written && done < size;) {
        ssize_t now = write(file, text + done, size - done);

        written = now >= 0 || errno == EINTR;
        done += now > 0 ? (size_t)now : 0;
    }
    written = written && fsync(file) == 0;
    int reason = errno;

    if (close(file) != 0 && written) {
        return false;
    }
    errno = reason;
    return written;
}

/* A renamed file is there after a power cut only when its folder is on the disk too. */
static bool sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? client_copy(".", 1) : client_copy(path, slash == path ? 1 : (size_t)(slash - path));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    int reason = errno;

    if (file >= 0) {
        (void)close(file);
    }
    free(folder);
    errno = reason;
    return synced;
}

enum waitlist_status waitlist_cursor_save(const char *path, const struct waitlist_cursor *cursor) {
    char line[LINE_BYTES_MAX + 2];
    size_t path_size = strlen(path);
    struct waitlist_cursor readable;
    int size = snprintf(line, sizeof line, "%s %" PRIu64 "\n", cursor->epoch, cursor->seq);

    if (path_size == 0 || !parse(line, (size_t)size, &readable)) {
        return WAITLIST_INVALID;
    }
    char *next = client_new(path_size + sizeof ".next");

    snprintf(next, path_size + sizeof ".next", "%s.next", path);
    int file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool saved = file >= 0 && write_durably(file, line, (size_t)size) && rename(next, path) == 0 && sync_folder(path);
    int reason = errno;

    free(next);
    errno = reason;
    return saved ? WAITLIST_OK : WAITLIST_SYSTEM;
}
