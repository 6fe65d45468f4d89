/* The keeper: replays beside the ledger and writes checkpoints. */
#include "daemon/ledger/keeper.h"

#include "daemon/core/memory.h"
#include "daemon/ledger/ledger_internal.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* A process may run this thread when nothing else wants to run. */
enum { LOWEST_PRIORITY = 19 };

enum state { IDLE, ASKED, DONE };

struct keeper {
    pthread_t thread;
    pthread_mutex_t lock; /* of state, now and outcome */
    pthread_cond_t changed;
    enum state state;
    instant_t now;
    struct keeper_outcome outcome;
    atomic_bool stop;
    char *journal_path;
    struct calendar *midnights; /* without holidays: from it the calendar in force is made */
};

static int64_t monotonic_ms(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A ledger that only replays. */
static struct ledger *replaying_ledger(struct keeper *keeper, char message[CHECKPOINT_MESSAGE_SIZE]) {
    char reason[256];
    struct ledger *ledger = memory_new(1, sizeof *ledger);
    ledger->journal_path = keeper->journal_path;
    ledger->stop = &keeper->stop;
    ledger->intake = envelope_create();
    ledger->archive = envelope_create();
    ledger->arena = arena_create();
    ledger->transition_parser = json_parser_create(WIRE_TRANSITION_SIZE, TRANSITION_NESTING_MAX);
    if (journal_open_reader(keeper->journal_path, &ledger->journal, reason) != JOURNAL_OK) {
        snprintf(message, CHECKPOINT_MESSAGE_SIZE, "%s", reason);
        ledger_close(&ledger);
    }
    return ledger;
}

static bool replay(struct ledger *ledger, const struct keeper *keeper, char message[CHECKPOINT_MESSAGE_SIZE]) {
    enum journal_status status = ledger_read_policies(ledger);
    if (status == JOURNAL_OK && ledger->policy_count == 0)
        status = JOURNAL_CORRUPT;
    if (status == JOURNAL_OK) {
        const struct holidays *holidays = &ledger->policies[ledger->policy_count - 1].holidays;
        ledger->calendar = calendar_with_holidays(keeper->midnights, holidays->at, holidays->count);
        status = ledger_replay(ledger);
    }
    if (status != JOURNAL_OK)
        snprintf(message, CHECKPOINT_MESSAGE_SIZE, "%.200s",
                 status == JOURNAL_CORRUPT ? "the journal is damaged" : journal_failure(ledger->journal));
    return status == JOURNAL_OK;
}

static void take_checkpoint(struct keeper *keeper, instant_t now, struct keeper_outcome *outcome) {
    int64_t began_ms = monotonic_ms();
    memset(outcome, 0, sizeof *outcome);
    struct ledger *ledger = replaying_ledger(keeper, outcome->message);
    struct pace pace;
    pace_begin(&pace, &keeper->stop);
    if (ledger != NULL)
        ledger->pace = &pace;
    outcome->written =
        ledger != NULL && replay(ledger, keeper, outcome->message) && checkpoint_write(ledger, now, &outcome->mark, outcome->message);
    if (outcome->written) {
        ledger_read_redaction(ledger); /* of meanwhile: the loop may have ended before it can hear of this checkpoint */
        if (!ledger_may_keep_checkpoint(ledger, &outcome->mark))
            checkpoint_forget(ledger);
    }
    ledger_close(&ledger);
    outcome->took_ms = monotonic_ms() - began_ms;
}

static void *run(void *context) {
    struct keeper *keeper = context;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST_PRIORITY); /* of this thread alone; where it is refused, it shares */
    pthread_mutex_lock(&keeper->lock);
    while (!atomic_load(&keeper->stop)) {
        if (keeper->state != ASKED) {
            pthread_cond_wait(&keeper->changed, &keeper->lock);
            continue;
        }
        instant_t now = keeper->now;
        struct keeper_outcome outcome;
        pthread_mutex_unlock(&keeper->lock);
        take_checkpoint(keeper, now, &outcome);
        pthread_mutex_lock(&keeper->lock);
        keeper->outcome = outcome;
        keeper->state = DONE;
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

struct keeper *keeper_create(const char *journal_path, const struct calendar *calendar) {
    struct keeper *keeper = memory_new(1, sizeof *keeper);
    size_t size = strlen(journal_path) + 1;
    keeper->journal_path = memory_new(size, 1);
    memcpy(keeper->journal_path, journal_path, size);
    keeper->midnights = calendar_with_holidays(calendar, NULL, 0);
    atomic_init(&keeper->stop, false);
    ENSURE(pthread_mutex_init(&keeper->lock, NULL) == 0 && pthread_cond_init(&keeper->changed, NULL) == 0);
    if (pthread_create(&keeper->thread, NULL, run, keeper) == 0)
        return keeper;
    atomic_store(&keeper->stop, true);
    calendar_destroy(&keeper->midnights);
    free(keeper->journal_path);
    free(keeper);
    return NULL;
}

void keeper_destroy(struct keeper **pointer) {
    struct keeper *keeper = *pointer;
    if (keeper == NULL)
        return;
    pthread_mutex_lock(&keeper->lock);
    atomic_store(&keeper->stop, true);
    pthread_cond_signal(&keeper->changed);
    pthread_mutex_unlock(&keeper->lock);
    ENSURE(pthread_join(keeper->thread, NULL) == 0);
    pthread_mutex_destroy(&keeper->lock);
    pthread_cond_destroy(&keeper->changed);
    calendar_destroy(&keeper->midnights);
    free(keeper->journal_path);
    free(keeper);
    *pointer = NULL;
}

bool keeper_ask(struct keeper *keeper, instant_t now) {
    pthread_mutex_lock(&keeper->lock);
    bool idle = keeper->state == IDLE;
    if (idle) {
        keeper->state = ASKED;
        keeper->now = now;
        pthread_cond_signal(&keeper->changed);
    }
    pthread_mutex_unlock(&keeper->lock);
    return idle;
}

bool keeper_take(struct keeper *keeper, struct keeper_outcome *outcome) {
    pthread_mutex_lock(&keeper->lock);
    bool done = keeper->state == DONE;
    if (done) {
        *outcome = keeper->outcome;
        keeper->state = IDLE;
    }
    pthread_mutex_unlock(&keeper->lock);
    return done;
}
