/* Civil days, instants and working days (rules, section 1); the time zone and the holidays are handed in as tables. */
#ifndef WAITLIST_CORE_CALENDAR_H
#define WAITLIST_CORE_CALENDAR_H

#include "daemon/core/text.h"

typedef int32_t day_t;     /* a civil date as days since 1970-01-01 */
typedef int64_t instant_t; /* milliseconds since 1970-01-01T00:00:00Z */

#define DAY_NONE INT32_MIN
#define INSTANT_NONE INT64_MIN

#define DATE_SIZE 11    /* "2025-04-01" and a NUL */
#define INSTANT_SIZE 25 /* "2025-04-01T08:00:00.000Z" and a NUL */

/* The proleptic Gregorian calendar; `month` 1-12, `date` 1-31. day_from_civil does not check its arguments. */
day_t day_from_civil(int year, int month, int date);
void day_to_civil(day_t day, int *year, int *month, int *date);
/* The same date so many years earlier; for 29 February in a year without one 28 February. */
day_t day_years_before(day_t day, int years);
int day_of_week(day_t day); /* 0 = Monday … 6 = Sunday */

/* Exactly YYYY-MM-DD, a date that exists, years 1 to 9999; false otherwise and `*day` is unchanged. */
bool date_parse(struct text text, day_t *day);
void date_format(day_t day, char out[DATE_SIZE]);
/* RFC 3339 with Z or a numeric offset; the fraction is cut to the millisecond; second 60 is refused. */
bool instant_parse(struct text text, instant_t *instant);
void instant_format(instant_t instant, char out[INSTANT_SIZE]); /* in UTC with milliseconds */

struct calendar;

/* What a calendar is made of; copied by calendar_create.
 * midnights[i] is the first instant of the civil day `i` (day 0 = 1970-01-01) in the council's time zone, strictly rising;
 * midnight_count of them, at least 2. holidays: in rising order; days after last_known_holiday are beyond the calendar. */
struct calendar_tables {
    const instant_t *midnights;
    size_t midnight_count;
    const day_t *holidays;
    size_t holiday_count;
};

struct calendar *calendar_create(const struct calendar_tables *tables);
/* A calendar of the same midnights with other holidays, which are copied. */
struct calendar *calendar_with_holidays(const struct calendar *calendar, const day_t *holidays, size_t count);
void calendar_destroy(struct calendar **calendar);

/* The civil date of an instant; instants before the first or after the last table day give that day. */
day_t calendar_day_of(const struct calendar *calendar, instant_t instant);
/* The first instant of a day; `day` is clamped to the table. */
instant_t calendar_day_start(const struct calendar *calendar, day_t day);

/* How many working days lie in the table up to and including `day`: a difference of two is a count of working days. */
int32_t calendar_working_index(const struct calendar *calendar, day_t day);
/* The first day whose working index is `index`. */
day_t calendar_day_of_working_index(const struct calendar *calendar, int32_t index);
/* The last day on which the holidays are known: 31 December of the last holiday's year; DAY_NONE without any. */
day_t calendar_known_until(const struct calendar *calendar);
/* The last day of the table. */
day_t calendar_last_day(const struct calendar *calendar);

#endif
