/* Checking a pack against its manifest and against a journal. */
#include "client/evidence/check.h"

#include "daemon/core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS_A_FILE 20 /* told one by one */

static void fault(struct evidence_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct evidence_check *check, const char *format, ...) {
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    ENSURE(length >= 0);
    check->tell(check->context, text);
    check->faults++;
    free(text);
}

static json_t *manifest_of(const struct evidence_files *files) {
    const struct evidence_file *file = evidence_files_find(files, EVIDENCE_MANIFEST);

    return file == NULL ? NULL : json_loadb(file->bytes, file->size, JSON_REJECT_DUPLICATES, NULL);
}

static const char *text_of_member(const json_t *object, const char *member) {
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

/* ---- Files */

static void check_file(struct evidence_check *check, const json_t *entry) {
    const char *name = text_of_member(entry, "name");
    const struct evidence_file *file = evidence_files_find(check->files, name);
    char digest[EVIDENCE_SHA256_TEXT];

    if (file == NULL) {
        fault(check, "%s: the file is missing", name);
        return;
    }
    evidence_sha256(file->bytes, file->size, digest);
    if (strcmp(digest, text_of_member(entry, "sha256")) != 0) {
        fault(check, "%s: the file is not the one that the manifest describes (SHA-256)", name);
    }
}

static bool is_listed(const json_t *list, const char *name) {
    size_t i;
    const json_t *entry;

    json_array_foreach(list, i, entry) {
        if (strcmp(text_of_member(entry, "name"), name) == 0) {
            return true;
        }
    }
    return strcmp(name, EVIDENCE_MANIFEST) == 0 || strcmp(name, EVIDENCE_SIGNATURE) == 0;
}

bool evidence_check_files(struct evidence_check *check) {
    json_t *manifest = manifest_of(check->files);
    const json_t *list = json_object_get(manifest, "files");
    size_t i;
    const json_t *entry;
    bool can_be_used = json_is_array(list) && strcmp(text_of_member(manifest, "pack"), "cqc") == 0;

    if (!can_be_used) {
        fault(check, "%s: there is none, or it is not one of a pack", EVIDENCE_MANIFEST);
    }
    json_array_foreach(can_be_used ? list : NULL, i, entry) {
        check_file(check, entry);
    }
    for (size_t f = 0; can_be_used && f < check->files->count; f++) {
        if (!is_listed(list, check->files->at[f].name)) {
            fault(check, "%s: the manifest has no file of this name", check->files->at[f].name);
        }
    }
    json_decref(manifest);
    return can_be_used;
}

bool evidence_check_head(const struct evidence_files *files, char head[65], uint64_t *seq) {
    json_t *manifest = manifest_of(files);
    const json_t *journal = json_object_get(manifest, "journal");
    const char *chain = text_of_member(journal, "chain");
    bool is_there = strlen(chain) == 64 && json_is_integer(json_object_get(journal, "seq"));

    if (is_there) {
        memcpy(head, chain, 65);
        *seq = (uint64_t)json_integer_value(json_object_get(journal, "seq"));
    }
    json_decref(manifest);
    return is_there;
}

/* ---- Cells */

/* The next cell of a CSV text, without its quotes, into `cell`; `*at` moves behind it, and `*ends_row` says whether a row ends there. */
static void next_cell(const char **at, struct evidence_text *cell, bool *ends_row) {
    bool quoted = **at == '"';

    cell->length = 0;
    evidence_put(cell, "");
    *at += quoted;
    while (**at != '\0' && (quoted || (**at != ',' && **at != '\r' && **at != '\n'))) {
        if (quoted && **at == '"' && (*at)[1] != '"') {
            (*at)++;
            break;
        }
        *at += quoted && **at == '"';
        const char piece[2] = {**at, '\0'};
        evidence_put(cell, piece);
        (*at)++;
    }
    *ends_row = **at != ',';
    *at += **at == ',';
    *at += *ends_row && **at == '\r';
    *at += *ends_row && **at == '\n';
}

struct comparing {
    struct evidence_check *check;
    const char *file;
    unsigned faults;
    size_t row; /* 1: the heading */
};

static void differ(struct comparing *comparing, const char *column, const char *pack, const char *journal) {
    comparing->faults++;
    if (comparing->faults == FAULTS_A_FILE + 1) {
        fault(comparing->check, "%s: and more", comparing->file);
    }
    if (comparing->faults <= FAULTS_A_FILE) {
        fault(comparing->check, "%s, row %zu, column %s: the pack says \"%s\", the journal gives \"%s\"", comparing->file, comparing->row,
              column, pack, journal);
    }
}

/* The heading's cells, in an array of texts freed by the caller. */
static json_t *headings(const char *csv) {
    json_t *names = json_array();
    struct evidence_text cell = {NULL, 0, 0};
    bool ends_row = false;

    while (!ends_row && *csv != '\0') {
        next_cell(&csv, &cell, &ends_row);
        json_array_append_new(names, json_stringn(cell.at, cell.length));
    }
    free(cell.at);
    return names;
}

static void compare_cells(struct comparing *comparing, const char *pack, const char *journal) {
    json_t *names = headings(journal);
    struct evidence_text a = {NULL, 0, 0}, b = {NULL, 0, 0};

    for (comparing->row = 1; *pack != '\0' && *journal != '\0'; comparing->row++) {
        bool a_ends = false, b_ends = false;

        for (size_t column = 0; !a_ends && !b_ends; column++) {
            next_cell(&pack, &a, &a_ends);
            next_cell(&journal, &b, &b_ends);
            if (strcmp(a.at, b.at) != 0 || a_ends != b_ends) {
                const char *name = json_string_value(json_array_get(names, column));
                differ(comparing, name != NULL ? name : "(none)", a.at, b.at);
            }
        }
        while (!a_ends) {
            next_cell(&pack, &a, &a_ends);
        }
        while (!b_ends) {
            next_cell(&journal, &b, &b_ends);
        }
    }
    if (*pack != '\0' || *journal != '\0') {
        fault(comparing->check, "%s, row %zu: %s", comparing->file, comparing->row,
              *pack != '\0' ? "the journal gives no such row" : "the pack lacks a row that the journal gives");
    }
    free(a.at);
    free(b.at);
    json_decref(names);
}

static bool is_csv(const char *name) {
    size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".csv") == 0;
}

