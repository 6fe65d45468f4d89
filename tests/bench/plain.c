/* The plainest programs that make the same bytes durable: the references of the ingest and latency benchmarks.
 *
 * mode=pack    a loop that packs events into blobs of an SQLite table, WAL with synchronous=FULL, `batch` events a transaction
 * mode=append  one event after the other appended to a file and synced, `rate` a second
 * mode=serve   a socket like the daemon's whose store is a file: a turn's requests are appended, synced once, answered */
#include "tests/bench/measure.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

enum { BLOB_BYTES = 65536, ADDRESS_SIZE = 64, TURN_MAX = 4096 };

static const char *const known[] = {"mode", "path", "batch", "rate", "endpoint", CORPUS_ARGUMENTS, NULL};

static void run_sql(sqlite3 *database, const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        give_up("%s: %s", sql, sqlite3_errmsg(database));
}

static void insert_blob(sqlite3_stmt *insert, uint64_t first, size_t count, const char *bytes, size_t size) {
    NEED(sqlite3_bind_int64(insert, 1, (sqlite3_int64)first) == SQLITE_OK);
    NEED(sqlite3_bind_int64(insert, 2, (sqlite3_int64)count) == SQLITE_OK);
    NEED(sqlite3_bind_blob64(insert, 3, bytes, size, SQLITE_STATIC) == SQLITE_OK);
    NEED(sqlite3_step(insert) == SQLITE_DONE);
    NEED(sqlite3_reset(insert) == SQLITE_OK);
}

/* The events of one transaction, copied together as they would be from a socket. */
static void pack_batch(sqlite3_stmt *insert, const struct corpus *corpus, size_t first, size_t end, char *blob) {
    size_t size = 0, blob_first = first;
    for (size_t i = first; i < end; i++) {
        size_t length = corpus->starts[i + 1] - corpus->starts[i];
        if (size + length > BLOB_BYTES) {
            insert_blob(insert, blob_first + 1, i - blob_first, blob, size);
            size = 0;
            blob_first = i;
        }
        memcpy(blob + size, corpus->bytes + corpus->starts[i], length);
        size += length;
    }
    insert_blob(insert, blob_first + 1, end - blob_first, blob, size);
}

static void pack(const struct arguments *arguments, const struct corpus *corpus) {
    sqlite3 *database;
    sqlite3_stmt *insert;
    size_t batch = (size_t)argument_number(arguments, "batch", 1024);
    char *blob = memory_new(BLOB_BYTES, 1);
    NEED(batch > 0 && sqlite3_open(argument_text(arguments, "path", "plain.db"), &database) == SQLITE_OK);
    /* The journal's settings. */
    run_sql(database, "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
                      "CREATE TABLE packed(first INTEGER PRIMARY KEY, count INTEGER NOT NULL, body BLOB NOT NULL) STRICT");
    NEED(sqlite3_prepare_v2(database, "INSERT INTO packed VALUES(?1, ?2, ?3)", -1, &insert, NULL) == SQLITE_OK);
    uint64_t began = clock_now();
    for (size_t first = 0; first < corpus->count; first += batch) {
        run_sql(database, "BEGIN");
        pack_batch(insert, corpus, first, first + batch < corpus->count ? first + batch : corpus->count, blob);
        run_sql(database, "COMMIT");
    }
    double seconds = (double)(clock_now() - began) / 1e9;
    printf("{\"events\":%zu,\"seconds\":%.6f,\"events_per_s\":%.1f}\n", corpus->count, seconds, (double)corpus->count / seconds);
    NEED(sqlite3_finalize(insert) == SQLITE_OK && sqlite3_close(database) == SQLITE_OK);
    free(blob);
}

static int open_file(const struct arguments *arguments) {
    const char *path = argument_text(arguments, "path", "plain.log");
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        give_up("%s: %s", path, strerror(errno));
    return file;
}

static void append(const struct arguments *arguments, const struct corpus *corpus) {
    uint64_t rate = argument_number(arguments, "rate", 1000), ticks = 0;
    struct samples samples = {NULL, 0, 0};
    int file = open_file(arguments), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct timespec every = {.tv_sec = (time_t)(1 / rate), .tv_nsec = (long)(1000000000 / rate % 1000000000)};
    struct itimerspec setting = {every, every};
    NEED(timer >= 0 && timerfd_settime(timer, 0, &setting, NULL) == 0);
    for (size_t i = 0; i < corpus->count; i++) {
        if (ticks == 0)
            NEED(read(timer, &ticks, sizeof ticks) == (ssize_t)sizeof ticks);
        ticks--;
        uint64_t began = clock_now();
        size_t length = corpus->starts[i + 1] - corpus->starts[i];
        NEED(write(file, corpus->bytes + corpus->starts[i], length) == (ssize_t)length && fdatasync(file) == 0);
        samples_add(&samples, clock_now() - began);
    }
    printf("{\"events\":%zu,\"ack_p50_ms\":%.4f,\"ack_p99_ms\":%.4f,\"ack_max_ms\":%.4f}\n", corpus->count,
           (double)samples_percentile(&samples, 0.5) / 1e6, (double)samples_percentile(&samples, 0.99) / 1e6,
           (double)samples_percentile(&samples, 1.0) / 1e6);
    samples_free(&samples);
    close(timer);
    close(file);
}

