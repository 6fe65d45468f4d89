/* Counts of texts: a number for each, by its interned number. */
#include "daemon/core/counts.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

struct counts {
    struct names *names;
    uint64_t *at; /* by the text's number - 1 */
    size_t capacity;
};

struct counts *counts_create(uint64_t seed) {
    struct counts *counts = memory_new(1, sizeof *counts);
    counts->names = names_create(seed);
    return counts;
}

void counts_destroy(struct counts **counts) {
    if (*counts == NULL)
        return;
    names_destroy(&(*counts)->names);
    free((*counts)->at);
    free(*counts);
    *counts = NULL;
}

void counts_add(struct counts *counts, struct text text) {
    uint32_t before = names_count(counts->names);
    uint32_t number = names_intern(counts->names, text);
    memory_reserve((void **)&counts->at, &counts->capacity, number, sizeof *counts->at);
    if (number > before)
        counts->at[number - 1] = 0;
    counts->at[number - 1]++;
}

size_t counts_distinct(const struct counts *counts) {
    return names_count(counts->names);
}

static int compare_counted(const void *left, const void *right) {
    const struct counted_text *a = left;
    const struct counted_text *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return text_compare(a->text, b->text);
}

size_t counts_top(const struct counts *counts, size_t limit, struct counted_text **top) {
    size_t count = counts_distinct(counts);
    *top = memory_new(count, sizeof **top);
    for (uint32_t i = 0; i < count; i++)
        (*top)[i] = (struct counted_text){names_text(counts->names, i + 1), counts->at[i]};
    if (count > 1)
        qsort(*top, count, sizeof **top, compare_counted);
    return count < limit ? count : limit;
}
