/* Control of disclosure: what a pack that is published may say of few people. */
#ifndef WAITLIST_EVIDENCE_DISCLOSE_H
#define WAITLIST_EVIDENCE_DISCLOSE_H

#include "client/evidence/evidence.h"

#define DISCLOSE_HIDDEN_MAX 7 /* counts from 1 to this are hidden */
#define DISCLOSE_ROUND_TO 5   /* all others are given to the nearest of these */

/* Changes the tables: counts of 1 to 7 are hidden, others rounded, and so many more hidden that none of those can be worked out from sums,
 * differences and parts; percentages and changes are of the rounded counts; medians and means of fewer than 8 are hidden; what is extreme
 * is given as a band. Tables whose rows are single waits are emptied of the pack. */
void evidence_disclose(struct evidence *evidence);

/* A count as it is told when it is not hidden. */
int64_t disclose_rounded(int64_t count);
/* The band that so many days lie in: "85 to 182", "over 365". */
void disclose_band(int64_t days, char text[EVIDENCE_CELL_SIZE]);

#endif
