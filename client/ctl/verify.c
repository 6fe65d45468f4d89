/* waitlistctl verify: checks a journal's file against its hash chain; or a pack of evidence (verify_pack.c), or an access log
 * (verify_access.c). */
#include "client/ctl/send.h"
#include "client/ctl/verify_access.h"
#include "client/ctl/verify_pack.h"
#include "client/import/cld.h"

#include "daemon/ingest/envelope.h"
#include "daemon/journal/kept.h"
#include "daemon/journal/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_HEAD = 0x700, OPTION_SEQ, OPTION_PUBLIC_KEY, OPTION_UNSIGNED, OPTION_CLD };

struct verify_choice {
    struct ctl_context *ctl;
    const char *path;
    const char *public_key;
    bool may_be_unsigned;
    const char *cld_paths[CLD_FILES_MAX];
    size_t cld_count;
    const char *seq_text;
    bool has_head;
    struct chain_digest head;
    uint64_t seq;
};

struct verify_work {
    struct envelope *envelope;
    struct progress progress;
};

static void take_seq(struct argp_state *state, const char *argument, uint64_t *seq) {
    char *end;
    unsigned long long number = strtoull(argument, &end, 10);

    if (argument[0] < '0' || argument[0] > '9' || *end != '\0' || number > INT64_MAX) {
        argp_error(state, "'%s' is no seq", argument);
    }
    *seq = number;
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct verify_choice *choice = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = choice->ctl;
        return 0;
    case OPTION_HEAD:
        if (!chain_digest_parse(text_of(argument), &choice->head)) {
            argp_error(state, "a head is 64 hex digits, as a heartbeat's 'chain'");
        }
        choice->has_head = true;
        return 0;
    case OPTION_SEQ:
        choice->seq_text = argument;
        take_seq(state, argument, &choice->seq);
        return 0;
    case OPTION_PUBLIC_KEY:
        choice->public_key = argument;
        return 0;
    case OPTION_UNSIGNED:
        choice->may_be_unsigned = true;
        return 0;
    case OPTION_CLD:
        if (choice->cld_count == CLD_FILES_MAX) {
            argp_error(state, "at most %d files of Client Level Data", CLD_FILES_MAX);
        }
        choice->cld_paths[choice->cld_count++] = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (choice->path != NULL) {
            argp_error(state, "one journal, one pack or one access log at a time");
        }
        choice->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (choice->path == NULL) {
            argp_error(state, "which journal, pack or access log?");
        }
        if (choice->cld_count > 0 && choice->ctl->journal == NULL) {
            argp_error(state, "--cld belongs to a pack that is computed again: --journal FILE");
        }
        if (choice->has_head != (choice->seq_text != NULL)) {
            argp_error(state, "--head and --seq belong together: both as a heartbeat or 'status' gave them");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool kept_of(void *context, struct text bytes, char *buffer, struct text *kept) {
    struct verify_work *work = context;
    struct event event;

    if (!envelope_decode(work->envelope, bytes, &event)) {
        return false;
    }
    *kept = kept_write(&event, buffer);
    return true;
}

static void draw(void *context, uint64_t done, uint64_t total) {
    struct verify_work *work = context;

    work->progress.total = (int64_t)total;
    progress_draw(&work->progress, (int64_t)done, done, "");
}

static void print_json(const struct verify_result *result, const char *head) {
    bool good = result->fault[0] == '\0';
    json_t *object =
        json_pack("{s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:s}", "good", good, "bad_seq",
                  good ? json_null() : json_integer((json_int_t)result->bad_seq), "fault", good ? json_null() : json_string(result->fault),
                  "events", (json_int_t)result->events, "redacted", (json_int_t)result->redacted, "alerts", (json_int_t)result->alerts,
                  "records", (json_int_t)result->records, "reports", (json_int_t)result->reports, "chain", head);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    if (text == NULL) {
        abort();
    }
    puts(text);
    free(text);
    json_decref(object);
}

static void print_result(const struct verify_choice *choice, const struct verify_result *result) {
    char head[CHAIN_TEXT_SIZE];

    chain_digest_format(&result->head, head);
    if (choice->ctl->format == FORMAT_JSON) {
        print_json(result, head);
    } else if (choice->ctl->format == FORMAT_CSV) {
        printf("good,bad_seq,fault,events,redacted,alerts,records,reports,chain\n");
        printf("%s,%" PRIu64 ",\"%s\",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\n",
               result->fault[0] == '\0' ? "true" : "false", result->bad_seq, result->fault, result->events, result->redacted,
               result->alerts, result->records, result->reports, head);
    } else if (result->fault[0] != '\0') {
        printf("BAD from seq %" PRIu64 ": %s\n", result->bad_seq, result->fault);
        printf("%" PRIu64 " events, %" PRIu64 " alert transitions, %" PRIu64 " records and %" PRIu64 " reports before it are good\n",
               result->events > 0 && result->events >= result->bad_seq && result->bad_seq > 0 ? result->bad_seq - 1 : result->events,
               result->alerts, result->records, result->reports);
    } else {
        printf("good: %" PRIu64 " events (%" PRIu64 " redacted), %" PRIu64 " alert transitions, %" PRIu64 " records, %" PRIu64 " reports\n",
               result->events, result->redacted, result->alerts, result->records, result->reports);
        if (choice->has_head) {
            printf("the head noted at seq %" PRIu64 " lies on the chain\n", choice->seq);
        }
        printf("chain %s after seq %" PRIu64 "\n", head, result->events);
    }
}

static int verify(const struct verify_choice *choice) {
    struct verify_work work = {.envelope = envelope_create()};
    struct verify_options options = {.kept = kept_of, .progress = draw, .context = &work};
    struct verify_result result;
    char message[256];

    if (choice->has_head) {
        options.known_head = &choice->head;
        options.known_seq = choice->seq;
    }
    progress_begin(&work.progress, 0);
    work.progress.what = "events checked";
    enum journal_status status = journal_verify(choice->path, &options, &result, message);

    progress_end(&work.progress);
    envelope_destroy(&work.envelope);
    if (status != JOURNAL_OK) {
        ctl_complain("%s", message);
        return CTL_REFUSED;
    }
    print_result(choice, &result);
    return result.fault[0] == '\0' ? CTL_DONE : CTL_REFUSED;
}

int command_verify(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "How to answer:", 0}, {0}};
    static const struct argp_option options[] = {
        {"head", OPTION_HEAD, "HEX", 0, "a head of the chain that was noted elsewhere: it must lie on the chain", 0},
        {"seq", OPTION_SEQ, "N", 0, "the journal_seq that was noted with it", 0},
        {"public-key", OPTION_PUBLIC_KEY, "HEX", 0, "of a pack: the key that it must be signed with", 0},
        {"unsigned", OPTION_UNSIGNED, NULL, 0, "of a pack: it may be without a signature", 0},
        {"cld", OPTION_CLD, "FILE", 0, "of a pack: a file of Client Level Data that its national measure was made of; may be repeated", 0},
        {0}};
    static const struct argp argp = {
        .parser = take_option,
        .options = options,
        .args_doc = "JOURNAL|PACK|FOLDER",
        .doc =
            "Check a journal's file: nothing missing, damaged or changed since it was written. It is only read, and the daemon may run. "
            "Ends with 1 when something is wrong, and names the first bad seq. Or check a pack of evidence: its signature, its files, "
            "and with --journal every figure, computed again; it names the file and the cell. Or check the folder of an access log: every "
            "line, and with --journal the heads that the journal keeps of it; it names the file and the line.\v"
            "Who can write the file can compute its chain anew. Only a head that was noted on another machine, from a heartbeat, shows "
            "that.\n\nExample:\n  waitlistctl verify /var/lib/waitlistd/journal.db\n"
            "  waitlistctl verify pack.zip --journal /var/lib/waitlistd/journal.db\n"
            "  waitlistctl verify /var/lib/waitlistd/access --journal /var/lib/waitlistd/journal.db\n",
        .children = children};
    struct verify_choice choice = {.ctl = ctl};

    ctl_parse(&argp, "verify", argc, argv, &choice);
    if (trail_is_directory(choice.path)) {
        struct verify_access_choice access = {.ctl = ctl, .path = choice.path};

        if (choice.has_head) {
            access.noted.entries = choice.seq;
            chain_digest_format(&choice.head, access.noted.head);
        }
        return verify_access(&access);
    }
    if (verify_is_pack(choice.path)) {
        return verify_pack(&(struct verify_pack_choice){
            ctl, choice.path, choice.public_key, choice.may_be_unsigned, {choice.cld_paths, choice.cld_count, false}});
    }
    return verify(&choice);
}
