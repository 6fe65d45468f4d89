/* What the daemon answers, as tables: one for each question, the same for the command line and the dashboard. */
#ifndef WAITLIST_TABLES_ANSWERS_H
#define WAITLIST_TABLES_ANSWERS_H

#include "client/tables/table.h"

/* Each prints the rows of a reply in one of the formats but JSON. `group_by` is that of the question, NULL when it had none. */
void answers_summary(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out);
void answers_flow(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out);
void answers_series(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out);
void answers_restatement(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out);
void answers_distribution(const json_t *reply, enum table_format format, FILE *out);
void answers_alerts(const json_t *reply, enum table_format format, FILE *out);
void answers_exceptions(const json_t *reply, enum table_format format, FILE *out);
void answers_access(const json_t *reply, enum table_format format, FILE *out);
void answers_quarantine(const json_t *reply, enum table_format format, FILE *out);
/* `rows` are waits; they get the version of the rules that the reply says once. */
void answers_waits(const json_t *rows, const json_t *reply, enum table_format format, FILE *out);
/* These two as CSV only: a row a figure. */
void answers_data_quality(const json_t *reply, enum table_format format, FILE *out);
void answers_health(const json_t *reply, enum table_format format, FILE *out);

/* Whether answers to the question have a table. */
bool answers_has_table(const json_t *question);
/* The rows of the reply to `question`; false when answers to it have no table. */
bool answers_print(const json_t *question, const json_t *reply, enum table_format format, FILE *out);

#endif
