/* waitlistctl simulate: hands the line to the synthetic council, with a client that knows where the daemon is. */
#include "client/ctl/ctl.h"
#include "client/simulate/simulate.h"

int command_simulate(struct ctl_context *ctl, int argc, char **argv) {
    int left = ctl_take_globals(ctl, argc, argv);
    struct waitlist_client *client = ctl_client(ctl);

    if (client == NULL) {
        return CTL_USAGE;
    }
    char name[] = "waitlistctl simulate";

    argv[0] = name;
    return simulate_main(left, argv, client);
}
