/* One request on a ROUTER socket: who sent it, whether through a REQ socket, and its frames. */
#ifndef WAITLIST_INTAKE_REQUEST_H
#define WAITLIST_INTAKE_REQUEST_H

#include "daemon/security/access.h"

#include <zmq.h>

#define REQUEST_FRAMES_MAX 1025 /* a batch id and 1,024 events frames */
#define ROUTING_ID_MAX 256
#define CORRELATION_MAX 32

/* Whom to answer: libzmq's routing id, whether an empty delimiter frame goes before the answer (REQ), and what a peer with several
 * questions in flight put before this one to know the answer by (length 0: nothing). And who it is. */
struct return_address {
    unsigned char routing_id[ROUTING_ID_MAX];
    size_t routing_id_length;
    unsigned char correlation[CORRELATION_MAX];
    size_t correlation_length;
    bool delimiter;
    uint32_t sockets;              /* how often the socket had been made anew by then: an address is good for one of them only */
    char peer[NAME_MAX_BYTES + 1]; /* as the configuration calls it; "": nobody that the daemon let in (config_rights: NULL) */
};

struct request {
    struct return_address from;
    size_t frame_count; /* behind the delimiter; frames beyond the limit are counted but not kept */
    size_t bytes;       /* of all frames */
    zmq_msg_t frames[REQUEST_FRAMES_MAX];
};

enum receive_result { RECEIVED, RECEIVED_NOTHING, RECEIVE_FAILED };

struct request *request_create(void);
void request_destroy(struct request **request);
/* Takes one whole message without waiting; gives back the frames of the one before. */
enum receive_result request_receive(struct request *request, void *socket);
struct text request_frame(const struct request *request, size_t frame);

/* Sends up to two frames (the second may be absent) without waiting. False when the peer is gone or does not read: the answer is dropped.
 */
bool request_answer(void *socket, const struct return_address *to, struct text first, struct text second);

#endif
