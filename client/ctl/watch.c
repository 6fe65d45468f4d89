/* waitlistctl watch: the live view in a terminal, or one frame of it for a script. */
#include "client/ctl/query_options.h"
#include "client/ctl/watch_screen.h"
#include "client/tables/table.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define RECENT_ALERTS WATCH_TICKER_LINES
#define MEDIANS_EVERY_MS 2000
#define MEDIANS_TIMEOUT_MS 250
#define COLUMNS_DEFAULT 80
#define COLUMNS_MAX 1000

enum { OPTION_ONCE = 0x500, OPTION_GROUP, OPTION_SORT_BY, OPTION_ASCII, OPTION_NOTE };

struct watch_arguments {
    struct ctl_context *ctl;
    bool once, ascii;
    const char *note;
    enum watch_grouping grouping;
    enum watch_sorting sorting;
};

struct watch {
    struct ctl_context *ctl;
    struct waitlist_positions *positions;
    struct waitlist_follower *follower;
    struct waitlist_query *query;
    struct watch_state *state;
    struct watch_view view;
    struct frame frame;
    int64_t medians_at; /* monotonic milliseconds */
    bool caught_up;     /* the first alerts are in */
    bool notice_passes; /* the notice is about something that may mend itself */
};

static int64_t monotonic_ms(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The viewer's own clock, `age_ms` ago. */
static void put_clock(char text[16], int64_t age_ms) {
    time_t then = time(NULL) - (time_t)(age_ms / 1000);
    struct tm local;

    if (localtime_r(&then, &local) == NULL || strftime(text, 16, "%H:%M:%S", &local) == 0) {
        memcpy(text, "--:--:--", 9);
    }
}

static int find_name(const char *wanted, const char *const names[], int count) {
    for (int i = 0; i < count; i++) {
        if (strcmp(wanted, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    static const char *const groupings[] = {"queue", "team", "pathway"};
    static const char *const sortings[] = {"breach", "waiting", "due", "longest", "name"};
    struct watch_arguments *arguments = state->input;
    int found;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_ONCE:
        arguments->once = true;
        return 0;
    case OPTION_NOTE:
        arguments->note = argument;
        return 0;
    case OPTION_ASCII:
        arguments->ascii = true;
        return 0;
    case OPTION_GROUP:
        found = find_name(argument, groupings, GROUP_COUNT);
        if (found < 0) {
            argp_error(state, "--group is queue, team or pathway, not '%s'", argument);
        }
        arguments->grouping = (enum watch_grouping)found;
        return 0;
    case OPTION_SORT_BY:
        found = find_name(argument, sortings, SORT_COUNT);
        if (found < 0) {
            argp_error(state, "--sort is breach, waiting, due, longest or name, not '%s'", argument);
        }
        arguments->sorting = (enum watch_sorting)found;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The terminal's own language decides whether it can show arrows; the program's is always UTF-8. */
static bool terminal_is_ascii(void) {
    const char *language = getenv("LC_ALL");

    language = language != NULL && *language != '\0' ? language : getenv("LC_CTYPE");
    language = language != NULL && *language != '\0' ? language : getenv("LANG");
    return language == NULL || (strcasestr(language, "utf-8") == NULL && strcasestr(language, "utf8") == NULL);
}

/* ---- News */

/* Where the ticker begins: with the last few alerts. */
static int open_watch(struct watch *watch, const struct watch_arguments *arguments) {
    enum table_format format = arguments->ctl->format;
    struct waitlist_cursor cursor = {"", 0};
    json_t *health;

    watch->ctl = arguments->ctl;
    watch->ctl->format = FORMAT_TABLE; /* this answer is not the one to print */
    int code = ctl_ask(watch->ctl, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_HEALTH), &health);

    watch->ctl->format = format;
    if (health == NULL) {
        return code;
    }
    snprintf(cursor.epoch, sizeof cursor.epoch, "%s", ctl_text(health, "epoch"));
    int64_t alert_seq = ctl_int(health, "alert_seq");

    cursor.seq = alert_seq > RECENT_ALERTS ? (uint64_t)(alert_seq - RECENT_ALERTS) : 0;
    json_decref(health);
    watch->positions = waitlist_positions_create(watch->ctl->client);
    watch->follower = waitlist_follower_create(watch->ctl->client, &cursor, NULL);
    watch->query = waitlist_query_create(watch->ctl->client);
    (void)waitlist_query_limits(watch->query, MEDIANS_TIMEOUT_MS, 1);
    watch->state = watch_state_create();
    watch_state_group(watch->state, arguments->grouping);
    watch_state_sort(watch->state, arguments->sorting);
    watch->view.notice = "";
    watch->view.note = arguments->note != NULL ? arguments->note : "";
    watch->view.ascii = arguments->ascii || terminal_is_ascii();
    put_clock(watch->view.opened_at, 0);
    return CTL_DONE;
}

static void close_watch(struct watch *watch) {
    if (watch->positions == NULL) {
        return;
    }
    frame_clear(&watch->frame);
    watch_state_destroy(&watch->state);
    waitlist_query_destroy(&watch->query);
    waitlist_follower_destroy(&watch->follower);
    waitlist_positions_destroy(&watch->positions);
}

static void take_alerts(struct watch *watch) {
    struct waitlist_transition alert;
    enum waitlist_status status;

    while ((status = waitlist_follower_next(watch->follower, 0, &alert)) == WAITLIST_OK) {
        watch_state_alert(watch->state, &alert);
    }
    if (status == WAITLIST_EPOCH_CHANGED) {
        struct waitlist_cursor cursor = {"", 0};
        struct waitlist_heartbeat heartbeat;

        if (waitlist_follower_heartbeat(watch->follower, &heartbeat)) {
            memcpy(cursor.epoch, heartbeat.epoch, sizeof cursor.epoch);
            cursor.seq = heartbeat.alert_seq > RECENT_ALERTS ? heartbeat.alert_seq - RECENT_ALERTS : 0;
        }
        waitlist_follower_restart(watch->follower, &cursor);
    }
    if (status == WAITLIST_REFUSED) {
        watch->view.notice = "Alerts are not for the roles of this connection.";
    }
    watch->caught_up = watch->caught_up || status == WAITLIST_REFUSED || waitlist_follower_is_live(watch->follower);
}

static void take_positions(struct watch *watch) {
    enum waitlist_status status = waitlist_positions_update(watch->positions, 0);

    if (status == WAITLIST_EPOCH_CHANGED) {
        watch_state_restart(watch->state, true);
        watch->view.notice = "The daemon now keeps another journal (a restore?): trend and alerts begin again.";
        put_clock(watch->view.opened_at, 0);
    } else if (status == WAITLIST_REFUSED || status == WAITLIST_BAD_REPLY) {
        watch->view.notice = "The daemon does not give its positions; trying again.";
        watch->notice_passes = true;
    } else if (ctl_is_about_keys(status)) {
        watch->view.notice = waitlist_status_text(status);
        watch->notice_passes = true;
    } else if (waitlist_positions_is_live(watch->positions)) {
        watch_state_take(watch->state, watch->positions);
        watch->view.notice = watch->notice_passes ? "" : watch->view.notice;
        watch->notice_passes = false;
    }
}

/* Teams over several pathways have a median of their own, which only the daemon can tell. */
static void take_medians(struct watch *watch) {
    int64_t now = monotonic_ms();
    char *text = NULL;

    if (watch_state_grouping(watch->state) != GROUP_TEAMS || !watch->view.live || now - watch->medians_at < MEDIANS_EVERY_MS) {
        return;
    }
    watch->medians_at = now;
    if (waitlist_query_ask(watch->query, "{\"v\":1,\"op\":\"summary\",\"group_by\":[\"team\"]}", MEDIANS_TIMEOUT_MS, &text) ==
        WAITLIST_OK) {
        json_t *reply = json_loads(text, 0, NULL);

        watch_state_take_medians(watch->state, reply);
        json_decref(reply);
    }
    waitlist_free(text);
}

static void take_news(struct watch *watch) {
    take_alerts(watch);
    take_positions(watch);
    watch->view.live = waitlist_positions_is_live(watch->positions);
    (void)waitlist_positions_heartbeat(watch->positions, &watch->view.heartbeat);
    if (!watch->view.live && watch->view.heartbeat.age_ms >= 0) {
        put_clock(watch->view.stale_since, watch->view.heartbeat.age_ms);
    } else if (!watch->view.live) {
        memcpy(watch->view.stale_since, watch->view.opened_at, sizeof watch->view.stale_since);
    }
    take_medians(watch);
}

/* ---- One frame */

static int print_once(struct watch *watch) {
    int64_t until = monotonic_ms() + watch->ctl->timeout_ms;
    const char *columns = getenv("COLUMNS");

    take_news(watch);
    while (!(watch->view.live && watch->caught_up) && monotonic_ms() < until) {
        int64_t left = until - monotonic_ms();

        (void)waitlist_wait(watch->follower, watch->positions, -1, left > 0 ? (int)left : 0);
        take_news(watch);
    }
    if (!watch->view.live) {
        return ctl_explain(WAITLIST_NO_REPLY, watch->ctl->publish);
    }
    long width = columns != NULL ? strtol(columns, NULL, 10) : 0;

    watch->view.columns = width > 0 && width <= COLUMNS_MAX ? (int)width : COLUMNS_DEFAULT;
    frame_compose(&watch->frame, watch->state, &watch->view);
    for (size_t i = 0; i < watch->frame.count; i++) {
        (void)table_put_safely(watch->frame.lines[i].text, stdout);
        putchar('\n');
    }
    return CTL_DONE;
}

/* ---- The terminal */

static attr_t attributes_of(enum line_look look) {
    switch (look) {
    case LOOK_TITLE:
        return A_BOLD;
    case LOOK_HEADER:
        return A_UNDERLINE;
    case LOOK_ALARM:
        return A_REVERSE | A_BOLD;
    case LOOK_BREACH:
        return has_colors() ? (attr_t)COLOR_PAIR(1) : A_NORMAL;
    case LOOK_DIM:
        return A_DIM;
    default:
        return A_NORMAL;
    }
}

static void draw(struct watch *watch) {
    getmaxyx(stdscr, watch->view.rows, watch->view.columns);
    size_t count;

    (void)watch_state_rows(watch->state, &count);
    size_t page = frame_page(watch->state, &watch->view);
    size_t last = count > page ? count - page : 0;

    watch->view.scroll = watch->view.scroll > last ? last : watch->view.scroll;
    frame_compose(&watch->frame, watch->state, &watch->view);
    erase();
    for (size_t i = 0; i < watch->frame.count && (int)i < watch->view.rows; i++) {
        const struct frame_line *line = &watch->frame.lines[i];
        /* The keys stay on the last line however small the terminal is. */
        int row = i + 1 == watch->frame.count && !watch->view.help ? watch->view.rows - 1 : (int)i;

        (void)attr_set(attributes_of(line->look), line->look == LOOK_BREACH && has_colors() ? 1 : 0, NULL);
        mvaddnstr(row, 0, line->text, -1);
    }
    attrset(A_NORMAL);
    refresh();
}

/* False: quit. */
static bool obey(struct watch *watch, int key) {
    struct watch_view *view = &watch->view;
    size_t page = frame_page(watch->state, view);

    if (view->help) {
        view->help = false;
        return key != 'q';
    }
    switch (key) {
    case 'q':
        return false;
    case 'g':
        watch_state_group(watch->state, (watch_state_grouping(watch->state) + 1) % GROUP_COUNT);
        view->scroll = 0;
        break;
    case 's':
        watch_state_sort(watch->state, (watch_state_sorting(watch->state) + 1) % SORT_COUNT);
        view->scroll = 0;
        break;
    case 't':
        watch_state_restart(watch->state, false);
        put_clock(view->opened_at, 0);
        view->notice = "";
        break;
    case 'h':
    case '?':
        view->help = true;
        break;
    case KEY_DOWN:
        view->scroll++;
        break;
    case KEY_UP:
        view->scroll -= view->scroll > 0;
        break;
    case KEY_NPAGE:
        view->scroll += page;
        break;
    case KEY_PPAGE:
        view->scroll = view->scroll > page ? view->scroll - page : 0;
        break;
    case KEY_HOME:
        view->scroll = 0;
        break;
    case KEY_END:
        view->scroll = SIZE_MAX / 2;
        break;
    default:
        break;
    }
    return true;
}

/* Keys and signals in one descriptor to wait for. -1: not possible. */
static int watch_input(int *signals_fd) {
    struct epoll_event keys = {.events = EPOLLIN};
    struct epoll_event signals = {.events = EPOLLIN};
    int input = epoll_create1(EPOLL_CLOEXEC);
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *signals_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (input < 0 || *signals_fd < 0 || epoll_ctl(input, EPOLL_CTL_ADD, STDIN_FILENO, &keys) != 0 ||
        epoll_ctl(input, EPOLL_CTL_ADD, *signals_fd, &signals) != 0) {
        return -1;
    }
    return input;
}

/* The terminal was closed; where SIGHUP is ignored nothing else tells. */
static bool has_hung_up(void) {
    struct pollfd terminal = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void run_loop(struct watch *watch, int input, int signals_fd) {
    struct signalfd_siginfo signal_info;

    for (;;) {
        int key;

        take_news(watch);
        draw(watch);
        (void)waitlist_wait(watch->follower, watch->positions, input, 1000);
        if (read(signals_fd, &signal_info, sizeof signal_info) > 0 || has_hung_up()) {
            return;
        }
        while ((key = getch()) != ERR) {
            if (!obey(watch, key)) {
                return;
            }
        }
    }
}

static int show_live(struct watch *watch) {
    int signals_fd = -1;
    int input = watch_input(&signals_fd);
    SCREEN *screen = input >= 0 ? newterm(NULL, stdout, stdin) : NULL;

    if (screen == NULL) {
        ctl_complain("this terminal cannot show the live view (TERM=%s); 'watch --once' prints one frame",
                     getenv("TERM") != NULL ? getenv("TERM") : "");
        return CTL_USAGE;
    }
    (void)set_term(screen);
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(50);
    (void)curs_set(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_RED, -1);
    }
    run_loop(watch, input, signals_fd);
    endwin();
    delscreen(screen);
    close(input);
    close(signals_fd);
    return CTL_DONE;
}

int command_watch(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"once", OPTION_ONCE, NULL, 0, "print one frame as plain text and end", 0},
        {"group", OPTION_GROUP, "queue|team|pathway", 0, "what a row is (default: queue)", 0},
        {"sort", OPTION_SORT_BY, "breach|waiting|due|longest|name", 0, "the order to begin with (default: breach)", 0},
        {"ascii", OPTION_ASCII, NULL, 0, "no arrows: for terminals without UTF-8", 0},
        {"note", OPTION_NOTE, "TEXT", 0, "a line of your own, shown while there is nothing more urgent to say", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .children = children,
        .doc = "Live view of the queues, to be left open: how many wait, are in breach and due, how long, whether it is more or "
               "fewer since it was opened, and the last alerts. Says so when what it shows is not live. h: help, q: quit.\v"
               "Example:\n  waitlistctl watch --group team\n"};
    struct watch_arguments arguments = {.ctl = ctl};
    struct watch watch = {.ctl = ctl};

    ctl_parse(&argp, "watch", argc, argv, &arguments);
    if (!arguments.once && (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)) {
        ctl_complain("the live view needs a terminal; 'watch --once' prints one frame");
        return CTL_USAGE;
    }
    if (ctl->format != FORMAT_TABLE) {
        ctl_complain("watch is for people; for programs there are 'summary' and 'alerts --follow', with --format json or csv");
        return CTL_USAGE;
    }
    int code = open_watch(&watch, &arguments);

    if (code == CTL_DONE) {
        code = arguments.once ? print_once(&watch) : show_live(&watch);
    }
    close_watch(&watch);
    return code;
}
