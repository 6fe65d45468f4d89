/* The keeper: a thread that takes checkpoints while the ledger goes on. It shares nothing with the ledger: it reads the last checkpoint
 * and, by a connection of its own, what the journal holds since, and writes what that comes to. */
#ifndef WAITLIST_LEDGER_KEEPER_H
#define WAITLIST_LEDGER_KEEPER_H

#include "daemon/ledger/checkpoint.h"

struct keeper;

/* `calendar`: of its days the midnights are copied. NULL when the thread cannot be made. */
struct keeper *keeper_create(const char *journal_path, const struct calendar *calendar);
/* Ends the thread; a checkpoint that is under way is given up within some tenths of a second. */
void keeper_destroy(struct keeper **keeper);

/* Asks for a checkpoint of what is committed by now. False while one is under way or its outcome was not taken. */
bool keeper_ask(struct keeper *keeper, instant_t now);

struct keeper_outcome {
    bool written;
    struct checkpoint_mark mark; /* when written */
    int64_t took_ms;
    char message[CHECKPOINT_MESSAGE_SIZE]; /* else why not */
};
/* What became of the last one that was asked for, once. */
bool keeper_take(struct keeper *keeper, struct keeper_outcome *outcome);

#endif
