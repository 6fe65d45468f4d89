/* Runs a fuzz target in the normal test run: over the golden events, and over so many seeded spoilings of them. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/intake_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20250601, GROWTH = 512 };

static struct text *read_corpus(size_t *count) {
    static const char *const folders[] = {"good", "bad", "pairs", "frames"};
    struct text *corpus = NULL;
    *count = 0;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t files;
        char **names = intake_fixture_folder(folders[i], &files);
        struct text *grown = realloc(corpus, (*count + files) * sizeof *corpus);
        if (grown == NULL)
            abort();
        corpus = grown;
        for (size_t j = 0; j < files; j++) {
            corpus[(*count)++] = intake_fixture_read(names[j]);
            free(names[j]);
        }
        free(names);
    }
    return corpus;
}

/* Of its own length, so that a sanitizer sees a read beyond it. */
static void run_spoilt(uint64_t *state, struct text seed) {
    size_t room = seed.length + GROWTH;
    char *spoilt = malloc(room);
    if (spoilt == NULL)
        abort();
    memcpy(spoilt, seed.at, seed.length);
    size_t length = intake_mutate(state, spoilt, seed.length, room);
    char *exact = malloc(length > 0 ? length : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, spoilt, length);
    free(spoilt);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, length);
    free(exact);
}

int main(int count, char *words[]) {
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: %s SPOILINGS [SEED]\n", words[0]);
        return 2;
    }
    unsigned long spoilings = strtoul(words[1], NULL, 10);
    uint64_t state = count == 3 ? strtoull(words[2], NULL, 10) : SEED;
    size_t seeds;
    struct text *corpus = read_corpus(&seeds);
    printf("%zu golden inputs, %lu spoilings, seed %llu\n", seeds, spoilings, (unsigned long long)state);
    fflush(stdout);
    if (state == 0 || seeds == 0)
        return 2;
    for (size_t i = 0; i < seeds; i++)
        LLVMFuzzerTestOneInput((const uint8_t *)corpus[i].at, corpus[i].length);
    for (unsigned long i = 0; i < spoilings; i++)
        run_spoilt(&state, corpus[i % seeds]);
    for (size_t i = 0; i < seeds; i++)
        free((void *)corpus[i].at);
    free(corpus);
    return 0;
}
