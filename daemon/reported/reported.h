/* Positions as reported (rules, section 7): the text of a day's report, made from a register, and what summary would have said, read back
 * out of that text. docs/journal.md has the text's layout.
 *
 * Reported are the position of all, and those of every group of these kinds: pathway; team; pathway and team; pathway and district; pathway
 * and client group. */
#ifndef WAITLIST_REPORTED_REPORTED_H
#define WAITLIST_REPORTED_REPORTED_H

#include "daemon/core/selection.h"

/* The report of the register's today as it stands; the caller frees with free(). `hash_seed`: random, against chosen collisions. A kind of
 * more than SUMMARY_ROWS_MAX groups is left out. */
char *reported_text(struct waiting_register *reg, uint64_t hash_seed, size_t *length);

struct reported;

/* NULL when the text is no report that this release can read. Borrows nothing. */
struct reported *reported_read(struct text body);
void reported_destroy(struct reported **reported);

enum reported_status {
    REPORTED_OK,
    REPORTED_OTHER_FIELDS, /* the fields grouped and filtered by are together no kind */
    REPORTED_OTHER_FILTER, /* a filter of more than fields with a single value, or of fields that are no kind: the total is not reported */
    REPORTED_TOO_MANY_GROUPS /* the kind was left out */
};
/* What to tell whoever asked, naming what is reported. */
const char *reported_message(enum reported_status status);

/* As register_summary on that day: the fields grouped and filtered by must together be one of the kinds, in any order, and so must those
 * filtered by alone. The rows' keys are borrowed from `reported`; the caller frees with summary_free when it is REPORTED_OK. */
enum reported_status reported_summary(const struct reported *reported, const struct field_name *group_by, size_t group_by_count,
                                      const struct wait_filter *filter, struct summary *summary);

#endif
