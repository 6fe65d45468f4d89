/* Packing events into a batch, one a line. */
#include "client/lib/batch.h"

#include <stdlib.h>
#include <string.h>

void batch_clear(struct batch *batch) {
    batch->state = BATCH_FREE;
    batch->size = 0;
    batch->count = 0;
    batch->was_sent = false;
}

void batch_free(struct batch *batch) {
    free(batch->bytes);
    free(batch->tags);
    memset(batch, 0, sizeof *batch);
}

bool batch_is_blank(const char *event, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (event[i] != ' ' && event[i] != '\t' && event[i] != '\r' && event[i] != '\n') {
            return false;
        }
    }
    return true;
}

bool batch_fits_one_line(const char *event, size_t size) {
    bool in_string = false;

    if (memchr(event, '\n', size) == NULL) {
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        if (event[i] == '"') {
            in_string = !in_string;
        } else if (event[i] == '\\' && in_string) {
            i++;
        } else if (event[i] == '\n' && in_string) {
            return false;
        }
    }
    return true;
}

void batch_add(struct batch *batch, const char *event, size_t size, uint64_t tag, size_t limit) {
    if (batch->tags == NULL) {
        batch->tags = client_new(limit * sizeof *batch->tags);
    }
    CLIENT_CHECK(batch->count < limit);
    if (batch->size + size + 1 > batch->capacity) {
        batch->capacity = 2 * (batch->size + size + 1);
        batch->bytes = client_grow(batch->bytes, batch->capacity);
    }
    char *line = batch->bytes + batch->size;

    memcpy(line, event, size);
    for (char *at = line; (at = memchr(at, '\n', size - (size_t)(at - line))) != NULL;) {
        *at = ' ';
    }
    line[size] = '\n';
    batch->size += size + 1;
    batch->tags[batch->count++] = tag;
}
