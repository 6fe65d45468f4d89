/* waitlistctl import cld: reads the file, makes the waits, sends their events until they are durable. */
#include "client/import/cld_import.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ctl/send.h"
#include "client/import/cld_report.h"
#include "daemon/core/memory.h"

#define STEP_MS 250     /* between two looks at signals and patience */
#define CONNECT_MS 3000 /* a daemon that was never reached is given up after so long */
#define DEFAULT_FOLDER "/etc/waitlistd"

struct importing {
    struct ctl_context *ctl;
    const struct cld_import_options *options;
    struct cld_map *map;
    struct cld_store *store;
    struct waitlist_sender *sender; /* NULL in a dry run */
    struct progress progress;
    struct cld_report report;
    int ended; /* signals */
    bool was_connected, read_only, interrupted, stuck;
    uint64_t answered;
    int64_t moved_at; /* when the last answer came, or nothing was under way */
};

/* ---- Sending */

static void on_reply(void *context, const struct waitlist_batch_reply *reply) {
    struct importing *importing = context;

    for (size_t i = 0; i < reply->quarantined_count; i++) {
        const struct waitlist_quarantined *one = &reply->quarantined[i];

        send_report_add(&importing->report.refused, one->tag, one->tag, one);
    }
    if (!reply->durable) {
        const struct waitlist_quarantined why = {.id = "", .code = reply->error_code, .pointer = "", .message = reply->error_message};

        send_report_add(&importing->report.refused, reply->first_tag, reply->last_tag, &why);
    }
}

static void on_notice(void *context, enum waitlist_sender_notice notice, uint64_t detail) {
    struct importing *importing = context;

    if (notice == WAITLIST_NOTICE_READ_ONLY && !importing->read_only) {
        ctl_complain("the daemon takes no events now (its disk is full or failing); trying again in %llu ms, and so on",
                     (unsigned long long)detail);
        importing->read_only = true;
    } else if (notice == WAITLIST_NOTICE_WRITABLE) {
        ctl_complain("the daemon takes events again");
        importing->read_only = false;
    }
}

static bool is_interrupted(struct importing *importing) {
    struct signalfd_siginfo signal_info;

    importing->interrupted = importing->interrupted || read(importing->ended, &signal_info, sizeof signal_info) > 0;
    return importing->interrupted;
}

/* Draws, looks for signals, and for whether anything still moves; false when it is time to give up. */
static bool look_around(struct importing *importing) {
    struct waitlist_sender_totals totals;
    int64_t now = ctl_now();

    waitlist_sender_totals(importing->sender, &totals);
    uint64_t answered = totals.submitted - totals.pending;

    importing->was_connected = importing->was_connected || totals.connected;
    if (answered != importing->answered || totals.pending == 0) {
        importing->answered = answered;
        importing->moved_at = now;
    }
    progress_draw(&importing->progress, (int64_t)answered, answered,
                  importing->read_only ? "(daemon is read-only)"
                  : totals.connected   ? ""
                                       : "(connecting)");
    int patience = importing->ctl->timeout_ms;

    if (!importing->was_connected && patience > CONNECT_MS) {
        patience = CONNECT_MS;
    }
    importing->stuck = now - importing->moved_at > patience;
    return !importing->stuck && !is_interrupted(importing);
}

static bool submit(struct importing *importing, const struct cld_event *event) {
    enum waitlist_status status;

    while ((status = waitlist_sender_submit(importing->sender, event->bytes, event->length, event->line, STEP_MS)) != WAITLIST_OK) {
        if (status == WAITLIST_SYSTEM || status == WAITLIST_INVALID) {
            importing->stuck = true;
            return false;
        }
        if (!look_around(importing)) {
            return false;
        }
    }
    return true;
}

static bool take_wait(void *context, const struct cld_wait *wait) {
    struct importing *importing = context;
    struct cld_event events[CLD_WAIT_EVENTS_MAX];
    size_t count = wait->pathway[0] != '\0' ? cld_wait_events(importing->store, importing->map, wait, events) : 0;
    bool going = true;

    cld_report_wait(&importing->report, wait, count);
    for (size_t i = 0; i < count && importing->sender != NULL && going; i++) {
        going = submit(importing, &events[i]);
    }
    if (importing->sender != NULL && importing->report.events % 4096 < CLD_WAIT_EVENTS_MAX) {
        going = going && look_around(importing);
    } else if (importing->sender == NULL && importing->report.events % 65536 < CLD_WAIT_EVENTS_MAX) {
        going = !is_interrupted(importing);
    }
    return going;
}

static void flush(struct importing *importing) {
    while (!importing->stuck && !importing->interrupted) {
        enum waitlist_status status = waitlist_sender_flush(importing->sender, STEP_MS);

        if (status == WAITLIST_OK || status == WAITLIST_REFUSED || !look_around(importing)) {
            return;
        }
    }
}

/* ---- Reading */

