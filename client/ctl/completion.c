/* waitlistctl completion: prints the completion script of a shell. */
#include "client/ctl/completion.h"
#include "client/ctl/ctl.h"

#include <stdio.h>
#include <string.h>

static error_t take_shell(int key, char *argument, struct argp_state *state) {
    const char **shell = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (strcmp(argument, "bash") != 0) {
            argp_error(state, "there is a script for bash only, not for '%s'", argument);
        }
        *shell = argument;
        return 0;
    case ARGP_KEY_END:
        if (*shell == NULL) {
            argp_error(state, "which shell? (bash)");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_completion(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp argp = {.parser = take_shell,
                                     .args_doc = "bash",
                                     .doc = "Print the completion script of a shell.\v"
                                            "Example:\n  source <(waitlistctl completion bash)\n"};
    const char *shell = NULL;

    (void)ctl;
    ctl_parse(&argp, "completion", argc, argv, &shell);
    (void)fwrite(completion_bash, 1, completion_bash_size, stdout);
    return CTL_DONE;
}
