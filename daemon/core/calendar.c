/* Civil days, instants and working days (rules, section 1). */
#include "daemon/core/calendar.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MILLISECONDS_A_DAY = 86400000 };

struct calendar {
    instant_t *midnights;
    size_t midnight_count;
    int32_t *working_index; /* per table day: working days up to and including it */
    day_t *working_days;    /* working_days[i] is the day whose index is i + 1 */
    size_t working_count;
    day_t known_until;
};

day_t day_from_civil(int year, int month, int date) {
    /* Days are counted in years that begin on 1 March, so that a leap day is the last of its year. */
    int shifted_year = month <= 2 ? year - 1 : year;
    int shifted_month = (month + 9) % 12;
    int era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
    int year_of_era = shifted_year - era * 400;
    int day_of_year = (153 * shifted_month + 2) / 5 + date - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void day_to_civil(day_t day, int *year, int *month, int *date) {
    int shifted = day + 719468;
    int era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = shifted - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    *date = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

day_t day_years_before(day_t day, int years) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    bool is_leap_year = (year - years) % 4 == 0 && ((year - years) % 100 != 0 || (year - years) % 400 == 0);
    return day_from_civil(year - years, month, month == 2 && date == 29 && !is_leap_year ? 28 : date);
}

int day_of_week(day_t day) {
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

static bool read_digits(struct text text, uint32_t from, uint32_t count, int *value) {
    if (from + count > text.length)
        return false;
    int read = 0;
    for (uint32_t i = from; i < from + count; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        read = read * 10 + (text.at[i] - '0');
    }
    *value = read;
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool date_parse(struct text text, day_t *day) {
    int year, month, date;
    if (text.length != DATE_SIZE - 1 || text.at[4] != '-' || text.at[7] != '-')
        return false;
    if (!read_digits(text, 0, 4, &year) || !read_digits(text, 5, 2, &month) || !read_digits(text, 8, 2, &date))
        return false;
    if (year < 1 || month < 1 || month > 12 || date < 1 || date > days_in_month(year, month))
        return false;
    *day = day_from_civil(year, month, date);
    return true;
}

static char *put_digits(char *out, int value, int count) {
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

void date_format(day_t day, char out[DATE_SIZE]) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, date, 2);
    *at = '\0';
}

/* Reads "HH:MM" at `from`; hours to 23, minutes to 59. */
static bool read_clock(struct text text, uint32_t from, int *hours, int *minutes) {
    return read_digits(text, from, 2, hours) && from + 2 < text.length && text.at[from + 2] == ':' &&
           read_digits(text, from + 3, 2, minutes) && *hours <= 23 && *minutes <= 59;
}

/* Reads the fraction, if there is one, cut to milliseconds; `*at` moves behind it. */
static bool read_fraction(struct text text, uint32_t *at, int *milliseconds) {
    *milliseconds = 0;
    if (*at >= text.length || text.at[*at] != '.')
        return true;
    uint32_t first = ++*at;
    int weight = 100;
    for (; *at < text.length && text.at[*at] >= '0' && text.at[*at] <= '9'; ++*at) {
        *milliseconds += (text.at[*at] - '0') * weight;
        weight /= 10;
    }
    return *at > first;
}

bool instant_parse(struct text text, instant_t *instant) {
    day_t day;
    int hours, minutes, seconds, milliseconds;
    if (text.length < 20 || !date_parse((struct text){text.at, DATE_SIZE - 1}, &day))
        return false;
    if ((text.at[10] != 'T' && text.at[10] != 't') || !read_clock(text, 11, &hours, &minutes) || text.at[16] != ':' ||
        !read_digits(text, 17, 2, &seconds) || seconds > 59)
        return false;
    uint32_t at = 19;
    if (!read_fraction(text, &at, &milliseconds) || at >= text.length)
        return false;
    int offset_minutes = 0;
    if (text.at[at] == '+' || text.at[at] == '-') {
        int offset_hours, rest;
        if (!read_clock(text, at + 1, &offset_hours, &rest) || at + 6 != text.length)
            return false;
        offset_minutes = (offset_hours * 60 + rest) * (text.at[at] == '-' ? -1 : 1);
    } else if ((text.at[at] != 'Z' && text.at[at] != 'z') || at + 1 != text.length) {
        return false;
    }
    int64_t in_day = ((int64_t)hours * 60 + minutes - offset_minutes) * 60 + seconds;
    *instant = (int64_t)day * MILLISECONDS_A_DAY + in_day * 1000 + milliseconds;
    return true;
}

/* Division that rounds towards minus infinity, for instants before 1970. */
static int64_t floor_day(instant_t instant) {
    int64_t day = instant / MILLISECONDS_A_DAY;
    return instant % MILLISECONDS_A_DAY < 0 ? day - 1 : day;
}

void instant_format(instant_t instant, char out[INSTANT_SIZE]) {
    int64_t day = floor_day(instant);
    int in_day = (int)(instant - day * MILLISECONDS_A_DAY);
    date_format((day_t)day, out);
    char *at = out + DATE_SIZE - 1;
    *at++ = 'T';
    at = put_digits(at, in_day / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, in_day / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, in_day / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, in_day % 1000, 3);
    *at++ = 'Z';
    *at = '\0';
}

static day_t end_of_year(day_t day) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    return day_from_civil(year, 12, 31);
}

struct calendar *calendar_create(const struct calendar_tables *tables) {
    ENSURE(tables->midnight_count >= 2);
    struct calendar *calendar = memory_new(1, sizeof *calendar);
    calendar->midnight_count = tables->midnight_count;
    calendar->midnights = memory_new(tables->midnight_count, sizeof *calendar->midnights);
    memcpy(calendar->midnights, tables->midnights, tables->midnight_count * sizeof *tables->midnights);
    calendar->working_index = memory_new(tables->midnight_count, sizeof *calendar->working_index);
    calendar->working_days = memory_new(tables->midnight_count, sizeof *calendar->working_days);
    calendar->known_until = tables->holiday_count > 0 ? end_of_year(tables->holidays[tables->holiday_count - 1]) : DAY_NONE;
    size_t holiday = 0;
    for (size_t i = 0; i < tables->midnight_count; i++) {
        day_t day = (day_t)i;
        while (holiday < tables->holiday_count && tables->holidays[holiday] < day)
            holiday++;
        bool is_holiday = holiday < tables->holiday_count && tables->holidays[holiday] == day;
        if (day_of_week(day) < 5 && !is_holiday)
            calendar->working_days[calendar->working_count++] = day;
        calendar->working_index[i] = (int32_t)calendar->working_count;
    }
    return calendar;
}

struct calendar *calendar_with_holidays(const struct calendar *calendar, const day_t *holidays, size_t count) {
    return calendar_create(&(struct calendar_tables){calendar->midnights, calendar->midnight_count, holidays, count});
}

void calendar_destroy(struct calendar **calendar) {
    if (*calendar == NULL)
        return;
    free((*calendar)->midnights);
    free((*calendar)->working_index);
    free((*calendar)->working_days);
    free(*calendar);
    *calendar = NULL;
}

day_t calendar_last_day(const struct calendar *calendar) {
    return (day_t)calendar->midnight_count - 1;
}

static day_t clamp_day(const struct calendar *calendar, day_t day) {
    if (day < 0)
        return 0;
    return day > calendar_last_day(calendar) ? calendar_last_day(calendar) : day;
}

day_t calendar_day_of(const struct calendar *calendar, instant_t instant) {
    if (instant < calendar->midnights[0])
        return 0;
    if (instant >= calendar->midnights[calendar->midnight_count - 1])
        return calendar_last_day(calendar);
    /* The UTC date is at most one day off the local one. */
    day_t day = clamp_day(calendar, (day_t)floor_day(instant) + 1);
    while (calendar->midnights[day] > instant)
        day--;
    return day;
}

instant_t calendar_day_start(const struct calendar *calendar, day_t day) {
    return calendar->midnights[clamp_day(calendar, day)];
}

int32_t calendar_working_index(const struct calendar *calendar, day_t day) {
    return calendar->working_index[clamp_day(calendar, day)];
}

day_t calendar_day_of_working_index(const struct calendar *calendar, int32_t index) {
    if (index < 1)
        return 0;
    if ((size_t)index > calendar->working_count)
        return calendar_last_day(calendar);
    return calendar->working_days[index - 1];
}

day_t calendar_known_until(const struct calendar *calendar) {
    return calendar->known_until;
}
