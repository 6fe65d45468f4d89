/* The versions of the rules by which each exported figure is counted; printed with every figure.
 *
 * A change of code after which the same events, policy and day give another number of a figure bumps that figure's version by one: here,
 * and as a row of docs/rules.md, "Versions of the rules", which says since which release and what changed. Then tests/data/figures gets the
 * golden figures of the new version beside those of the old (its README says how). A change of policy is no change of the rules. */
#ifndef WAITLIST_CORE_RULES_H
#define WAITLIST_CORE_RULES_H

/* Of summary, series, distribution, waits, wait, snapshot and what is published; also of reported positions and of a restatement. */
#define RULES_POSITION 1
#define RULES_FLOW 1         /* of flow */
#define RULES_EXCEPTIONS 1   /* of the list of exceptions */
#define RULES_DATA_QUALITY 1 /* of data_quality */
#define RULES_DHSC 1         /* of report dhsc-waiting-times: our reading of the national method */
#define RULES_DHSC_OWN 1     /* of our own measure beside it */
#define RULES_CLD 1          /* of the waits that import cld makes out of a file */

#endif
