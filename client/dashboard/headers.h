/* Headers that say who asks, taken apart with distrust: cookies, bearer tokens, names and groups. */
#ifndef WAITLIST_DASHBOARD_HEADERS_H
#define WAITLIST_DASHBOARD_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

/* The cookie of this name in one Cookie header ("a=1; b=2"), its length in `*size`; NULL: it is not there, or there twice. */
const char *headers_cookie(const char *header, const char *name, size_t *size);

/* The token of "Bearer TOKEN", its length in `*size`; NULL: the header is of another scheme, or there is nothing or something else too. */
const char *headers_bearer(const char *authorization, size_t *size);

/* Whether a name in a header can be believed to be one: 1 to `most` bytes of UTF-8 without control characters, no blank at its ends. */
bool headers_is_name(const char *text, size_t size, size_t most);

/* The next of several texts with `separator` between, blanks around each left out; empty ones are passed over. `*rest` goes on; NULL: that
 * was all. */
const char *headers_next(const char **rest, const char *separator, size_t *size);

#endif
