/* waitlistctl export cqc: writes a pack of evidence. */
#include "client/ctl/source.h"

#include "client/evidence/national.h"
#include "client/evidence/sign.h"
#include "client/import/cld.h"
#include "daemon/config/config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_FROM = 0x900,
    OPTION_TO,
    OPTION_KNOWN_AT,
    OPTION_OUT,
    OPTION_PATHWAY,
    OPTION_KEY,
    OPTION_UNSIGNED,
    OPTION_LABELS,
    OPTION_PUBLISH,
    OPTION_PROGRESS,
    OPTION_CLD,
    OPTION_CLD_ENCODING
};

struct export_arguments {
    struct ctl_context *ctl;
    struct evidence_parameters parameters;
    bool has_from, has_to;
    json_t *known_at;
    json_t *labels;
    char *council;
    char *pathways; /* the words of --pathway, cut */
    const char *labels_path;
    const char *out;
    const char *key_path;
    bool is_unsigned;
    bool tells_progress;
    const char *cld_paths[CLD_FILES_MAX];
    struct national_choice cld;
};

static const struct argp_option export_options[] = {
    {"from", OPTION_FROM, "YYYY-MM-DD", 0, "the first day of the period", 0},
    {"to", OPTION_TO, "YYYY-MM-DD", 0, "the last day of the period", 0},
    {"known-at", OPTION_KNOWN_AT, "SEQ|INSTANT", 0, "by what was known then: a journal seq, or an instant as 2025-08-01T09:00:00Z", 0},
    {"pathway", OPTION_PATHWAY, "NAMES", 0, "only these pathways; several with commas", 0},
    {"out", OPTION_OUT, "PATH", 0, "the pack: a new directory, or a new file when it ends with .zip", 0},
    {"key", OPTION_KEY, "FILE", 0, "sign with this key of 'waitlistctl keygen'", 0},
    {"unsigned", OPTION_UNSIGNED, NULL, 0, "do not sign", 0},
    {"labels", OPTION_LABELS, "FILE", 0, "take the council's name and the labels of pathways and teams from this configuration", 0},
    {"cld", OPTION_CLD, "FILE", 0, "with the national measure of this file of Client Level Data; of several the later one is newer", 0},
    {"cld-encoding", OPTION_CLD_ENCODING, "utf-8|windows-1252", 0, "of these files (default utf-8)", 0},
    {"publish", OPTION_PUBLISH, NULL, 0, "for publication: small counts are hidden, the others rounded", 0},
    {"progress", OPTION_PROGRESS, NULL, 0, "say on standard error how many questions are answered, for programs", 0},
    {0}};

static void take_day(struct argp_state *state, const char *name, const char *argument, day_t *day, bool *has) {
    if (!date_parse(text_of(argument), day)) {
        argp_error(state, "%s is a date like 2025-07-31, not '%s'", name, argument);
    }
    *has = true;
}

