/* One complaint to whoever asked for a configuration: a line "file:line: message". */
#ifndef WAITLIST_CONFIG_COMPLAIN_H
#define WAITLIST_CONFIG_COMPLAIN_H

#include "daemon/config/config.h"

#include <stdarg.h>

/* A line of 0 means the file as a whole. `report` may be NULL. */
void config_complain(config_report *report, void *context, const char *file, unsigned int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void config_complain_list(config_report *report, void *context, const char *file, unsigned int line, const char *format, va_list arguments)
    __attribute__((format(printf, 5, 0)));

/* As strdup and asprintf, but out of memory aborts. */
char *config_text_copy(const char *string);
char *config_text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