struct request {
    char address[ADDRESS_SIZE];
    char batch_id[32];
    int address_length;
    int batch_id_length;
    size_t events;
};

struct server {
    void *socket;
    int file;
    struct request requests[TURN_MAX];
    size_t count;
    char *bytes; /* of the turn */
    size_t length;
    size_t capacity;
};

static size_t lines_in(const char *bytes, size_t length) {
    size_t lines = length > 0;
    for (const char *at = bytes; (at = memchr(at, '\n', length - (size_t)(at - bytes))) != NULL; at++)
        lines++;
    return lines;
}

/* One request into the turn; false when none is there. */
static bool take_request(struct server *server) {
    struct request *request = &server->requests[server->count];
    zmq_msg_t events;
    request->address_length = zmq_recv(server->socket, request->address, sizeof request->address, ZMQ_DONTWAIT);
    if (request->address_length < 0) {
        NEED(errno == EAGAIN || errno == EINTR);
        return false;
    }
    request->batch_id_length = zmq_recv(server->socket, request->batch_id, sizeof request->batch_id, 0);
    NEED(request->batch_id_length > 0 && request->batch_id_length <= (int)sizeof request->batch_id);
    NEED(zmq_msg_init(&events) == 0 && zmq_msg_recv(&events, server->socket, 0) >= 0 && !zmq_msg_more(&events));
    size_t size = zmq_msg_size(&events);
    memory_reserve((void **)&server->bytes, &server->capacity, server->length + size + 1, 1);
    memcpy(server->bytes + server->length, zmq_msg_data(&events), size);
    request->events = lines_in(server->bytes + server->length, size);
    server->length += size;
    server->bytes[server->length++] = '\n';
    zmq_msg_close(&events);
    server->count++;
    return true;
}

static void answer(struct server *server, const struct request *request) {
    char body[80];
    int length = snprintf(body, sizeof body, "{\"v\":1,\"ok\":true,\"accepted\":%zu,\"duplicates\":0}", request->events);
    NEED(zmq_send(server->socket, request->address, (size_t)request->address_length, ZMQ_SNDMORE) >= 0);
    NEED(zmq_send(server->socket, request->batch_id, (size_t)request->batch_id_length, ZMQ_SNDMORE) >= 0);
    NEED(zmq_send(server->socket, body, (size_t)length, 0) >= 0);
}

/* Until standard input ends. */
static void serve(const struct arguments *arguments) {
    struct server *server = memory_new(1, sizeof *server);
    void *context = zmq_ctx_new();
    server->socket = zmq_socket(context, ZMQ_ROUTER);
    server->file = open_file(arguments);
    const char *endpoint = argument_text(arguments, "endpoint", "ipc://plain.ipc");
    if (server->socket == NULL || zmq_bind(server->socket, endpoint) != 0)
        give_up("%s: %s", endpoint, zmq_strerror(errno));
    puts("ready");
    NEED(fflush(stdout) == 0);
    for (;;) {
        zmq_pollitem_t items[2] = {{.socket = server->socket, .events = ZMQ_POLLIN}, {.fd = STDIN_FILENO, .events = ZMQ_POLLIN}};
        NEED(zmq_poll(items, 2, -1) > 0);
        if (items[1].revents != 0)
            break;
        server->count = server->length = 0;
        while (server->count < TURN_MAX && take_request(server))
            continue;
        NEED(write(server->file, server->bytes, server->length) == (ssize_t)server->length && fdatasync(server->file) == 0);
        for (size_t i = 0; i < server->count; i++)
            answer(server, &server->requests[i]);
    }
    zmq_close(server->socket);
    zmq_ctx_term(context);
    close(server->file);
    free(server->bytes);
    free(server);
}

int main(int count, char **words) {
    struct arguments arguments = arguments_take(count, words, known);
    const char *mode = argument_text(&arguments, "mode", "pack");
    if (strcmp(mode, "serve") == 0) {
        serve(&arguments);
        return EXIT_SUCCESS;
    }
    struct simulate_options options = corpus_options(&arguments);
    struct corpus corpus = corpus_make(&options);
    if (strcmp(mode, "pack") == 0)
        pack(&arguments, &corpus);
    else if (strcmp(mode, "append") == 0)
        append(&arguments, &corpus);
    else
        give_up("mode=%s: pack, append or serve", mode);
    corpus_free(&corpus);
    return EXIT_SUCCESS;
}
