/* Runs a check over many histories in a process of its own, and shrinks the history on which it fails. */
#include "tests/property/property.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED_DEFAULT 20250401

/* What outlives a check that crashed. */
struct progress {
    property_check *check;
    uint64_t seed;
    uint64_t done;
    uint64_t events;
    uint64_t steps;
    uint64_t transitions;
    bool failed;
    struct verdict verdict;
};

/* Checks the history in a process of its own, which may crash. True when it fails. */
static bool fails_alone(struct run *run, const struct world *world, const struct history *history, struct progress *progress) {
    progress->failed = false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        progress->check(run, world, history, &progress->verdict);
        progress->failed = progress->verdict.failed;
        _exit(0);
    }
    int status;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        progress->failed = true;
        memset(&progress->verdict, 0, sizeof progress->verdict);
        verdict_fail(&progress->verdict, "the check itself was ended (status %x)", child < 0 ? -1 : status);
    }
    return progress->failed;
}

static void without_steps(const struct history *history, size_t from, size_t count, struct history *shorter) {
    *shorter = *history;
    memmove(&shorter->steps[from], &shorter->steps[from + count], (history->step_count - from - count) * sizeof shorter->steps[0]);
    shorter->step_count -= count;
}

/* Takes steps away for as long as the history still fails in the same way, in halves, quarters … single steps. */
static void shrink(struct run *run, const struct world *world, struct history *history, struct progress *progress) {
    struct history *shorter = malloc(sizeof *shorter);
    if (shorter == NULL)
        abort();
    const char *format = progress->verdict.format;
    bool again = true;
    while (again) {
        again = false;
        for (size_t count = history->step_count / 2; count > 0; count /= 2)
            for (size_t from = 0; from + count <= history->step_count;) {
                without_steps(history, from, count, shorter);
                if (fails_alone(run, world, shorter, progress) && progress->verdict.format == format) {
                    *history = *shorter;
                    again = true;
                } else {
                    from += count;
                }
            }
    }
    free(shorter);
    fails_alone(run, world, history, progress);
}

static void check_all(struct run *run, const struct world *world, uint64_t first, uint64_t histories, struct progress *progress) {
    struct history *history = malloc(sizeof *history);
    struct verdict verdict;
    if (history == NULL)
        abort();
    for (uint64_t i = 0; i < histories; i++) {
        progress->seed = first + i;
        history_generate(history, world, progress->seed);
        progress->check(run, world, history, &verdict);
        progress->events += run->journal.count;
        progress->steps += history->step_count;
        progress->transitions += run->alert_count;
        run_end(run);
        if (verdict.failed)
            _exit(1);
        progress->done++;
    }
    free(history);
}

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    if (text == NULL || *text == '\0')
        return otherwise;
    if (strcmp(text, "random") == 0) {
        uint64_t number = 0;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
            abort();
        return number >> 16;
    }
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*end != '\0') {
        fprintf(stderr, "%s=%s is no number\n", name, text);
        exit(2);
    }
    return number;
}

static void report(struct run *run, const struct world *world, struct progress *progress) {
    struct history *history = malloc(sizeof *history);
    if (history == NULL)
        abort();
    history_generate(history, world, progress->seed);
    printf("FAILED: seed %llu\n", (unsigned long long)progress->seed);
    if (fails_alone(run, world, history, progress)) {
        printf("%s\n", progress->verdict.text);
        shrink(run, world, history, progress);
    }
    printf("shrunk to %zu steps: %s\n", history->step_count, progress->verdict.text);
    history_print(history, stdout);
    free(history);
}

int property_main(property_check *check, uint64_t histories_default) {
    uint64_t seed = number_of("SEED", SEED_DEFAULT);
    uint64_t histories = number_of("HISTORIES", histories_default);
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct run *run = calloc(1, sizeof *run);
    struct world world;
    if (progress == MAP_FAILED || run == NULL)
        abort();
    progress->check = check;
    world_create(&world);
    mallopt(M_MMAP_THRESHOLD, 1 << 18); /* fresh pages for the large blocks of each register: cheaper than clearing used ones */
    printf("SEED=%llu HISTORIES=%llu\n", (unsigned long long)seed, (unsigned long long)histories);
    fflush(NULL);
    pid_t child = fork();
    int status = -1;
    if (child == 0) {
        check_all(run, &world, seed, histories, progress);
        world_destroy(&world);
        free(run);
        exit(0);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    bool passed = child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && progress->done == histories;
    if (!passed)
        report(run, &world, progress);
    printf("%llu histories held: %llu events, %llu steps, %llu alert transitions\n", (unsigned long long)progress->done,
           (unsigned long long)progress->events, (unsigned long long)progress->steps, (unsigned long long)progress->transitions);
    world_destroy(&world);
    free(run);
    munmap(progress, sizeof *progress);
    return passed ? 0 : 1;
}
