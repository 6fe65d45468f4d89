/* PostgreSQL as the peer: ingest in batches, the open waits as a table, and its GROUP BY over them.
 *
 * mode=ingest  `batch` events a statement: a multi-row insert that ignores known (source, id), and an upsert of the rows of the waits
 *              from what was new; one transaction, synchronous_commit on
 * mode=load    a table of the open waits, a row for each of the events, which must be one a wait
 * mode=group   all that a position says, by pathway and team, `times` times; `today` is a date */
#include "daemon/ingest/envelope.h"
#include "tests/bench/measure.h"

#include "daemon/core/memory.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static const char *const known[] = {"mode", "connection", "batch", "times", "today", CORPUS_ARGUMENTS, NULL};

static const char event_schema[] =
    "DROP TABLE IF EXISTS event, wait;"
    "CREATE TABLE event(seq bigserial PRIMARY KEY, source text NOT NULL, id text NOT NULL, subject text NOT NULL, type text NOT NULL,"
    " time timestamptz NOT NULL, body jsonb NOT NULL, UNIQUE(source, id));"
    "CREATE TABLE wait(subject text PRIMARY KEY, pathway text, team text, last_type text, last_time timestamptz)";

static const char insert_start[] = "WITH given(source, id, subject, type, time, body, pathway, team) AS (VALUES ";
/* What is new goes into `event`; the last new event of each wait into `wait`. */
static const char insert_end[] =
    "), added AS (INSERT INTO event(source, id, subject, type, time, body)"
    " SELECT source, id, subject, type, time::timestamptz, body::jsonb FROM given ON CONFLICT DO NOTHING RETURNING source, id)"
    " INSERT INTO wait SELECT DISTINCT ON (subject) subject, pathway, team, type, time::timestamptz"
    " FROM given JOIN added USING (source, id) ORDER BY subject, time DESC"
    " ON CONFLICT (subject) DO UPDATE SET pathway = coalesce(excluded.pathway, wait.pathway), team = coalesce(excluded.team, wait.team),"
    " last_type = excluded.last_type, last_time = excluded.last_time";

/* Standards as in the configuration of the load; pauses and working days are left out in PostgreSQL's favour. */
static const char wait_schema[] =
    "DROP TABLE IF EXISTS open_wait;"
    "CREATE TABLE open_wait(subject text PRIMARY KEY, pathway text NOT NULL, team text NOT NULL, started date NOT NULL, priority int,"
    " standard int NOT NULL, stage int NOT NULL, paused bool NOT NULL, scheduled bool NOT NULL, last_contact date)";
static const char group_by[] =
    "SELECT pathway, team, count(*) FILTER (WHERE NOT scheduled), count(*) FILTER (WHERE stage = 0), count(*) FILTER (WHERE stage = 1),"
    " count(*) FILTER (WHERE stage = 2), count(*) FILTER (WHERE paused), count(*) FILTER (WHERE days > standard),"
    " count(*) FILTER (WHERE days <= standard AND standard - days < 7), count(*) FILTER (WHERE scheduled),"
    " count(*) FILTER (WHERE last_contact IS NULL OR $1::date - last_contact >= 28), max(days), avg(days),"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY days), percentile_disc(0.9) WITHIN GROUP (ORDER BY days),"
    " count(*) FILTER (WHERE days <= 7), count(*) FILTER (WHERE days > 7 AND days <= 14), count(*) FILTER (WHERE days > 14 AND days <= 28),"
    " count(*) FILTER (WHERE days > 28 AND days <= 42), count(*) FILTER (WHERE days > 42 AND days <= 84),"
    " count(*) FILTER (WHERE days > 84 AND days <= 182), count(*) FILTER (WHERE days > 182)"
    " FROM (SELECT *, $1::date - started AS days FROM open_wait) AS counted GROUP BY pathway, team ORDER BY pathway, team";

static void finish(PGconn *database, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        give_up("PostgreSQL: %s", PQerrorMessage(database));
    PQclear(result);
}

