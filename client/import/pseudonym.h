/* Pseudonyms: keyed hashes that stand for references which must not be stored; the same key gives the same pseudonym in every import. */
#ifndef WAITLIST_IMPORT_PSEUDONYM_H
#define WAITLIST_IMPORT_PSEUDONYM_H

#include "daemon/core/text.h"

#define PSEUDONYM_KEY_BYTES 32
#define PSEUDONYM_SIZE 33 /* 32 hexadecimal digits and a NUL */

/* 64 hexadecimal digits and nothing but white space around them, in a file that only its owner may read. NULL when it was read; else why
 * not (a static text, or the system's). */
const char *pseudonym_read_key(const char *path, unsigned char key[PSEUDONYM_KEY_BYTES]);

/* BLAKE2b of 16 bytes over the text with the key. A text of digits and blanks is taken without its blanks, so that "943 476 5919" and
 * "9434765919" are one person. */
void pseudonym_of(const unsigned char key[PSEUDONYM_KEY_BYTES], struct text text, char out[PSEUDONYM_SIZE]);

/* The identity of an event from the parts that make it: as pseudonym_of, but another function, and each part kept apart from the next.
 * `key` NULL: not keyed. */
void pseudonym_identity(const unsigned char *key, const struct text *parts, size_t count, char out[PSEUDONYM_SIZE]);

#endif
