/* One page of the exceptions: a bounded heap of the first rows behind the cursor, then the events of those rows, wait by wait. */
#include "daemon/core/exceptions.h"
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

const int32_t exception_ages[EXCEPTION_AGES - 1] = {7, 28, 84};

struct exception_listing {
    struct waiting_register *reg;
    const struct exceptions_request *request;
    struct exceptions_page *page;
    uint64_t behind_cursor;
};

static int compare_places(const struct exception_place *a, const struct exception_place *b) {
    if (a->effective_time != b->effective_time)
        return a->effective_time < b->effective_time ? -1 : 1;
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

static int compare_rows(const void *left, const void *right) {
    return compare_places(&((const struct exception_row *)left)->place, &((const struct exception_row *)right)->place);
}

static bool is_in(const struct value_list *list, struct text value) {
    bool found = list->count == 0;
    for (size_t i = 0; !found && i < list->count; i++)
        found = text_equal(list->at[i], value);
    return found;
}

static struct text or_unknown(struct text value) {
    return value.at == NULL ? text_of(KEY_UNKNOWN) : value;
}

static bool passes(const struct exceptions_filter *filter, const struct exception_row *row, const struct finding *finding) {
    return (filter->codes & (1U << row->code)) != 0 && is_in(&filter->sources, finding->source) &&
           is_in(&filter->pathways, or_unknown(row->pathway)) && is_in(&filter->teams, or_unknown(row->team)) &&
           is_in(&filter->subjects, row->subject);
}

static int32_t age_of(const struct waiting_register *reg, day_t day) {
    return day < reg->today ? reg->today - day : 0;
}

static void count(struct exceptions_page *page, const struct exception_row *row, struct text source) {
    size_t age = 0;
    while (age < EXCEPTION_AGES - 1 && row->age_days > exception_ages[age])
        age++;
    page->count++;
    page->by_code[row->code]++;
    page->by_age[age]++;
    counts_add(page->by_source, source);
    counts_add(page->by_team, or_unknown(row->team));
}

static void swap(struct exception_row *a, struct exception_row *b) {
    struct exception_row kept = *a;
    *a = *b;
    *b = kept;
}

/* The last row in order comes first, so that an earlier one can take its place. */
static void push(struct exceptions_page *page, size_t limit, const struct exception_row *row) {
    struct exception_row *heap = page->rows;
    size_t at;
    if (page->row_count < limit) {
        heap[at = page->row_count++] = *row;
        for (; at > 0 && compare_rows(&heap[(at - 1) / 2], &heap[at]) < 0; at = (at - 1) / 2)
            swap(&heap[(at - 1) / 2], &heap[at]);
        return;
    }
    if (compare_rows(row, &heap[0]) > 0)
        return;
    heap[0] = *row;
    for (size_t last = at = 0;; at = last) {
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < limit; child++)
            if (compare_rows(&heap[last], &heap[child]) < 0)
                last = child;
        if (last == at)
            return;
        swap(&heap[at], &heap[last]);
    }
}

static void take(void *context, const struct finding *finding) {
    struct exception_listing *listing = context;
    const struct waiting_register *reg = listing->reg;
    const struct wait_state *state = &register_record(reg, finding->wait)->state;
    struct exception_row row = {
        .place = {finding->effective_time, finding->seq, (uint32_t)finding->code * EVENT_VALUES_MAX + finding->part},
        .code = finding->code,
        .excluded = finding->excluded,
        .age_days = age_of(reg, finding->day),
        .wait = finding->wait,
        .subject = names_text(reg->subjects, finding->wait),
        .pathway = names_text(reg->pathway_names, state->stage == STAGE_NONE ? NAME_ABSENT : state->pathway + 1U),
        .team = names_text(reg->names, state->team),
        .part = finding->part,
        .involved_wait = finding->involved_wait,
        .event = {.seq = finding->seq},
        .involved = {.seq = finding->involved_seq},
    };
    if (!passes(listing->request->filter, &row, finding))
        return;
    count(listing->page, &row, finding->source);
    if (listing->request->after != NULL && compare_places(&row.place, listing->request->after) <= 0)
        return;
    listing->behind_cursor++;
    push(listing->page, listing->request->limit, &row);
}

/* An event of a row whose texts are still missing. */
struct wanted_event {
    uint32_t wait;
    struct exception_row *row;
    struct involved_event *event;
};

static int compare_wanted(const void *left, const void *right) {
    const struct wanted_event *a = left;
    const struct wanted_event *b = right;
    if (a->wait != b->wait)
        return a->wait < b->wait ? -1 : 1;
    return (a->event->seq > b->event->seq) - (a->event->seq < b->event->seq);
}

static struct text keep(struct texts *texts, struct text text) {
    return text.at == NULL ? TEXT_ABSENT : texts_at(texts, texts_keep(texts, text));
}

static void fill(struct texts *texts, struct involved_event *out, const struct history_event *event) {
    out->seq = event->seq;
    out->type = event->event.type;
    out->time = event->event.time;
    out->received = event->received;
    out->subject = keep(texts, event->event.subject);
    out->source = keep(texts, event->event.source);
    out->id = keep(texts, event->event.id);
}

