/* The forms of a pack that people read: the report, the method, the workbook. */
#ifndef WAITLIST_EVIDENCE_REPORT_H
#define WAITLIST_EVIDENCE_REPORT_H

#include "client/evidence/files.h"

/* html.c */
#define EVIDENCE_SENSITIVE "SENSITIVE: small counts and single waits. Not for publication."
void html_put(struct evidence_text *text, const char *piece); /* escaped */
void html_begin(const struct evidence *evidence, const char *title, struct evidence_text *text);
void html_end(struct evidence_text *text);
void html_day(struct evidence_text *text, day_t day); /* as people write it: 31 Jan 2025 */
/* A cell as people read it: thousands apart, labels for names, a dash for none. */
void html_cell(struct evidence *evidence, const struct evidence_table *table, size_t row, size_t column, struct evidence_text *text);
/* Rows of a table that `wants` wants (NULL: all), only those columns that are named ("": all), with a caption. */
typedef bool html_wants(const struct evidence *evidence, const struct evidence_table *table, size_t row);
void html_table(struct evidence *evidence, const struct evidence_table *table, html_wants *wants, const char *columns, const char *caption,
                struct evidence_text *text);

/* A file each; all are made from the tables alone. */
void evidence_report(struct evidence *evidence, struct evidence_files *files);      /* index.html */
void evidence_methodology(struct evidence *evidence, struct evidence_files *files); /* methodology.html */
/* evidence.xlsx, a sheet a table and one of charts. False with a reason: it is written to a temporary file first. */
bool evidence_workbook(struct evidence *evidence, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]);

#endif
