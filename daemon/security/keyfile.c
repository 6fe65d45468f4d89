/* Reading, checking and making files of keys. */
#include "daemon/security/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define SECRET_WORD "waitlist-curve-secret-key"
#define PUBLIC_WORD "waitlist-curve-public-key"
#define SECRET_SENTENCE                                                                                                                    \
    "# SECRET key of a CURVE pair of waitlistd. Whoever can read it can act in its owner's name: keep it here, mode 0600, and never send " \
    "it to anybody."
#define PUBLIC_SENTENCE "# public key of a CURVE pair of waitlistd: may be given to anybody"
#define KEY_LENGTH (KEYFILE_KEY_SIZE - 1)
#define KEY_BYTES 32
#define BLANKS " \t\r"
/* RFC 32/Z85. zmq_z85_decode of 4.3.4 takes some characters outside it for others. */
#define Z85 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

bool keyfile_is_key(const char *text) {
    unsigned char bytes[KEY_BYTES];
    bool is_key = strlen(text) == KEY_LENGTH && strspn(text, Z85) == KEY_LENGTH && zmq_z85_decode(bytes, text) != NULL;

    explicit_bzero(bytes, sizeof bytes);
    return is_key;
}

void keyfile_forget(struct keyfile_pair *pair) {
    explicit_bzero(pair, sizeof *pair);
}

/* ---- The rule of who may read and write */

static bool is_guarded(const char *path, const struct stat *status, bool is_secret, char message[KEYFILE_MESSAGE_SIZE]) {
    const char *mode = status->st_uid == geteuid() ? "600" : "640";

    if (!S_ISREG(status->st_mode)) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s is not a regular file", path);
    } else if (!is_secret && (status->st_mode & S_IWOTH) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s can be written by everybody, who could put another key there: chmod o-w '%.300s'",
                 path, path);
    } else if (is_secret && status->st_uid != 0 && status->st_uid != geteuid()) {
        snprintf(message, KEYFILE_MESSAGE_SIZE,
                 "%.300s belongs to the user with the number %lu; a secret key belongs to root or to the user who runs this program "
                 "(number %lu): chown it, then chmod 600 '%.300s'",
                 path, (unsigned long)status->st_uid, (unsigned long)geteuid(), path);
    } else if (is_secret && (status->st_mode & (S_IROTH | S_IWOTH)) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s can be %s by others (mode %04o); a secret key must not be: chmod %s '%.300s'", path,
                 (status->st_mode & S_IROTH) != 0 ? "read" : "written", (unsigned)status->st_mode & 07777, mode, path);
    } else if (is_secret && (status->st_mode & S_IWGRP) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE,
                 "%.300s can be written by its group (mode %04o); a secret key must not be: chmod %s '%.300s'", path,
                 (unsigned)status->st_mode & 07777, mode, path);
    } else {
        return true;
    }
    return false;
}

/* How much was read, `size` - 1 at most; -1 with errno. */
static long read_all(int descriptor, char *text, size_t size) {
    size_t length = 0;

    while (length < size - 1) {
        ssize_t got = read(descriptor, text + length, size - 1 - length);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : (long)length;
        }
        length += (size_t)got;
    }
    return (long)length;
}

enum { ODD_NAME_MIN = 12, PLAIN_NAME_MIN = 32 };

/* Names of files are seldom long without a dot, and hardly ever hold what Z85 has beside letters and digits. */
static bool looks_secret(const char *name, size_t length) {
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.,+=~@ ";
    size_t odd = 0;

    for (size_t i = 0; i < length; i++) {
        odd += (unsigned char)name[i] < 0x80 && strchr(common, name[i]) == NULL;
    }
    return (odd > 0 && length >= ODD_NAME_MIN) || (length >= PLAIN_NAME_MIN && memchr(name, '.', length) == NULL);
}

const char *keyfile_shown(const char *path) {
    for (const char *name = path; *name != '\0';) {
        size_t length = strcspn(name, "/");

        if (looks_secret(name, length)) {
            return "(a path that looks like a secret itself)";
        }
        name += length + (name[length] == '/' ? 1 : 0);
    }
    return path;
}

