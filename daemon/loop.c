/* The loop of the daemon. The trip of one event:
 *
 * for each request of this turn, until the socket is empty or 4,096 events are in:
 *   frames, sizes, counts                          -> refused with a code, or
 *   envelope: JSON limits, CloudEvents attributes  -> quarantine, or
 *   identity                                       -> duplicate / quarantine, or
 *   validate: the named checks                     -> quarantine, or
 *   journal append (inside the open transaction), register accept
 * end of turn: register settle -> alert transitions, appended to the same transaction
 * COMMIT (durable)                                  nothing is shown before it
 *   publish the transitions, answer the senders, note which positions changed
 * then what is due: midnights, positions, heartbeat, queries, signals, watchdog
 *
 * The batch is the turn: while one commit syncs, the next requests queue up in the socket, so that group commit grows by itself under load
 * and an idle daemon waits for nothing. */
#include "daemon/loop.h"

#include "daemon/backup/backups.h"
#include "daemon/core/memory.h"
#include "daemon/ingest/personal.h"
#include "daemon/intake/intake.h"
#include "daemon/journal/files.h"
#include "daemon/ledger/keeper.h"
#include "daemon/publish/publish.h"
#include "daemon/publish/subscriptions.h"
#include "daemon/query/query.h"
#include "daemon/system/notify.h"
#include "daemon/timers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
    PROBE_MS = 1000,
    PROBE_MAX_MS = 60000,
    LAG_WINDOW_MS = 10000,
    MIDNIGHT_CHECK_MS = 1000,
    STATUS_MS = 5000,
    UNWRITTEN_MS = 60000,
    WATCH_MS = 60000,
    REOPEN_WAIT_MS = 2000
};

struct loop {
    const struct loop_setup *setup;
    struct ledger *ledger;
    struct log *log;
    struct intake *intake;
    struct publisher *publisher;
    struct subscriptions *subscriptions;
    struct query *query;
    struct past *past;
    struct keeper *keeper;
    struct checkpoint_mark checkpoint;
    struct complaint unwritten_checkpoint;
    struct backups *backups;
    struct trail *trail;
    instant_t simulated;
    struct moment moment;
    int64_t started_ms;
    bool read_only;
    bool failed;
    bool stopping;
    bool positions_wait;
    int64_t slowest_turn_ms;
    int64_t lag_ms;
    uint64_t queries_dropped;
    struct complaint disk_full;
    struct complaint kept_out, forbidden[3]; /* at the door, and by socket */
    struct timer heartbeat, all_positions, positions, probe, lag, watchdog, status, next_checkpoint, watch;
};

static void fail(struct loop *loop, const char *message) {
    log_line(loop->log, LOG_LEVEL_ERROR, message);
    loop->failed = true;
}

static void fail_by_journal(struct loop *loop) {
    log_line(loop->log, LOG_LEVEL_ERROR, "the journal failed: the process ends, to start again from what is durable",
             LOG_STRING("reason", journal_failure(ledger_journal(loop->ledger))));
    loop->failed = true;
}

/* The disk took nothing: the ledger is as before the turn, and from now on senders are told to come again. */
static void become_read_only(struct loop *loop) {
    log_complaint(loop->log, &loop->disk_full, (uint64_t)loop->moment.monotonic_ms, LOG_LEVEL_ERROR,
                  "the journal's disk is full: the turn was rolled back, events are refused until there is room",
                  LOG_STRING("path", ledger_config(loop->ledger)->journal_path));
    publisher_forget_changes(loop->publisher);
    loop->positions_wait = publisher_note_changes(loop->publisher, loop->ledger);
    loop->read_only = true;
    /* A disk with room for the probe but not for a turn must not make the daemon build its register again without end. */
    int64_t now_ms = timers_read(loop->simulated).monotonic_ms;
    int64_t pause_ms = 4 * (now_ms - loop->moment.monotonic_ms);
    timer_start(&loop->probe, now_ms, pause_ms < PROBE_MS ? PROBE_MS : pause_ms > PROBE_MAX_MS ? PROBE_MAX_MS : pause_ms);
}

