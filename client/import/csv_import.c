/* `waitlistctl import csv`: one reading of the file to check it, a second one to send it. */
#include "client/import/csv_import.h"
#include "client/ctl/deliver.h"
#include "client/ctl/send.h"
#include "client/import/check.h"
#include "client/import/csv_report.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/waitlistd/waitlistd.conf"
#define DEFAULT_ZONE "Europe/London"
#define DRAW_EVERY_MS 200
#define HEADERS_NOTED 12 /* unused columns that are named */

struct header {
    size_t count;
    char **names;
    bool *used;
};

struct importing {
    struct ctl_context *ctl;
    const struct csv_import_options *options;
    struct import_map *map;
    struct config *config;                        /* NULL: none */
    struct calendar *map_calendar, *own_calendar; /* of the map's zone; of the council's, NULL when they are one */
    struct checker *checker;
    struct csv_report *report;
    int file, stop; /* descriptors */
    int64_t file_bytes, drawn_at;
    struct header header;
    struct import_sums sums;
    uint64_t checked_taken; /* rows that the first reading found good */
    bool interrupted;
};

static void complain_line(void *context, const char *line) {
    (void)context;
    ctl_complain("%s", line);
}

/* ---- What is needed before the first row */

static bool load_config(struct importing *importing) {
    const char *path = importing->ctl->config_path;

    if (path == NULL && access(DEFAULT_CONFIG, R_OK) == 0) {
        path = DEFAULT_CONFIG;
    }
    if (path == NULL) {
        return true;
    }
    importing->config = config_load(path, complain_line, NULL);
    return importing->config != NULL;
}

/* Local times of the file are of the map's zone; days of the council's, which are the same unless the map says otherwise. The process's
 * TZ stays the map's from here on: there are no other threads yet, and none of ours asks for local time. */
static bool load_calendars(struct importing *importing) {
    static const struct holidays none = {0};
    const char *council = importing->config != NULL ? importing->config->timezone : DEFAULT_ZONE;
    const char *zone = importing->map->timezone != NULL ? importing->map->timezone : council;

    importing->map_calendar = config_calendar_of(zone, &none, complain_line, NULL);
    if (importing->map_calendar != NULL && strcmp(zone, council) != 0) {
        importing->own_calendar = config_calendar_of(council, &none, complain_line, NULL);
        if (importing->own_calendar == NULL) {
            return false;
        }
    }
    (void)setenv("TZ", zone, 1);
    tzset();
    return importing->map_calendar != NULL;
}

