/* Sends the events of a file (one JSON object a line) and says what became of them.
 *
 *     example_send WHERE FILE        WHERE: the daemon's run directory, /run/waitlistd say, or tcp://host:5871 (connect.h)
 *
 * Ends with 0 when everything is durable and nothing is in quarantine, with 1 otherwise. */
#include "connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <waitlist/client.h>

#define TIMEOUT_MS 30000
#define CHUNK_BYTES 65536

static void say_quarantined(void *context, const struct waitlist_batch_reply *reply) {
    (void)context;
    for (size_t i = 0; i < reply->quarantined_count; i++) {
        const struct waitlist_quarantined *event = &reply->quarantined[i];

        fprintf(stderr, "line %llu: %s %s %s\n", (unsigned long long)event->tag, event->code, event->pointer, event->message);
    }
    if (!reply->durable) {
        fprintf(stderr, "lines %llu to %llu refused: %s\n", (unsigned long long)reply->first_tag, (unsigned long long)reply->last_tag,
                reply->error_message);
    }
}

/* The tags are line numbers. */
static enum waitlist_status send_lines(struct waitlist_sender *sender, FILE *file) {
    enum waitlist_status status = WAITLIST_OK;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    for (uint64_t number = 1; status == WAITLIST_OK && (size = getline(&line, &capacity, file)) >= 0; number++) {
        size_t taken;

        status = waitlist_sender_submit_lines(sender, line, (size_t)size, number, TIMEOUT_MS, &taken);
    }
    free(line);
    return status == WAITLIST_OK ? waitlist_sender_flush(sender, TIMEOUT_MS) : status;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s WHERE FILE\n", argv[0]);
        return 2;
    }
    FILE *file = fopen(argv[2], "r");
    struct waitlist_client *client = example_client(argv[1]);

    if (file == NULL || client == NULL) {
        if (file == NULL) {
            perror(argv[2]);
        }
        return 2;
    }
    struct waitlist_sender_options options = {.window = 8, .on_reply = say_quarantined};
    struct waitlist_sender *sender = waitlist_sender_create(client, &options);
    enum waitlist_status status = send_lines(sender, file);
    struct waitlist_sender_totals totals;

    waitlist_sender_totals(sender, &totals);
    printf("accepted %llu, duplicates %llu, quarantined %llu, journal seq %llu: %s\n", (unsigned long long)totals.accepted,
           (unsigned long long)totals.duplicates, (unsigned long long)totals.quarantined, (unsigned long long)totals.seq,
           waitlist_status_text(status));
    waitlist_sender_destroy(&sender);
    waitlist_client_destroy(&client);
    fclose(file);
    return status == WAITLIST_OK && totals.quarantined == 0 ? 0 : 1;
}
