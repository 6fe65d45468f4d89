/* The log: one line a message, `<N>` level first for the journal, then key=value; nothing that a value says can break the line. */
#ifndef WAITLIST_SYSTEM_LOG_H
#define WAITLIST_SYSTEM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/text.h"

/* The numbers are those of syslog(3), which journald reads from the `<N>` prefix. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

enum log_prefix {
    LOG_PREFIX_NUMBER, /* "<4>": for the journal */
    LOG_PREFIX_NAME,   /* "warning: ": for a person at a terminal */
};

/* A line is cut at this length, with "..." to show it. */
#define LOG_LINE_MAX 2048

enum log_field_kind { LOG_FIELD_NONE, LOG_FIELD_TEXT, LOG_FIELD_SIGNED, LOG_FIELD_UNSIGNED };

/* Make fields with the macros below; a text is borrowed for the call. */
struct log_field {
    const char *key; /* [a-z_]+ */
    enum log_field_kind kind;
    struct text text;
    int64_t number;
    uint64_t natural;
};

#define LOG_STRING(name, value) ((struct log_field){.key = (name), .kind = LOG_FIELD_TEXT, .text = text_of(value)})
#define LOG_TEXT(name, value) ((struct log_field){.key = (name), .kind = LOG_FIELD_TEXT, .text = (value)})
#define LOG_NUMBER(name, value) ((struct log_field){.key = (name), .kind = LOG_FIELD_SIGNED, .number = (int64_t)(value)})
#define LOG_COUNT(name, value) ((struct log_field){.key = (name), .kind = LOG_FIELD_UNSIGNED, .natural = (uint64_t)(value)})

struct log;

/* `descriptor` is borrowed and stays open. Lines above `threshold` are not written. Never NULL (out of memory aborts). */
struct log *log_create(int descriptor, enum log_level threshold, enum log_prefix prefix);
void log_destroy(struct log **log);

/* Names for a terminal, numbers for everything else. */
enum log_prefix log_prefix_for(int descriptor);

/* "error", "warning", "notice", "info", "debug"; false and `*level` untouched for any other name. */
bool log_level_of(const char *name, enum log_level *level);
const char *log_level_name(enum log_level level);

void log_set_threshold(struct log *log, enum log_level threshold);
bool log_would_write(const struct log *log, enum log_level level);

/* One line, one write(2): `<4>message key=value key="with spaces"`. `message` is a fixed sentence of ours, fields carry what varies.
 * Safe from several threads as long as nobody changes the threshold meanwhile.
 * A line that the descriptor does not take is dropped and counted; the next line that goes through is followed by "log lines lost". */
void log_write(struct log *log, enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* log_line(log, LOG_LEVEL_NOTICE, "configuration reloaded", LOG_STRING("path", path)); with any number of fields, or none. */
#define LOG_FIELDS(...) ((const struct log_field[]){{.kind = LOG_FIELD_NONE}, ##__VA_ARGS__})
#define log_line(log, level, message, ...)                                                                                                 \
    log_write((log), (level), (message), LOG_FIELDS(__VA_ARGS__), sizeof(LOG_FIELDS(__VA_ARGS__)) / sizeof(struct log_field))

/* A complaint that may come thousands of times a second, told at once and then at doubling intervals (1 s to 1 h), each time with how
 * often it came since. Starts as {0}; one a cause, kept by whoever complains; one thread. */
struct complaint {
    uint64_t silent_until_ms;
    uint64_t interval_ms; /* 0: never told, or settled */
    uint64_t held;        /* came since the last line */
};

#define COMPLAINT_FIRST_INTERVAL_MS 1000u
#define COMPLAINT_LAST_INTERVAL_MS 3600000u

/* `now_ms` is a monotonic clock's. After a silence of one whole interval the next complaint counts as new.
 * Returns whether a line was due. */
bool log_complain(struct log *log, struct complaint *complaint, uint64_t now_ms, enum log_level level, const char *message,
                  const struct log_field *fields, size_t count);
#define log_complaint(log, complaint, now_ms, level, message, ...)                                                                         \
    log_complain((log), (complaint), (now_ms), (level), (message), LOG_FIELDS(__VA_ARGS__),                                                \
                 sizeof(LOG_FIELDS(__VA_ARGS__)) / sizeof(struct log_field))

/* The cause is gone: one line at notice level with how often it came since the last one; nothing when it was never told. */
void log_settle(struct log *log, struct complaint *complaint, const char *message);

/* Said once at the start: none of the programs needs root, and their services have accounts of their own. Nothing where it is not so. */
void log_warn_of_root(struct log *log);

#endif