static void take_pathways(struct argp_state *state, struct export_arguments *arguments, const char *argument) {
    struct evidence_parameters *parameters = &arguments->parameters;
    char *rest = NULL;

    free(arguments->pathways);
    arguments->pathways = strdup(argument);
    parameters->pathway_count = 0;
    for (char *name = strtok_r(arguments->pathways, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        if (parameters->pathway_count == EVIDENCE_PATHWAYS_MAX) {
            argp_error(state, "--pathway takes at most %d names", EVIDENCE_PATHWAYS_MAX);
        }
        parameters->pathways[parameters->pathway_count++] = name;
    }
    if (parameters->pathway_count == 0) {
        argp_error(state, "--pathway names pathways");
    }
}

static void take_cld(struct argp_state *state, struct export_arguments *arguments, const char *argument) {
    if (arguments->cld.count == CLD_FILES_MAX) {
        argp_error(state, "at most %d files of Client Level Data", CLD_FILES_MAX);
    }
    arguments->cld_paths[arguments->cld.count++] = argument;
}

static void take_encoding(struct argp_state *state, struct export_arguments *arguments, const char *argument) {
    arguments->cld.is_windows_1252 = strcmp(argument, "windows-1252") == 0;
    if (!arguments->cld.is_windows_1252 && strcmp(argument, "utf-8") != 0) {
        argp_error(state, "--cld-encoding is utf-8 or windows-1252, not '%s'", argument);
    }
}

static void check_all_given(struct argp_state *state, const struct export_arguments *arguments) {
    if (!arguments->has_from || !arguments->has_to) {
        argp_error(state, "which period? --from and --to");
    }
    if (arguments->parameters.from > arguments->parameters.to) {
        argp_error(state, "--from lies behind --to");
    }
    if (arguments->out == NULL) {
        argp_error(state, "where to? --out names a directory or a .zip file");
    }
    if ((arguments->key_path == NULL) != arguments->is_unsigned) {
        argp_error(state, "either --key, made by 'waitlistctl keygen', or --unsigned");
    }
}

static error_t take_export_option(int key, char *argument, struct argp_state *state) {
    struct export_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_FROM:
        take_day(state, "--from", argument, &arguments->parameters.from, &arguments->has_from);
        return 0;
    case OPTION_TO:
        take_day(state, "--to", argument, &arguments->parameters.to, &arguments->has_to);
        return 0;
    case OPTION_KNOWN_AT:
        source_take_known_at(state, argument, &arguments->known_at);
        return 0;
    case OPTION_PATHWAY:
        take_pathways(state, arguments, argument);
        return 0;
    case OPTION_OUT:
        arguments->out = argument;
        return 0;
    case OPTION_KEY:
        arguments->key_path = argument;
        return 0;
    case OPTION_UNSIGNED:
        arguments->is_unsigned = true;
        return 0;
    case OPTION_LABELS:
        arguments->labels_path = argument;
        return 0;
    case OPTION_PUBLISH:
        arguments->parameters.publish = true;
        return 0;
    case OPTION_PROGRESS:
        arguments->tells_progress = true;
        return 0;
    case OPTION_CLD:
        take_cld(state, arguments, argument);
        return 0;
    case OPTION_CLD_ENCODING:
        take_encoding(state, arguments, argument);
        return 0;
    case ARGP_KEY_END:
        check_all_given(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Labels */

static json_t *labels_of_names(const struct known_names *names) {
    json_t *labels = json_object();

    for (size_t i = 0; i < names->count; i++) {
        if (names->at[i].label != NULL && names->at[i].label[0] != '\0') {
            json_object_set_new(labels, names->at[i].name, json_string(names->at[i].label));
        }
    }
    return labels;
}

static bool read_labels(struct export_arguments *arguments) {
    struct config *config = config_load(arguments->labels_path, ctl_complain_line, NULL);

    if (config == NULL) {
        return false;
    }
    json_t *pathways = json_object();

    for (size_t i = 0; i < config->policy.pathway_count; i++) {
        if (config->pathway_labels[i] != NULL && config->pathway_labels[i][0] != '\0') {
            json_object_set_new(pathways, config->policy.pathways[i].name, json_string(config->pathway_labels[i]));
        }
    }
    arguments->labels = json_pack("{s:o, s:o}", "pathway", pathways, "team", labels_of_names(&config->teams));
    arguments->council = strdup(config->council_name);
    arguments->parameters.labels = arguments->labels;
    arguments->parameters.council = arguments->council;
    config_free(&config);
    return true;
}

/* ---- The pack */

static void print_done(const struct export_arguments *arguments, const struct evidence *evidence, const struct evidence_files *files,
                       const char *public_key) {
    const json_t *ground = evidence_ground(evidence);
    size_t bytes = 0;

    for (size_t i = 0; i < files->count; i++) {
        bytes += files->at[i].size;
    }
    if (arguments->ctl->format == FORMAT_JSON) {
        json_t *object = json_pack("{s:s, s:i, s:I, s:O, s:O, s:O, s:O, s:s?}", "pack", arguments->out, "files", (int)files->count, "bytes",
                                   (json_int_t)bytes, "epoch", json_object_get(ground, "epoch"), "known_at",
                                   json_object_get(ground, "known_at"), "asked_at", json_object_get(ground, "asked_at"), "chain",
                                   json_object_get(ground, "chain"), "public_key", public_key[0] == '\0' ? NULL : public_key);
        char *text = json_dumps(object, JSON_COMPACT);

        puts(text);
        free(text);
        json_decref(object);
        return;
    }
    printf("%s: %zu files, %zu kB, by what was known at seq %lld (%s)\nchain %s\n", arguments->out, files->count, (bytes + 1023) / 1024,
           (long long)ctl_int(ground, "known_at"), ctl_text(ground, "asked_at"), ctl_text(ground, "chain"));
    if (public_key[0] != '\0') {
        printf("signed; public key %s\n", public_key);
    } else {
        printf("not signed\n");
    }
    if (evidence_lacks_national(evidence)) {
        printf("without the national measure: waits were imported from Client Level Data, and no file of it was given (--cld)\n");
    }
    if (!arguments->parameters.publish) {
        printf("SENSITIVE: it has small counts and single waits. --publish makes one that can be published.\n");
    }
}

static int write_pack(const struct export_arguments *arguments, struct evidence *evidence, const struct evidence_key *key) {
    struct evidence_files files = {.count = 0};
    char message[EVIDENCE_MESSAGE_SIZE], public_key[EVIDENCE_PUBLIC_KEY_TEXT] = "";

    bool made = evidence_pack(evidence, &files, message);

    if (made && !arguments->is_unsigned) {
        evidence_sign(&files, key, public_key);
    }
    bool stored = made && evidence_store(&files, arguments->out, arguments->parameters.publish, message);

    if (stored) {
        print_done(arguments, evidence, &files, public_key);
    } else {
        ctl_complain("%s; nothing was written", message);
    }
    evidence_files_clear(&files);
    return stored ? CTL_DONE : CTL_REFUSED;
}

/* An evidence_progress: a line for a program that waits for the pack. */
static void tell_progress(void *context, unsigned done, unsigned total) {
    (void)context;
    fprintf(stderr, "progress %u %u\n", done, total < done ? done : total);
}

/* While it is computed, nothing is there yet that would have to be cleared away. */
static void end_at_once(int number) {
    static const char said[] = "waitlistctl: it was interrupted; nothing was written\n";
    ssize_t written = write(STDERR_FILENO, said, sizeof said - 1);

    (void)number;
    (void)written;
    _exit(CTL_REFUSED);
}

/* Signals that whoever started the program has ignored stay ignored. */
static void on_signals(void (*handler)(int number)) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action = {.sa_handler = handler}, before;

        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(signals[i], &action, NULL);
        }
    }
}