static void compare_file(struct evidence_check *check, const struct evidence_file *computed) {
    const struct evidence_file *file = evidence_files_find(check->files, computed->name);

    if (file == NULL) {
        fault(check, "%s: the pack lacks the file", computed->name);
    } else if (file->size == computed->size && memcmp(file->bytes, computed->bytes, file->size) == 0) {
        return;
    } else if (is_csv(computed->name)) {
        struct comparing comparing = {.check = check, .file = computed->name};
        compare_cells(&comparing, file->bytes, computed->bytes);
    } else {
        fault(check, "%s: it is not what the journal and this release give", computed->name);
    }
}

/* ---- Computing again */

static void compare_ground(struct evidence_check *check, const json_t *manifest, const struct evidence *evidence) {
    static const char *const members[] = {"epoch", "timezone", "chain"};
    const json_t *journal = json_object_get(manifest, "journal"), *ground = evidence_ground(evidence);

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *told = text_of_member(journal, members[i]), *found = text_of_member(ground, members[i]);

        if (strcmp(told, found) != 0) {
            fault(check, "%s, journal.%s: the pack says \"%s\", the journal gives \"%s\"", EVIDENCE_MANIFEST, members[i], told, found);
        }
    }
}

static bool parameters_of(const json_t *manifest, struct evidence_parameters *parameters) {
    const json_t *told = json_object_get(manifest, "parameters"), *labels = json_object_get(told, "labels");
    const json_t *pathways = json_object_get(told, "pathways");

    *parameters =
        (struct evidence_parameters){.known_at = json_object_get(told, "known_at"), .asked_at = json_object_get(told, "asked_at")};
    parameters->publish = json_is_true(json_object_get(told, "publish"));
    parameters->council = json_string_value(json_object_get(told, "council"));
    parameters->labels = json_is_object(labels) ? labels : NULL;
    for (size_t i = 0; i < json_array_size(pathways) && i < EVIDENCE_PATHWAYS_MAX; i++) {
        parameters->pathways[parameters->pathway_count++] = json_string_value(json_array_get(pathways, i));
    }
    return date_parse(text_of(text_of_member(told, "from")), &parameters->from) &&
           date_parse(text_of(text_of_member(told, "to")), &parameters->to) && json_is_integer(parameters->known_at) &&
           json_is_string(parameters->asked_at);
}

