/* The check of a whole access log. */
#include "daemon/security/trail_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct verification {
    const struct trail_verify_options *options;
    struct trail_verified *verified;
    struct trail_links *links;
    const struct trail_file_list *list;
    size_t file;                  /* which of them */
    struct trail_checked checked; /* so far */
    size_t mark;                  /* the next to be met */
    uint64_t removed_through;
    size_t fault_file;
    uint64_t fault_line;
};

/* Keeps the one that stands first. Those of a file are not found in their order. */
static void find(struct verification *verification, uint64_t line, const char *fault) {
    char name[TRAIL_NAME_SIZE] = "the folder";
    struct trail_verified *verified = verification->verified;
    if (verified->faults++ > 0 && (verification->file > verification->fault_file ||
                                   (verification->file == verification->fault_file && line >= verification->fault_line)))
        return;
    if (verification->file < verification->list->count)
        trail_file_name(&verification->list->at[verification->file], name);
    verification->fault_file = verification->file;
    verification->fault_line = line;
    snprintf(verified->fault, sizeof verified->fault, "%s:%" PRIu64 ": %s", name, line, fault);
}

/* The journal's head at this entry, if it noted one. */
static void compare_marks(struct verification *verification, const struct trail_parts *parts) {
    const struct trail_verify_options *options = verification->options;
    for (; verification->mark < options->mark_count && options->marks[verification->mark].entries <= parts->n; verification->mark++) {
        const struct trail_mark *mark = &options->marks[verification->mark];
        if (mark->entries < parts->n)
            continue;
        if (memcmp(mark->head, parts->chain.at, TRAIL_HEAD_LENGTH) == 0)
            verification->verified->marks++;
        else
            find(verification, verification->checked.lines,
                 "the journal noted another head at this entry: it was changed, or something before it");
    }
}

static void see_line(void *context, const struct trail_parts *parts) {
    struct verification *verification = context;
    if (text_is(parts->op, TRAIL_OP_GAP))
        verification->verified->gaps++;
    if (text_is(parts->op, TRAIL_OP_CUT))
        verification->verified->cuts++;
    if (text_is(parts->op, TRAIL_OP_BREAK))
        find(verification, verification->checked.lines, "the daemon found the chain broken before this file, as it says here");
    if (text_is(parts->op, TRAIL_OP_REMOVED)) {
        uint64_t through = trail_member_number(parts->what, "through");
        verification->removed_through = through > verification->removed_through ? through : verification->removed_through;
    }
    compare_marks(verification, parts);
}

/* A file's place behind the one before it. */
static void check_join(struct verification *verification) {
    const struct trail_verified *verified = verification->verified;
    const struct trail_checked *checked = &verification->checked;
    if (verification->file == 0) {
        if (checked->first_n == 1 && memcmp(checked->previous, TRAIL_FIRST_HEAD, TRAIL_HEAD_LENGTH) != 0)
            find(verification, 1, "the first entry of all goes on from another");
    } else if (checked->first_n != verified->last_n + 1) {
        find(verification, 1,
             checked->first_n > verified->last_n ? "entries before this file are missing" : "it stands in the wrong place");
    } else if (memcmp(checked->previous, verified->head, TRAIL_HEAD_LENGTH) != 0) {
        find(verification, 1, "it does not go on from the head of the file before it");
    }
}

static void take_file(struct verification *verification, uint64_t unfinished) {
    struct trail_verified *verified = verification->verified;
    const struct trail_checked *checked = &verification->checked;
    if (checked->faults > 0) {
        find(verification, checked->fault_line, checked->fault);
        verified->faults += checked->faults - 1;
    }
    if (unfinished > 0 && verification->file + 1 < verification->list->count)
        find(verification, checked->lines + 1, "it ends in the midst of a line");
    verified->unfinished = unfinished;
    if (checked->lines == 0) {
        if (verification->file + 1 < verification->list->count)
            find(verification, 1, "there is no entry in it");
        return;
    }
    check_join(verification);
    if (verification->file == 0)
        verified->first_n = checked->first_n;
    verified->last_n = checked->last_n;
    memcpy(verified->head, checked->head, sizeof verified->head);
}

static bool check_file(struct verification *verification, int folder) {
    struct stat status;
    int descriptor = trail_file_open(folder, &verification->list->at[verification->file]);
    if (descriptor < 0)
        return false;
    /* The size first: lines that are added meanwhile are no unfinished ones. */
    bool could =
        fstat(descriptor, &status) == 0 && trail_check(descriptor, verification->links, see_line, verification, &verification->checked);
    (void)close(descriptor);
    uint64_t size = could ? (uint64_t)status.st_size : 0;
    if (could)
        take_file(verification, size > verification->checked.whole ? size - verification->checked.whole : 0);
    return could;
}

/* What is missing at either end shows only by what the log and the journal say. */
static void check_ends(struct verification *verification) {
    const struct trail_verify_options *options = verification->options;
    const struct trail_verified *verified = verification->verified;
    char fault[TRAIL_FAULT_SIZE / 2];
    uint64_t known = options->mark_count == 0 ? 0 : options->marks[options->mark_count - 1].entries;
    if (known > verified->last_n) {
        snprintf(fault, sizeof fault, "the log ends with entry %" PRIu64 ", and the journal knows of %" PRIu64, verified->last_n, known);
        verification->file = verification->list->count == 0 ? 0 : verification->list->count - 1;
        find(verification, verification->checked.lines + 1, fault);
    }
    if (verified->first_n > 1 && verified->first_n - 1 > verification->removed_through) {
        verification->file = 0;
        find(verification, 1, "the entries before it are missing, and no entry says that they were removed");
    }
}

static bool check_files(struct verification *verification, int folder, char message[TRAIL_REASON_SIZE]) {
    char name[TRAIL_NAME_SIZE];
    const struct trail_verify_options *options = verification->options;
    for (verification->file = 0; verification->file < verification->list->count; verification->file++) {
        if (!check_file(verification, folder)) {
            trail_file_name(&verification->list->at[verification->file], name);
            snprintf(message, TRAIL_REASON_SIZE, "cannot read %s: %s", name, strerror(errno));
            return false;
        }
        if (options->progress != NULL)
            options->progress(options->context, verification->file + 1, verification->list->count);
    }
    verification->verified->files = verification->list->count;
    check_ends(verification);
    return true;
}

bool trail_verify(const char *directory, const struct trail_verify_options *options, struct trail_verified *verified,
                  char message[TRAIL_REASON_SIZE]) {
    struct trail_file_list list = {NULL, 0};
    struct verification verification = {.options = options, .verified = verified, .list = &list};
    *verified = (struct trail_verified){.head = TRAIL_FIRST_HEAD};
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || !trail_files_list(folder, &list)) {
        snprintf(message, TRAIL_REASON_SIZE, "cannot read %.200s: %s", directory, strerror(errno));
        if (folder >= 0)
            (void)close(folder);
        return false;
    }
    verification.links = trail_links_create();
    bool could = check_files(&verification, folder, message);
    trail_links_destroy(&verification.links);
    trail_files_clear(&list);
    (void)close(folder);
    return could;
}

bool trail_is_directory(const char *directory) {
    struct trail_file_list list = {NULL, 0};
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool has = folder >= 0 && trail_files_list(folder, &list) && list.count > 0;
    trail_files_clear(&list);
    if (folder >= 0)
        (void)close(folder);
    return has;
}