static struct evidence *collect(const struct export_arguments *arguments, const struct evidence_source *source,
                                char message[EVIDENCE_MESSAGE_SIZE]) {
    struct progress progress;

    if (arguments->tells_progress) {
        return evidence_collect(source, &arguments->parameters, tell_progress, NULL, message);
    }
    progress_begin(&progress, 0);
    progress.what = "questions answered";
    struct evidence *evidence = evidence_collect(source, &arguments->parameters, source_progress, &progress, message);

    progress_end(&progress);
    return evidence;
}

static int export_pack(struct export_arguments *arguments) {
    struct evidence_source source;
    struct source asked;
    struct evidence_key key;
    char message[EVIDENCE_MESSAGE_SIZE] = "";

    if (arguments->labels_path != NULL && !read_labels(arguments)) {
        return CTL_REFUSED;
    }
    if (!arguments->is_unsigned && !evidence_key_load(arguments->key_path, &key, message)) {
        ctl_complain("%s", message);
        return CTL_REFUSED;
    }
    if (!source_open(&asked, arguments->ctl, &source)) {
        return arguments->ctl->journal != NULL ? CTL_REFUSED : CTL_USAGE;
    }
    arguments->parameters.known_at = arguments->known_at;
    on_signals(end_at_once);
    bool may = source_permits(&source, "cqc", arguments->parameters.from, arguments->parameters.to, arguments->known_at, message);
    struct evidence *evidence = may ? collect(arguments, &source, message) : NULL;
    int code = asked.code;

    on_signals(SIG_DFL); /* the writing looks for them itself */

    if (evidence == NULL) {
        ctl_complain("%s; nothing was written", message);
    } else {
        code = write_pack(arguments, evidence, &key);
    }
    evidence_key_forget(&key);
    evidence_destroy(&evidence);
    return code;
}

/* Before anything is asked: it is what can be wrong without anybody else. */
static bool read_national(struct export_arguments *arguments, struct national **national) {
    char message[EVIDENCE_MESSAGE_SIZE];
    uint64_t lines, faults;

    if (arguments->cld.count == 0) {
        return true;
    }
    *national = national_read(&arguments->cld, message);
    if (*national == NULL) {
        ctl_complain("%s; nothing was written", message);
        return false;
    }
    lines = national_lines(*national, &faults);
    if (faults > 0) {
        ctl_complain("%llu of %llu lines of Client Level Data are at fault and count nowhere: 'report dhsc-waiting-times' tells why",
                     (unsigned long long)faults, (unsigned long long)lines);
    }
    arguments->parameters.national = *national;
    return true;
}

static int export_cqc(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = export_options,
        .parser = take_export_option,
        .doc =
            "Write a pack of evidence for an inspector: how many waited, for how long, by which standards, month by month, with everything "
            "that is needed to compute it again.\v"
            "The same journal, release and --known-at give the same bytes. 'waitlistctl verify PACK --journal FILE' computes every "
            "figure again.\n\nExample:\n  waitlistctl export cqc --from 2025-02-01 --to 2025-07-31 --key evidence.key --out pack.zip\n",
        .children = children};
    struct export_arguments arguments = {.ctl = ctl};
    struct national *national = NULL;

    arguments.cld.paths = arguments.cld_paths;
    ctl_parse(&argp, "export cqc", argc, argv, &arguments);
    int code = read_national(&arguments, &national) ? export_pack(&arguments) : CTL_REFUSED;

    national_destroy(&national);
    json_decref(arguments.known_at);
    json_decref(arguments.labels);
    free(arguments.council);
    free(arguments.pathways);
    return code;
}

static error_t take_kind(int key, char *argument, struct argp_state *state) {
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_error(state, "there is no pack '%s'", argument);
    }
    if (key == ARGP_KEY_NO_ARGS) {
        argp_error(state, "which pack?");
    }
    return ARGP_ERR_UNKNOWN;
}

int command_export(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.parser = take_kind,
                                     .args_doc = "cqc [OPTION...]",
                                     .doc = "Write a pack of evidence. 'waitlistctl export cqc --help' tells about it.\v"
                                            "Example:\n  waitlistctl export cqc --from 2025-02-01 --to 2025-07-31 --key evidence.key --out "
                                            "pack.zip\n",
                                     .children = children};

    if (argc > 1 && strcmp(argv[1], "cqc") == 0) {
        return export_cqc(ctl, argc - 1, argv + 1);
    }
    ctl_parse(&argp, "export", argc, argv, ctl);
    return CTL_USAGE;
}
