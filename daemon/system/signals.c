/* Signals read from a signalfd(2), so that nothing ever runs in a handler. */
#include "daemon/system/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
    int descriptor;
    sigset_t mask_before;
    struct sigaction pipe_before;
};

struct signals *signals_create(void) {
    struct signals *signals = calloc(1, sizeof *signals);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t mask;

    if (!signals)
        abort();
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    signals->descriptor = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->descriptor < 0) {
        int error = errno;

        free(signals);
        errno = error;
        return NULL;
    }
    /* Neither can fail with these arguments. */
    if (pthread_sigmask(SIG_BLOCK, &mask, &signals->mask_before) != 0 || sigaction(SIGPIPE, &ignore, &signals->pipe_before) != 0)
        abort();
    return signals;
}

void signals_destroy(struct signals **signals) {
    if (!*signals)
        return;
    /* A request still waiting would end the process by its default action when the mask is put back. */
    (void)signals_take(*signals);
    close((*signals)->descriptor);
    if (sigaction(SIGPIPE, &(*signals)->pipe_before, NULL) != 0 || pthread_sigmask(SIG_SETMASK, &(*signals)->mask_before, NULL) != 0)
        abort();
    free(*signals);
    *signals = NULL;
}

int signals_descriptor(const struct signals *signals) {
    return signals->descriptor;
}

struct signal_requests signals_take(struct signals *signals) {
    struct signal_requests requests = {false, false};
    struct signalfd_siginfo got;

    while (read(signals->descriptor, &got, sizeof got) == (ssize_t)sizeof got) {
        if (got.ssi_signo == SIGHUP)
            requests.reload = true;
        else
            requests.stop = true;
    }
    return requests;
}
