/* Composing a frame of the live view. What matters is said in words and signs, never by colour alone. */
#include "client/ctl/watch_screen.h"
#include "client/tables/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MIN 60
#define TICKER_SHOWN 5
#define FIXED_WIDTH 44 /* of the six number columns */
#define CHROME_ROWS 5  /* title, totals, notice, header, help */

static void add_line(struct frame *frame, enum line_look look, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add_line(struct frame *frame, enum line_look look, const char *format, ...) {
    va_list arguments;

    if (frame->count == frame->capacity) {
        frame->capacity = frame->capacity == 0 ? 64 : frame->capacity * 2;
        frame->lines = realloc(frame->lines, frame->capacity * sizeof *frame->lines);
        if (frame->lines == NULL) {
            abort();
        }
    }
    struct frame_line *line = &frame->lines[frame->count++];

    line->look = look;
    va_start(arguments, format);
    if (vasprintf(&line->text, format, arguments) < 0) {
        abort();
    }
    va_end(arguments);
}

void frame_clear(struct frame *frame) {
    for (size_t i = 0; i < frame->count; i++) {
        free(frame->lines[i].text);
    }
    free(frame->lines);
    *frame = (struct frame){NULL, 0, 0};
}

/* Where the daemon's clock stands: 2025-04-30T08:00:00.000Z gives 08:00:00. */
static const char *clock_of(const struct watch_view *view) {
    return strlen(view->heartbeat.now) >= 19 ? view->heartbeat.now + 11 : "--:--:--";
}

static void add_title(struct frame *frame, const struct watch_view *view) {
    const char *dash = view->ascii ? "-" : "—";

    if (view->live) {
        add_line(frame, LOOK_TITLE, "Waiting lists   today %s   daemon's clock %.8s UTC   live", view->heartbeat.today, clock_of(view));
    } else {
        add_line(frame, LOOK_ALARM, "STALE since %s %s not live   (last known day %s)", view->stale_since, dash, view->heartbeat.today);
    }
}

static void put_trend(char *text, size_t size, int64_t trend, bool ascii) {
    const char *arrow = trend > 0 ? (ascii ? "^" : "↑") : trend < 0 ? (ascii ? "v" : "↓") : "=";

    snprintf(text, size, "%s %" PRId64, arrow, trend < 0 ? -trend : trend);
}

static void add_totals(struct frame *frame, const struct watch_state *state, const struct watch_view *view) {
    const struct watch_row *total = watch_state_total(state);
    char trend[32];
    char longest[32] = "-";

    put_trend(trend, sizeof trend, total->trend, view->ascii);
    if (total->has_longest) {
        snprintf(longest, sizeof longest, "%" PRId64, total->longest);
    }
    add_line(frame, LOOK_PLAIN, "%" PRId64 " waiting, %" PRId64 " in breach, %" PRId64 " due in 7 days; longest %s; %s since %s",
             total->waiting, total->breach, total->due, longest, trend, view->opened_at);
}

/* A name cut to its column, by characters and not by bytes; names are ASCII, labels may not be. */
static void put_name(char *text, size_t size, const char *name, int width) {
    int shown = (int)table_width(name);

    if (shown <= width) {
        snprintf(text, size, "%s%*s", name, width - shown, "");
    } else {
        snprintf(text, size, "%.*s~", width - 1, name);
    }
}

static int name_width(const struct watch_state *state, const struct watch_view *view) {
    int columns = view->columns < COLUMNS_MIN ? COLUMNS_MIN : view->columns;
    int width = columns - FIXED_WIDTH;

    width = watch_state_grouping(state) == GROUP_QUEUES ? (width - 1) / 2 : width;
    return width > WAITLIST_NAME_BYTES_MAX ? WAITLIST_NAME_BYTES_MAX : width;
}

/* Pathway and team, or the one that the rows are by. */
static void put_names(char *text, size_t size, const struct watch_state *state, const char *pathway, const char *team, int width) {
    char first[128];
    char second[128];

    put_name(first, sizeof first, watch_state_grouping(state) == GROUP_TEAMS ? team : pathway, width);
    put_name(second, sizeof second, team, width);
    if (watch_state_grouping(state) == GROUP_QUEUES) {
        snprintf(text, size, "%s %s", first, second);
    } else {
        snprintf(text, size, "%s", first);
    }
}

static void add_row(struct frame *frame, const struct watch_state *state, const struct watch_view *view, const struct watch_row *row) {
    char names[300];
    char longest[32] = "-";
    char median[32] = "-";
    char trend[32];

    put_names(names, sizeof names, state, row->pathway, row->team, name_width(state, view));
    if (row->has_longest) {
        snprintf(longest, sizeof longest, "%" PRId64, row->longest);
    }
    if (row->has_median) {
        snprintf(median, sizeof median, "%g", row->median);
    }
    put_trend(trend, sizeof trend, row->trend, view->ascii);
    int padding = 8 - (int)table_width(trend);

    add_line(frame, row->breach > 0 ? LOOK_BREACH : LOOK_PLAIN, "%s%8" PRId64 "%8" PRId64 "%5" PRId64 "%8s%7s%*s%s", names, row->waiting,
             row->breach, row->due, longest, median, padding > 0 ? padding : 0, "", trend);
}

static size_t ticker_shown(const struct watch_state *state, const struct watch_view *view) {
    size_t wanted = watch_state_ticker(state)->count;

    wanted = wanted > TICKER_SHOWN ? TICKER_SHOWN : wanted;
    return view->rows > 0 && view->rows < 16 && wanted > 2 ? 2 : wanted;
}

size_t frame_page(const struct watch_state *state, const struct watch_view *view) {
    size_t chrome = CHROME_ROWS + 1 + (ticker_shown(state, view) > 0 ? ticker_shown(state, view) : 1);

    return view->rows > (int)chrome ? (size_t)view->rows - chrome : 1;
}

static void add_queues(struct frame *frame, const struct watch_state *state, const struct watch_view *view) {
    char names[300];
    size_t count;
    const struct watch_row *rows = watch_state_rows(state, &count);
    size_t page = view->rows > 0 ? frame_page(state, view) : count;
    size_t shown = 0;

    put_names(names, sizeof names, state, "PATHWAY", "TEAM", name_width(state, view));
    add_line(frame, LOOK_HEADER, "%s WAITING  BREACH  DUE LONGEST MEDIAN   TREND", names);
    for (size_t i = view->scroll; i < count && shown < page; i++, shown++) {
        add_row(frame, state, view, &rows[i]);
    }
    if (count == 0) {
        add_line(frame, LOOK_DIM, "%s", view->live ? "nobody is waiting" : "nothing known yet");
        shown++;
    }
    for (; view->rows > 0 && shown < page; shown++) {
        add_line(frame, LOOK_PLAIN, "%s", "");
    }
}

static void add_ticker(struct frame *frame, const struct watch_state *state, const struct watch_view *view) {
    const struct watch_ticker *ticker = watch_state_ticker(state);
    size_t shown = ticker_shown(state, view);

    add_line(frame, LOOK_HEADER, "ALERTS, the newest first (times UTC)");
    for (size_t i = 0; i < shown; i++) {
        add_line(frame, LOOK_PLAIN, "%s", ticker->line[i]);
    }
    if (shown == 0) {
        add_line(frame, LOOK_DIM, "none yet");
    }
}

static void add_help(struct frame *frame) {
    static const char *const lines[] = {
        "WAITING  people whose clock runs; BREACH  of them, past their standard; DUE  will be within 7 days",
        "LONGEST, MEDIAN  days waited; TREND  more or fewer waiting than when this view was opened",
        "",
        "g  rows by queue (pathway and team), by team, by pathway",
        "s  sort by breach, waiting, due, longest, name",
        "arrows, PgUp, PgDn, Home, End  scroll",
        "t  begin the trend again from now",
        "h or ?  this help, any key ends it",
        "q  quit"};

    add_line(frame, LOOK_HEADER, "HELP");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        add_line(frame, LOOK_PLAIN, "%s", lines[i]);
    }
}

