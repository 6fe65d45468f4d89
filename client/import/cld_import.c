/* waitlistctl import cld: reads the file, makes the waits, sends their events until they are durable. */
#include "client/import/cld_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ctl/deliver.h"
#include "client/ctl/send.h"
#include "client/import/cld_report.h"
#include "daemon/core/memory.h"

#define LOOK_EVERY 65536 /* events of a dry run between two looks for signals */
#define DEFAULT_FOLDER "/etc/waitlistd"

struct importing {
    struct ctl_context *ctl;
    const struct cld_import_options *options;
    struct cld_map *map;
    struct cld_store *store;
    struct delivery *delivery; /* NULL in a dry run */
    struct progress progress;  /* of reading */
    struct cld_report report;
    int stop; /* signals */
    bool interrupted;
};

/* ---- Sending */

static void on_refused(void *context, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why) {
    struct importing *importing = context;

    send_report_add(&importing->report.refused, line, last_line, why);
}

static bool is_interrupted(struct importing *importing) {
    struct signalfd_siginfo signal_info;

    importing->interrupted = importing->interrupted || read(importing->stop, &signal_info, sizeof signal_info) > 0;
    return importing->interrupted;
}

static bool take_wait(void *context, const struct cld_wait *wait) {
    struct importing *importing = context;
    struct cld_event events[CLD_WAIT_EVENTS_MAX];
    size_t count = wait->pathway[0] != '\0' ? cld_wait_events(importing->store, importing->map, wait, events) : 0;
    bool going = true;

    cld_report_wait(&importing->report, wait, count);
    for (size_t i = 0; i < count && importing->delivery != NULL && going; i++) {
        going = delivery_send(importing->delivery, events[i].bytes, events[i].length, events[i].line, (int64_t)importing->report.events);
    }
    if (importing->delivery == NULL && importing->report.events % LOOK_EVERY < CLD_WAIT_EVENTS_MAX) {
        going = !is_interrupted(importing);
    }
    return going;
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
    enum cld_read result = cld_read_file(importing->store, path, importing->stop, show_reading, importing, message);

    progress_end(&importing->progress);
    if (result == CLD_READ_DONE && cld_store_settle(importing->store)) {
        return CTL_DONE;
    }
    if (result == CLD_READ_DONE) {
        snprintf(message, sizeof message, "%s", cld_store_message(importing->store));
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
    if (options->map_path == NULL && access(path, F_OK) != 0) {
        ctl_complain("import cld needs a map: with which key people become pseudonyms, and which rows are which pathway. There is none at "
                     "%s, and --map=FILE names no other.",
                     path);
        ctl_complain(
            "Copy /usr/share/waitlistd/import/cld.conf (config/import/cld.conf of the source), which explains itself; make its key "
            "beside it (openssl rand -hex 32 > person.key; chmod 600 person.key); then: waitlistctl import cld %s --map=FILE "
            "--dry-run",
            options->path);
        return NULL;
    }
    struct cld_map *map = cld_map_read(path, message);

    if (map == NULL) {
        ctl_complain("%s", message);
    }
    return map;
}

/* ---- The whole */

static int send_all(struct importing *importing) {
    /* Nearly all records end in a wait of two or three events: good enough for a bar. */
    const struct delivery_options options = {.ctl = importing->ctl,
                                             .stop = importing->stop,
                                             .total = (int64_t)cld_store_count(importing->store) * 3 / 2,
                                             .refused = on_refused,
                                             .context = importing};

    if (!importing->options->dry_run) {
        importing->delivery = delivery_create(&options);
        if (importing->delivery == NULL) {
            return CTL_USAGE;
        }
    }
    cld_waits_each(importing->store, importing->map, take_wait, importing);
    if (importing->delivery != NULL) {
        importing->interrupted = delivery_finish(importing->delivery) == DELIVERY_INTERRUPTED;
        delivery_totals(importing->delivery, &importing->report.totals);
    }
    return CTL_DONE;
}

static int conclude(struct importing *importing) {
    const struct waitlist_sender_totals *totals = &importing->report.totals;
    bool stuck = importing->delivery != NULL && delivery_state(importing->delivery) == DELIVERY_STUCK;

    importing->report.complete = !stuck && !importing->interrupted && !cld_store_failed(importing->store);
    bool done =
        importing->report.complete && totals->quarantined == 0 && totals->refused == 0 && cld_report_faults(&importing->report) == 0;

    if (!stuck || delivery_reached(importing->delivery)) {
        cld_report_print(&importing->report, done, importing->ctl->format);
    }
    int code = importing->delivery != NULL ? delivery_explain(importing->delivery, "importing the file again is safe") : CTL_DONE;

    if (importing->delivery == NULL && importing->interrupted) {
        ctl_complain("interrupted; the figures are of a part of the file");
    }
    if (cld_store_failed(importing->store)) {
        ctl_complain("%s; the report is of a part of the file; importing it again is safe", cld_store_message(importing->store));
        done = false;
    }
    return code == CTL_DONE && !done ? CTL_REFUSED : code;
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
        delivery_destroy(&importing->delivery);
    }
    cld_store_destroy(&importing->store);
    cld_map_destroy(&importing->map);
    return code;
}

int cld_import_run(struct ctl_context *ctl, const struct cld_import_options *options) {
    struct importing importing = {.ctl = ctl, .options = options};

    importing.stop = delivery_signals();
    if (importing.stop < 0) {
        return CTL_REFUSED;
    }
    int code = run(&importing);

    close(importing.stop);
    return code;
}
