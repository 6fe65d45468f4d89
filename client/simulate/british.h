/* Dates and office days of England as the simulation needs them: clock time, bank holidays, working days. */
#ifndef WAITLIST_SIMULATE_BRITISH_H
#define WAITLIST_SIMULATE_BRITISH_H

#include "daemon/core/calendar.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Hours that local time is ahead of UTC at an instant: 1 from the last Sunday of March to that of October, 01:00 UTC, else 0. */
int british_offset_hours(instant_t instant);
/* The instant of a local clock time on a day; `milliseconds` after midnight, away from the hours when clocks change. */
instant_t british_instant(day_t day, int64_t milliseconds);
day_t british_day(instant_t instant);
/* Bank holidays of England and Wales by the standing rules; without those proclaimed for one year. */
bool british_bank_holiday(day_t day);
bool british_working_day(day_t day);

#endif
