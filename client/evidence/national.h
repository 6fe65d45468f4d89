/* The national measure of a pack: files of Client Level Data, told by name and digest, and what DHSC's method makes of them. The journal
 * holds no rows of such files, so they are given again whenever the pack is made or computed again. */
#ifndef WAITLIST_EVIDENCE_NATIONAL_H
#define WAITLIST_EVIDENCE_NATIONAL_H

#include "client/evidence/files.h"

/* Which files; of several the later one is the newer submission. */
struct national_choice {
    const char *const *paths;
    size_t count;
    bool is_windows_1252; /* how they are written; else UTF-8 */
};

struct national;

/* Reads the files and computes. NULL with a reason in `message`: which cannot be read, or changed while it was. */
struct national *national_read(const struct national_choice *choice, char message[EVIDENCE_MESSAGE_SIZE]);
void national_destroy(struct national **national);

/* What the manifest says of them; a new object. */
json_t *national_json(const struct national *national);

/* The measure of a manifest again, from those of the files given that the manifest names, by their digests; what they are called does not
 * matter. `*another`: the path of a file that is none of them, NULL without. Where one is missing there are the names and no figures:
 * national_is_computed. NULL with a reason in `message`. */
struct national *national_again(const json_t *told, const struct national_choice *choice, const char **another,
                                char message[EVIDENCE_MESSAGE_SIZE]);
bool national_is_computed(const struct national *national);

size_t national_file_count(const struct national *national);
const char *national_file_name(const struct national *national, size_t place); /* without its folder */
const char *national_file_digest(const struct national *national, size_t place);
/* Lines read, and how many of them are at fault and count nowhere. */
uint64_t national_lines(const struct national *national, uint64_t *faults);

#endif
