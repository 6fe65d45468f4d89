/* Looking for pieces of one text in another; both are short. */
#include "client/relay/quiet.h"

#include <string.h>

bool quiet_repeats(const char *said, const char *text, size_t size, size_t least) {
    size_t said_size = strlen(said);
    size_t piece = size < least ? size : least;

    for (size_t i = 0; piece > 0 && i + piece <= said_size; i++) {
        if (memmem(text, size, said + i, piece) != NULL) {
            return true;
        }
    }
    return false;
}
