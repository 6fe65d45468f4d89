/* The quantities behind the counts of a pack: the same people counted in several tables are one quantity, and what is known of sums and
 * parts ties quantities to each other. */
#ifndef WAITLIST_EVIDENCE_QUANTITY_H
#define WAITLIST_EVIDENCE_QUANTITY_H

#include "client/evidence/evidence.h"

#define QUANTITY_KEY_SIZE 512
#define QUANTITY_SCOPE "scope"       /* the breakdown of the quarterly report: groups are PATHWAY|TEAM|CLIENT_GROUP */
#define QUANTITY_NATIONAL "national" /* the breakdown of the national measure: tied to nothing but itself */

/* What is counted, of whom, and when. Texts are borrowed from tables, or static. */
struct quantity_name {
    const char *measure;
    day_t from;            /* of a flow; DAY_NONE of a position */
    day_t to;              /* the end of the flow, or the position's day */
    const char *breakdown; /* "all", "pathway", …; "dimension:NAME", "risk", "source", "field" */
    const char *group;
    const char *subgroup;
};

/* The name of the quantity in a count's cell; false when the column is no count. `buffer` holds what has to be put together. */
bool quantity_name_of(const struct evidence_table *table, size_t row, size_t column, struct quantity_name *name,
                      char buffer[QUANTITY_KEY_SIZE]);
void quantity_key(const struct quantity_name *name, char key[QUANTITY_KEY_SIZE]);

struct quantities;

/* Of all counts of the pack. */
struct quantities *quantities_create(struct evidence *evidence);
void quantities_destroy(struct quantities **quantities);
/* Hides counts of 1 to 7, and as many others as it takes until each hidden one can be at least five values by everything that is told. */
void quantities_protect(struct quantities *quantities);
bool quantities_is_hidden(const struct quantities *quantities, const struct quantity_name *name);

#endif
