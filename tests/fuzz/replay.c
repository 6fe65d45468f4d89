/* Runs a fuzz target in the normal test run: over the files that are named, and over so many seeded spoilings of them. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/intake_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GROWTH = 512, PATH_SIZE = 1024 };

struct corpus {
    struct text *at;
    size_t count;
};

static void *required(void *block, const char *what) {
    if (block == NULL) {
        perror(what);
        abort();
    }
    return block;
}

static void read_file(struct corpus *corpus, const char *path, size_t size) {
    FILE *file = required(fopen(path, "rb"), path);
    char *bytes = required(malloc(size + 1), "memory");
    corpus->at = required(realloc(corpus->at, (corpus->count + 1) * sizeof *corpus->at), "memory");
    corpus->at[corpus->count++] = (struct text){bytes, (uint32_t)fread(bytes, 1, size, file)};
    fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file, or all files of a folder in the order of their names; a folder of no kept cases is not there. */
static void read_path(struct corpus *corpus, const char *path) {
    struct stat status;
    struct dirent **entries;
    if (stat(path, &status) != 0)
        return;
    if (S_ISREG(status.st_mode))
        read_file(corpus, path, (size_t)status.st_size);
    int count = S_ISDIR(status.st_mode) ? scandir(path, &entries, NULL, by_name) : 0;
    for (int i = 0; i < count; i++) {
        char inner[PATH_SIZE];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            read_path(corpus, inner);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

/* Of its own length, so that a sanitizer sees a read beyond it. */
static void run_exact(const char *bytes, size_t length) {
    char *exact = required(malloc(length > 0 ? length : 1), "memory");
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, length);
    free(exact);
}

static void run_spoilt(uint64_t *state, struct text seed) {
    size_t room = seed.length + GROWTH;
    char *spoilt = required(malloc(room), "memory");
    memcpy(spoilt, seed.at, seed.length);
    run_exact(spoilt, intake_mutate(state, spoilt, seed.length, room));
    free(spoilt);
}

int main(int count, char *words[]) {
    if (count < 4) {
        fprintf(stderr, "usage: %s SPOILINGS SEED PATH...\n", words[0]);
        return 2;
    }
    unsigned long spoilings = strtoul(words[1], NULL, 10);
    uint64_t state = strtoull(words[2], NULL, 10);
    struct corpus corpus = {NULL, 0};
    for (int i = 3; i < count; i++)
        read_path(&corpus, words[i]);
    printf("%zu inputs, %lu spoilings, seed %llu\n", corpus.count, spoilings, (unsigned long long)state);
    fflush(stdout);
    if (state == 0 || corpus.count == 0)
        return 2;
    for (size_t i = 0; i < corpus.count; i++)
        run_exact(corpus.at[i].at, corpus.at[i].length);
    for (unsigned long i = 0; i < spoilings; i++)
        run_spoilt(&state, corpus.at[i % corpus.count]);
    for (size_t i = 0; i < corpus.count; i++)
        free((void *)(uintptr_t)corpus.at[i].at);
    free(corpus.at);
    return 0;
}
