/* Writing the access log: opening and mending, appending, turning to a new file, forgetting old ones. */
#include "daemon/security/trail.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHAT_SIZE = 512, FIRST_INTERVAL_MS = 1000, LAST_INTERVAL_MS = 3600000 };
#define SET_BACK_MS INT64_C(3600000) /* a clock that goes back over midnight by less stays in its file */
#define DAY_MS INT64_C(86400000)
#define OTHERS "several"

/* What is counted instead of being written each time. */
struct kind {
    char op[TRAIL_TEXT_MAX + 1], peer[TRAIL_TEXT_MAX + 1], reason[TRAIL_TEXT_MAX + 1];
    bool has_peer;
    enum trail_outcome outcome;
    int64_t due_ms;
    int64_t interval_ms; /* 0: free */
    uint64_t held;
    instant_t since;
    char last[WHAT_SIZE];
};

struct trail {
    char *directory;
    int retention_days;
    uint64_t file_bytes;
    struct trail_mark known;
    void (*tell)(void *context, bool is_trouble, const char *message, const char *reason);
    void *context;
    struct trail_links *links;
    int folder;     /* -1: not open */
    int descriptor; /* of the newest file; -1: the next entry begins one, or opens it */
    struct trail_file_list files;
    uint64_t size; /* of the newest file */
    uint64_t n;
    char head[TRAIL_HEAD_SIZE];
    bool needs_sync;
    bool may_try;  /* what failed, once between two ticks */
    bool was_told; /* of the fault that is there */
    day_t tidied;  /* the day on which old files were looked for */
    uint64_t refused;
    instant_t refused_since;
    char fault[TRAIL_REASON_SIZE];
    char broken[TRAIL_REASON_SIZE];
    struct kind kinds[TRAIL_KINDS_MAX + 1]; /* the last is for what has no place */
};

static void tell(const struct trail *trail, bool is_trouble, const char *message, const char *reason) {
    if (trail->tell != NULL)
        trail->tell(trail->context, is_trouble, message, reason);
}

static void set_fault(struct trail *trail, const char *doing, const char *name, const char *why) {
    snprintf(trail->fault, sizeof trail->fault, "%s %.180s: %.80s", doing, name, why);
    if (!trail->was_told)
        tell(trail, true, "the access log cannot be written: questions about people are refused until it can", trail->fault);
    trail->was_told = true;
}

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

/* ---- Lines */

/* The whole line or none of it. */
static bool write_line(struct trail *trail, const struct trail_entry *entry) {
    char line[TRAIL_LINE_MAX], head[TRAIL_HEAD_SIZE];
    memcpy(head, trail->head, sizeof head);
    size_t length = trail_line_write(trail->links, line, trail->n + 1, entry, head);
    ssize_t written;
    do
        written = write(trail->descriptor, line, length);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)length) {
        set_fault(trail, "writing to", trail->directory, written < 0 ? strerror(errno) : strerror(ENOSPC));
        /* What cannot even be taken back is cut off when the log is opened again. */
        if (written > 0 && ftruncate(trail->descriptor, (off_t)trail->size) != 0)
            close_descriptor(&trail->folder);
        return false;
    }
    trail->n++;
    trail->size += length;
    memcpy(trail->head, head, sizeof head);
    trail->needs_sync = true;
    return true;
}

static bool write_own(struct trail *trail, instant_t at, const char *op, const char *what, const char *reason) {
    bool is_remark = strcmp(op, TRAIL_OP_BEGIN) == 0 || strcmp(op, TRAIL_OP_REMOVED) == 0;
    return write_line(trail, &(struct trail_entry){.at = at,
                                                   .peer = TEXT_ABSENT,
                                                   .user = TEXT_ABSENT,
                                                   .op = text_of(op),
                                                   .what = text_of(what),
                                                   .reason = text_of(reason),
                                                   .rows = TRAIL_NO_ROWS,
                                                   .outcome = is_remark ? TRAIL_OK : TRAIL_FAILED});
}

