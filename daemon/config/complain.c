/* One complaint to whoever asked for a configuration. */
#include "daemon/config/complain.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *config_text_copy(const char *string) {
    size_t size = strlen(string) + 1;
    return memcpy(memory_new(size, 1), string, size);
}

static char *format_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
static char *format_list(const char *format, va_list arguments) {
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    ENSURE(length >= 0);
    return text;
}

char *config_text_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_list(format, arguments);
    va_end(arguments);
    return text;
}

void config_complain_list(config_report *report, void *context, const char *file, unsigned int line, const char *format,
                          va_list arguments) {
    if (!report)
        return;
    char *message = format_list(format, arguments);
    char *whole = line > 0 ? config_text_format("%s:%u: %s", file, line, message) : config_text_format("%s: %s", file, message);
    for (char *at = whole; *at; at++) /* one complaint is one line, whatever it quotes */
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    report(context, whole);
    free(whole);
    free(message);
}

void config_complain(config_report *report, void *context, const char *file, unsigned int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    config_complain_list(report, context, file, line, format, arguments);
    va_end(arguments);
}
