/* The files of a pack, in memory: all of them are there before the first is written, so that what takes long leaves nothing behind. */
#ifndef WAITLIST_EVIDENCE_FILES_H
#define WAITLIST_EVIDENCE_FILES_H

#include "client/evidence/evidence.h"

#define EVIDENCE_FILES_MAX 64
#define EVIDENCE_FILE_BYTES_MAX ((size_t)1 << 30)
#define EVIDENCE_SHA256_TEXT 65 /* 64 hex digits and a NUL */

#define EVIDENCE_MANIFEST "manifest.json"
#define EVIDENCE_SIGNATURE "manifest.sig"

struct evidence_file {
    char *name;
    char *bytes; /* with a NUL behind them */
    size_t size;
};

struct evidence_files {
    struct evidence_file at[EVIDENCE_FILES_MAX]; /* in the order of their names */
    size_t count;
};

/* Takes `*bytes`, which came from malloc. False when there are too many files, or one of this name. */
bool evidence_files_add(struct evidence_files *files, const char *name, char **bytes, size_t size);
const struct evidence_file *evidence_files_find(const struct evidence_files *files, const char *name); /* NULL: none */
void evidence_files_clear(struct evidence_files *files);
void evidence_sha256(const char *bytes, size_t size, char text[EVIDENCE_SHA256_TEXT]);

/* A text that grows. */
struct evidence_text {
    char *at; /* NULL: empty */
    size_t length;
    size_t capacity;
};
void evidence_put(struct evidence_text *text, const char *piece);
void evidence_print(struct evidence_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void evidence_text_free(struct evidence_text *text);
/* Adds the text as a file and empties it. */
void evidence_files_take(struct evidence_files *files, const char *name, struct evidence_text *text);

/* csv.c: every table as CSV (RFC 4180), and columns.csv, which says what each column means. */
void evidence_csv_files(struct evidence *evidence, struct evidence_files *files);
void evidence_csv(const struct evidence_table *table, struct evidence_text *text);

/* pack.c: everything but the manifest's signature. False with a reason. */
bool evidence_pack(struct evidence *evidence, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]);

/* store.c: writes all of them beside the name, synced, and gives them the name in one step. False with a reason, and nothing under the
 * name: it exists already, the disk is full, SIGINT, SIGTERM or SIGHUP came. `is_open`: other users may read it. */
bool evidence_store(const struct evidence_files *files, const char *path, bool is_open, char message[EVIDENCE_MESSAGE_SIZE]);
/* The same of one file, whose name is the path's; for its owner alone. */
bool evidence_store_file(const struct evidence_file *file, const char *path, char message[EVIDENCE_MESSAGE_SIZE]);
/* Reads a directory or a zip file. False with a reason. */
bool evidence_load(const char *path, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]);
/* zip.c: the same bytes for the same files: fixed times, order and modes. */
void evidence_zip(const struct evidence_files *files, struct evidence_text *zip);
/* Whether a zip file without a comment in it is there to its end, with all its checksums, and every XML text in it to its own. */
bool evidence_zip_is_whole(const char *bytes, size_t size);
bool evidence_unzip(const char *path, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]);

#endif
