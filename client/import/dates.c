/* Reading dates by patterns, and guessing at those that fit none so that the complaint helps. */
#include "client/import/dates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HOUR_MS = 3600000, MINUTE_MS = 60000, DAY_MS = 86400000, MESSAGE_SIZE = 200 };

static const char *const months[12] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};

enum part { PART_YEAR, PART_SHORT_YEAR, PART_MONTH, PART_SHORT_MONTH, PART_MONTH_NAME, PART_DATE, PART_SHORT_DATE, PART_LITERAL };

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* The part that the pattern begins with, and how many characters it takes. */
static enum part next_part(const char *pattern, size_t *size) {
    static const struct {
        const char *letters;
        enum part part;
    } parts[] = {{"yyyy", PART_YEAR},     {"yy", PART_SHORT_YEAR}, {"mon", PART_MONTH_NAME}, {"mm", PART_MONTH},
                 {"m", PART_SHORT_MONTH}, {"dd", PART_DATE},       {"d", PART_SHORT_DATE}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *size = strlen(parts[i].letters);
        if (strncasecmp(pattern, parts[i].letters, *size) == 0) {
            return parts[i].part;
        }
    }
    *size = 1;
    return PART_LITERAL;
}

const char *date_pattern_fault(const char *pattern) {
    unsigned seen[3] = {0};
    size_t size;

    if (strlen(pattern) >= DATE_PATTERN_SIZE) {
        return "a date format has at most 31 characters";
    }
    for (const char *at = pattern; *at != '\0'; at += size) {
        enum part part = next_part(at, &size);

        if (part == PART_LITERAL && strchr("/-. ", *at) == NULL) {
            return "a date format is made of yyyy or yy, mm, m or mon, dd or d, and / - . or blanks, as \"dd/mm/yyyy\"; "
                   "a time of day behind it is always understood";
        }
        seen[0] += part == PART_YEAR || part == PART_SHORT_YEAR;
        seen[1] += part == PART_MONTH || part == PART_SHORT_MONTH || part == PART_MONTH_NAME;
        seen[2] += part == PART_DATE || part == PART_SHORT_DATE;
    }
    return seen[0] == 1 && seen[1] == 1 && seen[2] == 1 ? NULL : "a date format has a year, a month and a day, each once";
}

/* ---- Reading */

struct cursor {
    const char *at, *end;
};

/* Between `least` and `most` digits; false when there are fewer, or one more behind. */
static bool take_number(struct cursor *cursor, int least, int most, int *number) {
    int digits = 0;

    *number = 0;
    while (cursor->at < cursor->end && digits < most && is_digit(*cursor->at)) {
        *number = *number * 10 + (*cursor->at++ - '0');
        digits++;
    }
    return digits >= least && (cursor->at == cursor->end || !is_digit(*cursor->at) || least == most);
}