/* The name of the folder, for the caller to free: as the configuration says, or beside the journal. */
static char *access_log_directory(const struct config *config) {
    static const char name[] = "access";
    const char *slash = strrchr(config->journal_path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - config->journal_path) + 1;
    if (config->security.access_log_directory != NULL && config->security.access_log_directory[0] != '\0')
        return files_path(config->security.access_log_directory, "", "", "");
    char *directory = memory_new(length + sizeof name, 1);
    memcpy(directory, config->journal_path, length);
    memcpy(directory + length, name, sizeof name);
    return directory;
}

static void tell_of_access_log(void *context, bool is_trouble, const char *message, const char *reason) {
    struct loop *loop = context;
    if (reason == NULL)
        log_line(loop->log, is_trouble ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, message);
    else
        log_line(loop->log, is_trouble ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, message, LOG_STRING("reason", reason));
}

/* The access log, as far as it had come by what the journal knows of it. */
static struct trail *open_access_log(struct loop *loop) {
    const struct config *config = *loop->setup->config;
    char *directory = access_log_directory(config);
    struct trail_setup setup = {
        .directory = directory, .retention_days = config->security.access_log_retention_days, .tell = tell_of_access_log, .context = loop};
    struct journal_record record;
    if (journal_last_record(ledger_journal(loop->ledger), JOURNAL_RECORD_ACCESS, &record) == JOURNAL_OK)
        (void)trail_mark_read(record.body, &setup.known);
    struct trail *trail = trail_create(&setup, loop->moment.now);
    free(directory);
    return trail;
}

/* How far the access log has come goes into the journal with the midnight, so that whoever changes it has to change the journal too. What
 * is not on the disk yet is not noted. */
static void note_access(struct loop *loop) {
    char note[TRAIL_MARK_SIZE];
    if (!trail_sync(loop->trail))
        return;
    trail_mark_write(loop->trail, register_today(ledger_register(loop->ledger)), note);
    ledger_note_access(loop->ledger, note);
}

static bool committed(struct loop *loop, enum journal_status status) {
    if (status == JOURNAL_OK)
        return true;
    if (status == JOURNAL_FULL)
        become_read_only(loop);
    else
        fail_by_journal(loop);
    return false;
}

static void take_events(struct loop *loop) {
    bool socket_failed;
    ledger_begin(loop->ledger, loop->moment.now);
    size_t events = intake_receive(loop->intake, loop->ledger, loop->read_only, &socket_failed);
    if (socket_failed)
        fail(loop, "the ingest socket failed");
    if (events == 0) {
        journal_rollback(ledger_journal(loop->ledger));
        intake_answer(loop->intake);
        return;
    }
    if (!committed(loop, ledger_commit(loop->ledger))) {
        intake_refuse(loop->intake);
        return;
    }
    publisher_alerts(loop->publisher, loop->ledger);
    intake_answer(loop->intake);
    loop->positions_wait = publisher_note_changes(loop->publisher, loop->ledger);
    committed(loop, journal_tidy(ledger_journal(loop->ledger)));
}

/* What was redacted must be in no checkpoint. One that was under way meanwhile goes when it is done. */
static void forget_stale_checkpoint(struct loop *loop) {
    if (ledger_may_keep_checkpoint(loop->ledger, &loop->checkpoint))
        return;
    checkpoint_forget(loop->ledger);
    loop->checkpoint = *ledger_checkpoint(loop->ledger);
}

/* What was redacted while a backup or another reader held the write-ahead file leaves it when that has ended, also when nobody sends. */
static void scrub(struct loop *loop) {
    struct journal *journal = ledger_journal(loop->ledger);
    if (!journal_is_scrubbed(journal))
        committed(loop, journal_tidy(journal));
}

/* What somebody does through the query socket: a turn like that of events, answered after its commit. */
static enum journal_status change_journal(void *context, enum journal_status (*change)(void *what, struct ledger *ledger), void *what) {
    struct loop *loop = context;
    if (loop->read_only)
        return JOURNAL_FULL;
    ledger_begin(loop->ledger, loop->moment.now);
    enum journal_status status = change(what, loop->ledger);
    if (status != JOURNAL_OK) { /* what was to be changed could not be read, and half of it may be in the register by now */
        journal_rollback(ledger_journal(loop->ledger));
        committed(loop, JOURNAL_FAILED);
        return JOURNAL_FAILED;
    }
    status = ledger_commit(loop->ledger);
    if (!committed(loop, status))
        return status;
    publisher_alerts(loop->publisher, loop->ledger);
    loop->positions_wait = publisher_note_changes(loop->publisher, loop->ledger);
    committed(loop, journal_tidy(ledger_journal(loop->ledger)));
    forget_stale_checkpoint(loop);
    return JOURNAL_OK;
}

