/* Personal data hashed away by a lenient rewriting of the JSON text. */
#include "daemon/ingest/replacing.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

/* What holds for an open object or array and for all inside it. */
enum { LEVEL_OBJECT = 1, LEVEL_REFERENCE = 2, LEVEL_SPARED = 4 };

#define NO_OFFENCE SIZE_MAX

struct scrub {
    struct text text;
    size_t at;
    size_t copied; /* the input up to here is in the output or replaced */
    struct bytes out;
    struct bytes levels;  /* one byte an open object or array */
    struct bytes decoded; /* scratch of one string */
    size_t offence;       /* how many levels were open when an offending object or array began; NO_OFFENCE outside */
    size_t offence_start; /* where it began */
    bool changed;
    bool anywhere; /* the care that is taken */
    bool numeric_allowed;
    const unsigned char *key;
};

static void skip_white(struct scrub *scrub) {
    while (scrub->at < scrub->text.length && strchr(" \t\r\n", scrub->text.at[scrub->at]) != NULL && scrub->text.at[scrub->at] != '\0')
        scrub->at++;
}

/* The next byte, 0 at the end: no NUL is ever part of the grammar. */
static char peek(const struct scrub *scrub) {
    return scrub->at < scrub->text.length ? scrub->text.at[scrub->at] : '\0';
}

static bool take(struct scrub *scrub, char letter) {
    if (peek(scrub) != letter || scrub->at >= scrub->text.length)
        return false;
    scrub->at++;
    return true;
}

static bool take_hex(struct scrub *scrub, unsigned *value) {
    *value = 0;
    for (int i = 0; i < 4; i++, scrub->at++) {
        char letter = peek(scrub);
        unsigned digit;
        if (letter >= '0' && letter <= '9')
            digit = (unsigned)(letter - '0');
        else if (letter >= 'a' && letter <= 'f')
            digit = (unsigned)(letter - 'a') + 10;
        else if (letter >= 'A' && letter <= 'F')
            digit = (unsigned)(letter - 'A') + 10;
        else
            return false;
        *value = *value * 16 + digit;
    }
    return true;
}

static void put_code_point(struct bytes *out, unsigned code) {
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(lead[length] | code);
    replacing_put(out, bytes, length);
}

/* Half of a surrogate pair decodes as three bytes that are no UTF-8: the text is only compared and hashed. */
static bool take_unicode_escape(struct scrub *scrub) {
    unsigned code, low;
    if (!take_hex(scrub, &code))
        return false;
    size_t before = scrub->at;
    if (code >= 0xD800 && code < 0xDC00 && take(scrub, '\\') && take(scrub, 'u') && take_hex(scrub, &low) && low >= 0xDC00 && low < 0xE000)
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    else
        scrub->at = before;
    put_code_point(&scrub->decoded, code);
    return true;
}

static bool take_escape(struct scrub *scrub) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char letter = peek(scrub);
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found != NULL) {
        scrub->at++;
        replacing_put(&scrub->decoded, meanings + (found - letters), 1);
        return true;
    }
    return take(scrub, 'u') && take_unicode_escape(scrub);
}

/* Reads a string and leaves its meaning in `decoded`. */
static bool take_string(struct scrub *scrub) {
    scrub->decoded.length = 0;
    if (!take(scrub, '"'))
        return false;
    while (scrub->at < scrub->text.length) {
        unsigned char letter = (unsigned char)scrub->text.at[scrub->at++];
        if (letter == '"')
            return true;
        if (letter < 0x20)
            return false;
        if (letter != '\\')
            replacing_put(&scrub->decoded, (const char *)&letter, 1);
        else if (!take_escape(scrub))
            return false;
    }
    return false;
}

static bool take_digits(struct scrub *scrub) {
    size_t start = scrub->at;
    while (peek(scrub) >= '0' && peek(scrub) <= '9')
        scrub->at++;
    return scrub->at > start;
}

