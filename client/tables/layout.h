/* The columns of a table whose rows have keys and figures: which there are, and their cells out of the daemon's rows. */
#ifndef WAITLIST_TABLES_LAYOUT_H
#define WAITLIST_TABLES_LAYOUT_H

#include "client/tables/table.h"

#include <waitlist/client.h>

#define LAYOUT_COLUMNS_MAX 96
#define LAYOUT_KEYS_MAX 16

/* Zeroed by the caller; must outlive the table that shows it. */
struct layout {
    struct column columns[LAYOUT_COLUMNS_MAX];
    char titles[LAYOUT_KEYS_MAX][96];
    char band_names[WAITLIST_BANDS_MAX][32];
    const char *keys[LAYOUT_KEYS_MAX];
    size_t key_count;
    size_t band_count;
    size_t count;
};

/* Columns in their order; beyond LAYOUT_COLUMNS_MAX they are left out. */
void layout_columns(struct layout *layout, const struct column *columns, size_t count);
/* One for each name of `group_by`, which must outlive the layout. */
void layout_keys(struct layout *layout, const json_t *group_by);
/* The figures of a position: on the terminal those that managers look at, in CSV all, bands as many as `position` has,
 * and the version of the rules. */
void layout_position(struct layout *layout, const json_t *position);

void layout_add_keys(const struct layout *layout, struct table *table, const json_t *keys);
void layout_add_position(const struct layout *layout, struct table *table, const json_t *position, const json_t *rule_version);

#endif
