/* Evidence: the tables of figures that a pack for an inspector is made of, asked for in the query protocol's words and pinned to one
 * knowledge, so that whoever asks the same journal again gets the same figures.
 *
 * source (a daemon, or a journal's file) -> evidence_collect: tables -> files (CSV and so on) -> manifest, signature -> directory or zip.
 */
#ifndef WAITLIST_EVIDENCE_EVIDENCE_H
#define WAITLIST_EVIDENCE_EVIDENCE_H

#include "client/evidence/table.h"
#include "daemon/core/calendar.h"

#include <jansson.h>

#define EVIDENCE_MESSAGE_SIZE 512
#define EVIDENCE_PATHWAYS_MAX 64

struct national; /* national.h */

/* Who answers. */
struct evidence_source {
    /* The reply to a request without "v", an object that is the caller's; NULL with a reason in `message`. */
    json_t *(*ask)(void *context, const json_t *request, char message[EVIDENCE_MESSAGE_SIZE]);
    void *context;
};

/* What decides the bytes of a pack, beside the journal; all of it stands in the manifest. */
struct evidence_parameters {
    day_t from; /* the first day of the period: positions begin at the end of the day before */
    day_t to;   /* the last */
    /* Known: a seq (an integer) or an instant (a text); NULL: everything in the journal. Borrowed. */
    const json_t *known_at;
    const json_t *asked_at; /* an instant; only of a pack that is computed again, else NULL */
    size_t pathway_count;   /* 0: every pathway */
    const char *pathways[EVIDENCE_PATHWAYS_MAX];
    const char *council;             /* its name on the title page; NULL: none */
    const json_t *labels;            /* {"pathway":{name: what people read}, "team":…}, or NULL: names are shown as they are. Borrowed. */
    bool publish;                    /* with disclosure control */
    const struct national *national; /* from files of Client Level Data; NULL: none was given. Borrowed. */
};

/* What the figures stand on, and the figures. */
struct evidence;

/* Called before each question, of about so many. */
typedef void evidence_progress(void *context, unsigned done, unsigned total);

/* NULL with a reason in `message`: a day outside the journal, an unknown pathway, an answer that did not come. */
struct evidence *evidence_collect(const struct evidence_source *source, const struct evidence_parameters *parameters,
                                  evidence_progress *progress, void *progress_context, char message[EVIDENCE_MESSAGE_SIZE]);
void evidence_destroy(struct evidence **evidence);

/* The reply of the op `policies`: which journal, known up to where, its chain's head, its policies. */
const json_t *evidence_ground(const struct evidence *evidence);
const struct evidence_parameters *evidence_parameters(const struct evidence *evidence); /* borrows what collect was given */
/* No file of Client Level Data was given, though waits were imported from some. */
bool evidence_lacks_national(const struct evidence *evidence);
size_t evidence_table_count(const struct evidence *evidence);
struct evidence_table *evidence_table_at(const struct evidence *evidence, size_t place);
/* NULL when the pack has no table of this name. */
struct evidence_table *evidence_table_named(const struct evidence *evidence, const char *name);
/* What people read for a name of the kind ("pathway", "team" …): the label, or the name with blanks for underscores. Borrowed until the
 * next call. */
const char *evidence_label(struct evidence *evidence, const char *kind, const char *name);

#endif
