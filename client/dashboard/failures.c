/* The list of those who wait, in no order: it is short. */
#include "client/dashboard/failures.h"

#include "client/dashboard/delays.h"
#include "daemon/core/memory.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct failing {
    struct exchange *exchange;
    unsigned char address[DELAYS_ADDRESS_BYTES];
    int64_t due_ms;
    void (*answer)(void *context, struct exchange *exchange);
    void *context;
};

struct failures {
    struct delays *delays;
    struct log *log;
    struct failing at[FAILURES_WAITING_MAX];
    size_t count;
    uint64_t all;
};

struct failures *failures_create(struct log *log) {
    struct failures *failures = memory_new(1, sizeof *failures);

    failures->delays = delays_create();
    failures->log = log;
    return failures;
}

void failures_destroy(struct failures **failures) {
    if (*failures == NULL) {
        return;
    }
    ENSURE((*failures)->count == 0);
    delays_destroy(&(*failures)->delays);
    free(*failures);
    *failures = NULL;
}

/* The first, second, fourth, eighth … of an address, so that no flood of them fills the log. */
static void tell(const struct failures *failures, const unsigned char address[DELAYS_ADDRESS_BYTES], unsigned count) {
    char text[INET6_ADDRSTRLEN] = "";

    if ((count & (count - 1)) == 0) {
        (void)inet_ntop(AF_INET6, address, text, sizeof text);
        log_line(failures->log, LOG_LEVEL_WARNING, "a sign-in failed: the token is not known, or has expired", LOG_STRING("address", text),
                 LOG_COUNT("failures", count));
    }
}

bool failures_add(struct failures *failures, struct exchange *exchange, int64_t now_ms,
                  void (*answer)(void *context, struct exchange *exchange), void *context) {
    struct failing failing = {.exchange = exchange, .answer = answer, .context = context};
    size_t own = 0;
    unsigned count;

    exchange_address(exchange, failing.address);
    failing.due_ms = now_ms + delays_fail(failures->delays, failing.address, now_ms, &count);
    tell(failures, failing.address, count);
    failures->all++;
    for (size_t i = 0; i < failures->count; i++) {
        own += memcmp(failures->at[i].address, failing.address, sizeof failing.address) == 0;
    }
    if (failures->count == FAILURES_WAITING_MAX || own >= FAILURES_OF_AN_ADDRESS_MAX) {
        return false;
    }
    failures->at[failures->count++] = failing;
    return true;
}

static void answer_until(struct failures *failures, int64_t now_ms) {
    for (size_t i = failures->count; i-- > 0;) {
        struct failing due = failures->at[i];

        if (due.due_ms <= now_ms) {
            failures->at[i] = failures->at[--failures->count];
            due.answer(due.context, due.exchange);
        }
    }
}

void failures_run(struct failures *failures, int64_t now_ms) {
    answer_until(failures, now_ms);
}

void failures_release(struct failures *failures) {
    answer_until(failures, INT64_MAX);
}

uint64_t failures_count(const struct failures *failures) {
    return failures->all;
}

int64_t failures_due_ms(const struct failures *failures) {
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < failures->count; i++) {
        due = failures->at[i].due_ms < due ? failures->at[i].due_ms : due;
    }
    return due;
}
