/* The quarterly report: what each measure of the configuration came to in a financial quarter, against its target and the quarters before.
 */
#ifndef WAITLIST_EVIDENCE_KPI_H
#define WAITLIST_EVIDENCE_KPI_H

#include "client/evidence/files.h"
#include "daemon/config/config.h"

#define KPI_QUARTERS 8 /* of which values are told, the one asked for being the last */
#define KPI_QUARTER_SIZE 16

/* Financial quarters begin in April: 2025-Q1 is April to June 2025, 2025-Q4 January to March 2026. */
struct kpi_quarter {
    int year;
    int number; /* 1 to 4 */
};
bool kpi_quarter_parse(const char *text, struct kpi_quarter *quarter); /* "2025-Q1" */
day_t kpi_quarter_from(const struct kpi_quarter *quarter);
day_t kpi_quarter_to(const struct kpi_quarter *quarter);

struct kpi_report;

/* Values are of what is known at `known_at` (NULL: all of the journal); `publish`: with disclosure control. `config` is borrowed. NULL with
 * a reason in `message`. */
struct kpi_report *kpi_collect(const struct evidence_source *source, const struct config *config, const struct kpi_quarter *quarter,
                               const json_t *known_at, bool publish, char message[EVIDENCE_MESSAGE_SIZE]);
void kpi_destroy(struct kpi_report **report);

/* The report in its forms: a new object; a page; a workbook (false with a reason). */
json_t *kpi_json(struct kpi_report *report);
void kpi_page(struct kpi_report *report, struct evidence_text *text);
bool kpi_workbook(struct kpi_report *report, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]);
/* For a terminal, or CSV: columns as in the workbook. */
const struct evidence_table *kpi_table(const struct kpi_report *report);

#endif