static bool take_month_name(struct cursor *cursor, int *month) {
    size_t left = (size_t)(cursor->end - cursor->at);

    for (int i = 0; i < 12; i++) {
        size_t size = strlen(months[i]);

        size = left >= size && strncasecmp(cursor->at, months[i], size) == 0 ? size : 3;
        if (left >= size && strncasecmp(cursor->at, months[i], size) == 0) {
            cursor->at += size;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_date(struct cursor *cursor, const char *pattern, day_t *day) {
    int year = 0, month = 0, date = 0;
    size_t size;
    bool good = true;

    for (; good && *pattern != '\0'; pattern += size) {
        switch (next_part(pattern, &size)) {
        case PART_YEAR:
            good = take_number(cursor, 4, 4, &year);
            break;
        case PART_SHORT_YEAR:
            good = take_number(cursor, 2, 2, &year);
            year += year < 69 ? 2000 : 1900; /* as POSIX's %y */
            break;
        case PART_MONTH:
            good = take_number(cursor, 2, 2, &month);
            break;
        case PART_SHORT_MONTH:
            good = take_number(cursor, 1, 2, &month);
            break;
        case PART_MONTH_NAME:
            good = take_month_name(cursor, &month);
            break;
        case PART_DATE:
            good = take_number(cursor, 2, 2, &date);
            break;
        case PART_SHORT_DATE:
            good = take_number(cursor, 1, 2, &date);
            break;
        default:
            good = cursor->at < cursor->end && *cursor->at++ == *pattern;
        }
    }
    char iso[DATE_SIZE + 24];

    snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, date);
    return good && date_parse(text_of(iso), day);
}

static bool take_if(struct cursor *cursor, const char *one_of) {
    if (cursor->at < cursor->end && strchr(one_of, *cursor->at) != NULL) {
        cursor->at++;
        return true;
    }
    return false;
}

/* AM or PM turn 1 to 12 into 0 to 23. */
static bool take_half(struct cursor *cursor, int *hour) {
    struct cursor ahead = *cursor;

    (void)take_if(&ahead, " ");
    if (ahead.end - ahead.at < 2 || strchr("aApP", ahead.at[0]) == NULL || strchr("mM", ahead.at[1]) == NULL) {
        return true;
    }
    bool afternoon = ahead.at[0] == 'p' || ahead.at[0] == 'P';

    if (*hour < 1 || *hour > 12) {
        return false;
    }
    *hour = *hour % 12 + (afternoon ? 12 : 0);
    cursor->at = ahead.at + 2;
    return true;
}

static bool take_offset(struct cursor *cursor, struct date_value *value) {
    int hours, minutes;

    (void)take_if(cursor, " ");
    if (cursor->at == cursor->end) {
        return false;
    }
    value->has_offset = true;
    if (take_if(cursor, "zZ")) {
        return true;
    }
    bool west = *cursor->at == '-';

    if (!take_if(cursor, "+-") || !take_number(cursor, 2, 2, &hours)) {
        return false;
    }
    (void)take_if(cursor, ":");
    if (!take_number(cursor, 2, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    value->offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

static int take_fraction(struct cursor *cursor) {
    int milliseconds = 0, unit = 100;

    while (cursor->at < cursor->end && is_digit(*cursor->at)) {
        milliseconds += (*cursor->at++ - '0') * unit;
        unit /= 10;
    }
    return milliseconds;
}

/* What follows the date: nothing, or a time up to the end. */
static bool take_time(struct cursor *cursor, struct date_value *value) {
    int hour, minute, second = 0, fraction = 0;

    if (cursor->at == cursor->end) {
        return true;
    }
    if (!take_if(cursor, " Tt") || !take_number(cursor, 1, 2, &hour) || !take_if(cursor, ":") || !take_number(cursor, 2, 2, &minute)) {
        return false;
    }
    if (take_if(cursor, ":") && !take_number(cursor, 2, 2, &second)) {
        return false;
    }
    if (take_if(cursor, ".,")) {
        fraction = take_fraction(cursor);
    }
    if (!take_half(cursor, &hour) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    if (cursor->at < cursor->end && (!take_offset(cursor, value) || cursor->at < cursor->end)) {
        return false;
    }
    value->has_time = true;
    value->milliseconds = hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + fraction;
    return true;
}

static bool fits(const char *pattern, struct text cell, struct date_value *value) {
    struct cursor cursor = {cell.at, cell.at + cell.length};

    *value = (struct date_value){0};
    return take_date(&cursor, pattern, &value->day) && take_time(&cursor, value);
}

/* ---- What a cell looks like that fits no pattern */

__attribute__((format(printf, 3, 4))) static enum date_result say(char message[MESSAGE_SIZE], enum date_result result, const char *format,
                                                                  ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    return result;
}

static enum date_result guess(struct text cell, char message[MESSAGE_SIZE]) {
    static const char *const others[] = {"yyyy-mm-dd", "d.m.yyyy", "d mon yyyy", "d-mon-yyyy", "d-mon-yy", "yyyy/mm/dd", "yyyymmdd"};
    struct date_value value;
    bool day_first = fits("d/m/yyyy", cell, &value) || fits("d-m-yyyy", cell, &value);
    bool month_first = fits("m/d/yyyy", cell, &value) || fits("m-d-yyyy", cell, &value);

    if (day_first && month_first) {
        return say(message, DATE_OTHER, "the day or the month may stand first here: the map must say which, in `formats`");
    }
    if (month_first) {
        return say(message, DATE_MONTH_FIRST,
                   "no such date with the day first; with the month first, as in the USA, it is one: the map does not list that format");
    }
    if (day_first) {
        return say(message, DATE_OTHER, "written with the day first (dd/mm/yyyy), a format that the map does not list");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (fits(others[i], cell, &value)) {
            return say(message, DATE_OTHER, "written as %s, a format that the map does not list", others[i]);
        }
    }
    bool digits = cell.length >= 5 && cell.length <= 6;

    for (uint32_t i = 0; i < cell.length; i++) {
        digits = digits && is_digit(cell.at[i]);
    }
    return say(message, DATE_OTHER,
               digits ? "a spreadsheet's number of a day, not a date: format the column as a date before saving" : "not a date");
}

enum date_result date_read(const struct date_patterns *patterns, struct text cell, struct date_value *value, char message[MESSAGE_SIZE]) {
    struct date_value other;
    bool found = false;

    for (size_t i = 0; i < patterns->count; i++) {
        if (!fits(patterns->at[i], cell, &other)) {
            continue;
        }
        if (found && other.day != value->day) {
            return say(message, DATE_AMBIGUOUS, "two days, read as %s or as %s, both of which the map lists", patterns->at[value->pattern],
                       patterns->at[i]);
        }
        if (!found) {
            *value = other;
            value->pattern = i;
            found = true;
        }
    }
    return found ? DATE_READ : guess(cell, message);
}

/* ---- Instants */

/* By the C library, on a day whose clocks change: the time may be twice or not at all. */
static instant_t on_a_changing_day(const struct date_value *value) {
    struct tm local = {0}, back;
    int year, month, date;

    day_to_civil(value->day, &year, &month, &date);
    for (int summer = 1; summer >= 0; summer--) {
        local = (struct tm){.tm_year = year - 1900,
                            .tm_mon = month - 1,
                            .tm_mday = date,
                            .tm_hour = value->milliseconds / HOUR_MS,
                            .tm_min = value->milliseconds / MINUTE_MS % 60,
                            .tm_sec = value->milliseconds / 1000 % 60,
                            .tm_isdst = summer};
        struct tm asked = local;
        time_t seconds = mktime(&local);

        if (localtime_r(&seconds, &back) != NULL && back.tm_hour == asked.tm_hour && back.tm_min == asked.tm_min &&
            back.tm_mday == asked.tm_mday) {
            return (instant_t)seconds * 1000 + value->milliseconds % 1000;
        }
    }
    return INSTANT_NONE;
}

instant_t date_instant(const struct date_value *value, const struct calendar *calendar) {
    if (value->has_offset) {
        return (instant_t)value->day * DAY_MS + value->milliseconds - (instant_t)value->offset_minutes * MINUTE_MS;
    }
    instant_t midnight = calendar_day_start(calendar, value->day);

    if (!value->has_time || calendar_day_start(calendar, value->day + 1) - midnight == DAY_MS) {
        return midnight + value->milliseconds;
    }
    return on_a_changing_day(value);
}
