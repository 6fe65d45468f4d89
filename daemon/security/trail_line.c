/* Writing, taking apart and linking lines of the access log. */
#include "daemon/security/trail_line.h"

#include "daemon/core/memory.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_N (UINT64_C(1) << 53) /* above, JSON readers disagree */

enum { DIGEST_BYTES = TRAIL_HEAD_LENGTH / 2, INSTANT_LENGTH = INSTANT_SIZE - 1 };

static const char *const outcomes[TRAIL_OUTCOME_COUNT] = {
    [TRAIL_OK] = "ok", [TRAIL_DENIED] = "denied", [TRAIL_NOT_FOUND] = "not_found", [TRAIL_REFUSED] = "refused", [TRAIL_FAILED] = "failed",
};

const char *trail_outcome_name(enum trail_outcome outcome) {
    return outcomes[outcome];
}

enum trail_outcome trail_outcome_of(struct text name) {
    int outcome = 0;
    while (outcome < TRAIL_OUTCOME_COUNT && !text_is(name, outcomes[outcome]))
        outcome++;
    return (enum trail_outcome)outcome;
}

/* ---- Links */

struct trail_links {
    EVP_MD *function;
    EVP_MD_CTX *state;
};

struct trail_links *trail_links_create(void) {
    struct trail_links *links = memory_new(1, sizeof *links);
    links->function = EVP_MD_fetch(NULL, "SHA256", NULL); /* once: it costs more than hashing a line does */
    links->state = EVP_MD_CTX_new();
    ENSURE(links->function != NULL && links->state != NULL);
    return links;
}

void trail_links_destroy(struct trail_links **links) {
    if (*links == NULL)
        return;
    EVP_MD_CTX_free((*links)->state);
    EVP_MD_free((*links)->function);
    free(*links);
    *links = NULL;
}

static void link_of(struct trail_links *links, const char head[TRAIL_HEAD_SIZE], struct text hashed, char next[TRAIL_HEAD_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    ENSURE(EVP_DigestInit_ex(links->state, links->function, NULL) == 1);
    ENSURE(EVP_DigestUpdate(links->state, head, TRAIL_HEAD_LENGTH) == 1);
    ENSURE(EVP_DigestUpdate(links->state, hashed.at, hashed.length) == 1);
    ENSURE(EVP_DigestFinal_ex(links->state, digest, NULL) == 1);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        next[2 * i] = digits[digest[i] >> 4];
        next[2 * i + 1] = digits[digest[i] & 15];
    }
    next[TRAIL_HEAD_LENGTH] = '\0';
}

bool trail_line_follows(struct trail_links *links, const struct trail_parts *parts, const char head[TRAIL_HEAD_SIZE]) {
    char next[TRAIL_HEAD_SIZE];
    link_of(links, head, parts->hashed, next);
    return memcmp(next, parts->chain.at, TRAIL_HEAD_LENGTH) == 0;
}

/* ---- Writing */

/* How much of a text is kept: never half a character. */
static uint32_t kept_length(struct text text) {
    uint32_t length = text.length;
    if (length <= TRAIL_TEXT_MAX)
        return length;
    length = TRAIL_TEXT_MAX;
    while (length > 0 && ((unsigned char)text.at[length] & 0xC0) == 0x80)
        length--;
    return length;
}

