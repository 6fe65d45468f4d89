/* The targets of single messages. A webhook's headers are those of the Standard Webhooks specification, so that its libraries check them.
 */
#include "client/relay/sink.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_PREFIX "whsec_"

struct sink {
    const struct route_settings *route;
    const struct stop *stop;
    struct log *log;
    struct http *http;
    char *secret;
};

struct sink *sink_create(const struct route_settings *route, const struct stop *stop, struct log *log) {
    struct sink *sink = memory_new(1, sizeof *sink);

    sink->route = route;
    sink->stop = stop;
    sink->log = log;
    sink->http = route->to == TARGET_WEBHOOK ? http_create(route->url, route, stop) : NULL;
    sink->secret = route->secret_file != NULL ? relay_secret_read(route->secret_file) : NULL;
    if ((route->to == TARGET_WEBHOOK && sink->http == NULL) || (route->secret_file != NULL && sink->secret == NULL)) {
        log_line(log, LOG_LEVEL_ERROR, "a route cannot begin: its secret or token cannot be read", LOG_STRING("route", route->name));
        sink_destroy(&sink);
    }
    return sink;
}

void sink_destroy(struct sink **sink) {
    if (*sink == NULL) {
        return;
    }
    http_destroy(&(*sink)->http);
    if ((*sink)->secret != NULL) {
        sodium_memzero((*sink)->secret, strlen((*sink)->secret));
    }
    free((*sink)->secret);
    free(*sink);
    *sink = NULL;
}

/* ---- Webhook */

static void init_hmac(crypto_auth_hmacsha256_state *state, const char *secret) {
    unsigned char key[RELAY_SECRET_BYTES_MAX];
    size_t size = 0;
    const char *encoded = secret + strlen(SECRET_PREFIX);

    if (strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0 &&
        sodium_base642bin(key, sizeof key, encoded, strlen(encoded), NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 && size > 0) {
        crypto_auth_hmacsha256_init(state, key, size);
    } else {
        crypto_auth_hmacsha256_init(state, (const unsigned char *)secret, strlen(secret));
    }
    sodium_memzero(key, sizeof key);
}

void webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t size, char out[SIGNATURE_BYTES]) {
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    char head[MESSAGE_ID_BYTES + 32];
    int length = snprintf(head, sizeof head, "%s.%" PRId64 ".", id, timestamp_s);

    init_hmac(&state, secret);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, size);
    crypto_auth_hmacsha256_final(&state, digest);
    memcpy(out, "v1,", 3);
    sodium_bin2base64(out + 3, SIGNATURE_BYTES - 3, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
}

static enum outcome post(struct sink *sink, const struct message *message, char reason[REASON_BYTES], int *retry_after_s) {
    char id[MESSAGE_ID_BYTES + 16], timestamp[64], signature[SIGNATURE_BYTES + 32] = "";
    char signed_text[SIGNATURE_BYTES];
    int64_t now_s = stop_wall_ms() / 1000;
    size_t size = strlen(message->text);

    snprintf(id, sizeof id, "webhook-id: %s", message->id);
    snprintf(timestamp, sizeof timestamp, "webhook-timestamp: %" PRId64, now_s);
    if (sink->secret != NULL) {
        webhook_sign(sink->secret, message->id, now_s, message->text, size, signed_text);
        snprintf(signature, sizeof signature, "webhook-signature: %s", signed_text);
    }
    const char *const headers[] = {"Content-Type: application/cloudevents+json; charset=utf-8", id, timestamp,
                                   sink->secret != NULL ? signature : NULL, NULL};

    return http_post(sink->http, headers, message->text, size, reason, retry_after_s);
}

/* ---- Folder */

static bool write_file(const char *folder, const char *name, const char *text, char reason[REASON_BYTES]) {
    char path[8192], next[8192 + 16];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(next, sizeof next, "%s.next", path);
    int file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool written = file >= 0;
    size_t size = strlen(text);

    for (size_t done = 0; written && done < size;) {
        ssize_t now = write(file, text + done, size - done);

        written = now >= 0 || errno == EINTR;
        done += now > 0 ? (size_t)now : 0;
    }
    written = written && fsync(file) == 0;
    int why = errno;

    if (file >= 0 && close(file) != 0 && written) {
        why = errno;
        written = false;
    }
    if (written && rename(next, path) != 0) {
        why = errno;
        written = false;
    }
    if (!written) {
        snprintf(reason, REASON_BYTES, "%.180s: %s", path, strerror(why));
    }
    return written;
}

/* A digest in three forms, each file whole or not there. */
static enum outcome put(struct sink *sink, const struct message *message, char reason[REASON_BYTES]) {
    static const char *const forms[][2] = {{"json", ".json"}, {"text", ".txt"}, {"html", ".html"}};
    const char *name = json_string_value(json_object_get(message->extra, "name"));

    for (size_t i = 0; name != NULL && i < sizeof forms / sizeof forms[0]; i++) {
        const char *text = json_string_value(json_object_get(message->extra, forms[i][0]));
        char file[256];

        snprintf(file, sizeof file, "%s%s", name, forms[i][1]);
        if (text != NULL && !write_file(sink->route->folder, file, text, reason)) {
            return OUTCOME_AWAY;
        }
    }
    return OUTCOME_DELIVERED;
}

enum outcome sink_deliver(struct sink *sink, const struct message *message, char reason[REASON_BYTES], int *retry_after_s) {
    const struct route_settings *route = sink->route;

    reason[0] = '\0';
    *retry_after_s = 0;
    switch (route->to) {
    case TARGET_WEBHOOK:
        return post(sink, message, reason, retry_after_s);
    case TARGET_COMMAND:
        return command_run(route->command.at, message->text, strlen(message->text), route->timeout_s, sink->stop, sink->log, route->name,
                           reason);
    case TARGET_FOLDER:
        return put(sink, message, reason);
    case TARGET_ALERTMANAGER:
        break; /* is told of states, not of messages */
    }
    return OUTCOME_REJECTED;
}
