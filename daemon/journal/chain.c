/* The links of the hash chain, by libcrypto's SHA-256: it uses the processor's own instructions where there are any. */
#include "daemon/journal/chain.h"

#include "daemon/core/memory.h"

#include <endian.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* What is gathered goes to the library in one call: each costs it as much as hashing 64 bytes. Few links are longer. */
enum { GATHERED_MAX = 1024 };

struct chain {
    EVP_MD *function;
    EVP_MD_CTX *state;
    size_t gathered;
    unsigned char gather[GATHERED_MAX];
};

struct chain *chain_create(void) {
    struct chain *chain = memory_new(1, sizeof *chain);

    chain->function = EVP_MD_fetch(NULL, "SHA256", NULL); /* once: it costs more than hashing an event does */
    chain->state = EVP_MD_CTX_new();
    ENSURE(chain->function != NULL && chain->state != NULL);
    return chain;
}

void chain_destroy(struct chain **chain) {
    if (*chain == NULL)
        return;
    EVP_MD_CTX_free((*chain)->state);
    EVP_MD_free((*chain)->function);
    free(*chain);
    *chain = NULL;
}

static void begin(struct chain *chain) {
    ENSURE(EVP_DigestInit_ex(chain->state, chain->function, NULL) == 1);
}

static void pass_on(struct chain *chain, const void *bytes, size_t length) {
    ENSURE(length == 0 || EVP_DigestUpdate(chain->state, bytes, length) == 1);
}

static void add(struct chain *chain, const void *bytes, size_t length) {
    if (length > GATHERED_MAX - chain->gathered) {
        pass_on(chain, chain->gather, chain->gathered);
        chain->gathered = 0;
    }
    if (length > GATHERED_MAX) {
        pass_on(chain, bytes, length);
    } else if (length > 0) {
        memcpy(chain->gather + chain->gathered, bytes, length);
        chain->gathered += length;
    }
}

static void end(struct chain *chain, struct chain_digest *digest) {
    pass_on(chain, chain->gather, chain->gathered);
    chain->gathered = 0;
    ENSURE(EVP_DigestFinal_ex(chain->state, digest->bytes, NULL) == 1);
}

static unsigned char *put_number(unsigned char *at, uint64_t number) {
    number = htole64(number);
    memcpy(at, &number, sizeof number);
    return at + sizeof number;
}

void chain_erasable(struct chain *chain, const struct chain_salt *salt, struct text bytes, struct chain_digest *digest) {
    begin(chain);
    add(chain, salt->bytes, sizeof salt->bytes);
    add(chain, bytes.at, bytes.length);
    end(chain, digest);
}

void chain_add_event(struct chain *chain, struct chain_digest *head, const struct chain_event *event) {
    unsigned char first[1 + sizeof *head + 3 * sizeof(uint64_t)];
    unsigned char *at = first;

    *at++ = 'e';
    memcpy(at, head->bytes, sizeof head->bytes);
    at = put_number(at + sizeof head->bytes, event->seq);
    at = put_number(at, event->previous_seq);
    (void)put_number(at, (uint64_t)event->received);
    begin(chain);
    add(chain, first, sizeof first);
    add(chain, event->erasable.bytes, sizeof event->erasable.bytes);
    add(chain, event->kept.at, event->kept.length);
    end(chain, head);
}

void chain_add_act(struct chain *chain, struct chain_digest *head, const struct chain_act *act) {
    static const char letters[] = {[CHAIN_ALERT] = 'a', [CHAIN_RECORD] = 'r', [CHAIN_REPORT] = 'p'};
    unsigned char first[1 + sizeof *head + 6 * sizeof(uint64_t)];
    unsigned char *at = first;

    *at++ = (unsigned char)letters[act->what];
    memcpy(at, head->bytes, sizeof head->bytes);
    at = put_number(at + sizeof head->bytes, (uint64_t)act->key);
    at = put_number(at, act->after_seq);
    for (int i = 0; i < 3; i++)
        at = put_number(at, (uint64_t)act->numbers[i]);
    (void)put_number(at, act->kind.length);
    begin(chain);
    add(chain, first, sizeof first);
    add(chain, act->kind.at, act->kind.length);
    add(chain, act->body.at, act->body.length);
    end(chain, head);
}

bool chain_digest_equal(const struct chain_digest *a, const struct chain_digest *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void chain_digest_format(const struct chain_digest *digest, char text[CHAIN_TEXT_SIZE]) {
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        text[2 * i] = digits[digest->bytes[i] >> 4];
        text[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    text[CHAIN_TEXT_SIZE - 1] = '\0';
}

static int digit_of(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

bool chain_digest_parse(struct text text, struct chain_digest *digest) {
    if (text.length != CHAIN_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        int high = digit_of(text.at[2 * i]);
        int low = digit_of(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
