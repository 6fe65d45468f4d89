/* Kept answers: a ring in the order of keeping, so that the oldest goes first whatever the reason. */
#include "client/dashboard/kept.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

struct kept_answer {
    char *question; /* NULL: the place is empty */
    size_t size;
    struct answer *answer;
    int64_t until_ms;
};

struct kept {
    struct kept_answer answers[KEPT_ANSWERS_MAX];
    size_t oldest, count;
    size_t bytes;
};

struct kept *kept_create(void) {
    return memory_new(1, sizeof(struct kept));
}

static struct kept_answer *place(struct kept *kept, size_t age) {
    return &kept->answers[(kept->oldest + age) % KEPT_ANSWERS_MAX];
}

static void empty(struct kept *kept, struct kept_answer *old) {
    if (old->question == NULL) {
        return;
    }
    kept->bytes -= answer_size(old->answer);
    answer_release(old->answer);
    free(old->question);
    *old = (struct kept_answer){0};
}

static void drop_oldest(struct kept *kept) {
    empty(kept, place(kept, 0));
    kept->oldest = (kept->oldest + 1) % KEPT_ANSWERS_MAX;
    kept->count--;
}

void kept_clear(struct kept *kept) {
    while (kept->count > 0) {
        drop_oldest(kept);
    }
}

void kept_destroy(struct kept **kept) {
    if (*kept == NULL) {
        return;
    }
    kept_clear(*kept);
    free(*kept);
    *kept = NULL;
}

static struct kept_answer *find(struct kept *kept, const char *question, size_t size) {
    for (size_t age = 0; age < kept->count; age++) {
        struct kept_answer *each = place(kept, age);

        if (each->question != NULL && each->size == size && memcmp(each->question, question, size) == 0) {
            return each;
        }
    }
    return NULL;
}

void kept_put(struct kept *kept, const char *question, size_t size, struct answer *answer, int64_t now_ms) {
    struct kept_answer *before = find(kept, question, size);

    if (before != NULL) {
        empty(kept, before);
    }
    if (answer_size(answer) > KEPT_BYTES_MAX) {
        return;
    }
    while (kept->count == KEPT_ANSWERS_MAX || (kept->count > 0 && kept->bytes + answer_size(answer) > KEPT_BYTES_MAX)) {
        drop_oldest(kept);
    }
    struct kept_answer *new = place(kept, kept->count++);

    new->question = memory_new(size, 1);
    memcpy(new->question, question, size);
    new->size = size;
    new->answer = answer_hold(answer);
    new->until_ms = now_ms + KEPT_MS;
    kept->bytes += answer_size(answer);
}

struct answer *kept_find(struct kept *kept, const char *question, size_t size, int64_t now_ms) {
    while (kept->count > 0 && place(kept, 0)->until_ms <= now_ms) {
        drop_oldest(kept); /* also places that are empty already: their time is 0 */
    }
    struct kept_answer *found = find(kept, question, size);

    return found == NULL || found->until_ms <= now_ms ? NULL : found->answer;
}
