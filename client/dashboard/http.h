/* The HTTP server: connections, whole requests out of them, answers into them; libmicrohttpd behind it, driven by our loop. */
#ifndef WAITLIST_DASHBOARD_HTTP_H
#define WAITLIST_DASHBOARD_HTTP_H

#include "client/dashboard/target.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_BODY_BYTES_MAX 8192

struct http;
/* One request and its answer. A handler gives the answer at once or keeps the exchange and gives it later, exactly once. */
struct exchange;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

struct http_setup {
    int listener;         /* a listening socket; closed by http_close, or by http_open when it fails */
    unsigned connections; /* at most; one more is closed as soon as it comes */
    int64_t now_ms;
    void (*handle)(void *context, struct exchange *exchange);
    void *context;
};

/* NULL when libmicrohttpd refuses. */
struct http *http_open(const struct http_setup *setup);
/* Whoever still holds an exchange must have answered it. */
void http_close(struct http **http);

/* Readable when http_run has something to do; it also has after http_timeout_ms (-1: no limit). */
int http_descriptor(const struct http *http);
int http_timeout_ms(const struct http *http);
void http_run(struct http *http, int64_t now_ms);

enum { HTTP_STATUSES = 600 };
struct http_figures {
    uint64_t answered[HTTP_STATUSES]; /* by status code */
    uint64_t timed_out;               /* connections closed as their request did not come */
    unsigned connections;
};
void http_figures(const struct http *http, struct http_figures *figures);

/* ---- The request; all borrowed until the answer is given */

enum http_method exchange_method(const struct exchange *exchange);
/* NULL when the address is none; then exchange_refuse_target answers with why. */
const struct target *exchange_target(const struct exchange *exchange);
void exchange_refuse_target(struct exchange *exchange);
const char *exchange_header(const struct exchange *exchange, const char *name); /* NULL: not there */
/* How many headers there are of the name, in whatever case; `*first` is the first one's value, NULL: there is none. */
size_t exchange_headers(const struct exchange *exchange, const char *name, const char **first);
/* The address at the other end of the connection; one of IPv4 as the IPv6 address that maps it. Zeros when nobody knows. */
void exchange_address(const struct exchange *exchange, unsigned char address[16]);
/* The target as it was sent; NULL: it was none. */
const char *exchange_target_text(const struct exchange *exchange);
const char *exchange_body(const struct exchange *exchange, size_t *size);

/* ---- The answer */

/* A header of the answer; before it is given, at most 8. `name` must outlive the exchange, the value is copied. Cache-Control is "no-store"
 * unless said. */
void exchange_set_header(struct exchange *exchange, const char *name, const char *value);

/* `body` is taken over and freed by free(). NULL: none. */
void exchange_answer(struct exchange *exchange, int status, const char *type, char *body, size_t size);
/* `body` lives until `release` is called with `owner`; NULL: it lives longer than the server. */
void exchange_answer_shared(struct exchange *exchange, int status, const char *type, const char *body, size_t size,
                            void (*release)(void *owner), void *owner);
/* `size` bytes of a file from its beginning; the descriptor is taken over and closed. */
void exchange_answer_file(struct exchange *exchange, int status, const char *type, int descriptor, size_t size);
/* RFC 9457; `pointer` may be NULL. With 503 goes Retry-After, one second unless it was set. */
void exchange_problem(struct exchange *exchange, int status, const char *code, const char *detail, const char *pointer);

/* A body that comes in pieces. */
enum { HTTP_END = -1, HTTP_BROKEN = -2 };
struct http_source {
    /* Fills at most `size` bytes and says how many; 0: nothing now, and exchange_wake says when there is; HTTP_END: that was all;
     * HTTP_BROKEN: the rest cannot be had, so the connection ends without the end of the body, and nobody takes it for whole. */
    ssize_t (*read)(void *context, char *buffer, size_t size);
    /* The exchange is over, whether or not all was read. Nothing may be done with it any more. */
    void (*close)(void *context);
    void *context;
};
void exchange_answer_pieces(struct exchange *exchange, int status, const char *type, const struct http_source *source);
void exchange_wake(struct exchange *exchange);
/* Of what is not read the kernel keeps `bytes` at most; after `seconds` without anything taken the connection is broken. */
void exchange_bound(struct exchange *exchange, int bytes, unsigned seconds);

#endif
