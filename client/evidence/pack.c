/* A pack: the tables in every form, and the manifest that says what they stand on and what each file is. */
#include "client/evidence/disclose.h"
#include "client/evidence/files.h"
#include "client/evidence/national.h"
#include "client/evidence/report.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

#define PACK_FORMAT 1

/* What decided the policies: their canonical text, so that two packs can be told to stand on the same standards. */
static void hash_policies(const struct evidence *evidence, char text[EVIDENCE_SHA256_TEXT]) {
    json_t *policies = json_array();
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(evidence_ground(evidence), "rows"), i, row) {
        json_array_append(policies, json_object_get(row, "policy"));
    }
    char *canonical = json_dumps(policies, JSON_COMPACT | JSON_SORT_KEYS);

    ENSURE(canonical != NULL);
    evidence_sha256(canonical, strlen(canonical), text);
    free(canonical);
    json_decref(policies);
}

static json_t *parameters_json(const struct evidence *evidence) {
    const struct evidence_parameters *parameters = evidence_parameters(evidence);
    const json_t *ground = evidence_ground(evidence);
    json_t *pathways = json_array();
    char from[DATE_SIZE], to[DATE_SIZE];

    date_format(parameters->from, from);
    date_format(parameters->to, to);
    for (size_t i = 0; i < parameters->pathway_count; i++) {
        json_array_append_new(pathways, json_string(parameters->pathways[i]));
    }
    json_t *object = json_pack("{s:s, s:s, s:O, s:O, s:o, s:b, s:s?}", "from", from, "to", to, "known_at",
                               json_object_get(ground, "known_at"), "asked_at", json_object_get(ground, "asked_at"), "pathways", pathways,
                               "publish", parameters->publish, "council", parameters->council);

    ENSURE(object != NULL);
    json_object_set_new(object, "cld", parameters->national == NULL ? json_null() : national_json(parameters->national));
    json_object_set(object, "labels", parameters->labels == NULL ? json_null() : (json_t *)(uintptr_t)parameters->labels);
    return object;
}

static json_t *journal_json(const json_t *ground) {
    static const char *const members[] = {"epoch", "timezone", "chain", "today"};
    json_t *object = json_object();

    json_object_set(object, "seq", json_object_get(ground, "known_at"));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_object_set(object, members[i], json_object_get(ground, members[i]));
    }
    return object;
}

static json_t *files_json(const struct evidence_files *files) {
    json_t *list = json_array();

    for (size_t i = 0; i < files->count; i++) {
        char digest[EVIDENCE_SHA256_TEXT];

        evidence_sha256(files->at[i].bytes, files->at[i].size, digest);
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:s}", "name", files->at[i].name, "bytes", (json_int_t)files->at[i].size, "sha256", digest));
    }
    return list;
}

static void add_manifest(const struct evidence *evidence, struct evidence_files *files) {
    const json_t *ground = evidence_ground(evidence);
    char policies[EVIDENCE_SHA256_TEXT];
    struct evidence_text text = {NULL, 0, 0};

    hash_policies(evidence, policies);
    json_t *manifest =
        json_pack("{s:s, s:i, s:{s:s, s:s, s:O}, s:b, s:o, s:o, s:{s:s, s:i}, s:O, s:o}", "pack", "cqc", "format", PACK_FORMAT, "program",
                  "name", "waitlistctl", "version", WAITLIST_VERSION, "answered_by", json_object_get(ground, "version"), "sensitive",
                  !evidence_parameters(evidence)->publish, "parameters", parameters_json(evidence), "journal", journal_json(ground),
                  "policies", "sha256", policies, "count", (int)json_array_size(json_object_get(ground, "rows")), "rule_versions",
                  json_object_get(ground, "rule_versions"), "files", files_json(files));
    char *printed = manifest == NULL ? NULL : json_dumps(manifest, JSON_INDENT(1));

    ENSURE(printed != NULL);
    evidence_print(&text, "%s\n", printed);
    evidence_files_take(files, EVIDENCE_MANIFEST, &text);
    free(printed);
    json_decref(manifest);
}

bool evidence_pack(struct evidence *evidence, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    if (evidence_parameters(evidence)->publish) {
        evidence_disclose(evidence);
    }
    evidence_csv_files(evidence, files);
    evidence_report(evidence, files);
    evidence_methodology(evidence, files);
    if (!evidence_workbook(evidence, files, message)) {
        return false;
    }
    add_manifest(evidence, files);
    return true;
}
