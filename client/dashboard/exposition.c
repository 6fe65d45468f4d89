/* The two text formats of figures, which differ in how a counter's family is named and in how they end. */
#include "client/dashboard/exposition.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exposition {
    bool is_openmetrics;
    const char *name;
    enum figure_kind kind;
    FILE *out;
    char *text;
    size_t size;
};

struct exposition *exposition_create(bool is_openmetrics) {
    struct exposition *exposition = memory_new(1, sizeof *exposition);

    exposition->is_openmetrics = is_openmetrics;
    exposition->out = open_memstream(&exposition->text, &exposition->size);
    ENSURE(exposition->out != NULL);
    return exposition;
}

void exposition_family(struct exposition *exposition, const char *name, enum figure_kind kind, const char *help) {
    const char *ending = kind == FIGURE_COUNTER && !exposition->is_openmetrics ? "_total" : "";

    exposition->name = name;
    exposition->kind = kind;
    fprintf(exposition->out, "# TYPE %s%s %s\n# HELP %s%s %s\n", name, ending, kind == FIGURE_COUNTER ? "counter" : "gauge", name, ending,
            help);
}

static void put_label(FILE *out, const char *value) {
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            fputs("\\n", out);
        } else {
            fputs(*value == '"' || *value == '\\' ? "\\" : "", out);
            fputc(*value, out);
        }
    }
}

void exposition_figure(struct exposition *exposition, double value, const struct label *labels, size_t label_count) {
    fprintf(exposition->out, "%s%s", exposition->name, exposition->kind == FIGURE_COUNTER ? "_total" : "");
    for (size_t i = 0; i < label_count; i++) {
        fprintf(exposition->out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        put_label(exposition->out, labels[i].value);
        fputc('"', exposition->out);
    }
    fprintf(exposition->out, "%s %.15g\n", label_count > 0 ? "}" : "", value);
}

void exposition_one(struct exposition *exposition, const char *name, enum figure_kind kind, const char *help, double value) {
    exposition_family(exposition, name, kind, help);
    exposition_figure(exposition, value, NULL, 0);
}

char *exposition_end(struct exposition **exposition, size_t *size) {
    struct exposition *ended = *exposition;

    if (ended->is_openmetrics) {
        fputs("# EOF\n", ended->out);
    }
    ENSURE(fclose(ended->out) == 0);
    char *text = ended->text;

    *size = ended->size;
    free(ended);
    *exposition = NULL;
    return text;
}

bool exposition_is_wanted(const char *accept) {
    return accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
}

const char *exposition_type(bool is_openmetrics) {
    return is_openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
}