/* The local midnights up to `now`. `paced`: one after the other, each with its own instant, as when the clock is set; else a machine that
 * slept over several wakes up on the last day, as after a stop. */
static void do_midnights(struct loop *loop, instant_t now, bool paced) {
    const struct calendar *calendar = ledger_calendar(loop->ledger);
    struct waiting_register *reg = ledger_register(loop->ledger);
    while (!loop->failed && !loop->read_only && register_today(reg) < calendar_day_of(calendar, now)) {
        day_t day = paced ? register_today(reg) + 1 : calendar_day_of(calendar, now);
        instant_t at = paced ? calendar_day_start(calendar, day) : now;
        note_access(loop);
        if (!committed(loop, ledger_midnight(loop->ledger, day, at)))
            return;
        publisher_alerts(loop->publisher, loop->ledger);
        loop->positions_wait = publisher_note_changes(loop->publisher, loop->ledger) || loop->positions_wait;
        if (loop->watchdog.every_ms > 0)
            notify_watchdog();
    }
}

/* What changes because nothing comes. */
static void watch_silence(struct loop *loop) {
    if (!loop->failed && !loop->read_only && committed(loop, ledger_watch(loop->ledger, loop->moment.now)))
        publisher_alerts(loop->publisher, loop->ledger);
}

static bool set_clock(void *context, instant_t now, const char **reason) {
    struct loop *loop = context;
    if (now < loop->simulated) {
        *reason = "the simulated clock cannot be set back";
        return false;
    }
    if (calendar_day_of(ledger_calendar(loop->ledger), now) >= calendar_last_day(ledger_calendar(loop->ledger))) {
        *reason = "the calendar ends before that day";
        return false;
    }
    do_midnights(loop, now, true);
    if (loop->failed || loop->read_only) {
        *reason = "the journal cannot be written";
        return false;
    }
    loop->simulated = loop->moment.now = now;
    watch_silence(loop);
    return true;
}

/* Every topic; the next change of any of them is shown one interval later. */
static void show_all_positions(struct loop *loop) {
    publisher_positions(loop->publisher, loop->ledger, true);
    loop->positions_wait = false;
    timer_start(&loop->positions, loop->moment.monotonic_ms, (*loop->setup->config)->publish_interval_ms);
}

/* What a start on a full disk had to leave: the days that passed since the last run, then the configuration's policy. */
static void catch_up(struct loop *loop) {
    char message[LEDGER_MESSAGE_SIZE];
    do_midnights(loop, loop->moment.now, false);
    if (loop->failed || loop->read_only)
        return;
    enum journal_status status = ledger_reload(loop->ledger, *loop->setup->config, loop->moment.now, message);
    if (status == JOURNAL_CORRUPT)
        fail(loop, message);
    else if (committed(loop, status))
        publisher_alerts(loop->publisher, loop->ledger);
}

static void try_the_disk(struct loop *loop) {
    enum journal_status status = ledger_probe(loop->ledger, loop->moment.now);
    if (status == JOURNAL_FULL)
        return;
    if (status != JOURNAL_OK) {
        fail_by_journal(loop);
        return;
    }
    loop->read_only = false;
    log_settle(loop->log, &loop->disk_full, "the journal's disk has room again: events are taken");
    if (ledger_is_behind(loop->ledger))
        catch_up(loop);
    if (!loop->failed)
        show_all_positions(loop);
}

static void report_line(void *context, const char *line) {
    struct loop *loop = context;
    log_line(loop->log, LOG_LEVEL_ERROR, "reload refused", LOG_STRING("reason", line));
}

