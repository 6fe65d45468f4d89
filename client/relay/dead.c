/* One letter a line, appended and synced; what a crash left of a line is cut off by the next writer. A lock beside the file keeps the relay
 * and `waitlist-relay --retry-dead` from writing over each other. */
#include "client/relay/dead.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_lock(const char *path, int how) {
    char name[4096 + 16];

    snprintf(name, sizeof name, "%s.lock", path);
    int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    while (lock >= 0 && flock(lock, how) != 0) {
        if (errno != EINTR) {
            (void)close(lock);
            return -1;
        }
    }
    return lock;
}

/* Whole lines only; `*size` is where they end. NULL with errno, ENOENT included. */
static char *read_lines(const char *path, size_t *size) {
    FILE *file = fopen(path, "re");
    struct stat about;

    if (file == NULL) {
        return NULL;
    }
    size_t room = fstat(fileno(file), &about) == 0 ? (size_t)about.st_size : 0;
    char *text = memory_new(room + 1, 1);
    size_t got = fread(text, 1, room, file);

    (void)fclose(file);
    while (got > 0 && text[got - 1] != '\n') {
        got--;
    }
    text[got] = '\0';
    *size = got;
    return text;
}

static size_t count_lines(const char *text) {
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static bool write_all(int file, const char *text, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t now = write(file, text + done, size - done);

        if (now < 0 && errno != EINTR) {
            return false;
        }
        done += now > 0 ? (size_t)now : 0;
    }
    return fsync(file) == 0;
}

static char *line_of(const struct message *message, const char *reason, const char *at) {
    json_t *letter =
        json_pack("{s:s, s:s, s:s, s:o}", "id", message->id, "at", at, "reason", reason, "event", json_loads(message->text, 0, NULL));
    char *text = json_dumps(letter, JSON_COMPACT);

    ENSURE(text != NULL);
    json_decref(letter);
    return text;
}

static enum dead_status append(const char *path, size_t keep, const char *line) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    bool written = file >= 0 && ftruncate(file, (off_t)keep) == 0 && lseek(file, 0, SEEK_END) >= 0 && write_all(file, line, strlen(line));
    int reason = errno;

    if (!written && file >= 0) {
        (void)!ftruncate(file, (off_t)keep);
    }
    if (file >= 0) {
        (void)close(file);
    }
    errno = reason;
    return written ? DEAD_OK : DEAD_FAILED;
}

enum dead_status dead_add(const char *path, size_t letters_max, const struct message *message, const char *reason, const char *at) {
    int lock = take_lock(path, LOCK_EX);
    size_t size = 0;

    if (lock < 0) {
        return DEAD_FAILED;
    }
    char *lines = read_lines(path, &size);
    bool is_readable = lines != NULL || errno == ENOENT;
    char *letter = line_of(message, reason, at);
    size_t length = strlen(letter);
    enum dead_status status = DEAD_FULL;

    if (!is_readable) {
        status = DEAD_FAILED;
    } else if ((lines == NULL ? 0 : count_lines(lines)) < letters_max && size + length < DEAD_BYTES_MAX) {
        char *line = memory_new(length + 2, 1);

        snprintf(line, length + 2, "%s\n", letter);
        status = append(path, size, line);
        free(line);
    }
    free(letter);
    free(lines);
    (void)close(lock);
    return status;
}

static json_t *parse(const char *text) {
    json_t *letters = json_array();

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        json_t *letter = json_loadb(text, length, 0, NULL);

        if (letter != NULL) {
            ENSURE(json_array_append_new(letters, letter) == 0);
        }
        text += length + 1;
    }
    return letters;
}

static json_t *list_locked(const char *path) {
    size_t size = 0;
    char *lines = read_lines(path, &size);

    if (lines == NULL) {
        return errno == ENOENT ? json_array() : NULL;
    }
    json_t *letters = parse(lines);

    free(lines);
    return letters;
}

json_t *dead_list(const char *path) {
    int lock = take_lock(path, LOCK_SH);
    json_t *letters = lock >= 0 ? list_locked(path) : NULL;

    if (lock >= 0) {
        (void)close(lock);
    }
    return letters;
}

static enum dead_status write_anew(const char *path, const json_t *letters, const char *without) {
    char next[4096 + 16];
    const json_t *letter;
    size_t i;

    snprintf(next, sizeof next, "%s.next", path);
    FILE *file = fopen(next, "we");
    bool written = file != NULL;

    json_array_foreach(letters, i, letter) {
        const char *id = json_string_value(json_object_get(letter, "id"));

        if (written && (id == NULL || strcmp(id, without) != 0)) {
            written = json_dumpf(letter, file, JSON_COMPACT) == 0 && fputc('\n', file) != EOF;
        }
    }
    written = written && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (file != NULL) {
        written = fclose(file) == 0 && written;
    }
    return written && rename(next, path) == 0 ? DEAD_OK : DEAD_FAILED;
}

enum dead_status dead_remove(const char *path, const char *id) {
    int lock = take_lock(path, LOCK_EX);
    json_t *letters = lock >= 0 ? list_locked(path) : NULL;
    enum dead_status status = letters != NULL ? write_anew(path, letters, id) : DEAD_FAILED;

    json_decref(letters);
    if (lock >= 0) {
        (void)close(lock);
    }
    return status;
}
