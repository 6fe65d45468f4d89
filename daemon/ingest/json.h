/* Reading JSON (RFC 8259) without building a tree of objects: a pure C face of simdjson's DOM, which is C++. */
#ifndef WAITLIST_INGEST_JSON_H
#define WAITLIST_INGEST_JSON_H

#include "daemon/core/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_POINTER_SIZE 160

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOLEAN,
    JSON_KIND_INTEGER,
    JSON_KIND_REAL,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};

enum json_fault {
    JSON_FAULT_NONE,
    JSON_FAULT_SYNTAX,    /* not the grammar of RFC 8259, also when something follows the value */
    JSON_FAULT_UTF8,      /* not UTF-8 (an escaped half of a surrogate pair is a fault of syntax) */
    JSON_FAULT_NUMBER,    /* not a number of the grammar, or beyond 64 bits (integers) or a double (others) */
    JSON_FAULT_NESTING,   /* deeper than the parser's limit */
    JSON_FAULT_DUPLICATE, /* a member given twice in one object */
    JSON_FAULT_NUL,       /* \u0000 in a string or a name */
};

/* A value of the document last read; invalid after the parser's next read. */
struct json_value {
    const void *document;
    size_t place;
};

/* The members of an object, or the elements of an array, from the first not yet taken. */
struct json_cursor {
    struct json_value next;
    size_t end;
};

/* The way from the document down to a value, the last step first: a member's name, or an element's index where the name is absent. */
struct json_path {
    const struct json_path *parent; /* NULL: the document itself */
    struct text name;
    size_t index;
};

/* A parser with its own padded copy of the text; grows to the longest text it has read and then allocates no more. */
struct json_parser;

/* `nesting_max`: how many objects and arrays may lie in each other; the outermost one is nesting 1, a number or string adds none. */
struct json_parser *json_parser_create(size_t capacity, unsigned nesting_max);
void json_parser_destroy(struct json_parser **parser);

/* Reads one JSON text with nothing but white space around it. The nesting is bounded, but not to the level; names may repeat. */
enum json_fault json_parser_read(struct json_parser *parser, struct text bytes, struct json_value *root);
/* As json_parser_read, and refuses what nests too deep, repeated names and \u0000. `pointer`, where the fault has a place, is the JSON
 * Pointer (RFC 6901) of the value at fault: the second of two members of one name, the string that holds \u0000, or the object of a name
 * that does; else "". */
enum json_fault json_parser_read_strictly(struct json_parser *parser, struct text bytes, struct json_value *root,
                                          char pointer[JSON_POINTER_SIZE]);
/* What is wrong, as the end of a sentence that begins with "the event "; holds nothing of the text. */
const char *json_fault_message(enum json_fault fault);

enum json_kind json_value_kind(struct json_value value);
/* False, and `*text` unchanged, when the value is no string. The text is decoded, UTF-8, and lives as long as the value. */
bool json_value_text(struct json_value value, struct text *text);
/* Whether the value is the literal true. */
bool json_value_is_true(struct json_value value);
/* False when the value is not written as an integer or lies beyond int64_t. */
bool json_value_integer(struct json_value value, int64_t *integer);
/* Any number, rounded to a double; false when the value is no number. */
bool json_value_number(struct json_value value, double *number);

/* False when the value is no object (no array). */
bool json_members_start(struct json_value object, struct json_cursor *cursor);
bool json_elements_start(struct json_value array, struct json_cursor *cursor);
/* The next member in the order of the text; false behind the last. */
bool json_members_next(struct json_cursor *cursor, struct text *name, struct json_value *value);
bool json_elements_next(struct json_cursor *cursor, struct json_value *value);

/* Equal as values: members in any order, numbers by their exact value (1 and 1.0 are the same), strings as decoded. */
bool json_value_same(struct json_value a, struct json_value b);

/* Writes the JSON Pointer of a path, `~` and `/` escaped, ended by a NUL. One that does not fit names the nearest value around it. */
void json_path_format(const struct json_path *path, char pointer[JSON_POINTER_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