static struct daemon_state state_of(struct loop *loop) {
    struct zap_figures connections;
    struct subscriptions_figures subscriptions;
    zap_figures(loop->setup->sockets->zap, &connections);
    subscriptions_figures(loop->subscriptions, &subscriptions);
    return (struct daemon_state){
        .ledger = loop->ledger,
        .intake = loop->intake,
        .publisher = loop->publisher,
        .past = loop->past,
        .checkpoint = loop->checkpoint,
        .backups = loop->backups,
        .trail = loop->trail,
        .now = loop->moment.now,
        .monotonic_ms = loop->moment.monotonic_ms,
        .uptime_s = (uint64_t)(loop->moment.monotonic_ms - loop->started_ms) / 1000,
        .loop_lag_ms = (double)(loop->slowest_turn_ms > loop->lag_ms ? loop->slowest_turn_ms : loop->lag_ms),
        .read_only = loop->read_only,
        .simulated_clock = loop->simulated != INSTANT_NONE,
        .queries_dropped = loop->queries_dropped,
        .connections_refused = connections.refused,
        .subscriptions_refused = subscriptions.denied,
        .set_clock = set_clock,
        .change_journal = change_journal,
        .context = loop,
    };
}

/* What the thread of the past has answered. */
static void forward_answers(struct loop *loop) {
    struct daemon_state state = state_of(loop);
    while (query_forward(loop->query, &state))
        continue;
    loop->queries_dropped = state.queries_dropped;
}

/* What a peer sends need not be a text. */
static void put_printable(char *out, size_t size, struct text text) {
    size_t length = 0;
    for (uint32_t i = 0; i < text.length && length + 1 < size; i++)
        out[length++] = text.at[i] >= ' ' && text.at[i] <= '~' && text.at[i] != '"' && text.at[i] != '\\' ? text.at[i] : '?';
    out[length] = '\0';
}

/* What a peer sent, as it may stand in the access log. */
static void put_clean(struct loop *loop, char out[TRAIL_TEXT_MAX / 2], struct text text) {
    put_printable(out, TRAIL_TEXT_MAX / 2, text);
    if (personal_is_anywhere(text_of(out), false))
        personal_hash(text_of(out), ledger_personal_key(loop->ledger), out);
}

/* Into the access log, summed up: outsiders can cause as many as they like. */
static void log_denial(struct loop *loop, const struct access_denial *denial) {
    char about[TRAIL_TEXT_MAX / 2], address[TRAIL_TEXT_MAX / 4], what[TRAIL_TEXT_MAX];
    if (strcmp(denial->what, "connect") == 0) /* how a key begins, in which a sign of Z85 is the one of mail addresses too */
        put_printable(about, sizeof about, denial->about);
    else
        put_clean(loop, about, denial->about);
    put_printable(address, sizeof address, denial->address);
    snprintf(what, sizeof what, "{\"socket\":\"%s\",\"address\":\"%s\",\"about\":\"%s\"}", access_socket_name(denial->socket), address,
             about);
    struct trail_entry entry = {.at = loop->moment.now,
                                .peer = denial->peer[0] == '\0' ? TEXT_ABSENT : text_of(denial->peer),
                                .op = text_of(denial->what),
                                .what = text_of(what),
                                .reason = text_of(denial->why),
                                .rows = TRAIL_NO_ROWS,
                                .outcome = TRAIL_DENIED};
    trail_append_summed(loop->trail, &entry, loop->moment.monotonic_ms);
}

/* Who follows alerts sees people for as long as he is connected. Summed up too, for he may come and go as often as he likes. */
static void log_hearing(void *context, const char *peer, bool begins, struct text subscription) {
    struct loop *loop = context;
    char topic[TRAIL_TEXT_MAX / 2], what[TRAIL_TEXT_MAX] = "{}";
    put_clean(loop, topic, subscription);
    if (subscription.at != NULL)
        snprintf(what, sizeof what, "{\"topic\":\"%s\"}", topic);
    struct trail_entry entry = {.at = loop->moment.now,
                                .peer = text_of(peer),
                                .op = text_of(begins ? "subscribe" : "unsubscribe"),
                                .what = text_of(what),
                                .reason = subscription.at == NULL ? text_of("the connection ended") : TEXT_ABSENT,
                                .rows = TRAIL_NO_ROWS,
                                .outcome = TRAIL_OK};
    trail_append_summed(loop->trail, &entry, loop->moment.monotonic_ms);
}