/* ---- Files */

static struct trail_file *newest(struct trail *trail) {
    return trail->files.count == 0 ? NULL : &trail->files.at[trail->files.count - 1];
}

static bool sync_file(struct trail *trail) {
    if (!trail->needs_sync)
        return true;
    if (fdatasync(trail->descriptor) != 0) {
        /* Nobody knows what of it is on the disk now: it is opened and checked anew before anything else is written. */
        set_fault(trail, "syncing", trail->directory, strerror(errno));
        close_descriptor(&trail->folder);
        return false;
    }
    trail->needs_sync = false;
    return true;
}

bool trail_sync(struct trail *trail) {
    return trail->fault[0] == '\0' && trail->folder >= 0 && sync_file(trail);
}

/* The next file, with its first line. On failure there is none. */
static bool begin_file(struct trail *trail, instant_t now) {
    char name[TRAIL_NAME_SIZE], before[TRAIL_NAME_SIZE + 2] = "null", what[WHAT_SIZE];
    const struct trail_file *last = newest(trail);
    struct trail_file next = {last == NULL ? 1 : last->number + 1, trail_day_of(now)};
    if (last != NULL) {
        trail_file_name(last, name);
        snprintf(before, sizeof before, "\"%s\"", name);
    }
    trail_file_name(&next, name);
    if (trail->descriptor >= 0 && !sync_file(trail))
        return false;
    int descriptor = openat(trail->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0 || fsync(trail->folder) != 0) {
        set_fault(trail, "beginning", name, strerror(errno));
        if (descriptor >= 0 && close(descriptor) == 0)
            (void)unlinkat(trail->folder, name, 0);
        return false;
    }
    close_descriptor(&trail->descriptor);
    trail->descriptor = descriptor;
    trail->size = 0;
    snprintf(what, sizeof what, "{\"previous\":\"%s\",\"file\":%s}", trail->head, before);
    if (!write_own(trail, now, TRAIL_OP_BEGIN, what, NULL)) {
        close_descriptor(&trail->descriptor);
        (void)unlinkat(trail->folder, name, 0);
        return false;
    }
    trail->files.at = memory_resize(trail->files.at, trail->files.count + 1, sizeof *trail->files.at);
    trail->files.at[trail->files.count++] = next;
    return true;
}

