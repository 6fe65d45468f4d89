/* The files of a pack, in memory. */
#include "client/evidence/files.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool evidence_files_add(struct evidence_files *files, const char *name, char **bytes, size_t size) {
    size_t place = 0;

    while (place < files->count && strcmp(files->at[place].name, name) < 0) {
        place++;
    }
    bool is_there = place < files->count && strcmp(files->at[place].name, name) == 0;

    if (is_there || files->count == EVIDENCE_FILES_MAX) {
        return false;
    }
    memmove(&files->at[place + 1], &files->at[place], (files->count - place) * sizeof files->at[0]);
    files->at[place] = (struct evidence_file){strdup(name), *bytes, size};
    ENSURE(files->at[place].name != NULL);
    files->count++;
    *bytes = NULL;
    return true;
}

const struct evidence_file *evidence_files_find(const struct evidence_files *files, const char *name) {
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->at[i].name, name) == 0) {
            return &files->at[i];
        }
    }
    return NULL;
}

void evidence_files_clear(struct evidence_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        free(files->at[i].name);
        free(files->at[i].bytes);
    }
    files->count = 0;
}

void evidence_sha256(const char *bytes, size_t size, char text[EVIDENCE_SHA256_TEXT]) {
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, (const unsigned char *)bytes, size);
    sodium_bin2hex(text, EVIDENCE_SHA256_TEXT, digest, sizeof digest);
}

static void put_bytes(struct evidence_text *text, const char *piece, size_t length) {
    memory_reserve((void **)&text->at, &text->capacity, text->length + length + 1, 1);
    memcpy(text->at + text->length, piece, length);
    text->length += length;
    text->at[text->length] = '\0';
}

void evidence_put(struct evidence_text *text, const char *piece) {
    put_bytes(text, piece, strlen(piece));
}

void evidence_print(struct evidence_text *text, const char *format, ...) {
    va_list arguments;
    char *piece = NULL;

    va_start(arguments, format);
    int length = vasprintf(&piece, format, arguments);
    va_end(arguments);
    ENSURE(length >= 0);
    put_bytes(text, piece, (size_t)length);
    free(piece);
}

void evidence_text_free(struct evidence_text *text) {
    free(text->at);
    *text = (struct evidence_text){NULL, 0, 0};
}

void evidence_files_take(struct evidence_files *files, const char *name, struct evidence_text *text) {
    if (text->at == NULL) {
        evidence_put(text, "");
    }
    ENSURE(evidence_files_add(files, name, &text->at, text->length));
    *text = (struct evidence_text){NULL, 0, 0};
}
