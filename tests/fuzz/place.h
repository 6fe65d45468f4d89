/* A folder in memory for the files of a fuzz target, which is gone when the program ends. */
#ifndef WAITLIST_TESTS_FUZZ_PLACE_H
#define WAITLIST_TESTS_FUZZ_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define PLACE_PATH_SIZE 256

/* In TMPDIR, or else /dev/shm; the same folder at every call. */
const char *place_folder(void);
/* Where a file of this name is, or would be: valid until the next call but three. */
const char *place_path(const char *name);
/* Writes the file anew, mode 0600; its path as above. Ends the program when it cannot be written. */
const char *place_write(const char *name, const void *bytes, size_t size);
/* The whole file; the caller frees. Ends the program when it cannot be read. */
unsigned char *place_read(const char *path, size_t *size);
/* Takes away every file of the folder. */
void place_clear(void);

/* The next piece of the input, up to the `end` byte or the input's end, which it moves `*at` behind. False when nothing is left. */
struct piece {
    const unsigned char *at;
    size_t size;
};
bool place_piece(const unsigned char **at, const unsigned char *end, unsigned char separator, struct piece *piece);

#endif
