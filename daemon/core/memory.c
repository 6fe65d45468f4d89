/* Allocation that never returns NULL. */
#include "daemon/core/memory.h"

#include <stdint.h>
#include <stdlib.h>

_Noreturn void memory_broken(void) {
    abort();
}

void *memory_new(size_t count, size_t size) {
    void *block = calloc(count > 0 ? count : 1, size);
    ENSURE(block != NULL);
    return block;
}

void *memory_resize(void *block, size_t count, size_t size) {
    ENSURE(size > 0 && count <= SIZE_MAX / size);
    void *resized = realloc(block, count > 0 ? count * size : size);
    ENSURE(resized != NULL);
    return resized;
}

void memory_reserve(void **block, size_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity)
        return;
    size_t grown = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    if (grown < needed)
        grown = needed;
    *block = memory_resize(*block, grown, size);
    *capacity = grown;
}
