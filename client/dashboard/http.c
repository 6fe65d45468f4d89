/* The HTTP server over libmicrohttpd: external epoll, requests suspended while their answers are under way. */
#include "client/dashboard/http.h"

#include "client/dashboard/problem.h"
#include "daemon/core/memory.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MAX 8
/* Of one connection: the request's head, and the pieces of an answer on their way. A target of 8 KiB and the headers that a reverse proxy
 * with single sign-on adds find room; what does not is refused by libmicrohttpd itself (414, 431). */
#define CONNECTION_BYTES 32768
#define PIECE_BYTES 16384
#define REQUEST_MS 15000 /* a request has to be there, head and body, after its connection began or the answer before was given, */
#define PAUSE_MS 20000   /* but a browser may keep a connection for so long without asking anything */
#define IDLE_S 60        /* a connection on which nothing moves, also one that does not read its answer, is closed */

/* No script, style, picture or connection from elsewhere, nothing inline, no frame around it, no plugin, nothing told to other sites. */
static const char *const strict_headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
     "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"}, /* without one of our own a form that is sent would not say where it is from */
    {"Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

/* A connection whose next request is not whole yet. libmicrohttpd's own time-out begins anew with every byte, so that somebody who sends
 * one now and then could keep a connection for ever. */
struct visitor {
    struct visitor *next, **link; /* in one of the queues; `link` NULL: in none, as its request is there */
    int descriptor;
    int64_t deadline_ms;
};

/* In the order of their deadlines, which all lie equally far ahead when they are set. */
struct visitors {
    struct visitor *first, **end;
};

struct http {
    struct http_setup setup;
    struct MHD_Daemon *daemon;
    struct visitors asking;  /* who has REQUEST_MS */
    struct visitors pausing; /* who has PAUSE_MS: nothing of the next request came yet, as far as we know */
    int64_t now_ms;
    struct exchange *open; /* those whose request came in and whose answer is not done */
    uint64_t answered[HTTP_STATUSES];
    uint64_t timed_out;
    int descriptor;
};

struct header {
    const char *name;
    char *value;
};

struct exchange {
    struct http *http;
    struct exchange *next, **link; /* in http->open */
    struct MHD_Connection *connection;
    enum http_method method;
    struct target *target;
    char *target_text;
    size_t target_size;
    const char *target_wrong;
    char *body;
    size_t body_size;
    bool is_begun;
    bool is_too_large;
    bool is_suspended;
    struct header headers[HEADERS_MAX];
    size_t header_count;
    struct MHD_Response *response; /* given and not queued yet */
    unsigned status;
    struct http_source source; /* of an answer in pieces */
};

/* ---- Connections that have to say something */

static void expect(struct http *http, struct visitors *queue, struct visitor *visitor, int64_t within_ms) {
    visitor->deadline_ms = http->now_ms + within_ms;
    visitor->next = NULL;
    visitor->link = queue->end;
    *queue->end = visitor;
    queue->end = &visitor->next;
}

static void expect_no_more(struct http *http, struct visitor *visitor) {
    struct visitors *const queues[] = {&http->asking, &http->pausing};

    if (visitor->link == NULL) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (queues[i]->end == &visitor->next) {
            queues[i]->end = visitor->link;
        }
    }
    *visitor->link = visitor->next;
    if (visitor->next != NULL) {
        visitor->next->link = visitor->link;
    }
    visitor->link = NULL;
}

/* Shuts the connections of those whose time is over; libmicrohttpd then finds them closed. */
static void turn_out(struct http *http, struct visitors *queue) {
    while (queue->first != NULL && queue->first->deadline_ms <= http->now_ms) {
        struct visitor *visitor = queue->first;

        expect_no_more(http, visitor);
        (void)shutdown(visitor->descriptor, SHUT_RDWR);
        http->timed_out++;
    }
}

static struct visitor *visitor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static void greet(void *context, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what) {
    struct http *http = context;
    struct visitor *visitor = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        visitor = memory_new(1, sizeof *visitor);
        visitor->descriptor = info->connect_fd;
        *socket_context = visitor;
        expect(http, &http->asking, visitor, REQUEST_MS);
    } else if (visitor != NULL) {
        expect_no_more(http, visitor);
        free(visitor);
        *socket_context = NULL;
    }
}

/* ---- The life of an exchange */