static void show_reading(void *context, uint64_t bytes, uint64_t rows) {
    struct importing *importing = context;

    progress_draw(&importing->progress, (int64_t)bytes, rows, "");
}

static int read_file(struct importing *importing) {
    const char *path = importing->options->path;
    char message[CLD_MESSAGE_BYTES];
    struct stat file;
    bool has_size = stat(path, &file) == 0 && S_ISREG(file.st_mode);

    importing->store = cld_store_create(CLD_FOR_WAITS, importing->map);
    progress_begin(&importing->progress, has_size ? (int64_t)file.st_size : 0);
    importing->progress.what = "rows read";
    enum cld_read result = cld_read_file(importing->store, path, importing->ended, show_reading, importing, message);

    progress_end(&importing->progress);
    if (result == CLD_READ_DONE) {
        cld_store_settle(importing->store);
        return CTL_DONE;
    }
    if (result == CLD_READ_STOPPED) {
        ctl_complain("interrupted; nothing was imported");
        return CTL_REFUSED;
    }
    ctl_complain("%s: %s; nothing was imported", path, message);
    return cld_store_file_count(importing->store) == 0 ? CTL_USAGE : CTL_REFUSED;
}

static struct cld_map *read_map(const struct ctl_context *ctl, const struct cld_import_options *options) {
    char message[CLD_MESSAGE_BYTES];
    char path[4096];
    const char *config = ctl->config_path != NULL ? ctl->config_path : DEFAULT_FOLDER "/waitlistd.conf";
    const char *slash = strrchr(config, '/');

    if (options->map_path != NULL) {
        snprintf(path, sizeof path, "%s", options->map_path);
    } else {
        snprintf(path, sizeof path, "%.*simport/cld.conf", slash != NULL ? (int)(slash - config) + 1 : 0, config);
    }
    struct cld_map *map = cld_map_read(path, message);

    if (map == NULL) {
        ctl_complain("%s", message);
    }
    return map;
}

/* ---- The whole */

static int send_all(struct importing *importing) {
    const struct waitlist_sender_options options = {.on_reply = on_reply, .on_notice = on_notice, .context = importing};
    struct waitlist_client *client = importing->options->dry_run ? NULL : ctl_client(importing->ctl);

    if (client == NULL && !importing->options->dry_run) {
        return CTL_USAGE;
    }
    if (client != NULL) {
        importing->sender = waitlist_sender_create(client, &options);
        ENSURE(importing->sender != NULL);
    }
    importing->moved_at = ctl_now();
    /* Nearly all records end in a wait of two or three events: good enough for a bar. */
    progress_begin(&importing->progress, (int64_t)cld_store_count(importing->store) * 3 / 2);
    cld_waits_each(importing->store, importing->map, take_wait, importing);
    if (importing->sender != NULL) {
        flush(importing);
        waitlist_sender_totals(importing->sender, &importing->report.totals);
    }
    progress_end(&importing->progress);
    return CTL_DONE;
}

static int conclude(struct importing *importing) {
    struct ctl_context *ctl = importing->ctl;
    const struct waitlist_sender_totals *totals = &importing->report.totals;
    bool durable = !importing->stuck && !importing->interrupted && totals->quarantined == 0 && totals->refused == 0;

    if (importing->stuck && !importing->was_connected) {
        return ctl_explain(WAITLIST_UNREACHABLE, ctl->ingest);
    }
    importing->report.complete = !importing->stuck && !importing->interrupted;
    bool done = durable && cld_report_faults(&importing->report) == 0;

    cld_report_print(&importing->report, done, ctl->format);
    if (importing->stuck && !importing->read_only) {
        return ctl_explain(totals->connected ? WAITLIST_NO_REPLY : WAITLIST_UNREACHABLE, ctl->ingest);
    }
    if (importing->stuck) {
        ctl_complain("the daemon is still read-only: given up after --timeout; importing the file again is safe");
    } else if (importing->interrupted) {
        ctl_complain("interrupted; importing the file again is safe");
    }
    return done ? CTL_DONE : CTL_REFUSED;
}

static int run(struct importing *importing) {
    importing->map = read_map(importing->ctl, importing->options);
    if (importing->map == NULL) {
        return CTL_USAGE;
    }
    int code = read_file(importing);

    if (code == CTL_DONE) {
        cld_report_init(&importing->report, importing->store, importing->map, importing->options->dry_run);
        code = send_all(importing);
        code = code == CTL_DONE ? conclude(importing) : code;
        cld_report_clear(&importing->report);
        waitlist_sender_destroy(&importing->sender);
    }
    cld_store_destroy(&importing->store);
    cld_map_destroy(&importing->map);
    return code;
}

int cld_import_run(struct ctl_context *ctl, const struct cld_import_options *options) {
    struct importing importing = {.ctl = ctl, .options = options};
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    importing.ended = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (importing.ended < 0) {
        ctl_complain("signals cannot be watched: %s", strerror(errno));
        return CTL_REFUSED;
    }
    int code = run(&importing);

    close(importing.ended);
    return code;
}
