/* Writing a pack: beside its name first, synced, then renamed, so that the name never stands for half of it. And reading one. */
#include "client/evidence/files.h"

#include "daemon/core/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_BYTES_MAX ((size_t)1 << 20) /* between two looks for a signal */

struct writing {
    const char *path;   /* where it is to be */
    char *folder;       /* that it lies in */
    char *unfinished;   /* the name until then */
    const char *reason; /* of a failure that errno does not tell */
    bool is_open;
};

static void block_signals(sigset_t *before) {
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    ENSURE(sigprocmask(SIG_BLOCK, &signals, before) == 0);
}

static bool is_interrupted(struct writing *writing) {
    sigset_t pending;

    sigemptyset(&pending);
    (void)sigpending(&pending);
    bool is = sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1;

    if (is) {
        writing->reason = "it was interrupted";
    }
    return is;
}

static bool write_all(struct writing *writing, int descriptor, const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < WRITE_BYTES_MAX ? size - done : WRITE_BYTES_MAX;
        ssize_t written = is_interrupted(writing) ? -1 : write(descriptor, bytes + done, piece);

        if (written < 0) {
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

/* A file that did not exist, whole and synced; what was begun of it stays for clear_away. */
static bool write_file(struct writing *writing, int folder, const char *name, const char *bytes, size_t size) {
    int descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, writing->is_open ? 0644 : 0600);
    bool good = descriptor >= 0 && fchmod(descriptor, writing->is_open ? 0644 : 0600) == 0 && /* whatever the umask */
                write_all(writing, descriptor, bytes, size) && fsync(descriptor) == 0;
    int error = errno;

    if (descriptor >= 0 && close(descriptor) != 0 && good) {
        return false;
    }
    errno = error;
    return good;
}

static bool sync_folder(const char *path) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = descriptor >= 0 && fsync(descriptor) == 0;

    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return good;
}

static bool finish(struct writing *writing) {
    if (is_interrupted(writing)) {
        return false;
    }
    if (renameat2(AT_FDCWD, writing->unfinished, AT_FDCWD, writing->path, RENAME_NOREPLACE) != 0) {
        return false;
    }
    if (!sync_folder(writing->folder)) {
        writing->reason = "it is there, but its folder could not be synced: after a power cut it may be gone";
        return false;
    }
    return true;
}

static bool store_one(struct writing *writing, const char *bytes, size_t size) {
    int descriptor = mkostemp(writing->unfinished, O_CLOEXEC);
    bool good = descriptor >= 0 && fchmod(descriptor, writing->is_open ? 0644 : 0600) == 0 && write_all(writing, descriptor, bytes, size) &&
                fsync(descriptor) == 0;
    int error = errno;

    if (descriptor >= 0) {
        good = close(descriptor) == 0 && good;
    }
    errno = error;
    good = good && finish(writing);
    error = errno;
    if (!good && descriptor >= 0) {
        (void)unlink(writing->unfinished);
    }
    errno = error;
    return good;
}

static bool store_zip(struct writing *writing, const struct evidence_files *files) {
    struct evidence_text zip = {NULL, 0, 0};

    evidence_zip(files, &zip);
    bool good = store_one(writing, zip.at, zip.length);
    int error = errno;

    evidence_text_free(&zip);
    errno = error;
    return good;
}

static void clear_away(const struct writing *writing, int folder, const struct evidence_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        (void)unlinkat(folder, files->at[i].name, 0);
    }
    (void)rmdir(writing->unfinished);
}

static bool store_directory(struct writing *writing, const struct evidence_files *files) {
    if (mkdtemp(writing->unfinished) == NULL) {
        return false;
    }
    int folder = open(writing->unfinished, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = folder >= 0 && fchmod(folder, writing->is_open ? 0755 : 0700) == 0;

    for (size_t i = 0; good && i < files->count; i++) {
        good = write_file(writing, folder, files->at[i].name, files->at[i].bytes, files->at[i].size);
    }
    good = good && fsync(folder) == 0 && finish(writing);
    int error = errno;

    if (!good && folder >= 0) {
        clear_away(writing, folder, files);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    errno = error;
    return good;
}

/* What is stored: one file as it is, or all of them as a zip file or a directory. */
static bool store(const struct evidence_files *files, const struct evidence_file *one, const char *path, bool is_open,
                  char message[EVIDENCE_MESSAGE_SIZE]) {
    struct writing writing = {.path = path, .is_open = is_open};
    char *copy = strdup(path), *name_copy = strdup(path);
    struct stat status;
    sigset_t before;
    size_t length = strlen(path);
    bool is_zip = length > 4 && strcmp(path + length - 4, ".zip") == 0;

    ENSURE(copy != NULL && name_copy != NULL);
    writing.folder = dirname(copy);
    ENSURE(asprintf(&writing.unfinished, "%s/.%s.XXXXXX", writing.folder, basename(name_copy)) > 0);
    block_signals(&before);
    errno = EEXIST;
    bool good = lstat(path, &status) != 0 && (one != NULL ? store_one(&writing, one->bytes, one->size)
                                              : is_zip    ? store_zip(&writing, files)
                                                          : store_directory(&writing, files));

    if (!good) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.300s: %s", path,
                 writing.reason != NULL ? writing.reason
                 : errno == EEXIST      ? "it exists already, and is never changed: choose another name"
                                        : strerror(errno));
    }
    ENSURE(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    free(writing.unfinished);
    free(copy);
    free(name_copy);
    return good;
}

bool evidence_store(const struct evidence_files *files, const char *path, bool is_open, char message[EVIDENCE_MESSAGE_SIZE]) {
    return store(files, NULL, path, is_open, message);
}

bool evidence_store_file(const struct evidence_file *file, const char *path, char message[EVIDENCE_MESSAGE_SIZE]) {
    return store(NULL, file, path, false, message);
}

/* ---- Reading */

static bool load_file(int folder, const char *name, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct stat status;
    size_t done = 0;
    ssize_t got = 1;

    if (descriptor < 0 || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || (size_t)status.st_size > EVIDENCE_FILE_BYTES_MAX) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s: is no file of a pack", name);
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
        return false;
    }
    size_t size = (size_t)status.st_size;
    char *bytes = memory_new(size + 1, 1);

    while (done < size && got > 0) {
        got = read(descriptor, bytes + done, size - done);
        done += got > 0 ? (size_t)got : 0;
    }
    (void)close(descriptor);
    bool good = done == size && evidence_files_add(files, name, &bytes, size);

    if (!good) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s: %s", name, done == size ? "there are too many files" : "cannot be read");
    }
    free(bytes);
    return good;
}

static bool load_directory(const char *path, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool good = folder != NULL;

    if (!good) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.300s: %s", path, strerror(errno));
        return false;
    }
    while (good && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            good = load_file(dirfd(folder), entry->d_name, files, message);
        }
    }
    (void)closedir(folder);
    return good;
}

bool evidence_load(const char *path, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct stat status;

    if (stat(path, &status) != 0) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.300s: %s", path, strerror(errno));
        return false;
    }
    return S_ISDIR(status.st_mode) ? load_directory(path, files, message) : evidence_unzip(path, files, message);
}