/* Somebody was not allowed what he asked for. */
static void denied(void *context, const struct access_denial *denial) {
    struct loop *loop = context;
    struct complaint *complaint = denial->peer[0] == '\0' ? &loop->kept_out : &loop->forbidden[denial->socket];
    bool is_personal = denial->about.at != NULL && personal_is_anywhere(denial->about, false);
    log_complaint(loop->log, complaint, (uint64_t)loop->moment.monotonic_ms, LOG_LEVEL_WARNING, "somebody was refused",
                  LOG_STRING("socket", access_socket_name(denial->socket)), LOG_STRING("what", denial->what),
                  LOG_STRING("peer", denial->peer), LOG_TEXT("address", denial->address),
                  LOG_TEXT("about", is_personal ? TEXT_ABSENT : denial->about), LOG_STRING("reason", denial->why));
    log_denial(loop, denial);
}

/* libzmq cannot end one connection: all end, and who is still let in comes back by itself. */
static void reopen(struct loop *loop, bool all) {
    char message[SOCKETS_MESSAGE_SIZE];
    struct sockets *sockets = loop->setup->sockets;
    if (!sockets_reopen(sockets, *loop->setup->config, all, message)) {
        log_line(loop->log, LOG_LEVEL_ERROR, "cannot open the sockets again: the process ends, to start again",
                 LOG_STRING("reason", message));
        loop->failed = true;
        return;
    }
    publisher_move(loop->publisher, sockets->publish);
    subscriptions_move(loop->subscriptions, sockets->publish, sockets->monitor);
    if (!all)
        return;
    intake_move(loop->intake, sockets->ingest);
    query_move(loop->query, sockets->query);
}

static void take_subscriptions(struct loop *loop) {
    enum subscriptions_state state = subscriptions_take(loop->subscriptions, *loop->setup->config, loop->moment.monotonic_ms);
    if (state == SUBSCRIPTIONS_BROKEN)
        fail(loop, "the publishing socket failed");
    if (state != SUBSCRIPTIONS_SPOILT)
        return;
    log_line(loop->log, LOG_LEVEL_WARNING, "the publishing socket is made anew, to keep a peer away from it: all others connect again");
    reopen(loop, false);
}

/* The answers of questions about the past that are under way, so that nobody has to ask again. */
static void await_the_past(struct loop *loop) {
    int64_t until_ms = timers_read(loop->simulated).monotonic_ms + REOPEN_WAIT_MS, left_ms = REOPEN_WAIT_MS;
    while (past_is_busy(loop->past) && left_ms > 0) {
        zmq_pollitem_t item = {.socket = past_socket(loop->past), .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, (long)left_ms) > 0)
            forward_answers(loop);
        left_ms = until_ms - timers_read(loop->simulated).monotonic_ms;
    }
}

/* Ends the connections of who is let in no more, or with other rights. */
static void cut_off(struct loop *loop) {
    await_the_past(loop);
    log_line(loop->log, LOG_LEVEL_NOTICE, "rights were taken away or changed: the sockets are made anew, and all others connect again");
    reopen(loop, true);
}

/* All or nothing: the next configuration is complete and possible, or the running one stays as it is. */
static void reload(struct loop *loop) {
    char message[LEDGER_MESSAGE_SIZE], unsound[SOCKETS_MESSAGE_SIZE];
    struct config **running = loop->setup->config;
    notify_reloading((uint64_t)loop->moment.monotonic_ms * 1000);
    struct config *next = config_load(loop->setup->config_path, report_line, loop);
    bool possible = next != NULL && config_fixed_changes(*running, next, report_line, loop) == 0;
    if (possible && loop->read_only) {
        report_line(loop, "the journal's disk is full");
        possible = false;
    }
    if (possible && !sockets_check(next, NULL, unsound)) {
        report_line(loop, unsound);
        possible = false;
    }
    if (possible) {
        enum journal_status status = ledger_reload(loop->ledger, next, loop->moment.now, message);
        if (status == JOURNAL_CORRUPT)
            report_line(loop, message);
        else
            committed(loop, status);
        possible = status == JOURNAL_OK;
    }
    if (possible) {
        bool cuts = config_cuts_peers(*running, next);
        config_free(running);
        *running = next;
        trail_set_retention(loop->trail, next->security.access_log_retention_days);
        publisher_alerts(loop->publisher, loop->ledger);
        watch_silence(loop); /* by the sources and limits of the new one */
        if (cuts)
            cut_off(loop);
        else if (subscriptions_are_outdated(loop->subscriptions, next))
            reopen(loop, false); /* subscribers get the topics of the new pathways when they subscribe again */
        show_all_positions(loop);
        log_line(loop->log, LOG_LEVEL_NOTICE, "configuration reloaded");
    } else {
        config_free(&next);
    }
    notify_ready(possible ? "reloaded" : "reload refused: see the log");
}

