/* A consumer that keeps what it was given and how far it is in one file, in one write: with libwaitlist it has each transition exactly
 * once, also when it is killed at any instant. Each line is "EPOCH SEQ"; the last one is its cursor. Lines go to stdout too, to be waited
 * for.
 *
 *     consumer DIRECTORY FILE
 *
 * Ends with 4 when the daemon keeps another journal, with 1 when anything else goes wrong. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <waitlist/client.h>

/* The last line of the file; the beginning where there is none. */
static struct waitlist_cursor read_last(const char *path) {
    struct waitlist_cursor cursor = {"", 0};
    char line[128];
    FILE *file = fopen(path, "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%64s %" SCNu64, cursor.epoch, &cursor.seq) != 2) {
            fprintf(stderr, "a broken line: %s", line);
            exit(1);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return cursor;
}

static void keep(int file, const struct waitlist_follower *follower) {
    struct waitlist_cursor cursor;
    char line[128];

    waitlist_follower_cursor(follower, &cursor);
    int size = snprintf(line, sizeof line, "%s %" PRIu64 "\n", cursor.epoch, cursor.seq);

    if (write(file, line, (size_t)size) != size || write(STDOUT_FILENO, line, (size_t)size) != size) {
        perror("write");
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s DIRECTORY FILE\n", argv[0]);
        return 2;
    }
    struct waitlist_cursor cursor = read_last(argv[2]);
    struct waitlist_client *client = waitlist_client_create_in(argv[1]);
    struct waitlist_follower *follower = client != NULL ? waitlist_follower_create(client, &cursor, NULL) : NULL;
    int file = open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    enum waitlist_status status = WAITLIST_TIMEOUT;

    while (follower != NULL && file >= 0 && (status == WAITLIST_OK || status == WAITLIST_TIMEOUT)) {
        struct waitlist_transition transition;

        status = waitlist_follower_next(follower, 1000, &transition);
        if (status == WAITLIST_OK) {
            keep(file, follower);
        }
    }
    fprintf(stderr, "%s\n", waitlist_status_text(status));
    return status == WAITLIST_EPOCH_CHANGED ? 4 : 1;
}
