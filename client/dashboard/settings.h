/* What the gateway was told: the group `dashboard` of the configuration, and the command line, which goes first. */
#ifndef WAITLIST_DASHBOARD_SETTINGS_H
#define WAITLIST_DASHBOARD_SETTINGS_H

#include "daemon/config/config.h"
#include "daemon/system/log.h"

struct settings {
    struct dashboard_config dashboard; /* its texts belong to `config` */
    char *listen;
    char *web;
    char *query, *publish; /* one endpoint each */
    enum log_level log_level;
    struct config *config;
};

/* Ends the process on --help, --version and wrong usage; false after complaining about the configuration. Clear it in any case. */
bool settings_read(struct settings *settings, int count, char **words);
void settings_clear(struct settings *settings);
/* Whether the daemon is reached by TCP with the keys of the group `client`. */
bool settings_wants_keys(const struct settings *settings);

/* As many descriptors as the connections need, or as many as the system gives, which is then said. */
void settings_raise_limits(const struct settings *settings, struct log *log);

#endif
