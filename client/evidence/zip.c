/* A pack as one zip file, whose bytes depend on the files and on nothing else. */
#include "client/evidence/files.h"

#include "daemon/core/memory.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The first instant that a zip file can tell, so that nobody takes it for the time of the pack: 1980-01-02, in UTC. */
#define ZIP_TIME ((time_t)315619200)
#define ZIP_MODE 0644

static ssize_t append(struct archive *archive, void *context, const void *buffer, size_t length) {
    struct evidence_text *zip = context;

    (void)archive;
    memory_reserve((void **)&zip->at, &zip->capacity, zip->length + length + 1, 1);
    memcpy(zip->at + zip->length, buffer, length);
    zip->length += length;
    return (ssize_t)length;
}

static void add_file(struct archive *archive, const struct evidence_file *file) {
    struct archive_entry *entry = archive_entry_new();

    ENSURE(entry != NULL);
    archive_entry_set_pathname(entry, file->name);
    archive_entry_set_size(entry, (la_int64_t)file->size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, ZIP_MODE);
    archive_entry_set_mtime(entry, ZIP_TIME, 0);
    ENSURE(archive_write_header(archive, entry) == ARCHIVE_OK);
    ENSURE(archive_write_data(archive, file->bytes, file->size) == (la_ssize_t)file->size);
    archive_entry_free(entry);
}

void evidence_zip(const struct evidence_files *files, struct evidence_text *zip) {
    struct archive *archive = archive_write_new();

    ENSURE(archive != NULL && archive_write_set_format_zip(archive) == ARCHIVE_OK);
    ENSURE(archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK);
    ENSURE(archive_write_open(archive, zip, NULL, append, NULL) == ARCHIVE_OK);
    for (size_t i = 0; i < files->count; i++) {
        add_file(archive, &files->at[i]);
    }
    ENSURE(archive_write_close(archive) == ARCHIVE_OK);
    archive_write_free(archive);
}

/* One entry; false with a reason. A name with a folder is none of ours. */
static bool take_entry(struct archive *archive, struct archive_entry *entry, struct evidence_files *files,
                       char message[EVIDENCE_MESSAGE_SIZE]) {
    const char *name = archive_entry_pathname(entry);
    struct evidence_text text = {NULL, 0, 0};
    char buffer[65536];
    la_ssize_t got = 0;

    if (name == NULL || strchr(name, '/') != NULL || archive_entry_filetype(entry) != AE_IFREG) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "it holds something that is no file of a pack: %.200s", name == NULL ? "" : name);
        return false;
    }
    while (text.length <= EVIDENCE_FILE_BYTES_MAX && (got = archive_read_data(archive, buffer, sizeof buffer)) > 0) {
        (void)append(archive, &text, buffer, (size_t)got);
    }
    if (got < 0 || text.length > EVIDENCE_FILE_BYTES_MAX) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s: %.200s", name, got < 0 ? archive_error_string(archive) : "is too large");
        free(text.at);
        return false;
    }
    evidence_put(&text, "");
    bool added = evidence_files_add(files, name, &text.at, text.length);

    if (!added) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "there are too many files in it, or two of the name %.200s", name);
    }
    free(text.at);
    return added;
}

bool evidence_unzip(const char *path, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    int code = ARCHIVE_OK;
    bool good = true;

    ENSURE(archive != NULL && archive_read_support_format_zip(archive) == ARCHIVE_OK);
    if (archive_read_open_filename(archive, path, 65536) != ARCHIVE_OK) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s", archive_error_string(archive));
        good = false;
    }
    while (good && (code = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        good = take_entry(archive, entry, files, message);
    }
    if (good && code != ARCHIVE_EOF) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.200s", archive_error_string(archive));
        good = false;
    }
    archive_read_free(archive);
    return good;
}
