/* Personal data at the door: recognised in references and names, and hashed away by a lenient rewriting of the JSON text. */
#include "daemon/ingest/personal.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NHS_DIGITS = 10, HASH_BYTES = 16, HASH_TEXT_BYTES = 5 + 2 * HASH_BYTES };

bool personal_is_nhs_number(struct text text) {
    int digits = 0;
    int sum = 0;
    int last = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char letter = text.at[i];
        if (letter == ' ')
            continue;
        if (letter < '0' || letter > '9' || digits == NHS_DIGITS)
            return false;
        last = letter - '0';
        digits++;
        sum += last * (NHS_DIGITS + 1 - digits); /* weights 10 down to 1: the check digit's own is taken off below */
    }
    if (digits != NHS_DIGITS)
        return false;
    int check = 11 - (sum - last) % 11; /* 10 cannot be written in one digit: no number has it */
    return (check == 11 ? 0 : check) == last;
}

bool personal_is_reference(struct text text, bool numeric_allowed) {
    if (text.length == 0)
        return false;
    return memchr(text.at, '@', text.length) != NULL || (!numeric_allowed && personal_is_nhs_number(text));
}

bool personal_is_number(double number) {
    /* Ten digits without a leading zero, and no fraction. */
    if (!(number >= 1e9 && number < 1e10) || (double)(int64_t)number != number)
        return false;
    char digits[NHS_DIGITS + 1];
    snprintf(digits, sizeof digits, "%010llu", (unsigned long long)number % 10000000000ULL);
    return personal_is_nhs_number((struct text){digits, NHS_DIGITS});
}

static bool is_digit_at(struct text text, uint32_t at) {
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

/* Whether an NHS number begins at this digit. */
static bool begins_number(struct text text, uint32_t at) {
    char digits[NHS_DIGITS];
    int count = 0;
    for (; count < NHS_DIGITS && is_digit_at(text, at); at++) {
        digits[count++] = text.at[at];
        if (count < NHS_DIGITS && at + 1 < text.length && (text.at[at + 1] == ' ' || text.at[at + 1] == '-'))
            at++;
    }
    return count == NHS_DIGITS && !is_digit_at(text, at) && personal_is_nhs_number((struct text){digits, NHS_DIGITS});
}

bool personal_is_in_note(struct text text) {
    for (uint32_t i = 0; i < text.length; i++)
        if (text.at[i] == '@' || (is_digit_at(text, i) && (i == 0 || !is_digit_at(text, i - 1)) && begins_number(text, i)))
            return true;
    return false;
}

bool personal_is_member(struct text name) {
    static const char *const names[] = {
        "name", "firstname", "lastname", "surname", "nhsnumber", "postcode", "address", "dateofbirth", "dob", "phone", "email",
    };
    char plain[16];
    uint32_t length = 0;
    for (uint32_t i = 0; i < name.length; i++) {
        char letter = name.at[i];
        if (letter == '-' || letter == '_' || letter == ' ')
            continue;
        if (length == sizeof plain)
            return false;
        plain[length++] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_is((struct text){plain, length}, names[i]))
            return true;
    return false;
}

/* A growing run of bytes. */
struct bytes {
    char *at;
    size_t length;
    size_t capacity;
};

static void put(struct bytes *bytes, const char *from, size_t length) {
    void *block = bytes->at;
    memory_reserve(&block, &bytes->capacity, bytes->length + length + 1, 1);
    bytes->at = block;
    memcpy(bytes->at + bytes->length, from, length);
    bytes->length += length;
}

/* What holds for an open object or array and for all inside it. */
enum { LEVEL_OBJECT = 1, LEVEL_DATA = 2, LEVEL_REFERENCE = 4 };

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
    put(out, bytes, length);
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
        put(&scrub->decoded, meanings + (found - letters), 1);
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
            put(&scrub->decoded, (const char *)&letter, 1);
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
    if (text->length != HASH_TEXT_BYTES || memcmp(text->at, "hash:", 5) != 0)
        return false;
    for (size_t i = 5; i < text->length; i++)
        if (strchr("0123456789abcdef", text->at[i]) == NULL || text->at[i] == '\0')
            return false;
    return true;
}

