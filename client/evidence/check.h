/* Checking a pack: that its files are those of its manifest, and that a journal gives its figures. */
#ifndef WAITLIST_EVIDENCE_CHECK_H
#define WAITLIST_EVIDENCE_CHECK_H

#include "client/evidence/national.h"

/* Told once for each fault: which file, which cell. */
typedef void evidence_fault(void *context, const char *fault);

/* What became of the national measure, whose files are no part of a pack. */
enum evidence_national {
    EVIDENCE_NATIONAL_NONE, /* the pack was made without */
    EVIDENCE_NATIONAL_NOT_GIVEN,
    EVIDENCE_NATIONAL_ANOTHER, /* not all files given are those of the manifest: each is told as a fault */
    EVIDENCE_NATIONAL_COMPUTED
};

struct evidence_check {
    const struct evidence_files *files;
    evidence_fault *tell;
    void *context;
    evidence_progress *progress; /* of computing again; may be NULL */
    void *progress_context;
    struct national_choice cld;      /* files of Client Level Data, of which the national measure is computed again */
    enum evidence_national national; /* set by evidence_check_figures */
    unsigned faults;
};

/* Files that are missing, changed or not in the manifest. False when the manifest itself cannot be used. */
bool evidence_check_files(struct evidence_check *check);
/* Computes the pack again from the journal behind `source`, by the manifest's parameters, and compares: the journal and its chain, every
 * cell of every table, and then the bytes of the other files: without the files of its national measure not that table, nor the page and
 * the workbook that it stands in too. False with a reason when it cannot be computed. */
bool evidence_check_figures(struct evidence_check *check, const struct evidence_source *source, char message[EVIDENCE_MESSAGE_SIZE]);
/* The chain's head that the manifest names, and its seq; false when there is none. */
bool evidence_check_head(const struct evidence_files *files, char head[65], uint64_t *seq);

#endif
