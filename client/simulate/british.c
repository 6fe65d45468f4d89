/* Dates and office days of England: summer time by its rule since 1996, bank holidays by theirs. */
#include "client/simulate/british.h"

enum { MONDAY, SATURDAY = 5, SUNDAY = 6 };

static day_t last_sunday(int year, int month) {
    day_t last = day_from_civil(year, month, 31); /* asked for March and October only */
    return last - (day_of_week(last) + 1) % 7;
}

static int year_of(day_t day) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    return year;
}

static day_t utc_day(instant_t instant) {
    int64_t day = instant / DAY_MS;
    return (day_t)(instant % DAY_MS < 0 ? day - 1 : day);
}

int british_offset_hours(instant_t instant) {
    int year = year_of(utc_day(instant));
    instant_t begins = last_sunday(year, 3) * DAY_MS + HOUR_MS;
    instant_t ends = last_sunday(year, 10) * DAY_MS + HOUR_MS;
    return instant >= begins && instant < ends ? 1 : 0;
}

instant_t british_instant(day_t day, int64_t milliseconds) {
    instant_t as_utc = day * DAY_MS + milliseconds;
    return as_utc - british_offset_hours(as_utc - HOUR_MS / 2) * HOUR_MS;
}

day_t british_day(instant_t instant) {
    return utc_day(instant + british_offset_hours(instant) * HOUR_MS);
}

/* The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8). */
static day_t easter_sunday(int year) {
    int a = year % 19, b = year / 100, c = year % 100;
    int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    int m = (a + 11 * h + 22 * l) / 451;
    int sum = h + l - 7 * m + 114;
    return day_from_civil(year, sum / 31, sum % 31 + 1);
}

static bool is_weekend(day_t day) {
    return day_of_week(day) >= SATURDAY;
}

bool british_bank_holiday(day_t day) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    int weekday = day_of_week(day);
    day_t easter = easter_sunday(year);
    if (day == easter - 2 || day == easter + 1) {
        return true;
    }
    switch (month) {
    case 1: /* New Year's Day, or the Monday after it */
        return !is_weekend(day) && (date == 1 || (weekday == MONDAY && date <= 3));
    case 5: /* the first and the last Monday */
        return weekday == MONDAY && (date <= 7 || date > 24);
    case 8:
        return weekday == MONDAY && date > 24;
    case 12: /* Christmas and Boxing Day; whichever falls on a weekend moves to the Monday or Tuesday after */
        if (date == 25 || date == 26) {
            return !is_weekend(day);
        }
        return (date == 27 && (weekday == MONDAY || weekday == MONDAY + 1)) || (date == 28 && (weekday == MONDAY || weekday == MONDAY + 1));
    default:
        return false;
    }
}

bool british_working_day(day_t day) {
    return !is_weekend(day) && !british_bank_holiday(day);
}
