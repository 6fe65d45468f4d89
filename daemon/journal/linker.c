/* The links of a turn's events, made in batches. */
#include "daemon/journal/linker.h"

#include "daemon/core/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Waking the thread costs some microseconds, as much as linking ten events. What a long turn took is given back by the next but for this.
 */
enum { BATCH_EVENTS = 256, BATCHES_KEPT = 32, BYTES_KEPT = 1 << 18 };

struct task {
    struct chain_event event;
    struct chain_salt salt;
    size_t bytes_at; /* in the batch's bytes; the kept part lies behind them */
    uint32_t length;
};

struct batch {
    uint32_t count;
    uint32_t linked; /* of them */
    struct task tasks[BATCH_EVENTS];
    struct chain_digest heads[BATCH_EVENTS]; /* after each */
    char *bytes;
    size_t length;
    size_t capacity;
};

/* While `done` is less than `begun`, the thread has that batch, `chain` and `head`; the caller has all the others. */
struct linker {
    struct chain *chain;
    struct chain_digest head;
    struct batch **batches;
    size_t batch_count;
    size_t batch_capacity;
    size_t open; /* the batch that is being filled */
    bool has_thread;
    bool is_alone; /* there will be no thread */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows, and of `batches` once there is a thread */
    pthread_cond_t work;
    pthread_cond_t rest;
    size_t given; /* batches of the turn */
    size_t begun; /* of them */
    size_t done;
    bool stop;
};

static void link_batch(struct linker *linker, struct batch *batch) {
    for (; batch->linked < batch->count; batch->linked++) {
        struct task *task = &batch->tasks[batch->linked];
        const char *at = batch->bytes + task->bytes_at;
        task->event.kept.at = at + task->length;
        chain_erasable(linker->chain, &task->salt, (struct text){at, task->length}, &task->event.erasable);
        chain_add_event(linker->chain, &linker->head, &task->event);
        batch->heads[batch->linked] = linker->head;
    }
}

static void *run(void *context) {
    struct linker *linker = context;
    pthread_mutex_lock(&linker->lock);
    while (!linker->stop) {
        if (linker->begun == linker->given) {
            pthread_cond_wait(&linker->work, &linker->lock);
            continue;
        }
        struct batch *batch = linker->batches[linker->begun++];
        pthread_mutex_unlock(&linker->lock);
        link_batch(linker, batch);
        pthread_mutex_lock(&linker->lock);
        linker->done++;
        pthread_cond_signal(&linker->rest);
    }
    pthread_mutex_unlock(&linker->lock);
    return NULL;
}

struct linker *linker_create(void) {
    struct linker *linker = memory_new(1, sizeof *linker);
    cpu_set_t processors;

    linker->chain = chain_create();
    linker->is_alone = sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) < 2;
    ENSURE(pthread_mutex_init(&linker->lock, NULL) == 0);
    ENSURE(pthread_cond_init(&linker->work, NULL) == 0 && pthread_cond_init(&linker->rest, NULL) == 0);
    return linker;
}

static void free_batch(struct batch *batch) {
    free(batch->bytes);
    free(batch);
}

void linker_destroy(struct linker **pointer) {
    struct linker *linker = *pointer;

    if (linker == NULL)
        return;
    if (linker->has_thread) {
        pthread_mutex_lock(&linker->lock);
        linker->stop = true;
        pthread_cond_signal(&linker->work);
        pthread_mutex_unlock(&linker->lock);
        ENSURE(pthread_join(linker->thread, NULL) == 0);
    }
    pthread_cond_destroy(&linker->rest);
    pthread_cond_destroy(&linker->work);
    pthread_mutex_destroy(&linker->lock);
    while (linker->batch_count > 0)
        free_batch(linker->batches[--linker->batch_count]);
    free(linker->batches);
    chain_destroy(&linker->chain);
    free(linker);
    *pointer = NULL;
}

