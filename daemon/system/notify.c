/* Messages to the service manager through libsystemd. */
#include "daemon/system/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#define STATUS_MAX 200

/* A line end inside a status would begin another assignment. */
static void copy_status(char copy[STATUS_MAX + 1], const char *status) {
    size_t length = 0;

    while (status[length] != '\0' && length < STATUS_MAX) {
        copy[length] = status[length] == '\n' || status[length] == '\r' ? ' ' : status[length];
        length++;
    }
    copy[length] = '\0';
}

static bool tell_with_status(const char *assignment, const char *status) {
    char copy[STATUS_MAX + 1];

    copy_status(copy, status);
    return sd_notifyf(0, "%sSTATUS=%s", assignment, copy) > 0;
}

bool notify_ready(const char *status) {
    return tell_with_status("READY=1\n", status);
}

bool notify_reloading(uint64_t monotonic_us) {
    return sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_us) > 0;
}

bool notify_stopping(const char *status) {
    return tell_with_status("STOPPING=1\n", status);
}

bool notify_status(const char *status) {
    return tell_with_status("", status);
}

bool notify_watchdog(void) {
    return sd_notify(0, "WATCHDOG=1") > 0;
}

bool notify_extend(uint64_t us) {
    return sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, us) > 0;
}

uint64_t notify_watchdog_interval_ms(void) {
    uint64_t us = 0;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    /* Never 0 for a manager that does watch. */
    return us / 2000 > 0 ? us / 2000 : 1;
}
