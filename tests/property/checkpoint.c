/* Replaying a run's journal, in one go or with a checkpoint on the way, under the policies of that time or of now. */
#include "tests/property/checkpoint.h"

#include "daemon/core/preserve.h"

#include <stdlib.h>
#include <string.h>

struct stored {
    unsigned char *bytes;
    size_t size;
    size_t capacity;
    size_t at;
};

static bool store(void *context, const void *bytes, size_t size) {
    struct stored *stored = context;
    if (stored->size + size > stored->capacity) {
        stored->capacity = 2 * (stored->size + size);
        stored->bytes = realloc(stored->bytes, stored->capacity);
        if (stored->bytes == NULL)
            abort();
    }
    memcpy(stored->bytes + stored->size, bytes, size);
    stored->size += size;
    return true;
}

static size_t recall(void *context, void *bytes, size_t size) {
    struct stored *stored = context;
    size_t got = stored->size - stored->at < size ? stored->size - stored->at : size;
    memcpy(bytes, stored->bytes + stored->at, got);
    stored->at += got;
    return got;
}

static struct stored save(const struct waiting_register *reg) {
    struct stored stored = {NULL, 0, 0, 0};
    struct bytes_out *out = malloc(sizeof *out);
    if (out == NULL)
        abort();
    bytes_out_init(out, store, &stored);
    register_save(reg, out);
    if (!bytes_finish(out))
        abort();
    free(out);
    return stored;
}

static enum preserve_result load(struct waiting_register *reg, struct stored *stored, uint64_t seq, uint64_t alert_seq) {
    struct bytes_in *in = malloc(sizeof *in);
    if (in == NULL)
        abort();
    bytes_in_init(in, recall, stored);
    enum preserve_result result = register_load(reg, in, seq, alert_seq);
    if (result == PRESERVE_LOADED && !bytes_at_end(in))
        result = PRESERVE_REFUSED;
    free(in);
    return result;
}

struct replay {
    struct waiting_register *reg;
    size_t events; /* how many were given */
    size_t alerts;
    bool alerts_last;
    bool sees_all;
};

static void give_alerts_until(struct run *run, struct replay *replay, size_t events) {
    for (; replay->alerts < run->alert_count && run->log_after[replay->alerts] <= events; replay->alerts++)
        register_replay_alert(replay->reg, &run->alert_log[replay->alerts]);
}

static void give_events_until(struct run *run, struct replay *replay, size_t until) {
    struct memory_journal *journal = &run->journal;
    for (; replay->events < until; replay->events++) {
        if (!replay->alerts_last)
            give_alerts_until(run, replay, replay->events);
        journal->visible = replay->sees_all ? journal->count : replay->events + 1;
        journal_give(journal, replay->events + 1, replay->reg, register_replay_event);
    }
}

/* Two registers that were saved as the same bytes have nothing that tells them apart. */
static void check_saved_again(struct run *run, const struct stored *stored, const struct waiting_register *reg) {
    struct stored again = save(reg);
    if (again.size != stored->size || memcmp(again.bytes, stored->bytes, again.size) != 0)
        verdict_fail(run->verdict, "law 4: a register that was taken up from a checkpoint is saved otherwise");
    free(again.bytes);
}

/* The register goes through a checkpoint: in its place comes one that was taken up, under all policies of now; or, where these fold
 * otherwise than those under which it was made, an empty one. */
static void pass_through(struct run *run, struct replay *replay, size_t eras) {
    size_t all = run->era_count;
    struct stored stored = save(replay->reg);
    register_destroy(&replay->reg);
    replay->reg = run_new_register(run, &run->journal);
    enum preserve_result result = load(replay->reg, &stored, replay->events, replay->alerts);
    if (result == PRESERVE_LOADED) {
        check_saved_again(run, &stored, replay->reg);
    } else if (result == PRESERVE_OTHER_RULES && eras < all) {
        register_destroy(&replay->reg);
        replay->reg = run_new_register(run, &run->journal);
        replay->events = replay->alerts = 0;
    } else {
        verdict_fail(run->verdict, "law 4: the checkpoint at %zu is not taken up: %d", replay->events, (int)result);
    }
    free(stored.bytes);
}

static struct waiting_register *new_register(struct run *run, size_t eras) {
    size_t all = run->era_count;
    run->era_count = eras;
    struct waiting_register *reg = run_new_register(run, &run->journal);
    run->era_count = all;
    return reg;
}

struct waiting_register *checkpoint_replay(struct run *run, struct random *random, bool sees_all) {
    struct replay replay = {.alerts_last = random_chance(random, 50), .sees_all = sees_all};
    size_t count = run->journal.count;
    if (random_chance(random, 70)) {
        size_t eras = 1 + random_below(random, (uint32_t)run->era_count);
        replay.reg = new_register(run, eras);
        give_events_until(run, &replay, random_below(random, (uint32_t)count + 1));
        pass_through(run, &replay, eras);
    } else {
        replay.reg = run_new_register(run, &run->journal);
    }
    give_events_until(run, &replay, count);
    give_alerts_until(run, &replay, count);
    register_set_next_alert_seq(replay.reg, run->next_alert_seq);
    return replay.reg;
}
