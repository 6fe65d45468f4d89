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

/* Counts a wait that passed, and lists it when it lies behind the cursor. */
static void list_wait(struct listing *listing, const struct listed *row) {
    listing->count++;
    if (listing->request->after != NULL && compare_places(listing->request, &row->place, listing->request->after) <= 0)
        return;
    listing->behind_cursor++;
    push(listing, row);
}

static void consider(struct listing *listing, uint32_t wait) {
    struct clock_reading reading;
    register_read_clock(listing->reg, register_record(listing->reg, wait), &reading);
    if (!ready_filter_passes(&listing->filter, listing->reg, wait, &reading))
        return;
    struct listed row = {place_of(listing->reg, wait, listing->request->sort, &reading), wait};
    list_wait(listing, &row);
}

/* Whether queue, status and days decide everything that is asked, so that the waits themselves need not be looked at. */
static bool members_suffice(const struct waits_request *request) {
    const struct wait_filter *filter = request->filter;
    for (size_t i = 0; i < filter->field_count; i++)
        if (filter->fields[i].name.field != FIELD_PATHWAY && filter->fields[i].name.field != FIELD_TEAM)
            return false;
    return request->sort == SORT_DAYS && filter->breach == CHOICE_ANY && filter->due == CHOICE_ANY && filter->paused == CHOICE_ANY &&
           filter->no_contact == CHOICE_ANY && filter->subject_prefix.length == 0;
}

static bool is_worse_than_listed(const struct listing *listing, int32_t days) {
    if (listing->used < listing->request->limit)
        return false;
    int64_t worst = listing->heap[0].place.value;
    return listing->request->descending ? days < worst : days > worst;
}

static void consider_member(struct listing *listing, const struct member *member, int32_t today_index) {
    const struct wait_filter *filter = listing->request->filter;
    int32_t days = member->runs ? today_index - member->key : member->key;
    if (filter->statuses != 0 && !(filter->statuses & (1U << member->status)))
        return;
    if ((filter->has_min_days && days < filter->min_days) || (filter->has_max_days && days > filter->max_days))
        return;
    if (listing->request->after == NULL && is_worse_than_listed(listing, days)) {
        listing->count++;
        listing->behind_cursor++;
        return;
    }
    struct listed row = {{false, days, names_text(listing->reg->subjects, member->wait)}, member->wait};
    list_wait(listing, &row);
}

static void consider_list(struct listing *listing, const struct member *list, size_t count, const int32_t *today_index) {
    for (size_t i = 0; i < count; i++) {
        if (today_index != NULL)
            consider_member(listing, &list[i], *today_index);
        else
            consider(listing, list[i].wait);
    }
}

static void consider_past(struct listing *listing, const struct members *members) {
    for (size_t i = 0; i < members->past_count; i++)
        consider(listing, members->past[i]);
}

static void consider_queues(struct listing *listing) {
    const struct waiting_register *reg = listing->reg;
    unsigned statuses = listing->request->filter->statuses;
    bool wants_open = statuses == 0 || (statuses & (1U << STATUS_WAITING | 1U << STATUS_SCHEDULED));
    bool wants_past = statuses == 0 || (statuses & (1U << STATUS_ENDED | 1U << STATUS_EXCLUDED));
    bool suffices = members_suffice(listing->request);
    for (uint32_t queue = 0; queue < groups_count(reg->queues); queue++) {
        const struct group_key *key = &groups_at(reg->queues, queue)->key;
        if (!ready_filter_queue_passes(&listing->filter, reg, key))
            continue;
        int32_t today_index = clock_index(reg->calendar, reg->pathways[key->pathway]->unit, reg->today);
        const struct members *members = &reg->members[queue];
        if (wants_open)
            consider_list(listing, members->open, members->open_count, suffices ? &today_index : NULL);
        if (wants_past)
            consider_past(listing, members);
    }
}

void register_waits(const struct waiting_register *reg, const struct waits_request *request, struct waits_page *page) {
    ENSURE(request->limit >= 1 && request->limit <= WAITS_LIMIT_MAX);
    struct listing *listing = memory_new(1, sizeof *listing);
    listing->reg = reg;
    listing->request = request;
    ready_filter_init(&listing->filter, reg, request->filter);
    consider_queues(listing);
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
