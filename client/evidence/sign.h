/* Signing a pack: Ed25519 over the bytes of its manifest, which has the digest of every other file. */
#ifndef WAITLIST_EVIDENCE_SIGN_H
#define WAITLIST_EVIDENCE_SIGN_H

#include "client/evidence/files.h"

#define EVIDENCE_PUBLIC_KEY_TEXT 65 /* 64 hex digits and a NUL */
#define EVIDENCE_SEED_SIZE 32

struct evidence_key {
    unsigned char seed[EVIDENCE_SEED_SIZE];
};

/* Makes a new key: the secret one at `path`, mode 0600, the public one at `path`.pub. False with a reason; nothing is ever overwritten. */
bool evidence_key_make(const char *path, char public_key[EVIDENCE_PUBLIC_KEY_TEXT], char message[EVIDENCE_MESSAGE_SIZE]);
/* False with a reason, also when others may read it. */
bool evidence_key_load(const char *path, struct evidence_key *key, char message[EVIDENCE_MESSAGE_SIZE]);
void evidence_key_forget(struct evidence_key *key);

/* Adds manifest.sig, and gives the public key. */
void evidence_sign(struct evidence_files *files, const struct evidence_key *key, char public_key[EVIDENCE_PUBLIC_KEY_TEXT]);

enum evidence_signature { EVIDENCE_UNSIGNED, EVIDENCE_SIGNED, EVIDENCE_FORGED };
/* Whether manifest.sig signs manifest.json; `public_key` is the one that it names, "" without. */
enum evidence_signature evidence_signature_of(const struct evidence_files *files, char public_key[EVIDENCE_PUBLIC_KEY_TEXT]);

#endif
