/* Figures as monitoring systems read them: OpenMetrics 1.0, or the older text format of Prometheus. */
#ifndef WAITLIST_DASHBOARD_EXPOSITION_H
#define WAITLIST_DASHBOARD_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum figure_kind { FIGURE_GAUGE, FIGURE_COUNTER };

struct label {
    const char *name;
    const char *value; /* any UTF-8 */
};

struct exposition;

struct exposition *exposition_create(bool is_openmetrics);
/* Begins a family; its figures follow. `name` is without the "_total" of a counter, `help` one sentence. */
void exposition_family(struct exposition *exposition, const char *name, enum figure_kind kind, const char *help);
void exposition_figure(struct exposition *exposition, double value, const struct label *labels, size_t label_count);
void exposition_one(struct exposition *exposition, const char *name, enum figure_kind kind, const char *help, double value);
/* The whole text, which the caller frees with free(); the exposition is gone. */
char *exposition_end(struct exposition **exposition, size_t *size);

/* Whether an Accept header (NULL: none) asks for OpenMetrics, and the content types of both. */
bool exposition_is_wanted(const char *accept);
const char *exposition_type(bool is_openmetrics);

#endif