/* Opens the newest file to go on with it. */
static bool open_newest(struct trail *trail) {
    char name[TRAIL_NAME_SIZE];
    trail_file_name(newest(trail), name);
    trail->descriptor = openat(trail->folder, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (trail->descriptor < 0)
        set_fault(trail, "opening", name, strerror(errno));
    return trail->descriptor >= 0;
}

/* ---- Opening */

static bool open_folder(struct trail *trail) {
    struct stat status;
    const char *wrong = NULL;
    if (mkdir(trail->directory, 0700) != 0 && errno != EEXIST) {
        set_fault(trail, "making", trail->directory, strerror(errno));
        return false;
    }
    trail->folder = open(trail->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (trail->folder < 0 || fstat(trail->folder, &status) != 0)
        wrong = strerror(errno);
    else if (status.st_uid != geteuid())
        wrong = "it belongs to another user";
    else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        wrong = "others can write in it: chmod 0700";
    else if (flock(trail->folder, LOCK_EX | LOCK_NB) != 0)
        wrong = errno == EWOULDBLOCK ? "another daemon has it in use" : strerror(errno);
    else if (!trail_files_list(trail->folder, &trail->files))
        wrong = strerror(errno);
    if (wrong != NULL) {
        set_fault(trail, "opening", trail->directory, wrong);
        close_descriptor(&trail->folder);
    }
    return wrong == NULL;
}

/* The chain's state behind a file, and what is wrong with it; `*fault_line` 0 when it is the file as a whole. */
struct opening {
    struct trail_checked checked;
    char why[TRAIL_REASON_SIZE / 2];
    uint64_t fault_line;
    uint64_t cut; /* bytes cut off */
    bool was_cut;
    struct trail_mark known;
    bool differs;   /* at the entry that another place noted */
    bool has_break; /* the file says itself that what is before it is broken */
};

static void look_at_line(void *context, const struct trail_parts *parts) {
    struct opening *opening = context;
    if (parts->n == opening->known.entries && memcmp(parts->chain.at, opening->known.head, TRAIL_HEAD_LENGTH) != 0)
        opening->differs = true;
    if (text_is(parts->op, TRAIL_OP_BREAK))
        opening->has_break = true;
}

static bool check_file(struct trail *trail, const struct trail_file *file, struct opening *opening) {
    char name[TRAIL_NAME_SIZE];
    trail_file_name(file, name);
    int descriptor = trail_file_open(trail->folder, file);
    bool could = descriptor >= 0 && trail_check(descriptor, trail->links, look_at_line, opening, &opening->checked);
    if (!could)
        set_fault(trail, "reading", name, strerror(errno));
    close_descriptor(&descriptor);
    return could;
}

/* What a crash left of a last line, or of a file that had none yet. */
static bool cut_torn_end(struct trail *trail, struct opening *opening) {
    struct stat status;
    if (fstat(trail->descriptor, &status) != 0 || (uint64_t)status.st_size <= opening->checked.whole) {
        trail->size = opening->checked.whole;
        return true;
    }
    opening->cut = (uint64_t)status.st_size - opening->checked.whole;
    opening->was_cut = true;
    trail->size = opening->checked.whole;
    if (ftruncate(trail->descriptor, (off_t)trail->size) == 0)
        return true;
    set_fault(trail, "mending", trail->directory, strerror(errno));
    return false;
}

/* A file without a line is what a crash leaves between making it and its first line: it goes. */
static bool drop_empty(struct trail *trail, const struct opening *opening) {
    char name[TRAIL_NAME_SIZE];
    if (opening->checked.lines > 0)
        return false;
    trail_file_name(newest(trail), name);
    close_descriptor(&trail->descriptor);
    if (unlinkat(trail->folder, name, 0) == 0)
        trail->files.count--;
    else
        set_fault(trail, "mending", name, strerror(errno));
    return true;
}

static void judge(struct opening *opening) {
    const struct trail_checked *checked = &opening->checked;
    if (checked->faults > 0) {
        opening->fault_line = checked->fault_line;
        snprintf(opening->why, sizeof opening->why, "%s", checked->fault);
    } else if (opening->known.entries > checked->last_n) {
        snprintf(opening->why, sizeof opening->why, "it ends with entry %" PRIu64 ", and the journal knows of %" PRIu64, checked->last_n,
                 opening->known.entries);
    } else if (opening->differs) {
        snprintf(opening->why, sizeof opening->why, "entry %" PRIu64 " is another than the journal knows", opening->known.entries);
    }
}

/* Whether the newest file goes on from the one before it. */
static bool judge_join(struct trail *trail, struct opening *opening) {
    struct opening before = {.known = opening->known};
    if (trail->files.count < 2 || opening->why[0] != '\0' || opening->has_break)
        return true;
    if (!check_file(trail, newest(trail) - 1, &before))
        return false;
    if (before.checked.last_n + 1 != opening->checked.first_n ||
        memcmp(before.checked.head, opening->checked.previous, TRAIL_HEAD_LENGTH) != 0) {
        opening->fault_line = 1;
        snprintf(opening->why, sizeof opening->why, "it does not go on from the file before it");
    }
    opening->differs = before.differs;
    if (opening->why[0] == '\0')
        judge(opening);
    return true;
}

/* The newest file that has lines: where the log goes on. False when it cannot be read or mended. */
static bool find_end(struct trail *trail, struct opening *opening) {
    trail->n = 0;
    memcpy(trail->head, TRAIL_FIRST_HEAD, sizeof trail->head);
    while (trail->files.count > 0) {
        bool could = check_file(trail, newest(trail), opening) && open_newest(trail) && cut_torn_end(trail, opening);
        if (!could)
            return false;
        if (!drop_empty(trail, opening))
            break;
        if (trail->fault[0] != '\0')
            return false;
    }
    judge(opening);
    if (trail->files.count > 0 && !judge_join(trail, opening))
        return false;
    if (trail->files.count > 0) {
        trail->n = opening->checked.last_n;
        memcpy(trail->head, opening->checked.head, sizeof trail->head);
    }
    if (opening->why[0] != '\0' && trail->n < opening->known.entries) { /* no number comes twice */
        trail->n = opening->known.entries;
        memcpy(trail->head, opening->known.head, sizeof trail->head);
    }
    return true;
}

/* What was found is said in the log itself. */
static bool write_findings(struct trail *trail, const struct opening *opening, instant_t now) {
    char name[TRAIL_NAME_SIZE] = "", what[WHAT_SIZE], line[32] = "null";
    const struct trail_file *last = newest(trail);
    if (last != NULL)
        trail_file_name(last, name);
    if (opening->why[0] != '\0') {
        if (opening->fault_line > 0)
            snprintf(line, sizeof line, "%" PRIu64, opening->fault_line);
        snprintf(trail->broken, sizeof trail->broken, "%s%s%s: %s", name[0] == '\0' ? "the folder is empty" : name,
                 opening->fault_line > 0 ? ":" : "", opening->fault_line > 0 ? line : "", opening->why);
        tell(trail, true, "the chain of the access log is broken: a new file was begun", trail->broken);
        snprintf(what, sizeof what, "{\"file\":%s%s%s,\"line\":%s}", name[0] == '\0' ? "null" : "\"", name, name[0] == '\0' ? "" : "\"",
                 line);
        return begin_file(trail, now) && write_own(trail, now, TRAIL_OP_BREAK, what, opening->why);
    }
    if (opening->has_break)
        snprintf(trail->broken, sizeof trail->broken, "before %s, as its first entries say", name);
    if (!opening->was_cut)
        return true;
    tell(trail, true, "an unfinished line at the end of the access log was cut off, as a crash leaves it", name);
    snprintf(what, sizeof what, "{\"file\":\"%s\",\"bytes\":%" PRIu64 "}", name, opening->cut);
    return (last != NULL || begin_file(trail, now)) && write_own(trail, now, TRAIL_OP_CUT, what, "a crash left a line unfinished");
}

static bool open_log(struct trail *trail, instant_t now) {
    struct opening opening = {.known = trail->known};
    trail->fault[0] = '\0';
    trail->needs_sync = false;
    close_descriptor(&trail->descriptor);
    close_descriptor(&trail->folder);
    trail_files_clear(&trail->files);
    bool could = open_folder(trail) && find_end(trail, &opening) && write_findings(trail, &opening, now);
    trail->needs_sync = trail->descriptor >= 0; /* also of what an earlier run wrote and did not live to sync */
    if (could && trail_sync(trail))
        return true;
    close_descriptor(&trail->descriptor);
    close_descriptor(&trail->folder);
    return false;
}

struct trail *trail_create(const struct trail_setup *setup, instant_t now) {
    struct trail *trail = memory_new(1, sizeof *trail);
    size_t length = strlen(setup->directory) + 1;
    trail->directory = memory_new(length, 1);
    memcpy(trail->directory, setup->directory, length);
    trail->retention_days = setup->retention_days;
    trail->file_bytes = setup->file_bytes == 0 ? TRAIL_FILE_BYTES : setup->file_bytes;
    trail->known = setup->known;
    trail->tell = setup->tell;
    trail->context = setup->context;
    trail->links = trail_links_create();
    trail->folder = trail->descriptor = -1;
    trail->tidied = DAY_NONE;
    (void)open_log(trail, now);
    return trail;
}

/* ---- Appending */

/* Whether the newest file is the one for this instant. */
static bool is_current(struct trail *trail, instant_t now) {
    const struct trail_file *last = newest(trail);
    return last != NULL && trail->size < trail->file_bytes && trail_day_of(now) <= last->day &&
           now >= (instant_t)last->day * DAY_MS - SET_BACK_MS;
}

/* Says how many looks were refused before, now that it goes on. */
static bool settle(struct trail *trail, instant_t now, const char *reason) {
    char what[WHAT_SIZE], since[INSTANT_SIZE];
    if (trail->refused == 0)
        return true;
    instant_format(trail->refused_since, since);
    snprintf(what, sizeof what, "{\"refused\":%" PRIu64 ",\"since\":\"%s\"}", trail->refused, since);
    if (!write_own(trail, now, TRAIL_OP_GAP, what, reason))
        return false;
    trail->refused = 0;
    return true;
}

/* A file that takes entries of this instant is there. */
static bool prepare(struct trail *trail, instant_t now) {
    char reason[TRAIL_REASON_SIZE];
    bool was_faulty = trail->fault[0] != '\0';
    if (was_faulty) {
        if (!trail->may_try)
            return false;
        trail->may_try = false;
        memcpy(reason, trail->fault, sizeof reason);
    }
    if (trail->folder < 0 && !open_log(trail, now))
        return false;
    if (!is_current(trail, now) && !begin_file(trail, now))
        return false;
    if (!was_faulty)
        return true;
    if (!settle(trail, now, reason))
        return false;
    trail->fault[0] = '\0';
    trail->was_told = false;
    tell(trail, false, "the access log can be written again", NULL);
    return true;
}

static void refuse(struct trail *trail, instant_t now) {
    if (trail->refused++ == 0)
        trail->refused_since = now;
}

bool trail_is_ready(struct trail *trail, instant_t now) {
    if (prepare(trail, now))
        return true;
    refuse(trail, now);
    return false;
}

bool trail_append(struct trail *trail, const struct trail_entry *entry) {
    if (prepare(trail, entry->at) && write_line(trail, entry))
        return true;
    refuse(trail, entry->at);
    return false;
}

/* ---- Old files */

/* The number of the first entry in a file; 0 when it cannot be read. */
static uint64_t first_entry(const struct trail *trail, const struct trail_file *file) {
    char line[TRAIL_LINE_MAX];
    struct trail_parts parts;
    int descriptor = trail_file_open(trail->folder, file);
    ssize_t got = descriptor < 0 ? 0 : pread(descriptor, line, sizeof line, 0);
    close_descriptor(&descriptor);
    const char *end = got <= 0 ? NULL : memchr(line, '\n', (size_t)got);
    return end != NULL && trail_line_read((struct text){line, (uint32_t)(end - line)}, &parts) ? parts.n : 0;
}

/* How many of the oldest files are older than the retention. A file is as old as the oldest after it. It is counted from the last day
 * before that of the newest file, so that a clock set wrong by years has to stay so over a midnight before anything is lost. */
static size_t count_old(const struct trail *trail, day_t today) {
    size_t count = trail->files.count, before = count;
    if (count < 2)
        return 0;
    while (before > 0 && trail->files.at[before - 1].day == trail->files.at[count - 1].day)
        before--;
    if (before == 0)
        return 0;
    day_t from = trail->files.at[before - 1].day < today ? trail->files.at[before - 1].day : today;
    day_t age = trail->files.at[count - 1].day;
    size_t old = 0;
    for (size_t i = count - 1; i-- > 0;) {
        age = trail->files.at[i].day < age ? trail->files.at[i].day : age;
        if (old == 0 && age < from - trail->retention_days)
            old = i + 1;
    }
    return old;
}

/* The entry says what is removed before it is; a crash between leaves files that go the next time. */
static void remove_old(struct trail *trail, instant_t now) {
    char what[WHAT_SIZE], day[DATE_SIZE], name[TRAIL_NAME_SIZE];
    size_t old = count_old(trail, trail_day_of(now)), removed = 0;
    uint64_t next = old == 0 || !prepare(trail, now) ? 0 : first_entry(trail, &trail->files.at[old]);
    if (next == 0)
        return;
    date_format(trail->files.at[old - 1].day, day);
    snprintf(what, sizeof what, "{\"through\":%" PRIu64 ",\"day\":\"%s\"}", next - 1, day);
    if (!write_own(trail, now, TRAIL_OP_REMOVED, what, NULL) || !trail_sync(trail))
        return;
    for (; removed < old; removed++) {
        trail_file_name(&trail->files.at[removed], name);
        if (unlinkat(trail->folder, name, 0) != 0 && errno != ENOENT)
            break;
    }
    trail->files.count -= removed;
    memmove(trail->files.at, trail->files.at + removed, trail->files.count * sizeof *trail->files.at);
    tell(trail, removed < old,
         removed < old ? "an old file of the access log cannot be removed" : "old files of the access log were removed",
         removed < old ? strerror(errno) : NULL);
}

/* ---- What is summed up */

static void copy(char to[TRAIL_TEXT_MAX + 1], struct text text) {
    uint32_t length = text.length < TRAIL_TEXT_MAX ? text.length : TRAIL_TEXT_MAX;
    if (length > 0)
        memcpy(to, text.at, length);
    to[length] = '\0';
}

static bool is_kind(const struct kind *kind, const struct trail_entry *entry) {
    return kind->interval_ms > 0 && text_is(entry->op, kind->op) && kind->has_peer == (entry->peer.at != NULL) &&
           (!kind->has_peer || text_is(entry->peer, kind->peer)) &&
           text_is(entry->reason.at == NULL ? text_of("") : entry->reason, kind->reason);
}

/* The kind's place; where there is none left, that of all others together. */
static struct kind *find_kind(struct trail *trail, const struct trail_entry *entry, bool *is_new) {
    struct kind *vacant = NULL;
    *is_new = false;
    for (size_t i = 0; i < TRAIL_KINDS_MAX; i++) {
        if (is_kind(&trail->kinds[i], entry))
            return &trail->kinds[i];
        if (trail->kinds[i].interval_ms == 0 && vacant == NULL)
            vacant = &trail->kinds[i];
    }
    struct kind *kind = vacant == NULL ? &trail->kinds[TRAIL_KINDS_MAX] : vacant;
    *is_new = kind->interval_ms == 0;
    if (*is_new) {
        *kind = (struct kind){.has_peer = vacant != NULL && entry->peer.at != NULL, .outcome = entry->outcome};
        copy(kind->op, entry->op);
        copy(kind->peer, vacant != NULL ? entry->peer : TEXT_ABSENT);
        copy(kind->reason, vacant == NULL ? text_of(OTHERS) : entry->reason.at == NULL ? text_of("") : entry->reason);
    }
    return kind;
}

static void hold(struct kind *kind, const struct trail_entry *entry) {
    if (kind->held++ == 0)
        kind->since = entry->at;
    if (entry->what.at != NULL && entry->what.length < sizeof kind->last / 2) {
        memcpy(kind->last, entry->what.at, entry->what.length);
        kind->last[entry->what.length] = '\0';
    }
}

void trail_append_summed(struct trail *trail, const struct trail_entry *entry, int64_t monotonic_ms) {
    bool is_new;
    struct kind *kind = find_kind(trail, entry, &is_new);
    if (!is_new) {
        hold(kind, entry);
        return;
    }
    kind->interval_ms = FIRST_INTERVAL_MS;
    kind->due_ms = monotonic_ms + FIRST_INTERVAL_MS;
    (void)trail_append(trail, entry);
}

static bool write_held(struct trail *trail, struct kind *kind, instant_t now) {
    char what[WHAT_SIZE], since[INSTANT_SIZE];
    instant_format(kind->since, since);
    snprintf(what, sizeof what, "{\"times\":%" PRIu64 ",\"since\":\"%s\",\"last\":%.300s}", kind->held, since,
             kind->last[0] == '\0' ? "{}" : kind->last);
    struct trail_entry entry = {.at = now,
                                .peer = kind->has_peer ? text_of(kind->peer) : TEXT_ABSENT,
                                .op = text_of(kind->op),
                                .what = text_of(what),
                                .reason = kind->reason[0] == '\0' ? TEXT_ABSENT : text_of(kind->reason),
                                .rows = TRAIL_NO_ROWS,
                                .outcome = kind->outcome};
    return trail_append(trail, &entry);
}

static void tell_held(struct trail *trail, struct kind *kind, instant_t now, int64_t monotonic_ms) {
    if (kind->interval_ms == 0 || monotonic_ms < kind->due_ms)
        return;
    if (kind->held == 0) { /* a whole interval without one */
        *kind = (struct kind){.interval_ms = 0};
        return;
    }
    if (!write_held(trail, kind, now))
        return;
    kind->held = 0;
    kind->interval_ms = kind->interval_ms < LAST_INTERVAL_MS / 2 ? 2 * kind->interval_ms : LAST_INTERVAL_MS;
    kind->due_ms = monotonic_ms + kind->interval_ms;
}

void trail_tick(struct trail *trail, instant_t now, int64_t monotonic_ms) {
    trail->may_try = true;
    if (trail->fault[0] != '\0')
        (void)prepare(trail, now);
    for (size_t i = 0; i <= TRAIL_KINDS_MAX; i++)
        tell_held(trail, &trail->kinds[i], now, monotonic_ms);
    if (trail->folder >= 0 && trail->fault[0] == '\0' && trail_day_of(now) != trail->tidied) {
        trail->tidied = trail_day_of(now);
        remove_old(trail, now);
    }
    (void)trail_sync(trail);
}

void trail_set_retention(struct trail *trail, int days) {
    trail->retention_days = days;
    trail->tidied = DAY_NONE;
}

void trail_destroy(struct trail **trail) {
    if (*trail == NULL)
        return;
    for (size_t i = 0; i <= TRAIL_KINDS_MAX; i++)
        if ((*trail)->kinds[i].held > 0)
            (void)write_held(*trail, &(*trail)->kinds[i], (*trail)->kinds[i].since);
    (void)trail_sync(*trail);
    close_descriptor(&(*trail)->descriptor);
    close_descriptor(&(*trail)->folder);
    trail_files_clear(&(*trail)->files);
    trail_links_destroy(&(*trail)->links);
    free((*trail)->directory);
    free(*trail);
    *trail = NULL;
}

void trail_figures(const struct trail *trail, struct trail_figures *figures) {
    *figures = (struct trail_figures){
        .entries = trail->n,
        .files = trail->files.count,
        .refused = trail->refused,
        .fault = trail->fault[0] == '\0' ? NULL : trail->fault,
        .broken = trail->broken[0] == '\0' ? NULL : trail->broken,
    };
    memcpy(figures->head, trail->head, sizeof figures->head);
}

const char *trail_directory(const struct trail *trail) {
    return trail->directory;
}

void trail_mark_write(const struct trail *trail, day_t day, char text[TRAIL_MARK_SIZE]) {
    char date[DATE_SIZE];
    date_format(day, date);
    snprintf(text, TRAIL_MARK_SIZE, "{\"day\":\"%s\",\"entries\":%" PRIu64 ",\"chain\":\"%s\"}", date, trail->n, trail->head);
}

bool trail_mark_read(struct text text, struct trail_mark *mark) {
    struct text head = trail_member(text, "chain");
    *mark = (struct trail_mark){.entries = 0};
    if (head.length != TRAIL_HEAD_LENGTH)
        return false;
    mark->entries = trail_member_number(text, "entries");
    memcpy(mark->head, head.at, TRAIL_HEAD_LENGTH);
    return true;
}
