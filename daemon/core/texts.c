/* Texts that are kept for ever: two bytes of length, the text, a NUL. */
#include "daemon/core/texts.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

/* A number is half the offset of its text, counted over all blocks. */
enum { BLOCK_BYTES = 1 << 16, ALIGNMENT = 2 };

struct texts {
    char **blocks;
    size_t block_count;
    size_t block_capacity;
    size_t used; /* of the last block */
};

struct texts *texts_create(void) {
    struct texts *texts = memory_new(1, sizeof *texts);
    texts->used = BLOCK_BYTES;
    return texts;
}

void texts_destroy(struct texts **texts) {
    if (*texts == NULL)
        return;
    for (size_t i = 0; i < (*texts)->block_count; i++)
        free((*texts)->blocks[i]);
    free((*texts)->blocks);
    free(*texts);
    *texts = NULL;
}

uint32_t texts_keep(struct texts *texts, struct text text) {
    uint16_t length = (uint16_t)text.length;
    size_t needed = sizeof length + text.length + 1;
    ENSURE(text.at != NULL && text.length <= TEXTS_LENGTH_MAX);
    needed += needed % ALIGNMENT;
    if (texts->used + needed > BLOCK_BYTES) {
        memory_reserve((void **)&texts->blocks, &texts->block_capacity, texts->block_count + 1, sizeof *texts->blocks);
        texts->blocks[texts->block_count++] = memory_new(BLOCK_BYTES, 1);
        texts->used = texts->block_count == 1 ? ALIGNMENT : 0; /* so that no number is 0 */
    }
    uint64_t place = (uint64_t)(texts->block_count - 1) * BLOCK_BYTES + texts->used;
    ENSURE(place / ALIGNMENT <= UINT32_MAX);
    char *kept = texts->blocks[texts->block_count - 1] + texts->used;
    memcpy(kept, &length, sizeof length);
    memcpy(kept + sizeof length, text.at, text.length);
    texts->used += needed;
    return (uint32_t)(place / ALIGNMENT);
}

struct text texts_at(const struct texts *texts, uint32_t number) {
    uint16_t length;
    if (number == 0)
        return TEXT_ABSENT;
    uint64_t place = (uint64_t)number * ALIGNMENT;
    const char *kept = texts->blocks[place / BLOCK_BYTES] + place % BLOCK_BYTES;
    memcpy(&length, kept, sizeof length);
    return (struct text){kept + sizeof length, length};
}

void texts_erase(struct texts *texts, uint32_t number) {
    struct text text = texts_at(texts, number);
    if (number == 0)
        return;
    uint64_t place = (uint64_t)number * ALIGNMENT;
    memset(texts->blocks[place / BLOCK_BYTES] + place % BLOCK_BYTES + sizeof(uint16_t), 0, text.length);
}