size_t trail_escape(char out[TRAIL_ESCAPED_MAX], struct text text) {
    static const char plain[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char digits[] = "0123456789ABCDEF"; /* as jansson writes them */
    uint32_t kept = kept_length(text);
    size_t length = 0;
    for (uint32_t i = 0; i < kept; i++) {
        unsigned char letter = (unsigned char)text.at[i];
        const char *found = letter == 0 ? NULL : strchr(plain, letter);
        if (found != NULL && (found - plain) % 2 != 0)
            found = NULL; /* the letter that stands for another */
        if (letter == '\\')
            found = plain + 2;
        if (found != NULL) {
            out[length++] = '\\';
            out[length++] = found[1];
        } else if (letter < 0x20) {
            memcpy(out + length, "\\u00", 4);
            out[length + 4] = digits[letter >> 4];
            out[length + 5] = digits[letter & 15];
            length += 6;
        } else {
            out[length++] = (char)letter;
        }
    }
    return length;
}

struct writer {
    char *at;
    size_t length;
};

static void put(struct writer *writer, const char *bytes, size_t length) {
    ENSURE(length <= TRAIL_LINE_MAX - writer->length);
    memcpy(writer->at + writer->length, bytes, length);
    writer->length += length;
}

static void put_string(struct writer *writer, const char *bytes) {
    put(writer, bytes, strlen(bytes));
}

/* `,"name":` and the text in at most `most` bytes, or null. */
static void put_text(struct writer *writer, const char *name, struct text text, size_t most) {
    char escaped[TRAIL_ESCAPED_MAX];
    put_string(writer, name);
    if (text.at == NULL) {
        put_string(writer, "null");
        return;
    }
    size_t length = trail_escape(escaped, text);
    /* Nothing but control characters grows so much: what is longer then is nobody's name. */
    put_string(writer, "\"");
    put(writer, escaped, length <= most ? length : 0);
    put_string(writer, "\"");
}

size_t trail_line_write(struct trail_links *links, char line[TRAIL_LINE_MAX], uint64_t n, const struct trail_entry *entry,
                        char head[TRAIL_HEAD_SIZE]) {
    enum { NAME_MOST = 2 * TRAIL_TEXT_MAX, OP_MOST = 64 };
    char number[32], at[INSTANT_SIZE];
    struct writer writer = {line, 0};
    instant_format(entry->at, at);
    snprintf(number, sizeof number, "{\"n\":%" PRIu64 ",\"at\":\"", n);
    put_string(&writer, number);
    put_string(&writer, at);
    put_text(&writer, "\",\"peer\":", entry->peer, NAME_MOST);
    put_text(&writer, ",\"user\":", entry->user, NAME_MOST);
    put_text(&writer, ",\"op\":", entry->op, OP_MOST);
    put_string(&writer, ",\"what\":");
    if (entry->what.at == NULL || entry->what.length > TRAIL_WHAT_MAX)
        put_string(&writer, "{}");
    else
        put(&writer, entry->what.at, entry->what.length);
    put_string(&writer, ",\"rows\":");
    snprintf(number, sizeof number, "%" PRId64, entry->rows);
    put_string(&writer, entry->rows == TRAIL_NO_ROWS ? "null" : number);
    put_string(&writer, ",\"outcome\":\"");
    put_string(&writer, outcomes[entry->outcome]);
    put_text(&writer, "\",\"reason\":", entry->reason, NAME_MOST);
    link_of(links, head, (struct text){line, (uint32_t)writer.length}, head);
    put_string(&writer, ",\"chain\":\"");
    put(&writer, head, TRAIL_HEAD_LENGTH);
    put_string(&writer, "\"}\n");
    return writer.length;
}

/* ---- Taking apart */

struct reader {
    struct text line;
    uint32_t at;
};

static bool take(struct reader *reader, const char *expected) {
    size_t length = strlen(expected);
    if (reader->line.length - reader->at < length || memcmp(reader->line.at + reader->at, expected, length) != 0)
        return false;
    reader->at += (uint32_t)length;
    return true;
}

/* Up to the quotation mark that ends the text, which is taken. */
static bool take_text(struct reader *reader, struct text *text) {
    uint32_t began = reader->at;
    while (reader->at < reader->line.length && reader->line.at[reader->at] != '"')
        reader->at += reader->line.at[reader->at] == '\\' ? 2 : 1;
    if (reader->at >= reader->line.length)
        return false;
    *text = (struct text){reader->line.at + began, reader->at - began};
    reader->at++;
    return true;
}

static bool take_text_or_null(struct reader *reader, struct text *text) {
    *text = TEXT_ABSENT;
    return take(reader, "null") || (take(reader, "\"") && take_text(reader, text));
}

static bool take_number(struct reader *reader, uint64_t *number) {
    uint32_t began = reader->at;
    *number = 0;
    for (; reader->at < reader->line.length; reader->at++) {
        char letter = reader->line.at[reader->at];
        if (letter < '0' || letter > '9')
            break;
        if (*number > (UINT64_MAX - 9) / 10)
            return false;
        *number = 10 * *number + (uint64_t)(letter - '0');
    }
    return reader->at > began;
}

/* An object, by its brackets alone. */
static bool take_object(struct reader *reader, struct text *object) {
    uint32_t began = reader->at;
    int depth = 0;
    struct text inner;
    while (reader->at < reader->line.length) {
        char letter = reader->line.at[reader->at++];
        if (letter == '"' && !take_text(reader, &inner))
            return false;
        if (letter == '{' || letter == '[')
            depth++;
        if ((letter == '}' || letter == ']') && --depth == 0)
            break;
        if (depth == 0)
            return false;
    }
    *object = (struct text){reader->line.at + began, reader->at - began};
    return depth == 0 && object->length >= 2 && object->at[0] == '{' && object->at[object->length - 1] == '}';
}

static bool take_rows(struct reader *reader, int64_t *rows) {
    uint64_t number;
    *rows = TRAIL_NO_ROWS;
    if (take(reader, "null"))
        return true;
    if (!take_number(reader, &number) || number > INT64_MAX)
        return false;
    *rows = (int64_t)number;
    return true;
}

static bool is_head(struct text text) {
    if (text.length != TRAIL_HEAD_LENGTH)
        return false;
    for (uint32_t i = 0; i < text.length; i++)
        if (!((text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f')))
            return false;
    return true;
}

bool trail_line_read(struct text line, struct trail_parts *parts) {
    struct reader reader = {line, 0};
    struct text at;
    bool is_ours = line.at != NULL && line.length < TRAIL_LINE_MAX && take(&reader, "{\"n\":") && take_number(&reader, &parts->n) &&
                   parts->n <= LARGEST_N && take(&reader, ",\"at\":\"") && take_text(&reader, &at) && at.length == INSTANT_LENGTH &&
                   instant_parse(at, &parts->at) && take(&reader, ",\"peer\":") && take_text_or_null(&reader, &parts->peer) &&
                   take(&reader, ",\"user\":") && take_text_or_null(&reader, &parts->user) && take(&reader, ",\"op\":\"") &&
                   take_text(&reader, &parts->op) && take(&reader, ",\"what\":") && take_object(&reader, &parts->what) &&
                   take(&reader, ",\"rows\":") && take_rows(&reader, &parts->rows) && take(&reader, ",\"outcome\":\"") &&
                   take_text(&reader, &parts->outcome) && take(&reader, ",\"reason\":") && take_text_or_null(&reader, &parts->reason);
    parts->hashed = (struct text){line.at, reader.at};
    return is_ours && take(&reader, ",\"chain\":\"") && take_text(&reader, &parts->chain) && is_head(parts->chain) && take(&reader, "}") &&
           reader.at == line.length;
}
