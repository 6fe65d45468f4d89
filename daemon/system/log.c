/* The log: builds each line whole in a buffer of its own and hands it to the kernel in one write. */
#include "daemon/system/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct log {
    int descriptor;
    enum log_level threshold;
    enum log_prefix prefix;
    _Atomic uint64_t lost;
};

/* The line under construction; `full` once something did not fit. Room is kept for the mark of a cut and the line's end. */
struct line {
    char bytes[LOG_LINE_MAX];
    size_t length;
    bool full;
};

#define LINE_TAIL 4 /* "...\n" */

struct log *log_create(int descriptor, enum log_level threshold, enum log_prefix prefix) {
    struct log *log = calloc(1, sizeof *log);

    if (!log)
        abort();
    log->descriptor = descriptor;
    log->threshold = threshold;
    log->prefix = prefix;
    atomic_init(&log->lost, 0);
    return log;
}

void log_destroy(struct log **log) {
    free(*log);
    *log = NULL;
}

enum log_prefix log_prefix_for(int descriptor) {
    return isatty(descriptor) ? LOG_PREFIX_NAME : LOG_PREFIX_NUMBER;
}

const char *log_level_name(enum log_level level) {
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    abort();
}

bool log_level_of(const char *name, enum log_level *level) {
    for (int candidate = LOG_LEVEL_ERROR; candidate <= LOG_LEVEL_DEBUG; candidate++) {
        if (strcmp(name, log_level_name((enum log_level)candidate)) == 0) {
            *level = (enum log_level)candidate;
            return true;
        }
    }
    return false;
}

void log_set_threshold(struct log *log, enum log_level threshold) {
    log->threshold = threshold;
}

bool log_would_write(const struct log *log, enum log_level level) {
    return level <= log->threshold;
}

/* All of `bytes` or none of them, so that a cut never leaves half an escape. */
static void put(struct line *line, const char *bytes, size_t length) {
    if (line->full)
        return;
    if (length > sizeof line->bytes - LINE_TAIL - line->length) {
        line->full = true;
        return;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
}

static void put_string(struct line *line, const char *string) {
    put(line, string, strlen(string));
}

/* Needs no quotes: printable ASCII without space, quote, backslash or equals sign. */
static bool is_plain(unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

/* Bytes that are not printable ASCII become \xHH: a value can neither end the line nor drive a terminal. */
static void put_quoted(struct line *line, struct text value) {
    char escape[5];

    put(line, "\"", 1);
    for (uint32_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.at[i];

        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};

            put(line, pair, sizeof pair);
        } else if (c < ' ' || c >= 0x7f) {
            int length = snprintf(escape, sizeof escape, "\\x%02x", c);

            put(line, escape, (size_t)length);
        } else {
            put(line, (const char *)&value.at[i], 1);
        }
    }
    put(line, "\"", 1);
}

static void put_value(struct line *line, struct text value) {
    uint32_t plain = 0;

    while (plain < value.length && is_plain((unsigned char)value.at[plain]))
        plain++;
    if (!value.at)
        put(line, "-", 1);
    else if (value.length > 0 && plain == value.length)
        put(line, value.at, value.length);
    else
        put_quoted(line, value);
}

static void put_field(struct line *line, const struct log_field *field) {
    char digits[24];

    if (field->kind == LOG_FIELD_NONE)
        return;
    put(line, " ", 1);
    put_string(line, field->key);
    put(line, "=", 1);
    switch (field->kind) {
    case LOG_FIELD_TEXT:
        put_value(line, field->text);
        break;
    case LOG_FIELD_SIGNED:
        snprintf(digits, sizeof digits, "%" PRId64, field->number);
        put_string(line, digits);
        break;
    case LOG_FIELD_UNSIGNED:
        snprintf(digits, sizeof digits, "%" PRIu64, field->natural);
        put_string(line, digits);
        break;
    case LOG_FIELD_NONE:
        break;
    }
}

static void begin_line(struct line *line, const struct log *log, enum log_level level, const char *message) {
    char number[4] = {'<', (char)('0' + (int)level), '>', '\0'};

    line->length = 0;
    line->full = false;
    if (log->prefix == LOG_PREFIX_NUMBER) {
        put_string(line, number);
    } else {
        put_string(line, log_level_name(level));
        put_string(line, ": ");
    }
    put_string(line, message);
}

/* False when the descriptor took nothing; a part that it took counts, as the rest could only make it worse. */
static bool end_line(struct line *line, const struct log *log) {
    ssize_t written;

    if (line->full) {
        memcpy(line->bytes + line->length, "...", 3);
        line->length += 3;
    }
    line->bytes[line->length++] = '\n';
    do {
        written = write(log->descriptor, line->bytes, line->length);
    } while (written < 0 && errno == EINTR);
    return written > 0;
}

static void tell_lost(struct log *log) {
    uint64_t lost = atomic_exchange(&log->lost, 0);
    struct log_field field = LOG_COUNT("lines", lost);
    struct line line;

    if (lost == 0)
        return;
    begin_line(&line, log, LOG_LEVEL_WARNING, "log lines lost");
    put_field(&line, &field);
    if (!end_line(&line, log))
        atomic_fetch_add(&log->lost, lost);
}

/* `held` above 0 closes the line with how often the message came since it was last written. */
static void write_line(struct log *log, enum log_level level, const char *message, const struct log_field *fields, size_t count,
                       uint64_t held) {
    struct log_field repeated = LOG_COUNT("repeated", held);
    struct line line;

    if (!log_would_write(log, level))
        return;
    begin_line(&line, log, level, message);
    /* Before the fields, so that a long value cannot cut it off. */
    if (held > 0)
        put_field(&line, &repeated);
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i]);
    if (end_line(&line, log))
        tell_lost(log);
    else
        atomic_fetch_add(&log->lost, 1);
}

void log_write(struct log *log, enum log_level level, const char *message, const struct log_field *fields, size_t count) {
    write_line(log, level, message, fields, count, 0);
}

bool log_complain(struct log *log, struct complaint *complaint, uint64_t now_ms, enum log_level level, const char *message,
                  const struct log_field *fields, size_t count) {
    bool is_new = complaint->interval_ms == 0 ||
                  (now_ms >= complaint->silent_until_ms && now_ms - complaint->silent_until_ms >= complaint->interval_ms);

    if (!is_new && now_ms < complaint->silent_until_ms) {
        complaint->held++;
        return false;
    }
    write_line(log, level, message, fields, count, complaint->held);
    complaint->held = 0;
    if (is_new)
        complaint->interval_ms = COMPLAINT_FIRST_INTERVAL_MS;
    else if (complaint->interval_ms < COMPLAINT_LAST_INTERVAL_MS / 2)
        complaint->interval_ms *= 2;
    else
        complaint->interval_ms = COMPLAINT_LAST_INTERVAL_MS;
    complaint->silent_until_ms = now_ms + complaint->interval_ms;
    return true;
}

void log_settle(struct log *log, struct complaint *complaint, const char *message) {
    if (complaint->interval_ms == 0)
        return;
    write_line(log, LOG_LEVEL_NOTICE, message, NULL, 0, complaint->held);
    *complaint = (struct complaint){0};
}

void log_warn_of_root(struct log *log) {
    if (geteuid() == 0)
        log_line(log, LOG_LEVEL_WARNING, "running as root, which it needs nowhere: its service has an account of its own");
}
