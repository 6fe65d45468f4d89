/* Prints every alert transition exactly once, also after having been away: how far it is stands in a file.
 *
 *     example_follow_alerts WHERE CURSOR-FILE [COUNT]        WHERE: the daemon's run directory, or tcp://host:5871 (connect.h)
 *
 * Ends after COUNT transitions, or with Ctrl-C. Another journal (after a restore, say) is never followed in silence: it ends with 1. */
#include "connect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <waitlist/client.h>

static void print(const struct waitlist_transition *alert) {
    printf("%" PRIu64 " %s %s %s %s\n", alert->seq, alert->transition, alert->rule, alert->subject != NULL ? alert->subject : "-",
           alert->team != NULL ? alert->team : "-");
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: %s WHERE CURSOR-FILE [COUNT]\n", argv[0]);
        return 2;
    }
    long left = argc > 3 ? strtol(argv[3], NULL, 10) : -1;
    struct waitlist_cursor cursor = {"", 0}; /* from the beginning of whatever journal is there */

    if (waitlist_cursor_load(argv[2], &cursor) != WAITLIST_OK && errno != ENOENT) {
        fprintf(stderr, "%s: this is no cursor\n", argv[2]);
        return 2;
    }
    struct waitlist_client *client = example_client(argv[1]);

    if (client == NULL) {
        return 2;
    }
    struct waitlist_follower *follower = waitlist_follower_create(client, &cursor, NULL);
    enum waitlist_status status = WAITLIST_OK;

    while (left != 0 && (status == WAITLIST_OK || status == WAITLIST_TIMEOUT)) {
        struct waitlist_transition alert;

        status = waitlist_follower_next(follower, 1000, &alert);
        if (status == WAITLIST_OK) {
            print(&alert); /* what must be done with it is done here, before the cursor moves past it */
            waitlist_follower_cursor(follower, &cursor);
            if (waitlist_cursor_save(argv[2], &cursor) != WAITLIST_OK) {
                perror(argv[2]);
                break;
            }
            left -= left > 0;
        }
    }
    if (left != 0) {
        fprintf(stderr, "stopped: %s\n", waitlist_status_text(status));
    }
    waitlist_follower_destroy(&follower);
    waitlist_client_destroy(&client);
    return left == 0 ? 0 : 1;
}