/* What the row says beyond what its event was. */
static void fill_row(const struct exception_listing *listing, struct exception_row *row, const struct event *event) {
    struct texts *texts = listing->page->texts;
    if (row->code == FINDING_UNKNOWN_VALUE) {
        ENSURE(known_values_miss(listing->request->known, event, row->part, &row->unknown));
        row->unknown.dimension = keep(texts, row->unknown.dimension);
        row->unknown.value = keep(texts, row->unknown.value);
    }
    if (row->code == FINDING_CANNOT_RETRACT) { /* until fill_targets looks it up */
        row->involved.source = keep(texts, event->retracts_source);
        row->involved.id = keep(texts, event->retracts_id);
    }
}

static void fill_targets(const struct exception_listing *listing) {
    const struct history_source *history = &listing->reg->history;
    for (size_t i = 0; i < listing->page->row_count; i++) {
        struct involved_event *involved = &listing->page->rows[i].involved;
        struct history_event target;
        if (listing->page->rows[i].code != FINDING_CANNOT_RETRACT)
            continue;
        ENSURE(history->find(history->context, involved->source, involved->id, &target));
        fill(listing->page->texts, involved, &target);
    }
}

/* The first of those wanted of one wait whose seq is not before `seq`. */
static size_t first_wanted(const struct wanted_event *wanted, size_t count, uint64_t seq) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted[middle].event->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Everything wanted of one wait: its history is read once, however many rows it has. */
static void fill_wait(const struct exception_listing *listing, const struct wanted_event *wanted, size_t wanted_count) {
    const struct history_source *history = &listing->reg->history;
    const struct history_event *events;
    size_t count = history->load(history->context, register_record(listing->reg, wanted->wait)->newest_seq, &events);
    for (size_t i = 0; i < count; i++)
        for (size_t j = first_wanted(wanted, wanted_count, events[i].seq); j < wanted_count && wanted[j].event->seq == events[i].seq; j++) {
            fill(listing->page->texts, wanted[j].event, &events[i]);
            if (wanted[j].event == &wanted[j].row->event)
                fill_row(listing, wanted[j].row, &events[i].event);
        }
}

static void fill_rows(const struct exception_listing *listing) {
    struct exceptions_page *page = listing->page;
    struct wanted_event *wanted = memory_new(2 * page->row_count, sizeof *wanted);
    size_t wanted_count = 0, next;
    for (size_t i = 0; i < page->row_count; i++) {
        struct exception_row *row = &page->rows[i];
        wanted[wanted_count++] = (struct wanted_event){row->wait, row, &row->event};
        if (row->involved_wait != 0)
            wanted[wanted_count++] = (struct wanted_event){row->involved_wait, row, &row->involved};
    }
    if (wanted_count > 1)
        qsort(wanted, wanted_count, sizeof *wanted, compare_wanted);
    for (size_t first = 0; first < wanted_count; first = next) {
        for (next = first; next < wanted_count && wanted[next].wait == wanted[first].wait;)
            next++;
        fill_wait(listing, &wanted[first], next - first);
    }
    listing->reg->sorted_seq = 0; /* other histories were loaded meanwhile */
    free(wanted);
    fill_targets(listing);
}

struct exceptions_page *register_exceptions(struct waiting_register *reg, const struct exceptions_request *request) {
    enum { WARNINGS = (1U << FINDING_CODE_COUNT) - (1U << FINDING_ENDED_BEFORE_START) };
    const struct exceptions_filter *filter = request->filter;
    bool warns = (filter->codes & WARNINGS) != 0;
    struct exception_listing listing = {.reg = reg, .request = request, .page = memory_new(1, sizeof *listing.page)};
    ENSURE(request->limit >= 1 && request->limit <= EXCEPTIONS_LIMIT_MAX && (!warns || request->known != NULL));
    listing.page->by_source = counts_create(reg->hash_seed);
    listing.page->by_team = counts_create(reg->hash_seed);
    listing.page->texts = texts_create();
    register_findings(reg, &(struct findings_request){
                               .known = warns ? request->known : NULL,
                               .backdated_days = request->backdated_days,
                               .subjects = filter->subjects.count > 0 ? filter->subjects.at : NULL,
                               .subject_count = filter->subjects.count,
                               .context = &listing,
                               .finding = take,
                           });
    listing.page->more = listing.behind_cursor > listing.page->row_count;
    if (listing.page->row_count > 1)
        qsort(listing.page->rows, listing.page->row_count, sizeof listing.page->rows[0], compare_rows);
    fill_rows(&listing);
    return listing.page;
}

void exceptions_free(struct exceptions_page **page) {
    if (*page == NULL)
        return;
    counts_destroy(&(*page)->by_source);
    counts_destroy(&(*page)->by_team);
    texts_destroy(&(*page)->texts);
    free(*page);
    *page = NULL;
}
