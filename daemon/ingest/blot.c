/* Personal data in what is no JSON: a broken line, a table, a letter. Its form is not understood, so what is left is what looks like none.
 */
#include "daemon/ingest/replacing.h"

#include <stdlib.h>
#include <string.h>

/* As long a name with a word before it is looked at, escapes counted. */
enum { ANNOUNCEMENT_MAX = 96 };

struct blot {
    struct text text;
    bool numeric_allowed;
};

static bool is_quote(char letter) {
    return letter == '"' || letter == '\'';
}

/* White space, and the NULs between the letters of UTF-16. */
static bool is_gap(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n' || letter == '\0';
}

static bool bounds_name(char letter) {
    return letter != '\0' && strchr("{}[]()<>,;:=&?\n\r\"'|", letter) != NULL;
}

/* Whether what stands before `at` is the name of a personal member, perhaps in quotation marks, which may be escaped. */
static bool is_announced(const struct blot *blot, uint32_t at) {
    const char *bytes = blot->text.at;
    uint32_t end = at;
    while (end > 0 && (is_gap(bytes[end - 1]) || is_quote(bytes[end - 1]) || bytes[end - 1] == '\\'))
        end--;
    uint32_t start = end;
    while (start > 0 && end - start < ANNOUNCEMENT_MAX && !bounds_name(bytes[start - 1]))
        start--;
    if (bytes[at] == '>' && (start == 0 || (bytes[start - 1] != '<' && bytes[start - 1] != ':')))
        return false; /* no element of XML */
    return end > start && personal_is_announced((struct text){bytes + start, end - start});
}

/* Up to the quotation mark that ends what one began: with no more backslashes before it than that one had. */
static struct personal_run quoted(const struct blot *blot, uint32_t at, uint32_t backslashes) {
    const char *bytes = blot->text.at;
    struct personal_run run = {at + 1, blot->text.length};
    uint32_t before = 0;
    for (uint32_t i = at + 1; i < blot->text.length; i++) {
        if (bytes[i] == bytes[at] && before <= backslashes) {
            run.end = i - before;
            break;
        }
        before = bytes[i] == '\\' ? before + 1 : bytes[i] == '\0' ? before : 0;
    }
    return run;
}

/* To behind the bracket that closes the one at `at`, whatever stands in strings between: rather too much than too little. */
static struct personal_run bracketed(const struct blot *blot, uint32_t at) {
    struct personal_run run = {at, blot->text.length};
    uint32_t open = 0;
    for (uint32_t i = at; i < blot->text.length; i++) {
        char letter = blot->text.at[i];
        if (letter == '{' || letter == '[')
            open++;
        if ((letter == '}' || letter == ']') && --open == 0) {
            run.end = i + 1;
            break;
        }
    }
    return run;
}

static struct personal_run up_to(const struct blot *blot, uint32_t at, const char *ends) {
    struct personal_run run = {at, at};
    while (run.end < blot->text.length && (blot->text.at[run.end] == '\0' || strchr(ends, blot->text.at[run.end]) == NULL))
        run.end++;
    return run;
}

/* The value behind the colon or the like at `at`; empty when there is none. */
static struct personal_run value_behind(const struct blot *blot, uint32_t at) {
    const char *bytes = blot->text.at;
    uint32_t start = at + 1, backslashes = 0;
    if (bytes[at] == '>')
        return up_to(blot, start, "<");
    while (start < blot->text.length && is_gap(bytes[start]))
        start++;
    while (start + backslashes < blot->text.length && (bytes[start + backslashes] == '\\' || bytes[start + backslashes] == '\0'))
        backslashes++;
    if (start + backslashes < blot->text.length && is_quote(bytes[start + backslashes]))
        return quoted(blot, start + backslashes, backslashes);
    if (start < blot->text.length && (bytes[start] == '{' || bytes[start] == '['))
        return bracketed(blot, start);
    if (start < blot->text.length && personal_hash_at(blot->text, start) > 0)
        return (struct personal_run){start, start + PERSONAL_HASH_BYTES};
    struct personal_run run = up_to(blot, start, "\r\n}]&<");
    while (run.end > run.start && is_gap(bytes[run.end - 1]))
        run.end--;
    return run;
}

static bool is_hashed(const struct blot *blot, struct personal_run run) {
    return run.end - run.start == PERSONAL_HASH_BYTES && personal_hash_at(blot->text, run.start) > 0;
}

/* The next value with a personal name before it, from `from` on. */
static bool find_announced(const struct blot *blot, uint32_t from, struct personal_run *run) {
    for (uint32_t at = from; at < blot->text.length; at++) {
        char letter = blot->text.at[at];
        if ((letter != ':' && letter != '=' && letter != '>') || !is_announced(blot, at))
            continue;
        *run = value_behind(blot, at);
        if (run->end > run->start && !is_hashed(blot, *run))
            return true;
    }
    return false;
}

/* What is next of one kind, looked for once. */
struct next {
    bool is_known;
    bool is_there;
    struct personal_run run;
};

static void look(const struct blot *blot, bool announced, uint32_t from, struct next *next) {
    if (next->is_known && (!next->is_there || next->run.start >= from))
        return;
    next->is_known = true;
    next->is_there = announced ? find_announced(blot, from, &next->run)
                               : personal_find(blot->text, LETTERS_ESCAPED, blot->numeric_allowed, from, &next->run);
}

/* Of what overlaps, the whole. */
static bool find(const struct blot *blot, uint32_t from, struct next *plain, struct next *announced, struct personal_run *run) {
    look(blot, false, from, plain);
    look(blot, true, from, announced);
    if (announced->is_there && (!plain->is_there || announced->run.start <= plain->run.start))
        *run = announced->run;
    else
        *run = plain->run;
    return plain->is_there || announced->is_there;
}

char *personal_blot(struct text text, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES], size_t *length) {
    struct blot blot = {text, numeric_allowed};
    struct next plain = {.is_known = false}, announced = {.is_known = false};
    struct bytes out = {NULL, 0, 0};
    struct personal_run run;
    uint32_t copied = 0;
    while (copied < text.length && find(&blot, copied, &plain, &announced, &run)) {
        replacing_put(&out, text.at + copied, run.start - copied);
        replacing_put_hash(&out, text.at + run.start, run.end - run.start, key);
        copied = run.end;
    }
    if (out.at == NULL)
        return NULL;
    replacing_put(&out, text.at + copied, text.length - copied);
    out.at[out.length] = '\0';
    *length = out.length;
    return out.at;
}

bool personal_is_anywhere(struct text text, bool numeric_allowed) {
    struct blot blot = {text, numeric_allowed};
    struct next plain = {.is_known = false}, announced = {.is_known = false};
    struct personal_run run;
    return text.length > 0 && find(&blot, 0, &plain, &announced, &run);
}
