/* Memory for the library: whoever gets a pointer need not check it. */
#include "client/lib/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(void) {
    fputs("libwaitlist: out of memory\n", stderr);
    abort();
}

void *client_new(size_t size) {
    void *memory = calloc(1, size);

    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void *client_grow(void *memory, size_t size) {
    void *grown = realloc(memory, size);

    if (grown == NULL) {
        out_of_memory();
    }
    return grown;
}

char *client_copy(const char *text, size_t size) {
    char *copy = client_new(size + 1);

    memcpy(copy, text, size);
    return copy;
}

void client_bug(const char *condition, const char *file, int line) {
    fprintf(stderr, "libwaitlist: %s:%d: this must hold: %s\n", file, line, condition);
    abort();
}

void waitlist_free(void *memory) {
    free(memory);
}
