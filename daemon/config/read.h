/* From libconfig's tree to the configuration, by the table of keys. */
#ifndef WAITLIST_CONFIG_READ_H
#define WAITLIST_CONFIG_READ_H

#include "daemon/config/config.h"

#include <libconfig.h>

/* Fills a zeroed configuration. `root` NULL: every default. `path` names the file in complaints; relative paths start at `folder`.
 * Gives the number of errors, each of which was reported. */
size_t config_read_keys(struct config *config, const config_setting_t *root, const char *path, const char *folder, config_report *report,
                        void *context);

#endif
