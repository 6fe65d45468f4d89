/* Pseudonyms by libsodium's BLAKE2b. */
#include "client/import/pseudonym.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH_BYTES = 16, FILE_BYTES_MAX = 256 };

/* Reads the digits out of an open file. */
static const char *read_digits(int file, unsigned char key[PSEUDONYM_KEY_BYTES]) {
    struct stat status;
    char text[FILE_BYTES_MAX];
    size_t length = 0;
    const char *end = NULL;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        return "it is not a file";
    }
    if ((status.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
        return "others than its owner may read or write it: chmod 600";
    }
    ssize_t got = read(file, text, sizeof text);
    size_t size = got > 0 ? (size_t)got : 0;

    if (sodium_hex2bin(key, PSEUDONYM_KEY_BYTES, text, size, "\r\n ", &length, &end) != 0 || length != PSEUDONYM_KEY_BYTES ||
        end != text + size) {
        sodium_memzero(text, sizeof text);
        return "a key is 64 hexadecimal digits: openssl rand -hex 32";
    }
    sodium_memzero(text, sizeof text);
    return NULL;
}

const char *pseudonym_read_key(const char *path, unsigned char key[PSEUDONYM_KEY_BYTES]) {
    ENSURE(sodium_init() >= 0);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */

    if (file < 0) {
        return strerror(errno);
    }
    const char *reason = read_digits(file, key);

    close(file);
    return reason;
}

static void finish(crypto_generichash_blake2b_state *state, char out[PSEUDONYM_SIZE]) {
    unsigned char hash[HASH_BYTES];

    crypto_generichash_blake2b_final(state, hash, sizeof hash);
    sodium_bin2hex(out, PSEUDONYM_SIZE, hash, sizeof hash);
}

static bool is_number_with_blanks(struct text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        if (strchr("0123456789 ", text.at[i]) == NULL) {
            return false;
        }
    }
    return true;
}

void pseudonym_of(const unsigned char key[PSEUDONYM_KEY_BYTES], struct text text, char out[PSEUDONYM_SIZE]) {
    crypto_generichash_blake2b_state state;
    bool without_blanks = is_number_with_blanks(text);

    crypto_generichash_blake2b_init(&state, key, PSEUDONYM_KEY_BYTES, HASH_BYTES);
    for (uint32_t i = 0; i < text.length; i++) {
        if (!without_blanks || text.at[i] != ' ') {
            crypto_generichash_blake2b_update(&state, (const unsigned char *)text.at + i, 1);
        }
    }
    finish(&state, out);
}

void pseudonym_identity(const unsigned char *key, const struct text *parts, size_t count, char out[PSEUDONYM_SIZE]) {
    static const unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES + 1] = "import identity.";
    crypto_generichash_blake2b_state state;

    crypto_generichash_blake2b_init_salt_personal(&state, key, key == NULL ? 0 : PSEUDONYM_KEY_BYTES, HASH_BYTES, NULL, personal);
    for (size_t i = 0; i < count; i++) {
        const unsigned char length[4] = {(unsigned char)(parts[i].length >> 24), (unsigned char)(parts[i].length >> 16),
                                         (unsigned char)(parts[i].length >> 8), (unsigned char)parts[i].length};

        crypto_generichash_blake2b_update(&state, length, sizeof length);
        if (parts[i].length > 0) {
            crypto_generichash_blake2b_update(&state, (const unsigned char *)parts[i].at, parts[i].length);
        }
    }
    finish(&state, out);
}
