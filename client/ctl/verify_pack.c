/* waitlistctl verify PACK: a pack's signature and files, and with a journal every figure computed again. */
#include "client/ctl/verify_pack.h"

#include "client/ctl/source.h"
#include "client/evidence/check.h"
#include "client/evidence/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool verify_is_pack(const char *path) {
    char magic[2] = "";
    struct stat status;
    FILE *file;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return true;
    }
    file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool is_zip = fread(magic, 1, 2, file) == 2 && memcmp(magic, "PK", 2) == 0;

    (void)fclose(file);
    return is_zip;
}

struct findings {
    json_t *faults;
    const char *signature; /* in one word */
    char public_key[EVIDENCE_PUBLIC_KEY_TEXT];
    bool is_recomputed;
    enum evidence_national national;
    size_t files;
};

static void note(void *context, const char *fault) {
    struct findings *findings = context;

    json_array_append_new(findings->faults, json_string(fault));
}

static void check_signature(const struct verify_pack_choice *choice, const struct evidence_files *files, struct findings *findings) {
    enum evidence_signature signature = evidence_signature_of(files, findings->public_key);

    findings->signature = signature == EVIDENCE_SIGNED ? "good" : signature == EVIDENCE_UNSIGNED ? "none" : "bad";
    if (signature == EVIDENCE_FORGED) {
        note(findings, EVIDENCE_SIGNATURE ": the signature is not one of this manifest");
    } else if (signature == EVIDENCE_UNSIGNED && !choice->may_be_unsigned) {
        note(findings, EVIDENCE_SIGNATURE ": the pack is not signed");
    } else if (signature == EVIDENCE_SIGNED && choice->public_key != NULL && strcmp(choice->public_key, findings->public_key) != 0) {
        note(findings, EVIDENCE_SIGNATURE ": it is signed with another key than the one given");
    }
}

/* False after having said why nothing could be computed. */
static bool check_figures(struct ctl_context *ctl, struct evidence_check *check, struct findings *findings, int *code) {
    struct evidence_source source;
    struct source asked;
    struct progress progress;
    char message[EVIDENCE_MESSAGE_SIZE] = "";

    if (!source_open(&asked, ctl, &source)) {
        *code = CTL_REFUSED;
        return false;
    }
    progress_begin(&progress, 0);
    progress.what = "questions answered";
    check->progress = source_progress;
    check->progress_context = &progress;
    findings->is_recomputed = evidence_check_figures(check, &source, message);
    findings->national = check->national;
    progress_end(&progress);
    if (!findings->is_recomputed) {
        ctl_complain("the figures could not be computed again: %s", message);
        *code = asked.code;
    }
    return findings->is_recomputed;
}

static const char *national_word(const struct findings *findings) {
    static const char *const words[] = {[EVIDENCE_NATIONAL_NONE] = "none",
                                        [EVIDENCE_NATIONAL_NOT_GIVEN] = "not given",
                                        [EVIDENCE_NATIONAL_ANOTHER] = "another",
                                        [EVIDENCE_NATIONAL_COMPUTED] = "recomputed"};

    return findings->is_recomputed ? words[findings->national] : NULL;
}

static void print_json(const struct findings *findings) {
    json_t *object =
        json_pack("{s:b, s:s, s:s?, s:b, s:s?, s:I, s:O}", "good", json_array_size(findings->faults) == 0, "signature", findings->signature,
                  "public_key", findings->public_key[0] == '\0' ? NULL : findings->public_key, "recomputed", findings->is_recomputed,
                  "national_measure", national_word(findings), "files", (json_int_t)findings->files, "faults", findings->faults);
    char *text = json_dumps(object, JSON_COMPACT);

    puts(text);
    free(text);
    json_decref(object);
}

static void print_findings(const struct verify_pack_choice *choice, const struct findings *findings) {
    size_t i;
    const json_t *fault;

    if (choice->ctl->format == FORMAT_JSON) {
        print_json(findings);
        return;
    }
    json_array_foreach(findings->faults, i, fault) {
        printf("BAD %s\n", json_string_value(fault));
    }
    if (json_array_size(findings->faults) == 0) {
        printf("good: %zu files%s\n", findings->files,
               !findings->is_recomputed                            ? " as the manifest describes them"
               : findings->national == EVIDENCE_NATIONAL_NOT_GIVEN ? ", and the journal gives every figure but the national measure"
               : findings->national == EVIDENCE_NATIONAL_COMPUTED  ? ", and the journal and the Client Level Data give every figure"
                                                                   : ", and the journal gives every figure");
    }
    printf("signature: %s%s%s\n", findings->signature, findings->public_key[0] == '\0' ? "" : ", public key ", findings->public_key);
    if (findings->is_recomputed && findings->national == EVIDENCE_NATIONAL_NOT_GIVEN) {
        printf("national measure: not computed again, nor index.html and evidence.xlsx, which tell it too; --cld FILE does that\n");
    }
    if (findings->is_recomputed && findings->national == EVIDENCE_NATIONAL_ANOTHER) {
        printf(
            "national measure: not computed again, nor index.html and evidence.xlsx, which tell it too: not the files of the manifest\n");
    }
    if (!findings->is_recomputed) {
        printf("figures: not computed again; --journal FILE does that\n");
    }
}

int verify_pack(const struct verify_pack_choice *choice) {
    struct evidence_files files = {.count = 0};
    struct findings findings = {.faults = json_array()};
    struct evidence_check check = {.files = &files, .tell = note, .context = &findings, .cld = choice->cld};
    char message[EVIDENCE_MESSAGE_SIZE];
    int code = CTL_REFUSED;

    if (!evidence_load(choice->path, &files, message)) {
        ctl_complain("%s: %s", choice->path, message);
    } else {
        findings.files = files.count;
        bool can_be_used = evidence_check_files(&check);

        check_signature(choice, &files, &findings);
        bool computed = !can_be_used || choice->ctl->journal == NULL || check_figures(choice->ctl, &check, &findings, &code);

        if (computed) {
            print_findings(choice, &findings);
            code = json_array_size(findings.faults) == 0 ? CTL_DONE : CTL_REFUSED;
        }
    }
    evidence_files_clear(&files);
    json_decref(findings.faults);
    return code;
}
