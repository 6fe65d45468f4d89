/* Names, order and lines of the access log's files, and the check of one of them. */
#include "daemon/security/trail_files.h"

#include "daemon/core/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_END ".ndjson"
#define DAY_MS INT64_C(86400000)
#define BLOCK_BYTES ((size_t)256 << 10)

void trail_file_name(const struct trail_file *file, char name[TRAIL_NAME_SIZE]) {
    char day[DATE_SIZE];
    date_format(file->day, day);
    snprintf(name, TRAIL_NAME_SIZE, "%06" PRIu64 "-%s" NAME_END, file->number, day);
}

day_t trail_day_of(instant_t at) {
    return (day_t)((at >= 0 ? at : at - (DAY_MS - 1)) / DAY_MS);
}

static bool read_name(const char *name, struct trail_file *file) {
    char again[TRAIL_NAME_SIZE];
    char *end;
    if (name[0] < '0' || name[0] > '9')
        return false;
    file->number = strtoull(name, &end, 10);
    if (*end != '-' || strlen(end) != DATE_SIZE + sizeof NAME_END - 1 || !date_parse((struct text){end + 1, DATE_SIZE - 1}, &file->day))
        return false;
    trail_file_name(file, again);
    return strcmp(again, name) == 0;
}

static int by_number(const void *left, const void *right) {
    const struct trail_file *a = left, *b = right;
    return a->number < b->number ? -1 : a->number > b->number;
}

bool trail_files_list(int folder, struct trail_file_list *list) {
    size_t capacity = 0;
    *list = (struct trail_file_list){NULL, 0};
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* its place in the folder is its own */
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (stream == NULL) {
        int reason = errno;
        if (own >= 0)
            (void)close(own);
        errno = reason;
        return false;
    }
    struct trail_file file;
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (!read_name(entry->d_name, &file))
            continue;
        void *block = list->at;
        memory_reserve(&block, &capacity, list->count + 1, sizeof *list->at);
        list->at = block;
        list->at[list->count++] = file;
    }
    int reason = errno;
    (void)closedir(stream);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof *list->at, by_number);
    errno = reason;
    return reason == 0;
}

void trail_files_clear(struct trail_file_list *list) {
    free(list->at);
    *list = (struct trail_file_list){NULL, 0};
}

int trail_file_open(int folder, const struct trail_file *file) {
    char name[TRAIL_NAME_SIZE];
    struct stat status;
    trail_file_name(file, name);
    int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
        return descriptor;
    (void)close(descriptor);
    errno = EINVAL;
    return -1;
}

/* ---- Lines */

bool trail_lines(int descriptor, trail_take_line *each, void *context, uint64_t *whole) {
    char *block = memory_new(BLOCK_BYTES, 1);
    size_t held = 0;
    bool going = true, overlong = false;
    ssize_t got = 0;
    *whole = 0;
    while (going && (got = read(descriptor, block + held, BLOCK_BYTES - held)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        size_t length = held + (size_t)got, began = 0;
        const char *end;
        while (going && (end = memchr(block + began, '\n', length - began)) != NULL) {
            size_t line = (size_t)(end - (block + began));
            *whole += line + 1;
            if (!overlong)
                going = each(context, (struct text){block + began, (uint32_t)line});
            overlong = false;
            began += line + 1;
        }
        held = length - began;
        memmove(block, block + began, held);
        if (going && held == BLOCK_BYTES) { /* nothing of ours: its beginning stands for all of it */
            if (!overlong)
                going = each(context, (struct text){block, TRAIL_LINE_MAX});
            overlong = true;
            *whole += held;
            held = 0;
        }
    }
    int reason = errno;
    free(block);
    errno = reason;
    return got >= 0;
}

static struct text member(struct text what, const char *name) {
    char wanted[64];
    int length = snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = what.at == NULL ? NULL : memmem(what.at, what.length, wanted, (size_t)length);
    if (found == NULL)
        return TEXT_ABSENT;
    found += length;
    return (struct text){found, (uint32_t)(what.at + what.length - found)};
}

struct text trail_member(struct text what, const char *name) {
    struct text rest = member(what, name);
    if (rest.at == NULL || rest.length < 2 || rest.at[0] != '"')
        return TEXT_ABSENT;
    const char *end = memchr(rest.at + 1, '"', rest.length - 1);
    return end == NULL ? TEXT_ABSENT : (struct text){rest.at + 1, (uint32_t)(end - rest.at - 1)};
}

uint64_t trail_member_number(struct text what, const char *name) {
    struct text rest = member(what, name);
    uint64_t number = 0;
    for (uint32_t i = 0; i < rest.length && i < 19 && rest.at[i] >= '0' && rest.at[i] <= '9'; i++)
        number = 10 * number + (uint64_t)(rest.at[i] - '0');
    return number;
}

/* ---- The check */

struct check {
    struct trail_links *links;
    struct trail_checked *checked;
    trail_see_line *each;
    void *context;
};

static void find(struct trail_checked *checked, const char *fault) {
    if (checked->faults++ == 0) {
        checked->fault = fault;
        checked->fault_line = checked->lines;
    }
}

/* The head that a file goes on from. */
static void take_previous(struct trail_checked *checked, const struct trail_parts *parts) {
    struct text previous = trail_member(parts->what, "previous");
    if (!text_is(parts->op, TRAIL_OP_BEGIN) || previous.length != TRAIL_HEAD_LENGTH) {
        find(checked, "the first line does not say from where the chain goes on");
        return;
    }
    memcpy(checked->previous, previous.at, TRAIL_HEAD_LENGTH);
    memcpy(checked->head, previous.at, TRAIL_HEAD_LENGTH);
}

static bool check_line(void *context, struct text line) {
    struct check *check = context;
    struct trail_checked *checked = check->checked;
    struct trail_parts parts;
    checked->lines++;
    if (!trail_line_read(line, &parts)) {
        find(checked, "it is no entry of an access log");
        return true;
    }
    uint64_t faults = checked->faults;
    if (checked->last_n == 0) {
        checked->first_n = parts.n;
        take_previous(checked, &parts);
    } else if (parts.n != checked->last_n + 1) {
        find(checked, parts.n > checked->last_n ? "entries before it are missing" : "it stands in the wrong place");
    }
    if (faults == checked->faults && !trail_line_follows(check->links, &parts, checked->head))
        find(checked, "its chain does not follow: it was changed, or a line before it");
    checked->last_n = parts.n;
    memcpy(checked->head, parts.chain.at,
           TRAIL_HEAD_LENGTH); /* what follows is held against what is stated, so that it can be vouched for */
    if (check->each != NULL)
        check->each(check->context, &parts);
    return true;
}

bool trail_check(int descriptor, struct trail_links *links, trail_see_line *each, void *context, struct trail_checked *checked) {
    struct check check = {links, checked, each, context};
    *checked = (struct trail_checked){.previous = TRAIL_FIRST_HEAD, .head = TRAIL_FIRST_HEAD};
    return trail_lines(descriptor, check_line, &check, &checked->whole);
}
