/* Dates as case systems write them: patterns of the map, an optional time of day behind, and what a cell looks like that fits none. */
#ifndef WAITLIST_IMPORT_DATES_H
#define WAITLIST_IMPORT_DATES_H

#include "daemon/core/calendar.h"

#define DATE_PATTERNS_MAX 8
#define DATE_PATTERN_SIZE 32

/* Patterns of yyyy, yy, mm, m, mon, dd, d and other characters that stand for themselves; `m` and `d` take one or two digits, `mon` an
 * English month's name or its first three letters. With each of them a time may follow: a blank or T, hh:mm, :ss, a fraction, AM or PM,
 * Z or an offset. */
struct date_patterns {
    size_t count;
    char at[DATE_PATTERNS_MAX][DATE_PATTERN_SIZE];
};

/* NULL when the pattern can be used; else why not. */
const char *date_pattern_fault(const char *pattern);

enum date_result {
    DATE_READ,
    DATE_AMBIGUOUS,   /* two of the patterns read two different days */
    DATE_MONTH_FIRST, /* fits no pattern, but would be a date if the month stood first, as in the USA, and none if the day did */
    DATE_OTHER        /* fits no pattern */
};

/* What a cell says. */
struct date_value {
    day_t day;
    size_t pattern; /* which one fitted */
    bool has_time, has_offset;
    int milliseconds;   /* of the day */
    int offset_minutes; /* east of Greenwich */
};

/* Reads a trimmed cell that is not empty. When the result is not DATE_READ, `message` says why, without the cell's text. */
enum date_result date_read(const struct date_patterns *patterns, struct text cell, struct date_value *value, char message[200]);

/* The instant of a date and time: a date without a time is the first instant of its day. `calendar` and the process's TZ are of one zone.
 * INSTANT_NONE when clocks went forward over that time. Of a time that was twice, the first. */
instant_t date_instant(const struct date_value *value, const struct calendar *calendar);

#endif
