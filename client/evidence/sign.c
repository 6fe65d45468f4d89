/* Keys and signatures of packs. */
#include "client/evidence/sign.h"

#include "daemon/core/memory.h"
#include "daemon/security/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(EVIDENCE_SEED_SIZE == crypto_sign_SEEDBYTES, "a key is the seed of Ed25519");
_Static_assert(EVIDENCE_PUBLIC_KEY_TEXT == 2 * crypto_sign_PUBLICKEYBYTES + 1, "a public key is 32 bytes in hex");

#define KEY_PREFIX "waitlist-evidence-key ed25519 "
#define KEY_TEXT_SIZE (sizeof KEY_PREFIX + 2 * EVIDENCE_SEED_SIZE + 2)

static void pair_of(const struct evidence_key *key, unsigned char public_key[crypto_sign_PUBLICKEYBYTES],
                    unsigned char secret_key[crypto_sign_SECRETKEYBYTES]) {
    ENSURE(sodium_init() >= 0);
    ENSURE(crypto_sign_seed_keypair(public_key, secret_key, key->seed) == 0);
}

bool evidence_key_make(const char *path, char public_key[EVIDENCE_PUBLIC_KEY_TEXT], char message[EVIDENCE_MESSAGE_SIZE]) {
    struct evidence_key key;
    unsigned char public_bytes[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    char text[KEY_TEXT_SIZE] = KEY_PREFIX, public_text[EVIDENCE_PUBLIC_KEY_TEXT + 1], public_path[4096];

    ENSURE(sodium_init() >= 0);
    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= (int)sizeof public_path) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "the path is too long");
        return false;
    }
    randombytes_buf(key.seed, sizeof key.seed);
    pair_of(&key, public_bytes, secret);
    sodium_bin2hex(public_key, EVIDENCE_PUBLIC_KEY_TEXT, public_bytes, sizeof public_bytes);
    sodium_bin2hex(text + strlen(KEY_PREFIX), 2 * EVIDENCE_SEED_SIZE + 1, key.seed, sizeof key.seed);
    strcat(text, "\n");
    snprintf(public_text, sizeof public_text, "%s\n", public_key);
    const char *failed = !keyfile_write_new(path, text, 0600)                 ? path
                         : !keyfile_write_new(public_path, public_text, 0644) ? public_path
                                                                              : NULL;

    if (failed != NULL) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.300s: %s", keyfile_shown(failed), strerror(errno));
        if (failed == public_path) {
            (void)unlink(path);
        }
    }
    sodium_memzero(text, sizeof text);
    sodium_memzero(secret, sizeof secret);
    evidence_key_forget(&key);
    return failed == NULL;
}

bool evidence_key_load(const char *path, struct evidence_key *key, char message[EVIDENCE_MESSAGE_SIZE]) {
    char text[KEY_TEXT_SIZE + 1], problem[KEYFILE_MESSAGE_SIZE];
    size_t length = 0;

    if (keyfile_read_text(path, true, text, sizeof text, problem) < 0) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.*s", EVIDENCE_MESSAGE_SIZE - 1, problem);
        return false;
    }
    bool is_key =
        strncmp(text, KEY_PREFIX, strlen(KEY_PREFIX)) == 0 && strlen(text) >= strlen(KEY_PREFIX) + 2 * EVIDENCE_SEED_SIZE &&
        sodium_hex2bin(key->seed, sizeof key->seed, text + strlen(KEY_PREFIX), 2 * EVIDENCE_SEED_SIZE, NULL, &length, NULL) == 0 &&
        length == sizeof key->seed;

    if (!is_key) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "%.300s is no key of 'waitlistctl keygen'", path);
    }
    sodium_memzero(text, sizeof text);
    return is_key;
}

void evidence_key_forget(struct evidence_key *key) {
    sodium_memzero(key, sizeof *key);
}

void evidence_sign(struct evidence_files *files, const struct evidence_key *key, char public_key[EVIDENCE_PUBLIC_KEY_TEXT]) {
    const struct evidence_file *manifest = evidence_files_find(files, EVIDENCE_MANIFEST);
    unsigned char public_bytes[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
    char signature_text[2 * crypto_sign_BYTES + 1];
    struct evidence_text text = {NULL, 0, 0};

    ENSURE(manifest != NULL);
    pair_of(key, public_bytes, secret);
    ENSURE(crypto_sign_detached(signature, NULL, (const unsigned char *)manifest->bytes, manifest->size, secret) == 0);
    sodium_memzero(secret, sizeof secret);
    sodium_bin2hex(public_key, EVIDENCE_PUBLIC_KEY_TEXT, public_bytes, sizeof public_bytes);
    sodium_bin2hex(signature_text, sizeof signature_text, signature, sizeof signature);
    evidence_print(&text, "{\"of\":\"%s\",\"algorithm\":\"Ed25519\",\"public_key\":\"%s\",\"signature\":\"%s\"}\n", EVIDENCE_MANIFEST,
                   public_key, signature_text);
    evidence_files_take(files, EVIDENCE_SIGNATURE, &text);
}

static bool hex_member(const json_t *object, const char *name, unsigned char *bytes, size_t size) {
    const char *text = json_string_value(json_object_get(object, name));
    size_t length = 0;

    return text != NULL && strlen(text) == 2 * size && sodium_hex2bin(bytes, size, text, 2 * size, NULL, &length, NULL) == 0 &&
           length == size;
}

enum evidence_signature evidence_signature_of(const struct evidence_files *files, char public_key[EVIDENCE_PUBLIC_KEY_TEXT]) {
    const struct evidence_file *manifest = evidence_files_find(files, EVIDENCE_MANIFEST);
    const struct evidence_file *signed_by = evidence_files_find(files, EVIDENCE_SIGNATURE);
    unsigned char public_bytes[crypto_sign_PUBLICKEYBYTES], signature[crypto_sign_BYTES];

    public_key[0] = '\0';
    if (manifest == NULL || signed_by == NULL) {
        return EVIDENCE_UNSIGNED;
    }
    ENSURE(sodium_init() >= 0);
    json_t *object = json_loadb(signed_by->bytes, signed_by->size, 0, NULL);
    bool good = hex_member(object, "public_key", public_bytes, sizeof public_bytes) &&
                hex_member(object, "signature", signature, sizeof signature) &&
                crypto_sign_verify_detached(signature, (const unsigned char *)manifest->bytes, manifest->size, public_bytes) == 0;

    if (good) {
        sodium_bin2hex(public_key, EVIDENCE_PUBLIC_KEY_TEXT, public_bytes, sizeof public_bytes);
    }
    json_decref(object);
    return good ? EVIDENCE_SIGNED : EVIDENCE_FORGED;
}
