/* What the daemon would say of an event, said here: its own checks, its policy, and which identities the file has used before. */
#ifndef WAITLIST_IMPORT_CHECK_H
#define WAITLIST_IMPORT_CHECK_H

#include "client/import/build.h"
#include "daemon/ingest/envelope.h"

/* Identities that are remembered; further ones are not compared with those before them. */
#define CHECK_IDENTITIES_MAX 1500000

struct checker;

/* `config` NULL: the daemon's defaults, and every pathway is known. Both are borrowed. */
struct checker *checker_create(const struct config *config, const struct calendar *calendar, instant_t now);
void checker_destroy(struct checker **checker);
/* Whether the configuration spares the source from the check of numbers. */
bool checker_spares_numbers(const struct checker *checker, const char *source);
/* Forgets the identities, for another reading of the file. */
void checker_restart(struct checker *checker);

/* Whether the daemon would take all events of the builder's row at `line`; `*again` counts those that are duplicates of the file's own. */
bool checker_row(struct checker *checker, const struct builder *builder, uint64_t line, size_t *again, struct import_problem *problem);
/* False when the file has more identities than are remembered. */
bool checker_compared_all(const struct checker *checker);
/* Whether pathways were checked by a configuration. */
bool checker_knows_pathways(const struct checker *checker);

#endif
