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
#define ZIP_END_SIZE ((size_t)22) /* of the record that ends a zip file without a comment */

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

/* Whether an XML text ends with the end of the element that it begins with. */
static bool is_closed(const struct evidence_text *xml) {
    const char *root = xml->length == 0 ? NULL : strchr(xml->at, '<');
    char tag[80];

    if (root != NULL && root[1] == '?') {
        root = strchr(root + 1, '<');
    }
    if (root == NULL) {
        return false;
    }
    size_t length = strcspn(root + 1, " >/\r\n");
    int size = snprintf(tag, sizeof tag, "</%.*s>", (int)length, root + 1);

    size_t end = xml->length;

    while (end > 0 && xml->at[end - 1] == '\n') {
        end--;
    }
    return size > 0 && (size_t)size < sizeof tag && end >= (size_t)size && strncmp(xml->at + end - (size_t)size, tag, (size_t)size) == 0;
}

static bool entry_is_whole(struct archive *archive, const char *name) {
    struct evidence_text text = {NULL, 0, 0};
    char buffer[65536];
    la_ssize_t got;

    while ((got = archive_read_data(archive, buffer, sizeof buffer)) > 0) {
        (void)append(archive, &text, buffer, (size_t)got);
    }
    evidence_put(&text, "");
    bool is_xml = name != NULL && strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".xml") == 0;
    bool good = got == 0 && (!is_xml || is_closed(&text));

    evidence_text_free(&text);
    return good;
}

bool evidence_zip_is_whole(const char *bytes, size_t size) {
    static const char end[] = {'P', 'K', 5, 6};
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    int code = ARCHIVE_FATAL;
    bool good = size >= ZIP_END_SIZE && memcmp(bytes + size - ZIP_END_SIZE, end, sizeof end) == 0;

    ENSURE(archive != NULL && archive_read_support_format_zip(archive) == ARCHIVE_OK);
    good = good && archive_read_open_memory(archive, bytes, size) == ARCHIVE_OK;
    while (good && (code = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        good = entry_is_whole(archive, archive_entry_pathname(entry));
    }
    archive_read_free(archive);
    return good && code == ARCHIVE_EOF;
}
