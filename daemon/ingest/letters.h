/* The letters of a text as a person reads them: digits of every script are digits, and what nobody sees does not count. */
#ifndef WAITLIST_INGEST_LETTERS_H
#define WAITLIST_INGEST_LETTERS_H

#include "daemon/core/text.h"

/* How the text is to be read. */
enum letters_as {
    LETTERS_PLAIN,   /* UTF-8 */
    LETTERS_ESCAPED, /* as it may stand in JSON, even in broken JSON: \u0040 is read as what it means */
};

/* Letters that mean more than themselves. All others of ASCII stand for themselves, what lies beyond ASCII for LETTER_OTHER. */
enum { LETTER_INVISIBLE = 0, LETTER_WHITE = ' ', LETTER_DASH = '-', LETTER_OTHER = 0x100 };

struct letter {
    int is;         /* white space of any kind and controls are LETTER_WHITE, dashes LETTER_DASH, digits '0' to '9', full-width
                       letters those of ASCII; NUL and what has no width is LETTER_INVISIBLE, so UTF-16 of plain text reads as it means */
    uint32_t start; /* its bytes: from here */
    uint32_t end;   /* to before here */
};

/* Reads the letter at `at`, which is below the text's length. Bytes that are no UTF-8 are read as Windows-1252 would have them. */
struct letter letters_read(struct text text, uint32_t at, enum letters_as as);

#endif