/* Answers one query, which may set the clock; false when there is none. */
static bool serve_query(struct loop *loop) {
    bool socket_failed;
    struct daemon_state state = state_of(loop);
    bool served = query_serve(loop->query, &state, &socket_failed);
    loop->queries_dropped = state.queries_dropped;
    if (socket_failed)
        fail(loop, "the query socket failed");
    return served && !loop->failed;
}

/* Events, heartbeats and signals wait while queries are answered: so many a turn, and only while those before them took little time. */
static void serve_queries(struct loop *loop) {
    int64_t until_ms = timers_read(loop->simulated).monotonic_ms + QUERY_TURN_MS;
    for (int served = 0; served < QUERY_TURN_MAX && serve_query(loop); served++)
        if (timers_read(loop->simulated).monotonic_ms >= until_ms)
            return;
}

static void tell_status(struct loop *loop) {
    struct intake_figures figures;
    char status[160];
    intake_figures(loop->intake, &figures);
    snprintf(status, sizeof status, "%s; %llu events accepted since the start, journal at %llu", loop->read_only ? "disk full" : "running",
             (unsigned long long)figures.accepted, (unsigned long long)journal_last_seq(ledger_journal(loop->ledger)));
    notify_status(status);
}

/* What has become of the checkpoint that was asked for. */
static void take_checkpoint(struct loop *loop) {
    struct keeper_outcome outcome;
    if (!keeper_take(loop->keeper, &outcome))
        return;
    int64_t pause_ms = (int64_t)(*loop->setup->config)->checkpoint_interval_s * 1000;
    timer_start(&loop->next_checkpoint, loop->moment.monotonic_ms, outcome.written || pause_ms > UNWRITTEN_MS ? pause_ms : UNWRITTEN_MS);
    if (!outcome.written) {
        log_complaint(loop->log, &loop->unwritten_checkpoint, (uint64_t)loop->moment.monotonic_ms, LOG_LEVEL_WARNING,
                      "no checkpoint could be taken: a start replays what came since the last one", LOG_STRING("reason", outcome.message));
        return;
    }
    loop->checkpoint = outcome.mark;
    forget_stale_checkpoint(loop);
    log_settle(loop->log, &loop->unwritten_checkpoint, "checkpoints can be taken again");
    log_line(loop->log, LOG_LEVEL_INFO, "checkpoint taken", LOG_COUNT("seq", outcome.mark.seq), LOG_NUMBER("took_ms", outcome.took_ms));
}

/* A full disk is left alone. */
static void ask_for_checkpoint(struct loop *loop) {
    uint64_t events = (uint64_t)(*loop->setup->config)->checkpoint_events;
    if (loop->read_only || events == 0 || journal_last_seq(ledger_journal(loop->ledger)) - loop->checkpoint.seq < events)
        return;
    if (loop->moment.monotonic_ms >= loop->next_checkpoint.next_ms)
        keeper_ask(loop->keeper, loop->moment.now);
}

/* A backup that has ended is in the log, whether or not anybody still asks for it. */
static void tell_backup(struct loop *loop) {
    struct backups_status status;
    if (!backups_take_end(loop->backups, &status))
        return;
    if (status.state == BACKUPS_DONE)
        log_line(loop->log, LOG_LEVEL_NOTICE, "backup made and checked", LOG_STRING("name", status.name),
                 LOG_COUNT("events", status.summary.last_seq), LOG_COUNT("alerts", status.summary.last_alert_seq),
                 LOG_COUNT("bytes", status.summary.bytes));
    else
        log_line(loop->log, LOG_LEVEL_ERROR, "the backup failed: there is no file of that name", LOG_STRING("name", status.name),
                 LOG_STRING("reason", status.message));
}