/* Text that grows: a long statement, or rows to copy. */
struct writer {
    char *at;
    size_t length;
    size_t capacity;
};

static void put(struct writer *writer, struct text text) {
    memory_reserve((void **)&writer->at, &writer->capacity, writer->length + text.length + 1, 1);
    memcpy(writer->at + writer->length, text.at, text.length);
    writer->length += text.length;
    writer->at[writer->length] = '\0';
}

/* An SQL literal. Nothing of the load holds a backslash; a quote is doubled all the same. */
static void put_literal(struct writer *writer, struct text text, const char *before) {
    put(writer, text_of(before));
    if (text.at == NULL) {
        put(writer, text_of("NULL"));
        return;
    }
    put(writer, text_of("'"));
    for (uint32_t start = 0, end = 0; start < text.length; start = end) {
        const char *quote = memchr(text.at + start, '\'', text.length - start);
        end = quote == NULL ? text.length : (uint32_t)(quote - text.at) + 1;
        put(writer, (struct text){text.at + start, end - start});
        if (quote != NULL)
            put(writer, text_of("'"));
    }
    put(writer, text_of("'"));
}

static struct text event_bytes(const struct corpus *corpus, size_t index) {
    return (struct text){corpus->bytes + corpus->starts[index], (uint32_t)(corpus->starts[index + 1] - corpus->starts[index] - 1)};
}

static void put_event(struct writer *writer, const struct event *event, struct text bytes) {
    char time[INSTANT_SIZE];
    instant_format(event->time, time);
    put_literal(writer, event->source, "(");
    put_literal(writer, event->id, ",");
    put_literal(writer, event->subject, ",");
    put_literal(writer, text_of(event_type_name(event->type)), ",");
    put_literal(writer, text_of(time), ",");
    put_literal(writer, bytes, ",");
    put_literal(writer, event->pathway, ",");
    put_literal(writer, event->team, ",");
    put(writer, text_of(")"));
}

static void ingest(const struct arguments *arguments, PGconn *database) {
    struct simulate_options options = corpus_options(arguments);
    struct corpus corpus = corpus_make(&options);
    struct envelope *envelope = envelope_create();
    struct writer writer = {NULL, 0, 0};
    size_t batch = (size_t)argument_number(arguments, "batch", 1000);
    NEED(batch > 0);
    finish(database, PQexec(database, event_schema));
    uint64_t began = clock_now();
    for (size_t first = 0; first < corpus.count; first += batch) {
        writer.length = 0;
        put(&writer, text_of(insert_start));
        for (size_t i = first; i < first + batch && i < corpus.count; i++) {
            struct event event;
            NEED(envelope_decode(envelope, event_bytes(&corpus, i), &event));
            if (i > first)
                put(&writer, text_of(","));
            put_event(&writer, &event, event_bytes(&corpus, i));
        }
        put(&writer, text_of(insert_end));
        finish(database, PQexec(database, writer.at));
    }
    double seconds = (double)(clock_now() - began) / 1e9;
    printf("{\"events\":%zu,\"seconds\":%.6f,\"events_per_s\":%.1f}\n", corpus.count, seconds, (double)corpus.count / seconds);
    free(writer.at);
    envelope_destroy(&envelope);
    corpus_free(&corpus);
}

static int standard_of(const struct event *event) {
    static const int safeguarding[PRIORITY_COUNT] = {28, 1, 1, 14, 42};
    if (text_is(event->pathway, "safeguarding"))
        return safeguarding[event->priority];
    return text_is(event->pathway, "dols")                                                      ? 21
           : text_is(event->pathway, "hospital_discharge") || text_is(event->pathway, "triage") ? 7
                                                                                                : 28;
}

