/* A bounded ring of encoded events. */
#include "client/dashboard/ring.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

struct ring {
    struct frame frames[RING_FRAMES_MAX];
    uint64_t oldest, end;
    size_t bytes;
};

struct ring *ring_create(void) {
    return memory_new(1, sizeof(struct ring));
}

static void drop_oldest(struct ring *ring) {
    struct frame *frame = &ring->frames[ring->oldest % RING_FRAMES_MAX];

    ring->bytes -= frame->size;
    free(frame->bytes);
    frame->bytes = NULL;
    ring->oldest++;
}

void ring_destroy(struct ring **ring) {
    if (*ring == NULL) {
        return;
    }
    while ((*ring)->oldest < (*ring)->end) {
        drop_oldest(*ring);
    }
    free(*ring);
    *ring = NULL;
}

void ring_push(struct ring *ring, enum frame_kind kind, uint64_t seq, const struct frame_scope *scope, char *bytes, size_t size) {
    while (ring->end - ring->oldest >= RING_FRAMES_MAX || (ring->oldest < ring->end && ring->bytes + size > RING_BYTES_MAX)) {
        drop_oldest(ring);
    }
    ring->frames[ring->end % RING_FRAMES_MAX] = (struct frame){.kind = kind, .seq = seq, .scope = *scope, .bytes = bytes, .size = size};
    ring->bytes += size;
    ring->end++;
}

uint64_t ring_oldest(const struct ring *ring) {
    return ring->oldest;
}

uint64_t ring_end(const struct ring *ring) {
    return ring->end;
}

const struct frame *ring_frame(const struct ring *ring, uint64_t number) {
    ENSURE(number >= ring->oldest && number < ring->end);
    return &ring->frames[number % RING_FRAMES_MAX];
}