/* Whether a file of the pack holds the national measure. */
static bool has_national(const char *name) {
    return strcmp(name, "national_measure.csv") == 0 || strcmp(name, "index.html") == 0 || strcmp(name, "evidence.xlsx") == 0;
}

static bool compare_all(struct evidence_check *check, const json_t *manifest, struct evidence *evidence,
                        char message[EVIDENCE_MESSAGE_SIZE]) {
    struct evidence_files computed = {.count = 0};
    bool made = evidence_pack(evidence, &computed, message);

    compare_ground(check, manifest, evidence);
    for (size_t i = 0; made && i < computed.count; i++) {
        bool is_known = check->national == EVIDENCE_NATIONAL_NONE || check->national == EVIDENCE_NATIONAL_COMPUTED;

        if (strcmp(computed.at[i].name, EVIDENCE_MANIFEST) != 0 && (is_known || !has_national(computed.at[i].name))) {
            compare_file(check, &computed.at[i]);
        }
    }
    evidence_files_clear(&computed);
    return made;
}

/* The national measure of the manifest from the files given; NULL without one. False with a reason when a file cannot be read. */
static bool find_national(struct evidence_check *check, const json_t *manifest, struct national **national,
                          char message[EVIDENCE_MESSAGE_SIZE]) {
    const json_t *told = json_object_get(json_object_get(manifest, "parameters"), "cld");
    const char *another = NULL;

    *national = NULL;
    check->national = EVIDENCE_NATIONAL_NONE;
    if (!json_is_object(told)) {
        if (check->cld.count > 0) {
            fault(check, "%s: the pack was made without Client Level Data; the files given were not looked at", EVIDENCE_MANIFEST);
        }
        return true;
    }
    *national = national_again(told, &check->cld, &another, message);
    if (*national == NULL) {
        return false;
    }
    check->national = another != NULL                   ? EVIDENCE_NATIONAL_ANOTHER
                      : national_is_computed(*national) ? EVIDENCE_NATIONAL_COMPUTED
                      : check->cld.count > 0            ? EVIDENCE_NATIONAL_ANOTHER
                                                        : EVIDENCE_NATIONAL_NOT_GIVEN;
    if (another != NULL) {
        fault(check, "%s: it is none of the files of Client Level Data that the manifest names (SHA-256)", another);
    } else if (check->national == EVIDENCE_NATIONAL_ANOTHER) {
        fault(check, "%s, parameters.cld: %zu files of Client Level Data are named, and not all of them were given", EVIDENCE_MANIFEST,
              national_file_count(*national));
    }
    return true;
}

bool evidence_check_figures(struct evidence_check *check, const struct evidence_source *source, char message[EVIDENCE_MESSAGE_SIZE]) {
    json_t *manifest = manifest_of(check->files);
    struct evidence_parameters parameters;
    struct evidence *evidence = NULL;
    struct national *national = NULL;

    if (!parameters_of(manifest, &parameters)) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%s does not say how the figures are to be computed", EVIDENCE_MANIFEST);
    } else if (find_national(check, manifest, &national, message)) {
        parameters.national = national;
        evidence = evidence_collect(source, &parameters, check->progress, check->progress_context, message);
    }
    bool computed = evidence != NULL;

    if (computed) {
        computed = compare_all(check, manifest, evidence, message);
    }
    evidence_destroy(&evidence);
    national_destroy(&national);
    json_decref(manifest);
    return computed;
}