/* The first thing that libmicrohttpd tells of a request: its target as it was sent. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection) {
    struct http *http = context;
    struct exchange *exchange = memory_new(1, sizeof *exchange);

    struct visitor *visitor = visitor_of(connection);

    exchange->http = http;
    exchange->connection = connection;
    if (visitor != NULL) { /* the line of the request is there: the rest has to follow */
        expect_no_more(http, visitor);
        expect(http, &http->asking, visitor, REQUEST_MS);
    }
    /* libmicrohttpd would take the parameters apart once more, into the memory of the connection, and hang up when they are many: so it
     * is to find none. The text is in its own buffer, which it writes to next. */
    char *parameters = target == NULL ? NULL : strchr(target, '?'); /* "GET" alone has no target */

    exchange->target_size = target == NULL ? 0 : strlen(target);
    exchange->target = target_parse(target, exchange->target_size, &exchange->target_wrong);
    exchange->target_text = exchange->target == NULL ? NULL : strdup(target);
    if (parameters != NULL) {
        parameters[1] = '\0'; /* in the place of their first byte, or of the end */
    }
    exchange->next = http->open;
    exchange->link = &http->open;
    if (exchange->next != NULL) {
        exchange->next->link = &exchange->next;
    }
    http->open = exchange;
    return exchange;
}

static void end(void *context, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode why) {
    struct exchange *exchange = *request;

    struct http *http = context;
    struct visitor *visitor = visitor_of(connection);

    (void)why;
    if (exchange == NULL) {
        return;
    }
    if (visitor != NULL) {
        expect_no_more(http, visitor);
        expect(http, &http->pausing, visitor, PAUSE_MS);
    }
    *request = NULL;
    *exchange->link = exchange->next;
    if (exchange->next != NULL) {
        exchange->next->link = exchange->link;
    }
    if (exchange->source.close != NULL) {
        exchange->source.close(exchange->source.context);
    }
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    for (size_t i = 0; i < exchange->header_count; i++) {
        free(exchange->headers[i].value);
    }
    target_destroy(&exchange->target);
    free(exchange->target_text);
    free(exchange->body);
    free(exchange);
}

static enum http_method method_of(const char *name) {
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS}};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(name, methods[i].name) == 0) {
            return methods[i].method;
        }
    }
    return HTTP_OTHER;
}

static enum MHD_Result queue_response(struct exchange *exchange) {
    enum MHD_Result result = MHD_queue_response(exchange->connection, exchange->status, exchange->response);

    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    exchange->http->answered[exchange->status]++;
    return result;
}

static bool says_too_large(const struct exchange *exchange) {
    const char *length = exchange_header(exchange, "Content-Length");

    return length != NULL && strtoull(length, NULL, 10) > HTTP_BODY_BYTES_MAX;
}

static void take_body(struct exchange *exchange, const char *bytes, size_t size) {
    if (exchange->is_too_large || size > HTTP_BODY_BYTES_MAX - exchange->body_size) {
        exchange->is_too_large = true;
        return;
    }
    if (exchange->body == NULL) {
        exchange->body = memory_new(HTTP_BODY_BYTES_MAX, 1);
    }
    memcpy(exchange->body + exchange->body_size, bytes, size);
    exchange->body_size += size;
}

static void refuse_body(struct exchange *exchange) {
    exchange_problem(exchange, 413, "too_large", "the body of a request is at most 8 KiB long", NULL);
}

/* Where two readers of the same bytes may see another end of the request, what one of them takes for its body is the other's next request,
 * with headers of who asks that no proxy wrote (RFC 9112, 6.3). */
static bool is_ambiguous(const struct exchange *exchange) {
    const char *first;
    size_t lengths = exchange_headers(exchange, "Content-Length", &first),
           codings = exchange_headers(exchange, "Transfer-Encoding", &first);

    return lengths + codings > 1 || exchange_headers(exchange, "Host", &first) > 1;
}

/* An answer to a request whose end is not read is the last on its connection. */
static bool refuse_head(struct exchange *exchange) {
    if (is_ambiguous(exchange)) {
        exchange_problem(exchange, 400, "bad_request", "a request says once how long it is, and once for which host", NULL);
    } else if (says_too_large(exchange)) {
        refuse_body(exchange);
    }
    return exchange->response != NULL;
}

