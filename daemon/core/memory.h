/* Allocation that never returns NULL: without memory the process ends, as the failure policy says. */
#ifndef WAITLIST_CORE_MEMORY_H
#define WAITLIST_CORE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; aborts when there is none or the product overflows. The caller frees with free(). */
void *memory_new(size_t count, size_t size);
/* realloc to `count` objects; the added part is not initialised. Aborts as memory_new. */
void *memory_resize(void *block, size_t count, size_t size);
/* Grows `*block` so that it holds at least `needed` objects; `*capacity` grows at least by half, so that pushing one by one costs O(1). */
void memory_reserve(void **block, size_t *capacity, size_t needed, size_t size);

/* Our own bugs end the process, in every build. */
#define ENSURE(condition) ((condition) ? (void)0 : memory_broken())
_Noreturn void memory_broken(void);

#endif
