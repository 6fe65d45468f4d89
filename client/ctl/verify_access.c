/* waitlistctl verify of an access log: every line, and the heads that the journal keeps of it. */
#include "client/ctl/verify_access.h"

#include "client/ctl/send.h"

#include "daemon/core/memory.h"
#include "daemon/journal/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct marks {
    struct trail_mark *at;
    size_t count;
    size_t capacity;
};

static void add_mark(struct marks *marks, const struct trail_mark *mark) {
    void *block = marks->at;

    memory_reserve(&block, &marks->capacity, marks->count + 1, sizeof *marks->at);
    marks->at = block;
    marks->at[marks->count++] = *mark;
}

static bool take_record(void *context, const struct journal_record *record) {
    struct trail_mark mark;

    if (trail_mark_read(record->body, &mark) && mark.entries > 0) {
        add_mark(context, &mark);
    }
    return true;
}

/* False after having said why not. */
static bool read_marks(const char *path, struct marks *marks) {
    struct journal *journal;
    char message[256];

    if (journal_open_reader(path, &journal, message) != JOURNAL_OK) {
        ctl_complain("%s", message);
        return false;
    }
    bool could = journal_each_record(journal, JOURNAL_RECORD_ACCESS, take_record, marks) == JOURNAL_OK;

    if (!could) {
        ctl_complain("%s", journal_failure(journal));
    }
    journal_close(&journal);
    return could;
}

static int by_entries(const void *left, const void *right) {
    const struct trail_mark *a = left, *b = right;

    return a->entries < b->entries ? -1 : a->entries > b->entries;
}

static void draw(void *context, uint64_t done, uint64_t total) {
    struct progress *progress = context;

    progress->total = (int64_t)total;
    progress_draw(progress, (int64_t)done, done, "");
}

static void print_json(const struct trail_verified *verified) {
    bool is_good = verified->faults == 0;
    json_t *object =
        json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "good", is_good, "fault",
                  is_good ? json_null() : json_string(verified->fault), "faults", (json_int_t)verified->faults, "files",
                  (json_int_t)verified->files, "first_entry", (json_int_t)verified->first_n, "last_entry", (json_int_t)verified->last_n,
                  "gaps", (json_int_t)verified->gaps, "cuts", (json_int_t)verified->cuts, "unfinished_bytes",
                  (json_int_t)verified->unfinished, "journal_heads", (json_int_t)verified->marks, "chain", verified->head);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    ENSURE(text != NULL);
    puts(text);
    free(text);
    json_decref(object);
}

static void print_words(const struct trail_verified *verified, bool has_marks) {
    if (verified->faults > 0) {
        printf("BAD %s\n", verified->fault);
        if (verified->faults > 1) {
            printf("and %" PRIu64 " more faults\n", verified->faults - 1);
        }
    } else {
        printf("good: entries %" PRIu64 " to %" PRIu64 " in %" PRIu64 " files\n", verified->first_n, verified->last_n, verified->files);
    }
    if (has_marks) {
        printf("%" PRIu64 " heads that were noted elsewhere lie on the chain\n", verified->marks);
    } else {
        puts("not held against a journal: --journal FILE does that");
    }
    if (verified->gaps + verified->cuts > 0) {
        printf("it says itself that it could not be written %" PRIu64 " times, and that %" PRIu64 " unfinished lines were cut off\n",
               verified->gaps, verified->cuts);
    }
    if (verified->unfinished > 0) {
        printf("%" PRIu64 " bytes at the end are no whole line: being written, or left by a crash\n", verified->unfinished);
    }
    printf("chain %s after entry %" PRIu64 "\n", verified->head, verified->last_n);
}

static void print(const struct verify_access_choice *choice, const struct trail_verified *verified) {
    if (choice->ctl->format == FORMAT_JSON) {
        print_json(verified);
    } else if (choice->ctl->format == FORMAT_CSV) {
        printf("good,fault,faults,files,first_entry,last_entry,gaps,cuts,unfinished_bytes,journal_heads,chain\n");
        printf("%s,\"%s\",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\n",
               verified->faults == 0 ? "true" : "false", verified->fault, verified->faults, verified->files, verified->first_n,
               verified->last_n, verified->gaps, verified->cuts, verified->unfinished, verified->marks, verified->head);
    } else {
        print_words(verified, choice->ctl->journal != NULL || choice->noted.entries > 0);
    }
}

int verify_access(const struct verify_access_choice *choice) {
    struct marks marks = {.at = NULL};
    struct progress progress;
    struct trail_verified verified;
    char message[TRAIL_REASON_SIZE];

    if (choice->noted.entries > 0) {
        add_mark(&marks, &choice->noted);
    }
    if (choice->ctl->journal != NULL && !read_marks(choice->ctl->journal, &marks)) {
        free(marks.at);
        return CTL_REFUSED;
    }
    if (marks.count > 1) {
        qsort(marks.at, marks.count, sizeof *marks.at, by_entries);
    }
    struct trail_verify_options options = {.marks = marks.at, .mark_count = marks.count, .progress = draw, .context = &progress};

    progress_begin(&progress, 0);
    progress.what = "files checked";
    bool could = trail_verify(choice->path, &options, &verified, message);

    progress_end(&progress);
    free(marks.at);
    if (!could) {
        ctl_complain("%s", message);
        return CTL_REFUSED;
    }
    print(choice, &verified);
    return verified.faults == 0 ? CTL_DONE : CTL_REFUSED;
}
