/* What personal data is: NHS numbers, addresses, and names of members that announce it, however they are written. */
#include "daemon/ingest/personal.h"

#include "daemon/ingest/letters.h"

#include <stdio.h>
#include <string.h>

enum { NHS_DIGITS = PERSONAL_NUMBER_DIGITS, MEMBER_NAME_MAX = 16, HASH_LETTERS = 32 };

/* ---- Numbers */

/* Ten digits, as characters. */
static bool fits_check_digit(const char digits[NHS_DIGITS]) {
    int sum = 0;
    for (int i = 0; i < NHS_DIGITS - 1; i++)
        sum += (digits[i] - '0') * (NHS_DIGITS - i);
    int check = 11 - sum % 11; /* 10 cannot be written in one digit: no number has it */
    return (check == 11 ? 0 : check) == digits[NHS_DIGITS - 1] - '0';
}

static bool is_digit(int letter) {
    return letter >= '0' && letter <= '9';
}

bool personal_is_nhs_number(struct text text) {
    char digits[NHS_DIGITS];
    int count = 0;
    for (uint32_t at = 0; at < text.length;) {
        struct letter letter = letters_read(text, at, LETTERS_PLAIN);
        /* A hyphen of ASCII may stand in a reference and means something there; other dashes may not. */
        bool passed_over = letter.is == LETTER_WHITE || letter.is == LETTER_INVISIBLE || (letter.is == LETTER_DASH && text.at[at] != '-');
        at = letter.end;
        if (passed_over)
            continue;
        if (!is_digit(letter.is) || count == NHS_DIGITS)
            return false;
        digits[count++] = (char)letter.is;
    }
    return count == NHS_DIGITS && fits_check_digit(digits);
}

static bool is_ascii(struct text text) {
    unsigned char common = 0;
    for (uint32_t i = 0; i < text.length; i++)
        common |= (unsigned char)text.at[i];
    return common < 0x80;
}

static bool holds_at(struct text text) {
    if (is_ascii(text)) /* nearly always, and asked of three references an event */
        return memchr(text.at, '@', text.length) != NULL;
    for (uint32_t at = 0; at < text.length;) {
        struct letter letter = letters_read(text, at, LETTERS_PLAIN);
        if (letter.is == '@')
            return true;
        at = letter.end;
    }
    return false;
}

bool personal_is_reference(struct text text, bool numeric_allowed) {
    return text.length > 0 && (holds_at(text) || (!numeric_allowed && personal_is_nhs_number(text)));
}

bool personal_is_number(double number) {
    /* Ten digits without a leading zero, and no fraction; a sign hides nothing. */
    double plain = number < 0 ? -number : number;
    if (!(plain >= 1e9 && plain < 1e10) || (double)(int64_t)plain != plain)
        return false;
    char digits[NHS_DIGITS + 1];
    snprintf(digits, sizeof digits, "%010llu", (unsigned long long)plain % 10000000000ULL);
    return fits_check_digit(digits);
}

/* ---- Within a text */

