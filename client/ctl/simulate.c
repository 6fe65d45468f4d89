/* waitlistctl simulate: hands the line to the synthetic council, with a client that knows where the daemon is. */
#include "client/simulate/simulate.h"
#include "client/ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

int command_simulate(struct ctl_context *ctl, int argc, char **argv) {
    int left = ctl_take_globals(ctl, argc, argv);
    struct waitlist_client *client = ctl_client(ctl);

    if (client == NULL) {
        return CTL_USAGE;
    }
    static const char *const formats[] = {
        [FORMAT_TABLE] = "--format=table", [FORMAT_JSON] = "--format=json", [FORMAT_CSV] = "--format=csv"};
    char name[] = "waitlistctl simulate";
    char **words = calloc((size_t)left + 2, sizeof *words);

    if (words == NULL) {
        abort();
    }
    /* A format chosen before the command goes first, so that one after it decides. */
    words[0] = name;
    words[1] = (char *)(uintptr_t)formats[ctl->format];
    memcpy(words + 2, argv + 1, (size_t)(left - 1) * sizeof *words);
    int code = simulate_main(left + 1, words, client, ctl->query != NULL ? ctl->query : "ipc://" WAITLIST_RUN_DIRECTORY);

    free(words);
    return code;
}