static bool open_file(struct importing *importing) {
    const char *path = importing->options->path;
    struct stat status;

    importing->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (importing->file < 0 || fstat(importing->file, &status) != 0) {
        ctl_complain("%s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        ctl_complain("%s: not a file; it is read twice, first to check it and then to send it", path);
        return false;
    }
    importing->file_bytes = status.st_size;
    return true;
}

static bool prepare(struct importing *importing) {
    struct timespec now;

    importing->map = map_load(importing->options->map_path, complain_line, NULL);
    if (importing->map == NULL || !load_config(importing) || !load_calendars(importing) || !open_file(importing) ||
        (importing->stop = delivery_signals()) < 0) {
        return false;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    importing->checker =
        checker_create(importing->config, importing->own_calendar != NULL ? importing->own_calendar : importing->map_calendar,
                       (instant_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    importing->report = csv_report_create(importing->options->report_path, importing->ctl->format);
    return importing->report != NULL;
}

static void forget_header(struct header *header) {
    for (size_t i = 0; i < header->count; i++) {
        free(header->names[i]);
    }
    free(header->names);
    free(header->used);
    *header = (struct header){0};
}

static void clear(struct importing *importing) {
    forget_header(&importing->header);
    csv_report_destroy(&importing->report);
    checker_destroy(&importing->checker);
    calendar_destroy(&importing->map_calendar);
    if (importing->own_calendar != NULL) {
        calendar_destroy(&importing->own_calendar);
    }
    if (importing->config != NULL) {
        config_free(&importing->config);
    }
    map_destroy(&importing->map);
    if (importing->file >= 0) {
        close(importing->file);
    }
    if (importing->stop >= 0) {
        close(importing->stop);
    }
}

/* ---- The header */

static bool complain_fault(const struct importing *importing, const struct csv_fault *fault) {
    if (fault->line == 0) {
        ctl_complain("%s: %s", importing->options->path, fault->message);
    } else {
        ctl_complain("%s:%" PRIu64 ":%" PRIu64 ": %s", importing->options->path, fault->line, fault->column, fault->message);
    }
    return false;
}

static void hint_at_delimiter(const struct importing *importing, const struct csv_row *row) {
    static const char others[] = ";\t|,";

    for (const char *other = others; row->count == 1 && *other != '\0'; other++) {
        if (memchr(row->cells[0].at, *other, row->cells[0].length) != NULL) {
            ctl_complain("%s:1: the header is one column, but holds '%s': is that the delimiter? file = { delimiter = \"%s\"; };",
                         importing->options->path, *other == '\t' ? "tab" : (char[2]){*other, '\0'},
                         *other == '\t' ? "\\t" : (char[2]){*other, '\0'});
            return;
        }
    }
}

static bool read_header(struct importing *importing, struct csv_table *table) {
    struct header *header = &importing->header;
    struct csv_row row;
    struct csv_fault fault;
    enum csv_result result = csv_table_next(table, &row, &fault);

    if (result == CSV_END) {
        ctl_complain("%s: the file is empty: not even a header", importing->options->path);
        return false;
    }
    if (result != CSV_ROW) {
        importing->interrupted = result == CSV_STOPPED;
        return importing->interrupted ? false : complain_fault(importing, &fault);
    }
    forget_header(header);
    header->count = row.count;
    header->names = memory_new(row.count, sizeof *header->names);
    header->used = memory_new(row.count, sizeof *header->used);
    for (size_t i = 0; i < row.count; i++) {
        struct text name = csv_trim(row.cells[i]);

        header->names[i] = memory_new(name.length + 1U, 1);
        memcpy(header->names[i], name.at, name.length);
    }
    bool bound = map_bind(importing->map, row.cells, row.count, header->used, complain_line, NULL);

    if (!bound) {
        hint_at_delimiter(importing, &row);
    }
    return bound;
}

/* ---- Rows */

static void draw(struct importing *importing, const struct csv_table *table) {
    int64_t now = ctl_now();

    if (isatty(STDERR_FILENO) != 1 || now - importing->drawn_at < DRAW_EVERY_MS) {
        return;
    }
    importing->drawn_at = now;
    double share = importing->file_bytes > 0 ? (double)csv_table_bytes(table) / (double)importing->file_bytes : 1.0;

    fprintf(stderr, "\r\033[Kchecking: %3.0f %%  %" PRIu64 " rows, %" PRIu64 " not to be taken", share * 100, importing->sums.rows,
            importing->sums.not_taken);
    (void)fflush(stderr);
}

static void report_fault(struct importing *importing, const struct csv_row *row, const struct csv_fault *fault) {
    const struct report_line line = {.line = fault->line,
                                     .last_line = fault->line > row->last_line ? fault->line : row->last_line,
                                     .column = fault->column,
                                     .code = "broken_row",
                                     .message = fault->message};

    csv_report_add(importing->report, &line);
}

static void report_problem(struct importing *importing, const struct csv_table *table, const struct csv_row *row,
                           const struct import_problem *problem) {
    struct report_line line = {.line = row->line, .last_line = row->last_line, .code = problem->code, .message = problem->message};

    if (problem->column != MAP_NO_COLUMN) {
        csv_table_place(table, problem->column, &line.line, &line.column);
        line.header = problem->column < importing->header.count ? importing->header.names[problem->column] : NULL;
    }
    csv_report_add(importing->report, &line);
}

static bool is_blank(const struct csv_row *row) {
    for (size_t i = 0; i < row->count; i++) {
        if (csv_trim(row->cells[i]).length > 0) {
            return false;
        }
    }
    return true;
}

/* One reading of the file; with a delivery it is the second one, and says of rows nothing that the first has said. */
struct pass {
    struct importing *importing;
    struct csv_table *table;
    struct builder *builder;
    struct delivery *delivery; /* NULL: only checking */
    uint64_t taken;
};

/* False when the delivery has ended. */
static bool take_events(struct pass *pass, const struct csv_row *row) {
    struct import_sums *sums = &pass->importing->sums;

    pass->taken++;
    for (size_t i = 0; i < builder_count(pass->builder); i++) {
        const struct built_event *event = builder_event(pass->builder, i);

        if (pass->delivery == NULL) {
            sums->events[event->from->type]++;
        } else if (!delivery_send(pass->delivery, event->json.at, event->json.length, row->line, (int64_t)csv_table_bytes(pass->table))) {
            return false;
        }
    }
    return true;
}

static bool take_row(struct pass *pass, const struct csv_row *row) {
    struct importing *importing = pass->importing;
    struct import_sums *sums = &importing->sums;
    struct import_problem problem = {.column = MAP_NO_COLUMN};
    bool checking = pass->delivery == NULL;
    size_t again = 0;
    enum build_result result = builder_row(pass->builder, row, &problem);

    if (result == BUILD_EVENTS && !checker_row(importing->checker, pass->builder, row->line, &again, &problem)) {
        result = BUILD_PROBLEM;
    }
    sums->rows += checking;
    if (result == BUILD_PROBLEM) {
        sums->not_taken += checking;
        if (checking) {
            report_problem(importing, pass->table, row, &problem);
        }
        return true;
    }
    sums->again += checking ? again : 0;
    sums->taken += checking;
    sums->nothing += checking && result == BUILD_NOTHING;
    return take_events(pass, row);
}

static void note_bad_row(struct pass *pass, const struct csv_row *row, const struct csv_fault *fault) {
    if (pass->delivery == NULL) {
        pass->importing->sums.rows++;
        pass->importing->sums.not_taken++;
        report_fault(pass->importing, row, fault);
    }
}

/* Until the end of the file; false when it was not reached. */
static bool read_rows(struct pass *pass) {
    struct importing *importing = pass->importing;
    struct csv_row row;
    struct csv_fault fault;

    for (;;) {
        switch (csv_table_next(pass->table, &row, &fault)) {
        case CSV_ROW:
            if (!is_blank(&row) && !take_row(pass, &row)) {
                return false;
            }
            break;
        case CSV_BAD_ROW:
            note_bad_row(pass, &row, &fault);
            break;
        case CSV_END:
            return true;
        case CSV_UNREADABLE:
            return complain_fault(importing, &fault);
        case CSV_STOPPED:
            importing->interrupted = true;
            return false;
        }
        if (pass->delivery == NULL) {
            draw(importing, pass->table);
        }
    }
}

/* A whole reading. */
static bool read_file(struct importing *importing, struct delivery *delivery, uint64_t *taken) {
    struct pass pass = {.importing = importing, .delivery = delivery};
    struct csv_options file = importing->map->file;

    file.stop = importing->stop;
    if (lseek(importing->file, 0, SEEK_SET) != 0) {
        ctl_complain("%s: %s", importing->options->path, strerror(errno));
        return false;
    }
    checker_restart(importing->checker);
    pass.table = csv_table_create(importing->file, &file);
    bool whole = read_header(importing, pass.table);

    if (whole) {
        pass.builder = builder_create(importing->map, importing->map_calendar, importing->header.count);
        builder_allow_numbers(pass.builder, checker_spares_numbers(importing->checker, importing->map->source));
        whole = read_rows(&pass);
        builder_destroy(&pass.builder);
    }
    csv_table_destroy(&pass.table);
    if (importing->drawn_at != 0) {
        fputs("\r\033[K", stderr);
        importing->drawn_at = 0;
    }
    *taken = pass.taken;
    return whole;
}

/* ---- What is worth knowing */

static void note_dates(void *context, struct map_field *field) {
    struct importing *importing = context;
    const struct map_date_tally *tally = &field->tally;
    char how[512] = "";
    size_t used = 0, formats = 0;

    for (size_t i = 0; i < field->patterns.count; i++) {
        if (tally->by_pattern[i] > 0 && used < sizeof how) {
            used += (size_t)snprintf(how + used, sizeof how - used, "%s%" PRIu64 " as %s", formats > 0 ? ", " : "", tally->by_pattern[i],
                                     field->patterns.at[i]);
            formats++;
        }
    }
    if (formats > 1) {
        csv_report_note(importing->report, "the column \"%s\" mixes date formats: %s", field->columns[0].name, how);
    }
    if (tally->month_first > 0) {
        csv_report_note(importing->report,
                        "the column \"%s\" has %" PRIu64
                        " dates that only make sense with the month first, as in the USA, the first on line %" PRIu64
                        ": dates up to the 12th of a month may then be read wrongly too",
                        field->columns[0].name, tally->month_first, tally->first_line);
    }
}

static void sum_month_first(void *context, struct map_field *field) {
    uint64_t *count = context;

    *count += field->tally.month_first;
}

static void note_unused(struct importing *importing) {
    char names[512] = "";
    size_t used = 0, unused = 0;

    for (size_t i = 0; i < importing->header.count; i++) {
        if (importing->header.used[i]) {
            continue;
        }
        if (unused++ < HEADERS_NOTED && used < sizeof names) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s\"%.30s\"", unused > 1 ? ", " : "", importing->header.names[i]);
        }
    }
    if (unused > 0) {
        csv_report_note(importing->report, "columns that the map does not use: %s%s", names, unused > HEADERS_NOTED ? " and others" : "");
    }
}

static void take_notes(struct importing *importing) {
    note_unused(importing);
    map_each_date(importing->map, note_dates, importing);
    if (!checker_compared_all(importing->checker)) {
        csv_report_note(importing->report, "the file has over %d events: keys used twice were looked for among the first of them only",
                        CHECK_IDENTITIES_MAX);
    }
    if (importing->options->dry_run && !checker_knows_pathways(importing->checker)) {
        csv_report_note(importing->report, "pathways were not checked: name the daemon's configuration with -c FILE");
    }
}

/* ---- The whole */

/* Why nothing may be sent although the file could be read; NULL when it may. */
static const char *why_nothing_is_sent(struct importing *importing) {
    const struct csv_import_options *options = importing->options;
    uint64_t month_first = 0;

    map_each_date(importing->map, sum_month_first, &month_first);
    if (options->strict && importing->sums.not_taken > 0) {
        return "nothing was sent, as --strict says: not every row can be taken";
    }
    if (month_first > 0 && !options->accept_dates) {
        return "nothing was sent: a column has dates with the month first. Put its `formats` in the map right, or the file; if these "
               "are mere slips, --accept-dates sends the rest";
    }
    return NULL;
}

static void on_refused(void *context, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why) {
    struct importing *importing = context;
    char message[512];
    struct report_line refused = {.line = line, .last_line = last_line, .code = why->code, .message = message};

    snprintf(message, sizeof message, "%s%s%s (the daemon's answer to event %.64s)", why->pointer, why->pointer[0] != '\0' ? ": " : "",
             why->message, why->id);
    csv_report_add(importing->report, &refused);
}

static int send_rows(struct importing *importing) {
    struct import_sums *sums = &importing->sums;
    uint64_t taken = 0;
    const struct delivery_options options = {
        .ctl = importing->ctl, .stop = importing->stop, .total = importing->file_bytes, .refused = on_refused, .context = importing};
    struct delivery *delivery = delivery_create(&options);

    if (delivery == NULL) {
        return CTL_USAGE;
    }
    bool whole = read_file(importing, delivery, &taken);

    if (importing->interrupted) {
        delivery_interrupt(delivery);
    }
    enum delivery_state state = delivery_finish(delivery);
    int code = delivery_explain(delivery, "importing the file again is safe");

    delivery_totals(delivery, &sums->totals);
    sums->sent = delivery_reached(delivery);
    delivery_destroy(&delivery);
    if (state == DELIVERY_DONE && (!whole || taken != importing->checked_taken)) {
        ctl_complain("%s: the file changed while it was being read; import it again", importing->options->path);
        code = CTL_REFUSED;
    }
    return code;
}

static const char *headline_of(const struct import_sums *sums, int code) {
    if (sums->dry_run) {
        return "dry run, nothing sent";
    }
    if (!sums->sent) {
        return "NOTHING SENT";
    }
    return code == CTL_DONE ? "all durable" : sums->totals.pending > 0 || sums->totals.refused > 0 ? "NOT ALL DURABLE" : "sent, not all";
}

static int conclude(struct importing *importing, int code) {
    struct import_sums *sums = &importing->sums;

    if (code == CTL_DONE && sums->not_taken > 0) {
        code = CTL_REFUSED;
    }
    sums->done = code == CTL_DONE;
    sums->headline = headline_of(sums, code);
    if (!sums->dry_run && !sums->sent) {
        sums->taken = 0;
    }
    bool written = csv_report_print(importing->report, sums, importing->ctl->format);

    return written || code != CTL_DONE ? code : CTL_REFUSED;
}

static int run(struct importing *importing) {
    if (!prepare(importing)) {
        return CTL_USAGE;
    }
    if (!read_file(importing, NULL, &importing->checked_taken)) {
        if (importing->interrupted) {
            ctl_complain("interrupted; nothing was sent");
        }
        return CTL_REFUSED;
    }
    take_notes(importing);
    const char *why_not = why_nothing_is_sent(importing);
    int code = CTL_DONE;

    if (importing->options->dry_run) {
        code = why_not == NULL ? CTL_DONE : CTL_REFUSED;
    } else if (why_not != NULL) {
        ctl_complain("%s", why_not);
        code = CTL_REFUSED;
    } else {
        code = send_rows(importing);
    }
    return conclude(importing, code);
}

int csv_import_run(struct ctl_context *ctl, const struct csv_import_options *options) {
    struct importing importing = {.ctl = ctl, .options = options, .file = -1, .stop = -1, .sums = {.dry_run = options->dry_run}};
    int code = run(&importing);

    clear(&importing);
    return code;
}