static bool take_number(struct scrub *scrub) {
    take(scrub, '-');
    if (!take(scrub, '0') && !take_digits(scrub))
        return false;
    if (take(scrub, '.') && !take_digits(scrub))
        return false;
    if (!take(scrub, 'e') && !take(scrub, 'E'))
        return true;
    if (!take(scrub, '+'))
        take(scrub, '-');
    return take_digits(scrub);
}

static bool take_word(struct scrub *scrub) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if (scrub->text.length - scrub->at >= length && memcmp(scrub->text.at + scrub->at, words[i], length) == 0) {
            scrub->at += length;
            return true;
        }
    }
    return false;
}

static bool is_hash(const struct bytes *text) {
    return text->length == PERSONAL_HASH_BYTES && personal_hash_at((struct text){text->at, PERSONAL_HASH_BYTES}, 0) > 0;
}

/* Writes the hash of `meaning` in place of the input from `start` to here. */
static void replace(struct scrub *scrub, size_t start, const struct bytes *meaning) {
    replacing_put(&scrub->out, scrub->text.at + scrub->copied, start - scrub->copied);
    replacing_put(&scrub->out, "\"", 1);
    replacing_put_hash(&scrub->out, meaning->at, meaning->length, scrub->key);
    replacing_put(&scrub->out, "\"", 1);
    scrub->copied = scrub->at;
    scrub->changed = true;
}

/* As replace, of JSON text: without the white space outside its strings. */
static void replace_json(struct scrub *scrub, size_t start) {
    bool in_string = false;
    scrub->decoded.length = 0;
    for (size_t i = start; i < scrub->at; i++) {
        char letter = scrub->text.at[i];
        if (in_string && letter == '\\')
            replacing_put(&scrub->decoded, scrub->text.at + i++, 1);
        else if (letter == '"')
            in_string = !in_string;
        if (in_string || strchr(" \t\r\n", letter) == NULL)
            replacing_put(&scrub->decoded, scrub->text.at + i, 1);
    }
    replace(scrub, start, &scrub->decoded);
}

/* The number may have any length. */
static bool is_personal_number(struct scrub *scrub, size_t start) {
    if (scrub->numeric_allowed)
        return false;
    scrub->decoded.length = 0;
    replacing_put(&scrub->decoded, scrub->text.at + start, scrub->at - start);
    scrub->decoded.at[scrub->decoded.length] = '\0';
    return personal_is_number(strtod(scrub->decoded.at, NULL));
}

/* Of the string just decoded, in a place where the context allows any text or only a reference. */
static bool is_personal_string(const struct scrub *scrub, unsigned context) {
    struct text text = {scrub->decoded.at, (uint32_t)scrub->decoded.length};
    if ((context & LEVEL_REFERENCE) != 0 && personal_is_reference(text, scrub->numeric_allowed))
        return true;
    return scrub->anywhere && (context & LEVEL_SPARED) == 0 && personal_is_anywhere(text, scrub->numeric_allowed);
}

/* A string, number or word. `offends`: whatever it is, else only if it is what may not stand there. */
static bool scrub_scalar(struct scrub *scrub, bool offends, unsigned context) {
    size_t start = scrub->at;
    bool outside = scrub->offence == NO_OFFENCE; /* else it goes with the whole that it is part of */
    if (peek(scrub) == '"') {
        if (!take_string(scrub))
            return false;
        if (outside && !is_hash(&scrub->decoded) && (offends || is_personal_string(scrub, context)))
            replace(scrub, start, &scrub->decoded);
        return true;
    }
    bool number = peek(scrub) == '-' || (peek(scrub) >= '0' && peek(scrub) <= '9');
    if (!(number ? take_number(scrub) : take_word(scrub)))
        return false;
    bool looked_at = number && ((context & LEVEL_REFERENCE) != 0 || scrub->anywhere);
    if (outside && (offends || (looked_at && is_personal_number(scrub, start))))
        replace_json(scrub, start);
    return true;
}

static void open_level(struct scrub *scrub, char bracket, bool offends, unsigned inherited) {
    if (offends && scrub->offence == NO_OFFENCE) {
        scrub->offence = scrub->levels.length;
        scrub->offence_start = scrub->at;
    }
    char level = (char)(inherited | (bracket == '{' ? LEVEL_OBJECT : 0));
    replacing_put(&scrub->levels, &level, 1);
    scrub->at++;
}

