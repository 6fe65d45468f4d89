/* Looking through the access log, from its end or its beginning, block by block. */
#include "daemon/security/trail_read.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((uint64_t)256 << 10)
#define SET_BACK_MS INT64_C(3600000) /* as in trail.c: so much earlier than its file's day an entry may be */
#define DAY_MS INT64_C(86400000)

struct search {
    const struct trail_query *query;
    trail_take_entry *each;
    void *context;
    struct trail_reading *reading;
    char wanted_peer[TRAIL_ESCAPED_MAX], wanted_user[TRAIL_ESCAPED_MAX], wanted_subject[TRAIL_ESCAPED_MAX + 16];
    struct text peer, user, subject;
    char *block;
};

static bool may_hold(const struct trail_query *query, const struct trail_file *file) {
    instant_t first = (instant_t)file->day * DAY_MS - SET_BACK_MS, last = ((instant_t)file->day + 1) * DAY_MS - 1;
    return (query->from == INSTANT_NONE || last >= query->from) && (query->to == INSTANT_NONE || first <= query->to);
}

static bool is_wanted(const struct search *search, const struct trail_parts *parts) {
    const struct trail_query *query = search->query;
    if ((query->from != INSTANT_NONE && parts->at < query->from) || (query->to != INSTANT_NONE && parts->at > query->to))
        return false;
    if (query->outcome != TRAIL_OUTCOME_COUNT && !text_is(parts->outcome, trail_outcome_name(query->outcome)))
        return false;
    if ((query->op.at != NULL && !text_equal(query->op, parts->op)) ||
        (search->peer.at != NULL && !text_equal(search->peer, parts->peer)) ||
        (search->user.at != NULL && !text_equal(search->user, parts->user)))
        return false;
    return search->subject.at == NULL || memmem(parts->what.at, parts->what.length, search->subject.at, search->subject.length) != NULL;
}

/* False when the limit is reached: the line was not looked at. */
static bool look_at(struct search *search, struct text line) {
    struct trail_parts parts;
    if (search->reading->count == search->query->limit)
        return false;
    if (!trail_line_read(line, &parts)) {
        search->reading->unreadable++;
    } else if (is_wanted(search, &parts)) {
        search->reading->count++;
        search->each(search->context, line, &parts);
    }
    return true;
}

/* Lines from the offset on. Returns where it came; the same place when there is no whole line more. */
static uint64_t forward(struct search *search, const char *block, uint64_t length) {
    uint64_t began = 0;
    const char *end;
    while ((end = memchr(block + began, '\n', length - began)) != NULL) {
        uint64_t line = (uint64_t)(end - (block + began));
        if (!look_at(search, (struct text){block + began, (uint32_t)line}))
            break;
        began += line + 1;
    }
    return began;
}

/* Lines that end before the end of the block, the last first. Returns how much of the block is left before them. */
static uint64_t backward(struct search *search, const char *block, uint64_t length, bool is_first) {
    uint64_t end = length;
    while (end > 0) {
        const char *before = memrchr(block, '\n', end - 1);
        if (before == NULL && !is_first)
            break; /* its beginning lies in the block before */
        uint64_t began = before == NULL ? 0 : (uint64_t)(before - block) + 1;
        if (!look_at(search, (struct text){block + began, (uint32_t)(end - 1 - began)}))
            break;
        end = began;
    }
    return end;
}

/* The file's bytes up to its last line's end. */
static uint64_t whole_bytes(int descriptor, char *block) {
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return 0;
    uint64_t end = (uint64_t)status.st_size;
    while (end > 0) {
        uint64_t began = end < BLOCK_BYTES ? 0 : end - BLOCK_BYTES;
        ssize_t got = pread(descriptor, block, (size_t)(end - began), (off_t)began);
        const char *last = got <= 0 ? NULL : memrchr(block, '\n', (size_t)got);
        if (last != NULL)
            return began + (uint64_t)(last - block) + 1;
        end = began;
    }
    return 0;
}

/* One block of an open file; `*offset` moves on. False when there is nothing more in it. */
static bool take_block(struct search *search, int descriptor, uint64_t *offset) {
    bool onward = search->query->oldest_first;
    uint64_t began = onward ? *offset : *offset < BLOCK_BYTES ? 0 : *offset - BLOCK_BYTES;
    uint64_t length = onward ? BLOCK_BYTES : *offset - began;
    ssize_t got = length == 0 ? 0 : pread(descriptor, search->block, (size_t)length, (off_t)began);
    if (got <= 0 || (!onward && (uint64_t)got < length))
        return false;
    search->reading->bytes += (uint64_t)got;
    uint64_t came = onward ? *offset + forward(search, search->block, (uint64_t)got)
                           : began + backward(search, search->block, (uint64_t)got, began == 0);
    bool is_full = search->reading->count == search->query->limit;
    if (came == *offset && !is_full) { /* no line of ours is so long: what stands there is passed over */
        if ((uint64_t)got < BLOCK_BYTES)
            return false;
        search->reading->unreadable++;
        came = onward ? came + (uint64_t)got : began;
    }
    *offset = came;
    return onward || *offset > 0;
}

/* False when the piece is full, and `place` says where to go on. */
static bool search_file(struct search *search, int folder, const struct trail_file *file) {
    struct trail_reading *reading = search->reading;
    const struct trail_query *query = search->query;
    int descriptor = trail_file_open(folder, file);
    if (descriptor < 0)
        return true; /* removed meanwhile */
    uint64_t offset = query->place.number == file->number ? query->place.offset
                      : query->oldest_first               ? 0
                                                          : whole_bytes(descriptor, search->block);
    bool has_more = true;
    while (has_more && reading->count < query->limit && reading->bytes < query->bytes)
        has_more = take_block(search, descriptor, &offset);
    (void)close(descriptor);
    if (has_more)
        reading->place = (struct trail_place){file->number, offset};
    return !has_more;
}

static struct text escaped(char *out, struct text text) {
    return text.at == NULL ? TEXT_ABSENT : (struct text){out, (uint32_t)trail_escape(out, text)};
}

static void prepare(struct search *search) {
    char subject[TRAIL_ESCAPED_MAX];
    search->peer = escaped(search->wanted_peer, search->query->peer);
    search->user = escaped(search->wanted_user, search->query->user);
    struct text plain = escaped(subject, search->query->subject);
    if (plain.at != NULL) {
        int length = snprintf(search->wanted_subject, sizeof search->wanted_subject, "\"subject\":\"%.*s\"", (int)plain.length, plain.at);
        search->subject = (struct text){search->wanted_subject, (uint32_t)length};
    }
    search->block = memory_new((size_t)BLOCK_BYTES, 1);
}

bool trail_read(const char *directory, const struct trail_query *query, trail_take_entry *each, void *context,
                struct trail_reading *reading) {
    struct search search = {.query = query, .each = each, .context = context, .reading = reading};
    struct trail_file_list list = {NULL, 0};
    *reading = (struct trail_reading){.is_complete = true};
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool could = folder >= 0 && trail_files_list(folder, &list);
    int reason = errno;
    prepare(&search);
    for (size_t i = 0; could && reading->is_complete && i < list.count; i++) {
        const struct trail_file *file = &list.at[query->oldest_first ? i : list.count - 1 - i];
        bool is_behind =
            query->place.number != 0 && (query->oldest_first ? file->number < query->place.number : file->number > query->place.number);
        if (!is_behind && may_hold(query, file))
            reading->is_complete = search_file(&search, folder, file);
    }
    if (folder >= 0)
        (void)close(folder);
    free(search.block);
    trail_files_clear(&list);
    errno = reason;
    return could;
}
