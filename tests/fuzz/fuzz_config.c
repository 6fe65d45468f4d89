/* Any bytes as the daemon's configuration: refused with a reason, or one that can be printed and read again as the same. */
#include "daemon/config/config.h"
#include "daemon/core/known.h"
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count_line(void *context, const char *line) {
    size_t *lines = context;
    ENSURE(line[0] != '\0');
    ++*lines;
}

static void check_json(char *text) {
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ENSURE(json_is_object(json));
    json_decref(json);
    free(text);
}

static void check_policy(const struct config *config) {
    struct policy again;
    struct holidays holidays;
    day_t from;
    char *text = policy_to_json(&config->policy, NULL, 20000);
    ENSURE(policy_from_json(text_of(text), &again, &holidays, &from));
    char *same = policy_to_json(&again, &holidays, from);
    ENSURE(strcmp(text, same) == 0);
    holidays_clear(&holidays);
    free(same);
    free(text);
}

static void check_known(const struct config *config) {
    size_t length;
    char *text = known_to_text(config, &length);
    struct known_values *known = known_from_text((struct text){text, (uint32_t)length}, 5);
    known_values_destroy(&known);
    free(text);
}

static void show_line(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "%s\n", line); /* of what was printed, so a finding */
}

/* What is printed is the same configuration: it prints the same. */
static void check_printed(const struct config *config) {
    char *text = config_print(config); /* its first line says from which file */
    struct config *again = config_load(place_write("printed", text, strlen(text)), show_line, NULL);
    ENSURE(again != NULL);
    char *same = config_print(again);
    ENSURE(strcmp(strchr(text, '\n'), strchr(same, '\n')) == 0);
    ENSURE(config_fixed_changes(config, again, show_line, NULL) == 0);
    free(same);
    free(text);
    config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t lines = 0;
    if (memmem(data, size, "@include", 8) != NULL)
        return 0; /* would read whatever is on this machine */
    struct config *config = config_load(place_write("conf", data, size), count_line, &lines);
    ENSURE((config == NULL) == (lines > 0));
    if (config == NULL)
        return 0;
    check_printed(config);
    check_json(config_to_json(config));
    check_policy(config);
    check_known(config);
    config_free(&config);
    return 0;
}
