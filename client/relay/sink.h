/* Where a route's messages go: a webhook, a command, a folder. */
#ifndef WAITLIST_RELAY_SINK_H
#define WAITLIST_RELAY_SINK_H

#include "client/relay/http.h"
#include "client/relay/message.h"
#include "daemon/system/log.h"

struct sink;

/* NULL when it cannot be made; the reason is logged. Everything is borrowed. */
struct sink *sink_create(const struct route_settings *route, const struct stop *stop, struct log *log);
void sink_destroy(struct sink **sink);
enum outcome sink_deliver(struct sink *sink, const struct message *message, char reason[REASON_BYTES], int *retry_after_s);

/* "v1,BASE64": HMAC-SHA256 over "ID.TIMESTAMP.BODY". A secret "whsec_BASE64" is the bytes that it encodes, any other its own bytes. */
#define SIGNATURE_BYTES 64
void webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t size, char out[SIGNATURE_BYTES]);

/* Runs the program with the text on its standard input and at most `timeout_s`; what it says is logged. */
enum outcome command_run(char *const *words, const char *text, size_t size, int timeout_s, const struct stop *stop, struct log *log,
                         const char *route, char reason[REASON_BYTES]);

#endif