/* Writes the hash of `meaning` in place of the input from `start` to here. */
static void replace(struct scrub *scrub, size_t start, const struct bytes *meaning) {
    unsigned char hash[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    int failed = crypto_generichash(hash, sizeof hash, (const unsigned char *)meaning->at, meaning->length, scrub->key, PERSONAL_KEY_BYTES);
    ENSURE(failed == 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    put(&scrub->out, scrub->text.at + scrub->copied, start - scrub->copied);
    put(&scrub->out, "\"hash:", 6);
    put(&scrub->out, hex, 2 * HASH_BYTES);
    put(&scrub->out, "\"", 1);
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
            put(&scrub->decoded, scrub->text.at + i++, 1);
        else if (letter == '"')
            in_string = !in_string;
        if (in_string || strchr(" \t\r\n", letter) == NULL)
            put(&scrub->decoded, scrub->text.at + i, 1);
    }
    replace(scrub, start, &scrub->decoded);
}

static bool is_personal_number(const struct scrub *scrub, size_t start) {
    char number[64];
    size_t length = scrub->at - start;
    if (scrub->numeric_allowed || length >= sizeof number)
        return false;
    memcpy(number, scrub->text.at + start, length);
    number[length] = '\0';
    return personal_is_number(strtod(number, NULL));
}

/* A string, number or word. `offends`: whatever it is; `reference`: only if it is a reference that may not be. */
static bool scrub_scalar(struct scrub *scrub, bool offends, bool reference) {
    size_t start = scrub->at;
    bool outside = scrub->offence == NO_OFFENCE; /* else it goes with the whole that it is part of */
    if (peek(scrub) == '"') {
        if (!take_string(scrub))
            return false;
        struct text text = {scrub->decoded.at, (uint32_t)scrub->decoded.length};
        if (outside && ((offends && !is_hash(&scrub->decoded)) || (reference && personal_is_reference(text, scrub->numeric_allowed))))
            replace(scrub, start, &scrub->decoded);
        return true;
    }
    bool number = peek(scrub) == '-' || (peek(scrub) >= '0' && peek(scrub) <= '9');
    if (!(number ? take_number(scrub) : take_word(scrub)))
        return false;
    if (outside && (offends || (reference && number && is_personal_number(scrub, start))))
        replace_json(scrub, start);
    return true;
}

static void open_level(struct scrub *scrub, char bracket, bool offends, unsigned inherited) {
    if (offends && scrub->offence == NO_OFFENCE) {
        scrub->offence = scrub->levels.length;
        scrub->offence_start = scrub->at;
    }
    char level = (char)(inherited | (bracket == '{' ? LEVEL_OBJECT : 0));
    put(&scrub->levels, &level, 1);
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
    unsigned inherited = top_level(scrub) & (LEVEL_DATA | LEVEL_REFERENCE);
    *offends = (inherited & LEVEL_DATA) != 0 && personal_is_member(name);
    if (scrub->levels.length == 1) {
        if (text_is(name, "subject"))
            return LEVEL_REFERENCE;
        return text_is(name, "data") ? LEVEL_DATA : 0;
    }
    if (scrub->levels.length == 2 && (inherited & LEVEL_DATA) != 0 && (text_is(name, "person") || text_is(name, "worker")))
        inherited |= LEVEL_REFERENCE;
    return inherited;
}

/* One element, or one member with its name, up to the end of a scalar or just behind an opening bracket. */
static bool scrub_item(struct scrub *scrub) {
    unsigned context = top_level(scrub) & (LEVEL_DATA | LEVEL_REFERENCE);
    bool offends = false;
    if ((top_level(scrub) & LEVEL_OBJECT) != 0) {
        if (!take_string(scrub))
            return false;
        context = context_of(scrub, (struct text){scrub->decoded.at, (uint32_t)scrub->decoded.length}, &offends);
        skip_white(scrub);
        if (!take(scrub, ':'))
            return false;
        skip_white(scrub);
    }
    char letter = peek(scrub);
    if (letter == '{' || letter == '[') {
        open_level(scrub, letter, offends, context);
        return true;
    }
    return scrub_scalar(scrub, offends, (context & LEVEL_REFERENCE) != 0);
}

static char closing_bracket(const struct scrub *scrub) {
    return (top_level(scrub) & LEVEL_OBJECT) != 0 ? '}' : ']';
}

/* Reads one object, with nothing but white space around it. */
static bool scrub_object(struct scrub *scrub) {
    skip_white(scrub);
    if (peek(scrub) != '{')
        return false;
    open_level(scrub, '{', false, 0);
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

char *personal_scrub(struct text event, bool numeric_allowed, const unsigned char key[PERSONAL_KEY_BYTES], size_t *length) {
    struct scrub scrub = {.text = event, .offence = NO_OFFENCE, .numeric_allowed = numeric_allowed, .key = key};
    char *result = NULL;
    put(&scrub.decoded, "", 0); /* so that an empty string has an address */
    if (scrub_object(&scrub) && scrub.changed) {
        put(&scrub.out, event.at + scrub.copied, event.length - scrub.copied);
        scrub.out.at[scrub.out.length] = '\0';
        *length = scrub.out.length;
        result = scrub.out.at;
        scrub.out.at = NULL;
    }
    free(scrub.out.at);
    free(scrub.levels.at);
    free(scrub.decoded.at);
    return result;
}
