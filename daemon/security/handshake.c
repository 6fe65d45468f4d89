/* Reading libzmq's monitor. What libzmq 4.3 reports to the side that connects: of a key that the other side does not accept, the status of
 * its ZAP handler; where only one side has keys, first some ends without a reason and then a mismatch of mechanisms; of a wrong public key
 * of the other side only ends without a reason. After the first two it never tries again. */
#include "daemon/security/handshake.h"

#include <arpa/inet.h>
#include <string.h>

/* A daemon cuts who does not know its public key, without a word; so does one that dies, but not so often in a row. */
#define FAILURES_MAX 8

enum handshake_failure handshake_failed(uint16_t event, uint32_t value, bool is_secured, unsigned *failures) {
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        return HANDSHAKE_KEY_REFUSED;
    }
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
        bool is_mismatch = value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH;

        return !is_mismatch ? HANDSHAKE_OTHER_PROGRAM : is_secured ? HANDSHAKE_SERVER_WITHOUT_KEY : HANDSHAKE_KEY_NEEDED;
    }
    if (event != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL || ++*failures < FAILURES_MAX || !is_secured) {
        return HANDSHAKE_NO_FAILURE;
    }
    *failures = 0;
    return HANDSHAKE_SERVER_KEY_WRONG;
}

const char *handshake_text(enum handshake_failure failure) {
    switch (failure) {
    case HANDSHAKE_NO_FAILURE:
        return "no handshake failed";
    case HANDSHAKE_KEY_REFUSED:
        return "the daemon does not accept this key";
    case HANDSHAKE_KEY_NEEDED:
        return "a key is needed there, and this client has none";
    case HANDSHAKE_SERVER_KEY_WRONG:
        return "what answers there does not have the daemon's key that was given";
    case HANDSHAKE_SERVER_WITHOUT_KEY:
        return "what answers there has no key, so nothing proves that it is the daemon";
    case HANDSHAKE_OTHER_PROGRAM:
        return "what answers there is not the daemon";
    }
    return "unknown failure";
}

bool handshake_may_be_plain(const char *uri) {
    const char *colon = strrchr(uri, ':');
    const char *host = uri + strlen("tcp://");
    char address[INET_ADDRSTRLEN];
    struct in_addr four;

    if (strncmp(uri, "tcp://", strlen("tcp://")) != 0) {
        return true;
    }
    size_t length = colon > host ? (size_t)(colon - host) : 0;

    if (strncmp(host, "[::1]:", 6) == 0 || strncmp(host, "localhost:", 10) == 0) {
        return true;
    }
    if (length == 0 || length >= sizeof address) {
        return false;
    }
    memcpy(address, host, length);
    address[length] = '\0';
    return inet_pton(AF_INET, address, &four) == 1 && ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
}
