/* Folding: one letter of UTF-8, or of an escape of JSON, to the plain one that a person takes it for. */
#include "daemon/ingest/letters.h"

/* The zero of each script's decimal digits beyond ASCII; nine follow each (Unicode 14, general category Nd). */
static const uint32_t zeros[] = {
    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,   0xCE6,   0xD66,   0xDE6,
    0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,
    0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50,
    0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
};

static bool is_between(uint32_t code, uint32_t first, uint32_t last) {
    return code >= first && code <= last;
}

static bool is_invisible(uint32_t code) {
    return code == 0 || code == 0xAD || code == 0x180E || code == 0xFEFF || is_between(code, 0x200B, 0x200F) ||
           is_between(code, 0x202A, 0x202E) || is_between(code, 0x2060, 0x2069);
}

static bool is_white(uint32_t code) {
    return code <= ' ' || is_between(code, 0x7F, 0xA0) || code == 0x1680 || is_between(code, 0x2000, 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

static bool is_dash(uint32_t code) {
    return is_between(code, 0x2010, 0x2015) || code == 0x2212 || code == 0xFE58 || code == 0xFE63;
}

static int fold(uint32_t code) {
    if (is_invisible(code))
        return LETTER_INVISIBLE;
    if (is_white(code))
        return LETTER_WHITE;
    if (code < 0x80)
        return (int)code;
    if (is_dash(code))
        return LETTER_DASH;
    if (code == 0xFE6B)
        return '@';
    if (is_between(code, 0xFF01, 0xFF5E)) /* full-width ASCII */
        return (int)(code - 0xFF01 + '!');
    for (unsigned i = 0; code >= zeros[0] && i < sizeof zeros / sizeof zeros[0]; i++)
        if (is_between(code, zeros[i], zeros[i] + 9))
            return (int)(code - zeros[i] + '0');
    return LETTER_OTHER;
}

static bool take_continuation(struct text text, uint32_t at, uint32_t *code) {
    if (at >= text.length || ((unsigned char)text.at[at] & 0xC0) != 0x80)
        return false;
    *code = *code << 6 | ((unsigned char)text.at[at] & 0x3F);
    return true;
}

/* One code point; its bytes are counted. Of a sequence that breaks off the first byte alone is read. */
static uint32_t read_code(struct text text, uint32_t at, uint32_t *bytes) {
    unsigned char first = (unsigned char)text.at[at];
    uint32_t more = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
    *bytes = 1;
    for (uint32_t i = 1; i <= more; i++)
        if (!take_continuation(text, at + i, &code))
            return first;
    *bytes = 1 + more;
    return code;
}

static int hex_of(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter |= ' ';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The unit of \uXXXX at `at`, or -1. */
static int32_t read_unit(struct text text, uint32_t at) {
    int32_t unit = 0;
    if (text.length - at < 6 || text.at[at] != '\\' || text.at[at + 1] != 'u')
        return -1;
    for (uint32_t i = at + 2; i < at + 6; i++) {
        int digit = hex_of(text.at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The letter that an escape means; false when none begins here. */
static bool read_escape(struct text text, uint32_t at, struct letter *letter) {
    int32_t unit = read_unit(text, at);
    if (unit < 0)
        return false;
    uint32_t code = (uint32_t)unit;
    letter->end = at + 6;
    if (code >= 0xD800 && code < 0xDC00 && letter->end < text.length) {
        int32_t low = read_unit(text, letter->end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            letter->end += 6;
        }
    }
    letter->is = fold(code);
    return true;
}

struct letter letters_read(struct text text, uint32_t at, enum letters_as as) {
    struct letter letter = {.start = at, .end = at + 1};
    unsigned char first = (unsigned char)text.at[at];
    uint32_t bytes = 1;
    if (as == LETTERS_ESCAPED && first == '\\' && read_escape(text, at, &letter))
        return letter;
    if (first > ' ' && first < 0x7F) {
        letter.is = first;
        return letter;
    }
    letter.is = fold(read_code(text, at, &bytes));
    letter.end = at + bytes;
    return letter;
}
