/* The council of the fuzz targets: its files are made once and kept as bytes. */
#include "tests/fuzz/council.h"

#include "daemon/core/memory.h"
#include "tests/fuzz/place.h"
#include "tests/unit/intake_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 4 };

/* The files of a closed journal. */
static const char *const names[FILES] = {"journal.db", "journal.db.key", "journal.db.highwater", "journal.db.checkpoint"};

struct kept_file {
    unsigned char *bytes;
    size_t size;
    bool is_there;
};

static struct config *config_of(int checkpoint_events) {
    char text[2048];
    int length = snprintf(
        text, sizeof text,
        "council = { calendar = \"\"; };\n"
        "journal = { path = \"%s/journal.db\"; checkpoint_events = %d; };\n"
        "sources = ( { name = \"/lancashire/numeric\"; allow_numeric_references = true; } );\n"
        "pathways = ( { name = \"needs_assessment\"; standard_days = 28; }, { name = \"ot_assessment\"; }, { name = \"review\"; },\n"
        "  { name = \"dols\"; }, { name = \"triage\"; standard_days = 5; unit = \"working_days\"; } );\n",
        place_folder(), checkpoint_events);
    ENSURE(length > 0 && (size_t)length < sizeof text);
    return config_load(place_write("conf", text, (size_t)length), NULL, NULL);
}

static void complain(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "%s\n", line);
}

struct ledger *council_ledger(const struct config *config) {
    char message[LEDGER_MESSAGE_SIZE];
    struct ledger *ledger = ledger_open(&(struct ledger_setup){.config = config, .now = COUNCIL_NOW}, message);
    if (ledger == NULL)
        complain(NULL, message);
    ENSURE(ledger != NULL);
    return ledger;
}

static void admit_folder(struct ledger *ledger, const char *folder) {
    size_t count;
    char **files = intake_fixture_folder(folder, &count);
    ledger_begin(ledger, COUNCIL_NOW);
    for (size_t i = 0; i < count; i++) {
        struct admission admission;
        struct text bytes = intake_fixture_read(files[i]);
        ledger_admit(ledger, bytes, &admission);
        free((void *)(uintptr_t)bytes.at);
        free(files[i]);
    }
    free(files);
    ENSURE(ledger_commit(ledger) == JOURNAL_OK);
}

static void keep_files(struct kept_file files[FILES]) {
    for (int i = 0; i < FILES; i++) {
        FILE *file = fopen(place_path(names[i]), "rb");
        files[i].is_there = file != NULL;
        if (file != NULL) {
            fclose(file);
            files[i].bytes = place_read(place_path(names[i]), &files[i].size);
        }
    }
}

/* The second start finds nothing to go on from, replays all events and writes the checkpoint. */
static void make_files(struct kept_file files[FILES]) {
    struct config *config = config_of(1);
    ENSURE(config != NULL);
    struct ledger *ledger = council_ledger(config);
    admit_folder(ledger, "good");
    admit_folder(ledger, "bad");
    ledger_close(&ledger);
    ledger = council_ledger(config);
    ledger_close(&ledger);
    config_free(&config);
    keep_files(files);
    ENSURE(files[0].is_there && files[3].is_there);
}

struct council *council_open(bool checkpoint) {
    static struct kept_file files[FILES];
    struct council *council = memory_new(1, sizeof *council);
    if (!files[0].is_there)
        make_files(files);
    place_clear();
    for (int i = 0; i < (checkpoint ? FILES : FILES - 1); i++)
        if (files[i].is_there)
            place_write(names[i], files[i].bytes, files[i].size);
    council->config = config_of(1000000); /* none is written while fuzzing */
    ENSURE(council->config != NULL);
    council->ledger = council_ledger(council->config);
    return council;
}

void council_close(struct council **council) {
    if (*council == NULL)
        return;
    ledger_close(&(*council)->ledger);
    config_free(&(*council)->config);
    free(*council);
    *council = NULL;
}
