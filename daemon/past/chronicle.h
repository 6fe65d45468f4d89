/* The chronicle: what the journal holds, read by a connection of its own and kept in memory, so that the register of any day can be made.
 *
 * It knows nothing of the ledger, which goes on meanwhile. Empty until the first chronicle_refresh. For one thread at a time. */
#ifndef WAITLIST_PAST_CHRONICLE_H
#define WAITLIST_PAST_CHRONICLE_H

#include "daemon/config/config.h"
#include "daemon/core/restatement.h"
#include "daemon/journal/journal.h"

#include <stdatomic.h>

struct chronicle;

/* `calendar`: of its days the midnights are copied. `stop`: borrowed; once true, reading ends early. */
struct chronicle *chronicle_create(const char *journal_path, const struct calendar *calendar, const atomic_bool *stop);
void chronicle_destroy(struct chronicle **chronicle);

/* Reads what has been committed since the last time: of the first time everything. On failure chronicle_failure says why. */
enum journal_status chronicle_refresh(struct chronicle *chronicle);
const char *chronicle_failure(const struct chronicle *chronicle);
/* Gives all memory back and closes the journal. */
void chronicle_forget(struct chronicle *chronicle);
bool chronicle_is_empty(const struct chronicle *chronicle);

/* Only after a chronicle_refresh that returned JOURNAL_OK, and when chronicle_look_from, where it is asked, returned true: */

/* Policies that were written after this instant are not seen until the next call; INSTANT_NONE: all are. False when there would be none. */
bool chronicle_look_from(struct chronicle *chronicle, instant_t instant);
day_t chronicle_day_of(const struct chronicle *chronicle, instant_t instant);
/* Those seen, in the order in which they were written. Borrowed until the next refresh. */
struct chronicle_policy {
    const struct policy *policy;
    const struct holidays *holidays;
    day_t from;
    uint64_t after_seq;
    instant_t at;
};
size_t chronicle_policy_count(const struct chronicle *chronicle);
void chronicle_policy(const struct chronicle *chronicle, size_t place, struct chronicle_policy *policy);
/* The head of the hash chain behind an event: see journal_chain_at. */
enum journal_status chronicle_chain_at(struct chronicle *chronicle, uint64_t seq, struct chain_digest *head);

struct journal *chronicle_journal(const struct chronicle *chronicle);
/* The register at the end of `as_at` by the events up to `known_at`, at most journal_last_seq; borrowed until the next call. */
struct waiting_register *chronicle_register(struct chronicle *chronicle, day_t as_at, uint64_t known_at);
/* The end of every day from `from` to `to` by the events up to `known_at`; false when the walk ended early, because `each` said so or the
 * daemon ends. The register is borrowed until `each` returns. */
bool chronicle_walk(struct chronicle *chronicle, day_t from, day_t to, uint64_t known_at,
                    bool (*each)(void *context, day_t day, struct waiting_register *reg), void *context);
/* Who counts otherwise at the end of a day by what is known at `known_at` than by what was at `reported_at` (core/restatement.h). */
void chronicle_restate(struct chronicle *chronicle, day_t day, uint64_t reported_at, uint64_t known_at, const struct wait_filter *filter,
                       struct restatement *restatement);
/* One accepted event, by its seq; its texts live until the chronicle is refreshed. */
void chronicle_event(const struct chronicle *chronicle, uint64_t seq, struct history_event *event);
/* The calendar of the policy in force at the end of a day. */
const struct calendar *chronicle_calendar(struct chronicle *chronicle, day_t day);

#endif
