/* The folder of a fuzz target, its files, and taking an input into pieces. */
#include "tests/fuzz/place.h"

#include "daemon/core/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS = 4 };

/* libconfig 1.5 loses the buffer of a string that is not ended when a file breaks off in it: 64 bytes, at a reload that is refused. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libconfig.so";
}

static char folder[PLACE_PATH_SIZE / 2];

static void remove_all(const char *name, bool itself) {
    DIR *files = opendir(name);
    const struct dirent *entry;
    ENSURE(files != NULL);
    while ((entry = readdir(files)) != NULL) {
        char path[PLACE_PATH_SIZE * 2];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
        if (entry->d_type == DT_DIR)
            remove_all(path, true);
        else
            (void)unlink(path);
    }
    closedir(files);
    if (itself)
        (void)rmdir(name);
}

static void remove_place(void) {
    remove_all(folder, true);
}

const char *place_folder(void) {
    if (folder[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/waitlist-fuzz-XXXXXX", parent != NULL ? parent : "/dev/shm");
        ENSURE(mkdtemp(folder) != NULL);
        ENSURE(atexit(remove_place) == 0);
    }
    return folder;
}

const char *place_path(const char *name) {
    static char paths[PATHS][PLACE_PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    ENSURE(snprintf(path, PLACE_PATH_SIZE, "%s/%s", place_folder(), name) < PLACE_PATH_SIZE);
    return path;
}

const char *place_write(const char *name, const void *bytes, size_t size) {
    const char *path = place_path(name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ENSURE(file >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(file, (const char *)bytes + done, size - done);
        ENSURE(wrote > 0);
        done += (size_t)wrote;
    }
    ENSURE(close(file) == 0);
    return path;
}

unsigned char *place_read(const char *path, size_t *size) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(file >= 0 && fstat(file, &status) == 0);
    *size = (size_t)status.st_size;
    unsigned char *bytes = memory_new(*size + 1, 1);
    for (size_t done = 0; done < *size;) {
        ssize_t got = read(file, bytes + done, *size - done);
        ENSURE(got > 0);
        done += (size_t)got;
    }
    ENSURE(close(file) == 0);
    return bytes;
}

void place_clear(void) {
    remove_all(place_folder(), false);
}

bool place_piece(const unsigned char **at, const unsigned char *end, unsigned char separator, struct piece *piece) {
    if (*at == NULL)
        return false;
    const unsigned char *stop = *at == end ? NULL : memchr(*at, separator, (size_t)(end - *at));
    *piece = (struct piece){*at, (size_t)((stop != NULL ? stop : end) - *at)};
    *at = stop != NULL ? stop + 1 : NULL;
    return true;
}