static void close_level(struct scrub *scrub) {
    scrub->at++;
    scrub->levels.length--;
    if (scrub->offence == scrub->levels.length) {
        scrub->offence = NO_OFFENCE;
        replace_json(scrub, scrub->offence_start);
    }
}

static unsigned top_level(const struct scrub *scrub) {
    return (unsigned)scrub->levels.at[scrub->levels.length - 1];
}

/* What a member's name, just decoded, means for its value. */
static unsigned context_of(const struct scrub *scrub, struct text name, bool *offends) {
    unsigned context = top_level(scrub) & LEVEL_REFERENCE;
    bool is_attribute = scrub->levels.length == 1;
    *offends = personal_is_member(name) || (is_attribute && personal_is_sealed_attribute(name));
    if (personal_is_reference_member(name))
        context |= LEVEL_REFERENCE;
    if (is_attribute && text_is(name, "source"))
        context |= LEVEL_SPARED;
    return context;
}

/* One element, or one member with its name, up to the end of a scalar or just behind an opening bracket. */
static bool scrub_item(struct scrub *scrub) {
    unsigned context = top_level(scrub) & LEVEL_REFERENCE;
    bool offends = false;
    if ((top_level(scrub) & LEVEL_OBJECT) != 0) {
        size_t start = scrub->at;
        if (!take_string(scrub))
            return false;
        context = context_of(scrub, (struct text){scrub->decoded.at, (uint32_t)scrub->decoded.length}, &offends);
        if (scrub->offence == NO_OFFENCE && is_personal_string(scrub, 0))
            replace(scrub, start, &scrub->decoded);
        skip_white(scrub);
        if (!take(scrub, ':'))
            return false;
        skip_white(scrub);
    }
    char letter = peek(scrub);
    if (letter == '{' || letter == '[') {
        open_level(scrub, letter, offends, context & LEVEL_REFERENCE);
        return true;
    }
    return scrub_scalar(scrub, offends, context);
}

static char closing_bracket(const struct scrub *scrub) {
    return (top_level(scrub) & LEVEL_OBJECT) != 0 ? '}' : ']';
}

/* Reads one value, with nothing but white space around it. */
static bool scrub_value(struct scrub *scrub) {
    skip_white(scrub);
    char letter = peek(scrub);
    if (letter != '{' && letter != '[') {
        if (!scrub_scalar(scrub, false, 0))
            return false;
    } else {
        open_level(scrub, letter, false, 0);
    }
    bool first = true; /* nothing has been read in the innermost level */
    while (scrub->levels.length > 0) {
        skip_white(scrub);
        if (peek(scrub) == closing_bracket(scrub)) {
            close_level(scrub);
            first = false;
            continue;
        }
        if (!first && !take(scrub, ','))
            return false;
        skip_white(scrub);
        size_t levels = scrub->levels.length;
        if (!scrub_item(scrub))
            return false;
        first = scrub->levels.length > levels;
    }
    skip_white(scrub);
    return scrub->at == scrub->text.length;
}

char *personal_scrub(struct text event, enum personal_care care, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES],
                     size_t *length) {
    bool anywhere = care == PERSONAL_ANYWHERE;
    struct scrub scrub = {.text = event, .offence = NO_OFFENCE, .anywhere = anywhere, .numeric_allowed = numeric_allowed, .key = key};
    char *result = NULL;
    replacing_put(&scrub.decoded, "", 0); /* so that an empty string has an address */
    bool is_json = scrub_value(&scrub);
    if (is_json && scrub.changed) {
        replacing_put(&scrub.out, event.at + scrub.copied, event.length - scrub.copied);
        scrub.out.at[scrub.out.length] = '\0';
        *length = scrub.out.length;
        result = scrub.out.at;
        scrub.out.at = NULL;
    }
    free(scrub.out.at);
    free(scrub.levels.at);
    free(scrub.decoded.at);
    return is_json || !anywhere ? result : personal_blot(event, numeric_allowed, key, length);
}
