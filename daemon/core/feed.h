/* When a source that is watched counts as silent (rules, section 8, "Silence"): from what was last heard of it and its hours alone. */
#ifndef WAITLIST_CORE_FEED_H
#define WAITLIST_CORE_FEED_H

#include "daemon/core/calendar.h"

/* When a source is expected to send: on the weekdays from the first to the last (0 = Monday), from minute to minute of the local day. All
 * zero: always. */
struct feed_hours {
    uint8_t first_weekday;
    uint8_t last_weekday;
    int16_t from_minute;
    int16_t until_minute; /* of the day, 1 to 1440, later than from_minute; 0: always */
};

/* The instant at which a source that was last heard at `heard` has been silent for so many minutes within its hours; INSTANT_NONE: not
 * before the calendar ends. `silence_minutes` is 1 at least. Bank holidays from Monday to Friday lie outside any hours. */
instant_t feed_silent_from(const struct feed_hours *hours, int silence_minutes, instant_t heard, const struct calendar *calendar);

#endif