static void add_keys(struct frame *frame, const struct watch_state *state, const struct watch_view *view) {
    static const char *const groupings[] = {"queue", "team", "pathway"};
    static const char *const sortings[] = {"breach", "waiting", "due", "longest", "name"};
    size_t count;

    (void)watch_state_rows(state, &count);
    size_t last = view->scroll + frame_page(state, view);

    add_line(frame, LOOK_DIM, "q quit  g by %s  s sort %s  %s scroll %zu-%zu/%zu  t trend  h help", groupings[watch_state_grouping(state)],
             sortings[watch_state_sorting(state)], view->ascii ? "up/down" : "↑↓", count == 0 ? 0 : view->scroll + 1,
             last < count ? last : count, count);
}

/* Nothing is wider than the terminal: a wrapped line would push the others out. */
static void cut_to(struct frame_line *line, int columns) {
    while (columns > 0 && table_width(line->text) > (size_t)columns) {
        size_t size = strlen(line->text) - 1;

        while (size > 0 && ((unsigned char)line->text[size] & 0xc0) == 0x80) {
            size--;
        }
        line->text[size] = '\0';
    }
}

void frame_compose(struct frame *frame, const struct watch_state *state, const struct watch_view *view) {
    frame_clear(frame);
    add_title(frame, view);
    if (view->help) {
        add_help(frame);
    } else {
        add_totals(frame, state, view);
        add_line(frame, view->notice[0] != '\0' ? LOOK_ALARM : LOOK_DIM, "%s", view->notice[0] != '\0' ? view->notice : view->note);
        add_queues(frame, state, view);
        add_ticker(frame, state, view);
    }
    if (view->rows > 0 && !view->help) {
        add_keys(frame, state, view);
    }
    for (size_t i = 0; i < frame->count; i++) {
        cut_to(&frame->lines[i], view->columns);
    }
}