/* Takes back what the thread has not begun: on a busy machine it may not have come to run, and to wait for it would take longer. */
static void take_back(struct linker *linker) {
    if (!linker->has_thread)
        return;
    pthread_mutex_lock(&linker->lock);
    linker->given = linker->begun;
    while (linker->done < linker->begun)
        pthread_cond_wait(&linker->rest, &linker->lock);
    pthread_mutex_unlock(&linker->lock);
}

static void empty_batch(struct batch *batch) {
    batch->count = batch->linked = 0;
    batch->length = 0;
    if (batch->capacity > BYTES_KEPT) {
        free(batch->bytes);
        batch->bytes = NULL;
        batch->capacity = 0;
    }
}

void linker_begin(struct linker *linker, const struct chain_digest *head) {
    take_back(linker);
    while (linker->batch_count > BATCHES_KEPT)
        free_batch(linker->batches[--linker->batch_count]);
    for (size_t i = 0; i <= linker->open && i < linker->batch_count; i++)
        empty_batch(linker->batches[i]);
    linker->open = 0;
    linker->head = *head;
    pthread_mutex_lock(&linker->lock);
    linker->given = linker->begun = linker->done = 0;
    pthread_mutex_unlock(&linker->lock);
}

static struct batch *open_batch(struct linker *linker) {
    if (linker->open == linker->batch_count) {
        void *batches = linker->batches;
        pthread_mutex_lock(&linker->lock);
        memory_reserve(&batches, &linker->batch_capacity, linker->batch_count + 1, sizeof(struct batch *));
        linker->batches = batches;
        linker->batches[linker->batch_count++] = memory_new(1, sizeof(struct batch));
        pthread_mutex_unlock(&linker->lock);
    }
    return linker->batches[linker->open];
}

/* The full batch goes to the thread, which begins with the first one. */
static void close_batch(struct linker *linker) {
    if (!linker->has_thread && !linker->is_alone) {
        linker->has_thread = pthread_create(&linker->thread, NULL, run, linker) == 0;
        linker->is_alone = !linker->has_thread;
    }
    linker->open++;
    if (linker->is_alone) {
        (void)linker_head(linker);
        return;
    }
    pthread_mutex_lock(&linker->lock);
    linker->given = linker->open;
    pthread_cond_signal(&linker->work);
    pthread_mutex_unlock(&linker->lock);
}

static void add_bytes(struct batch *batch, struct text text) {
    void *bytes = batch->bytes;

    memory_reserve(&bytes, &batch->capacity, batch->length + text.length, 1);
    batch->bytes = bytes;
    if (text.length > 0)
        memcpy(batch->bytes + batch->length, text.at, text.length);
    batch->length += text.length;
}

void linker_add_event(struct linker *linker, const struct chain_event *event, const struct chain_salt *salt, struct text bytes) {
    struct batch *batch = open_batch(linker);

    batch->tasks[batch->count++] = (struct task){*event, *salt, batch->length, bytes.length};
    add_bytes(batch, bytes);
    add_bytes(batch, event->kept);
    if (batch->count == BATCH_EVENTS)
        close_batch(linker);
}

const struct chain_digest *linker_head(struct linker *linker) {
    take_back(linker);
    for (size_t i = linker->done; i <= linker->open && i < linker->batch_count; i++)
        link_batch(linker, linker->batches[i]);
    pthread_mutex_lock(&linker->lock);
    linker->given = linker->begun = linker->done = linker->open;
    pthread_mutex_unlock(&linker->lock);
    return &linker->head;
}

const struct chain_digest *linker_add_act(struct linker *linker, const struct chain_act *act) {
    (void)linker_head(linker);
    chain_add_act(linker->chain, &linker->head, act);
    return &linker->head;
}

const struct chain_digest *linker_event_head(struct linker *linker, uint32_t index) {
    const struct batch *batch = linker->batches[index / BATCH_EVENTS];

    ENSURE(index / BATCH_EVENTS <= linker->open && index % BATCH_EVENTS < batch->linked);
    return &batch->heads[index % BATCH_EVENTS];
}