/* A date and what follows it, as "2025-04-01 09:30": its digits are in groups of four, two and two, and no number is written so. */
static bool begins_as_date(const char digits[NHS_DIGITS], const int groups[NHS_DIGITS]) {
    int month = (digits[4] - '0') * 10 + digits[5] - '0';
    int day = (digits[6] - '0') * 10 + digits[7] - '0';
    bool century = (digits[0] == '1' && digits[1] == '9') || (digits[0] == '2' && digits[1] == '0');
    return groups[0] == 4 && groups[1] == 2 && groups[2] == 2 && century && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Whether an NHS number begins at this digit: ten digits with white space and dashes between them, and no eleventh directly behind. */
static bool begins_number(struct text text, uint32_t at, enum letters_as as, uint32_t *end) {
    char digits[NHS_DIGITS];
    int groups[NHS_DIGITS] = {0};
    int count = 0, group = 0;
    bool apart = false;
    while (at < text.length) {
        struct letter letter = letters_read(text, at, as);
        at = letter.end;
        if (letter.is == LETTER_INVISIBLE)
            continue;
        if (is_digit(letter.is)) {
            if (count == NHS_DIGITS)
                return false;
            group += apart;
            apart = false;
            groups[group]++;
            digits[count++] = (char)letter.is;
            *end = letter.end;
        } else if (count < NHS_DIGITS && (letter.is == LETTER_WHITE || letter.is == LETTER_DASH)) {
            apart = true;
        } else {
            break;
        }
    }
    return count == NHS_DIGITS && fits_check_digit(digits) && !begins_as_date(digits, groups);
}

static bool ends_word(int letter) {
    return letter == LETTER_WHITE || (letter < 0x80 && strchr("\"'<>()[]{},;:=|", letter) != NULL);
}

static uint32_t end_of_word(struct text text, uint32_t at, enum letters_as as) {
    while (at < text.length) {
        struct letter letter = letters_read(text, at, as);
        if (letter.is != LETTER_INVISIBLE && ends_word(letter.is))
            break;
        at = letter.end;
    }
    return at;
}

uint32_t personal_hash_at(struct text text, uint32_t at) {
    if (text.length - at < PERSONAL_HASH_BYTES || memcmp(text.at + at, "hash:", PERSONAL_HASH_BYTES - HASH_LETTERS) != 0)
        return 0;
    for (uint32_t i = at + PERSONAL_HASH_BYTES - HASH_LETTERS; i < at + PERSONAL_HASH_BYTES; i++)
        if (!((text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f')))
            return 0;
    return PERSONAL_HASH_BYTES;
}

bool personal_find(struct text text, enum letters_as as, bool numeric_allowed, uint32_t from, struct personal_run *run) {
    uint32_t word = from;
    bool digit_before = false;
    for (uint32_t at = from; at < text.length;) {
        uint32_t hash = text.at[at] == 'h' ? personal_hash_at(text, at) : 0;
        if (hash > 0) {
            at += hash;
            digit_before = false;
            continue;
        }
        struct letter letter = letters_read(text, at, as);
        if (letter.is == '@') {
            *run = (struct personal_run){word, end_of_word(text, at, as)};
            return true;
        }
        if (is_digit(letter.is) && !digit_before && !numeric_allowed && begins_number(text, at, as, &run->end)) {
            run->start = at;
            return true;
        }
        at = letter.end;
        if (letter.is == LETTER_INVISIBLE)
            continue;
        digit_before = is_digit(letter.is);
        if (ends_word(letter.is))
            word = at;
    }
    return false;
}

bool personal_is_in_note(struct text text) {
    struct personal_run run;
    return text.length > 0 && personal_find(text, LETTERS_PLAIN, false, 0, &run);
}

bool personal_is_in_name(struct text name) {
    struct personal_run run = {0, 0};
    while (personal_find(name, LETTERS_PLAIN, false, run.end, &run)) {
        const char *begin = name.at + run.start;
        bool is_long = run.end - run.start >= PERSONAL_NUMBER_DIGITS; /* an address may be shorter */
        if (!is_long || (memcmp(begin, "19", 2) != 0 && memcmp(begin, "20", 2) != 0))
            return true;
    }
    return false;
}

/* ---- Names of members */

static bool is_passed_over_in_names(int letter) {
    return letter == LETTER_WHITE || letter == LETTER_INVISIBLE || letter == LETTER_DASH || letter == '_';
}

static bool is_name_of(struct text name, enum letters_as as, const char *const names[], size_t count) {
    char plain[MEMBER_NAME_MAX];
    uint32_t length = 0;
    for (uint32_t at = 0; at < name.length;) {
        struct letter letter = letters_read(name, at, as);
        at = letter.end;
        if (is_passed_over_in_names(letter.is))
            continue;
        if (length == sizeof plain || letter.is >= 0x80)
            return false;
        plain[length++] = (char)(letter.is >= 'A' && letter.is <= 'Z' ? letter.is - 'A' + 'a' : letter.is);
    }
    for (size_t i = 0; i < count; i++)
        if (text_is((struct text){plain, length}, names[i]))
            return true;
    return false;
}

static bool is_personal_name(struct text name, enum letters_as as) {
    static const char *const names[] = {
        "name", "firstname", "lastname", "surname", "nhsnumber", "postcode", "address", "dateofbirth", "dob", "phone", "email",
    };
    return is_name_of(name, as, names, sizeof names / sizeof names[0]);
}

bool personal_is_member(struct text name) {
    return is_personal_name(name, LETTERS_PLAIN);
}

bool personal_is_announced(struct text name) {
    if (is_personal_name(name, LETTERS_ESCAPED))
        return true;
    for (uint32_t i = 1; i < name.length; i++)
        if (name.at[i - 1] == ' ' && is_personal_name((struct text){name.at + i, name.length - i}, LETTERS_ESCAPED))
            return true;
    return false;
}

bool personal_is_reference_member(struct text name) {
    return text_is(name, "subject") || text_is(name, "person") || text_is(name, "worker");
}

bool personal_is_sealed_attribute(struct text name) {
    return text_is(name, "data_base64");
}
