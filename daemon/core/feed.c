/* When a source counts as silent. */
#include "daemon/core/feed.h"

#include "daemon/core/memory.h"

enum { MINUTES_A_DAY = 1440, MINUTE_MS = 60000, FIRST_WEEKEND_DAY = 5 };

/* A time of the local day. Clocks change early in a day, so it is told back from the day's end: wrong by the change only before it. */
static instant_t minute_of(const struct calendar *calendar, day_t day, int minute) {
    if (minute == 0)
        return calendar_day_start(calendar, day);
    return calendar_day_start(calendar, day + 1) - (instant_t)(MINUTES_A_DAY - minute) * MINUTE_MS;
}

static bool is_expected_on(const struct feed_hours *hours, const struct calendar *calendar, day_t day) {
    int weekday = day_of_week(day);
    bool is_worked = calendar_working_index(calendar, day) > calendar_working_index(calendar, day - 1);
    return weekday >= hours->first_weekday && weekday <= hours->last_weekday && (weekday >= FIRST_WEEKEND_DAY || is_worked);
}

instant_t feed_silent_from(const struct feed_hours *hours, int silence_minutes, instant_t heard, const struct calendar *calendar) {
    ENSURE(silence_minutes > 0);
    instant_t left = (instant_t)silence_minutes * MINUTE_MS;
    if (hours->until_minute == 0)
        return heard + left;
    for (day_t day = calendar_day_of(calendar, heard); day < calendar_last_day(calendar); day++) {
        instant_t from = minute_of(calendar, day, hours->from_minute);
        instant_t until = minute_of(calendar, day, hours->until_minute);
        if (!is_expected_on(hours, calendar, day) || heard >= until)
            continue;
        if (from < heard)
            from = heard;
        if (until - from >= left)
            return from + left;
        left -= until - from;
    }
    return INSTANT_NONE;
}
