/* One frame of the live view as lines of text, for the terminal or for a script: the same words either way. */
#ifndef WAITLIST_CTL_WATCH_SCREEN_H
#define WAITLIST_CTL_WATCH_SCREEN_H

#include "client/ctl/watch_state.h"

enum line_look { LOOK_PLAIN, LOOK_TITLE, LOOK_HEADER, LOOK_ALARM, LOOK_BREACH, LOOK_DIM };

struct frame_line {
    char *text; /* UTF-8, at most `columns` wide */
    enum line_look look;
};

struct frame {
    struct frame_line *lines;
    size_t count, capacity;
};

/* What the frame must say beside the state. */
struct watch_view {
    int rows, columns; /* of the terminal; rows 0: as many as it takes */
    size_t scroll;     /* first row shown */
    bool live;
    bool help;
    bool ascii; /* the terminal shows no UTF-8 */
    struct waitlist_heartbeat heartbeat;
    char stale_since[16]; /* hh:mm:ss on the viewer's clock */
    char opened_at[16];
    const char *notice; /* one line, or "" */
    const char *note;   /* the viewer's own, shown where there is no notice; or "" */
};

void frame_compose(struct frame *frame, const struct watch_state *state, const struct watch_view *view);
void frame_clear(struct frame *frame);
/* How many rows of queues one screen shows. */
size_t frame_page(const struct watch_state *state, const struct watch_view *view);

#endif