static void do_what_is_due(struct loop *loop) {
    int64_t now_ms = loop->moment.monotonic_ms;
    if (loop->read_only && timer_take(&loop->probe, now_ms))
        try_the_disk(loop);
    do_midnights(loop, loop->moment.now, false);
    if (timer_take(&loop->all_positions, now_ms)) {
        show_all_positions(loop);
    } else if (loop->positions_wait && timer_take(&loop->positions, now_ms)) {
        publisher_positions(loop->publisher, loop->ledger, false);
        loop->positions_wait = false;
    }
    tell_backup(loop);
    if (timer_take(&loop->heartbeat, now_ms)) {
        publisher_heartbeat(loop->publisher, loop->ledger, loop->moment.now);
        take_subscriptions(loop);
        scrub(loop);
        trail_tick(loop->trail, loop->moment.now, now_ms);
    }
    if (loop->watchdog.every_ms > 0 && timer_take(&loop->watchdog, now_ms))
        notify_watchdog();
    if (timer_take(&loop->watch, now_ms))
        watch_silence(loop);
    if (timer_take(&loop->status, now_ms))
        tell_status(loop);
    take_checkpoint(loop);
    ask_for_checkpoint(loop);
    if (timer_take(&loop->lag, now_ms)) {
        loop->lag_ms = loop->slowest_turn_ms;
        loop->slowest_turn_ms = 0;
    }
}

static void take_signals(struct loop *loop) {
    struct signal_requests requests = signals_take(loop->setup->signals);
    if (requests.reload)
        reload(loop);
    if (requests.stop)
        loop->stopping = true;
}

/* Milliseconds until something is due. */
static long time_to_wait(const struct loop *loop) {
    int64_t next = loop->heartbeat.next_ms;
    if (loop->positions_wait && loop->positions.next_ms < next)
        next = loop->positions.next_ms;
    if (loop->watchdog.every_ms > 0 && loop->watchdog.next_ms < next)
        next = loop->watchdog.next_ms;
    int64_t left = next - loop->moment.monotonic_ms;
    if (loop->simulated == INSTANT_NONE) {
        const struct calendar *calendar = ledger_calendar(loop->ledger);
        int64_t to_midnight = calendar_day_start(calendar, register_today(ledger_register(loop->ledger)) + 1) - loop->moment.now;
        left = to_midnight < left && !loop->read_only ? to_midnight : left;
    }
    return left > 0 ? (long)left : 0;
}

static bool admit(void *context, enum access_socket socket, const char *peer, uint64_t *connection) {
    struct loop *loop = context;
    if (socket == ACCESS_PUBLISH)
        *connection = subscriptions_admit(loop->subscriptions, peer, loop->moment.monotonic_ms);
    return socket != ACCESS_PUBLISH || *connection != 0;
}

static void let_in(struct loop *loop) {
    const struct security_config *security = &(*loop->setup->config)->security;
    struct zap_lists lists = {security->peer_count, security->peers, security->local_count, security->local};
    struct zap_watch watch = {.context = loop, .admits = admit, .denied = denied};
    if (!zap_serve(loop->setup->sockets->zap, &lists, &watch))
        fail(loop, "the socket for new connections failed");
}

