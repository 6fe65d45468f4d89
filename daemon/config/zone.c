/* The midnights of a time zone, from the system's zone files by way of the C library. */
#include "daemon/config/zone.h"

#include "daemon/config/complain.h"
#include "daemon/core/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS_A_DAY = 86400, ZONE_STEP = 900 /* seconds: clocks have never moved by less at a midnight and back within it */ };

static const char zone_folder[] = "/usr/share/zoneinfo";

static char *zone_path(const char *zone) {
    return config_text_format("%s/%s", zone_folder, zone);
}

/* A name of the zone database: letters, digits, _ + - and single slashes within; so no "..", no absolute path. */
static bool is_zone_name(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t length = strlen(name);
    return length > 0 && length <= 64 && strspn(name, letters) == length && name[0] != '/' && name[length - 1] != '/' &&
           !strstr(name, "//");
}

bool config_timezone_known(const char *zone, const char **reason) {
    *reason = "a time zone is an IANA name of letters, digits, _ + - and / such as \"Europe/London\"";
    if (!is_zone_name(zone))
        return false;
    *reason = "the system has no such time zone: correct the name, or install the package tzdata";
    char *path = zone_path(zone);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(path);
    if (file < 0)
        return false;
    struct stat status;
    char magic[4];
    bool known = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && read(file, magic, sizeof magic) == (ssize_t)sizeof magic &&
                 memcmp(magic, "TZif", sizeof magic) == 0;
    close(file);
    if (known)
        *reason = NULL;
    return known;
}

/* The civil date of a second in the zone that tzset has set. */
static day_t date_of(time_t second) {
    struct tm local;
    ENSURE(localtime_r(&second, &local) != NULL);
    return day_from_civil(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

/* The first second after `from` whose date is `day` or later; the date at `from` is earlier. */
static time_t first_second_of(day_t day, time_t from) {
    time_t before = from, at = from;
    while (date_of(at) < day) {
        before = at;
        at += ZONE_STEP;
    }
    while (at - before > 1) {
        time_t middle = before + (at - before) / 2;
        if (date_of(middle) < day)
            before = middle;
        else
            at = middle;
    }
    return at;
}

static void fill_midnights(instant_t *midnights, size_t count) {
    time_t at = first_second_of(0, -2 * SECONDS_A_DAY);
    midnights[0] = (instant_t)at * 1000;
    for (size_t i = 1; i < count; i++) {
        day_t day = (day_t)i;
        time_t next = at + SECONDS_A_DAY;
        /* All days but those on which the clocks change are this one. */
        if (date_of(next) != day || date_of(next - 1) >= day)
            next = first_second_of(day, at);
        midnights[i] = (instant_t)next * 1000;
        at = next;
    }
    /* A day that a zone left out (Samoa had no 30 December 2011) would begin with the next: it gets the millisecond before. */
    for (size_t i = count - 1; i > 0; i--)
        if (midnights[i - 1] >= midnights[i])
            midnights[i - 1] = midnights[i] - 1;
}

bool config_zone_midnights(const char *zone, instant_t *midnights, size_t count) {
    const char *reason;
    if (!config_timezone_known(zone, &reason))
        return false;
    const char *environment = getenv("TZ");
    char *before = environment ? config_text_copy(environment) : NULL;
    char *path = zone_path(zone), *value = config_text_format(":%s", path);
    ENSURE(setenv("TZ", value, 1) == 0);
    tzset();
    fill_midnights(midnights, count);
    ENSURE((before ? setenv("TZ", before, 1) : unsetenv("TZ")) == 0);
    tzset();
    free(value);
    free(path);
    free(before);
    return true;
}