/* A row for a referral. */
static void put_row(struct writer *writer, const struct event *event) {
    char started[INSTANT_SIZE], row[400];
    instant_format(event->time, started);
    int length = snprintf(row, sizeof row, "%.*s\t%.*s\t%.*s\t%.10s\t%d\t%d\t0\tf\tf\t\\N\n", (int)event->subject.length, event->subject.at,
                          (int)event->pathway.length, event->pathway.at, (int)event->team.length, event->team.at, started, event->priority,
                          standard_of(event));
    NEED(length > 0 && length < (int)sizeof row);
    put(writer, (struct text){row, (uint32_t)length});
}

static void load(const struct arguments *arguments, PGconn *database) {
    enum { LOT = 1 << 20 };
    struct simulate_options options = corpus_options(arguments);
    struct simulation *simulation = simulate_create(&options);
    struct simulated_event made;
    struct envelope *envelope = envelope_create();
    struct writer writer = {NULL, 0, 0};
    finish(database, PQexec(database, wait_schema));
    finish(database, PQexec(database, "CREATE TEMPORARY TABLE given AS TABLE open_wait"));
    PGresult *copying = PQexec(database, "COPY given FROM STDIN");
    NEED(PQresultStatus(copying) == PGRES_COPY_IN);
    PQclear(copying);
    while (simulate_next(simulation, &made)) {
        struct event event;
        NEED(envelope_decode(envelope, (struct text){made.bytes, (uint32_t)made.length}, &event));
        put_row(&writer, &event);
        if (writer.length > LOT) {
            NEED(PQputCopyData(database, writer.at, (int)writer.length) == 1);
            writer.length = 0;
        }
    }
    NEED(writer.length == 0 || PQputCopyData(database, writer.at, (int)writer.length) == 1);
    NEED(PQputCopyEnd(database, NULL) == 1);
    finish(database, PQgetResult(database));
    finish(database, PQexec(database, "INSERT INTO open_wait SELECT DISTINCT ON (subject) * FROM given"));
    finish(database, PQexec(database, "VACUUM ANALYZE open_wait"));
    PGresult *counted = PQexec(database, "SELECT count(*) FROM open_wait");
    NEED(PQresultStatus(counted) == PGRES_TUPLES_OK);
    printf("{\"waits\":%s}\n", PQgetvalue(counted, 0, 0));
    PQclear(counted);
    free(writer.at);
    envelope_destroy(&envelope);
    simulate_destroy(&simulation);
}

static void group(const struct arguments *arguments, PGconn *database) {
    const char *today = argument_text(arguments, "today", NULL);
    struct samples samples = {NULL, 0, 0};
    int rows = 0;
    NEED(today != NULL);
    for (uint64_t left = argument_number(arguments, "times", 5); left > 0; left--) {
        uint64_t began = clock_now();
        PGresult *result = PQexecParams(database, group_by, 1, NULL, &today, NULL, NULL, 0);
        samples_add(&samples, clock_now() - began);
        rows = PQntuples(result);
        finish(database, result);
    }
    printf("{\"rows\":%d,\"p50_ms\":%.4f,\"least_ms\":%.4f,\"most_ms\":%.4f}\n", rows, (double)samples_percentile(&samples, 0.5) / 1e6,
           (double)samples_percentile(&samples, 0.0) / 1e6, (double)samples_percentile(&samples, 1.0) / 1e6);
    samples_free(&samples);
}

int main(int count, char **words) {
    struct arguments arguments = arguments_take(count, words, known);
    const char *mode = argument_text(&arguments, "mode", "ingest");
    PGconn *database = PQconnectdb(argument_text(&arguments, "connection", ""));
    if (PQstatus(database) != CONNECTION_OK)
        give_up("PostgreSQL: %s", PQerrorMessage(database));
    finish(database, PQexec(database, "SET client_min_messages = warning"));
    finish(database, PQexec(database, "SET synchronous_commit = on"));
    if (strcmp(mode, "ingest") == 0)
        ingest(&arguments, database);
    else if (strcmp(mode, "load") == 0)
        load(&arguments, database);
    else if (strcmp(mode, "group") == 0)
        group(&arguments, database);
    else
        give_up("mode=%s: ingest, load or group", mode);
    PQfinish(database);
    return EXIT_SUCCESS;
}