/* Called when the head is there, for every piece of the body, when all is there, and after each wait. */
static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                             const char *upload, size_t *upload_size, void **request) {
    struct http *http = context;
    struct exchange *exchange = *request;

    (void)connection;
    (void)url;
    (void)version;
    if (exchange->response != NULL) {
        return queue_response(exchange);
    }
    if (!exchange->is_begun) {
        exchange->is_begun = true;
        exchange->method = method_of(method);
        return refuse_head(exchange) ? queue_response(exchange) : MHD_YES;
    }
    if (*upload_size > 0) {
        take_body(exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    struct visitor *visitor = visitor_of(connection);

    if (visitor != NULL) {
        expect_no_more(http, visitor); /* the request is whole: from here on it is our turn */
    }
    if (exchange->is_too_large) {
        refuse_body(exchange);
    } else {
        http->setup.handle(http->setup.context, exchange);
    }
    if (exchange->response != NULL) {
        return queue_response(exchange);
    }
    exchange->is_suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

/* Targets are decoded by target.c, which refuses what is broken; libmicrohttpd must not do it before. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

/* ---- The server */

struct http *http_open(const struct http_setup *setup) {
    struct http *http = memory_new(1, sizeof *http);
    const union MHD_DaemonInfo *info;

    http->setup = *setup;
    http->now_ms = setup->now_ms;
    http->asking.end = &http->asking.first;
    http->pausing.end = &http->pausing.first;
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, serve, http, MHD_OPTION_LISTEN_SOCKET, setup->listener,
        MHD_OPTION_URI_LOG_CALLBACK, begin, http, MHD_OPTION_NOTIFY_COMPLETED, end, http, MHD_OPTION_NOTIFY_CONNECTION, greet, http,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT, setup->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    info = http->daemon == NULL ? NULL : MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        if (http->daemon != NULL) {
            MHD_stop_daemon(http->daemon);
        } else {
            (void)close(setup->listener);
        }
        free(http);
        return NULL;
    }
    http->descriptor = info->epoll_fd;
    return http;
}

void http_close(struct http **http) {
    if (*http == NULL) {
        return;
    }
    /* libmicrohttpd cannot be stopped while a connection is suspended. */
    for (struct exchange *exchange = (*http)->open; exchange != NULL; exchange = exchange->next) {
        exchange_wake(exchange);
    }
    MHD_stop_daemon((*http)->daemon);
    free(*http);
    *http = NULL;
}

int http_descriptor(const struct http *http) {
    return http->descriptor;
}

int http_timeout_ms(const struct http *http) {
    MHD_UNSIGNED_LONG_LONG timeout;

    if (MHD_get_timeout(http->daemon, &timeout) != MHD_YES) {
        return -1;
    }
    return timeout > 1000 ? 1000 : (int)timeout;
}

void http_run(struct http *http, int64_t now_ms) {
    http->now_ms = now_ms;
    turn_out(http, &http->asking);
    turn_out(http, &http->pausing);
    (void)MHD_run(http->daemon);
}

void http_figures(const struct http *http, struct http_figures *figures) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    memcpy(figures->answered, http->answered, sizeof http->answered);
    figures->timed_out = http->timed_out;
    figures->connections = info == NULL ? 0 : info->num_connections;
}

/* ---- The request */

enum http_method exchange_method(const struct exchange *exchange) {
    return exchange->method;
}

const struct target *exchange_target(const struct exchange *exchange) {
    return exchange->target;
}

void exchange_refuse_target(struct exchange *exchange) {
    bool is_long = exchange->target_size > TARGET_BYTES_MAX;

    exchange_problem(exchange, is_long ? 414 : 400, is_long ? "too_long" : "bad_request", exchange->target_wrong, NULL);
}

const char *exchange_header(const struct exchange *exchange, const char *name) {
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

struct header_count {
    const char *name, *first;
    size_t count;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct header_count *counted = context;

    (void)kind;
    if (strcasecmp(name, counted->name) == 0) {
        counted->first = counted->count == 0 ? (value == NULL ? "" : value) : counted->first;
        counted->count++;
    }
    return MHD_YES;
}

size_t exchange_headers(const struct exchange *exchange, const char *name, const char **first) {
    struct header_count counted = {.name = name};

    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_header, &counted);
    *first = counted.first;
    return counted.count;
}

void exchange_address(const struct exchange *exchange, unsigned char address[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info == NULL ? NULL : info->client_addr;

    memset(address, 0, 16);
    if (peer != NULL && peer->sa_family == AF_INET) {
        struct sockaddr_in four;

        memcpy(&four, peer, sizeof four);
        memcpy(address, mapped, sizeof mapped);
        memcpy(address + sizeof mapped, &four.sin_addr, sizeof four.sin_addr);
    } else if (peer != NULL && peer->sa_family == AF_INET6) {
        struct sockaddr_in6 six;

        memcpy(&six, peer, sizeof six);
        memcpy(address, &six.sin6_addr, 16);
    }
}

const char *exchange_target_text(const struct exchange *exchange) {
    return exchange->target_text;
}

const char *exchange_body(const struct exchange *exchange, size_t *size) {
    *size = exchange->body_size;
    return exchange->body;
}

/* ---- The answer */

void exchange_set_header(struct exchange *exchange, const char *name, const char *value) {
    struct header *header = &exchange->headers[exchange->header_count];

    ENSURE(exchange->header_count < HEADERS_MAX);
    exchange->header_count++;
    header->name = name;
    header->value = strdup(value);
    ENSURE(header->value != NULL);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    ENSURE(MHD_add_response_header(response, name, value) == MHD_YES);
}

/* Gives the answer: at once when libmicrohttpd is just asking for it, else it is woken up to fetch it. */
static void give(struct exchange *exchange, int status, const char *type, struct MHD_Response *response) {
    bool is_cached = false;

    ENSURE(response != NULL && exchange->response == NULL);
    for (size_t i = 0; i < sizeof strict_headers / sizeof strict_headers[0]; i++) {
        add_header(response, strict_headers[i][0], strict_headers[i][1]);
    }
    for (size_t i = 0; i < exchange->header_count; i++) {
        add_header(response, exchange->headers[i].name, exchange->headers[i].value);
        is_cached = is_cached || strcmp(exchange->headers[i].name, "Cache-Control") == 0;
    }
    if (!is_cached) {
        add_header(response, "Cache-Control", "no-store");
    }
    if (type != NULL) {
        add_header(response, "Content-Type", type);
    }
    ENSURE(status >= 100 && status < HTTP_STATUSES);
    exchange->response = response;
    exchange->status = (unsigned)status;
    exchange_wake(exchange);
}

void exchange_answer(struct exchange *exchange, int status, const char *type, char *body, size_t size) {
    give(exchange, status, type,
         MHD_create_response_from_buffer(size, body == NULL ? "" : body, body == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE));
}

void exchange_answer_shared(struct exchange *exchange, int status, const char *type, const char *body, size_t size,
                            void (*release)(void *owner), void *owner) {
    /* The parameter has no const, but the body is only read. */
    give(exchange, status, type, MHD_create_response_from_buffer_with_free_callback_cls(size, (void *)(uintptr_t)body, release, owner));
}

void exchange_answer_file(struct exchange *exchange, int status, const char *type, int descriptor, size_t size) {
    give(exchange, status, type, MHD_create_response_from_fd_at_offset64(size, descriptor, 0));
}

void exchange_problem(struct exchange *exchange, int status, const char *code, const char *detail, const char *pointer) {
    size_t size;
    char *text = problem_text(status, code, detail, pointer, &size);

    bool says_when = false;

    for (size_t i = 0; i < exchange->header_count; i++) {
        says_when = says_when || strcmp(exchange->headers[i].name, "Retry-After") == 0;
    }
    if (status == 503 && !says_when) {
        exchange_set_header(exchange, "Retry-After", "1");
    }
    exchange_answer(exchange, status, PROBLEM_TYPE, text, size);
}

static ssize_t read_piece(void *context, uint64_t position, char *buffer, size_t size) {
    struct exchange *exchange = context;
    ssize_t count = exchange->source.read(exchange->source.context, buffer, size);

    (void)position;
    if (count < 0) {
        return count == HTTP_END ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (count == 0) {
        exchange->is_suspended = true;
        MHD_suspend_connection(exchange->connection);
    }
    return count;
}

void exchange_answer_pieces(struct exchange *exchange, int status, const char *type, const struct http_source *source) {
    exchange->source = *source;
    give(exchange, status, type, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, read_piece, exchange, NULL));
}

void exchange_wake(struct exchange *exchange) {
    if (exchange->is_suspended) {
        exchange->is_suspended = false;
        MHD_resume_connection(exchange->connection);
    }
}

void exchange_bound(struct exchange *exchange, int bytes, unsigned seconds) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    unsigned milliseconds = seconds * 1000;

    /* Where the kernel refuses, its own limits stay: larger, but limits. */
    if (info != NULL) {
        (void)setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        (void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    }
}
