/* A look at a configuration file before libconfig reads it. */
#include "daemon/config/source.h"

#include "daemon/config/complain.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, INCLUDE_DEPTH_MAX = 10 /* libconfig's */ };

struct scan {
    const char *path;
    const char *folder;
    const char *at;
    unsigned int line;
    int depth;
    config_report *report;
    void *context;
    struct source_findings *findings;
};

static void scan_file(const char *path, const char *folder, int depth, const struct scan *includer, struct scan *scan);

/* The whole file and a NUL; NULL with the reason. The caller frees. */
static char *read_whole(const char *path, const char **reason) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (file < 0) {
        *reason = strerror(errno);
        return NULL;
    }
    struct stat status;
    char *text = NULL;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        *reason = "it is not a file";
    } else if (status.st_size > FILE_BYTES_MAX) {
        *reason = "it is over 1 MiB";
    } else {
        size_t length = 0, size = (size_t)status.st_size;
        text = memory_new(size + 1, 1);
        for (ssize_t got = 1; got > 0 && length < size; length += (size_t)(got > 0 ? got : 0))
            got = read(file, text + length, size - length);
        if (length < size || memchr(text, '\0', length)) {
            *reason = "it is cut short or holds a NUL byte";
            free(text);
            text = NULL;
        }
    }
    close(file);
    return text;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*' || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Moves over one character and counts lines. */
static void step(struct scan *scan) {
    if (*scan->at == '\n')
        scan->line++;
    scan->at++;
}

static void skip_line(struct scan *scan) {
    while (*scan->at && *scan->at != '\n')
        step(scan);
}

static void skip_block_comment(struct scan *scan) {
    scan->at += 2;
    while (*scan->at && strncmp(scan->at, "*/", 2) != 0)
        step(scan);
    if (*scan->at)
        scan->at += 2;
}

static void skip_string(struct scan *scan) {
    step(scan);
    while (*scan->at && *scan->at != '"') {
        if (*scan->at == '\\' && scan->at[1])
            step(scan);
        step(scan);
    }
    if (*scan->at)
        step(scan);
}

static void scan_number(struct scan *scan) {
    char *end;
    bool hexadecimal = scan->at[0] == '0' && (scan->at[1] == 'x' || scan->at[1] == 'X');
    errno = 0;
    long long value = strtoll(scan->at, &end, hexadecimal ? 16 : 10);
    bool is_float = !hexadecimal && (*end == '.' || *end == 'e' || *end == 'E');
    if (!is_float && *end != 'L' && (errno == ERANGE || value > INT32_MAX || value < INT32_MIN)) {
        scan->findings->errors++;
        config_complain(scan->report, scan->context, scan->path, scan->line,
                        "the number %.*s is too large: no setting takes one over 2147483647", (int)(end - scan->at), scan->at);
    }
    scan->at = end;
    while (is_digit(*scan->at) || is_letter(*scan->at) || *scan->at == '.')
        scan->at++;
}

static void scan_include(struct scan *scan) {
    const char *start = scan->at + strlen("@include");
    start += strspn(start, " \t");
    if (*start == '"') {
        size_t length = strcspn(++start, "\"\n");
        char *path = config_text_format("%s/%.*s", scan->folder, (int)length, start);
        struct scan inner;
        scan_file(path, scan->folder, scan->depth + 1, scan, &inner);
        free(path);
    }
    skip_line(scan);
}

static void scan_text(struct scan *scan) {
    bool line_is_blank = true; /* so far: an include stands alone on its line */
    while (*scan->at) {
        char c = *scan->at;
        if (c == '#' || strncmp(scan->at, "//", 2) == 0)
            skip_line(scan);
        else if (strncmp(scan->at, "/*", 2) == 0)
            skip_block_comment(scan);
        else if (c == '"')
            skip_string(scan);
        else if (line_is_blank && strncmp(scan->at, "@include", 8) == 0)
            scan_include(scan);
        else if (is_letter(c))
            scan->at += strspn(scan->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-*");
        else if (is_digit(c) || ((c == '-' || c == '+') && is_digit(scan->at[1])))
            scan_number(scan);
        else
            step(scan);
        line_is_blank = c == '\n' || (line_is_blank && (c == ' ' || c == '\t'));
    }
}

static void scan_file(const char *path, const char *folder, int depth, const struct scan *includer, struct scan *scan) {
    *scan = *includer;
    scan->path = path;
    scan->folder = folder;
    scan->depth = depth;
    scan->line = 1;
    const char *reason = "files include each other more than 10 deep";
    char *text = depth <= INCLUDE_DEPTH_MAX ? read_whole(path, &reason) : NULL;
    if (!text) {
        scan->findings->errors++;
        scan->findings->unreadable = true;
        if (depth > 0)
            config_complain(scan->report, scan->context, includer->path, includer->line,
                            "cannot include %s: %s; included files are named relative to the folder of the main file", path, reason);
        else
            config_complain(scan->report, scan->context, path, 0, "cannot read the configuration: %s", reason);
        return;
    }
    scan->at = text;
    scan_text(scan);
    free(text);
}

struct source_findings config_source_check(const char *path, const char *folder, config_report *report, void *context) {
    struct source_findings findings = {0, false};
    struct scan start = {.report = report, .context = context, .findings = &findings}, scan;
    scan_file(path, folder, 0, &start, &scan);
    return findings;
}

char *config_source_name(const char *file, const char *path, const char *folder) {
    /* libconfig keeps an included file's name as it is written after @include. */
    bool included = file && strcmp(file, path) != 0;
    return included ? config_text_format("%s/%s", folder, file) : config_text_copy(path);
}
