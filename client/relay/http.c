/* One libcurl handle: no redirects, no proxies from the environment, no signals, an answer read only so far as a log line can tell of it.
 */
#include "client/relay/http.h"

#include "client/relay/quiet.h"
#include "daemon/core/memory.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_BYTES_KEPT 120
#define ANSWER_BYTES_MAX (1024 * 1024) /* beyond it the target is not what it should be */
#define AUTHORIZATION "Authorization: Bearer "
#define CONNECT_TIMEOUT_S 5L
#define RETRY_AFTER_MAX_S 3600

struct http {
    CURL *curl;
    const struct stop *stop;
    const char *url;     /* its path may be a secret too */
    char *authorization; /* "Authorization: Bearer …", or NULL */
    char answer[ANSWER_BYTES_KEPT + 1];
    size_t answer_kept, answer_size;
    char error[CURL_ERROR_SIZE];
};

static size_t take_answer(char *bytes, size_t size, size_t count, void *context) {
    struct http *http = context;
    size_t came = size * count;

    for (size_t i = 0; i < came && http->answer_kept < ANSWER_BYTES_KEPT; i++) {
        http->answer[http->answer_kept++] = (char)((unsigned char)bytes[i] < 0x20 || (unsigned char)bytes[i] >= 0x7f ? ' ' : bytes[i]);
    }
    http->answer_size += came;
    return http->answer_size > ANSWER_BYTES_MAX ? 0 : came;
}

static int look_for_end(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    const struct http *http = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return stop_is_asked(http->stop) ? 1 : 0;
}

static bool read_token(struct http *http, const char *path) {
    char *token = relay_secret_read(path);

    if (token == NULL) {
        return false;
    }
    size_t size = strlen(token) + sizeof AUTHORIZATION;

    http->authorization = memory_new(size, 1);
    snprintf(http->authorization, size, AUTHORIZATION "%s", token);
    explicit_bzero(token, strlen(token));
    free(token);
    return true;
}

static bool set_options(struct http *http, const char *url, const struct route_settings *route) {
    CURL *curl = http->curl;
    bool set = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;

    set = set && curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)route->timeout_s) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_USERAGENT, "waitlist-relay/" WAITLIST_VERSION) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_WRITEDATA, http) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_end) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http) == CURLE_OK;
    set = set && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    return set && (route->ca_file == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, route->ca_file) == CURLE_OK);
}

struct http *http_create(const char *url, const struct route_settings *route, const struct stop *stop) {
    struct http *http = memory_new(1, sizeof *http);

    http->stop = stop;
    http->url = url;
    http->curl = curl_easy_init();
    if (http->curl == NULL || (route->token_file != NULL && !read_token(http, route->token_file)) || !set_options(http, url, route)) {
        http_destroy(&http);
    }
    return http;
}

void http_destroy(struct http **http) {
    if (*http == NULL) {
        return;
    }
    curl_easy_cleanup((*http)->curl);
    if ((*http)->authorization != NULL) {
        explicit_bzero((*http)->authorization, strlen((*http)->authorization));
    }
    free((*http)->authorization);
    free(*http);
    *http = NULL;
}

static struct curl_slist *list_of(const struct http *http, const char *const *headers) {
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no waiting for a "100 Continue" */

    ENSURE(list != NULL);
    for (; *headers != NULL; headers++) {
        ENSURE(curl_slist_append(list, *headers) != NULL);
    }
    if (http->authorization != NULL) {
        ENSURE(curl_slist_append(list, http->authorization) != NULL);
    }
    return list;
}

/* Why the answer's text stays out of the log; NULL when it need not. A piece of a secret may have been cut off at its end. */
static const char *reason_to_hide(const struct http *http, const char *body, size_t size) {
    const char *host = strstr(http->url, "://");
    const char *path = host != NULL ? host + 3 + strcspn(host + 3, "/?") : http->url;
    const char *token = http->authorization != NULL ? http->authorization + strlen(AUTHORIZATION) : "";

    if (quiet_repeats(http->answer, token, strlen(token), QUIET_SECRET_BYTES) ||
        quiet_repeats(http->answer, path, strlen(path), QUIET_SECRET_BYTES)) {
        return " (its answer repeats a secret)";
    }
    return quiet_repeats(http->answer, body, size, QUIET_MESSAGE_BYTES) ? " (its answer repeats the message)" : NULL;
}

static void tell_answer(struct http *http, long status, const char *body, size_t size, char reason[REASON_BYTES]) {
    http->answer[http->answer_kept] = '\0';
    const char *hidden = reason_to_hide(http, body, size);

    if (hidden != NULL) {
        snprintf(reason, REASON_BYTES, "HTTP %ld%s", status, hidden);
    } else {
        snprintf(reason, REASON_BYTES, "HTTP %ld%s%s", status, http->answer_kept > 0 ? ": " : "", http->answer);
    }
    explicit_bzero(http->answer, sizeof http->answer);
}

/* 408, 429, 502, 503 and 504 are said by whatever stands before a target, or by one that is too busy. */
static enum outcome judge(struct http *http, long status, int *retry_after_s) {
    curl_off_t after = 0;

    (void)curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &after);
    *retry_after_s = (int)(after < 0 ? 0 : after > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : after);
    if (status >= 200 && status < 300) {
        return OUTCOME_DELIVERED;
    }
    if (status == 408 || status == 429 || (status >= 502 && status <= 504)) {
        return OUTCOME_AWAY;
    }
    return status >= 500 ? OUTCOME_FAILED : OUTCOME_REJECTED;
}

enum outcome http_post(struct http *http, const char *const *headers, const char *body, size_t size, char reason[REASON_BYTES],
                       int *retry_after_s) {
    struct curl_slist *list = list_of(http, headers);

    http->answer_kept = http->answer_size = 0;
    http->error[0] = '\0';
    *retry_after_s = 0;
    (void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, list);
    (void)curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    (void)curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body);
    CURLcode code = curl_easy_perform(http->curl);
    enum outcome outcome = OUTCOME_AWAY;

    (void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(list);
    if (code == CURLE_OK) {
        long status = 0;

        (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
        tell_answer(http, status, body, size, reason);
        outcome = judge(http, status, retry_after_s);
    } else if (code == CURLE_ABORTED_BY_CALLBACK && stop_is_asked(http->stop)) {
        outcome = OUTCOME_STOPPED;
    } else {
        snprintf(reason, REASON_BYTES, "%s", http->error[0] != '\0' ? http->error : curl_easy_strerror(code));
    }
    return outcome;
}