static bool turn(struct loop *loop) {
    enum { CONNECTIONS, INGEST, QUERY, PAST, PUBLISH, SIGNALS, COUNT };
    zmq_pollitem_t items[COUNT] = {
        [CONNECTIONS] = {.socket = zap_socket(loop->setup->sockets->zap), .events = ZMQ_POLLIN},
        [INGEST] = {.socket = loop->setup->sockets->ingest, .events = ZMQ_POLLIN},
        [QUERY] = {.socket = loop->setup->sockets->query, .events = ZMQ_POLLIN},
        [PAST] = {.socket = past_socket(loop->past), .events = ZMQ_POLLIN},
        [PUBLISH] = {.socket = loop->setup->sockets->publish, .events = ZMQ_POLLIN},
        [SIGNALS] = {.fd = signals_descriptor(loop->setup->signals), .events = ZMQ_POLLIN},
    };
    if (zmq_poll(items, COUNT, time_to_wait(loop)) < 0 && errno != EINTR) {
        fail(loop, "polling the sockets failed");
        return false;
    }
    loop->moment = timers_read(loop->simulated);
    int64_t began_ms = loop->moment.monotonic_ms;
    if (items[CONNECTIONS].revents & ZMQ_POLLIN)
        let_in(loop);
    do_what_is_due(loop); /* a midnight comes before the events that arrive after it */
    if (!loop->failed && (items[INGEST].revents & ZMQ_POLLIN))
        take_events(loop);
    if (!loop->failed && (items[QUERY].revents & ZMQ_POLLIN))
        serve_queries(loop);
    if (!loop->failed && (items[PAST].revents & ZMQ_POLLIN))
        forward_answers(loop);
    if (!loop->failed && (items[PUBLISH].revents & ZMQ_POLLIN))
        take_subscriptions(loop);
    if (!loop->failed && (items[SIGNALS].revents & ZMQ_POLLIN))
        take_signals(loop);
    int64_t took_ms = timers_read(loop->simulated).monotonic_ms - began_ms;
    if (took_ms > loop->slowest_turn_ms)
        loop->slowest_turn_ms = took_ms;
    return !loop->failed && !loop->stopping;
}

static void start_timers(struct loop *loop) {
    int64_t now_ms = loop->moment.monotonic_ms;
    loop->started_ms = now_ms;
    timer_start(&loop->heartbeat, now_ms, PUBLISH_HEARTBEAT_MS);
    timer_start(&loop->all_positions, now_ms, PUBLISH_ALL_MS);
    timer_start(&loop->positions, now_ms, (*loop->setup->config)->publish_interval_ms);
    timer_start(&loop->probe, now_ms, PROBE_MS);
    timer_start(&loop->lag, now_ms, LAG_WINDOW_MS);
    timer_start(&loop->status, now_ms, STATUS_MS);
    timer_start(&loop->watch, now_ms, WATCH_MS);
    timer_start(&loop->next_checkpoint, now_ms, 0);
    timer_start(&loop->watchdog, now_ms, (int64_t)notify_watchdog_interval_ms());
}

static struct past *start_past(struct loop *loop) {
    return past_create(&(struct past_setup){
        .context = loop->setup->sockets->context,
        .journal_path = (*loop->setup->config)->journal_path,
        .calendar = ledger_calendar(loop->ledger),
        .answer = query_answer_past,
        .idle_ms = PAST_IDLE_MS,
    });
}

bool loop_run(const struct loop_setup *setup) {
    struct loop loop = {.setup = setup, .ledger = setup->ledger, .log = setup->log, .simulated = setup->simulated};
    loop.moment = timers_read(setup->simulated);
    loop.intake = intake_create(setup->sockets->ingest, denied, &loop);
    loop.publisher = publisher_create(setup->sockets->publish);
    loop.subscriptions = subscriptions_create(setup->sockets->publish, setup->sockets->monitor, denied, log_hearing, &loop);
    loop.query = query_create(setup->sockets->query);
    loop.past = start_past(&loop);
    loop.read_only = ledger_is_behind(loop.ledger);
    loop.backups = backups_create((*setup->config)->journal_path, (*setup->config)->backup_directory);
    if (loop.past == NULL)
        fail(&loop, "the thread for questions about the past cannot be started");
    loop.checkpoint = *ledger_checkpoint(setup->ledger);
    loop.keeper = keeper_create((*setup->config)->journal_path, ledger_calendar(setup->ledger));
    if (loop.keeper == NULL)
        fail(&loop, "the thread that takes checkpoints cannot be started");
    loop.trail = open_access_log(&loop);
    start_timers(&loop);
    publisher_alerts(loop.publisher, loop.ledger);
    publisher_note_changes(loop.publisher, loop.ledger);
    if (!loop.failed)
        notify_ready("running");
    while (!loop.failed && turn(&loop))
        continue;
    notify_stopping(loop.failed ? "failed" : "stopping");
    keeper_destroy(&loop.keeper);
    backups_destroy(&loop.backups);
    past_destroy(&loop.past);
    query_destroy(&loop.query);
    subscriptions_destroy(&loop.subscriptions);
    publisher_destroy(&loop.publisher);
    intake_destroy(&loop.intake);
    trail_destroy(&loop.trail);
    return !loop.failed;
}
