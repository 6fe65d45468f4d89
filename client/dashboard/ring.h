/* The last events of the stream, encoded once for everybody; whoever reads keeps the number of the next one as his own cursor. */
#ifndef WAITLIST_DASHBOARD_RING_H
#define WAITLIST_DASHBOARD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <waitlist/protocol.h>

#define RING_FRAMES_MAX 16384u /* a midnight at which thousands pass their standard finds room */
#define RING_BYTES_MAX (16u * 1024 * 1024)
#define RING_NAME_SIZE 65

enum frame_kind {
    FRAME_POSITION,
    FRAME_ALERT,
    FRAME_HEARTBEAT,
    FRAME_MARK,  /* only an id: up to which alert everything was said */
    FRAME_RESET, /* another journal: what was said before is not true of it */
};

/* Whom a frame is for: empty names where it has none. An alert that moved is also for the team that it left. */
struct frame_scope {
    char pathway[RING_NAME_SIZE];
    char team[RING_NAME_SIZE];
    char from_team[RING_NAME_SIZE];
};

struct frame {
    enum frame_kind kind;
    uint64_t seq; /* of an alert, and up to which a mark says that everything was said; else 0 */
    struct frame_scope scope;
    char *bytes;
    size_t size;
};

struct ring;

struct ring *ring_create(void);
void ring_destroy(struct ring **ring);

/* Takes over `bytes`. The oldest frames go when there are more than RING_FRAMES_MAX, or RING_BYTES_MAX bytes. */
void ring_push(struct ring *ring, enum frame_kind kind, uint64_t seq, const struct frame_scope *scope, char *bytes, size_t size);

/* Frames are numbered from 0; those from ring_oldest to before ring_end are there. */
uint64_t ring_oldest(const struct ring *ring);
uint64_t ring_end(const struct ring *ring);
/* Borrowed until the next push. */
const struct frame *ring_frame(const struct ring *ring, uint64_t number);

#endif
