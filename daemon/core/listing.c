/* One page of waits in the order asked for: a bounded heap of the best rows behind the cursor, in one pass over the candidates. */
#include "daemon/core/selection_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

const char *wait_sort_name(enum wait_sort sort) {
    static const char *const names[WAIT_SORT_COUNT] = {"days", "days_to_breach", "risk", "priority", "last_contact", "subject"};
    return names[sort];
}

struct listed {
    struct sort_place place;
    uint32_t wait;
};

struct listing {
    const struct waiting_register *reg;
    const struct waits_request *request;
    struct ready_filter filter;
    uint64_t count;
    uint64_t behind_cursor;
    size_t used;
    struct listed heap[WAITS_LIMIT_MAX]; /* the worst row first */
};

static struct sort_place place_of(const struct waiting_register *reg, uint32_t wait, enum wait_sort sort,
                                  const struct clock_reading *reading) {
    const struct wait_state *state = &register_record(reg, wait)->state;
    bool runs = reading->status == STATUS_WAITING || reading->status == STATUS_SCHEDULED;
    struct sort_place place = {false, 0, names_text(reg->subjects, wait)};
    switch (sort) {
    case SORT_DAYS:
        place.value = reading->days;
        break;
    case SORT_DAYS_TO_BREACH:
        place.value = reading->standard + 1 - reading->days;
        place.is_null = !runs;
        break;
    case SORT_RISK:
        place.value = state->impact * state->likelihood;
        place.is_null = place.value == 0;
        break;
    case SORT_PRIORITY:
        place.value = state->priority;
        place.is_null = state->priority == 0;
        break;
    case SORT_LAST_CONTACT:
        place.value = state->last_contact;
        place.is_null = state->last_contact == DAY_NONE;
        break;
    case SORT_SUBJECT:
        break;
    }
    return place;
}

/* Negative when `a` comes before `b`. */
static int compare_places(const struct waits_request *request, const struct sort_place *a, const struct sort_place *b) {
    if (a->is_null != b->is_null)
        return a->is_null ? 1 : -1;
    if (!a->is_null && a->value != b->value) {
        int order = a->value < b->value ? -1 : 1;
        return request->descending ? -order : order;
    }
    int order = text_compare(a->subject, b->subject);
    return request->sort == SORT_SUBJECT && request->descending ? -order : order;
}

static bool comes_before(const struct listing *listing, const struct listed *a, const struct listed *b) {
    return compare_places(listing->request, &a->place, &b->place) < 0;
}

static void sift_down(struct listing *listing, size_t size, size_t at) {
    for (;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++)
            if (comes_before(listing, &listing->heap[worst], &listing->heap[child]))
                worst = child;
        if (worst == at)
            return;
        struct listed swap = listing->heap[at];
        listing->heap[at] = listing->heap[worst];
        listing->heap[worst] = swap;
        at = worst;
    }
}

static void push(struct listing *listing, const struct listed *row) {
    if (listing->used == listing->request->limit) {
        if (!comes_before(listing, row, &listing->heap[0]))
            return;
        listing->heap[0] = *row;
        sift_down(listing, listing->used, 0);
        return;
    }
    size_t at = listing->used++;
    listing->heap[at] = *row;
    while (at > 0 && comes_before(listing, &listing->heap[(at - 1) / 2], &listing->heap[at])) {
        struct listed swap = listing->heap[at];
        listing->heap[at] = listing->heap[(at - 1) / 2];
        listing->heap[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

static void consider(struct listing *listing, uint32_t wait) {
    struct clock_reading reading;
    register_read_clock(listing->reg, register_record(listing->reg, wait), &reading);
    if (!ready_filter_passes(&listing->filter, listing->reg, wait, &reading))
        return;
    listing->count++;
    struct listed row = {place_of(listing->reg, wait, listing->request->sort, &reading), wait};
    if (listing->request->after != NULL && compare_places(listing->request, &row.place, listing->request->after) <= 0)
        return;
    listing->behind_cursor++;
    push(listing, &row);
}

static void consider_members(struct listing *listing) {
    const struct waiting_register *reg = listing->reg;
    for (uint32_t queue = 0; queue < groups_count(reg->queues); queue++) {
        if (!ready_filter_queue_passes(&listing->filter, reg, &groups_at(reg->queues, queue)->key))
            continue;
        for (size_t i = 0; i < reg->members[queue].count; i++)
            consider(listing, reg->members[queue].waits[i]);
    }
}

void register_waits(const struct waiting_register *reg, const struct waits_request *request, struct waits_page *page) {
    ENSURE(request->limit >= 1 && request->limit <= WAITS_LIMIT_MAX);
    struct listing *listing = memory_new(1, sizeof *listing);
    listing->reg = reg;
    listing->request = request;
    ready_filter_init(&listing->filter, reg, request->filter);
    unsigned running = 1U << STATUS_WAITING | 1U << STATUS_SCHEDULED;
    if (request->filter->statuses != 0 && (request->filter->statuses & ~running) == 0)
        consider_members(listing);
    else
        for (uint32_t wait = 1; wait <= register_count(reg); wait++)
            consider(listing, wait);
    page->count = listing->count;
    page->more = listing->behind_cursor > listing->used;
    page->row_count = listing->used;
    for (size_t size = listing->used; size > 0; size--) {
        page->waits[size - 1] = listing->heap[0].wait;
        if (size == listing->used)
            page->last = listing->heap[0].place;
        listing->heap[0] = listing->heap[size - 1];
        sift_down(listing, size - 1, 0);
    }
    free(listing);
}