long keyfile_read_text(const char *path, bool is_secret, char *text, size_t size, char message[KEYFILE_MESSAGE_SIZE]) {
    /* Without O_NONBLOCK a named pipe would hold the program for ever. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    long length = -1;

    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s: %s", keyfile_shown(path), strerror(errno));
    } else if (is_guarded(path, &status, is_secret, message)) {
        length = read_all(descriptor, text, size);
        if (length < 0) {
            snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s: %s", path, strerror(errno));
        } else if ((size_t)length == size - 1) {
            snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s is no key: it is too long", path);
            explicit_bzero(text, size);
            length = -1;
        }
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (length >= 0) {
        text[length] = '\0';
    }
    return length;
}

/* ---- What stands in a file */

/* The line without its end and the blanks before it, or NULL for a comment or a blank line. `*rest` goes on to the next. */
static char *next_line(char **rest) {
    char *line = strsep(rest, "\n");

    line += strspn(line, BLANKS);
    return *line == '\0' || *line == '#' ? NULL : line;
}

/* The only line with something in it is `word`, a key, and perhaps a comment. `*other` tells of a line with the word `unwanted`. */
static bool find_key(char *text, const char *word, const char *unwanted, char key[KEYFILE_KEY_SIZE], bool *other) {
    char *rest = text;
    unsigned lines = 0;
    bool found = false;

    *other = false;
    while (rest != NULL) {
        char *line = next_line(&rest);

        if (line == NULL) {
            continue;
        }
        const char *first = strsep(&line, BLANKS);
        char *value = line == NULL ? NULL : line + strspn(line, BLANKS);
        const char *second = value == NULL ? "" : strsep(&value, BLANKS);
        const char *third = value == NULL ? "" : value + strspn(value, BLANKS);

        lines++;
        *other = *other || strcmp(first, unwanted) == 0;
        found = strcmp(first, word) == 0 && keyfile_is_key(second) && (*third == '\0' || *third == '#');
        if (found) {
            memcpy(key, second, KEYFILE_KEY_SIZE);
        }
    }
    return found && lines == 1;
}

/* To tell somebody to guard a public key would help nobody who took it for the secret one. */
static bool is_public(const char *path) {
    char text[KEYFILE_BYTES_MAX + 1], key[KEYFILE_KEY_SIZE], message[KEYFILE_MESSAGE_SIZE];
    bool is_other;

    if (keyfile_read_text(path, false, text, sizeof text, message) < 0) {
        return false;
    }
    bool found = find_key(text, PUBLIC_WORD, SECRET_WORD, key, &is_other);

    explicit_bzero(text, sizeof text);
    return found;
}

static bool read_key(const char *path, bool is_secret, char key[KEYFILE_KEY_SIZE], char message[KEYFILE_MESSAGE_SIZE]) {
    char text[KEYFILE_BYTES_MAX + 1];
    bool is_other = false;

    if (is_secret && is_public(path)) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s holds a public key; the secret one of a pair is the file without .pub", path);
        return false;
    }
    long length = keyfile_read_text(path, is_secret, text, sizeof text, message);

    if (length < 0) {
        return false;
    }
    bool found = memchr(text, '\0', (size_t)length) == NULL &&
                 find_key(text, is_secret ? SECRET_WORD : PUBLIC_WORD, is_secret ? PUBLIC_WORD : SECRET_WORD, key, &is_other);

    explicit_bzero(text, sizeof text);
    if (!found && !is_secret && is_other) {
        snprintf(message, KEYFILE_MESSAGE_SIZE,
                 "%.300s holds a secret key, which must not be given away; the public one of a pair is the file with .pub", path);
    } else if (!found) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s is no %s key of 'waitlistctl keygen --curve'", path,
                 is_secret ? "secret" : "public");
    }
    return found;
}

bool keyfile_read_pair(const char *path, struct keyfile_pair *pair, char message[KEYFILE_MESSAGE_SIZE]) {
    if (!read_key(path, true, pair->secret_key, message)) {
        keyfile_forget(pair);
        return false;
    }
    if (zmq_curve_public(pair->public_key, pair->secret_key) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "the installed libzmq was built without CURVE");
        keyfile_forget(pair);
        return false;
    }
    return true;
}

bool keyfile_read_public(const char *path, char public_key[KEYFILE_KEY_SIZE], char message[KEYFILE_MESSAGE_SIZE]) {
    return read_key(path, false, public_key, message);
}

/* ---- Making */

static bool sync_folder_of(const char *path) {
    char copy[PATH_MAX];

    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
        errno = ENAMETOOLONG;
        return false;
    }
    int descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = descriptor >= 0 && fsync(descriptor) == 0;
    int error = errno;

    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    errno = error;
    return good;
}

bool keyfile_write_new(const char *path, const char *text, unsigned mode) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);

    if (descriptor < 0) {
        return false;
    }
    size_t length = strlen(text);
    ssize_t written = write(descriptor, text, length);

    if (written >= 0 && (size_t)written < length) {
        errno = ENOSPC; /* so short a text is cut by nothing else */
    }
    bool good = written == (ssize_t)length && fsync(descriptor) == 0;

    good = close(descriptor) == 0 && good && sync_folder_of(path);
    if (!good) {
        int error = errno;

        (void)unlink(path);
        errno = error;
    }
    return good;
}

bool keyfile_make(const char *path, char public_key[KEYFILE_KEY_SIZE], char message[KEYFILE_MESSAGE_SIZE]) {
    struct keyfile_pair pair;
    char public_path[PATH_MAX], secret_text[512], public_text[256];

    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= (int)sizeof public_path) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "the path is too long");
        return false;
    }
    if (zmq_curve_keypair(pair.public_key, pair.secret_key) != 0) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "the installed libzmq was built without CURVE");
        return false;
    }
    snprintf(secret_text, sizeof secret_text, SECRET_SENTENCE "\n" SECRET_WORD " %s\n", pair.secret_key);
    snprintf(public_text, sizeof public_text, PUBLIC_WORD " %s " PUBLIC_SENTENCE "\n", pair.public_key);
    memcpy(public_key, pair.public_key, KEYFILE_KEY_SIZE);
    bool has_secret = keyfile_write_new(path, secret_text, 0600);
    bool good = has_secret && keyfile_write_new(public_path, public_text, 0644);

    if (!good) {
        snprintf(message, KEYFILE_MESSAGE_SIZE, "%.300s: %s", keyfile_shown(has_secret ? public_path : path), strerror(errno));
        if (has_secret) {
            (void)unlink(path);
        }
    }
    explicit_bzero(secret_text, sizeof secret_text);
    keyfile_forget(&pair);
    return good;
}
